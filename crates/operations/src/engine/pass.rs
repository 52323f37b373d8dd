use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Engine;
use super::settled::{NEVER, Near, Watch};
use crate::job::Seconds;
use crate::lanes::Key;
use crate::policy::{Order, Policy};

/// How one planning pass goes through the queue.
#[derive(Debug, Clone, Copy)]
struct Rule {
    /// End at the first job that cannot start.
    strict: bool,
    /// Jobs that may hold a reservation while later ones are tried.
    reservations: usize,
    /// Jobs looked at.
    depth: usize,
    /// Window and resolution of Slurm's grid; other policies plan to the second and without an end.
    grid: Option<(Seconds, Seconds)>,
}

/// Room that passes use again and again.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    heads: Heads,
    /// Lanes whose jobs are passed over, as none of them matters to those that could start now: see [`super::settled`].
    aside: Vec<Head>,
    /// Lanes that could start a job now, with their shape.
    hopeful: Vec<(u32, i64, Seconds)>,
    /// By lane: does it stand among those?
    hopes: Vec<bool>,
    /// By lane: no job of it can be planned before this, as the walk only takes away. A moment, or a cell of the grid.
    found: Vec<i64>,
}

impl Engine<'_> {
    /// Starts what the policy lets start now.
    pub(super) fn schedule(&mut self) {
        self.reckon();
        self.settle_limits();
        let quiet =
            !self.changed && !matches!(self.settings.policy, Policy::Slurm(_)) && self.arrivals_turned_away();
        let all = Rule { strict: false, reservations: usize::MAX, depth: usize::MAX, grid: None };
        match self.settings.policy {
            Policy::Slurm(_) if self.queue.active().is_empty() => {}
            Policy::Slurm(s) => {
                let before = self.counts.starts;
                if self.clock.main(self.now) {
                    self.pass(Rule { strict: true, reservations: 0, depth: s.default_queue_depth, ..all });
                    self.refill();
                }
                if self.clock.backfill(self.now) {
                    self.pass(Rule {
                        depth: s.bf_max_job_test,
                        grid: Some((s.bf_window, s.bf_resolution)),
                        ..all
                    });
                    self.refill();
                }
                if self.counts.starts > before {
                    // A start is a change that the next cycle looks at, not this one again.
                    let waiting = self.is_waiting();
                    self.clock.wake(self.now + 1, waiting);
                }
            }
            _ if quiet => {}
            Policy::Fcfs => self.pass(Rule { strict: true, reservations: 0, ..all }),
            Policy::Easy => self.pass(Rule { reservations: 1, ..all }),
            Policy::Conservative => self.pass(all),
        }
        self.arrived.clear();
        self.changed = false;
    }

    /// Since the last pass jobs only arrived, behind all others or at least not first, and what that pass left free does not hold them
    /// now. Nothing ended, so the plan of the others is the same as then, and none of them is due.
    fn arrivals_turned_away(&mut self) -> bool {
        if self.arrived.is_empty() {
            return true;
        }
        // At the shadow the first job is due.
        if !self.profile_stands || self.shadow_at.is_some_and(|at| self.now >= at) {
            return false;
        }
        // Running jobs may have run long enough since then to be stopped.
        if self.may_preempt() {
            return false;
        }
        if !matches!(self.settings.order, Order::Submit) {
            // A newcomer may stand before others. Unless it is the very first, that changes nothing where only the first holds a place.
            let first = self.queue.first().and_then(|l| self.queue.lane(l).job(0));
            let overtakes = self.arrived.iter().any(|&a| Some(a) == first);
            if overtakes || self.settings.policy == Policy::Conservative {
                return false;
            }
        }
        self.arrived.iter().all(|&index| {
            let job = &self.jobs[index as usize];
            // Those that wait again need not stand behind all others.
            let stopped = self.records[index as usize].start >= 0;
            !stopped && {
                let units = self.site.layout.units(job.size);
                !self.profile.fits_from(self.now, units, self.planned(job))
            }
        })
    }

    fn build_grid(&mut self, window: Seconds, resolution: Seconds) {
        self.grid.reset(self.now, self.free, window, resolution);
        for (at, units) in self.releases.iter() {
            let at = at.max(self.now + 1);
            if self.grid.is_behind(at) {
                break;
            }
            self.grid.release(at, units);
        }
        self.grid.settle();
        let layout = &self.site.layout;
        for r in self.site.reservations.iter().filter(|r| r.end > self.now) {
            let held = i64::from(r.nodes) * i64::from(layout.gpus_per_node);
            self.grid.take_span(r.start, r.end, held);
        }
        let up = layout.gpus() - self.down_units;
        for (from, end, gpus) in self.caps_in_sight() {
            self.grid.take_span(from, end, (up - gpus).max(0));
        }
    }

    fn fits_now(&mut self, units: i64, span: Seconds) -> bool {
        if self.on_grid { self.grid.fits_now(units, span) } else { self.profile.fits_now(units, span) }
    }

    /// Would a job fit now if these running ones were stopped?
    pub(super) fn fits_without(&self, stopped: &[u32], units: i64, span: Seconds) -> bool {
        if self.on_grid {
            let mut grid = self.grid.clone();
            for &slot in stopped {
                let r = &self.running[slot as usize];
                grid.take_now(r.planned_end, -r.units);
            }
            return grid.fits_now(units, span);
        }
        let mut profile = self.profile.clone();
        for &slot in stopped {
            let r = &self.running[slot as usize];
            profile.take(self.now, self.given_back_until(r.planned_end), -r.units);
        }
        profile.fits_now(units, span)
    }

    fn build_profile(&mut self, reach: Seconds) {
        let horizon = self.now.saturating_add(reach);
        self.profile.reset(self.now, self.free, horizon);
        self.profile.release_all(&self.releases);
        let layout = &self.site.layout;
        for r in &self.site.reservations {
            if r.end > self.now && r.start < horizon {
                let held = i64::from(r.nodes) * i64::from(layout.gpus_per_node);
                self.profile.take(r.start, r.end, held);
            }
        }
        let up = layout.gpus() - self.down_units;
        for (from, end, gpus) in self.caps_in_sight() {
            if from < horizon {
                self.profile.take(from, end, (up - gpus).max(0));
            }
        }
    }

    fn pass(&mut self, rule: Rule) {
        self.counts.passes += 1;
        // Who is taken out by a limit leaves his place to others at once; Slurm's next cycle sees it.
        loop {
            while self.pass_once(rule) {}
            if !self.set_full_aside() || matches!(self.settings.policy, Policy::Slurm(_)) {
                break;
            }
        }
        self.least_waiting = self.queue.standing().iter().map(|s| s.units).min().unwrap_or(i64::MAX);
    }

    /// One walk through the queue. True where running jobs were stopped for a waiting one, and all has to be looked at anew.
    fn pass_once(&mut self, rule: Rule) -> bool {
        self.profile_stands = true;
        (self.by_shadow, self.shadow_at) = (false, None);
        let clear = self.only_grows_until(rule.grid.is_none() && rule.reservations <= 1);
        if let Some(clear) = clear
            && rule.reservations == 1
            && !self.is_limited()
        {
            return self.pass_easy(clear);
        }
        let mut tested = 0;
        if let Some(clear) = clear
            && !self.start_first_ones(rule, clear, &mut tested)
        {
            return false;
        }
        let (mut reach, mut least) = (0, i64::MAX);
        for &l in self.queue.active() {
            let lane = self.queue.lane(l);
            least = least.min(lane.units);
            if lane.units <= self.free {
                reach = reach.max(lane.limit);
            }
        }
        let preempting = self.may_preempt();
        if reach == 0 && !preempting {
            self.profile.reset(self.now, self.free, self.now + 1);
            return false;
        }
        self.on_grid = rule.grid.is_some();
        match (rule.grid, clear) {
            (Some((window, resolution)), _) => self.build_grid(window, resolution),
            // One reservation that begins when every job that could start now has ended is of no interest; where several stand on one
            // another, no end can be set.
            (None, Some(_)) if rule.reservations <= 1 && self.site.reservations.is_empty() => {
                self.build_profile(reach.max(1));
            }
            (None, _) => self.build_profile(Seconds::MAX / 4),
        }
        let mut scratch = std::mem::take(&mut self.scratch);
        let again = self.walk(rule, &mut scratch, tested, preempting);
        self.scratch = scratch;
        again
    }

    /// Starts the first jobs while they fit. False where there is nothing more to do.
    fn start_first_ones(&mut self, rule: Rule, clear: Seconds, tested: &mut usize) -> bool {
        loop {
            let Some(lane) = self.queue.first() else {
                self.profile.reset(self.now, self.free, self.now + 1);
                return false;
            };
            if *tested >= rule.depth {
                return false;
            }
            let l = self.queue.lane(lane);
            if l.units > self.free || self.now.saturating_add(l.limit) > clear {
                break;
            }
            let Some(job) = l.job(0) else { break };
            if self.start(job).is_none() {
                break;
            }
            *tested += 1;
            self.queue.pop(lane);
            if self.is_tight() {
                // The walk passes over those whose limit that start used up.
                return true;
            }
        }
        if rule.strict && !self.may_preempt() {
            // Nobody overtakes, so nobody behind can start.
            self.profile.reset(self.now, 0, Seconds::MAX / 2);
            return false;
        }
        true
    }

    fn walk(&mut self, rule: Rule, scratch: &mut Scratch, mut tested: usize, preempting: bool) -> bool {
        let Scratch { heads, aside, hopeful, hopes, found } = scratch;
        heads.clear();
        aside.clear();
        hopeful.clear();
        for i in 0..self.queue.active().len() {
            let l = self.queue.active()[i];
            if found.len() <= l as usize {
                found.resize(l as usize + 1, 0);
                hopes.resize(l as usize + 1, false);
            }
            found[l as usize] = if self.on_grid { 1 } else { self.now + 1 };
            let (units, limit) = (self.queue.lane(l).units, self.queue.lane(l).limit);
            hopes[l as usize] = units <= self.free && self.fits_now(units, limit);
            if hopes[l as usize] {
                hopeful.push((l, units, limit));
            }
        }
        if hopeful.is_empty() && !preempting {
            return false;
        }
        for &l in self.queue.active() {
            if let Some(key) = self.queue.lane(l).key(0, &self.ageing) {
                heads.push(Reverse((key, l, 0)));
            }
        }
        let mut reservations = rule.reservations;
        // Lanes for which nobody can be stopped now.
        let mut in_vain: Vec<u32> = Vec::new();
        // The queue holds no more than the depth, except where the two schedulers look differently deep.
        let counted = rule.depth < self.queue.len() + tested;
        let mut watch =
            Watch::new(rule.reservations == usize::MAX && !counted && !preempting && !self.is_limited());
        while let Some(Reverse((key, l, cursor))) = heads.peek().copied() {
            if tested >= rule.depth {
                break;
            }
            let lane = self.queue.lane(l);
            let (units, limit) = (lane.units, lane.limit);
            let Some(job) = lane.job(cursor as usize) else {
                heads.pop();
                continue;
            };
            if self.is_full(lane.group, units) {
                // What its user or account may hold is used up: it blocks nobody, and only counts as looked at.
                drop_hope(hopeful, hopes, l);
                tested += 1;
                let next = if counted { lane.key(cursor as usize + 1, &self.ageing) } else { None };
                replace(heads, next, l, cursor + 1);
                if hopeful.is_empty() && !preempting {
                    break;
                }
                continue;
            }
            let here = hopes[l as usize];
            if here {
                if let Some(end) = self.start(job) {
                    tested += 1;
                    self.queue.pop(l);
                    let behind = self.behind(end);
                    if watch.settled && behind > watch.brink {
                        // It holds more than its lane said, and those passed over came before it.
                        self.move_brink(behind, key, heads, aside, found, &mut watch);
                    }
                    let least = if self.on_grid {
                        self.grid.take_now(end, units)
                    } else {
                        self.profile.take(self.now, end, units)
                    };
                    self.thin(hopeful, hopes, self.now, least);
                    let next = self.queue.lane(l).key(0, &self.ageing);
                    // The first of the heap need not be this lane any more where those passed over were caught up with: all before it
                    // are planned, so it still is.
                    replace(heads, next, l, 0);
                    if next.is_none() {
                        drop_hope(hopeful, hopes, l);
                        found[l as usize] = NEVER;
                    }
                    if hopeful.is_empty() && !preempting {
                        break;
                    }
                    continue;
                }
                if watch.settled {
                    self.catch_up(key, heads, aside, found, &mut watch);
                }
                // Enough in number, but not as one gang: it waits for the next change.
                drop_hope(hopeful, hopes, l);
            } else if preempting && !in_vain.contains(&l) && self.might_stop(l) {
                if self.preempt_for(job) {
                    return true;
                }
                in_vain.push(l);
            }
            if rule.strict {
                break;
            }
            if reservations == 0 {
                // Only those that can start are of interest now.
                heads.pop();
                heads.retain(|Reverse((_, l, _))| hopes[*l as usize] || preempting && self.might_stop(*l));
                if hopeful.is_empty() && !preempting {
                    break;
                }
                continue;
            }
            let known = watch.settled;
            if known {
                match self.weigh(l, &mut found[l as usize], hopeful, &mut watch) {
                    Near::Planned => {}
                    Near::Aside => {
                        heads.pop();
                        aside.push((key, l, cursor));
                        continue;
                    }
                    Near::Doubtful(end) => {
                        self.move_brink(end, key, heads, aside, found, &mut watch);
                        continue;
                    }
                }
            }
            tested += 1;
            // Where the number is there but not the gang, only a change can help.
            let gang_missing = here;
            let planned = if known {
                Some(self.place(units, limit, found[l as usize]))
            } else {
                self.reserve(units, limit, &mut found[l as usize], gang_missing)
            };
            if let Some((from, least)) = planned {
                self.counts.reservations += 1;
                self.thin(hopeful, hopes, from, least);
            }
            // A first job that is due beyond all that matters holds its reservation all the same.
            if planned.is_some() || rule.grid.is_none() {
                reservations -= 1;
            }
            if hopeful.is_empty() && !preempting {
                break;
            }
            // One that cannot be planned speaks for all behind it in its lane; they only count as looked at.
            let next = planned.is_some() || counted;
            let key = if next { self.queue.lane(l).key(cursor as usize + 1, &self.ageing) } else { None };
            replace(heads, key, l, cursor + 1);
            if key.is_none() {
                found[l as usize] = NEVER;
            }
            if watch.is_due() {
                self.settle(heads, aside, hopeful, hopes, found, &mut watch);
            }
            if reservations == 0 {
                heads.retain(|Reverse((_, l, _))| hopes[*l as usize] || preempting && self.might_stop(*l));
            }
        }
        false
    }

    /// Plans a job at its earliest moment after this one; when, and how little is left beside it. None where that lies behind the window.
    pub(super) fn reserve(
        &mut self,
        units: i64,
        limit: Seconds,
        found: &mut i64,
        gang_missing: bool,
    ) -> Option<(Seconds, i64)> {
        if self.on_grid {
            let from = usize::try_from(*found).unwrap_or(1).max(if gang_missing { 2 } else { 1 });
            let Some(cell) = self.grid.earliest(units, limit, from) else {
                *found = NEVER;
                return None;
            };
            *found = cell as i64;
            return Some(self.place(units, limit, *found));
        }
        let from = if gang_missing { self.profile.next_step() } else { *found };
        let Some(start) = self.profile.earliest(units, limit, from) else {
            *found = NEVER;
            return None;
        };
        *found = start;
        Some(self.place(units, limit, start))
    }

    /// Plans a job at the moment, or in the cell, that was found for it; when that is, and how little is left beside it.
    #[inline]
    pub(super) fn place(&mut self, units: i64, limit: Seconds, found: i64) -> (Seconds, i64) {
        if !self.on_grid {
            return (found, self.profile.take(found, found + limit, units));
        }
        let cell = usize::try_from(found).unwrap_or(1);
        let least = self.grid.take_from(cell, limit, units);
        (if cell == 1 { self.now } else { self.grid.start_of(cell) }, least)
    }

    /// Drops the lanes that cannot start any more, after a span from `from` on was left with `least`.
    fn thin(
        &mut self,
        hopeful: &mut Vec<(u32, i64, Seconds)>,
        hopes: &mut [bool],
        from: Seconds,
        least: i64,
    ) {
        hopeful.retain(|&(l, units, limit)| {
            let still = self.now + limit < from || units <= least || self.fits_now(units, limit);
            hopes[l as usize] = still;
            still
        });
    }
}

/// The next job of a lane: its place in the queue, the lane, its place in the lane.
pub(super) type Head = (Key, u32, u32);

/// The next job of each lane, first in the queue first.
pub(super) type Heads = BinaryHeap<Reverse<Head>>;

/// Puts the next job of a lane, if there is one, in the place of the first.
pub(super) fn replace(heads: &mut Heads, key: Option<Key>, lane: u32, cursor: u32) {
    match key {
        Some(key) => {
            if let Some(mut top) = heads.peek_mut() {
                *top = Reverse((key, lane, cursor));
            }
        }
        None => {
            heads.pop();
        }
    }
}

fn drop_hope(hopeful: &mut Vec<(u32, i64, Seconds)>, hopes: &mut [bool], lane: u32) {
    hopes[lane as usize] = false;
    hopeful.retain(|h| h.0 != lane);
}

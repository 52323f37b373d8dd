use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Engine;
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
    /// No reservation that starts later than this from now.
    window: Seconds,
    /// Reservations are rounded down to a multiple of this.
    resolution: Seconds,
}

/// Room that passes use again and again.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    heads: BinaryHeap<Reverse<(Key, u32, u32)>>,
    /// Lanes that could start a job now.
    hopeful: Vec<u32>,
}

impl Engine<'_> {
    /// Starts what the policy lets start now.
    pub(super) fn schedule(&mut self) {
        self.reckon();
        let all = Rule {
            strict: false,
            reservations: usize::MAX,
            depth: usize::MAX,
            window: Seconds::MAX / 4,
            resolution: 1,
        };
        match self.settings.policy {
            Policy::Slurm(s) => {
                let before = self.counts.starts;
                if self.clock.main(self.now) {
                    self.pass(Rule { strict: true, reservations: 0, depth: s.default_queue_depth, ..all });
                    self.refill();
                }
                if self.clock.backfill(self.now) {
                    self.pass(Rule {
                        depth: s.bf_max_job_test,
                        window: s.bf_window,
                        resolution: s.bf_resolution,
                        ..all
                    });
                    self.refill();
                }
                if self.counts.starts > before {
                    // A start is a change that Slurm's next cycle looks at.
                    self.clock.wake(self.now);
                }
            }
            _ if !self.changed && self.arrivals_turned_away() => {}
            Policy::Fcfs => self.pass(Rule { strict: true, reservations: 0, ..all }),
            Policy::Easy => self.pass(Rule { reservations: 1, ..all }),
            Policy::Conservative => self.pass(all),
        }
        self.arrived.clear();
        self.changed = false;
    }

    /// Since the last pass jobs only arrived, behind all others, and what that pass left free does not hold them now. Nothing ended,
    /// so the plan of the others is the same as then, and none of them is due.
    fn arrivals_turned_away(&self) -> bool {
        if self.arrived.is_empty() {
            return true;
        }
        if !self.profile_stands || !matches!(self.settings.order, Order::Submit) {
            return false;
        }
        self.arrived.iter().all(|&index| {
            let job = &self.jobs[index as usize];
            let preempts = self.site.qos[job.qos as usize].preempts;
            // Only the newest stand behind all others: those that wait again do not.
            let stopped = self.records[index as usize].start >= 0;
            !preempts && !stopped && {
                let units = self.site.layout.units(job.size);
                !self.profile.fits_from(self.now, units, self.planned(job))
            }
        })
    }

    fn build_profile(&mut self, reach: Seconds) {
        let horizon = self.now.saturating_add(reach);
        self.profile.reset(self.now, self.free, horizon);
        for (at, units) in self.releases.iter() {
            let at = at.max(self.now + 1);
            if at >= horizon {
                break;
            }
            self.profile.release(at, units);
        }
        let layout = &self.site.layout;
        for r in &self.site.reservations {
            if r.end > self.now && r.start < horizon {
                let held = i64::from(r.nodes) * i64::from(layout.gpus_per_node);
                self.profile.take(r.start, r.end, held);
            }
        }
        let up = layout.gpus() - self.down_units;
        for (i, cap) in self.site.caps.iter().enumerate() {
            let end = self.site.caps.get(i + 1).map_or(Seconds::MAX, |c| c.from);
            if end > self.now && cap.from < horizon {
                self.profile.take(cap.from, end, (up - cap.gpus).max(0));
            }
        }
    }

    fn pass(&mut self, rule: Rule) {
        self.counts.passes += 1;
        while self.pass_once(rule) {}
        self.least_waiting =
            self.queue.active().iter().map(|&l| self.queue.lane(l).units).min().unwrap_or(i64::MAX);
    }

    /// One walk through the queue. True where running jobs were stopped for a waiting one, and all has to be looked at anew.
    fn pass_once(&mut self, rule: Rule) -> bool {
        self.profile_stands = true;
        let monotone = self.site.reservations.is_empty() && self.site.caps.is_empty();
        let mut tested = 0;
        if monotone && !self.start_first_ones(rule, &mut tested) {
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
        self.build_profile(Seconds::MAX / 4);
        let mut scratch = std::mem::take(&mut self.scratch);
        let again = self.walk(rule, &mut scratch, tested, preempting);
        self.scratch = scratch;
        again
    }

    /// Starts the first jobs while they fit. False where there is nothing more to do.
    fn start_first_ones(&mut self, rule: Rule, tested: &mut usize) -> bool {
        loop {
            let Some(lane) = self.queue.first(&self.ageing) else {
                self.profile.reset(self.now, self.free, self.now + 1);
                return false;
            };
            if *tested >= rule.depth {
                return false;
            }
            let l = self.queue.lane(lane);
            if l.units > self.free {
                break;
            }
            let Some(job) = l.job(0) else { break };
            if self.start(job).is_none() {
                break;
            }
            *tested += 1;
            self.queue.pop(lane);
        }
        if rule.strict && !self.may_preempt() {
            // Nobody overtakes, so nobody behind can start.
            self.profile.reset(self.now, 0, Seconds::MAX / 2);
            return false;
        }
        true
    }

    fn walk(&mut self, rule: Rule, scratch: &mut Scratch, mut tested: usize, preempting: bool) -> bool {
        let Scratch { heads, hopeful } = scratch;
        heads.clear();
        hopeful.clear();
        for &l in self.queue.active() {
            let lane = self.queue.lane(l);
            if lane.units <= self.free && self.profile.fits_now(lane.units, lane.limit) {
                hopeful.push(l);
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
        // The queue holds no more than the depth, except where the two schedulers look differently deep.
        let counted = rule.depth < self.queue.len() + tested;
        let window = self.now.saturating_add(rule.window);
        while let Some(Reverse((_, l, cursor))) = heads.pop() {
            if tested >= rule.depth {
                break;
            }
            let lane = self.queue.lane(l);
            let (units, limit) = (lane.units, lane.limit);
            let Some(job) = lane.job(cursor as usize) else { continue };
            let here = hopeful.iter().position(|&h| h == l);
            if let Some(h) = here {
                if let Some(end) = self.start(job) {
                    tested += 1;
                    self.queue.pop(l);
                    let least = self.profile.take(self.now, end, units);
                    self.thin(hopeful, self.now, least);
                    if let Some(key) = self.queue.lane(l).key(0, &self.ageing) {
                        heads.push(Reverse((key, l, 0)));
                    } else {
                        hopeful.retain(|&h| h != l);
                    }
                    if hopeful.is_empty() && !preempting {
                        break;
                    }
                    continue;
                }
                // Enough in number, but not as one gang: it waits for the next change.
                hopeful.swap_remove(h);
            } else if preempting && self.preempt_for(job) {
                return true;
            }
            if rule.strict {
                break;
            }
            if reservations == 0 {
                // Only those that can start are of interest now.
                heads.retain(|Reverse((_, l, _))| preempting || hopeful.contains(l));
                if hopeful.is_empty() && !preempting {
                    break;
                }
                continue;
            }
            tested += 1;
            // Where the number is there but not the gang, only a change can help.
            let from = if here.is_some() { self.profile.next_step() } else { self.now + 1 };
            let Some(start) = self.profile.earliest(units, limit, from) else {
                // Beyond the horizon, and so are all behind it in its lane. They count as looked at.
                reservations -= 1;
                if hopeful.is_empty() && !preempting {
                    break;
                }
                if counted {
                    self.skip(heads, l, cursor);
                }
                if reservations == 0 {
                    heads.retain(|Reverse((_, l, _))| preempting || hopeful.contains(l));
                }
                continue;
            };
            if start < window {
                let (mut from, mut to) = (start, start + limit);
                if rule.resolution > 1 {
                    from -= from.rem_euclid(rule.resolution);
                    to -= to.rem_euclid(rule.resolution);
                }
                self.counts.reservations += 1;
                reservations -= 1;
                let least = self.profile.take(from, to, units);
                self.thin(hopeful, from, least);
                if hopeful.is_empty() && !preempting {
                    break;
                }
                self.skip(heads, l, cursor);
            } else if counted {
                self.skip(heads, l, cursor);
            }
            if reservations == 0 {
                heads.retain(|Reverse((_, l, _))| preempting || hopeful.contains(l));
            }
        }
        false
    }

    /// The next job of a lane takes its place in the walk.
    fn skip(&self, heads: &mut BinaryHeap<Reverse<(Key, u32, u32)>>, lane: u32, cursor: u32) {
        if let Some(key) = self.queue.lane(lane).key(cursor as usize + 1, &self.ageing) {
            heads.push(Reverse((key, lane, cursor + 1)));
        }
    }

    /// Drops the lanes that cannot start any more, after a span from `from` on was left with `least`.
    fn thin(&self, hopeful: &mut Vec<u32>, from: Seconds, least: i64) {
        hopeful.retain(|&h| {
            let lane = self.queue.lane(h);
            self.now + lane.limit <= from
                || lane.units <= least
                || self.profile.fits_now(lane.units, lane.limit)
        });
    }
}

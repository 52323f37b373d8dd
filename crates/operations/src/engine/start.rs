use super::preempt::Attempt;
use super::{Engine, Running, What};
use crate::job::{JobState, Seconds, Size};
use crate::nodes::Span;
use crate::outcome::Holding;
use crate::policy::{OverLimit, Policy};

/// Starts between two looks at who has run long enough to be stopped, so that those who have left do not pile up.
const LOOK: u64 = 64;

impl Engine<'_> {
    /// Starts a job now if nodes can be found for it; says until when it is planned.
    pub(super) fn start(&mut self, index: u32) -> Option<Seconds> {
        let job = self.jobs[index as usize];
        let layout = &self.site.layout;
        let units = layout.units(job.size);
        let limit = self.planned(&job);
        // A slot of the grid may begin under one cap and end under another.
        if self.breaks_cap(units) {
            return None;
        }
        let slot = self.vacant.pop().unwrap_or_else(|| {
            self.running.push(Running::default());
            (self.running.len() - 1) as u32
        });
        let mut nodes = std::mem::take(&mut self.running[slot as usize].nodes);
        let forbidden = self.forbidden(limit);
        let span = match job.size {
            Size::Gpus(g) if g < layout.gpus_per_node => {
                nodes.clear();
                self.nodes.take_part(g, forbidden.as_deref()).map(|n| {
                    nodes.push(n);
                    Span { leaves: 1, blocks: 1 }
                })
            }
            _ => {
                let n = (units / i64::from(layout.gpus_per_node)) as u32;
                self.nodes.take(n, self.site.placement, forbidden.as_deref(), &mut nodes)
            }
        };
        let Some(span) = span else {
            self.running[slot as usize].nodes = nodes;
            self.vacant.push(slot);
            return None;
        };
        let speed = self.site.speed.of(nodes.len() as u32, span);
        let stops = self.records[index as usize].failures + self.records[index as usize].preemptions;
        let overhead = if stops > 0 || self.saved.contains_key(&index) { self.settings.restart } else { 0 };
        let work = job.runtime - self.saved.get(&index).copied().unwrap_or(0);
        let takes = overhead + if speed == 1.0 { work } else { (work as f64 / speed).ceil() as Seconds };
        // A bad place or a restart must not cost a job its end; a run time above the request does.
        let allowed = if job.runtime > job.limit && self.settings.over_limit == OverLimit::Kill {
            limit
        } else {
            limit.max(takes)
        };
        let finishes = takes <= allowed;
        let (end, planned_end) = (self.now + takes.min(allowed), self.now + allowed);
        let record = &mut self.records[index as usize];
        if record.start < 0 {
            record.start = self.now;
        }
        record.leaves = span.leaves;
        record.first_node = nodes.first().copied().unwrap_or(0);
        let r = &mut self.running[slot as usize];
        *r = Running {
            job: index,
            nodes,
            start: self.now,
            planned_end,
            units,
            speed,
            work,
            overhead,
            finishes,
            epoch: r.epoch.wrapping_add(1),
            live: true,
            completing: false,
        };
        let epoch = r.epoch;
        self.stoppable.add(&job, &self.site.qos, Attempt { start: self.now, slot, epoch, units });
        if self.stoppable.at_once || self.counts.starts.is_multiple_of(LOOK) {
            self.stoppable.look(self.now, &self.site.qos, &self.running);
        }
        self.running_jobs += 1;
        self.queued_units -= units;
        self.free -= units;
        self.busy_units[job.class as usize] += units;
        self.releases.add(planned_end, units);
        self.charge_tenant(index, units);
        self.push(end, What::End { slot, epoch });
        self.counts.starts += 1;
        Some(planned_end)
    }

    /// Nodes that a job of this length may not have, because a reservation on them begins before it ends.
    fn forbidden(&self, limit: Seconds) -> Option<Vec<u64>> {
        let mut mask: Option<Vec<u64>> = None;
        for r in self.ahead.iter().filter(|r| r.start < self.now + limit && r.end > self.now) {
            let bits = mask.get_or_insert_with(|| vec![0; (self.site.layout.nodes as usize).div_ceil(64)]);
            for n in r.first_node..(r.first_node + r.nodes).min(self.site.layout.nodes) {
                bits[n as usize / 64] |= 1 << (n % 64);
            }
        }
        mask
    }

    /// A job leaves the machine: its accelerators count as idle from now on, its nodes may be kept a little longer.
    pub(super) fn vacate(&mut self, slot: u32) {
        let r = &mut self.running[slot as usize];
        r.live = false;
        let (job, units, planned) = (r.job, r.units, r.planned_end);
        let run = Attempt { start: r.start, slot, epoch: r.epoch, units };
        self.stoppable.remove(&self.jobs[job as usize], &self.site.qos, run);
        let held = units * (self.now - r.start);
        if self.settings.holdings {
            let holding = Holding { job, from: r.start, to: self.now, nodes: r.nodes.clone() };
            self.holdings.push(holding);
        }
        self.records[job as usize].held += held;
        self.charge_spread(slot);
        self.running_jobs -= 1;
        self.busy_units[self.jobs[job as usize].class as usize] -= units;
        self.releases.remove(planned, units);
        self.charge_tenant(job, -units);
        let completing = match self.settings.policy {
            Policy::Slurm(s) => s.completing,
            _ => 0,
        };
        if completing > 0 {
            let until = self.now + completing;
            self.running[slot as usize].planned_end = until;
            self.running[slot as usize].completing = true;
            self.releases.add(until, units);
            self.push(until, What::Freed { slot });
        } else {
            self.give_back(slot);
        }
    }

    /// What this attempt held beyond what it would have on the best nodes of its size.
    pub(super) fn charge_spread(&mut self, slot: u32) {
        let r = &self.running[slot as usize];
        if r.speed < 1.0 {
            let worked = (self.now - r.start - r.overhead).max(0) as f64 * r.units as f64;
            let class = self.jobs[r.job as usize].class as usize;
            self.spread[class] += (worked * (1.0 - r.speed)).round() as i64;
        }
    }

    pub(super) fn freed(&mut self, slot: u32) {
        let r = &self.running[slot as usize];
        let (until, units) = (r.planned_end, r.units);
        self.releases.remove(until, units);
        self.give_back(slot);
    }

    fn give_back(&mut self, slot: u32) {
        self.running[slot as usize].completing = false;
        let nodes = std::mem::take(&mut self.running[slot as usize].nodes);
        let job = self.running[slot as usize].job;
        let per_node = i64::from(self.site.layout.gpus_per_node);
        match self.is_part(job) {
            Some(g) => {
                for &n in &nodes {
                    let up = self.node_up[n as usize];
                    self.nodes.give_back_part(n, g, up);
                    if up {
                        self.free += i64::from(g);
                    } else {
                        self.down_units += i64::from(g);
                    }
                }
            }
            None => {
                let up = &self.node_up;
                self.nodes.give_back(&nodes, |n| up[n as usize]);
                let lost = nodes.iter().filter(|&&n| !up[n as usize]).count() as i64 * per_node;
                self.free += self.running[slot as usize].units - lost;
                self.down_units += lost;
            }
        }
        self.running[slot as usize].nodes = nodes;
        self.vacant.push(slot);
        self.changed = true;
        self.clock.wake(self.now, self.is_waiting());
    }

    pub(super) fn end(&mut self, slot: u32, epoch: u32) {
        let r = &self.running[slot as usize];
        if !r.live || r.epoch != epoch {
            return;
        }
        let (job, finishes) = (r.job, r.finishes);
        let record = &mut self.records[job as usize];
        record.end = self.now;
        record.state = if finishes { JobState::Completed } else { JobState::TimedOut };
        self.saved.remove(&job);
        self.unfinished -= 1;
        if self.reports {
            self.ended.push((job, finishes));
        }
        self.vacate(slot);
    }

    /// Stops a running job and lets it wait again after a hold, with what it saved.
    pub(super) fn stop(&mut self, slot: u32, by_failure: bool) {
        // From the failure to its notice the job hung.
        let hung = if by_failure { self.site.failures.as_ref().map_or(0, |f| f.detection) } else { 0 };
        self.stop_hung(slot, by_failure, hung);
    }

    /// Stops a running job that did nothing for the last `hung` seconds.
    pub(super) fn stop_hung(&mut self, slot: u32, by_failure: bool, hung: Seconds) {
        let r = &self.running[slot as usize];
        let (index, units, elapsed) = (r.job, r.units, self.now - r.start);
        let job = self.jobs[index as usize];
        let worked = ((elapsed - r.overhead - hung).max(0) as f64 * r.speed).floor() as Seconds;
        let before = job.runtime - r.work;
        let saved = if job.checkpoint > 0 {
            let step = Seconds::from(job.checkpoint);
            ((before + worked.min(r.work)) / step * step).max(before)
        } else {
            0
        };
        let kept = ((saved - before).max(0) as f64 / r.speed) as Seconds;
        let record = &mut self.records[index as usize];
        record.lost += units * (elapsed - kept).max(0);
        if job.checkpoint == 0 {
            record.lost = record.held + units * elapsed;
        }
        if by_failure {
            record.failures = record.failures.saturating_add(1);
        } else {
            record.preemptions = record.preemptions.saturating_add(1);
        }
        if saved > 0 {
            self.saved.insert(index, saved);
        }
        self.vacate(slot);
        self.held_jobs += 1;
        let again = self.now + self.settings.requeue_hold;
        self.push(again, What::Again { job: index });
    }
}

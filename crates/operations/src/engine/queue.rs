use super::Engine;
use crate::job::{Job, Seconds};
use crate::lanes::{Key, key_of};
use crate::policy::{Order, OverLimit, Policy};

impl Engine<'_> {
    /// What the scheduler plans with: the limit, in Slurm's whole minutes; the run time where that is longer and is let run.
    pub(super) fn planned(&self, job: &Job) -> Seconds {
        let limit = match self.settings.over_limit {
            OverLimit::Kill => job.limit,
            OverLimit::Extend => job.limit.max(job.runtime),
        };
        match self.settings.policy {
            Policy::Slurm(s) if s.limit_granularity > 1 => {
                (limit + s.limit_granularity - 1) / s.limit_granularity * s.limit_granularity
            }
            _ => limit,
        }
    }

    pub(super) fn is_waiting(&self) -> bool {
        !self.queue.active().is_empty()
    }

    pub(super) fn group(&self, job: &Job) -> u32 {
        self.limited_group(job, self.plain_group_of(job))
    }

    /// The group of a job where nothing is limited.
    pub(super) fn plain_group_of(&self, job: &Job) -> u32 {
        let qos = self.site.qos.len() as u32;
        match self.settings.order {
            Order::Submit => u32::from(job.qos),
            Order::Multifactor(_) => job.tenant * qos + u32::from(job.qos),
        }
    }

    pub(crate) fn enqueue(&mut self, index: u32) {
        let waiting = self.is_waiting();
        let job = &self.jobs[index as usize];
        let units = self.site.layout.units(job.size);
        let shape = (self.group(job), units, self.planned(job));
        self.queued_units += units;
        if !self.hold_beside(shape, job.submit, index) {
            self.least_waiting = self.least_waiting.min(units);
            let newest = (job.submit, index) > self.newest;
            self.newest = self.newest.max((job.submit, index));
            self.line_up(index, newest);
        }
        self.clock.wake(self.now, waiting);
    }

    /// Puts a job where it belongs in the queue: within the depth that the scheduler looks at, or behind it.
    pub(super) fn line_up(&mut self, index: u32, newest: bool) {
        let job = &self.jobs[index as usize];
        let units = self.site.layout.units(job.size);
        let shape = (self.group(job), units, self.planned(job));
        let priority = self.lane_priority(shape.0, units);
        let inside = if self.queue.len() < self.depth {
            true
        } else if newest && matches!(self.settings.order, Order::Submit) {
            false
        } else {
            // Against the last one that the scheduler looks at.
            let age = self.ageing.now.min(job.submit);
            let aged = crate::lanes::Ageing { now: self.ageing.now.max(age), ..self.ageing };
            let key = key_of(priority + aged.part(job.submit), index);
            match self.queue.last(&self.ageing) {
                Some((last, lane)) if key < last => {
                    if let Some(out) = self.queue.pop_back(lane) {
                        self.put_behind(out);
                    }
                    true
                }
                _ => false,
            }
        };
        if inside {
            self.queue.insert(shape, job.submit, index, || priority);
            self.arrived.push(index);
        } else {
            self.behind.insert(shape, job.submit, index, || priority);
        }
    }

    fn put_behind(&mut self, index: u32) {
        let job = &self.jobs[index as usize];
        let units = self.site.layout.units(job.size);
        let shape = (self.group(job), units, self.planned(job));
        let priority = self.lane_priority(shape.0, units);
        self.behind.insert(shape, job.submit, index, || priority);
    }

    /// Lets jobs move up into the depth that the scheduler looks at.
    pub(super) fn refill(&mut self) {
        while self.queue.len() < self.depth {
            let Some(lane) = self.behind.first() else { return };
            let Some(index) = self.behind.pop(lane) else { return };
            let job = &self.jobs[index as usize];
            let units = self.site.layout.units(job.size);
            let shape = (self.group(job), units, self.planned(job));
            let priority = self.lane_priority(shape.0, units);
            self.queue.insert(shape, job.submit, index, || priority);
        }
    }

    /// Sorts the queue anew after priorities changed.
    pub(super) fn resort(&mut self) {
        if self.behind.len() == 0 {
            return;
        }
        let lanes: Vec<u32> = self.queue.active().to_vec();
        for lane in lanes {
            while let Some(job) = self.queue.pop(lane) {
                self.put_behind(job);
            }
        }
        let mut heads: std::collections::BinaryHeap<std::cmp::Reverse<(Key, u32)>> = self
            .behind
            .active()
            .iter()
            .filter_map(|&l| self.behind.lane(l).key(0, &self.ageing).map(|k| std::cmp::Reverse((k, l))))
            .collect();
        while self.queue.len() < self.depth {
            let Some(std::cmp::Reverse((_, lane))) = heads.pop() else { break };
            let Some(index) = self.behind.pop(lane) else { continue };
            if let Some(key) = self.behind.lane(lane).key(0, &self.ageing) {
                heads.push(std::cmp::Reverse((key, lane)));
            }
            let job = &self.jobs[index as usize];
            let l = self.behind.lane(lane);
            let (shape, priority) = ((l.group, l.units, l.limit), l.priority);
            self.queue.insert(shape, job.submit, index, || priority);
        }
    }
}

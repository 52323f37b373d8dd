use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::Engine;
use crate::job::Seconds;
use crate::policy::Qos;

/// Running jobs that may be stopped for others.
#[derive(Debug, Default)]
pub(super) struct Stoppable {
    /// In the order in which they go: lowest rank first, then the youngest. Rank, start, place among the running.
    order: BTreeSet<(u16, Reverse<Seconds>, u32)>,
    /// By rank: accelerators they hold.
    units: Vec<i64>,
}

impl Stoppable {
    pub fn add(&mut self, rank: u16, start: Seconds, slot: u32, units: i64) {
        self.order.insert((rank, Reverse(start), slot));
        let rank = usize::from(rank);
        if self.units.len() <= rank {
            self.units.resize(rank + 1, 0);
        }
        self.units[rank] += units;
    }

    pub fn remove(&mut self, rank: u16, start: Seconds, slot: u32, units: i64) {
        if self.order.remove(&(rank, Reverse(start), slot)) {
            self.units[usize::from(rank)] -= units;
        }
    }

    /// Accelerators held by those of a rank below this one.
    fn below(&self, rank: u16) -> i64 {
        self.units.iter().take(usize::from(rank)).sum()
    }
}

impl Engine<'_> {
    /// Is there a waiting job for which others might be stopped now, as far as their accelerators go?
    pub(super) fn may_preempt(&self) -> bool {
        let all = &self.site.qos;
        let Some(top) = all.iter().filter(|q| q.preempts).map(|q| q.rank).max() else { return false };
        let most = self.stoppable.below(top);
        if most == 0 && !self.stops_at_once() {
            return false;
        }
        let closing = self.closing();
        self.queue.standing().iter().any(|&s| {
            let shape = self.queue.shape(s);
            shape.units <= self.free + most
                && self.now.saturating_add(shape.limit) <= closing
                && shape.lanes().iter().any(|&l| self.might_stop(l))
        })
    }

    /// Might jobs be stopped for those of a lane? While a pass only starts jobs the answer never turns from no to yes: a start moves
    /// accelerators from what is free to what may be stopped at most.
    pub(super) fn might_stop(&self, lane: u32) -> bool {
        let lane = self.queue.lane(lane);
        let qos = self.qos_of(lane.group);
        let held = self.stoppable.below(qos.rank);
        qos.preempts && (held > 0 || self.stops_at_once()) && lane.units <= self.free + held
    }

    fn qos_of(&self, group: u32) -> &Qos {
        &self.site.qos[group as usize % self.site.qos.len()]
    }

    /// May a job be stopped in the second in which it starts?
    fn stops_at_once(&self) -> bool {
        self.site.qos.iter().any(|q| q.preemptible && q.exempt <= 0)
    }

    /// Stops running jobs of a lower rank until the job fits: lowest rank first, youngest first, and none in vain.
    pub(super) fn preempt_for(&mut self, index: u32) -> bool {
        let job = &self.jobs[index as usize];
        let qos = &self.site.qos[job.qos as usize];
        if !qos.preempts {
            return false;
        }
        let needed = self.site.layout.units(job.size) - self.free;
        let units = |slot: u32| self.running[slot as usize].units;
        let (mut sum, mut chosen) = (0, Vec::new());
        let victims = self.stoppable.order.iter().take_while(|v| v.0 < qos.rank);
        for &(_, Reverse(start), slot) in victims {
            if sum >= needed {
                break;
            }
            let own = &self.site.qos[self.jobs[self.running[slot as usize].job as usize].qos as usize];
            if self.now - start >= own.exempt {
                sum += units(slot);
                chosen.push(slot);
            }
        }
        if sum < needed || (needed <= 0 && chosen.is_empty()) {
            return false;
        }
        // A large one found late may make earlier ones needless.
        let mut kept = Vec::new();
        for &slot in &chosen {
            if sum - units(slot) >= needed {
                sum -= units(slot);
            } else {
                kept.push(slot);
            }
        }
        // Not in vain: with their accelerators it must fit beside all that is planned, and once a second is enough.
        let job_units = self.site.layout.units(job.size);
        if !self.fits_without(&kept, job_units, self.planned(job))
            || !self.preempted.insert((self.now, index))
        {
            return false;
        }
        self.preempted.retain(|p| p.0 == self.now);
        for slot in kept {
            self.stop(slot, false);
        }
        true
    }
}

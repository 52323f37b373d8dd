use std::cmp::Reverse;
use std::collections::{BTreeSet, VecDeque};

use super::{Engine, Running};
use crate::job::{Job, Seconds};
use crate::policy::Qos;

/// One run of a job.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attempt {
    pub start: Seconds,
    /// Its place among the running, and which of the place's tenants it is.
    pub slot: u32,
    pub epoch: u32,
    pub units: i64,
}

/// Running jobs that may be stopped for others.
#[derive(Debug, Default)]
pub(super) struct Stoppable {
    /// Those that have run long enough, in the order in which they go: lowest rank first, then the youngest. Rank, start, place among the
    /// running, use of the place.
    order: BTreeSet<(u16, Reverse<Seconds>, u32, u32)>,
    /// By rank: accelerators that they hold.
    units: Vec<i64>,
    /// Those that have not, by quality of service, oldest first; most leave before they have.
    young: Vec<VecDeque<Attempt>>,
    /// Highest rank that may stop others.
    top: u16,
    /// May a job be stopped in the second in which it starts?
    pub at_once: bool,
}

impl Stoppable {
    pub fn new(all: &[Qos]) -> Self {
        Self {
            young: vec![VecDeque::new(); all.len()],
            top: all.iter().filter(|q| q.preempts).map(|q| q.rank).max().unwrap_or(0),
            at_once: all.iter().any(|q| q.preemptible && q.exempt <= 0),
            ..Self::default()
        }
    }

    /// A job starts.
    pub fn add(&mut self, job: &Job, all: &[Qos], run: Attempt) {
        if all[job.qos as usize].preemptible {
            self.young[job.qos as usize].push_back(run);
        }
    }

    /// A job leaves.
    pub fn remove(&mut self, job: &Job, all: &[Qos], run: Attempt) {
        let qos = &all[job.qos as usize];
        if qos.preemptible && self.order.remove(&(qos.rank, Reverse(run.start), run.slot, run.epoch)) {
            self.units[usize::from(qos.rank)] -= run.units;
        }
    }

    /// Looks who of those still `running` has run long enough by now.
    pub fn look(&mut self, now: Seconds, all: &[Qos], running: &[Running]) {
        for (young, qos) in self.young.iter_mut().zip(all).filter(|y| !y.0.is_empty()) {
            while let Some(&run) = young.front()
                && run.start + qos.exempt <= now
            {
                young.pop_front();
                let place = &running[run.slot as usize];
                if place.live && place.epoch == run.epoch {
                    self.order.insert((qos.rank, Reverse(run.start), run.slot, run.epoch));
                    self.units.resize(self.units.len().max(usize::from(qos.rank) + 1), 0);
                    self.units[usize::from(qos.rank)] += run.units;
                }
            }
        }
    }

    /// Accelerators held by those of a rank below this one that have run long enough.
    fn below(&self, rank: u16) -> i64 {
        self.units.iter().take(usize::from(rank)).sum()
    }
}

impl Engine<'_> {
    /// Is there a waiting job for which others might be stopped now, as far as their accelerators go?
    pub(super) fn may_preempt(&mut self) -> bool {
        if self.queue.marked() == 0 {
            return false;
        }
        self.stoppable.look(self.now, &self.site.qos, &self.running);
        let most = self.stoppable.below(self.stoppable.top);
        if most == 0 && !self.stoppable.at_once {
            return false;
        }
        let closing = self.closing();
        self.queue.standing().iter().any(|s| {
            s.units <= self.free + most
                && self.now.saturating_add(s.limit) <= closing
                && self.queue.shape(s.shape).lanes().iter().any(|l| self.might_stop(l.1))
        })
    }

    /// Might jobs be stopped for those of a lane? While a pass only starts jobs the answer never turns from no to yes: a start moves
    /// accelerators from what is free to what may be stopped at most. Asked after [`Self::may_preempt`] in this second.
    pub(super) fn might_stop(&self, lane: u32) -> bool {
        let lane = self.queue.lane(lane);
        let qos = self.qos_of(lane.group);
        let held = self.stoppable.below(qos.rank);
        qos.preempts && (held > 0 || self.stoppable.at_once) && lane.units <= self.free + held
    }

    fn qos_of(&self, group: u32) -> &Qos {
        &self.site.qos[group as usize % self.site.qos.len()]
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
        for &(_, _, slot, _) in victims {
            if sum >= needed {
                break;
            }
            sum += units(slot);
            chosen.push(slot);
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

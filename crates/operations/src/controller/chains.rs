//! Jobs that wait for others: dependencies, and arrays of which only so many tasks run at once.
//!
//! As read in `slurmctld/job_scheduler.c` and `sched/backfill` of 22.05.8: a job that waits for others is passed over by both schedulers until those are gone,
//! nodes and all; it blocks nobody and reserves nothing. `singleton` is the same towards the one of that name before. A task over the throttle of its array
//! (`%N`) is passed over likewise.

use super::state::State;

/// Who waits for whom.
#[derive(Debug, Clone, Copy)]
pub struct Chains<'a> {
    /// For each gang those that must have ended first.
    pub after: &'a [Vec<usize>],
    /// For each gang the number of its array and how many of that may run at once.
    pub array: &'a [Option<(usize, u32)>],
}

impl State<'_> {
    /// Whether a gang may not start yet, whatever is free.
    pub(super) fn is_held(&self, gang: usize) -> bool {
        let Some(chains) = &self.chains else { return false };
        let gone = |other: &usize| self.done.get(*other).copied().unwrap_or(false);
        if chains.after.get(gang).is_some_and(|after| !after.iter().all(gone)) {
            return true;
        }
        let of = |gang: usize| chains.array.get(gang).copied().flatten();
        of(gang).is_some_and(|(array, most)| {
            let run = self.running.iter().filter(|r| of(r.gang).is_some_and(|(a, _)| a == array));
            run.count() >= most as usize
        })
    }

    /// Whether all that wait do so for others, of which none will come: in a circle, or for one that is too large.
    pub(super) fn is_stuck(&self) -> bool {
        self.chains.is_some() && self.queue.iter().all(|gang| self.is_held(*gang))
    }
}

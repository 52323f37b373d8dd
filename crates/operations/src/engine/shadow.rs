//! EASY's one reservation without a profile. Where nothing but jobs that end changes what is free ahead, what is free only grows, so two
//! moments say all: now, and the shadow (Mu'alem and Feitelson 2001) at which the first job in the queue is due. A later one may start
//! if it fits now and either ends by the shadow or fits into what the first job leaves free there.

use super::Engine;
use crate::job::Seconds;

impl Engine<'_> {
    /// Does nothing but ending jobs change what is free, as far ahead as a reservation of any waiting job can reach?
    pub(super) fn only_grows(&self, exact: bool) -> bool {
        if !self.site.caps.is_empty() {
            return false;
        }
        let ahead = self.site.reservations.iter().filter(|r| r.end > self.now).map(|r| r.start).min();
        let Some(clear) = ahead else { return true };
        // Cells of Slurm's grid round spans up.
        if exact || clear <= self.now {
            return false;
        }
        let longest = self.queue.active().iter().map(|&l| self.queue.lane(l).limit).max().unwrap_or(0);
        // The first job is due before all that could start now have ended, and then takes its own time.
        self.now.saturating_add(longest.saturating_mul(2)) <= clear
    }

    /// The moment after this one at which `units` are free as far as running jobs' planned ends say, and how much is left beside them;
    /// where the gang is missing, the next change of any kind.
    pub(super) fn shadow(&self, units: i64, gang_missing: bool) -> Option<(Seconds, i64)> {
        let (mut free, mut due) = (self.free, None);
        for (at, released) in self.releases.iter() {
            let at = at.max(self.now + 1);
            // All that ends in that second counts.
            if due.is_some_and(|due| at > due) {
                break;
            }
            free += released;
            if due.is_none() && (gang_missing || free >= units) {
                due = Some(at);
            }
        }
        due.filter(|_| free >= units).map(|at| (at, free - units))
    }
}

//! What a federation asks of one of its sites: how long a job would wait there, and to hand its jobs over while it stands still.

use super::Engine;
use crate::job::{JobState, Seconds};

impl Engine<'_> {
    /// How long a job of so many accelerators would wait: until enough of them are free by the limits of running jobs, and no less than the
    /// planned work of all that waits already takes the whole machine. Limits are longer than run times, so it is an upper guess.
    pub(crate) fn expected_wait(&self, now: Seconds, units: i64) -> Seconds {
        let (mut free, mut at) = (self.free, now);
        if free < units {
            for (end, released) in self.releases.iter() {
                free += released;
                at = end.max(now);
                if free >= units {
                    break;
                }
            }
        }
        let gpus = self.site.layout.gpus().max(1);
        (at - now).max(self.planned_work() / gpus)
    }

    /// Accelerator-seconds that waiting jobs plan with.
    fn planned_work(&self) -> Seconds {
        let of = |lanes: &crate::lanes::Lanes| -> Seconds {
            let work = |l: &u32| {
                let lane = lanes.lane(*l);
                lane.units.saturating_mul(lane.limit).saturating_mul(lane.len() as i64)
            };
            lanes.active().iter().map(work).sum()
        };
        of(&self.queue) + of(&self.behind)
    }

    /// A job comes in that was not submitted here and now: held back, sent over, or handed back.
    pub(crate) fn receive(&mut self, index: u32, saved: Seconds) {
        if saved > 0 {
            self.saved.insert(index, saved);
        }
        self.enqueue(index);
        // It may stand before others that were turned away since the last pass.
        self.changed = true;
    }

    /// Takes what a job has saved here, as it goes elsewhere.
    pub(crate) fn take_saved(&mut self, index: u32) -> Seconds {
        self.saved.remove(&index).unwrap_or(0)
    }

    /// The whole site stops at once: running jobs are stopped as by a failure. Who waited is handed over in the order of the workload.
    pub(crate) fn go_out(&mut self) -> Vec<u32> {
        self.is_out = true;
        for slot in 0..self.running.len() as u32 {
            if self.running[slot as usize].live {
                self.stop_hung(slot, true, 0);
            }
        }
        let mut out = Vec::new();
        for lanes in [&mut self.queue, &mut self.behind] {
            while let Some(&lane) = lanes.active().first() {
                out.extend(lanes.pop(lane));
            }
        }
        self.hand_over_limited(&mut out);
        for &job in &out {
            self.queued_units -= self.site.layout.units(self.jobs[job as usize].size);
        }
        self.profile_stands = false;
        out.sort_unstable();
        out
    }

    /// The site works again.
    pub(crate) fn come_back(&mut self) {
        self.is_out = false;
        self.changed = true;
        let waiting = self.is_waiting();
        self.clock.wake(self.now, waiting);
    }

    /// Jobs whose hold after a stop ended while the site stood still.
    pub(crate) fn handed_back(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.handed_back)
    }

    /// Jobs that ended since the last question, with their work done or not.
    pub(crate) fn take_ended(&mut self) -> Vec<(u32, bool)> {
        std::mem::take(&mut self.ended)
    }

    /// A job that ended by itself turns out to have failed.
    pub(crate) fn mark_failed(&mut self, index: u32) {
        self.records[index as usize].state = JobState::Failed;
    }
}

//! Power caps: what the scheduler sees of them, and what stops where one falls below what runs.

use super::Engine;
use crate::job::Seconds;

impl Engine<'_> {
    /// Caps from now on, as far ahead as they are known, each with its end; the last one known holds until the next.
    pub(super) fn caps_in_sight(&self) -> Vec<(Seconds, Seconds, i64)> {
        let caps = &self.site.caps;
        let until = self.now.saturating_add(self.site.cap_sight.max(1));
        let first = caps.partition_point(|c| c.from <= self.now).saturating_sub(1);
        (first..caps.len())
            .take_while(|i| caps[*i].from < until)
            .map(|i| (caps[i].from, caps.get(i + 1).map_or(Seconds::MAX, |c| c.from), caps[i].gpus))
            .collect()
    }

    /// Accelerators that may be busy now.
    fn cap_now(&self) -> i64 {
        let caps = &self.site.caps;
        let behind = caps.partition_point(|c| c.from <= self.now);
        behind.checked_sub(1).map_or(i64::MAX, |i| caps[i].gpus)
    }

    fn busy_now(&self) -> i64 {
        self.busy_units.iter().sum()
    }

    /// Would so many more be too many?
    pub(super) fn breaks_cap(&self, units: i64) -> bool {
        !self.site.caps.is_empty() && self.busy_now() + units > self.cap_now()
    }

    /// Stops jobs until what runs is no more than the cap: those that may be stopped before those that may not, lowest rank first, youngest
    /// first. They wait again with what they saved, as after preemption.
    pub(super) fn keep_cap(&mut self) {
        let mut over = self.busy_now() - self.cap_now();
        if self.site.caps.is_empty() || over <= 0 {
            return;
        }
        let mut victims: Vec<(bool, u16, std::cmp::Reverse<Seconds>, u32)> = self
            .running
            .iter()
            .enumerate()
            .filter(|(_, r)| r.live)
            .map(|(slot, r)| {
                let q = &self.site.qos[self.jobs[r.job as usize].qos as usize];
                (!q.preemptible, q.rank, std::cmp::Reverse(r.start), slot as u32)
            })
            .collect();
        victims.sort_unstable();
        for (.., slot) in victims {
            if over <= 0 {
                break;
            }
            over -= self.running[slot as usize].units;
            self.cap_stops += 1;
            self.stop(slot, false);
        }
    }
}

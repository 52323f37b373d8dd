//! EASY's walk where two moments say all (see [`super::shadow`]): shapes stand in for their lanes, since what fits for one job of a shape
//! fits for all of it. The first job that cannot start holds the reservation; of the others only those of shapes that can start are looked at.

use super::Engine;
use crate::job::Seconds;
use crate::lanes::Key;

/// Shapes that can start a job now, with the first of them.
pub(super) type Hopes = Vec<(Key, u32)>;

/// What is ahead beside what is free now.
#[derive(Debug, Clone, Copy)]
struct Ahead {
    /// When the reservation is due and what it leaves beside it.
    shadow: Option<(Seconds, i64)>,
    /// From then on the machine is closed.
    clear: Seconds,
}

impl Ahead {
    /// Do so many accelerators stay free from now until then?
    fn holds(&self, free: i64, units: i64, end: Seconds) -> bool {
        units <= free && end <= self.clear && self.shadow.is_none_or(|(at, left)| end <= at || units <= left)
    }
}

impl Engine<'_> {
    /// Starts what EASY lets start now, where only ending jobs change what is free until `clear`.
    pub(super) fn pass_easy(&mut self, clear: Seconds) {
        (self.by_shadow, self.clear, self.on_grid) = (true, clear, false);
        let mut hopes = std::mem::take(&mut self.hopes);
        hopes.clear();
        let mut ahead = Ahead { shadow: None, clear };
        // The first of those that cannot start; none once it has its reservation.
        let mut blocked: Option<(Key, u32)> = None;
        for i in 0..self.queue.standing().len() {
            let s = self.queue.standing()[i];
            let shape = self.queue.shape(s);
            let fits = ahead.holds(self.free, shape.units, self.now.saturating_add(shape.limit));
            let Some((key, _)) = self.queue.first_of(s) else { continue };
            if fits {
                hopes.push((key, s));
            } else if blocked.is_none_or(|b| key < b.0) {
                blocked = Some((key, s));
            }
        }
        let mut reserved = false;
        while let Some(place) = (0..hopes.len()).min_by_key(|&i| hopes[i].0) {
            let (key, s) = hopes[place];
            let mut missing = None;
            if reserved || blocked.is_none_or(|b| key < b.0) {
                let Some((_, lane)) = self.queue.first_of(s) else { break };
                let units = self.queue.lane(lane).units;
                let started = self.queue.lane(lane).job(0).and_then(|job| self.start(job));
                if let Some(end) = started {
                    self.queue.pop(lane);
                    if let Some((at, left)) = &mut ahead.shadow
                        && end > *at
                    {
                        *left -= units;
                    }
                    match self.queue.first_of(s) {
                        Some((next, _)) => hopes[place].0 = next,
                        None => drop(hopes.swap_remove(place)),
                    }
                } else {
                    // Enough in number, but not as one gang: it waits for the next change.
                    hopes.swap_remove(place);
                    missing = Some(s);
                }
            }
            let first = match (missing, blocked) {
                _ if reserved => None,
                (Some(s), _) => Some(s),
                (None, Some((b, s))) if b < key => Some(s),
                _ => None,
            };
            if let Some(s) = first {
                let shape = self.queue.shape(s);
                let (units, limit) = (shape.units, shape.limit);
                ahead.shadow = self.promised(units, limit, missing.is_some());
                self.counts.reservations += u64::from(ahead.shadow.is_some());
                reserved = true;
            }
            self.sift(&mut hopes, ahead, (!reserved).then_some(&mut blocked));
        }
        self.hopes = hopes;
        self.two_moments(ahead.shadow);
    }

    /// Drops shapes that cannot start any more; the first of them may now be the first of all that cannot.
    fn sift(&self, hopes: &mut Hopes, ahead: Ahead, mut blocked: Option<&mut Option<(Key, u32)>>) {
        hopes.retain(|&(key, s)| {
            let shape = self.queue.shape(s);
            let still = ahead.holds(self.free, shape.units, self.now.saturating_add(shape.limit));
            if !still
                && let Some(blocked) = &mut blocked
                && blocked.is_none_or(|b| key < b.0)
            {
                **blocked = Some((key, s));
            }
            still
        });
    }
}

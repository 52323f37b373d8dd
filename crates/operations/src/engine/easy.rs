//! EASY's walk where two moments say all (see [`super::shadow`]): shapes stand in for their lanes, since what fits for one job of a shape
//! fits for all of it. The first job that cannot start holds the reservation; of the others only those of shapes that can start are looked
//! at, and those for which others might be stopped.

use super::Engine;
use crate::job::Seconds;
use crate::lanes::{Key, Standing};

/// Room that passes use again and again.
#[derive(Debug, Default)]
pub(super) struct Hopes {
    /// Shapes that can start a job now, with the first of them.
    shapes: Vec<(Key, u32)>,
    /// Lanes that cannot, but whose first job might stop others; first in the queue last.
    stops: Vec<(Key, u32)>,
}

/// What is ahead beside what is free now.
#[derive(Debug, Clone, Copy)]
struct Ahead {
    /// When the reservation is due and what it leaves beside it.
    shadow: Option<(Seconds, i64)>,
    /// From then on the machine is closed.
    clear: Seconds,
    /// Has the first job that cannot start had its turn? It is, until then, with its shape.
    reserved: bool,
    blocked: Option<(Key, u32)>,
    /// May a job be stopped for another in this pass?
    stopping: bool,
}

impl Ahead {
    /// Do so many accelerators stay free from now until then?
    fn holds(&self, free: i64, units: i64, end: Seconds) -> bool {
        units <= free && end <= self.clear && self.shadow.is_none_or(|(at, left)| end <= at || units <= left)
    }

    /// The first that cannot start, if its turn is before `key`.
    fn first_blocked(&self, key: Option<Key>) -> Option<u32> {
        let (own, shape) = self.blocked.filter(|_| !self.reserved)?;
        key.is_none_or(|k| own < k).then_some(shape)
    }
}

impl Engine<'_> {
    /// Starts what EASY lets start now, where only ending jobs change what is free until `clear`. True where running jobs were stopped for a
    /// waiting one, and all has to be looked at anew.
    pub(super) fn pass_easy(&mut self, clear: Seconds) -> bool {
        (self.by_shadow, self.clear, self.on_grid) = (true, clear, false);
        let mut hopes = std::mem::take(&mut self.hopes);
        let again = self.walk_shapes(&mut hopes, clear);
        self.hopes = hopes;
        again
    }

    fn walk_shapes(&mut self, hopes: &mut Hopes, clear: Seconds) -> bool {
        let stopping = self.may_preempt();
        let mut ahead = Ahead { shadow: None, clear, reserved: false, blocked: None, stopping };
        hopes.shapes.clear();
        hopes.stops.clear();
        for i in 0..self.queue.standing().len() {
            let Standing { units, limit, shape } = self.queue.standing()[i];
            if ahead.holds(self.free, units, self.now.saturating_add(limit))
                && let Some((key, _)) = self.queue.first_of(shape)
            {
                hopes.shapes.push((key, shape));
            }
        }
        if hopes.shapes.is_empty() && !stopping {
            // Nobody starts, so nobody needs a promise.
            self.two_moments(None);
            return false;
        }
        for i in 0..self.queue.standing().len() {
            let Standing { units, limit, shape } = self.queue.standing()[i];
            if !ahead.holds(self.free, units, self.now.saturating_add(limit))
                && let Some((key, _)) = self.queue.first_of(shape)
            {
                self.block(key, shape, &mut hopes.stops, &mut ahead);
            }
        }
        hopes.stops.sort_unstable_by(|a, b| b.cmp(a));
        while !hopes.shapes.is_empty() || !hopes.stops.is_empty() {
            let place = (0..hopes.shapes.len()).min_by_key(|&i| hopes.shapes[i].0);
            let key = place.map(|i| hopes.shapes[i].0);
            if let Some(&(own, lane)) = hopes.stops.last()
                && key.is_none_or(|k| own < k)
                && ahead.blocked.is_none_or(|b| ahead.reserved || own <= b.0)
            {
                hopes.stops.pop();
                if self.might_stop(lane) {
                    self.two_moments(ahead.shadow);
                    if self.queue.lane(lane).job(0).is_some_and(|job| self.preempt_for(job)) {
                        return true;
                    }
                }
                continue;
            }
            if let Some(s) = ahead.first_blocked(key) {
                self.promise(s, false, &mut ahead);
            } else if let Some(place) = place {
                let s = hopes.shapes[place].1;
                if !self.start_of(s, place, hopes, &mut ahead) {
                    // Enough in number, but not as one gang: it waits for the next change.
                    hopes.shapes.swap_remove(place);
                    if !ahead.reserved {
                        self.promise(s, true, &mut ahead);
                    }
                }
            }
            self.sift(hopes, &mut ahead);
        }
        self.two_moments(ahead.shadow);
        false
    }

    /// Starts the first job of a shape, if its nodes can be found.
    fn start_of(&mut self, s: u32, place: usize, hopes: &mut Hopes, ahead: &mut Ahead) -> bool {
        let Some((_, lane)) = self.queue.first_of(s) else { return false };
        let units = self.queue.lane(lane).units;
        let Some(end) = self.queue.lane(lane).job(0).and_then(|job| self.start(job)) else { return false };
        self.queue.pop(lane);
        if let Some((at, left)) = &mut ahead.shadow
            && end > *at
        {
            *left -= units;
        }
        match self.queue.first_of(s) {
            Some((next, _)) => hopes.shapes[place].0 = next,
            None => drop(hopes.shapes.swap_remove(place)),
        }
        true
    }

    /// Gives the reservation to the first job of a shape.
    fn promise(&mut self, s: u32, gang_missing: bool, ahead: &mut Ahead) {
        let shape = self.queue.shape(s);
        ahead.shadow = self.promised(shape.units, shape.limit, gang_missing);
        ahead.reserved = true;
        self.counts.reservations += u64::from(ahead.shadow.is_some());
    }

    /// Drops shapes that cannot start any more.
    fn sift(&self, hopes: &mut Hopes, ahead: &mut Ahead) {
        let Hopes { shapes, stops } = hopes;
        let known = stops.len();
        shapes.retain(|&(key, s)| {
            let shape = self.queue.shape(s);
            let still = ahead.holds(self.free, shape.units, self.now.saturating_add(shape.limit));
            if !still {
                self.block(key, s, stops, ahead);
            }
            still
        });
        if stops.len() > known {
            stops.sort_unstable_by(|a, b| b.cmp(a));
        }
    }

    /// A shape that cannot start: its first job may be the first of all that cannot, and for some of its jobs others might be stopped.
    fn block(&self, key: Key, s: u32, stops: &mut Vec<(Key, u32)>, ahead: &mut Ahead) {
        if ahead.blocked.is_none_or(|b| key < b.0) {
            ahead.blocked = Some((key, s));
        }
        let shape = self.queue.shape(s);
        if ahead.stopping && self.now.saturating_add(shape.limit) <= ahead.clear {
            stops.extend(shape.lanes().iter().filter(|l| self.might_stop(l.1)));
        }
    }
}

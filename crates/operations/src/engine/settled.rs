//! When no waiting job but those that could start now can take anything from them any more, the rest need not be planned.
//!
//! A walk through the queue only takes away, so no later job of a lane is planned before the earliest moment at which its shape fits now.
//! Once that lies, for every lane that cannot start, behind all that the jobs which could start now would hold, the walk is settled: those
//! start or not whatever becomes of the others, which are set aside. Where a lane that could start loses its moment and might yet be planned
//! within that span, those set aside are planned after all, up to the same place in the queue: they lie behind the span, and what
//! started since within it, so the order between the two does not matter.

use std::cmp::Reverse;

use super::Engine;
use super::pass::{Heads, replace};
use crate::job::Seconds;
use crate::lanes::Key;

/// Later than every moment, and every cell.
pub(super) const NEVER: i64 = i64::MAX / 4;

/// Most reservations between two looks; the first come sooner after one another.
const PAUSE: u32 = 8;

/// How the walk keeps an eye on whether it is settled.
#[derive(Debug)]
pub(super) struct Watch {
    pub settled: bool,
    allowed: bool,
    pause: u32,
    left: u32,
    /// A lane that spoke against it.
    witness: Option<u32>,
}

impl Watch {
    pub fn new(allowed: bool) -> Self {
        Self { settled: false, allowed, pause: 1, left: 1, witness: None }
    }

    pub fn is_due(&mut self) -> bool {
        if !self.allowed || self.settled {
            return false;
        }
        self.left -= 1;
        let due = self.left == 0;
        if due {
            self.pause = (2 * self.pause).min(PAUSE);
            self.left = self.pause;
        }
        due
    }
}

/// Sets the lanes aside that cannot start now.
pub(super) fn part(heads: &mut Heads, aside: &mut Heads, hopes: &[bool]) {
    heads.retain(|head| {
        let stays = hopes[head.0.1 as usize];
        if !stays {
            aside.push(*head);
        }
        stays
    });
}

impl Engine<'_> {
    /// The first moment, or cell, behind all that the jobs which could start now would hold.
    fn behind_hopes(&self, hopeful: &[(u32, i64, Seconds)]) -> i64 {
        let end = self.now + hopeful.iter().map(|h| h.2).max().unwrap_or(0);
        if self.on_grid { self.grid.cell_of(end) as i64 + 1 } else { end }
    }

    /// Can no job of the lane be planned before `until`?
    fn is_later(&self, lane: u32, found: &mut i64, until: i64) -> bool {
        if *found < until {
            let l = self.queue.lane(lane);
            *found = if self.on_grid {
                let from = usize::try_from(*found).unwrap_or(1);
                self.grid.earliest(l.units, l.limit, from).map_or(NEVER, |cell| cell as i64)
            } else {
                self.profile.earliest(l.units, l.limit, *found).unwrap_or(NEVER)
            };
        }
        *found >= until
    }

    pub(super) fn is_settled(
        &self,
        heads: &Heads,
        hopeful: &[(u32, i64, Seconds)],
        hopes: &[bool],
        found: &mut [i64],
        watch: &mut Watch,
    ) -> bool {
        let until = self.behind_hopes(hopeful);
        let against = |l: u32, found: &mut [i64]| {
            !hopes[l as usize] && !self.is_later(l, &mut found[l as usize], until)
        };
        if watch.witness.is_some_and(|l| against(l, found)) {
            return false;
        }
        watch.witness = heads.iter().map(|head| head.0.1).find(|&l| against(l, found));
        watch.witness.is_none()
    }

    /// After lanes lost their moment in a settled walk: sets them aside as well, where it stays settled.
    pub(super) fn lost_are_settled(
        &self,
        heads: &mut Heads,
        aside: &mut Heads,
        hopeful: &[(u32, i64, Seconds)],
        hopes: &[bool],
        found: &mut [i64],
    ) -> bool {
        let until = self.behind_hopes(hopeful);
        let settled = heads.iter().all(|head| {
            let l = head.0.1;
            hopes[l as usize] || self.is_later(l, &mut found[l as usize], until)
        });
        if settled {
            part(heads, aside, hopes);
        }
        settled
    }

    /// Plans those set aside that stand before `key`, and takes all of them back into the walk.
    pub(super) fn catch_up(
        &mut self,
        heads: &mut Heads,
        aside: &mut Heads,
        key: Key,
        found: &mut [i64],
        watch: &mut Watch,
    ) {
        while let Some(Reverse((first, l, cursor))) = aside.peek().copied()
            && first < key
        {
            let lane = self.queue.lane(l);
            let (units, limit) = (lane.units, lane.limit);
            let planned = self.reserve(units, limit, &mut found[l as usize], false).is_some();
            self.counts.reservations += u64::from(planned);
            // One that cannot be planned speaks for all behind it in its lane.
            let next = if planned { self.queue.lane(l).key(cursor as usize + 1, &self.ageing) } else { None };
            replace(aside, next, l, cursor + 1);
            if next.is_none() {
                found[l as usize] = NEVER;
            }
        }
        heads.append(aside);
        watch.settled = false;
    }
}

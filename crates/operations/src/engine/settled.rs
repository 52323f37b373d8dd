//! When no waiting job but a few can take anything any more from those that could start now, the rest need not be planned.
//!
//! A walk through the queue only takes away, so no later job of a lane is planned before the earliest moment at which its shape fits now.
//! Lanes for which that moment lies far off are set aside; the first of their moments is the *brink*. Before the brink the plan is exact
//! without them, whatever becomes of them. As long as all that the jobs which could start now would hold ends by the brink, those start or
//! not just as in the full walk. The lanes that may be planned before it stay in the walk. Where one of their jobs would lie
//!
//! - wholly before the brink, its plan is exact;
//! - behind the brink, its lane is set aside as well;
//! - across the brink, those set aside may push it back, but not before the moment found: that moment becomes the brink, and the lane is
//!   set aside. Where that would leave a job that could start now beyond the brink, the brink has to move on instead: those set aside that
//!   lie before its end are planned after all, up to the same place in the queue, with the same care for the others. They lie behind the
//!   brink and all that was planned since before it, so the order between the two does not matter.

use std::cmp::Reverse;

use super::Engine;
use super::pass::{Head, Heads, replace};
use crate::job::Seconds;
use crate::lanes::Key;

/// Later than every moment, and every cell.
pub(super) const NEVER: i64 = i64::MAX / 4;

/// Most reservations between two looks; the first come sooner after one another.
const PAUSE: u32 = 8;

/// Reservations before the first look at all lanes; further ones at twice as many each.
const THOROUGH: u32 = 16;

/// How the walk keeps an eye on whether it is settled.
#[derive(Debug)]
pub(super) struct Watch {
    pub settled: bool,
    /// In a settled walk: up to here, a moment or a cell of the grid, the plan is exact without those set aside.
    pub brink: i64,
    allowed: bool,
    pause: u32,
    left: u32,
    /// Reservations so far, and at how many of them to look at all lanes next.
    count: u32,
    thorough: u32,
    /// A lane that spoke against it.
    witness: Option<u32>,
}

impl Watch {
    pub fn new(allowed: bool) -> Self {
        Self {
            settled: false,
            brink: NEVER,
            allowed,
            pause: 1,
            left: 1,
            count: 0,
            thorough: THOROUGH,
            witness: None,
        }
    }

    pub fn is_due(&mut self) -> bool {
        if !self.allowed || self.settled {
            return false;
        }
        self.count += 1;
        self.left -= 1;
        let due = self.left == 0;
        if due {
            self.pause = (2 * self.pause).min(PAUSE);
            self.left = self.pause;
        }
        due
    }
}

/// What becomes of a job in a settled walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Near {
    /// Its plan is exact.
    Planned,
    /// Its lane no longer matters.
    Aside,
    /// The brink has to move on to its end first.
    Doubtful(i64),
}

/// Sets the lanes aside that cannot be planned before the brink and cannot start now.
fn part(heads: &mut Heads, aside: &mut Vec<Head>, hopes: &[bool], found: &[i64], brink: i64) {
    heads.retain(|head| {
        let l = head.0.1 as usize;
        let stays = hopes[l] || found[l] < brink;
        if !stays {
            aside.push(head.0);
        }
        stays
    });
}

impl Engine<'_> {
    /// The first moment, or cell, behind all that the jobs which could start now would hold.
    fn behind_hopes(&self, hopeful: &[(u32, i64, Seconds)]) -> i64 {
        let end = self.now + hopeful.iter().map(|h| h.2).max().unwrap_or(0);
        self.behind(end)
    }

    /// The first moment, or cell, behind what starts now and ends then.
    pub(super) fn behind(&self, end: Seconds) -> i64 {
        if self.on_grid { self.grid.cell_of(end) as i64 + 1 } else { end }
    }

    /// Can no job of the lane be planned before `until`? If it can, `found` is its moment; if not, a moment from `until` on.
    fn is_later(&self, lane: u32, found: &mut i64, until: i64) -> bool {
        if *found < until {
            let l = self.queue.lane(lane);
            *found = if self.on_grid {
                let from = usize::try_from(*found).unwrap_or(1);
                self.grid.earliest(l.units, l.limit, from).map_or(NEVER, |cell| cell as i64)
            } else {
                // Twice as far, so that the next who asks for a little more is answered.
                let far = until.saturating_mul(2).saturating_sub(self.now).min(NEVER);
                self.profile.earliest_until(l.units, l.limit, *found, far)
            };
        }
        *found >= until
    }

    /// Is it enough to go on with a part of the lanes? Sets the others aside.
    pub(super) fn settle(
        &self,
        heads: &mut Heads,
        aside: &mut Vec<Head>,
        hopeful: &[(u32, i64, Seconds)],
        hopes: &[bool],
        found: &mut [i64],
        watch: &mut Watch,
    ) {
        let until = self.behind_hopes(hopeful);
        let against = |l: u32, found: &mut [i64]| {
            !hopes[l as usize] && !self.is_later(l, &mut found[l as usize], until)
        };
        let thorough = watch.count >= watch.thorough;
        if !thorough {
            if watch.witness.is_some_and(|l| against(l, found)) {
                return;
            }
            watch.witness = heads.iter().map(|head| head.0.1).find(|&l| against(l, found));
            if watch.witness.is_some() {
                return;
            }
        } else {
            watch.thorough = watch.count.saturating_mul(2);
        }
        let brink = if thorough {
            self.brink(heads, hopes, found, until)
        } else {
            heads.iter().map(|h| h.0.1 as usize).filter(|&l| !hopes[l]).map(|l| found[l]).min()
        };
        if let Some(brink) = brink {
            watch.settled = true;
            watch.brink = brink;
            part(heads, aside, hopes, found, brink);
        }
    }

    /// A brink far enough behind `until` for the lanes that may be planned before that, if few jobs then stay in the walk.
    fn brink(&self, heads: &Heads, hopes: &[bool], found: &mut [i64], until: i64) -> Option<i64> {
        let mut far = until;
        let (mut near, mut all) = (0, 0);
        for head in heads.iter() {
            let l = head.0.1;
            let lane = self.queue.lane(l);
            all += lane.len();
            if !hopes[l as usize] && !self.is_later(l, &mut found[l as usize], until) {
                far = far.max(until + self.reach(lane.limit));
            }
        }
        let mut brink = NEVER;
        for head in heads.iter() {
            let l = head.0.1;
            if hopes[l as usize] {
                near += self.queue.lane(l).len();
            } else if self.is_later(l, &mut found[l as usize], far) {
                brink = brink.min(found[l as usize]);
            } else {
                near += self.queue.lane(l).len();
            }
        }
        (2 * near <= all).then_some(brink)
    }

    /// How far behind its start a job of this length looks, in moments or cells.
    fn reach(&self, limit: Seconds) -> i64 {
        if self.on_grid { self.grid.span_of(limit) as i64 + 1 } else { limit }
    }

    /// Finds where the next job of a lane that cannot start now would lie in a settled walk.
    pub(super) fn weigh(
        &self,
        lane: u32,
        found: &mut i64,
        hopeful: &[(u32, i64, Seconds)],
        watch: &mut Watch,
    ) -> Near {
        if self.is_later(lane, found, watch.brink) {
            return Near::Aside;
        }
        let end = *found + self.reach(self.queue.lane(lane).limit);
        if end <= watch.brink {
            return Near::Planned;
        }
        if *found >= self.behind_hopes(hopeful) {
            watch.brink = *found;
            return Near::Aside;
        }
        Near::Doubtful(end)
    }

    /// Moves the brink to `want` at least, as seen by the job at `before`: plans those set aside that stand before it and might lie before
    /// `want`, and takes their lanes back into the walk.
    pub(super) fn move_brink(
        &mut self,
        want: i64,
        before: Key,
        heads: &mut Heads,
        aside: &mut Vec<Head>,
        found: &mut [i64],
        watch: &mut Watch,
    ) {
        let mut taken = Heads::new();
        aside.retain(|&head| {
            let later = self.is_later(head.1, &mut found[head.1 as usize], want);
            if !later {
                taken.push(Reverse(head));
            }
            later
        });
        watch.brink = nearest(aside, found);
        while let Some(Reverse(head)) = taken.peek().copied()
            && head.0 < before
        {
            let (key, l, cursor) = head;
            if self.is_later(l, &mut found[l as usize], want) {
                taken.pop();
                aside.push(head);
                watch.brink = watch.brink.min(found[l as usize]);
                continue;
            }
            let (units, limit) = (self.queue.lane(l).units, self.queue.lane(l).limit);
            let end = found[l as usize] + self.reach(limit);
            if end > watch.brink {
                self.move_brink(end, key, &mut taken, aside, found, watch);
                continue;
            }
            self.place(units, limit, found[l as usize]);
            self.counts.reservations += 1;
            let next = self.queue.lane(l).key(cursor as usize + 1, &self.ageing);
            replace(&mut taken, next, l, cursor + 1);
            if next.is_none() {
                found[l as usize] = NEVER;
            }
        }
        heads.append(&mut taken);
        watch.settled = !aside.is_empty();
    }

    /// Plans all of those set aside that stand before `key`, and takes them back into the walk.
    pub(super) fn catch_up(
        &mut self,
        key: Key,
        heads: &mut Heads,
        aside: &mut Vec<Head>,
        found: &mut [i64],
        watch: &mut Watch,
    ) {
        self.move_brink(NEVER, key, heads, aside, found, watch);
        // Those that are left are never planned.
        aside.clear();
        watch.settled = false;
    }
}

/// The first moment, or cell, at which one of those set aside might be planned.
fn nearest(aside: &[Head], found: &[i64]) -> i64 {
    aside.iter().map(|h| found[h.1 as usize]).min().unwrap_or(NEVER)
}

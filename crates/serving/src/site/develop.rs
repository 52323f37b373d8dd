//! Interactive development: notebooks on slices of chips, reclaimed when idle.

use gigatwin_quantity::{Share, Time};

/// 99 % quantile of the standard normal distribution.
const NORMAL_P99: f64 = 2.326_347_874;

/// People who work in notebooks.
#[derive(Debug, Clone, PartialEq)]
pub struct Develop {
    /// Name of the group.
    pub name: String,
    /// Index of its partition.
    pub partition: usize,
    /// Sessions that begin on a day.
    pub sessions_per_day: f64,
    /// Mean life of a session.
    pub life: Time,
    /// Part of a chip that a session holds; memory is what is cut, so a slice is as fast as its part at best.
    pub slice: Share,
    /// Mean run of a cell.
    pub busy: Time,
    /// Mean pause between cells.
    pub think: Time,
    /// Pause after which the slice is taken back; the session goes on when the next cell runs.
    pub reclaim: Time,
    /// From asking for a slice again until the cell runs.
    pub resume: Time,
    /// When sessions begin, by hour from midnight over the mean hour.
    pub day: [f64; 24],
}

/// What the sessions come to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sessions {
    /// Share of a session's life in which it holds its slice.
    pub held: Share,
    /// Share of that in which a cell runs.
    pub busy: Share,
    /// Times a slice is taken back, per session.
    pub reclaimed: f64,
}

impl Develop {
    /// A session: cells run for `busy` on average, pauses are exponential with mean `think`. A slice is held while a cell runs, while
    /// it comes back, and in pauses up to `reclaim`: E min(pause, reclaim) = think · (1 − exp(−reclaim/think)).
    pub fn sessions(&self) -> Sessions {
        let (busy, think) = (self.busy.s().max(0.0), self.think.s().max(0.0));
        let taken_back = if think > 0.0 { (-self.reclaim.s().max(0.0) / think).exp() } else { 0.0 };
        let waits = taken_back * self.resume.s().max(0.0);
        let cycle = (busy + think + waits).max(f64::MIN_POSITIVE);
        let held = busy + think * (1.0 - taken_back) + waits;
        Sessions {
            held: Share::from_fraction(held / cycle),
            busy: Share::from_fraction(if held > 0.0 { busy / held } else { 0.0 }),
            reclaimed: taken_back * self.life.s().max(0.0) / cycle,
        }
    }

    /// Sessions alive in an hour, mean: those that began within a life before, cyclic over the day. Lives are taken as fixed.
    pub fn alive(&self, hour: usize) -> f64 {
        let life = self.life.s().max(0.0) / 3600.0;
        let per_hour = self.sessions_per_day.max(0.0) / 24.0;
        // An hour h is covered by starts in (h − life, h + 1); each start counts for the part that lies in the hour.
        let (whole, rest) = ((life / 24.0).floor(), life % 24.0);
        let mut alive = whole * self.sessions_per_day.max(0.0);
        let starts = |back: usize| per_hour * self.day[(hour + 48 - back) % 24];
        let mut left = rest;
        let mut back = 0;
        while left > 0.0 && back < 25 {
            // Starts are even within their hour: of a stretch of `part` hours half lies in this hour's step before, half in this one.
            let part = left.min(1.0);
            alive += starts(back) * part * (1.0 - part / 2.0) + starts(back + 1) * part * part / 2.0;
            left -= 1.0;
            back += 1;
        }
        alive
    }

    /// Chips that an hour needs so that 99 of 100 sessions find their slice: sessions that hold one are Poisson.
    pub fn chips(&self, hour: usize) -> f64 {
        let mean = self.alive(hour) * self.sessions().held.fraction();
        let slices = if mean > 0.0 { mean + NORMAL_P99 * mean.sqrt() } else { 0.0 };
        (slices * self.slice.fraction()).ceil()
    }
}

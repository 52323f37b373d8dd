use crate::job::Seconds;
use crate::releases::Releases;

/// How many accelerators are free from each moment on: a step function, rebuilt for each planning pass and cut off at a horizon
/// beyond which nothing can matter to a start now.
#[derive(Debug, Default, Clone)]
pub(crate) struct Profile {
    /// Start of each step, ascending; the last one runs on for ever.
    at: Vec<Seconds>,
    /// Free accelerators of each step.
    free: Vec<i32>,
    /// Least free from now to the end of each step, for as many as were asked for since they changed.
    lowest: Vec<i32>,
    /// Least free over spans from now on that were asked for, kept up with what is taken.
    asked: Vec<(Seconds, i32)>,
    /// Nothing was taken yet, so less is never free than now.
    grows: bool,
    horizon: Seconds,
}

/// Sites have few limits, and a long list would not be faster.
const ASKED: usize = 16;

/// Steps looked at together, so that the compiler can compare several at once.
const WIDTH: usize = 16;

/// Narrow numbers are twice as many to a register; no site has half a thousand million accelerators.
fn narrow(units: i64) -> i32 {
    units.clamp(i64::from(i32::MIN / 4), i64::from(i32::MAX / 4)) as i32
}

fn least_of(steps: &[i32]) -> i32 {
    steps.iter().copied().fold(i32::MAX, i32::min)
}

impl Profile {
    #[inline]
    pub fn reset(&mut self, now: Seconds, free: i64, horizon: Seconds) {
        self.at.clear();
        self.free.clear();
        self.lowest.clear();
        self.asked.clear();
        self.at.push(now);
        self.free.push(narrow(free));
        self.grows = true;
        self.horizon = horizon;
    }

    /// Adds a release at a time not before the last step; past the horizon it is left out.
    #[inline]
    pub fn release(&mut self, at: Seconds, units: i64) {
        self.lowest.clear();
        self.asked.clear();
        self.grows &= units >= 0;
        let last = self.at.len() - 1;
        if self.at[last] == at {
            self.free[last] += narrow(units);
        } else {
            let free = self.free[last] + narrow(units);
            self.at.push(at);
            self.free.push(free);
        }
    }

    /// Adds all releases before the horizon right after a reset; those overdue are expected in a second.
    pub fn release_all(&mut self, releases: &Releases) {
        let soon = self.at[0] + 1;
        for chunk in &releases.chunks {
            let overdue = chunk.partition_point(|r| r.0 <= soon);
            let end = overdue + chunk[overdue..].partition_point(|r| r.0 < self.horizon);
            if overdue > 0 && soon < self.horizon {
                self.release(soon, chunk[..overdue].iter().map(|r| r.1).sum());
            }
            let mut free = self.free[self.free.len() - 1];
            self.at.extend(chunk[overdue..end].iter().map(|r| r.0));
            self.free.extend(chunk[overdue..end].iter().map(|r| {
                free += narrow(r.1);
                free
            }));
            if end < chunk.len() {
                break;
            }
        }
    }

    /// When the number of free accelerators changes next; the horizon where it does not.
    pub fn next_step(&self) -> Seconds {
        self.at.get(1).copied().unwrap_or(self.horizon)
    }

    /// Do `units` stay free from now for `span` seconds?
    #[inline]
    pub fn fits_now(&mut self, units: i64, span: Seconds) -> bool {
        if let Some(&(_, low)) = self.asked.iter().find(|a| a.0 == span) {
            return i64::from(low) >= units;
        }
        if self.grows && self.free.len() <= WIDTH {
            // Not worth to be kept.
            return i64::from(self.free[0]) >= units;
        }
        let low = if self.grows { self.free[0] } else { self.least_over(span) };
        if self.asked.len() < ASKED {
            self.asked.push((span, low));
        }
        i64::from(low) >= units
    }

    /// Least free from now for `span` seconds, from running minima.
    fn least_over(&mut self, span: Seconds) -> i32 {
        let until = self.at[0] + span;
        let steps = self.at.partition_point(|&t| t < until).max(1);
        let known = self.lowest.len();
        if known < steps {
            let mut low = self.lowest.last().copied().unwrap_or(i32::MAX);
            self.lowest.extend(self.free[known..steps].iter().map(|f| {
                low = low.min(*f);
                low
            }));
        }
        self.lowest[steps - 1]
    }

    /// Does what is known not speak against `units` from a later `now` on for `span` seconds?
    #[inline]
    pub fn fits_from(&self, now: Seconds, units: i64, span: Seconds) -> bool {
        let until = (now + span).min(self.horizon);
        let first = self.at.partition_point(|&t| t <= now).saturating_sub(1);
        if now >= self.horizon {
            return true;
        }
        let units = narrow(units);
        self.find(first, until, |f| f < units).is_none()
    }

    /// Earliest moment not before `from` and before the horizon at which `units` are free for `span` seconds.
    pub fn earliest(&self, units: i64, span: Seconds, from: Seconds) -> Option<Seconds> {
        let found = self.earliest_until(units, span, from, self.horizon);
        (found < self.horizon).then_some(found)
    }

    /// The same where it lies before `until`; else no more than a moment from `until` on before which it does not lie.
    pub fn earliest_until(&self, units: i64, span: Seconds, from: Seconds, until: Seconds) -> Seconds {
        let until = until.min(self.horizon);
        let units = narrow(units);
        let mut i = self.step_at(from);
        loop {
            let enough = self.find(i, until, |f| f >= units);
            let Some(k) = enough else { return until };
            let start = self.at[k].max(from);
            if start >= until {
                return start;
            }
            match self.find(k + 1, start + span, |f| f < units) {
                Some(k) => i = k + 1,
                None => return start,
            }
        }
    }

    /// The step in which a moment lies.
    fn step_at(&self, t: Seconds) -> usize {
        // From the first one on is asked for most.
        if self.at.get(1).is_none_or(|&next| next > t) {
            return 0;
        }
        self.at.partition_point(|&x| x <= t).saturating_sub(1)
    }

    /// The first step from the `from`-th on that passes, where one starts before `end`.
    fn find(&self, from: usize, end: Seconds, test: impl Fn(i32) -> bool) -> Option<usize> {
        let n = self.free.len();
        let mut i = from;
        while i < n {
            let j = (i + WIDTH).min(n);
            let steps = &self.free[i..j];
            // Whether any does is many comparisons at once; where, and whether it is in time, one after the other.
            if steps.iter().fold(false, |any, f| any | test(*f)) {
                let k = i + steps.iter().position(|f| test(*f)).unwrap_or(0);
                return (self.at[k] < end).then_some(k);
            }
            if self.at[j - 1] >= end {
                return None;
            }
            i = j;
        }
        None
    }

    /// Takes `units` out of the span; says how little is left at its tightest moment before the horizon.
    pub fn take(&mut self, start: Seconds, end: Seconds, units: i64) -> i64 {
        let start = start.max(self.at[0]);
        if start >= end || start >= self.horizon {
            return i64::MAX;
        }
        let first = self.split(start);
        let last = if end < self.horizon { self.split(end) } else { self.at.len() };
        let units = narrow(units);
        let mut least = i32::MAX;
        for f in &mut self.free[first..last] {
            *f -= units;
            least = least.min(*f);
        }
        self.grows = false;
        self.lowest.truncate(first);
        self.ask_again(first, last, units, least);
        i64::from(least)
    }

    /// Keeps what was asked for up with `units` taken out of the steps from `first` to `last`, where `least` is left.
    fn ask_again(&mut self, first: usize, last: usize, units: i32, least: i32) {
        if units < 0 {
            self.asked.clear();
            return;
        }
        let now = self.at[0];
        let (start, end) = (self.at[first], self.at.get(last).copied().unwrap_or(Seconds::MAX));
        for (span, low) in &mut self.asked {
            let until = now + (*span).max(1);
            if until <= start {
                continue;
            }
            if until >= end {
                *low = least.min(*low);
            } else if first == 0 {
                *low -= units;
            } else if least < *low {
                let steps = first + self.at[first..last].partition_point(|&t| t < until);
                *low = least_of(&self.free[first..steps]).min(*low);
            }
        }
    }

    /// Index of the step that starts at `t`, made if there is none.
    fn split(&mut self, t: Seconds) -> usize {
        let i = self.at.partition_point(|&x| x < t);
        if i == self.at.len() || self.at[i] != t {
            let free = self.free[i - 1];
            self.at.insert(i, t);
            self.free.insert(i, free);
        }
        i
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against a table of every second.
        #[test]
        fn a_profile_agrees_with_a_table(
            start_free in 0..20_i64,
            releases in proptest::collection::vec((1..60_i64, 1..8_i64), 0..8),
            asks in proptest::collection::vec((1..12_i64, 1..40_i64), 1..12),
        ) {
            let mut releases = releases;
            releases.sort_unstable();
            let horizon = 400;
            let mut table = vec![start_free; horizon as usize];
            let mut p = Profile::default();
            p.reset(0, start_free, horizon);
            for (at, n) in releases {
                p.release(at, n);
                for f in &mut table[at as usize..] { *f += n; }
            }
            for (units, span) in asks {
                let brute = (0..horizon).find(|s| {
                    (*s..(s + span).min(horizon)).all(|t| table[t as usize] >= units)
                });
                prop_assert_eq!(p.earliest(units, span, 0), brute);
                prop_assert_eq!(p.fits_now(units, span), brute == Some(0));
                for until in [1, 30, 90, horizon] {
                    let bound = p.earliest_until(units, span, 0, until);
                    match brute {
                        Some(s) if s < until => prop_assert_eq!(bound, s),
                        Some(s) => prop_assert!(until <= bound && bound <= s),
                        None => prop_assert!(bound >= until),
                    }
                }
                if let Some(s) = brute {
                    let least = p.take(s, s + span, units);
                    for t in s..(s + span).min(horizon) { table[t as usize] -= units; }
                    let brute_least = (s..(s + span).min(horizon)).map(|t| table[t as usize]).min().unwrap();
                    prop_assert_eq!(least, brute_least);
                }
            }
        }
    }
}

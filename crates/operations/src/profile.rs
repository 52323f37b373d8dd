use crate::job::Seconds;

/// How many accelerators are free from each moment on: a step function, rebuilt for each planning pass and cut off at a horizon
/// beyond which nothing can matter to a start now.
#[derive(Debug, Default, Clone)]
pub(crate) struct Profile {
    /// Start of each step, ascending; the last one runs on for ever.
    at: Vec<Seconds>,
    /// Free accelerators of each step.
    free: Vec<i64>,
    /// Least free from now to the end of each step, for as many as were asked for since they changed.
    lowest: Vec<i64>,
    /// Least free over spans from now on that were asked for since the steps changed.
    asked: Vec<(Seconds, i64)>,
    horizon: Seconds,
}

/// Sites have few limits, and a long list would not be faster.
const ASKED: usize = 16;

impl Profile {
    pub fn reset(&mut self, now: Seconds, free: i64, horizon: Seconds) {
        self.at.clear();
        self.free.clear();
        self.lowest.clear();
        self.asked.clear();
        self.at.push(now);
        self.free.push(free);
        self.horizon = horizon;
    }

    /// Adds a release at a time not before the last step; past the horizon it is left out.
    pub fn release(&mut self, at: Seconds, units: i64) {
        self.lowest.clear();
        self.asked.clear();
        let last = self.at.len() - 1;
        if self.at[last] == at {
            self.free[last] += units;
        } else {
            let free = self.free[last] + units;
            self.at.push(at);
            self.free.push(free);
        }
    }

    /// When the number of free accelerators changes next; the horizon where it does not.
    pub fn next_step(&self) -> Seconds {
        self.at.get(1).copied().unwrap_or(self.horizon)
    }

    /// Do `units` stay free from now for `span` seconds? Answered from running minima, which one change after another asks for anew.
    pub fn fits_now(&mut self, units: i64, span: Seconds) -> bool {
        if let Some(&(_, low)) = self.asked.iter().find(|a| a.0 == span) {
            return low >= units;
        }
        let until = self.at[0] + span;
        let steps = self.at.partition_point(|&t| t < until).max(1);
        let known = self.lowest.len();
        if known < steps {
            let mut low = self.lowest.last().copied().unwrap_or(i64::MAX);
            self.lowest.extend(self.free[known..steps].iter().map(|f| {
                low = low.min(*f);
                low
            }));
        }
        let low = self.lowest[steps - 1];
        if self.asked.len() < ASKED {
            self.asked.push((span, low));
        }
        low >= units
    }

    /// Does what is known not speak against `units` from a later `now` on for `span` seconds?
    pub fn fits_from(&self, now: Seconds, units: i64, span: Seconds) -> bool {
        let until = (now + span).min(self.horizon);
        let first = self.at.partition_point(|&t| t <= now).saturating_sub(1);
        if now >= self.horizon {
            return true;
        }
        self.at[first..].iter().zip(&self.free[first..]).all(|(t, f)| *t >= until || *f >= units)
    }

    /// Earliest moment not before `from` and before the horizon at which `units` are free for `span` seconds.
    pub fn earliest(&self, units: i64, span: Seconds, from: Seconds) -> Option<Seconds> {
        let n = self.at.len();
        let mut i = self.at.partition_point(|&t| t <= from).saturating_sub(1);
        loop {
            while i < n && self.free[i] < units {
                i += 1;
            }
            if i >= n {
                return None;
            }
            let start = self.at[i].max(from);
            if start >= self.horizon {
                return None;
            }
            let until = start + span;
            let mut j = i + 1;
            while j < n && self.at[j] < until && self.free[j] >= units {
                j += 1;
            }
            if j >= n || self.at[j] >= until {
                return Some(start);
            }
            i = j + 1;
        }
    }

    /// The same where it lies before `until`; else no more than a moment from `until` on before which it does not lie.
    pub fn earliest_until(&self, units: i64, span: Seconds, from: Seconds, until: Seconds) -> Seconds {
        let until = until.min(self.horizon);
        let n = self.at.len();
        let mut i = self.at.partition_point(|&t| t <= from).saturating_sub(1);
        let stop = i + self.at[i..].partition_point(|&t| t < until);
        loop {
            match self.free[i..stop].iter().position(|f| *f >= units) {
                Some(k) => i += k,
                None => return until,
            }
            let start = self.at[i].max(from);
            let end = start + span;
            let mut j = i + 1;
            while j < n && self.at[j] < end && self.free[j] >= units {
                j += 1;
            }
            if j >= n || self.at[j] >= end {
                return start;
            }
            i = j + 1;
            if i >= stop {
                return until.max(self.at.get(i).copied().unwrap_or(until));
            }
        }
    }

    /// Takes `units` out of the span; says how little is left at its tightest moment before the horizon.
    pub fn take(&mut self, start: Seconds, end: Seconds, units: i64) -> i64 {
        let start = start.max(self.at[0]);
        if start >= end || start >= self.horizon {
            return i64::MAX;
        }
        let first = self.split(start);
        self.lowest.truncate(first);
        self.asked.clear();
        let last = if end < self.horizon { self.split(end) } else { self.at.len() };
        let mut least = i64::MAX;
        for f in &mut self.free[first..last] {
            *f -= units;
            least = least.min(*f);
        }
        least
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

/// When running jobs are due to end, by time; equal times are added up. Chunks keep insertion cheap with many running jobs.
#[derive(Debug, Default, Clone)]
pub(crate) struct Releases {
    chunks: Vec<Vec<(Seconds, i64)>>,
    /// What each chunk releases.
    sums: Vec<i64>,
}

const CHUNK: usize = 512;

impl Releases {
    fn chunk_of(&self, at: Seconds) -> usize {
        self.chunks
            .partition_point(|c| c.last().is_some_and(|l| l.0 < at))
            .min(self.chunks.len().saturating_sub(1))
    }

    pub fn add(&mut self, at: Seconds, units: i64) {
        if self.chunks.is_empty() {
            self.chunks.push(vec![(at, units)]);
            self.sums.push(units);
            return;
        }
        let c = self.chunk_of(at);
        self.sums[c] += units;
        let chunk = &mut self.chunks[c];
        let i = chunk.partition_point(|e| e.0 < at);
        if i < chunk.len() && chunk[i].0 == at {
            chunk[i].1 += units;
            return;
        }
        chunk.insert(i, (at, units));
        if chunk.len() > CHUNK {
            let tail = chunk.split_off(CHUNK / 2);
            let moved = tail.iter().map(|e| e.1).sum();
            self.sums[c] -= moved;
            self.chunks.insert(c + 1, tail);
            self.sums.insert(c + 1, moved);
        }
    }

    pub fn remove(&mut self, at: Seconds, units: i64) {
        if self.chunks.is_empty() {
            return;
        }
        let c = self.chunk_of(at);
        let chunk = &mut self.chunks[c];
        let i = chunk.partition_point(|e| e.0 < at);
        if i < chunk.len() && chunk[i].0 == at {
            chunk[i].1 -= units;
            self.sums[c] -= units;
            if chunk[i].1 == 0 {
                chunk.remove(i);
                if chunk.is_empty() {
                    self.chunks.remove(c);
                    self.sums.remove(c);
                }
            }
        }
    }

    /// When `free` and what is released until then first come to `units`, and how much that is; what is due before `floor` counts then.
    pub fn reach(&self, mut free: i64, units: i64, floor: Seconds) -> Option<(Seconds, i64)> {
        let mut due = None;
        for (chunk, sum) in self.chunks.iter().zip(&self.sums) {
            if due.is_none() && free + sum < units {
                free += sum;
                continue;
            }
            for &(at, released) in chunk {
                let at = at.max(floor);
                // All that ends in that second counts.
                if due.is_some_and(|due| at > due) {
                    return due.map(|at| (at, free));
                }
                free += released;
                if free >= units {
                    due = due.or(Some(at));
                }
            }
        }
        due.map(|at| (at, free))
    }

    /// In order of time.
    pub fn iter(&self) -> impl Iterator<Item = (Seconds, i64)> + '_ {
        self.chunks.iter().flatten().copied()
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

        #[test]
        fn releases_agree_with_a_map(ops in proptest::collection::vec((0..2000_i64, 1..5_i64, any::<bool>()), 0..3000)) {
            let mut map = std::collections::BTreeMap::<i64, i64>::new();
            let mut r = Releases::default();
            for (at, n, add) in ops {
                if add { *map.entry(at).or_default() += n; r.add(at, n); }
                else if let Some(&v) = map.get(&at) { map.remove(&at); r.remove(at, v); }
            }
            for (free, floor) in [(0, 0), (7, 40), (300, 900)] {
                for units in [1, 50, 400, 2_000, 9_000] {
                    let mut sum = free;
                    let mut due = None;
                    for (&at, &n) in &map {
                        if due.is_none_or(|due| at.max(floor) == due) {
                            sum += n;
                        }
                        if due.is_none() && sum >= units { due = Some(at.max(floor)); }
                    }
                    prop_assert_eq!(r.reach(free, units, floor), due.map(|at| (at, sum)));
                }
            }
            prop_assert!(r.iter().eq(map.into_iter()));
        }
    }
}

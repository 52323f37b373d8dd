use crate::job::Seconds;

/// When running jobs are due to end, by time; equal times are added up. Chunks keep insertion cheap with many running jobs.
#[derive(Debug, Default, Clone)]
pub(crate) struct Releases {
    pub chunks: Vec<Vec<(Seconds, i64)>>,
    /// What each chunk releases.
    sums: Vec<i64>,
}

const CHUNK: usize = 192;

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

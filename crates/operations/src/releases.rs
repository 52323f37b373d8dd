use crate::job::Seconds;

/// When running jobs are due to end, by time; equal times are added up. Chunks keep insertion cheap with many running jobs.
#[derive(Debug, Default, Clone)]
pub(crate) struct Releases {
    pub chunks: Vec<Vec<(Seconds, i64)>>,
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
            return;
        }
        let c = self.chunk_of(at);
        let chunk = &mut self.chunks[c];
        let i = chunk.partition_point(|e| e.0 < at);
        if i < chunk.len() && chunk[i].0 == at {
            chunk[i].1 += units;
            return;
        }
        chunk.insert(i, (at, units));
        if chunk.len() > CHUNK {
            let tail = chunk.split_off(CHUNK / 2);
            self.chunks.insert(c + 1, tail);
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
            if chunk[i].1 == 0 {
                chunk.remove(i);
                if chunk.is_empty() {
                    self.chunks.remove(c);
                }
            }
        }
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
            prop_assert!(r.iter().eq(map.into_iter()));
        }
    }
}

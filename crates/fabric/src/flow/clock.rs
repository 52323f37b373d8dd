//! When strands are over: due times, and the next of them.

/// Strands of one block of the search for the next end.
const BLOCK: usize = 64;

/// Due times of strands.
///
/// While a strand sends, its value is the time at which it is over, in picoseconds; while it does not, the work
/// left, in quanta × picoseconds. A change of rate turns one into the other, so no strand is touched between.
pub(crate) struct Clock {
    due: Vec<f64>,
    running: Vec<bool>,
    /// Earliest end in a block, where it is clean.
    least: Vec<f64>,
    dirty: Vec<u32>,
    is_dirty: Vec<bool>,
}

impl Clock {
    /// From the work of each strand; infinite work never ends.
    pub(crate) fn new(work: Vec<f64>) -> Clock {
        let n = work.len();
        let blocks = n.div_ceil(BLOCK);
        Clock {
            due: work,
            running: vec![false; n],
            least: vec![f64::INFINITY; blocks],
            dirty: Vec::new(),
            is_dirty: vec![false; blocks],
        }
    }

    fn touch(&mut self, strand: u32) {
        let b = strand as usize / BLOCK;
        if !self.is_dirty[b] {
            self.is_dirty[b] = true;
            self.dirty.push(b as u32);
        }
    }

    /// A strand goes from one rate to another.
    pub(crate) fn change(&mut self, strand: u32, now: u64, former: u64, rate: u64) {
        if former == rate {
            return;
        }
        let s = strand as usize;
        let work =
            if self.running[s] { (self.due[s] - now as f64).max(0.0) * former as f64 } else { self.due[s] };
        self.running[s] = rate > 0;
        self.due[s] = if rate > 0 { now as f64 + work / rate as f64 } else { work };
        self.touch(strand);
    }

    /// A strand is over; when it was.
    pub(crate) fn end(&mut self, strand: u32) -> f64 {
        let s = strand as usize;
        self.running[s] = false;
        self.touch(strand);
        std::mem::replace(&mut self.due[s], 0.0)
    }

    /// Work left at a time.
    pub(crate) fn left(&self, strand: u32, now: u64, rate: u64) -> f64 {
        let s = strand as usize;
        if self.running[s] { (self.due[s] - now as f64).max(0.0) * rate as f64 } else { self.due[s] }
    }

    fn clean(&mut self) {
        while let Some(b) = self.dirty.pop() {
            let range = b as usize * BLOCK..((b as usize + 1) * BLOCK).min(self.due.len());
            let mut least = f64::INFINITY;
            for (due, running) in self.due[range.clone()].iter().zip(&self.running[range]) {
                if *running {
                    least = least.min(*due);
                }
            }
            self.least[b as usize] = least;
            self.is_dirty[b as usize] = false;
        }
    }

    /// Time of the next end; infinite where there is none.
    pub(crate) fn next(&mut self) -> f64 {
        self.clean();
        self.least.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// Strands that are over until a time, in order of their numbers.
    pub(crate) fn until(&mut self, time: f64, out: &mut Vec<u32>) {
        self.clean();
        for (b, least) in self.least.iter().enumerate() {
            if *least <= time {
                for s in b * BLOCK..((b + 1) * BLOCK).min(self.due.len()) {
                    if self.running[s] && self.due[s] <= time {
                        out.push(s as u32);
                    }
                }
            }
        }
    }
}

use crate::job::Seconds;

/// Cells of a block: small enough to walk, large enough that blocks are few.
const BLOCK: usize = 32;

/// Free accelerators on Slurm's grid of `bf_resolution`, from now to the end of `bf_window`.
///
/// Cell 0 is this very moment; cell 1 the rest of the slot that holds it; cell `k + 1` the `k`-th slot after. What ends within a slot counts
/// as free in all of it but not now, since Slurm rounds the start of a reservation down; a job is tried against the slot in which it ends
/// as well, since Slurm compares `begin_time <= end_time`; behind the window nothing is looked at. Sums and extremes per block make each
/// operation cost a few dozen steps for thousands of cells.
#[derive(Debug, Default, Clone)]
pub(crate) struct Grid {
    cells: Vec<i32>,
    /// To be added to all cells of a block.
    shift: Vec<i32>,
    least: Vec<i32>,
    most: Vec<i32>,
    len: usize,
    now: Seconds,
    /// Number of the slot that holds now.
    first: Seconds,
    resolution: Seconds,
}

fn narrow(units: i64) -> i32 {
    units.clamp(i64::from(i32::MIN / 4), i64::from(i32::MAX / 4)) as i32
}

impl Grid {
    /// All free cells at `free`; releases follow, then [`Self::settle`].
    pub fn reset(&mut self, now: Seconds, free: i64, window: Seconds, resolution: Seconds) {
        self.now = now;
        self.resolution = resolution;
        self.first = now.div_euclid(resolution);
        self.len = usize::try_from(window / resolution).unwrap_or(0) + 2;
        let blocks = self.len.div_ceil(BLOCK);
        self.cells.clear();
        self.cells.resize(blocks * BLOCK, 0);
        self.cells[0] = narrow(free);
    }

    /// The cell in which a moment lies.
    pub fn cell_of(&self, at: Seconds) -> usize {
        usize::try_from(at.div_euclid(self.resolution) - self.first).unwrap_or(0) + 1
    }

    /// Behind the window nothing is looked at.
    pub fn is_behind(&self, at: Seconds) -> bool {
        self.cell_of(at) >= self.len
    }

    /// Before [`Self::settle`].
    pub fn release(&mut self, at: Seconds, units: i64) {
        let cell = self.cell_of(at);
        if cell < self.len {
            self.cells[cell] += narrow(units);
        }
    }

    /// Sums up the releases.
    pub fn settle(&mut self) {
        let mut sum = 0;
        for c in &mut self.cells[..self.len] {
            sum += *c;
            *c = sum;
        }
        for c in &mut self.cells[self.len..] {
            *c = i32::MAX / 2;
        }
        let blocks = self.cells.len() / BLOCK;
        self.shift.clear();
        self.shift.resize(blocks, 0);
        self.least.clear();
        self.most.clear();
        for block in self.cells.chunks_exact(BLOCK) {
            self.least.push(block.iter().copied().fold(i32::MAX, i32::min));
            self.most.push(block.iter().copied().fold(i32::MIN, i32::max));
        }
    }

    /// First cell from `from` on with at least `units`.
    fn first_with(&self, from: usize, units: i32) -> Option<usize> {
        let mut i = from;
        while i < self.len {
            let b = i / BLOCK;
            if self.most[b] >= units {
                let need = units - self.shift[b];
                let end = (b + 1) * BLOCK;
                if let Some(k) = self.cells[i..end].iter().position(|c| *c >= need) {
                    return (i + k < self.len).then_some(i + k);
                }
            }
            i = (b + 1) * BLOCK;
        }
        None
    }

    /// First cell in the range with less than `units`.
    fn first_without(&self, from: usize, to: usize, units: i32) -> Option<usize> {
        let to = to.min(self.len);
        let mut i = from;
        while i < to {
            let b = i / BLOCK;
            let end = ((b + 1) * BLOCK).min(to);
            if self.least[b] < units {
                let need = units - self.shift[b];
                if let Some(k) = self.cells[i..end].iter().position(|c| *c < need) {
                    return Some(i + k);
                }
            }
            i = end;
        }
        None
    }

    /// Could a job of this length start at this moment?
    pub fn fits_now(&self, units: i64, span: Seconds) -> bool {
        self.first_without(0, self.cell_of(self.now + span) + 1, narrow(units)).is_none()
    }

    /// Earliest cell after this moment, not before `from`, in which a job could start; none within the window.
    pub fn earliest(&self, units: i64, span: Seconds, from: usize) -> Option<usize> {
        let units = narrow(units);
        let cells = self.span_of(span);
        let mut i = from.max(1);
        loop {
            i = self.first_with(i, units)?;
            match self.first_without(i, i + cells + 1, units) {
                None => return Some(i),
                Some(gap) => i = gap + 1,
            }
        }
    }

    /// Takes a job out that starts at this moment; says how little is left in its span.
    pub fn take_now(&mut self, end: Seconds, units: i64) -> i64 {
        let end = self.cell_of(end);
        self.take(0, end, narrow(units))
    }

    /// Whole cells of a span, more than any window where it cannot be counted.
    pub fn span_of(&self, span: Seconds) -> usize {
        usize::try_from(span / self.resolution).unwrap_or(usize::MAX / 4)
    }

    /// Takes a job out that is planned from a cell on.
    pub fn take_from(&mut self, cell: usize, span: Seconds, units: i64) -> i64 {
        let cells = self.span_of(span);
        // Rounded down, a start later in this slot lies at its beginning, and so holds this moment too.
        self.take(if cell == 1 { 0 } else { cell }, cell + cells, narrow(units))
    }

    /// Takes a standing reservation or cap out.
    pub fn take_span(&mut self, start: Seconds, end: Seconds, units: i64) {
        let from = if start <= self.now { 0 } else { self.cell_of(start) };
        let to = if end == Seconds::MAX { self.len } else { self.cell_of(end) };
        self.take(from, to, narrow(units));
    }

    /// First moment of a cell.
    pub fn start_of(&self, cell: usize) -> Seconds {
        (self.first + cell as Seconds - 1) * self.resolution
    }

    fn take(&mut self, from: usize, to: usize, units: i32) -> i64 {
        let to = to.min(self.len);
        let mut lowest = i32::MAX;
        let mut i = from;
        while i < to {
            let b = i / BLOCK;
            let end = ((b + 1) * BLOCK).min(to);
            if end - i == BLOCK {
                self.shift[b] -= units;
                self.least[b] -= units;
                self.most[b] -= units;
                lowest = lowest.min(self.least[b]);
            } else {
                let shift = self.shift[b];
                for c in &mut self.cells[i..end] {
                    *c -= units;
                    lowest = lowest.min(*c + shift);
                }
                let block = &self.cells[b * BLOCK..(b + 1) * BLOCK];
                self.least[b] = block.iter().copied().fold(i32::MAX, i32::min) + shift;
                self.most[b] = block.iter().copied().fold(i32::MIN, i32::max) + shift;
            }
            i = end;
        }
        i64::from(lowest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against plain cells.
        #[test]
        fn blocks_agree_with_cells(
            now in 0..100_i64,
            free in 0..20_i64,
            releases in proptest::collection::vec((0..3_000_i64, 1..8_i64), 0..40),
            asks in proptest::collection::vec((1..30_i64, 0..1_500_i64, any::<bool>()), 1..60),
        ) {
            let (resolution, window) = (7, 2_500);
            let mut g = Grid::default();
            g.reset(now, free, window, resolution);
            let len = (window / resolution) as usize + 2;
            let mut cells = vec![free; len];
            let cell = |t: i64| (t.div_euclid(resolution) - now.div_euclid(resolution)) as usize + 1;
            for (after, n) in releases {
                g.release(now + after, n);
                cells.iter_mut().skip(cell(now + after)).for_each(|c| *c += n);
            }
            g.settle();
            for (units, span, start_now) in asks {
                let n = (span / resolution) as usize;
                let ok = |c: &[i64], i: usize, to: usize| c[i..(to + 1).min(len)].iter().all(|f| *f >= units);
                prop_assert_eq!(g.fits_now(units, span), ok(&cells, 0, cell(now + span)));
                let brute = (1..len).find(|&i| ok(&cells, i, i + n));
                prop_assert_eq!(g.earliest(units, span, 1), brute);
                let (from, to, said) = if start_now {
                    (0, cell(now + span), g.take_now(now + span, units))
                } else if let Some(i) = brute {
                    (if i == 1 { 0 } else { i }, i + n, g.take_from(i, span, units))
                } else {
                    continue;
                };
                let to = to.min(len);
                cells[from..to].iter_mut().for_each(|c| *c -= units);
                if from < to {
                    prop_assert_eq!(said, *cells[from..to].iter().min().unwrap());
                }
            }
        }
    }
}

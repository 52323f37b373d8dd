//! Cholesky factor of a symmetric banded matrix, LDLᵀ without pivoting.
//!
//! Rows of a dispatch are ordered by hour, and only the storage level ties an hour to the next, so the normal
//! equations of a year have a band of a few entries and factor in time linear in the hours.

// Indices are rows and columns of a matrix here.
#![allow(clippy::needless_range_loop)]

use super::real::Real;

/// Symmetric matrix of `rows`, stored by row: `width` entries left of the diagonal, then the diagonal.
#[derive(Debug, Clone)]
pub(crate) struct Band<T> {
    rows: usize,
    width: usize,
    values: Vec<T>,
}

impl<T: Real> Band<T> {
    /// All zero.
    pub(crate) fn new(rows: usize, width: usize) -> Self {
        Self { rows, width, values: vec![T::default(); rows * (width + 1)] }
    }

    pub(crate) fn clear(&mut self) {
        self.values.fill(T::default());
    }

    /// Adds to the entry at `row`, `column` with `column <= row`, within the band.
    #[inline]
    pub(crate) fn add(&mut self, row: usize, column: usize, value: T) {
        let at = row * (self.width + 1) + self.width - (row - column);
        self.values[at] = self.values[at] + value;
    }

    /// Replaces the matrix by its factor: unit lower triangle, and the reciprocal pivots on the diagonal.
    pub(crate) fn factor(&mut self) {
        let w = self.width;
        // `L · D` of the row.
        let mut scaled = vec![T::default(); w];
        for i in 0..self.rows {
            let (above, rest) = self.values.split_at_mut(i * (w + 1));
            let row = &mut rest[..=w];
            let diagonal = row[w];
            let mut pivot = diagonal;
            let first = w.saturating_sub(i);
            for k in first..w {
                // Column i − w + k; its own row starts `w − k` rows above.
                let start = above.len() - (w - k) * (w + 1);
                let other = &above[start..=start + w];
                let mut sum = row[k];
                for m in first..k {
                    sum = sum - scaled[m] * other[m + w - k];
                }
                scaled[k] = sum;
                let l = sum * other[w];
                row[k] = l;
                pivot = pivot - sum * l;
            }
            // A dependent row is left alone.
            let kept = pivot.f64() > T::DEPENDENT * diagonal.f64().max(f64::MIN_POSITIVE);
            row[w] = if kept { pivot.reciprocal() } else { T::default() };
        }
    }

    /// Solves for `columns` right-hand sides stored row by row, in place.
    pub(crate) fn solve(&self, right: &mut [T], columns: usize) {
        match columns {
            0 => {}
            1 => self.solve_of::<1>(right),
            2 => self.solve_of::<2>(right),
            4 => self.solve_of::<4>(right),
            5 => self.solve_of::<5>(right),
            _ => self.solve_many(right, columns),
        }
    }

    /// For a number of right-hand sides known when compiled.
    fn solve_of<const C: usize>(&self, right: &mut [T]) {
        let w = self.width;
        for i in 0..self.rows {
            let row = &self.values[i * (w + 1)..(i + 1) * (w + 1)];
            let (above, rest) = right.split_at_mut(i * C);
            let mut sum = [T::default(); C];
            sum.copy_from_slice(&rest[..C]);
            for k in w.saturating_sub(i)..w {
                let other = &above[above.len() - (w - k) * C..][..C];
                for c in 0..C {
                    sum[c] = sum[c] - row[k] * other[c];
                }
            }
            rest[..C].copy_from_slice(&sum);
        }
        for (own, row) in right.chunks_exact_mut(C).zip(self.values.chunks_exact(w + 1)) {
            own.iter_mut().for_each(|v| *v = *v * row[w]);
        }
        for i in (0..self.rows).rev() {
            let row = &self.values[i * (w + 1)..(i + 1) * (w + 1)];
            let (above, rest) = right.split_at_mut(i * C);
            let mut own = [T::default(); C];
            own.copy_from_slice(&rest[..C]);
            for k in w.saturating_sub(i)..w {
                let from = above.len() - (w - k) * C;
                let other = &mut above[from..from + C];
                for c in 0..C {
                    other[c] = other[c] - row[k] * own[c];
                }
            }
        }
    }

    fn solve_many(&self, right: &mut [T], columns: usize) {
        let w = self.width;
        for i in 0..self.rows {
            let row = &self.values[i * (w + 1)..(i + 1) * (w + 1)];
            let (above, rest) = right.split_at_mut(i * columns);
            for k in w.saturating_sub(i)..w {
                let from = above.len() - (w - k) * columns;
                for (own, other) in rest[..columns].iter_mut().zip(&above[from..from + columns]) {
                    *own = *own - row[k] * *other;
                }
            }
        }
        for (own, row) in right.chunks_exact_mut(columns).zip(self.values.chunks_exact(w + 1)) {
            own.iter_mut().for_each(|v| *v = *v * row[w]);
        }
        for i in (0..self.rows).rev() {
            let row = &self.values[i * (w + 1)..(i + 1) * (w + 1)];
            let (above, rest) = right.split_at_mut(i * columns);
            for k in w.saturating_sub(i)..w {
                let from = above.len() - (w - k) * columns;
                for (own, other) in rest[..columns].iter().zip(&mut above[from..from + columns]) {
                    *other = *other - row[k] * *own;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_factor_solves(width in 0usize..8, columns in 1usize..7, seed in prop::collection::vec(-1.0f64..1.0, 400)) {
            let rows = 17;
            let mut dense = vec![vec![0.0; rows]; rows];
            let mut band = Band::<f64>::new(rows, width);
            let mut numbers = seed.iter().cycle();
            for i in 0..rows {
                for j in i.saturating_sub(width)..=i {
                    // Diagonally dominant, so positive definite.
                    let v = if i == j { 20.0 } else { *numbers.next().unwrap() };
                    dense[i][j] = v;
                    dense[j][i] = v;
                    band.add(i, j, v);
                }
            }
            let want: Vec<f64> = (0..rows * columns).map(|_| *numbers.next().unwrap()).collect();
            let mut right = vec![0.0; rows * columns];
            for i in 0..rows {
                for c in 0..columns {
                    right[i * columns + c] = (0..rows).map(|j| dense[i][j] * want[j * columns + c]).sum();
                }
            }
            band.factor();
            band.solve(&mut right, columns);
            for (got, want) in right.iter().zip(&want) {
                prop_assert!((got - want).abs() < 1e-12);
            }
        }
    }
}

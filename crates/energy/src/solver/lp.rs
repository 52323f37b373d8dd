//! The form of the programmes.
//!
//! ```text
//! min  cᵀx + qᵀz
//!      A x + B z = b            rows ordered by hour, A banded
//!      0 ≤ x ≤ u + V z          u may be infinite, V links hourly bounds to shared figures (sizes)
//!      0 ≤ z ≤ zmax             finite
//! ```
//!
//! Its dual, for any y: `bᵀy + Σ_j u_j min(0, r_j) + Σ_k zmax_k min(0, q_k − B_kᵀy + Σ_j V_jk min(0, r_j))` with
//! `r = c − Aᵀy`, a lower bound on the optimum as long as r ≥ 0 where u is infinite.

use super::real::Real;

/// A programme in the form above.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lp {
    pub(crate) cost: Vec<f64>,
    pub(crate) upper: Vec<f64>,
    /// Entries of A by column: `start[j]..start[j + 1]` in `row` and `value`.
    pub(crate) start: Vec<u32>,
    pub(crate) row: Vec<u32>,
    pub(crate) value: Vec<f64>,
    /// Entries of V by column of x, for the columns that have any.
    pub(crate) links: Vec<Link>,
    pub(crate) right: Vec<f64>,
    pub(crate) shared: Vec<Shared>,
    /// Half-width of the band of A·Aᵀ.
    pub(crate) width: usize,
}

/// `x[column] ≤ u + Σ factor · z`; several links of one column stand together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link {
    pub(crate) column: u32,
    pub(crate) shared: u32,
    pub(crate) factor: f64,
}

/// A column of z.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    pub(crate) cost: f64,
    pub(crate) most: f64,
    /// Entries of B.
    pub(crate) entries: Vec<(u32, f64)>,
}

impl Lp {
    pub(crate) fn columns(&self) -> usize {
        self.cost.len()
    }

    pub(crate) fn rows(&self) -> usize {
        self.right.len()
    }

    /// `out −= A_j x`.
    #[inline]
    pub(crate) fn subtract<T: Real>(&self, j: usize, x: T, out: &mut [T]) {
        for e in self.start[j] as usize..self.start[j + 1] as usize {
            let row = self.row[e] as usize;
            out[row] = out[row] - x * self.value[e];
        }
    }

    /// `A_jᵀ y`.
    #[inline]
    pub(crate) fn priced<T: Real>(&self, j: usize, y: &[T]) -> T {
        let mut sum = T::default();
        for e in self.start[j] as usize..self.start[j + 1] as usize {
            sum = sum + y[self.row[e] as usize] * self.value[e];
        }
        sum
    }

    /// Lower bound on the optimum that `y` proves; minus infinity where a column without bound prices out below zero
    /// by more than `slack`.
    pub(crate) fn bound(&self, y: &[f64], slack: f64) -> f64 {
        let mut sum: f64 = self.right.iter().zip(y).map(|(b, y)| b * y).sum();
        let mut shared: Vec<f64> = self
            .shared
            .iter()
            .map(|s| s.cost - s.entries.iter().map(|&(r, v)| v * y[r as usize]).sum::<f64>())
            .collect();
        let mut links = self.links.iter().peekable();
        for j in 0..self.columns() {
            let short = (self.cost[j] - self.priced(j, y)).min(0.0);
            let mut linked = false;
            while let Some(link) = links.next_if(|l| l.column as usize == j) {
                shared[link.shared as usize] += link.factor * short;
                linked = true;
            }
            if self.upper[j].is_finite() {
                sum += self.upper[j] * short;
            } else if short < -slack && !linked {
                return f64::NEG_INFINITY;
            }
        }
        sum + self.shared.iter().zip(&shared).map(|(s, r)| s.most * r.min(0.0)).sum::<f64>()
    }
}

/// Puts a programme together column by column.
#[derive(Debug, Default)]
pub(crate) struct LpBuilder {
    lp: Lp,
}

impl LpBuilder {
    /// With so many rows, all with right-hand side zero.
    pub(crate) fn new(rows: usize, columns: usize) -> Self {
        let mut lp = Lp {
            cost: Vec::with_capacity(columns),
            upper: Vec::with_capacity(columns),
            start: Vec::with_capacity(columns + 1),
            row: Vec::with_capacity(3 * columns),
            value: Vec::with_capacity(3 * columns),
            right: vec![0.0; rows],
            ..Lp::default()
        };
        lp.start.push(0);
        Self { lp }
    }

    pub(crate) fn right(&mut self, row: usize, value: f64) {
        self.lp.right[row] += value;
    }

    /// A column of x; returns its index.
    pub(crate) fn column(&mut self, cost: f64, upper: f64, entries: &[(usize, f64)]) -> u32 {
        let lp = &mut self.lp;
        let (mut low, mut high) = (usize::MAX, 0);
        for &(row, value) in entries {
            lp.row.push(row as u32);
            lp.value.push(value);
            low = low.min(row);
            high = high.max(row);
        }
        if high > low && low != usize::MAX {
            lp.width = lp.width.max(high - low);
        }
        lp.start.push(lp.row.len() as u32);
        lp.cost.push(cost);
        lp.upper.push(upper);
        (lp.cost.len() - 1) as u32
    }

    /// Lets the bound of the latest column grow with a shared one.
    pub(crate) fn link(&mut self, shared: u32, factor: f64) {
        let column = (self.lp.cost.len() - 1) as u32;
        self.lp.links.push(Link { column, shared, factor });
    }

    /// A column of z; returns its index.
    pub(crate) fn shared(&mut self, cost: f64, most: f64) -> u32 {
        self.lp.shared.push(Shared { cost, most, entries: Vec::new() });
        (self.lp.shared.len() - 1) as u32
    }

    pub(crate) fn shared_entry(&mut self, shared: u32, row: usize, value: f64) {
        self.lp.shared[shared as usize].entries.push((row as u32, value));
    }

    pub(crate) fn build(self) -> Lp {
        self.lp
    }
}

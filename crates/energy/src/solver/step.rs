//! The Newton step, reduced to a banded system with a small border.
//!
//! With `H = low/x + high/w`, `G = high/w` (diagonal), the step solves
//!
//! ```text
//! N dy + K dz = r1          N = A H⁻¹ Aᵀ (banded),  K = B + A H⁻¹ G V
//! M dz − Kᵀdy = r2          M = Hz + Vᵀ G (low/x) H⁻¹ V
//! ```
//!
//! so one banded factor and the Schur complement `M + Kᵀ N⁻¹ K`, as large as the number of shared figures, do it.

use super::band::Band;
use super::dense;
use super::interior::{Point, Residual};
use super::lp::Lp;
use super::real::Real;

/// A step in everything.
#[derive(Debug, Clone, Default)]
pub(crate) struct Direction {
    pub(crate) x: Vec<f64>,
    pub(crate) w: Vec<f64>,
    pub(crate) y: Vec<f64>,
    pub(crate) low: Vec<f64>,
    pub(crate) high: Vec<f64>,
    pub(crate) z: Vec<f64>,
    pub(crate) z_room: Vec<f64>,
    pub(crate) z_low: Vec<f64>,
    pub(crate) z_high: Vec<f64>,
}

/// What the products of complementary pairs should become.
pub(crate) enum Target<'a> {
    /// Zero.
    Affine,
    /// `mu`, corrected for the second-order part of the affine step.
    Centred { mu: f64, affine: &'a Direction },
    /// The same, and then more or less for each pair: `x` with `low`, `w` with `high`, and likewise for z.
    Corrected { mu: f64, affine: &'a Direction, more: &'a Direction },
}

/// Factors and scratch of one iterate.
///
/// What is rounded before it enters both the rows and the step does no harm; all between is counted in `T`.
pub(crate) struct Newton<T> {
    band: Band<T>,
    inverse: Vec<f64>,
    ratio: Vec<f64>,
    border: Vec<T>,
    solved: Vec<T>,
    schur: Vec<T>,
    gradient: Vec<f64>,
    linked: Vec<f64>,
    dense: Vec<T>,
    y: Vec<T>,
}

impl<T: Real> Newton<T> {
    pub(crate) fn new(lp: &Lp) -> Self {
        let (rows, columns, shared) = (lp.rows(), lp.columns(), lp.shared.len());
        Self {
            band: Band::new(rows, lp.width),
            inverse: vec![0.0; columns],
            ratio: vec![0.0; columns],
            border: vec![T::default(); rows * shared],
            solved: vec![T::default(); rows * shared],
            schur: vec![T::default(); shared * shared],
            gradient: vec![0.0; columns],
            linked: vec![0.0; columns],
            dense: vec![T::default(); shared * shared],
            y: Vec::with_capacity(rows),
        }
    }

    /// Factors the system at `p`.
    pub(crate) fn prepare(&mut self, lp: &Lp, p: &Point) {
        let shared = lp.shared.len();
        self.band.clear();
        for j in 0..lp.columns() {
            let ratio = if lp.upper[j].is_finite() { p.high[j] / p.w[j] } else { 0.0 };
            let inverse = 1.0 / (p.low[j] / p.x[j] + ratio);
            self.ratio[j] = ratio;
            self.inverse[j] = inverse;
            let entries = lp.start[j] as usize..lp.start[j + 1] as usize;
            for e in entries.clone() {
                let (row, value) = (lp.row[e] as usize, T::of(lp.value[e]) * inverse);
                for f in entries.start..=e {
                    let other = lp.row[f] as usize;
                    self.band.add(row.max(other), row.min(other), value * lp.value[f]);
                }
            }
        }
        self.band.factor();
        if shared == 0 {
            return;
        }
        self.border.fill(T::default());
        self.schur.fill(T::default());
        for (k, s) in lp.shared.iter().enumerate() {
            for &(row, value) in &s.entries {
                add(&mut self.border[row as usize * shared + k], T::of(value));
            }
            add(&mut self.schur[k * shared + k], T::of(p.z_low[k] / p.z[k] + p.z_high[k] / p.z_room[k]));
        }
        for group in lp.links.chunk_by(|a, b| a.column == b.column) {
            let j = group[0].column as usize;
            let both = self.ratio[j] * (p.low[j] / p.x[j]) * self.inverse[j];
            for link in group {
                let k = link.shared as usize;
                let pull = T::of(self.inverse[j]) * self.ratio[j] * link.factor;
                for e in lp.start[j] as usize..lp.start[j + 1] as usize {
                    add(&mut self.border[lp.row[e] as usize * shared + k], pull * lp.value[e]);
                }
                for other in group {
                    let both = T::of(both) * link.factor * other.factor;
                    add(&mut self.schur[k * shared + other.shared as usize], both);
                }
            }
        }
        self.solved.copy_from_slice(&self.border);
        self.band.solve(&mut self.solved, shared);
        for (own, solved) in self.border.chunks_exact(shared).zip(self.solved.chunks_exact(shared)) {
            for (k, b) in own.iter().enumerate() {
                // Many rows of the border are empty, such as those of hours without sun.
                if b.f64() != 0.0 {
                    for (l, s) in solved.iter().enumerate() {
                        add(&mut self.schur[k * shared + l], *b * *s);
                    }
                }
            }
        }
    }

    /// One step from `p` towards `target`.
    pub(crate) fn solve(&mut self, lp: &Lp, p: &Point, r: &Residual, target: &Target<'_>, d: &mut Direction) {
        let (columns, shared) = (lp.columns(), lp.shared.len());
        let second = |pick: fn(&Direction) -> (&[f64], &[f64]), at: usize| match target {
            Target::Affine => 0.0,
            Target::Centred { mu, affine } => {
                let (a, b) = pick(affine);
                mu - a[at] * b[at]
            }
            Target::Corrected { mu, affine, more } => {
                let (a, b) = pick(affine);
                mu - a[at] * b[at] + pick(more).0[at]
            }
        };
        for v in [&mut d.x, &mut d.w, &mut d.low, &mut d.high] {
            v.resize(columns, 0.0);
        }
        for v in [&mut d.z, &mut d.z_room, &mut d.z_low, &mut d.z_high] {
            v.resize(shared, 0.0);
        }
        // `low` and `high` first hold what the products lack.
        for j in 0..columns {
            let low = second(|a| (&a.x, &a.low), j) - p.x[j] * p.low[j];
            let mut gradient = -r.dual[j] + low / p.x[j];
            d.low[j] = low;
            if lp.upper[j].is_finite() {
                let high = second(|a| (&a.w, &a.high), j) - p.w[j] * p.high[j];
                gradient -= (high - p.high[j] * r.bound[j]) / p.w[j];
                d.high[j] = high;
            }
            self.gradient[j] = gradient;
        }
        let mut z_right: Vec<T> = (0..shared)
            .map(|k| {
                let low = second(|a| (&a.z, &a.z_low), k) - p.z[k] * p.z_low[k];
                let high = second(|a| (&a.z_room, &a.z_high), k) - p.z_room[k] * p.z_high[k];
                (d.z_low[k], d.z_high[k]) = (low, high);
                T::of(-r.z_dual[k] + low / p.z[k] - (high - p.z_high[k] * r.z_bound[k]) / p.z_room[k])
            })
            .collect();
        for link in &lp.links {
            let j = link.column as usize;
            let pull = T::of((d.high[j] - p.high[j] * r.bound[j]) / p.w[j]);
            let own = T::of(self.inverse[j]) * self.ratio[j] * self.gradient[j];
            add(&mut z_right[link.shared as usize], (pull + own) * link.factor);
        }
        self.y.clear();
        self.y.extend(r.row.iter().map(|v| T::of(*v)));
        for j in 0..columns {
            lp.subtract(j, T::of(self.inverse[j]) * self.gradient[j], &mut self.y);
        }
        self.band.solve(&mut self.y, 1);
        if shared > 0 {
            for (own, y) in self.border.chunks_exact(shared).zip(&self.y) {
                for (k, b) in own.iter().enumerate() {
                    add(&mut z_right[k], *b * *y);
                }
            }
            self.dense.copy_from_slice(&self.schur);
            dense::solve(&mut self.dense, &mut z_right);
            for (z, exact) in d.z.iter_mut().zip(&z_right) {
                *z = exact.f64();
            }
            for (y, solved) in self.y.iter_mut().zip(self.solved.chunks_exact(shared)) {
                for (s, z) in solved.iter().zip(&d.z) {
                    *y = *y - *s * *z;
                }
            }
            self.linked.fill(0.0);
            for link in &lp.links {
                self.linked[link.column as usize] += link.factor * d.z[link.shared as usize];
            }
        }
        d.y.clear();
        d.y.extend(self.y.iter().map(|v| v.f64()));
        for j in 0..columns {
            let pull =
                lp.priced(j, &self.y) + T::of(self.gradient[j]) + T::of(self.ratio[j]) * self.linked[j];
            let step = (pull * self.inverse[j]).f64();
            d.x[j] = step;
            d.low[j] = (d.low[j] - p.low[j] * step) / p.x[j];
            if lp.upper[j].is_finite() {
                let room = r.bound[j] + self.linked[j] - step;
                d.w[j] = room;
                d.high[j] = (d.high[j] - p.high[j] * room) / p.w[j];
            } else {
                d.w[j] = 0.0;
                d.high[j] = 0.0;
            }
        }
        for k in 0..shared {
            d.z_room[k] = r.z_bound[k] - d.z[k];
            d.z_low[k] = (d.z_low[k] - p.z_low[k] * d.z[k]) / p.z[k];
            d.z_high[k] = (d.z_high[k] - p.z_high[k] * d.z_room[k]) / p.z_room[k];
        }
    }
}

#[inline]
fn add<T: Real>(into: &mut T, value: T) {
    *into = *into + value;
}

//! Fitting the coefficients: hierarchical least squares on the logarithm of the time.
//!
//! A time is Σ cᵢ·xᵢ with positive coefficients cᵢ = exp(global + engine + group + chip). The deviations of engine families, of
//! engine family × generation and of chips (in a handful of terms) are shrunk to nothing by ridge penalties (the posterior mode under
//! normal priors), so an unseen chip or engine falls back to the level above. Gauss-Newton with the exact Jacobian xᵢcᵢ/Σ; large residuals lose their
//! weight (Cauchy), because some published runs hide speculative decoding, a limit of requests in the engine or a broken set-up.

use crate::coefficients::{ChipClass, Coefficients, DECODE_TERMS, EngineFamily};

/// One measurement and its ideal terms.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample<const N: usize> {
    /// Terms.
    pub terms: [f64; N],
    /// Measured time in seconds.
    pub seconds: f64,
    /// Serving software.
    pub engine: EngineFamily,
    /// Its chip.
    pub class: ChipClass,
    /// What it counts against a sample of weight one.
    pub weight: f64,
}

/// Weights of the priors, in equivalent samples, and where residuals lose weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shrinkage {
    /// Of the global coefficients to their centre.
    pub global: f64,
    /// Of an engine family to the global coefficients.
    pub engine: f64,
    /// Of an engine family on a generation of chips to the engine family.
    pub group: f64,
    /// Of a chip to none.
    pub chip: f64,
    /// Logarithmic residual at which a sample counts half.
    pub scale: f64,
}

impl Default for Shrinkage {
    /// Chosen by leave-one-model-and-chip-out error over a coarse grid.
    fn default() -> Self {
        Shrinkage { global: 3.0, engine: 0.3, group: 30.0, chip: 3.0, scale: 0.2 }
    }
}

/// Centres of the weak prior of the decode coefficients: hardware reaches about two thirds of its rates, and a layer costs tens of
/// microseconds, a kernel two, a request about ten in the host.
pub const DECODE_CENTRE: [f64; DECODE_TERMS] =
    [1.3, 1.3, 1.0, 1.5, 2.0, 1.5, 1.5, 1.0, 3e-5, 1e-5, 3e-5, 5e-7, 1e-5, 1.7e-6, 1e-5, 3e-6, 1.0];
/// Decode terms that a chip has multipliers of its own for: what its memory, its matrix units and its links reach of their peaks.
pub const DECODE_BY_CHIP: [usize; 6] = [0, 1, 2, 3, 4, 6];
/// Centres of the weak prior of the first-token coefficients: a prefill, a step to wait for, tens of milliseconds of front end, the
/// queue as computed, and a twentieth of the work of the others (half of it in the first of ten rounds).
pub const FIRST_TOKEN_CENTRE: [f64; 5] = [1.5, 1.5, 0.03, 1.0, 0.05];

const MAX_STEP: f64 = 0.7;
/// Penalty that holds a parameter at nothing.
const HELD: f64 = 1e9;

#[allow(clippy::needless_range_loop)] // the indices name levels of a block matrix
/// Fits with multipliers by chip for the terms `by_chip`, from `start` (or the centres) by at most `iterations` Gauss-Newton steps; deterministic.
pub fn fit<const N: usize>(
    samples: &[Sample<N>],
    centre: &[f64; N],
    shrinkage: &Shrinkage,
    by_chip: &[usize],
    start: Option<&Coefficients<N>>,
    iterations: usize,
) -> Coefficients<N> {
    // Parameters: global, then each engine family, group and chip as they are seen.
    let mut engine_at = [usize::MAX; 4];
    let mut group_at = [[usize::MAX; 4]; 4];
    let mut chip_at = [usize::MAX; 6];
    // Samples of one engine, generation and chip share their coefficients.
    let mut blocks: Vec<(usize, usize, Option<usize>)> = Vec::new();
    let mut size = N;
    for s in samples {
        let (e, c, chip) = (s.engine as usize, s.class.generation(), s.class.chip());
        if !blocks.contains(&(e, c, chip)) {
            blocks.push((e, c, chip));
        }
        if let Some(at) = chip.filter(|_| !by_chip.is_empty()).map(|chip| &mut chip_at[chip])
            && *at == usize::MAX
        {
            *at = size;
            size += N;
        }
        if engine_at[e] == usize::MAX {
            engine_at[e] = size;
            size += N;
        }
        if group_at[e][c] == usize::MAX {
            group_at[e][c] = size;
            size += N;
        }
    }
    let mut theta = vec![0.0; size];
    let mut prior = vec![0.0; size];
    let mut penalty = vec![shrinkage.group; size];
    for (c, &at) in chip_at.iter().enumerate().filter(|(_, at)| **at != usize::MAX) {
        for i in 0..N {
            penalty[at + i] = if by_chip.contains(&i) { shrinkage.chip } else { HELD };
            theta[at + i] = start.map_or(0.0, |s| s.chip[c][i].ln());
        }
    }
    let initial = start.copied().unwrap_or_else(|| Coefficients::uniform(*centre));
    for i in 0..N {
        prior[i] = centre[i].ln();
        theta[i] = initial.global[i].ln();
        penalty[i] = shrinkage.global;
        for e in 0..4 {
            if engine_at[e] != usize::MAX {
                theta[engine_at[e] + i] = initial.engine[e][i].ln();
                penalty[engine_at[e] + i] = shrinkage.engine;
            }
            for c in 0..4 {
                if group_at[e][c] != usize::MAX {
                    theta[group_at[e][c] + i] = initial.group[e][c][i].ln();
                }
            }
        }
    }
    let mut normal = vec![0.0; size * size];
    let mut right = vec![0.0; size];
    for step in 0..iterations {
        // A redescending weight has many minima: the first steps of a fit from scratch find the basin.
        let redescending = start.is_some() || step >= 3;
        normal.iter_mut().for_each(|v| *v = 0.0);
        for p in 0..size {
            normal[p * size + p] = penalty[p] + 1e-9;
            right[p] = -penalty[p] * (theta[p] - prior[p]);
        }
        // One block is enough to accumulate: those of the levels above are sums of it.
        for &(e, c, chip) in &blocks {
            let mut levels = vec![0, engine_at[e], group_at[e][c]];
            levels.extend(chip.map(|c| chip_at[c]).filter(|at| *at != usize::MAX));
            let effective: [f64; N] =
                std::array::from_fn(|i| levels.iter().map(|at| theta[at + i]).sum::<f64>().exp());
            let of_block = samples
                .iter()
                .filter(|s| (s.engine as usize, s.class.generation(), s.class.chip()) == (e, c, chip));
            let (block, gradient) = accumulate(of_block, &effective, shrinkage.scale, redescending);
            for &a in &levels {
                for i in 0..N {
                    right[a + i] += gradient[i];
                    for &b in &levels {
                        let row = &mut normal[(a + i) * size + b..(a + i) * size + b + N];
                        for (v, add) in row.iter_mut().zip(&block[i]) {
                            *v += add;
                        }
                    }
                }
            }
        }
        solve(&mut normal, &mut right, size);
        let mut largest: f64 = 0.0;
        for (t, step) in theta.iter_mut().zip(&right) {
            let step = step.clamp(-MAX_STEP, MAX_STEP);
            *t += step;
            largest = largest.max(step.abs());
        }
        if largest < 1e-3 && redescending {
            break;
        }
    }
    let mut out = Coefficients::uniform(std::array::from_fn(|i| theta[i].exp()));
    for e in 0..4 {
        for i in 0..N {
            if engine_at[e] != usize::MAX {
                out.engine[e][i] = theta[engine_at[e] + i].exp();
            }
            for c in 0..4 {
                if group_at[e][c] != usize::MAX {
                    out.group[e][c][i] = theta[group_at[e][c] + i].exp();
                }
            }
        }
    }
    for (c, &at) in chip_at.iter().enumerate().filter(|(_, at)| **at != usize::MAX) {
        for &i in by_chip {
            out.chip[c][i] = theta[at + i].exp();
        }
    }
    out
}

#[allow(clippy::needless_range_loop)] // three arrays share the index
/// Weighted JᵀJ and Jᵀr of samples that share their coefficients.
fn accumulate<'a, const N: usize>(
    samples: impl Iterator<Item = &'a Sample<N>>,
    effective: &[f64; N],
    scale: f64,
    redescending: bool,
) -> ([[f64; N]; N], [f64; N]) {
    let mut block = [[0.0; N]; N];
    let mut gradient = [0.0; N];
    for s in samples {
        let mut jacobian = [0.0; N];
        let mut total = 0.0;
        for i in 0..N {
            jacobian[i] = s.terms[i] * effective[i];
            total += jacobian[i];
        }
        let residual = (s.seconds / total).ln();
        let ratio = residual / scale;
        let robust = if redescending { 1.0 / (1.0 + ratio * ratio) } else { 1.0 / ratio.abs().max(1.0) };
        let weight = s.weight * robust;
        for i in 0..N {
            jacobian[i] /= total;
        }
        for i in 0..N {
            let scaled = weight * jacobian[i];
            if scaled == 0.0 {
                continue;
            }
            gradient[i] += scaled * residual;
            for (v, j) in block[i].iter_mut().zip(&jacobian) {
                *v += scaled * j;
            }
        }
    }
    (block, gradient)
}

/// Solves the symmetric positive definite system in place by Cholesky factorisation; the solution stands in `right`.
fn solve(a: &mut [f64], right: &mut [f64], n: usize) {
    for j in 0..n {
        let (done, rest) = a.split_at_mut((j + 1) * n);
        let pivot = &mut done[j * n..];
        let diagonal = (pivot[j] - dot(&pivot[..j], &pivot[..j])).max(1e-12).sqrt();
        pivot[j] = diagonal;
        for row in rest.chunks_exact_mut(n) {
            row[j] = (row[j] - dot(&row[..j], &pivot[..j])) / diagonal;
        }
    }
    for i in 0..n {
        let row = &a[i * n..i * n + i];
        right[i] = (right[i] - dot(row, &right[..i])) / a[i * n + i];
    }
    for i in (0..n).rev() {
        let mut sum = right[i];
        for k in i + 1..n {
            sum -= a[k * n + i] * right[k];
        }
        right[i] = sum / a[i * n + i];
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

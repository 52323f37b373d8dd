//! Fits the parameters of the step model to measured steps: few parameters, a prior on each, deterministic.

use gigatwin_catalog::{Chip, ModelShape};
use gigatwin_fabric::Network;

use crate::calibration::{FITTED, PRIORS};
use crate::layer::Bench;
use crate::step::assemble;
use crate::{Calibration, ChipFactors, Layout, TrainingState};

/// One measured step.
#[derive(Debug, Clone)]
pub struct FitRow {
    /// The model.
    pub model: ModelShape,
    /// The chip.
    pub chip: Chip,
    /// Position of the chip's factors in the list given to [`fit`].
    pub chip_index: usize,
    /// The network.
    pub network: Network,
    /// Training state.
    pub state: TrainingState,
    /// The layout; taken as valid.
    pub layout: Layout,
    /// Year of the software, with its fraction.
    pub year: f64,
    /// Measured seconds.
    pub seconds: f64,
    /// Weight of the row; the weights of a cell should sum to one, so that large tables do not dominate.
    pub weight: f64,
}

/// How strongly parameters are held to their priors, and what is not fitted.
#[derive(Debug, Clone, PartialEq)]
pub struct FitOptions {
    /// Spread of the chips' factors around their start.
    pub chip_spread: f64,
    /// Cost of one squared standard deviation, in units of one cell's mean absolute log error.
    pub stiffness: f64,
    /// Sweeps over all parameters at most.
    pub sweeps: usize,
    /// Parameters, by their place in [`PRIORS`], that keep a value instead of being fitted.
    pub pinned: Vec<(usize, f64)>,
}

/// What a fit found.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// Global parameters.
    pub calibration: Calibration,
    /// Factors by chip, in the order given.
    pub chips: Vec<ChipFactors>,
    /// Objective: weighted mean absolute log error plus the priors' share.
    pub objective: f64,
    /// Steps evaluated.
    pub evaluations: u64,
}

/// Predicted seconds of a row; the layout's rules are not checked again.
pub fn predict(row: &FitRow, calibration: &Calibration) -> f64 {
    let calibration = calibration.in_year(row.year);
    let bench = Bench::new(&row.model, &row.chip, &row.network, &calibration, &row.state);
    assemble(&bench, &row.layout, &bench.layer_cost(&row.layout)).total()
}

/// The parts of a row's predicted seconds by name.
pub fn parts(row: &FitRow, calibration: &Calibration) -> Vec<(&'static str, f64)> {
    let calibration = calibration.in_year(row.year);
    let bench = Bench::new(&row.model, &row.chip, &row.network, &calibration, &row.state);
    let t = assemble(&bench, &row.layout, &bench.layer_cost(&row.layout));
    vec![
        ("gemm", t.gemm),
        ("attention", t.attention),
        ("elementwise", t.elementwise),
        ("recompute", t.recompute),
        ("tensor", t.tensor),
        ("context", t.context),
        ("expert", t.expert),
        ("pipeline", t.pipeline),
        ("bubble", t.bubble),
        ("data", t.data),
        ("optimizer", t.optimizer),
        ("host", t.host),
        ("straggler", t.straggler),
    ]
}

/// Absolute log error, rounded off below four per cent so that noise does not steer the fit.
fn loss(row: &FitRow, calibration: &Calibration) -> f64 {
    let e = (predict(row, calibration) / row.seconds).ln();
    (e * e + 0.04 * 0.04).sqrt() - 0.04
}

const CHIP_PARAMETERS: usize = 3;

fn chip_value(c: &ChipFactors, i: usize) -> f64 {
    [c.gemm_bf16, c.gemm_low, c.attention][i]
}

fn with_chip_value(c: &ChipFactors, i: usize, v: f64) -> ChipFactors {
    match i {
        0 => ChipFactors { gemm_bf16: v, ..*c },
        1 => ChipFactors { gemm_low: v, ..*c },
        _ => ChipFactors { attention: v, ..*c },
    }
}

/// Coordinate descent on the logarithms of the parameters, each with its own step that grows on success and halves on
/// failure. Chips without rows keep the factors given.
pub fn fit(rows: &[FitRow], start: &Calibration, chips: &[ChipFactors], options: &FitOptions) -> Fitted {
    let mut prior = start.to_array();
    let mut free = [true; FITTED];
    for (i, value) in &options.pinned {
        if let (Some(slot), Some(f)) = (prior.get_mut(*i), free.get_mut(*i)) {
            (*slot, *f) = (*value, false);
        }
    }
    let with = |v: [f64; FITTED]| Calibration {
        parts: start.parts,
        ..Calibration::from_array(v, start.compute_units)
    };
    let scale = rows.iter().map(|r| r.weight).sum::<f64>().max(f64::MIN_POSITIVE);
    let mut global = prior;
    let mut factors = chips.to_vec();
    let mut evaluations = 0_u64;

    let cost_of =
        |rows: &mut dyn Iterator<Item = &FitRow>, g: &[f64; FITTED], f: &[ChipFactors], n: &mut u64| {
            let base = with(*g);
            let per_chip: Vec<Calibration> = f.iter().map(|c| base.with(c)).collect();
            let mut sum = 0.0;
            for r in rows {
                if let Some(c) = per_chip.get(r.chip_index) {
                    sum += r.weight * loss(r, c);
                    *n += 1;
                }
            }
            sum / scale
        };
    let penalty_global = |i: usize, v: f64| {
        if !free[i] {
            return 0.0;
        }
        let z = (v / prior[i]).ln() / PRIORS[i].spread;
        options.stiffness * z * z
    };
    let penalty_chip = |k: usize, i: usize, v: f64| {
        let z = (v / chip_value(&chips[k], i)).ln() / options.chip_spread;
        options.stiffness * z * z
    };

    let mut steps = [0.12; FITTED];
    let mut chip_steps = vec![[0.1; CHIP_PARAMETERS]; factors.len()];
    let mut present = vec![false; factors.len()];
    for r in rows {
        if let Some(p) = present.get_mut(r.chip_index) {
            *p = true;
        }
    }
    let mut current = cost_of(&mut rows.iter(), &global, &factors, &mut evaluations);
    for _ in 0..options.sweeps {
        let mut moved = false;
        for i in 0..FITTED {
            if !free[i] || steps[i] < 0.004 {
                continue;
            }
            let mut success = false;
            for sign in [1.0_f64, -1.0] {
                let p = PRIORS[i];
                let value = (global[i] * (sign * steps[i]).exp()).clamp(p.low, p.high);
                if value == global[i] {
                    continue;
                }
                let mut tried = global;
                tried[i] = value;
                let cost = cost_of(&mut rows.iter(), &tried, &factors, &mut evaluations);
                if cost + penalty_global(i, value) < current + penalty_global(i, global[i]) - 1e-7 {
                    global = tried;
                    current = cost;
                    success = true;
                    break;
                }
            }
            steps[i] = if success { (steps[i] * 1.5_f64).min(0.4) } else { steps[i] * 0.5 };
            moved |= success || steps[i] >= 0.004;
        }
        for (k, widths) in chip_steps.iter_mut().enumerate() {
            if !present[k] {
                continue;
            }
            let own = |r: &&FitRow| r.chip_index == k;
            let mut before = cost_of(&mut rows.iter().filter(own), &global, &factors, &mut evaluations);
            for (i, width) in widths.iter_mut().enumerate() {
                if *width < 0.004 {
                    continue;
                }
                let mut success = false;
                for sign in [1.0_f64, -1.0] {
                    let old = factors[k];
                    let (was, value) = (chip_value(&old, i), chip_value(&old, i) * (sign * *width).exp());
                    factors[k] = with_chip_value(&old, i, value);
                    let after = cost_of(&mut rows.iter().filter(own), &global, &factors, &mut evaluations);
                    if after + penalty_chip(k, i, value) < before + penalty_chip(k, i, was) - 1e-7 {
                        current += after - before;
                        before = after;
                        success = true;
                        break;
                    }
                    factors[k] = old;
                }
                *width = if success { (*width * 1.5_f64).min(0.3) } else { *width * 0.5 };
                moved |= success || *width >= 0.004;
            }
        }
        if !moved {
            break;
        }
    }
    let mut held: f64 = (0..FITTED).map(|i| penalty_global(i, global[i])).sum();
    for (k, f) in factors.iter().enumerate().filter(|(k, _)| present[*k]) {
        held += (0..CHIP_PARAMETERS).map(|i| penalty_chip(k, i, chip_value(f, i))).sum::<f64>();
    }
    Fitted { calibration: with(global), chips: factors, objective: current + held, evaluations }
}

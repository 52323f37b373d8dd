//! What each part of the step model is worth: the whole calibration again without it, scored out of fold.

use std::collections::BTreeMap;

use gigatwin_catalog::Catalog;
use gigatwin_training::calibrate::FitOptions;
use gigatwin_training::{PRIORS, Parts};
use serde::Serialize;

use super::fit::{Parameters, options};
use super::{TABLE, TrainingTableError, predictions, table};
use crate::report::{Fold, Report, mean};

/// The model without one of its parts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ablation {
    /// What is left out; "nothing" for the whole model.
    pub part: &'static str,
    /// Mean over cells of the median absolute error of the step time, out of fold, per cent.
    pub median_abs_pct: f64,
    /// The same of the P90.
    pub p90_abs_pct: f64,
    /// Mean error.
    pub bias_pct: f64,
    /// Cells whose mean absolute error grows by more than a tenth of a point without the part.
    pub cells_improved: usize,
    /// Cells whose error shrinks by as much.
    pub cells_worsened: usize,
    /// The cell that gains most from the part, with what it gains in points.
    pub best_cell: String,
    /// Points.
    pub best_gain_pct: f64,
}

/// How a part is taken away.
enum Without {
    Nothing,
    Form(Parts),
    /// A parameter at the value at which it does nothing.
    Parameter(&'static str, f64),
    ChipFactors,
}

fn parts() -> Vec<(&'static str, Without)> {
    let all = Parts::ALL;
    vec![
        ("nothing", Without::Nothing),
        ("whole tiles and waves", Without::Form(Parts { quantisation: false, ..all })),
        ("attention by sequence and head width", Without::Form(Parts { attention_shape: false, ..all })),
        ("head and uneven layers on their own stages", Without::Form(Parts { stages: false, ..all })),
        ("casts of narrow formats", Without::Form(Parts { casts: false, ..all })),
        ("memory time beside matrix products", Without::Parameter("gemm_unhidden", 0.0)),
        ("efficiency of grouped products", Without::Parameter("grouped_gemm_factor", 1.0)),
        ("portable attention kernels", Without::Parameter("portable_attention", 1.0)),
        ("power per rate", Without::Parameter("power_exponent", 0.0)),
        ("block scales in software", Without::Parameter("block_scaled", 1.0)),
        ("host time per layer", Without::Parameter("host_per_layer", 0.0)),
        ("host time per expert block", Without::Parameter("host_per_expert_block", 0.0)),
        ("fixed time per step", Without::Parameter("step_overhead", 0.0)),
        ("overlap of tensor collectives", Without::Parameter("tensor_overlap", 0.0)),
        ("overlap of gradients and weights", Without::Parameter("data_overlap", 0.0)),
        ("slowdown of computation by what runs beside", Without::Parameter("interference", 0.0)),
        ("slowdown of collectives by computation", Without::Parameter("collective_slowdown", 1.0)),
        ("slowdown of collectives between domains", Without::Parameter("network_slowdown", 1.0)),
        ("slowdown of expert exchange", Without::Parameter("exchange_slowdown", 1.0)),
        ("slowest of n ranks", Without::Parameter("rank_spread", 0.0)),
        ("progress of kernels", Without::Parameter("progress", 0.0)),
        ("progress of software around experts", Without::Parameter("expert_progress", 0.0)),
        ("factors per chip", Without::ChipFactors),
    ]
}

/// How many calibrations [`ablate`] does.
pub fn ablations() -> usize {
    parts().len()
}

/// Fits the shipped table without one part after the other; `done` is told each.
///
/// # Errors
/// Where the shipped table is malformed.
pub fn ablate(mut done: impl FnMut(&str)) -> Result<Vec<Ablation>, TrainingTableError> {
    let table = table::read(TABLE, &Catalog::embedded())?;
    let mut whole: Option<BTreeMap<String, f64>> = None;
    let mut out = Vec::new();
    for (part, without) in parts() {
        let (form, options) = match without {
            Without::Nothing => (Parts::ALL, options()),
            Without::Form(form) => (form, options()),
            Without::Parameter(name, value) => {
                let place = PRIORS.iter().position(|p| p.name == name).unwrap_or(PRIORS.len());
                (Parts::ALL, FitOptions { pinned: vec![(place, value)], ..options() })
            }
            // So narrow that none moves.
            Without::ChipFactors => (Parts::ALL, FitOptions { chip_spread: 1e-6, ..options() }),
        };
        let (parameters, _) = Parameters::refit(&table, form, &options);
        let band = parameters.band(&table);
        let list = predictions(&table, &parameters, |row| row.family.as_str(), &band);
        let mut by_cell: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for p in &list {
            by_cell.entry(p.cell.clone()).or_default().push(100.0 * p.error().abs());
        }
        let errors: BTreeMap<String, f64> =
            by_cell.into_iter().map(|(cell, e)| (cell, mean(e.into_iter()))).collect();
        let base = whole.get_or_insert_with(|| errors.clone());
        let gains: Vec<(f64, &String)> =
            errors.iter().map(|(cell, e)| (e - base.get(cell).copied().unwrap_or(*e), cell)).collect();
        let best = gains.iter().max_by(|a, b| a.0.total_cmp(&b.0));
        let report = Report::score("training", table.total, list, Vec::new(), Fold::Out);
        let Some(all) = report.headline.first() else { continue };
        out.push(Ablation {
            part,
            median_abs_pct: all.median_abs_pct,
            p90_abs_pct: all.p90_abs_pct,
            bias_pct: all.bias_pct,
            cells_improved: gains.iter().filter(|g| g.0 > 0.1).count(),
            cells_worsened: gains.iter().filter(|g| g.0 < -0.1).count(),
            best_cell: best.map_or_else(String::new, |b| b.1.clone()),
            best_gain_pct: best.map_or(0.0, |b| b.0),
        });
        done(part);
    }
    Ok(out)
}

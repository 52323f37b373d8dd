//! Predicted against measured training steps.
//!
//! Rows come from published benchmarks (see `validation/training.csv`, one source per row). The step model's parameters are
//! fitted once per fold, each time without one whole source family; `validation/training_folds.csv` holds the results so
//! that validating costs milliseconds, and the example `calibrate_training` of this crate reproduces them.

pub mod ablate;
pub mod fit;
pub mod table;

use std::collections::BTreeMap;

use gigatwin_catalog::Catalog;
use gigatwin_training::calibrate::{FitRow, predict};
use gigatwin_training::memory;

use crate::report::{Fold, Prediction, Refusal, Report};
use fit::Parameters;
use table::{Row, Table};

/// The shipped table.
pub const TABLE: &str = include_str!("../../../validation/training.csv");
/// The shipped parameters by fold.
pub const FOLDS: &str = include_str!("../../../validation/training_folds.csv");

/// Why a table cannot be scored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrainingTableError {
    /// Not a table.
    #[error("the table cannot be read: {0}")]
    Format(String),
    /// A column is missing.
    #[error("the table has no column \"{0}\"")]
    MissingColumn(&'static str),
    /// A cell is not of its column's kind.
    #[error("line {line}: \"{text}\" is no {column}")]
    Cell {
        /// Line of the file.
        line: u64,
        /// Column.
        column: &'static str,
        /// What stands there.
        text: String,
    },
}

/// Scores the shipped table (`None`: out-of-fold headline, in-sample beside it) or a user's own (nothing fitted).
///
/// # Errors
/// Where the table is malformed.
pub fn validate(csv: Option<&str>) -> Result<Report, TrainingTableError> {
    let parameters = Parameters::read(FOLDS)?;
    let shipped = table::read(TABLE, &Catalog::embedded())?;
    match csv {
        None => Ok(score(&shipped, &parameters)),
        Some(text) => {
            let band = parameters.band(&shipped);
            let table = table::read(text, &Catalog::embedded())?;
            let times = predictions(&table, &parameters, |_| "all", &band);
            Ok(report(&table, times, Fold::None))
        }
    }
}

/// Scores a table under parameters of its own folds: out of fold, and in sample beside it.
pub fn score(table: &Table, parameters: &Parameters) -> Report {
    let band = parameters.band(table);
    let out = predictions(table, parameters, |row| row.family.as_str(), &band);
    let mut result = report(table, out, Fold::Out);
    let inside = predictions(table, parameters, |_| "all", &band);
    let inside = Report::score("training", table.total, inside, Vec::new(), Fold::In);
    result.headline.extend(inside.headline);
    result.parameters = Some(parameters.count());
    result
}

/// A row as the fit takes it.
pub fn fit_row(row: &Row, chip_index: usize, weight: f64) -> FitRow {
    let tokens = row.layout.tokens();
    let seconds =
        row.seconds.or_else(|| row.tokens_per_chip.map(|rate| tokens / (rate * row.layout.chips() as f64)));
    FitRow {
        model: row.model.clone(),
        chip: row.chip,
        chip_index,
        network: row.network,
        state: row.state,
        layout: row.layout,
        year: row.year,
        seconds: seconds.unwrap_or(f64::NAN),
        weight,
    }
}

/// Low and high factor on a prediction, by source family (from the errors of all others; "all" for anything else) and by whether
/// the model is a mixture of experts.
pub type Band = BTreeMap<(String, bool), (f64, f64)>;

fn predictions<'a>(
    table: &'a Table,
    parameters: &Parameters,
    fold: impl Fn(&'a Row) -> &'a str,
    band: &Band,
) -> Vec<Prediction> {
    let mut out = Vec::new();
    for row in table.rows.iter().filter(|r| r.headline) {
        let key = fold(row);
        let calibration = parameters.of(key, &row.chip_id);
        let fit = fit_row(row, 0, 1.0);
        let seconds = predict(&fit, &calibration);
        let of = |family: &str| band.get(&(family.to_owned(), row.model.moe.is_some())).copied();
        let (low, high) = of(key).or_else(|| of("all")).unwrap_or((1.0, 1.0));
        let mut classes = Vec::new();
        if row.model.moe.is_some() {
            classes.push("moe");
        } else {
            classes.push("dense");
        }
        // Sources whose figures other predictors publish theirs on.
        for named in ["vtrain", "korthikanti"] {
            if row.family == named {
                classes.push(named);
            }
        }
        if row.layout.chips() > 512 {
            classes.push("gt_512_chips");
        }
        let (metric, predicted, low, high, measured) = match row.seconds {
            Some(measured) => ("step_time_s", seconds, seconds * low, seconds * high, measured),
            None => {
                let rate = row.layout.tokens() / (seconds * row.layout.chips() as f64);
                (
                    "tokens_per_s_per_chip",
                    rate,
                    rate / high,
                    rate / low,
                    row.tokens_per_chip.unwrap_or(f64::NAN),
                )
            }
        };
        out.push(Prediction {
            id: row.id.clone(),
            metric,
            predicted,
            low,
            high,
            measured,
            cell: row.cell(),
            classes,
        });
    }
    out
}

/// Memory is counted, not fitted: its band is the allocator slack and workspace taken as 0.9 to 1.15.
fn memory_predictions(table: &Table) -> Vec<Prediction> {
    table
        .rows
        .iter()
        .filter(|r| r.headline)
        .filter_map(|row| {
            let measured = row.memory_gib?;
            let predicted = memory(&row.model, &row.chip, &row.state, &row.layout).total().gib();
            let kind = if row.model.moe.is_some() { "moe" } else { "dense" };
            Some(Prediction {
                id: row.id.clone(),
                metric: "memory_gib",
                predicted,
                low: 0.9 * predicted,
                high: 1.15 * predicted,
                measured,
                cell: row.cell(),
                classes: vec![kind],
            })
        })
        .collect()
}

fn report(table: &Table, times: Vec<Prediction>, fold: Fold) -> Report {
    let refused: Vec<Refusal> = table
        .skipped
        .iter()
        .map(|s| Refusal {
            id: s.id.clone(),
            reason: s.reason.to_string(),
            fully_specified: s.reason.fully_specified(),
            cell: s.cell.clone(),
            metric: "step_time_s",
        })
        .collect();
    let mut result = Report::score("training", table.total, times, refused, fold);
    let stored = Report::score("training", table.total, memory_predictions(table), Vec::new(), Fold::None);
    result.headline.extend(stored.headline);
    result.cells.extend(stored.cells);
    result.predictions.extend(stored.predictions);
    result
        .predictions
        .sort_by(|a, b| b.error().abs().total_cmp(&a.error().abs()).then_with(|| a.id.cmp(&b.id)));
    result
}

//! Bus bandwidth of collectives as published against the model, each source × GPU left out of the fit in
//! turn.

mod fit;
mod rows;
mod text;

use std::collections::BTreeMap;

use gigatwin_fabric::bands::ASSUMED_BAND;

use crate::report::{Fold, Prediction, Refusal, Report, quantile, sorted};
use crate::table::{Table, ValidationError};

use fit::{Parameters, fit};
use rows::{Measured, read};

const SHIPPED: &str = include_str!("../../../validation/collectives.csv");
const METRIC: &str = "busbw_gbps";

/// Scores the shipped table, or a table of the same columns with nothing fitted to it.
///
/// Fitted are two numbers for all chips (launch, pipeline fill) and, drawn towards common values, three per
/// chip generation: ring efficiency, in-switch efficiency, launch. NIC efficiency and latencies are not
/// fitted.
///
/// Rows that their source calls misbehaving are no targets and are refused as not specified; so are rows
/// whose chip or NIC is not stated.
///
/// # Errors
/// [`ValidationError`] with line and column where the table cannot be read.
pub fn validate(csv: Option<&str>) -> Result<Report, ValidationError> {
    let (shipped, shipped_refused, shipped_rows) = parse(SHIPPED)?;
    let folds = Folds::new(&shipped);
    match csv {
        None => {
            let predictions = shipped
                .iter()
                .zip(&folds.source)
                .map(|(row, predicted)| {
                    let band = band(row, &shipped, &folds, Some(&row.cell));
                    let mut p = prediction(row, *predicted, band);
                    // No other source has measured this generation on this kind of network.
                    if !shipped.iter().any(|r| r.sibling_of(row)) {
                        p.classes.push("unfalsified");
                    }
                    p
                })
                .collect();
            Ok(Report::score("collectives", shipped_rows, predictions, shipped_refused, Fold::Out))
        }
        Some(text) => {
            let (own, refused, rows) = parse(text)?;
            let parameters = Parameters::shipped();
            let predictions = own
                .iter()
                .map(|row| {
                    let band = band(row, &shipped, &folds, None);
                    let mut p = prediction(row, parameters.predict(row), band);
                    if !shipped.iter().any(|r| r.sibling_of(row)) {
                        p.classes.push("unfalsified");
                    }
                    p
                })
                .collect();
            Ok(Report::score("collectives", rows, predictions, refused, Fold::None))
        }
    }
}

fn parse(text: &str) -> Result<(Vec<Measured>, Vec<Refusal>, usize), ValidationError> {
    let table = Table::read(text, &["collective", "gpu", "n_gpus", "nodes", "bytes", "busbw_GBps"])?;
    let (mut known, mut refused, mut rows) = (Vec::new(), Vec::new(), 0);
    for (i, row) in table.rows().enumerate() {
        rows += 1;
        match read(&row, i)? {
            Ok(measured) => known.push(measured),
            Err((id, reason)) => refused.push(Refusal {
                id,
                reason,
                fully_specified: false,
                cell: "none".to_owned(),
                metric: METRIC,
            }),
        }
    }
    Ok((known, refused, rows))
}

/// Each row as predicted by parameters fitted without the rows of its group.
fn left_out(rows: &[Measured], group: impl Fn(&Measured) -> String) -> Vec<f64> {
    let groups_of: Vec<String> = rows.iter().map(group).collect();
    let mut groups = groups_of.clone();
    groups.sort_unstable();
    groups.dedup();
    let mut predicted = vec![0.0; rows.len()];
    for g in groups {
        let rest: Vec<&Measured> =
            rows.iter().zip(&groups_of).filter(|(r, o)| **o != g && r.fits()).map(|(r, _)| r).collect();
        let parameters = fit(&rest);
        for ((row, own), p) in rows.iter().zip(&groups_of).zip(&mut predicted) {
            if *own == g {
                *p = parameters.predict(row);
            }
        }
    }
    predicted
}

/// Errors of every row out of fold.
struct Folds {
    /// Predicted without the row's source × GPU.
    source: Vec<f64>,
    /// Predicted without the row's generation.
    family: Vec<f64>,
}

impl Folds {
    fn new(rows: &[Measured]) -> Folds {
        let family = |r: &Measured| format!("{:?}", r.family);
        Folds { source: left_out(rows, |r| r.cell.clone()), family: left_out(rows, family) }
    }
}

/// Fewest other cells of its kind that give a row a band of its own kind.
const ENOUGH_CELLS: usize = 2;

/// Factors on the prediction between which four in five rows of like size lie out of fold.
///
/// The half-width is a quantile of the absolute logarithmic error, every cell weighing the same. As a new site is a new
/// cell, the quantile is that of conformal prediction over C cells, 0.8·(C + 1)/C.
///
/// Where another source has measured the generation, errors are those without the own source; else those without the whole
/// generation, which is what the model then has to do. Where fewer than two other cells are of the same kind (within or
/// between domains) and size, the wider of two bands stands in: of both kinds at that size, and at all sizes from 1 MiB. Collectives other than all-reduce between
/// domains have almost no healthy published row: there the band is assumed, 0.5 to 1.15.
fn band(row: &Measured, rows: &[Measured], folds: &Folds, without: Option<&str>) -> (f64, f64) {
    if !row.has_measured_band() {
        return ASSUMED;
    }
    let known = rows.iter().any(|r| r.sibling_of(row));
    let half = half_width(rows, folds, row.inter_node, row.band_class(), known, without);
    ((-half).exp(), half.exp())
}

/// The same on the bus bandwidth as the product's on the time.
const ASSUMED: (f64, f64) = (1.0 / ASSUMED_BAND.1, 1.0 / ASSUMED_BAND.0);

fn half_width(
    rows: &[Measured],
    folds: &Folds,
    inter_node: bool,
    class: u8,
    known: bool,
    without: Option<&str>,
) -> f64 {
    let cells = |chosen: &dyn Fn(&Measured) -> bool| {
        let mut by_cell: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for (i, r) in rows.iter().enumerate() {
            if Some(r.cell.as_str()) != without && r.has_measured_band() && r.fits() && chosen(r) {
                let predicted = if known { folds.source[i] } else { folds.family[i] };
                by_cell.entry(&r.cell).or_default().push((r.busbw / predicted).ln().abs());
            }
        }
        by_cell
    };
    let own = cells(&|r| r.band_class() == class && r.inter_node == inter_node);
    if own.len() >= ENOUGH_CELLS {
        return four_in_five(own);
    }
    let like_size = cells(&|r| r.band_class() == class);
    let all_sizes = cells(&|r| r.band_class().min(1) == class.min(1));
    four_in_five(like_size).max(four_in_five(all_sizes))
}

fn four_in_five(by_cell: BTreeMap<&str, Vec<f64>>) -> f64 {
    let n = by_cell.len() as f64;
    // Nine quantiles of each cell stand for it, whatever its number of rows.
    let errors = sorted(by_cell.into_values().flat_map(|v| {
        let v = sorted(v.into_iter());
        (0..9).map(move |i| quantile(&v, f64::from(i) / 8.0))
    }));
    quantile(&errors, 0.8 * (n + 1.0) / n.max(1.0))
}

fn prediction(row: &Measured, predicted: f64, (low, high): (f64, f64)) -> Prediction {
    Prediction {
        id: row.id.clone(),
        metric: METRIC,
        predicted,
        low: predicted * low,
        high: predicted * high,
        measured: row.busbw,
        cell: row.cell.clone(),
        classes: row.classes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Headline;

    fn headline<'a>(report: &'a Report, class: &str) -> &'a Headline {
        report.headline.iter().find(|h| h.class == class).unwrap()
    }

    #[test]
    fn out_of_fold_errors_stay_within_the_bars() {
        let report = validate(None).unwrap();
        let large = headline(&report, "ge_512mb");
        assert!(large.mean_abs_pct < 10.0 && large.max_abs_pct < 25.0, "{large:?}");
        assert!(headline(&report, "mb_1_256").mean_abs_pct < 20.0);
        assert!(headline(&report, "intra_node_ge_512mb").mean_abs_pct < 10.0);
        assert!(headline(&report, "inter_node_ge_512mb").mean_abs_pct < 10.0);
        assert!(report.headline.iter().all(|h| h.fold == Fold::Out));
    }

    #[test]
    fn the_shipped_calibration_is_the_fit_on_all_rows() {
        let (rows, _, _) = parse(SHIPPED).unwrap();
        let all: Vec<&Measured> = rows.iter().filter(|r| r.fits()).collect();
        let (fitted, shipped) = (fit(&all), Parameters::shipped());
        for row in &rows {
            let (a, b) = (fitted.predict(row), shipped.predict(row));
            assert!((a / b - 1.0).abs() < 0.02, "{}: {a} fitted, {b} shipped", row.id);
        }
    }

    /// What `fabric collective` shows is what a row of a new site gets here.
    #[test]
    fn the_shipped_bands_are_those_of_the_out_of_fold_errors() {
        let (rows, _, _) = parse(SHIPPED).unwrap();
        let folds = Folds::new(&rows);
        let mut found = String::new();
        let mut agree = true;
        for known in [false, true] {
            for inter in [false, true] {
                for class in 0..3u8 {
                    let own = half_width(&rows, &folds, inter, class, known, None);
                    let shipped = gigatwin_fabric::bands::half_width(known, inter, class);
                    agree &= (own - shipped).abs() < 0.002;
                    found.push_str(&format!("known {known} inter {inter} class {class}: {own:.4}\n"));
                }
            }
        }
        assert!(agree, "{found}");
        for row in rows.iter().filter(|r| r.has_measured_band()) {
            let known = gigatwin_fabric::bands::is_measured(row.family, row.inter_node);
            assert!(known || row.family == gigatwin_fabric::Family::Other, "{}", row.id);
        }
    }

    #[test]
    fn four_in_five_rows_of_every_class_lie_in_their_band() {
        for h in validate(None).unwrap().headline {
            assert!(h.coverage_pct >= 80.0, "{h:?}");
        }
    }

    #[test]
    fn own_tables_are_scored_without_a_fit() {
        let text = "collective,gpu,n_gpus,nodes,bytes,busbw_GBps\nall_reduce,H100,8,1,8589934592,478\n\
                    alltoall,H200,16,2,1073741824,80\nall_reduce,Abacus,8,1,1024,1\n";
        let report = validate(Some(text)).unwrap();
        assert_eq!((report.rows, report.answered, report.refused.len()), (3, 2, 1));
        assert!(report.headline.iter().all(|h| h.fold == Fold::None));
        assert!(
            validate(Some("collective,gpu,n_gpus,nodes,bytes,busbw_GBps\nall_reduce,H100,8,1,1024,x\n"))
                .is_err()
        );
    }
}

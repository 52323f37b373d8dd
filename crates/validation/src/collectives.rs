//! Bus bandwidth of collectives as published against the model, each source × GPU left out of the fit in
//! turn.

mod fit;
mod rows;
mod text;

use std::collections::BTreeMap;

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
    let folded = out_of_fold(&shipped);
    match csv {
        None => {
            let predictions = shipped
                .iter()
                .zip(&folded)
                .map(|(row, predicted)| {
                    let band = band(row, &shipped, &folded, Some(&row.cell));
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
                    let band = band(row, &shipped, &folded, None);
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
                reason: reason.to_owned(),
                fully_specified: false,
                cell: "none".to_owned(),
                metric: METRIC,
            }),
        }
    }
    Ok((known, refused, rows))
}

/// Each row as predicted by parameters fitted without its cell.
fn out_of_fold(rows: &[Measured]) -> Vec<f64> {
    let mut cells: Vec<&str> = rows.iter().map(|r| r.cell.as_str()).collect();
    cells.sort_unstable();
    cells.dedup();
    let mut predicted = vec![0.0; rows.len()];
    for cell in cells {
        let rest: Vec<&Measured> = rows.iter().filter(|r| r.cell != cell && r.fits()).collect();
        let parameters = fit(&rest);
        for (row, p) in rows.iter().zip(&mut predicted).filter(|(r, _)| r.cell == cell) {
            *p = parameters.predict(row);
        }
    }
    predicted
}

/// Factors on the prediction between which four in five rows of like size lie out of fold.
///
/// The half-width is a quantile of the absolute logarithmic error, every cell weighing the same. As a new
/// site is a new cell, the quantile is that of conformal prediction over C cells, 0.8·(C + 1)/C. Collectives
/// other than all-reduce between domains have almost no healthy published row: there the band is assumed, 0.5
/// to 1.15.
fn band(row: &Measured, rows: &[Measured], folded: &[f64], without: Option<&str>) -> (f64, f64) {
    if !row.has_measured_band() {
        return (0.5, 1.15);
    }
    let mut by_cell: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (r, p) in rows.iter().zip(folded) {
        if Some(r.cell.as_str()) != without && r.band_class() == row.band_class() && r.has_measured_band() {
            by_cell.entry(&r.cell).or_default().push((r.busbw / p).ln().abs());
        }
    }
    let cells = by_cell.len() as f64;
    // Nine quantiles of each cell stand for it, whatever its number of rows.
    let known = sorted(by_cell.into_values().flat_map(|v| {
        let v = sorted(v.into_iter());
        (0..9).map(move |i| quantile(&v, f64::from(i) / 8.0))
    }));
    let half = quantile(&known, 0.8 * (cells + 1.0) / cells.max(1.0));
    ((-half).exp(), half.exp())
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

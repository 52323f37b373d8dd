//! Parameters by fold: reading them, fitting them, and the bands that follow from out-of-fold errors.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use gigatwin_quantity::Time;
use gigatwin_training::calibrate::{FitOptions, FitRow, Prior, fit, predict};
use gigatwin_training::{Calibration, ChipFactors};

use super::table::{Row, Table};
use super::{Band, TrainingTableError, fit_row};

/// Fitted parameters of every fold: "all" rows, and all rows but one source family under that family's name.
#[derive(Debug, Clone, Default)]
pub struct Parameters {
    folds: BTreeMap<String, FoldParameters>,
}

/// Global parameters by name, and factors by chip.
type FoldParameters = (BTreeMap<String, f64>, BTreeMap<String, ChipFactors>);

/// Tail left out on either side of a band. A family that was left out errs by more than those it is judged by, so a little
/// less than a tenth.
const TAIL: f64 = 0.08;

/// Streaming multiprocessors by chip (vendor white papers, recalled).
pub fn compute_units(chip: &str) -> Option<f64> {
    match chip {
        "a100-sxm-40" | "a100-sxm-80" => Some(108.0),
        "h100-sxm" | "h200-sxm" | "h100-96-500w" => Some(132.0),
        "b200-hgx" | "gb200" => Some(148.0),
        _ => None,
    }
}

/// Where the fit starts, and the centre of its priors: plausible figures before any row was seen.
pub fn start() -> Calibration {
    Calibration {
        gemm_efficiency_bf16: 0.72,
        gemm_efficiency_fp8: 0.65,
        gemm_efficiency_fp4: 0.55,
        gemm_unhidden: 0.3,
        grouped_gemm_factor: 0.8,
        attention_efficiency: 0.6,
        unfused_passes: 1.5,
        elementwise_passes: 1.5,
        host_per_layer: Time::from_us(400.0),
        step_overhead: Time::from_ms(10.0),
        tensor_overlap: 0.5,
        data_overlap: 0.6,
        expert_overlap: 0.5,
        collective_slowdown: 1.3,
        rank_spread: 0.005,
        portable_attention: 0.65,
        power_exponent: 0.25,
        compute_units: 132.0,
    }
}

/// Priors and stiffness of the fit.
pub fn options() -> FitOptions {
    let p = |spread, low, high| Prior { spread, low, high };
    FitOptions {
        priors: [
            p(0.15, 0.3, 0.95),
            p(0.2, 0.2, 0.95),
            p(0.3, 0.1, 0.95),
            p(0.7, 0.01, 1.0),
            p(0.3, 0.2, 1.0),
            p(0.3, 0.1, 0.9),
            p(0.5, 0.3, 6.0),
            p(0.5, 0.5, 6.0),
            p(0.7, 1.0, 3000.0),
            p(0.7, 100.0, 200_000.0),
            p(0.5, 0.01, 0.95),
            p(0.4, 0.01, 1.0),
            p(0.5, 0.01, 0.95),
            p(0.3, 1.0, 3.0),
            p(0.7, 0.0001, 0.04),
            p(0.3, 0.2, 1.0),
            p(0.5, 0.01, 1.0),
        ],
        chip_spread: 0.12,
        stiffness: 0.0015,
        sweeps: 80,
    }
}

impl Parameters {
    /// Reads `fold,chip,parameter,value`; an empty chip is a global parameter.
    ///
    /// # Errors
    /// Where a line is malformed.
    pub fn read(text: &str) -> Result<Parameters, TrainingTableError> {
        let mut out = Parameters::default();
        for (i, line) in text.lines().enumerate().skip(1).filter(|(_, l)| !l.trim().is_empty()) {
            let cells: Vec<&str> = line.split(',').map(str::trim).collect();
            let bad =
                || TrainingTableError::Cell { line: i as u64 + 1, column: "value", text: line.to_owned() };
            let [fold, chip, name, value] = cells[..] else { return Err(bad()) };
            let value: f64 = value.parse().map_err(|_| bad())?;
            let entry = out.folds.entry(fold.to_owned()).or_default();
            if chip.is_empty() {
                entry.0.insert(name.to_owned(), value);
                continue;
            }
            let units = compute_units(chip);
            let factors = entry
                .1
                .entry(chip.to_owned())
                .or_insert(ChipFactors { compute_units: units, ..ChipFactors::UNKNOWN });
            match name {
                "gemm_bf16" => factors.gemm_bf16 = value,
                "gemm_low" => factors.gemm_low = value,
                "attention" => factors.attention = value,
                _ => return Err(bad()),
            }
        }
        Ok(out)
    }

    /// Names of the folds.
    pub fn folds(&self) -> impl Iterator<Item = &str> {
        self.folds.keys().map(String::as_str)
    }

    /// A global parameter of a fold.
    pub fn global(&self, fold: &str, name: &str) -> Option<f64> {
        self.folds.get(fold)?.0.get(name).copied()
    }

    /// The factors of a fold's chips.
    pub fn chips(&self, fold: &str) -> impl Iterator<Item = (&str, &ChipFactors)> {
        self.folds.get(fold).into_iter().flat_map(|f| f.1.iter().map(|(id, c)| (id.as_str(), c)))
    }

    /// The parameters of one fold for one chip; the fold of all rows where there is no such fold.
    pub fn of(&self, fold: &str, chip: &str) -> Calibration {
        let mut base = start();
        let known = self.folds.get(fold).or_else(|| self.folds.get("all"));
        let mut factors = ChipFactors { compute_units: compute_units(chip), ..ChipFactors::UNKNOWN };
        if let Some((global, chips)) = known {
            let mut v = base.to_array();
            for (slot, name) in v.iter_mut().zip(Calibration::PARAMETERS) {
                if let Some(value) = global.get(name) {
                    *slot = *value;
                }
            }
            base = base.with_array(v);
            if let Some(found) = chips.get(chip) {
                factors = *found;
            }
        }
        base.with(&factors)
    }

    /// Bands aimed at 80 %: for each family quantiles of measured over predicted, out of fold, of all other families' cells (each
    /// cell counting once); under "all" those of every cell.
    pub fn band(&self, table: &Table) -> Band {
        let mut ratios: Vec<(String, f64, f64)> = Vec::new();
        let weights = cell_weights(table);
        for row in table.rows.iter().filter(|r| r.headline) {
            let fit = fit_row(row, 0, 1.0);
            let ratio = fit.seconds / predict(&fit, &self.of(&row.family, &row.chip_id));
            ratios.push((row.family.clone(), ratio, weights.get(&row.cell()).copied().unwrap_or(0.0)));
        }
        ratios.sort_by(|a, b| a.1.total_cmp(&b.1));
        let mut families: Vec<String> = ratios.iter().map(|r| r.0.clone()).collect();
        families.sort();
        families.dedup();
        let quantile = |skip: Option<&str>, q: f64| {
            let kept = || ratios.iter().filter(|r| Some(r.0.as_str()) != skip);
            let total: f64 = kept().map(|r| r.2).sum();
            let mut sum = 0.0;
            for r in kept() {
                sum += r.2;
                if sum >= q * total {
                    return r.1;
                }
            }
            1.0
        };
        let mut band = Band::new();
        for family in &families {
            band.insert(family.clone(), (quantile(Some(family), TAIL), quantile(Some(family), 1.0 - TAIL)));
        }
        band.insert("all".to_owned(), (quantile(None, TAIL), quantile(None, 1.0 - TAIL)));
        band
    }
}

fn cell_weights(table: &Table) -> BTreeMap<String, f64> {
    let mut counts: BTreeMap<String, f64> = BTreeMap::new();
    for row in table.rows.iter().filter(|r| r.headline) {
        *counts.entry(row.cell()).or_default() += 1.0;
    }
    counts.values_mut().for_each(|n| *n = 1.0 / *n);
    counts
}

/// Fits one fold (all rows but one family, or all) and returns its lines of the parameter file.
pub fn fit_fold(table: &Table, without: Option<&str>) -> (String, f64, u64) {
    let weights = cell_weights(table);
    let mut chips: Vec<&str> = table.rows.iter().map(|r| r.chip_id.as_str()).collect();
    chips.sort_unstable();
    chips.dedup();
    let kept = |r: &&Row| r.headline && without != Some(r.family.as_str());
    let rows: Vec<FitRow> = table
        .rows
        .iter()
        .filter(kept)
        .map(|r| {
            let index = chips.iter().position(|c| *c == r.chip_id).unwrap_or(0);
            fit_row(r, index, weights.get(&r.cell()).copied().unwrap_or(0.0))
        })
        .collect();
    let factors: Vec<ChipFactors> = chips
        .iter()
        .map(|c| ChipFactors { compute_units: compute_units(c), ..ChipFactors::UNKNOWN })
        .collect();
    let fitted = fit(&rows, &start(), &factors, &options());
    let fold = without.unwrap_or("all");
    let mut text = String::new();
    for (name, value) in Calibration::PARAMETERS.iter().zip(fitted.calibration.to_array()) {
        let _ = writeln!(text, "{fold},,{name},{value:.6}");
    }
    for (chip, f) in chips.iter().zip(&fitted.chips) {
        for (name, value) in
            [("gemm_bf16", f.gemm_bf16), ("gemm_low", f.gemm_low), ("attention", f.attention)]
        {
            if value != 1.0 {
                let _ = writeln!(text, "{fold},{chip},{name},{value:.6}");
            }
        }
    }
    (text, fitted.objective, fitted.evaluations)
}

//! Parameters by fold: reading them, fitting them, and the bands that follow from out-of-fold errors.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use gigatwin_quantity::Bandwidth;
use gigatwin_training::calibrate::{FitOptions, FitRow, fit, predict};
use gigatwin_training::{Calibration, ChipFactors, PRIORS, Parts};

use super::table::Table;
use super::{Band, TrainingTableError, fit_row};
use crate::report::ParameterCount;

/// Fitted parameters of every fold: "all" rows, and all rows but one source family under that family's name.
#[derive(Debug, Clone, Default)]
pub struct Parameters {
    folds: BTreeMap<String, FoldParameters>,
    parts: Parts,
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

/// What is known of a chip beside its datasheet figures before any fit.
pub fn known(chip: &str) -> ChipFactors {
    let reach = ceiling(chip);
    ChipFactors {
        gemm_bf16: reach,
        gemm_low: reach,
        attention: reach,
        compute_units: compute_units(chip),
        host_link: host_link(chip),
    }
}

/// Chips whose highest measured matrix rate (`matmul_achievable_bf16` in the catalog) lies below what the global parameters and
/// their power give: that rate over this. 668 of 1,307 TFLOP/s on MI300X, 785 of 1,307 on MI325X.
fn ceiling(chip: &str) -> f64 {
    match chip {
        "mi300x" => 0.80,
        "mi325x" => 0.84,
        _ => 1.0,
    }
}

/// Superchips reach their host over NVLink-C2C: 450 GB/s in one direction (vendor white papers, recalled), of which copies reach
/// about three quarters.
pub fn host_link(chip: &str) -> Option<Bandwidth> {
    ["gb200", "gb300", "gh200"].iter().any(|c| chip.starts_with(c)).then(|| Bandwidth::from_gb_per_s(340.0))
}

/// Options of the fit.
pub fn options() -> FitOptions {
    FitOptions { chip_spread: 0.2, stiffness: 0.001, sweeps: 80, pinned: Vec::new() }
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
            let factors = entry.1.entry(chip.to_owned()).or_insert_with(|| known(chip));
            match name {
                "gemm_bf16" => factors.gemm_bf16 = value,
                "gemm_low" => factors.gemm_low = value,
                "attention" => factors.attention = value,
                _ => return Err(bad()),
            }
        }
        Ok(out)
    }

    /// How many there are in the fold of all rows.
    pub fn count(&self) -> ParameterCount {
        ParameterCount { global: PRIORS.len(), per_chip: 3, chips: self.chips("all").count(), per_source: 0 }
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
        let mut v = PRIORS.map(|p| p.centre);
        let fold = self.folds.get(fold).or_else(|| self.folds.get("all"));
        let mut factors = known(chip);
        if let Some((global, chips)) = fold {
            for (slot, p) in v.iter_mut().zip(PRIORS) {
                if let Some(value) = global.get(p.name) {
                    *slot = *value;
                }
            }
            if let Some(found) = chips.get(chip) {
                factors = *found;
            }
        }
        Calibration { parts: self.parts, ..Calibration::from_array(v, UNITS) }.with(&factors)
    }

    /// Bands aimed at 80 %, for dense models and mixtures of experts apart: for each family quantiles of measured over predicted,
    /// out of fold, of all other families' cells (each cell counting once); under "all" those of every cell.
    pub fn band(&self, table: &Table) -> Band {
        let mut band = Band::new();
        for moe in [false, true] {
            self.band_of(table, moe, &mut band);
        }
        band
    }

    fn band_of(&self, table: &Table, moe: bool, band: &mut Band) {
        let mut counts: BTreeMap<String, f64> = BTreeMap::new();
        let rows = || table.rows.iter().filter(|r| r.fitted && r.model.moe.is_some() == moe);
        for row in rows() {
            *counts.entry(row.cell()).or_default() += 1.0;
        }
        let mut ratios: Vec<(&str, f64, f64)> = rows()
            .map(|row| {
                let fit = fit_row(row, 0, 1.0);
                let ratio = fit.seconds / predict(&fit, &self.of(&row.family, &row.chip_id));
                (row.family.as_str(), ratio, counts.get(&row.cell()).map_or(0.0, |n| 1.0 / n))
            })
            .collect();
        ratios.sort_by(|a, b| a.1.total_cmp(&b.1));
        let quantile = |skip: Option<&str>, q: f64| {
            let kept = || ratios.iter().filter(|r| Some(r.0) != skip);
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
        let all = (quantile(None, TAIL), quantile(None, 1.0 - TAIL));
        for family in folds(table) {
            let skip = (family != "all").then_some(family.as_str());
            let own = (quantile(skip, TAIL), quantile(skip, 1.0 - TAIL));
            band.insert((family.clone(), moe), if own.0 < own.1 { own } else { all });
        }
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

/// Parallel units of a chip of which they are not known: those of an H100.
const UNITS: f64 = 132.0;

/// What a fold's fit took.
#[derive(Debug, Clone, PartialEq)]
pub struct Effort {
    /// Fold.
    pub fold: String,
    /// Objective reached.
    pub objective: f64,
    /// Steps evaluated.
    pub evaluations: u64,
}

/// Names of the folds of a table: "all", then every source family.
pub fn folds(table: &Table) -> Vec<String> {
    let families: BTreeSet<&str> = table.rows.iter().map(|r| r.family.as_str()).collect();
    std::iter::once("all").chain(families).map(str::to_owned).collect()
}

/// Fits one fold: all rows ("all"), or all but those of the family it is named after.
fn fit_fold(table: &Table, fold: &str, parts: Parts, options: &FitOptions) -> (FoldParameters, Effort) {
    let weights = cell_weights(table);
    let chips: BTreeSet<&str> = table.rows.iter().map(|r| r.chip_id.as_str()).collect();
    let rows: Vec<FitRow> = table
        .rows
        .iter()
        .filter(|r| r.fitted && fold != r.family.as_str())
        .map(|r| {
            let index = chips.iter().position(|c| *c == r.chip_id).unwrap_or(0);
            fit_row(r, index, weights.get(&r.cell()).copied().unwrap_or(0.0))
        })
        .collect();
    let factors: Vec<ChipFactors> = chips.iter().map(|c| known(c)).collect();
    let start = Calibration { parts, ..Calibration::from_array(PRIORS.map(|p| p.centre), UNITS) };
    let fitted = fit(&rows, &start, &factors, options);
    let global =
        PRIORS.iter().map(|p| p.name.to_owned()).zip(fitted.calibration.to_array().map(rounded)).collect();
    let by_chip = chips
        .iter()
        .zip(&fitted.chips)
        .filter(|(_, f)| (f.gemm_bf16, f.gemm_low, f.attention) != (1.0, 1.0, 1.0))
        .map(|(chip, f)| {
            let f = ChipFactors {
                gemm_bf16: rounded(f.gemm_bf16),
                gemm_low: rounded(f.gemm_low),
                attention: rounded(f.attention),
                ..*f
            };
            ((*chip).to_owned(), f)
        })
        .collect();
    let effort =
        Effort { fold: fold.to_owned(), objective: fitted.objective, evaluations: fitted.evaluations };
    ((global, by_chip), effort)
}

/// As many digits as the file of parameters holds.
fn rounded(value: f64) -> f64 {
    (value * 1e6).round() / 1e6
}

impl Parameters {
    /// Fits every fold of a table.
    pub fn refit(table: &Table, parts: Parts, options: &FitOptions) -> (Parameters, Vec<Effort>) {
        let mut out = Parameters { parts, ..Parameters::default() };
        let mut efforts = Vec::new();
        for fold in folds(table) {
            let (parameters, effort) = fit_fold(table, &fold, parts, options);
            out.folds.insert(fold, parameters);
            efforts.push(effort);
        }
        (out, efforts)
    }

    /// One fold fitted anew, as lines of the parameter file.
    pub fn refit_one(table: &Table, fold: &str) -> String {
        let (parameters, _) = fit_fold(table, fold, Parts::ALL, &options());
        let mut out = Parameters::default();
        out.folds.insert(fold.to_owned(), parameters);
        out.write()
    }

    /// The parameter file, without its heading.
    pub fn write(&self) -> String {
        let mut text = String::new();
        for (fold, (global, chips)) in &self.folds {
            for (name, value) in global {
                let _ = writeln!(text, "{fold},,{name},{value:.6}");
            }
            for (chip, f) in chips {
                for (name, value) in
                    [("gemm_bf16", f.gemm_bf16), ("gemm_low", f.gemm_low), ("attention", f.attention)]
                {
                    if value != 1.0 {
                        let _ = writeln!(text, "{fold},{chip},{name},{value:.6}");
                    }
                }
            }
        }
        text
    }
}

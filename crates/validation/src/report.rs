//! One way of scoring for all domains: rows into cells, the headline as the plain mean over cells.

use std::collections::BTreeMap;

use serde::Serialize;

/// One measured figure and what the model says of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Prediction {
    /// The row's id in the table.
    pub id: String,
    /// Name of the metric as in the table's column.
    pub metric: &'static str,
    /// Model.
    pub predicted: f64,
    /// P10 of the model's band.
    pub low: f64,
    /// P90 of the model's band.
    pub high: f64,
    /// Measurement.
    pub measured: f64,
    /// The cell it counts in, such as source × chip.
    #[serde(skip)]
    pub cell: String,
    /// Named subsets it belongs to besides "all".
    #[serde(skip)]
    pub classes: Vec<&'static str>,
}

impl Prediction {
    /// predicted / measured − 1.
    pub fn error(&self) -> f64 {
        self.predicted / self.measured - 1.0
    }
}

/// A row without a prediction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The row's id.
    pub id: String,
    /// What was missing or impossible.
    pub reason: String,
    /// Whether the row states all the predictor needs: then it counts as 100 % error.
    pub fully_specified: bool,
    /// The cell it counts in.
    #[serde(skip)]
    pub cell: String,
    /// The metric it would have predicted.
    #[serde(skip)]
    pub metric: &'static str,
}

/// Where the model's parameters come from in these predictions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Fold {
    /// Each row was predicted by parameters fitted without its family.
    Out,
    /// Fitted on the same rows.
    In,
    /// Nothing was fitted.
    None,
}

/// Scores of one metric over one named subset, in per cent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Headline {
    /// Metric name.
    pub metric: &'static str,
    /// Subset name.
    pub class: &'static str,
    /// Number of cells.
    pub cells: usize,
    /// Number of rows.
    pub rows: usize,
    /// Mean over cells of the cell's mean absolute error.
    pub mean_abs_pct: f64,
    /// Mean over cells of the cell's median absolute error.
    pub median_abs_pct: f64,
    /// Mean over cells of the cell's P90 absolute error; cells under five rows pool into one.
    pub p90_abs_pct: f64,
    /// Largest absolute error of any row.
    pub max_abs_pct: f64,
    /// Mean over cells of the cell's mean error.
    pub bias_pct: f64,
    /// Share of rows inside their band, mean over cells.
    pub coverage_pct: f64,
    /// Median width of the band relative to the prediction.
    pub band_width_pct: f64,
    /// Fold of the parameters.
    pub fold: Fold,
    /// Share of pairs in the right order; only of classes that compare pairs, whose errors are then n/a.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub right_pct: Option<f64>,
}

/// Scores of one cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CellScore {
    /// Cell name.
    pub cell: String,
    /// Metric name.
    pub metric: &'static str,
    /// Rows in it.
    pub rows: usize,
    /// Median absolute error in per cent.
    pub median_abs_pct: f64,
    /// Mean error in per cent.
    pub bias_pct: f64,
}

/// Fitted parameters of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ParameterCount {
    /// Those that hold for every chip.
    pub global: usize,
    /// Further ones of each chip with measurements, at most.
    pub per_chip: usize,
    /// Chips with measurements.
    pub chips: usize,
    /// Those of one source, model or row.
    pub per_source: usize,
}

/// The answer of `gigatwin validate DOMAIN`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Domain name.
    pub domain: &'static str,
    /// Rows looked at.
    pub rows: usize,
    /// Rows answered.
    pub answered: usize,
    /// Rows refused, with reasons.
    pub refused: Vec<Refusal>,
    /// How many parameters were fitted, where any were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<ParameterCount>,
    /// Headline scores by metric and class.
    pub headline: Vec<Headline>,
    /// Scores by cell.
    pub cells: Vec<CellScore>,
    /// Every prediction, worst first.
    pub predictions: Vec<Prediction>,
}

impl Report {
    /// Scores predictions and refusals. A fully specified refusal counts as 100 % error in its cell.
    pub fn score(
        domain: &'static str,
        rows: usize,
        mut predictions: Vec<Prediction>,
        refused: Vec<Refusal>,
        fold: Fold,
    ) -> Report {
        predictions.sort_by(|a, b| {
            b.error()
                .abs()
                .total_cmp(&a.error().abs())
                .then_with(|| a.id.cmp(&b.id))
                .then(a.metric.cmp(b.metric))
        });
        let mut metrics: Vec<&'static str> = predictions.iter().map(|p| p.metric).collect();
        metrics.sort_unstable();
        metrics.dedup();
        let mut headline = Vec::new();
        let mut cells = Vec::new();
        for metric in metrics {
            let mut classes: Vec<&'static str> = predictions
                .iter()
                .filter(|p| p.metric == metric)
                .flat_map(|p| p.classes.iter().copied())
                .collect();
            classes.sort_unstable();
            classes.dedup();
            classes.retain(|c| *c != "all");
            classes.insert(0, "all");
            for class in classes {
                let chosen: Vec<&Prediction> = predictions
                    .iter()
                    .filter(|p| p.metric == metric && (class == "all" || p.classes.contains(&class)))
                    .collect();
                let missed: Vec<&Refusal> = refused
                    .iter()
                    .filter(|r| class == "all" && r.metric == metric && r.fully_specified)
                    .collect();
                headline.push(headline_of(metric, class, &chosen, &missed, fold));
            }
            for (cell, rows) in by_cell(&predictions, metric) {
                let abs = sorted(rows.iter().map(|p| p.error().abs()));
                cells.push(CellScore {
                    cell,
                    metric,
                    rows: rows.len(),
                    median_abs_pct: 100.0 * quantile(&abs, 0.5),
                    bias_pct: 100.0 * mean(rows.iter().map(|p| p.error())),
                });
            }
        }
        let mut ids: Vec<&str> = predictions.iter().map(|p| p.id.as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        let answered = ids.len();
        Report { domain, rows, answered, refused, parameters: None, headline, cells, predictions }
    }
}

fn by_cell<'a>(predictions: &'a [Prediction], metric: &str) -> BTreeMap<String, Vec<&'a Prediction>> {
    let mut map: BTreeMap<String, Vec<&Prediction>> = BTreeMap::new();
    for p in predictions.iter().filter(|p| p.metric == metric) {
        map.entry(p.cell.clone()).or_default().push(p);
    }
    map
}

/// Error of a row and whether it lies inside its band.
type Scored = (f64, bool);

fn headline_of(
    metric: &'static str,
    class: &'static str,
    chosen: &[&Prediction],
    missed: &[&Refusal],
    fold: Fold,
) -> Headline {
    // (error, inside band) per row; a refused row is an error of −100 % outside every band.
    let mut map: BTreeMap<&str, Vec<Scored>> = BTreeMap::new();
    for p in chosen {
        map.entry(&p.cell).or_default().push((p.error(), p.low <= p.measured && p.measured <= p.high));
    }
    for r in missed {
        map.entry(&r.cell).or_default().push((-1.0, false));
    }
    let mut pooled = Vec::new();
    let mut p90s = Vec::new();
    for rows in map.values() {
        if rows.len() >= 5 {
            p90s.push(quantile(&sorted(rows.iter().map(|r| r.0.abs())), 0.9));
        } else {
            pooled.extend(rows.iter().map(|r| r.0.abs()));
        }
    }
    if !pooled.is_empty() {
        p90s.push(quantile(&sorted(pooled.into_iter()), 0.9));
    }
    let over = |f: &dyn Fn(&[Scored]) -> f64| 100.0 * mean(map.values().map(|rows| f(rows)));
    let widths = sorted(chosen.iter().map(|p| (p.high - p.low) / p.predicted));
    Headline {
        metric,
        class,
        cells: map.len(),
        rows: chosen.len() + missed.len(),
        mean_abs_pct: over(&|rows| mean(rows.iter().map(|r| r.0.abs()))),
        median_abs_pct: over(&|rows| quantile(&sorted(rows.iter().map(|r| r.0.abs())), 0.5)),
        p90_abs_pct: 100.0 * mean(p90s.iter().copied()),
        max_abs_pct: 100.0 * map.values().flatten().map(|r| r.0.abs()).fold(0.0, f64::max),
        bias_pct: over(&|rows| mean(rows.iter().map(|r| r.0))),
        coverage_pct: over(&|rows| mean(rows.iter().map(|r| f64::from(u8::from(r.1))))),
        band_width_pct: 100.0 * quantile(&widths, 0.5),
        fold,
        right_pct: None,
    }
}

impl Headline {
    /// Pairs in the right order: the mean over cells of their shares. Errors do not apply.
    pub fn pairs(
        metric: &'static str,
        class: &'static str,
        cells: &[(usize, usize)],
        fold: Fold,
    ) -> Headline {
        let n = f64::NAN;
        Headline {
            metric,
            class,
            cells: cells.len(),
            rows: cells.iter().map(|(_, all)| all).sum(),
            mean_abs_pct: n,
            median_abs_pct: n,
            p90_abs_pct: n,
            max_abs_pct: n,
            bias_pct: n,
            coverage_pct: n,
            band_width_pct: n,
            fold,
            right_pct: Some(
                100.0 * mean(cells.iter().map(|(right, all)| *right as f64 / (*all as f64).max(1.0))),
            ),
        }
    }
}

/// Arithmetic mean; zero for nothing.
pub fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut n) = (0.0, 0.0);
    for v in values {
        sum += v;
        n += 1.0;
    }
    if n > 0.0 { sum / n } else { 0.0 }
}

/// Ascending copy.
pub fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut v: Vec<f64> = values.collect();
    v.sort_by(f64::total_cmp);
    v
}

/// Linear-interpolated quantile of ascending values; zero for nothing.
pub fn quantile(ascending: &[f64], q: f64) -> f64 {
    let Some(last) = ascending.len().checked_sub(1) else { return 0.0 };
    let x = q.clamp(0.0, 1.0) * last as f64;
    let (i, f) = (x.floor() as usize, x.fract());
    let upper = ascending[(i + 1).min(last)];
    ascending[i] + f * (upper - ascending[i])
}

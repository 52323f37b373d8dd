//! Published serving measurements against the steady-state model.
//!
//! The shipped table is scored out of fold: each model on each chip is predicted by coefficients fitted without any row of that
//! pair, whatever its source. Offline rows are never fitted. A user's table is scored with the coefficients of the catalog.

use std::collections::BTreeMap;

use gigatwin_catalog::{Catalog, Kind};
use gigatwin_quantity::{Data, Dim, Share};
use gigatwin_serving::calibrate::{
    DECODE_BY_CHIP, DECODE_CENTRE, FIRST_TOKEN_CENTRE, Sample, Shrinkage, fit,
};
use gigatwin_serving::steady::first_token_terms;
use gigatwin_serving::{
    Band, Calibration, Coefficients, EngineFamily, EngineInputs, ServingError, StepModel, memory,
};

use crate::report::{Fold, Prediction, Refusal, Report};
use crate::table::ValidationError;

mod bands;
mod ordering;
mod published;
mod recipes;
mod reported;
mod rows;

use bands::{Ratio, band};
use rows::{Mode, Point, read};

const SHIPPED: &str = include_str!("../../../validation/serving.csv");
/// Below this share of a closed loop's time spent on prompts a row counts as unsaturated.
const UNSATURATED: f64 = 0.3;
/// Gauss-Newton steps from scratch, and from the fit over all rows when one pair is left out.
const STEPS: usize = 40;
const STEPS_FOLD: usize = 6;

/// Scores the shipped table out of fold, or a table of the same columns with the catalog's coefficients.
///
/// # Errors
/// [`ValidationError`] with line and column where the table cannot be read.
pub fn validate(csv: Option<&str>) -> Result<Report, ValidationError> {
    let inputs = engine_inputs();
    let (points, mut refused, rows) = read_any(csv.unwrap_or(SHIPPED))?;
    let points = weighted(fitting(points, &inputs, &mut refused));
    let Some(user) = csv.map(|_| shipped_calibration()) else {
        return Ok(out_of_fold(&points, &inputs, rows, refused).1);
    };
    let Some(calibration) = user else {
        let all = points.iter().map(|p| Refusal {
            id: p.id.clone(),
            reason: "the catalog has no serving calibration".to_owned(),
            fully_specified: true,
            cell: p.cell.clone(),
            metric: "tpot_ms",
        });
        refused.extend(all);
        return Ok(Report::score("serving", rows, Vec::new(), refused, Fold::None));
    };
    let mut predictions = Vec::new();
    for p in &points {
        match predict(p, &inputs, &calibration) {
            Ok(list) => predictions.extend(list.into_iter().map(|f| {
                let band = f.band(p, &calibration);
                f.prediction(p, band)
            })),
            Err(e) => refused.push(refusal(p, &e)),
        }
    }
    let mut report = Report::score("serving", rows, predictions, refused, Fold::None);
    ordering::add(&mut report, &points, Fold::None);
    Ok(report)
}

/// The coefficients fitted to the whole shipped table, with bands from its out-of-fold errors: what the catalog carries.
///
/// # Errors
/// As [`validate`].
pub fn calibrate() -> Result<Calibration, ValidationError> {
    let inputs = engine_inputs();
    let (points, mut refused, rows) = read(SHIPPED)?;
    let points = weighted(fitting(points, &inputs, &mut refused));
    Ok(out_of_fold(&points, &inputs, rows, refused).0)
}

/// A table in the compiled form or as published.
fn read_any(text: &str) -> Result<(Vec<Point>, Vec<Refusal>, usize), ValidationError> {
    if published::is_published(text) { published::read(text) } else { read(text) }
}

/// The calibration of the catalog.
pub fn shipped_calibration() -> Option<Calibration> {
    let entry = Catalog::embedded().entry(Kind::Defaults, "serving").ok()?;
    Calibration::read(|key, time| {
        let dim = if time { Dim::Time } else { Dim::Ratio };
        entry.figure(key, dim).ok().flatten().map(|v| v.distribution.base())
    })
}

/// What the engines are taken to run with; the tables do not say.
fn engine_inputs() -> EngineInputs {
    EngineInputs {
        memory_utilisation: Share::from_percent(90.0),
        activation_reserve: Data::from_gb(3.0),
        chunk_tokens: 2048.0,
        max_batch: 2048,
        expert_imbalance: 1.0,
        arrival_cv2: 1.0,
        prompt_cv2: 0.0,
        prefix_hit: Share::ZERO,
        speculation: None,
        shared_prefix: None,
    }
}

/// One metric of one row.
struct Figure {
    metric: &'static str,
    predicted: f64,
    measured: f64,
    classes: Vec<&'static str>,
}

impl Figure {
    fn band(&self, p: &Point, c: &Calibration) -> Band {
        let c = c.of_engine(p.engine);
        match self.metric {
            // Energy follows the time; the power's own error is not in it.
            "tpot_ms" | "j_per_token" => c.tpot_band,
            "ttft_ms" => c.ttft_band,
            _ => c.throughput_band,
        }
    }

    fn prediction(self, p: &Point, band: Band) -> Prediction {
        Prediction {
            id: p.id.clone(),
            metric: self.metric,
            low: self.predicted * band.low,
            high: self.predicted * band.high,
            predicted: self.predicted,
            measured: self.measured,
            cell: p.cell.clone(),
            classes: self.classes,
        }
    }
}

fn step_model(
    p: &Point,
    inputs: &EngineInputs,
    calibration: &Calibration,
) -> Result<StepModel, ServingError> {
    let inputs = EngineInputs { speculation: p.speculation, ..*inputs };
    StepModel::new(&p.model, &p.chip, &p.network, p.deployment, &inputs, calibration, p.engine, p.class)
}

fn predict(p: &Point, inputs: &EngineInputs, calibration: &Calibration) -> Result<Vec<Figure>, ServingError> {
    if let Some(kind) = &p.reported {
        return reported::predict(p, kind, inputs, calibration);
    }
    let step = step_model(p, inputs, calibration)?;
    let fit = memory(&p.model, &p.chip, &p.deployment, inputs, p.lengths.total());
    let first = calibration.first_token.effective(p.engine, p.class);
    let mut out = Vec::new();
    let mut push = |metric, predicted: f64, measured: Option<f64>, classes: Vec<&'static str>| {
        if let Some(measured) = measured {
            out.push(Figure { metric, predicted, measured, classes });
        }
    };
    match p.mode {
        Mode::Closed => {
            let tpot = step.tpot(p.concurrency, &p.lengths);
            let terms = first_token_terms(&step, &p.lengths, p.concurrency, tpot);
            let ttft: f64 = terms.iter().zip(&first).map(|(t, c)| t * c).sum();
            let load = p.concurrency * terms[0] / (p.lengths.answer * tpot.s());
            let free = load < UNSATURATED
                && fit.as_ref().is_ok_and(|m| p.concurrency * p.lengths.held() <= m.tokens);
            let mut classes = vec!["closed_loop"];
            if p.layout_stated {
                classes.push("all_settings");
                // A run that beats the floor of the chip cannot have had the settings of its row: they are not its full settings.
                let running = fit
                    .as_ref()
                    .map_or(1.0, |m| m.tokens / p.lengths.held())
                    .clamp(1.0, p.concurrency.max(1.0));
                let beaten = p.tpot.is_some_and(|ms| ms < step.floor(running, &p.lengths).ms());
                classes.push(if beaten { "below_floor" } else { "full_settings" });
            }
            push("tpot_ms", tpot.ms(), p.tpot, classes);
            push("ttft_ms", ttft * 1e3, p.ttft, vec![if free { "unsaturated" } else { "saturated" }]);
        }
        Mode::Static => {
            let tpot = step.pure_decode(p.concurrency, &p.lengths);
            let ttft = step.prefill_batch(p.concurrency, p.lengths.prompt).s() * first[0] + first[2];
            push("tpot_ms", tpot.ms(), p.tpot, vec!["static_batch"]);
            push("ttft_ms", ttft * 1e3, p.ttft, vec!["static_batch"]);
        }
        Mode::Offline => {
            fit?;
            let batch = offline_batch(p, inputs).unwrap_or(1.0);
            let rate = batch / step.tpot(batch, &p.lengths).s();
            push("tokens_per_s", rate, p.tokens, vec!["offline"]);
        }
    }
    Ok(out)
}

/// Requests in flight of an offline run: what memory and the engine's limit allow, on every copy of the attention. TensorRT-LLM lets a
/// request in when its whole length has room (capacity policy GUARANTEED_NO_EVICT, its default), so that memory is never full.
fn offline_batch(p: &Point, inputs: &EngineInputs) -> Option<f64> {
    let fit = memory(&p.model, &p.chip, &p.deployment, inputs, p.lengths.total()).ok()?;
    let most = inputs.max_batch.saturating_mul(p.deployment.dp_attention);
    Some((fit.tokens / p.lengths.total()).floor().clamp(1.0, f64::from(most.max(1))))
}

/// Fits on the rows that `keep` allows.
fn fitted(
    points: &[Point],
    inputs: &EngineInputs,
    keep: impl Fn(&Point) -> bool,
    start: Option<&Calibration>,
) -> Calibration {
    let neutral = start.copied().unwrap_or(Calibration {
        decode: Coefficients::uniform(DECODE_CENTRE),
        first_token: Coefficients::uniform(FIRST_TOKEN_CENTRE),
        tpot_band: Band { low: 1.0, high: 1.0 },
        tpot_band_of: [None; 4],
        ttft_band: Band { low: 1.0, high: 1.0 },
        throughput_band: Band { low: 1.0, high: 1.0 },
    });
    let steps = if start.is_some() { STEPS_FOLD } else { STEPS };
    let shrinkage = Shrinkage::default();
    let mut decode = Vec::new();
    for p in points.iter().filter(|p| keep(p)) {
        let Ok(step) = step_model(p, inputs, &neutral) else { continue };
        let sample = match p.mode {
            Mode::Static => p.tpot.map(|t| (step.pure_decode_terms(p.concurrency, &p.lengths), t * 1e-3)),
            Mode::Closed => p.tpot.map(|t| (step.decode_terms(p.concurrency, &p.lengths), t * 1e-3)),
            // At the largest batch a step lasts batch over token rate.
            Mode::Offline => offline_batch(p, inputs)
                .zip(p.tokens)
                .map(|(batch, rate)| (step.decode_terms(batch, &p.lengths), batch / rate)),
        };
        if let Some((terms, seconds)) = sample {
            decode.push(Sample { terms, seconds, engine: p.engine, class: p.class, weight: p.weight });
        }
    }
    let decode = fit(&decode, &DECODE_CENTRE, &shrinkage, &DECODE_BY_CHIP, start.map(|c| &c.decode), steps);
    // The first token builds on the fitted step.
    let with_decode = Calibration { decode, ..neutral };
    let mut first = Vec::new();
    for p in points.iter().filter(|p| p.mode != Mode::Offline && keep(p)) {
        let (Ok(step), Some(measured)) = (step_model(p, inputs, &with_decode), p.ttft) else { continue };
        let terms = match p.mode {
            Mode::Static => [step.prefill_batch(p.concurrency, p.lengths.prompt).s(), 0.0, 1.0, 0.0, 0.0],
            _ => first_token_terms(&step, &p.lengths, p.concurrency, step.tpot(p.concurrency, &p.lengths)),
        };
        first.push(Sample {
            terms,
            seconds: measured * 1e-3,
            engine: p.engine,
            class: p.class,
            weight: p.weight,
        });
    }
    let loose = Shrinkage { global: 1.0, ..shrinkage };
    let first_token = fit(&first, &FIRST_TOKEN_CENTRE, &loose, &[], start.map(|c| &c.first_token), steps);
    Calibration { first_token, ..with_decode }
}

fn out_of_fold(
    points: &[Point],
    inputs: &EngineInputs,
    rows: usize,
    mut refused: Vec<Refusal>,
) -> (Calibration, Report) {
    let all = fitted(points, inputs, |_| true, None);
    let mut pairs: BTreeMap<&str, Vec<&Point>> = BTreeMap::new();
    for p in points {
        pairs.entry(&p.pair).or_default().push(p);
    }
    let mut figures: Vec<(&Point, Figure)> = Vec::new();
    for (pair, members) in &pairs {
        let calibration = fitted(points, inputs, |p| p.pair != *pair, Some(&all));
        for p in members {
            match predict(p, inputs, &calibration) {
                Ok(list) => figures.extend(list.into_iter().map(|f| (*p, f))),
                Err(e) => refused.push(refusal(p, &e)),
            }
        }
    }
    let mut sizes: BTreeMap<(&str, &str), f64> = BTreeMap::new();
    for (p, f) in &figures {
        *sizes.entry((&p.cell, f.metric)).or_default() += 1.0;
    }
    let mut ratios: Vec<Ratio> = figures
        .iter()
        .map(|(p, f)| Ratio {
            metric: f.metric,
            engine: p.engine,
            pair: &p.pair,
            weight: 1.0 / sizes.get(&(p.cell.as_str(), f.metric)).copied().unwrap_or(1.0),
            value: f.measured / f.predicted,
        })
        .collect();
    ratios.sort_by(|a, b| a.value.total_cmp(&b.value));
    let mut calibration = all;
    let whole = |metric, engine| band(&ratios, metric, engine, "");
    calibration.tpot_band = whole("tpot_ms", None).unwrap_or(calibration.tpot_band);
    calibration.tpot_band_of = EngineFamily::ALL.map(|e| whole("tpot_ms", Some(e)));
    calibration.ttft_band = whole("ttft_ms", None).unwrap_or(calibration.ttft_band);
    calibration.throughput_band = whole("tokens_per_s", None).unwrap_or(calibration.throughput_band);
    // A row's own band comes from the errors of the other pairs.
    let mut bands: BTreeMap<(&str, &str, usize), Option<Band>> = BTreeMap::new();
    for (p, f) in &figures {
        bands.entry((&p.pair, f.metric, p.engine as usize)).or_insert_with(|| {
            let own =
                (f.metric == "tpot_ms").then(|| band(&ratios, f.metric, Some(p.engine), &p.pair)).flatten();
            own.or_else(|| band(&ratios, f.metric, None, &p.pair))
        });
    }
    let unit = Band { low: 1.0, high: 1.0 };
    let predictions = figures
        .into_iter()
        .map(|(p, f)| {
            let key = (p.pair.as_str(), f.metric, p.engine as usize);
            let own = bands.get(&key).copied().flatten().unwrap_or(unit);
            f.prediction(p, own)
        })
        .collect();
    let mut report = Report::score("serving", rows, predictions, refused, Fold::Out);
    ordering::add(&mut report, points, Fold::Out);
    // Beside them, never instead: the same rows by coefficients that saw them.
    let seen: Vec<Prediction> = points
        .iter()
        .filter_map(|p| predict(p, inputs, &calibration).ok().map(|list| (p, list)))
        .flat_map(|(p, list)| list.into_iter().map(move |f| (p, f)))
        .map(|(p, f)| {
            let band = f.band(p, &calibration);
            f.prediction(p, band)
        })
        .collect();
    report.headline.extend(Report::score("serving", rows, seen, Vec::new(), Fold::In).headline);
    (calibration, report)
}

fn refusal(p: &Point, error: &ServingError) -> Refusal {
    Refusal {
        id: p.id.clone(),
        reason: error.to_string(),
        fully_specified: p.layout_stated,
        cell: p.cell.clone(),
        metric: if p.mode == Mode::Offline { "tokens_per_s" } else { "tpot_ms" },
    }
}

/// Drops rows that the model refuses before anything is fitted, so that they cannot shape the coefficients. Where the number of
/// requests is stated the run itself shows that they fitted: the reserve for activations is a guess, and no ground to refuse.
fn fitting(points: Vec<Point>, inputs: &EngineInputs, refused: &mut Vec<Refusal>) -> Vec<Point> {
    let mut kept = Vec::with_capacity(points.len());
    for p in points {
        if p.reported.is_some() {
            kept.push(p);
            continue;
        }
        match memory(&p.model, &p.chip, &p.deployment, inputs, p.lengths.total()) {
            Ok(_) => kept.push(p),
            Err(ServingError::MemoryShort { .. }) if p.mode != Mode::Offline => kept.push(p),
            Err(e) => refused.push(refusal(&p, &e)),
        }
    }
    kept
}

/// A row counts one over the root of the rows of its cell: half-way from each row alike, where large tables rule, to each cell alike, where
/// single rows do. The mean weight is one, so that the priors keep theirs.
fn weighted(mut points: Vec<Point>) -> Vec<Point> {
    let mut sizes: BTreeMap<String, f64> = BTreeMap::new();
    for p in &points {
        *sizes.entry(p.cell.clone()).or_default() += 1.0;
    }
    let size = |p: &Point| sizes.get(&p.cell).copied().unwrap_or(1.0);
    let sum: f64 = points.iter().map(|p| size(p).powf(-0.5)).sum();
    let mean = sum / (points.len() as f64).max(1.0);
    for p in &mut points {
        p.weight = size(p).powf(-0.5) / mean;
    }
    points
}

#[cfg(test)]
mod tests {
    use super::*;

    fn median_of(report: &Report, metric: &str, class: &str) -> f64 {
        let mut errors: Vec<f64> = report
            .predictions
            .iter()
            .filter(|p| p.metric == metric && p.classes.contains(&class))
            .map(|p| p.error().abs())
            .collect();
        errors.sort_by(f64::total_cmp);
        crate::report::quantile(&errors, 0.5)
    }

    #[test]
    fn shipped_table_is_scored_out_of_fold() {
        let report = validate(None).expect("the shipped table reads");
        assert!(median_of(&report, "tpot_ms", "closed_loop") < 0.12);
        assert!(median_of(&report, "ttft_ms", "unsaturated") < 0.30);
        assert!(median_of(&report, "ttft_ms", "static_batch") < 0.20);
        let refused = report.refused.iter().filter(|r| r.fully_specified).count();
        assert!(refused * 20 < report.rows);
        assert!(report.headline.iter().all(|h| h.fold == Fold::Out || h.fold == Fold::In));
        let ordering = report.headline.iter().find(|h| h.class == "ordering").expect("pairs");
        assert!(ordering.right_pct.is_some_and(|r| r >= 85.0), "{ordering:?}");
        let static_prefill =
            report.headline.iter().find(|h| h.metric == "ttft_ms" && h.class == "static_batch");
        assert!(static_prefill.is_some_and(|h| h.median_abs_pct <= 15.0), "{static_prefill:?}");
    }

    #[test]
    fn catalog_carries_the_fit() {
        let fresh = calibrate().expect("the shipped table reads").figures();
        let shipped = shipped_calibration().map(|c| c.figures()).unwrap_or_default();
        let mut text = String::new();
        for (key, value, time) in &fresh {
            let shown = if *time { format!("{:.5} us", value * 1e6) } else { format!("{value:.5}") };
            text.push_str(&format!("{key} = \"{shown}\"\n"));
        }
        assert_eq!(fresh.len(), shipped.len(), "the catalog wants these figures:\n{text}");
        for (a, b) in fresh.iter().zip(&shipped) {
            assert!(
                a.0 == b.0 && (a.1 / b.1 - 1.0).abs() < 1e-3,
                "{a:?} in the fit, {b:?} in the catalog;\n{text}"
            );
        }
    }

    #[test]
    fn a_table_of_the_user_is_not_fitted() {
        let few: String =
            SHIPPED.lines().filter(|l| !l.starts_with('#')).take(20).map(|l| format!("{l}\n")).collect();
        let report = validate(Some(&few)).expect("the table reads");
        assert_eq!(report.rows, 19);
        assert!(report.headline.iter().all(|h| h.fold == Fold::None));
    }

    #[test]
    fn faults_name_line_and_column() {
        let mut lines: Vec<String> =
            SHIPPED.lines().filter(|l| !l.starts_with('#')).take(2).map(str::to_owned).collect();
        lines[1] = lines[1].replacen(",8192,1024,", ",many,1024,", 1);
        let error = validate(Some(&lines.join("\n"))).expect_err("a word is no length").to_string();
        assert!(error.contains("line 2") && error.contains("prompt_tokens"), "{error}");
    }
}

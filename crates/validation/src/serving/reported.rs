//! Rows that are reported with their stated inputs and without a bar: separate pools, bursts with their energy, and MLPerf results.

use gigatwin_catalog::{Catalog, Kind, Precision};
use gigatwin_quantity::{Dim, Time};
use gigatwin_serving::plan::offline_batch;
use gigatwin_serving::steady::found_at_prefill;
use gigatwin_serving::{
    Calibration, Demand, Deployment, EngineInputs, Lengths, Objective, PlanInputs, ServingError, StepModel,
    Workload, memory, plan,
};

use super::Figure;
use super::rows::Point;

/// What kind of row it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Reported {
    /// So many replicas that take in prompts, laid out like this, and so many that decode, laid out as the point says.
    Split { prefill: Deployment, prefills: f64, decodes: f64 },
    /// A closed burst at a stated mean batch; the prompt is not stated.
    Burst,
    /// As much as chips carry, within limits of the first token and of each further one where there are any; the layout is free and the
    /// lengths are means of the data set.
    Carried { chips: u32, limits: Option<[Time; 2]> },
}

/// Prompt of bursts, whose source does not state it: chat questions.
pub(super) const BURST_PROMPT: f64 = 300.0;

/// Mean prompt and answer of MLPerf data sets in tokens, by the begin of the benchmark's name: recalled from MLCommons' reference
/// implementations and announcements, not read again.
const MLPERF: [(&str, f64, f64); 5] = [
    ("llama2-70b", 294.0, 294.45),
    ("mixtral", 294.0, 144.84),
    ("llama3.1-405b", 9428.0, 684.68),
    ("llama3.1-8b", 778.0, 73.0),
    ("deepseek-r1", 800.0, 3886.23),
];

/// Limits of MLPerf in ms by benchmark: first token and further ones of Server, then of Interactive (mlperf.conf of v5.1).
const LIMITS: [(&str, [f64; 2], [f64; 2]); 5] = [
    ("llama2-70b", [2000.0, 200.0], [450.0, 40.0]),
    ("mixtral", [2000.0, 200.0], [450.0, 40.0]),
    ("llama3.1-405b", [6000.0, 175.0], [4500.0, 80.0]),
    ("llama3.1-8b", [2000.0, 100.0], [500.0, 30.0]),
    ("deepseek-r1", [2000.0, 80.0], [2000.0, 80.0]),
];

/// Lengths of an MLPerf benchmark.
pub(super) fn mlperf_lengths(model: &str) -> Option<(f64, f64)> {
    MLPERF.iter().find(|(name, ..)| model.starts_with(name)).map(|(_, prompt, answer)| (*prompt, *answer))
}

/// Limits of an MLPerf scenario; `None` for Offline.
pub(super) fn mlperf_limits(model: &str, scenario: &str) -> Option<[Time; 2]> {
    let (_, server, interactive) = LIMITS.iter().find(|(name, ..)| model.starts_with(name))?;
    match scenario {
        "server" => Some(server.map(Time::from_ms)),
        "interactive" => Some(interactive.map(Time::from_ms)),
        _ => None,
    }
}

/// The figures of such a row.
pub(super) fn predict(
    p: &Point,
    kind: &Reported,
    inputs: &EngineInputs,
    calibration: &Calibration,
) -> Result<Vec<Figure>, ServingError> {
    let on = |deployment: Deployment| {
        StepModel::new(&p.model, &p.chip, &p.network, deployment, inputs, calibration, p.engine, p.class)
    };
    let mut out = Vec::new();
    let mut push = |metric, predicted: f64, measured: Option<f64>, class| {
        if let Some(measured) = measured {
            out.push(Figure { metric, predicted, measured, classes: vec![class] });
        }
    };
    match kind {
        Reported::Split { prefill, prefills, decodes } => {
            let tpot = on(p.deployment)?.pure_decode((p.concurrency / decodes).max(1.0), &p.lengths);
            let step = on(*prefill)?;
            let c = calibration.first_token.effective(p.engine, p.class);
            let service = step.prefill(p.lengths.prompt).s();
            // The prefill replicas as one of their joint rate.
            let found = found_at_prefill(service / prefills, p.lengths.answer * tpot.s(), p.concurrency);
            let ttft = service * c[0] + c[2] + service / prefills * found * c[3];
            push("tpot_ms", tpot.ms(), p.tpot, "disaggregated");
            push("ttft_ms", ttft * 1e3, p.ttft, "disaggregated");
        }
        Reported::Burst => {
            let step = on(p.deployment)?;
            let tpot = step.tpot(p.concurrency, &p.lengths);
            let rate = p.concurrency / tpot.s();
            let prefill = (rate / p.lengths.answer * step.prefill(p.lengths.prompt).s()).min(1.0);
            push("tpot_ms", tpot.ms(), p.tpot, "burst");
            if let Some([filling, decoding]) = activities() {
                let swing = (p.chip.tdp.w() - p.chip.idle_power.w()).max(0.0);
                let power = p.chip.idle_power.w() + swing * (filling * prefill + decoding * (1.0 - prefill));
                push("j_per_token", f64::from(p.deployment.chips()) * power / rate, p.energy, "burst");
            }
        }
        Reported::Carried { chips, limits } => match limits {
            None => {
                let best = best_offline(p, *chips, inputs, &on)?;
                push("tokens_per_s", best, p.tokens, "mlperf_offline");
            }
            Some([ttft, tpot]) => {
                let options = PlanInputs {
                    engine: *inputs,
                    family: p.engine,
                    class: p.class,
                    weights: p.deployment.weights,
                    kv: p.deployment.kv,
                    max_chips_per_replica: *chips,
                    spare_replicas: 0,
                };
                // A demand so large that the fewest chips are those of the highest rate per chip.
                let workload =
                    Workload { lengths: p.lengths, demand: Demand::RequestsPerSecond(1e5), peak_factor: 1.0 };
                let objective = Objective { ttft_p99: *ttft, tpot_p99: *tpot };
                let found =
                    plan(&p.model, &p.chip, &p.network, &workload, &objective, &options, calibration)?;
                let best = found.map_err(|no| no.binding)?.best;
                let each = best.output_capacity / best.chips as f64;
                push("tokens_per_s", each * f64::from(*chips), p.tokens, "mlperf_server");
            }
        },
    }
    Ok(out)
}

/// Output tokens per second of all chips in replicas of the best tensor and pipeline parallelism at the largest batch.
fn best_offline(
    p: &Point,
    chips: u32,
    inputs: &EngineInputs,
    on: &impl Fn(Deployment) -> Result<StepModel, ServingError>,
) -> Result<f64, ServingError> {
    let mut best = Err(ServingError::Layout("no layout divides the chips".to_owned()));
    let powers = || (0..8).map(|i| 1_u32 << i);
    let layouts = powers().flat_map(|tp| powers().take(4).map(move |pp| (tp, pp)));
    for (tp, pp) in layouts.filter(|(tp, pp)| chips.is_multiple_of(tp * pp)) {
        let deployment = Deployment { tp, pp, ..p.deployment };
        let tried = memory(&p.model, &p.chip, &deployment, inputs, p.lengths.total()).and_then(|fit| {
            let batch = offline_batch(&fit, &p.lengths, inputs.max_batch);
            Ok(batch / on(deployment)?.tpot(batch, &p.lengths).s() * f64::from(chips / (tp * pp)))
        });
        match (&best, tried) {
            (Ok(rate), Ok(more)) if more > *rate => best = Ok(more),
            (Err(_), tried) => best = tried,
            _ => {}
        }
    }
    best
}

/// Shares of the swing between idle and full power while prompts are taken in, and while answers are decoded.
fn activities() -> Option<[f64; 2]> {
    let entry = Catalog::embedded().entry(Kind::Defaults, "facility").ok()?;
    let read = |key: &str| entry.figure(key, Dim::Share).ok().flatten().map(|v| v.distribution.base());
    Some([read("activity_prefill")?, read("activity_decode")?])
}

/// Layouts of separate pools as `P:2x(tp4 dp1 ep4) D:1x(tp8 dp1 ep4)`: number and words of each.
pub(super) fn pools(text: &str) -> Option<[(f64, &str); 2]> {
    let one = |mark: &str| {
        let rest = text.split_once(mark)?.1;
        let (count, rest) = rest.split_once("x(")?;
        Some((count.trim().parse::<f64>().ok().filter(|n| *n > 0.0)?, rest.split_once(')')?.0))
    };
    Some([one("P:")?, one("D:")?])
}

/// Keys and values of MLPerf entries: eight bits with eight- or four-bit weights.
pub(super) fn mlperf_kv(weights: Precision) -> Precision {
    if weights == Precision::Bf16 { Precision::Bf16 } else { Precision::Fp8 }
}

/// Mean lengths.
pub(super) fn lengths((prompt, answer): (f64, f64)) -> Lengths {
    Lengths { prompt, answer }
}

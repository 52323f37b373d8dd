//! `serving predict`: one given deployment.

use gigatwin_catalog::Precision;
use gigatwin_quantity::Time;
use gigatwin_serving::{Band, Deployment, ServingError, Steady, closed_within, memory, open_within};
use serde_json::{Value, json};

use super::not_understood;
use super::setting::Setting;
use crate::args::serving::Predict;
use crate::console::bold;
use crate::context::Context;
use crate::exit::{Exit, Fault};
use crate::layout::{Side, table};
use crate::stats;

pub(super) fn run(context: &Context, args: &Predict) -> Result<Exit, Fault> {
    let rest = format!("{:?}{:?}{:?}", args.degrees, args.concurrency, args.rate);
    let setting = Setting::new(context, &args.what, &rest)?;
    let deployment = setting.deployment(&args.degrees);
    let load = match (args.concurrency, args.rate) {
        (Some(n), _) | (None, Some(n)) if !(n > 0.0 && n.is_finite()) => {
            let option = if args.concurrency.is_some() { "concurrency" } else { "rate" };
            return Err(not_understood(format!("--{option}: {n} is not a positive finite number"), ""));
        }
        (_, Some(rate)) => Err(rate),
        (clients, None) => Ok(clients.unwrap_or(1.0)),
    };
    if let Err(e @ ServingError::Layout(_)) = deployment.check(&setting.model) {
        return Err(not_understood(e.to_string(), "degrees of parallelism must divide heads and experts"));
    }
    let found = evaluate(&setting, deployment, load);
    stats::say(context, &[("points", 1)]);
    match found {
        Ok(answer) => {
            if context.json {
                context.json(&answer.json(context, &setting))?;
            } else {
                context.data(&answer.page(context, &setting))?;
            }
            Ok(Exit::Done)
        }
        Err(error) => no(context, &setting, deployment, &error),
    }
}

/// Says that the answer is no, and why.
fn no(
    context: &Context,
    setting: &Setting,
    deployment: Deployment,
    error: &ServingError,
) -> Result<Exit, Fault> {
    let fits =
        if matches!(error, ServingError::MemoryShort { .. }) { would_fit(setting, deployment) } else { None };
    if context.json {
        let stamp = stamp(context, setting);
        let reason = error.to_string();
        context
            .json(&json!({"gigatwin": stamp, "status": "infeasible", "reason": reason, "would_fit": fits}))?;
    } else {
        context.data(&format!("{error}\n"))?;
        if let Some(fits) = fits {
            context.data(&format!("would fit: {fits}\n"))?;
        }
    }
    Ok(Exit::No)
}

/// The nearest settings under which the model fits: more tensor parallelism, or a narrower format on the same layout.
pub(super) fn would_fit(setting: &Setting, deployment: Deployment) -> Option<String> {
    let fits = |d: &Deployment| {
        memory(&setting.model, &setting.chip, d, &setting.inputs, setting.lengths.total()).is_ok()
    };
    let wider = (0..10).map(|i| 1 << i).filter(|tp| *tp > deployment.tp);
    let wider = wider.map(|tp| Deployment { tp, ..deployment }).find(|d| fits(d));
    let formats = [(Precision::Fp8, "fp8"), (Precision::Fp4, "fp4")];
    let narrower = formats
        .into_iter()
        .filter(|(p, _)| p.bytes() < deployment.weights.bytes())
        .find(|(weights, _)| fits(&Deployment { weights: *weights, ..deployment }));
    let said: Vec<String> = wider
        .map(|d| format!("--tp {}", d.tp))
        .into_iter()
        .chain(narrower.map(|(_, word)| format!("--precision {word}")))
        .collect();
    (!said.is_empty()).then(|| said.join(", or "))
}

/// Version, seed and hash of the inputs.
pub(super) fn stamp(context: &Context, setting: &Setting) -> Value {
    json!({"version": env!("CARGO_PKG_VERSION"), "seed": context.seed, "inputs_sha256": setting.sha256})
}

struct Answer {
    steady: Steady,
    memory: gigatwin_serving::Memory,
    chips: u32,
    fits: f64,
    prefill: Time,
    decode_alone: Time,
    tokens_per_step: f64,
    /// The slowest of a hundred requests over the mean one, by what is accepted of its drafts.
    slow: f64,
}

fn evaluate(
    setting: &Setting,
    deployment: Deployment,
    load: Result<f64, f64>,
) -> Result<Answer, ServingError> {
    let fit = memory(&setting.model, &setting.chip, &deployment, &setting.inputs, setting.lengths.total())?;
    let step = setting.step(deployment)?;
    let most = f64::from(setting.inputs.max_batch);
    let fits = setting.inputs.requests_held(&setting.lengths, fit.tokens).floor().clamp(1.0, most);
    let sharing = setting.inputs.tokens_without_sharing(&setting.lengths, fit.tokens);
    let steady = match load {
        Ok(clients) => closed_within(&step, &setting.lengths, clients, sharing, most)?,
        Err(rate) => open_within(&step, &setting.lengths, &setting.inputs, fit.tokens, most, rate)?,
    };
    Ok(Answer {
        steady,
        memory: fit,
        chips: deployment.chips(),
        fits,
        prefill: step.prefill(setting.lengths.prompt),
        decode_alone: step.pure_decode(1.0, &setting.lengths),
        tokens_per_step: step.tokens_per_step(),
        slow: setting.inputs.slow_request(setting.lengths.answer),
    })
}

impl Answer {
    /// Name, unit, value and its validated band.
    fn figures(&self, setting: &Setting) -> Vec<(&'static str, &'static str, f64, Option<Band>)> {
        let (s, c) = (&self.steady, &setting.calibration);
        // A rate is high where a time is low.
        let inverse = Band { low: 1.0 / c.tpot_band.high, high: 1.0 / c.tpot_band.low };
        vec![
            ("tpot_ms", "ms", s.tpot.ms(), Some(c.tpot_band)),
            ("tpot_p99_ms", "ms", s.tpot.ms() * self.slow, Some(c.tpot_band)),
            ("ttft_ms", "ms", s.ttft.ms(), Some(c.ttft_band)),
            ("wait_ms", "ms", s.wait.ms(), None),
            ("prefill_ms", "ms", self.prefill.ms(), None),
            ("decode_alone_ms", "ms", self.decode_alone.ms(), None),
            ("tokens_per_step", "tokens", self.tokens_per_step, None),
            ("concurrency", "requests", s.concurrency, None),
            ("requests_per_s", "1/s", s.requests_per_s, Some(inverse)),
            ("output_tokens_per_s", "tokens/s", s.output_per_s, Some(inverse)),
            ("output_tokens_per_s_chip", "tokens/s", s.output_per_s_chip, Some(inverse)),
            ("preemptions", "1/request", s.preemptions, None),
            ("prefill_share", "1", s.prefill_share.fraction(), None),
            ("decode_share", "1", s.decode_share.fraction(), None),
            ("weights_per_chip_gb", "GB", self.memory.weights.gb(), None),
            ("kv_per_chip_gb", "GB", self.memory.kv.gb(), None),
            ("kv_tokens", "tokens", self.memory.tokens, None),
            ("largest_batch", "requests", self.fits, None),
            ("chips", "1", f64::from(self.chips), None),
        ]
    }

    fn json(&self, context: &Context, setting: &Setting) -> Value {
        let metrics: serde_json::Map<String, Value> = self
            .figures(setting)
            .into_iter()
            .map(|(name, unit, value, band)| {
                let (low, high) = band.map_or((Value::Null, Value::Null), |b| (json!(value * b.low), json!(value * b.high)));
                (name.to_owned(), json!({"value": value, "unit": unit, "low": low, "high": high, "status": "ok", "note": ""}))
            })
            .collect();
        json!({
            "gigatwin": stamp(context, setting),
            "status": "ok",
            "model": setting.model_id,
            "chip": setting.chip_id,
            "metrics": metrics,
        })
    }

    fn page(&self, context: &Context, setting: &Setting) -> String {
        let f = context.figures();
        let title = format!("{} on {} {}", setting.model_id, self.chips, setting.chip_id);
        let mut out = format!("{}\n\n", bold(&title, context.console.out_colour));
        let mut rows = vec![["figure", "value", "P10", "P90", "unit"].map(str::to_owned).to_vec()];
        for (name, unit, value, band) in self.figures(setting) {
            let side = |v: Option<f64>| v.map_or_else(String::new, |v| f.plain(v));
            rows.push(vec![
                name.to_owned(),
                f.plain(value),
                side(band.map(|b| value * b.low)),
                side(band.map(|b| value * b.high)),
                unit.to_owned(),
            ]);
        }
        out.push_str(&table(&[Side::Left, Side::Right, Side::Right, Side::Right, Side::Left], &rows));
        out
    }
}

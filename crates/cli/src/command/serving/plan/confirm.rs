//! The best options of the steady state, replayed by the event engine at their planned load.

use gigatwin_quantity::{Bandwidth, Share, Time};
use gigatwin_serving::event::{
    ArrivalLaw, KvTransfer, LengthMix, Pool, Pools, ReplayInputs, Routing, Source, StepCosts, Stream,
    generate, replay,
};
use gigatwin_serving::frontier::{Choice, Frontier, Shape};
use gigatwin_serving::{Deployment, EngineInputs, Objective, memory};
use serde_json::{Value, json};

use crate::command::serving::setting::Setting;

/// Latency of the first byte of a transfer between pools: a few round trips of the control plane, assumed.
const TRANSFER_LATENCY: f64 = 1e-3;
/// Tokens of one block of keys and values, the default of the engines.
const BLOCK: u32 = 16;

/// One replay.
pub(super) struct Confirmed {
    /// Who did what.
    pub shape: Shape,
    /// Requests replayed.
    pub requests: u64,
    /// 99th percentile.
    pub ttft_p99: Time,
    /// 99th percentile over requests of the mean time per token.
    pub tpot_p99: Time,
    /// Share of the requests within both objectives.
    pub goodput: f64,
}

impl Confirmed {
    pub(super) fn json(&self) -> Value {
        let kind = match self.shape {
            Shape::Aggregated { .. } => "aggregated",
            Shape::Disaggregated { .. } => "disaggregated",
        };
        json!({
            "kind": kind, "requests": self.requests, "ttft_p99_ms": self.ttft_p99.ms(),
            "tpot_p99_ms": self.tpot_p99.ms(), "within_objectives": self.goodput,
        })
    }
}

/// Replays the best aggregated and the best disaggregated option with `requests` requests each.
pub(super) fn confirm(
    setting: &Setting,
    found: &Frontier,
    objective: &Objective,
    seed: u64,
    requests: usize,
) -> Vec<Confirmed> {
    if requests == 0 {
        return Vec::new();
    }
    found
        .best_aggregated
        .iter()
        .chain(&found.best_disaggregated)
        .filter_map(|o| one(setting, o, objective, seed, requests))
        .collect()
}

fn one(
    setting: &Setting,
    o: &Choice,
    objective: &Objective,
    seed: u64,
    requests: usize,
) -> Option<Confirmed> {
    let lengths = &setting.lengths;
    let stream = Stream {
        duration: Time::from_s(1.05 * requests as f64 / o.requests_per_s),
        rate: o.requests_per_s,
        law: ArrivalLaw::Gamma { cv: setting.inputs.arrival_cv2.max(1e-3).sqrt() },
        day: None,
        burst: None,
        lengths: LengthMix {
            prompt: lengths.prompt,
            prompt_cv: setting.inputs.prompt_cv2.max(0.0).sqrt(),
            tail: Share::ZERO,
            answer: lengths.answer,
        },
        most: requests,
    };
    let mut trace = generate(&stream, seed).ok()?;
    if let Some(p) = setting.inputs.shared_prefix {
        trace.share_prefix(p.tokens as u32, p.groups as u32, BLOCK, seed);
    }
    let pool = |deployment: Deployment, replicas: u32, batch: u32| -> Option<Pool> {
        let fit =
            memory(&setting.model, &setting.chip, &deployment, &setting.inputs, lengths.total()).ok()?;
        let inputs = EngineInputs { max_batch: batch.max(1), ..setting.inputs };
        let step = setting.step(deployment).ok()?;
        Some(Pool {
            costs: StepCosts::sample(&step, &setting.model, &inputs, trace.longest()).ok()?,
            replicas,
            chips: deployment.chips(),
            kv_tokens: fit.tokens as u64,
            max_batch: batch.max(1),
            chunk_tokens: (setting.inputs.chunk_tokens as u32).max(batch),
        })
    };
    let pools = match o.shape {
        Shape::Aggregated { deployment, replicas } => Pools::Aggregated(pool(deployment, replicas, o.batch)?),
        Shape::Disaggregated { prefill, prefill_replicas, decode, decode_replicas, .. } => {
            let bytes = setting.model.kv_scalars_per_token() * prefill.kv_bytes();
            let nics = f64::from(prefill.tp * prefill.pp);
            Pools::Disaggregated {
                prefill: pool(prefill, prefill_replicas, setting.inputs.max_batch)?,
                decode: pool(decode, decode_replicas, o.batch)?,
                transfer: KvTransfer::new(
                    bytes,
                    Bandwidth::from_bytes_per_s(setting.network.scaleout.bytes_per_s() * nics),
                    Time::from_s(TRANSFER_LATENCY),
                ),
            }
        }
    };
    let inputs = ReplayInputs {
        pools,
        block_tokens: BLOCK,
        routing: Routing::LeastLoaded,
        prefix_caching: setting.inputs.shared_prefix.is_some(),
        source: Source::Open,
        macro_steps: true,
    };
    let done = replay(&trace, &inputs).ok()?;
    let s = &done.summary;
    Some(Confirmed {
        shape: o.shape,
        requests: s.completed,
        ttft_p99: s.ttft.as_ref()?.p99,
        tpot_p99: s.tpot.as_ref()?.p99,
        goodput: done.goodput(objective.ttft_p99, objective.tpot_p99).share.fraction(),
    })
}

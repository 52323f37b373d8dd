//! Separate pools for prompts and answers, sized for a demand.
//!
//! Prefill replicas take prompts in and make the first token; keys and values then cross the network between scale-up domains to a
//! decode replica (DistServe, Zhong et al., OSDI 2024; Splitwise, Patel et al., ISCA 2024). Both pools carry the peak with whole
//! replicas: x_p·R_p ≥ λ and x_d·R_d ≥ λ. The whole transfer counts in the time to the first token, which is the cautious side.

use gigatwin_catalog::{Chip, ModelShape};
use gigatwin_fabric::{Collective, Group, Network};
use gigatwin_quantity::{Data, Time};

use crate::coefficients::Calibration;
use crate::deployment::{Deployment, EngineInputs, Memory, kept};
use crate::error::{ServingError, positive};
use crate::plan::{
    Infeasible, NORMAL_P99, Objective, PlanInputs, Workload, change, distance, largest_in_time, layouts,
    made, mean_under,
};
use crate::steady::Lengths;
use crate::step::StepModel;

/// Bisections of a load: a millionth is finer than any figure shown.
const HALVINGS: u32 = 20;

/// Prefill replicas that go with so many decode replicas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ratio {
    /// Prefill replicas.
    pub prefill: u32,
    /// Decode replicas.
    pub decode: u32,
}

/// A prefill replica at the largest load within the first-token objective.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prefill {
    /// Its layout.
    pub deployment: Deployment,
    /// Requests per second.
    pub rate: f64,
    /// 99th percentile of the time until keys and values are where they are decoded.
    pub ttft_p99: Time,
    /// Time in which the keys and values of a mean prompt change pools.
    pub transfer: Time,
}

/// A decode replica at the largest load within the objective for each token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decode {
    /// Its layout.
    pub deployment: Deployment,
    /// Requests in flight that it is limited to.
    pub batch: u32,
    /// Requests per second.
    pub rate: f64,
    /// 99th percentile of the time per output token.
    pub tpot_p99: Time,
    /// Its memory.
    pub memory: Memory,
}

/// Two pools that carry a demand within the objectives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Separate {
    /// One prefill replica.
    pub prefill: Prefill,
    /// Their number, spare ones included.
    pub prefill_replicas: u32,
    /// One decode replica.
    pub decode: Decode,
    /// Their number, spare ones included.
    pub decode_replicas: u32,
    /// Chips of both pools.
    pub chips: u64,
    /// 99th percentile of the time to the first token: prefill with its queue, transfer, first decode step.
    pub ttft_p99: Time,
}

/// Finds the two pools that serve the workload within the objectives on the fewest chips, in a given ratio of replicas or as the rates
/// match. Layouts are those of the planner; percentiles are taken as it takes them.
///
/// # Errors
/// `Err(Infeasible)` where the answer is no; the outer error for inputs that are no positive numbers.
#[allow(clippy::too_many_arguments)] // eight independent facts, all needed
pub fn separate(
    model: &ModelShape,
    chip: &Chip,
    network: &Network,
    workload: &Workload,
    objective: &Objective,
    inputs: &PlanInputs,
    calibration: &Calibration,
    ratio: Option<Ratio>,
) -> Result<Result<Separate, Infeasible>, ServingError> {
    let lengths = Lengths::new(workload.lengths.prompt, workload.lengths.answer)?;
    let peak = positive("request rate", workload.demand.mean_rate())? * workload.peak_factor.max(1.0);
    positive("TTFT objective", objective.ttft_p99.s())?;
    positive("TPOT objective", objective.tpot_p99.s())?;
    let (mut prefills, mut decodes) = (Vec::with_capacity(64), Vec::with_capacity(64));
    let mut nearest: Option<(f64, ServingError, Deployment)> = None;
    for deployment in layouts(model, inputs) {
        let e = &inputs.engine;
        let found =
            made(model, chip, network, &lengths, inputs, calibration, deployment).and_then(|(fit, step)| {
                let hop = transfer(model, network, &deployment, lengths.prompt);
                let first = prefill(&step, &lengths, objective, e.arrival_cv2, e.prompt_cv2, hop);
                prefills.push(first.map_err(|floor| {
                    let objective = objective.ttft_p99;
                    (
                        distance_to(objective, floor),
                        ServingError::BelowFloor { what: "TTFT", objective, floor },
                        deployment,
                    )
                }));
                decode(&step, fit, &lengths, objective, e)
            });
        match found {
            Ok(found) => decodes.push(found),
            Err(error) => {
                let far = distance(&error);
                if nearest.as_ref().is_none_or(|(d, ..)| far < *d) {
                    nearest = Some((far, error, deployment));
                }
            }
        }
    }
    let spare = inputs.spare_replicas;
    let mut best: Option<Separate> = None;
    for p in prefills.iter().flatten() {
        for d in &decodes {
            let found = pair(p, d, peak, spare, ratio);
            // Among equals the first: layouts come from the simple ones.
            if best.as_ref().is_none_or(|b| found.chips < b.chips) {
                best = Some(found);
            }
        }
    }
    if let Some(found) = best {
        return Ok(Ok(found));
    }
    let refused = prefills.into_iter().filter_map(Result::err);
    let nearest = if decodes.is_empty() { nearest } else { refused.min_by(|a, b| a.0.total_cmp(&b.0)) };
    Ok(Err(match nearest {
        Some((_, binding, deployment)) => {
            Infeasible { nearest_change: change(&binding, &deployment, inputs), binding }
        }
        None => Infeasible {
            binding: ServingError::Layout("no layout of the allowed size suits the model".to_owned()),
            nearest_change: "allow more chips per replica".to_owned(),
        },
    }))
}

fn distance_to(objective: Time, floor: Time) -> f64 {
    floor.s() / objective.s()
}

/// Prefill and decode replicas that carry `peak` requests per second at these rates of one of each, with `spare` more of both.
pub fn replicas(peak: f64, [prefill, decode]: [f64; 2], spare: u32, ratio: Option<Ratio>) -> (u32, u32) {
    let needed =
        |rate: f64, each: u32| (peak / (rate * f64::from(each)) - 1e-9).ceil().clamp(1.0, 1e9) as u32;
    let (xp, xd) = match ratio {
        None => (needed(prefill, 1), needed(decode, 1)),
        Some(r) => {
            let (rp, rd) = (r.prefill.max(1), r.decode.max(1));
            let groups = needed(prefill, rp).max(needed(decode, rd));
            (groups.saturating_mul(rp), groups.saturating_mul(rd))
        }
    };
    (xp.saturating_add(spare), xd.saturating_add(spare))
}

/// Both pools for a peak.
fn pair(p: &Prefill, d: &Decode, peak: f64, spare: u32, ratio: Option<Ratio>) -> Separate {
    let (xp, xd) = replicas(peak, [p.rate, d.rate], spare, ratio);
    let chips =
        u64::from(xp) * u64::from(p.deployment.chips()) + u64::from(xd) * u64::from(d.deployment.chips());
    Separate {
        prefill: *p,
        prefill_replicas: xp,
        decode: *d,
        decode_replicas: xd,
        chips,
        ttft_p99: p.ttft_p99 + d.tpot_p99,
    }
}

/// Keys and values of a prompt over the NICs of one replica.
pub(crate) fn transfer(model: &ModelShape, network: &Network, deployment: &Deployment, prompt: f64) -> Time {
    let bytes = model.kv_scalars_per_token() * deployment.kv_bytes() * kept(model, prompt);
    // A prompt sits on the tensor group of one copy of the attention; its chips send their parts side by side.
    let side_by_side = f64::from(deployment.tp * deployment.pp);
    network.time(
        Collective::SendRecv,
        Data::from_bytes(bytes / side_by_side),
        Group { ranks: 2, per_domain: 1 },
    )
}

/// The largest load of a prefill replica: M/G/1 with Kingman's wait, its 99th percentile under the objective. Where there is none, the
/// least time to the first token that the replica reaches.
pub(crate) fn prefill(
    step: &StepModel,
    lengths: &Lengths,
    objective: &Objective,
    arrival_cv2: f64,
    prompt_cv2: f64,
    transfer: Time,
) -> Result<Prefill, Time> {
    let c = &step.first_token;
    let spread = (1.0 + prompt_cv2.max(0.0)).ln();
    let long = lengths.prompt * (NORMAL_P99 * spread.sqrt() - 0.5 * spread).exp();
    let alone = step.prefill(long).s() * c[0] + c[2] + transfer.s() * long / lengths.prompt;
    let service = step.prefill(lengths.prompt).s() * c[0];
    // The first decode step comes on top.
    let room = objective.ttft_p99.s() - objective.tpot_p99.s() - alone;
    if room <= 0.0 || service <= 0.0 {
        return Err(Time::from_s(alone + objective.tpot_p99.s()));
    }
    let variability = 0.5 * (arrival_cv2 + prompt_cv2).max(1e-6);
    let wait = |load: f64| variability / (1.0 - load) * service * (100.0 * load).ln().max(0.0);
    let (mut low, mut high) = (0.0, 0.999);
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if wait(middle) > room {
            high = middle;
        } else {
            low = middle;
        }
    }
    Ok(Prefill {
        deployment: *step.deployment(),
        rate: low / service,
        ttft_p99: Time::from_s(alone + wait(low)),
        transfer,
    })
}

/// Requests per second of a decode replica that is limited to `batch` requests in flight.
pub(crate) fn decode_rate(step: &StepModel, lengths: &Lengths, batch: f64) -> f64 {
    let mean = mean_under(batch);
    mean / (lengths.answer * step.pure_decode(mean, lengths).s())
}

fn decode(
    step: &StepModel,
    fit: Memory,
    lengths: &Lengths,
    objective: &Objective,
    engine: &EngineInputs,
) -> Result<Decode, ServingError> {
    let slow = engine.slow_request(lengths.answer);
    let tpot = |batch: f64| step.pure_decode(batch, lengths) * slow;
    let most = engine.requests_held(lengths, fit.tokens).floor().min(f64::from(engine.max_batch)).max(1.0);
    let alone = tpot(1.0);
    if alone > objective.tpot_p99 {
        return Err(ServingError::BelowFloor { what: "TPOT", objective: objective.tpot_p99, floor: alone });
    }
    let batch = largest_in_time(most, |batch| tpot(batch) <= objective.tpot_p99);
    Ok(Decode {
        deployment: *step.deployment(),
        batch: batch as u32,
        rate: decode_rate(step, lengths, batch),
        tpot_p99: tpot(batch),
        memory: fit,
    })
}

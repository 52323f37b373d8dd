//! The planner: which deployment serves a demand within its objectives on the fewest chips.

use gigatwin_catalog::{Chip, ModelShape, Precision};
use gigatwin_fabric::Network;
use gigatwin_quantity::{Share, Time};

use crate::coefficients::{Calibration, ChipClass, EngineFamily};
use crate::deployment::{Deployment, EngineInputs, Memory, memory};
use crate::error::{ServingError, positive};
use crate::queue::first_token;
use crate::steady::{Lengths, Steady, at_batch};
use crate::step::StepModel;

/// 99 % quantile of the standard normal distribution.
pub(crate) const NORMAL_P99: f64 = 2.326_347_874;
const DAY: f64 = 86_400.0;

/// How much is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Demand {
    /// Mean requests per second.
    RequestsPerSecond(f64),
    /// People and what each asks per day.
    Users {
        /// Number of users.
        users: f64,
        /// Requests of one user on one day.
        requests_per_user_day: f64,
    },
}

impl Demand {
    /// Mean over the day, requests per second.
    pub fn mean_rate(&self) -> f64 {
        match *self {
            Demand::RequestsPerSecond(rate) => rate,
            Demand::Users { users, requests_per_user_day } => users * requests_per_user_day / DAY,
        }
    }
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Workload {
    /// Mean lengths.
    pub lengths: Lengths,
    /// Mean demand.
    pub demand: Demand,
    /// Rate of the busiest hour over the mean of the day.
    pub peak_factor: f64,
}

/// What is promised to users.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Objective {
    /// Time to the first token, 99th percentile.
    pub ttft_p99: Time,
    /// Time per output token, 99th percentile.
    pub tpot_p99: Time,
}

/// What the planner may choose from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlanInputs {
    /// The serving software.
    pub engine: EngineInputs,
    /// Its family.
    pub family: EngineFamily,
    /// Generation of the chip.
    pub class: ChipClass,
    /// Format of the weights.
    pub weights: Precision,
    /// Format of keys and values.
    pub kv: Precision,
    /// Largest replica that is looked at, in chips.
    pub max_chips_per_replica: u32,
    /// Replicas beyond the peak, one for N+1.
    pub spare_replicas: u32,
}

/// One deployment that meets the objectives.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Layout of one replica.
    pub deployment: Deployment,
    /// Requests in flight that the engine is limited to.
    pub batch: u32,
    /// Requests per second of one replica at which the objectives just hold.
    pub rate_per_replica: f64,
    /// Replicas, spare ones included.
    pub replicas: u32,
    /// Chips, spare ones included.
    pub chips: u64,
    /// Output tokens per second of all replicas at the objectives' limit, spare ones included.
    pub output_capacity: f64,
    /// 99th percentile of the time to the first token at the limit.
    pub ttft_p99: Time,
    /// 99th percentile of the time per output token at the limit.
    pub tpot_p99: Time,
    /// One replica at the limit.
    pub at_limit: Steady,
    /// One replica at the mean demand, spread over all replicas.
    pub at_mean: Steady,
    /// Mean rate over what all replicas can carry.
    pub utilisation_mean: Share,
    /// Memory of one replica.
    pub memory: Memory,
}

/// The answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Fewest chips; among equals the lowest time per output token.
    pub best: Candidate,
    /// The next layout, if another meets the objectives.
    pub runner_up: Option<Candidate>,
    /// Why the runner-up lost.
    pub why: String,
    /// Layouts looked at.
    pub examined: u32,
    /// Of them, layouts that meet the objectives.
    pub feasible: u32,
}

/// Nothing meets the objectives.
#[derive(Debug, Clone, PartialEq)]
pub struct Infeasible {
    /// What binds in the layout that comes closest.
    pub binding: ServingError,
    /// The nearest change that cures it.
    pub nearest_change: String,
}

/// A plan, or why there is none.
pub type Verdict = Result<Plan, Infeasible>;

/// Finds the deployment that serves the workload within the objectives on the fewest chips.
///
/// For each layout that fits, the largest number of requests in flight is bisected at which the objectives hold. The percentiles
/// come from means by these approximations: requests in flight are Poisson, so a limit of B carries a mean of b with
/// b + 2.33·√b = B, and the 99th percentile of the time per output token is that of a full batch; prompts are lognormal, so the
/// 99th percentile of the prefill is that of the 99th-percentile prompt; the rest of the step under way is uniform and the wait for
/// other prompts exponential, and their 99th percentiles are added, which is the cautious side.
///
/// # Errors
/// `Err(Infeasible)` where the answer is no. Inputs that are no positive numbers are the outer error.
pub fn plan(
    model: &ModelShape,
    chip: &Chip,
    network: &Network,
    workload: &Workload,
    objective: &Objective,
    inputs: &PlanInputs,
    calibration: &Calibration,
) -> Result<Verdict, ServingError> {
    let lengths = Lengths::new(workload.lengths.prompt, workload.lengths.answer)?;
    let mean_rate = positive("request rate", workload.demand.mean_rate())?;
    positive("peak factor", workload.peak_factor)?;
    positive("TTFT objective", objective.ttft_p99.s())?;
    positive("TPOT objective", objective.tpot_p99.s())?;
    let peak = mean_rate * workload.peak_factor.max(1.0);

    let mut best: Option<Candidate> = None;
    let mut runner_up: Option<Candidate> = None;
    let mut nearest: Option<(f64, ServingError, Deployment)> = None;
    let (mut examined, mut feasible) = (0, 0);
    for deployment in layouts(model, inputs) {
        examined += 1;
        let tried = made(model, chip, network, &lengths, inputs, calibration, deployment)
            .and_then(|(fit, step)| candidate(&step, fit, &lengths, objective, inputs, peak, mean_rate));
        match tried {
            Ok(found) => {
                feasible += 1;
                if best.as_ref().is_none_or(|b| before(&found, b)) {
                    runner_up = best.replace(found);
                } else if runner_up.as_ref().is_none_or(|r| before(&found, r)) {
                    runner_up = Some(found);
                }
            }
            Err(error) => {
                let distance = distance(&error);
                if nearest.as_ref().is_none_or(|(d, ..)| distance < *d) {
                    nearest = Some((distance, error, deployment));
                }
            }
        }
    }
    Ok(match (best, nearest) {
        (Some(best), _) => {
            let why = runner_up
                .as_ref()
                .map_or_else(|| "no other layout meets the objectives".to_owned(), |r| reason(&best, r));
            Ok(Plan { best, runner_up, why, examined, feasible })
        }
        (None, Some((_, binding, deployment))) => {
            let nearest_change = change(&binding, &deployment, inputs);
            Err(Infeasible { binding, nearest_change })
        }
        (None, None) => Err(Infeasible {
            binding: ServingError::Layout("no layout of the allowed size suits the model".to_owned()),
            nearest_change: "allow more chips per replica".to_owned(),
        }),
    })
}

/// Powers of two of each degree that suit the model, small replicas first.
pub(crate) fn layouts(model: &ModelShape, inputs: &PlanInputs) -> Vec<Deployment> {
    let limit = inputs.max_chips_per_replica.max(1);
    let powers = || (0..12).map(|i| 1_u32 << i).take_while(move |p| *p <= limit);
    let mut out = Vec::with_capacity(64);
    for tp in powers() {
        for pp in powers().filter(|pp| *pp <= 8) {
            for dp_attention in powers() {
                let Some(chips) = tp.checked_mul(pp).and_then(|n| n.checked_mul(dp_attention)) else {
                    continue;
                };
                if chips > limit {
                    continue;
                }
                let stage = tp * dp_attention;
                // The step model does not tell experts split by tensor from experts split by rank within one tensor group, so only
                // the usual form of each is looked at.
                let ep = if model.moe.is_some() && dp_attention > 1 { stage } else { 1 };
                out.push(Deployment { tp, pp, ep, dp_attention, weights: inputs.weights, kv: inputs.kv });
            }
        }
    }
    out.retain(|d| d.check(model).is_ok());
    out.sort_by_key(|d| (d.chips(), d.pp, d.dp_attention, d.ep));
    out
}

fn before(a: &Candidate, b: &Candidate) -> bool {
    // A hair's breadth is no reason to prefer a layout with more parallelism: earlier layouts are simpler.
    (a.chips, a.at_limit.tpot.s() * 1.000_001) < (b.chips, b.at_limit.tpot.s())
}

/// Mean in flight under a limit: b + 2.33·√b = limit.
pub(crate) fn mean_under(limit: f64) -> f64 {
    let root = 0.5 * (-NORMAL_P99 + (NORMAL_P99 * NORMAL_P99 + 4.0 * limit).sqrt());
    root * root
}

pub(crate) struct Point {
    pub(crate) rate: f64,
    pub(crate) batch: f64,
    pub(crate) tpot: Time,
    pub(crate) ttft: Time,
}

/// Largest load at a limit of requests in flight: by decode slots, and by the first token's 99th percentile. `slow` is
/// [`EngineInputs::slow_request`].
pub(crate) fn point(
    step: &StepModel,
    lengths: &Lengths,
    objective: &Objective,
    inputs: &EngineInputs,
    slow: f64,
    limit: f64,
) -> Point {
    let spread = (1.0 + inputs.prompt_cv2.max(0.0)).ln();
    let long = lengths.prompt * (NORMAL_P99 * spread.sqrt() - 0.5 * spread).exp();
    let at = |batch: f64| {
        let rate = batch / (lengths.answer * step.tpot(batch, lengths).s());
        (rate, first_token(step, lengths, inputs, long, batch, rate).p99())
    };
    let mut batch = mean_under(limit);
    let (mut rate, mut ttft) = at(batch);
    if ttft > objective.ttft_p99.s() {
        // Less load than the slots allow.
        let (mut low, mut high) = (0.0, batch);
        for _ in 0..24 {
            let middle = 0.5 * (low + high);
            if at(middle).1 > objective.ttft_p99.s() {
                high = middle;
            } else {
                low = middle;
            }
        }
        batch = low;
        (rate, ttft) = if low > 0.0 { at(low) } else { (0.0, at(high).1) };
    }
    let tpot = step.tpot(limit, lengths) * slow;
    Point { rate, batch, tpot, ttft: Time::from_s(ttft) }
}

/// The largest whole number from 1 to `most` that is in time, where the first ones are; 1 where none is.
pub(crate) fn largest_in_time(most: f64, in_time: impl Fn(f64) -> bool) -> f64 {
    if in_time(most) {
        return most;
    }
    let (mut low, mut high) = (1.0, most);
    while high - low > 1.0 {
        let middle = (0.5 * (low + high)).floor();
        if in_time(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// Memory and step times of a layout, if it fits.
pub(crate) fn made(
    model: &ModelShape,
    chip: &Chip,
    network: &Network,
    lengths: &Lengths,
    inputs: &PlanInputs,
    calibration: &Calibration,
    deployment: Deployment,
) -> Result<(Memory, StepModel), ServingError> {
    let e = &inputs.engine;
    let fit = memory(model, chip, &deployment, e, lengths.total())?;
    let step = StepModel::new(model, chip, network, deployment, e, calibration, inputs.family, inputs.class)?;
    Ok((fit, step))
}

fn candidate(
    step: &StepModel,
    fit: Memory,
    lengths: &Lengths,
    objective: &Objective,
    inputs: &PlanInputs,
    peak: f64,
    mean_rate: f64,
) -> Result<Candidate, ServingError> {
    // Requests in flight are of all ages: the mean one holds its prompt and half its answer.
    let by_memory = inputs.engine.requests_held(lengths, fit.tokens).floor();
    let slow = inputs.engine.slow_request(lengths.answer);
    let most = by_memory.min(f64::from(inputs.engine.max_batch)).max(1.0);
    let tpot = |batch: f64| step.tpot(batch, lengths) * slow;
    let first = tpot(1.0);
    if first > objective.tpot_p99 {
        return Err(ServingError::BelowFloor { what: "TPOT", objective: objective.tpot_p99, floor: first });
    }
    let mut largest = largest_in_time(most, |batch| tpot(batch) <= objective.tpot_p99);
    let mut at = point(step, lengths, objective, &inputs.engine, slow, largest);
    let first_in_time =
        |limit: f64| point(step, lengths, objective, &inputs.engine, slow, limit).ttft <= objective.ttft_p99;
    if at.ttft > objective.ttft_p99 && first_in_time(1.0) {
        // A fuller batch has longer steps, which a new prompt waits for.
        largest = largest_in_time(largest, first_in_time);
        at = point(step, lengths, objective, &inputs.engine, slow, largest);
    }
    if at.ttft > objective.ttft_p99 || at.rate <= 0.0 {
        return Err(ServingError::BelowFloor {
            what: "TTFT",
            objective: objective.ttft_p99,
            floor: point(step, lengths, objective, &inputs.engine, slow, 1.0).ttft,
        });
    }
    let replicas = (peak / at.rate - 1e-9).ceil().max(1.0) + f64::from(inputs.spare_replicas);
    let share = mean_rate / replicas;
    let carried = share.min(at.rate);
    let mean = crate::steady::open(step, lengths, &inputs.engine, at.batch.max(1.0) * (1.0 + 1e-6), carried)
        .unwrap_or_else(|_| at_batch(step, lengths, &inputs.engine, at.batch, carried));
    Ok(Candidate {
        deployment: *step.deployment(),
        batch: largest as u32,
        rate_per_replica: at.rate,
        replicas: replicas.min(f64::from(u32::MAX)) as u32,
        chips: (replicas * f64::from(step.deployment().chips())) as u64,
        output_capacity: replicas * at.rate * lengths.answer,
        ttft_p99: at.ttft,
        tpot_p99: at.tpot,
        at_limit: at_batch(step, lengths, &inputs.engine, at.batch, at.rate),
        at_mean: mean,
        utilisation_mean: Share::from_fraction(mean_rate / (replicas * at.rate)),
        memory: fit,
    })
}

/// Largest batch that memory and the engine's limit allow for a throughput run: what "offline" means.
pub fn offline_batch(fit: &Memory, lengths: &Lengths, max_batch: u32) -> f64 {
    (fit.tokens / lengths.held()).floor().clamp(1.0, f64::from(max_batch.max(1)))
}

/// How far a refusal is from being none: what fits but is too slow is nearer than what does not fit.
pub(crate) fn distance(error: &ServingError) -> f64 {
    match error {
        ServingError::MemoryShort { short_by, usable, .. } => {
            1e9 + short_by.bytes() / usable.bytes().max(1.0)
        }
        ServingError::BelowFloor { objective, floor, .. } => (floor.s() / objective.s()).min(1e8),
        _ => f64::INFINITY,
    }
}

pub(crate) fn change(binding: &ServingError, deployment: &Deployment, inputs: &PlanInputs) -> String {
    match binding {
        ServingError::MemoryShort { short_by, usable, .. } => {
            let narrower = match deployment.weights {
                Precision::Bf16 => ", or eight-bit weights",
                Precision::Fp8 => ", or four-bit weights",
                Precision::Fp4 => "",
            };
            // What is divided among more chips shrinks with their number; layouts double.
            let times = (*usable + *short_by).bytes() / usable.bytes().max(1.0);
            let chips = (f64::from(deployment.chips()) * times).log2().ceil().exp2();
            format!(
                "chips with {short_by} more memory, or {chips:.0} chips per replica where at most {} may be taken{narrower}",
                inputs.max_chips_per_replica
            )
        }
        ServingError::BelowFloor { what, floor, .. } => format!("a {what} objective of at least {floor}"),
        _ => "another layout or more chips per replica".to_owned(),
    }
}

fn reason(best: &Candidate, other: &Candidate) -> String {
    if other.chips > best.chips {
        format!("the runner-up needs {} chips instead of {}", other.chips, best.chips)
    } else {
        format!(
            "the runner-up needs as many chips and takes {} per output token instead of {}",
            other.at_limit.tpot, best.at_limit.tpot
        )
    }
}

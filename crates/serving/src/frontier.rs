//! What a number of chips can do at best: the frontier of tokens per second and chip against tokens per second and user,
//! aggregated and disaggregated.
//!
//! Every layout that fits is tried at every batch of a fixed ladder. An aggregated replica runs prompts between decode steps; a
//! disaggregated deployment has pools that are rate-matched, x_p·R_p = x_d·R_d, with whole replicas (DistServe, Zhong et al., OSDI
//! 2024; Splitwise, Patel et al., ISCA 2024). Keys and values go from prefill to decode over the network between the scale-up
//! domains; the whole transfer counts in the time to the first token, which is the cautious side.

use gigatwin_catalog::{Chip, ModelShape};
use gigatwin_fabric::Network;
use gigatwin_quantity::{Energy, Power, Share, Time};

use crate::coefficients::Calibration;
use crate::deployment::Deployment;
use crate::disaggregate::{Prefill, decode_rate, prefill, transfer};
use crate::error::{ServingError, positive};
use crate::plan::{Objective, PlanInputs, change, distance, layouts, made, point};
use crate::steady::Lengths;

/// What chips draw between idle and their rating, by state.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Activity {
    /// While prompts are taken in.
    pub prefill: Share,
    /// While decoding.
    pub decode: Share,
}

/// Who does what on the chips.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape {
    /// Equal replicas.
    Aggregated {
        /// Layout of one replica.
        deployment: Deployment,
        /// Number of replicas.
        replicas: u32,
    },
    /// Separate pools.
    Disaggregated {
        /// Layout of a prefill replica.
        prefill: Deployment,
        /// Number of them.
        prefill_replicas: u32,
        /// Layout of a decode replica.
        decode: Deployment,
        /// Number of them.
        decode_replicas: u32,
        /// Time in which the keys and values of a mean prompt change pools.
        transfer: Time,
    },
}

/// One deployment at its largest load within the objectives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Choice {
    /// Who does what.
    pub shape: Shape,
    /// Requests in flight that a decoding replica is limited to.
    pub batch: u32,
    /// Chips that do anything.
    pub chips: u32,
    /// Requests per second of all replicas together.
    pub requests_per_s: f64,
    /// Output tokens per second over the chips that were offered, idle ones included.
    pub tokens_per_s_chip: f64,
    /// Output tokens per second that one user sees while the answer streams.
    pub tokens_per_s_user: f64,
    /// 99th percentile of the time to the first token.
    pub ttft_p99: Time,
    /// 99th percentile of the time per output token.
    pub tpot_p99: Time,
    /// Mean power of the chips in use.
    pub power: Power,
    /// Chip energy of one output token.
    pub energy_per_token: Energy,
}

/// The answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Frontier {
    /// Options that no other beats in both rates, the fastest per user first.
    pub pareto: Vec<Choice>,
    /// Most tokens per second and chip without separate pools.
    pub best_aggregated: Option<Choice>,
    /// Most tokens per second and chip with separate pools.
    pub best_disaggregated: Option<Choice>,
    /// Layouts looked at.
    pub layouts: u32,
    /// Points evaluated.
    pub points: u32,
}

impl Frontier {
    /// The option with the most tokens per second and chip.
    pub fn best(&self) -> Option<&Choice> {
        let rate = |o: &Option<Choice>| o.map_or(0.0, |o| o.tokens_per_s_chip);
        if rate(&self.best_disaggregated) > rate(&self.best_aggregated) {
            self.best_disaggregated.as_ref()
        } else {
            self.best_aggregated.as_ref()
        }
    }
}

/// Why there is no option.
#[derive(Debug, Clone, PartialEq)]
pub struct NoOption {
    /// What binds in the layout that comes closest.
    pub binding: ServingError,
    /// The nearest change that cures it.
    pub nearest_change: String,
}

/// A decode replica at one batch.
#[derive(Clone, Copy)]
struct Decode {
    deployment: Deployment,
    batch: f64,
    rate: f64,
    tpot: f64,
}

/// Finds the frontier of `chips` chips.
///
/// # Errors
/// The outer error where an input is no positive number; `Err(NoOption)` where no layout meets the objectives.
#[allow(clippy::too_many_arguments)] // eight independent facts, all needed
pub fn frontier(
    model: &ModelShape,
    chip: &Chip,
    network: &Network,
    lengths: &Lengths,
    objective: &Objective,
    inputs: &PlanInputs,
    calibration: &Calibration,
    chips: u32,
    activity: &Activity,
) -> Result<Result<Frontier, NoOption>, ServingError> {
    let lengths = Lengths::new(lengths.prompt, lengths.answer)?;
    positive("number of chips", f64::from(chips))?;
    positive("TTFT objective", objective.ttft_p99.s())?;
    positive("TPOT objective", objective.tpot_p99.s())?;
    let limited = PlanInputs { max_chips_per_replica: inputs.max_chips_per_replica.min(chips), ..*inputs };
    let mut all: Vec<Choice> = Vec::with_capacity(512);
    let mut decodes: Vec<Decode> = Vec::with_capacity(512);
    let mut prefills: Vec<Prefill> = Vec::with_capacity(64);
    let mut nearest: Option<(f64, ServingError, Deployment)> = None;
    let (mut tried, mut points) = (0, 0);
    let e = &inputs.engine;
    let slow = e.slow_request(lengths.answer);
    for deployment in layouts(model, &limited) {
        tried += 1;
        let (fit, step) = match made(model, chip, network, &lengths, &limited, calibration, deployment) {
            Ok(made) => made,
            Err(error) => {
                note(&mut nearest, error, deployment);
                continue;
            }
        };
        let transfer = transfer(model, network, &deployment, lengths.prompt);
        if let Ok(found) = prefill(&step, &lengths, objective, e.arrival_cv2, e.prompt_cv2, transfer) {
            prefills.push(found);
        }
        let most = e.requests_held(&lengths, fit.tokens).floor().min(f64::from(e.max_batch)).max(1.0);
        for batch in ladder(most) {
            points += 1;
            let pure = step.pure_decode(batch, &lengths).s() * slow;
            if pure <= objective.tpot_p99.s() {
                let rate = decode_rate(&step, &lengths, batch);
                decodes.push(Decode { deployment, batch, rate, tpot: pure });
            }
            let tpot = step.tpot(batch, &lengths) * slow;
            if tpot > objective.tpot_p99 {
                if batch <= 1.0 {
                    let error =
                        ServingError::BelowFloor { what: "TPOT", objective: objective.tpot_p99, floor: tpot };
                    note(&mut nearest, error, deployment);
                }
                continue;
            }
            let at = point(&step, &lengths, objective, e, slow, batch);
            if at.ttft > objective.ttft_p99 || at.rate <= 0.0 {
                if batch <= 1.0 {
                    let error = ServingError::BelowFloor {
                        what: "TTFT",
                        objective: objective.ttft_p99,
                        floor: at.ttft,
                    };
                    note(&mut nearest, error, deployment);
                }
                continue;
            }
            let replicas = chips / deployment.chips();
            let busy = (at.rate * step.prefill(lengths.prompt).s()).min(1.0);
            all.push(option(
                Shape::Aggregated { deployment, replicas },
                batch,
                replicas * deployment.chips(),
                f64::from(replicas) * at.rate,
                (at.ttft.s(), at.tpot.s()),
                chips,
                &lengths,
                draw(chip, activity, busy, 1.0 - busy),
            ));
        }
    }
    let best_aggregated = most_per_chip(&all);
    let aggregated = all.len();
    let by_chip = |p: &Prefill| p.rate / f64::from(p.deployment.chips());
    if let Some(p) = prefills.iter().copied().max_by(|a, b| by_chip(a).total_cmp(&by_chip(b))) {
        for d in &decodes {
            points += 1;
            let (cp, cd) = (p.deployment.chips(), d.deployment.chips());
            let mut best: Option<(f64, u32, u32)> = None;
            for xd in 1..=chips / cd {
                let xp = (chips - xd * cd) / cp;
                if xp == 0 {
                    break;
                }
                let rate = (f64::from(xp) * p.rate).min(f64::from(xd) * d.rate);
                // No more prefill replicas than the decode pool can use.
                let xp = ((rate / p.rate - 1e-9).ceil().max(1.0) as u32).min(xp);
                if best.is_none_or(|b| rate > b.0 * (1.0 + 1e-9)) {
                    best = Some((rate, xp, xd));
                }
            }
            let Some((rate, xp, xd)) = best else { continue };
            let (np, nd) = (f64::from(xp * cp), f64::from(xd * cd));
            let (bp, bd) = (rate / (f64::from(xp) * p.rate), rate / (f64::from(xd) * d.rate));
            let power = (draw(chip, activity, bp, 0.0) * np + draw(chip, activity, 0.0, bd) * nd) / (np + nd);
            all.push(option(
                Shape::Disaggregated {
                    prefill: p.deployment,
                    prefill_replicas: xp,
                    decode: d.deployment,
                    decode_replicas: xd,
                    transfer: p.transfer,
                },
                d.batch,
                xp * cp + xd * cd,
                rate,
                (p.ttft_p99.s() + d.tpot, d.tpot),
                chips,
                &lengths,
                power,
            ));
        }
    }
    let best_disaggregated = most_per_chip(&all[aggregated..]);
    if all.is_empty() {
        return Ok(Err(match nearest {
            Some((_, binding, deployment)) => {
                NoOption { nearest_change: change(&binding, &deployment, &limited), binding }
            }
            None => NoOption {
                binding: ServingError::Layout("no layout of the allowed size suits the model".to_owned()),
                nearest_change: "allow more chips".to_owned(),
            },
        }));
    }
    Ok(Ok(Frontier { pareto: pareto(all), best_aggregated, best_disaggregated, layouts: tried, points }))
}

fn note(nearest: &mut Option<(f64, ServingError, Deployment)>, error: ServingError, deployment: Deployment) {
    let far = distance(&error);
    if nearest.as_ref().is_none_or(|(d, ..)| far < *d) {
        *nearest = Some((far, error, deployment));
    }
}

/// Batches 1, 2, 3, 4, 6, 8, 12, … up to and with the largest.
fn ladder(most: f64) -> impl Iterator<Item = f64> {
    (0..48)
        .map(|i| if i % 2 == 0 { f64::powi(2.0, i / 2) } else { 1.5 * f64::powi(2.0, i / 2) })
        .filter(|b| b.fract() == 0.0)
        .take_while(move |b| *b < most)
        .chain(std::iter::once(most))
}

/// Power of one chip that takes in prompts and decodes for these shares of the time.
fn draw(chip: &Chip, activity: &Activity, prefill: f64, decode: f64) -> Power {
    let swing = (chip.tdp.w() - chip.idle_power.w()).max(0.0);
    let busy = activity.prefill.fraction() * prefill + activity.decode.fraction() * decode;
    Power::from_w(chip.idle_power.w() + swing * busy)
}

#[allow(clippy::too_many_arguments)] // called twice, each argument another fact
fn option(
    shape: Shape,
    batch: f64,
    used: u32,
    rate: f64,
    (ttft, tpot): (f64, f64),
    offered: u32,
    lengths: &Lengths,
    power: Power,
) -> Choice {
    let output = rate * lengths.answer;
    Choice {
        shape,
        batch: batch as u32,
        chips: used,
        requests_per_s: rate,
        tokens_per_s_chip: output / f64::from(offered),
        tokens_per_s_user: 1.0 / tpot,
        ttft_p99: Time::from_s(ttft),
        tpot_p99: Time::from_s(tpot),
        power: Power::from_w(power.w() * f64::from(used)),
        energy_per_token: Energy::from_joules(power.w() * f64::from(used) / output),
    }
}

fn most_per_chip(options: &[Choice]) -> Option<Choice> {
    options.iter().copied().max_by(|a, b| a.tokens_per_s_chip.total_cmp(&b.tokens_per_s_chip))
}

/// Keeps what no other option beats in both rates.
fn pareto(mut all: Vec<Choice>) -> Vec<Choice> {
    all.sort_by(|a, b| {
        b.tokens_per_s_user
            .total_cmp(&a.tokens_per_s_user)
            .then(b.tokens_per_s_chip.total_cmp(&a.tokens_per_s_chip))
    });
    let mut best = 0.0;
    all.retain(|o| {
        let keep = o.tokens_per_s_chip > best;
        best = o.tokens_per_s_chip.max(best);
        keep
    });
    all
}

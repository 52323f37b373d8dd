//! Fine-tuning as work for spare chips: supervised, with adapters, and by reinforcement with rollouts.

use gigatwin_catalog::Precision;
use gigatwin_quantity::{Bandwidth, Data, Flops, Share, Time};

use crate::error::ServingError;
use crate::event::{Pools, ReplayError, ReplayInputs, Source, Trace, replay};
use crate::steady::Lengths;

/// How a model is adapted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Method {
    /// All weights: 6 FLOP per weight and token (forward 2, backward 4).
    Supervised,
    /// Adapters of low rank: the gradients of the frozen weights are not needed, 4 FLOP per weight and token (Hu et al. 2021;
    /// measured gain 1.44 of 1.5, NeMo 24.12 on Llama 2 13B).
    Adapters,
    /// Reinforcement: each step rolls out answers, scores them, trains on them and hands the new weights to the rollout engine.
    Reinforcement {
        /// Steps of a job.
        steps: f64,
        /// Time of the rollout of one step, barrier included ([`rollout_time`]).
        rollout: Time,
        /// Tokens of prompts and answers of one step.
        tokens: f64,
        /// Bytes of the weights, sent once per step.
        weights: Data,
        /// Rate at which they are sent.
        bandwidth: Bandwidth,
    },
}

/// Jobs of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Tune {
    /// Its name.
    pub name: String,
    /// Index of its partition.
    pub partition: usize,
    /// How.
    pub method: Method,
    /// Weights that a token meets.
    pub active_parameters: f64,
    /// Tokens that one supervised or adapter job trains on.
    pub tokens: f64,
    /// Jobs per day.
    pub jobs_per_day: f64,
    /// Chips that a job needs at once.
    pub chips: u32,
    /// Matrix rate of one chip at the job's precision.
    pub rate: Flops,
    /// Share of it that training reaches.
    pub efficiency: Share,
    /// What giving the chips back and taking them again costs a job: a checkpoint written and read, and a start.
    pub restart: Time,
}

/// Bytes that training keeps for each weight of a model in mixed precision: weight and gradient in two bytes, master weight and two
/// moments of Adam in four (Rajbhandari et al., ZeRO, SC 2020, section 3.1).
const TRAINING_BYTES: f64 = 16.0;
/// Bytes of a weight of the reference model that reinforcement keeps beside.
const REFERENCE_BYTES: f64 = 2.0;
/// Weights of the adapters over those of the model: rank 16 to 64 on all matrices.
const ADAPTERS: f64 = 0.01;

/// Memory that a job wants on each of its chips: everything is divided among them (ZeRO stage 3 or FSDP), activations are recomputed and
/// come out of what the chip keeps back.
///
/// # Errors
/// [`ServingError::MemoryShort`] where that is more than `usable`.
pub fn tune_memory(
    method: &Method,
    parameters: f64,
    weights: Precision,
    chips: u32,
    usable: Data,
) -> Result<Data, ServingError> {
    let each = match method {
        Method::Supervised => TRAINING_BYTES,
        Method::Adapters => weights.bytes() + ADAPTERS * TRAINING_BYTES,
        // The rollout engine holds its weights on the same chips.
        Method::Reinforcement { .. } => TRAINING_BYTES + REFERENCE_BYTES + weights.bytes(),
    };
    let wanted = Data::from_bytes(parameters * each / f64::from(chips.max(1)));
    if wanted > usable {
        return Err(ServingError::MemoryShort { short_by: wanted - usable, weights: wanted, usable });
    }
    Ok(wanted)
}

/// One job.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TuneJob {
    /// On its chips without interruption.
    pub time: Time,
    /// Chip-hours.
    pub chip_hours: f64,
    /// Share of the time in rollouts; zero without.
    pub rollout: Share,
}

impl Tune {
    /// Time and chip-hours of one job.
    pub fn job(&self) -> TuneJob {
        let flops = f64::from(self.chips.max(1)) * self.rate.flops() * self.efficiency.fraction();
        let compute =
            |per_weight: f64, tokens: f64| per_weight * self.active_parameters * tokens / flops.max(1.0);
        let (seconds, rolling) = match self.method {
            Method::Supervised => (compute(6.0, self.tokens), 0.0),
            Method::Adapters => (compute(4.0, self.tokens), 0.0),
            Method::Reinforcement { steps, rollout, tokens, weights, bandwidth } => {
                // Two more per weight: the log-probabilities of the reference model.
                let sent = weights.bytes() / bandwidth.bytes_per_s().max(1.0);
                let train = compute(8.0, tokens);
                (steps * (rollout.s() + train + sent), steps * rollout.s())
            }
        };
        TuneJob {
            time: Time::from_s(seconds),
            chip_hours: seconds * f64::from(self.chips) / 3600.0,
            rollout: Share::from_fraction(if seconds > 0.0 { rolling / seconds } else { 0.0 }),
        }
    }
}

/// What one step of reinforcement learning rolls out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rollout {
    /// Prompts of a step.
    pub prompts: u32,
    /// Answers to each.
    pub group: u32,
    /// Mean lengths; answers are geometric, so the longest of a group is much longer than the mean.
    pub lengths: Lengths,
}

/// Time of a rollout with its barrier: all answers are asked for at once, and the step waits for the longest of them. The replicas
/// are those of a replay; answers of one prompt share its prefix. Quantiles of the geometric law stand for random draws, so no seed
/// is needed.
///
/// # Errors
/// As [`replay()`].
pub fn rollout_time(rollout: &Rollout, pools: Pools, block_tokens: u32) -> Result<Time, ReplayError> {
    let all = u64::from(rollout.prompts.max(1)) * u64::from(rollout.group.max(1));
    let mut trace = Trace::new(block_tokens);
    let prompt = rollout.lengths.prompt.clamp(1.0, 1e6).round() as u32;
    let mean = rollout.lengths.answer.max(1.0);
    // A stride that is odd and near the golden section spreads the quantiles over the replicas.
    let count = all.max(1);
    let mut stride = ((count as f64 * 0.618_033_988_749_895) as u64).max(1);
    while gcd(stride, count) != 1 {
        stride += 1;
    }
    let blocks = u64::from(prompt / block_tokens.max(1));
    for i in 0..count {
        let quantile = ((i * stride % count) as f64 + 0.5) / count as f64;
        let answer =
            if mean > 1.0 { 1.0 + ((1.0 - quantile).ln() / (-1.0 / mean).ln_1p()).floor() } else { 1.0 };
        let which = i / u64::from(rollout.group.max(1));
        let identities: Vec<u64> = (0..blocks).map(|b| which * blocks + b).collect();
        trace.push(Time::ZERO, prompt, answer.clamp(1.0, 1e6) as u32, &identities);
    }
    let inputs = ReplayInputs {
        pools,
        block_tokens,
        routing: crate::event::Routing::LeastLoaded,
        prefix_caching: true,
        source: Source::Open,
        macro_steps: true,
    };
    Ok(replay(&trace, &inputs)?.summary.makespan)
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

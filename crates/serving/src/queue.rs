//! The first token under load: what a prompt waits for in a replica that batches continuously.
//!
//! A replica takes steps. A step that only decodes lasts d; each prompt that starts in it adds its work w. A prompt that arrives
//! waits for the end of the step under way, then runs in the next one together with the prompts that arrived beside it, as far as
//! the budget of tokens allows; those beyond wait for further steps.

use gigatwin_quantity::Time;

use crate::deployment::EngineInputs;
use crate::steady::Lengths;
use crate::step::StepModel;

/// Where the time to the first token goes. Means, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FirstToken {
    /// Front end, client and the share of measured prefill that keeps nobody waiting: what the calibrated time of an empty replica has
    /// beyond the replica's own work.
    pub latency: f64,
    /// Own work, and the decoding of others in the same steps.
    pub own: f64,
    /// The rest of the step under way.
    pub rest: f64,
    /// The prompts before and beside it.
    pub others: f64,
    /// Share of the time that the work of prompts takes.
    pub load: f64,
}

impl FirstToken {
    /// The mean time to the first token.
    pub fn total(&self) -> Time {
        Time::from_s(self.latency + self.own + self.wait())
    }

    /// What is neither own work nor latency.
    pub fn wait(&self) -> f64 {
        self.rest + self.others
    }

    /// The 99th percentile: the rest of a step is uniform, so twice its mean bounds it; queues have an exponential tail. The two are
    /// added, which is the cautious side.
    pub(crate) fn p99(&self) -> f64 {
        self.latency + self.own + 2.0 * self.rest + self.others * 100.0_f64.ln()
    }
}

/// Number of requests that a token of one of them finds in the batch when `mean` are there on average. Where arrivals scatter a request
/// is more likely to be in a full batch, its own place counted: E\[N²\]/E\[N\] = mean + peakedness, and the peakedness of a
/// system without waiting is 1 + (c² − 1)·∫(1 − F)²/∫(1 − F) (Whitt, Oper. Res. Lett. 3 (1984) 7), which lies near 1 + (c² − 1)/(1 + cₛ²).
/// Evenly spaced requests of one length find the mean itself.
pub(crate) fn found_in_batch(mean: f64, inputs: &EngineInputs) -> f64 {
    mean + (1.0 + (inputs.arrival_cv2 - 1.0) / (1.0 + inputs.prompt_cv2)).max(0.0)
}

/// What one prompt adds to a step of the steady state.
pub(crate) fn prompt_work(step: &StepModel, prompt: f64) -> f64 {
    let one = Lengths { prompt, answer: 1.0 };
    (step.tpot(1.0, &one) - step.pure_decode(1.0, &one)).s()
}

/// What a prompt of `prompt` tokens costs an empty replica, as calibrated, and beyond its work and launches.
pub(crate) fn latency(step: &StepModel, prompt: f64, answer: f64, work: f64) -> f64 {
    let c = &step.first_token;
    let lengths = Lengths { prompt, answer };
    let empty = step.prefill(prompt).s() * c[0] + step.tpot(f64::MIN_POSITIVE, &lengths).s() * c[1] + c[2];
    (empty - work - step.chunks(prompt) * step.prefill(0.0).s()).max(0.0)
}

/// The time to the first token of a prompt of `prompt` tokens on a replica that decodes `batch` requests on average and gets `rate`
/// prompts of mean length per second.
pub(crate) fn first_token(
    step: &StepModel,
    lengths: &Lengths,
    inputs: &EngineInputs,
    prompt: f64,
    batch: f64,
    rate: f64,
) -> FirstToken {
    let work = prompt_work(step, lengths.prompt);
    let own_work = if prompt == lengths.prompt { work } else { prompt_work(step, prompt) };
    let load = (rate * work).min(1.0 - 1e-9);
    let launches = step.prefill(0.0).s();
    // A replica is without a request as often as in M/G/infinity, and without a prompt as often as in M/G/1.
    let decoding = 1.0 - (-batch).exp();
    let decode = if batch > 0.0 {
        step.pure_decode(batch / decoding.max(f64::MIN_POSITIVE), lengths).s() * step.tokens_per_step()
    } else {
        0.0
    };
    let busy = 1.0 - (1.0 - load) * (1.0 - decoding);
    let fixed = decoding * decode + (1.0 - decoding) * launches;
    // Steps lengthen by what arrives in them: E[S] = d + rate·E[S]·w. The number of prompts in one scatters as the arrivals do; evenly
    // spaced ones come floor or ceiling.
    let mean = fixed / (1.0 - load);
    let prompts = rate * mean;
    let cv2 = inputs.arrival_cv2.max(0.0);
    let even = prompts.fract() * (1.0 - prompts.fract());
    let scatter = prompts * cv2 + (1.0 - cv2).max(0.0) * even + prompts * inputs.prompt_cv2.max(0.0);
    let square = mean * mean + work * work * scatter;
    // Decoded tokens take their part of the budget first.
    let budget = (f64::from(step.deployment().chunk_tokens(inputs.chunk_tokens)) - batch).max(1.0);
    let new = |tokens: f64| tokens * (1.0 - inputs.prefix_hit.fraction());
    let steps = |tokens: f64| (new(tokens) / budget).ceil().max(1.0);
    let full_step = steps(lengths.prompt) * fixed + work;
    // The step under way is the longer the likelier it is met; half of it is left. Evenly spaced prompts that come less often than their own
    // steps last meet steps that only decode.
    let random = square / mean.max(f64::MIN_POSITIVE);
    let regular = if rate * full_step <= 1.0 { fixed } else { random };
    let c = cv2.min(1.0);
    let met = c * random + (1.0 - c) * regular;
    let left = busy * 0.5 * met;
    // Prompts that share the next step, and those for which its budget has no room.
    let share_of_step = budget / new(lengths.prompt).max(1.0);
    let room = share_of_step.max(1.0);
    let beside = (rate * busy * met - (1.0 - cv2).max(0.0)).clamp(0.0, room - 1.0);
    let use_of_room = (rate * (fixed / share_of_step + work)).min(1.0 - 1e-9);
    // Bulk service of `room` prompts a step as that many servers (Sakasegawa, Ann. Inst. Stat. Math. 29 (1977) 67); one prompt a step is
    // the Pollaczek-Khinchine formula.
    let queue = cv2 * use_of_room.powf((2.0 * (room + 1.0)).sqrt() - 1.0) / (room * (1.0 - use_of_room));
    FirstToken {
        latency: latency(step, prompt, lengths.answer, own_work),
        own: own_work + steps(prompt) * fixed,
        rest: left,
        others: left * queue + beside * work,
        load: rate * work,
    }
}

//! What a step costs, in whole picoseconds.

use gigatwin_catalog::ModelShape;
use gigatwin_quantity::{Bandwidth, Time};

use super::request::{PS, ps};
use crate::deployment::EngineInputs;
use crate::error::ServingError;
use crate::queue::{latency as latency_of, prompt_work};
use crate::steady::Lengths;
use crate::step::StepModel;

/// Distance of the points at which prompt work is tabulated, in tokens; between them it is linear.
const GRID: u64 = 512;
const MILLION: u64 = 1_000_000;
/// Context at which the cost of a held token is read off, far beyond any window.
const FAR: f64 = 1_048_576.0;

/// Step times of one replica, sampled from its [`StepModel`].
///
/// A step that decodes a batch and takes in parts of prompts lasts `decode[batch] + kv · tokens held + work of the parts`. The work of a
/// part is the difference of a cumulated table, so it does not depend on how a prompt is cut.
#[derive(Debug, Clone, PartialEq)]
pub struct StepCosts {
    /// By requests in the batch; entry 0 is a step with prompts only.
    decode: Vec<u64>,
    /// Per token held, and per token held within the window.
    pub(crate) kv: u64,
    pub(crate) kv_window: u64,
    /// Tokens of the window of local attention; all where there is none.
    pub(crate) window: u64,
    /// Cumulated work of a prompt at multiples of [`GRID`].
    work: Vec<u64>,
    /// What a client waits beyond the replica's own time, by prompt length, at multiples of [`GRID`].
    latency: Vec<u64>,
    /// Millionths of a prompt that are known where the trace has no prefixes of its own.
    known: u64,
}

impl StepCosts {
    /// Samples a step model for batches up to `inputs.max_batch` and contexts up to `longest` tokens.
    ///
    /// The latency beyond the replica is what the calibrated time to the first token of an empty replica has over the pure work:
    /// front end, client, and the share of measured prefill that does not keep others waiting.
    ///
    /// # Errors
    /// None today; costs of another source may refuse.
    pub fn sample(
        step: &StepModel,
        model: &ModelShape,
        inputs: &EngineInputs,
        longest: u64,
    ) -> Result<StepCosts, ServingError> {
        let decode_at = |batch: f64, context: f64| {
            step.pure_decode(batch, &Lengths { prompt: context, answer: f64::MIN_POSITIVE }).s()
        };
        let whole = |seconds: f64| (seconds.max(0.0) * PS).round() as u64;
        let (kv, kv_window, window) = match model.sliding_window {
            Some((window, every)) if every > 0 && f64::from(window) < FAR => {
                let global = (decode_at(1.0, FAR * 2.0) - decode_at(1.0, FAR)) / FAR;
                let all = (decode_at(1.0, f64::from(window)) - decode_at(1.0, 0.0)) / f64::from(window);
                (whole(global), whole(all - global), u64::from(window))
            }
            _ => (whole((decode_at(1.0, FAR) - decode_at(1.0, 0.0)) / FAR), 0, u64::MAX),
        };
        // Prompts need the kernels' launches once per step; in a step that decodes they are paid already.
        let launches = step.prefill(0.0).s();
        let mut decode = vec![whole(launches)];
        decode.extend((1..=inputs.max_batch.max(1)).map(|b| whole(decode_at(f64::from(b), 0.0))));
        let plain = step.without_known();
        let points = longest / GRID + 2;
        let mut work = Vec::with_capacity(points as usize);
        let mut latency = Vec::with_capacity(points as usize);
        for i in 0..points {
            let tokens = (i * GRID) as f64;
            // What one prompt adds to a step of the steady state.
            work.push(whole(prompt_work(&plain, tokens)));
            let within = prompt_work(step, tokens);
            latency.push(whole(latency_of(step, tokens.max(1.0), 2.0, within)));
        }
        // Rounding must not make a longer prompt cheaper.
        for i in 1..work.len() {
            work[i] = work[i].max(work[i - 1]);
        }
        Ok(StepCosts {
            decode,
            kv,
            kv_window,
            window,
            work,
            latency,
            known: whole_millionths(inputs.prefix_hit.fraction()),
        })
    }

    /// Costs given directly, for tests and for engines other than the step model: the fixed time of a step, per request in the
    /// batch, per token held and per prompt token.
    pub fn affine(
        step: Time,
        request: Time,
        token_held: Time,
        prompt_token: Time,
        max_batch: u32,
    ) -> StepCosts {
        let decode = (0..=u64::from(max_batch.max(1))).map(|b| ps(step) + b * ps(request)).collect();
        let work = vec![0, ps(prompt_token) * GRID];
        StepCosts {
            decode,
            kv: ps(token_held),
            kv_window: 0,
            window: u64::MAX,
            work,
            latency: vec![0, 0],
            known: 0,
        }
    }

    /// The same costs with local attention over `window` tokens at `token_held` each on top.
    #[must_use]
    pub fn with_window(mut self, window: u32, token_held: Time) -> StepCosts {
        (self.window, self.kv_window) = (u64::from(window.max(1)), ps(token_held));
        self
    }

    /// The fixed part of a step that decodes `batch` requests; batches beyond the table cost as the largest.
    pub(crate) fn fixed(&self, batch: u64) -> u64 {
        let last = self.decode.len() - 1;
        self.decode[(batch as usize).min(last)]
    }

    /// Largest batch that was sampled.
    pub fn max_batch(&self) -> u32 {
        (self.decode.len() - 1) as u32
    }

    /// Work of the first `tokens` of a prompt.
    pub(crate) fn work(&self, tokens: u64) -> u64 {
        interpolate(&self.work, tokens)
    }

    /// Tokens of a prompt that a prefix cache of the stated hit rate knows.
    pub(crate) fn known(&self, prompt: u32) -> u32 {
        (u64::from(prompt) * self.known / MILLION) as u32
    }

    pub(crate) fn latency(&self, tokens: u64) -> u64 {
        interpolate(&self.latency, tokens)
    }

    /// Time of one step that decodes `batch` requests holding `held` tokens together, windows apart.
    pub fn decode_time(&self, batch: u32, held: u64) -> Time {
        super::request::time(self.fixed(u64::from(batch)) + (self.kv + self.kv_window) * held)
    }

    /// Time of the steps that take in one prompt on an empty replica in chunks of `chunk` tokens.
    pub fn prefill_time(&self, tokens: u32, chunk: u32) -> Time {
        let steps = u64::from(tokens.div_ceil(chunk.max(1)));
        super::request::time(self.work(u64::from(tokens)) + steps * self.fixed(0))
    }
}

fn whole_millionths(share: f64) -> u64 {
    (share.clamp(0.0, 1.0) * MILLION as f64).round() as u64
}

/// Between two points linear, beyond the last as steep as before it.
fn interpolate(points: &[u64], tokens: u64) -> u64 {
    let i = ((tokens / GRID) as usize).min(points.len() - 2);
    let (a, b) = (points[i], points[i + 1]);
    let rest = tokens - i as u64 * GRID;
    if b >= a { a + (b - a) * rest / GRID } else { a.saturating_sub((a - b) * rest / GRID) }
}

/// The way of keys and values from a prefill to a decode replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KvTransfer {
    pub(crate) fixed_ps: u64,
    pub(crate) per_token_ps: u64,
}

impl KvTransfer {
    /// From the bytes of one token over all chips of a replica, the bandwidth of all its NICs, and the latency of a transfer.
    pub fn new(bytes_per_token: f64, bandwidth: Bandwidth, latency: Time) -> KvTransfer {
        let per_token = Time::from_s(bytes_per_token / bandwidth.bytes_per_s().max(1.0));
        KvTransfer { fixed_ps: ps(latency), per_token_ps: ps(per_token) }
    }

    pub(crate) fn ps(&self, tokens: u64) -> u64 {
        self.fixed_ps + self.per_token_ps * tokens
    }
}

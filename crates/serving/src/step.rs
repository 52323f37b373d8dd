//! Time of one decode step and of one prefill: a sum of resource terms times calibrated coefficients.
//!
//! The form is a sum, not a maximum: kernels of a layer run one after another, and each is bound by another resource. The
//! exchange within a scale-up domain is part of the calibration (a bandwidth term and a latency term in log2 of the
//! chips); what a layout pays for leaving its domain, and for pipeline sends, comes from [`Network::time`].

use gigatwin_catalog::{Chip, ModelShape, Precision};
use gigatwin_fabric::{Collective, Group, Network};
use gigatwin_quantity::{Data, Time};

use crate::attention::{attention_flop, extra_kernels, read};
use crate::coefficients::{Calibration, ChipClass, DECODE_TERMS, EngineFamily, FIRST_TOKEN_TERMS};
use crate::deployment::{Deployment, EngineInputs, attention_bytes, index_bytes, kv_scalars};
use crate::error::{ServingError, positive};
use crate::speculation::{Speculation, share};
use crate::steady::Lengths;

/// Bytes of one activation scalar that chips exchange.
const ACTIVATION_BYTES: f64 = 2.0;

/// Requests of one wave of attention kernels: more of them run beside each other, so that the cost per request falls.
const WAVE: f64 = 128.0;

/// Width of the residual stream at which a layer counts one in the terms that grow with it.
const WIDTH: f64 = 4096.0;

/// What a matrix product costs beyond the larger of its two bounds while both are near: half the harmonic mean, bounded by either.
fn overlap(memory: f64, compute: f64) -> f64 {
    if memory + compute > 0.0 { memory * compute / (memory + compute) } else { 0.0 }
}

/// Times that one chip receives a vector in an all-reduce over `ranks` chips by ring.
fn all_reduce(ranks: f64) -> f64 {
    2.0 * (ranks - 1.0) / ranks
}

/// A model on a deployment, reduced to what a step needs: a step then costs a few dozen operations.
#[derive(Debug, Clone, PartialEq)]
pub struct StepModel {
    model: ModelShape,
    network: Network,
    deployment: Deployment,
    chunk_tokens: f64,
    imbalance: f64,
    known: f64,
    speculation: Option<Speculation>,
    // Seconds per unit on one chip at peak rates.
    dense_weights: f64,
    all_experts: f64,
    kv_scalar: f64,
    index_key: f64,
    head_per_token: f64,
    linear_per_token: f64,
    experts_per_token: f64,
    attention_flop: f64,
    exchange_per_token: f64,
    traffic_per_token: f64,
    experts_on_rank: f64,
    miss: f64,
    log2_chips: f64,
    layers: f64,
    expert_layers: f64,
    extra_kernels: f64,
    width: f64,
    /// Effective decode coefficients.
    pub(crate) decode: [f64; DECODE_TERMS],
    /// Effective first-token coefficients.
    pub(crate) first_token: [f64; FIRST_TOKEN_TERMS],
}

impl StepModel {
    /// Prepares a model on a deployment.
    ///
    /// # Errors
    /// Where the layout is impossible or the chip's rates are not known.
    #[allow(clippy::too_many_arguments)] // eight independent facts, all needed
    pub fn new(
        model: &ModelShape,
        chip: &Chip,
        network: &Network,
        deployment: Deployment,
        inputs: &EngineInputs,
        calibration: &Calibration,
        engine: EngineFamily,
        class: ChipClass,
    ) -> Result<StepModel, ServingError> {
        deployment.check(model)?;
        let known = |value: f64, what: &'static str| {
            if value > 0.0 && value.is_finite() { Ok(value) } else { Err(ServingError::ChipUnknown(what)) }
        };
        let bandwidth = known(chip.memory_bandwidth.bytes_per_s(), "memory bandwidth")?;
        let bf16 = known(chip.bf16.flops(), "matrix rate")?;
        // Four-bit weights on a chip without four-bit matrices are widened and multiplied in bf16.
        let rate = match deployment.weights {
            Precision::Fp4 if chip.fp4.is_none() => bf16,
            p => known(chip.rate(p).flops(), "matrix rate")?,
        };
        positive("prefill chunk", inputs.chunk_tokens)?;
        positive("expert imbalance", inputs.expert_imbalance)?;
        share("share of prompt tokens that are known", inputs.prefix_hit, 1.0)?;
        if let Some(speculation) = &inputs.speculation {
            speculation.check()?;
        }
        let (tp, stage) = (f64::from(deployment.tp), f64::from(deployment.stage_chips()));
        let layers = f64::from(model.layers);
        let expert_layers = f64::from(model.moe_layers());
        let dense_layers = layers - expert_layers;
        let (hidden, vocabulary) = (f64::from(model.hidden), f64::from(model.vocabulary));
        let weight = deployment.weights.bytes();
        let expert = model.expert_parameters();
        let (experts, active, shared) = model.moe.map_or((0.0, 0.0, 0.0), |m| {
            (f64::from(m.experts), f64::from(m.active), f64::from(m.shared_experts))
        });
        let attention = layers * model.attention_parameters();
        let dense = dense_layers * model.dense_ffn_parameters();
        let head = vocabulary * hidden;
        let dense_bytes = attention * attention_bytes(model, deployment.weights)
            + (dense + expert_layers * expert * shared) * weight
            + head * Precision::Bf16.bytes();
        let linear = attention + dense + expert_layers * expert * shared;
        let routed = expert_layers * expert * active;
        let exchange_per_token = if stage > 1.0 {
            let vectors = if deployment.dp_attention > 1 {
                // Dispatch and combine carry a token to each of its experts, at most once to each other chip; the attention of a copy is
                // summed over its own chips.
                2.0 * expert_layers * active.min(stage - 1.0) + layers * all_reduce(tp)
            } else {
                2.0 * layers * all_reduce(stage)
            };
            vectors * hidden * ACTIVATION_BYTES / known(network.scaleup.bytes_per_s(), "scale-up bandwidth")?
        } else {
            0.0
        };
        // Each expert reads its tokens and writes them back, and writes, reads and contracts what lies between its matrices.
        let expert_width = model.moe.map_or(0.0, |m| f64::from(m.expert_ffn));
        let traffic_per_token =
            expert_layers * active * (2.0 * hidden + 3.0 * expert_width) * ACTIVATION_BYTES
                / stage
                / bandwidth;
        Ok(StepModel {
            network: *network,
            deployment,
            chunk_tokens: inputs.chunk_tokens,
            imbalance: if deployment.ep > 1 { inputs.expert_imbalance.max(1.0) } else { 1.0 },
            known: inputs.prefix_hit.fraction(),
            // Where acceptance scatters, the one that gives the same mean time per token.
            speculation: inputs.speculation.map(|s| s.equivalent()),
            dense_weights: dense_bytes / tp / bandwidth,
            all_experts: expert_layers * experts * expert * weight / stage / bandwidth,
            kv_scalar: kv_scalars(model, deployment.tp) * deployment.kv_bytes() / bandwidth,
            index_key: index_bytes(model) / bandwidth,
            head_per_token: 2.0 * head / stage / rate,
            linear_per_token: 2.0 * linear / stage / rate,
            experts_per_token: 2.0 * routed / stage / rate,
            attention_flop: 1.0 / stage / bf16,
            exchange_per_token,
            traffic_per_token,
            experts_on_rank: experts / f64::from(deployment.ep.max(1)),
            miss: if experts > 0.0 { (1.0 - active / experts).max(0.0) } else { 1.0 },
            log2_chips: stage.log2(),
            layers,
            expert_layers,
            extra_kernels: layers * extra_kernels(model),
            width: hidden / WIDTH,
            decode: calibration.decode.effective(engine, class),
            first_token: calibration.first_token.effective(engine, class),
            model: model.clone(),
        })
    }

    /// The deployment it was made for.
    pub fn deployment(&self) -> &Deployment {
        &self.deployment
    }

    /// Ideal compute of one prompt in seconds outside and inside the routed experts: two FLOP per active weight and token, and
    /// causal attention in bf16. What the prefix cache knows is not computed, but attended to.
    fn prompt_compute(&self, prompt: f64) -> [f64; 2] {
        let attention = |tokens: f64| {
            if tokens > 0.0 {
                tokens * attention_flop(&self.model, tokens) * self.attention_flop
            } else {
                0.0
            }
        };
        let new = self.computed(prompt);
        [
            new * self.linear_per_token + attention(prompt) - attention(prompt * self.known),
            new * self.experts_per_token,
        ]
    }

    /// The same model and deployment without a prefix cache.
    pub(crate) fn without_known(&self) -> StepModel {
        StepModel { known: 0.0, ..self.clone() }
    }

    /// Prompt tokens that have to be computed.
    fn computed(&self, prompt: f64) -> f64 {
        prompt * (1.0 - self.known)
    }

    /// The terms of a step that decodes `batch` requests and takes in the prompts of the requests that replace finished
    /// ones: ideal seconds or counts, in the order of [`crate::coefficients::DECODE_NAMES`]. One token per request.
    /// With drafted tokens those of drafting and verifying over the tokens that come of it.
    pub fn decode_terms(&self, batch: f64, lengths: &Lengths) -> [f64; DECODE_TERMS] {
        let Some(s) = &self.speculation else { return self.terms(batch, lengths, 1.0, 1.0, 1.0) };
        let verify = self.terms(batch, lengths, 1.0, s.verified(), s.emitted());
        let draft = self.terms(batch, lengths, 0.0, 1.0, 1.0);
        std::array::from_fn(|i| (verify[i] + s.drafting() * draft[i]) / s.emitted())
    }

    /// What no run can beat with `batch` requests decoding: the larger of the bytes of a step over peak bandwidth (the experts expected in
    /// use, evenly spread) and of its compute, prompts included, over peak rates; over the tokens that the step gives.
    pub fn floor(&self, batch: f64, lengths: &Lengths) -> Time {
        let even = StepModel { imbalance: 1.0, experts_on_rank: f64::INFINITY, ..self.clone() };
        let t = even.decode_terms(batch, lengths);
        Time::from_s((t[0] + t[1] + t[2]).max(t[3] + t[4]))
    }

    /// The terms of a step that only decodes: a static batch, or the decode pool of a disaggregated deployment.
    pub fn pure_decode_terms(&self, batch: f64, lengths: &Lengths) -> [f64; DECODE_TERMS] {
        self.terms(batch, lengths, 0.0, 1.0, 1.0)
    }

    /// What the busiest expert rank reads over the mean: with `coverage` of its experts in use, the number in use is binomial, and
    /// the largest of r normal values lies √(2 ln r) deviations above the mean.
    fn busiest(&self, coverage: f64) -> f64 {
        let ranks = f64::from(self.deployment.ep);
        if ranks <= 1.0 || coverage <= 0.0 {
            return 1.0;
        }
        let relative = (1.0 - coverage) / (self.experts_on_rank * coverage);
        (1.0 + (2.0 * ranks.ln() * relative.max(0.0)).sqrt()).min(1.0 / coverage)
    }

    /// A step in which each request has `verified` tokens computed and gives `emitted` of them.
    fn terms(
        &self,
        batch: f64,
        lengths: &Lengths,
        mixed: f64,
        verified: f64,
        emitted: f64,
    ) -> [f64; DECODE_TERMS] {
        // Each pipeline stage works on one of pp groups of requests; a token passes all stages.
        let batch = batch / f64::from(self.deployment.pp);
        let on_rank = batch / f64::from(self.deployment.dp_attention);
        let context = lengths.prompt + lengths.answer / 2.0;
        let tokens = batch * verified;
        let coverage = if self.expert_layers > 0.0 { 1.0 - self.miss.powf(tokens) } else { 0.0 };
        let experts = self.all_experts * coverage * self.busiest(coverage) * self.imbalance;
        let (dense, routed) =
            (tokens * (self.linear_per_token + self.head_per_token), tokens * self.experts_per_token);
        let turnover = mixed * emitted / lengths.answer;
        let prompt = if mixed > 0.0 { self.prompt_compute(lengths.prompt) } else { [0.0; 2] };
        let passing = verified + turnover * self.computed(lengths.prompt);
        [
            self.dense_weights,
            experts,
            on_rank * (read(&self.model, context) * self.kv_scalar + context * self.index_key),
            dense + batch * turnover * prompt[0],
            routed + batch * turnover * prompt[1],
            overlap(self.dense_weights, dense) + overlap(experts, routed),
            on_rank * passing * self.exchange_per_token,
            batch * passing * self.traffic_per_token,
            self.layers,
            self.layers * self.log2_chips,
            self.expert_layers,
            self.layers * on_rank * WAVE / (WAVE + on_rank),
            on_rank,
            self.extra_kernels,
            self.layers * self.width,
            self.layers * self.log2_chips * self.width,
            if self.deployment.dp_attention > 1 { routed + batch * turnover * prompt[1] } else { 0.0 },
        ]
    }

    /// Time per output token, prefill mixing included: of one decode step, or with drafted tokens of drafting and verifying over the
    /// tokens that come of it.
    pub fn tpot(&self, batch: f64, lengths: &Lengths) -> Time {
        self.time(batch, lengths, 1.0)
    }

    /// Time per output token of steps that only decode.
    pub fn pure_decode(&self, batch: f64, lengths: &Lengths) -> Time {
        self.time(batch, lengths, 0.0)
    }

    /// Tokens that a step gives each request: one, or more with drafted tokens.
    pub fn tokens_per_step(&self) -> f64 {
        self.speculation.map_or(1.0, |s| s.emitted())
    }

    fn time(&self, batch: f64, lengths: &Lengths, mixed: f64) -> Time {
        let step = |mixed: f64, verified: f64, emitted: f64| {
            let terms = self.terms(batch, lengths, mixed, verified, emitted);
            let calibrated: f64 = terms.iter().zip(&self.decode).map(|(t, c)| t * c).sum();
            let tokens = batch / f64::from(self.deployment.pp * self.deployment.dp_attention)
                * (verified + mixed * emitted * self.computed(lengths.prompt) / lengths.answer);
            calibrated + self.beyond_domain(tokens)
        };
        Time::from_s(match &self.speculation {
            None => step(mixed, 1.0, 1.0),
            Some(s) => {
                (step(mixed, s.verified(), s.emitted()) + s.drafting() * step(0.0, 1.0, 1.0)) / s.emitted()
            }
        })
    }

    /// Time to take in one prompt of `tokens` on an otherwise empty replica.
    pub fn prefill(&self, tokens: f64) -> Time {
        self.prefill_batch(1.0, tokens)
    }

    /// Time to take in `prompts` of `tokens` each at once.
    pub fn prefill_batch(&self, prompts: f64, tokens: f64) -> Time {
        let c = &self.decode;
        let all = prompts * self.computed(tokens);
        let copied = if self.deployment.dp_attention > 1 { c[16] } else { 0.0 };
        let compute = self.prompt_compute(tokens);
        Time::from_s(
            prompts * (compute[0] * c[3] + compute[1] * (c[4] + copied))
                + all * (self.exchange_per_token * c[6] + self.traffic_per_token * c[7])
                + self.chunks(all) * self.launches()
                + self.beyond_domain(all),
        )
    }

    /// Steps that take in so many prompt tokens, at least one; not rounded, since prompts share steps.
    pub(crate) fn chunks(&self, tokens: f64) -> f64 {
        (tokens / f64::from(self.deployment.chunk_tokens(self.chunk_tokens))).max(1.0)
    }

    /// What a step costs in launches alone.
    fn launches(&self) -> f64 {
        let c = &self.decode;
        self.layers * (c[8] + self.width * c[14])
            + self.layers * self.log2_chips * (c[9] + self.width * c[15])
            + self.expert_layers * c[10]
            + self.extra_kernels * c[13]
    }

    /// What exchanges cost beyond the calibrated in-domain ones, in seconds, for `tokens` on one rank: the same collectives across
    /// scale-up domains less those within one, and the sends between pipeline stages.
    fn beyond_domain(&self, tokens: f64) -> f64 {
        let stage = self.deployment.stage_chips();
        let hidden = f64::from(self.model.hidden);
        let bytes = Data::from_bytes(tokens * hidden * ACTIVATION_BYTES);
        let mut seconds = 0.0;
        let domain = self.network.domain.max(1);
        if stage > domain {
            let across = Group { ranks: stage, per_domain: domain };
            let within = Group { ranks: domain, per_domain: domain };
            let extra = |kind: Collective, size: Data| {
                (self.network.time(kind, size, across) - self.network.time(kind, size, within)).s().max(0.0)
            };
            if self.deployment.dp_attention > 1 {
                // Dispatch and combine: every token goes to its experts and back.
                let active = self.model.moe.map_or(1.0, |m| f64::from(m.active));
                seconds += 2.0 * self.expert_layers * extra(Collective::AllToAll, bytes * active);
            } else {
                seconds += 2.0 * self.layers * extra(Collective::AllReduce, bytes);
            }
        }
        if self.deployment.pp > 1 {
            let crosses = self.deployment.chips() > domain;
            let pair = Group { ranks: 2, per_domain: if crosses { 1 } else { 2 } };
            seconds += f64::from(self.deployment.pp - 1)
                * self.network.time(Collective::SendRecv, bytes / f64::from(self.deployment.tp), pair).s();
        }
        seconds
    }
}

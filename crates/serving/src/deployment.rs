//! How a model is laid out on chips and whether it fits.

use gigatwin_catalog::{Attention, Chip, ModelShape, Precision};
use gigatwin_quantity::{Data, Share};

use crate::error::{ServingError, positive};
use crate::sharing::SharedPrefix;
use crate::speculation::Speculation;

/// One replica: `tp` × `dp_attention` chips in each of `pp` pipeline stages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Deployment {
    /// Tensor parallelism of the attention and of dense layers.
    pub tp: u32,
    /// Pipeline stages.
    pub pp: u32,
    /// Expert-parallel ranks; the experts of one rank are split over the remaining `tp·dp_attention/ep` chips.
    pub ep: u32,
    /// Data-parallel copies of the attention.
    pub dp_attention: u32,
    /// Number format of the weights.
    pub weights: Precision,
    /// Number format of keys and values; four bits are not offered by the engines and count as eight.
    pub kv: Precision,
}

impl Deployment {
    /// Chips of one pipeline stage.
    pub fn stage_chips(&self) -> u32 {
        self.tp * self.dp_attention
    }

    /// Chips of one replica.
    pub fn chips(&self) -> u32 {
        self.stage_chips() * self.pp
    }

    /// Prompt tokens that one step of a replica takes in: each attention copy and each stage's group of requests has a budget of its own.
    pub fn chunk_tokens(&self, chunk: f64) -> u32 {
        (chunk * f64::from(self.pp * self.dp_attention)).max(1.0) as u32
    }

    /// Bytes of one key or value scalar.
    pub fn kv_bytes(&self) -> f64 {
        self.kv.bytes().max(1.0)
    }

    /// Checks the layout against itself and the model.
    ///
    /// # Errors
    /// [`ServingError::Layout`].
    pub fn check(&self, model: &ModelShape) -> Result<(), ServingError> {
        let fail = |text: String| Err(ServingError::Layout(text));
        if self.tp == 0 || self.pp == 0 || self.ep == 0 || self.dp_attention == 0 {
            return fail("a degree of parallelism is zero".to_owned());
        }
        if self.pp > model.layers {
            return fail(format!("{} pipeline stages for {} layers", self.pp, model.layers));
        }
        if model.heads == 0 || model.layers == 0 {
            return fail("the model has no heads or no layers".to_owned());
        }
        if !model.heads.is_multiple_of(self.tp) {
            return fail(format!("{} heads do not divide by tensor parallelism {}", model.heads, self.tp));
        }
        match model.moe {
            None if self.ep > 1 => fail("expert parallelism for a model without experts".to_owned()),
            None if self.dp_attention > 1 => {
                fail("data-parallel attention for a model without experts: use more replicas".to_owned())
            }
            Some(m) if self.ep > m.experts || !self.stage_chips().is_multiple_of(self.ep) => fail(format!(
                "expert parallelism {} for {} experts on {} chips",
                self.ep,
                m.experts,
                self.stage_chips()
            )),
            _ => Ok(()),
        }
    }
}

/// What the serving software does with the memory and the work.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EngineInputs {
    /// Share of the memory the engine may use.
    pub memory_utilisation: Share,
    /// Memory of a chip set aside for activations, graphs and communication buffers.
    pub activation_reserve: Data,
    /// Tokens of prefill taken into one step.
    pub chunk_tokens: f64,
    /// Most requests in flight in one replica.
    pub max_batch: u32,
    /// Load of the busiest expert rank over the mean, beyond what the calibration already contains.
    pub expert_imbalance: f64,
    /// Squared coefficient of variation of the gaps between arrivals.
    pub arrival_cv2: f64,
    /// Squared coefficient of variation of the prompt lengths.
    pub prompt_cv2: f64,
    /// Share of the prompt tokens whose keys and values are known already (prefix caching).
    pub prefix_hit: Share,
    /// Drafted tokens, where the engine speculates.
    pub speculation: Option<Speculation>,
    /// A start that prompts share, held once by the requests that are there together ([`EngineInputs::share_prefix`]).
    pub shared_prefix: Option<SharedPrefix>,
}

impl EngineInputs {
    /// Time per token of the slowest of a hundred requests over the mean one, at equal steps: drafts that are accepted less often.
    pub fn slow_request(&self, answer: f64) -> f64 {
        self.speculation.map_or(1.0, |s| s.slow(answer, 0.99).max(1.0))
    }
}

/// Where the memory of one chip goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Memory {
    /// Weights on one chip.
    pub weights: Data,
    /// Key-value memory of one chip.
    pub kv: Data,
    /// Key-value bytes of one token on each chip that holds it.
    pub kv_per_token: Data,
    /// Tokens that one replica can hold.
    pub tokens: f64,
}

/// Bytes of one weight of the attention: four-bit checkpoints of mixtures of experts quantise the experts only (gpt-oss model
/// card, arXiv 2508.10925, and the published four-bit checkpoints of DeepSeek-R1 and Kimi K2).
pub(crate) fn attention_bytes(model: &ModelShape, weights: Precision) -> f64 {
    if model.moe.is_some() && weights == Precision::Fp4 { Precision::Bf16.bytes() } else { weights.bytes() }
}

/// Key-value scalars of one token on one chip over all layers. Tensor parallelism splits key-value heads down to one and
/// replicates a latent (DeepSeek-V2, arXiv 2405.04434).
pub(crate) fn kv_scalars(model: &ModelShape, tp: u32) -> f64 {
    let split = match model.attention {
        Attention::Heads => tp.min(model.kv_heads).max(1),
        Attention::Latent { .. } => 1,
    };
    model.kv_scalars_per_token() / f64::from(split)
}

/// Tokens that are kept of a context, averaged over local and global layers.
pub(crate) fn kept(model: &ModelShape, context: f64) -> f64 {
    match model.sliding_window {
        Some((window, every)) if every > 0 && f64::from(window) < context => {
            let global = 1.0 / f64::from(every);
            global * context + (1.0 - global) * f64::from(window)
        }
        _ => context,
    }
}

/// Bytes that the indexer of sparse attention keeps of one token over all layers: its key in eight bits and a scale of four bytes. Every
/// chip has all of it.
pub(crate) fn index_bytes(model: &ModelShape) -> f64 {
    model.indexer.map_or(0.0, |i| f64::from(model.attention_layers()) * (f64::from(i.head_dim) + 4.0))
}

/// Memory of a replica whose requests reach `context` tokens (used where windows bound what is kept).
///
/// # Errors
/// [`ServingError::MemoryShort`] where not even one request fits, [`ServingError::Layout`].
pub fn memory(
    model: &ModelShape,
    chip: &Chip,
    deployment: &Deployment,
    inputs: &EngineInputs,
    context: f64,
) -> Result<Memory, ServingError> {
    deployment.check(model)?;
    positive("context length", context)?;
    let stage = f64::from(deployment.stage_chips());
    let (tp, pp) = (f64::from(deployment.tp), f64::from(deployment.pp));
    let attention =
        f64::from(model.layers) * model.attention_parameters() * attention_bytes(model, deployment.weights);
    let embedding = model.embedding_parameters() * Precision::Bf16.bytes();
    let experts = f64::from(model.moe_layers())
        * model.expert_parameters()
        * model.moe.map_or(0.0, |m| f64::from(m.experts))
        * deployment.weights.bytes();
    let rest = (model.non_expert_parameters()
        - f64::from(model.layers) * model.attention_parameters()
        - model.embedding_parameters())
        * deployment.weights.bytes();
    let weights = ((attention + embedding + rest) / tp + experts / stage) / pp;
    let usable =
        chip.memory.bytes() * inputs.memory_utilisation.fraction() - inputs.activation_reserve.bytes();
    // A context that a window bounds costs fewer tokens than it is long.
    let kept_share = kept(model, context) / context;
    let per_token =
        (kv_scalars(model, deployment.tp) * deployment.kv_bytes() * kept_share + index_bytes(model)) / pp;
    let free = usable - weights;
    let tokens = free / per_token * f64::from(deployment.dp_attention);
    if free < per_token * context {
        return Err(ServingError::MemoryShort {
            short_by: Data::from_bytes(per_token * context - free),
            weights: Data::from_bytes(weights),
            usable: Data::from_bytes(usable.max(0.0)),
        });
    }
    Ok(Memory {
        weights: Data::from_bytes(weights),
        kv: Data::from_bytes(free),
        kv_per_token: Data::from_bytes(per_token),
        tokens,
    })
}

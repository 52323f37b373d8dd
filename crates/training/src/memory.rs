//! Bytes per chip of one layout.

use gigatwin_catalog::{Attention, Chip, ModelShape, Precision};
use gigatwin_quantity::Data;

use crate::{AttentionKernel, Layout, Recompute, Schedule, TrainingState, Zero};

/// What fills the memory of the fullest chip.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MemoryBreakdown {
    /// Weights as the layers read them.
    pub weights: Data,
    /// Accumulated gradients.
    pub gradients: Data,
    /// Master weights and moments.
    pub optimizer: Data,
    /// Activations kept for the backward pass, all micro-batches in flight.
    pub activations: Data,
    /// Largest buffers that live for a moment: logits, one layer's recomputation, gathered weights.
    pub transient: Data,
    /// Driver context, collective buffers, allocator slack.
    pub workspace: Data,
    /// Memory of the chip.
    pub capacity: Data,
}

impl MemoryBreakdown {
    /// Sum of all parts.
    pub fn total(&self) -> Data {
        self.weights + self.gradients + self.optimizer + self.activations + self.transient + self.workspace
    }

    /// Whether it fits.
    pub fn fits(&self) -> bool {
        self.total().bytes() <= self.capacity.bytes()
    }

    /// What is missing; zero where it fits.
    pub fn short(&self) -> Data {
        (self.total() - self.capacity).max(Data::ZERO)
    }
}

/// Weights of the fullest rank: those shared by the data-parallel group, and experts shared by the smaller expert group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RankWeights {
    /// Outside routed experts.
    pub common: f64,
    /// Routed experts.
    pub expert: f64,
    /// Ranks holding the same common weights.
    pub common_copies: f64,
    /// Ranks holding the same expert weights.
    pub expert_copies: f64,
    /// Weights of one average layer on the rank.
    pub layer: f64,
}

/// Ranks that divide a part of the training state of which there are so many copies.
#[inline]
pub(crate) fn shards(l: &Layout, copies: f64) -> f64 {
    l.shard.map_or(copies, |n| f64::from(n).clamp(1.0, copies.max(1.0)))
}

pub(crate) fn rank_weights(model: &ModelShape, l: &Layout) -> RankWeights {
    let (tp, pp) = (f64::from(l.tp), f64::from(l.pp));
    let layers = f64::from(model.layers);
    let further = f64::from(model.mtp_layers);
    let embedding = model.embedding_parameters();
    let common_layers = model.non_expert_parameters() - embedding;
    let routed = model.parameters() - model.non_expert_parameters();
    // Modules for further tokens stand on the last stage, which has fewer layers for it; a single stage holds them beside.
    let beside = if l.pp == 1 { further } else { 0.0 };
    let per_stage = ((layers / pp).ceil().min(layers) + beside) / layers;
    // The first and the last stage hold an embedding each; a single stage holds both.
    let one = f64::from(model.vocabulary) * f64::from(model.hidden);
    let held = if l.pp == 1 { embedding } else { one };
    let split = f64::from(l.ep) * f64::from(l.expert_tp());
    let both_ends = if l.schedule == Schedule::DualPipe && l.pp > 1 { 2.0 } else { 1.0 };
    let common = both_ends * (common_layers * per_stage + held) / tp;
    // A stage behind the leading dense layers is all expert layers; in a hybrid they are spread over all stages.
    let moe_layers = f64::from(model.moe_layers()).max(1.0);
    let expert = if model.state_space.is_some() {
        routed * per_stage
    } else {
        routed * (((layers / pp).ceil() + beside) / moe_layers).min(1.0 + further / moe_layers)
    } / split
        * both_ends;
    RankWeights {
        common,
        expert,
        common_copies: f64::from(l.dp) * f64::from(l.cp),
        expert_copies: (tp * f64::from(l.dp) * f64::from(l.cp) / split).max(1.0),
        layer: (common_layers / tp + routed / split) / layers,
    }
}

/// Bytes that one average layer keeps per micro-batch.
pub(crate) fn kept_per_layer(model: &ModelShape, state: &TrainingState, l: &Layout) -> f64 {
    activations_per_layer(model, state, l).0
}

/// Bytes kept per micro-batch and layer, and bytes one layer needs while it is recomputed.
///
/// Korthikanti et al. 2022 (arXiv 2205.05198) equations 1 to 4, taken apart by tensor so that grouped-query and latent
/// attention, SwiGLU, experts, fused attention and narrow formats follow: with GeLU, full heads, dropout and unfused
/// scores it is s·b·h·(34 + 5·a·s/h).
fn activations_per_layer(model: &ModelShape, state: &TrainingState, l: &Layout) -> (f64, f64) {
    let (tp, h) = (f64::from(l.tp), f64::from(model.hidden));
    let tokens = f64::from(l.micro_batch) * f64::from(l.sequence) / f64::from(l.cp);
    let sharded = if l.sequence_parallel { tp } else { 1.0 };
    let wide = 2.0;
    let input = if l.precision == Precision::Bf16 || !state.narrow_inputs { 2.0 } else { 1.0 };
    let unfused = l.attention == AttentionKernel::Unfused;
    let selective = l.recompute == Recompute::Selective;
    let heads = f64::from(model.heads) / tp;
    let kv_heads = (f64::from(model.kv_heads) / tp).max(1.0);
    let (score, value) = (model.score_dim(), model.value_dim());

    // Norm input, then what the first product reads; recomputed selectively where attention is fused.
    let norms = |kept_normed: bool| (wide * h + if kept_normed { input * h } else { 0.0 }) / sharded;
    let cheap = selective && !unfused;
    let mut attention = norms(!cheap) + wide * heads * value;
    attention += match model.attention {
        Attention::Heads => wide * (heads * score + kv_heads * (score + value)),
        Attention::Latent { kv_lora_rank, q_lora_rank, rope_dim, .. } => {
            let latents = wide * f64::from(kv_lora_rank + q_lora_rank + rope_dim);
            // Selective recomputation expands keys and values again from their latents.
            latents + if cheap { wide * heads * score } else { wide * heads * (2.0 * score + value) }
        }
    };
    if unfused {
        // Dropout mask behind the projection, and the scores: softmax output, its mask and dropout output.
        attention += h / sharded;
        if !selective {
            attention += 5.0 * heads * f64::from(l.sequence);
        }
    }
    let inputs = model.ffn_kind.matrices() - 1.0;
    let activated = |width: f64| wide * inputs * width + if cheap { 0.0 } else { input * width };
    let dense = {
        let mask = if unfused { h / sharded } else { 0.0 };
        let width = f64::from(model.ffn) / tp;
        norms(!cheap) + mask + activated(width)
    };
    let moe = model.moe.map_or(0.0, |e| {
        let rows = f64::from(e.active) / tp * f64::from(l.expert_tp());
        let width = f64::from(e.expert_ffn) / f64::from(l.expert_tp());
        let shared = f64::from(e.shared_experts) * f64::from(e.expert_ffn) / tp;
        // A routed copy keeps its input and its activation; the router's weight is applied before the second product, so that
        // its output need not stay.
        norms(true) + rows * (input * model.routed_width() + activated(width)) + activated(shared)
    });
    let mixer = model.state_space.map_or(0.0, |s| {
        // Projected input, convolved channels, gated output.
        norms(!cheap) + wide * (s.projected() + 2.0 * s.inner()) / tp
    });
    let share = |layers: u32| f64::from(layers) / f64::from(model.layers.max(1));
    let all = tokens
        * (share(model.attention_layers()) * attention
            + share(model.moe_layers()) * moe
            + share(model.ffn_layers() - model.moe_layers()) * dense
            + share(model.state_space_layers()) * mixer);
    match l.recompute {
        Recompute::Full => (tokens * wide * h / sharded, all),
        // Every second product's output, attention's, and the layer's input.
        Recompute::Alternate => {
            let attended = heads * score + 2.0 * kv_heads * value + h / sharded;
            let forwarded = match &model.moe {
                Some(e) if model.moe_layers() > 0 => {
                    let width = f64::from(e.expert_ffn) * f64::from(e.active + e.shared_experts);
                    inputs * width / tp + f64::from(e.active) * h / tp
                }
                _ => inputs * f64::from(model.ffn) / tp + h / sharded,
            };
            let outputs = wide * (attended + forwarded);
            (tokens * (0.5 * outputs + wide * (heads * value + h / sharded)), 0.5 * all)
        }
        Recompute::None | Recompute::Selective => (all, 0.0),
    }
}

/// Memory of the fullest rank: the first stage, where most micro-batches wait, or the last, where the logits live.
pub fn memory(model: &ModelShape, chip: &Chip, state: &TrainingState, l: &Layout) -> MemoryBreakdown {
    let rank = rank_weights(model, l);
    let (pp, vpp) = (f64::from(l.pp), f64::from(l.vpp));
    let share = |zero: Zero, copies: f64| if l.zero >= zero { 1.0 / shards(l, copies) } else { 1.0 };
    let held = |zero: Zero, bytes: f64| {
        bytes
            * (rank.common * share(zero, rank.common_copies) + rank.expert * share(zero, rank.expert_copies))
    };
    let weights = held(Zero::Weights, state.weight_bytes);
    let gradients = held(Zero::Gradients, state.gradient_bytes);
    let optimizer = if l.offload.optimizer() { 0.0 } else { held(Zero::Optimizer, state.optimizer_bytes) };

    let (kept, recomputing) = activations_per_layer(model, state, l);
    let layers = (f64::from(model.layers) / pp).ceil();
    // Micro-batches waiting on the first stage: p in 1F1B, p·(1 + (p − 1)/(p·v)) interleaved (arXiv 2205.05198, section 4.2.3).
    let waiting = if l.vpp > 1 { pp * (1.0 + (pp - 1.0) / (pp * vpp)) } else { pp };
    // DualPipe keeps one more; on the host all but the one at work wait.
    let waiting = if l.schedule == Schedule::DualPipe { waiting + 1.0 } else { waiting };
    let waiting = waiting.min(f64::from(l.micro_batches()).max(1.0));
    let waiting = if l.offload.activations() { waiting.min(1.0) / layers } else { waiting };
    let tokens = f64::from(l.micro_batch) * f64::from(l.sequence) / f64::from(l.cp);
    let logits = tokens * f64::from(model.vocabulary) / f64::from(l.tp) * state.logit_bytes;
    // Fully sharded: two gathered layers at a time, or in a pipeline all weights and their gradients over the step.
    let gathered = match (l.zero, l.pp) {
        (Zero::Weights, 1) => 2.0 * rank.layer * 2.0,
        (Zero::Weights, _) => (rank.common + rank.expert) * (2.0 + state.gradient_bytes),
        _ => 0.0,
    };
    let first = layers * kept * waiting + recomputing;
    let last = layers * kept + recomputing.max(logits);
    let activations = if first >= last { layers * kept * waiting } else { layers * kept };
    let transient = (first.max(last) - activations) + gathered;
    let slack = state.fragmentation.fraction() * (activations + transient);
    MemoryBreakdown {
        weights: Data::from_bytes(weights),
        gradients: Data::from_bytes(gradients),
        optimizer: Data::from_bytes(optimizer),
        activations: Data::from_bytes(activations),
        transient: Data::from_bytes(transient),
        workspace: state.workspace + Data::from_bytes(slack),
        capacity: chip.memory,
    }
}

/// The smallest change that makes a layout fit, in the order of its cost: shard more, recompute more, smaller
/// micro-batch, then more tensor or pipeline ranks at the expense of replicas.
#[derive(Debug, Clone, PartialEq)]
pub struct Cure {
    /// The change in words.
    pub change: String,
    /// The changed layout.
    pub layout: Layout,
}

/// Finds the smallest change that makes `l` fit; none where no single step or doubling does.
pub fn cure(model: &ModelShape, chip: &Chip, state: &TrainingState, l: &Layout) -> Option<Cure> {
    let chips = u32::try_from(l.chips()).ok()?;
    let fits = |x: &Layout| x.faults(model, chips).is_empty() && memory(model, chip, state, x).fits();
    let mut tries: Vec<(String, Layout)> = Vec::new();
    if l.zero < Zero::Optimizer {
        tries.push((
            "shard the optimizer over the replicas (ZeRO 1)".into(),
            Layout { zero: Zero::Optimizer, ..*l },
        ));
    }
    for (r, word) in [(Recompute::Selective, "selectively"), (Recompute::Full, "whole layers")] {
        if l.recompute < r {
            tries.push((format!("recompute {word}"), Layout { recompute: r, ..*l }));
        }
    }
    let mut micro = l.micro_batch / 2;
    while micro >= 1 {
        tries.push((
            format!("micro-batch of {micro} instead of {}", l.micro_batch),
            Layout { micro_batch: micro, ..*l },
        ));
        micro /= 2;
    }
    if l.zero < Zero::Weights {
        tries.push((
            "shard the weights over the replicas (ZeRO 3)".into(),
            Layout { zero: Zero::Weights, ..*l },
        ));
    }
    for recompute in [l.recompute, Recompute::Full] {
        let mut factor = 2;
        while factor <= l.dp {
            if l.dp.is_multiple_of(factor) {
                let base = Layout { dp: l.dp / factor, recompute, micro_batch: 1, ..*l };
                for (word, x) in [
                    ("tensor ranks", Layout { tp: l.tp * factor, ..base }),
                    ("pipeline stages", Layout { pp: l.pp * factor, vpp: 1, ..base }),
                    ("context ranks", Layout { cp: l.cp * factor, ..base }),
                ] {
                    tries.push((
                        format!("{factor} times the {word}, replicas of one sequence divided by {factor}"),
                        x,
                    ));
                }
            }
            factor *= 2;
        }
    }
    tries.into_iter().find(|(_, x)| fits(x)).map(|(change, layout)| Cure { change, layout })
}

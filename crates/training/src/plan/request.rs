//! What is to be planned, and out of which choices.

use gigatwin_catalog::Precision;

use crate::{AttentionKernel, Offload, Overlap, Placement, Recompute, Schedule, Zero};

/// Choices beside the sizes. An empty list stands for the value of [`crate::Layout::single`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choices {
    /// What may be recomputed.
    pub recompute: &'static [Recompute],
    /// What may be sharded over replicas. Stage 2 is tried where there is one micro-batch, stage 3 where there is no pipeline:
    /// otherwise gradients or weights would cross the network once per micro-batch.
    pub zero: &'static [Zero],
    /// Schedules of a pipeline. DualPipe is tried on an even number of stages of one chunk.
    pub schedules: &'static [Schedule],
    /// What may live in the host's memory.
    pub offload: &'static [Offload],
    /// Orders of ranks on neighbouring chips; tried where there is a pipeline, each order that differs for the sizes at hand once.
    pub placements: &'static [Placement],
    /// Whether experts may be cut among tensor ranks.
    pub expert_tensor: bool,
    /// Whether tensor ranks may leave norms and residuals whole.
    pub sequence_parallel_off: bool,
    /// Whether communication may be left beside nothing, where the request overlaps it.
    pub overlap_off: bool,
    /// Whether micro-batches are any divisor of a replica's batch, not powers of two only.
    pub any_micro_batch: bool,
    /// Whether tensor ranks may be more than a scale-up domain holds.
    pub tensor_beyond_domain: bool,
}

impl Choices {
    /// What Megatron-LM runs today: 1F1B and interleaved pipelines, data inside or outside the pipeline ranks.
    pub const MEGATRON: Choices = Choices {
        recompute: &[Recompute::None, Recompute::Selective, Recompute::Full],
        zero: &[Zero::Optimizer, Zero::Weights],
        schedules: &[Schedule::OneForwardOneBackward],
        offload: &[Offload::None],
        placements: &[Placement::ContextDataPipeline, Placement::ContextPipelineData],
        expert_tensor: false,
        sequence_parallel_off: false,
        overlap_off: false,
        any_micro_batch: false,
        tensor_beyond_domain: false,
    };

    /// All that a published stack can do: every schedule and ZeRO stage, experts cut among tensor ranks, every order of ranks.
    pub const FULL: Choices = Choices {
        zero: &[Zero::Replicated, Zero::Optimizer, Zero::Gradients, Zero::Weights],
        schedules: &[Schedule::OneForwardOneBackward, Schedule::ZeroBubble, Schedule::DualPipe],
        placements: Placement::ALL,
        expert_tensor: true,
        ..Choices::MEGATRON
    };

    /// The dimensions that Calculon enumerates (tensor ranks of any size, any micro-batch, interleaving, recomputation,
    /// sharding, overlap on and off, sequence parallelism on and off, offload), with the schedules and ZeRO stages on top.
    pub const CALCULON: Choices = Choices {
        recompute: &[Recompute::None, Recompute::Selective, Recompute::Alternate, Recompute::Full],
        offload: &[Offload::None, Offload::Optimizer, Offload::Activations, Offload::Both],
        sequence_parallel_off: true,
        overlap_off: true,
        any_micro_batch: true,
        tensor_beyond_domain: true,
        ..Choices::FULL
    };
}

/// What is to be planned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlanRequest {
    /// Chips at hand; a layout may use fewer.
    pub chips: u32,
    /// Sequences per step.
    pub global_batch: u32,
    /// Tokens per sequence.
    pub sequence: u32,
    /// Number format of the layers' matrix products.
    pub precision: Precision,
    /// Kind of attention kernel.
    pub attention: AttentionKernel,
    /// What overlaps.
    pub overlap: Overlap,
    /// Largest context parallelism tried.
    pub max_context: u32,
    /// Largest micro-batch tried.
    pub max_micro_batch: u32,
    /// Choices beside the sizes.
    pub choices: Choices,
}

impl PlanRequest {
    /// A request with today's kernels and overlap and what Megatron-LM runs, context parallelism up to 16 and micro-batches up to
    /// 8 sequences.
    pub fn new(chips: u32, global_batch: u32, sequence: u32, precision: Precision) -> PlanRequest {
        PlanRequest {
            chips,
            global_batch,
            sequence,
            precision,
            attention: AttentionKernel::Fused,
            overlap: Overlap::TUNED,
            max_context: 16,
            max_micro_batch: 8,
            choices: Choices::MEGATRON,
        }
    }

    /// The same request over other choices.
    #[must_use]
    pub fn over(self, choices: Choices) -> PlanRequest {
        PlanRequest { choices, ..self }
    }
}

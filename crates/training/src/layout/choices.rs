//! The choices of a training stack that are no sizes.

/// What is computed a second time in the backward pass instead of being kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Recompute {
    /// Nothing.
    None,
    /// The attention scores where the kernel keeps them, otherwise norms and activation functions: much memory for
    /// little time (Korthikanti et al. 2022, arXiv 2205.05198, section 5).
    Selective,
    /// Every second matrix product and all that is bound by memory bandwidth (per-operator checkpointing as PyTorch stacks
    /// do it).
    Alternate,
    /// Every layer, from its input.
    Full,
}

/// Which part of the training state is divided over the data-parallel ranks (Rajbhandari et al. 2020, arXiv 1910.02054).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Zero {
    /// Nothing.
    Replicated,
    /// Optimizer state (stage 1, "distributed optimizer").
    Optimizer,
    /// Optimizer state and gradients (stage 2).
    Gradients,
    /// Optimizer state, gradients and weights (stage 3, fully sharded data parallel).
    Weights,
}

/// How attention scores are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttentionKernel {
    /// In one kernel that keeps no scores (FlashAttention, arXiv 2205.14135).
    Fused,
    /// The same by a kernel not written for the chip at hand (FlashAttention-2 on chips after A100).
    Portable,
    /// By separate matrix products and softmax, as stacks before 2023 did.
    Unfused,
}

/// Which communication runs beside computation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Overlap {
    /// Tensor-parallel collectives, cut into pieces beside their matrix products.
    pub tensor: bool,
    /// Gradient reduction beside the backward pass and weight gathering beside the forward pass.
    pub data: bool,
    /// Sends between pipeline stages.
    pub pipeline: bool,
    /// Expert dispatch and combine beside the computation of another micro-batch.
    pub expert: bool,
}

impl Overlap {
    /// What a tuned stack does today.
    pub const TUNED: Overlap = Overlap { tensor: true, data: true, pipeline: true, expert: false };
    /// Nothing beside anything.
    pub const NONE: Overlap = Overlap { tensor: false, data: false, pipeline: false, expert: false };
}

/// Order in which a pipeline stage runs its micro-batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Schedule {
    /// One forward, one backward; interleaved where a stage holds more than one chunk (arXiv 2104.04473).
    #[default]
    OneForwardOneBackward,
    /// Weight gradients put off into the bubble (ZB-H1, arXiv 2401.10241): same memory, a third of the bubble left.
    ZeroBubble,
    /// Micro-batches from both ends of the pipeline, expert exchange beside the other direction's computation (DualPipe,
    /// arXiv 2412.19437, section 3.2.1): two copies of the weights, half the stages in the bubble.
    DualPipe,
}

/// How ranks that share a sequence see each other's keys and values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ContextExchange {
    /// Passed on block by block beside the products of the block at hand (ring attention, arXiv 2310.01889).
    #[default]
    Ring,
    /// Gathered before attention, gradients scattered after (Llama 3, arXiv 2407.21783, section 3.3.2).
    AllGather,
}

/// How narrow formats are scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Recipe {
    /// One scale per tensor, from its current or its earlier maxima.
    #[default]
    PerTensor,
    /// One scale per block of 128 elements, in software.
    Block,
    /// One scale per 32 (mxfp8) or 16 elements (nvfp4), applied by the tensor cores.
    Microscaled,
}

/// What waits in the host's memory between uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Offload {
    /// Nothing.
    #[default]
    None,
    /// Master weights and moments; the update runs there as well.
    Optimizer,
    /// Activations of all layers but the one at work.
    Activations,
    /// Both.
    Both,
}

impl Offload {
    /// Whether optimizer state lives on the host.
    pub fn optimizer(self) -> bool {
        matches!(self, Offload::Optimizer | Offload::Both)
    }

    /// Whether activations wait on the host.
    pub fn activations(self) -> bool {
        matches!(self, Offload::Activations | Offload::Both)
    }
}

/// How kernels reach the chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Launch {
    /// One by one from the host.
    #[default]
    Eager,
    /// Recorded once and replayed (CUDA graphs and their like).
    Graphs,
}

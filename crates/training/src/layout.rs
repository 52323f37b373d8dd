//! How one job is cut over the chips, and the rules a cut must obey.

mod choices;
mod nearest;
mod placement;

use gigatwin_catalog::{ModelShape, Precision};

pub use choices::{
    AttentionKernel, ContextExchange, Launch, Offload, Overlap, Recipe, Recompute, Schedule, Zero,
};
pub use nearest::nearest_valid;
pub use placement::Placement;
pub(crate) use placement::Seat;

/// The layout of one job. The experts of a layer are spread over tensor × context × data ranks of one stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Layout {
    /// Tensor-parallel ranks.
    pub tp: u32,
    /// Context-parallel ranks (the sequence is cut among them).
    pub cp: u32,
    /// Pipeline stages.
    pub pp: u32,
    /// Model chunks per stage (interleaved schedule, Narayanan et al. 2021, arXiv 2104.04473); one is plain 1F1B.
    pub vpp: u32,
    /// Expert-parallel ranks.
    pub ep: u32,
    /// Tensor-parallel ranks inside one expert; one where not given.
    pub etp: Option<u32>,
    /// Data-parallel replicas.
    pub dp: u32,
    /// Sequences per replica and micro-batch.
    pub micro_batch: u32,
    /// Sequences per step, over all replicas.
    pub global_batch: u32,
    /// Tokens per sequence.
    pub sequence: u32,
    /// What is recomputed.
    pub recompute: Recompute,
    /// What is sharded over data-parallel ranks.
    pub zero: Zero,
    /// Number format of the matrix products inside the layers.
    pub precision: Precision,
    /// Whether norms and residuals are cut along the sequence by the tensor ranks.
    pub sequence_parallel: bool,
    /// Kind of attention kernel.
    pub attention: AttentionKernel,
    /// What overlaps.
    pub overlap: Overlap,
    /// Order of the micro-batches in a pipeline.
    pub schedule: Schedule,
    /// How a cut sequence is put together for attention.
    pub context: ContextExchange,
    /// How formats narrower than 16 bits are scaled.
    pub recipe: Recipe,
    /// What lives in host memory.
    pub offload: Offload,
    /// How kernels are launched.
    pub launch: Launch,
    /// Ranks over which ZeRO divides its part of the state; the rest are copies of it (hybrid sharding). All copies of a weight
    /// where not given.
    pub shard: Option<u32>,
    /// In which order ranks sit on neighbouring chips.
    pub placement: Placement,
}

/// Why a layout cannot be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// A count of zero.
    #[error("{0} must be at least one")]
    Zero(&'static str),
    /// tp·cp·pp·dp is not the number of chips.
    #[error(
        "the layout uses {used} chips (tensor {tp} × context {cp} × pipeline {pp} × data {dp}) but the job has {chips}"
    )]
    WorldSize {
        /// Product of the sizes.
        used: u64,
        /// Chips of the job.
        chips: u32,
        /// Tensor-parallel ranks.
        tp: u32,
        /// Context-parallel ranks.
        cp: u32,
        /// Pipeline stages.
        pp: u32,
        /// Replicas.
        dp: u32,
    },
    /// One size does not divide another.
    #[error("{what} ({of}) is not divisible by {by_what} ({by})")]
    NotDivisible {
        /// What should be divided.
        what: &'static str,
        /// Its size.
        of: u64,
        /// By which parallelism.
        by_what: &'static str,
        /// Its size.
        by: u64,
    },
    /// More chunks than layers.
    #[error("{stages} pipeline stages of {chunks} chunks need {} layers, the model has {layers}", u64::from(*stages) * u64::from(*chunks))]
    TooFewLayers {
        /// Stages.
        stages: u32,
        /// Chunks per stage.
        chunks: u32,
        /// Layers of the model.
        layers: u32,
    },
    /// Interleaving without a pipeline.
    #[error("{chunks} chunks per stage need more than one pipeline stage")]
    InterleavingWithoutPipeline {
        /// Chunks per stage.
        chunks: u32,
    },
    /// Expert parallelism on a dense model.
    #[error("the model has no experts, expert parallelism must be one (it is {0})")]
    NoExperts(u32),
}

impl Layout {
    /// One chip, one sequence per micro-batch, tuned overlap: a starting point to change fields of.
    pub fn single(global_batch: u32, sequence: u32, precision: Precision) -> Layout {
        Layout {
            tp: 1,
            cp: 1,
            pp: 1,
            vpp: 1,
            ep: 1,
            etp: None,
            dp: 1,
            micro_batch: 1,
            global_batch,
            sequence,
            recompute: Recompute::None,
            zero: Zero::Optimizer,
            precision,
            sequence_parallel: true,
            attention: AttentionKernel::Fused,
            overlap: Overlap::TUNED,
            schedule: Schedule::default(),
            context: ContextExchange::default(),
            recipe: Recipe::default(),
            offload: Offload::default(),
            launch: Launch::default(),
            shard: None,
            placement: Placement::default(),
        }
    }

    /// Chips the layout uses: tp·cp·pp·dp.
    pub fn chips(&self) -> u64 {
        u64::from(self.tp) * u64::from(self.cp) * u64::from(self.pp) * u64::from(self.dp)
    }

    /// Tensor ranks inside one expert.
    pub fn expert_tp(&self) -> u32 {
        self.etp.unwrap_or(1)
    }

    /// Micro-batches one replica runs per step.
    pub fn micro_batches(&self) -> u32 {
        self.global_batch / (self.dp.max(1) * self.micro_batch.max(1)).max(1)
    }

    /// Tokens per step over all replicas.
    pub fn tokens(&self) -> f64 {
        f64::from(self.global_batch) * f64::from(self.sequence)
    }

    /// Every rule the layout breaks for a model on a number of chips; empty when it can run.
    pub fn faults(&self, model: &ModelShape, chips: u32) -> Vec<LayoutError> {
        let mut faults = Vec::new();
        for (name, value) in [
            ("tensor parallelism", self.tp),
            ("context parallelism", self.cp),
            ("pipeline parallelism", self.pp),
            ("chunks per pipeline stage", self.vpp),
            ("expert parallelism", self.ep),
            ("expert tensor parallelism", self.expert_tp()),
            ("data parallelism", self.dp),
            ("the micro-batch", self.micro_batch),
            ("the global batch", self.global_batch),
            ("the sequence", self.sequence),
        ] {
            if value == 0 {
                faults.push(LayoutError::Zero(name));
            }
        }
        if !faults.is_empty() {
            return faults;
        }
        if self.chips() != u64::from(chips) {
            let Layout { tp, cp, pp, dp, .. } = *self;
            faults.push(LayoutError::WorldSize { used: self.chips(), chips, tp, cp, pp, dp });
        }
        let mut divide = |what, of: u64, by_what, by: u64| {
            if !of.is_multiple_of(by) {
                faults.push(LayoutError::NotDivisible { what, of, by_what, by });
            }
        };
        let (tp, cp) = (u64::from(self.tp), u64::from(self.cp));
        divide("attention heads", u64::from(model.heads), "tensor parallelism", tp);
        // Fewer key-value heads than tensor ranks are copied, as Megatron-LM does.
        if model.kv_heads < self.tp {
            divide("tensor parallelism", tp, "key-value heads", u64::from(model.kv_heads.max(1)));
        } else {
            divide("key-value heads", u64::from(model.kv_heads), "tensor parallelism", tp);
        }
        if model.moe.is_none_or(|m| m.dense_layers > 0) {
            divide("feed-forward width", u64::from(model.ffn), "tensor parallelism", tp);
        }
        // Each context rank holds two blocks of the sequence, one early and one late, to balance the causal mask.
        let blocks = if self.cp > 1 { 2 * cp } else { 1 };
        divide("sequence", u64::from(self.sequence), "twice context parallelism", blocks);
        if self.sequence_parallel {
            divide("sequence", u64::from(self.sequence), "context × tensor parallelism", cp * tp);
        }
        let replica = u64::from(self.dp) * u64::from(self.micro_batch);
        divide("global batch", u64::from(self.global_batch), "data parallelism × micro-batch", replica);
        match &model.moe {
            None if self.ep > 1 => faults.push(LayoutError::NoExperts(self.ep)),
            None => {}
            Some(moe) => {
                let (ep, etp) = (u64::from(self.ep), u64::from(self.expert_tp()));
                divide("experts", u64::from(moe.experts), "expert parallelism", ep);
                divide("expert width", u64::from(moe.expert_ffn), "expert tensor parallelism", etp);
                let stage = tp * cp * u64::from(self.dp);
                divide(
                    "chips of one stage",
                    stage,
                    "expert parallelism × expert tensor parallelism",
                    ep * etp,
                );
            }
        }
        // Megatron-LM counts the embedding and the head as a layer each when it balances stages.
        if u64::from(self.pp) * u64::from(self.vpp) > u64::from(model.layers) + 2 {
            faults.push(LayoutError::TooFewLayers {
                stages: self.pp,
                chunks: self.vpp,
                layers: model.layers,
            });
        }
        if self.vpp > 1 && self.pp == 1 {
            faults.push(LayoutError::InterleavingWithoutPipeline { chunks: self.vpp });
        }
        faults
    }

    /// The first broken rule, if any.
    ///
    /// # Errors
    /// Where [`Self::faults`] is not empty.
    pub fn check(&self, model: &ModelShape, chips: u32) -> Result<(), LayoutError> {
        match self.faults(model, chips).into_iter().next() {
            Some(fault) => Err(fault),
            None => Ok(()),
        }
    }
}

//! Time of one micro-batch through one average layer and through the head, on one rank, by what spends it.

mod attention;
mod experts;
mod feed_forward;
mod state_space;

use gigatwin_catalog::{Chip, ModelShape, Precision};
use gigatwin_fabric::{Collective, Group, Network};
use gigatwin_quantity::Data;

use crate::kernel::Machine;
use crate::layout::Seat;
use crate::{Calibration, Launch, Layout, Recipe, TrainingState};

/// Seconds by cause, for one pass direction.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Pass {
    pub gemm: f64,
    pub attention: f64,
    pub elementwise: f64,
    pub tensor: f64,
    pub context: f64,
    pub expert: f64,
    pub host: f64,
}

impl Pass {
    #[inline]
    pub(crate) fn total(&self) -> f64 {
        self.gemm + self.attention + self.elementwise + self.tensor + self.context + self.expert + self.host
    }

    /// What the chip computes; the part under which data-parallel communication can hide.
    #[inline]
    pub(crate) fn compute(&self) -> f64 {
        self.gemm + self.attention + self.elementwise
    }

    /// Adds a share of another pass.
    #[inline]
    fn add(&mut self, other: &Pass, share: f64) {
        self.gemm += share * other.gemm;
        self.attention += share * other.attention;
        self.elementwise += share * other.elementwise;
        self.tensor += share * other.tensor;
        self.context += share * other.context;
        self.expert += share * other.expert;
        self.host += share * other.host;
    }
}

/// Both directions of a block.
#[derive(Debug, Clone, Copy, Default)]
struct Block {
    forward: Pass,
    backward: Pass,
    /// What selective recomputation repeats in the backward pass.
    selective: Pass,
}

/// One micro-batch on one rank: an average layer and the head.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct LayerCost {
    pub forward: Pass,
    pub backward: Pass,
    /// What selective recomputation repeats in the backward pass.
    pub selective: Pass,
    /// Head products, forward and backward.
    pub head_gemm: f64,
    /// Loss and softmax over the vocabulary, forward and backward.
    pub head_elementwise: f64,
    /// One activation sent to the next stage.
    pub send: f64,
}

/// Everything the cost of a layer depends on besides the layout.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bench<'a> {
    pub model: &'a ModelShape,
    pub network: &'a Network,
    pub calibration: &'a Calibration,
    pub state: &'a TrainingState,
    pub machine: Machine,
    /// How much slower the software of expert layers was at the time (one for today's).
    pub age: f64,
}

/// One product y = x·W and its casts, in both passes.
#[derive(Debug, Clone, Copy, Default)]
struct Products {
    forward: f64,
    backward: f64,
    /// Bytes moved to cast operands to a narrow format.
    cast: f64,
}

impl<'a> Bench<'a> {
    pub(crate) fn new(
        model: &'a ModelShape,
        chip: &Chip,
        network: &'a Network,
        calibration: &'a Calibration,
        state: &'a TrainingState,
    ) -> Bench<'a> {
        let machine = Machine::new(chip, calibration);
        Bench { model, network, calibration, state, machine, age: calibration.expert_age() }
    }

    /// Seconds of a collective inside a step over `ranks`, of which `per_domain` share a scale-up domain; nothing for one rank.
    /// Those beside computation share memory and multiprocessors with it; links between domains are shared with other groups
    /// in any case.
    #[inline]
    pub(crate) fn collective(
        &self,
        kind: Collective,
        bytes: f64,
        ranks: u32,
        per_domain: u32,
        beside: bool,
    ) -> f64 {
        if ranks <= 1 || bytes <= 0.0 {
            return 0.0;
        }
        let per_domain = per_domain.clamp(1, ranks);
        let group = Group { ranks, per_domain };
        let c = self.calibration;
        let slower = match kind {
            Collective::AllToAll => c.exchange_slowdown,
            _ if per_domain < ranks => c.network_slowdown,
            _ if beside => c.collective_slowdown,
            _ => 1.0,
        };
        self.network.time(kind, Data::from_bytes(bytes), group).s() * slower
    }

    /// Where the groups of a layout sit.
    #[inline]
    pub(crate) fn seat(&self, l: &Layout) -> Seat {
        Seat::new(l, self.network.domain)
    }

    /// Norm (read, write) and residual (two reads, write) of one block, forward.
    #[inline]
    fn norm(&self, tokens: f64, sharded: f64) -> f64 {
        self.machine.norm(2.0 * tokens * 5.0 * f64::from(self.model.hidden) / sharded)
    }

    /// Tokens of a micro-batch on one rank.
    #[inline]
    pub(crate) fn tokens(l: &Layout) -> f64 {
        f64::from(l.micro_batch) * f64::from(l.sequence) / f64::from(l.cp)
    }

    pub(crate) fn layer_cost(&self, l: &Layout) -> LayerCost {
        let m = self.model;
        let (tp, h) = (f64::from(l.tp), f64::from(m.hidden));
        let tokens = Self::tokens(l);
        let sharded = if l.sequence_parallel { tp } else { 1.0 };
        let share = |layers: u32| f64::from(layers) / f64::from(m.layers.max(1));

        let (mut forward, mut backward) = (Pass::default(), Pass::default());
        let mut selective = Pass::default();
        let mut join = |block: &Block, share: f64| {
            forward.add(&block.forward, share);
            backward.add(&block.backward, share);
            selective.add(&block.selective, share);
        };
        join(&self.attention(l, tokens, sharded), share(m.attention_layers()));
        let (moe, dense) = (m.moe_layers(), m.ffn_layers() - m.moe_layers());
        if dense > 0 {
            join(&self.dense_ffn(l, tokens, sharded), share(dense));
        }
        if moe > 0 {
            join(&self.experts(l, tokens, sharded), share(moe));
        }
        if m.state_space_layers() > 0 {
            join(&self.state_space(l, tokens, sharded), share(m.state_space_layers()));
        }
        // The chip waits where the host cannot enqueue kernels as fast as they finish. A layer of one mixer has half the kernels
        // of one with attention and a feed-forward block; an expert block launches more (routing, permutation, dispatch, combine)
        // and, where counts of tokens come back to the host, waits for it.
        if l.launch == Launch::Eager {
            let c = self.calibration;
            let half = 0.5 * c.host_per_layer.s();
            let blocks = share(m.attention_layers()) + share(dense) + share(m.state_space_layers());
            let host = half * blocks + share(moe) * c.host_per_expert_block.s() * self.age;
            forward.host = (host - forward.total()).max(0.0);
            backward.host = (host - backward.total()).max(0.0);
        }

        let vocabulary = f64::from(m.vocabulary) / tp;
        // Logits and their gradient stay in 16 bits, the loss reads and writes them in 32: 2 + 4 + 4 forward, 4 + 2 back.
        let head_elementwise = self.machine.stream_exact(tokens * vocabulary * 16.0);
        let head = |m, n, k| self.machine.gemm(m, n, k, Precision::Bf16);
        let head_gemm =
            head(tokens, vocabulary, h) + head(tokens, h, vocabulary) + head(vocabulary, h, tokens);
        LayerCost { forward, backward, selective, head_gemm, head_elementwise, send: self.send(l) }
    }

    /// Given what a layer costs in the default order of ranks, a bound below its cost in every order that brings the next stage into
    /// the domain: two stages share it then, and no more than half of it is left for each. Only experts may gain by that.
    pub(crate) fn beside_next_stage(&self, l: &Layout, usual: &LayerCost) -> LayerCost {
        let m = self.model;
        if m.moe_layers() == 0 {
            return *usual;
        }
        let share = f64::from(m.moe_layers()) / f64::from(m.layers.max(1));
        let least = share * self.expert_traffic(l, Self::tokens(l), ((self.network.domain / 2).max(1), true));
        let less = |p: &Pass| {
            // More may be exchanged than in the default order; where the chip waits for the host anyway nothing is gained.
            let host = if p.host > 0.0 { (p.host + p.expert - least).max(0.0) } else { 0.0 };
            Pass { expert: least, host, ..*p }
        };
        LayerCost { forward: less(&usual.forward), backward: less(&usual.backward), ..*usual }
    }

    /// One activation to the next stage, each tensor rank sending its part.
    pub(crate) fn send(&self, l: &Layout) -> f64 {
        if l.pp <= 1 {
            return 0.0;
        }
        let near = self.network.domain / self.seat(l).next_stage;
        let bytes = Self::tokens(l) * f64::from(self.model.hidden) * 2.0 / f64::from(l.tp);
        self.collective(Collective::SendRecv, bytes, 2, near, l.overlap.pipeline)
    }

    /// Forward, and the backward pass as input and weight gradients, of y = x·W, with the traffic of casting both operands.
    #[inline]
    fn linear(&self, l: &Layout, rows: f64, out: f64, inner: f64) -> Products {
        let block = l.recipe == Recipe::Block && l.precision != Precision::Bf16;
        let slower = if block { 1.0 / self.calibration.block_scaled } else { 1.0 };
        let g = |m, n, k| slower * self.machine.gemm(m, n, k, l.precision);
        Products {
            forward: g(rows, out, inner),
            backward: g(rows, inner, out) + g(inner, out, rows),
            cast: self.cast(rows * inner + inner * out / 4.0, l),
        }
    }

    /// Traffic of casting a product's operands below 16 bits: the format is written twice (row- and column-wise, for the
    /// products of both passes); reading is shared with the kernel before. Scales from the current maxima of a whole tensor need a
    /// pass of their own, of blocks half of one.
    #[inline]
    fn cast(&self, elements: f64, l: &Layout) -> f64 {
        if !self.calibration.parts.casts {
            return 0.0;
        }
        let narrow = match l.precision {
            Precision::Bf16 => return 0.0,
            narrow => narrow,
        };
        let scan = match l.recipe {
            Recipe::PerTensor => 2.0,
            Recipe::Block => 1.0,
            Recipe::Microscaled => 0.0,
        };
        elements * (2.0 * narrow.bytes() + scan)
    }

    /// Tensor-parallel collectives of one block: gather before, scatter after (or one all-reduce, the same volume).
    #[inline]
    fn tensor(&self, l: &Layout, tokens: f64) -> f64 {
        if l.tp <= 1 {
            return 0.0;
        }
        let bytes = tokens * f64::from(self.model.hidden) * 2.0;
        let near = self.network.domain;
        let all = |kind| self.collective(kind, bytes, l.tp, near, l.overlap.tensor);
        let time = if l.sequence_parallel {
            all(Collective::AllGather) + all(Collective::ReduceScatter)
        } else {
            all(Collective::AllReduce)
        };
        if l.overlap.tensor { self.hidden(time, self.calibration.tensor_overlap) } else { time }
    }

    /// What remains of communication of which a share runs beside computation: the rest, and what computation loses to it.
    #[inline]
    pub(crate) fn hidden(&self, time: f64, share: f64) -> f64 {
        time * (1.0 - share + share * self.calibration.interference)
    }
}

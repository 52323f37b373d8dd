//! Time of one micro-batch through one average layer and through the head, on one rank, by what spends it.

use gigatwin_catalog::{Attention, Chip, ModelShape, Precision};
use gigatwin_fabric::{Collective, Group, Network};
use gigatwin_quantity::Data;

use crate::kernel::Machine;
use crate::{AttentionKernel, Calibration, Layout, TrainingState};

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

    #[inline]
    fn mix(a: &Pass, share_a: f64, b: &Pass) -> Pass {
        let w = |x: f64, y: f64| share_a * x + (1.0 - share_a) * y;
        Pass {
            gemm: w(a.gemm, b.gemm),
            attention: w(a.attention, b.attention),
            elementwise: w(a.elementwise, b.elementwise),
            tensor: w(a.tensor, b.tensor),
            context: w(a.context, b.context),
            expert: w(a.expert, b.expert),
            host: w(a.host, b.host),
        }
    }
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
}

impl<'a> Bench<'a> {
    pub(crate) fn new(
        model: &'a ModelShape,
        chip: &Chip,
        network: &'a Network,
        calibration: &'a Calibration,
        state: &'a TrainingState,
    ) -> Bench<'a> {
        Bench { model, network, calibration, state, machine: Machine::new(chip, calibration) }
    }

    /// Seconds of a collective inside a step, over `ranks` that sit `stride` chips apart; nothing for one rank.
    #[inline]
    pub(crate) fn collective(&self, kind: Collective, bytes: f64, ranks: u32, stride: u32) -> f64 {
        if ranks <= 1 || bytes <= 0.0 {
            return 0.0;
        }
        let per_domain = (self.network.domain / stride.max(1)).clamp(1, ranks);
        let group = Group { ranks, per_domain };
        self.network.time(kind, Data::from_bytes(bytes), group).s() * self.calibration.collective_slowdown
    }

    pub(crate) fn layer_cost(&self, l: &Layout) -> LayerCost {
        let m = self.model;
        let (tp, h) = (f64::from(l.tp), f64::from(m.hidden));
        let tokens = f64::from(l.micro_batch) * f64::from(l.sequence) / f64::from(l.cp);
        let sharded = if l.sequence_parallel { tp } else { 1.0 };

        let (attention_f, attention_b, selective) = self.attention(l, tokens, sharded);
        let (mut forward, mut backward) = (Pass::default(), Pass::default());
        let moe_share = f64::from(m.moe_layers()) / f64::from(m.layers.max(1));
        if moe_share < 1.0 {
            (forward, backward) = self.dense_ffn(l, tokens, sharded);
        }
        if moe_share > 0.0 {
            let (moe_f, moe_b) = self.moe_ffn(l, tokens, sharded);
            forward = Pass::mix(&moe_f, moe_share, &forward);
            backward = Pass::mix(&moe_b, moe_share, &backward);
        }
        let join = |a: &Pass, b: &Pass, host: f64| {
            let mut sum = Pass {
                gemm: a.gemm + b.gemm,
                attention: a.attention + b.attention,
                elementwise: a.elementwise + b.elementwise,
                tensor: a.tensor + b.tensor,
                context: a.context + b.context,
                expert: a.expert + b.expert,
                host: 0.0,
            };
            // The chip waits where the host cannot enqueue kernels as fast as they finish.
            sum.host = (host - sum.total()).max(0.0);
            sum
        };
        // An expert layer launches about twice the kernels of a dense one (routing, permutation, dispatch, combine).
        let host = self.calibration.host_per_layer.s() * (1.0 + moe_share);
        let forward = join(&attention_f, &forward, host);
        let backward = join(&attention_b, &backward, host);

        let vocabulary = f64::from(m.vocabulary) / tp;
        // Logits and their gradient stay in 16 bits, the loss reads and writes them in 32: 2 + 4 + 4 forward, 4 + 2 back.
        let head_elementwise = self.machine.stream_exact(tokens * vocabulary * 16.0);
        let head = |m, n, k| self.machine.gemm(m, n, k, Precision::Bf16);
        let head_gemm =
            head(tokens, vocabulary, h) + head(tokens, h, vocabulary) + head(vocabulary, h, tokens);
        LayerCost { forward, backward, selective, head_gemm, head_elementwise, send: self.send(l) }
    }

    /// One activation to the next stage, each tensor rank sending its part.
    pub(crate) fn send(&self, l: &Layout) -> f64 {
        if l.pp <= 1 {
            return 0.0;
        }
        let tokens = f64::from(l.micro_batch) * f64::from(l.sequence) / f64::from(l.cp);
        let stage = l.tp.saturating_mul(l.cp).saturating_mul(l.dp);
        let bytes = tokens * f64::from(self.model.hidden) * 2.0 / f64::from(l.tp);
        self.collective(Collective::SendRecv, bytes, 2, stage)
    }

    /// Forward, and the backward pass as input and weight gradients, of y = x·W.
    #[inline]
    fn linear(&self, rows: f64, out: f64, inner: f64, p: Precision) -> (f64, f64) {
        let g = |m, n, k| self.machine.gemm(m, n, k, p);
        (g(rows, out, inner), g(rows, inner, out) + g(inner, out, rows))
    }

    /// Traffic of casting a product's operands below 16 bits: the format is written twice (row- and column-wise, for the
    /// products of both passes); reading is shared with the kernel before.
    #[inline]
    fn cast(elements: f64, p: Precision) -> f64 {
        match p {
            Precision::Bf16 => 0.0,
            narrow => elements * 2.0 * narrow.bytes(),
        }
    }

    /// Tensor-parallel collectives of one block: gather before, scatter after (or one all-reduce, the same volume).
    #[inline]
    fn tensor(&self, l: &Layout, tokens: f64) -> f64 {
        if l.tp <= 1 {
            return 0.0;
        }
        let bytes = tokens * f64::from(self.model.hidden) * 2.0;
        let time = if l.sequence_parallel {
            self.collective(Collective::AllGather, bytes, l.tp, 1)
                + self.collective(Collective::ReduceScatter, bytes, l.tp, 1)
        } else {
            self.collective(Collective::AllReduce, bytes, l.tp, 1)
        };
        if l.overlap.tensor { time * (1.0 - self.calibration.tensor_overlap) } else { time }
    }

    fn attention(&self, l: &Layout, tokens: f64, sharded: f64) -> (Pass, Pass, Pass) {
        let m = self.model;
        let (tp, h, p) = (f64::from(l.tp), f64::from(m.hidden), l.precision);
        let heads = f64::from(m.heads) / tp;
        let kv_heads = (f64::from(m.kv_heads) / tp).max(1.0);
        let (score, value) = (m.score_dim(), m.value_dim());
        let mut f = Pass::default();
        let mut b = Pass::default();
        let mut cast = 0.0;
        let mut add = |rows: f64, out: f64, inner: f64| {
            let (ahead, back) = self.linear(rows, out, inner, p);
            f.gemm += ahead;
            b.gemm += back;
            cast += Self::cast(rows * inner + inner * out / 4.0, p);
        };
        let kv_width = match m.attention {
            Attention::Heads => {
                add(tokens, heads * score + kv_heads * (score + value), h);
                add(tokens, h, heads * value);
                kv_heads * (score + value)
            }
            Attention::Latent { kv_lora_rank, q_lora_rank, rope_dim, nope_dim, value_dim } => {
                let (kv, q) = (f64::from(kv_lora_rank), f64::from(q_lora_rank));
                if q > 0.0 {
                    add(tokens, q, h);
                    add(tokens, heads * score, q);
                } else {
                    add(tokens, heads * score, h);
                }
                add(tokens, kv + f64::from(rope_dim), h);
                add(tokens, heads * f64::from(nope_dim + value_dim), kv);
                add(tokens, h, heads * value);
                heads * (score + value)
            }
        };
        let sequence = f64::from(l.sequence);
        let mut selective = Pass::default();
        match l.attention {
            AttentionKernel::Fused | AttentionKernel::Portable => {
                let portable = l.attention == AttentionKernel::Portable;
                let flops = 2.0 * heads * (score + value) * m.mean_attended(sequence) * tokens;
                f.attention = self.machine.fused_attention(flops, sequence, score.min(value), portable);
                // Five products instead of two, scores computed again inside the kernel.
                b.attention = 2.5 * f.attention;
            }
            AttentionKernel::Unfused => {
                // Whole scores, masked afterwards; per head and sequence a product of s×s×d each for scores and values.
                let local = sequence / f64::from(l.cp);
                let per_head = heads * f64::from(l.micro_batch);
                let product = self.machine.gemm(local * per_head, sequence, score, Precision::Bf16);
                // Scale, mask and softmax in one kernel, dropout in another: 2 + 4 + 5 bytes forward, 7 + 4 back.
                let elements = local * sequence * per_head;
                f.attention = 2.0 * product + self.machine.scores(11.0 * elements);
                b.attention = 4.0 * product + self.machine.scores(11.0 * elements);
                selective.attention = f.attention;
            }
        }
        // Norm (read, write), residual (two reads, write), rotation of queries and keys (read, write).
        let element = 2.0 * (5.0 * h / sharded + 2.0 * heads * score + kv_width);
        f.elementwise = self.machine.stream(tokens * element + cast);
        b.elementwise = self.machine.stream(1.5 * tokens * element + cast);
        f.tensor = self.tensor(l, tokens);
        b.tensor = f.tensor;
        selective.elementwise = self.machine.stream(2.0 * tokens * 2.0 * h / sharded);
        if l.cp > 1 {
            // Ring: every rank passes its keys and values on cp − 1 times beside the products of the block it holds;
            // backward carries their gradients too.
            let bytes = tokens * kv_width * 2.0;
            let hops = f64::from(l.cp - 1);
            let hop =
                self.collective(Collective::SendRecv, bytes, 2, l.tp.saturating_mul(self.ring_stride(l)));
            let hidden = hops / f64::from(l.cp);
            f.context = (hops * hop - hidden * f.attention).max(0.0);
            b.context = (2.0 * hops * hop - hidden * b.attention).max(0.0);
        }
        (f, b, selective)
    }

    /// A ring that leaves the scale-up domain runs at the pace of its slowest hop.
    fn ring_stride(&self, l: &Layout) -> u32 {
        if l.tp.saturating_mul(l.cp) <= self.network.domain { 1 } else { self.network.domain }
    }

    fn dense_ffn(&self, l: &Layout, tokens: f64, sharded: f64) -> (Pass, Pass) {
        let m = self.model;
        let (h, ffn) = (f64::from(m.hidden), f64::from(m.ffn) / f64::from(l.tp));
        self.ffn_block(l, tokens, h, ffn, sharded, true)
    }

    fn ffn_block(&self, l: &Layout, rows: f64, h: f64, ffn: f64, sharded: f64, tensor: bool) -> (Pass, Pass) {
        let p = l.precision;
        let inputs = self.model.ffn_kind.matrices() - 1.0;
        let (up_f, up_b) = self.linear(rows, inputs * ffn, h, p);
        let (down_f, down_b) = self.linear(rows, h, ffn, p);
        let weights = (inputs + 1.0) * ffn * h;
        let cast = Self::cast(rows * (h + ffn) + weights / 4.0, p);
        // Norm and residual as in attention; the activation reads every input product and writes one.
        let element = 2.0 * (5.0 * h / sharded + (inputs + 1.0) * ffn);
        let comm = if tensor { self.tensor(l, rows) } else { 0.0 };
        let f = Pass {
            gemm: up_f + down_f,
            elementwise: self.machine.stream(rows * element + cast),
            tensor: comm,
            ..Pass::default()
        };
        let b = Pass {
            gemm: up_b + down_b,
            elementwise: self.machine.stream(1.5 * rows * element + cast),
            tensor: comm,
            ..Pass::default()
        };
        (f, b)
    }

    /// Expert dispatch or combine of `elements` activations, each to `active` experts. A copy crosses between scale-up
    /// domains once per domain that wants it and is spread inside (as DeepEP does, arXiv 2412.19437 section 3.2.2); both
    /// parts run side by side.
    fn exchange(&self, l: &Layout, elements: f64, active: f64, bytes: f64) -> f64 {
        let inside = (self.network.domain / l.expert_tp().max(1)).clamp(1, l.ep);
        let all = self.collective(Collective::AllToAll, elements * active * bytes, inside, l.expert_tp());
        if inside >= l.ep {
            return all;
        }
        let (ranks, k) = (f64::from(l.ep), f64::from(inside));
        let domains = ranks / k;
        // Uniform routing: the other domains a token meets, counted once each.
        let wanted = (domains - 1.0) * (1.0 - (1.0 - 1.0 / domains).powf(active));
        let size = elements * wanted * bytes * ranks / (ranks - k);
        all.max(self.collective(Collective::AllToAll, size, l.ep, l.expert_tp()))
    }

    fn moe_ffn(&self, l: &Layout, tokens: f64, sharded: f64) -> (Pass, Pass) {
        let m = self.model;
        let Some(moe) = m.moe else { return (Pass::default(), Pass::default()) };
        let (p, h, tp) = (l.precision, f64::from(m.hidden), f64::from(l.tp));
        let (mut f, mut b) = if moe.shared_experts > 0 {
            let width = f64::from(moe.expert_ffn) * f64::from(moe.shared_experts) / tp;
            self.ffn_block(l, tokens, h, width, sharded, true)
        } else {
            let norm = 5.0 * h / sharded * 2.0 * tokens;
            let pass =
                |factor: f64| Pass { elementwise: self.machine.stream(factor * norm), ..Pass::default() };
            (pass(1.0), pass(1.5))
        };
        // Router: a narrow product in 32 bits, bound by reading the activations twice.
        let local = tokens / tp;
        let router = self.machine.stream(local * (4.0 * h + 8.0 * f64::from(moe.experts)));
        let etp = f64::from(l.expert_tp());
        let experts = f64::from(moe.experts) / f64::from(l.ep);
        let rows = local * f64::from(moe.active) * etp * self.state.expert_imbalance;
        let each = rows / experts;
        let width = f64::from(moe.expert_ffn) / etp;
        let inputs = m.ffn_kind.matrices() - 1.0;
        let g = |a, b, c| self.machine.grouped(experts, a, b, c, p);
        f.gemm += g(each, inputs * width, h) + g(each, h, width);
        b.gemm +=
            g(each, h, inputs * width) + g(h, inputs * width, each) + g(each, width, h) + g(width, h, each);
        let weights = experts * (inputs + 1.0) * width * h;
        let cast = Self::cast(rows * (h + width) + weights / 4.0, p);
        // Permute, un-permute and weighted sum read and write every routed copy; then the activation.
        let element = 2.0 * (6.0 * h + (inputs + 1.0) * width);
        f.elementwise += router + self.machine.stream(rows * element + cast);
        b.elementwise += 2.0 * router + self.machine.stream(1.5 * rows * element + cast);
        let exchange = self.exchange(l, local * h, f64::from(moe.active), p.bytes()) // dispatch
            + self.exchange(l, local * h, f64::from(moe.active), 2.0); // combine
        let split = if l.expert_tp() > 1 {
            2.0 * self.collective(Collective::AllGather, rows * h * 2.0, l.expert_tp(), 1)
        } else {
            0.0
        };
        let exposed = if l.overlap.expert { 1.0 - self.calibration.expert_overlap } else { 1.0 };
        f.expert = exposed * exchange + split;
        b.expert = f.expert;
        (f, b)
    }
}

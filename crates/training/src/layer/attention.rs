//! Attention: projections, scores, the exchange of a cut sequence.

use gigatwin_catalog::{Attention, Precision};
use gigatwin_fabric::Collective;

use super::{Bench, Block, Pass};
use crate::{AttentionKernel, ContextExchange, Layout};

impl Bench<'_> {
    pub(super) fn attention(&self, l: &Layout, tokens: f64, sharded: f64) -> Block {
        let m = self.model;
        let (tp, h) = (f64::from(l.tp), f64::from(m.hidden));
        let heads = f64::from(m.heads) / tp;
        let kv_heads = (f64::from(m.kv_heads) / tp).max(1.0);
        let (score, value) = (m.score_dim(), m.value_dim());
        let (mut f, mut b) = (Pass::default(), Pass::default());
        let mut cast = 0.0;
        let mut add = |rows: f64, out: f64, inner: f64| {
            let p = self.linear(l, rows, out, inner);
            f.gemm += p.forward;
            b.gemm += p.backward;
            cast += p.cast;
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
        // Rotation of queries and keys (read, write).
        let element = 2.0 * (2.0 * heads * score + kv_width);
        let norm = self.norm(tokens, sharded);
        f.elementwise = self.machine.stream(tokens * element + cast) + norm;
        b.elementwise = self.machine.stream(1.5 * tokens * element + cast) + 1.5 * norm;
        f.tensor = self.tensor(l, tokens);
        b.tensor = f.tensor;
        selective.elementwise = self.machine.stream(2.0 * tokens * 2.0 * h / sharded);
        if l.cp > 1 {
            (f.context, b.context) = self.context(l, tokens * kv_width * 2.0, f.attention, b.attention);
        }
        Block { forward: f, backward: b, selective }
    }

    /// Keys and values of a cut sequence, `bytes` per rank, forward and backward.
    fn context(&self, l: &Layout, bytes: f64, forward: f64, backward: f64) -> (f64, f64) {
        // A ring that leaves the scale-up domain runs at the pace of its slowest hop.
        let near = self.seat(l).context;
        match l.context {
            ContextExchange::Ring => {
                // Every rank passes its keys and values on cp − 1 times beside the products of the block it holds; backward carries
                // their gradients too.
                let hops = f64::from(l.cp - 1);
                let hop =
                    self.collective(Collective::SendRecv, bytes, 2, if near >= l.cp { 2 } else { 1 }, true);
                let hidden = hops / f64::from(l.cp);
                ((hops * hop - hidden * forward).max(0.0), (2.0 * hops * hop - hidden * backward).max(0.0))
            }
            ContextExchange::AllGather => {
                // Before any product; gradients are scattered behind all of them.
                let whole = bytes * f64::from(l.cp);
                let gather = self.collective(Collective::AllGather, whole, l.cp, near, false);
                (gather, gather + self.collective(Collective::ReduceScatter, whole, l.cp, near, false))
            }
        }
    }
}

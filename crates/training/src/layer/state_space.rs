//! State-space mixers (Mamba-2, arXiv 2405.21060).

use super::{Bench, Block, Pass};
use crate::Layout;

impl Bench<'_> {
    /// Input and output projection, short convolution, chunked scan.
    ///
    /// The scan's masked products are too small to fill tensor cores: they run at the attention kernel's rate, with traffic of
    /// every projected channel read and written about three times over its kernels.
    pub(super) fn state_space(&self, l: &Layout, tokens: f64, sharded: f64) -> Block {
        let Some(s) = self.model.state_space else { return Block::default() };
        let (tp, h) = (f64::from(l.tp), f64::from(self.model.hidden));
        let (inner, projected) = (s.inner() / tp, s.projected() / tp);
        let (input, output) = (self.linear(l, tokens, projected, h), self.linear(l, tokens, h, inner));
        let scan = self.machine.fused_attention(
            tokens * s.scan_flop_per_token() / tp,
            256.0,
            f64::from(s.head_dim),
            false,
        );
        let cast = input.cast + output.cast;
        let element = 2.0 * 3.0 * (projected + inner);
        let norm = self.norm(tokens, sharded);
        let tensor = self.tensor(l, tokens);
        let forward = Pass {
            gemm: input.forward + output.forward,
            attention: scan,
            elementwise: self.machine.stream(tokens * element + cast) + norm,
            tensor,
            ..Pass::default()
        };
        let backward = Pass {
            gemm: input.backward + output.backward,
            attention: 2.5 * scan,
            elementwise: self.machine.stream(1.5 * tokens * element + cast) + 1.5 * norm,
            tensor,
            ..Pass::default()
        };
        let selective =
            Pass { elementwise: self.machine.stream(2.0 * tokens * 2.0 * h / sharded), ..Pass::default() };
        Block { forward, backward, selective }
    }
}

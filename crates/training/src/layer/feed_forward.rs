//! Feed-forward blocks.

use super::{Bench, Block, Pass};
use crate::Layout;

impl Bench<'_> {
    pub(super) fn dense_ffn(&self, l: &Layout, tokens: f64, sharded: f64) -> Block {
        let ffn = f64::from(self.model.ffn) / f64::from(l.tp);
        self.ffn_block(l, tokens, ffn, sharded)
    }

    pub(super) fn ffn_block(&self, l: &Layout, rows: f64, ffn: f64, sharded: f64) -> Block {
        let h = f64::from(self.model.hidden);
        let inputs = self.model.ffn_kind.matrices() - 1.0;
        let up = self.linear(l, rows, inputs * ffn, h);
        let down = self.linear(l, rows, h, ffn);
        let cast = up.cast + down.cast;
        // The activation reads every input product and writes one.
        let element = 2.0 * (inputs + 1.0) * ffn;
        let norm = self.norm(rows, sharded);
        let tensor = self.tensor(l, rows);
        let forward = Pass {
            gemm: up.forward + down.forward,
            elementwise: self.machine.stream(rows * element + cast) + norm,
            tensor,
            ..Pass::default()
        };
        let backward = Pass {
            gemm: up.backward + down.backward,
            elementwise: self.machine.stream(1.5 * rows * element + cast) + 1.5 * norm,
            tensor,
            ..Pass::default()
        };
        let selective = Pass {
            elementwise: self.machine.stream(rows * 2.0 * (2.0 * h / sharded + (inputs + 1.0) * ffn)),
            ..Pass::default()
        };
        Block { forward, backward, selective }
    }
}

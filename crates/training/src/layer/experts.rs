//! Mixtures of experts: routing, dispatch, grouped products, combination.

use gigatwin_catalog::Precision;
use gigatwin_fabric::Collective;

use super::{Bench, Block, Pass};
use crate::{Layout, Schedule};

impl Bench<'_> {
    /// Expert dispatch or combine of `elements` activations, each to `active` experts. A copy crosses between scale-up
    /// domains once per domain that wants it and is spread inside (as DeepEP does, arXiv 2412.19437 section 3.2.2); both
    /// parts run side by side.
    fn exchange(&self, l: &Layout, elements: f64, active: f64, bytes: f64) -> f64 {
        let inside = (self.seat(l).stage / l.expert_tp().max(1)).clamp(1, l.ep);
        let all = self.collective(Collective::AllToAll, elements * active * bytes, inside, inside, false);
        let across = |inside: u32| {
            let (ranks, k) = (f64::from(l.ep), f64::from(inside));
            let domains = ranks / k;
            // Uniform routing: the other domains a token meets, counted once each.
            let wanted = (domains - 1.0) * (1.0 - (1.0 - 1.0 / domains).powf(active));
            let size = elements * wanted * bytes * ranks / (ranks - k);
            self.collective(Collective::AllToAll, size, l.ep, inside, false)
        };
        match inside < l.ep {
            // The fewer ranks sit together, the more crosses.
            true if self.closest => across(inside),
            true => all.max(across(inside)),
            false if self.closest && l.ep > 1 => all.min(across(l.ep - 1)),
            false => all,
        }
    }

    pub(super) fn experts(&self, l: &Layout, tokens: f64, sharded: f64) -> Block {
        let m = self.model;
        let Some(moe) = m.moe else { return Block::default() };
        let (p, h, tp) = (l.precision, f64::from(m.hidden), f64::from(l.tp));
        let wide = m.routed_width();
        let mut block = if moe.shared_experts > 0 {
            let width = f64::from(moe.expert_ffn) * f64::from(moe.shared_experts) / tp;
            self.ffn_block(l, tokens, width, sharded)
        } else {
            let norm = self.norm(tokens, sharded);
            let pass = |factor: f64| Pass { elementwise: factor * norm, ..Pass::default() };
            Block { forward: pass(1.0), backward: pass(1.5), selective: pass(0.4) }
        };
        let (f, b) = (&mut block.forward, &mut block.backward);
        // Router: a narrow product in 32 bits, bound by reading the activations twice.
        let local = tokens / tp;
        let router = self.machine.stream(local * (4.0 * h + 8.0 * f64::from(moe.experts)));
        let etp = f64::from(l.expert_tp());
        let experts = (f64::from(moe.experts) / f64::from(l.ep)).max(1.0);
        let rows = local * f64::from(moe.active) * etp * self.state.expert_imbalance;
        let each = rows / experts;
        let width = f64::from(moe.expert_ffn) / etp;
        let inputs = m.ffn_kind.matrices() - 1.0;
        let g = |a, b, c| self.machine.grouped(experts, a, b, c, p);
        f.gemm += g(each, inputs * width, wide) + g(each, wide, width);
        b.gemm += g(each, wide, inputs * width)
            + g(wide, inputs * width, each)
            + g(each, width, wide)
            + g(width, wide, each);
        if moe.latent.is_some() {
            // Down before dispatch, up after combination, by the ranks that hold the tokens.
            let (down, up) = (self.linear(l, local, wide, h), self.linear(l, local, h, wide));
            f.gemm += down.forward + up.forward;
            b.gemm += down.backward + up.backward;
        }
        let weights = experts * (inputs + 1.0) * width * wide;
        let cast = self.cast(rows * (wide + width) + weights / 4.0, l);
        // Permute, un-permute and weighted sum read and write every routed copy; then the activation.
        let element = 2.0 * (6.0 * wide + (inputs + 1.0) * width);
        let routed = |factor: f64| self.age * self.machine.stream(factor * rows * element + cast);
        f.elementwise += router + routed(1.0);
        b.elementwise += 2.0 * router + routed(1.5);
        block.selective.elementwise += self.machine.stream(rows * 2.0 * (inputs + 1.0) * width);
        let active = f64::from(moe.active);
        let dispatch = match p {
            Precision::Bf16 => 2.0,
            _ => p.bytes(),
        };
        let exchange =
            self.exchange(l, local * wide, active, dispatch) + self.exchange(l, local * wide, active, 2.0);
        let split = if l.expert_tp() > 1 {
            2.0 * self.collective(
                Collective::AllGather,
                rows * wide * 2.0,
                l.expert_tp(),
                self.network.domain,
                false,
            )
        } else {
            0.0
        };
        let hidden = l.overlap.expert || l.schedule == Schedule::DualPipe;
        let exchange = exchange * self.age;
        let exposed = if hidden { self.hidden(exchange, self.calibration.expert_overlap) } else { exchange };
        block.forward.expert = exposed + split;
        block.backward.expert = block.forward.expert;
        block
    }
}

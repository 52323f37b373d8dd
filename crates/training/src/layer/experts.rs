//! Mixtures of experts: routing, dispatch, grouped products, combination.

use gigatwin_catalog::Precision;
use gigatwin_fabric::Collective;

use super::{Bench, Block, Pass};
use crate::{Layout, Schedule};

impl Bench<'_> {
    /// Expert dispatch or combine of `elements` activations, each to `active` experts. A copy crosses between scale-up
    /// domains once per domain that wants it and is spread inside (as DeepEP does, arXiv 2412.19437 section 3.2.2); both
    /// parts run side by side. `stage` chips of a stage share a domain, or where `at_most` that many or fewer: then a bound.
    fn exchange(
        &self,
        l: &Layout,
        (stage, at_most): (u32, bool),
        elements: f64,
        active: f64,
        bytes: f64,
    ) -> f64 {
        let inside = (stage / l.expert_tp().max(1)).clamp(1, l.ep);
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
            true if at_most => across(inside),
            true => all.max(across(inside)),
            false if at_most && l.ep > 1 => all.min(across(l.ep - 1)),
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
        block.forward.expert = self.expert_traffic(l, tokens, (self.seat(l).stage, false));
        block.backward.expert = block.forward.expert;
        block
    }

    /// Seconds per expert layer and pass that tokens are on their way to experts and back, unhidden; `seats` as in
    /// [`Self::exchange`].
    pub(super) fn expert_traffic(&self, l: &Layout, tokens: f64, seats: (u32, bool)) -> f64 {
        let m = self.model;
        let Some(moe) = m.moe else { return 0.0 };
        let (active, wide, local) = (f64::from(moe.active), m.routed_width(), tokens / f64::from(l.tp));
        let dispatch = match l.precision {
            Precision::Bf16 => 2.0,
            narrow => narrow.bytes(),
        };
        let one = |bytes: f64| self.exchange(l, seats, local * wide, active, bytes);
        let exchange = one(dispatch) + one(2.0);
        let split = if l.expert_tp() > 1 {
            let rows = local * active * f64::from(l.expert_tp()) * self.state.expert_imbalance;
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
        exposed + split
    }
}

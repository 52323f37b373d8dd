//! Which of two layouts is better, and what the worse one loses in.

use std::cmp::Ordering;

use gigatwin_quantity::Time;

use crate::{Layout, StepOutcome};

/// A layout that fits, with step time in seconds and memory in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    pub time: f64,
    pub memory: f64,
    pub layout: Layout,
}

impl Candidate {
    /// By time, then memory, then sizes: a total order, so that the search may go any way.
    pub(super) fn order(&self, other: &Candidate) -> Ordering {
        self.time
            .total_cmp(&other.time)
            .then_with(|| self.memory.total_cmp(&other.memory))
            .then_with(|| key(&self.layout).cmp(&key(&other.layout)))
    }

    pub(super) fn better_than(&self, other: &Candidate) -> bool {
        self.order(other) == Ordering::Less
    }
}

/// How the model is cut.
pub(super) fn cut(l: &Layout) -> [u32; 5] {
    [l.tp, l.cp, l.pp, l.ep, l.dp]
}

fn key(l: &Layout) -> [u32; 17] {
    [
        l.tp,
        l.cp,
        l.pp,
        l.ep,
        l.dp,
        l.expert_tp(),
        l.micro_batch,
        l.vpp,
        l.schedule as u32,
        l.recompute as u32,
        l.zero as u32,
        l.offload as u32,
        u32::from(!l.overlap.tensor),
        u32::from(!l.overlap.data),
        u32::from(!l.sequence_parallel),
        l.shard.unwrap_or(0),
        l.placement as u32,
    ]
}

/// The part of the step in which `other` loses most against `best`.
pub(super) fn largest_loss(best: &StepOutcome, other: &StepOutcome) -> (&'static str, Time) {
    let (a, b) = (&best.breakdown, &other.breakdown);
    let parts = [
        ("matrix products", b.gemm - a.gemm),
        ("attention", b.attention - a.attention),
        ("elementwise kernels", b.elementwise - a.elementwise),
        ("recomputation", b.recompute - a.recompute),
        ("tensor-parallel communication", b.tensor - a.tensor),
        ("context-parallel communication", b.context - a.context),
        ("expert dispatch", b.expert - a.expert),
        ("sends between stages", b.pipeline - a.pipeline),
        ("pipeline bubble", b.bubble - a.bubble),
        ("data-parallel communication", b.data - a.data),
        ("optimizer update", b.optimizer - a.optimizer),
        ("host overhead", b.host - a.host),
        ("stragglers", b.straggler - a.straggler),
    ];
    parts.into_iter().fold(("matrix products", Time::from_s(f64::NEG_INFINITY)), |most, part| {
        if part.1 > most.1 { part } else { most }
    })
}

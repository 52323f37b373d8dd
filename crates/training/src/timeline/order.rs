//! In which order each rank of a pipeline runs its micro-batches.

use crate::{Layout, Schedule};

/// Which work of a micro-batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Work {
    /// Forward pass of a chunk.
    Forward,
    /// Backward pass of a chunk; without the weight gradients where the schedule puts them off.
    Backward,
    /// Weight gradients of a chunk, put off.
    WeightGradient,
}

/// One piece of work of a rank. Chunks of all ranks are numbered along the model within a direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Op {
    /// Which work.
    pub work: Work,
    /// Micro-batch, from zero; those of the second direction follow those of the first.
    pub micro_batch: u32,
    /// Chunk of the rank, from zero.
    pub chunk: u32,
    /// Whether the micro-batch enters at the last rank (DualPipe).
    pub reversed: bool,
}

/// The fixed order of forward and backward passes of a rank; none where the schedule has none for so few micro-batches.
pub(super) fn order(l: &Layout, rank: u32) -> Option<Vec<Op>> {
    let m = l.micro_batches().max(1);
    match l.schedule {
        Schedule::DualPipe if l.pp > 1 => dual(l.pp, m, rank),
        Schedule::OneForwardOneBackward if l.vpp > 1 => interleaved(l.pp, l.vpp, m, rank),
        _ if l.vpp > 1 => interleaved(l.pp, l.vpp, m, rank),
        _ => Some(plain(l.pp, m, rank)),
    }
}

fn op(work: Work, micro_batch: u32, chunk: u32, reversed: bool) -> Op {
    Op { work, micro_batch, chunk, reversed }
}

/// 1F1B (arXiv 2104.04473, figure 4): as many forward passes ahead as there are stages behind, then one and one.
fn plain(pp: u32, m: u32, rank: u32) -> Vec<Op> {
    let ahead = (pp - 1 - rank).min(m);
    merge(
        (0..m).map(|i| op(Work::Forward, i, 0, false)).collect(),
        (0..m).map(|i| op(Work::Backward, i, 0, false)).collect(),
        ahead as usize,
    )
}

/// Interleaved 1F1B as Megatron-LM runs it: rounds of as many micro-batches as stages through one chunk after the other; none
/// where the last round is not full.
fn interleaved(pp: u32, vpp: u32, m: u32, rank: u32) -> Option<Vec<Op>> {
    if !m.is_multiple_of(pp) {
        return None;
    }
    let mut forward = Vec::new();
    let mut backward = Vec::new();
    for round in 0..m / pp {
        for chunk in 0..vpp {
            for i in 0..pp {
                forward.push(op(Work::Forward, round * pp + i, chunk, false));
                backward.push(op(Work::Backward, round * pp + i, vpp - 1 - chunk, false));
            }
        }
    }
    let ahead = ((pp - rank - 1) * 2 + (vpp - 1) * pp).min(m * vpp);
    Some(merge(forward, backward, ahead as usize))
}

fn merge(forward: Vec<Op>, backward: Vec<Op>, ahead: usize) -> Vec<Op> {
    let mut out: Vec<Op> = forward.iter().take(ahead).copied().collect();
    for (i, b) in backward.into_iter().enumerate() {
        out.extend(forward.get(ahead + i));
        out.push(b);
    }
    out
}

/// DualPipe (arXiv 2412.19437, section 3.2.1, in the phases of the authors' published code): both ends feed micro-batches in.
fn dual(pp: u32, m: u32, rank: u32) -> Option<Vec<Op>> {
    let (half, near) = (pp / 2, rank.min(pp - 1 - rank));
    let n = m / 2;
    if !pp.is_multiple_of(2) || !m.is_multiple_of(2) || n < pp {
        return None;
    }
    // The first direction of a rank is that of the end it is closer to.
    let flipped = rank >= half;
    let mut next = [[0_u32; 2]; 2];
    let mut out = Vec::new();
    let mut go = |work: Work, direction: usize, times: u32| {
        for _ in 0..times {
            let reversed = (direction == 1) != flipped;
            let counter = &mut next[direction][usize::from(work == Work::Backward)];
            let micro_batch = *counter + if reversed { n } else { 0 };
            *counter += 1;
            out.push(op(work, micro_batch, 0, reversed));
        }
    };
    use Work::{Backward as B, Forward as F};
    let far = half - near - 1;
    go(F, 0, 2 * far);
    for _ in 0..=near {
        go(F, 0, 1);
        go(F, 1, 1);
    }
    for _ in 0..far {
        go(B, 1, 1);
        go(F, 1, 1);
    }
    for _ in 0..n + near + 1 - pp {
        go(F, 0, 1);
        go(B, 1, 1);
        go(F, 1, 1);
        go(B, 0, 1);
    }
    for _ in 0..far {
        go(B, 1, 1);
        go(F, 1, 1);
        go(B, 0, 1);
    }
    for _ in 0..=near {
        go(B, 1, 1);
        go(B, 0, 1);
    }
    go(B, 0, far);
    Some(out)
}

//! Plays a pipeline event by event.

use std::collections::VecDeque;

use super::order::{Op, Work, order};
use crate::{Layout, Schedule};

/// An op with its start, in seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct Played {
    pub op: Op,
    pub start: f64,
    pub length: f64,
}

/// A rank's position.
struct Rank {
    /// Fixed order, or where there is none, forward and backward passes in the order of their micro-batches.
    queues: Vec<VecDeque<Op>>,
    clock: f64,
    put_off: VecDeque<Op>,
    /// Micro-batches whose activations are held.
    held: u32,
    done: Vec<Played>,
}

/// All ranks' ops in the order they run; `length` gives the seconds of an op on a rank.
pub(super) fn play(l: &Layout, length: impl Fn(u32, &Op) -> f64) -> Vec<Vec<Played>> {
    let orders: Option<Vec<Vec<Op>>> = (0..l.pp).map(|r| order(l, r)).collect();
    let free = orders.is_none();
    let queues = |rank: u32| match &orders {
        Some(all) => vec![all[rank as usize].iter().copied().collect()],
        None => unordered(l),
    };
    let splits = l.pp > 1 && l.schedule != Schedule::OneForwardOneBackward;
    let most = match l.schedule {
        _ if free => u32::MAX,
        Schedule::DualPipe => l.pp + 1,
        _ if l.vpp > 1 => 2 * l.pp + (l.vpp - 1) * l.pp,
        _ => l.pp,
    };
    let mut ranks: Vec<Rank> = (0..l.pp)
        .map(|r| Rank { queues: queues(r), clock: 0.0, put_off: VecDeque::new(), held: 0, done: Vec::new() })
        .collect();
    let mut ends = Ends::new(l);
    loop {
        // The action that starts first; nothing that starts later can make another ready before it.
        let mut first: Option<(f64, usize, Option<usize>)> = None;
        for (i, rank) in ranks.iter().enumerate() {
            let mut best: Option<(f64, usize)> = None;
            for (q, queue) in rank.queues.iter().enumerate() {
                let Some(op) = queue.front() else { continue };
                if op.work == Work::Forward && rank.held >= most && splits && !free {
                    continue;
                }
                let Some(ready) = ends.ready(l, i as u32, op) else { continue };
                let start = ready.max(rank.clock);
                // Of two that start together the backward pass, which frees memory: its queue stands first.
                if best.is_none_or(|b| start < b.0) {
                    best = Some((start, q));
                }
            }
            let waits = best.is_none_or(|b| b.0 > rank.clock);
            let action = if waits && !rank.put_off.is_empty() {
                Some((rank.clock, i, None))
            } else {
                best.map(|(start, q)| (start, i, Some(q)))
            };
            if let Some(a) = action
                && first.is_none_or(|f| a.0 < f.0)
            {
                first = Some(a);
            }
        }
        let Some((start, i, queue)) = first else { break };
        let rank = &mut ranks[i];
        let next = match queue {
            Some(q) => rank.queues[q].pop_front(),
            None => rank.put_off.pop_front(),
        };
        let Some(op) = next else { break };
        let length = length(i as u32, &op);
        rank.clock = start + length;
        rank.done.push(Played { op, start, length });
        match op.work {
            Work::Forward => rank.held += 1,
            Work::Backward if splits => rank.put_off.push_back(Op { work: Work::WeightGradient, ..op }),
            Work::Backward | Work::WeightGradient => rank.held = rank.held.saturating_sub(1),
        }
        ends.set(&op, position(l, i as u32, &op), rank.clock);
    }
    ranks.into_iter().map(|r| r.done).collect()
}

/// Backward passes first.
fn unordered(l: &Layout) -> Vec<VecDeque<Op>> {
    let m = l.micro_batches().max(1);
    let both = l.schedule == Schedule::DualPipe && l.pp > 1;
    let all = |work: Work| {
        (0..m).flat_map(move |i| {
            (0..l.vpp).map(move |c| {
                let chunk = if work == Work::Backward { l.vpp - 1 - c } else { c };
                Op { work, micro_batch: i, chunk, reversed: both && i >= m.div_ceil(2) }
            })
        })
    };
    let mut queues: Vec<VecDeque<Op>> = Vec::new();
    for work in [Work::Backward, Work::Forward] {
        for reversed in [false, true] {
            // What is farthest along the model first.
            for chunk in (0..l.vpp).rev() {
                queues.push(all(work).filter(|o| o.reversed == reversed && o.chunk == chunk).collect());
            }
        }
    }
    queues.retain(|q: &VecDeque<Op>| !q.is_empty());
    queues
}

/// Place of an op's chunk along the model.
pub(super) fn position(l: &Layout, rank: u32, op: &Op) -> u32 {
    if op.reversed { l.pp - 1 - rank } else { op.chunk * l.pp + rank }
}

/// When forward and backward passes ended, by micro-batch and place along the model.
struct Ends {
    places: usize,
    forward: Vec<f64>,
    backward: Vec<f64>,
}

impl Ends {
    fn new(l: &Layout) -> Ends {
        let places = l.pp as usize * l.vpp as usize;
        let all = vec![f64::NAN; places * l.micro_batches().max(1) as usize];
        Ends { places, forward: all.clone(), backward: all }
    }

    fn set(&mut self, op: &Op, place: u32, end: f64) {
        let at = op.micro_batch as usize * self.places + place as usize;
        match op.work {
            Work::Forward => self.forward[at] = end,
            Work::Backward => self.backward[at] = end,
            Work::WeightGradient => {}
        }
    }

    /// When what an op needs is done; none where it is not yet known.
    fn ready(&self, l: &Layout, rank: u32, op: &Op) -> Option<f64> {
        let place = position(l, rank, op) as usize;
        let at = |list: &[f64], place: usize| {
            Some(list[op.micro_batch as usize * self.places + place]).filter(|t| !t.is_nan())
        };
        match op.work {
            Work::Forward if place == 0 => Some(0.0),
            Work::Forward => at(&self.forward, place - 1),
            Work::Backward | Work::WeightGradient if place + 1 == self.places => at(&self.forward, place),
            Work::Backward | Work::WeightGradient => {
                Some(at(&self.backward, place + 1)?.max(at(&self.forward, place)?))
            }
        }
    }
}

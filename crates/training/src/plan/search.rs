//! Best-first search for the fastest layout and the fastest of another cut.

use std::cell::RefCell;

use super::compare::{Candidate, cut};
use super::space::{Space, chunkings, count, fastest, leaves};
use super::{Counts, PlanRequest};
use crate::layer::{Bench, LayerCost};
use crate::memory::memory;
use crate::step::{assemble, lower_bound};
use crate::{Job, Layout, Schedule, Zero};

/// A cut on a number of stages, any number of replicas, with a bound below all leaves.
struct Group {
    bound: f64,
    cut: u32,
    pp: u32,
}

/// The searched space, lowest bound first.
pub(super) struct Tree<'a> {
    job: &'a Job<'a>,
    request: &'a PlanRequest,
    bench: Bench<'a>,
    space: Space,
    cuts: Vec<(Layout, LayerCost)>,
    groups: Vec<Group>,
    /// Leaves of the whole tree.
    pub all: u64,
}

/// A place with a bound below all its leaves.
pub(super) struct Place {
    pub bound: f64,
    /// Bytes per chip that no leaf undercuts.
    pub floor: f64,
    pub layout: Layout,
    pub cost: LayerCost,
}

impl<'a> Tree<'a> {
    pub(super) fn new(job: &'a Job<'a>, request: &'a PlanRequest) -> Tree<'a> {
        let bench = Bench::new(job.model, job.chip, job.network, job.calibration, job.state);
        let space = Space::new(job, request);
        let mut tree = Tree { job, request, bench, space, cuts: Vec::new(), groups: Vec::new(), all: 0 };
        for cut in tree.space.cuts(job.model, request) {
            let mut cost: Option<LayerCost> = None;
            for pp in tree.space.stages(job.model, request, &cut) {
                let chunks = chunkings(job.model, request, &cut, pp);
                let mut most: Option<Layout> = None;
                for place in tree.space.replicas(request, &cut, pp) {
                    tree.all += count(request, &place, chunks);
                    most.get_or_insert(place);
                }
                let Some(most) = most else { continue };
                // The cost of a layer depends on stages and replicas only through where groups sit, which the cut fixes.
                let cost = cost.get_or_insert_with(|| bench.layer_cost(&most));
                // Fewer replicas run more micro-batches each, and fewer chips have a slowest one that is less slow.
                let few = Layout { dp: 1, global_batch: most.micro_batches() * cut.micro_batch, ..most };
                let bound = lower_bound(&bench, &fastest(job.model, request, &few), cost);
                tree.groups.push(Group { bound, cut: tree.cuts.len() as u32, pp });
            }
            if let Some(cost) = cost {
                tree.cuts.push((cut, cost));
            }
        }
        tree.groups.sort_by(|a, b| a.bound.total_cmp(&b.bound));
        tree
    }

    /// Places from the lowest bound of their group on, until `stop` says that no bound from this on matters.
    pub(super) fn places(&self, mut stop: impl FnMut(f64) -> bool, mut each: impl FnMut(&Bench, Place)) {
        for group in &self.groups {
            if stop(group.bound) {
                return;
            }
            let (cut, cost) = &self.cuts[group.cut as usize];
            for layout in self.space.replicas(self.request, cut, group.pp) {
                let cost = LayerCost { send: self.bench.send(&layout), ..*cost };
                let best = fastest(self.job.model, self.request, &layout);
                let bound = lower_bound(&self.bench, &best, &cost);
                let floor = floor(self.job, self.request, &layout);
                each(&self.bench, Place { bound, floor, layout, cost });
            }
        }
    }
}

/// Training state and workspace at the strongest sharding and offload, without any activation: below the memory of every leaf.
fn floor(job: &Job, request: &PlanRequest, place: &Layout) -> f64 {
    let c = &request.choices;
    let zero =
        c.zero.iter().copied().filter(|z| *z < Zero::Weights || place.pp == 1).max().unwrap_or(place.zero);
    let offload = c.offload.iter().copied().find(|o| o.optimizer()).unwrap_or_default();
    // A schedule that holds the weights twice needs more.
    let l = Layout { zero, offload, schedule: Schedule::OneForwardOneBackward, ..*place };
    let m = memory(job.model, job.chip, job.state, &l);
    (m.weights + m.gradients + m.optimizer + job.state.workspace).bytes() * (1.0 - 1e-9)
}

/// What a search found.
pub(super) struct Found {
    pub first: Option<Candidate>,
    /// The best of another cut.
    pub second: Option<Candidate>,
    pub counts: Counts,
}

/// The two best so far.
#[derive(Default)]
struct Best {
    first: Option<Candidate>,
    second: Option<Candidate>,
}

impl Best {
    fn offer(&mut self, c: Candidate) {
        let Some(first) = self.first else {
            self.first = Some(c);
            return;
        };
        let other_cut = cut(&c.layout) != cut(&first.layout);
        if c.better_than(&first) {
            if other_cut {
                self.second = Some(first);
            }
            self.first = Some(c);
        } else if other_cut && self.second.is_none_or(|s| c.better_than(&s)) {
            self.second = Some(c);
        }
    }

    /// What is slower than this changes nothing.
    fn limit(&self) -> f64 {
        self.second.map_or(f64::INFINITY, |s| s.time)
    }
}

/// Opens places from the lowest bound on. Without pruning opens all of them.
pub(super) fn search(job: &Job, request: &PlanRequest, prune: bool) -> Found {
    let tree = Tree::new(job, request);
    let mut counts = Counts { space: tree.all, ..Counts::default() };
    let best = RefCell::new(Best::default());
    let slower = |bound: f64| prune && bound > best.borrow().limit();
    tree.places(slower, |bench, place| {
        if slower(place.bound) || (prune && place.floor > job.chip.memory.bytes()) {
            return;
        }
        leaves(
            job.model,
            request,
            &place.layout,
            |l| !slower(lower_bound(bench, l, &place.cost)),
            |l| {
                if slower(lower_bound(bench, l, &place.cost)) {
                    return;
                }
                let held = memory(job.model, job.chip, job.state, l);
                if !held.fits() {
                    counts.too_large += 1;
                    return;
                }
                counts.evaluated += 1;
                let time = assemble(bench, l, &place.cost).total();
                best.borrow_mut().offer(Candidate { time, memory: held.total().bytes(), layout: *l });
            },
        );
    });
    let best = best.into_inner();
    Found { first: best.first, second: best.second, counts }
}

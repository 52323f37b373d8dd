//! Best-first search for the fastest layout and the fastest of another cut.

use std::cell::RefCell;

use super::compare::{Candidate, cut};
use super::space::{Orders, Space, chunkings, count, fastest, leaves};
use super::{Counts, PlanRequest};
use crate::layer::{Bench, LayerCost};
use crate::memory::memory;
use crate::step::{assemble, lower_bound};
use crate::{Job, Layout, Placement, Schedule, Zero};

/// A cut on a number of stages, any number of replicas, with a bound below all leaves.
struct Group {
    bound: f64,
    /// The same over the orders of ranks that bring the next stage into the domain; none where there are none.
    other: f64,
    cut: u32,
    pp: u32,
}

/// The searched space, lowest bound first.
pub(super) struct Tree<'a> {
    job: &'a Job<'a>,
    request: &'a PlanRequest,
    bench: Bench<'a>,
    space: Space,
    orders: Orders,
    /// Cuts with the cost of their layers in the first order of ranks, and a bound below it in those that bring stages closer.
    cuts: Vec<(Layout, LayerCost, LayerCost)>,
    groups: Vec<Group>,
    /// Leaves of the whole tree.
    pub all: u64,
}

/// Number of stages, most replicas, and leaves of all its places for each schedule and chunking.
type Stages = (u32, u32, u64);

/// What decides the stages a pipeline may have; in the order of the counting.
type StagesKey = (u32, Schedule, bool, bool);

/// The stages of cuts that share ranks and micro-batch, by all else they depend on: how experts are split, and the variant.
#[derive(Default)]
struct Known {
    shared: [u32; 3],
    of: Vec<(StagesKey, Vec<Stages>)>,
}

impl Known {
    fn stages(&mut self, cut: &Layout, make: impl FnOnce() -> Vec<Stages>) -> &[Stages] {
        let shared = [cut.tp, cut.cp, cut.micro_batch];
        if self.shared != shared {
            (self.shared, self.of) = (shared, Vec::new());
        }
        let key = (cut.ep * cut.expert_tp(), cut.schedule, cut.sequence_parallel, cut.overlap.tensor);
        let at = self.of.iter().position(|(k, _)| *k == key).unwrap_or_else(|| {
            self.of.push((key, make()));
            self.of.len() - 1
        });
        self.of.get(at).map_or(&[], |(_, stages)| stages)
    }
}

/// A place and what its layers cost.
pub(super) struct Place {
    /// Bytes per chip that no leaf undercuts.
    pub floor: f64,
    pub layout: Layout,
    pub cost: LayerCost,
}

impl<'a> Tree<'a> {
    pub(super) fn new(job: &'a Job<'a>, request: &'a PlanRequest) -> Tree<'a> {
        let bench = Bench::new(job.model, job.chip, job.network, job.calibration, job.state);
        let space = Space::new(job, request);
        let orders = Orders::new(request);
        let mut tree =
            Tree { job, request, bench, space, orders, cuts: Vec::new(), groups: Vec::new(), all: 0 };
        // A stage must leave the domain room for another one.
        let several =
            |l: &Layout| l.pp > 1 && request.choices.placements.len() > 1 && 2 * l.tp <= job.network.domain;
        let mut known = Known::default();
        for cut in tree.space.cuts(job.model, request) {
            let mut cost: Option<(LayerCost, LayerCost)> = None;
            for &(pp, dp, each) in known.stages(&cut, || tree.stages(&cut)) {
                let most = Layout { pp, dp, ..cut };
                tree.all += each * chunkings(job.model, request, &cut, pp);
                // The cost of a layer depends on stages and replicas only through where groups sit, which the cut fixes.
                let (usual, beside) = cost.get_or_insert_with(|| {
                    let usual = bench.layer_cost(&most);
                    (usual, bench.beside_next_stage(&most, &usual))
                });
                // Fewer replicas run more micro-batches each, and fewer chips have a slowest one that is less slow.
                let few = Layout { dp: 1, global_batch: most.micro_batches() * cut.micro_batch, ..most };
                let best = fastest(job.model, request, &few);
                let cut = tree.cuts.len() as u32;
                let bound = lower_bound(&bench, &best, usual);
                let other = match several(&most) {
                    false => f64::INFINITY,
                    true if job.model.moe.is_none() => bound,
                    true => lower_bound(&bench, &best, beside),
                };
                tree.groups.push(Group { bound, other, cut, pp });
            }
            if let Some((usual, beside)) = cost {
                tree.cuts.push((cut, usual, beside));
            }
        }
        tree.groups.sort_by(|a, b| a.bound.total_cmp(&b.bound));
        tree
    }

    /// The stages of a cut that have any place.
    fn stages(&self, cut: &Layout) -> Vec<Stages> {
        let of = |pp: u32| {
            let (mut most, mut each) = (0, 0);
            for place in self.space.replicas(self.request, cut, pp) {
                each += self.orders.at(&place).len().max(1) as u64 * count(self.request, &place, 1);
                most = most.max(place.dp);
            }
            (pp, most, each)
        };
        self.space.stages(self.job.model, self.request, cut).map(of).filter(|s| s.1 > 0).collect()
    }

    /// Places from the lowest bound of their group on, but for groups that `skip` refuses by their bound and by the bytes per chip
    /// that none of their leaves undercuts. `enter` may refuse a place in the same way; orders of ranks that another one dominates, or
    /// that bring no stages closer, are left out.
    pub(super) fn places(
        &self,
        mut skip: impl FnMut(f64, &dyn Fn() -> f64) -> bool,
        mut enter: impl FnMut(f64, &dyn Fn() -> f64) -> bool,
        mut each: impl FnMut(&Bench, Place),
    ) {
        // The more replicas divide the training state, the less of it a chip holds.
        let least = |group: &Group| {
            let most = self.space.replicas(self.request, &self.cuts[group.cut as usize].0, group.pp).next();
            most.map_or(f64::INFINITY, |most| floor(self.job, self.request, &most))
        };
        for group in &self.groups {
            let (cut, cost, _) = &self.cuts[group.cut as usize];
            if skip(group.bound, &|| least(group)) {
                continue;
            }
            for layout in self.space.replicas(self.request, cut, group.pp) {
                let layout = Layout { placement: self.first(), ..layout };
                if let Some(floor) = self.open(&layout, cost, &mut enter) {
                    let cost = LayerCost { send: self.bench.send(&layout), ..*cost };
                    each(&self.bench, Place { floor, layout, cost });
                }
            }
        }
        // The default order is mostly the best; what it found prunes the others.
        for group in self.groups.iter().filter(|g| g.other < f64::INFINITY) {
            if !skip(group.other, &|| least(group)) {
                self.reordered(group, &mut enter, &mut each);
            }
        }
    }

    /// The place's floor, where `enter` lets it in.
    fn open(
        &self,
        layout: &Layout,
        cost: &LayerCost,
        enter: &mut impl FnMut(f64, &dyn Fn() -> f64) -> bool,
    ) -> Option<f64> {
        let best = fastest(self.job.model, self.request, layout);
        let floor = || floor(self.job, self.request, layout);
        enter(lower_bound(&self.bench, &best, cost), &floor).then(floor)
    }

    /// The places of a group in all orders but the first.
    fn reordered(
        &self,
        group: &Group,
        enter: &mut impl FnMut(f64, &dyn Fn() -> f64) -> bool,
        each: &mut impl FnMut(&Bench, Place),
    ) {
        let (cut, usual, least) = &self.cuts[group.cut as usize];
        let wanted = |p: &Placement| *p != self.first() && !p.dominated();
        for placement in self.request.choices.placements.iter().copied().filter(wanted) {
            // Layers cost the same wherever their groups sit as close.
            let at = |l: &Layout| (self.bench.seat(l).stage, self.bench.seat(l).context);
            let home = |l: &Layout| at(&Layout { placement: self.first(), ..*l });
            // Whether the next stage shares the domain.
            let beside = |l: &Layout| self.bench.network.domain / self.bench.seat(l).next_stage >= 2;
            let mut known: Option<((u32, u32), LayerCost)> = None;
            for layout in self.space.replicas(self.request, cut, group.pp) {
                // Another order only ever brings the stages closer: groups of a layer and replicas sit farther.
                let usual_place = Layout { placement: self.first(), ..layout };
                let layout = Layout { placement, ..layout };
                if !beside(&layout) || beside(&usual_place) || !self.orders.at(&layout).contains(&placement) {
                    continue;
                }
                if self.open(&layout, least, enter).is_none() {
                    continue;
                }
                let send = self.bench.send(&layout);
                if send >= self.bench.send(&usual_place) {
                    continue;
                }
                let there = at(&layout);
                let cost = match known {
                    Some((seat, cost)) if seat == there => cost,
                    _ if there == home(&layout) => *usual,
                    _ => self.bench.layer_cost(&layout),
                };
                known = Some((there, cost));
                if let Some(floor) = self.open(&layout, &cost, enter) {
                    each(&self.bench, Place { floor, layout, cost: LayerCost { send, ..cost } });
                }
            }
        }
    }
}

impl Tree<'_> {
    /// The order of ranks whose layer costs a cut holds.
    fn first(&self) -> Placement {
        self.request.choices.placements.first().copied().unwrap_or_default()
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
    let fits = |floor: f64| !prune || floor <= job.chip.memory.bytes();
    let skip = |bound: f64, floor: &dyn Fn() -> f64| slower(bound) || !fits(floor());
    tree.places(
        skip,
        |bound, floor| !slower(bound) && fits(floor()),
        |bench, place| {
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
        },
    );
    let best = best.into_inner();
    Found { first: best.first, second: best.second, counts }
}

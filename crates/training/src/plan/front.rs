//! The Pareto front of step time against memory: every layout that no other beats in both.

use std::cell::RefCell;

use super::compare::Candidate;
use super::search::Tree;
use super::space::leaves;
use super::{Counts, PlanError, PlanRequest, infeasible, something};
use crate::layer::Bench;
use crate::memory::memory;
use crate::step::{assemble, lower_bound, outcome};
use crate::{Job, Layout, StepOutcome};

/// One layout of the front.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FrontPoint {
    /// The layout.
    pub layout: Layout,
    /// What it does.
    pub outcome: StepOutcome,
}

/// The front, fastest first; each point needs less memory than the one before.
#[derive(Debug, Clone, PartialEq)]
pub struct Front {
    /// Its points.
    pub points: Vec<FrontPoint>,
    /// How many layouts there are and what became of them.
    pub counts: Counts,
}

/// Non-dominated candidates, by time ascending and memory descending.
#[derive(Default)]
struct Staircase(Vec<Candidate>);

impl Staircase {
    /// The least memory among points that are no slower than `time`.
    fn least_until(&self, time: f64) -> f64 {
        let after = self.0.partition_point(|c| c.time <= time);
        if after == 0 { f64::INFINITY } else { self.0[after - 1].memory }
    }

    fn offer(&mut self, c: Candidate) {
        // The one just before in time: as fast and smaller, or equal and first in order, it stands in the way.
        let at = self.0.partition_point(|o| o.time < c.time);
        if at > 0 && self.0[at - 1].memory <= c.memory {
            return;
        }
        let ahead = |o: &Candidate| o.memory < c.memory || (o.memory == c.memory && !c.better_than(o));
        if self.0.get(at).is_some_and(|o| o.time == c.time && ahead(o)) {
            return;
        }
        let end = at + self.0[at..].iter().take_while(|o| o.memory >= c.memory).count();
        self.0.splice(at..end, [c]);
    }
}

/// The whole front.
///
/// # Errors
/// As [`super::plan`].
pub fn front(job: &Job, request: &PlanRequest) -> Result<Front, PlanError> {
    build(job, request, true)
}

/// The same without pruning by bounds: for tests of [`front`], which must agree.
///
/// # Errors
/// As [`super::plan`].
pub fn front_by_brute_force(job: &Job, request: &PlanRequest) -> Result<Front, PlanError> {
    build(job, request, false)
}

fn build(job: &Job, request: &PlanRequest, prune: bool) -> Result<Front, PlanError> {
    something(request)?;
    let bench = Bench::new(job.model, job.chip, job.network, job.calibration, job.state);
    let tree = Tree::new(job, request);
    let mut counts = Counts { space: tree.all, ..Counts::default() };
    let stairs = RefCell::new(Staircase::default());
    // Strictly: an equal one may come first in the order of sizes.
    let beaten = |bytes: f64, bound: f64| prune && bytes > stairs.borrow().least_until(bound);
    tree.places(
        |bound, floor| {
            let floor = floor();
            beaten(floor, bound) || (prune && floor > job.chip.memory.bytes())
        },
        |bound, floor| {
            let floor = floor();
            !beaten(floor, bound) && (!prune || floor <= job.chip.memory.bytes())
        },
        |bench, place| {
            leaves(
                job.model,
                request,
                &place.layout,
                |l| !beaten(place.floor, lower_bound(bench, l, &place.cost)),
                |l| {
                    let bound = lower_bound(bench, l, &place.cost);
                    let held = memory(job.model, job.chip, job.state, l);
                    if !held.fits() {
                        counts.too_large += 1;
                        return;
                    }
                    let bytes = held.total().bytes();
                    if beaten(bytes, bound) {
                        return;
                    }
                    counts.evaluated += 1;
                    let time = assemble(bench, l, &place.cost).total();
                    stairs.borrow_mut().offer(Candidate { time, memory: bytes, layout: *l });
                },
            );
        },
    );
    let stairs = stairs.into_inner();
    if stairs.0.is_empty() {
        return Err(infeasible::why(job, request));
    }
    let points = stairs
        .0
        .iter()
        .map(|c| FrontPoint {
            layout: c.layout,
            outcome: outcome(job, &c.layout, &assemble(&bench, &c.layout, &bench.layer_cost(&c.layout))),
        })
        .collect();
    Ok(Front { points, counts })
}

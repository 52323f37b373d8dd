//! The best layout of a model on a number of chips: exact, memory first, with bounds that prune.
//!
//! Every place (cut, stages, replicas) gets a bound below the step of all its leaves; places are opened from the lowest bound on, so
//! that the search ends at the first bound above the best leaf found. [`plan_by_brute_force`] opens everything and must agree.

mod compare;
mod front;
mod infeasible;
mod request;
mod search;
mod space;

use gigatwin_quantity::{Data, Time};

pub use front::{Front, FrontPoint, front, front_by_brute_force};
pub use request::{Choices, PlanRequest};

use crate::layer::Bench;
use crate::step::{assemble, outcome};
use crate::{Cure, Job, Layout, StepOutcome};

/// Another layout and why it is not the best.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RunnerUp {
    /// The layout.
    pub layout: Layout,
    /// What it does.
    pub outcome: StepOutcome,
    /// The part of the step in which it loses most against the best.
    pub loses_in: &'static str,
    /// Seconds it loses there.
    pub loses: Time,
}

/// How a space was searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Layouts that obey all rules.
    pub space: u64,
    /// Those whose step was computed.
    pub evaluated: u64,
    /// Those ruled out one by one because they do not fit; the rest was ruled out by a bound, mostly many at once.
    pub too_large: u64,
}

/// The answer of a plan.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// Fastest layout that fits; of several as fast the one that needs less memory.
    pub layout: Layout,
    /// What it does.
    pub outcome: StepOutcome,
    /// The next best that differs in how the model is cut (tensor, context, pipeline, expert or data parallelism).
    pub runner_up: Option<RunnerUp>,
    /// How many layouts there are and what became of them.
    pub counts: Counts,
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// Nothing to plan on or for.
    #[error("{0} must be at least one")]
    Nothing(&'static str),
    /// No layout obeys the rules.
    #[error(
        "no layout divides the model's heads and experts, the batch of {global_batch} and the chips ({chips}) as it must"
    )]
    NoValidLayout {
        /// Sequences per step.
        global_batch: u32,
        /// Chips at hand.
        chips: u32,
    },
    /// None fits.
    #[error("no layout fits the memory: the smallest is short by {:.1} GB per chip{}", short.gb(), cure.as_ref().map_or(String::new(), |c| format!("; it would fit with: {}", c.change)))]
    OutOfMemory {
        /// Missing per chip in the layout that needs least.
        short: Data,
        /// That layout.
        layout: Box<Layout>,
        /// The smallest change outside the searched space that cures it, if any.
        cure: Option<Box<Cure>>,
    },
}

/// The fastest layout that fits.
///
/// # Errors
/// Where nothing is valid or nothing fits; then says what is short and what would cure it.
pub fn plan(job: &Job, request: &PlanRequest) -> Result<Plan, PlanError> {
    answer(job, request, true)
}

/// The same without pruning by bounds: for tests of [`plan`], which must agree.
///
/// # Errors
/// As [`plan`].
pub fn plan_by_brute_force(job: &Job, request: &PlanRequest) -> Result<Plan, PlanError> {
    answer(job, request, false)
}

fn answer(job: &Job, request: &PlanRequest, prune: bool) -> Result<Plan, PlanError> {
    something(request)?;
    let found = search::search(job, request, prune);
    let Some(first) = found.first else { return Err(infeasible::why(job, request)) };
    let bench = Bench::new(job.model, job.chip, job.network, job.calibration, job.state);
    let full = |l: &Layout| outcome(job, l, &assemble(&bench, l, &bench.layer_cost(l)));
    let best = full(&first.layout);
    let runner_up = found.second.map(|second| {
        let outcome = full(&second.layout);
        let (loses_in, loses) = compare::largest_loss(&best, &outcome);
        RunnerUp { layout: second.layout, outcome, loses_in, loses }
    });
    Ok(Plan { layout: first.layout, outcome: best, runner_up, counts: found.counts })
}

fn something(request: &PlanRequest) -> Result<(), PlanError> {
    for (what, n) in [
        ("the chips", request.chips),
        ("the global batch", request.global_batch),
        ("the sequence", request.sequence),
    ] {
        if n == 0 {
            return Err(PlanError::Nothing(what));
        }
    }
    Ok(())
}

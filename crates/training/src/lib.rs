//! Training step, layout planner and campaign.
//!
//! [`step`] predicts one optimizer step of a given [`Layout`], [`plan`] finds the best layout, [`campaign`] turns tokens
//! into days. The engine is pure: every figure it uses is a field of its inputs or a formula's own coefficient.

pub mod calibrate;
mod calibration;
mod campaign;
mod frontier;
mod goodput;
mod kernel;
mod layer;
mod layout;
mod memory;
mod plan;
mod simulate;
mod step;
mod timeline;

pub use calibration::{Calibration, ChipFactors, PRIORS, Parts, Prior, SOFTWARE_YEAR, TrainingState};
pub use campaign::{
    CampaignError, CampaignInputs, CampaignOutcome, campaign, compute_optimal_parameters,
    compute_optimal_tokens, training_flop_per_token,
};
pub use frontier::{FrontierError, FrontierGrowth, Optimum, ScalingLaw, effective_compute};
pub use goodput::{
    Component, Goodput, GoodputError, GoodputInputs, Straggler, Tier, TierPlan, erlang_b, goodput,
};
pub use layout::{
    AttentionKernel, ContextExchange, Launch, Layout, LayoutError, Offload, Overlap, Placement, Recipe,
    Recompute, Schedule, Zero, nearest_valid,
};
pub use memory::{Cure, MemoryBreakdown, cure, memory};
pub use plan::{
    Choices, Counts, Front, FrontPoint, Plan, PlanError, PlanRequest, RunnerUp, front, front_by_brute_force,
    plan, plan_by_brute_force,
};
pub use simulate::{Simulated, simulate};
pub use step::{Job, PowerShares, StepBreakdown, StepOutcome, step};
pub use timeline::{PARTS, Span, Stream, Timeline, Work, timeline};

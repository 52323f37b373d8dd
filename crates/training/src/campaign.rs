//! From tokens to days: a whole run at a given step, with the share of time that failures leave.

use gigatwin_catalog::ModelShape;
use gigatwin_quantity::{Flop, Share, Time};

use crate::{Layout, StepOutcome};

/// What a run is to do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CampaignInputs {
    /// Tokens to train on.
    pub tokens: f64,
    /// Share of wall time that becomes training progress: failures, restarts and checkpoints taken off (effective training
    /// time ratio, arXiv 2410.21680), from the fabric's reliability.
    pub ettr: Share,
    /// Share of wall time spent on evaluation and warm-up.
    pub evaluation_share: Share,
}

/// What it takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CampaignOutcome {
    /// Optimizer steps, rounded up.
    pub steps: f64,
    /// Time without failures.
    pub productive_time: Time,
    /// Time with them.
    pub wall_time: Time,
    /// Chip-hours over the wall time.
    pub chip_hours: f64,
    /// Model compute: six per active weight and token plus causal attention.
    pub compute: Flop,
    /// Share of wall time the chips compute.
    pub computing: Share,
    /// Share in which they only communicate.
    pub communicating: Share,
    /// Share in which they wait, failures included.
    pub idle: Share,
}

/// Why a run has no length.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum CampaignError {
    /// No tokens.
    #[error("a run needs at least one token")]
    NoTokens,
    /// Nothing left of the time.
    #[error("no time is left for training: effective share {ettr:.2}, evaluation share {evaluation:.2}")]
    NoTime {
        /// Effective share.
        ettr: f64,
        /// Evaluation share.
        evaluation: f64,
    },
}

/// Plays a run in closed form.
///
/// # Errors
/// Without tokens, or where failures and evaluation leave no time.
pub fn campaign(
    model: &ModelShape,
    layout: &Layout,
    step: &StepOutcome,
    inputs: &CampaignInputs,
) -> Result<CampaignOutcome, CampaignError> {
    if inputs.tokens.is_nan() || inputs.tokens < 1.0 {
        return Err(CampaignError::NoTokens);
    }
    let (ettr, evaluation) = (inputs.ettr.fraction(), inputs.evaluation_share.fraction());
    let progress = ettr * (1.0 - evaluation);
    if !(progress > 0.0 && progress <= 1.0) {
        return Err(CampaignError::NoTime { ettr, evaluation });
    }
    let steps = (inputs.tokens / layout.tokens()).ceil();
    let productive = step.step_time * steps;
    let wall = productive / progress;
    let busy = |s: Share| Share::from_fraction(s.fraction() * progress);
    let (computing, communicating) = (busy(step.shares.compute), busy(step.shares.communicate));
    Ok(CampaignOutcome {
        steps,
        productive_time: productive,
        wall_time: wall,
        chip_hours: layout.chips() as f64 * wall.hours(),
        compute: Flop::from_flop(training_flop_per_token(model, layout.sequence) * steps * layout.tokens()),
        computing,
        communicating,
        idle: Share::from_fraction(1.0 - computing.fraction() - communicating.fraction()),
    })
}

/// FLOP per trained token: three times the forward pass (6·N_active plus causal attention, no recomputation).
pub fn training_flop_per_token(model: &ModelShape, sequence: u32) -> f64 {
    3.0 * model.forward_flop_per_token(f64::from(sequence))
}

/// Tokens that use a compute budget best: about 20 per weight (Hoffmann et al. 2022, arXiv 2203.15556, table 3), here per
/// active weight. Models meant to be served much are trained on far more.
pub fn compute_optimal_tokens(model: &ModelShape) -> f64 {
    20.0 * model.active_parameters()
}

/// Weights of the dense model that a compute budget trains best: C = 6·N·D with D = 20·N, hence N = √(C/120).
pub fn compute_optimal_parameters(compute: Flop) -> f64 {
    (compute.flop() / 120.0).max(0.0).sqrt()
}

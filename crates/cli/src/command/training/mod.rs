//! `training`: one run on its own, of a factory file or of a model on a system.

mod campaign;
mod frontier;
mod page;
mod plan;
mod predict;
pub(super) mod target;
mod timeline;

use crate::args::training::Training;
use crate::context::Context;
use crate::exit::{Exit, Fault};

pub(super) fn run(context: &Context, what: &Training) -> Result<Exit, Fault> {
    match what {
        Training::Plan(args) => plan::run(context, args),
        Training::Predict(args) => predict::run(context, args),
        Training::Campaign(args) => campaign::run(context, args),
        Training::Frontier(args) => frontier::run(context, args),
    }
}

pub(super) use page::words;

/// The step of a task's best layout.
pub(super) fn planned(
    task: &gigatwin_factory::training::TrainingTask,
) -> Result<gigatwin_training::Plan, gigatwin_training::PlanError> {
    gigatwin_training::plan(&task.job(), &task.request())
}

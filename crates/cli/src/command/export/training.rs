//! Exports of a training run.

use gigatwin_export::{ExportError, ExportFile, TrainingExport};
use gigatwin_training::step;
use serde_json::json;

use super::deliver;
use crate::args::export::TrainingJob;
use crate::command::training::{planned, target};
use crate::context::Context;
use crate::diagnostics;
use crate::exit::{Exit, Fault};
use crate::json::stamp;

/// Steps between checkpoints until the campaign's optimum is known: half an hour.
const SAVE_EVERY: f64 = 1800.0;

pub(super) fn run(
    context: &Context,
    args: &TrainingJob,
    write: impl Fn(&TrainingExport<'_>) -> Result<Vec<ExportFile>, ExportError>,
) -> Result<Exit, Fault> {
    let Some(chosen) = target::choose(context, &args.target, Some(&args.sizes))? else {
        return Ok(Exit::NotUnderstood);
    };
    let task = &chosen.task;
    let layout = match target::given_layout(task, &args.sizes) {
        Ok(Some(layout)) => layout,
        Ok(None) => match planned(task) {
            Ok(plan) => plan.layout,
            Err(e) => return no(context, &chosen, &e.to_string()),
        },
        Err(findings) => {
            diagnostics::findings(context, Some(&chosen.source), &findings)?;
            return Ok(Exit::NotUnderstood);
        }
    };
    let outcome = match step(&task.job(), &layout) {
        Ok(outcome) if outcome.memory.fits() => outcome,
        Ok(outcome) => {
            let reason = format!("memory is short by {} per accelerator", outcome.memory.short());
            return no(context, &chosen, &reason);
        }
        Err(e) => return no(context, &chosen, &e.to_string()),
    };
    let seconds = outcome.step_time.s();
    let header = format!(
        "gigatwin {} · {} · run {} · inputs {}\npredicted: {} per step, {:.3} tokens/s per accelerator, {} of {} per accelerator\nlayout: {}",
        chosen.stamp.version,
        chosen.source,
        task.name,
        &chosen.stamp.inputs_sha256[..12.min(chosen.stamp.inputs_sha256.len())],
        outcome.step_time,
        outcome.tokens_per_second_per_chip,
        outcome.memory.total(),
        outcome.memory.capacity,
        crate::command::training::words(&layout),
    );
    let export = TrainingExport {
        task,
        layout: &layout,
        step_seconds: seconds,
        save_interval: (SAVE_EVERY / seconds).round().max(1.0) as u64,
        header: &header,
    };
    match write(&export) {
        Ok(files) => {
            deliver(context, args.out.as_deref(), &chosen.stamp, &files)?;
            Ok(Exit::Done)
        }
        Err(e) => no(context, &chosen, &e.to_string()),
    }
}

fn no(context: &Context, chosen: &target::Chosen, reason: &str) -> Result<Exit, Fault> {
    if context.json {
        context.json(&json!({ "gigatwin": stamp(&chosen.stamp), "files": [], "infeasible": reason }))?;
    } else {
        context.console.must_say(&format!("Cannot: {reason}\n"));
    }
    Ok(Exit::No)
}

//! `pilot`: the loop closed for real, and `catalog measure`, its first step alone.

mod measure;
mod page;

use gigatwin_pilot::{Options, PilotError, Report, StepStatus, pilot};
use gigatwin_validation::report::{Fold, Prediction, Refusal, Report as Scored};

pub(super) use measure::run as measure;

use crate::args::pilot::Pilot;
use crate::context::Context;
use crate::exit::{Exit, Fault};
use crate::{files, stats};

pub(super) fn run(context: &Context, args: &Pilot) -> Result<Exit, Fault> {
    let options = Options {
        folder: args.folder.clone(),
        python: args.python.clone(),
        port: args.port,
        runs: args.runs,
        run_steps: 20,
        steps: args.steps,
        tune_steps: 120,
        date: today(),
    };
    let report =
        pilot(&options, &mut |line| context.console.talk(&format!("{line}\n"))).map_err(|e| fault(&e))?;
    let scored = scored(&report);
    let text = page::page(context, &report);
    let json = serde_json::to_string_pretty(&scored).map_err(|e| Fault::Environment(e.to_string()))?;
    files::write(&context.messages, &args.folder.join("report.txt"), text.as_bytes())?;
    files::write(&context.messages, &args.folder.join("report.json"), (json + "\n").as_bytes())?;
    if context.json {
        context.json(&scored)?;
    } else {
        context.data(&text)?;
    }
    stats::say(context, &[("steps", report.steps.len()), ("scores", report.scores.len())]);
    Ok(Exit::Done)
}

/// The pilot's scores in the form of every other domain; steps left out are refusals.
fn scored(report: &Report) -> Scored {
    let rows = report.scores.len();
    let predictions = report.scores.iter().map(|s| Prediction {
        id: s.id.clone(),
        metric: s.metric,
        predicted: s.predicted,
        low: s.low,
        high: s.high,
        measured: s.measured,
        cell: s.id.clone(),
        classes: vec![],
    });
    let refused: Vec<Refusal> = report
        .steps
        .iter()
        .filter_map(|(id, status)| match status {
            StepStatus::Skipped { why } => Some(Refusal {
                id: id.clone(),
                reason: why.clone(),
                fully_specified: false,
                cell: id.clone(),
                metric: "step_time_s",
            }),
            StepStatus::Done { .. } => None,
        })
        .collect();
    Scored::score("pilot", rows + refused.len(), predictions.collect(), refused, Fold::None)
}

fn fault(e: &PilotError) -> Fault {
    if let PilotError::Foreign(folder) = e {
        let file = Some(folder.display().to_string());
        return Fault::NotUnderstood { code: e.code(), message: e.to_string(), hint: e.hint(), file };
    }
    Fault::Coded { code: e.code(), message: e.to_string(), hint: e.hint() }
}

/// Today in UTC, for the provenance of what is measured.
fn today() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d").to_string()
}

//! `training plan`: the best layout, exactly.

use gigatwin_training::PlanError;
use serde_json::json;

use super::target::Chosen;
use super::{page, planned, target};
use crate::args::training::Plan;
use crate::context::Context;
use crate::exit::{Exit, Fault};
use crate::json::stamp;
use crate::stats;

pub(super) fn run(context: &Context, args: &Plan) -> Result<Exit, Fault> {
    let Some(chosen) = target::choose(context, &args.target)? else { return Ok(Exit::NotUnderstood) };
    let task = &chosen.task;
    let plan = match planned(task) {
        Ok(plan) => plan,
        Err(e) => return infeasible(context, &chosen, &e),
    };
    if context.json {
        context.json(&json!({
            "gigatwin": stamp(&chosen.stamp),
            "run": page::task_json(task),
            "layout": page::layout_json(&plan.layout),
            "step": page::step_json(task, &plan.outcome),
            "runner_up": plan.runner_up.as_ref().map(|r| json!({
                "layout": page::layout_json(&r.layout),
                "step_time_s": r.outcome.step_time.s(),
                "loses_in": r.loses_in,
                "loses_s": r.loses.s(),
            })),
            "evaluated": plan.evaluated,
            "pruned": plan.pruned,
        }))?;
    } else {
        let mut text = page::title(context, &chosen);
        text.push('\n');
        text.push_str(&page::step(context, task, &plan.layout, &plan.outcome));
        if let Some(r) = &plan.runner_up {
            let loss = r.outcome.step_time / plan.outcome.step_time - 1.0;
            text.push_str(&format!(
                "\nNext best: {}\n  {} slower; loses most in {} ({})\n",
                page::words(&r.layout),
                context.figures().value(gigatwin_quantity::Dim::Share, loss),
                r.loses_in,
                r.loses
            ));
        }
        context.data(&text)?;
    }
    stats::say(
        context,
        &[("layouts evaluated", plan.evaluated as usize), ("layouts pruned", plan.pruned as usize)],
    );
    Ok(Exit::Done)
}

/// There is no layout: an answer, not a fault.
pub(super) fn infeasible(context: &Context, chosen: &Chosen, error: &PlanError) -> Result<Exit, Fault> {
    if context.json {
        let mut value = json!({
            "gigatwin": stamp(&chosen.stamp),
            "run": page::task_json(&chosen.task),
            "layout": null,
            "infeasible": error.to_string(),
        });
        if let PlanError::OutOfMemory { short, layout, cure } = error {
            value["memory_short_bytes"] = json!(short.bytes());
            value["nearest"] = page::layout_json(layout);
            value["cure"] = json!(cure.as_ref().map(|c| c.change.clone()));
        }
        context.json(&value)?;
    } else {
        let mut text = page::title(context, chosen);
        text.push_str(&format!("\nCannot: {error}\n"));
        if let PlanError::OutOfMemory { layout, .. } = error {
            text.push_str(&format!("The layout that needs least: {}\n", page::words(layout)));
        }
        context.data(&text)?;
    }
    Ok(Exit::No)
}

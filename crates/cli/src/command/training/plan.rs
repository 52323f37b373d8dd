//! `training plan`: the best layout, exactly.

use gigatwin_quantity::Dim;
use gigatwin_training::{Choices, Front, PlanError, front, plan as search};
use serde_json::json;

use super::target::Chosen;
use super::{page, planned, target, timeline};
use crate::args::training::{Plan, Space};
use crate::context::Context;
use crate::exit::{Exit, Fault};
use crate::json::stamp;
use crate::layout::{Side, table};
use crate::stats;

pub(super) fn run(context: &Context, args: &Plan) -> Result<Exit, Fault> {
    let Some(chosen) = target::choose(context, &args.target, None)? else { return Ok(Exit::NotUnderstood) };
    let task = &chosen.task;
    let choices = match args.space {
        Space::Megatron => Choices::MEGATRON,
        Space::Full => Choices::FULL,
        Space::Calculon => Choices::CALCULON,
    };
    let (job, request) = (task.job(), task.request().over(choices));
    let plan = match search(&job, &request) {
        Ok(plan) => plan,
        Err(e) => return infeasible(context, &chosen, &e),
    };
    // What the stacks in use today run, where the best does something that they do not.
    let today = if args.space == Space::Megatron { None } else { planned(task).ok() }
        .filter(|p| p.layout != plan.layout);
    let whole = if args.front { front(&job, &request).ok() } else { None };
    let wanted = timeline::Wanted { explain: args.picture.explain, trace: args.picture.trace.as_deref() };
    let drawn = timeline::answer(context, &chosen, &plan.layout, &wanted)?;
    if context.json {
        context.json(&json!({
            "gigatwin": stamp(&chosen.stamp),
            "run": page::task_json(task),
            "timeline": drawn.as_ref().map(|d| &d.1),
            "layout": page::layout_json(&plan.layout),
            "step": page::step_json(task, &plan.layout, &plan.outcome),
            "runner_up": plan.runner_up.as_ref().map(|r| json!({
                "layout": page::layout_json(&r.layout),
                "step_time_s": r.outcome.step_time.s(),
                "loses_in": r.loses_in,
                "loses_s": r.loses.s(),
            })),
            "layouts": plan.counts.space,
            "evaluated": plan.counts.evaluated,
            "megatron": today.as_ref().map(|p| json!({
                "layout": page::layout_json(&p.layout),
                "step_time_s": p.outcome.step_time.s(),
            })),
            "front": whole.as_ref().map(|f| f.points.iter().map(|p| json!({
                "step_time_s": p.outcome.step_time.s(),
                "memory_bytes": p.outcome.memory.total().bytes(),
                "layout": page::layout_json(&p.layout),
            })).collect::<Vec<_>>()),
        }))?;
    } else {
        let mut text = page::title(context, &chosen);
        text.push('\n');
        text.push_str(&page::step(context, task, &plan.layout, &plan.outcome));
        if let Some((picture, _)) = &drawn {
            text.push_str(picture);
        }
        if let Some(r) = &plan.runner_up {
            let loss = r.outcome.step_time / plan.outcome.step_time - 1.0;
            text.push_str(&format!(
                "\nNext best: {}\n  {} slower; loses most in {} ({})\n",
                page::words(&r.layout),
                context.figures().value(Dim::Share, loss),
                r.loses_in,
                r.loses
            ));
        }
        if let Some(p) = &today {
            let loss = p.outcome.step_time / plan.outcome.step_time - 1.0;
            text.push_str(&format!(
                "\nAmong what Megatron-LM runs, and what gigatwin run takes: {}\n  {}, {} slower\n",
                page::words(&p.layout),
                p.outcome.step_time,
                context.figures().value(Dim::Share, loss)
            ));
        }
        if let Some(f) = &whole {
            text.push_str(&page_of_front(context, f));
        }
        text.push_str(&format!(
            "\n{} layouts obey all rules; {} had to be computed.\n",
            context.figures().count(plan.counts.space as usize),
            context.figures().count(plan.counts.evaluated as usize)
        ));
        context.data(&text)?;
    }
    stats::say(
        context,
        &[("layouts", plan.counts.space as usize), ("computed", plan.counts.evaluated as usize)],
    );
    Ok(Exit::Done)
}

fn page_of_front(context: &Context, f: &Front) -> String {
    let figures = context.figures();
    let rows: Vec<Vec<String>> = f
        .points
        .iter()
        .map(|p| {
            vec![
                figures.value(Dim::Time, p.outcome.step_time.s()),
                figures.value(Dim::Data, p.outcome.memory.total().bytes()),
                page::words(&p.layout),
            ]
        })
        .collect();
    format!(
        "\nNo other layout is faster in less memory\n{}",
        table(&[Side::Right, Side::Right, Side::Left], &rows)
    )
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

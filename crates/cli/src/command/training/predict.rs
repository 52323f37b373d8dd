//! `training predict`: time, memory and its parts of one layout.

use gigatwin_training::{cure, step};
use serde_json::json;

use super::{page, planned, target, timeline};
use crate::args::training::Predict;
use crate::context::Context;
use crate::exit::{Exit, Fault};
use crate::json::stamp;
use crate::{diagnostics, stats};

pub(super) fn run(context: &Context, args: &Predict) -> Result<Exit, Fault> {
    let Some(chosen) = target::choose(context, &args.target, Some(&args.sizes))? else {
        return Ok(Exit::NotUnderstood);
    };
    let task = &chosen.task;
    let layout = match target::given_layout(task, &args.sizes) {
        Ok(Some(layout)) => layout,
        Ok(None) => match planned(task) {
            Ok(plan) => plan.layout,
            Err(e) => return super::plan::infeasible(context, &chosen, &e),
        },
        Err(findings) => {
            diagnostics::findings(context, Some(&chosen.source), &findings)?;
            return Ok(Exit::NotUnderstood);
        }
    };
    let job = task.job();
    let outcome = step(&job, &layout).map_err(|e| Fault::NotUnderstood {
        code: "G523",
        message: e.to_string(),
        hint: String::new(),
        file: Some(chosen.source.clone()),
    })?;
    let fits = outcome.memory.fits();
    let mended = if fits { None } else { cure(job.model, job.chip, job.state, &layout) };
    let wanted = timeline::Wanted { explain: args.picture.explain, trace: args.picture.trace.as_deref() };
    let drawn = timeline::answer(context, &chosen, &layout, &wanted)?;
    if context.json {
        context.json(&json!({
            "gigatwin": stamp(&chosen.stamp),
            "run": page::task_json(task),
            "layout": page::layout_json(&layout),
            "step": page::step_json(task, &layout, &outcome),
            "timeline": drawn.as_ref().map(|d| &d.1),
            "fits": fits,
            "memory_short_bytes": outcome.memory.short().bytes(),
            "cure": mended.as_ref().map(|c| json!({"change": c.change, "layout": page::layout_json(&c.layout)})),
        }))?;
    } else {
        let mut text = page::title(context, &chosen);
        text.push('\n');
        text.push_str(&page::step(context, task, &layout, &outcome));
        if let Some((picture, _)) = &drawn {
            text.push_str(picture);
        }
        if !fits {
            text.push_str(&format!(
                "\nDoes not fit: memory is short by {} per accelerator.\n",
                outcome.memory.short()
            ));
            match &mended {
                Some(c) => text.push_str(&format!("It would fit with: {}.\n", c.change)),
                None => text.push_str(
                    "No single change of the layout cures it: gigatwin training plan searches them all.\n",
                ),
            }
        }
        context.data(&text)?;
    }
    stats::say(context, &[("layouts evaluated", 1)]);
    Ok(if fits { Exit::Done } else { Exit::No })
}

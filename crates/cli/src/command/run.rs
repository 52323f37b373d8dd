//! `run`: the main job.

use gigatwin_factory::run as evaluate;

use crate::args::Run;
use crate::context::Context;
use crate::exit::{Exit, Fault};
use crate::{folder, json, page, stats};

pub(super) fn run(context: &Context, args: &Run) -> Result<Exit, Fault> {
    let catalog = context.catalog()?;
    let Some(usable) = context.usable(&args.file, &catalog)? else { return Ok(Exit::NotUnderstood) };
    let outcome = evaluate(&usable.factory, context.seed, args.draws);
    if let Some(path) = &args.out {
        folder::write(&context.messages, path, &outcome, &usable.factory.inputs, &usable.loaded.sources)?;
    }
    if context.json {
        context.json(&json::outcome(&outcome))?;
    } else {
        let page = page::render(
            &outcome,
            &context.messages,
            gigatwin_validation::DOMAINS,
            context.console.out_colour,
        );
        context.data(&page)?;
        if let Some(path) = &args.out {
            let line = context.messages.fill("talk.out_written", &[("folder", &path.display().to_string())]);
            context.console.talk(&format!("{line}\n"));
        }
        context
            .hint(&context.messages.fill("talk.explain_hint", &[("file", &args.file.display().to_string())]));
    }
    stats::say(
        context,
        &[
            ("inputs", outcome.inputs),
            ("draws", outcome.draws),
            ("metrics", outcome.metrics.len()),
            ("gates", outcome.gates.len()),
        ],
    );
    Ok(if outcome.is_no() { Exit::No } else { Exit::Done })
}

//! `check`: all faults at once.

use std::path::Path;

use gigatwin_factory::diagnostic::Severity;

use crate::context::Context;
use crate::diagnostics;
use crate::exit::{Exit, Fault};
use crate::stats;

pub(super) fn run(context: &Context, file: &Path) -> Result<Exit, Fault> {
    let catalog = context.catalog()?;
    let loaded = context.load(file, &catalog)?;
    diagnostics::report(context, &loaded.sources, &loaded.diagnostics)?;
    let errors = loaded.diagnostics.iter().filter(|d| d.severity == Severity::Error).count();
    let warnings = loaded.diagnostics.len() - errors;
    let exit = match &loaded.factory {
        Some(_) if errors == 0 => {
            let key = if warnings > 0 { "talk.check_warned" } else { "talk.check_clean" };
            let line = context
                .messages
                .fill(key, &[("file", &file.display().to_string()), ("warnings", &warnings.to_string())]);
            context.console.talk(&format!("{line}\n"));
            Exit::Done
        }
        _ => Exit::NotUnderstood,
    };
    let inputs = loaded.factory.as_ref().map_or(0, |f| f.inputs.len());
    let files = loaded.sources.iter().count();
    stats::say(context, &[("files", files), ("inputs", inputs), ("errors", errors), ("warnings", warnings)]);
    Ok(exit)
}

//! `doctor`: whether all that the commands need is there.

use std::io::IsTerminal;

use gigatwin_catalog::Kind;
use serde_json::json;

use crate::args::Language;
use crate::context::Context;
use crate::exit::{Exit, Fault};
use crate::layout::{PAGE, Side, table};

/// One thing looked at.
struct Finding {
    key: &'static str,
    text: String,
    exit: Exit,
}

pub(super) fn run(context: &Context) -> Result<Exit, Fault> {
    let findings = [
        version(context),
        catalog(context),
        overlay(context),
        language(context),
        terminal(context),
        colour(context),
        threads(),
        temporary(context),
    ];
    let exit = findings.iter().map(|f| f.exit).max().unwrap_or(Exit::Done);
    if context.json {
        let list: Vec<_> = findings
            .iter()
            .map(
                |f| json!({"subject": &f.key["doctor.".len()..], "ok": f.exit == Exit::Done, "text": f.text}),
            )
            .collect();
        context.json(&list)?;
        return Ok(exit);
    }
    let rows: Vec<Vec<String>> = findings
        .iter()
        .map(|f| {
            let sign = if f.exit == Exit::Done { "ok" } else { "!!" };
            vec![sign.to_owned(), context.messages.say(f.key).to_owned(), f.text.clone()]
        })
        .collect();
    context.data(&table(&[Side::Left; 3], &rows))?;
    if exit == Exit::Done {
        context.console.talk(&format!("{}\n", context.messages.say("doctor.all_well")));
    }
    Ok(exit)
}

fn fine(key: &'static str, text: String) -> Finding {
    Finding { key, text, exit: Exit::Done }
}

fn version(context: &Context) -> Finding {
    let _ = context;
    let system =
        format!("{} ({} {})", env!("CARGO_PKG_VERSION"), std::env::consts::OS, std::env::consts::ARCH);
    fine("doctor.version", system)
}

fn catalog(context: &Context) -> Finding {
    let key = "doctor.catalog";
    match context.catalog() {
        Ok(catalog) => {
            let faults = catalog.check().len();
            let n: usize = Kind::ALL.iter().map(|k| catalog.ids(*k).len()).sum();
            if faults == 0 {
                fine(key, context.messages.fill("doctor.catalog_ok", &[("n", &n.to_string())]))
            } else {
                let text = context.messages.fill("doctor.catalog_bad", &[("n", &faults.to_string())]);
                Finding { key, text, exit: Exit::NotUnderstood }
            }
        }
        Err(fault) => Finding { key, text: fault.to_string(), exit: fault.exit() },
    }
}

fn overlay(context: &Context) -> Finding {
    let key = "doctor.overlay";
    match &context.overlay {
        None => fine(key, context.messages.say("doctor.overlay_none").to_owned()),
        Some(path) if path.is_dir() => {
            fine(key, context.messages.fill("doctor.overlay_ok", &[("path", &path.display().to_string())]))
        }
        Some(path) => Finding {
            key,
            text: context.messages.fill(
                "fault.cannot_read",
                &[
                    ("path", &path.display().to_string()),
                    ("reason", &std::io::Error::from(std::io::ErrorKind::NotADirectory).to_string()),
                ],
            ),
            exit: Exit::Environment,
        },
    }
}

fn language(context: &Context) -> Finding {
    let name = match context.messages.language {
        Language::En => "English (en)",
        Language::Fr => "français (fr)",
        Language::De => "Deutsch (de)",
    };
    fine("doctor.language", name.to_owned())
}

fn terminal(context: &Context) -> Finding {
    let key = "doctor.terminal";
    if !std::io::stdout().is_terminal() {
        return fine(key, context.messages.say("doctor.terminal_none").to_owned());
    }
    let columns = terminal_size::terminal_size().map_or(PAGE, |(w, _)| usize::from(w.0));
    let n = columns.to_string();
    // A narrow terminal wraps lines; that is ugly, not wrong.
    let message = if columns >= PAGE { "doctor.terminal_width" } else { "doctor.terminal_narrow" };
    fine(key, context.messages.fill(message, &[("n", &n)]))
}

fn colour(context: &Context) -> Finding {
    let word = if context.console.out_colour { "doctor.yes" } else { "doctor.no" };
    fine("doctor.colour", context.messages.say(word).to_owned())
}

fn threads() -> Finding {
    fine("doctor.threads", rayon::current_num_threads().to_string())
}

fn temporary(context: &Context) -> Finding {
    let key = "doctor.temporary";
    let folder = std::env::temp_dir();
    let probe = folder.join(format!("gigatwin-doctor-{}", std::process::id()));
    let path = folder.display().to_string();
    match std::fs::write(&probe, b"gigatwin") {
        Ok(()) => {
            let _ = std::fs::remove_file(&probe);
            fine(key, context.messages.fill("doctor.writable", &[("path", &path)]))
        }
        Err(e) => Finding {
            key,
            text: context
                .messages
                .fill("doctor.not_writable", &[("path", &path), ("reason", &e.to_string())]),
            exit: Exit::Environment,
        },
    }
}

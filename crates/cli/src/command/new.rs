//! `new`: a commented starting file. The templates are the project's own examples, embedded.

use std::path::Path;

use serde_json::json;

use crate::args::New;
use crate::context::Context;
use crate::exit::{Exit, Fault};
use crate::files;
use crate::layout::{Side, table};

include!(concat!(env!("OUT_DIR"), "/templates.rs"));

/// First line of the examples, and of a file made from one.
const EXAMPLE_SCHEMA: &str = "#:schema ../gigatwin.schema.json";
const OWN_SCHEMA: &str = "#:schema ./gigatwin.schema.json";

pub(super) fn run(context: &Context, args: &New) -> Result<Exit, Fault> {
    let Some(file) = args.file.as_deref().filter(|_| !args.list) else { return list(context) };
    let m = &context.messages;
    let Some((_, text)) = TEMPLATES.iter().find(|t| t.0 == args.template) else {
        let names: Vec<&str> = TEMPLATES.iter().map(|t| t.0).collect();
        return Err(Fault::NotUnderstood {
            code: "G104",
            message: m.fill("fault.unknown_template", &[("name", &args.template)]),
            hint: m.fill("fault.one_of", &[("list", &names.join(", "))]),
            file: None,
        });
    };
    // An example names the schema beside the project; a file of one's own the one that `schema` writes beside it.
    let text = &text.replacen(EXAMPLE_SCHEMA, OWN_SCHEMA, 1);
    if file == Path::new("-") {
        context.data(text)?;
        return Ok(Exit::Done);
    }
    let shown = file.display().to_string();
    if file.exists() && !args.force {
        let message = m.fill("fault.exists", &[("path", &shown)]);
        return Err(Fault::Environment(format!("{message}; {}", m.say("fault.exists_hint"))));
    }
    files::write(m, file, text.as_bytes())?;
    let line = m.fill("talk.new_written", &[("file", &shown), ("template", &args.template)]);
    context.console.talk(&format!("{line}\n"));
    context.hint(&m.fill("talk.new_hint", &[("file", &shown)]));
    Ok(Exit::Done)
}

fn list(context: &Context) -> Result<Exit, Fault> {
    if context.json {
        let list: Vec<_> =
            TEMPLATES.iter().map(|(name, text)| json!({"name": name, "about": about(text)})).collect();
        context.json(&list)?;
    } else {
        let rows: Vec<Vec<String>> =
            TEMPLATES.iter().map(|(name, text)| vec![(*name).to_owned(), about(text).to_owned()]).collect();
        context.data(&table(&[Side::Left, Side::Left], &rows))?;
    }
    Ok(Exit::Done)
}

/// The first comment of a template that is not a directive to editors.
fn about(text: &str) -> &str {
    text.lines().filter_map(|l| l.strip_prefix("# ")).map(str::trim).find(|l| !l.is_empty()).unwrap_or("")
}

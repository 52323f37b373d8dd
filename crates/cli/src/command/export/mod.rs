//! `export`: what the real engines read.

mod machine;
mod service;
mod training;

use std::path::Path;

use gigatwin_export::ExportFile;
use gigatwin_factory::outcome::Stamp;
use serde_json::json;

use crate::args::export::Export;
use crate::context::Context;
use crate::exit::{Exit, Fault};
use crate::json::stamp as stamp_json;
use crate::{files, stats};

pub(super) fn run(context: &Context, what: &Export) -> Result<Exit, Fault> {
    match what {
        Export::Megatron(args) => training::run(context, args, gigatwin_export::megatron),
        Export::Torchtitan(args) => training::run(context, args, gigatwin_export::torchtitan),
        Export::Vllm(args) => service::run(context, args, gigatwin_export::vllm),
        Export::Sglang(args) => service::run(context, args, gigatwin_export::sglang),
        Export::Kubernetes(args) => service::run(context, args, gigatwin_export::kubernetes),
        Export::Slurm(args) => machine::slurm(context, args),
        Export::Kueue(args) => machine::kueue(context, args),
    }
}

/// Writes an export: into a folder, as JSON, or one file after the other with its name above.
fn deliver(context: &Context, out: Option<&Path>, stamp: &Stamp, list: &[ExportFile]) -> Result<(), Fault> {
    if let Some(folder) = out {
        std::fs::create_dir_all(folder).map_err(|e| files::cannot_write(&context.messages, folder, &e))?;
        for file in list {
            files::write(&context.messages, &folder.join(&file.name), file.text.as_bytes())?;
        }
    }
    if context.json {
        let list: Vec<_> = list.iter().map(|f| json!({"name": f.name, "text": f.text})).collect();
        context.json(&json!({ "gigatwin": stamp_json(stamp), "files": list }))?;
    } else if let Some(folder) = out {
        let names: String = list.iter().map(|f| format!("{}\n", folder.join(&f.name).display())).collect();
        context.data(&names)?;
    } else {
        let text: Vec<String> = list.iter().map(|f| format!("### {}\n{}", f.name, f.text)).collect();
        context.data(&text.join("\n"))?;
    }
    stats::say(context, &[("files", list.len())]);
    Ok(())
}

//! `serving replay`: requests one by one through the replicas of a service.

mod load;
mod page;
mod target;

pub(in crate::command) use target::choose;

use gigatwin_output::Stamp;
use gigatwin_serving::event::replay;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::not_understood;
use crate::args::replay::Replay;
use crate::context::Context;
use crate::exit::{Exit, Fault};
use crate::{files, stats};

pub(super) fn run(context: &Context, args: &Replay) -> Result<Exit, Fault> {
    let target = match target::find(context, args)? {
        Ok(target) => target,
        Err(exit) => return Ok(exit),
    };
    for (option, value) in [("ttft", args.ttft), ("tpot", args.tpot)] {
        if value.is_some_and(|v| !(v > 0.0 && v.is_finite())) {
            return Err(not_understood(format!("--{option} must be a positive number of milliseconds"), ""));
        }
    }
    let Some(requests) = load::requests(context, args, &target)? else { return Ok(Exit::NotUnderstood) };
    let inputs = target.inputs(args, requests.trace.longest())?;
    let done = replay(&requests.trace, &inputs).map_err(|e| not_understood(e.to_string(), ""))?;
    let sha256 = hash(args, &target.sha256, &requests.text);
    let view =
        page::View { context, target: &target, requests: &requests, done: &done, args, sha256: &sha256 };
    if context.json {
        context.json(&view.json())?;
    } else {
        context.data(&view.page())?;
    }
    if let Some(folder) = &args.out {
        let stamp = Stamp {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            seed: context.seed,
            inputs_sha256: sha256.clone(),
        };
        view.write(folder, &stamp)?;
        let path = folder.display().to_string();
        context
            .console
            .talk(&format!("{}\n", context.messages.fill("talk.out_written", &[("folder", &path)])));
    }
    let s = &done.summary;
    stats::say(
        context,
        &[
            ("requests", s.requests as usize),
            ("steps", s.steps as usize),
            ("tokens", s.output_tokens as usize),
        ],
    );
    Ok(if s.completed == 0 { Exit::No } else { Exit::Done })
}

/// Over what serves, the requests and the options that shape the replay.
fn hash(args: &Replay, target: &str, requests: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(target);
    hash.update(requests);
    let settings = format!(
        "{:?}{:?}{:?}{:?}{:?}{:?}",
        args.degrees, args.plant, args.load.first, args.load.clients, args.ttft, args.tpot
    );
    hash.update(settings);
    hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

/// Says that nothing can be replayed, and why.
pub(super) fn refuse(context: &Context, sha256: &str, reason: &str) -> Result<(), Fault> {
    if context.json {
        let stamp =
            json!({"version": env!("CARGO_PKG_VERSION"), "seed": context.seed, "inputs_sha256": sha256});
        context.json(&json!({"gigatwin": stamp, "status": "infeasible", "reason": reason}))
    } else {
        context.data(&format!("{reason}\n"))
    }
}

/// Writes one file of the folder.
fn put(context: &Context, folder: &std::path::Path, name: &str, bytes: &[u8]) -> Result<(), Fault> {
    files::write(&context.messages, &folder.join(name), bytes)
}

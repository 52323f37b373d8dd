//! `operate`: the running site, event by event.

mod classes;
mod cluster;
mod explain;
mod federation;
mod files;
mod keys;
mod page;
mod picture;
mod power;
mod series;
mod setting;
mod shifting;
mod watch;
mod windows;

use gigatwin_operations::{Outcome, SimulationError};
use gigatwin_output::Stamp;

use crate::args::operate::Operate;
use crate::context::Context;
use crate::exit::{Exit, Fault};
use crate::{files as files_on_disk, stats};
use setting::Setting;

/// A run with what it was made of.
struct Answer {
    setting: Setting,
    outcome: Outcome,
    energy: Option<power::Energy>,
    shifting: Option<shifting::Shifting>,
    federation: Option<federation::Federation>,
    stamp: Stamp,
}

pub(super) fn run(context: &Context, args: &Operate) -> Result<Exit, Fault> {
    if let Some(conf) = &args.from_slurm {
        return cluster::run(context, args, conf);
    }
    let Some(mut setting) = setting::read(context, args)? else { return Ok(Exit::NotUnderstood) };
    if setting.jobs.is_empty() {
        return Err(setting::not_understood(
            "G587",
            "no job is left to run",
            "see what was left out, and why",
        ));
    }
    if let (Some(limit), Some(power)) = (&setting.limit, &setting.power) {
        // A trace runs on after its last submission.
        let last = setting.jobs.iter().map(|j| j.submit + 2 * j.limit).max().unwrap_or(0);
        let until = if args.trace.is_some() { last.max(setting.span) } else { setting.span };
        match power.caps(limit, until, setting.site.layout.gpus()) {
            Ok(caps) => setting.site.caps = caps,
            Err(e) => return no(context, &setting, &e.to_string()),
        }
    }
    let Some(sites) = federation::read(context, args, &mut setting)? else { return Ok(Exit::NotUnderstood) };
    let shifting = shifting::shift(context, args, &mut setting, &sites)?;
    let federation::Here { outcome, kept, federation } = sites.run(&setting)?;
    if let Some(kept) = kept {
        (setting.jobs, setting.released) = (kept.jobs, kept.released);
        (setting.recorded, setting.links) = (kept.recorded, kept.links);
    }
    let energy = setting.power.as_ref().map(|p| p.energy(&setting, &outcome));
    let stamp = Stamp {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        seed: context.seed,
        inputs_sha256: setting.inputs_sha256.clone(),
    };
    let answer = Answer { setting, outcome, energy, shifting, federation, stamp };
    setting::say(context, &answer.setting);
    if args.watch {
        watch::play(context, &answer)?;
    }
    if let Some(folder) = &args.out {
        files::write(context, folder, &answer, &page::json(&answer))?;
    }
    if let Some(path) = &args.svg {
        let svg = picture::occupancy(&answer, args.colour).svg();
        files_on_disk::write(&context.messages, path, svg.as_bytes())?;
    }
    if context.json {
        context.json(&page::json(&answer))?;
    } else {
        if args.explain {
            context.data(&explain::placement(&answer))?;
        }
        context.data(&page::text(context, &answer))?;
        if let Some(folder) = &args.out {
            context.console.talk(&format!("jobs, time series and pictures are in {}\n", folder.display()));
        }
    }
    count(context, &answer);
    Ok(Exit::Done)
}

fn faults(faults: &[SimulationError]) -> Fault {
    let list: Vec<String> = faults.iter().take(10).map(ToString::to_string).collect();
    setting::not_understood("G582", &list.join("; "), "mend the workload")
}

/// The limit on power is understood and cannot be kept.
fn no(context: &Context, setting: &Setting, reason: &str) -> Result<Exit, Fault> {
    if context.json {
        let why = serde_json::json!([{"what": setting.name, "code": "G659", "reason": reason}]);
        context.json(&serde_json::json!({"status": "infeasible", "infeasible": why}))?;
    } else {
        context.data(&format!("{}: {reason} [G659]\n", setting.name))?;
    }
    Ok(Exit::No)
}

fn count(context: &Context, answer: &Answer) {
    let counts = answer.outcome.counts;
    let whole = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    stats::say(
        context,
        &[
            ("jobs", answer.setting.jobs.len()),
            ("moments", whole(counts.moments)),
            ("passes", whole(counts.passes)),
            ("reservations", whole(counts.reservations)),
            ("starts", whole(counts.starts)),
            ("samples", answer.outcome.series.len()),
        ],
    );
}

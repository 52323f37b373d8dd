//! `operate`: the running site, event by event.

mod classes;
mod cluster;
mod federation;
mod files;
mod keys;
mod page;
mod power;
mod setting;
mod watch;
mod windows;

use gigatwin_operations::Outcome;
use gigatwin_output::Stamp;

use crate::args::operate::Operate;
use crate::context::Context;
use crate::exit::{Exit, Fault};
use crate::stats;
use setting::Setting;

/// A run with what it was made of.
struct Answer {
    setting: Setting,
    outcome: Outcome,
    energy: Option<power::Energy>,
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
    let Some((outcome, federation)) = federation::run(context, args, &mut setting)? else {
        return Ok(Exit::NotUnderstood);
    };
    let energy = setting.power.as_ref().map(|p| p.energy(&setting, &outcome));
    let stamp = Stamp {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        seed: context.seed,
        inputs_sha256: setting.inputs_sha256.clone(),
    };
    let answer = Answer { setting, outcome, energy, federation, stamp };
    setting::say(context, &answer.setting);
    if args.watch {
        watch::play(context, &answer)?;
    }
    if let Some(folder) = &args.out {
        files::write(context, folder, &answer, &page::json(&answer))?;
    }
    if context.json {
        context.json(&page::json(&answer))?;
    } else {
        context.data(&page::text(context, &answer))?;
        if let Some(folder) = &args.out {
            context.console.talk(&format!("jobs, time series and pictures are in {}\n", folder.display()));
        }
    }
    count(context, &answer);
    Ok(Exit::Done)
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

//! `--from-slurm`: a cluster that runs, from its own files; how well its waits are reproduced, and what if.

mod base;
mod database;
mod page;
mod vary;

use std::path::Path;

use gigatwin_operations::{Member, Outcome, Policy, Rules, Seconds, federate};
use gigatwin_output::Stamp;

use super::setting::{self, Setting, not_understood};
use super::{Answer, files, watch};
use crate::args::operate::Operate;
use crate::context::Context;
use crate::exit::{Exit, Fault};
use vary::vary;

/// A cluster that ran: all of it, and its pools.
struct Run {
    answer: Answer,
    members: Vec<Member>,
    homes: Vec<u16>,
    /// By pool.
    sites: Vec<Outcome>,
    /// Jobs submitted before only fill queue and use.
    from: Seconds,
}

/// A run beside the base.
struct Variation {
    name: String,
    run: Run,
}

pub(super) fn run(context: &Context, args: &Operate, conf: &Path) -> Result<Exit, Fault> {
    setting::check(args)?;
    let read = base::read(context, args, conf)?;
    let parsed = read.conf;
    let base = simulate(context, read.setting, read.members, read.homes, read.from)?;
    let mut variations = Vec::new();
    // Slurm's schedulers beside strict order keep the knobs of the file.
    let policy = args.policy.map(|name| match setting::policy(name) {
        (Policy::Slurm(_), name) => (Policy::Slurm(parsed.scheduler), name),
        other => other,
    });
    for factor in &args.scale_nodes {
        variations.push(vary(context, &base, Some(*factor), None)?);
    }
    if policy.is_some() {
        variations.push(vary(context, &base, None, policy)?);
        for factor in &args.scale_nodes {
            variations.push(vary(context, &base, Some(*factor), policy)?);
        }
    }
    setting::say(context, &base.answer.setting);
    if args.watch {
        watch::play(context, &base.answer)?;
    }
    let whole = page::json(&base, &parsed, &variations);
    if let Some(folder) = &args.out {
        files::write(context, folder, &base.answer, &whole)?;
    }
    if context.json {
        context.json(&whole)?;
    } else {
        context.data(&page::text(context, &base, &parsed, &variations))?;
        if let Some(folder) = &args.out {
            context.console.talk(&format!("jobs, time series and pictures are in {}\n", folder.display()));
        }
    }
    super::count(context, &base.answer);
    Ok(Exit::Done)
}

fn simulate(
    context: &Context,
    setting: Setting,
    members: Vec<Member>,
    homes: Vec<u16>,
    from: Seconds,
) -> Result<Run, Fault> {
    if setting.jobs.is_empty() {
        return Err(not_understood("G587", "no job is left to run", "see what was left out, and why"));
    }
    let rules = Rules { one_account: true, ..Rules::default() };
    let run = federate(&members, &setting.jobs, &homes, &setting.links, &rules, &setting.settings);
    let run = run.map_err(|faults| super::faults(&faults))?;
    let stamp = Stamp {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        seed: context.seed,
        inputs_sha256: setting.inputs_sha256.clone(),
    };
    let outcome = run.together();
    let answer = Answer { setting, outcome, energy: None, shifting: None, federation: None, stamp };
    Ok(Run { answer, members, homes, sites: run.sites, from })
}

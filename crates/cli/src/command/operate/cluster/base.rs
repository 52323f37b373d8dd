//! The cluster as its configuration, its accounting and the dumps of its database describe it.

use std::path::Path;

use gigatwin_operations::{
    HoldLimit, Job, Layout, LeftOut, Member, OverLimit, Placement, Pool, Recorded, Seconds, Settings, Site,
    SlurmConf, Trace, billing_per_unit, read_slurm_conf,
};
use sha2::{Digest, Sha256};

use super::super::setting::{self, Setting, not_understood};
use super::database::Database;
use crate::args::operate::{Operate, OverLimitName};
use crate::context::Context;
use crate::exit::Fault;
use crate::files as disk;

/// A cluster that has not run yet.
pub(super) struct Base {
    pub setting: Setting,
    /// Its pools as sites under one share tree.
    pub members: Vec<Member>,
    /// By position of the job: its pool.
    pub homes: Vec<u16>,
    pub conf: SlurmConf,
    /// Jobs submitted before only fill queue and use.
    pub from: Seconds,
}

/// The cluster as its files describe it.
pub(super) fn read(context: &Context, args: &Operate, path: &Path) -> Result<Base, Fault> {
    let conf_text = disk::read_text(&context.messages, path)?;
    let conf = configuration(path, &conf_text)?;
    let trace_path = args.trace.as_deref().unwrap_or(Path::new(""));
    let trace_text = disk::read_text(&context.messages, trace_path)?;
    let mut trace = setting::from_trace(args, trace_path, &trace_text)?;
    let mut left_out = conf.left_out.clone();
    left_out.extend(trace.left_out.clone());
    let mut notes = conf.notes.clone();
    notes.extend(trace.notes.clone());
    let database = Database::read(context, args, &conf, &mut trace, &mut left_out, &mut notes)?;
    let pooled = conf.pooled(&mut trace);
    notes.extend(pooled.notes);
    left_out.extend(pooled.left_out);
    let ranked = conf.ranked(&trace, &database.priorities);
    notes.extend(ranked.notes);
    trace.jobs = ranked.jobs;
    let mut keep = vec![true; trace.jobs.len()];
    let (jobs, recorded, homes) = fitting(&trace, &pooled.pools, &pooled.homes, &mut keep, &mut left_out);
    let links = setting::linked_among(&trace.links, &keep, &mut notes);
    let names: Vec<&str> = ranked.names.iter().map(String::as_str).collect();
    let limits: Vec<HoldLimit> =
        database.limits.iter().flat_map(|l| l.resolved(&database.shares, &names, &trace.users)).collect();
    let units = |i: usize| pooled.pools[usize::from(homes[i])].layout.units(jobs[i].size);
    notes.extend(beyond(&limits, &jobs, units));
    let mut past_use = Vec::new();
    if let Some(used) = &database.past_use {
        let billing = billing_per_unit(&jobs, &recorded, |i, _| units(i)).unwrap_or_else(|| {
            notes.push(
                "the trace says of no job what it is billed (AllocTRES): past use counts processors".into(),
            );
            processors(&pooled.pools)
        });
        let (found, strangers) = used.of(&database.shares, billing);
        past_use = found;
        if !strangers.is_empty() {
            notes.push(format!(
                "{} accounts of --sshare have no job here: {}",
                strangers.len(),
                some(&strangers)
            ));
        }
    }
    let from = (args.warm_up * 86_400.0).round() as Seconds;
    let site = Site {
        shares: database.shares,
        qos: ranked.qos,
        // Slurm without a topology gives the lowest-numbered free nodes.
        placement: Placement::First,
        limits,
        past_use,
        past_use_at: from,
        ..Site::new(whole(&pooled.pools))
    };
    let members =
        pooled.pools.iter().map(|p| Member::new(&p.name(), Site { layout: p.layout, ..site.clone() }));
    let members: Vec<Member> = members.collect();
    let settings = Settings {
        order: ranked.order,
        over_limit: match args.over_limit {
            OverLimitName::Kill => OverLimit::Kill,
            OverLimitName::Extend => OverLimit::Extend,
        },
        restart: 300,
        sample: Some(args.sample),
        seed: context.seed,
        ..Settings::new(conf.policy())
    };
    if let Some(last) = jobs.last().map(|j| j.submit).filter(|l| *l < from) {
        let message = format!(
            "--warm-up {}: the last job of the trace is submitted {:.2} days after the first",
            args.warm_up,
            last as f64 / 86_400.0
        );
        return Err(not_understood("G666", &message, "leave some of the trace to be counted"));
    }
    let mut sha = Sha256::new();
    for part in [&conf_text, &trace_text].into_iter().chain(&database.texts) {
        sha.update((part.len() as u64).to_le_bytes());
        sha.update(part.as_bytes());
    }
    sha.update(format!("{settings:?}{:?}{:?}{from}", args.scale_nodes, args.policy).as_bytes());
    let name = conf.cluster.clone().unwrap_or_else(|| "cluster".to_owned());
    let setting = Setting {
        trace: Some(trace_path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned())),
        inputs_sha256: sha.finalize().iter().map(|b| format!("{b:02x}")).collect(),
        span: (args.days * 86_400.0).round() as Seconds,
        recorded: Some(recorded),
        links,
        left_out,
        notes,
        ..Setting::bare(name, site, jobs, settings)
    };
    Ok(Base { setting, members, homes, conf, from })
}

fn configuration(path: &Path, text: &str) -> Result<SlurmConf, Fault> {
    read_slurm_conf(text).map_err(|e| {
        let lines = e.left_out.iter().take(10).map(|l| format!("; line {}: {}", l.line, l.reason));
        Fault::NotUnderstood {
            code: "G588",
            message: e.message.clone() + &lines.collect::<String>(),
            hint: "give the slurm.conf that names the nodes; a node line in another file goes into it"
                .to_owned(),
            file: Some(path.display().to_string()),
        }
    })
}

/// Jobs whose pool is known and can hold them; the others are listed.
fn fitting(
    trace: &Trace,
    pools: &[Pool],
    homes: &[Option<u16>],
    keep: &mut [bool],
    left_out: &mut Vec<LeftOut>,
) -> (Vec<Job>, Vec<Recorded>, Vec<u16>) {
    let mut kept = (Vec::new(), Vec::new(), Vec::new());
    for (((job, recorded), home), keep) in trace.jobs.iter().zip(&trace.recorded).zip(homes).zip(keep) {
        let Some(home) = *home else {
            *keep = false;
            continue;
        };
        let (pool, layout) = (&pools[usize::from(home)], pools[usize::from(home)].layout);
        if layout.units(job.size) > layout.gpus() {
            let of =
                if pools.len() > 1 { format!("the pool {}", pool.name()) } else { "the site".to_owned() };
            left_out.push(setting::too_large(job, &layout, &of));
            *keep = false;
            continue;
        }
        kept.0.push(*job);
        kept.1.push(*recorded);
        kept.2.push(home);
    }
    kept
}

/// Jobs that alone ask for more than may be held.
fn beyond(limits: &[HoldLimit], jobs: &[Job], units: impl Fn(usize) -> i64) -> Option<String> {
    let over = |i: usize, j: &Job| {
        limits.iter().find(|l| {
            let counts = (l.qos.is_empty() || l.qos.contains(&j.qos))
                && l.user.is_none_or(|u| u == j.user)
                && l.account.is_none_or(|a| a == j.tenant);
            counts && (l.accelerators.is_some_and(|most| units(i) > most) || l.jobs == Some(0))
        })
    };
    let found: Vec<_> =
        jobs.iter().enumerate().filter_map(|(i, j)| over(i, j).map(|l| (j.id, units(i), &l.name))).collect();
    let (id, asked, name) = found.first()?;
    Some(format!(
        "[G663] {} jobs ask for more than may be held at once (job {id} for {asked}, {name}): each runs when nothing else counts against that limit",
        found.len()
    ))
}

/// Processors for each accelerator, or for each node where there are none.
fn processors(pools: &[Pool]) -> f64 {
    let kinds = || pools.iter().flat_map(|p| &p.kinds);
    let cpus: f64 = kinds().map(|k| f64::from(k.nodes) * f64::from(k.cpus)).sum();
    let units: f64 = pools.iter().map(|p| p.layout.gpus() as f64).sum();
    (cpus / units.max(1.0)).max(1.0)
}

/// All pools as one machine, for sums: accelerators in nodes of the largest pool's kind; nodes where there are none.
pub(super) fn whole(pools: &[Pool]) -> Layout {
    if let [one] = pools {
        return one.layout;
    }
    let counted = || pools.iter().filter(|p| p.gpus() > 0);
    let Some(largest) = counted().max_by_key(|p| p.layout.gpus()) else {
        return Layout::flat(pools.iter().map(|p| p.layout.nodes).sum(), 1);
    };
    let per_node = largest.layout.gpus_per_node;
    let gpus: i64 = counted().map(|p| p.layout.gpus()).sum();
    Layout::flat(u32::try_from(gpus / i64::from(per_node)).unwrap_or(u32::MAX).max(1), per_node)
}

fn some(names: &[&str]) -> String {
    const SHOWN: usize = 5;
    let more = if names.len() > SHOWN { ", …" } else { "" };
    names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ") + more
}

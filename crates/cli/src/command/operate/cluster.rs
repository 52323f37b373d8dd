//! `--from-slurm`: a cluster that runs, from its own files; how well its waits are reproduced, and what if.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use gigatwin_operations::report::Waits;
use gigatwin_operations::{
    DumpError, Job, LeftOut, Policy, Recorded, Seconds, Settings, ShareTree, Site, SlurmConf, Trace,
    read_associations, read_qualities, read_slurm_conf, simulate,
};
use gigatwin_output::Stamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::page::{self, Replay, percent, right, span, words};
use super::setting::{self, Setting, not_understood};
use super::{Answer, files, watch};
use crate::args::operate::{Operate, OverLimitName};
use crate::console::bold;
use crate::context::Context;
use crate::exit::{Exit, Fault};
use crate::files as disk;
use crate::layout::table;

/// A run beside the base.
struct Variation {
    name: String,
    answer: Answer,
}

pub(super) fn run(context: &Context, args: &Operate, conf: &Path) -> Result<Exit, Fault> {
    setting::check(args)?;
    let (base, parsed) = base(context, args, conf)?;
    let base = base.run(context)?;
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
    setting::say(context, &base.setting);
    if args.watch {
        watch::play(context, &base)?;
    }
    let whole = json(&base, &parsed, &variations);
    if let Some(folder) = &args.out {
        files::write(context, folder, &base, &whole)?;
    }
    if context.json {
        context.json(&whole)?;
    } else {
        context.data(&text(context, &base, &parsed, &variations))?;
        if let Some(folder) = &args.out {
            context.console.talk(&format!("jobs, time series and pictures are in {}\n", folder.display()));
        }
    }
    super::count(context, &base);
    Ok(Exit::Done)
}

/// The cluster as its files describe it.
fn base(context: &Context, args: &Operate, conf: &Path) -> Result<(Setting, SlurmConf), Fault> {
    let conf_text = disk::read_text(&context.messages, conf)?;
    let parsed = read_slurm_conf(&conf_text).map_err(|e| {
        let lines = e.left_out.iter().take(10).map(|l| format!("; line {}: {}", l.line, l.reason));
        Fault::NotUnderstood {
            code: "G588",
            message: e.message.clone() + &lines.collect::<String>(),
            hint: "give the slurm.conf that names the nodes; a node line in another file goes into it"
                .to_owned(),
            file: Some(conf.display().to_string()),
        }
    })?;
    let trace_path = args.trace.as_deref().unwrap_or(Path::new(""));
    let trace_text = disk::read_text(&context.messages, trace_path)?;
    let mut trace = setting::from_trace(args, trace_path, &trace_text)?;
    let (plain, mut notes) = parsed.site();
    let mut left_out = parsed.left_out.clone();
    left_out.extend(trace.left_out.clone());
    notes.extend(parsed.notes.clone());
    notes.extend(trace.notes.clone());
    let database = Database::read(context, args, &parsed, &mut trace, &mut left_out, &mut notes)?;
    let ranked = parsed.ranked(&trace, &database.priorities);
    notes.extend(ranked.notes);
    trace.jobs = ranked.jobs;
    let site = Site {
        shares: database.shares,
        qos: ranked.qos,
        // Slurm without a topology gives the lowest-numbered free nodes.
        placement: gigatwin_operations::Placement::First,
        ..plain
    };
    let (jobs, recorded) = setting::fitting(&trace, &site.layout, &mut left_out);
    let settings = Settings {
        order: ranked.order,
        over_limit: match args.over_limit {
            OverLimitName::Kill => gigatwin_operations::OverLimit::Kill,
            OverLimitName::Extend => gigatwin_operations::OverLimit::Extend,
        },
        restart: 300,
        sample: Some(args.sample),
        seed: context.seed,
        ..Settings::new(parsed.policy())
    };
    let mut sha = Sha256::new();
    for part in [&conf_text, &trace_text].into_iter().chain(&database.texts) {
        sha.update((part.len() as u64).to_le_bytes());
        sha.update(part.as_bytes());
    }
    sha.update(format!("{settings:?}{:?}{:?}", args.scale_nodes, args.policy).as_bytes());
    let name = parsed.cluster.clone().unwrap_or_else(|| "cluster".to_owned());
    let setting = Setting {
        trace: Some(trace_path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned())),
        inputs_sha256: sha.finalize().iter().map(|b| format!("{b:02x}")).collect(),
        span: (args.days * 86_400.0).round() as Seconds,
        recorded: Some(recorded),
        left_out,
        notes,
        ..Setting::bare(name, site, jobs, settings)
    };
    Ok((setting, parsed))
}

/// What the dumps of the accounting database say, where they are given.
struct Database {
    shares: ShareTree,
    /// Of the qualities of service, by name.
    priorities: BTreeMap<String, f64>,
    texts: Vec<String>,
}

impl Database {
    /// Reads the dumps. Jobs of the trace then name leaves of the share tree.
    fn read(
        context: &Context,
        args: &Operate,
        conf: &SlurmConf,
        trace: &mut Trace,
        left_out: &mut Vec<LeftOut>,
        notes: &mut Vec<String>,
    ) -> Result<Database, Fault> {
        let mut texts = Vec::new();
        let mut shares = trace.flat_shares();
        let weighs = |weight: fn(&gigatwin_operations::Multifactor) -> f64| {
            conf.priority.as_ref().is_some_and(|p| weight(p) > 0.0)
        };
        if let Some(path) = &args.associations {
            let text = disk::read_text(&context.messages, path)?;
            let found = read_associations(&text).map_err(|e| broken(path, e))?;
            let (tree, leaves) = found.tree(&trace.tenants).map_err(|e| broken(path, e))?;
            let strangers = found.strangers(&trace.tenants);
            if !strangers.is_empty() {
                notes.push(format!(
                    "{} accounts of the trace are not among the associations and get one share at the top",
                    strangers.len()
                ));
            }
            notes.extend(found.notes.clone());
            left_out.extend(found.left_out.clone());
            for job in &mut trace.jobs {
                job.tenant = leaves.get(job.tenant as usize).copied().unwrap_or(0);
            }
            shares = tree;
            texts.push(text);
        } else if weighs(|p| p.fair_share) {
            notes.push(
                "shares stand in the accounting database (--associations): accounts count alike".to_owned(),
            );
        }
        let mut priorities = BTreeMap::new();
        if let Some(path) = &args.qos {
            let text = disk::read_text(&context.messages, path)?;
            let (found, rows) = read_qualities(&text).map_err(|e| broken(path, e))?;
            left_out.extend(rows);
            priorities = found;
            texts.push(text);
        } else if weighs(|p| p.qos) {
            notes.push(
                "priorities of qualities of service stand in the accounting database (--qos): all count alike"
                    .to_owned(),
            );
        }
        if weighs(|p| p.fair_share) {
            notes.push("past use is not known: all accounts start without".to_owned());
        }
        Ok(Database { shares, priorities, texts })
    }
}

fn broken(path: &Path, e: DumpError) -> Fault {
    Fault::NotUnderstood {
        code: e.code,
        message: e.message,
        hint: e.hint.to_owned(),
        file: Some(path.display().to_string()),
    }
}

impl Setting {
    fn run(self, context: &Context) -> Result<Answer, Fault> {
        if self.jobs.is_empty() {
            return Err(not_understood("G587", "no job is left to run", "see what was left out, and why"));
        }
        let outcome = simulate(&self.site, &self.jobs, &self.settings).map_err(|faults| {
            let list: Vec<String> = faults.iter().take(10).map(ToString::to_string).collect();
            not_understood("G582", &list.join("; "), "mend the workload")
        })?;
        let stamp = Stamp {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            seed: context.seed,
            inputs_sha256: self.inputs_sha256.clone(),
        };
        Ok(Answer { setting: self, outcome, energy: None, shifting: None, federation: None, stamp })
    }
}

/// The base with other nodes or another policy.
fn vary(
    context: &Context,
    base: &Answer,
    factor: Option<f64>,
    policy: Option<(Policy, &'static str)>,
) -> Result<Variation, Fault> {
    let from = &base.setting;
    let mut layout = from.site.layout;
    let mut names = Vec::new();
    if let Some(factor) = factor {
        let nodes = (f64::from(layout.nodes) * factor).round().clamp(1.0, 1e6) as u32;
        layout = gigatwin_operations::Layout::flat(nodes, layout.gpus_per_node);
        names.push(format!("nodes × {factor}"));
    }
    let mut settings = from.settings;
    let mut policy_name = from.policy;
    if let Some((policy, name)) = policy {
        settings.policy = policy;
        policy_name = name;
        names.push(name.to_owned());
    }
    let mut left_out: Vec<LeftOut> = Vec::new();
    let recorded = from.recorded.as_deref().unwrap_or_default();
    let (mut jobs, mut kept): (Vec<Job>, Vec<Recorded>) = (Vec::new(), Vec::new());
    for (job, rec) in from.jobs.iter().zip(recorded) {
        if layout.units(job.size) > layout.gpus() {
            let reason = format!("job {} is larger than {} nodes", job.id, layout.nodes);
            left_out.push(LeftOut { line: 0, code: "G583", reason });
            continue;
        }
        jobs.push(*job);
        kept.push(*rec);
    }
    let site = Site { layout, ..from.site.clone() };
    let setting = Setting {
        recorded: Some(kept),
        left_out,
        inputs_sha256: from.inputs_sha256.clone(),
        policy: policy_name,
        order: from.order,
        trace: from.trace.clone(),
        span: from.span,
        ..Setting::bare(names.join(", "), site, jobs, settings)
    };
    Ok(Variation { name: names.join(", "), answer: setting.run(context)? })
}

/// By account, in the order of their names.
fn by_account(a: &Answer) -> Vec<(String, Replay)> {
    let accounts = a.setting.site.shares.accounts();
    let mut list: Vec<(String, Replay)> = (0u32..)
        .zip(accounts)
        .filter_map(|(i, account)| page::replay_of(a, |j| j.tenant == i).map(|r| (account.name.clone(), r)))
        .collect();
    list.sort_by(|x, y| x.0.cmp(&y.0));
    list
}

/// Waits in the trace, of the jobs the base runs.
fn recorded_waits(a: &Answer) -> Option<Waits> {
    let recorded = a.setting.recorded.as_deref().unwrap_or_default();
    let pairs = a.setting.jobs.iter().zip(recorded);
    Waits::of(pairs.filter_map(|(j, r)| r.start.map(|s| s - j.submit)).collect())
}

fn text(context: &Context, base: &Answer, conf: &SlurmConf, variations: &[Variation]) -> String {
    let s = &base.setting;
    let figures = context.figures();
    let count = |n: usize| figures.count(n);
    let layout = s.site.layout;
    let mut out = String::new();
    let _ = writeln!(out, "{}", bold(&s.name, context.console.out_colour));
    let _ = writeln!(
        out,
        "{} accelerators in {} nodes · {} partitions · trace {} · {} · {}\n",
        count(usize::try_from(conf.gpus()).unwrap_or(usize::MAX)),
        count(layout.nodes as usize),
        count(conf.partitions.len()),
        s.trace.as_deref().unwrap_or(""),
        s.policy,
        s.order
    );
    let mut rows =
        vec![words(&["Reproduced", "jobs", "|Δstart| median", "p90", "mean wait", "in the trace"])];
    let row = |name: &str, r: &Replay| {
        vec![
            name.to_owned(),
            count(r.jobs),
            span(r.median as f64),
            span(r.p90 as f64),
            span(r.wait_simulated),
            span(r.wait_recorded),
        ]
    };
    if let Some(all) = page::replay(base) {
        rows.push(row("all", &all));
    }
    const SHOWN: usize = 30;
    let accounts = by_account(base);
    rows.extend(accounts.iter().take(SHOWN).map(|(name, r)| row(&format!("  {name}"), r)));
    out.push_str(&table(&right(5), &rows));
    if accounts.len() > SHOWN {
        let _ = writeln!(out, "  and {} more; --json lists all", accounts.len() - SHOWN);
    }
    let head = ["What if", "nodes", "jobs", "mean wait", "median", "p90", "use", "last end"];
    let mut rows = vec![words(&head)];
    let known = recorded_waits(base);
    let wait = |w: Option<Waits>, f: &dyn Fn(Waits) -> f64| w.map_or_else(String::new, |w| span(f(w)));
    rows.push(vec![
        "in the trace".to_owned(),
        count(layout.nodes as usize),
        count(s.jobs.len()),
        wait(known, &|w| w.mean),
        wait(known, &|w| w.median as f64),
        wait(known, &|w| w.p90 as f64),
    ]);
    let mut run = |name: &str, a: &Answer| {
        let sum = page::sums(a);
        rows.push(vec![
            name.to_owned(),
            count(a.setting.site.layout.nodes as usize),
            count(a.setting.jobs.len()),
            wait(sum.waits, &|w| w.mean),
            wait(sum.waits, &|w| w.median as f64),
            wait(sum.waits, &|w| w.p90 as f64),
            percent(sum.busy / sum.installed.max(1e-9)),
            span(a.outcome.end as f64),
        ]);
    };
    run("base", base);
    for v in variations {
        run(&v.name, &v.answer);
    }
    out.push('\n');
    out.push_str(&table(&right(7), &rows));
    if !s.left_out.is_empty() {
        let lines = conf.left_out.len();
        let dumps = s.left_out.iter().filter(|l| l.code == "G654").count();
        let _ = writeln!(
            out,
            "\n  Left out: {} lines of the configuration, {} rows of the trace",
            count(lines),
            count(s.left_out.len() - lines - dumps)
        );
        if dumps > 0 {
            let _ = writeln!(out, "  and {} rows of the dumps of the accounting database", count(dumps));
        }
    }
    out
}

fn replay_json(r: &Replay) -> Value {
    json!({"jobs": r.jobs, "start_median_s": r.median, "start_p90_s": r.p90,
        "wait_simulated_s": r.wait_simulated, "wait_recorded_s": r.wait_recorded})
}

/// The page of the base as `operate` gives it, with what stands beside it.
fn json(base: &Answer, conf: &SlurmConf, variations: &[Variation]) -> Value {
    let mut whole = page::json(base);
    let kinds: Vec<Value> = conf
        .kinds
        .iter()
        .map(|k| json!({"nodes": k.nodes, "cpus": k.cpus, "accelerators": k.gpus, "type": k.gpu_type}))
        .collect();
    let partitions: Vec<Value> = conf
        .partitions
        .iter()
        .map(|p| {
            json!({"name": p.name, "nodes": p.nodes, "max_time_s": p.max_time, "tier": p.tier,
            "default": p.default})
        })
        .collect();
    let s = conf.scheduler;
    whole["cluster"] = json!({
        "name": conf.cluster, "kinds": kinds, "absent": conf.absent, "partitions": partitions,
        "scheduler": {"backfill": !conf.builtin, "bf_interval_s": s.bf_interval, "bf_max_job_test": s.bf_max_job_test,
            "bf_resolution_s": s.bf_resolution, "bf_window_s": s.bf_window,
            "default_queue_depth": s.default_queue_depth, "sched_interval_s": s.sched_interval,
            "sched_min_interval_s": s.sched_min_interval},
        "priority": conf.priority.map(|p| json!({"age": p.age, "fair_share": p.fair_share, "qos": p.qos,
            "job_size": p.size, "max_age_s": p.max_age, "half_life_s": p.half_life,
            "calc_period_s": p.calc_period})),
    });
    whole["reproduced"] = json!({
        "all": page::replay(base).as_ref().map(replay_json),
        "accounts": by_account(base).iter().map(|(name, r)| {
            let mut v = replay_json(r);
            v["account"] = json!(name);
            v
        }).collect::<Vec<_>>(),
    });
    whole["what_if"] = variations
        .iter()
        .map(|v| {
            let mut page = page::json(&v.answer);
            json!({"name": v.name, "site": page["site"].take(), "policy": page["policy"].take(),
                "order": page["order"].take(), "metrics": page["metrics"].take(),
                "tenants": page["tenants"].take(), "left_out": page["left_out"].take()})
        })
        .collect();
    whole
}

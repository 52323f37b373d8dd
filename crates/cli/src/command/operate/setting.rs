//! The site and its workload, from the file, the trace and the options.

use std::path::Path;

use gigatwin_factory::{
    SiteOperations, SitePlacement, placement_sizes, site_hours, site_operations, site_placement,
};
use gigatwin_operations::{
    Account, Campaign, FailureModel, Format, Job, JobClass, Layout, LeftOut, Links, Member, Mix, Multifactor,
    Need, Order, OverLimit, Policy, Qos, Recorded, Seconds, ServingPool, Settings, ShareTree, Site,
    SlurmSettings, Stream, Trace, generate, read_trace, sizes,
};
use sha2::{Digest, Sha256};

use super::classes::{self, Access, Drawn};
use super::power::{Limit, PowerModel};
use super::series;
use super::shifting::{self, Patience};
use super::windows;
use crate::args::operate::{DemandName, Operate, OrderName, OverLimitName, PolicyName};
use crate::context::Context;
use crate::exit::Fault;
use crate::files as disk;

/// Qualities of service of a drawn workload.
const NORMAL: u16 = 0;
const INTERACTIVE: u16 = 1;
const CAMPAIGN: u16 = 2;
const SERVING: u16 = 3;

/// Everything a run needs, and what there is to say about it.
pub(super) struct Setting {
    pub name: String,
    pub site: Site,
    /// As asked for, in the order in which they enter the queue.
    pub jobs: Vec<Job>,
    /// The same with the moments at which they enter it, where some are put off.
    pub released: Option<Vec<Job>>,
    pub patience: Option<Patience>,
    pub limit: Option<Limit>,
    /// When the jobs really ran, where a trace says so.
    pub recorded: Option<Vec<Recorded>>,
    pub settings: Settings,
    pub power: Option<PowerModel>,
    pub placement: Option<SitePlacement>,
    pub left_out: Vec<LeftOut>,
    pub notes: Vec<String>,
    pub inputs_sha256: String,
    pub policy: &'static str,
    pub order: &'static str,
    pub trace: Option<String>,
    /// Classes of access of a drawn workload.
    pub access: Option<Access>,
    /// What the file says, until the run.
    pub facts: Option<SiteOperations>,
    /// Dependencies and arrays of a trace.
    pub links: Links,
    /// Spans in which the whole site stands still.
    pub outages: Vec<(Seconds, Seconds)>,
    /// Planned work on the whole machine.
    pub planned: Vec<(Seconds, Seconds)>,
    /// Nodes that tenants have to themselves, until the run.
    pub aparts: Vec<Member>,
    pub span: Seconds,
}

impl Setting {
    /// These jobs on this site, and nothing else: no power, placement, classes, outages or planned work.
    pub(super) fn bare(name: String, site: Site, jobs: Vec<Job>, settings: Settings) -> Self {
        let (policy, order) = match (settings.policy, settings.order) {
            (policy, Order::Multifactor(_)) => (policy, "multifactor"),
            (policy, Order::Submit) => (policy, "submit"),
        };
        let policy = if policy == Policy::Fcfs { "fcfs" } else { "slurm" };
        Setting {
            name,
            site,
            jobs,
            settings,
            policy,
            order,
            released: None,
            patience: None,
            limit: None,
            recorded: None,
            power: None,
            placement: None,
            left_out: Vec::new(),
            notes: Vec::new(),
            inputs_sha256: String::new(),
            trace: None,
            access: None,
            facts: None,
            links: Links::default(),
            outages: Vec::new(),
            planned: Vec::new(),
            aparts: Vec::new(),
            span: 0,
        }
    }
}

pub(super) fn not_understood(code: &'static str, message: &str, hint: &str) -> Fault {
    Fault::NotUnderstood { code, message: message.to_owned(), hint: hint.to_owned(), file: None }
}

pub(super) fn read(context: &Context, args: &Operate) -> Result<Option<Setting>, Fault> {
    check(args)?;
    let (mut facts, mut hours, mut factory) = (None, None, None);
    let no = |reason: String| not_understood("G589", &reason, "gigatwin run says more");
    if let Some(file) = &args.file {
        let catalog = context.catalog()?;
        let Some(usable) = context.usable(file, &catalog)? else { return Ok(None) };
        facts = Some(site_operations(&usable.factory).map_err(no)?);
        hours = Some(site_hours(&usable.factory).map_err(no)?);
        factory = Some((usable.factory, catalog));
    }
    let mut notes = Vec::new();
    let layout = layout(args, facts.as_ref(), &mut notes);
    let span = (args.days * 86_400.0).round() as Seconds;
    let mut site = Site::new(layout);
    let mut sha = Sha256::new();
    if let Some(f) = &facts {
        sha.update(f.inputs_sha256.as_bytes());
    }
    let (mut left_out, mut recorded, mut trace_name, mut access) = (Vec::new(), None, None, None);
    let mut traced = Links::default();
    let mut jobs = match &args.trace {
        Some(path) => {
            let text = disk::read_text(&context.messages, path)?;
            sha.update(text.as_bytes());
            let trace = from_trace(args, path, &text)?;
            site.shares = trace.flat_shares();
            site.qos = trace.qos.iter().map(|q| Qos { name: q.clone(), ..Qos::default() }).collect();
            trace_name =
                Some(path.file_name().map_or_else(String::new, |n| n.to_string_lossy().into_owned()));
            notes.extend(trace.notes.clone());
            left_out.extend(trace.left_out.clone());
            let (jobs, kept) = fitting(&trace, &layout, &mut left_out);
            let keep: Vec<bool> = trace.jobs.iter().map(|j| layout.units(j.size) <= layout.gpus()).collect();
            let (kept_links, lost) = trace.links.kept(&keep);
            if lost > 0 {
                notes.push(format!("{lost} dependencies on jobs that are left out count as met"));
            }
            if !kept_links.is_empty() && args.shift.is_some() {
                return Err(not_understood(
                    "G580",
                    "--shift moves jobs, and the trace has dependencies between them",
                    "leave one of the two out",
                ));
            }
            traced = kept_links;
            recorded = Some(kept);
            jobs
        }
        None => {
            let Some(facts) = &facts else {
                return Err(not_understood(
                    "G580",
                    "--nodes alone has no workload",
                    "add --trace FILE, or a factory file",
                ));
            };
            let drawn = match args.demand {
                DemandName::Access => classes::draw(context, args, facts, &layout, span)?,
                DemandName::Plain => plain(context, args, facts, &layout, span)?,
            };
            for class in drawn.access.iter().flat_map(|a| &a.classes) {
                sha.update(format!("{class:?}").as_bytes());
            }
            (site.shares, site.qos, access) = (drawn.shares, drawn.qos, drawn.access);
            drawn.jobs
        }
    };
    // A machine of --nodes has no network, so nothing is known of its distances.
    let placement = match &factory {
        Some((factory, catalog)) if args.nodes.is_none() && !args.no_placement => {
            let nodes = jobs.iter().map(|j| (layout.units(j.size) / i64::from(layout.gpus_per_node)) as u32);
            let sizes = placement_sizes(&layout, nodes);
            Some(site_placement(factory, catalog, &layout, &sizes).map_err(no)?)
        }
        _ => None,
    };
    if let Some(p) = &placement {
        site.speed = p.table.clone();
    }
    let Some(brought) = series::read(context, args, hours.as_ref(), &mut sha)? else { return Ok(None) };
    let power = hours.as_ref().map(|h| {
        let carbon = brought.carbon.as_ref();
        PowerModel::new(h, &brought.year, carbon, args.start_week, layout.gpus(), context.seed)
    });
    let power = power.transpose().map_err(|e| not_understood("G589", &e, "gigatwin energy says more"))?;
    let patience = shifting::patience(args, hours.as_ref(), &jobs)?;
    if let (Some(facts), false) = (&facts, args.no_failures) {
        let mut model = FailureModel::like_llama3(
            facts.node_failure.per_s() * 86_400.0,
            (facts.repair.s().round() as Seconds).max(60),
        );
        model.lemon_share = args.lemons;
        model.per_job_day = args.job_failures;
        model.spares = args.spares;
        model.crews = args.crews;
        site.failures = Some(model);
    }
    site.cap_sight = (args.cap_sight * 3_600.0).round() as Seconds;
    let outages = classes::days(&args.outage, "outage", span)?;
    let outages: Vec<(Seconds, Seconds)> =
        outages.into_iter().map(|(from, length)| (from, from + length)).collect();
    let until = if args.trace.is_some() { jobs.last().map_or(0, |j| j.submit) } else { span };
    let window = facts.as_ref().and_then(|f| f.window.as_ref()).filter(|_| !args.no_maintenance);
    let planned = windows::maintenance(window, until);
    windows::close(&mut site, &planned);
    let mut links = traced;
    if args.trace.is_none() && !planned.is_empty() {
        let (chained, needs) = windows::chain(jobs);
        jobs = chained;
        links = linked(jobs.len(), needs)?;
    }
    let reserved = facts.as_ref().map_or(&[][..], |f| &f.reservations);
    let aparts = windows::set_aside(&mut site, reserved, &planned, until)?;
    let (order, order_name) = order(args);
    let (policy, policy_name) = policy(args.policy.unwrap_or(PolicyName::Easy));
    let settings = Settings {
        order,
        over_limit: match args.over_limit {
            OverLimitName::Kill => OverLimit::Kill,
            OverLimitName::Extend => OverLimit::Extend,
        },
        // Loading the checkpoint and starting the processes.
        restart: 300,
        // A drawn workload has no end; a trace runs until its last job is done.
        until: args.trace.is_none().then_some(span),
        sample: Some(args.sample),
        holdings: args.svg.is_some(),
        seed: context.seed,
        ..Settings::new(policy)
    };
    sha.update(
        format!("{settings:?}{layout:?}{:?}{:?}{:?}{}", args.days, args.load, args.shift, args.no_placement)
            .as_bytes(),
    );
    let stated =
        (&args.federate, &args.routing, &args.stay, &args.speed, args.network_load, args.dataset, args.link);
    sha.update(format!("{stated:?}{:?}{outages:?}{planned:?}", args.patience).as_bytes());
    let digest = sha.finalize();
    Ok(Some(Setting {
        name: facts.as_ref().map_or_else(|| format!("{} nodes", layout.nodes), |f| f.name.clone()),
        site,
        jobs,
        released: None,
        patience,
        limit: brought.limit,
        recorded,
        settings,
        power,
        placement,
        left_out,
        notes,
        inputs_sha256: digest.iter().map(|b| format!("{b:02x}")).collect(),
        policy: policy_name,
        order: order_name,
        trace: trace_name,
        access,
        facts,
        links,
        outages,
        planned,
        aparts,
        span,
    }))
}

pub(super) fn check(args: &Operate) -> Result<(), Fault> {
    let (mut wrong, mut unread) = (Vec::new(), Vec::new());
    let mut between = |name: &str, value: Option<f64>, low: f64, high: f64| {
        if let Some(v) = value
            && !(v.is_finite() && v >= low && v <= high)
        {
            wrong.push(format!("--{name} {v} is outside {low} to {high}"));
        }
    };
    between("days", Some(args.days), 0.01, 3_660.0);
    between("load", args.load, 0.0, 10.0);
    between("lemons", Some(args.lemons), 0.0, 1.0);
    between("job-failures", Some(args.job_failures), 0.0, 1_000.0);
    between("cap-sight", Some(args.cap_sight), 0.0, 8_760.0);
    between("patience", Some(args.patience), 0.0, 8_760.0);
    between("network-load", args.network_load, 0.0, 10.0);
    between("dataset", Some(args.dataset), 0.0, 1e6);
    between("link", Some(args.link), 1e-3, 1e6);
    for text in &args.speed {
        match text.split_once('=').and_then(|(_, r)| r.parse::<f64>().ok()) {
            Some(ratio) => between("speed", Some(ratio), 1e-3, 1e3),
            None => unread.push(format!("--speed {text} is no SITE=RATIO")),
        }
    }
    for factor in &args.scale_nodes {
        between("scale-nodes", Some(*factor), 0.001, 1_000.0);
    }
    wrong.append(&mut unread);
    let samples = args.days * 86_400.0 / args.sample as f64;
    if samples > 50e6 {
        wrong.push(format!("{samples:.0} samples are more than memory should hold"));
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(not_understood("G580", &wrong.join("; "), "gigatwin operate --help"))
    }
}

fn layout(args: &Operate, facts: Option<&SiteOperations>, notes: &mut Vec<String>) -> Layout {
    if let Some(nodes) = args.nodes {
        return Layout::flat(nodes, args.gpus_per_node);
    }
    let Some(f) = facts else { return Layout::flat(1, args.gpus_per_node) };
    if f.levelled {
        notes.push(format!(
            "partitions of other nodes count as nodes of {} accelerators",
            f.layout.gpus_per_node
        ));
    }
    f.layout
}

pub(super) fn from_trace(args: &Operate, path: &Path, text: &str) -> Result<Trace, Fault> {
    let named = args.format.as_deref().and_then(|n| Format::ALL.iter().find(|f| f.0 == n)).map(|f| f.1);
    let name = path.display().to_string();
    let Some(format) = named.or_else(|| Format::guess(text)) else {
        return Err(Fault::NotUnderstood {
            code: "G581",
            message: "the trace is of no known form".to_owned(),
            hint: "name it with --format swf, sacct, sacct-json, philly, acme or openb".to_owned(),
            file: Some(name),
        });
    };
    read_trace(text, format).map_err(|e| Fault::NotUnderstood {
        code: e.code,
        message: if e.line > 0 { format!("line {}: {}", e.line, e.message) } else { e.message },
        hint: e.hint,
        file: Some(name),
    })
}

/// Jobs that the site can hold; the others are listed.
pub(super) fn fitting(
    trace: &Trace,
    layout: &Layout,
    left_out: &mut Vec<LeftOut>,
) -> (Vec<Job>, Vec<Recorded>) {
    let mut kept = (Vec::new(), Vec::new());
    for (job, recorded) in trace.jobs.iter().zip(&trace.recorded) {
        if layout.units(job.size) > layout.gpus() {
            let reason = format!(
                "job {} asks for {:?}, the site has {} nodes of {}",
                job.id, job.size, layout.nodes, layout.gpus_per_node
            );
            left_out.push(LeftOut { line: 0, code: "G583", reason });
            continue;
        }
        kept.0.push(*job);
        kept.1.push(*recorded);
    }
    kept
}

/// Accounts as a tree.
pub(super) fn tree(accounts: Vec<Account>) -> Result<ShareTree, Fault> {
    ShareTree::new(accounts).map_err(|faults| {
        let list: Vec<String> = faults.iter().map(ToString::to_string).collect();
        not_understood("G586", &list.join("; "), "see the tenants of the file")
    })
}

/// Links of a workload, or the circles in them.
fn linked(jobs: usize, needs: Vec<Need>) -> Result<Links, Fault> {
    Links::new(jobs, needs, &[], &[]).map_err(|faults| {
        let list: Vec<String> = faults.iter().map(ToString::to_string).collect();
        not_understood("G667", &list.join("; "), "a job cannot wait for itself")
    })
}

/// A workload without classes of access.
fn plain(
    context: &Context,
    args: &Operate,
    facts: &SiteOperations,
    layout: &Layout,
    span: Seconds,
) -> Result<Drawn, Fault> {
    let shares = tree(facts.accounts.clone())?;
    let mix = mix(args, facts, layout, &shares, span);
    let jobs = generate(&mix, layout, span, context.seed).map_err(|faults| {
        let list: Vec<String> = faults.iter().map(ToString::to_string).collect();
        not_understood("G589", &list.join("; "), "see the options of operate")
    })?;
    Ok(Drawn { shares, qos: drawn_qos(), jobs, access: None })
}

fn drawn_qos() -> Vec<Qos> {
    let qos = |name: &str, priority, rank, preemptible, preempts| Qos {
        name: name.to_owned(),
        priority,
        rank,
        preemptible,
        preempts,
        // Two hours, as Meta's research clusters grant (arXiv 2410.21680).
        exempt: 7_200,
    };
    vec![
        qos("normal", 0.0, 0, true, false),
        qos("interactive", 0.5, 1, false, false),
        qos("campaign", 0.8, 1, false, false),
        qos("serving", 1.0, 2, false, true),
    ]
}

/// What a drawn workload is made of: the file's campaigns and services, a little interactive and development work, and batch jobs up to
/// the load asked for.
pub(super) fn mix(
    args: &Operate,
    facts: &SiteOperations,
    layout: &Layout,
    shares: &ShareTree,
    span: Seconds,
) -> Mix {
    let gpus = layout.gpus() as f64;
    let largest = |part: f64| (gpus * part).max(1.0).log2().floor().exp2() as u32;
    let load = args.load.unwrap_or_else(|| facts.utilisation.fraction());
    let promised = shares.promised();
    let all: Vec<(u32, f64)> = shares.leaves().iter().map(|&l| (l, promised[l as usize])).collect();
    let top = shares
        .leaves()
        .iter()
        .copied()
        .max_by(|a, b| promised[*a as usize].total_cmp(&promised[*b as usize]))
        .unwrap_or(0);
    let mut asked = 0.0;
    let mut pools = Vec::new();
    for p in &facts.pools {
        let replica = layout.gpus_per_node;
        let peak = (p.accelerators / replica).max(1);
        let floor = ((f64::from(peak) / p.peak.max(1.0) * 0.6).round() as u32).clamp(1, peak);
        asked += f64::from(replica) * f64::from(peak + floor) / 2.0 / gpus;
        pools.push(ServingPool {
            replicas: (floor, peak),
            gpus: replica,
            peak_hour: 14,
            qos: SERVING,
            tenant: top,
        });
    }
    let mut campaigns = Vec::new();
    let mut at = 0;
    for c in &facts.campaigns {
        let runtime = (c.duration.s().round() as Seconds).max(3_600);
        if at >= span {
            break;
        }
        let inside = runtime.min(span - at) as f64 / span as f64;
        asked += f64::from(c.accelerators) / gpus * inside;
        campaigns.push(Campaign {
            submit: at,
            runtime,
            gpus: c.accelerators,
            checkpoint: young_daly(facts, c.accelerators),
            qos: CAMPAIGN,
            tenant: top,
        });
        // One after the other, so that small sites can hold them.
        at += runtime;
    }
    let stream = |class, load: f64, run, bounds, sizes, qos, checkpoint, swing| Stream {
        class,
        load,
        run,
        bounds,
        sizes,
        qos,
        checkpoint,
        longest: None,
        swing,
        tenants: all.clone(),
    };
    let small = 0.005_f64.min(load);
    // Run times of the Acme summary: development as Seren (mean 1,414 s, median 122 s), batch as Philly (18,006 s and 874 s).
    let streams = vec![
        stream(
            JobClass::Interactive,
            small,
            (7_200.0, 3_600.0),
            (300, 43_200),
            sizes(1, 8, 2.0),
            INTERACTIVE,
            0,
            0.9,
        ),
        stream(
            JobClass::Development,
            small,
            (1_414.0, 122.0),
            (10, 86_400),
            sizes(8, largest(0.002).max(8), 1.5),
            NORMAL,
            0,
            0.7,
        ),
        stream(
            JobClass::Batch,
            (load - asked - 2.0 * small).max(0.0),
            (18_006.0, 874.0),
            // A run of a few days cannot be filled evenly by jobs that are longer than it.
            (10, (span / 4).clamp(86_400, 14 * 86_400)),
            sizes(8.min(largest(1.0)), largest(1.0 / 32.0).max(1), 1.6),
            NORMAL,
            3_600,
            0.4,
        ),
    ];
    Mix { streams, pools, campaigns }
}

/// Seconds between checkpoints that cost least: √(2 · cost · time between failures) (Young 1974, Daly 2006), at half a minute each.
fn young_daly(facts: &SiteOperations, accelerators: u32) -> u32 {
    let nodes = f64::from(accelerators) / f64::from(facts.layout.gpus_per_node);
    let between = 1.0 / (facts.node_failure.per_s() * nodes).max(1e-12);
    (2.0 * 30.0 * between).sqrt().round().clamp(60.0, 86_400.0) as u32
}

pub(super) fn policy(name: PolicyName) -> (Policy, &'static str) {
    match name {
        PolicyName::Fcfs => (Policy::Fcfs, "fcfs"),
        PolicyName::Easy => (Policy::Easy, "easy"),
        PolicyName::Conservative => (Policy::Conservative, "conservative"),
        PolicyName::Slurm => (Policy::Slurm(SlurmSettings::default()), "slurm"),
    }
}

fn order(args: &Operate) -> (Order, &'static str) {
    let drawn = if args.trace.is_some() { OrderName::Submit } else { OrderName::Multifactor };
    match args.order.unwrap_or(drawn) {
        OrderName::Submit => (Order::Submit, "submit"),
        OrderName::Multifactor => (Order::Multifactor(Multifactor::default()), "multifactor"),
    }
}

/// What was assumed and what was left out, as talk.
pub(super) fn say(context: &Context, s: &Setting) {
    for note in &s.notes {
        context.console.talk(&format!("{note}\n"));
    }
    const SHOWN: usize = 10;
    for l in s.left_out.iter().take(SHOWN) {
        let line = if l.line > 0 { format!("line {}: ", l.line) } else { String::new() };
        context.console.talk(&format!("left out [{}] {line}{}\n", l.code, l.reason));
    }
    if s.left_out.len() > SHOWN {
        context.console.talk(&format!("left out: {} more; --json lists all\n", s.left_out.len() - SHOWN));
    }
}

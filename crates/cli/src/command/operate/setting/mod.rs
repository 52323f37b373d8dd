//! The site and its workload, from the file, the trace and the options.

mod check;
mod mix;
mod trace;

pub(super) use check::check;
pub(super) use mix::mix;
use trace::fitting;
pub(super) use trace::{from_trace, linked_among, too_large};

use gigatwin_factory::{
    SiteOperations, SitePlacement, placement_sizes, site_hours, site_operations, site_placement,
};
use gigatwin_operations::{
    Account, FailureModel, Job, Layout, LeftOut, Links, Member, Multifactor, Order, OverLimit, Policy, Qos,
    Recorded, Seconds, Settings, ShareTree, Site, SlurmSettings,
};
use sha2::{Digest, Sha256};

use super::classes::{self, Access};
use super::power::{Limit, PowerModel};
use super::series;
use super::shifting::{self, Patience};
use super::windows;
use crate::args::operate::{DemandName, Operate, OrderName, OverLimitName, PolicyName};
use crate::context::Context;
use crate::exit::Fault;
use crate::files as disk;

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
            let (jobs, kept, kept_links) = fitting(&trace, &layout, &mut left_out, &mut notes);
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
                DemandName::Plain => mix::plain(context, args, facts, &layout, span)?,
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
        links = trace::linked(jobs.len(), needs)?;
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

/// Accounts as a tree.
pub(super) fn tree(accounts: Vec<Account>) -> Result<ShareTree, Fault> {
    ShareTree::new(accounts).map_err(|faults| {
        let list: Vec<String> = faults.iter().map(ToString::to_string).collect();
        not_understood("G586", &list.join("; "), "see the tenants of the file")
    })
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

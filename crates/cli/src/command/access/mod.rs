//! `access`: what a user gets.

mod page;

use gigatwin_catalog::{Catalog, Kind};
use gigatwin_factory::outcome::Stamp;
use gigatwin_factory::{ClusterPartition, SiteCluster, site_cluster};
use gigatwin_operations::{BusySite, Probe, Qos, Waits};
use gigatwin_programme::access::{AccessClass, Owner, Source, User, class_of, sources};
use gigatwin_quantity::Share;
use serde_json::{Value, json};

use crate::args::access::{Access, Who};
use crate::context::Context;
use crate::diagnostics::{self, Finding};
use crate::exit::{Exit, Fault};
use crate::json::stamp as stamp_json;
use crate::stats;

/// Hours of a mean month: a project without `--gpus` is taken to run through one.
const MONTH: f64 = 730.5;
/// Length of a job where the class allows longer ones.
const JOB_HOURS: f64 = 24.0;

/// The answer.
struct Found {
    stamp: Stamp,
    user: User,
    state: Option<String>,
    hours: f64,
    gpus: f64,
    nodes: u32,
    partition: ClusterPartition,
    class: AccessClass,
    /// Seconds until access: P10, P50, P90.
    lead: Option<[f64; 3]>,
    job_hours: f64,
    wait: Option<Waits>,
    sources: Vec<Source>,
    /// Euros per hour where it is paid, and what it costs to make.
    price: f64,
    cost: Option<f64>,
    utilisation: Share,
    /// For a user whose State gives nothing: its AI Factories and antennas.
    way_in: Vec<String>,
    outside: bool,
    refusal: Option<String>,
    /// Accelerators that one user of the class may hold at once, where that is limited.
    most: Option<f64>,
}

pub(super) fn run(context: &Context, args: &Access) -> Result<Exit, Fault> {
    let catalog = context.catalog()?;
    let mut faults = Vec::new();
    let positive = |name: &str, value: f64, faults: &mut Vec<Finding>| {
        if !(value.is_finite() && value > 0.0) {
            faults.push(Finding {
                code: "G590",
                message: format!("{name} is {value}: it must be a number above zero"),
                hint: format!("write it as a plain number, such as {name} 20000"),
            });
        }
    };
    positive("--gpu-hours", args.gpu_hours, &mut faults);
    if let Some(gpus) = args.gpus {
        positive("--gpus", gpus, &mut faults);
    }
    let state = args.state.as_ref().map(|s| s.to_lowercase());
    if let Some(code) = &state
        && !member(&catalog, code)
    {
        faults.push(Finding {
            code: "G591",
            message: format!("\"{code}\" is no Member State of the Union"),
            hint:
                "gigatwin catalog list countries shows the codes; hours bought on the market need no --state"
                    .to_owned(),
        });
    }
    if !faults.is_empty() {
        diagnostics::findings(context, None, &faults)?;
        return Ok(Exit::NotUnderstood);
    }
    let Some(usable) = context.usable(&args.file, &catalog)? else { return Ok(Exit::NotUnderstood) };
    let stamp = Stamp {
        version: env!("CARGO_PKG_VERSION"),
        seed: context.seed,
        inputs_sha256: usable.factory.sha256.clone(),
    };
    let cluster = site_cluster(&usable.factory).map_err(Fault::Environment)?;
    let found = find(context, args, &catalog, &cluster, state, stamp)?;
    if context.json {
        context.json(&machine(&found))?;
    } else {
        context.data(&page::page(context, &found))?;
    }
    stats::say(context, &[("jobs", found.wait.map_or(0, |w| w.jobs))]);
    Ok(if found.refusal.is_some() { Exit::No } else { Exit::Done })
}

fn find(
    context: &Context,
    args: &Access,
    catalog: &Catalog,
    cluster: &SiteCluster,
    state: Option<String>,
    stamp: Stamp,
) -> Result<Found, Fault> {
    let user = match args.user {
        Who::Sme => User::Sme,
        Who::Industry => User::Industry,
        Who::Research => User::Research,
        Who::Public => User::Public,
    };
    let available = cluster.available_hours.unwrap_or(0.0);
    let owners: Vec<Owner> = cluster
        .tenants
        .iter()
        .map(|t| Owner {
            name: t.name.clone(),
            kind: t.kind.clone(),
            hours: t.share.map_or(0.0, Share::fraction) * available,
            classes: t.classes.clone(),
            states: t.states.clone(),
        })
        .collect();
    let sources = sources(&owners, user, state.as_deref());
    let Some(class) = class_of(&cluster.classes, user, args.gpu_hours, available) else {
        return Err(Fault::NotUnderstood {
            code: "G404",
            message: format!("no class of access of the catalog is open to {}", user.word()),
            hint: "gigatwin catalog list access-classes shows them".to_owned(),
            file: None,
        });
    };
    let longest = class.time_limit.s() / 3600.0;
    // The partition with the most nodes; services keep theirs.
    let Some(partition) = cluster.partitions.iter().max_by_key(|p| p.nodes).cloned() else {
        return Err(Fault::Environment("the factory has no partition".to_owned()));
    };
    let per_node = f64::from(partition.per_node);
    let gpus = args.gpus.unwrap_or_else(|| (args.gpu_hours / MONTH).max(1.0)).ceil();
    let nodes = (gpus / per_node).ceil().clamp(1.0, f64::from(u32::MAX)) as u32;
    let most = class.user_share.map(|s| (s.fraction() * cluster.accelerators() as f64).floor().max(1.0));
    let job_hours = JOB_HOURS.min(longest).min(args.gpu_hours / gpus).max(1.0 / 60.0);
    let refusal = refusal(context, &sources, user, state.as_deref(), args.gpu_hours, (nodes, &partition))
        .or_else(|| over_limit(context, class, gpus, most));
    let busy = BusySite {
        nodes: partition.nodes,
        gpus_per_node: partition.per_node,
        utilisation: cluster.utilisation.fraction(),
        classes: cluster
            .classes
            .iter()
            .map(|c| Qos { name: c.id.clone(), priority: c.priority.fraction(), ..Qos::default() })
            .collect(),
    };
    let number = cluster.classes.iter().position(|c| c.id == class.id).unwrap_or(0) as u16;
    let probe = Probe { nodes, run: (job_hours * 3600.0) as i64, class: number };
    let wait = if refusal.is_some() { None } else { busy.waits(probe, context.seed).ok() };
    let tenant = sources.first().filter(|s| !s.free).map(|s| s.tenant.clone());
    let stated = cluster.tenants.iter().find(|t| Some(&t.name) == tenant.as_ref()).and_then(|t| t.price);
    let outside = state.as_ref().is_some_and(|code| {
        !cluster.tenants.iter().any(|t| t.states.iter().any(|(c, _)| c.eq_ignore_ascii_case(code)))
    });
    let way_in = state.as_ref().filter(|_| outside).map_or_else(Vec::new, |code| way_in(catalog, code));
    Ok(Found {
        stamp,
        user,
        state,
        hours: args.gpu_hours,
        gpus,
        nodes,
        partition,
        class: class.clone(),
        lead: class.lead.as_ref().map(|lead| [0.1, 0.5, 0.9].map(|q| lead.quantile(q))),
        job_hours,
        wait,
        sources,
        price: stated.unwrap_or(cluster.market_price).eur_per_h(),
        cost: cluster.cost.map(|c| c.eur_per_h()),
        utilisation: cluster.utilisation,
        way_in,
        outside,
        refusal,
        most,
    })
}

/// Why the answer is no, with the constraint that binds and the nearest cure.
fn refusal(
    context: &Context,
    sources: &[Source],
    user: User,
    state: Option<&str>,
    hours: f64,
    (nodes, partition): (u32, &ClusterPartition),
) -> Option<String> {
    let open: f64 = sources.iter().map(|s| s.hours).sum();
    let who = state
        .map_or_else(|| user.word().to_owned(), |s| format!("{} from {}", user.word(), s.to_uppercase()));
    let count = |x: f64| context.figures().count(x.round() as usize);
    if sources.is_empty() {
        return Some(format!(
            "no tenant of the file has hours for {who}; a tenant of kind \"{}\", or a class of the Union's or the States' hours, would give some",
            user.word()
        ));
    }
    if hours > open {
        return Some(format!(
            "the project is larger than a year's hours for {who}: {} of {}, short by {}; spread it over {} years",
            count(hours),
            count(open),
            count(hours - open),
            count((hours / open).ceil())
        ));
    }
    (nodes > partition.nodes).then(|| {
        format!(
            "the job is larger than the largest partition, {}: {nodes} nodes of {}; ask for {} accelerators at most",
            partition.name,
            partition.nodes,
            u64::from(partition.nodes) * u64::from(partition.per_node)
        )
    })
}

/// A job larger than its class allows one user to hold.
fn over_limit(context: &Context, class: &AccessClass, gpus: f64, most: Option<f64>) -> Option<String> {
    let count = |x: f64| context.figures().count(x.round() as usize);
    most.filter(|m| gpus > *m).map(|m| {
        format!(
            "the class {} lets one user hold {} accelerators at once, {} are asked for; ask for fewer at once, for longer",
            class.id,
            count(m),
            count(gpus)
        )
    })
}

fn member(catalog: &Catalog, code: &str) -> bool {
    catalog.ids(Kind::Countries).contains(&code)
        && catalog.entry(Kind::Countries, code).is_ok_and(|e| e.flag("eu"))
}

/// AI Factories and antennas of a State.
fn way_in(catalog: &Catalog, code: &str) -> Vec<String> {
    [Kind::AiFactories, Kind::Antennas]
        .into_iter()
        .flat_map(|kind| {
            catalog.ids(kind).into_iter().filter_map(move |id| {
                let entry = catalog.entry(kind, id).ok()?;
                (entry.text("country") == Some(code)).then(|| entry.name.clone())
            })
        })
        .collect()
}

fn machine(f: &Found) -> Value {
    let open: f64 = f.sources.iter().map(|s| s.hours).sum();
    let free: f64 = f.sources.iter().filter(|s| s.free).map(|s| s.hours).sum();
    json!({
        "gigatwin": stamp_json(&f.stamp),
        "answer": if f.refusal.is_some() { "no" } else { "yes" },
        "reason": f.refusal,
        "as": f.user.word(),
        "state": f.state,
        "gpu_hours": f.hours,
        "gpus": f.gpus,
        "nodes": f.nodes,
        "partition": f.partition.name,
        "class": f.class.id,
        "limits": {
            "job_hours": f.class.time_limit.s() / 3600.0,
            "user_gpus": f.most,
            "project_gpu_hours": f.class.project_hours,
            "may_be_stopped": f.class.requeues,
        },
        "application": { "route": f.class.route, "lead_s": f.lead.map(|l| json!({ "p10": l[0], "p50": l[1], "p90": l[2] })) },
        "wait_s": f.wait.map(|w| json!({ "p10": w.p10, "p50": w.p50, "p90": w.p90, "mean": w.mean, "jobs": w.jobs })),
        "job_hours": f.job_hours,
        "price": {
            "eur_per_hour": if free >= f.hours { 0.0 } else { f.price },
            "paid_hours": (f.hours - free).max(0.0),
            "total_eur": (f.hours - free).max(0.0) * f.price,
            "cost_eur_per_hour": f.cost,
        },
        "hours": {
            "open_per_year": open,
            "left": (open - f.hours).max(0.0),
            "sources": f.sources.iter().map(|s| json!({ "tenant": s.tenant, "hours": s.hours, "free": s.free, "part": s.part })).collect::<Vec<_>>(),
        },
        "outside": f.outside,
        "way_in": f.way_in,
    })
}

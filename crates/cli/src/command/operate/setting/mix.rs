//! A workload drawn without classes of access.

use gigatwin_factory::SiteOperations;
use gigatwin_operations::{
    Campaign, JobClass, Layout, Mix, Qos, Seconds, ServingPool, ShareTree, Stream, generate, sizes,
};

use super::super::classes::Drawn;
use super::{not_understood, tree};
use crate::args::operate::Operate;
use crate::context::Context;
use crate::exit::Fault;

/// Qualities of service of a drawn workload.
const NORMAL: u16 = 0;
const INTERACTIVE: u16 = 1;
const CAMPAIGN: u16 = 2;
const SERVING: u16 = 3;

/// A workload without classes of access.
pub fn plain(
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
pub fn mix(
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

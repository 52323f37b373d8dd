//! `fabric reliability`: failures to expect, interruptions by job size, spares.

use gigatwin_catalog::Kind;
use gigatwin_fabric::{
    NetworkHazards, SharedStorage, checkpoint, effective_time, job_mtbf, size, spare_nodes,
};
use gigatwin_factory::{site_networks, site_partitions, site_storage};
use gigatwin_quantity::{Dim, Hazard, Time};
use serde_json::{Value, json};

use super::design::Figures;
use super::{not_understood, stamp};
use crate::args::fabric::Reliability;
use crate::console::bold;
use crate::context::Context;
use crate::exit::{Exit, Fault};
use crate::layout::{Side, table};
use crate::stats;

/// Accelerators of the jobs that are shown.
const SIZES: [u32; 6] = [8, 256, 1024, 4096, 16_384, 131_072];
/// Accelerators of the node that published rates are of.
const REFERENCE_NODE: f64 = 8.0;

/// Mode, P10 and P90.
type Ranged = [f64; 3];

/// The rate of one kind.
type RateOf<'a> = &'a dyn Fn(&Rates) -> Hazard;

/// Rates of everything that can fail, at one quantile.
struct Rates {
    network: NetworkHazards,
    optic: Hazard,
    accelerator: Hazard,
    host: Hazard,
    software: Hazard,
    node: Hazard,
}

pub(super) fn run(context: &Context, args: &Reliability) -> Result<Exit, Fault> {
    if !(0.0..100.0).contains(&args.confidence) {
        return Err(not_understood(
            format!("--confidence: {} is not between 0 and below 100 per cent", args.confidence),
            "",
        ));
    }
    let catalog = context.catalog()?;
    let Some(usable) = context.usable(&args.file, &catalog)? else { return Ok(Exit::NotUnderstood) };
    let sha256 = usable.factory.sha256.as_str();
    let (networks, partitions, storage) = match (
        site_networks(&usable.factory),
        site_partitions(&usable.factory),
        site_storage(&usable.factory),
    ) {
        (Ok(n), Ok(p), Ok(s)) => (n, p, s),
        (Err(e), ..) | (_, Err(e), _) | (.., Err(e)) => {
            if context.json {
                context.json(
                    &json!({"gigatwin": stamp(context, sha256), "status": "infeasible", "infeasible": [e]}),
                )?;
            } else {
                context.data(&format!("{e}\n"))?;
            }
            return Ok(Exit::No);
        }
    };
    let mut rates = Vec::new();
    for quantile in [None, Some(0.1), Some(0.9)] {
        let f = Figures::new(&catalog, quantile)?;
        let (fabric, parts) = (f.entry(Kind::Defaults, "fabric")?, f.entry(Kind::Defaults, "reliability")?);
        let hazard = |key: &str| f.get::<Hazard>(&fabric, key);
        let part = |key: &str| f.get::<Hazard>(&parts, key);
        rates.push(Rates {
            network: NetworkHazards {
                access_link: part("access_link")?,
                trunk_link: hazard("hazard_trunk_link")?,
                switch: part("switch")?,
            },
            optic: part("optic")?,
            accelerator: part("accelerator")?,
            host: part("host")?,
            software: part("software")?,
            // The file's own rate is the base; the catalog's range stands around it.
            node: if quantile.is_none() { storage.node_failure } else { hazard("node_failure")? },
        });
    }
    let ranged = |of: &dyn Fn(&Rates) -> f64| -> Ranged { [of(&rates[0]), of(&rates[1]), of(&rates[2])] };

    // What fails in a year, by kind.
    let mut kinds: Vec<(&str, f64, Ranged)> = Vec::new();
    let bills: Vec<_> = networks.iter().filter_map(|n| size(&n.design).ok()).collect();
    let total = |of: &dyn Fn(&gigatwin_fabric::BillOfMaterials) -> u64| {
        bills.iter().map(|b| of(b) as f64).sum::<f64>()
    };
    let accelerators: f64 = partitions.iter().map(|p| p.accelerators).sum();
    let nodes: f64 = partitions.iter().map(|p| p.accelerators / p.per_node.max(1.0)).sum();
    let counts: [(&str, f64, RateOf<'_>); 7] = [
        ("accelerators", accelerators, &|r| r.accelerator),
        ("hosts", nodes, &|r| r.host),
        ("software, per accelerator", accelerators, &|r| r.software),
        ("access links", total(&|b| b.node_leaf.links), &|r| r.network.access_link),
        ("trunk links", total(&|b| b.leaf_spine.links + b.spine_core.links), &|r| r.network.trunk_link),
        ("switches", total(&gigatwin_fabric::BillOfMaterials::switches), &|r| r.network.switch),
        ("of links: optics", total(&|b| b.endpoint_optics + b.switch_optics), &|r| r.optic),
    ];
    for (name, count, of) in counts {
        kinds.push((name, count, ranged(&|r| count * of(r).per_year())));
    }

    // Interruptions of one job by its size, with the stall of the largest checkpoint of the file.
    let largest =
        storage.jobs.iter().max_by(|a, b| a.checkpoint.size.bytes().total_cmp(&b.checkpoint.size.bytes()));
    let mut jobs = Vec::new();
    for chips in SIZES {
        let nodes = (f64::from(chips) / REFERENCE_NODE).ceil() as u32;
        let mtbf = ranged(&|r| job_mtbf(r.node, nodes).hours());
        let ettr = largest.and_then(|job| {
            let shared = SharedStorage { ..storage.shared };
            let inputs = gigatwin_fabric::CheckpointInputs {
                nodes,
                chips_per_node: REFERENCE_NODE as u32,
                ..job.checkpoint
            };
            let t = checkpoint(&inputs, &shared, None).ok()?;
            let of = |r: &Rates| {
                let failures = gigatwin_fabric::FailureInputs {
                    node_failure: r.node,
                    restart: job.failures.restart,
                    checkpoint_stall: t.stall,
                };
                effective_time(&failures, nodes, None, t.save).map_or(f64::NAN, |e| e.ratio)
            };
            Some([of(&rates[0]), of(&rates[1]), of(&rates[2])])
        });
        jobs.push((chips, mtbf, ettr));
    }

    // Spares: nodes out at once.
    let confidence = args.confidence / 100.0;
    let mut spares = Vec::new();
    for p in &partitions {
        let n = (p.accelerators / p.per_node.max(1.0)).ceil();
        let of = |r: &Rates| {
            let node = r.node * (p.per_node / REFERENCE_NODE);
            spare_nodes(n.min(f64::from(u32::MAX)) as u32, node, storage.repair, confidence).map(f64::from)
        };
        spares.push((p.name.clone(), n, [of(&rates[0]), of(&rates[1]), of(&rates[2])]));
    }
    stats::say(context, &[("partitions", partitions.len()), ("networks", networks.len())]);

    let finite = |v: f64| if v.is_finite() { json!(v) } else { Value::Null };
    if context.json {
        let triple = |[v, low, high]: Ranged| json!({"value": finite(v), "low": finite(low.min(high)), "high": finite(low.max(high))});
        let kinds: Vec<Value> = kinds
            .iter()
            .map(|(k, n, y)| json!({"kind": k, "count": n, "failures_per_year": triple(*y)}))
            .collect();
        let jobs: Vec<Value> = jobs
            .iter()
            .map(|(chips, mtbf, ettr)| json!({"accelerators": chips, "mtbf_h": triple(*mtbf), "ettr": ettr.map(triple)}))
            .collect();
        let spares: Vec<Value> =
            spares.iter().map(|(name, n, s)| json!({"partition": name, "nodes": n, "spares": {"value": s[0], "low": s[1], "high": s[2]}})).collect();
        context.json(&json!({
            "gigatwin": stamp(context, sha256), "status": "ok", "failures": kinds, "jobs": jobs,
            "spares": spares, "confidence": confidence,
        }))?;
        return Ok(Exit::Done);
    }
    let f = context.figures();
    let band =
        |dim: Dim, [_, low, high]: Ranged| format!("[{}]", f.range(dim, "", low.min(high), low.max(high)));
    let head = |texts: [&str; 4]| texts.map(str::to_owned).to_vec();
    let mut rows = vec![head(["a year", "parts", "failures", "P10 to P90"])];
    rows.extend(kinds.iter().map(|(k, n, y)| {
        vec![(*k).to_owned(), f.value(Dim::Count, *n), f.plain(y[0]), band(Dim::Ratio, *y)]
    }));
    let right = [Side::Left, Side::Right, Side::Right, Side::Left];
    let title = |text: &str| bold(text, context.console.out_colour);
    let mut out = format!("{}\n\n{}", title("Failures"), table(&right, &rows));
    let mut rows = vec![head(["accelerators", "between interruptions", "P10 to P90", "effective time"])];
    for (chips, mtbf, ettr) in &jobs {
        let hours = |h: f64| Time::from_hours(h).s();
        let ettr = ettr.map_or_else(
            || f.missing().to_owned(),
            |e| if e[0].is_nan() { "no progress".to_owned() } else { f.value(Dim::Share, e[0]) },
        );
        rows.push(vec![
            f.count(*chips as usize),
            f.value(Dim::Time, hours(mtbf[0])),
            band(Dim::Time, mtbf.map(hours)),
            ettr,
        ]);
    }
    out.push_str(&format!(
        "\n{}\n\n{}",
        title("One job, all its nodes needed"),
        table(&[Side::Right, Side::Right, Side::Left, Side::Right], &rows)
    ));
    let mut rows = vec![head(["partition", "nodes", "spares", "P10 to P90"])];
    for (name, n, s) in &spares {
        let text = |v: Option<f64>| v.map_or_else(|| f.missing().to_owned(), |v| f.value(Dim::Count, v));
        rows.push(vec![
            name.clone(),
            f.value(Dim::Count, *n),
            text(s[0]),
            format!("[{}–{}]", text(s[1]), text(s[2])),
        ]);
    }
    out.push_str(&format!("\n{}\n\n{}", title("Spare nodes"), table(&right, &rows)));
    out.push_str(&format!("\n  Spares suffice with {} while failed nodes are repaired. Rates are of nodes of eight;\n  jobs under about 4,096 accelerators fail more often than this series model says.\n", f.value(Dim::Share, confidence)));
    context.data(&out)?;
    Ok(Exit::Done)
}

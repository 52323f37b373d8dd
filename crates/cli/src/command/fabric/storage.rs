//! `fabric storage`: checkpoints, capacity, and what the storage's bandwidth does to training.

use gigatwin_catalog::Kind;
use gigatwin_fabric::{
    CapacityInputs, CheckpointTimes, MemoryTimes, NodeTier, PeerMemory, SharedStorage, StorageUnit,
    checkpoint, effective_time, peer_checkpoint,
};
use gigatwin_factory::{SiteJob, SitePartition, SiteStorage, site_partitions, site_storage};
use gigatwin_quantity::{Bandwidth, Data, Dim, Quantity, Share, Time};
use serde_json::{Value, json};

use super::design::Figures;
use super::{not_understood, stamp};
use crate::args::fabric::Storage;
use crate::console::bold;
use crate::context::Context;
use crate::exit::{Exit, Fault};
use crate::layout::{Side, table};
use crate::stats;

/// Bandwidths of the storage that are tried, as multiples of what the file says.
const MULTIPLES: [f64; 5] = [0.25, 0.5, 1.0, 2.0, 4.0];

pub(super) fn run(context: &Context, args: &Storage) -> Result<Exit, Fault> {
    if !(args.bytes_per_token >= 0.0 && args.bytes_per_token.is_finite()) {
        let message =
            format!("--bytes-per-token: {} is not a finite number of zero or more", args.bytes_per_token);
        return Err(not_understood(message, ""));
    }
    let catalog = context.catalog()?;
    let Some(usable) = context.usable(&args.file, &catalog)? else { return Ok(Exit::NotUnderstood) };
    let sha256 = usable.factory.sha256.as_str();
    let (mut site, partitions) = match (site_storage(&usable.factory), site_partitions(&usable.factory)) {
        (Ok(site), Ok(partitions)) => (site, partitions),
        (Err(reason), _) | (_, Err(reason)) => return no(context, sha256, &[reason]),
    };
    let figures = Figures::new(&catalog, None)?;
    let defaults = figures.entry(Kind::Defaults, "fabric")?;
    let rate = |key: &str| figures.get::<Bandwidth>(&defaults, key);
    // The file gives what checkpoints are written with; reading is faster in the vendor's proportion.
    site.shared.read = site.shared.write * (rate("storage_read_per_chip")? / rate("storage_write_per_chip")?);
    let tier = NodeTier {
        read: rate("node_tier_read")?,
        write: rate("node_tier_write")?,
        capacity: figures.get::<Data>(&defaults, "node_tier_capacity")?,
    };
    let free = figures.get::<Share>(&defaults, "storage_free_share")?;
    let accelerators: f64 = partitions.iter().map(|p| p.accelerators).sum();
    let mut vendor = Vec::new();
    for quantile in [0.0, 1.0] {
        let f = Figures::new(&catalog, Some(quantile))?;
        let per = |key: &str| f.get::<Bandwidth>(&defaults, key);
        vendor.push((
            per("storage_read_per_chip")? * accelerators,
            per("storage_write_per_chip")? * accelerators,
        ));
    }
    let units = units(&figures, accelerators, site.shared.write)?;
    let entry = figures.entry(Kind::Defaults, "storage_units")?;
    let images = figures.get::<Bandwidth>(&entry, "image_read_per_chip")? * accelerators;
    let memory = figures.get::<Data>(&entry, "memory_tier_capacity")?;
    let need = capacity(&site, args, free);
    let (mut found, mut short) = (Vec::new(), Vec::new());
    for job in &site.jobs {
        let peer = partitions.iter().find(|p| p.name == job.partition).map(|p| peer(p, memory));
        match Answer::new(job, &site.shared, &tier, peer.as_ref()) {
            Ok(answer) => found.push(answer),
            Err(reason) => short.push(format!("training.{}: {reason}", job.name)),
        }
    }
    if let Some(need) = need.filter(|n| *n > site.shared.capacity) {
        let gap = context.figures().value(Dim::Data, (need - site.shared.capacity).bytes());
        short.push(format!("storage: short by {gap} of capacity; keep fewer checkpoints or build more"));
    }
    stats::say(context, &[("runs", found.len())]);
    let vendor: [(Bandwidth, Bandwidth); 2] = [vendor[0], vendor[1]];
    if context.json {
        let jobs: Vec<Value> = found.iter().map(Answer::json).collect();
        let [low, high] = vendor;
        context.json(&json!({
            "gigatwin": stamp(context, sha256),
            "status": if short.is_empty() { "ok" } else { "infeasible" },
            "infeasible": short,
            "capacity": {"value": site.shared.capacity.pb(), "needed": need.map(Data::pb), "unit": "PB"},
            "write": {"value": site.shared.write.gb_per_s(), "vendor_low": low.1.gb_per_s(), "vendor_high": high.1.gb_per_s(), "unit": "GB/s"},
            "read": {"value": site.shared.read.gb_per_s(), "vendor_low": low.0.gb_per_s(), "vendor_high": high.0.gb_per_s(), "unit": "GB/s"},
            "vendor_units": units.iter().map(Units::json).collect::<Vec<_>>(),
            "image_training_read": {"value": images.gb_per_s(), "unit": "GB/s"},
            "runs": jobs,
        }))?;
    } else {
        context.data(&page(context, &site, need, (vendor, &units, images), &found))?;
        for reason in &short {
            context.data(&format!("\n{reason}\n"))?;
        }
    }
    Ok(if short.is_empty() { Exit::Done } else { Exit::No })
}

fn no(context: &Context, sha256: &str, reasons: &[String]) -> Result<Exit, Fault> {
    if context.json {
        context.json(
            &json!({"gigatwin": stamp(context, sha256), "status": "infeasible", "infeasible": reasons}),
        )?;
    } else {
        context.data(&format!("{}\n", reasons.join("\n")))?;
    }
    Ok(Exit::No)
}

/// Storage of a vendor's units for the accelerators of the site.
struct Units {
    generation: &'static str,
    each: u32,
    number: u32,
    /// Standard and enhanced: read and write.
    tiers: [(Bandwidth, Bandwidth); 2],
    /// Where the site's write rate lies.
    verdict: &'static str,
}

const GENERATIONS: [&str; 2] = ["gb200", "b300"];

fn units(f: &Figures<'_>, accelerators: f64, write: Bandwidth) -> Result<Vec<Units>, Fault> {
    let entry = f.entry(Kind::Defaults, "storage_units")?;
    let chips = accelerators.ceil().min(f64::from(u32::MAX)) as u32;
    let mut out = Vec::new();
    for generation in GENERATIONS {
        let each = f.number(&entry, &format!("{generation}_accelerators"), Dim::Count)? as u32;
        let tier = |name: &str| -> Result<(u32, Bandwidth, Bandwidth), Fault> {
            let side = |which: &str| f.get::<Bandwidth>(&entry, &format!("{generation}_{name}_{which}"));
            Ok(StorageUnit { accelerators: each, read: side("read")?, write: side("write")? }.of(chips))
        };
        let (number, read, standard) = tier("standard")?;
        let (_, fast, enhanced) = tier("enhanced")?;
        let verdict = if write < standard {
            "below standard"
        } else if write < enhanced {
            "between standard and enhanced"
        } else {
            "at or above enhanced"
        };
        out.push(Units { generation, each, number, tiers: [(read, standard), (fast, enhanced)], verdict });
    }
    Ok(out)
}

impl Units {
    fn json(&self) -> Value {
        let side = |(r, w): (Bandwidth, Bandwidth)| json!({"read": r.gb_per_s(), "write": w.gb_per_s(), "unit": "GB/s"});
        json!({"generation": self.generation, "accelerators_per_unit": self.each, "units": self.number,
            "standard": side(self.tiers[0]), "enhanced": side(self.tiers[1]), "site_write": self.verdict})
    }
}

/// Memory of the hosts of a partition, reached over all NICs of a node.
fn peer(p: &SitePartition, capacity: Data) -> PeerMemory {
    let nic = p.network.scaleout * p.network.calibration.nic_efficiency;
    PeerMemory { rate: nic * p.per_node.max(1.0), capacity }
}

/// What shared storage has to hold: data sets of all runs, checkpoints kept, free space.
fn capacity(site: &SiteStorage, args: &Storage, free: Share) -> Option<Data> {
    let tokens: f64 = site.jobs.iter().filter_map(|j| j.tokens).sum();
    let kept: Data = site.jobs.iter().map(|j| j.checkpoint.size * f64::from(args.keep)).sum();
    let inputs = CapacityInputs {
        datasets: Data::from_bytes(tokens * args.bytes_per_token),
        checkpoints_kept: 1.0,
        checkpoint_size: kept,
        other: Data::ZERO,
        free_share: free.fraction(),
    };
    inputs.need()
}

/// Where checkpoints go from which a run restarts.
const TIERS: [&str; 3] = ["shared storage", "node flash", "peer memory"];

/// One run.
struct Answer<'j> {
    job: &'j SiteJob,
    shared: CheckpointTimes,
    tiered: Option<CheckpointTimes>,
    /// In the memory of peers; absent where it does not hold the copies.
    memory: Option<MemoryTimes>,
    /// Interval and effective time ratio with checkpoints on shared storage, node flash, in memory.
    by_tier: [Option<(Time, f64)>; 3],
    /// Interval and effective time ratio at each multiple of the bandwidth; none where the run makes no progress.
    by_bandwidth: Vec<(f64, Option<(Time, f64)>)>,
}

impl<'j> Answer<'j> {
    fn new(
        job: &'j SiteJob,
        storage: &SharedStorage,
        tier: &NodeTier,
        peer: Option<&PeerMemory>,
    ) -> Result<Answer<'j>, String> {
        let shared = checkpoint(&job.checkpoint, storage, None).map_err(|e| e.to_string())?;
        // A node tier that holds too little is no fault of the site: it is then not used.
        let tiered = checkpoint(&job.checkpoint, storage, Some(tier)).ok();
        let memory = peer.and_then(|p| peer_checkpoint(&job.checkpoint, p).ok());
        let effective = |stall: Time, load: Time, least: Time| {
            let restart = job.failures.restart + load;
            let failures =
                gigatwin_fabric::FailureInputs { checkpoint_stall: stall, restart, ..job.failures };
            effective_time(&failures, job.nodes, None, least).ok().map(|e| (e.interval, e.ratio))
        };
        let flash = tiered.as_ref().and_then(|t| Some((t.stall, t.node_write?, t.node_load?)));
        let by_tier = [
            effective(shared.stall, shared.load, shared.save),
            flash.and_then(|(stall, write, load)| effective(stall, load, stall + write)),
            memory.and_then(|m| effective(m.stall, m.load, m.save)),
        ];
        let by_bandwidth = MULTIPLES
            .into_iter()
            .map(|multiple| {
                let faster = SharedStorage {
                    read: storage.read * multiple,
                    write: storage.write * multiple,
                    ..*storage
                };
                let effective = checkpoint(&job.checkpoint, &faster, None).ok().and_then(|t| {
                    let failures = gigatwin_fabric::FailureInputs {
                        checkpoint_stall: t.stall,
                        restart: job.failures.restart + t.load,
                        ..job.failures
                    };
                    effective_time(&failures, job.nodes, None, t.save).ok()
                });
                (multiple, effective.map(|e| (e.interval, e.ratio)))
            })
            .collect();
        Ok(Answer { job, shared, tiered, memory, by_tier, by_bandwidth })
    }

    fn json(&self) -> Value {
        let times = |t: &CheckpointTimes| {
            json!({"stall_s": t.stall.s(), "save_s": t.save.s(), "load_s": t.load.s(), "least_interval_s": t.least_interval.s(),
                "node_write_s": t.node_write.map(Time::s), "node_load_s": t.node_load.map(Time::s)})
        };
        let steps: Vec<Value> = self
            .by_bandwidth
            .iter()
            .map(|(m, e)| json!({"bandwidth_multiple": m, "interval_s": e.map(|e| e.0.s()), "ettr": e.map(|e| e.1)}))
            .collect();
        let tiers: Vec<Value> = TIERS
            .iter()
            .zip(self.by_tier)
            .map(|(t, e)| json!({"tier": t, "interval_s": e.map(|e| e.0.s()), "ettr": e.map(|e| e.1)}))
            .collect();
        json!({
            "name": self.job.name,
            "model": self.job.model,
            "nodes": self.job.nodes,
            "checkpoint_tb": self.job.checkpoint.size.tb(),
            "per_accelerator_gb": self.job.checkpoint.size.gb() / f64::from(self.job.accelerators.max(1)),
            "shared": times(&self.shared),
            "node_tier": self.tiered.as_ref().map(times),
            "peer_memory": self.memory.map(|m| json!({"stall_s": m.stall.s(), "save_s": m.save.s(), "load_s": m.load.s()})),
            "ettr_by_tier": tiers,
            "ettr_by_bandwidth": steps,
        })
    }
}

fn page(
    context: &Context,
    site: &SiteStorage,
    need: Option<Data>,
    ([low, high], units, images): ([(Bandwidth, Bandwidth); 2], &[Units], Bandwidth),
    found: &[Answer<'_>],
) -> String {
    let f = context.figures();
    let show = |dim: Dim, v: f64| f.value(dim, v);
    let rate = |b: Bandwidth| show(Dim::Bandwidth, b.base());
    let needed = need.map_or_else(|| f.missing().to_owned(), |n| show(Dim::Data, n.bytes()));
    let mut out = format!("{}\n\n", bold("Shared storage", context.console.out_colour));
    let mut rows = vec![
        vec![
            "capacity".to_owned(),
            format!("{}, needed {needed}", show(Dim::Data, site.shared.capacity.bytes())),
        ],
        vec![
            "write".to_owned(),
            format!(
                "{}; the vendor's reference units come to {} to {}",
                rate(site.shared.write),
                rate(low.1),
                rate(high.1)
            ),
        ],
        vec![
            "read".to_owned(),
            format!(
                "{}; the vendor's reference units come to {} to {}",
                rate(site.shared.read),
                rate(low.0),
                rate(high.0)
            ),
        ],
    ];
    for u in units {
        let side = |(r, w): (Bandwidth, Bandwidth)| format!("{} read, {} write", rate(r), rate(w));
        rows.push(vec![
            format!("{} units", u.generation.to_uppercase()),
            format!("{} of {} accelerators; writing is {}", f.count(u.number as usize), u.each, u.verdict),
        ]);
        for (name, tier) in ["  standard", "  enhanced"].into_iter().zip(u.tiers) {
            rows.push(vec![name.to_owned(), side(tier)]);
        }
    }
    rows.push(vec![
        "image training".to_owned(),
        format!("{} read at most; text takes a thousandth", rate(images)),
    ]);
    out.push_str(&table(&[Side::Left, Side::Left], &rows));
    for a in found {
        let time = |t: Time| show(Dim::Time, t.s());
        out.push_str(&format!(
            "\n{}\n\n",
            bold(
                &format!("{}: {} on {} nodes", a.job.name, a.job.model, f.count(a.job.nodes as usize)),
                context.console.out_colour
            )
        ));
        let mut rows = vec![
            vec!["checkpoint".to_owned(), show(Dim::Data, a.job.checkpoint.size.bytes())],
            vec![
                "stall".to_owned(),
                format!("{} while accelerators copy to their hosts", time(a.shared.stall)),
            ],
            vec!["save".to_owned(), format!("{} until it is on shared storage", time(a.shared.save))],
            vec!["load".to_owned(), format!("{} from shared storage", time(a.shared.load))],
        ];
        if let Some((write, load)) = a.tiered.as_ref().and_then(|t| Some((t.node_write?, t.node_load?))) {
            rows.push(vec![
                "node flash".to_owned(),
                format!("{} to write, {} to load", time(write), time(load)),
            ]);
        }
        if let Some(m) = a.memory {
            rows.push(vec![
                "peer memory".to_owned(),
                format!("{} to save, {} to load on a replaced node", time(m.save), time(m.load)),
            ]);
        }
        for (tier, effective) in TIERS.iter().zip(a.by_tier) {
            let Some((interval, ratio)) = effective else { continue };
            rows.push(vec![
                format!("from {tier}"),
                format!("{} effective time, a checkpoint every {}", show(Dim::Share, ratio), time(interval)),
            ]);
        }
        for (multiple, effective) in &a.by_bandwidth {
            let text = match effective {
                Some((interval, ratio)) => format!(
                    "{} effective time, a checkpoint every {}",
                    show(Dim::Share, *ratio),
                    time(*interval)
                ),
                None => "no progress: interrupted before a checkpoint pays".to_owned(),
            };
            rows.push(vec![format!("at {multiple} x the bandwidth"), text]);
        }
        out.push_str(&table(&[Side::Left, Side::Left], &rows));
    }
    out
}

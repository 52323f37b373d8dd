//! The network of a simulation: from a factory file, or from options.

use gigatwin_catalog::{Catalog, Kind};
use gigatwin_fabric::flow::{Domain, Overlap, Topology, TopologyError, Traffic};
use gigatwin_fabric::{FabricDesign, Network, Structure, size};
use gigatwin_factory::traffic::step_traffic;
use gigatwin_factory::training::training_tasks;
use gigatwin_factory::{site_networks, site_partitions, site_storage};
use gigatwin_quantity::{Bandwidth, Time};
use sha2::{Digest, Sha256};

use super::super::design::{Figures, describe};
use super::super::not_understood;
use super::{coded, quantity};
use crate::args::fabric::Simulate;
use crate::context::Context;
use crate::exit::Fault;
use crate::files;

/// A network with what the analytic model knows of it.
pub(super) struct Setting {
    pub name: String,
    pub kind: String,
    pub topology: Topology,
    pub network: Network,
    /// NICs of a node.
    pub rails: u32,
    /// Endpoints of the partition of a job: the first, and the one behind the last.
    pub first: u32,
    pub end: u32,
    pub sha256: String,
    /// Traffic of a run of the file, with the words for its layout.
    pub traffic: Option<Traffic>,
    pub notes: Vec<String>,
}

/// Nothing where faults have been reported.
pub(super) fn read(context: &Context, args: &Simulate) -> Result<Option<Setting>, Fault> {
    let catalog = context.catalog()?;
    let defaults = Figures::new(&catalog, None)?;
    let latency: Time = defaults.get(&defaults.entry(Kind::Defaults, "fabric")?, "hop_latency")?;
    let mut setting = match &args.file {
        Some(_) => match of_file(context, args, &catalog, latency)? {
            Some(setting) => setting,
            None => return Ok(None),
        },
        None => of_options(args, &catalog, latency)?,
    };
    // What else was read belongs to the stamp.
    let mut hash = Sha256::new();
    hash.update(&setting.sha256);
    hash.update(format!("{:?}", Said::of(args)));
    if let Some(path) = &args.traffic {
        hash.update(files::read(&context.messages, path)?.1);
    }
    setting.sha256 = hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
    Ok(Some(setting))
}

/// The options that change the result.
#[derive(Debug)]
struct Said<'a>(#[allow(dead_code)] Vec<&'a dyn std::fmt::Debug>);

impl<'a> Said<'a> {
    fn of(a: &'a Simulate) -> Said<'a> {
        Said(vec![
            &a.fabric,
            &a.run,
            &a.pattern,
            &a.bytes,
            &a.placement,
            &a.routing,
            &a.fail,
            &a.flap,
            &a.reaction,
            &a.background,
            &a.endpoint_rate,
            &a.scaleup_domain,
            &a.scaleup_rate,
            &a.first,
            &a.overlap,
        ])
    }
}

fn rails_of(design: &FabricDesign) -> u32 {
    match design.structure {
        Structure::RailOptimised { rails } | Structure::RailOnly { rails } => rails.max(1),
        _ => 1,
    }
}

fn unbuilt(e: &TopologyError) -> Fault {
    coded(e.code(), e.to_string(), "")
}

fn of_options(args: &Simulate, catalog: &Catalog, latency: Time) -> Result<Setting, Fault> {
    let described = describe(catalog, &args.design)?;
    let design = described.base;
    let planes = f64::from(design.planes.max(1));
    let whole: Bandwidth = match &args.endpoint_rate {
        Some(text) => quantity(text, "--endpoint-rate")?,
        None => design.switch.port_rate * planes,
    };
    let domain = match (args.scaleup_domain, &args.scaleup_rate) {
        (Some(size), Some(rate)) => {
            let rate = quantity(rate, "--scaleup-rate")?;
            Some(Domain { size, rate, latency })
        }
        _ => None,
    };
    let topology = Topology::of_design(&design, whole / planes, latency, domain).map_err(|e| unbuilt(&e))?;
    let taper = size(&design).map_or(1.0, |b| b.oversubscription);
    let mut network =
        Network::new(domain.map_or(whole, |d| d.rate), domain.map_or(1, |d| d.size), false, whole, taper);
    // Rates are what the options say, not what a NIC makes of them.
    network.calibration.nic_efficiency = 1.0;
    network.calibration.ring_efficiency = 1.0;
    Ok(Setting {
        name: "network".to_owned(),
        kind: described.kind.to_owned(),
        topology,
        network,
        rails: rails_of(&design).max(if args.design.rails > 0 { args.design.rails } else { 1 }),
        first: 0,
        end: design.endpoints,
        sha256: described.sha256,
        traffic: None,
        notes: Vec::new(),
    })
}

fn of_file(
    context: &Context,
    args: &Simulate,
    catalog: &Catalog,
    latency: Time,
) -> Result<Option<Setting>, Fault> {
    let Some(path) = &args.file else { return Ok(None) };
    let Some(usable) = context.usable(path, catalog)? else { return Ok(None) };
    let factory = &usable.factory;
    let say = |reason: String| not_understood(reason, "gigatwin run says more");
    let networks = site_networks(factory).map_err(say)?;
    let partitions = site_partitions(factory).map_err(say)?;
    let mut notes = Vec::new();
    let mut traffic = None;
    let mut of_run = None;
    if let Some(wanted) = &args.run {
        let tasks = training_tasks(factory).map_err(say)?;
        let names: Vec<&str> = tasks.iter().map(|t| t.name.as_str()).collect();
        let Some(task) = tasks.iter().find(|t| t.name == *wanted) else {
            let hint = format!("one of: {}", names.join(", "));
            return Err(coded("G302", format!("there is no training run \"{wanted}\" in the file"), hint));
        };
        let layout = match &task.layout {
            Some(layout) => *layout,
            None => {
                let found = gigatwin_training::plan(&task.job(), &task.request())
                    .map_err(|e| coded("G500", format!("{wanted}: {e}"), "give it a layout in the file"))?;
                found.layout
            }
        };
        notes.push(format!(
            "layout TP{} CP{} PP{} DP{} EP{}, {} micro-batches",
            layout.tp,
            layout.cp,
            layout.pp,
            layout.dp,
            layout.ep,
            layout.micro_batches()
        ));
        // Two partitions may hold the same system: the run says which is its own.
        let jobs = site_storage(factory).map_err(say)?.jobs;
        let own = jobs.iter().find(|j| j.name == *wanted).map(|j| j.partition.as_str());
        of_run = partitions.iter().find(|p| Some(p.name.as_str()) == own);
        let overlap = if args.overlap { Overlap::Replicas } else { Overlap::Nothing };
        traffic = Some(step_traffic(&task.model, &task.state, &layout, overlap));
    }
    let wanted = args.fabric.clone().or_else(|| of_run.map(|p| p.fabric.clone()));
    let names: Vec<&str> = networks.iter().map(|n| n.name.as_str()).collect();
    let hint = format!("one of: {}", names.join(", "));
    let site = match &wanted {
        Some(name) => networks.iter().find(|n| n.name == *name),
        None if networks.len() == 1 => networks.first(),
        None => return Err(not_understood("the file has several networks: say which with --fabric", hint)),
    };
    let Some(site) = site else {
        return Err(not_understood(
            format!("there is no network \"{}\" in the file", wanted.unwrap_or_default()),
            hint,
        ));
    };
    let partition = match of_run.or_else(|| partitions.iter().find(|p| p.fabric == site.name)) {
        Some(partition) => partition,
        None => return Err(not_understood(format!("no partition is on the network {}", site.name), "")),
    };
    let mut network = partition.network;
    let ports = f64::from(site.design.endpoints)
        / partitions.iter().filter(|p| p.fabric == site.name).map(|p| p.accelerators).sum::<f64>().max(1.0);
    if (ports - 1.0).abs() > 0.01 {
        notes.push(format!("{ports:.1} ports of a plane per accelerator are taken as one endpoint each"));
    }
    // Partitions lie one after another on their network, in the order of the file.
    let before = partitions.iter().filter(|p| p.fabric == site.name).take_while(|p| p.name != partition.name);
    let first = (before.map(|p| p.accelerators).sum::<f64>() * ports.max(1.0)).round();
    let end = (first + partition.accelerators * ports.max(1.0)).round() as u32;
    let first = first as u32;
    if args.run.is_some() {
        notes.push(format!(
            "partition {} holds the endpoints {first} to {}",
            partition.name,
            end.saturating_sub(1)
        ));
    }
    let planes = f64::from(site.design.planes.max(1));
    let c = &network.calibration;
    let endpoint = network.scaleout * (c.nic_efficiency / planes);
    let domain = (network.domain > 1).then(|| Domain {
        size: network.domain,
        rate: network.scaleup * c.ring_efficiency,
        latency,
    });
    notes.push(format!(
        "endpoints at {} in each plane and {} in a domain of {}: what NCCL reaches",
        endpoint,
        network.scaleup * c.ring_efficiency,
        network.domain
    ));
    let topology = Topology::of_design(&site.design, endpoint, latency, domain).map_err(|e| unbuilt(&e))?;
    network.oversubscription = size(&site.design).map_or(1.0, |b| b.oversubscription);
    Ok(Some(Setting {
        name: site.name.clone(),
        kind: site.kind.to_owned(),
        topology,
        network,
        rails: rails_of(&site.design),
        first,
        end,
        sha256: factory.sha256.clone(),
        traffic,
        notes,
    }))
}

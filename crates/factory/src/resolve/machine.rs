use gigatwin_catalog::{Entry, Kind};
use gigatwin_quantity::{Bandwidth, Dim, Money, Power};

use super::builder::Builder;
use crate::check::TableNode;
use crate::diagnostic::Span;
use crate::inputs::{Plain, Values};
use crate::language::machine as language;
use crate::outcome::slug;
use crate::resolved::{ChipInputs, Fabric, FabricKind, Partition, Phase, Scaled, Size, Storage};

/// The network that stands where the file names none.
const DEFAULT_SWITCH: &str = "quantum-x800";

/// TPU v4 (ISCA 2023): cubes of 4×4×4 chips on circuit switches of 136 ports.
const CUBE_EDGE: u32 = 4;
const CIRCUIT_PORTS: u32 = 136;

pub(super) fn resolve(
    b: &mut Builder<'_>,
    root: &TableNode,
    phases: &[Phase],
) -> (Vec<Fabric>, Vec<Partition>) {
    let mut fabrics = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    for (name, span, node) in root.named("fabric") {
        if names.iter().any(|n| slug(n) == slug(name)) {
            b.error(
                "G303",
                *span,
                format!("there are two fabrics \"{name}\""),
                "give each fabric a name of its own",
            );
            continue;
        }
        names.push(name);
        if let Some(fabric) = fabric(b, name, *span, node) {
            fabrics.push(fabric);
        }
    }
    let mut partitions: Vec<Partition> = Vec::new();
    let nodes = root.tables("partition");
    if nodes.is_empty() && root.fields.contains_key("partition") {
        b.error("G404", root.span, "there is no partition: nothing to evaluate", "add a [[partition]]");
    }
    for node in nodes {
        let Some((name, span)) = node.text("name") else { continue };
        let slug = slug(name);
        if partitions.iter().any(|p| p.slug == slug) {
            b.error(
                "G303",
                span,
                format!("there are two partitions \"{name}\""),
                "give each partition a name of its own",
            );
            continue;
        }
        let fabric = match node.text("fabric") {
            Some((wanted, at)) => {
                b.choice(&format!("partition.{slug}"), "fabric", wanted);
                let found = fabrics.iter().position(|f| f.slug == crate::outcome::slug(wanted));
                if found.is_none() && !names.contains(&wanted) {
                    unknown_name(b, "fabric", wanted, at, names.iter().copied());
                }
                found
            }
            None => default_fabric(b, &mut fabrics, span),
        };
        if let Some(partition) = partition(b, node, &slug, span, phases, fabric) {
            partitions.push(partition);
        }
    }
    (fabrics, partitions)
}

pub(super) fn unknown_name<'n>(
    b: &mut Builder<'_>,
    what: &str,
    name: &str,
    span: Span,
    known: impl Iterator<Item = &'n str> + Clone,
) {
    let hint = match crate::check::nearest(name, known.clone()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => {
            let all: Vec<&str> = known.collect();
            if all.is_empty() {
                format!("define a {what} of that name")
            } else {
                format!("defined are: {}", all.join(", "))
            }
        }
    };
    b.error("G302", span, format!("there is no {what} \"{name}\" in the file"), hint);
}

fn default_fabric(b: &mut Builder<'_>, fabrics: &mut Vec<Fabric>, span: Span) -> Option<usize> {
    if let Some(i) = fabrics.iter().position(|f| f.slug == "default") {
        return Some(i);
    }
    b.choices_at_default += 1;
    let switch = b.entry(Kind::Switches, DEFAULT_SWITCH, span)?;
    let made = assemble(b, "default", FabricKind::RailOptimised, &switch, None, (None, None), 1, span)?;
    fabrics.push(made);
    Some(fabrics.len() - 1)
}

fn fabric(b: &mut Builder<'_>, name: &str, span: Span, node: &TableNode) -> Option<Fabric> {
    let path = format!("fabric.{}", slug(name));
    let kind = match b.word(&language::FABRIC, node, "kind", &path).as_str() {
        "fat tree" => FabricKind::FatTree,
        "rail-only" => FabricKind::RailOnly,
        "dragonfly" => FabricKind::Dragonfly,
        "dragonfly+" => FabricKind::DragonflyPlus,
        "hyperx" => FabricKind::HyperX,
        "3d torus" => {
            let mut own = |key: &str, otherwise: u32| match node.whole(key) {
                Some(_) => b.whole(&language::FABRIC, node, key, &path),
                None => {
                    b.choices_at_default += 1;
                    otherwise
                }
            };
            FabricKind::Torus {
                edge: own("cube_edge", CUBE_EDGE),
                circuit_ports: own("circuit_ports", CIRCUIT_PORTS),
            }
        }
        _ => FabricKind::RailOptimised,
    };
    let planes = b.whole(&language::FABRIC, node, "planes", &path);
    let mut ratio = |key: &str| {
        let table = node.table("oversubscription")?;
        let input = b.quantity::<Plain>(
            &language::OVERSUBSCRIPTION,
            table,
            key,
            &format!("{path}.oversubscription"),
        )?;
        let base = b.inputs.base();
        if Values::new(&b.inputs, &base).number(input) < 1.0 {
            let message = format!("oversubscription at the {key} is below 1");
            b.error("G210", table.span_of(key), message, "1 is a full network; 2 halves its up-links");
        }
        Some(input)
    };
    let (leaf, spine) = (ratio("leaf"), ratio("spine"));
    let switch = node.text("switch").and_then(|(id, at)| {
        b.choice(&path, "switch", id);
        b.entry(Kind::Switches, id, at)
    });
    let optic = node.text("optic").and_then(|(id, at)| {
        b.choice(&path, "optic", id);
        b.entry(Kind::Optics, id, at)
    });
    assemble(b, &slug(name), kind, &switch?, optic.as_ref(), (leaf, spine), planes, span)
}

#[allow(clippy::too_many_arguments)]
fn assemble(
    b: &mut Builder<'_>,
    slug: &str,
    kind: FabricKind,
    switch: &Entry,
    optic: Option<&Entry>,
    (leaf, spine): (Option<crate::inputs::In<Plain>>, Option<crate::inputs::In<Plain>>),
    planes: u32,
    span: Span,
) -> Option<Fabric> {
    let ports = b.need(switch, "ports", Dim::Count, span);
    let port_rate = b.need::<Bandwidth>(switch, "port_rate", Dim::Bandwidth, span);
    let switch_power = b.need::<Power>(switch, "power", Dim::Power, span);
    let switch_price = b.need::<Money>(switch, "price", Dim::Money, span);
    let rate = port_rate.map(|r| {
        let base = b.inputs.base();
        Values::new(&b.inputs, &base).get(r).gbit_per_s()
    });
    let fallback = match (optic, rate) {
        (Some(_), _) | (_, None) => None,
        (None, Some(rate)) => {
            let id = if rate > 500.0 { "osfp-800g-dr8" } else { "osfp-400g-dr4" };
            b.choices_at_default += 1;
            b.entry(Kind::Optics, id, span)
        }
    };
    let optic = optic.or(fallback.as_ref())?;
    let optic_rate = b.need(optic, "rate", Dim::Bandwidth, span);
    let optic_power = b.need(optic, "power", Dim::Power, span);
    let optic_price = b.need(optic, "price", Dim::Money, span);
    Some(Fabric {
        slug: slug.to_owned(),
        kind,
        ports: ports?,
        port_rate: port_rate?,
        switch_power: switch_power?,
        switch_price: switch_price?,
        optic_rate: optic_rate?,
        optic_power: optic_power?,
        optic_price: optic_price?,
        leaf,
        spine,
        planes,
    })
}

fn partition(
    b: &mut Builder<'_>,
    node: &TableNode,
    slug: &str,
    span: Span,
    phases: &[Phase],
    fabric: Option<usize>,
) -> Option<Partition> {
    let path = format!("partition.{slug}");
    let phase = match node.text("phase") {
        Some((wanted, at)) => {
            b.choice(&path, "phase", wanted);
            let found = phases.iter().position(|p| p.name == wanted || p.slug == wanted);
            if found.is_none() {
                unknown_name(b, "phase", wanted, at, phases.iter().map(|p| p.name.as_str()));
            }
            found
        }
        None => Some(0),
    };
    let size = size(b, node, &path, span);
    let system = node.text("system").and_then(|(id, at)| {
        b.choice(&path, "system", id);
        b.entry(Kind::Systems, id, at).map(|e| (e, at))
    });
    let own_price = b.given(node, "price", &path);
    let own_power = b.given(node, "power", &path);
    let (system, at) = system?;
    let per_unit = b.need(&system, "accelerators", Dim::Count, at);
    let nodes_per_unit = b.need(&system, "nodes", Dim::Count, at);
    let racks_per_unit = b.need(&system, "racks", Dim::Ratio, at);
    let nic_rate = b.need(&system, "nic_rate", Dim::Bandwidth, at);
    let liquid_share = b.need(&system, "liquid_share", Dim::Share, at);
    let power_other = b.need(&system, "power_other", Dim::Power, at);
    let power_max = own_power.or_else(|| b.figure(&system, "power_max", Dim::Power));
    let price = own_price.or_else(|| b.figure(&system, "price", Dim::Money));
    if price.is_none() {
        let message =
            format!("the price of {} is not known: every cost that includes it is n/a", system.name);
        b.warning("G304", at, message, "give price = \"EUR … m\" for one unit");
    }
    if let (Some(size), Some(per_unit), Some(racks_per_unit)) = (size, per_unit, racks_per_unit) {
        let base = b.inputs.base();
        let v = Values::new(&b.inputs, &base);
        let units = match size {
            Size::Units(n) => v.number(n).round(),
            Size::Racks(n) => (v.number(n) / v.number(racks_per_unit)).round(),
            Size::Accelerators(n) => (v.number(n) / v.number(per_unit)).ceil(),
        };
        if units < 1.0 {
            let message = format!("this is less than one unit of {}: nothing to evaluate", system.name);
            b.error("G404", span, message, "write at least one unit");
        }
    }
    let chip_id = system.text("accelerator").unwrap_or("").to_owned();
    let chip_entry = b.entry(Kind::Accelerators, &chip_id, at);
    let chip = chip_entry.and_then(|c| chip(b, &c, at));
    Some(Partition {
        slug: slug.to_owned(),
        phase: phase?,
        fabric: fabric?,
        size: size?,
        per_unit: per_unit?,
        nodes_per_unit: nodes_per_unit?,
        racks_per_unit: racks_per_unit?,
        nic_rate: nic_rate?,
        liquid_share: liquid_share?,
        power_max,
        power_other: power_other?,
        price,
        chip: chip?,
        chip_id,
        system: system.name.clone(),
        vendor: system.text("vendor").unwrap_or("").to_owned(),
    })
}

fn size(b: &mut Builder<'_>, node: &TableNode, path: &str, span: Span) -> Option<Size> {
    let found: Vec<&str> =
        ["units", "racks", "accelerators"].into_iter().filter(|k| node.quantity(k).is_some()).collect();
    let [key] = found.as_slice() else {
        let message = match found.as_slice() {
            [] => "a partition needs one of racks, units and accelerators".to_owned(),
            more => {
                format!("a partition takes one of racks, units and accelerators, not {}", more.join(" and "))
            }
        };
        b.error("G105", span, message, "write, for example, racks = 278");
        return None;
    };
    let input = b.given::<Plain>(node, key, path)?;
    let base = b.inputs.base();
    if Values::new(&b.inputs, &base).number(input) <= 0.0 {
        b.error(
            "G404",
            node.span_of(key),
            format!("{key} is zero: nothing to evaluate"),
            "write a number above zero, or leave the partition out",
        );
        return None;
    }
    Some(match *key {
        "units" => Size::Units(input),
        "racks" => Size::Racks(input),
        _ => Size::Accelerators(input),
    })
}

fn chip(b: &mut Builder<'_>, entry: &Entry, span: Span) -> Option<ChipInputs> {
    let bf16 = b.need(entry, "bf16_dense", Dim::Flops, span);
    let memory = b.need(entry, "memory", Dim::Data, span);
    let memory_bandwidth = b.need(entry, "memory_bandwidth", Dim::Bandwidth, span);
    let scaleup_bandwidth = b.need(entry, "scaleup_bandwidth", Dim::Bandwidth, span);
    let scaleup_domain = b.need(entry, "scaleup_domain", Dim::Count, span);
    let tdp = b.need(entry, "tdp", Dim::Power, span);
    let idle = b.need(entry, "idle_power", Dim::Power, span);
    let fp8 = b.figure(entry, "fp8_dense", Dim::Flops);
    let fp4 = b.figure(entry, "fp4_dense", Dim::Flops);
    let fp64 =
        b.figure(entry, "fp64_tensor", Dim::Flops).or_else(|| b.figure(entry, "fp64_vector", Dim::Flops));
    Some(ChipInputs {
        bf16: bf16?,
        fp8,
        fp4,
        fp64,
        memory: memory?,
        memory_bandwidth: memory_bandwidth?,
        scaleup_bandwidth: scaleup_bandwidth?,
        scaleup_domain: scaleup_domain?,
        tdp: tdp?,
        idle: idle?,
    })
}

pub(super) fn storage(b: &mut Builder<'_>, node: &TableNode) -> Option<Storage> {
    let write = match b.given(node, "checkpoint", "storage") {
        Some(given) => Some(Scaled::Site(given)),
        None => b
            .default(
                "fabric",
                "storage_write_per_chip",
                Dim::Bandwidth,
                "storage.checkpoint_per_accelerator",
                node.span,
            )
            .map(Scaled::PerAccelerator),
    };
    let capacity = match b.given(node, "capacity", "storage") {
        Some(given) => Some(Scaled::Site(given)),
        None => b
            .default(
                "factory",
                "storage_per_accelerator",
                Dim::Data,
                "storage.capacity_per_accelerator",
                node.span,
            )
            .map(Scaled::PerAccelerator),
    };
    let price_per_pb = b.quantity(&language::STORAGE, node, "price", "storage");
    let power_per_pb = b.quantity(&language::STORAGE, node, "power", "storage");
    Some(Storage {
        write: write?,
        capacity: capacity?,
        price_per_pb: price_per_pb?,
        power_per_pb: power_per_pb?,
    })
}

//! Bills of materials of the scale-out networks.

use gigatwin_fabric::{
    BillOfMaterials, CableSpec, FabricDesign, FloorPlan, OpticSpec, Structure, SwitchSpec, size,
};
use gigatwin_quantity::{Data, Money, Power};

use super::machine::Machine;
use super::sheet::Sheet;
use crate::inputs::Values;
use crate::outcome::Infeasible;
use crate::resolved::{Fabric, FabricKind, Factory, Scaled};

/// What the machine's networks and storage are and cost.
#[derive(Debug, Default, Clone)]
pub(crate) struct Networks {
    /// Oversubscription that inter-domain traffic meets, by fabric; one where it could not be sized.
    pub taper: Vec<f64>,
    pub price: Vec<Option<Money>>,
    pub power: Power,
    pub storage_power: Power,
    pub storage_price: Money,
    pub write_rate: gigatwin_quantity::Bandwidth,
    pub capacity: Data,
    pub infeasible: Vec<Infeasible>,
    pub notes: Vec<(String, String)>,
}

pub(crate) fn evaluate(f: &Factory, v: &Values<'_>, machines: &[Machine], sheet: &mut Sheet) -> Networks {
    let mut out = Networks::default();
    for (i, fabric) in f.fabrics.iter().enumerate() {
        let members: Vec<usize> =
            f.partitions.iter().enumerate().filter(|(_, p)| p.fabric == i).map(|(j, _)| j).collect();
        let id = |key: &str| format!("fabric.{}.{key}", fabric.slug);
        if members.is_empty() {
            out.taper.push(1.0);
            out.price.push(Some(Money::ZERO));
            out.notes.push((id("kind"), "no partition uses it".to_owned()));
            continue;
        }
        match size(&design(f, v, fabric, machines, &members)) {
            Ok(bill) => {
                put(sheet, &id, &bill);
                out.taper.push(bill.oversubscription);
                out.power += bill.power();
                out.price.push(Some(bill.price()));
                let kind = fabric.kind.word().trim_end_matches(" fat tree");
                let planes =
                    if bill.planes > 1 { format!(", {} planes", bill.planes) } else { String::new() };
                out.notes.push((id("kind"), format!("{}-tier {kind}{planes}", bill.tiers)));
            }
            Err(e) => {
                out.infeasible
                    .push(Infeasible { what: format!("fabric.{}", fabric.slug), reason: e.to_string() });
                out.taper.push(1.0);
                out.price.push(None);
            }
        }
    }
    let sum = |suffix: &str| -> f64 {
        f.fabrics.iter().filter_map(|x| sheet.get(&format!("fabric.{}.{suffix}", x.slug))).sum()
    };
    let totals =
        ["leaf_switches", "spine_switches", "core_switches", "cable_length", "power"].map(|k| (k, sum(k)));
    for (key, value) in totals {
        sheet.put(&format!("fabric.{key}"), value);
    }
    let accelerators = sheet.at("site.accelerators");
    let capacity = match &f.storage.capacity {
        Scaled::Site(given) => v.get(*given),
        Scaled::PerAccelerator(each) => v.get(*each) * accelerators,
    };
    out.write_rate = match &f.storage.write {
        Scaled::Site(given) => v.get(*given),
        Scaled::PerAccelerator(each) => v.get(*each) * accelerators,
    };
    out.capacity = capacity;
    let petabytes = capacity / Data::from_pb(1.0);
    out.storage_power = v.get(f.storage.power_per_pb) * petabytes;
    out.storage_price = v.get(f.storage.price_per_pb) * petabytes;
    sheet.put("storage.capacity", capacity.bytes());
    sheet.put("storage.power", out.storage_power.w());
    out
}

fn put(sheet: &mut Sheet, id: &dyn Fn(&str) -> String, bill: &BillOfMaterials) {
    let cables =
        bill.node_node.cables + bill.node_leaf.cables + bill.leaf_spine.cables + bill.spine_core.cables;
    sheet.put(&id("leaf_switches"), bill.leaf as f64);
    sheet.put(&id("spine_switches"), bill.spine as f64);
    sheet.put(&id("core_switches"), bill.core as f64);
    sheet.put(&id("cables"), cables as f64);
    sheet.put(&id("cable_length"), bill.cable_length().m());
    sheet.put(&id("power"), bill.power().w());
    sheet.put(&id("price"), bill.price().eur());
}

/// The design of a fabric: endpoints are NIC ports at the switch's port rate.
pub(crate) fn design(
    f: &Factory,
    v: &Values<'_>,
    fabric: &Fabric,
    machines: &[Machine],
    members: &[usize],
) -> FabricDesign {
    let port = v.get(fabric.port_rate);
    let planes = fabric.planes;
    // A NIC slower than the switch's ports splits them: the radix grows in proportion, and a NIC faster than the split ports takes
    // several of them.
    let per_plane = |m: &Machine| m.nic_rate / f64::from(planes) / port;
    let slowest = members.iter().map(|j| per_plane(&machines[*j])).fold(f64::INFINITY, f64::min);
    let split = if slowest < 1.0 { (1.0 / slowest).floor().clamp(1.0, 4.0) } else { 1.0 };
    let ports_of = |m: &Machine| (per_plane(m) * split - 1e-9).ceil().max(1.0);
    // A torus joins chips by their own links, not by the ports of a NIC.
    let torus = matches!(fabric.kind, FabricKind::Torus { .. });
    let each = |m: &Machine| if torus { m.accelerators } else { m.accelerators * ports_of(m) };
    let endpoints: f64 = members.iter().map(|j| each(&machines[*j])).sum();
    let racks: f64 = members.iter().map(|j| machines[*j].racks).sum();
    let rails = members.iter().map(|j| machines[*j].per_node).fold(1.0, f64::max).round();
    let optic_price = v.get(fabric.optic_price);
    let optic = OpticSpec {
        links_per_module: ((v.get(fabric.optic_rate) / port).floor().max(1.0) * split) as u32,
        power: v.get(fabric.optic_power),
        price: optic_price,
    };
    let c = &f.defaults.cabling;
    let ratio = |r: Option<crate::inputs::In<crate::inputs::Plain>>| r.map_or(1.0, |r| v.number(r).max(1.0));
    FabricDesign {
        endpoints: endpoints.min(f64::from(u32::MAX)) as u32,
        management_links: 0,
        planes,
        structure: match fabric.kind {
            FabricKind::RailOptimised => Structure::RailOptimised { rails: rails as u32 },
            FabricKind::FatTree => Structure::FatTree,
            FabricKind::RailOnly => Structure::RailOnly { rails: rails as u32 },
            FabricKind::Dragonfly => Structure::Dragonfly,
            FabricKind::DragonflyPlus => Structure::DragonflyPlus,
            FabricKind::HyperX => Structure::HyperX,
            FabricKind::Torus { edge, circuit_ports } => Structure::Torus3d { edge, circuit_ports },
        },
        leaf_oversubscription: ratio(fabric.leaf),
        spine_oversubscription: ratio(fabric.spine),
        switch: SwitchSpec {
            radix: (v.number(fabric.ports) * split) as u32,
            port_rate: port / split,
            power: v.get(fabric.switch_power),
            price: v.get(fabric.switch_price),
        },
        endpoint_optic: optic,
        switch_optic: optic,
        cable: CableSpec {
            copper_reach: v.get(c.cable_copper_reach),
            copper_price: v.get(c.cable_copper_price),
            fibre_price: v.get(c.cable_fibre_price),
            links_per_cable: split as u32,
        },
        floor: FloorPlan {
            endpoints_per_rack: (endpoints / racks.max(1.0)).round().max(1.0) as u32,
            racks_per_row: v.number(c.floor_racks_per_row).round().max(1.0) as u32,
            rack_pitch: v.get(c.floor_rack_pitch),
            row_pitch: v.get(c.floor_row_pitch),
            slack: v.get(c.floor_slack),
        },
    }
}

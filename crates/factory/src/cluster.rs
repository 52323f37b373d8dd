//! The machine as a scheduler sees it: nodes, switches, who owns hours. For exports and the simulation of the running site.

use gigatwin_fabric::{Structure, size};
use gigatwin_programme::access::AccessClass;
use gigatwin_quantity::{HourPrice, Share};

use crate::evaluate::cash::market_price;
use crate::evaluate::sheet::Sheet;
use crate::evaluate::{machine, network};
use crate::inputs::Values;
use crate::resolved::{Factory, TenantKind};
use crate::run::Evaluator;

/// A partition as a scheduler sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct ClusterPartition {
    /// Name in the file, as an id.
    pub name: String,
    /// Name of its system.
    pub system: String,
    /// Id of its accelerator in the catalog.
    pub accelerator: String,
    /// Name of its scale-out network, as an id.
    pub fabric: String,
    /// Nodes; the last may be partly filled where the accelerators do not fill it.
    pub nodes: u32,
    /// Accelerators of a node.
    pub per_node: u32,
    /// Nodes that share one scale-up domain; one where the domain ends at the node.
    pub nodes_per_domain: u32,
    /// Nodes below one group of leaf switches, in whole scale-up domains; what the sizing of the network gives.
    pub nodes_per_leaf: u32,
}

/// Who gets hours.
#[derive(Debug, Clone, PartialEq)]
pub struct ClusterTenant {
    /// Name in the file, as an id.
    pub name: String,
    /// Kind in the word of the language: `union`, `states`, `industry`, `research`, …
    pub kind: String,
    /// Part of all available hours; absent where the file does not decide it.
    pub share: Option<Share>,
    /// User classes with their part of the tenant's hours.
    pub classes: Vec<(String, Share)>,
    /// Member States with their part of the tenant's hours, for the tenant of the States.
    pub states: Vec<(String, Share)>,
    /// What the tenant pays per accelerator-hour, where the file says so.
    pub price: Option<HourPrice>,
}

/// A factory as a scheduler sees it, every range at its mode.
#[derive(Debug, Clone, PartialEq)]
pub struct SiteCluster {
    /// Partitions in the order of the file.
    pub partitions: Vec<ClusterPartition>,
    /// Tenants in the order of the file.
    pub tenants: Vec<ClusterTenant>,
    /// Classes of access, as the catalog has them.
    pub classes: Vec<AccessClass>,
    /// Planned work on the whole machine, as part of the time.
    pub maintenance: Share,
    /// Rule sets the factory is judged by.
    pub rules: Vec<String>,
    /// Accelerator-hours of a year that can be used.
    pub available_hours: Option<f64>,
    /// Part of them that is used.
    pub utilisation: Share,
    /// Price of an accelerator-hour on the market.
    pub market_price: HourPrice,
    /// Levelised cost of an accelerator-hour, everything in.
    pub cost: Option<HourPrice>,
}

impl SiteCluster {
    /// Nodes of all partitions.
    pub fn nodes(&self) -> u32 {
        self.partitions.iter().map(|p| p.nodes).sum()
    }

    /// Accelerators of all partitions, whole nodes counted.
    pub fn accelerators(&self) -> u64 {
        self.partitions.iter().map(|p| u64::from(p.nodes) * u64::from(p.per_node)).sum()
    }
}

/// The factory as a scheduler sees it.
///
/// # Errors
/// In words, where the machine itself cannot be evaluated.
pub fn site_cluster(f: &Factory) -> Result<SiteCluster, String> {
    let base = f.inputs.base();
    let v = Values::new(&f.inputs, &base);
    let machines = machine::evaluate(f, &v, &mut Sheet::default())?;
    let mut partitions = Vec::with_capacity(machines.len());
    for (i, (p, m)) in f.partitions.iter().zip(&machines).enumerate() {
        let per_node = m.per_node.round().max(1.0);
        let nodes = (m.accelerators / per_node - 1e-9).ceil().max(1.0) as u32;
        // A scale-up domain of the chip may be larger than its system holds.
        let per_unit = v.number(p.nodes_per_unit).round().max(1.0);
        let nodes_per_domain =
            (f64::from(m.chip.scaleup_domain) / per_node).floor().clamp(1.0, per_unit) as u32;
        let whole = |n: u32| (n / nodes_per_domain).max(1) * nodes_per_domain;
        let members: Vec<usize> =
            (0..f.partitions.len()).filter(|j| f.partitions[*j].fabric == p.fabric).collect();
        let fabric = f.fabrics.get(p.fabric);
        let group = fabric.map_or(nodes, |fabric| {
            let design = network::design(f, &v, fabric, &machines, &members);
            let all: f64 = members.iter().map(|j| machines[*j].accelerators / machines[*j].per_node).sum();
            leaf_group(&design, all, m.per_node)
        });
        partitions.push(ClusterPartition {
            name: f.partitions[i].slug.clone(),
            system: p.system.clone(),
            accelerator: p.chip_id.clone(),
            fabric: fabric.map_or_else(String::new, |x| x.slug.clone()),
            nodes,
            per_node: per_node as u32,
            nodes_per_domain,
            nodes_per_leaf: whole(group.min(nodes)),
        });
    }
    let sheet = Evaluator::new(f).base().sheet;
    let available = sheet.get("hours.available_annual").filter(|h| h.is_finite() && *h > 0.0);
    let part = |id: &str, of: Option<f64>| {
        let share = sheet.get(id)? / of?;
        share.is_finite().then(|| Share::from_fraction(share.clamp(0.0, 1.0)))
    };
    let tenants = f
        .tenants
        .iter()
        .map(|t| ClusterTenant {
            name: t.slug.clone(),
            kind: t.word.clone(),
            share: part(&format!("tenant.{}.hours", t.slug), available),
            classes: t.classes.iter().map(|(c, s)| ((*c).to_owned(), v.get(*s))).collect(),
            states: if t.kind == TenantKind::States {
                f.states.iter().map(|s| (s.code.clone(), v.get(s.share))).collect()
            } else {
                Vec::new()
            },
            price: t.price.map(|p| v.get(p)),
        })
        .collect();
    Ok(SiteCluster {
        partitions,
        tenants,
        classes: f.access.clone(),
        maintenance: v.get(f.operations.maintenance),
        rules: f.rules.iter().map(|r| r.id.clone()).collect(),
        available_hours: available,
        utilisation: v.get(f.operations.utilisation),
        market_price: market_price(f, &v, sheet.at("site.h100_equivalents") / sheet.at("site.accelerators")),
        cost: sheet
            .get("cost.lcoc_per_accelerator_hour")
            .filter(|c| c.is_finite())
            .map(HourPrice::from_eur_per_h),
    })
}

/// Nodes below one group of leaves: with rails a group is one leaf per rail, else one leaf.
fn leaf_group(design: &gigatwin_fabric::FabricDesign, nodes: f64, per_node: f64) -> u32 {
    let Ok(bill) = size(design) else { return nodes.min(f64::from(u32::MAX)) as u32 };
    let leaves_per_group = match design.structure {
        // A leaf may hold several rails of a small machine: then there is one group.
        Structure::RailOptimised { rails } | Structure::RailOnly { rails } => u64::from(rails.max(1)),
        _ => 1,
    };
    // Leaves of a torus are its chips' own links: a cube is the group.
    if let Structure::Torus3d { edge, .. } = design.structure {
        return (f64::from(edge.pow(3)) / per_node).max(1.0) as u32;
    }
    let groups =
        (bill.leaf as f64 / f64::from(design.planes.max(1)) / leaves_per_group as f64).max(1.0).round();
    (nodes / groups).ceil().max(1.0) as u32
}

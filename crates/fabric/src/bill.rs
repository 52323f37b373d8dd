//! The bill of materials: counts, lengths, power and price.

use gigatwin_quantity::{Length, Money, Power};

use crate::design::{FabricDesign, FloorPlan, Structure};

/// Counts in one plane, in links (not cables).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct PlaneCounts {
    pub tiers: u32,
    pub leaf: u64,
    pub spine: u64,
    pub core: u64,
    pub circuit_switches: u64,
    pub node_node: u64,
    pub node_leaf: u64,
    pub leaf_spine: u64,
    pub spine_core: u64,
    /// Endpoints around a leaf, and around a pod or group: how far cables of the tier run.
    pub leaf_reach: u64,
    pub pod_reach: u64,
    /// Hosts' load over what crosses groups or the bisection, where the structure is no Clos; zero for a Clos.
    pub taper: f64,
}

impl PlaneCounts {
    pub(crate) fn times(self, k: u64) -> PlaneCounts {
        PlaneCounts {
            leaf: self.leaf * k,
            spine: self.spine * k,
            core: self.core * k,
            circuit_switches: self.circuit_switches * k,
            node_node: self.node_node * k,
            node_leaf: self.node_leaf * k,
            leaf_spine: self.leaf_spine * k,
            spine_core: self.spine_core * k,
            // Rails share the racks: each rail reaches over the endpoints of all.
            leaf_reach: self.leaf_reach * k,
            pod_reach: self.pod_reach * k,
            ..self
        }
    }
}

/// Cables of one tier.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CableTier {
    /// Links.
    pub links: u64,
    /// Cables, [`crate::CableSpec::links_per_cable`] links in each.
    pub cables: u64,
    /// Estimated mean length of one cable.
    pub mean_length: Length,
    /// Whether the mean length is beyond the reach of copper.
    pub optical: bool,
}

impl CableTier {
    /// All cables end to end.
    pub fn total_length(&self) -> Length {
        self.mean_length * self.cables as f64
    }
}

/// What a network is made of, all planes together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BillOfMaterials {
    /// Tiers of switches between two endpoints at most (dragonfly: one, with groups).
    pub tiers: u32,
    /// Planes.
    pub planes: u32,
    /// Switches that endpoints attach to.
    pub leaf: u64,
    /// Second tier.
    pub spine: u64,
    /// Third tier.
    pub core: u64,
    /// Optical circuit switches (torus only).
    pub circuit_switches: u64,
    /// Direct links between chips (torus only), electrical.
    pub node_node: CableTier,
    /// Endpoint to leaf, or to circuit switch.
    pub node_leaf: CableTier,
    /// Leaf to spine; local links of a dragonfly.
    pub leaf_spine: CableTier,
    /// Spine to core; global links of a dragonfly.
    pub spine_core: CableTier,
    /// Modules at endpoints.
    pub endpoint_optics: u64,
    /// Modules at switches.
    pub switch_optics: u64,
    /// Power of switches without optics; circuit switches draw none that is modelled.
    pub switch_power: Power,
    /// Power of all modules.
    pub optics_power: Power,
    /// Price of switches.
    pub switch_price: Money,
    /// Price of modules.
    pub optics_price: Money,
    /// Price of cables.
    pub cable_price: Money,
    /// Endpoint links over links of the thinnest tier above, as built; one where nothing lies above. Dragonflies: hosts
    /// over global ports of a group; HyperX: the reciprocal of its relative bisection; torus: one, for its taper
    /// depends on the traffic.
    pub oversubscription: f64,
}

impl BillOfMaterials {
    /// All packet switches.
    pub fn switches(&self) -> u64 {
        self.leaf + self.spine + self.core
    }

    /// All links.
    pub fn links(&self) -> u64 {
        self.node_node.links + self.node_leaf.links + self.leaf_spine.links + self.spine_core.links
    }

    /// Power of switches and optics.
    pub fn power(&self) -> Power {
        self.switch_power + self.optics_power
    }

    /// Price of switches, optics and cables; no installation, no circuit switches.
    pub fn price(&self) -> Money {
        self.switch_price + self.optics_price + self.cable_price
    }

    /// All cables end to end.
    pub fn cable_length(&self) -> Length {
        self.node_node.total_length()
            + self.node_leaf.total_length()
            + self.leaf_spine.total_length()
            + self.spine_core.total_length()
    }
}

/// Mean way from an endpoint to the centre of the block of racks that `endpoints` fill, along rows and across
/// them: a quarter of the block's width and of its depth, plus slack.
fn mean_length(floor: &FloorPlan, endpoints: u64) -> Length {
    let racks = (endpoints as f64 / f64::from(floor.endpoints_per_rack)).max(1.0);
    let per_row = f64::from(floor.racks_per_row);
    let width = racks.min(per_row) * floor.rack_pitch;
    let depth = (racks / per_row).ceil() * floor.row_pitch;
    0.25 * (width + depth) + floor.slack
}

fn taper(structure: Structure, all: &PlaneCounts) -> f64 {
    let clos = matches!(
        structure,
        Structure::FatTree | Structure::RailOptimised { .. } | Structure::RailOnly { .. }
    );
    let thinnest = if all.tiers > 2 { all.leaf_spine.min(all.spine_core) } else { all.leaf_spine };
    if clos && thinnest > 0 { (all.node_leaf as f64 / thinnest as f64).max(1.0) } else { all.taper.max(1.0) }
}

pub(crate) fn price_plane(d: &FabricDesign, plane: PlaneCounts) -> BillOfMaterials {
    let all = plane.times(u64::from(d.planes));
    let endpoints = u64::from(d.endpoints);
    let tier = |links: u64, reach: u64| {
        let mean_length = mean_length(&d.floor, reach.min(endpoints));
        CableTier {
            links,
            cables: links.div_ceil(u64::from(d.cable.links_per_cable)),
            mean_length: if links > 0 { mean_length } else { Length::ZERO },
            optical: links > 0 && mean_length > d.cable.copper_reach,
        }
    };
    let mut node_leaf = tier(all.node_leaf, plane.leaf_reach);
    let mut node_node = tier(all.node_node, u64::from(d.floor.endpoints_per_rack));
    let leaf_spine = tier(all.leaf_spine, plane.pod_reach);
    let spine_core = tier(all.spine_core, endpoints);
    if matches!(d.structure, Structure::Torus3d { .. }) {
        node_node.optical = false;
        node_leaf.optical = node_leaf.links > 0;
    }
    let modules = |links: u64, per: u32| links.div_ceil(u64::from(per));
    let optical_links = |t: &CableTier| if t.optical { t.links } else { 0 };
    let endpoint_optics = modules(optical_links(&node_leaf), d.endpoint_optic.links_per_module);
    // A circuit switch is passive glass: modules sit at the chips alone.
    let at_switches = if all.circuit_switches > 0 { 0 } else { optical_links(&node_leaf) }
        + 2 * (optical_links(&leaf_spine) + optical_links(&spine_core));
    let switch_optics = modules(at_switches, d.switch_optic.links_per_module);
    let switches = (all.leaf + all.spine + all.core) as f64;
    let cable_price = [node_node, node_leaf, leaf_spine, spine_core]
        .iter()
        .map(|t| t.cables as f64 * if t.optical { d.cable.fibre_price } else { d.cable.copper_price })
        .sum();
    BillOfMaterials {
        tiers: all.tiers,
        planes: d.planes,
        leaf: all.leaf,
        spine: all.spine,
        core: all.core,
        circuit_switches: all.circuit_switches,
        node_node,
        node_leaf,
        leaf_spine,
        spine_core,
        endpoint_optics,
        switch_optics,
        switch_power: switches * d.switch.power,
        optics_power: endpoint_optics as f64 * d.endpoint_optic.power
            + switch_optics as f64 * d.switch_optic.power,
        switch_price: switches * d.switch.price,
        optics_price: endpoint_optics as f64 * d.endpoint_optic.price
            + switch_optics as f64 * d.switch_optic.price,
        cable_price,
        oversubscription: taper(d.structure, &all),
    }
}

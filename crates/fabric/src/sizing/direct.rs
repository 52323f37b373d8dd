//! Networks whose switches or chips are joined without a spine over all: dragonfly, dragonfly+, 3D torus.

use super::clos::split;
use crate::bill::PlaneCounts;
use crate::design::{FabricDesign, SizingError};

/// Hosts, global ports and switches of a group, and groups reached, of the largest dragonfly whose global links carry
/// the hosts' load over `taper`: a = 2p switches, p hosts, 2p − 1 local and h = p/taper global ports (Kim et al.,
/// ISCA 2008, with taper one).
fn dragonfly_shape(radix: u32, taper: f64) -> (u64, u64, u64, u64) {
    let p = ((f64::from(radix) + 1.0) / (3.0 + 1.0 / taper)).floor().max(1.0);
    let h = (p / taper - 1e-9).ceil().max(1.0);
    let (p, h) = (p as u64, h as u64);
    let p = if 3 * p + h > u64::from(radix) + 1 { p - 1 } else { p };
    (p, h, 2 * p, 2 * p * h + 1)
}

pub(super) fn dragonfly(d: &FabricDesign, links: u64) -> Result<PlaneCounts, SizingError> {
    let taper = d.leaf_oversubscription;
    let (p, h, a, most) = dragonfly_shape(d.switch.radix, taper);
    let groups = links.div_ceil((a * p).max(1));
    if groups > most || p == 0 {
        let reach = |r: u32| {
            let (p, _, a, most) = dragonfly_shape(r, taper);
            a * p * most
        };
        return Err(beyond(d, links, "dragonfly", reach));
    }
    let between = if groups > 1 { groups * a * h / 2 } else { 0 };
    Ok(PlaneCounts {
        tiers: 1,
        leaf: groups * a,
        node_leaf: links,
        // Local links between switches of a group, then global links between groups.
        leaf_spine: groups * a * (a - 1) / 2,
        spine_core: between,
        leaf_reach: p,
        pod_reach: a * p,
        taper: if groups > 1 { p as f64 / h as f64 } else { 1.0 },
        ..Default::default()
    })
}

/// Groups of leaves and spines whose spines carry the load up to other groups (Shpiner et al., HiPINEB 2017).
pub(super) fn dragonfly_plus(d: &FabricDesign, links: u64) -> Result<PlaneCounts, SizingError> {
    let shape = |radix: u32| -> Result<(u64, u64, u64, u64), SizingError> {
        let (down, up) = split(radix, d.leaf_oversubscription)?;
        let (spine_down, spine_up) = split(radix, d.spine_oversubscription)?;
        Ok((down, up, spine_down, spine_up))
    };
    let (down, up, spine_down, spine_up) = shape(d.switch.radix)?;
    let hosts = down * spine_down;
    let groups = links.div_ceil(hosts);
    if groups > up * spine_up + 1 {
        let reach = |r: u32| shape(r).map_or(0, |(down, up, sd, su)| down * sd * (up * su + 1));
        return Err(beyond(d, links, "dragonfly+", reach));
    }
    let between = if groups > 1 { groups * up * spine_up / 2 } else { 0 };
    Ok(PlaneCounts {
        tiers: 2,
        leaf: groups * spine_down,
        spine: groups * up,
        node_leaf: links,
        leaf_spine: groups * spine_down * up,
        spine_core: between,
        leaf_reach: down,
        pod_reach: hosts,
        taper: if groups > 1 { hosts as f64 / (up * spine_up) as f64 } else { down as f64 / up as f64 },
        ..Default::default()
    })
}

pub(super) fn beyond(
    d: &FabricDesign,
    links: u64,
    structure: &'static str,
    reach: impl Fn(u32) -> u64,
) -> SizingError {
    let mut radix_needed = d.switch.radix;
    while reach(radix_needed) < links && radix_needed < 1 << 16 {
        radix_needed += 1;
    }
    SizingError::TooManyGroups {
        endpoints: links,
        ceiling: reach(d.switch.radix),
        radix: d.switch.radix,
        radix_needed,
        structure,
    }
}

/// Cubes of chips: three links per chip, of which those through the faces of the cubes are optical and meet
/// the circuit switches, one per face position and dimension.
pub(super) fn torus(chips: u64, edge: u32, circuit_ports: u32) -> Result<PlaneCounts, SizingError> {
    let e = u64::from(edge);
    if e < 2 || circuit_ports < 2 {
        return Err(SizingError::Invalid {
            what: "cube edge and ports of a circuit switch",
            must: "at least two",
        });
    }
    let cubes = chips.div_ceil(e * e * e);
    if 2 * cubes > u64::from(circuit_ports) {
        return Err(SizingError::TooManyGroups {
            endpoints: chips,
            ceiling: u64::from(circuit_ports / 2) * e * e * e,
            radix: circuit_ports,
            radix_needed: u32::try_from(2 * cubes).unwrap_or(u32::MAX),
            structure: "3D torus of cubes on one stage of circuit switches",
        });
    }
    Ok(PlaneCounts {
        tiers: 1,
        circuit_switches: 3 * e * e,
        node_node: cubes * 3 * e * e * (e - 1),
        node_leaf: cubes * 6 * e * e,
        leaf_reach: chips,
        ..Default::default()
    })
}

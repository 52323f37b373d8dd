//! Switch and cable counts of a network from one rule per structure, without table look-up.

use crate::bill::{BillOfMaterials, PlaneCounts, price_plane};
use crate::design::{FabricDesign, SizingError, Structure};

/// Sizes a network.
///
/// Fat trees: leaves = links / downlinks per leaf; one tier where one switch holds all links, two where
/// leaves do not exceed the radix, else three. Two tiers: spines are the smallest number that has the ports
/// for all uplinks and divides the uplinks of a leaf evenly. Three tiers: pods of as many leaves as a spine
/// has downlinks, whose spines carry the load up and down; cores are the smallest number that has the ports
/// and divides the uplinks of a pod evenly.
///
/// # Errors
/// [`SizingError`] where a number is out of its domain, the structure does not reach that far, or is
/// not modelled.
pub fn size(design: &FabricDesign) -> Result<BillOfMaterials, SizingError> {
    check(design)?;
    let links = u64::from(design.endpoints) + u64::from(design.management_links);
    let plane = match design.structure {
        Structure::FatTree => clos(design, design.endpoints.into(), links, 1)?,
        Structure::RailOptimised { rails } => clos(design, design.endpoints.into(), links, rails)?,
        Structure::RailOnly { rails } => {
            let k = u64::from(rails);
            let one = clos(design, u64::from(design.endpoints).div_ceil(k), links.div_ceil(k), 1)?;
            PlaneCounts { node_leaf: links, ..one.times(k) }
        }
        Structure::Dragonfly => dragonfly(design, links)?,
        Structure::DragonflyPlus => dragonfly_plus(design, links)?,
        Structure::Torus3d { edge, circuit_ports } => torus(links, edge, circuit_ports)?,
        Structure::HyperX => return Err(SizingError::NotModelled("HyperX")),
    };
    Ok(price_plane(design, plane))
}

fn check(d: &FabricDesign) -> Result<(), SizingError> {
    let rules: [(bool, &'static str, &'static str); 9] = [
        (d.endpoints > 0, "the number of endpoints", "at least one"),
        (d.planes > 0, "the number of planes", "at least one"),
        (d.switch.radix >= 4, "the switch radix", "at least four"),
        (d.leaf_oversubscription >= 1.0, "the oversubscription of leaves", "one or more"),
        (d.spine_oversubscription >= 1.0, "the oversubscription of spines", "one or more"),
        (
            !matches!(d.structure, Structure::RailOptimised { rails: 0 } | Structure::RailOnly { rails: 0 }),
            "the number of rails",
            "at least one",
        ),
        (d.cable.links_per_cable > 0, "links per cable", "at least one"),
        (
            d.endpoint_optic.links_per_module > 0 && d.switch_optic.links_per_module > 0,
            "links per optical module",
            "at least one",
        ),
        (
            d.floor.endpoints_per_rack > 0 && d.floor.racks_per_row > 0,
            "endpoints per rack and racks per row",
            "at least one",
        ),
    ];
    match rules.into_iter().find(|(holds, _, _)| !holds) {
        Some((_, what, must)) => Err(SizingError::Invalid { what, must }),
        None => Ok(()),
    }
}

/// Ports of a switch down and up so that down/up does not exceed `ratio`.
fn split(radix: u32, ratio: f64) -> Result<(u64, u64), SizingError> {
    let up = (f64::from(radix) / (1.0 + ratio)).ceil() as u64;
    let down = u64::from(radix) - up.min(u64::from(radix));
    if up == 0 || down == 0 {
        return Err(SizingError::Invalid {
            what: "the oversubscription",
            must: "less than the switch radix",
        });
    }
    Ok((down, up))
}

/// Smallest divisor of `of` that is at least `least`; `of` itself at the end.
fn smallest_divisor(of: u64, least: u64) -> u64 {
    (least.max(1)..=of).find(|s| of.is_multiple_of(*s)).unwrap_or(of)
}

/// Links that three tiers carry.
fn clos_ceiling(radix: u32, leaf_ratio: f64, spine_ratio: f64) -> u64 {
    match (split(radix, leaf_ratio), split(radix, spine_ratio)) {
        (Ok((leaf_down, _)), Ok((spine_down, _))) => leaf_down * spine_down * u64::from(radix),
        _ => 0,
    }
}

fn clos(d: &FabricDesign, endpoints: u64, links: u64, rails: u32) -> Result<PlaneCounts, SizingError> {
    let radix = u64::from(d.switch.radix);
    if links <= radix {
        return Ok(PlaneCounts {
            tiers: 1,
            leaf: 1,
            node_leaf: links,
            leaf_reach: links,
            ..Default::default()
        });
    }
    let (down, up) = split(d.switch.radix, d.leaf_oversubscription)?;
    let rails = u64::from(rails);
    // Management links take the ports that rails leave free, and a leaf of their own only where none are.
    let per_rail = endpoints.div_ceil(rails).div_ceil(down);
    let leaf = (rails * per_rail).max(links.div_ceil(down));
    let leaf_spine = leaf * up;
    let base =
        PlaneCounts { leaf, node_leaf: links, leaf_spine, leaf_reach: down * rails, ..Default::default() };
    if leaf <= radix {
        let spine = smallest_divisor(up, leaf_spine.div_ceil(radix));
        return Ok(PlaneCounts { tiers: 2, spine, pod_reach: links, ..base });
    }
    let (spine_down, spine_up) = split(d.switch.radix, d.spine_oversubscription)?;
    let pods = leaf.div_ceil(spine_down);
    if pods > radix {
        return Err(too_many(d, links));
    }
    let full = leaf / spine_down;
    let rest = leaf % spine_down;
    let rest_spines = if rest > 0 { smallest_divisor(up, (rest * up).div_ceil(spine_down)) } else { 0 };
    let spine = full * up + rest_spines;
    let spine_core = spine * spine_up;
    let core = smallest_divisor(up * spine_up, spine_core.div_ceil(radix));
    Ok(PlaneCounts { tiers: 3, spine, core, spine_core, pod_reach: down * spine_down, ..base })
}

fn too_many(d: &FabricDesign, links: u64) -> SizingError {
    let ceiling = |radix: u32| clos_ceiling(radix, d.leaf_oversubscription, d.spine_oversubscription);
    let mut radix_needed = d.switch.radix + d.switch.radix % 2;
    while ceiling(radix_needed) < links && radix_needed < 1 << 16 {
        radix_needed += 2;
    }
    let mut times = 2;
    while ceiling(d.switch.radix.saturating_mul(times)) < links && times < 1 << 10 {
        times += 1;
    }
    SizingError::TooManyEndpoints {
        links,
        ceiling: ceiling(d.switch.radix),
        radix: d.switch.radix,
        radix_needed,
        planes_needed: d.planes.saturating_mul(times),
    }
}

/// Hosts and switches of a group, and groups reached, of the largest balanced dragonfly.
fn dragonfly_shape(radix: u32) -> (u64, u64, u64) {
    let p = u64::from(radix + 1) / 4;
    (p, 2 * p, 2 * p * p + 1)
}

fn dragonfly(d: &FabricDesign, links: u64) -> Result<PlaneCounts, SizingError> {
    let (p, a, most) = dragonfly_shape(d.switch.radix);
    let groups = links.div_ceil(a * p);
    if groups > most {
        let reach = |r: u32| {
            let (p, a, most) = dragonfly_shape(r);
            a * p * most
        };
        return Err(beyond(d, links, "dragonfly", reach));
    }
    let between = if groups > 1 { groups * a * p / 2 } else { 0 };
    Ok(PlaneCounts {
        tiers: 1,
        leaf: groups * a,
        node_leaf: links,
        // Local links between switches of a group, then global links between groups.
        leaf_spine: groups * a * (a - 1) / 2,
        spine_core: between,
        leaf_reach: p,
        pod_reach: a * p,
        ..Default::default()
    })
}

fn dragonfly_plus(d: &FabricDesign, links: u64) -> Result<PlaneCounts, SizingError> {
    let half = u64::from(d.switch.radix / 2);
    let groups = links.div_ceil(half * half);
    if groups > half * half + 1 {
        let reach = |r: u32| {
            let h = u64::from(r / 2);
            h * h * (h * h + 1)
        };
        return Err(beyond(d, links, "dragonfly+", reach));
    }
    let between = if groups > 1 { groups * half * half / 2 } else { 0 };
    Ok(PlaneCounts {
        tiers: 2,
        leaf: groups * half,
        spine: groups * half,
        node_leaf: links,
        leaf_spine: groups * half * half,
        spine_core: between,
        leaf_reach: half,
        pod_reach: half * half,
        ..Default::default()
    })
}

fn beyond(d: &FabricDesign, links: u64, structure: &'static str, reach: impl Fn(u32) -> u64) -> SizingError {
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
fn torus(chips: u64, edge: u32, circuit_ports: u32) -> Result<PlaneCounts, SizingError> {
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

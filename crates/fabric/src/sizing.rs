//! Switch and cable counts of a network from one rule per structure, without table look-up.

mod clos;
mod direct;
mod hyperx;

use crate::bill::{BillOfMaterials, PlaneCounts, price_plane};
use crate::design::{FabricDesign, SizingError, Structure};
use clos::clos;
pub(crate) use hyperx::lattice;

/// Sizes a network.
///
/// Fat trees: leaves = links / downlinks per leaf; one tier where one switch holds all links, two where
/// leaves do not exceed the radix, else three. Two tiers: spines are the smallest number that has the ports
/// for all uplinks and divides the uplinks of a leaf evenly. Three tiers: pods of as many leaves as a spine
/// has downlinks, whose spines carry the load up and down; cores are the smallest number that has the ports
/// and divides the uplinks of a pod evenly. By rails: a leaf holds whole rails where several fit, and a rail fills leaves
/// of its own where it needs more than one.
///
/// Dragonfly, dragonfly+, HyperX and torus: see the structures. Their oversubscription is that of the global links, or
/// the reciprocal of the bisection.
///
/// # Errors
/// [`SizingError`] where a number is out of its domain, the structure does not reach that far, or is
/// not modelled.
pub fn size(design: &FabricDesign) -> Result<BillOfMaterials, SizingError> {
    if let Some(first) = faults(design).into_iter().next() {
        return Err(first);
    }
    let links = u64::from(design.endpoints) + u64::from(design.management_links);
    let plane = match design.structure {
        Structure::FatTree => clos(design, design.endpoints.into(), links, 1)?,
        Structure::RailOptimised { rails } => clos(design, design.endpoints.into(), links, rails)?,
        Structure::RailOnly { rails } => {
            let k = u64::from(rails);
            let one = clos(design, u64::from(design.endpoints).div_ceil(k), links.div_ceil(k), 1)?;
            PlaneCounts { node_leaf: links, ..one.times(k) }
        }
        Structure::Dragonfly => direct::dragonfly(design, links)?,
        Structure::DragonflyPlus => direct::dragonfly_plus(design, links)?,
        Structure::Torus3d { edge, circuit_ports } => direct::torus(links, edge, circuit_ports)?,
        Structure::HyperX => hyperx::hyperx(design, links)?,
    };
    Ok(price_plane(design, plane))
}

/// Every number of a design that is out of its domain; whether the structure reaches far enough is for [`size`] to say.
pub fn faults(d: &FabricDesign) -> Vec<SizingError> {
    let ratio = |r: f64| r >= 1.0 && r.is_finite();
    let torus = match d.structure {
        Structure::Torus3d { edge, circuit_ports } => edge >= 2 && circuit_ports >= 2,
        _ => true,
    };
    // A leaf or spine must keep a port up and a port down.
    let fits = |r: f64| !ratio(r) || d.switch.radix < 4 || r < f64::from(d.switch.radix);
    let rules: [(bool, &'static str, &'static str); 12] = [
        (d.endpoints > 0, "the number of endpoints", "at least one"),
        (d.planes > 0, "the number of planes", "at least one"),
        (d.switch.radix >= 4, "the switch radix", "at least four"),
        (ratio(d.leaf_oversubscription), "the oversubscription of leaves", "a finite number of one or more"),
        (ratio(d.spine_oversubscription), "the oversubscription of spines", "a finite number of one or more"),
        (fits(d.leaf_oversubscription), "the oversubscription of leaves", "less than the switch radix"),
        (fits(d.spine_oversubscription), "the oversubscription of spines", "less than the switch radix"),
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
        (torus, "cube edge and ports of a circuit switch", "at least two"),
    ];
    let broken = rules.into_iter().filter(|(holds, _, _)| !holds);
    broken.map(|(_, what, must)| SizingError::Invalid { what, must }).collect()
}

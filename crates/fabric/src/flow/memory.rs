//! Memory that a simulation will take, asked for before it begins.

use gigatwin_quantity::Data;

use super::adaptive::{DETOURS, MINIMAL};
use super::routes::{MOST_PATHS, Routing};
use super::topology::{Shape, Topology};

/// Bytes per strand besides its ways: offsets, latency, work, rate, due time, order, queue, ends.
const STRAND: u64 = 76;
/// Bytes per strand and resource: both incidence lists and fractions.
const CROSSING: u64 = 12;
/// Bytes per resource: capacity, what is left, counts, heap.
const RESOURCE: u64 = 64;

/// Bytes per link of a path while adaptive routing compares paths, with what the path itself takes.
const COMPARED: u64 = 6;

/// An upper estimate of the peak for so many flows.
pub fn memory_needed(topology: &Topology, routing: Routing, flows: u64) -> Data {
    let spec = topology.spec();
    let family = topology.family();
    let hops = u64::from(family.most_hops());
    let paths = |most: u32| u64::from(family.most_choices().min(most));
    // Links shared by several paths of a strand count once, which is left out.
    let (ways, compared) = match routing {
        Routing::Ecmp { .. } | Routing::DModK => (hops, 0),
        Routing::Spray if matches!(spec.shape, Shape::Clos(_)) => (hops, 0),
        Routing::Spray => (hops * paths(MOST_PATHS), 0),
        Routing::Adaptive => {
            let detours = if family.detours() { u64::from(DETOURS) } else { 0 };
            let all = hops * (paths(MINIMAL) + 2 * detours);
            (all, all * COMPARED)
        }
    };
    let strands = flows.saturating_mul(u64::from(spec.planes));
    let links = u64::from(topology.links());
    let each = STRAND + ways * CROSSING + compared;
    Data::from_bytes(strands.saturating_mul(each).saturating_add(links * RESOURCE) as f64)
}

//! Memory that a simulation will take, asked for before it begins.

use gigatwin_quantity::Data;

use super::topology::{Shape, Topology};

/// Bytes per strand besides its ways: offsets, latency, work, rate, due time, order, queue, ends.
const STRAND: u64 = 76;
/// Bytes per strand and resource: both incidence lists and fractions.
const CROSSING: u64 = 12;
/// Bytes per resource: capacity, what is left, counts, heap.
const RESOURCE: u64 = 64;

/// An upper estimate of the peak for so many flows.
pub fn memory_needed(topology: &Topology, flows: u64) -> Data {
    let spec = topology.spec();
    let ways = match &spec.shape {
        Shape::Clos(_) => 6,
        Shape::Dragonfly(_) | Shape::DragonflyPlus(_) => 8,
        Shape::HyperX(x) => 2 + u64::from(x.dims.iter().sum::<u32>()),
        Shape::Torus(t) => u64::from(t.dims.iter().sum::<u32>()),
    };
    let strands = flows.saturating_mul(u64::from(spec.planes));
    let links = u64::from(topology.links());
    let bytes = strands.saturating_mul(STRAND + ways * CROSSING).saturating_add(links * RESOURCE);
    Data::from_bytes(bytes as f64)
}

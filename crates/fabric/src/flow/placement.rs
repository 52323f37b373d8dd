//! Which endpoint each rank sits on.

use super::pattern::Pattern;
use super::topology::{Shape, Topology};

/// How a job is placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Placement {
    /// Ranks in order on neighbouring endpoints.
    #[default]
    Packed,
    /// Whole nodes, dealt out in turn to the leaves (rails: blocks of leaves; dragonflies: groups); each rank keeps its NIC.
    Spread,
    /// Ranks in order along the rails: all nodes on their first NIC, then on their second.
    ByRail,
    /// Whole nodes anywhere, drawn by a seed; each rank keeps its NIC, so rails are kept.
    RailAligned {
        /// Seed.
        seed: u64,
    },
    /// Every rank anywhere, drawn by a seed: neither nodes nor rails are kept.
    Random {
        /// Seed.
        seed: u64,
    },
}

/// More ranks than endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the job has {ranks} ranks, the network {endpoints} endpoints")]
pub struct TooManyRanks {
    /// Ranks of the job.
    pub ranks: u32,
    /// Endpoints of the network.
    pub endpoints: u32,
}

impl Placement {
    /// Endpoint of each rank.
    ///
    /// # Errors
    /// Where there are more ranks than endpoints.
    pub fn place(self, ranks: u32, topology: &Topology) -> Result<Vec<u32>, TooManyRanks> {
        self.place_within(ranks, topology, 0..topology.endpoints())
    }

    /// Endpoint of each rank, all in a range of endpoints such as those of one partition.
    ///
    /// # Errors
    /// Where there are more ranks than endpoints in the range.
    pub fn place_within(
        self,
        ranks: u32,
        topology: &Topology,
        range: std::ops::Range<u32>,
    ) -> Result<Vec<u32>, TooManyRanks> {
        let first = range.start;
        let endpoints = range.end.min(topology.endpoints()).saturating_sub(first);
        if ranks > endpoints {
            return Err(TooManyRanks { ranks, endpoints });
        }
        let spec = topology.spec();
        let node = spec.attach.rails().max(spec.domain.map_or(1, |d| d.size)).max(1);
        let drawn = |n: u32, seed| match Pattern::permutation(n, seed) {
            Pattern::Permutation(to) => to,
            _ => (0..n).collect(),
        };
        // A last node that is not whole stays where it is.
        let in_nodes = |mut nodes: Vec<u32>| -> Vec<u32> {
            nodes.extend(endpoints / node..endpoints.div_ceil(node));
            let all = nodes.into_iter().flat_map(|n| (n * node..(n + 1) * node).filter(|e| *e < endpoints));
            all.take(ranks as usize).collect()
        };
        let whole = endpoints / node;
        let place: Vec<u32> = match self {
            Placement::Packed => (0..ranks).collect(),
            Placement::Random { seed } => drawn(endpoints, seed).into_iter().take(ranks as usize).collect(),
            Placement::RailAligned { seed } => in_nodes(drawn(whole, seed)),
            Placement::Spread => {
                let unit = (neighbours(topology) / node).max(1);
                let dealt = (0..unit).flat_map(|i| (i..whole).step_by(unit as usize));
                in_nodes(dealt.collect())
            }
            Placement::ByRail => {
                let used = ranks.div_ceil(node);
                let along = (0..node).flat_map(|rail| (0..used).map(move |n| n * node + rail));
                along.filter(|e| *e < endpoints).take(ranks as usize).collect()
            }
        };
        Ok(place.into_iter().map(|e| first + e).collect())
    }
}

/// Endpoints that are near to each other: of a leaf, a block of leaves by rail, or a group; one where no structure has
/// any.
fn neighbours(topology: &Topology) -> u32 {
    let spec = topology.spec();
    match &spec.shape {
        Shape::Clos(c) => c.down.saturating_mul(spec.attach.rails()),
        Shape::Dragonfly(d) => d.hosts.saturating_mul(d.switches),
        Shape::DragonflyPlus(d) => d.hosts.saturating_mul(d.leaves),
        Shape::HyperX(x) => x.hosts,
        Shape::Torus(t) => t.dims.first().copied().unwrap_or(1),
    }
}

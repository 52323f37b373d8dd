//! Which endpoint each rank sits on.

use super::pattern::Pattern;
use super::topology::Topology;

/// How a job is placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Placement {
    /// Ranks in order on neighbouring endpoints.
    #[default]
    Packed,
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
        let endpoints = topology.endpoints();
        if ranks > endpoints {
            return Err(TooManyRanks { ranks, endpoints });
        }
        let spec = topology.spec();
        let node = spec.attach.rails().max(spec.domain.map_or(1, |d| d.size)).max(1);
        let drawn = |n: u32, seed| match Pattern::permutation(n, seed) {
            Pattern::Permutation(to) => to,
            _ => (0..n).collect(),
        };
        Ok(match self {
            Placement::Packed => (0..ranks).collect(),
            Placement::Random { seed } => drawn(endpoints, seed).into_iter().take(ranks as usize).collect(),
            Placement::RailAligned { seed } => {
                // A last node that is not whole stays where it is.
                let mut nodes = drawn(endpoints / node, seed);
                nodes.extend(endpoints / node..endpoints.div_ceil(node));
                let all =
                    nodes.into_iter().flat_map(|n| (n * node..(n + 1) * node).filter(|e| *e < endpoints));
                all.take(ranks as usize).collect()
            }
        })
    }
}

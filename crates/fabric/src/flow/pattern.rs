//! Well-known traffic patterns over endpoints, computed flow by flow rather than stored.

use gigatwin_quantity::{Data, Time};

use super::traffic::{Flow, Groups};
use super::units::mix;

/// Flows with numbers from zero.
pub trait FlowList: Sync {
    /// Number of flows.
    fn count(&self) -> usize;
    /// Flow of a number.
    fn flow(&self, index: usize) -> Flow;
    /// The pattern behind them, where they all carry the same and begin at once.
    fn pattern(&self) -> Option<&PatternFlows> {
        None
    }
}

impl FlowList for [Flow] {
    fn count(&self) -> usize {
        self.len()
    }

    fn flow(&self, index: usize) -> Flow {
        self[index]
    }
}

impl FlowList for Vec<Flow> {
    fn count(&self) -> usize {
        self.len()
    }

    fn flow(&self, index: usize) -> Flow {
        self[index]
    }
}

/// Who sends to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// Everyone to one other, drawn by a seed (an endpoint drawn for itself sends nothing).
    Permutation(Vec<u32>),
    /// In every group of a family, everyone to the members `hops` further on, round the end.
    Groups {
        /// Endpoints, a multiple of size and stride of the groups.
        endpoints: u32,
        /// The groups.
        groups: Groups,
        /// Distances within the group, first and last.
        hops: (u32, u32),
    },
    /// Everyone to endpoint zero.
    Incast {
        /// Endpoints.
        endpoints: u32,
    },
}

impl Pattern {
    /// A random permutation (Fisher and Yates over SplitMix64).
    pub fn permutation(endpoints: u32, seed: u64) -> Pattern {
        let mut to: Vec<u32> = (0..endpoints).collect();
        let mut state = mix(seed);
        for i in (1..to.len()).rev() {
            state = mix(state);
            let j = ((u128::from(state) * (i as u128 + 1)) >> 64) as usize;
            to.swap(i, j);
        }
        Pattern::Permutation(to)
    }

    /// Everyone to the endpoint `distance` further on, round the end: a ring with distance one, a rail step with
    /// the NICs of a node.
    pub fn shift(endpoints: u32, distance: u32) -> Pattern {
        let distance = distance % endpoints.max(1);
        Pattern::Groups {
            endpoints,
            groups: Groups { size: endpoints, stride: 1 },
            hops: (distance, distance),
        }
    }

    /// Everyone to everyone else at once.
    pub fn all_to_all(endpoints: u32) -> Pattern {
        let last = endpoints.saturating_sub(1);
        Pattern::Groups { endpoints, groups: Groups { size: endpoints, stride: 1 }, hops: (1, last) }
    }

    /// Number of flows.
    pub fn flows(&self) -> u64 {
        match self {
            Pattern::Permutation(to) => to.len() as u64,
            Pattern::Groups { endpoints, hops: (first, last), .. } => {
                u64::from(*endpoints) * u64::from((last + 1).saturating_sub(*first))
            }
            Pattern::Incast { endpoints } => u64::from(endpoints.saturating_sub(1)),
        }
    }

    /// Whether all flows end at endpoints below a number, told without looking at each; `false` where that is not known.
    fn within(&self, endpoints: u32) -> bool {
        match self {
            Pattern::Groups { endpoints: n, groups, .. } => *n <= endpoints && groups.fit(*n),
            Pattern::Incast { endpoints: n } => *n <= endpoints,
            Pattern::Permutation(_) => false,
        }
    }

    /// Sender and receiver of a flow.
    pub fn ends(&self, index: usize) -> (u32, u32) {
        match self {
            Pattern::Permutation(to) => (index as u32, to[index]),
            Pattern::Groups { groups, hops: (first, last), .. } => {
                let width = (last - first + 1) as usize;
                let (from, hop) = ((index / width) as u32, first + (index % width) as u32);
                (from, groups.onward(from, hop))
            }
            Pattern::Incast { .. } => (index as u32 + 1, 0),
        }
    }

    /// The pattern with so many bytes in each flow.
    pub fn sending(self, bytes: Data) -> PatternFlows {
        PatternFlows { pattern: self, bytes }
    }
}

impl PatternFlows {
    /// Whether all flows are sound in a network of so many endpoints, told without looking at each.
    pub(crate) fn sound(&self, endpoints: u32) -> bool {
        self.bytes.bytes() >= 0.0 && self.bytes.is_finite() && self.pattern.within(endpoints)
    }
}

/// A pattern whose flows all carry the same and begin at once.
#[derive(Debug, Clone, PartialEq)]
pub struct PatternFlows {
    /// The pattern.
    pub pattern: Pattern,
    /// Bytes of each flow.
    pub bytes: Data,
}

impl FlowList for PatternFlows {
    fn count(&self) -> usize {
        self.pattern.flows() as usize
    }

    fn flow(&self, index: usize) -> Flow {
        let (from, to) = self.pattern.ends(index);
        Flow { from, to, bytes: self.bytes, start: Time::ZERO, priority: 0, label: 0 }
    }

    fn pattern(&self) -> Option<&PatternFlows> {
        Some(self)
    }
}

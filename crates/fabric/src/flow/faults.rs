//! Links that are down, for good or for a while.

use gigatwin_quantity::Time;

use super::topology::Topology;
use super::units::mix;

/// Directed links that are down.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Faults {
    down: Vec<u32>,
}

/// A cable that goes down and comes back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Flap {
    /// A link of the cable; both directions are down.
    pub link: u32,
    /// When it goes down.
    pub from: Time,
    /// For how long.
    pub lasts: Time,
}

impl Faults {
    /// None.
    pub fn none() -> Faults {
        Faults::default()
    }

    /// Both directions of these cables.
    pub fn cables(topology: &Topology, links: impl IntoIterator<Item = u32>) -> Faults {
        let mut down: Vec<u32> = links.into_iter().flat_map(|l| [l, topology.reverse(l)]).collect();
        down.sort_unstable();
        down.dedup();
        Faults { down }
    }

    /// `count` different cables of a tier (both directions), drawn by a seed from all copies.
    pub fn random(topology: &Topology, tier: usize, count: u32, seed: u64) -> Faults {
        let Some(t) = topology.tiers().get(tier) else { return Faults::none() };
        let copies = if t.first == u32::MAX { 1 } else { topology.copies() };
        let all = u64::from(t.links) * u64::from(copies);
        let mut chosen: Vec<u32> = Vec::new();
        let mut draw = seed;
        while (chosen.len() as u64) < u64::from(count).min(all) {
            draw = mix(draw);
            let at = draw % all;
            let (copy, index) = ((at / u64::from(t.links)) as u32, (at % u64::from(t.links)) as u32);
            if let Some(link) = topology.link(tier, copy, index).filter(|l| !chosen.contains(l)) {
                chosen.push(link);
            }
        }
        Faults::cables(topology, chosen)
    }

    /// With others.
    #[must_use]
    pub fn and(mut self, other: &Faults) -> Faults {
        self.down.extend_from_slice(&other.down);
        self.down.sort_unstable();
        self.down.dedup();
        self
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.down.is_empty()
    }

    /// Directed links that are down, in order.
    pub fn links(&self) -> &[u32] {
        &self.down
    }

    /// Whether a link is down.
    pub fn contains(&self, link: u32) -> bool {
        !self.down.is_empty() && self.down.binary_search(&link).is_ok()
    }
}

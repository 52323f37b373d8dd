//! What links carried.

use gigatwin_quantity::{Data, Time};

use super::routes::{Router, Strands};
use super::topology::Topology;
use super::units::{WHOLE, bytes_of};

/// Bytes over each directed link, in whole bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loads {
    bytes: Vec<u64>,
}

/// A link with what it carried.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hot {
    /// The link.
    pub link: u32,
    /// What it carried.
    pub carried: Data,
    /// Part of what it could have carried in the time.
    pub use_of_capacity: f64,
}

/// Summary of a tier.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TierLoad {
    /// Mean part of the capacity in use over the time.
    pub mean: f64,
    /// The same of its busiest link.
    pub highest: f64,
    /// The busiest link; the lowest number where several are.
    pub busiest: u32,
    /// Links that carried anything.
    pub used: u32,
    /// Links.
    pub links: u32,
}

impl Loads {
    pub(crate) fn new(topology: &Topology) -> Loads {
        Loads { bytes: vec![0; topology.links() as usize] }
    }

    /// Adds the work done by the first `finite` strands.
    pub(crate) fn add(
        &mut self,
        router: &Router<'_>,
        strands: &Strands,
        finite: usize,
        done: impl Fn(usize) -> f64,
    ) {
        let mut carried = vec![0u64; router.resources() as usize];
        for s in 0..finite {
            let bytes = bytes_of(done(s)).round().max(0.0);
            let span = strands.span(s);
            for at in span {
                let part = strands.parts.get(at).map_or(1.0, |p| f64::from(*p) / WHOLE as f64);
                // Whole bytes: their sum does not depend on the order.
                carried[strands.resources[at] as usize] += (bytes * part).round() as u64;
            }
        }
        let all = carried.iter().enumerate().map(|(r, b)| (r as u32, *b));
        self.spread(router, all);
    }

    /// Adds bytes over resources, evenly over the links behind them.
    pub(crate) fn spread(&mut self, router: &Router<'_>, carried: impl Iterator<Item = (u32, u64)>) {
        for (r, bytes) in carried.filter(|(_, b)| *b > 0) {
            let members = router.members(r);
            let each = bytes / members.len().max(1) as u64;
            let over = bytes % members.len().max(1) as u64;
            for (i, link) in members.iter().enumerate() {
                self.bytes[*link as usize] += each + u64::from((i as u64) < over);
            }
        }
    }

    /// Gives all copies the loads of the first.
    pub(crate) fn repeat_first_copy(&mut self, topology: &Topology) {
        let n = topology.copy_links() as usize;
        for copy in 1..topology.copies() as usize {
            let (first, rest) = self.bytes.split_at_mut(copy * n);
            rest[..n].copy_from_slice(&first[..n]);
        }
    }

    /// Adds the loads of another time, so many times.
    pub fn add_times(&mut self, other: &Loads, times: u32) {
        for (mine, more) in self.bytes.iter_mut().zip(&other.bytes) {
            *mine = mine.saturating_add(more.saturating_mul(u64::from(times)));
        }
    }

    /// Bytes over each directed link.
    pub fn bytes(&self) -> &[u64] {
        &self.bytes
    }

    /// Part of a link's capacity in use over a time.
    pub fn use_of(&self, topology: &Topology, link: u32, time: Time) -> f64 {
        let most = (topology.rate(link) * time).bytes();
        let carried = self.bytes.get(link as usize).copied().unwrap_or(0) as f64;
        if most > 0.0 { carried / most } else { 0.0 }
    }

    /// The busiest links, busiest first, then by number.
    pub fn hottest(&self, topology: &Topology, time: Time, most: usize) -> Vec<Hot> {
        let mut all: Vec<Hot> = self
            .bytes
            .iter()
            .enumerate()
            .filter(|(_, b)| **b > 0)
            .map(|(l, b)| Hot {
                link: l as u32,
                carried: Data::from_bytes(*b as f64),
                use_of_capacity: self.use_of(topology, l as u32, time),
            })
            .collect();
        all.sort_by(|a, b| b.use_of_capacity.total_cmp(&a.use_of_capacity).then(a.link.cmp(&b.link)));
        all.truncate(most);
        all
    }

    /// Summary of each tier of the topology, in its order.
    pub fn tiers(&self, topology: &Topology, time: Time) -> Vec<TierLoad> {
        let mut out: Vec<TierLoad> = topology
            .tiers()
            .iter()
            .map(|_| TierLoad { mean: 0.0, highest: 0.0, busiest: 0, used: 0, links: 0 })
            .collect();
        for link in 0..topology.links() {
            let (tier, _, _) = topology.place(link);
            let load = self.use_of(topology, link, time);
            let t = &mut out[tier];
            if t.links == 0 || load > t.highest {
                t.highest = load;
                t.busiest = link;
            }
            t.links += 1;
            t.used += u32::from(load > 0.0);
            t.mean += load;
        }
        for t in &mut out {
            t.mean /= f64::from(t.links.max(1));
        }
        out
    }
}

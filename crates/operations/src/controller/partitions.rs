//! Several partitions of one machine, with nodes of their own or shared.
//!
//! As read in `slurmctld/job_scheduler.c` and `sched/backfill` of 22.05.8: jobs of a higher `PriorityTier` go first, whatever their priority. Where a job does
//! not fit, the main scheduler starts no more jobs of its partition in this look, nor any on nodes of that partition; other partitions go on with the
//! rest. A reservation of the backfill scheduler holds its nodes against jobs of all partitions.

use std::ops::Range;

use super::nodes::NodeSet;

/// A partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// Its jobs go before those of partitions with a lower one.
    pub tier: u32,
    /// Its nodes. Leaf switches begin anew where a run of nodes does.
    pub nodes: Vec<Range<u32>>,
}

/// The partitions and the jobs in them.
#[derive(Debug, Clone, Copy)]
pub struct Partitions<'a> {
    /// All partitions.
    pub list: &'a [Partition],
    /// That of each gang.
    pub of: &'a [usize],
}

/// Partitions as sets of nodes; where none are given, one of all nodes.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    of: &'a [usize],
    tiers: Vec<u32>,
    pub sets: Vec<NodeSet>,
}

impl<'a> Parts<'a> {
    pub fn new(nodes: u32, by: Option<Partitions<'a>>) -> Self {
        let Some(by) = by.filter(|by| !by.list.is_empty()) else {
            return Parts { of: &[], tiers: vec![1], sets: vec![NodeSet::all(nodes)] };
        };
        let set = |partition: &Partition| {
            let mut set = NodeSet::none(nodes);
            partition.nodes.iter().flat_map(Clone::clone).filter(|n| *n < nodes).for_each(|n| set.insert(n));
            set
        };
        Parts {
            of: by.of,
            tiers: by.list.iter().map(|p| p.tier).collect(),
            sets: by.list.iter().map(set).collect(),
        }
    }

    /// The number of a gang's partition.
    pub fn number(&self, gang: usize) -> usize {
        self.of.get(gang).copied().unwrap_or(0).min(self.sets.len() - 1)
    }

    /// The nodes of a gang's partition.
    pub fn nodes(&self, gang: usize) -> &NodeSet {
        &self.sets[self.number(gang)]
    }

    pub fn tier(&self, gang: usize) -> u32 {
        self.tiers[self.number(gang)]
    }
}

/// First nodes of the runs of all partitions.
pub(super) fn cuts(by: Option<Partitions<'_>>) -> Vec<u32> {
    by.map_or_else(Vec::new, |by| by.list.iter().flat_map(|p| p.nodes.iter().map(|r| r.start)).collect())
}

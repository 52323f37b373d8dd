//! Qualities of service that stop others, partitions and dependencies of a workload.

use std::collections::BTreeMap;

use gigatwin_operations::controller::{Chains, Millis, Partition, Partitions, Preemption, Quality};

use crate::table::{Row, ValidationError};

/// A credential lives for so long (`cred_expire`), and a stopped job may start a second later.
const HOLD: i64 = 121;
/// `KillWait` and `MessageTimeout` of the recorded controllers: within that a job stops others once.
const PATIENCE: i64 = 90;
/// From the decision to stop a job until its nodes are free: 2.8 to 4.0 s (eight jobs) in the log of one of the recorded controllers.
const STOPPING: Millis = 3_000;

/// What the jobs of a workload go by, beside their order.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Rules {
    /// Names of the qualities in the order of their numbers, and the names of those that each may stop.
    qualities: Vec<(String, Quality, Vec<String>)>,
    quality: BTreeMap<u32, usize>,
    exempt: i64,
    partitions: Vec<(String, Partition)>,
    partition: BTreeMap<u32, usize>,
    /// Job before, by job.
    after: BTreeMap<u32, u32>,
    /// Number and throttle of its array, by job.
    array: BTreeMap<u32, (usize, u32)>,
}

/// The same for jobs in an order.
#[derive(Debug)]
pub(super) struct Ordered {
    qualities: Vec<Quality>,
    quality: Vec<usize>,
    exempt: i64,
    partitions: Vec<Partition>,
    partition: Vec<usize>,
    after: Vec<Vec<usize>>,
    array: Vec<Option<(usize, u32)>>,
}

impl Rules {
    /// Takes a row's quality and partition, where it has them.
    pub fn add(&mut self, row: Row<'_>, job: u32) -> Result<(), ValidationError> {
        let count = |column| row.count(column)?.ok_or_else(|| row.fault(column, "a whole number"));
        let exempt = row.text("exempt_s");
        if !exempt.is_empty() {
            self.exempt = i64::from(count("exempt_s")?);
            let name = row.text("qos");
            let at = match self.qualities.iter().position(|q| q.0 == name) {
                Some(at) => at,
                None => {
                    let stops = row.text("stops").split(';').map(str::to_owned).collect();
                    let quality = Quality { priority: count("qos_priority")?, stops: Vec::new() };
                    self.qualities.push((name.to_owned(), quality, stops));
                    self.qualities.len() - 1
                }
            };
            self.quality.insert(job, at);
        }
        if !row.text("after").is_empty() {
            self.after.insert(job, count("after")?);
        }
        if !row.text("array").is_empty() {
            self.array.insert(job, (count("array")? as usize, count("throttle")?));
        }
        let name = row.text("partition");
        if !name.is_empty() {
            let at = match self.partitions.iter().position(|p| p.0 == name) {
                Some(at) => at,
                None => {
                    let column = "partition_nodes";
                    let nodes = row.text(column).split_once('-').and_then(|(first, last)| {
                        Some(first.parse::<u32>().ok()?..last.parse::<u32>().ok()?.checked_add(1)?)
                    });
                    let nodes = nodes.ok_or_else(|| row.fault(column, "first and last node, as 0-63"))?;
                    let partition =
                        Partition { tier: count("tier")?, nodes: std::iter::once(nodes).collect() };
                    self.partitions.push((name.to_owned(), partition));
                    self.partitions.len() - 1
                }
            };
            self.partition.insert(job, at);
        }
        Ok(())
    }

    /// Whether jobs may stop others.
    pub fn stop(&self) -> bool {
        !self.qualities.is_empty()
    }

    /// Whether there are several partitions.
    pub fn parted(&self) -> bool {
        !self.partitions.is_empty()
    }

    /// Whether jobs wait for others.
    pub fn chained(&self) -> bool {
        !self.after.is_empty() || !self.array.is_empty()
    }

    /// For jobs in this order.
    pub fn ordered(&self, jobs: impl Iterator<Item = u32> + Clone) -> Ordered {
        let number = |name: &String| self.qualities.iter().position(|q| q.0 == *name);
        let quality = |(_, quality, stops): &(String, Quality, Vec<String>)| Quality {
            stops: stops.iter().filter_map(number).collect(),
            ..quality.clone()
        };
        let of = |map: &BTreeMap<u32, usize>| {
            jobs.clone().map(|job| map.get(&job).copied().unwrap_or(0)).collect::<Vec<_>>()
        };
        Ordered {
            qualities: self.qualities.iter().map(quality).collect(),
            quality: of(&self.quality),
            exempt: self.exempt,
            partitions: self.partitions.iter().map(|p| p.1.clone()).collect(),
            partition: of(&self.partition),
            after: jobs
                .clone()
                .map(|job| jobs.clone().position(|o| Some(&o) == self.after.get(&job)))
                .map(Vec::from_iter)
                .collect(),
            array: jobs.clone().map(|job| self.array.get(&job).copied()).collect(),
        }
    }
}

impl Ordered {
    pub fn preemption(&self) -> Option<Preemption<'_>> {
        (!self.qualities.is_empty()).then_some(Preemption {
            qualities: &self.qualities,
            of: &self.quality,
            exempt: self.exempt,
            hold: HOLD,
            patience: PATIENCE,
            stopping: STOPPING,
        })
    }

    pub fn partitions(&self) -> Option<Partitions<'_>> {
        let (list, of) = (self.partitions.as_slice(), self.partition.as_slice());
        (!list.is_empty()).then_some(Partitions { list, of })
    }

    pub fn chains(&self) -> Option<Chains<'_>> {
        let waits = self.after.iter().any(|a| !a.is_empty()) || self.array.iter().any(Option::is_some);
        waits.then_some(Chains { after: &self.after, array: &self.array })
    }
}

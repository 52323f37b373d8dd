//! What became of the jobs of each class of one tenant.

use std::collections::BTreeMap;

use crate::job::{Job, JobState, Seconds};
use crate::outcome::Outcome;
use crate::report::Waits;

/// Jobs of one quality of service and one tenant.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cell {
    /// Quality of service.
    pub qos: u16,
    /// Leaf of the share tree.
    pub tenant: u32,
    /// Jobs submitted.
    pub jobs: usize,
    /// Of those, started.
    pub started: usize,
    /// Of those, ended with their work done.
    pub completed: usize,
    /// Waits of those that started.
    pub waits: Option<Waits>,
    /// Accelerator-hours asked for: run times times sizes.
    pub asked: f64,
    /// Accelerator-hours held.
    pub hours: f64,
    /// Of those, lost to stops.
    pub lost: f64,
    /// Stops for a higher rank.
    pub preemptions: u64,
}

/// Groups jobs by what `key` gives, in its order; the cell's quality and tenant are those of its first job.
pub fn cells<K: Ord>(
    jobs: &[Job],
    outcome: &Outcome,
    units: impl Fn(&Job) -> i64,
    key: impl Fn(&Job) -> K,
) -> Vec<Cell> {
    let mut found: BTreeMap<K, (Cell, Vec<Seconds>)> = BTreeMap::new();
    for (job, r) in jobs.iter().zip(&outcome.jobs) {
        let (cell, waits) = found
            .entry(key(job))
            .or_insert_with(|| (Cell { qos: job.qos, tenant: job.tenant, ..Cell::default() }, Vec::new()));
        cell.jobs += 1;
        cell.completed += usize::from(r.state == JobState::Completed);
        cell.asked += units(job) as f64 * job.runtime as f64 / 3_600.0;
        cell.hours += r.held as f64 / 3_600.0;
        cell.lost += r.lost as f64 / 3_600.0;
        cell.preemptions += u64::from(r.preemptions);
        waits.extend(r.wait(job));
    }
    found
        .into_values()
        .map(|(cell, waits)| Cell { started: waits.len(), waits: Waits::of(waits), ..cell })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Policy, Settings, Site, simulate};

    #[test]
    fn cells_keep_the_sums() {
        let site = Site { qos: vec![crate::Qos::default(); 2], ..Site::flat(2, 1) };
        let jobs = [
            Job { qos: 1, ..Job::nodes(1, 0, 3_600, 3_600, 2) },
            Job::nodes(2, 0, 7_200, 7_200, 1),
            Job { qos: 1, ..Job::nodes(3, 0, 3_600, 3_600, 1) },
        ];
        let o = simulate(&site, &jobs, &Settings::new(Policy::Easy)).unwrap();
        let c = cells(&jobs, &o, |j| site.layout.units(j.size), |j| (j.qos, j.tenant));
        assert_eq!(
            c.iter().map(|c| (c.qos, c.jobs, c.hours)).collect::<Vec<_>>(),
            [(0, 1, 2.0), (1, 2, 3.0)]
        );
        assert_eq!(c[0].waits.unwrap().longest, 3_600);
        assert_eq!(c[1].waits.unwrap().median, 3_600);
    }
}

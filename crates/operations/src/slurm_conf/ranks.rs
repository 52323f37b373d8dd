//! Partitions: which of two jobs goes first, and how long a job may run that says nothing.

use std::collections::BTreeMap;

use super::{ConfPartition, SlurmConf};
use crate::job::Job;
use crate::policy::{Multifactor, Order, Qos};
use crate::trace::Trace;

/// Jobs as the partitions and qualities of service rank them.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    /// The workload; its jobs name the qualities below.
    pub jobs: Vec<Job>,
    /// Qualities of service, apart for each tier of partitions.
    pub qos: Vec<Qos>,
    /// By number of the quality: its name in the trace.
    pub names: Vec<String>,
    /// In which order jobs wait.
    pub order: Order,
    /// What was assumed, for people.
    pub notes: Vec<String>,
}

impl SlurmConf {
    /// Ranks the jobs of a trace: `PriorityTier` before everything else, then the multifactor priority or the order of submission, as Slurm sorts its
    /// queue. Priorities of qualities of service are those of the database, where given. Jobs without a limit of their own get the
    /// `MaxTime` of their partition.
    pub fn ranked(&self, trace: &Trace, priorities: &BTreeMap<String, f64>) -> Ranked {
        let partitions: Vec<Option<&ConfPartition>> =
            trace.recorded.iter().map(|r| self.partition_of(trace, r).map(|p| &self.partitions[p])).collect();
        let mut notes = Vec::new();
        let strangers = partitions.iter().filter(|p| p.is_none()).count();
        if strangers > 0 && !self.partitions.is_empty() {
            notes.push(format!(
                "{strangers} jobs are of no partition of the configuration: tier one, no limit"
            ));
        }
        let tier = |p: &Option<&ConfPartition>| p.map_or(1, |p| p.tier);
        let tiers: BTreeMap<u32, usize> = {
            let mut all: Vec<u32> = partitions.iter().map(tier).collect();
            all.sort_unstable();
            all.dedup();
            all.into_iter().zip(0..).collect()
        };
        let by = self.priority.unwrap_or(Multifactor {
            age: 0.0,
            size: 0.0,
            qos: 0.0,
            fair_share: 0.0,
            ..Multifactor::default()
        });
        // A tier outweighs all that the other factors can make together.
        let step = by.age + by.size + by.qos + by.fair_share + 1.0;
        let best = priorities.values().copied().fold(0.0, f64::max);
        let weight = |rank: usize, qos: &str| {
            let own = priorities.get(qos).map_or(0.0, |p| if best > 0.0 { p / best } else { 0.0 });
            rank as f64 * step + by.qos * own
        };
        let mut places: BTreeMap<(usize, u16), u16> = BTreeMap::new();
        let mut weights = Vec::new();
        let (mut qos, mut names, mut limited) = (Vec::new(), Vec::new(), 0);
        let jobs = trace
            .jobs
            .iter()
            .zip(&trace.recorded)
            .zip(&partitions)
            .map(|((job, recorded), partition)| {
                let rank = tiers.get(&tier(partition)).copied().unwrap_or(0);
                let name = trace.qos.get(job.qos as usize).map_or("normal", String::as_str);
                let place = *places.entry((rank, job.qos)).or_insert_with(|| {
                    weights.push(weight(rank, name));
                    names.push(name.to_owned());
                    let name = if tiers.len() > 1 {
                        format!("{name}, tier {}", tier(partition))
                    } else {
                        name.to_owned()
                    };
                    qos.push(Qos { name, ..Qos::default() });
                    (qos.len() - 1) as u16
                });
                let longest = partition.and_then(|p| p.max_time).filter(|_| recorded.asked.is_none());
                limited += usize::from(longest.is_some());
                Job { qos: place, limit: longest.unwrap_or(job.limit), ..*job }
            })
            .collect();
        let top = weights.iter().copied().fold(0.0, f64::max);
        for (qos, weight) in qos.iter_mut().zip(&weights) {
            qos.priority = if top > 0.0 { weight / top } else { 0.0 };
        }
        if limited > 0 {
            notes.push(format!("{limited} jobs without a limit get the MaxTime of their partition"));
        }
        let order = if self.priority.is_none() && top == 0.0 {
            Order::Submit
        } else {
            Order::Multifactor(Multifactor { qos: top, ..by })
        };
        Ranked { jobs, qos, names, order, notes }
    }
}

#[cfg(test)]
mod tests {
    use super::super::read_slurm_conf;
    use super::*;
    use crate::trace::{Format, read_trace};

    const CONF: &str = "NodeName=n[1-4] Gres=gpu:8\nPriorityType=priority/multifactor\nPriorityWeightFairshare=1000\nPriorityWeightQOS=100\n\
        PartitionName=main Nodes=ALL Default=YES MaxTime=10\nPartitionName=urgent Nodes=ALL MaxTime=4 PriorityTier=10\n";
    const SACCT: &str = "JobID|Account|QOS|Partition|Submit|Start|End|Timelimit|State|NNodes\n\
        1|a|normal|main|2026-03-02T08:00:00|2026-03-02T08:00:01|2026-03-02T08:01:01|00:02:00|COMPLETED|1\n\
        2|a|better|main|2026-03-02T08:00:01|2026-03-02T08:00:02|2026-03-02T08:01:02|Partition_Limit|COMPLETED|1\n\
        3|a|normal|urgent|2026-03-02T08:00:02|2026-03-02T08:00:03|2026-03-02T08:01:03|UNLIMITED|COMPLETED|1\n\
        4|a|normal|gone|2026-03-02T08:00:03|2026-03-02T08:00:04|2026-03-02T08:01:04|00:02:00|COMPLETED|1\n";

    #[test]
    fn a_tier_outweighs_every_factor_and_a_partition_gives_its_limit() {
        let conf = read_slurm_conf(CONF).expect("a machine");
        let trace = read_trace(SACCT, Format::Sacct).expect("a trace");
        let qualities = [("normal".to_owned(), 0.0), ("better".to_owned(), 50.0)].into_iter().collect();
        let ranked = conf.ranked(&trace, &qualities);
        let limits: Vec<_> = ranked.jobs.iter().map(|j| j.limit).collect();
        assert_eq!(limits, [120, 600, 240, 120]);
        let Order::Multifactor(m) = ranked.order else { panic!("multifactor") };
        let weight = |job: usize| m.qos * ranked.qos[ranked.jobs[job].qos as usize].priority;
        // 0 and the whole weight of the quality; a tier is worth more than 1,100, all that the factors sum to.
        assert!((weight(0) - 0.0).abs() < 1e-9 && (weight(1) - 100.0).abs() < 1e-9);
        assert!((weight(2) - 1101.0).abs() < 1e-9 && weight(3).abs() < 1e-9);
        assert_eq!(m.fair_share, 1000.0);
        assert_eq!(ranked.notes.len(), 2, "{:?}", ranked.notes);
    }

    #[test]
    fn without_weights_and_tiers_jobs_wait_as_they_came() {
        let conf =
            read_slurm_conf("NodeName=n[1-4] Gres=gpu:8\nPartitionName=main Nodes=ALL\n").expect("a machine");
        let trace = read_trace(SACCT, Format::Sacct).expect("a trace");
        assert_eq!(conf.ranked(&trace, &BTreeMap::new()).order, Order::Submit);
        let tiers =
            "NodeName=n[1-4]\nPartitionName=main Nodes=ALL\nPartitionName=urgent Nodes=ALL PriorityTier=2\n";
        let conf = read_slurm_conf(tiers).expect("a machine");
        let ranked = conf.ranked(&trace, &BTreeMap::new());
        assert!(matches!(ranked.order, Order::Multifactor(m) if m.qos > 0.0 && m.fair_share == 0.0));
    }
}

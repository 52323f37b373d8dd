//! Partitions over nodes of their own: parts of a cluster that share accounts and no node.

use super::{ConfPartition, NodeKind, SlurmConf, layout_of};
use crate::job::Size;
use crate::layout::Layout;
use crate::trace::{LeftOut, Recorded, Trace};

/// Code of a job whose nodes are not known.
const NOWHERE: &str = "G662";

/// Partitions that share nodes, and no node with any other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// Names of its partitions.
    pub partitions: Vec<String>,
    /// Its nodes by kind.
    pub kinds: Vec<NodeKind>,
    /// As the site that stands for it: nodes of one kind.
    pub layout: Layout,
}

impl Pool {
    /// Name in reports.
    pub fn name(&self) -> String {
        self.partitions.join(", ")
    }

    /// Accelerators; none where the unit is the node.
    pub fn gpus(&self) -> u64 {
        self.kinds.iter().map(|k| u64::from(k.nodes) * u64::from(k.gpus)).sum()
    }
}

/// A workload spread over the pools of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pooled {
    /// In the order of their first partitions; at least one.
    pub pools: Vec<Pool>,
    /// By position of the job in the trace: its pool; none where its partition is over no node that is known.
    pub homes: Vec<Option<u16>>,
    /// Jobs without a pool.
    pub left_out: Vec<LeftOut>,
    /// What was assumed, for people.
    pub notes: Vec<String>,
}

impl SlurmConf {
    /// The partition of a job: that of the trace, else the default one.
    pub(super) fn partition_of(&self, trace: &Trace, recorded: &Recorded) -> Option<usize> {
        match recorded.partition.and_then(|i| trace.partitions.get(i as usize)) {
            // A job may name several; it ran in one, which accounting has first.
            Some(name) => {
                let first = name.split(',').next().unwrap_or_default();
                self.partitions.iter().position(|p| p.name == first)
            }
            None => self.partitions.iter().position(|p| p.default),
        }
    }

    /// Spreads a workload over pools: partitions that the workload uses and that have a node in common are one. A job goes where its partition
    /// is. In a pool without accelerators a job takes as many nodes as it held.
    pub fn pooled(&self, trace: &mut Trace) -> Pooled {
        let of: Vec<Option<usize>> = trace.recorded.iter().map(|r| self.partition_of(trace, r)).collect();
        let mut used = vec![false; self.partitions.len()];
        of.iter().flatten().for_each(|p| used[*p] = true);
        let mut pool_of = self.united(&used);
        let mut notes = Vec::new();
        let mut pools = self.built(&pool_of, &mut notes);
        if pools.is_empty() {
            // No partition says anything: the machine is one.
            let (layout, more) = layout_of(&self.kinds);
            notes.extend(more);
            pools.push(Pool { partitions: vec!["all".to_owned()], kinds: self.kinds.clone(), layout });
            pool_of.fill(None);
        }
        let single = pools.len() == 1;
        let mut left_out = Vec::new();
        let mut homes = Vec::with_capacity(of.len());
        for ((job, recorded), partition) in trace.jobs.iter_mut().zip(&trace.recorded).zip(&of) {
            let known = partition.and_then(|p| pool_of[p]);
            let empty = partition.is_some_and(|p| self.partitions[p].nodes == 0);
            // Where there is but one pool, a job of a partition that is gone ran there.
            let home = known.or((single && !empty).then_some(0));
            if home.is_none() {
                let name = recorded.partition.and_then(|i| trace.partitions.get(i as usize));
                let why = match (name, empty) {
                    (Some(name), true) => format!("partition {name} is over no node of the configuration"),
                    (Some(name), false) => format!("the configuration has no partition {name}"),
                    (None, _) => "it names no partition, and none is the default".to_owned(),
                };
                left_out.push(LeftOut { line: 0, code: NOWHERE, reason: format!("job {}: {why}", job.id) });
            }
            if let Some(pool) = home.and_then(|h| pools.get(usize::from(h))).filter(|p| p.gpus() == 0)
                && let Size::Gpus(n) = job.size
            {
                job.size = Size::Nodes(recorded.nodes.unwrap_or(n).clamp(1, pool.layout.nodes.max(1)));
            }
            homes.push(home);
        }
        if !single {
            let names: Vec<String> = pools.iter().map(Pool::name).collect();
            notes.push(format!(
                "{} pools of nodes run apart under one share tree: {}",
                pools.len(),
                names.join("; ")
            ));
        }
        Pooled { pools, homes, left_out, notes }
    }

    /// By partition: the number of its pool, where it is used and has nodes.
    fn united(&self, used: &[bool]) -> Vec<Option<u16>> {
        let mut pool: Vec<usize> = (0..self.partitions.len()).collect();
        // The first partition seen on each node; all on a node are one.
        let mut first: Vec<Option<usize>> = vec![None; self.node_kinds.len()];
        let counts = |p: usize| used[p] && self.partitions[p].nodes > 0;
        for p in (0..self.partitions.len()).filter(|p| counts(*p)) {
            let mut join = |node: usize| {
                if let Some(other) = first.get(node).copied().flatten() {
                    let (a, b) = (pool[other], pool[p]);
                    if a != b {
                        pool.iter_mut().filter(|x| **x == b).for_each(|x| *x = a);
                    }
                } else if let Some(slot) = first.get_mut(node) {
                    *slot = Some(p);
                }
            };
            match &self.partitions[p].members {
                Some(list) => list.iter().for_each(|n| join(*n as usize)),
                None => (0..self.node_kinds.len()).for_each(join),
            }
        }
        let mut numbers: Vec<usize> = Vec::new();
        (0..self.partitions.len())
            .map(|p| {
                if !counts(p) {
                    return None;
                }
                let at = numbers.iter().position(|n| *n == pool[p]).unwrap_or_else(|| {
                    numbers.push(pool[p]);
                    numbers.len() - 1
                });
                u16::try_from(at).ok()
            })
            .collect()
    }

    fn built(&self, pool_of: &[Option<u16>], notes: &mut Vec<String>) -> Vec<Pool> {
        let count = pool_of.iter().flatten().max().map_or(0, |m| usize::from(*m) + 1);
        let mut pools = Vec::with_capacity(count);
        for number in 0..count {
            let here: Vec<&ConfPartition> = self
                .partitions
                .iter()
                .zip(pool_of)
                .filter(|(_, p)| p.is_some_and(|p| usize::from(p) == number))
                .map(|(p, _)| p)
                .collect();
            let mut inside = vec![false; self.node_kinds.len()];
            for partition in &here {
                match &partition.members {
                    Some(list) => list.iter().for_each(|n| inside[*n as usize] = true),
                    None => inside.fill(true),
                }
            }
            let mut kinds: Vec<NodeKind> = self.kinds.clone();
            kinds.iter_mut().for_each(|k| k.nodes = 0);
            for (_, kind) in inside.iter().zip(&self.node_kinds).filter(|(i, _)| **i) {
                kinds[*kind as usize].nodes += 1;
            }
            kinds.retain(|k| k.nodes > 0);
            let partitions: Vec<String> = here.iter().map(|p| p.name.clone()).collect();
            let nodes: u32 = kinds.iter().map(|k| k.nodes).sum();
            let (layout, more) = layout_of(&kinds);
            let name = partitions.join(", ");
            notes.extend(more.into_iter().map(|n| if count > 1 { format!("{name}: {n}") } else { n }));
            if here.iter().any(|p| p.nodes < nodes) {
                notes.push(format!(
                    "partitions {name} overlap and are taken as one pool: a job may run on any of its {nodes} nodes"
                ));
            }
            pools.push(Pool { partitions, kinds, layout });
        }
        pools
    }
}

#[cfg(test)]
mod tests {
    use super::super::read_slurm_conf;
    use super::*;
    use crate::trace::{Format, read_trace};

    const CONF: &str = "NodeName=c[1-6] CPUs=64\nNodeName=a[1-4] Gres=gpu:a100:4\nNodeName=h[1-2] Gres=gpu:h100:8\n\
        PartitionName=cpu Nodes=c[1-6]\nPartitionName=a100 Nodes=a[1-4] Default=YES\nPartitionName=urgent Nodes=a[3-4] PriorityTier=9\n\
        PartitionName=h100 Nodes=h[1-2]\nPartitionName=all Nodes=ALL\nPartitionName=later Nodes=z[1-4]\n";

    fn trace(partitions: &[&str]) -> Trace {
        let mut text = "JobID|Account|Partition|Submit|Start|End|NNodes|AllocTRES\n".to_owned();
        for (i, p) in partitions.iter().enumerate() {
            let gpus = if *p == "cpu" { "" } else { "gres/gpu=8" };
            text += &format!(
                "{i}|x|{p}|2026-03-02T08:00:0{i}|2026-03-02T08:00:0{i}|2026-03-02T08:01:01|2|{gpus}\n"
            );
        }
        read_trace(&text, Format::Sacct).expect("a trace")
    }

    #[test]
    fn partitions_that_share_nodes_are_one_pool_and_others_stand_apart() {
        let conf = read_slurm_conf(CONF).expect("a machine");
        let mut jobs = trace(&["cpu", "a100", "urgent", "h100", "later", "gone", ""]);
        let pooled = conf.pooled(&mut jobs);
        let pools: Vec<_> = pooled.pools.iter().map(|p| (p.name(), p.layout)).collect();
        assert_eq!(
            pools,
            [
                ("cpu".to_owned(), Layout::flat(6, 1)),
                ("a100, urgent".to_owned(), Layout::flat(4, 4)),
                ("h100".to_owned(), Layout::flat(2, 8)),
            ]
        );
        assert_eq!(pooled.homes, [Some(0), Some(1), Some(1), Some(2), None, None, Some(1)]);
        assert_eq!(pooled.left_out.len(), 2);
        assert!(pooled.left_out.iter().all(|l| l.code == "G662"));
        assert!(pooled.left_out[0].reason.contains("over no node"), "{:?}", pooled.left_out);
        assert!(pooled.left_out[1].reason.contains("no partition gone"), "{:?}", pooled.left_out);
        assert_eq!((jobs.jobs[0].size, jobs.jobs[1].size), (Size::Nodes(2), Size::Gpus(8)));
        let said = pooled.notes.join("; ");
        assert!(said.contains("a100, urgent overlap") && said.contains("3 pools"), "{said}");
    }

    #[test]
    fn a_partition_over_all_nodes_joins_them_where_jobs_use_it() {
        let conf = read_slurm_conf(CONF).expect("a machine");
        let pooled = conf.pooled(&mut trace(&["a100", "h100", "all", "gone"]));
        // 32 accelerators, counted in nodes of the kind with the most.
        assert_eq!(pooled.pools.len(), 1);
        assert_eq!(pooled.pools[0].gpus(), 32);
        // There is but one place where a job of a partition that is gone can have run.
        assert_eq!(pooled.homes, [Some(0); 4]);
        let alone = read_slurm_conf("NodeName=n[1-4] Gres=gpu:8\n").expect("a machine");
        assert_eq!(alone.pooled(&mut trace(&["x"])).pools[0].layout, Layout::flat(4, 8));
    }
}

//! What a replay is about: plain jobs, accounts, jobs that stop others, partitions.

use gigatwin_pilot::{EXEMPT_S, Machine};

use super::machine;
use super::workload::{self, Chain, Job};
use crate::fault::Fault;

/// What a replay is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// First come, first served.
    Plain,
    /// Accounts and qualities of service.
    Shares,
    /// One account; qualities of service that may stop others.
    Preempt,
    /// Two partitions with nodes of their own, one over both that goes first.
    Partitions,
    /// Dependencies, and arrays of which not all tasks run at once.
    Chains,
}

impl Kind {
    /// Whether it needs a database of accounts.
    pub fn has_accounts(self) -> bool {
        matches!(self, Kind::Shares | Kind::Preempt)
    }

    /// Whether each workload needs fresh clusters, on which nobody has used anything.
    pub fn starts_afresh(self) -> bool {
        self == Kind::Shares
    }

    /// First letter of its workloads.
    pub fn letter(self) -> char {
        match self {
            Kind::Plain => 'n',
            Kind::Shares => 'a',
            Kind::Preempt => 'q',
            Kind::Partitions => 'p',
            Kind::Chains => 'd',
        }
    }

    /// Columns of its own, behind those that all have.
    pub fn head(self) -> &'static str {
        match self {
            Kind::Plain => "",
            Kind::Shares => ",reckon_s,account,account_shares,qos,qos_priority,limits",
            Kind::Preempt => {
                ",reckon_s,account,account_shares,qos,qos_priority,limits,stops,exempt_s,stopped"
            }
            Kind::Partitions => ",partition,tier,partition_nodes",
            Kind::Chains => ",after,array,throttle",
        }
    }

    /// Their values for a job on so many nodes: `reckon` seconds after the start priorities are worked out; from when to when it ran before it was
    /// stopped, each time.
    pub fn columns(self, job: &Job, nodes: u32, reckon: i64, stopped: &[(i64, i64)]) -> String {
        let who = job.who.map_or_else(String::new, |(t, q)| {
            format!(",{reckon},{},{},{},{},yes", t.account, t.shares, q.name, q.priority)
        });
        match self {
            Kind::Plain | Kind::Shares => who,
            Kind::Preempt => {
                let list: Vec<String> = stopped.iter().map(|(from, to)| format!("{from}-{to}")).collect();
                let stops = if job.who.is_some_and(|(_, q)| q.priority > 0) { "scavenger" } else { "" };
                format!("{who},{stops},{EXEMPT_S},{}", list.join(";"))
            }
            Kind::Chains => match job.chain {
                Some(Chain::After(other, _) | Chain::Alone(_, Some(other))) => format!(",{other},,"),
                Some(Chain::Task(first, most)) => format!(",,{first},{most}"),
                _ => ",,,".to_owned(),
            },
            Kind::Partitions => {
                let (name, border) = (job.partition.unwrap_or_default(), nodes - nodes / 4);
                let (tier, first, last) = match name {
                    "n" => (1, 0, border - 1),
                    "m" => (1, border, nodes - 1),
                    _ => (10, 0, nodes - 1),
                };
                format!(",{name},{tier},{first}-{last}")
            }
        }
    }

    /// The machine that it runs on.
    pub fn machine(self, nodes: u32) -> Result<Machine, Fault> {
        match self {
            Kind::Plain | Kind::Chains => machine::of_nodes(nodes),
            Kind::Shares | Kind::Preempt => machine::of_tenants(nodes),
            Kind::Partitions => machine::of_partitions(nodes),
        }
    }

    /// What it changes in the exported configuration.
    pub fn conf(self, conf: String) -> String {
        if self == Kind::Partitions { machine::with_urgent(conf) } else { conf }
    }

    /// The workload.
    pub fn jobs(self, count: u32, nodes: u32, load: f64, seed: u64) -> Vec<Job> {
        let mut jobs = workload::generate(count, nodes, load, seed);
        match self {
            Kind::Plain => {}
            Kind::Shares => workload::told_apart(&mut jobs, seed),
            Kind::Preempt => workload::stopping(&mut jobs, seed),
            Kind::Partitions => workload::parted(&mut jobs, nodes, seed),
            Kind::Chains => workload::chained(&mut jobs, seed),
        }
        jobs
    }
}

//! The base of a running cluster from its `slurm.conf`: nodes, partitions, and how the scheduler is set.
//!
//! Keys, defaults and units are those of the slurm.conf manual page. Keys that change nothing here are passed over; a line that cannot be
//! understood is listed with its number and left out.

mod database;
mod holds;
mod hosts;
mod machine;
mod past_use;
mod pools;
mod ranks;
mod scheduling;
#[cfg(test)]
mod tests;

use machine::Machine;

pub use database::{Associations, DumpError, read_associations, read_qualities};
pub use holds::{DumpedLimit, DumpedLimits, read_association_limits, read_quality_limits};
pub use past_use::{PastUse, billing_per_unit, read_past_use};
pub use pools::{Pool, Pooled};
pub use ranks::Ranked;

use crate::job::Seconds;
use crate::layout::Layout;
use crate::policy::{Multifactor, Order, Policy, SlurmSettings};
use crate::site::Site;
use crate::trace::LeftOut;

/// Code of a line that is not understood.
const CODE: &str = "G588";

/// One kind of node: those that share a processor count and accelerators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeKind {
    /// Nodes.
    pub nodes: u32,
    /// Processors of a node.
    pub cpus: u32,
    /// Accelerators of a node.
    pub gpus: u32,
    /// Their type as `Gres` names it; empty where it names none.
    pub gpu_type: String,
}

/// A partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfPartition {
    /// Name.
    pub name: String,
    /// Nodes, of those the file names.
    pub nodes: u32,
    /// Longest run; nothing where unlimited.
    pub max_time: Option<Seconds>,
    /// `PriorityTier`: jobs of a higher tier go before all others.
    pub tier: u32,
    /// Do jobs that name none go here?
    pub default: bool,
    /// Its nodes, by their numbers in the order of the file; all where absent.
    pub members: Option<Vec<u32>>,
}

/// What a `slurm.conf` says about the machine and its scheduler.
#[derive(Debug, Clone, PartialEq)]
pub struct SlurmConf {
    /// `ClusterName`.
    pub cluster: Option<String>,
    /// Nodes by kind, in the order of the file.
    pub kinds: Vec<NodeKind>,
    /// By number of the node: its kind.
    pub node_kinds: Vec<u32>,
    /// Nodes in the states DOWN and FUTURE: named, but not part of the machine.
    pub absent: u32,
    /// Partitions, in the order of the file.
    pub partitions: Vec<ConfPartition>,
    /// `SchedulerType=sched/builtin`: strict order without backfill.
    pub builtin: bool,
    /// `SchedulerParameters` over the defaults Slurm ships.
    pub scheduler: SlurmSettings,
    /// Weights and times of the multifactor priority; nothing where jobs wait in the order of submission.
    pub priority: Option<Multifactor>,
    /// Lines that are not understood.
    pub left_out: Vec<LeftOut>,
    /// What has no counterpart in the simulation, for people.
    pub notes: Vec<String>,
}

impl SlurmConf {
    /// Nodes of the machine.
    pub fn nodes(&self) -> u32 {
        self.kinds.iter().map(|k| k.nodes).sum()
    }

    /// Accelerators of the machine.
    pub fn gpus(&self) -> u64 {
        self.kinds.iter().map(|k| u64::from(k.nodes) * u64::from(k.gpus)).sum()
    }

    /// The layout of all nodes as one pool, and what was assumed for it. A site has one kind of node: that with the most accelerators;
    /// accelerators of other nodes count as nodes of this kind. Without any accelerator the unit is the node.
    pub fn layout(&self) -> (Layout, Vec<String>) {
        layout_of(&self.kinds)
    }

    /// A site of this machine, and what was assumed for it.
    pub fn site(&self) -> (Site, Vec<String>) {
        let (layout, notes) = self.layout();
        (Site::new(layout), notes)
    }

    /// Which jobs may overtake.
    pub fn policy(&self) -> Policy {
        if self.builtin { Policy::Fcfs } else { Policy::Slurm(self.scheduler) }
    }

    /// In which order jobs wait.
    pub fn order(&self) -> Order {
        self.priority.map_or(Order::Submit, Order::Multifactor)
    }
}

fn layout_of(kinds: &[NodeKind]) -> (Layout, Vec<String>) {
    let mut notes = Vec::new();
    let all: u32 = kinds.iter().map(|k| k.nodes).sum();
    let gpus: u64 = kinds.iter().map(|k| u64::from(k.nodes) * u64::from(k.gpus)).sum();
    let most = kinds
        .iter()
        .filter(|k| k.gpus > 0)
        .max_by_key(|k| (u64::from(k.nodes) * u64::from(k.gpus), std::cmp::Reverse(k.gpus)));
    let Some(kind) = most else {
        notes.push("no node has accelerators: the unit is the node".to_owned());
        return (Layout::flat(all, 1), notes);
    };
    let plain: u32 = kinds.iter().filter(|k| k.gpus == 0).map(|k| k.nodes).sum();
    if plain > 0 {
        notes.push(format!("{plain} nodes without accelerators are not part of the site"));
    }
    let nodes = u32::try_from(gpus / u64::from(kind.gpus)).unwrap_or(u32::MAX);
    if kinds.iter().any(|k| k.gpus > 0 && k.gpus != kind.gpus) {
        notes.push(format!("nodes of other sizes count as nodes of {} accelerators", kind.gpus));
    }
    (Layout::flat(nodes.max(1), kind.gpus), notes)
}

/// A `slurm.conf` that gives no machine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("[G588] {message}")]
pub struct SlurmConfError {
    /// What is wrong.
    pub message: String,
    /// Lines that are not understood.
    pub left_out: Vec<LeftOut>,
}

/// A logical line: continuations joined, comments gone.
fn lines(text: &str) -> Vec<(usize, String)> {
    let mut out: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for (i, raw) in text.lines().enumerate() {
        let mut end = raw.len();
        let mut escaped = false;
        for (at, c) in raw.char_indices() {
            if c == '#' && !escaped {
                end = at;
                break;
            }
            escaped = c == '\\';
        }
        let cut = raw[..end].trim();
        let (body, more) = match cut.strip_suffix('\\') {
            Some(body) if end == raw.len() => (body.trim_end(), true),
            _ => (cut, false),
        };
        match out.last_mut() {
            Some((_, line)) if open => {
                line.push(' ');
                line.push_str(body);
            }
            _ => out.push((i + 1, body.to_owned())),
        }
        open = more;
    }
    out.retain(|(_, l)| !l.trim().is_empty());
    out
}

/// The pairs of a line, keys in small letters. Values may stand in double quotes.
fn pairs(line: &str) -> Result<Vec<(String, String)>, String> {
    let mut out = Vec::new();
    let mut rest = line.trim_start();
    while !rest.is_empty() {
        let Some((key, after)) = rest.split_once('=') else {
            return Err(format!("`{}` is no KEY=VALUE", short(rest)));
        };
        let key = key.trim();
        if key.is_empty() || key.contains(char::is_whitespace) {
            return Err(format!("`{}` is no KEY=VALUE", short(rest)));
        }
        let after = after.trim_start();
        let value = if let Some(quoted) = after.strip_prefix('"') {
            let Some((value, behind)) = quoted.split_once('"') else {
                return Err(format!("the quotes of {key} are never closed"));
            };
            rest = behind;
            value
        } else {
            let end = after.find(char::is_whitespace).unwrap_or(after.len());
            rest = &after[end..];
            &after[..end]
        };
        out.push((key.to_ascii_lowercase(), value.to_owned()));
        rest = rest.trim_start();
    }
    Ok(out)
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

fn get<'a>(pairs: &'a [(String, String)], key: &str) -> Option<&'a str> {
    pairs.iter().rev().find(|(k, _)| k == key).map(|(_, v)| v.as_str())
}

/// Reads a `slurm.conf`.
///
/// # Errors
/// Where no line of it names a node that is there.
pub fn read_slurm_conf(text: &str) -> Result<SlurmConf, SlurmConfError> {
    let mut machine = Machine::default();
    let mut rules = scheduling::Rules::default();
    let (mut left_out, mut notes, mut cluster) = (Vec::new(), Vec::new(), None);
    for (number, line) in lines(text) {
        let mut fault = |reason: String| left_out.push(LeftOut { line: number, code: CODE, reason });
        let first = line.split_whitespace().next().unwrap_or("");
        if first.eq_ignore_ascii_case("include") {
            fault("Include is not followed: put the text of the other file here".to_owned());
            continue;
        }
        let pairs = match pairs(&line) {
            Ok(pairs) => pairs,
            Err(reason) => {
                fault(reason);
                continue;
            }
        };
        let done = match pairs.first().map(|(k, _)| k.as_str()) {
            Some("nodename") => machine.node(pairs),
            Some("partitionname") => machine.partition(pairs),
            _ => {
                for (key, value) in &pairs {
                    if key == "clustername" && !value.is_empty() {
                        cluster = Some(value.clone());
                    }
                    for reason in rules.take(key, value) {
                        fault(reason);
                    }
                }
                Ok(())
            }
        };
        if let Err(reason) = done {
            fault(reason);
        }
    }
    let machine::Built { kinds, node_kinds, absent, partitions } = machine.close(&mut notes);
    if kinds.is_empty() {
        let message = match (absent, left_out.len()) {
            (0, 0) => "no line names a node (NodeName=…)".to_owned(),
            (0, n) => format!("no line names a node, and {n} are not understood"),
            (n, _) => format!("all {n} nodes are down or in the future"),
        };
        return Err(SlurmConfError { message, left_out });
    }
    if absent > 0 {
        notes.push(format!("{absent} nodes in the states DOWN, FAIL or FUTURE are not part of the site"));
    }
    let (builtin, scheduler, priority) = rules.close(&mut notes);
    Ok(SlurmConf {
        cluster,
        kinds,
        node_kinds,
        absent,
        partitions,
        builtin,
        scheduler,
        priority,
        left_out,
        notes,
    })
}

//! Nodes and partitions, line by line.

use rustc_hash::FxHashMap;

use super::{ConfPartition, NodeKind, get, hosts, short};
use crate::trace::time::span;

/// Accelerators in a `Gres` value: `gpu:h100:8,gpu:a100:2(S:0-1),nic:2`. The number, and the type of the first.
fn gres(value: &str) -> Result<(u32, String), String> {
    let (mut sum, mut kind) = (0u32, String::new());
    // A socket list in parentheses may hold commas.
    let mut plain = String::with_capacity(value.len());
    let mut depth = 0usize;
    for c in value.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth == 0 => plain.push(c),
            _ => {}
        }
    }
    for item in plain.split(',') {
        let parts: Vec<&str> = item.split(':').filter(|p| *p != "no_consume").collect();
        if parts.first().is_none_or(|name| !name.eq_ignore_ascii_case("gpu")) {
            continue;
        }
        let (name, count) = match parts.as_slice() {
            [_] => ("", "1"),
            [_, one] if one.starts_with(|c: char| c.is_ascii_digit()) => ("", *one),
            [_, one] => (*one, "1"),
            [_, name, count] => (*name, *count),
            _ => return Err(format!("`{item}` is no gpu:TYPE:NUMBER")),
        };
        let count: u32 = count.parse().map_err(|_| format!("`{item}` is no gpu:TYPE:NUMBER"))?;
        if count > 1_024 {
            return Err(format!("`{item}`: more than 1024 accelerators in a node"));
        }
        sum = sum.saturating_add(count);
        if kind.is_empty() {
            name.clone_into(&mut kind);
        }
    }
    if sum > 1_024 {
        return Err(format!("`{value}`: more than 1024 accelerators in a node"));
    }
    Ok((sum, kind))
}

/// Nodes and partitions as the whole file has them.
pub(super) struct Built {
    pub kinds: Vec<NodeKind>,
    pub node_kinds: Vec<u32>,
    pub absent: u32,
    pub partitions: Vec<ConfPartition>,
}

/// Nodes and partitions as the lines come.
#[derive(Default)]
pub(super) struct Machine {
    /// Number of each node; none for those that are absent.
    known: FxHashMap<String, Option<u32>>,
    node_kinds: Vec<u32>,
    kinds: Vec<NodeKind>,
    absent: u32,
    node_defaults: Vec<(String, String)>,
    partition_defaults: Vec<(String, String)>,
    partitions: Vec<(ConfPartition, Option<Vec<String>>)>,
}

impl Machine {
    pub(super) fn node(&mut self, line: Vec<(String, String)>) -> Result<(), String> {
        let name = get(&line, "nodename").unwrap_or("").to_owned();
        if name.eq_ignore_ascii_case("default") {
            self.node_defaults.extend(line);
            return Ok(());
        }
        let mut all = self.node_defaults.clone();
        all.extend(line);
        let (gpus, gpu_type) = get(&all, "gres").map_or(Ok((0, String::new())), gres)?;
        let number = |key: &str| match get(&all, key) {
            None => Ok(None),
            Some(v) => v.parse::<u32>().map(Some).map_err(|_| format!("{key}={} is no number", short(v))),
        };
        let sockets = match number("sockets")? {
            Some(s) => s,
            None => number("socketsperboard")?.unwrap_or(1).saturating_mul(number("boards")?.unwrap_or(1)),
        };
        let cores = number("corespersocket")?.unwrap_or(1);
        let threads = number("threadspercore")?.unwrap_or(1);
        let built = sockets.saturating_mul(cores).saturating_mul(threads);
        let cpus = number("cpus")?.or(number("procs")?).unwrap_or(built);
        let state = get(&all, "state").unwrap_or("UNKNOWN").to_ascii_uppercase();
        let away = state.starts_with("DOWN") || state.starts_with("FUTURE") || state == "FAIL";
        let names = hosts::expand(&name)?;
        if let Some(twice) = names.iter().find(|n| self.known.contains_key(*n)) {
            return Err(format!("node {twice} stands in an earlier line"));
        }
        if self.known.len() + names.len() > 1_000_000 {
            return Err("the file names more than 1000000 nodes".to_owned());
        }
        let kind = NodeKind { nodes: 0, cpus, gpus, gpu_type };
        let at = (!away).then(|| {
            let same = |k: &NodeKind| (k.cpus, k.gpus, &k.gpu_type) == (kind.cpus, kind.gpus, &kind.gpu_type);
            self.kinds.iter().position(same).unwrap_or_else(|| {
                self.kinds.push(kind.clone());
                self.kinds.len() - 1
            })
        });
        for name in names {
            let number = at.map(|_| self.node_kinds.len() as u32);
            if self.known.insert(name, number).is_none() {
                match at {
                    Some(at) => {
                        self.kinds[at].nodes += 1;
                        self.node_kinds.push(at as u32);
                    }
                    None => self.absent += 1,
                }
            }
        }
        Ok(())
    }

    pub(super) fn partition(&mut self, line: Vec<(String, String)>) -> Result<(), String> {
        let name = get(&line, "partitionname").unwrap_or("").to_owned();
        if name.eq_ignore_ascii_case("default") {
            self.partition_defaults.extend(line);
            return Ok(());
        }
        let mut all = self.partition_defaults.clone();
        all.extend(line);
        let nodes = match get(&all, "nodes") {
            None => Some(Vec::new()),
            Some(v) if v.eq_ignore_ascii_case("all") => None,
            Some(v) => Some(hosts::expand(v)?),
        };
        let max_time = match get(&all, "maxtime") {
            None => None,
            Some(v) if ["unlimited", "infinite"].iter().any(|u| v.eq_ignore_ascii_case(u)) => None,
            Some(v) => Some(span(v).ok_or_else(|| format!("MaxTime={} is no time", short(v)))?),
        };
        let tier = match get(&all, "prioritytier").or(get(&all, "priority")) {
            None => 1,
            Some(v) => v
                .parse::<u32>()
                .ok()
                .filter(|t| *t <= u32::from(u16::MAX))
                .ok_or_else(|| format!("PriorityTier={} is no number of 0 to 65535", short(v)))?,
        };
        let default = get(&all, "default").is_some_and(|v| v.eq_ignore_ascii_case("yes"));
        if name.is_empty() {
            return Err("a partition without a name".to_owned());
        }
        let members = None;
        self.partitions.push((ConfPartition { name, nodes: 0, max_time, tier, default, members }, nodes));
        Ok(())
    }

    /// Node counts of the partitions, and what there is to say about them.
    pub(super) fn close(mut self, notes: &mut Vec<String>) -> Built {
        let there: u32 = self.kinds.iter().map(|k| k.nodes).sum();
        let mut partitions = Vec::new();
        for (mut partition, names) in std::mem::take(&mut self.partitions) {
            partition.nodes = match names {
                None => there,
                Some(names) => {
                    let strangers = names.iter().filter(|n| !self.known.contains_key(*n)).count();
                    if strangers > 0 {
                        notes.push(format!(
                            "partition {}: {strangers} of its names are no node of the file (a node set, or a slip)",
                            partition.name
                        ));
                    }
                    let mut here: Vec<u32> =
                        names.iter().filter_map(|n| self.known.get(n).copied().flatten()).collect();
                    here.sort_unstable();
                    here.dedup();
                    let nodes = u32::try_from(here.len()).unwrap_or(u32::MAX);
                    partition.members = Some(here);
                    nodes
                }
            };
            partitions.push(partition);
        }
        Built { kinds: self.kinds, node_kinds: self.node_kinds, absent: self.absent, partitions }
    }
}

//! Collectives as flows between endpoints.
//!
//! A ring is one flow along each of its edges with all the bytes that pass it; with several ranks of a group in a
//! scale-up domain there is a ring through each of their NICs, as NCCL builds them. All-to-all is a flow for each
//! pair. What a step costs besides bytes (launch, latency, protocol) is the matter of the analytic model.

use gigatwin_quantity::{Data, Time};

use super::topology::Topology;
use super::traffic::{Flow, GroupCollective, Groups, Transfer};
use crate::collective::{Collective, Group};

/// Bytes that pass an edge of a ring, per byte of the message.
fn ring_traffic(operation: Collective, ranks: u32) -> f64 {
    match operation {
        Collective::AllToAll => 0.0,
        other => other.bus_factor(ranks),
    }
}

/// Number of flows of a transfer, at most.
pub(crate) fn flows_of(transfer: &Transfer, ranks: u32) -> u64 {
    match transfer {
        Transfer::Flow(_) => 1,
        Transfer::Collective(c) => {
            let size = u64::from(c.groups.size);
            match c.operation {
                Collective::AllToAll => u64::from(ranks) * size.saturating_sub(1),
                // Edges in the domain and rings between domains.
                _ => 2 * u64::from(ranks),
            }
        }
    }
}

/// Members of a group by scale-up domain, in the order of the ring.
fn by_domain(topology: &Topology, groups: Groups, group: u32, place: &[u32]) -> Vec<Vec<u32>> {
    let mut domains: Vec<Vec<u32>> = Vec::new();
    for k in 0..groups.size {
        let Some(endpoint) = place.get(groups.rank(group, k) as usize).copied() else { continue };
        match domains.iter_mut().rev().find(|d| topology.same_domain(d[0], endpoint)) {
            Some(domain) => domain.push(endpoint),
            None => domains.push(vec![endpoint]),
        }
    }
    domains
}

/// The group as planners see it: ranks, and how many of them share a domain where it is full.
pub(crate) fn group_of(topology: &Topology, c: &GroupCollective, place: &[u32]) -> Group {
    let domains = by_domain(topology, c.groups, 0, place);
    let most = domains.iter().map(Vec::len).max().unwrap_or(1);
    Group { ranks: c.groups.size, per_domain: (most as u32).max(1) }
}

/// Appends the flows of a transfer; `times` repetitions are one flow of so many times the bytes.
pub(crate) fn expand(
    topology: &Topology,
    transfer: &Transfer,
    place: &[u32],
    times: f64,
    start: Time,
    out: &mut Vec<Flow>,
) {
    let at = |rank: u32| place.get(rank as usize).copied().unwrap_or(u32::MAX);
    match transfer {
        Transfer::Flow(f) => out.push(Flow {
            from: at(f.from),
            to: at(f.to),
            bytes: f.bytes * times,
            start: f.start + start,
            ..*f
        }),
        Transfer::Collective(c) => {
            let mut send = |from: u32, to: u32, bytes: f64, label: u32| {
                if from != to && bytes > 0.0 {
                    let bytes = Data::from_bytes(bytes * times);
                    out.push(Flow { from, to, bytes, start, priority: c.priority, label });
                }
            };
            let count = c.groups.count(place.len() as u32);
            for group in 0..count {
                one_group(topology, c, group, place, &mut send);
            }
        }
    }
}

fn one_group(
    topology: &Topology,
    c: &GroupCollective,
    group: u32,
    place: &[u32],
    send: &mut impl FnMut(u32, u32, f64, u32),
) {
    let size = c.bytes.bytes();
    let n = c.groups.size;
    let member = |k: u32| place.get(c.groups.rank(group, k) as usize).copied().unwrap_or(u32::MAX);
    match c.operation {
        Collective::AllToAll => {
            let each = size / f64::from(n);
            for i in 0..n {
                // Each begins with its neighbour, as implementations do.
                for hop in 1..n {
                    send(member(i), member((i + hop) % n), each, 0);
                }
            }
        }
        Collective::SendRecv | Collective::Broadcast => {
            for k in 1..n {
                send(member(k - 1), member(k), size, 0);
            }
        }
        Collective::AllReduce | Collective::AllGather | Collective::ReduceScatter => {
            let traffic = size * ring_traffic(c.operation, n);
            let mut domains = by_domain(topology, c.groups, group, place);
            if domains.len() < 2 {
                ring(domains.iter().flatten().copied().collect::<Vec<_>>().as_slice(), traffic, 0, send);
                return;
            }
            let channels = domains.iter().map(Vec::len).min().unwrap_or(1);
            for domain in &domains {
                let within = domain.len() as f64;
                ring(domain, traffic * (within - 1.0) / within, 0, send);
            }
            // A ring between domains keeps to one rail where the members allow it.
            let rails = topology.spec().attach.rails();
            for domain in &mut domains {
                domain.sort_by_key(|e| (*e % rails, *e));
            }
            for channel in 0..channels {
                let edge: Vec<u32> = domains.iter().map(|d| d[channel]).collect();
                ring(&edge, traffic / channels as f64, channel as u32, send);
            }
        }
    }
}

fn ring(members: &[u32], bytes: f64, label: u32, send: &mut impl FnMut(u32, u32, f64, u32)) {
    for (i, from) in members.iter().enumerate() {
        send(*from, members[(i + 1) % members.len()], bytes, label);
    }
}

/// Time of a collective's bytes where all its domains are full and nothing but endpoints limits them: what the
/// analytic model assumes. A domain that holds fewer members than others is the placement's matter.
pub(crate) fn balanced(topology: &Topology, c: &GroupCollective, group: Group) -> Time {
    let spec = topology.spec();
    let out = spec.endpoint_rate.bytes_per_s() * f64::from(spec.planes);
    let up = spec.domain.map_or(out, |d| d.rate.bytes_per_s());
    let (n, k) = (f64::from(group.ranks.max(1)), f64::from(group.per_domain.clamp(1, group.ranks.max(1))));
    let size = c.bytes.bytes();
    let far = group.per_domain < group.ranks;
    Time::from_s(match c.operation {
        Collective::AllToAll => {
            let between = if far { size * (n - k) / n / out } else { 0.0 };
            between.max(size * (k - 1.0) / n / up)
        }
        Collective::SendRecv | Collective::Broadcast => size / if far { out } else { up },
        Collective::AllReduce | Collective::AllGather | Collective::ReduceScatter => {
            let traffic = size * ring_traffic(c.operation, group.ranks);
            if far { (traffic / k / out).max(traffic * (k - 1.0) / k / up) } else { traffic / up }
        }
    })
}

/// Time of flows where nothing but the links of their endpoints limits them, with the longest latency: what a network
/// without any contention inside would take.
pub(crate) fn uncontended(topology: &Topology, flows: &[Flow]) -> Time {
    let spec = topology.spec();
    let n = topology.endpoints() as usize;
    let mut sums = vec![[0.0f64; 4]; n];
    for f in flows {
        if f.from == f.to || f.from as usize >= n || f.to as usize >= n {
            continue;
        }
        let bytes = f.bytes.bytes();
        let side = if topology.same_domain(f.from, f.to) { 2 } else { 0 };
        sums[f.from as usize][side] += bytes;
        sums[f.to as usize][side + 1] += bytes;
        if side == 0 {
            // Over a neighbour on the rail of the receiver.
            if let Some(relay) = topology.on_rail(f.from, f.to).filter(|r| *r != f.from) {
                sums[f.from as usize][0] -= bytes;
                sums[relay as usize][0] += bytes;
                sums[f.from as usize][2] += bytes;
                sums[relay as usize][3] += bytes;
            }
        }
    }
    let out = spec.endpoint_rate.bytes_per_s() * f64::from(spec.planes);
    let up = spec.domain.map_or(f64::INFINITY, |d| d.rate.bytes_per_s());
    let most = |i: usize| sums.iter().map(|s| s[i]).fold(0.0, f64::max);
    farthest(topology, flows) + Time::from_s((most(0).max(most(1)) / out).max(most(2).max(most(3)) / up))
}

/// Longest latency of the ways of flows.
pub(crate) fn farthest(topology: &Topology, flows: &[Flow]) -> Time {
    let mut scratch = Vec::new();
    let n = topology.endpoints();
    let known = flows.iter().filter(|f| f.from < n && f.to < n);
    super::units::time_of(known.map(|f| topology.way_latency(f.from, f.to, &mut scratch)).max().unwrap_or(0))
}

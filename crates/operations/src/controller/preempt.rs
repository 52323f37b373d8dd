//! Jobs that stop others: `preempt/qos` with `PreemptMode=REQUEUE`.
//!
//! As read in `slurmctld/preempt.c`, `preempt/qos`, `select/cons_common/job_test.c`, `slurmctld/node_scheduler.c` and `slurmctld/job_mgr.c` of 22.05.8:
//!
//! - a job may be stopped by one whose quality of service says so, once it has run for `PreemptExemptTime`;
//! - those that may be stopped are tried by the priority of their quality, then the smallest first, one more at a time until the new job fits. Then the last
//!   one, without which it would not have fit, is put first and the rest after the nodes that the new job would have had of them, and all is
//!   tried again; the third order stands. Stopped are those on whose nodes the new job would run;
//! - the new job does not start: it waits on until their nodes are free, and stops no more jobs for `KillWait` and `MessageTimeout`. Each job that
//!   is gone calls the main scheduler, which gives its nodes to whoever is first and fits; in the plans of the backfill scheduler they are free at once,
//!   one second from now;
//! - a stopped job waits again, as if it came now, two minutes later than its nodes are free: its credential must have expired (`cred_expire`);
//! - a job that may stop another goes before it in the queue, whatever the priorities.

use super::nodes::NodeSet;
use super::state::State;
use super::{Millis, SECOND};
use crate::job::Seconds;

/// How often the order of those that may be stopped is changed at most (`preempt_reorder_count`), plus one.
const ORDERS: usize = 2;

/// Jobs that are stopped together are gone so far apart: the controller hears of one after the other.
const APART: Millis = SECOND / 10;

/// A quality of service.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Quality {
    /// Its own priority: of those that may be stopped, the lowest is first.
    pub priority: u32,
    /// Which others, by their number, its jobs may stop.
    pub stops: Vec<usize>,
}

/// Who may stop whom, and what that takes.
#[derive(Debug, Clone, Copy)]
pub struct Preemption<'a> {
    /// The qualities of service.
    pub qualities: &'a [Quality],
    /// That of each gang.
    pub of: &'a [usize],
    /// For how long after its start a job may not be stopped (`PreemptExemptTime`).
    pub exempt: Seconds,
    /// How long a stopped job waits after its nodes are free before it may start again: `cred_expire` of 120 s and one.
    pub hold: Seconds,
    /// How long a job that has stopped others stops no more: `KillWait` and `MessageTimeout`.
    pub patience: Seconds,
    /// From the decision until the nodes of a stopped job are free.
    pub stopping: Millis,
}

/// What preemption keeps in mind.
#[derive(Debug)]
pub(super) struct Stops<'a> {
    by: Preemption<'a>,
    /// Rank of each quality in the queue: those that may stop others stand above these.
    level: Vec<usize>,
    /// When each gang last stopped others.
    tried: Vec<Option<Seconds>>,
    /// From when to when each gang ran in vain.
    pub vain: Vec<Vec<(Seconds, Seconds)>>,
    /// Stopped gangs that may not start yet, and from when on.
    held: Vec<(Seconds, usize)>,
}

impl<'a> Stops<'a> {
    pub fn new(by: Preemption<'a>, gangs: usize) -> Self {
        let mut level = vec![0; by.qualities.len()];
        // As often as there are qualities: a chain is no longer, and a circle ends nowhere.
        for _ in by.qualities {
            for (i, quality) in by.qualities.iter().enumerate() {
                let below = quality.stops.iter().filter_map(|s| level.get(*s)).max();
                level[i] = below.map_or(0, |b| (b + 1).min(by.qualities.len()));
            }
        }
        Stops { by, level, tried: vec![None; gangs], vain: vec![Vec::new(); gangs], held: Vec::new() }
    }

    fn quality(&self, gang: usize) -> Option<(usize, &Quality)> {
        let number = *self.by.of.get(gang)?;
        Some((number, self.by.qualities.get(number)?))
    }

    pub fn level(&self, gang: usize) -> usize {
        self.quality(gang).and_then(|(number, _)| self.level.get(number).copied()).unwrap_or(0)
    }

    /// A gang whose nodes came free because it was stopped, and from when to when it ran.
    pub fn hold(&mut self, gang: usize, ran: (Seconds, Seconds), now: Seconds) {
        self.vain[gang].push(ran);
        self.held.push((now + self.by.hold, gang));
    }

    /// When the next stopped gang may start again.
    pub fn next(&self) -> Option<Seconds> {
        self.held.iter().map(|h| h.0).min()
    }

    /// Takes out one that may.
    pub fn take(&mut self, now: Seconds) -> Option<usize> {
        let at = self.held.iter().position(|h| h.0 <= now)?;
        Some(self.held.swap_remove(at).1)
    }
}

impl State<'_> {
    /// Those on nodes of `within` whom this gang may stop, by their place among the running, in the order in which they are tried.
    pub(super) fn stoppable(&self, gang: usize, within: &NodeSet) -> Vec<usize> {
        let (Some(stops), now) = (&self.stops, self.second()) else { return Vec::new() };
        let Some((_, mine)) = stops.quality(gang).filter(|(_, q)| !q.stops.is_empty()) else {
            return Vec::new();
        };
        let mut list: Vec<(u32, u32, usize, usize)> = (0..)
            .zip(&self.running)
            .filter_map(|(at, r)| {
                let (number, theirs) = stops.quality(r.gang)?;
                let start = self.start[r.gang]?;
                (mine.stops.contains(&number)
                    && r.stopped.is_none()
                    && start + stops.by.exempt <= now
                    && r.nodes.meets(within))
                .then_some((theirs.priority, self.gangs[r.gang].nodes, r.gang, at))
            })
            .collect();
        list.sort_unstable();
        list.into_iter().map(|c| c.3).collect()
    }

    /// Whom the gang would stop to run on these nodes; nobody where that would not be enough.
    fn victims(&self, gang: usize, open: &NodeSet, mut list: Vec<usize>) -> Vec<usize> {
        let wanted = self.gangs[gang].nodes;
        let mut free = self.free.clone();
        free.keep(open);
        for pass in 0.. {
            let mut at_hand = free.clone();
            let found = list.iter().enumerate().find_map(|(i, at)| {
                let mut freed = self.running[*at].nodes.clone();
                freed.keep(open);
                at_hand.add(&freed);
                Some((i, self.leaves.choose(&at_hand, wanted)?))
            });
            let Some((last, nodes)) = found else { break };
            if pass >= ORDERS || list.len() <= pass + 1 {
                list.truncate(last + 1);
                list.retain(|at| self.running[*at].nodes.meets(&nodes));
                return list;
            }
            let mut weighed: Vec<(u32, usize)> = list
                .iter()
                .enumerate()
                .map(|(i, at)| {
                    let mut shared = self.running[*at].nodes.clone();
                    shared.keep(&nodes);
                    let weight = match i.cmp(&last) {
                        std::cmp::Ordering::Less => shared.count(),
                        std::cmp::Ordering::Equal => u32::MAX,
                        std::cmp::Ordering::Greater => 0,
                    };
                    (weight, *at)
                })
                .collect();
            weighed.sort_by_key(|w| std::cmp::Reverse(w.0));
            list = weighed.into_iter().map(|w| w.1).collect();
        }
        Vec::new()
    }

    /// Stops others, on these nodes, for a gang that waits.
    pub(super) fn stop_for(&mut self, gang: usize, open: &NodeSet) {
        let now = self.second();
        let Some(stops) = &self.stops else { return };
        if stops.tried[gang].is_some_and(|at| at > now - stops.by.patience) {
            return;
        }
        let stopping = stops.by.stopping;
        let list = self.stoppable(gang, open);
        let victims = self.victims(gang, open, list);
        if victims.is_empty() {
            return;
        }
        for (turn, at) in (0..).zip(victims) {
            let until = self.moment() + stopping.max(1) + turn * APART;
            let running = &mut self.running[at];
            running.stopped = Some(now);
            running.limit_end = now;
            running.free_at = until;
        }
        if let Some(stops) = &mut self.stops {
            stops.tried[gang] = Some(now);
        }
        self.noted();
    }

    /// Nodes of jobs that are being stopped.
    pub(super) fn emptying(&self) -> NodeSet {
        let mut set = NodeSet::none(self.c.nodes);
        self.running.iter().filter(|r| r.stopped.is_some()).for_each(|r| set.add(&r.nodes));
        set
    }

    /// Stopped gangs whose time has come wait again. That alone calls nobody.
    pub(super) fn wait_again(&mut self) {
        let now = self.second();
        while let Some(gang) = self.stops.as_mut().and_then(|s| s.take(now)) {
            self.enqueue(gang);
        }
    }

    /// The moment at which the next stopped gang may start again.
    pub(super) fn next_again(&self) -> Option<Millis> {
        Some(self.stops.as_ref()?.next()? * SECOND)
    }
}

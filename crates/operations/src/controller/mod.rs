//! Slurm's controller, decision by decision.
//!
//! The simulation of a site counts free nodes, which is fast and enough for months of a large machine. This model instead keeps the map of every single
//! node through the same decisions as `slurmctld` 22.05 takes them, for questions about one cluster over hours: will this job
//! start where and when a real Slurm starts it? What is modelled, as read in Slurm's own documentation and sources (`sched/backfill`,
//! `select/cons_tres`, `topology/tree`):
//!
//! - a job that is submitted while nothing waits starts at once; otherwise it waits;
//! - the main scheduler walks the queue in its order whenever a job comes or goes, and ends at the first job that does not fit;
//! - the backfill scheduler starts a cycle `interval` after the last one if anything has changed, builds a map of the future out of its
//!   own reservations alone, asks for each job on which nodes and when it could run, and reserves whole slots of `resolution`;
//! - when it asks for the future, running jobs are taken to end at their limits, in groups whose width doubles from 30 s: a start
//!   is planned at the end of a group and not of the job that makes room;
//! - nodes are taken from the smallest switch that holds the job.

mod backfill;
mod nodes;
mod select;

use nodes::NodeSet;
use select::Leaves;

/// Whole seconds since the start of a replay.
pub type Second = i64;

/// A gang of whole nodes as a user submits it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gang {
    /// When it is submitted.
    pub submit: Second,
    /// How long it runs.
    pub run: Second,
    /// How long it asks for.
    pub limit: Second,
    /// Nodes.
    pub nodes: u32,
}

/// The machine and the knobs of the controller; times in whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Controller {
    /// Nodes.
    pub nodes: u32,
    /// Nodes below one leaf switch.
    pub nodes_per_leaf: u32,
    /// `bf_interval`.
    pub interval: Second,
    /// `bf_resolution`.
    pub resolution: Second,
    /// `bf_window`.
    pub window: Second,
    /// `bf_max_job_test`.
    pub depth: usize,
    /// `default_queue_depth`.
    pub main_depth: usize,
    /// When the last backfill cycle before the replay ended; at most zero.
    pub phase: Second,
    /// Time of day of the start, since slots of `resolution` are cut from midnight.
    pub clock: Second,
    /// From the end of a job's work until its nodes are free again.
    pub completing: Second,
    /// From a job's coming or going until the main scheduler looks at the queue.
    pub reaction: Second,
}

impl Controller {
    /// This many nodes with the settings of the export for Slurm, no delay at the end of a job.
    pub fn new(nodes: u32, nodes_per_leaf: u32) -> Controller {
        Controller {
            nodes,
            nodes_per_leaf: nodes_per_leaf.max(1),
            interval: 30,
            resolution: 60,
            window: 172_800,
            depth: 1000,
            main_depth: 100,
            phase: 0,
            clock: 0,
            completing: 0,
            reaction: 0,
        }
    }

    /// When each gang starts, in the order given; gangs must stand in order of submission. A gang larger than the machine never starts.
    pub fn starts(&self, gangs: &[Gang]) -> Vec<Option<Second>> {
        let mut state = State::new(self, gangs);
        state.run();
        state.start
    }
}

/// A gang on its nodes.
#[derive(Debug, Clone)]
struct Running {
    /// Until when the controller must expect it.
    limit_end: Second,
    /// When its nodes are free.
    free_at: Second,
    nodes: NodeSet,
}

struct State<'a> {
    c: &'a Controller,
    gangs: &'a [Gang],
    leaves: Leaves,
    now: Second,
    next: usize,
    free: NodeSet,
    running: Vec<Running>,
    /// Waiting gangs, first come first.
    queue: Vec<usize>,
    start: Vec<Option<Second>>,
    last_cycle: Second,
    changed: bool,
    /// When the main scheduler looks at the queue next, if anything has happened.
    wake: Option<Second>,
}

impl<'a> State<'a> {
    fn new(c: &'a Controller, gangs: &'a [Gang]) -> Self {
        State {
            c,
            gangs,
            leaves: Leaves::new(c.nodes, c.nodes_per_leaf),
            now: 0,
            next: 0,
            free: NodeSet::all(c.nodes),
            running: Vec::new(),
            queue: Vec::new(),
            start: vec![None; gangs.len()],
            last_cycle: c.phase.min(0),
            changed: false,
            wake: None,
        }
    }

    fn run(&mut self) {
        while let Some(at) = self.next_moment() {
            self.now = at;
            self.end();
            self.submit();
            if self.wake.is_some_and(|t| t <= self.now) {
                self.wake = None;
                self.main();
            }
            if self.changed && self.now >= self.last_cycle + self.c.interval {
                self.changed = false;
                self.backfill();
                self.last_cycle = self.now;
            }
        }
    }

    fn next_moment(&self) -> Option<Second> {
        let submit = self.gangs.get(self.next).map(|g| g.submit);
        let end = self.running.iter().map(|r| r.free_at).min();
        let cycle = (self.changed && !self.queue.is_empty()).then(|| self.last_cycle + self.c.interval);
        [submit, end, cycle, self.wake].into_iter().flatten().min().map(|t| t.max(self.now))
    }

    fn end(&mut self) {
        let now = self.now;
        let (free, mut gone) = (&mut self.free, false);
        self.running.retain(|r| {
            if r.free_at > now {
                return true;
            }
            free.add(&r.nodes);
            gone = true;
            false
        });
        if gone {
            self.something_happened();
        }
    }

    fn something_happened(&mut self) {
        self.changed = true;
        self.wake.get_or_insert(self.now + self.c.reaction);
    }

    fn submit(&mut self) {
        while let Some(gang) = self.gangs.get(self.next).filter(|g| g.submit <= self.now) {
            let index = self.next;
            self.next += 1;
            if gang.nodes > self.c.nodes || gang.nodes == 0 {
                continue;
            }
            self.something_happened();
            if self.queue.is_empty()
                && let Some(nodes) = self.leaves.choose(&self.free, gang.nodes)
            {
                self.launch(index, nodes);
            } else {
                self.queue.push(index);
            }
        }
    }

    fn launch(&mut self, index: usize, nodes: NodeSet) {
        let gang = &self.gangs[index];
        self.free.remove(&nodes);
        self.start[index] = Some(self.now);
        self.changed = true;
        self.running.push(Running {
            limit_end: self.now + gang.limit,
            free_at: self.now + gang.run.min(gang.limit).max(1) + self.c.completing,
            nodes,
        });
    }

    /// The main scheduler: in order, until one does not fit.
    fn main(&mut self) {
        let mut started = 0;
        while let Some(&index) = self.queue.get(started).filter(|_| started < self.c.main_depth) {
            let Some(nodes) = self.leaves.choose(&self.free, self.gangs[index].nodes) else { break };
            self.launch(index, nodes);
            started += 1;
        }
        self.queue.drain(..started);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn gang(submit: Second, run: Second, limit: Second, nodes: u32) -> Gang {
        Gang { submit, run, limit, nodes }
    }

    #[test]
    fn a_job_that_delays_nobody_starts_in_the_next_cycle() {
        // Eight nodes: six busy until 100 (limit 120), the next needs eight, the third fits beside them until then.
        let gangs = [gang(0, 100, 120, 6), gang(1, 50, 60, 8), gang(2, 30, 60, 2), gang(3, 300, 300, 2)];
        let starts = Controller::new(8, 8).starts(&gangs);
        assert_eq!(starts[..3], [Some(0), Some(100), Some(30)], "backfilled at the cycle, not at once");
        // The fourth would delay the second: it comes when that is gone.
        assert_eq!(starts[3], Some(150));
    }

    #[test]
    fn first_come_first_served_where_all_fit() {
        let gangs = [gang(0, 10, 60, 4), gang(0, 10, 60, 4), gang(5, 10, 60, 8), gang(5, 10, 60, 9)];
        assert_eq!(Controller::new(8, 4).starts(&gangs), [Some(0), Some(0), Some(10), None]);
    }

    proptest! {
        #[test]
        fn nodes_are_never_given_twice_and_all_jobs_start(
            jobs in proptest::collection::vec((0i64..400, 1i64..120, 1i64..4, 1u32..33), 1..60),
            leaf in 1u32..33,
        ) {
            let mut gangs: Vec<Gang> = jobs.iter().map(|&(s, r, l, n)| gang(s, r, (l * 60).max(r), n)).collect();
            gangs.sort_by_key(|g| g.submit);
            let starts = Controller::new(32, leaf).starts(&gangs);
            let spans: Vec<(i64, i64, i64)> = gangs
                .iter()
                .zip(&starts)
                .map(|(g, s)| { let s = s.expect("starts"); (s, s + g.run, i64::from(g.nodes)) })
                .collect();
            for (g, s) in gangs.iter().zip(&spans) {
                prop_assert!(s.0 >= g.submit);
                let busy: i64 = spans.iter().filter(|o| o.0 <= s.0 && s.0 < o.1).map(|o| o.2).sum();
                prop_assert!(busy <= 32, "{busy} nodes at {}", s.0);
            }
        }
    }
}

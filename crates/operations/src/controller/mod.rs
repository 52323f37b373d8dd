//! Slurm's controller, decision by decision.
//!
//! The simulation of a site counts free nodes, which is fast and enough for months of a large machine. This model instead keeps the map of every single
//! node through the same decisions as `slurmctld` 22.05 takes them, for questions about one cluster over hours: will this job
//! start where and when a real Slurm starts it? What is modelled, as read in Slurm's own documentation and sources (`sched/backfill`,
//! `select/cons_tres`, `topology/tree`):
//!
//! - the main scheduler walks the queue in its order when a job has come or gone, not sooner after its last walk than it may, and ends at the first
//!   job that does not fit;
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

use crate::job::Seconds;
use crate::policy::SlurmSettings;

/// A gang of whole nodes as a user submits it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gang {
    /// When it is submitted.
    pub submit: Seconds,
    /// How long it runs.
    pub run: Seconds,
    /// How long it asks for.
    pub limit: Seconds,
    /// Nodes.
    pub nodes: u32,
    /// From the end of its work until its nodes are free again: the end is reported, the epilogue runs.
    pub release: Seconds,
}

/// A machine under Slurm's controller. Of the settings these count: `bf_interval`, `bf_resolution`, `bf_window`, `bf_max_job_test`, `bf_phase` and
/// `default_queue_depth`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Controller {
    /// Nodes.
    pub nodes: u32,
    /// Nodes below one leaf switch.
    pub nodes_per_leaf: u32,
    /// The knobs.
    pub settings: SlurmSettings,
    /// Time of day of the start, since slots of `bf_resolution` are cut from midnight.
    pub clock: Seconds,
    /// From the moment nodes are free until the main scheduler looks at the queue.
    pub reaction: Seconds,
    /// Least time from a look of the main scheduler until it looks again because of a new job (`batch_sched_delay`).
    pub batch_delay: Seconds,
}

impl Controller {
    /// A machine with these settings, its scheduler looking at once.
    pub fn new(nodes: u32, nodes_per_leaf: u32, settings: SlurmSettings) -> Controller {
        Controller {
            nodes,
            nodes_per_leaf: nodes_per_leaf.max(1),
            settings,
            clock: 0,
            reaction: 0,
            batch_delay: 3,
        }
    }

    /// When each gang starts, in the order given; gangs must stand in order of submission. A gang larger than the machine never starts.
    pub fn starts(&self, gangs: &[Gang]) -> Vec<Option<Seconds>> {
        let mut state = State::new(self, gangs);
        state.run();
        state.start
    }
}

/// A gang on its nodes.
#[derive(Debug, Clone)]
struct Running {
    /// Until when the controller must expect it.
    limit_end: Seconds,
    /// When its nodes are free.
    free_at: Seconds,
    nodes: NodeSet,
}

struct State<'a> {
    c: &'a Controller,
    gangs: &'a [Gang],
    leaves: Leaves,
    now: Seconds,
    next: usize,
    free: NodeSet,
    running: Vec<Running>,
    /// Waiting gangs, first come first.
    queue: Vec<usize>,
    start: Vec<Option<Seconds>>,
    last_cycle: Seconds,
    last_main: Seconds,
    changed: bool,
    /// When the main scheduler looks at the queue next, if anything has happened.
    wake: Option<Seconds>,
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
            last_cycle: c.settings.bf_phase - c.settings.bf_interval,
            last_main: Seconds::MIN / 2,
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
                self.last_main = self.now;
                self.main();
            }
            if self.changed && self.now >= self.last_cycle + self.c.settings.bf_interval {
                self.changed = false;
                self.backfill();
                self.last_cycle = self.now;
            }
        }
    }

    fn next_moment(&self) -> Option<Seconds> {
        let submit = self.gangs.get(self.next).map(|g| g.submit);
        let end = self.running.iter().map(|r| r.free_at).min();
        let cycle =
            (self.changed && !self.queue.is_empty()).then(|| self.last_cycle + self.c.settings.bf_interval);
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
            self.changed = true;
            self.wake_at(self.now + self.c.reaction);
        }
    }

    fn wake_at(&mut self, at: Seconds) {
        self.wake = Some(self.wake.map_or(at, |w| w.min(at)));
    }

    fn submit(&mut self) {
        while let Some(gang) = self.gangs.get(self.next).filter(|g| g.submit <= self.now) {
            let index = self.next;
            self.next += 1;
            if gang.nodes > self.c.nodes || gang.nodes == 0 {
                continue;
            }
            self.changed = true;
            self.wake_at(self.now.max(self.last_main + self.c.batch_delay));
            self.queue.push(index);
        }
    }

    fn launch(&mut self, index: usize, nodes: NodeSet) {
        let gang = &self.gangs[index];
        self.free.remove(&nodes);
        self.start[index] = Some(self.now);
        self.changed = true;
        self.running.push(Running {
            limit_end: self.now + gang.limit,
            free_at: self.now + gang.run.min(gang.limit).max(1) + gang.release,
            nodes,
        });
    }

    /// The main scheduler: in order, until one does not fit.
    fn main(&mut self) {
        let mut started = 0;
        while let Some(&index) =
            self.queue.get(started).filter(|_| started < self.c.settings.default_queue_depth)
        {
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

    fn gang(submit: Seconds, run: Seconds, limit: Seconds, nodes: u32) -> Gang {
        Gang { submit, run, limit, nodes, release: 0 }
    }

    fn controller(nodes: u32, leaf: u32) -> Controller {
        Controller::new(nodes, leaf, SlurmSettings { bf_phase: 30, ..SlurmSettings::default() })
    }

    #[test]
    fn a_job_that_delays_nobody_starts_in_the_next_cycle() {
        // Eight nodes: six busy until 100 (limit 120), the next needs eight, the third fits beside them until then.
        let gangs = [gang(0, 100, 120, 6), gang(1, 50, 60, 8), gang(2, 30, 60, 2), gang(3, 300, 300, 2)];
        let starts = controller(8, 8).starts(&gangs);
        assert_eq!(starts[..3], [Some(0), Some(100), Some(30)], "backfilled at the cycle, not at once");
        // The fourth would delay the second: it comes when that is gone.
        assert_eq!(starts[3], Some(150));
    }

    #[test]
    fn first_come_first_served_where_all_fit() {
        let gangs = [gang(0, 10, 60, 4), gang(0, 10, 60, 4), gang(5, 10, 60, 8), gang(5, 10, 60, 9)];
        assert_eq!(controller(8, 4).starts(&gangs), [Some(0), Some(0), Some(10), None]);
    }

    proptest! {
        #[test]
        fn nodes_are_never_given_twice_and_all_jobs_start(
            jobs in proptest::collection::vec((0i64..400, 1i64..120, 1i64..4, 1u32..33), 1..60),
            leaf in 1u32..33,
        ) {
            let mut gangs: Vec<Gang> = jobs.iter().map(|&(s, r, l, n)| gang(s, r, (l * 60).max(r), n)).collect();
            gangs.sort_by_key(|g| g.submit);
            let starts = controller(32, leaf).starts(&gangs);
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

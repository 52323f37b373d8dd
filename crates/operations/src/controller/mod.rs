//! Slurm's controller, decision by decision.
//!
//! The simulation of a site counts free nodes, which is fast and enough for months of a large machine. This model instead keeps the map of every single
//! node through the same decisions as `slurmctld` 22.05 takes them, for questions about one cluster over hours: will this job
//! start where and when a real Slurm starts it? What is modelled, as read in Slurm's own documentation and sources (`slurmctld/controller.c`,
//! `sched/backfill`, `select/cons_tres`, `topology/tree`) and in logs of real controllers:
//!
//! - one loop of the controller looks once a second whether jobs have come or gone since; if so, and three seconds have passed since the last time, the
//!   main scheduler walks the queue in its order and ends at the first job that does not fit. It looks at the whole queue every minute;
//! - another loop runs the backfill scheduler: it sleeps for `interval` after a cycle, then looks once a second whether anything has changed. A cycle
//!   builds a map of the future out of its own reservations alone, asks for each job on which nodes and when it could run, and reserves
//!   whole slots of `resolution`;
//! - when it asks for the future, running jobs are taken to end at their limits, in groups that reach 30, 60, 120 … s beyond the next half minute after
//!   the first end: a start is planned at the end of a group and not of the job that makes room;
//! - what a cycle has started stands in its map from then on, unless jobs may be stopped;
//! - when a job ends its nodes are told to clear it away, and are free when all have answered. The thread that waits for the answers sleeps for 5,
//!   10, 20 ms and so on between its looks, and only then asks for a look of the main scheduler;
//! - nodes are taken from the smallest switch that holds the job.
//!
//! The controller writes whole seconds, but its loops stand anywhere within one; so time is counted in milliseconds here.

mod backfill;
mod chains;
mod nodes;
mod partitions;
mod preempt;
mod rank;
mod select;
mod state;
#[cfg(test)]
mod tests;

pub use chains::Chains;
pub use partitions::{Partition, Partitions};
pub use preempt::{Preemption, Quality};
pub use rank::{Charged, Ranking};
use state::State;

use crate::job::Seconds;
use crate::policy::SlurmSettings;

/// Thousandths of a second.
pub type Millis = i64;

/// Thousandths of a second in one.
const SECOND: Millis = 1000;

/// A gang of whole nodes as a user submits it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gang {
    /// When it is submitted.
    pub submit: Millis,
    /// From its start until the controller hears that it is done.
    pub run: Millis,
    /// How long it asks for.
    pub limit: Seconds,
    /// Nodes.
    pub nodes: u32,
    /// From then until all its nodes have answered that nothing is left and are free again. The main scheduler is asked for a look a little later.
    pub release: Millis,
}

/// A machine under Slurm's controller. Of the settings these count: `bf_interval`, `bf_resolution`, `bf_window`, `bf_max_job_test` and
/// `default_queue_depth`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Controller {
    /// Nodes.
    pub nodes: u32,
    /// Nodes below one leaf switch.
    pub nodes_per_leaf: u32,
    /// The knobs.
    pub settings: SlurmSettings,
    /// Where the loops of the controller stand at the start.
    pub phase: Phase,
    /// Least time from a look of the main scheduler until the next (`batch_sched_delay`).
    pub batch_delay: Seconds,
    /// From one look at the whole queue until the next (`sched_interval`).
    pub sched_interval: Seconds,
    /// From one look of the loop of the main scheduler until the next: it sleeps ten times for a tenth of a second and then works.
    pub tick: Millis,
    /// How long the backfill scheduler thinks about one job, in microseconds for each node of the machine.
    pub thought: i64,
}

/// Where the loops of a controller stand when a workload begins. Nobody sets them: they follow from the moment at which the daemon was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Phase {
    /// Time of day, since slots of `bf_resolution` are cut from midnight.
    pub clock: Seconds,
    /// First look of the loop that starts the main scheduler.
    pub tick: Millis,
    /// First moment at which a backfill cycle may begin; before zero where nothing has asked for one since.
    pub cycle: Millis,
    /// When the main scheduler last looked at the whole queue, zero or before.
    pub sweep: Seconds,
}

/// What a controller goes by beside the order in which gangs come; nothing of it where it is left out.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rules<'a> {
    /// Multifactor priority.
    pub ranking: Option<Ranking<'a>>,
    /// Jobs that may stop others.
    pub preemption: Option<Preemption<'a>>,
    /// Several partitions.
    pub partitions: Option<Partitions<'a>>,
    /// Dependencies and arrays.
    pub chains: Option<Chains<'a>>,
}

/// What became of a gang, in the whole seconds that Slurm writes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Course {
    /// When it started for the last time; never where it is larger than its partition.
    pub start: Option<Seconds>,
    /// From when to when it ran before it was stopped, each time.
    pub vain: Vec<(Seconds, Seconds)>,
}

impl Controller {
    /// A machine with these settings.
    pub fn new(nodes: u32, nodes_per_leaf: u32, settings: SlurmSettings) -> Controller {
        Controller {
            nodes,
            nodes_per_leaf: nodes_per_leaf.max(1),
            settings,
            phase: Phase::default(),
            batch_delay: 3,
            sched_interval: 60,
            tick: SECOND,
            thought: 0,
        }
    }

    /// When each gang starts, in the order given and in the whole seconds that Slurm writes; gangs must stand in order of submission. A gang larger
    /// than the machine never starts.
    pub fn starts(&self, gangs: &[Gang]) -> Vec<Option<Seconds>> {
        self.starts_by(gangs, None)
    }

    /// The same where gangs wait in another order than that in which they came.
    pub fn starts_by(&self, gangs: &[Gang], ranking: Option<Ranking<'_>>) -> Vec<Option<Seconds>> {
        self.courses(gangs, &Rules { ranking, ..Rules::default() }).into_iter().map(|c| c.start).collect()
    }

    /// What becomes of each gang under these rules.
    pub fn courses(&self, gangs: &[Gang], rules: &Rules<'_>) -> Vec<Course> {
        let mut state = State::new(self, gangs, rules);
        state.run();
        let mut vain = state.stops.map_or_else(Vec::new, |s| s.vain).into_iter();
        state.start.into_iter().map(|start| Course { start, vain: vain.next().unwrap_or_default() }).collect()
    }
}

//! How the twin and Slurm compare on a workload.

use crate::report::mean;

/// Starts are whole seconds: a spread below one second cannot be told from one.
pub const RESOLUTION: f64 = 1.0;

/// What the jobs of a workload have that others have not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing: first come, first served.
    Plain,
    /// Accounts and qualities of service.
    Accounts,
    /// Qualities of service that may stop others.
    Stops,
    /// Partitions.
    Partitions,
    /// Dependencies and arrays.
    Chains,
}

/// How the twin and Slurm compare on a workload, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// Slurm's own run-to-run difference of starts: median and 90th percentile over all pairs of runs and all jobs.
    pub spread: (f64, f64),
    /// Difference between the twin's start (median over phases) and Slurm's, over all runs and jobs: median and 90th percentile.
    pub twin: (f64, f64),
    /// The same for single phases, 10th and 90th percentile over them: of the median, then of the 90th percentile.
    pub band: [(f64, f64); 2],
    /// Mean wait in Slurm, over runs.
    pub wait: f64,
    /// Mean wait in the twin: mean over runs and phases, and its 10th and 90th percentile over phases.
    pub twin_wait: (f64, f64, f64),
    /// Part of the pairs of jobs that start in the other order: in another run of Slurm, and in the twin.
    pub turned: (f64, f64),
    /// How often jobs were stopped in Slurm: mean, fewest and most of the runs.
    pub stops: (f64, usize, usize),
    /// The same in the twin, mean over runs and phases.
    pub twin_stops: f64,
}

impl Comparison {
    /// Whether the twin stays within 1.5 times Slurm's own spread, at most 15 s in the median and 40 s in the 90th percentile.
    pub fn starts_meet_bar(&self) -> bool {
        let within = |twin: f64, spread: f64, most: f64| twin <= (1.5 * spread.max(RESOLUTION)).min(most);
        within(self.twin.0, self.spread.0, 15.0) && within(self.twin.1, self.spread.1, 40.0)
    }

    /// By how much the twin's mean wait is off, of one.
    pub fn wait_error(&self) -> f64 {
        self.twin_wait.0 / self.wait - 1.0
    }

    /// Starts within the bar and the mean wait within 5 %.
    pub fn meets_bar(&self) -> bool {
        self.starts_meet_bar() && self.wait_error().abs() <= 0.05
    }
}

/// Part of the pairs of jobs that start in one order in the first schedule and in the other in the second.
pub(super) fn turned_pairs(starts: &[(f64, f64)]) -> f64 {
    let pairs = (0..starts.len()).flat_map(|a| (a + 1..starts.len()).map(move |b| (starts[a], starts[b])));
    mean(pairs.map(|(a, b)| f64::from(u8::from((a.0 - b.0) * (a.1 - b.1) < 0.0))))
}

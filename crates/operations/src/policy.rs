use crate::job::Seconds;

/// Which jobs may start before those ahead of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Policy {
    /// None: strict order.
    Fcfs,
    /// Those that do not delay the first in the queue (Lifka, The ANL/IBM SP scheduling system, 1995).
    Easy,
    /// Those that delay nobody: at each event the whole queue is planned anew in its order, each job at the earliest time that
    /// leaves the plans before it untouched (Mu'alem and Feitelson, IEEE TPDS 12(6), 2001).
    Conservative,
    /// Slurm's two schedulers: the main one in strict order at events, the backfill one in cycles over the first jobs.
    Slurm(SlurmSettings),
}

/// The knobs of Slurm's scheduler that change when jobs start. Names follow slurm.conf; times in whole seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SlurmSettings {
    /// Jobs one backfill cycle looks at.
    pub bf_max_job_test: usize,
    /// How far ahead backfill plans; a job that would start later gets no reservation.
    pub bf_window: Seconds,
    /// Starts and ends of reservations are rounded down to a multiple of this.
    pub bf_resolution: Seconds,
    /// Time between two backfill cycles.
    pub bf_interval: Seconds,
    /// When the first cycle runs, after the start of the run.
    pub bf_phase: Seconds,
    /// Jobs the main scheduler looks at when an event wakes it.
    pub default_queue_depth: usize,
    /// The main scheduler also runs this often without an event.
    pub sched_interval: Seconds,
    /// Least time between two runs of the main scheduler.
    pub sched_min_interval: Seconds,
    /// Time from the end of a job until its nodes can be given again (epilogue, completing).
    pub completing: Seconds,
    /// Time limits are rounded up to a multiple of this: Slurm counts whole minutes.
    pub limit_granularity: Seconds,
}

impl Default for SlurmSettings {
    /// A large site's common settings: depth 1,000, window two days, the rest as Slurm ships it.
    fn default() -> Self {
        Self {
            bf_max_job_test: 1_000,
            bf_window: 2 * 86_400,
            bf_resolution: 60,
            bf_interval: 30,
            bf_phase: 0,
            default_queue_depth: 100,
            sched_interval: 60,
            sched_min_interval: 2,
            completing: 0,
            limit_granularity: 60,
        }
    }
}

/// In which order jobs wait.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Order {
    /// By time of submission, then by position in the workload.
    Submit,
    /// By Slurm's sum of weighted factors, then by time of submission.
    Multifactor(Multifactor),
}

/// Slurm's multifactor priority: the sum of each weight times a factor between zero and one, cut to an integer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Multifactor {
    /// Weight of the time in the queue.
    pub age: f64,
    /// Time in the queue at which the age factor reaches one.
    pub max_age: Seconds,
    /// Weight of the size, as a share of the site.
    pub size: f64,
    /// Weight of the quality of service.
    pub qos: f64,
    /// Weight of the fair-share factor.
    pub fair_share: f64,
    /// Time in which past use loses half of its weight; 0 keeps it for ever.
    pub half_life: Seconds,
    /// How often the priorities are worked out again.
    pub calc_period: Seconds,
    /// How the fair-share factor follows from shares and use.
    pub rule: FairShareRule,
}

impl Default for Multifactor {
    /// Slurm's defaults for the times; weights that let fair share lead, then quality of service, then age.
    fn default() -> Self {
        Self {
            age: 1_000.0,
            max_age: 7 * 86_400,
            size: 0.0,
            qos: 10_000.0,
            fair_share: 100_000.0,
            half_life: 7 * 86_400,
            calc_period: 300,
            rule: FairShareRule::FairTree,
        }
    }
}

/// The two ways of Slurm to turn shares and use into a factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FairShareRule {
    /// Depth-first walk by level fair share (use share over promised share); the factor is the rank. Slurm's default since 19.05.
    #[default]
    FairTree,
    /// 2^(−effective use / shares), the classic formula.
    Classic,
}

/// What becomes of a job that runs longer than it asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OverLimit {
    /// It is stopped at its limit, as Slurm does.
    #[default]
    Kill,
    /// It runs on, and the scheduler plans with the longer time: how traces with run times above the request are replayed.
    Extend,
}

/// A quality of service.
#[derive(Debug, Clone, PartialEq)]
pub struct Qos {
    /// Name in reports.
    pub name: String,
    /// Factor between zero and one in the priority.
    pub priority: f64,
    /// Rank: a job may stop running jobs of a lower rank that may be stopped.
    pub rank: u16,
    /// May its jobs be stopped for a higher rank?
    pub preemptible: bool,
    /// May its jobs stop others?
    pub preempts: bool,
    /// A job is not stopped before it has run this long.
    pub exempt: Seconds,
}

impl Default for Qos {
    fn default() -> Self {
        Self { name: "normal".into(), priority: 0.0, rank: 0, preemptible: false, preempts: false, exempt: 0 }
    }
}

/// Nodes that no job may hold in a span of time: maintenance, or a reservation for somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reservation {
    /// First second.
    pub start: Seconds,
    /// Second after the last.
    pub end: Seconds,
    /// First node.
    pub first_node: u32,
    /// How many nodes.
    pub nodes: u32,
}

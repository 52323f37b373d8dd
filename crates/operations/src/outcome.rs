use crate::job::{JobClass, JobRecord, Seconds};

/// One point of the time series: means over the span that ends here; the last span of a run may be shorter.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Sample {
    /// End of the span.
    pub at: Seconds,
    /// Busy accelerators by class, in the order of [`JobClass::ALL`].
    pub busy: [f64; JobClass::ALL.len()],
    /// Accelerators out of service or being repaired.
    pub down: f64,
    /// Jobs waiting at the end of the span.
    pub queued: u32,
    /// Accelerators that waiting jobs ask for at the end of the span.
    pub queued_gpus: i64,
    /// Jobs running at the end of the span.
    pub running: u32,
}

impl Sample {
    /// Busy accelerators of all classes.
    pub fn busy_all(&self) -> f64 {
        self.busy.iter().sum()
    }
}

/// A failure of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Incident {
    /// When.
    pub at: Seconds,
    /// Which node.
    pub node: u32,
    /// Position of the component in the failure model.
    pub component: u16,
    /// Accelerators of the job it stopped; 0 where none ran there.
    pub job_gpus: i64,
    /// When the node was back.
    pub back: Seconds,
    /// Was it a node that fails far more often than the rest?
    pub lemon: bool,
}

/// A gang on its nodes, from start to end of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// Position of the job.
    pub job: u32,
    /// Start of the attempt.
    pub from: Seconds,
    /// End of the attempt; the nodes are given again from here on.
    pub to: Seconds,
    /// Its nodes.
    pub nodes: Vec<u32>,
}

/// What was done, for the statistics of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Moments at which something happened.
    pub moments: u64,
    /// Planning passes over the queue.
    pub passes: u64,
    /// Reservations made in them.
    pub reservations: u64,
    /// Starts, restarts included.
    pub starts: u64,
}

/// Everything a run gives.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    /// By position of the job in the workload.
    pub jobs: Vec<JobRecord>,
    /// Where a step was asked for.
    pub series: Vec<Sample>,
    /// In order of time.
    pub incidents: Vec<Incident>,
    /// Attempts in order of their ends, where asked for.
    pub holdings: Vec<Holding>,
    /// First second of the run: zero, or the first submission where that is before.
    pub start: Seconds,
    /// First second after the run.
    pub end: Seconds,
    /// Accelerator-seconds held by jobs, by class.
    pub busy: [i64; JobClass::ALL.len()],
    /// Accelerator-seconds out of service.
    pub down: i64,
    /// Accelerator-seconds that jobs held beyond what they would have on the best nodes of their size, by class.
    pub spread: [i64; JobClass::ALL.len()],
    /// Stops because a power cap fell below what ran.
    pub cap_stops: u64,
    /// Accelerator-seconds free while a job that needed no more than was free waited: lost to the order, to contiguity, to reservations.
    pub idle_waiting: i64,
    /// What was done.
    pub counts: Counts,
}

impl Outcome {
    /// Accelerator-seconds held by jobs.
    pub fn busy_all(&self) -> i64 {
        self.busy.iter().sum()
    }
}

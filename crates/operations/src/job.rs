/// Whole seconds since the start of the run. The engine counts in integers, so that equal inputs give equal bytes.
pub type Seconds = i64;

/// How much of the machine a job takes. A gang starts on all of it or not at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Size {
    /// Whole nodes.
    Nodes(u32),
    /// Accelerators: fewer than a node holds share a node, more take whole nodes.
    Gpus(u32),
}

/// What a job is for: the engine treats them alike, the report tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum JobClass {
    /// A training or batch job.
    #[default]
    Batch,
    /// A session in which a person waits.
    Interactive,
    /// A part of a serving pool, started and stopped by the hour.
    Serving,
    /// A long training campaign with checkpoints.
    Campaign,
    /// A development or benchmark run.
    Development,
}

impl JobClass {
    /// All classes, in the order of reports.
    pub const ALL: [Self; 5] =
        [Self::Batch, Self::Interactive, Self::Serving, Self::Campaign, Self::Development];

    /// Name in reports and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Batch => "batch",
            Self::Interactive => "interactive",
            Self::Serving => "serving",
            Self::Campaign => "campaign",
            Self::Development => "development",
        }
    }
}

/// One gang job of a workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Job {
    /// Number in the source, for people; the engine goes by position.
    pub id: u64,
    /// When it enters the queue.
    pub submit: Seconds,
    /// How long it runs if nothing disturbs it.
    pub runtime: Seconds,
    /// How long it asks for: what the scheduler plans with.
    pub limit: Seconds,
    /// What it takes.
    pub size: Size,
    /// Leaf of the share tree that pays (0 where there is no tree).
    pub tenant: u32,
    /// Who owns it, by any number: what one user holds over all jobs can be limited.
    pub user: u32,
    /// Quality of service (0 where there is only one).
    pub qos: u16,
    /// What it is for.
    pub class: JobClass,
    /// Seconds of work between checkpoints; 0 where a job that is stopped starts again from nothing.
    pub checkpoint: u32,
}

impl Job {
    /// A batch job of whole nodes with the default tenant and quality of service.
    pub fn nodes(id: u64, submit: Seconds, runtime: Seconds, limit: Seconds, nodes: u32) -> Self {
        Self {
            id,
            submit,
            runtime,
            limit,
            size: Size::Nodes(nodes),
            tenant: 0,
            user: 0,
            qos: 0,
            class: JobClass::Batch,
            checkpoint: 0,
        }
    }
}

/// How a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum JobState {
    /// Not started when the run ended.
    #[default]
    Queued,
    /// Running when the run ended.
    Running,
    /// Did its work.
    Completed,
    /// Stopped by its limit before its work was done.
    TimedOut,
    /// Ended by itself without success, as its trace records.
    Failed,
    /// Never started: a job that it needed to end otherwise has ended.
    Cancelled,
}

impl JobState {
    /// All states, in the order of reports.
    pub const ALL: [Self; 6] =
        [Self::Queued, Self::Running, Self::Completed, Self::TimedOut, Self::Failed, Self::Cancelled];

    /// Name in reports and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::TimedOut => "timed_out",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What happened to one job; the position is that of the job in the workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JobRecord {
    /// First start; negative where it never started.
    pub start: Seconds,
    /// When it could first be looked at, where that was later than its submission; else 0.
    pub eligible: Seconds,
    /// Last end; negative where it has not ended.
    pub end: Seconds,
    /// How it ended.
    pub state: JobState,
    /// Accelerator-seconds held, over all attempts.
    pub held: i64,
    /// Of those, work lost to stops: done since the last checkpoint, and restart time.
    pub lost: i64,
    /// Times stopped by a failure.
    pub failures: u16,
    /// Times stopped for a job of a higher quality of service.
    pub preemptions: u16,
    /// Leaf domains the last attempt touched.
    pub leaves: u32,
    /// Lowest node of the last attempt.
    pub first_node: u32,
}

impl JobRecord {
    /// Time from submission to the first start, where it started. A job that had to wait for another counts from the end of that one.
    pub fn wait(&self, job: &Job) -> Option<Seconds> {
        (self.start >= 0).then(|| self.start - job.submit.max(self.eligible))
    }
}

use crate::failure::FailureModel;
use crate::job::Seconds;
use crate::layout::{Layout, Placement};
use crate::limits::HoldLimit;
use crate::placement::PlacementSpeed;
use crate::policy::{Order, OverLimit, Policy, Qos, Reservation};
use crate::share::ShareTree;

/// The most accelerators that may be busy from a moment on: a power cap in the scheduler's terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cap {
    /// From when; it holds until the next one.
    pub from: Seconds,
    /// Accelerators that may be busy.
    pub gpus: i64,
}

/// The machine and its rules.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// Nodes and their domains.
    pub layout: Layout,
    /// Which free nodes a gang gets.
    pub placement: Placement,
    /// What the spread of a gang does to its speed.
    pub speed: PlacementSpeed,
    /// Who was promised what.
    pub shares: ShareTree,
    /// Qualities of service, by number in the jobs; at least one.
    pub qos: Vec<Qos>,
    /// Maintenance and other spans in which nodes are kept free.
    pub reservations: Vec<Reservation>,
    /// Power caps in order of time.
    pub caps: Vec<Cap>,
    /// How far ahead the scheduler knows them. A job that is longer may be caught by a lower one and is stopped then.
    pub cap_sight: Seconds,
    /// What breaks; nothing where absent.
    pub failures: Option<FailureModel>,
    /// What users and accounts may hold at once over all their jobs.
    pub limits: Vec<HoldLimit>,
    /// By account: what is known of its use at a moment, in accelerator-seconds as far as they have not faded until then. It takes the place of what
    /// the run has added up so far. Where the list is empty nothing is known; those beyond it had used nothing.
    pub past_use: Vec<f64>,
    /// That moment; zero or later.
    pub past_use_at: Seconds,
}

impl Site {
    /// Nodes without topology, tenants, failures or caps.
    pub fn flat(nodes: u32, gpus_per_node: u32) -> Self {
        Self::new(Layout::flat(nodes, gpus_per_node))
    }

    /// A site of this layout with one tenant and nothing else.
    pub fn new(layout: Layout) -> Self {
        Self {
            layout,
            placement: Placement::default(),
            speed: PlacementSpeed::default(),
            shares: ShareTree::single("all"),
            qos: vec![Qos::default()],
            reservations: Vec::new(),
            caps: Vec::new(),
            cap_sight: 4 * 3_600,
            failures: None,
            limits: Vec::new(),
            past_use: Vec::new(),
            past_use_at: 0,
        }
    }
}

/// How the run is made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Which jobs may overtake.
    pub policy: Policy,
    /// In which order jobs wait.
    pub order: Order,
    /// What becomes of jobs that run longer than they asked for.
    pub over_limit: OverLimit,
    /// How long a stopped job is held before it waits again: about 120 s in Slurm.
    pub requeue_hold: Seconds,
    /// Time a job needs to come back to work after a stop: loading the checkpoint, starting the processes.
    pub restart: Seconds,
    /// The run ends here; where absent, when no job is left.
    pub until: Option<Seconds>,
    /// Seconds per point of the time series; none where absent.
    pub sample: Option<Seconds>,
    /// Keep which nodes each attempt held.
    pub holdings: bool,
    /// Of the failures.
    pub seed: u64,
}

impl Settings {
    /// This policy, first come first, jobs stopped at their limit, no time series.
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            order: Order::Submit,
            over_limit: OverLimit::default(),
            requeue_hold: 120,
            restart: 0,
            until: None,
            sample: None,
            holdings: false,
            seed: 1,
        }
    }
}

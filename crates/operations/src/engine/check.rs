use crate::job::{Job, Size};
use crate::policy::Policy;
use crate::site::{Settings, Site};

/// Why a workload cannot be run on a site.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SimulationError {
    /// A site without nodes or accelerators.
    #[error("the site has no {0}")]
    Empty(&'static str),
    /// Asks for more than there is.
    #[error("job {id} asks for {asked}, the site has {has}")]
    TooLarge {
        /// Number in the source.
        id: u64,
        /// What it asks for.
        asked: String,
        /// What there is.
        has: String,
    },
    /// A field that cannot be.
    #[error("job {id}: {what} is {value}")]
    Field {
        /// Number in the source.
        id: u64,
        /// Which.
        what: &'static str,
        /// Its value.
        value: i64,
    },
    /// A tenant that is no leaf of the share tree, or a quality of service that does not exist.
    #[error("job {id} names {what} {value}, which does not exist")]
    Unknown {
        /// Number in the source.
        id: u64,
        /// Which.
        what: &'static str,
        /// Its value.
        value: u32,
    },
    /// Jobs not in order of submission.
    #[error("job {id} is submitted before the one ahead of it in the workload")]
    Order {
        /// Number in the source.
        id: u64,
    },
    /// A setting that must be above zero.
    #[error("{0} must be above zero")]
    Setting(&'static str),
}

pub(crate) fn check(site: &Site, jobs: &[Job], settings: &Settings) -> Result<(), Vec<SimulationError>> {
    let mut faults = Vec::new();
    let layout = &site.layout;
    for (what, n) in [("nodes", layout.nodes), ("accelerators", layout.gpus_per_node)] {
        if n == 0 {
            faults.push(SimulationError::Empty(what));
        }
    }
    if site.qos.is_empty() {
        faults.push(SimulationError::Empty("quality of service"));
    }
    for (what, bad) in [
        ("nodes per leaf", layout.nodes_per_leaf == 0),
        ("leaves per block", layout.leaves_per_block == 0),
        ("the step of the time series", settings.sample.is_some_and(|s| s <= 0)),
    ] {
        if bad {
            faults.push(SimulationError::Setting(what));
        }
    }
    if let Policy::Slurm(s) = settings.policy {
        for (what, value) in [
            ("bf_interval", s.bf_interval),
            ("bf_resolution", s.bf_resolution),
            ("bf_window", s.bf_window),
            ("sched_interval", s.sched_interval),
        ] {
            if value <= 0 {
                faults.push(SimulationError::Setting(what));
            }
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    let is_leaf: Vec<bool> = {
        let mut leaf = vec![false; site.shares.accounts().len()];
        for &l in site.shares.leaves() {
            leaf[l as usize] = true;
        }
        leaf
    };
    let mut last = i64::MIN;
    for job in jobs {
        let id = job.id;
        if layout.units(job.size) > layout.gpus() {
            let (asked, has) = match job.size {
                Size::Nodes(n) => (format!("{n} nodes"), format!("{} nodes", layout.nodes)),
                Size::Gpus(n) => (format!("{n} accelerators"), format!("{} accelerators", layout.gpus())),
            };
            faults.push(SimulationError::TooLarge { id, asked, has });
        }
        for (what, value, least) in [
            ("its size", layout.units(job.size), 1),
            ("its run time", job.runtime, 0),
            ("its limit", job.limit, 1),
        ] {
            if value < least {
                faults.push(SimulationError::Field { id, what, value });
            }
        }
        if !is_leaf.get(job.tenant as usize).copied().unwrap_or(false) {
            faults.push(SimulationError::Unknown { id, what: "tenant", value: job.tenant });
        }
        if job.qos as usize >= site.qos.len() {
            faults.push(SimulationError::Unknown { id, what: "quality of service", value: job.qos.into() });
        }
        if job.submit < last {
            faults.push(SimulationError::Order { id });
        }
        last = last.max(job.submit);
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

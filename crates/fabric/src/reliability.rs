//! Interruptions, effective training time, checkpoint interval, spares.

use gigatwin_quantity::{Hazard, Time};

/// How often a job is interrupted and what an interruption costs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FailureInputs {
    /// Failures of one node that end a job, per node and time. Series model: all nodes of a job must be up.
    pub node_failure: Hazard,
    /// From the failure to the first new step: detection, scheduling, initialisation, loading (u₀).
    pub restart: Time,
    /// Time for which training stands still per checkpoint (w).
    pub checkpoint_stall: Time,
}

/// Effective training time of a job.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EffectiveTime {
    /// Expected productive share of the wall time, above zero and at most one.
    pub ratio: f64,
    /// Checkpoint interval it holds for (productive time between checkpoints).
    pub interval: Time,
    /// Mean time between interruptions of the job; infinite without failures.
    pub mtbf: Time,
}

/// Why a job does not progress.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum ReliabilityError {
    /// The closed form is at or below zero.
    #[error(
        "a job on {nodes} nodes is interrupted every {mtbf} on average, while a restart and the lost work take {lost}: \
         it makes no progress; the two together must fall below {mtbf}, or the node failure rate below {rate_needed}"
    )]
    NoProgress {
        /// Nodes of the job.
        nodes: u32,
        /// Mean time between interruptions.
        mtbf: Time,
        /// Restart plus half an interval.
        lost: Time,
        /// Node failure rate at which progress starts.
        rate_needed: Hazard,
    },
    /// A number outside its domain.
    #[error("{0}")]
    Invalid(&'static str),
}

/// Mean time between interruptions of a job that needs all its nodes; infinite where the rate is zero.
///
/// A series model. It agrees with what Kokolis et al. (arXiv 2410.21680) project for 16,384 and 131,072
/// accelerators, but not with what they observe at 1,024: small jobs fail more often than node failures alone
/// explain.
pub fn job_mtbf(node_failure: Hazard, nodes: u32) -> Time {
    Time::from_s(1.0 / (node_failure.per_s() * f64::from(nodes)))
}

/// Checkpoint interval that wastes least, to first order: √(2·w·MTBF) (Young 1974, Daly 2006).
pub fn young_daly(checkpoint_stall: Time, mtbf: Time) -> Time {
    Time::from_s((2.0 * checkpoint_stall.s() * mtbf.s()).sqrt())
}

/// Expected effective training time ratio, E[ETTR] = (1 − N·r_f·(u₀ + Δt/2)) / (1 + w/Δt) (Kokolis et al.,
/// arXiv 2410.21680).
///
/// Without an `interval` it is [`young_daly`]'s, not below `least_interval` (how long an upload takes).
///
/// # Errors
/// [`ReliabilityError::NoProgress`] where the ratio is not positive, `Invalid` for numbers outside
/// their domain.
pub fn effective_time(
    inputs: &FailureInputs,
    nodes: u32,
    interval: Option<Time>,
    least_interval: Time,
) -> Result<EffectiveTime, ReliabilityError> {
    if nodes == 0 {
        return Err(ReliabilityError::Invalid("a job needs at least one node"));
    }
    let rates_ok = inputs.node_failure.per_s() >= 0.0 && inputs.node_failure.is_finite();
    if !(rates_ok && inputs.restart >= Time::ZERO && inputs.checkpoint_stall >= Time::ZERO) {
        return Err(ReliabilityError::Invalid(
            "failure rate, restart and checkpoint stall must not be negative",
        ));
    }
    let mtbf = job_mtbf(inputs.node_failure, nodes);
    // A stall of zero would ask for endless checkpoints: one second is as good as none.
    let interval = interval.unwrap_or_else(|| young_daly(inputs.checkpoint_stall, mtbf));
    let interval = interval.max(least_interval).max(Time::from_s(1.0));
    if !interval.is_finite() {
        // No failures: no checkpoints needed either.
        return Ok(EffectiveTime { ratio: 1.0, interval, mtbf });
    }
    let lost = inputs.restart + 0.5 * interval;
    let alive = if mtbf.is_finite() { 1.0 - lost / mtbf } else { 1.0 };
    if alive <= 0.0 {
        return Err(ReliabilityError::NoProgress {
            nodes,
            mtbf,
            lost,
            rate_needed: Hazard::from_per_s(1.0 / (lost.s() * f64::from(nodes))),
        });
    }
    let ratio = alive / (1.0 + inputs.checkpoint_stall / interval);
    Ok(EffectiveTime { ratio, interval, mtbf })
}

/// Spare nodes so that with probability `confidence` no more nodes are out at once than there are spares: the
/// Poisson quantile of nodes × failure rate × repair time. `None` where the mean or the confidence is out of
/// range.
pub fn spare_nodes(nodes: u32, node_failure: Hazard, repair: Time, confidence: f64) -> Option<u32> {
    let mean = f64::from(nodes) * node_failure.per_s() * repair.s();
    if !(0.0..1.0).contains(&confidence) || !(0.0..=1e6).contains(&mean) {
        return None;
    }
    // Terms in logarithms: e^−mean underflows for large fleets.
    let mut log_term = -mean;
    let mut below = log_term.exp();
    let mut spares = 0u32;
    while below < confidence && f64::from(spares) < mean + 40.0 * (mean.sqrt() + 1.0) {
        spares += 1;
        log_term += (mean / f64::from(spares)).ln();
        below += log_term.exp();
    }
    Some(spares)
}

/// Failure rates of network parts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NetworkHazards {
    /// Link between endpoint and leaf, modules included.
    pub access_link: Hazard,
    /// Link between switches, modules included.
    pub trunk_link: Hazard,
    /// Switch.
    pub switch: Hazard,
}

/// Expected failures in a network, by kind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NetworkFailures {
    /// Access links a year.
    pub access_links_per_year: f64,
    /// Trunk links a year.
    pub trunk_links_per_year: f64,
    /// Switches a year.
    pub switches_per_year: f64,
}

impl NetworkHazards {
    /// Failures to be expected in a network of this bill of materials.
    pub fn expected(&self, bill: &crate::BillOfMaterials) -> NetworkFailures {
        let per_year = |count: u64, h: Hazard| count as f64 * h.per_year();
        NetworkFailures {
            access_links_per_year: per_year(bill.node_leaf.links, self.access_link),
            trunk_links_per_year: per_year(bill.leaf_spine.links + bill.spine_core.links, self.trunk_link),
            switches_per_year: per_year(bill.switches(), self.switch),
        }
    }
}

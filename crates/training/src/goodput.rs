//! The share of wall time that becomes training: failures by component, checkpoints in tiers, spare nodes, stragglers.
//!
//! [`goodput`] is closed form. [`crate::simulate`] plays the same run event by event; the two must agree.

use gigatwin_quantity::{Hazard, Share, Time};

/// A part of a node, or something that befalls it.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    /// Name.
    pub name: String,
    /// How often it stops the job, per node.
    pub rate: Hazard,
    /// From the failure until it is noticed.
    pub detection: Time,
    /// Whether the node is lost, so that another must take its place; else the same node goes on.
    pub loses_node: bool,
}

/// A place where checkpoints are kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Tier {
    /// Name.
    pub name: String,
    /// For which training stands still per checkpoint.
    pub stall: Time,
    /// From its start until it can be restored from.
    pub save: Time,
    /// Until training can go on from it.
    pub load: Time,
    /// Whether it outlives the loss of a node.
    pub survives_node: bool,
}

/// A node that is slower than the rest and slows all of them until it is found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Straggler {
    /// How often a node turns slow.
    pub rate: Hazard,
    /// How much longer a step takes meanwhile.
    pub slowdown: Share,
    /// Until it is found and swapped, at a checkpoint made for it.
    pub detection: Time,
}

/// A run and what befalls it.
#[derive(Debug, Clone, PartialEq)]
pub struct GoodputInputs {
    /// Nodes the job needs.
    pub nodes: u32,
    /// Nodes held ready beside them.
    pub spares: u32,
    /// From a node's loss until it is back, as a spare.
    pub repair: Time,
    /// From the news of a failure to a running process group: draining, scheduling, initialisation.
    pub restart: Time,
    /// What fails.
    pub components: Vec<Component>,
    /// Where checkpoints go, in any order; at least one must survive the loss of a node where a component loses it.
    pub tiers: Vec<Tier>,
    /// Slow nodes.
    pub straggler: Straggler,
}

/// A tier with its interval.
#[derive(Debug, Clone, PartialEq)]
pub struct TierPlan {
    /// Name.
    pub name: String,
    /// Training time between two checkpoints.
    pub interval: Time,
    /// Share of wall time spent on them.
    pub stalled: Share,
}

/// Where the wall time goes.
#[derive(Debug, Clone, PartialEq)]
pub struct Goodput {
    /// Share that becomes training (effective training time ratio).
    pub ettr: Share,
    /// Interruptions over wall time.
    pub failures: Hazard,
    /// Standing still for checkpoints.
    pub checkpoints: Share,
    /// Training done twice.
    pub rework: Share,
    /// Detection, restart and loading.
    pub restarting: Share,
    /// Waiting for a node because no spare is left.
    pub waiting: Share,
    /// Steps slowed by a straggler, and swapping it.
    pub straggling: Share,
    /// Checkpoints of each tier.
    pub tiers: Vec<TierPlan>,
}

/// Why a run does not progress.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum GoodputError {
    /// A number outside its domain.
    #[error("{0}")]
    Invalid(&'static str),
    /// Failures undo all that is trained.
    #[error(
        "{nodes} nodes are interrupted every {mtbf} on average, while detection, restart and lost work take {lost}: the run makes no \
         progress"
    )]
    NoProgress {
        /// Nodes of the job.
        nodes: u32,
        /// Mean time between interruptions.
        mtbf: Time,
        /// Mean cost of one.
        lost: Time,
    },
}

/// Intervals are not shorter than this: a checkpoint every step helps nobody.
const SHORTEST: f64 = 1.0;

impl GoodputInputs {
    pub(super) fn check(&self) -> Result<(), GoodputError> {
        let invalid = |text| Err(GoodputError::Invalid(text));
        if self.nodes == 0 {
            return invalid("a job needs at least one node");
        }
        if self.tiers.is_empty() {
            return invalid("a run needs a place for its checkpoints");
        }
        let times = self
            .components
            .iter()
            .map(|c| c.detection)
            .chain(self.tiers.iter().flat_map(|t| [t.stall, t.save, t.load]))
            .chain([self.repair, self.restart, self.straggler.detection]);
        let mut rates = self.components.iter().map(|c| c.rate).chain([self.straggler.rate]);
        if times.into_iter().any(|t| !(t >= Time::ZERO && t.is_finite()))
            || rates.any(|r| !(r.per_s() >= 0.0 && r.is_finite()))
        {
            return invalid("rates and times must not be negative");
        }
        if self.components.iter().any(|c| c.loses_node && c.rate.per_s() > 0.0)
            && !self.tiers.iter().any(|t| t.survives_node)
        {
            return invalid("no checkpoint survives the loss of a node");
        }
        Ok(())
    }

    /// The tier that a failure is restored from: the one saved most often among those that survive it.
    pub(super) fn restored_from(&self, loses_node: bool, intervals: &[f64]) -> usize {
        let mut best = 0;
        let mut shortest = f64::INFINITY;
        for (i, tier) in self.tiers.iter().enumerate() {
            let usable = tier.survives_node || !loses_node;
            let lost = 0.5 * intervals[i] + tier.save.s() + tier.load.s();
            if usable && lost < shortest {
                (best, shortest) = (i, lost);
            }
        }
        best
    }

    /// Interruptions of the job per second that lose a node, and that do not.
    fn job_rates(&self) -> (f64, f64) {
        let nodes = f64::from(self.nodes);
        let sum = |lost: bool| -> f64 {
            nodes
                * self.components.iter().filter(|c| c.loses_node == lost).map(|c| c.rate.per_s()).sum::<f64>()
        };
        (sum(true), sum(false))
    }
}

/// Probability that a system of `servers` in which `load` are busy on average, were they endless, is full (Erlang's B).
///
/// With one server more than there are spares and the node losses as arrivals this is the share of time in which the job waits: while
/// it does, nothing fails. It depends on the mean repair time only (insensitivity of the M/G/n/n system).
pub fn erlang_b(servers: u32, load: f64) -> f64 {
    if load <= 0.0 {
        return 0.0;
    }
    (1..=servers).fold(1.0, |b, n| {
        let x = load * b;
        x / (f64::from(n) + x)
    })
}

/// Seconds per second of training, by cause.
struct Parts {
    stalls: f64,
    rework: f64,
    slow: f64,
    swaps: f64,
    restarts: f64,
    /// In which the job runs.
    up: f64,
}

/// The parts at given intervals; none where failures undo more than is trained.
fn shares(inputs: &GoodputInputs, intervals: &[f64]) -> Option<Parts> {
    // A slow node hurts and is swapped only while the job runs; how much of the time that is follows from the parts.
    let mut parts = parts(inputs, intervals, 1.0)?;
    for _ in 0..4 {
        let running = parts.up / (parts.up + parts.restarts + parts.swaps);
        parts = self::parts(inputs, intervals, running)?;
    }
    Some(parts)
}

fn parts(inputs: &GoodputInputs, intervals: &[f64], running: f64) -> Option<Parts> {
    let nodes = f64::from(inputs.nodes);
    let (losing, keeping) = inputs.job_rates();
    let all = losing + keeping;
    let stalls: f64 = inputs
        .tiers
        .iter()
        .zip(intervals)
        .map(|(t, i)| if i.is_finite() { t.stall.s() / i } else { 0.0 })
        .sum();
    // Slow nodes stretch training while they are not found; swapping one costs a checkpoint and a restart, no rework.
    let s = &inputs.straggler;
    let slow_rate = nodes * s.rate.per_s() * running;
    let best_stall = inputs.tiers.iter().map(|t| t.stall.s() + t.load.s()).fold(f64::INFINITY, f64::min);
    let slow = slow_rate * s.detection.s() * s.slowdown.fraction() / (1.0 + s.slowdown.fraction());
    let swap = slow_rate * (inputs.restart.s() + best_stall);
    // Work lost per failure: half a cycle on average (exactly: 1/λ − τ/(e^λτ − 1), the mean of an exponential cut off at τ), and what
    // was trained while the last checkpoint was not yet safe.
    let mut rework = 0.0;
    let mut restarts = 0.0;
    for (rate, lost_node) in [(losing, true), (keeping, false)] {
        if rate <= 0.0 {
            continue;
        }
        let tier = inputs.restored_from(lost_node, intervals);
        let tau = intervals[tier];
        let x = all * tau;
        let mean = if x < 1e-4 { 0.5 * tau * (1.0 - x / 6.0) } else { 1.0 / all - tau / x.exp_m1() };
        // The cycle after a failure starts from a checkpoint that is safe already.
        rework += rate * (mean + inputs.tiers[tier].save.s().min(tau) * (-x).exp());
    }
    for c in &inputs.components {
        let rate = nodes * c.rate.per_s();
        if rate > 0.0 {
            let tier = inputs.restored_from(c.loses_node, intervals);
            let down = c.detection.s() + inputs.restart.s() + inputs.tiers[tier].load.s();
            // A failure during the restart starts it again: (e^λd − 1)/λ instead of d.
            restarts += rate * if all * down < 1e-9 { down } else { (all * down).exp_m1() / all };
        }
    }
    // Failures and slow nodes befall time in which the job runs: training, stalls and rework alike, U = 1 + stalls + (rework + slow)·U.
    let free = 1.0 - rework - slow;
    let up = (1.0 + stalls) / free;
    (free > 0.0).then_some(Parts {
        stalls,
        rework: up * rework,
        slow: up * slow,
        swaps: up * swap,
        restarts: up * restarts,
        up,
    })
}

fn total(inputs: &GoodputInputs, intervals: &[f64]) -> f64 {
    shares(inputs, intervals).map_or(f64::INFINITY, |p| p.up + p.restarts + p.swaps)
}

/// Closed form, with the intervals that waste least where none are given.
///
/// # Errors
/// [`GoodputError`] where a number is out of its domain or the run makes no progress.
pub fn goodput(inputs: &GoodputInputs, intervals: Option<&[Time]>) -> Result<Goodput, GoodputError> {
    inputs.check()?;
    let intervals: Vec<f64> = match intervals {
        Some(list) if list.len() == inputs.tiers.len() => list.iter().map(|t| t.s().max(SHORTEST)).collect(),
        Some(_) => return Err(GoodputError::Invalid("one interval per tier is wanted")),
        None => optimise(inputs),
    };
    let (losing, keeping) = inputs.job_rates();
    let all = losing + keeping;
    let no_progress = || GoodputError::NoProgress {
        nodes: inputs.nodes,
        mtbf: Time::from_s(1.0 / all),
        lost: Time::from_s(
            inputs.restart.s()
                + intervals.iter().copied().filter(|i| i.is_finite()).fold(0.0, f64::max) / 2.0,
        ),
    };
    let Some(p) = shares(inputs, &intervals) else {
        return Err(no_progress());
    };
    let running = p.up + p.restarts + p.swaps;
    if !running.is_finite() {
        return Err(no_progress());
    }
    // Node losses are spread over the time in which the job does not wait for a node.
    let slow_nodes = f64::from(inputs.nodes) * inputs.straggler.rate.per_s();
    let out = (losing + slow_nodes * p.up / running) * p.up / running;
    let waiting = erlang_b(inputs.spares + 1, out * inputs.repair.s());
    let wall = running / (1.0 - waiting);
    let share = |x: f64| Share::from_fraction(x / wall);
    Ok(Goodput {
        ettr: share(1.0),
        failures: Hazard::from_per_s(all * p.up / wall),
        checkpoints: share(p.stalls),
        rework: share(p.rework),
        restarting: share(p.restarts),
        waiting: Share::from_fraction(waiting),
        straggling: share(p.slow + p.swaps),
        tiers: inputs
            .tiers
            .iter()
            .zip(&intervals)
            .map(|(t, i)| TierPlan {
                name: t.name.clone(),
                interval: Time::from_s(*i),
                stalled: share(if i.is_finite() { t.stall.s() / i } else { 0.0 }),
            })
            .collect(),
    })
}

/// The intervals with the least waste: each tier in turn by golden section on the logarithm, from Young's and Daly's √(2·w/λ), until
/// nothing moves. A tier that no failure is restored from gets an endless interval.
fn optimise(inputs: &GoodputInputs) -> Vec<f64> {
    let (losing, keeping) = inputs.job_rates();
    let all = losing + keeping;
    if all <= 0.0 {
        return vec![f64::INFINITY; inputs.tiers.len()];
    }
    let shortest = |t: &Tier| t.save.s().max(SHORTEST);
    let longest = 1e3 / all + 1e7;
    let mut intervals: Vec<f64> =
        inputs.tiers.iter().map(|t| (2.0 * t.stall.s() / all).sqrt().clamp(shortest(t), longest)).collect();
    for _ in 0..8 {
        for i in 0..intervals.len() {
            let mut at = |x: f64| {
                intervals[i] = x.exp();
                total(inputs, &intervals)
            };
            let (mut a, mut b) = (shortest(&inputs.tiers[i]).ln(), longest.ln());
            const GOLDEN: f64 = 0.618_033_988_749_894_9;
            let (mut c, mut d) = (b - GOLDEN * (b - a), a + GOLDEN * (b - a));
            let (mut fc, mut fd) = (at(c), at(d));
            for _ in 0..60 {
                if fc <= fd {
                    (b, d, fd) = (d, c, fc);
                    c = b - GOLDEN * (b - a);
                    fc = at(c);
                } else {
                    (a, c, fc) = (c, d, fd);
                    d = a + GOLDEN * (b - a);
                    fd = at(d);
                }
            }
            intervals[i] = (0.5 * (a + b)).exp();
            // What is never restored from need never be written.
            let used = [true, false].iter().any(|lost| {
                inputs.components.iter().any(|c| c.loses_node == *lost && c.rate.per_s() > 0.0)
                    && inputs.restored_from(*lost, &intervals) == i
            });
            if !used {
                intervals[i] = f64::INFINITY;
            }
        }
    }
    intervals
}

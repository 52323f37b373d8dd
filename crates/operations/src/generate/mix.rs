//! What a drawn workload is made of.

use crate::job::{JobClass, Seconds, Size};
use crate::layout::Layout;

/// A stream of jobs of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Stream {
    /// What they are for.
    pub class: JobClass,
    /// Share of the site's accelerator-hours that they ask for, on average over the run.
    pub load: f64,
    /// Mean and median of the run time: lognormal.
    pub run: (f64, f64),
    /// Shortest and longest run time.
    pub bounds: (Seconds, Seconds),
    /// Sizes in accelerators with their weights.
    pub sizes: Vec<(u32, f64)>,
    /// Quality of service.
    pub qos: u16,
    /// Work between checkpoints; 0 for none.
    pub checkpoint: u32,
    /// Longest limit that may be asked for; the common ones up to a month where absent.
    pub longest: Option<Seconds>,
    /// How much more often jobs come at the best hour of a working day than at the mean; 0 for none.
    pub swing: f64,
    /// Leaves of the share tree with their weights.
    pub tenants: Vec<(u32, f64)>,
}

/// A pool of equal replicas of a service, of which more run by day than by night.
#[derive(Debug, Clone, PartialEq)]
pub struct ServingPool {
    /// Replicas at the deepest hour and at the peak.
    pub replicas: (u32, u32),
    /// Accelerators of one replica.
    pub gpus: u32,
    /// Hour of the peak, local time.
    pub peak_hour: u32,
    /// Quality of service.
    pub qos: u16,
    /// Leaf of the share tree.
    pub tenant: u32,
}

/// One long training run that comes back as one job.
#[derive(Debug, Clone, PartialEq)]
pub struct Campaign {
    /// When it is submitted.
    pub submit: Seconds,
    /// How long it trains without disturbance.
    pub runtime: Seconds,
    /// Its accelerators.
    pub gpus: u32,
    /// Work between checkpoints.
    pub checkpoint: u32,
    /// Quality of service.
    pub qos: u16,
    /// Leaf of the share tree.
    pub tenant: u32,
}

/// Everything that asks for the site.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Mix {
    /// Streams of many jobs.
    pub streams: Vec<Stream>,
    /// Services.
    pub pools: Vec<ServingPool>,
    /// Long runs.
    pub campaigns: Vec<Campaign>,
}

/// Why no workload can be drawn.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MixError {
    /// A number that makes no sense.
    #[error("{0}")]
    Field(String),
}

/// Every number that makes no sense.
pub(super) fn check(mix: &Mix, layout: &Layout) -> Vec<MixError> {
    let mut faults = Vec::new();
    let mut bad = |text: String| faults.push(MixError::Field(text));
    for s in &mix.streams {
        let name = s.class.name();
        if !(s.load.is_finite() && s.load >= 0.0) {
            bad(format!("the load of {name} jobs is {}", s.load));
        }
        if !(s.run.1 > 0.0 && s.run.0 >= s.run.1 && s.run.0.is_finite()) {
            bad(format!("the mean run time of {name} jobs must be at least the median, both above zero"));
        }
        if s.bounds.0 < 1 || s.bounds.1 < s.bounds.0 {
            bad(format!("the bounds of the run time of {name} jobs are out of order"));
        }
        let sound = |w: f64| w.is_finite() && w >= 0.0;
        if s.sizes.is_empty()
            || s.sizes.iter().any(|x| x.0 == 0 || !sound(x.1))
            || s.sizes.iter().map(|x| x.1).sum::<f64>() <= 0.0
        {
            bad(format!("the sizes of {name} jobs need numbers above zero and weights"));
        }
        if let Some(x) = s.sizes.iter().find(|x| layout.units(Size::Gpus(x.0)) > layout.gpus()) {
            bad(format!("{name} jobs of {} accelerators on a site of {}", x.0, layout.gpus()));
        }
        if s.tenants.is_empty()
            || s.tenants.iter().any(|t| !sound(t.1))
            || s.tenants.iter().map(|t| t.1).sum::<f64>() <= 0.0
        {
            bad(format!("{name} jobs need tenants with weights"));
        }
    }
    for p in &mix.pools {
        if p.gpus == 0 || p.replicas.1 < p.replicas.0 || p.peak_hour > 23 {
            bad("a serving pool needs accelerators, a peak not below its floor, and a peak hour of the day"
                .to_owned());
        }
    }
    for c in &mix.campaigns {
        if c.gpus == 0 || c.runtime < 1 || layout.units(Size::Gpus(c.gpus)) > layout.gpus() {
            bad(format!(
                "a campaign of {} accelerators for {} s on a site of {}",
                c.gpus,
                c.runtime,
                layout.gpus()
            ));
        }
    }
    faults
}

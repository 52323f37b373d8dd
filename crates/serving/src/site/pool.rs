//! A pool: the replicas of one model for one class of objectives.

use gigatwin_quantity::{Share, Time};

use crate::deployment::EngineInputs;
use crate::steady::{Lengths, open};
use crate::step::StepModel;

/// Who asks a pool for what: an application with its own course of the day.
#[derive(Debug, Clone, PartialEq)]
pub struct Application {
    /// Its name.
    pub name: String,
    /// Mean requests per second over the day.
    pub rate: f64,
    /// Demand by hour from midnight over the mean hour.
    pub day: [f64; 24],
}

/// What a replica of the pool does in an hour, where its latency is wanted too.
#[derive(Debug, Clone, PartialEq)]
pub struct Service {
    /// Step times.
    pub step: StepModel,
    /// The serving software.
    pub engine: EngineInputs,
    /// Mean lengths over all applications.
    pub lengths: Lengths,
    /// Requests in flight that a replica is limited to.
    pub max_batch: f64,
}

/// Replicas of one model for one class of objectives.
#[derive(Debug, Clone, PartialEq)]
pub struct Pool {
    /// Its name.
    pub name: String,
    /// Index of its partition.
    pub partition: usize,
    /// Chips of one replica.
    pub chips: u32,
    /// Requests per second of one replica at which the objectives just hold.
    pub rate_per_replica: f64,
    /// Replicas that stay whatever the hour.
    pub minimum: u32,
    /// Replicas beyond the demand; one is N+1.
    pub spare: u32,
    /// From the start of a replica until it answers: weights from storage to memory, compilation, warm-up.
    pub load: Time,
    /// Who asks.
    pub applications: Vec<Application>,
    /// For latencies by hour.
    pub service: Option<Service>,
}

/// A pool in one hour.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PoolHour {
    /// Requests per second.
    pub rate: f64,
    /// Replicas that answer.
    pub replicas: u32,
    /// Replicas that began to answer at the start of the hour.
    pub started: u32,
    /// Mean replicas that load for the hours to come.
    pub loading: f64,
    /// Demand over what the replicas carry within the objectives.
    pub utilisation: f64,
    /// Mean time per output token and to the first token; absent without demand or [`Service`].
    pub tpot: Option<Time>,
    /// See above.
    pub ttft: Option<Time>,
    /// Share of the replicas' time without a request; absent as above.
    pub idle: Option<Share>,
}

impl Pool {
    /// Requests per second in an hour of the day.
    pub fn rate(&self, hour: usize) -> f64 {
        self.applications.iter().map(|a| a.rate * a.day[hour % 24]).sum()
    }

    /// Replicas that an hour needs.
    pub fn wanted(&self, hour: usize) -> u32 {
        let rate = self.rate(hour);
        let busy = if rate > 0.0 { (rate / self.rate_per_replica - 1e-9).ceil().max(1.0) } else { 0.0 };
        (busy as u32).saturating_add(if rate > 0.0 { self.spare } else { 0 }).max(self.minimum)
    }

    /// The day, hour by hour, from midnight to midnight of a day like the one before. Replicas that an hour needs more than the one
    /// before load early enough to answer from its first minute on.
    pub fn day(&self) -> [PoolHour; 24] {
        let mut hours = [PoolHour::default(); 24];
        for (h, hour) in hours.iter_mut().enumerate() {
            hour.rate = self.rate(h);
            hour.replicas = self.wanted(h);
            hour.started = hour.replicas.saturating_sub(self.wanted(h + 23));
            let carried = f64::from(hour.replicas) * self.rate_per_replica;
            hour.utilisation = if carried > 0.0 { hour.rate / carried } else { 0.0 };
            if let (Some(s), true) = (&self.service, hour.rate > 0.0 && hour.replicas > 0) {
                let each = hour.rate / f64::from(hour.replicas);
                if let Ok(steady) =
                    open(&s.step, &s.lengths, &s.engine, s.max_batch.max(1.0) * 1.000_001, each)
                {
                    hour.tpot = Some(steady.tpot);
                    hour.ttft = Some(steady.ttft);
                    hour.idle = Some(steady.idle_share);
                }
            }
        }
        for h in 0..24 {
            // Loading ends when the hour begins and may reach over several hours before it.
            let mut left = self.load.s().max(0.0) / 3600.0;
            let mut back = 1;
            while left > 0.0 && back <= 24 {
                hours[(h + 24 - back) % 24].loading += f64::from(hours[h].started) * left.min(1.0);
                left -= 1.0;
                back += 1;
            }
        }
        hours
    }
}

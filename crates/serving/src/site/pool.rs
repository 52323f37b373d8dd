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

/// What the replicas of a pool do for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Part {
    /// Prompt and answer.
    #[default]
    Whole,
    /// The prompt and the first token.
    Prefill,
    /// The rest of the answer.
    Decode,
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
    /// Whether prompts and answers have replicas of their own, and which these are.
    pub part: Part,
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
                (hour.tpot, hour.ttft, hour.idle) = latency(s, self.part, each);
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

type Latency = (Option<Time>, Option<Time>, Option<Share>);

/// Mean time per token and to the first token, and the time without a request, of a replica at `rate` requests per second.
fn latency(s: &Service, part: Part, rate: f64) -> Latency {
    let none = (None, None, None);
    match part {
        Part::Whole => open(&s.step, &s.lengths, &s.engine, s.max_batch.max(1.0) * 1.000_001, rate)
            .map_or(none, |x| (Some(x.tpot), Some(x.ttft), Some(x.idle_share))),
        Part::Decode => {
            let in_flight = |batch: f64| rate * s.lengths.answer * s.step.pure_decode(batch, &s.lengths).s();
            let (mut low, mut high) = (0.0, s.max_batch.max(1.0));
            if in_flight(high) > high * 1.000_001 {
                return none;
            }
            for _ in 0..40 {
                let middle = 0.5 * (low + high);
                if in_flight(middle) > middle { low = middle } else { high = middle }
            }
            (Some(s.step.pure_decode(high, &s.lengths)), None, Some(Share::from_fraction((-high).exp())))
        }
        Part::Prefill => {
            // M/G/1 with Kingman's wait, as the planner sizes these replicas.
            let service = s.step.prefill(s.lengths.prompt).s() * s.step.first_token[0];
            let load = rate * service;
            if load >= 1.0 {
                return none;
            }
            let variability = 0.5 * (s.engine.arrival_cv2 + s.engine.prompt_cv2);
            let wait = variability * load / (1.0 - load) * service;
            let ttft = service + s.step.first_token[2] + wait;
            (None, Some(Time::from_s(ttft)), Some(Share::from_fraction(1.0 - load)))
        }
    }
}

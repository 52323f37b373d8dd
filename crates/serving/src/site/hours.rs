//! The day of a site: who holds which chips in which hour.

use super::develop::Develop;
use super::pool::{Pool, PoolHour};
use super::tune::{Tune, TuneJob};

/// Days that are played before the one that counts: backlogs then repeat or grow.
const DAYS_BEFORE: usize = 2;

/// A partition of the site.
#[derive(Debug, Clone, PartialEq)]
pub struct Partition {
    /// Its name.
    pub name: String,
    /// Chips that work.
    pub chips: f64,
    /// Of them, held by training runs.
    pub training: f64,
}

/// All about a site's day.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SiteInputs {
    /// Partitions.
    pub partitions: Vec<Partition>,
    /// Services.
    pub pools: Vec<Pool>,
    /// Development.
    pub developers: Vec<Develop>,
    /// Fine-tuning, most urgent first.
    pub tunes: Vec<Tune>,
}

/// Chips of one partition in one hour; all parts together are its chips, less what it is short by.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PartitionHour {
    /// Held by training runs.
    pub training: f64,
    /// Replicas that answer.
    pub serving: f64,
    /// Replicas that load.
    pub loading: f64,
    /// Slices of notebooks.
    pub develop: f64,
    /// Fine-tuning.
    pub tune: f64,
    /// What is left, for batch work.
    pub batch: f64,
    /// What training, serving and development want beyond the partition.
    pub short: f64,
}

/// A pool over the day.
#[derive(Debug, Clone, PartialEq)]
pub struct PoolDay {
    /// By hour.
    pub hours: [PoolHour; 24],
    /// Replicas of the busiest hour.
    pub most: u32,
    /// Chip-hours of replicas that answer.
    pub chip_hours: f64,
    /// Chip-hours of replicas that load.
    pub loading_chip_hours: f64,
    /// Chip-hours that replicas fixed at the busiest hour would take more.
    pub spared_chip_hours: f64,
}

/// Fine-tuning of one kind over the day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TuneDay {
    /// One job.
    pub job: TuneJob,
    /// Jobs done on the day, in parts too.
    pub done: f64,
    /// Chip-hours taken, restarts included.
    pub chip_hours: f64,
    /// Of them, for restarts after chips were given back.
    pub restart_chip_hours: f64,
    /// Times a job gave its chips back.
    pub interruptions: f64,
    /// Jobs that wait at midnight.
    pub waiting: f64,
}

/// The outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct SiteDay {
    /// By partition, by hour.
    pub partitions: Vec<[PartitionHour; 24]>,
    /// In the order of the inputs.
    pub pools: Vec<PoolDay>,
    /// In the order of the inputs: chips by hour.
    pub developers: Vec<[f64; 24]>,
    /// In the order of the inputs.
    pub tunes: Vec<TuneDay>,
}

/// Plays a day that is like the days before it. Training runs, services and notebooks come first; what they leave goes to fine-tuning
/// in gangs of whole jobs, and the rest to batch work.
pub fn site_day(inputs: &SiteInputs) -> SiteDay {
    let pools: Vec<PoolDay> = inputs.pools.iter().map(pool_day).collect();
    let developers: Vec<[f64; 24]> =
        inputs.developers.iter().map(|d| std::array::from_fn(|h| d.chips(h))).collect();
    let mut partitions: Vec<[PartitionHour; 24]> = inputs
        .partitions
        .iter()
        .enumerate()
        .map(|(p, partition)| {
            std::array::from_fn(|h| {
                let mut hour = PartitionHour { training: partition.training, ..PartitionHour::default() };
                for (pool, day) in inputs.pools.iter().zip(&pools).filter(|(pool, _)| pool.partition == p) {
                    hour.serving += f64::from(day.hours[h].replicas) * f64::from(pool.chips);
                    hour.loading += day.hours[h].loading * f64::from(pool.chips);
                }
                for (_, day) in inputs.developers.iter().zip(&developers).filter(|(d, _)| d.partition == p) {
                    hour.develop += day[h];
                }
                let taken = hour.training + hour.serving + hour.loading + hour.develop;
                hour.short = (taken - partition.chips).max(0.0);
                hour.batch = (partition.chips - taken).max(0.0);
                hour
            })
        })
        .collect();
    let tunes = tune(inputs, &mut partitions);
    SiteDay { partitions, pools, developers, tunes }
}

fn pool_day(pool: &Pool) -> PoolDay {
    let hours = pool.day();
    let chips = f64::from(pool.chips);
    let most = hours.iter().map(|h| h.replicas).max().unwrap_or(0);
    let answering: f64 = hours.iter().map(|h| f64::from(h.replicas)).sum();
    let loading: f64 = hours.iter().map(|h| h.loading).sum();
    PoolDay {
        hours,
        most,
        chip_hours: answering * chips,
        loading_chip_hours: loading * chips,
        spared_chip_hours: (f64::from(most) * 24.0 - answering - loading) * chips,
    }
}

/// What is left to do of one kind of job.
#[derive(Debug, Clone, Copy, Default)]
struct Queue {
    chip_hours: f64,
    gangs: f64,
}

fn tune(inputs: &SiteInputs, partitions: &mut [[PartitionHour; 24]]) -> Vec<TuneDay> {
    let jobs: Vec<TuneJob> = inputs.tunes.iter().map(Tune::job).collect();
    let mut queues = vec![Queue::default(); inputs.tunes.len()];
    let mut out: Vec<TuneDay> = jobs
        .iter()
        .map(|job| TuneDay {
            job: *job,
            done: 0.0,
            chip_hours: 0.0,
            restart_chip_hours: 0.0,
            interruptions: 0.0,
            waiting: 0.0,
        })
        .collect();
    let spare: Vec<[f64; 24]> = partitions.iter().map(|p| p.map(|h| h.batch)).collect();
    for day in 0..=DAYS_BEFORE {
        let counts = day == DAYS_BEFORE;
        let mut spare = spare.clone();
        for h in 0..24 {
            for (i, t) in inputs.tunes.iter().enumerate() {
                let (job, queue, sum) = (&jobs[i], &mut queues[i], &mut out[i]);
                queue.chip_hours += t.jobs_per_day.max(0.0) / 24.0 * job.chip_hours;
                let Some(free) = spare.get_mut(t.partition).map(|p| &mut p[h]) else { continue };
                let size = f64::from(t.chips.max(1));
                let (room, wanted) =
                    ((*free / size).floor(), (queue.chip_hours / size - 1e-9).ceil().max(0.0));
                let gangs = room.min(wanted);
                *free -= gangs * size;
                let interrupted = if wanted > gangs { (queue.gangs - gangs).max(0.0) } else { 0.0 };
                let restart = (interrupted * size * t.restart.s() / 3600.0).min(gangs * size);
                let done = (gangs * size - restart).min(queue.chip_hours);
                queue.chip_hours -= done;
                queue.gangs = gangs;
                if counts {
                    partitions[t.partition][h].tune += gangs * size;
                    partitions[t.partition][h].batch -= gangs * size;
                    sum.done += if job.chip_hours > 0.0 { done / job.chip_hours } else { 0.0 };
                    sum.chip_hours += done + restart;
                    sum.restart_chip_hours += restart;
                    sum.interruptions += interrupted;
                }
            }
        }
    }
    for ((sum, queue), job) in out.iter_mut().zip(&queues).zip(&jobs) {
        sum.waiting = if job.chip_hours > 0.0 { queue.chip_hours / job.chip_hours } else { 0.0 };
    }
    out
}

//! Starts of a real Slurm against the twin's controller, workload by workload.
//!
//! The table holds replays: seeded workloads that were submitted to Slurm 22.05 on emulated nodes, each several times. Slurm does not start the same
//! workload twice alike; how far two of its own runs lie apart is the yardstick for the twin.

use std::collections::BTreeMap;

use gigatwin_operations::SlurmSettings;
use gigatwin_operations::controller::{Controller, Gang};

use crate::report::{Fold, Prediction, Refusal, Report, mean, quantile, sorted};
use crate::table::{Table, ValidationError};

const SHIPPED: &str = include_str!("../../../validation/slurm/replays.csv");
const REQUIRED: [&str; 12] = [
    "workload",
    "machine_nodes",
    "nodes_per_leaf",
    "load",
    "seed",
    "job",
    "submit_s",
    "nodes",
    "limit_min",
    "sleep_s",
    "run",
    "start_s",
];

/// Replays of this seed set the two delays of the controller; they are not scored.
pub const CALIBRATION_SEED: u32 = 1;
/// From the end of a job's work until its nodes are free, and from there until the main scheduler looks, in seconds: the pair out of {0, 1, 2}² that
/// comes nearest to the mean waits of the calibration seed.
pub const DELAYS: (i64, i64) = (1, 1);
/// The backfill cycle of a replay stands anywhere in its interval: so many phases are tried, evenly.
const PHASES: i64 = 15;
/// Starts are whole seconds: a spread below one second cannot be told from one.
const RESOLUTION: f64 = 1.0;

/// A workload with what became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Workload {
    /// Name.
    pub name: String,
    /// Nodes of the machine.
    pub machine: u32,
    /// Nodes below a leaf switch.
    pub leaf: u32,
    /// Offered load.
    pub load: f64,
    /// Seed of the generator.
    pub seed: u32,
    /// Jobs by number: when they were submitted, and the rest.
    jobs: BTreeMap<u32, (f64, Gang)>,
    /// Starts by run and job, in seconds.
    runs: BTreeMap<u32, BTreeMap<u32, f64>>,
}

/// How the twin and Slurm compare on a workload, in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// Slurm's own run-to-run difference of starts: median and 90th percentile over all pairs of runs and all jobs.
    pub spread: (f64, f64),
    /// Difference between the twin's start (median over phases) and Slurm's, over all runs and jobs: median and 90th percentile.
    pub twin: (f64, f64),
    /// The same for single phases, 10th and 90th percentile over them: of the median, then of the 90th percentile.
    pub band: [(f64, f64); 2],
    /// Mean wait in Slurm, over runs.
    pub wait: f64,
    /// Mean wait in the twin: mean over phases, and its 10th and 90th percentile.
    pub twin_wait: (f64, f64, f64),
}

impl Comparison {
    /// Whether the twin stays within 1.5 times Slurm's own spread, at most 15 s in the median and 40 s in the 90th percentile, and its mean wait
    /// within 5 %.
    pub fn meets_bar(&self) -> bool {
        let within = |twin: f64, spread: f64, most: f64| twin <= (1.5 * spread.max(RESOLUTION)).min(most);
        within(self.twin.0, self.spread.0, 15.0)
            && within(self.twin.1, self.spread.1, 40.0)
            && (self.twin_wait.0 / self.wait - 1.0).abs() <= 0.05
    }
}

/// Reads a table of replays.
///
/// # Errors
/// Where the table cannot be read.
pub fn workloads(csv: Option<&str>) -> Result<Vec<Workload>, ValidationError> {
    let table = Table::read(csv.unwrap_or(SHIPPED), &REQUIRED)?;
    let mut list: Vec<Workload> = Vec::new();
    for row in table.rows() {
        let count = |column| row.count(column)?.ok_or_else(|| row.fault(column, "a whole number"));
        let number = |column| row.number(column)?.ok_or_else(|| row.fault(column, "a number, zero or more"));
        let name = row.text("workload");
        if list.last().is_none_or(|w| w.name != name) && !list.iter().any(|w| w.name == name) {
            list.push(Workload {
                name: name.to_owned(),
                machine: count("machine_nodes")?,
                leaf: count("nodes_per_leaf")?,
                load: number("load")?,
                seed: count("seed")?,
                jobs: BTreeMap::new(),
                runs: BTreeMap::new(),
            });
        }
        let (job, run, start) = (count("job")?, count("run")?, number("start_s")?);
        let gang = Gang {
            submit: 0,
            run: i64::from(count("sleep_s")?),
            limit: i64::from(count("limit_min")?) * 60,
            nodes: count("nodes")?,
            release: DELAYS.0,
        };
        if let Some(workload) = list.iter_mut().find(|w| w.name == name) {
            workload.jobs.insert(job, (number("submit_s")?, gang));
            workload.runs.entry(run).or_default().insert(job, start);
        }
    }
    Ok(list)
}

impl Workload {
    /// Compares. Nothing where a job is larger than the machine, or fewer than two runs are there.
    pub fn compare(&self, delays: (i64, i64)) -> Option<Comparison> {
        let jobs = self.in_order();
        let step = SlurmSettings::default().bf_interval / PHASES;
        let phases: Vec<Vec<f64>> = (0..PHASES)
            .map(|k| {
                let settings = SlurmSettings { bf_phase: k * step, ..SlurmSettings::default() };
                let mut controller = Controller::new(self.machine, self.leaf, settings);
                controller.reaction = delays.1;
                // Slots are cut from the clock on the wall, which a replay meets anywhere, as it meets the second at which the controller looks.
                controller.clock = k * settings.bf_resolution / PHASES;
                let tick = k as f64 / PHASES as f64;
                let gangs: Vec<Gang> = jobs
                    .iter()
                    .map(|(_, at, g)| Gang {
                        submit: (at - tick).ceil().max(0.0) as i64,
                        release: delays.0,
                        ..*g
                    })
                    .collect();
                controller.starts(&gangs).into_iter().map(|s| s.map(|s| s as f64)).collect::<Option<Vec<_>>>()
            })
            .collect::<Option<_>>()?;
        let middle: Vec<f64> =
            (0..jobs.len()).map(|i| quantile(&sorted(phases.iter().map(|p| p[i])), 0.5)).collect();
        let against = |starts: &[f64]| {
            sorted(self.runs.values().flat_map(|run| {
                jobs.iter().zip(starts).filter_map(move |((job, ..), s)| Some((run.get(job)? - s).abs()))
            }))
        };
        let pair = |list: &[f64]| (quantile(list, 0.5), quantile(list, 0.9));
        let own = self.own_differences();
        if own.is_empty() {
            return None;
        }
        let single: Vec<(f64, f64)> = phases.iter().map(|p| pair(&against(p))).collect();
        let ends = |list: Vec<f64>| (quantile(&list, 0.1), quantile(&list, 0.9));
        let waits = sorted(phases.iter().map(|p| mean(p.iter().zip(&jobs).map(|(s, j)| s - j.1))));
        let wait = mean(
            self.runs
                .values()
                .map(|run| mean(run.iter().filter_map(|(job, s)| Some(s - self.jobs.get(job)?.0)))),
        );
        Some(Comparison {
            spread: pair(&own),
            twin: pair(&against(&middle)),
            band: [ends(sorted(single.iter().map(|s| s.0))), ends(sorted(single.iter().map(|s| s.1)))],
            wait,
            twin_wait: (mean(waits.iter().copied()), quantile(&waits, 0.1), quantile(&waits, 0.9)),
        })
    }

    /// Number, time of submission and the rest of each job, as they were submitted.
    fn in_order(&self) -> Vec<(u32, f64, Gang)> {
        let mut jobs: Vec<(u32, f64, Gang)> = self.jobs.iter().map(|(k, (at, g))| (*k, *at, *g)).collect();
        jobs.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        jobs
    }

    /// Absolute differences of a job's starts between any two runs.
    fn own_differences(&self) -> Vec<f64> {
        let runs: Vec<_> = self.runs.values().collect();
        let pairs = (0..runs.len()).flat_map(|a| (a + 1..runs.len()).map(move |b| (a, b)));
        sorted(pairs.flat_map(|(a, b)| {
            runs[a].iter().filter_map(|(job, s)| Some((runs[b].get(job)? - s).abs())).collect::<Vec<_>>()
        }))
    }
}

/// Scores the shipped replays or a user's.
///
/// Three metrics per workload: `mean_wait_s`; `start_median_s` and `start_p90_s`, the twin's distance from Slurm (predicted) beside
/// Slurm's distance from itself (measured): an error of −100 to +50 % is within the bar.
///
/// # Errors
/// Where the table cannot be read.
pub fn validate(csv: Option<&str>) -> Result<Report, ValidationError> {
    let (mut predictions, mut refused, mut rows) = (Vec::new(), Vec::new(), 0);
    for workload in workloads(csv)? {
        if csv.is_none() && workload.seed == CALIBRATION_SEED {
            continue;
        }
        rows += 1;
        let cell = format!("{} nodes, load {}", workload.machine, workload.load);
        let Some(c) = workload.compare(DELAYS) else {
            let reason = "a job is larger than the machine, or there is one run alone".to_owned();
            refused.push(Refusal {
                id: workload.name,
                reason,
                fully_specified: false,
                cell,
                metric: "mean_wait_s",
            });
            continue;
        };
        let mut add = |metric, predicted, low, high, measured| {
            predictions.push(Prediction {
                id: workload.name.clone(),
                metric,
                predicted,
                low,
                high,
                measured,
                cell: cell.clone(),
                classes: vec![if workload.load > 1.0 { "overload" } else { "load_below_1" }],
            });
        };
        let seconds = |x: f64| x.max(RESOLUTION);
        add("mean_wait_s", c.twin_wait.0, c.twin_wait.1, c.twin_wait.2, c.wait);
        add("start_median_s", seconds(c.twin.0), c.band[0].0, c.band[0].1, seconds(c.spread.0));
        add("start_p90_s", seconds(c.twin.1), c.band[1].0, c.band[1].1, seconds(c.spread.1));
    }
    let fold = if csv.is_some() { Fold::None } else { Fold::Out };
    Ok(Report::score("slurm", rows, predictions, refused, fold))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Prints the table of the model's page: `cargo test -p gigatwin-validation slurm -- --nocapture`.
    #[test]
    fn the_twin_stays_near_the_recorded_slurm() {
        let (mut scored, mut near) = (0, 0);
        println!("workload | Slurm's spread | twin | Slurm's wait | twin's wait | bar");
        for w in workloads(None).expect("the shipped table") {
            let c = w.compare(DELAYS).expect("several runs");
            println!(
                "{} | {:.1} / {:.1} | {:.1} / {:.1} | {:.1} | {:.1} ({:+.1} %) | {}",
                w.name,
                c.spread.0,
                c.spread.1,
                c.twin.0,
                c.twin.1,
                c.wait,
                c.twin_wait.0,
                100.0 * (c.twin_wait.0 / c.wait - 1.0),
                c.meets_bar()
            );
            if w.seed != CALIBRATION_SEED {
                scored += 1;
                // Starts within 1.5 times Slurm's own spread, and its caps.
                let close = c.twin.0 <= (1.5 * c.spread.0.max(RESOLUTION)).min(15.0)
                    && c.twin.1 <= (1.5 * c.spread.1.max(RESOLUTION)).min(40.0);
                near += usize::from(close);
            }
        }
        assert!(scored >= 2, "{scored} workloads");
        assert_eq!(near, scored, "starts of {} of {scored} workloads lie outside the bar", scored - near);
    }

    #[test]
    fn the_delays_come_from_the_calibration_seed_alone() {
        let calibration: Vec<Workload> =
            workloads(None).expect("table").into_iter().filter(|w| w.seed == CALIBRATION_SEED).collect();
        let miss = |delays| -> f64 {
            let all = calibration.iter().filter_map(|w| w.compare(delays));
            mean(all.map(|c| (c.twin_wait.0 / c.wait - 1.0).abs()))
        };
        let grid = (0..3).flat_map(|a| (0..3).map(move |b| (a, b)));
        let best = grid.min_by(|a, b| miss(*a).total_cmp(&miss(*b)));
        assert_eq!(best, Some(DELAYS));
    }
}

//! Starts of a real Slurm against the twin's controller, workload by workload.
//!
//! The table holds replays: seeded workloads that were submitted to Slurm 22.05 on emulated nodes, each several times. Slurm does not start the same
//! workload twice alike; how far two of its own runs lie apart is the yardstick for the twin.

mod accounts;
mod comparison;
mod costs;
mod rules;
mod workload;

pub use comparison::{Comparison, Kind, RESOLUTION};
pub use costs::{Costs, TURN};
pub use workload::Workload;

use gigatwin_operations::controller::Millis;

use crate::report::{Fold, Prediction, Refusal, Report};
use crate::table::ValidationError;

const SHIPPED: &str = include_str!("../../../validation/slurm/replays.csv");
/// The same with accounts and qualities of service.
const SHIPPED_ACCOUNTS: &str = include_str!("../../../validation/slurm/shares.csv");
/// The same with qualities of service that stop others.
const SHIPPED_STOPS: &str = include_str!("../../../validation/slurm/stops.csv");
/// The same with partitions.
const SHIPPED_PARTITIONS: &str = include_str!("../../../validation/slurm/partitions.csv");
/// The same with dependencies and arrays.
const SHIPPED_CHAINS: &str = include_str!("../../../validation/slurm/chains.csv");

/// Replays of this seed without accounts set [`LAUNCH`] and [`CALIBRATION_TURN`]; they are not scored.
pub const CALIBRATION_SEED: u32 = 1;
/// What the controllers of the recorded replays took time for, beside launches and turns of the loop, which are as recorded: read in logs of
/// controllers under replays that are not in the tables. A job of the queue took the backfill scheduler 4 to 5 ms on 512 nodes (5 to 7 cycles). The
/// nodes of a gang had all answered its end after 3 ms (1 node), 10 (8), 25 (32), 45 (64), 97 (128) and 245 ms (256; medians of 260 jobs of
/// the calibration seed on 512 nodes of a loaded machine, from a log with the flags Agent and TraceJobs).
pub const COSTS: Costs = Costs { launch: None, tick: None, thought: 8, answer: (3_000, 950) };
/// The stricter way: launches of every workload as those of the calibration seed, on average and to ten milliseconds,
pub const LAUNCH: Millis = 270;
/// and turns of the loop of the main scheduler as there.
pub const CALIBRATION_TURN: Millis = 1047;

/// Reads a table of replays, or the shipped ones.
///
/// # Errors
/// Where the table cannot be read.
pub fn workloads(csv: Option<&str>) -> Result<Vec<Workload>, ValidationError> {
    match csv {
        Some(csv) => workload::read(csv),
        None => {
            let mut all = workload::read(SHIPPED)?;
            for more in [SHIPPED_ACCOUNTS, SHIPPED_STOPS, SHIPPED_PARTITIONS, SHIPPED_CHAINS] {
                all.extend(workload::read(more)?);
            }
            Ok(all)
        }
    }
}

/// Whether a shipped workload sets what a controller takes time for.
fn calibrates(workload: &Workload) -> bool {
    workload.seed == CALIBRATION_SEED && workload.kind() == Kind::Plain
}

/// Scores the shipped replays or a user's.
///
/// Three metrics per workload: `mean_wait_s`; `start_median_s` and `start_p90_s`, the twin's distance from Slurm (predicted) beside
/// Slurm's distance from itself (measured): an error of −100 to +50 % is within the bar. Where jobs have accounts also `turned_pairs_pct`: pairs of
/// jobs that start in the other order, in the twin and in another run of Slurm; where they may stop others `stopped_jobs`, how often that came to pass.
///
/// # Errors
/// Where the table cannot be read.
pub fn validate(csv: Option<&str>) -> Result<Report, ValidationError> {
    let (mut predictions, mut refused, mut rows) = (Vec::new(), Vec::new(), 0);
    for workload in workloads(csv)? {
        if csv.is_none() && calibrates(&workload) {
            continue;
        }
        rows += 1;
        let with = match workload.kind() {
            Kind::Plain => "",
            Kind::Accounts => ", accounts",
            Kind::Stops => ", preemption",
            Kind::Partitions => ", partitions",
            Kind::Chains => ", dependencies",
        };
        let cell = format!("{} nodes{with}, load {}", workload.machine, workload.load);
        let Some(c) = workload.compare(COSTS) else {
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
                classes: vec![match (workload.kind(), workload.load > 1.0) {
                    (Kind::Accounts, _) => "fair_share",
                    (Kind::Stops, _) => "preemption",
                    (Kind::Partitions, _) => "partitions",
                    (Kind::Chains, _) => "dependencies",
                    (Kind::Plain, true) => "overload",
                    (Kind::Plain, false) => "load_below_1",
                }],
            });
        };
        let seconds = |x: f64| x.max(RESOLUTION);
        add("mean_wait_s", c.twin_wait.0, c.twin_wait.1, c.twin_wait.2, c.wait);
        add("start_median_s", seconds(c.twin.0), c.band[0].0, c.band[0].1, seconds(c.spread.0));
        add("start_p90_s", seconds(c.twin.1), c.band[1].0, c.band[1].1, seconds(c.spread.1));
        if workload.has_accounts() {
            // To a tenth of a per cent of the pairs.
            let part = |x: f64| (100.0 * x).max(0.1);
            let twin = part(c.turned.1);
            add("turned_pairs_pct", twin, twin, twin, part(c.turned.0));
        }
        if workload.kind() == Kind::Stops && c.stops.0 > 0.0 {
            add("stopped_jobs", c.twin_stops, c.twin_stops, c.twin_stops, c.stops.0);
        }
    }
    let fold = if csv.is_some() { Fold::None } else { Fold::Out };
    Ok(Report::score("slurm", rows, predictions, refused, fold))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::mean;

    fn print_row(name: &str, c: &Comparison, more: &str) {
        let ((slurm, slurm_90), (twin, twin_90)) = (c.spread, c.twin);
        let (wait, twin_wait, off) = (c.wait, c.twin_wait.0, 100.0 * c.wait_error());
        let (starts, all) = (c.starts_meet_bar(), c.meets_bar());
        println!(
            "{name} | {slurm:.1} / {slurm_90:.1} | {twin:.1} / {twin_90:.1} | {wait:.1} | {twin_wait:.1} ({off:+.1} %) | {more} | {starts} {all}"
        );
    }

    /// Prints the table of the model's page: `cargo test -p gigatwin-validation slurm -- --nocapture`.
    #[test]
    fn the_twin_stops_jobs_and_parts_the_machine_as_slurm_does() {
        println!(
            "workload | Slurm's spread | twin | Slurm's wait | twin's wait | jobs stopped | within the bar"
        );
        let all = workloads(None).expect("the shipped tables");
        let (mut waits, mut met, mut far) = (Vec::new(), 0, 0);
        for w in all.iter().filter(|w| matches!(w.kind(), Kind::Stops | Kind::Partitions | Kind::Chains)) {
            let c = w.compare(COSTS).expect("several runs");
            let ((mean, fewest, most), twin) = (c.stops, c.twin_stops);
            print_row(&w.name, &c, &format!("{mean:.1} ({fewest} to {most}) / {twin:.1}"));
            let near = |twin: f64, spread: f64| twin <= (1.5 * spread).max(4.0);
            let guarded = near(c.twin.0, c.spread.0) && near(c.twin.1, c.spread.1);
            far += usize::from(!guarded || c.wait_error().abs() > 0.1);
            met += usize::from(c.meets_bar());
            assert!(c.wait_error().abs() < 0.15, "{}: {c:?}", w.name);
            assert!(fewest as f64 - 2.0 <= twin && twin <= most as f64 + 2.0, "{}: {c:?}", w.name);
            assert_eq!(most > 0, w.kind() == Kind::Stops, "{}: nobody was stopped", w.name);
            waits.push(c.wait_error().abs());
        }
        let (off, count) = (100.0 * mean(waits.iter().copied()), waits.len());
        println!("{met} of {count} meet the whole bar; mean wait off by {off:.1} % on average");
        // One early start by the other turn of a boundary moves all that comes after it.
        assert!(far <= 1 && count >= 8 && 4 * met >= 3 * count && off < 4.0, "{far} far, {met} met, {off} %");
    }

    /// Prints the table of the model's page: `cargo test -p gigatwin-validation slurm -- --nocapture`.
    #[test]
    fn the_twin_stays_near_the_recorded_slurm() {
        let (mut scored, mut met, mut waits, mut shared) = (0, 0, Vec::new(), Vec::new());
        let (mut strict_met, mut strict_waits, mut far) = (0, Vec::new(), 0);
        println!(
            "workload | Slurm's spread | twin | Slurm's wait | twin's wait | turned pairs | starts, all"
        );
        for w in workloads(None).expect("the shipped tables") {
            let c = w.compare(COSTS).expect("several runs");
            let turned = (100.0 * c.turned.0, 100.0 * c.turned.1);
            print_row(&w.name, &c, &format!("{:.1} %, {:.1} %", turned.0, turned.1));
            // Starts are whole seconds, and three to five runs are few.
            let near = |twin: f64, spread: f64, least: f64| twin <= (1.5 * spread).max(least);
            if matches!(w.kind(), Kind::Stops | Kind::Partitions | Kind::Chains) {
                continue;
            }
            if w.has_accounts() {
                // One start in another order turns what is used, and with it the order of the next minute.
                assert!(c.turned.1 <= 1.3 * c.turned.0.max(0.02), "{}: {c:?}", w.name);
                assert!(c.twin.0 <= (2.0 * c.spread.0).max(6.0) && near(c.twin.1, c.spread.1, 6.0), "{c:?}");
                assert!(c.wait_error().abs() < 0.3, "{}: {c:?}", w.name);
                shared.push(c.wait_error().abs());
            } else if !calibrates(&w) {
                scored += 1;
                met += usize::from(c.meets_bar());
                let guarded = near(c.twin.0, c.spread.0, 4.0)
                    && near(c.twin.1, c.spread.1, 4.0)
                    && c.wait_error().abs() < 0.08;
                far += usize::from(!guarded);
                assert!(c.wait_error().abs() < 0.15, "{}: {c:?}", w.name);
                waits.push(c.wait_error().abs());
                let same = Costs { launch: Some(LAUNCH), tick: Some(CALIBRATION_TURN), ..COSTS };
                let strict = w.compare(same).expect("several runs");
                strict_met += usize::from(strict.meets_bar());
                strict_waits.push(strict.wait_error().abs());
            }
        }
        let (off, shared_off) = (mean(waits.into_iter()), mean(shared.into_iter()));
        println!(
            "{met} of {scored} meet the whole bar; mean wait off by {:.1} % on average, with accounts by {:.1} %",
            100.0 * off,
            100.0 * shared_off
        );
        let strict_off = 100.0 * mean(strict_waits.into_iter());
        println!(
            "with launches and turns of the calibration seed: {strict_met} of {scored}, waits off by {strict_off:.1} %"
        );
        assert!(far == 0, "{far} workloads are far off");
        assert!(scored >= 16 && met >= 15 && strict_met >= 14, "{met} and {strict_met} of {scored}");
        assert!(off < 0.035 && shared_off < 0.13, "waits off by {off} and {shared_off}");
    }

    #[test]
    fn launch_and_turn_for_all_come_from_the_calibration_seed_alone() {
        let calibration: Vec<Workload> =
            workloads(None).expect("tables").into_iter().filter(calibrates).collect();
        let lasted = mean(calibration.iter().map(|w| w.launch() as f64));
        assert_eq!((lasted / 10.0).round() as Millis * 10, LAUNCH, "{lasted} ms");
        let turned = mean(calibration.iter().map(|w| w.turn() as f64));
        assert_eq!(turned.round() as Millis, CALIBRATION_TURN, "{turned} ms");
    }
}

//! The dispatch benchmark: cases A, B and C of the shared specification, objective against the expected one, CPU
//! seconds and peak memory; and a comparison of sites with sizing.
//!
//! Reads its inputs where they lie (`../shared/data/energy/dispatch_bench_tests_only`, beside the repository); skips
//! where they are absent. The files may not be shipped and are not copied.

// A benchmark reports and may stop.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};

use gigatwin_energy::Technology;
use gigatwin_energy::dispatch::*;
use gigatwin_quantity::{Energy, EnergyPrice, Power, PowerRate, Share};

fn folder() -> Option<PathBuf> {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|a| a.join("../shared/data/energy/dispatch_bench_tests_only"))
        .find(|p| p.join("inputs_8760.csv").exists())
}

fn cpu_seconds() -> f64 {
    // User and system time of the process in clock ticks of a hundredth of a second are too coarse; schedstat has
    // nanoseconds on the processor for the one thread there is.
    std::fs::read_to_string("/proc/self/schedstat")
        .ok()
        .and_then(|s| s.split_whitespace().next().and_then(|n| n.parse::<f64>().ok()))
        .map_or(f64::NAN, |ns| ns / 1e9)
}

fn peak_megabytes() -> f64 {
    std::fs::read_to_string("/proc/self/status")
        .ok()
        .and_then(|s| {
            let line = s.lines().find(|l| l.starts_with("VmHWM"))?.to_owned();
            line.split_whitespace().nth(1)?.parse::<f64>().ok()
        })
        .map_or(f64::NAN, |kb| kb / 1024.0)
}

fn eur(v: f64) -> EnergyPrice {
    EnergyPrice::from_eur_per_mwh(v)
}

fn case_a(folder: &Path) -> Case {
    let text = std::fs::read_to_string(folder.join("inputs_8760.csv")).expect("the inputs can be read");
    let rows: Vec<Vec<f64>> = text
        .lines()
        .skip(1)
        .map(|l| l.split(',').map(|f| f.trim().parse().expect("a number")).collect())
        .collect();
    let column = |i: usize| rows.iter().map(move |r| r[i]);
    let mut case = Case::spot(
        column(4).map(Power::from_mw).collect(),
        column(1).map(eur).collect(),
        Power::from_mw(300.0),
    );
    case.grid.import_charge = eur(20.0);
    case.grid.export_limit = Power::from_mw(150.0);
    case.grid.export_charge = eur(2.0);
    let plant = |technology, i: usize| Plant {
        technology,
        site: Site::OnSite { price: EnergyPrice::ZERO },
        size: Size::Fixed(Power::from_mw(300.0)),
        profile: column(i).map(Share::from_fraction).collect(),
    };
    case.plants = vec![plant(Technology::Solar, 2), plant(Technology::Wind, 3)];
    case.battery = Some(Battery {
        power: Size::Fixed(Power::from_mw(100.0)),
        energy: Size::Fixed(Energy::from_mwh(400.0)),
        charge_efficiency: Share::from_fraction(0.95),
        discharge_efficiency: Share::from_fraction(0.95),
        standing_loss: Share::from_fraction(0.0),
        wear: eur(2.0),
        start: BatteryStart::Cyclic,
    });
    case
}

fn case_b(a: &Case) -> Case {
    let mut case = a.clone();
    let power = |yearly: f64| Size::Free {
        most: Power::from_mw(2000.0),
        yearly: PowerRate::from_eur_per_kw_year(yearly / 1e3),
    };
    case.plants[0].size = power(45_000.0);
    case.plants[1].size = power(110_000.0);
    if let Some(b) = &mut case.battery {
        b.power = power(12_000.0);
        b.energy = Size::Free { most: Energy::from_mwh(8000.0), yearly: eur(14_000.0) };
    }
    case
}

/// Runs several times; prints the best.
fn report(name: &str, expected: f64, bar: f64, mut run: impl FnMut() -> Dispatch) {
    let mut best = f64::INFINITY;
    let mut last = None;
    for _ in 0..5 {
        let before = cpu_seconds();
        last = Some(run());
        best = best.min(cpu_seconds() - before);
    }
    let d = last.expect("it ran");
    let objective = d.proof.objective.eur();
    let error = objective / expected - 1.0;
    let gap = d.proof.gap.map_or("-".to_owned(), |g| format!("{g:.1e}"));
    println!(
        "{name:<12} objective {objective:>16.4} EUR  error {error:>9.1e}  gap {gap:>8}  {best:>7.4} CPU s (bar {bar})  \
         iterations {:>4}  programmes {:>3}  peak {:.1} MB",
        d.proof.iterations,
        d.proof.programmes,
        peak_megabytes()
    );
}

fn main() {
    let Some(folder) = folder() else {
        println!("skipped: ../shared/data/energy/dispatch_bench_tests_only is absent");
        return;
    };
    let text = std::fs::read_to_string(folder.join("expected.json")).expect("expectations can be read");
    // The first objective of each case, in the order A, B, C.
    let expected: Vec<f64> = text
        .split("\"objective_eur\":")
        .skip(1)
        .take(3)
        .map(|s| s.split([',', '\n', '}']).next().unwrap_or("").trim().parse().expect("a number"))
        .collect();
    let a = case_a(&folder);
    let b = case_b(&a);
    let policy = Policy::default();
    report("A", expected[0], 0.7, || a.dispatch(&policy).expect("feasible"));
    report("B sizing", expected[1], 3.0, || b.dispatch(&policy).expect("feasible"));
    let weeks = Windows { step: 168, horizon: 192, foresight: Foresight::Perfect };
    report("C rolling", expected[2], 0.3, || a.dispatch_rolling(&weeks).expect("feasible"));
    let days = Windows {
        step: 24,
        horizon: 60,
        foresight: Foresight::Forecast {
            known: 36,
            price_error: eur(25.0),
            generation_error: Share::from_fraction(0.2),
            seed: 1,
        },
    };
    report("days, forecast", expected[2], f64::NAN, || a.dispatch_rolling(&days).expect("feasible"));
    let sizes = b.dispatch(&policy).expect("feasible").sizes;
    println!(
        "             PV {:.3} MW, wind {:.3} MW, battery {:.3} MW, {:.3} MWh",
        sizes.plants[0].mw(),
        sizes.plants[1].mw(),
        sizes.battery_power.mw(),
        sizes.battery_energy.mwh()
    );
}

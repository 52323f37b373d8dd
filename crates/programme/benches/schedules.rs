//! CPU seconds of 100,000 schedules of one site through the public interface (bar: 0.5 s). `cargo bench -p gigatwin-programme`
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use gigatwin_programme::risk::{GridRisk, Network, simulate};
use gigatwin_quantity::{Date, Distribution};

/// User and system time of this process so far (proc_pid_stat(5)).
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<f64> =
        stat.rsplit(')').next().unwrap_or("").split_whitespace().filter_map(|f| f.parse().ok()).collect();
    fields.get(10).zip(fields.get(11)).map_or(f64::NAN, |(u, s)| (u + s) / 100.0)
}

fn main() {
    let months =
        |a: f64, b: f64, c: f64| Distribution::triangular(30.44 * a, 30.44 * b, 30.44 * c).expect("a range");
    let quantiles =
        |a: f64, b: f64, c: f64| Distribution::quantiles(30.44 * a, 30.44 * b, 30.44 * c).expect("quantiles");
    let network = Network {
        award: Distribution::Point(20_900.0),
        to_signature: months(3.0, 6.0, 12.0),
        state_aid: Some(months(3.0, 9.0, 18.0)),
        permit: Some((0.0, quantiles(9.0, 14.0, 26.0))),
        grid: GridRisk::AfterAward(months(36.0, 60.0, 84.0)),
        procurement: quantiles(13.8, 16.0, 18.4),
        delivery: months(4.0, 8.0, 14.0),
        construction: months(12.0, 18.0, 24.0),
        commissioning: months(2.0, 4.0, 8.0),
        slip: Distribution::triangular(0.9, 1.0, 1.6).expect("a range"),
    };
    // Ten times the number, since the clock ticks in hundredths.
    let from = cpu();
    let mut open = 0.0;
    for seed in 0..10 {
        let openings = simulate(&network, 100_000, seed).expect("a network");
        open += openings.by(Date::from_ymd(2031, 1, 1).expect("a date")) / 10.0;
    }
    println!("100,000 schedules {:>7.3} CPU s (bar 0.5 s)", (cpu() - from) / 10.0);
    println!("open by the end of 2030 in {:.1} % of them", 100.0 * open);
}

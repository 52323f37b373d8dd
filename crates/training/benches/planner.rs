//! CPU seconds of the planner on its committed cases, of whole fronts and of single evaluations.
//!
//! `cargo bench -p gigatwin-training --bench planner`

// A benchmark ends with what it found, or with the reason.
#![allow(clippy::expect_used)]

#[path = "../tests/common/mod.rs"]
mod common;

use std::time::Instant;

use common::{calibration, cases, network, state};
use gigatwin_training::{Job, Layout, front, plan, step};

/// CPU time of this thread: Linux counts it in nanoseconds; elsewhere the clock must do.
fn cpu_seconds(start: Instant) -> f64 {
    std::fs::read_to_string("/proc/self/schedstat")
        .ok()
        .and_then(|t| t.split_whitespace().next()?.parse::<f64>().ok())
        .map_or_else(|| start.elapsed().as_secs_f64(), |ns| ns * 1e-9)
}

fn peak_megabytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).unwrap_or("0 kB");
    line.trim().trim_end_matches("kB").trim().parse::<f64>().unwrap_or(0.0) / 1024.0
}

/// Mean CPU seconds over as many runs as fill half a second, at least `times`: the counter is coarse.
fn mean_of<T>(times: usize, mut work: impl FnMut() -> T) -> (f64, T) {
    let start = Instant::now();
    let before = cpu_seconds(start);
    let (mut runs, mut last) = (0, None);
    while runs < times || cpu_seconds(start) - before < 0.5 {
        last = Some(work());
        runs += 1;
    }
    ((cpu_seconds(start) - before) / runs as f64, last.expect("done at least once"))
}

/// One evaluation alone: layout in, time, whole breakdown and memory out, after other work has taken the caches. Wall clock, which
/// bounds CPU time from above; the middle of many.
fn alone(job: &Job, layout: &Layout) -> String {
    let mut other: Vec<u64> = vec![0; 4 << 20];
    let mut took: Vec<f64> = (0..101_u64)
        .map(|i| {
            for (k, x) in other.iter_mut().enumerate() {
                *x = x.wrapping_add(i ^ k as u64);
            }
            let start = Instant::now();
            let outcome = step(job, std::hint::black_box(layout));
            let seconds = start.elapsed().as_secs_f64();
            std::hint::black_box(outcome.is_ok());
            seconds
        })
        .collect();
    took.sort_by(f64::total_cmp);
    std::hint::black_box(&other);
    format!(
        "one evaluation alone, caches cold: median {:.1} us, P90 {:.1} us",
        took[50] * 1e6,
        took[90] * 1e6
    )
}

fn main() {
    println!(
        "{:<44} {:>12} {:>9} {:>10} {:>8} {:>9} {:>6}",
        "case", "layouts", "computed", "CPU s", "step s", "front s", "points"
    );
    for case in cases() {
        let (network, calibration, state) = (network(&case.chip), calibration(), state());
        let job = Job {
            model: &case.model,
            chip: &case.chip,
            network: &network,
            calibration: &calibration,
            state: &state,
        };
        let (seconds, answer) = mean_of(3, || plan(&job, &case.request));
        match answer {
            Ok(p) => {
                let (whole, f) = mean_of(1, || front(&job, &case.request));
                let points = f.map_or(0, |f| f.points.len());
                println!(
                    "{:<44} {:>12} {:>9} {seconds:>10.4} {:>8.3} {whole:>9.3} {points:>6}",
                    case.name,
                    p.counts.space,
                    p.counts.evaluated,
                    p.outcome.step_time.s(),
                );
                let n = 100_000;
                let (each, sum) = mean_of(3, || {
                    (0..n)
                        .map(|i| {
                            let l = Layout { global_batch: p.layout.global_batch * (1 + i % 3), ..p.layout };
                            step(&job, &l).map_or(0.0, |o| o.step_time.s())
                        })
                        .sum::<f64>()
                });
                println!("    {:?}", p.layout);
                println!("    {}", alone(&job, &p.layout));
                println!("    one evaluation {:.2} us (sum {sum:.0})", each / f64::from(n) * 1e6);
            }
            Err(e) => println!("{:<44} {seconds:.4} s: {e}", case.name),
        }
    }
    println!("peak memory {:.0} MB", peak_megabytes());
}

//! Cost of one collective: what a planner pays for each of the millions of calls it makes.
//!
//! `cargo bench -p gigatwin-fabric --bench collective`; the bar is 200 ns amortised per call. On a machine that others use
//! too, `… -- cpu` says it in CPU time.

// A benchmark is a program of its own.
#![allow(missing_docs)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group};
use gigatwin_fabric::{Calibration, Collective, Family, Group, Network, ScaleOut};
use gigatwin_quantity::{Bandwidth, Data};

/// Operations, sizes and groups as a planner meets them.
fn calls() -> Vec<(Collective, Data, Group)> {
    let mut calls = Vec::new();
    for collective in [
        Collective::AllReduce,
        Collective::AllGather,
        Collective::ReduceScatter,
        Collective::AllToAll,
        Collective::Broadcast,
        Collective::SendRecv,
    ] {
        for power in 10..34 {
            for (ranks, per_domain) in [(8, 8), (64, 8), (72, 72), (1024, 1), (4096, 8), (16_384, 72)] {
                calls.push((
                    collective,
                    Data::from_bytes(f64::from(1u32 << (power - 4)) * 16.0),
                    Group { ranks, per_domain },
                ));
            }
        }
    }
    calls
}

/// A network with the algorithms that NCCL has by itself, and one with all of them.
fn networks() -> [(&'static str, Network); 2] {
    let network =
        Network::new(Bandwidth::from_gb_per_s(900.0), 72, true, Bandwidth::from_gbit_per_s(400.0), 2.0)
            .with_calibration(Calibration::of(Family::Blackwell));
    let detailed = network.with_scaleout(ScaleOut {
        reduces: true,
        domains_per_leaf: 4,
        by_levels: true,
        ..ScaleOut::default()
    });
    [("time", network), ("time, all algorithms", detailed)]
}

fn once(network: &Network, calls: &[(Collective, Data, Group)]) -> f64 {
    calls.iter().map(|(c, bytes, g)| black_box(network).time(*c, *bytes, *g).us()).sum()
}

fn planner(c: &mut Criterion) {
    let calls = calls();
    let mut group = c.benchmark_group("collective");
    group.throughput(Throughput::Elements(calls.len() as u64));
    for (name, network) in networks() {
        group.bench_function(name, |b| b.iter(|| black_box(once(&network, &calls))));
    }
    group.finish();
}

/// User and system seconds of the process, in ticks of a hundredth.
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |i: usize| fields.get(i)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / 100.0)
}

/// CPU time of a call over some two seconds.
fn cpu() {
    const ROUNDS: u32 = 10_000;
    let calls = calls();
    for (name, network) in networks() {
        let before = cpu_seconds();
        for _ in 0..ROUNDS {
            black_box(once(&network, &calls));
        }
        let each =
            cpu_seconds().zip(before).map(|(a, b)| (a - b) * 1e9 / f64::from(ROUNDS) / calls.len() as f64);
        println!("{name:22} {:6.1} ns of CPU per call", each.unwrap_or(f64::NAN));
    }
}

criterion_group!(benches, planner);

fn main() {
    if std::env::args().any(|a| a == "cpu") {
        cpu();
    } else {
        benches();
        Criterion::default().configure_from_args().final_summary();
    }
}

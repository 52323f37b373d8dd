//! Cost of one collective: what a planner pays for each of the millions of calls it makes.
//!
//! `cargo bench -p gigatwin-fabric --bench collective`; the bar is 200 ns amortised per call.

// A benchmark is a program of its own.
#![allow(missing_docs)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
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

fn planner(c: &mut Criterion) {
    let network =
        Network::new(Bandwidth::from_gb_per_s(900.0), 72, true, Bandwidth::from_gbit_per_s(400.0), 2.0)
            .with_calibration(Calibration::of(Family::Blackwell));
    let detailed = network.with_scaleout(ScaleOut {
        reduces: true,
        domains_per_leaf: 4,
        by_levels: true,
        ..ScaleOut::default()
    });
    let calls = calls();
    let mut group = c.benchmark_group("collective");
    group.throughput(Throughput::Elements(calls.len() as u64));
    for (name, network) in [("time", network), ("time, all algorithms", detailed)] {
        group.bench_function(name, |b| {
            b.iter(|| {
                let sum: f64 =
                    calls.iter().map(|(c, bytes, g)| black_box(&network).time(*c, *bytes, *g).us()).sum();
                black_box(sum)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, planner);
criterion_main!(benches);

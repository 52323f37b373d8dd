//! How long the main job takes, part by part, on the reference gigafactory: loading a file, a whole evaluation, one in which
//! only prices, costs and utilisation changed, and a run with 256 draws.
//!
//! Bars: a whole evaluation under 3 ms, a reprice under 50 µs, the run with its bands well under the 250 ms of CPU that the
//! process has.

// Criterion writes the entry point.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use gigatwin_catalog::Catalog;
use gigatwin_factory::{Evaluator, Factory, Loaded, load, run};

/// Draws of a run unless the user asks for others.
const DRAWS: usize = 256;

fn text(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(format!("{name}.toml"));
    std::fs::read(path).expect("the example can be read")
}

fn loaded(bytes: Vec<u8>) -> Loaded {
    load("factory.toml", bytes, &|_, _| Err("it extends nothing".to_owned()), &Catalog::embedded())
}

fn factory(name: &str) -> Factory {
    loaded(text(name)).factory.expect("the example is valid")
}

fn benches(c: &mut Criterion) {
    let bytes = text("gigafactory");
    c.bench_function("load", |b| b.iter(|| black_box(loaded(bytes.clone()))));

    let factory = factory("gigafactory");
    c.bench_function("plan", |b| b.iter(|| black_box(Evaluator::new(&factory))));

    let evaluator = Evaluator::new(&factory);
    let base = factory.inputs.base();
    c.bench_function("whole_evaluation", |b| b.iter(|| black_box(evaluator.evaluate(black_box(&base)))));

    // Another utilisation each time, as a study of it would ask.
    let at = factory.inputs.find("operations.utilisation").expect("every factory has a utilisation");
    let mut values = base.clone();
    let mut step = 0_u32;
    c.bench_function("reprice", |b| {
        b.iter(|| {
            step = (step + 1) % 100;
            values[at] = 0.5 + 0.004 * f64::from(step);
            black_box(evaluator.reprice(black_box(&values)))
        });
    });

    // On one thread: wall time is then CPU time, which the bar is about.
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("one thread can be started");
    let mut slow = c.benchmark_group("run");
    slow.sample_size(20);
    slow.bench_function("run_256", |b| b.iter(|| alone.install(|| black_box(run(&factory, 1, DRAWS)))));
    slow.finish();
}

criterion_group!(all, benches);
criterion_main!(all);

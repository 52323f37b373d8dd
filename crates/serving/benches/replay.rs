//! CPU seconds and peak memory of replays, as the bars name them: `cargo bench -p gigatwin-serving --bench replay`.
//!
//! The Azure trace is read from a file in the folder `GIGATWIN_TRACES`, or from beside the repository; without it a generated
//! stream of the same size stands in and the line says so.

#![allow(clippy::expect_used, missing_docs)] // a benchmark

mod common;

use std::path::PathBuf;

use common::served::{eight_bits, h100, inputs, shape, step_with};
use common::{cpu, peak_mb};
use gigatwin_quantity::{Share, Time};
use gigatwin_serving::event::{
    ArrivalLaw, LengthMix, Pool, Pools, ReplayInputs, Routing, Source, StepCosts, Stream, Trace, generate,
    replay, trace,
};
use gigatwin_serving::{EngineInputs, memory};

/// Mean over so many runs: the kernel counts in steps of a few milliseconds.
fn mean<T>(times: u32, mut work: impl FnMut() -> T) -> (f64, T) {
    let mut last = work();
    let start = cpu();
    for _ in 0..times {
        last = work();
    }
    ((cpu() - start) / f64::from(times), last)
}

/// Llama 3.1 70B in eight bits on four H100 per replica.
fn pool(replicas: u32, longest: u64) -> Pool {
    let inputs = EngineInputs { max_batch: 256, ..inputs() };
    let (deployment, model) = (eight_bits(4), shape("llama-3-1-70b"));
    let held = memory(&model, &h100(), &deployment, &inputs, 1366.0).expect("fits");
    let step = step_with("llama-3-1-70b", &h100(), deployment, &inputs);
    let costs = StepCosts::sample(&step, &model, &inputs, longest).expect("costs");
    Pool {
        costs,
        replicas,
        chips: deployment.chips(),
        kv_tokens: held.tokens as u64,
        max_batch: 256,
        chunk_tokens: 2048,
    }
}

fn options(pool: Pool, routing: Routing) -> ReplayInputs {
    ReplayInputs {
        pools: Pools::Aggregated(pool),
        block_tokens: 16,
        routing,
        prefix_caching: true,
        source: Source::Open,
        macro_steps: true,
    }
}

fn public(name: &str) -> Option<String> {
    let given = std::env::var_os("GIGATWIN_TRACES").map(PathBuf::from);
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/serving/traces");
    std::fs::read_to_string(given.unwrap_or(beside).join(name)).ok()
}

fn stand_in() -> Trace {
    println!("the Azure trace is not at hand: a generated stream of the same size stands in");
    let stream = Stream {
        duration: Time::from_s(1e6),
        rate: 5.5,
        law: ArrivalLaw::Gamma { cv: 1.09 },
        day: None,
        burst: None,
        lengths: LengthMix { prompt: 1155.0, prompt_cv: 0.96, tail: Share::ZERO, answer: 211.0 },
        most: 19_366,
    };
    generate(&stream, 1).expect("a stream")
}

fn report(what: &str, trace: &Trace, given: &ReplayInputs, times: u32, bar_ms: f64) {
    let (seconds, done) = mean(times, || replay(trace, given).expect("a replay"));
    let s = &done.summary;
    let bar = if bar_ms > 0.0 { format!(" (bar {bar_ms:.0} ms)") } else { String::new() };
    println!(
        "{what}: {} requests, {} steps, {} tokens: {:.2} ms CPU{bar}, peak {:.1} MB",
        s.requests,
        s.steps,
        s.output_tokens,
        seconds * 1e3,
        peak_mb()
    );
}

fn main() {
    let (reading, azure) = match public("azure2023_conv.csv") {
        Some(text) => mean(20, || trace::read(&text, usize::MAX).expect("a trace").1),
        None => (0.0, stand_in()),
    };
    println!("reading: {:.2} ms CPU", reading * 1e3);
    let first = azure.clone().first(1000);
    let longest = azure.longest();
    let (sampling, one) = mean(20, || pool(2, longest));
    println!("sampling the step model: {:.2} ms CPU", sampling * 1e3);
    report(
        "Azure 2023 conversations, first 1,000",
        &first,
        &options(one.clone(), Routing::LeastLoaded),
        200,
        10.0,
    );
    report("Azure 2023 conversations, all", &azure, &options(one.clone(), Routing::LeastLoaded), 50, 150.0);
    report("the same on eight replicas", &azure, &options(pool(8, longest), Routing::LeastLoaded), 50, 0.0);
    let single = ReplayInputs { macro_steps: false, ..options(one, Routing::LeastLoaded) };
    report("all, step by step", &azure, &single, 10, 0.0);
    if let Some(text) = public("mooncake_conversation_trace.jsonl") {
        let (_, mooncake) = trace::read(&text, usize::MAX).expect("a trace");
        let given = options(pool(32, mooncake.longest()), Routing::PrefixAware);
        report("Mooncake conversations, prefix-aware on 32 replicas", &mooncake, &given, 10, 0.0);
    }
}

//! CPU seconds and peak memory of replays, as the bars name them: `cargo bench -p gigatwin-serving --bench replay`.
//!
//! The Azure trace is read from a file in the folder `GIGATWIN_TRACES`, or from beside the repository; without it a generated
//! stream of the same size stands in and the line says so.

#![allow(clippy::expect_used, missing_docs)] // a benchmark

mod common;

use std::path::PathBuf;

use common::{calibration, cpu, peak_mb};
use gigatwin_catalog::{Catalog, Chip, Kind, ModelShape, Precision, model_shape};
use gigatwin_fabric::Network;
use gigatwin_quantity::{Bandwidth, Data, Flops, Power, Share, Time};
use gigatwin_serving::event::{
    ArrivalLaw, LengthMix, Pool, Pools, ReplayInputs, Routing, Source, StepCosts, Stream, Trace, generate,
    replay, trace,
};
use gigatwin_serving::{ChipClass, Deployment, EngineFamily, EngineInputs, StepModel, memory};

/// Mean over so many runs: the kernel counts in steps of a few milliseconds.
fn mean<T>(times: u32, mut work: impl FnMut() -> T) -> (f64, T) {
    let mut last = work();
    let start = cpu();
    for _ in 0..times {
        last = work();
    }
    ((cpu() - start) / f64::from(times), last)
}

fn shape(id: &str) -> ModelShape {
    model_shape(&Catalog::embedded().entry(Kind::Models, id).expect("a model")).expect("a shape")
}

/// Llama 3.1 70B in eight bits on four H100 per replica.
fn pool(replicas: u32, longest: u64) -> Pool {
    let chip = Chip {
        bf16: Flops::from_tflops(989.4),
        fp8: Some(Flops::from_tflops(1978.9)),
        fp4: None,
        memory: Data::from_gb(80.0),
        memory_bandwidth: Bandwidth::from_gb_per_s(3350.0),
        scaleup_bandwidth: Bandwidth::from_gb_per_s(900.0),
        scaleup_domain: 8,
        tdp: Power::from_w(700.0),
        idle_power: Power::from_w(70.0),
    };
    let network =
        Network::new(Bandwidth::from_gb_per_s(450.0), 8, true, Bandwidth::from_gbit_per_s(400.0), 1.0);
    let inputs = EngineInputs {
        memory_utilisation: Share::from_percent(90.0),
        activation_reserve: Data::from_gb(3.0),
        chunk_tokens: 2048.0,
        max_batch: 256,
        expert_imbalance: 1.0,
        arrival_cv2: 1.2,
        prompt_cv2: 0.92,
        prefix_hit: Share::ZERO,
        speculation: None,
    };
    let deployment =
        Deployment { tp: 4, pp: 1, ep: 1, dp_attention: 1, weights: Precision::Fp8, kv: Precision::Fp8 };
    let model = shape("llama-3-1-70b");
    let held = memory(&model, &chip, &deployment, &inputs, 1366.0).expect("fits");
    let calibration = calibration();
    let step = StepModel::new(
        &model,
        &chip,
        &network,
        deployment,
        &inputs,
        &calibration,
        EngineFamily::Vllm,
        ChipClass::Hopper,
    )
    .expect("a step");
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

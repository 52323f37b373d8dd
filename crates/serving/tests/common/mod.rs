//! Models and chips of the catalog, as tests of more than one file and the benchmarks use them.

#![allow(dead_code)] // each file of tests uses a part

use gigatwin_catalog::{Catalog, Chip, Kind, ModelShape, Precision, model_shape};
use gigatwin_fabric::Network;
use gigatwin_quantity::{Bandwidth, Data, Dim, Flops, Power, Share};
use gigatwin_serving::event::{Pool, Pools, Replay, ReplayInputs, Routing, Source, StepCosts, Trace, replay};
use gigatwin_serving::{Calibration, ChipClass, Deployment, EngineFamily, EngineInputs, StepModel};

pub fn calibration() -> Calibration {
    let entry = Catalog::embedded().entry(Kind::Defaults, "serving").expect("serving defaults");
    Calibration::read(|key, time| {
        let dim = if time { Dim::Time } else { Dim::Ratio };
        entry.figure(key, dim).expect("a figure").map(|v| v.distribution.base())
    })
    .expect("a whole calibration")
}

pub fn shape(id: &str) -> ModelShape {
    model_shape(&Catalog::embedded().entry(Kind::Models, id).expect("a model")).expect("a shape")
}

pub fn h100() -> Chip {
    Chip {
        bf16: Flops::from_tflops(989.4),
        fp8: Some(Flops::from_tflops(1978.9)),
        fp4: None,
        memory: Data::from_gb(80.0),
        memory_bandwidth: Bandwidth::from_gb_per_s(3350.0),
        scaleup_bandwidth: Bandwidth::from_gb_per_s(900.0),
        scaleup_domain: 8,
        tdp: Power::from_w(700.0),
        idle_power: Power::from_w(70.0),
    }
}

pub fn network() -> Network {
    Network::new(Bandwidth::from_gb_per_s(450.0), 8, true, Bandwidth::from_gbit_per_s(400.0), 1.0)
}

pub fn inputs() -> EngineInputs {
    EngineInputs {
        memory_utilisation: Share::from_percent(90.0),
        activation_reserve: Data::from_gb(3.0),
        chunk_tokens: 2048.0,
        max_batch: 1024,
        expert_imbalance: 1.0,
        arrival_cv2: 1.2,
        prompt_cv2: 0.92,
        prefix_hit: Share::ZERO,
        speculation: None,
        shared_prefix: None,
    }
}

pub fn layout(tp: u32, weights: Precision) -> Deployment {
    Deployment { tp, pp: 1, ep: 1, dp_attention: 1, weights, kv: Precision::Bf16 }
}

pub fn eight_bits(tp: u32) -> Deployment {
    Deployment { kv: Precision::Fp8, ..layout(tp, Precision::Fp8) }
}

pub fn step_on(id: &str, chip: &Chip, d: Deployment) -> StepModel {
    step_with(id, chip, d, &inputs())
}

pub fn step_with(id: &str, chip: &Chip, d: Deployment, inputs: &EngineInputs) -> StepModel {
    StepModel::new(
        &shape(id),
        chip,
        &network(),
        d,
        inputs,
        &calibration(),
        EngineFamily::Vllm,
        ChipClass::Hopper,
    )
    .expect("a step")
}

/// A trace through one replica of a model on H100 with so much memory.
pub fn on_one_replica(
    id: &str,
    d: Deployment,
    trace: &Trace,
    given: &EngineInputs,
    kv_tokens: u64,
    source: Source,
) -> Replay {
    let step = step_with(id, &h100(), d, given);
    let pool = Pool {
        costs: StepCosts::sample(&step, &shape(id), given, 16_384).expect("costs"),
        replicas: 1,
        chips: d.chips(),
        kv_tokens,
        max_batch: 1024,
        chunk_tokens: d.chunk_tokens(given.chunk_tokens),
    };
    let options = ReplayInputs {
        pools: Pools::Aggregated(pool),
        block_tokens: 16,
        routing: Routing::LeastLoaded,
        prefix_caching: true,
        source,
        macro_steps: true,
    };
    replay(trace, &options).expect("a replay")
}

//! CPU seconds of a steady-state point and of a sweep over 32 accelerators: `cargo bench -p gigatwin-serving --bench planner`.

#![allow(clippy::expect_used, missing_docs)] // a benchmark

mod common;

use std::hint::black_box;

use common::served::{calibration, eight_bits, inputs, shape};
use common::{cpu, peak_mb};
use gigatwin_catalog::{Catalog, Kind, Precision, chip};
use gigatwin_fabric::Network;
use gigatwin_quantity::{Bandwidth, Share, Time};
use gigatwin_serving::frontier::{Activity, frontier};
use gigatwin_serving::{ChipClass, EngineFamily, Lengths, Objective, PlanInputs, StepModel, closed, memory};

/// Least CPU seconds per call over five rounds.
fn least(times: u32, mut work: impl FnMut()) -> f64 {
    work();
    (0..5)
        .map(|_| {
            let start = cpu();
            for _ in 0..times {
                work();
            }
            (cpu() - start) / f64::from(times)
        })
        .fold(f64::INFINITY, f64::min)
}

fn main() {
    let catalog = Catalog::embedded();
    let calibration = calibration();
    let chip = chip(&catalog.entry(Kind::Accelerators, "b200-hgx").expect("a chip")).expect("rates");
    let network = Network::new(
        Bandwidth::from_bytes_per_s(0.5 * chip.scaleup_bandwidth.bytes_per_s()),
        chip.scaleup_domain,
        true,
        Bandwidth::from_gbit_per_s(400.0),
        1.0,
    );
    let engine = inputs();
    let lengths = Lengths { prompt: 4000.0, answer: 1000.0 };
    for id in ["llama-3-1-70b", "deepseek-v3"] {
        let model = shape(id);
        let deployment = eight_bits(8);
        let class = ChipClass::Blackwell;
        let point = least(20_000, || {
            let fit = memory(&model, &chip, &deployment, &engine, lengths.total());
            let step = StepModel::new(
                &model,
                &chip,
                &network,
                deployment,
                &engine,
                &calibration,
                EngineFamily::Vllm,
                class,
            )
            .expect("a step");
            let _ = black_box((fit, closed(&step, &lengths, 64.0)));
        });
        let inputs = PlanInputs {
            engine,
            family: EngineFamily::Vllm,
            class,
            weights: Precision::Fp8,
            kv: Precision::Fp8,
            max_chips_per_replica: 32,
            spare_replicas: 0,
        };
        let objective = Objective { ttft_p99: Time::from_s(2.0), tpot_p99: Time::from_s(0.05) };
        let activity = Activity { prefill: Share::from_percent(80.0), decode: Share::from_percent(22.0) };
        let mut points = 0;
        let sweep = least(20, || {
            let found =
                frontier(&model, &chip, &network, &lengths, &objective, &inputs, &calibration, 32, &activity);
            points = black_box(found).expect("positive inputs").map_or(0, |f| f.points);
        });
        println!(
            "{id}: steady-state point {:.2} us (bar 20), sweep of 32 chips {:.2} ms over {points} points (bar 50), peak {:.1} MB",
            point * 1e6,
            sweep * 1e3,
            peak_mb()
        );
    }
}

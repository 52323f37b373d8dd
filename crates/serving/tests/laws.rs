//! Laws that hold whatever the coefficients are, and plans over the catalog's models and chips.

#![allow(clippy::expect_used)] // helpers of tests

mod common;

use common::{calibration, h100, inputs, layout, network, shape, step_on};
use gigatwin_catalog::Precision;
use gigatwin_quantity::{Data, Time};
use gigatwin_serving::{
    ChipClass, Demand, EngineFamily, Lengths, Objective, Plan, PlanInputs, ServingError, Verdict, Workload,
    closed, memory, open, plan,
};
use proptest::prelude::*;

fn planned(id: &str, rate: f64, ttft_ms: f64, tpot_ms: f64) -> Verdict {
    let options = PlanInputs {
        engine: inputs(),
        family: EngineFamily::Vllm,
        class: ChipClass::Hopper,
        weights: Precision::Fp8,
        kv: Precision::Bf16,
        max_chips_per_replica: 64,
        spare_replicas: 1,
    };
    let workload = Workload {
        lengths: Lengths { prompt: 1155.0, answer: 211.0 },
        demand: Demand::RequestsPerSecond(rate),
        peak_factor: 2.0,
    };
    let objective = Objective { ttft_p99: Time::from_ms(ttft_ms), tpot_p99: Time::from_ms(tpot_ms) };
    plan(&shape(id), &h100(), &network(), &workload, &objective, &options, &calibration())
        .expect("good inputs")
}

fn feasible(id: &str, rate: f64) -> Plan {
    planned(id, rate, 3000.0, 60.0).expect("a plan")
}

#[test]
fn plans_meet_their_objectives() {
    for id in ["llama-3-1-8b", "llama-3-1-70b", "gpt-oss-120b", "deepseek-v3"] {
        let p = feasible(id, 20.0);
        let b = &p.best;
        assert!(b.ttft_p99 <= Time::from_ms(3000.0) && b.tpot_p99 <= Time::from_ms(60.0), "{id}: {b:?}");
        assert!(
            f64::from(b.replicas - 1) * b.rate_per_replica >= 40.0 * (1.0 - 1e-9),
            "{id}: N+1 carries the peak"
        );
        assert_eq!(b.chips, u64::from(b.replicas) * u64::from(b.deployment.chips()));
        assert!(p.feasible <= p.examined && p.runner_up.is_some());
    }
}

#[test]
fn refusals_speak_of_the_domain() {
    let too_fast = planned("llama-3-1-70b", 1.0, 3000.0, 0.05).expect_err("no chip is that fast");
    assert!(matches!(too_fast.binding, ServingError::BelowFloor { what: "TPOT", .. }), "{too_fast:?}");
    assert!(too_fast.nearest_change.contains("TPOT objective of at least"));
    let too_soon = planned("llama-3-1-70b", 1.0, 0.5, 60.0).expect_err("no prefill is that fast");
    assert!(matches!(too_soon.binding, ServingError::BelowFloor { what: "TTFT", .. }), "{too_soon:?}");
    let short = memory(&shape("llama-3-1-70b"), &h100(), &layout(1, Precision::Bf16), &inputs(), 2048.0)
        .expect_err("141 GB of weights on 80 GB");
    assert!(matches!(short, ServingError::MemoryShort { .. }), "{short}");
    assert!(Lengths::new(0.0, 10.0).is_err() && Lengths::new(10.0, f64::NAN).is_err());
}

#[test]
fn latent_is_replicated_and_heads_are_split() {
    let per_token = |id: &str, tp: u32, weights| {
        let mut chip = h100();
        chip.memory = Data::from_gb(4000.0);
        memory(&shape(id), &chip, &layout(tp, weights), &inputs(), 4096.0).expect("fits").kv_per_token.bytes()
    };
    let (one, eight) =
        (per_token("deepseek-v3", 1, Precision::Fp8), per_token("deepseek-v3", 8, Precision::Fp8));
    assert_eq!(one, eight);
    assert_eq!(one, 576.0 * 2.0 * 61.0);
    let dense = per_token("llama-3-1-70b", 1, Precision::Fp8) / per_token("llama-3-1-70b", 8, Precision::Fp8);
    assert!((dense - 8.0).abs() < 1e-9);
}

proptest! {
    #[test]
    fn closed_loop_obeys_littles_law(
        clients in 1.0_f64..2000.0, prompt in 16.0_f64..32_000.0, answer in 2.0_f64..8_000.0,
    ) {
        let step = step_on("llama-3-1-70b", &h100(), layout(4, Precision::Fp8));
        let s = closed(&step, &Lengths { prompt, answer }, clients).expect("positive");
        let residence = s.ttft.s() + (answer - 1.0) * s.tpot.s();
        prop_assert!((s.requests_per_s * residence / clients - 1.0).abs() < 1e-9);
        prop_assert!((s.output_per_s / s.requests_per_s / answer - 1.0).abs() < 1e-9);
        let shares = s.prefill_share + s.decode_share + s.idle_share;
        prop_assert!((shares.fraction() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn open_arrivals_conserve_requests(load in 0.01_f64..0.9) {
        let step = step_on("llama-3-1-8b", &h100(), layout(1, Precision::Bf16));
        let lengths = Lengths { prompt: 1155.0, answer: 211.0 };
        let most = 200.0 / (lengths.answer * step.tpot(200.0, &lengths).s());
        if let Ok(s) = open(&step, &lengths, &inputs(), 200.0, load * most) {
            let decoding = s.requests_per_s * lengths.answer * s.tpot.s();
            prop_assert!((decoding + s.requests_per_s * s.ttft.s() - s.concurrency).abs() < 1e-3 * s.concurrency);
            let shares = s.prefill_share + s.decode_share + s.idle_share;
            prop_assert!((shares.fraction() - 1.0).abs() < 1e-9);
            prop_assert!(s.decode_share.fraction() >= 0.0);
        }
    }

    #[test]
    fn more_requests_are_slower_each_and_faster_together(batch in 1.0_f64..1000.0, more in 1.01_f64..4.0) {
        for id in ["llama-3-1-70b", "gpt-oss-120b"] {
            let step = step_on(id, &h100(), layout(4, Precision::Fp8));
            let lengths = Lengths { prompt: 1000.0, answer: 500.0 };
            let (a, b) = (step.tpot(batch, &lengths).s(), step.tpot(batch * more, &lengths).s());
            prop_assert!(b > a);
            prop_assert!(batch * more / b >= batch / a * (1.0 - 1e-9));
        }
    }

    #[test]
    fn a_better_chip_is_never_slower(batch in 1.0_f64..500.0, memory in 1.0_f64..3.0, compute in 1.0_f64..3.0) {
        let mut better = h100();
        better.memory_bandwidth = better.memory_bandwidth * memory;
        better.bf16 = better.bf16 * compute;
        better.fp8 = better.fp8.map(|f| f * compute);
        let lengths = Lengths { prompt: 2000.0, answer: 300.0 };
        let d = layout(8, Precision::Fp8);
        let (a, b) = (step_on("deepseek-v3", &h100(), d), step_on("deepseek-v3", &better, d));
        prop_assert!(b.tpot(batch, &lengths) <= a.tpot(batch, &lengths));
        prop_assert!(b.prefill(lengths.prompt) <= a.prefill(lengths.prompt));
    }

    #[test]
    fn more_demand_never_needs_fewer_chips(rate in 0.1_f64..500.0, more in 1.0_f64..10.0) {
        prop_assert!(feasible("llama-3-1-70b", rate * more).best.chips >= feasible("llama-3-1-70b", rate).best.chips);
    }
}

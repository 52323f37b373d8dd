//! Laws of the frontier.

#![allow(clippy::expect_used)]

mod common;

use common::{calibration, inputs, network, shape};
use gigatwin_catalog::{Catalog, Kind, Precision, chip};
use gigatwin_quantity::{Share, Time};
use gigatwin_serving::frontier::{Activity, Frontier, NoOption, Shape, frontier};
use gigatwin_serving::{ChipClass, EngineFamily, Lengths, Objective, PlanInputs, ServingError};

fn found(model: &str, chips: u32, ttft: f64, tpot: f64) -> Result<Frontier, NoOption> {
    let chip =
        chip(&Catalog::embedded().entry(Kind::Accelerators, "h200-sxm").expect("a chip")).expect("rates");
    let inputs = PlanInputs {
        engine: inputs(),
        family: EngineFamily::Vllm,
        class: ChipClass::Hopper,
        weights: Precision::Fp8,
        kv: Precision::Fp8,
        max_chips_per_replica: 32,
        spare_replicas: 0,
    };
    let objective = Objective { ttft_p99: Time::from_s(ttft), tpot_p99: Time::from_s(tpot) };
    let activity = Activity { prefill: Share::from_percent(80.0), decode: Share::from_percent(22.0) };
    let lengths = Lengths { prompt: 4000.0, answer: 500.0 };
    frontier(
        &shape(model),
        &chip,
        &network(),
        &lengths,
        &objective,
        &inputs,
        &calibration(),
        chips,
        &activity,
    )
    .expect("positive inputs")
}

#[test]
fn no_option_of_the_frontier_beats_another_and_all_keep_the_objectives() {
    for model in ["llama-3-1-70b", "deepseek-v3"] {
        let f = found(model, 32, 3.0, 0.06).expect("something fits");
        for pair in f.pareto.windows(2) {
            assert!(pair[0].tokens_per_s_user >= pair[1].tokens_per_s_user);
            assert!(pair[0].tokens_per_s_chip < pair[1].tokens_per_s_chip);
        }
        for o in &f.pareto {
            assert!(o.ttft_p99.s() <= 3.0 * (1.0 + 1e-9) && o.tpot_p99.s() <= 0.06, "{o:?}");
            assert!(o.chips <= 32 && o.requests_per_s > 0.0 && o.energy_per_token.joules() > 0.0);
            if let Shape::Disaggregated { prefill, prefill_replicas, decode, decode_replicas, .. } = o.shape {
                assert_eq!(o.chips, prefill.chips() * prefill_replicas + decode.chips() * decode_replicas);
            }
        }
    }
}

#[test]
fn looser_objectives_and_more_chips_never_serve_less() {
    let rate = |chips, ttft, tpot| {
        let f = found("llama-3-1-70b", chips, ttft, tpot).expect("something fits");
        f.best().map_or(0.0, |o| o.requests_per_s)
    };
    assert!(rate(16, 2.0, 0.04) <= rate(16, 3.0, 0.04) * (1.0 + 1e-6));
    assert!(rate(16, 2.0, 0.04) <= rate(16, 2.0, 0.06) * (1.0 + 1e-6));
    assert!(rate(8, 2.0, 0.04) <= rate(16, 2.0, 0.04) * (1.0 + 1e-6));
}

#[test]
fn a_no_says_what_binds() {
    let floor = found("llama-3-1-70b", 32, 2.0, 1e-4).expect_err("faster than any memory");
    assert!(matches!(floor.binding, ServingError::BelowFloor { what: "TPOT", .. }), "{floor:?}");
    let short = found("deepseek-v3", 2, 2.0, 0.05).expect_err("larger than two chips");
    assert!(matches!(short.binding, ServingError::MemoryShort { .. }), "{short:?}");
}

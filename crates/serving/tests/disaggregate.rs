//! Laws of pools of their own for prompts and answers.

#![allow(clippy::expect_used)] // helpers of tests

mod common;

use common::{calibration, h100, inputs, network, shape};
use gigatwin_catalog::Precision;
use gigatwin_quantity::Time;
use gigatwin_serving::disaggregate::replicas;
use gigatwin_serving::{
    ChipClass, Demand, EngineFamily, Infeasible, Lengths, Objective, PlanInputs, Ratio, Separate,
    ServingError, Workload, separate,
};
use proptest::prelude::*;

fn planned(rate: f64, ttft_ms: f64, tpot_ms: f64, ratio: Option<Ratio>) -> Result<Separate, Infeasible> {
    let options = PlanInputs {
        engine: inputs(),
        family: EngineFamily::Vllm,
        class: ChipClass::Hopper,
        weights: Precision::Fp8,
        kv: Precision::Fp8,
        max_chips_per_replica: 16,
        spare_replicas: 1,
    };
    let work = Workload {
        lengths: Lengths { prompt: 2000.0, answer: 300.0 },
        demand: Demand::RequestsPerSecond(rate),
        peak_factor: 2.0,
    };
    let objective = Objective { ttft_p99: Time::from_ms(ttft_ms), tpot_p99: Time::from_ms(tpot_ms) };
    separate(&shape("llama-3-1-70b"), &h100(), &network(), &work, &objective, &options, &calibration(), ratio)
        .expect("positive inputs")
}

#[test]
fn both_pools_carry_the_peak_within_the_objectives() {
    for rate in [0.5, 20.0, 300.0] {
        let found = planned(rate, 3000.0, 40.0, None).expect("feasible");
        let carried = [
            f64::from(found.prefill_replicas - 1) * found.prefill.rate,
            f64::from(found.decode_replicas - 1) * found.decode.rate,
        ];
        assert!(carried.iter().all(|c| *c >= 2.0 * rate * (1.0 - 1e-9)), "{rate}: {carried:?}");
        assert!(found.ttft_p99 <= Time::from_ms(3000.0) && found.decode.tpot_p99 <= Time::from_ms(40.0));
        let chips = found.prefill_replicas * found.prefill.deployment.chips()
            + found.decode_replicas * found.decode.deployment.chips();
        assert_eq!(found.chips, u64::from(chips));
        // 2,000 tokens of 160 kB in eight bits over 50 GB/s per chip, side by side.
        let side_by_side = f64::from(found.prefill.deployment.chips());
        let least = 2000.0 * 163_840.0 / (50e9 * side_by_side);
        assert!(found.prefill.transfer.s() >= least && found.prefill.transfer.s() < 2.0 * least + 1e-3);
    }
}

#[test]
fn a_given_ratio_costs_chips_or_nothing() {
    let free = planned(100.0, 3000.0, 40.0, None).expect("feasible");
    for (prefill, decode) in [(1, 1), (1, 3), (5, 1)] {
        let ratio = Ratio { prefill, decode };
        let held = planned(100.0, 3000.0, 40.0, Some(ratio)).expect("feasible");
        assert!(held.chips >= free.chips, "{ratio:?}");
        let (p, d) = (held.prefill_replicas - 1, held.decode_replicas - 1);
        assert_eq!(p * decode, d * prefill, "{ratio:?}");
    }
}

#[test]
fn an_objective_below_the_floor_says_the_floor() {
    let slow = planned(1.0, 20.0, 15.0, None).expect_err("no prefill is so fast");
    assert!(
        matches!(slow.binding, ServingError::BelowFloor { what: "TTFT", floor, .. } if floor.ms() > 20.0)
    );
    let slow = planned(1.0, 3000.0, 0.1, None).expect_err("no decode is so fast");
    assert!(matches!(slow.binding, ServingError::BelowFloor { what: "TPOT", .. }), "{:?}", slow.binding);
}

proptest! {
    #[test]
    fn replicas_are_enough_and_no_more(
        peak in 0.01..1e4_f64, prefill in 0.1..50.0_f64, decode in 0.1..50.0_f64, spare in 0_u32..3,
    ) {
        let (p, d) = replicas(peak, [prefill, decode], spare, None);
        for (n, rate) in [(p, prefill), (d, decode)] {
            let busy = f64::from(n - spare);
            prop_assert!(busy * rate >= peak * (1.0 - 1e-6) && (busy - 1.0) * rate < peak);
        }
    }
}

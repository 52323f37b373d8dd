//! Acceptance of drafted tokens that scatters from request to request: closed forms against drawn requests.

#![allow(clippy::expect_used)] // helpers of tests

mod common;

use common::{eight_bits, h100, inputs, network, shape, step_with};
use gigatwin_catalog::Precision;
use gigatwin_quantity::{Share, Time};
use gigatwin_serving::{
    ChipClass, Demand, EngineFamily, EngineInputs, Lengths, Objective, PlanInputs, Speculation, Workload,
    plan,
};
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::{Beta, Distribution, Open01};

fn drafts(draft_tokens: u32, acceptance: f64, scatter: f64) -> Speculation {
    Speculation {
        draft_tokens,
        acceptance: Share::from_fraction(acceptance),
        draft_cost: Share::from_percent(3.0),
        scatter: Share::from_fraction(scatter),
    }
}

/// Steps per token of drawn requests, sorted: each has its own acceptance, each step accepts one by one.
fn drawn(s: &Speculation, answer: u32, requests: usize) -> Vec<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let (m, sd) = (s.acceptance.fraction(), s.scatter.fraction());
    let law = (sd > 0.0).then(|| {
        let sum = m * (1.0 - m) / (sd * sd) - 1.0;
        Beta::new(m * sum, (1.0 - m) * sum).expect("a law")
    });
    let mut all: Vec<f64> = (0..requests)
        .map(|_| {
            let a = law.as_ref().map_or(m, |law| law.sample(&mut rng));
            let (mut tokens, mut steps) = (0, 0);
            while tokens < answer {
                steps += 1;
                tokens += 1;
                for _ in 0..s.draft_tokens {
                    let u: f64 = Open01.sample(&mut rng);
                    if u >= a {
                        break;
                    }
                    tokens += 1;
                }
            }
            f64::from(steps) / f64::from(tokens)
        })
        .collect();
    all.sort_by(f64::total_cmp);
    all
}

#[test]
fn percentiles_are_those_of_drawn_requests() {
    for (k, a, sd, answer) in
        [(1, 0.85, 0.08, 400), (3, 0.7, 0.15, 200), (3, 0.7, 0.0, 100), (5, 0.6, 0.2, 1000)]
    {
        let s = drafts(k, a, sd);
        let all = drawn(&s, answer, 20_000);
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        let emitted = s.equivalent().emitted();
        assert!((mean * emitted - 1.0).abs() < 0.01, "{k} {a} {sd}: mean {mean} for {}", 1.0 / emitted);
        for q in [0.5, 0.9, 0.99] {
            let at = all[(q * all.len() as f64) as usize] / mean;
            let found = s.slow(f64::from(answer), q);
            println!(
                "{k} drafts, acceptance {a} ± {sd}, {answer} tokens: {q} is {at:.3} of the mean, {found:.3} expected"
            );
            assert!((found / at - 1.0).abs() < 0.02, "{k} {a} {sd} {q}: {found} for {at}");
        }
    }
}

#[test]
fn scatter_costs_throughput_and_the_percentile_but_not_without_drafts() {
    let lengths = Lengths { prompt: 1000.0, answer: 300.0 };
    let with = |scatter: f64| EngineInputs { speculation: Some(drafts(3, 0.7, scatter)), ..inputs() };
    let tpot = |given: &EngineInputs| {
        step_with("llama-3-1-70b", &h100(), eight_bits(4), given).tpot(16.0, &lengths).s()
    };
    assert!(tpot(&with(0.2)) > 1.02 * tpot(&with(0.0)), "the mean of 1/e is above 1 over the mean");
    assert_eq!(inputs().slow_request(300.0), 1.0);
    assert!(with(0.2).slow_request(300.0) > 1.3 * with(0.0).slow_request(300.0));
    // A tight objective: what scatters needs more chips, or as many.
    let planned = |given: EngineInputs| {
        let options = PlanInputs {
            engine: given,
            family: EngineFamily::Vllm,
            class: ChipClass::Hopper,
            weights: Precision::Fp8,
            kv: Precision::Fp8,
            max_chips_per_replica: 16,
            spare_replicas: 0,
        };
        let work = Workload { lengths, demand: Demand::RequestsPerSecond(40.0), peak_factor: 1.0 };
        let objective = Objective { ttft_p99: Time::from_s(2.0), tpot_p99: Time::from_ms(20.0) };
        let found = plan(
            &shape("llama-3-1-70b"),
            &h100(),
            &network(),
            &work,
            &objective,
            &options,
            &common::calibration(),
        );
        found.expect("positive").expect("feasible").best
    };
    let (even, uneven) = (planned(with(0.0)), planned(with(0.2)));
    assert!(uneven.chips > even.chips, "{} for {}", uneven.chips, even.chips);
    assert!(uneven.tpot_p99 <= Time::from_ms(20.0));
}

#[test]
fn scatter_beyond_what_a_share_can_have_is_refused() {
    assert!(drafts(3, 0.7, 0.44).check().is_err());
    assert!(drafts(3, 0.7, 0.43).check().is_ok());
    assert!(drafts(3, 1.0, 0.0).check().is_ok() && drafts(3, 1.0, 0.01).check().is_err());
}

proptest! {
    #[test]
    fn quantiles_rise_within_a_step_and_scatter_does_not_help(
        k in 1_u32..8, a in 0.05..0.98_f64, part in 0.0..0.9_f64, answer in 2.0..4000.0_f64,
    ) {
        let s = drafts(k, a, part * (a * (1.0 - a)).sqrt());
        let (low, mid, high) = (s.slow(answer, 0.1), s.slow(answer, 0.5), s.slow(answer, 0.99));
        prop_assert!(low <= mid && mid <= high && high >= 0.999, "{low} {mid} {high}");
        let (one, all) = (s.equivalent().emitted(), s.emitted());
        prop_assert!(one >= 1.0 && one <= all * 1.02, "{one} of {all}: at most what the mean acceptance gives, or a little more");
        prop_assert!(high * s.equivalent().emitted().recip() <= 1.0 + 1e-6, "no token takes more than a step");
    }
}

//! Drafted tokens, known prefixes, and memory that runs out: laws, and the event engine against the steady state.

// A helper outside a test function is still part of a test.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

mod common;

use common::{h100, inputs, layout, shape, step_with};
use gigatwin_catalog::Precision;
use gigatwin_quantity::{Share, Time};
use gigatwin_serving::event::{Replay, Source, Trace};
use gigatwin_serving::{
    EngineInputs, Lengths, ServingError, Speculation, StepModel, closed, closed_within, open,
};
use proptest::prelude::*;

const MODEL: &str = "llama-3-1-70b";
const LENGTHS: Lengths = Lengths { prompt: 1000.0, answer: 200.0 };

fn drafting(draft_tokens: u32, acceptance: f64) -> EngineInputs {
    let speculation = Speculation {
        draft_tokens,
        acceptance: Share::from_fraction(acceptance),
        draft_cost: Share::from_percent(3.0),
        scatter: Share::ZERO,
    };
    EngineInputs { speculation: Some(speculation), arrival_cv2: 0.0, prompt_cv2: 0.0, ..inputs() }
}

fn knowing(share: f64) -> EngineInputs {
    EngineInputs { prefix_hit: Share::from_fraction(share), arrival_cv2: 0.0, prompt_cv2: 0.0, ..inputs() }
}

fn step(given: &EngineInputs) -> StepModel {
    step_with(MODEL, &h100(), layout(4, Precision::Fp8), given)
}

fn run(trace: &Trace, given: &EngineInputs, kv_tokens: u64, source: Source) -> Replay {
    common::on_one_replica(MODEL, layout(4, Precision::Fp8), trace, given, kv_tokens, source)
}

fn mean(values: impl Iterator<Item = Time>) -> f64 {
    let all: Vec<f64> = values.map(|t| t.s()).collect();
    all.iter().sum::<f64>() / all.len() as f64
}

fn constant(rate: f64, n: u32, lengths: &Lengths) -> Trace {
    (0..n).fold(Trace::new(0), |mut trace, i| {
        trace.push(Time::from_s(f64::from(i) / rate), lengths.prompt as u32, lengths.answer as u32, &[]);
        trace
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn emitted_tokens_are_the_geometric_sum(k in 1_u32..12, a in 0.0_f64..0.99) {
        let s = Speculation { draft_tokens: k, acceptance: Share::from_fraction(a), draft_cost: Share::ZERO, scatter: Share::ZERO };
        let closed_form = (1.0 - a.powi(k as i32 + 1)) / (1.0 - a);
        prop_assert!((s.emitted() / closed_form - 1.0).abs() < 1e-9);
        prop_assert!(s.emitted() <= s.verified());
    }

    #[test]
    fn more_accepted_tokens_are_never_slower(batch in 1.0_f64..300.0, a in 0.0_f64..0.9, more in 0.0_f64..0.1) {
        let at = |a| step(&drafting(3, a)).tpot(batch, &LENGTHS);
        prop_assert!(at(a + more) <= at(a));
    }

    #[test]
    fn known_prompts_cost_less(hit in 0.0_f64..0.9, more in 0.0_f64..0.1, tokens in 100.0_f64..30_000.0) {
        let at = |h| step(&knowing(h));
        prop_assert!(at(hit + more).prefill(tokens) <= at(hit).prefill(tokens));
        prop_assert!(at(hit + more).tpot(64.0, &LENGTHS) <= at(hit).tpot(64.0, &LENGTHS));
    }
}

#[test]
fn drafting_pays_at_small_batches_and_not_in_vain() {
    let gain = |batch: f64, a: f64| {
        step(&inputs()).pure_decode(batch, &LENGTHS).s()
            / step(&drafting(3, a)).pure_decode(batch, &LENGTHS).s()
    };
    assert!(gain(1.0, 0.8) > 2.0, "{}", gain(1.0, 0.8));
    assert!(gain(1.0, 0.0) < 1.0, "drafts that are never accepted cost time");
    assert!(gain(1024.0, 0.8) < 0.8 * gain(1.0, 0.8), "a full batch has less idle arithmetic to spare");
}

#[test]
fn the_event_engine_drafts_as_the_steady_state_does() {
    for (k, a) in [(1, 0.85), (3, 0.7)] {
        let given = drafting(k, a);
        let rate = 60.0 / (LENGTHS.answer * step(&given).tpot(60.0, &LENGTHS).s());
        let steady = open(&step(&given), &LENGTHS, &given, 1024.0, rate).expect("carried");
        let done = run(&constant(rate, 6000, &LENGTHS), &given, 1 << 20, Source::Open);
        let tpot = mean(done.requests[1000..5000].iter().filter_map(|r| r.tpot));
        assert!((tpot / steady.tpot.s() - 1.0).abs() < 0.03, "{tpot} {}", steady.tpot.s());
        assert!((done.summary.output_per_s / steady.output_per_s - 1.0).abs() < 0.03);
    }
}

#[test]
fn the_event_engine_knows_prefixes_as_the_steady_state_does() {
    let given = knowing(0.6);
    let rate = 60.0 / (LENGTHS.answer * step(&given).tpot(60.0, &LENGTHS).s());
    let steady = open(&step(&given), &LENGTHS, &given, 1024.0, rate).expect("carried");
    let done = run(&constant(rate, 6000, &LENGTHS), &given, 1 << 20, Source::Open);
    let some = &done.requests[1000..5000];
    let (tpot, ttft) = (mean(some.iter().filter_map(|r| r.tpot)), mean(some.iter().filter_map(|r| r.ttft)));
    assert!((tpot / steady.tpot.s() - 1.0).abs() < 0.03, "{tpot} {}", steady.tpot.s());
    assert!((ttft / steady.ttft.s() - 1.0).abs() < 0.03, "{ttft} {}", steady.ttft.s());
    assert_eq!(done.summary.cached_tokens, 6000 * 600);
}

#[test]
fn a_loop_beyond_memory_runs_what_fits_and_preempts_as_the_event_engine() {
    let ratios = [(1000.0, 200.0), (1000.0, 800.0), (500.0, 1000.0), (200.0, 1000.0), (100.0, 1000.0)];
    for (prompt, answer) in ratios {
        for places in [20.0, 100.0] {
            let lengths = Lengths { prompt, answer };
            let given = EngineInputs { arrival_cv2: 0.0, prompt_cv2: 0.0, ..inputs() };
            let (tokens, clients) = (places * lengths.held(), 5.0 * places);
            let steady = closed_within(&step(&given), &lengths, clients, tokens, 1024.0).expect("some fit");
            let source = Source::Closed { clients: clients as u32 };
            let done = run(&constant(1.0, 6000, &lengths), &given, tokens as u64, source);
            let gap = done.summary.output_per_s / steady.output_per_s - 1.0;
            assert!(gap.abs() < 0.1, "{prompt}/{answer} {places}: {gap}");
            let each = done.summary.preemptions as f64 / 6000.0;
            let near = (each - steady.preemptions).abs() < 0.1 + 0.15 * each;
            assert!(near, "{prompt}/{answer} {places}: {each} preemptions, {} expected", steady.preemptions);
            let free = closed(&step(&given), &lengths, clients).expect("positive");
            assert!(free.output_per_s > steady.output_per_s, "memory costs throughput");
        }
    }
    let short = closed_within(&step(&inputs()), &LENGTHS, 2.0, 500.0, 8.0);
    assert!(matches!(short, Err(ServingError::KvShort { .. })));
}

#[test]
fn shares_out_of_range_are_refused() {
    let refused = |given: &EngineInputs| {
        gigatwin_serving::StepModel::new(
            &shape(MODEL),
            &h100(),
            &common::network(),
            layout(4, Precision::Fp8),
            given,
            &common::calibration(),
            gigatwin_serving::EngineFamily::Vllm,
            gigatwin_serving::ChipClass::Hopper,
        )
        .is_err()
    };
    assert!(refused(&drafting(0, 0.5)) && refused(&drafting(2, 1.5)) && refused(&knowing(-0.1)));
    assert!(!refused(&drafting(2, 1.0)) && !refused(&knowing(1.0)));
}

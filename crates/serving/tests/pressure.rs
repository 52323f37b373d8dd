//! Memory that runs full under random arrivals, and memory that requests share: the steady state against the event engine.

// A helper outside a test function is still part of a test.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic)]

mod common;

use common::{eight_bits, h100, inputs, step_with};
use gigatwin_quantity::{Share, Time};
use gigatwin_serving::event::{ArrivalLaw, LengthMix, Replay, Source, Stream, Trace, generate};
use gigatwin_serving::pressure::waiting;
use gigatwin_serving::{
    EngineInputs, Lengths, ServingError, SharedPrefix, StepModel, closed_within, open, open_within,
};
use proptest::prelude::*;

const MODEL: &str = "llama-3-1-70b";
const REQUESTS: usize = 30_000;

fn given(arrival_cv2: f64) -> EngineInputs {
    EngineInputs { arrival_cv2, prompt_cv2: 0.0, ..inputs() }
}

fn step(given: &EngineInputs) -> StepModel {
    step_with(MODEL, &h100(), eight_bits(4), given)
}

/// Random arrivals of requests of one length.
fn arrivals(rate: f64, cv2: f64, lengths: &Lengths) -> Trace {
    let law =
        if (cv2 - 1.0).abs() < 1e-9 { ArrivalLaw::Poisson } else { ArrivalLaw::Gamma { cv: cv2.sqrt() } };
    let stream = Stream {
        duration: Time::from_s(1.2 * REQUESTS as f64 / rate),
        rate,
        law,
        day: None,
        burst: None,
        lengths: LengthMix {
            prompt: lengths.prompt,
            prompt_cv: 0.0,
            tail: Share::ZERO,
            answer: lengths.answer,
        },
        most: REQUESTS,
    };
    let mut drawn = generate(&stream, 11).expect("a stream");
    drawn.requests.iter_mut().for_each(|r| r.answer = lengths.answer as u32);
    drawn
}

fn run(trace: &Trace, given: &EngineInputs, kv_tokens: u64) -> Replay {
    common::on_one_replica(MODEL, eight_bits(4), trace, given, kv_tokens, Source::Open)
}

fn mean(values: impl Iterator<Item = Time>) -> f64 {
    let all: Vec<f64> = values.map(|t| t.s()).collect();
    all.iter().sum::<f64>() / all.len() as f64
}

#[test]
fn waiting_is_that_of_the_books() {
    // M/M/1: the load; 10 servers at 8 Erlang: 0.409 (Cooper, Introduction to Queueing Theory, table).
    assert!((waiting(1.0, 0.7, 0.7) - 0.7).abs() < 1e-12);
    assert!((waiting(10.0, 8.0, 0.8) - 0.409).abs() < 1e-3);
    assert_eq!(waiting(4.0, 4.0, 1.0), 1.0);
    assert!(waiting(10.0, 8.0, 0.9) > waiting(10.0, 8.0, 0.8), "slower servers when full");
}

/// Places for 40 and 100 requests, loads from no pressure to near full, Poisson and burstier arrivals, short and long answers.
#[test]
fn memory_under_random_arrivals_agrees_with_the_event_engine() {
    for (prompt, answer) in [(1000.0, 200.0), (1000.0, 800.0), (500.0, 1000.0)] {
        let lengths = Lengths { prompt, answer };
        for cv2 in [1.0, 2.0] {
            for places in [40.0, 100.0] {
                for part in [0.6, 0.8, 0.9] {
                    let given = given(cv2);
                    let step = step(&given);
                    let tokens = places * lengths.held();
                    let full =
                        closed_within(&step, &lengths, 5.0 * places, tokens, 1024.0).expect("some fit");
                    let rate = part * full.requests_per_s;
                    let Ok(s) = open_within(&step, &lengths, &given, tokens, 1024.0, rate) else {
                        panic!("{lengths:?} {cv2} {places} {part}: not carried");
                    };
                    let done = run(&arrivals(rate, cv2, &lengths), &given, tokens as u64);
                    let some = &done.requests[REQUESTS / 10..REQUESTS * 9 / 10];
                    let tpot = mean(some.iter().filter_map(|r| r.tpot));
                    let ttft = mean(some.iter().filter_map(|r| r.ttft));
                    let each = done.summary.preemptions as f64 / REQUESTS as f64;
                    let at = format!("{prompt}/{answer} tokens, cv2 {cv2}, {places} places at {part}");
                    let gap = tpot / s.tpot.s() - 1.0;
                    println!(
                        "{at}: TPOT {:+.1} %, TTFT {:.0} ms for {:.0}, preemptions {each:.3} for {:.3}",
                        100.0 * gap,
                        1e3 * ttft,
                        s.ttft.ms(),
                        s.preemptions
                    );
                    // A request that gives way also pauses, which the steady state does not count.
                    assert!(gap.abs() < if each < 0.25 { 0.03 } else { 0.1 }, "{at}: TPOT {gap}");
                    let rare = (each - s.preemptions).abs();
                    assert!(rare < 0.03 + 0.25 * each, "{at}: {each} preemptions for {}", s.preemptions);
                    assert!((ttft / s.ttft.s() - 1.0).abs() < 0.55, "{at}: TTFT {ttft} for {}", s.ttft.s());
                }
            }
        }
    }
}

/// Room in memory changes nothing, and beyond what a full replica carries the answer is no.
#[test]
fn without_pressure_nothing_is_added_and_overload_is_refused() {
    let (given, lengths) = (given(1.0), Lengths { prompt: 1000.0, answer: 800.0 });
    let step = step(&given);
    let free = open(&step, &lengths, &given, 1024.0, 1.0).expect("carried");
    let roomy = open_within(&step, &lengths, &given, 1e7, 1024.0, 1.0).expect("carried");
    assert_eq!(roomy.preemptions, 0.0);
    assert!((roomy.tpot.s() / free.tpot.s() - 1.0).abs() < 1e-9 && roomy.ttft.s() < free.ttft.s() * 1.001);
    let tokens = 40.0 * lengths.held();
    let full = closed_within(&step, &lengths, 200.0, tokens, 1024.0).expect("some fit").requests_per_s;
    let over = open_within(&step, &lengths, &given, tokens, 1024.0, 1.05 * full);
    assert!(matches!(over, Err(ServingError::Overload { load }) if load > 1.0), "{over:?}");
    let short = open_within(&step, &lengths, &given, 1500.0, 1024.0, 0.01);
    assert!(matches!(short, Err(ServingError::KvShort { .. })));
}

fn sharing(tokens: f64, groups: f64, prompt: f64) -> EngineInputs {
    let mut inputs = given(1.0);
    inputs.share_prefix(SharedPrefix { tokens, groups }, prompt).expect("a start within the prompt");
    inputs
}

#[test]
fn a_start_longer_than_the_prompt_is_refused() {
    let wrong = [(1200.0, 1.0), (0.0, 1.0), (100.0, 0.0), (f64::NAN, 1.0)];
    for (tokens, groups) in wrong {
        let refused = given(1.0).share_prefix(SharedPrefix { tokens, groups }, 1000.0);
        assert!(refused.is_err(), "{tokens} {groups}");
    }
}

/// One start for all, and twenty: the mean memory in use is that of the event engine, and far below that of whole requests.
#[test]
fn memory_that_is_shared_is_held_once_in_both_engines() {
    let lengths = Lengths { prompt: 2000.0, answer: 200.0 };
    for groups in [1.0, 20.0] {
        let given = sharing(1600.0, groups, lengths.prompt);
        let step = step(&given);
        let rate = 30.0 / (lengths.answer * step.tpot(30.0, &lengths).s());
        let steady = open(&step, &lengths, &given, 1024.0, rate).expect("carried");
        let mut trace = arrivals(rate, 1.0, &lengths);
        trace.share_prefix(1600, groups as u32, 16, 5);
        let done = run(&trace, &given, 1 << 21);
        // All but the first of each start find it known.
        let known = done.summary.cached_tokens as f64 / (REQUESTS as f64 * 1600.0);
        assert!(known > 0.999, "{known}");
        let held = given.tokens_held(&lengths, rate * lengths.answer * steady.tpot.s());
        let alone = rate * lengths.answer * steady.tpot.s() * lengths.held();
        let measured = done.summary.kv_occupancy.fraction() * (1 << 21) as f64;
        println!(
            "{groups} starts: {measured:.0} tokens held, {held:.0} expected, {alone:.0} without sharing"
        );
        assert!((measured / held - 1.0).abs() < 0.1, "{groups}: {measured} for {held}");
        assert!(held < 0.65 * alone);
    }
}

proptest! {
    /// What is shared never costs memory, more starts never save any, and what fits is what is held.
    #[test]
    fn sharing_only_saves(
        prompt in 100.0..5000.0_f64,
        part in 0.05..1.0_f64,
        groups in 1.0..200.0_f64,
        answer in 1.0..2000.0_f64,
        tokens in 1e4..1e7_f64,
    ) {
        let lengths = Lengths { prompt, answer };
        let (few, more) = (sharing(part * prompt, groups, prompt), sharing(part * prompt, 2.0 * groups, prompt));
        let fits = few.requests_held(&lengths, tokens);
        prop_assert!((few.tokens_held(&lengths, fits) / tokens - 1.0).abs() < 1e-6);
        prop_assert!(fits >= given(1.0).requests_held(&lengths, tokens) * (1.0 - 1e-9));
        prop_assert!(more.requests_held(&lengths, tokens) <= fits * (1.0 + 1e-9));
        // Requests come one by one: half a start is not in use.
        prop_assert!(few.shared_prefix.expect("set").in_use(1.0) <= 1.0 + 1e-9);
    }

    /// Blocks of shared starts are taken and given back exactly, whatever gives way, and macro-steps change nothing.
    #[test]
    fn blocks_of_shared_starts_are_conserved(
        seed in 0_u64..1000,
        starts in 1_u32..5,
        shared in 16_u32..400,
        places in 2_u32..12,
        rate in 0.5..20.0_f64,
    ) {
        let given = given(1.0);
        let stream = Stream {
            duration: Time::from_s(1e4),
            rate,
            law: ArrivalLaw::Poisson,
            day: None,
            burst: None,
            lengths: LengthMix { prompt: 300.0, prompt_cv: 0.5, tail: Share::ZERO, answer: 60.0 },
            most: 60,
        };
        let mut trace = generate(&stream, seed).expect("a stream");
        trace.share_prefix(shared, starts, 16, seed);
        let done = run(&trace, &given, u64::from(places) * 600);
        let s = &done.summary;
        prop_assert_eq!(s.blocks_taken, s.blocks_returned);
        prop_assert!(s.completed + s.refused == 60);
        let answers: u64 = done.requests.iter().zip(&trace.requests).filter(|(r, _)| r.tpot.is_some() || r.ttft.is_some())
            .map(|(_, q)| u64::from(q.answer)).sum();
        prop_assert_eq!(s.output_tokens, answers);
    }
}

//! The event engine and the steady state at constant load.

// A helper outside a test function is still part of a test.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, clippy::needless_range_loop)]

mod common;

use common::{h100, inputs, layout, shape};
use gigatwin_catalog::Precision;
use gigatwin_quantity::{Share, Time};
use gigatwin_serving::event::{ArrivalLaw, LengthMix, Replay, Source, Stream, Trace, generate};
use gigatwin_serving::{Deployment, EngineInputs, Lengths, memory, open};

const CASES: [(&str, [u32; 4], f64, f64); 5] = [
    ("llama-3-1-8b", [1, 1, 1, 1], 1155.0, 211.0),
    ("llama-3-1-70b", [4, 1, 1, 1], 1155.0, 211.0),
    ("llama-3-1-70b", [2, 2, 1, 1], 1155.0, 211.0),
    ("gpt-oss-120b", [4, 1, 1, 1], 2000.0, 400.0),
    ("deepseek-v3", [2, 1, 16, 8], 3500.0, 400.0),
];

/// Requests of the middle, without the filling and the emptying.
fn middle(done: &Replay) -> &[gigatwin_serving::event::RequestOutcome] {
    let n = done.requests.len();
    &done.requests[n / 5..n * 9 / 10]
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut n) = (0.0, 0.0);
    for v in values {
        sum += v;
        n += 1.0;
    }
    sum / n
}

/// Relative gaps of time per token, of throughput and of the first token: event engine over steady state.
fn gaps(case: usize, part: f64, random: bool, given: &EngineInputs) -> [f64; 3] {
    let (model, [tp, pp, ep, dp_attention], prompt, answer) = CASES[case];
    let d = Deployment { pp, ep, dp_attention, ..layout(tp, Precision::Fp8) };
    let cv2 = if random { 1.0 } else { 0.0 };
    let given = EngineInputs { arrival_cv2: cv2, prompt_cv2: 0.0, ..*given };
    let step = common::step_with(model, &h100(), d, &given);
    let lengths = Lengths { prompt, answer };
    let held = memory(&shape(model), &h100(), &d, &given, lengths.total()).expect("fits");
    let batch = part * 256.0_f64.min(held.tokens / lengths.held());
    let rate = batch / (answer * step.tpot(batch, &lengths).s());
    let steady = open(&step, &lengths, &given, 1024.0, rate).expect("carried");
    let trace = if random {
        let stream = Stream {
            duration: Time::from_s(20_000.0 / rate),
            rate,
            law: ArrivalLaw::Poisson,
            day: None,
            burst: None,
            lengths: LengthMix { prompt, prompt_cv: 0.0, tail: Share::ZERO, answer },
            most: usize::MAX,
        };
        let mut drawn = generate(&stream, 3).expect("a stream");
        for r in &mut drawn.requests {
            r.answer = answer as u32;
        }
        drawn
    } else {
        (0..20_000).fold(Trace::new(0), |mut trace, i| {
            trace.push(Time::from_s(f64::from(i) / rate), prompt as u32, answer as u32, &[]);
            trace
        })
    };
    let done = common::on_one_replica(model, d, &trace, &given, held.tokens as u64, Source::Open);
    let tpot = mean(middle(&done).iter().filter_map(|r| r.tpot).map(|t| t.s()));
    let ttft = mean(middle(&done).iter().filter_map(|r| r.ttft).map(|t| t.s()));
    let offered = trace.rate().expect("many") / rate;
    [
        tpot / steady.tpot.s() - 1.0,
        done.summary.output_per_s / (steady.output_per_s * offered) - 1.0,
        ttft / steady.ttft.s() - 1.0,
    ]
}

/// Evenly spaced requests of one length: what the steady state means.
#[test]
fn even_load_agrees_within_three_per_cent() {
    for case in 0..CASES.len() {
        for part in [0.1, 0.4, 0.7] {
            let found = gaps(case, part, false, &inputs());
            for (what, gap) in ["TPOT", "throughput", "TTFT"].iter().zip(found) {
                println!("{:?} at {part}: {what} {:+.1} %", CASES[case], 100.0 * gap);
                assert!(gap.abs() < 0.03, "{:?} at {part}: {what} {:+.1} %", CASES[case], 100.0 * gap);
            }
        }
    }
}

/// Random arrivals make batches and steps fluctuate, which the steady state takes in to first order.
#[test]
fn poisson_load_agrees_within_six_per_cent() {
    for case in 0..CASES.len() {
        for part in [0.1, 0.4, 0.7] {
            let found = gaps(case, part, true, &inputs());
            for (what, gap) in ["TPOT", "throughput", "TTFT"].iter().zip(found) {
                println!("{:?} at {part}: {what} {:+.1} %", CASES[case], 100.0 * gap);
                assert!(gap.abs() < 0.06, "{:?} at {part}: {what} {:+.1} %", CASES[case], 100.0 * gap);
            }
        }
    }
}

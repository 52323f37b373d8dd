//! Laws of the event engine: nothing depends on how steps are grouped, nothing is lost, queues are those of the books, and constant
//! load looks as the steady state says.

#![allow(clippy::expect_used)] // helpers of tests

use gigatwin_quantity::{Bandwidth, Share, Time};
use gigatwin_serving::event::{
    ArrivalLaw, Burst, KvTransfer, LengthMix, Pool, Pools, Replay, ReplayError, ReplayInputs, Routing,
    Source, StepCosts, Stream, Trace, generate, replay,
};
use proptest::prelude::*;

fn pool(costs: StepCosts, replicas: u32, kv_tokens: u64, max_batch: u32, chunk_tokens: u32) -> Pool {
    Pool { costs, replicas, chips: 1, kv_tokens, max_batch, chunk_tokens }
}

fn options(pools: Pools) -> ReplayInputs {
    ReplayInputs {
        pools,
        block_tokens: 16,
        routing: Routing::LeastLoaded,
        prefix_caching: true,
        source: Source::Open,
        macro_steps: true,
    }
}

fn costs(max_batch: u32) -> StepCosts {
    let us = Time::from_us;
    StepCosts::affine(us(5000.0), us(40.0), us(0.02), us(30.0), max_batch)
}

/// A small case: a few dozen requests on a few replicas with little memory, so that all that can happen does.
fn small_case() -> impl Strategy<Value = (Trace, ReplayInputs)> {
    let request = (0_u32..400, 1_u32..180, 1_u32..90, 0_u64..4);
    let requests = prop::collection::vec(request, 1..40);
    let plant = (1_u32..4, 6_u64..60, 1_u32..12, 8_u32..120, any::<bool>(), 1_u32..200);
    let way = (0_u8..3, 0_u8..3, any::<bool>(), 1_u32..6);
    (requests, plant, way).prop_map(|(requests, plant, (routing, source, caching, clients))| {
        let (replicas, blocks, max_batch, chunk, split, window) = plant;
        let mut trace = Trace::new(16);
        let mut at = 0.0;
        for (gap, prompt, answer, family) in requests {
            at += f64::from(gap) * 1e-3;
            let identities: Vec<u64> = (0..12).map(|i| family * 1000 + i).collect();
            trace.push(Time::from_s(at), prompt, answer, &identities);
        }
        let local = if window > 100 {
            costs(max_batch)
        } else {
            costs(max_batch).with_window(window, Time::from_us(0.3))
        };
        let one = || pool(local.clone(), replicas, blocks * 8, max_batch, chunk);
        let pools = if split {
            let transfer = KvTransfer::new(1e5, Bandwidth::from_gb_per_s(1.0), Time::from_ms(1.0));
            Pools::Disaggregated { prefill: one(), decode: one(), transfer }
        } else {
            Pools::Aggregated(one())
        };
        let routing = [Routing::RoundRobin, Routing::LeastLoaded, Routing::PrefixAware][usize::from(routing)];
        let source = if source == 0 { Source::Closed { clients } } else { Source::Open };
        let given = ReplayInputs {
            pools,
            block_tokens: 8,
            routing,
            prefix_caching: caching,
            source,
            macro_steps: true,
        };
        (trace, given)
    })
}

fn conserved(trace: &Trace, done: &Replay) {
    let s = &done.summary;
    assert_eq!(s.blocks_taken, s.blocks_returned, "every block comes back");
    assert_eq!(s.completed + s.refused, trace.requests.len() as u64);
    let mut answers = 0;
    for (r, o) in trace.requests.iter().zip(&done.requests) {
        let Some(e2e) = o.e2e else {
            assert!(o.ttft.is_none() && o.tpot.is_none());
            continue;
        };
        answers += u64::from(r.answer);
        let ttft = o.ttft.expect("the first of its tokens");
        assert!(ttft <= e2e && ttft.s() > 0.0);
        assert_eq!(o.tpot.is_some(), r.answer > 1);
    }
    assert_eq!(s.output_tokens, answers, "every token asked for is made");
    let prompts: u64 = trace
        .requests
        .iter()
        .zip(&done.requests)
        .filter(|(_, o)| o.e2e.is_some())
        .map(|(r, _)| u64::from(r.prompt))
        .sum();
    if s.preemptions == 0 {
        assert_eq!(s.prompt_tokens + s.cached_tokens, prompts, "every prompt token is computed or known");
    } else {
        assert!(s.prompt_tokens + s.cached_tokens > prompts, "preempted requests are computed again");
    }
    let shares = s.decode_share + s.prompt_share + s.idle_share;
    assert!((shares.fraction() - 1.0).abs() < 1e-9);
    assert!(s.kv_peak.fraction() <= 1.0 && s.kv_occupancy.fraction() <= 1.0 + 1e-9 || s.cached_tokens > 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]
    #[test]
    fn macro_steps_change_nothing_and_nothing_is_lost((trace, given) in small_case()) {
        let whole = replay(&trace, &given).expect("a replay");
        let single = replay(&trace, &ReplayInputs { macro_steps: false, ..given }).expect("a replay");
        prop_assert_eq!(&whole, &single);
        conserved(&trace, &whole);
    }
}

#[test]
fn the_small_cases_meet_preemption_caching_and_refusal() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut preempted, mut cached, mut refused) = (0, 0, 0);
    for _ in 0..200 {
        let (trace, given) = small_case().new_tree(&mut runner).expect("a case").current();
        let done = replay(&trace, &given).expect("a replay");
        preempted += u32::from(done.summary.preemptions > 0);
        cached += u32::from(done.summary.cached_tokens > 0);
        refused += u32::from(done.summary.refused > 0);
    }
    assert!(preempted > 20 && cached > 20 && refused > 5, "{preempted} {cached} {refused}");
}

fn stream(rate: f64, seconds: f64, prompt: f64, answer: f64) -> Stream {
    Stream {
        duration: Time::from_s(seconds),
        rate,
        law: ArrivalLaw::Poisson,
        day: None,
        burst: None,
        lengths: LengthMix { prompt, prompt_cv: 0.0, tail: Share::ZERO, answer },
        most: usize::MAX,
    }
}

/// Prompts of one chunk each and answers of one token are a single server with a fixed service time.
#[test]
fn a_queue_of_prompts_is_m_d_1() {
    let service = 0.005 + 1000.0 * 30e-6;
    for (seed, load) in [(1, 0.3), (2, 0.6), (3, 0.85)] {
        let trace = generate(&stream(load / service, 40_000.0, 1000.0, 1.0), seed).expect("a stream");
        let given = options(Pools::Aggregated(pool(costs(64), 1, 1 << 22, 64, 1000)));
        let done = replay(&trace, &given).expect("a replay");
        let wait = done.summary.ttft.expect("answers").mean.s() - service;
        let book = load / (2.0 * (1.0 - load)) * service;
        assert!((wait / book - 1.0).abs() < 0.03, "load {load}: {wait} against {book}");
        let idle = done.summary.idle_share.fraction();
        assert!((idle - (1.0 - load)).abs() < 0.01, "{idle}");
    }
}

#[test]
fn a_split_pool_makes_the_same_tokens_and_waits_for_the_transfer() {
    let trace = generate(&stream(2.0, 500.0, 800.0, 100.0), 5).expect("a stream");
    let one = || pool(costs(64), 2, 1 << 20, 64, 2048);
    let together = replay(&trace, &options(Pools::Aggregated(one()))).expect("a replay");
    let split = |ms: f64| {
        let transfer = KvTransfer::new(0.0, Bandwidth::from_gb_per_s(1.0), Time::from_ms(ms));
        replay(&trace, &options(Pools::Disaggregated { prefill: one(), decode: one(), transfer }))
            .expect("a replay")
    };
    let (fast, slow) = (split(0.0), split(400.0));
    assert_eq!(together.summary.output_tokens, fast.summary.output_tokens);
    let p99 = |r: &Replay| r.summary.tpot.expect("answers").p99;
    assert!(p99(&fast) < p99(&together), "no prompt stands in the way of a decode pool");
    let mean = |r: &Replay| r.summary.e2e.expect("answers").mean.s();
    // The clock of arrivals at the decode pool only shifts, so all else stays alike.
    assert!((mean(&slow) - mean(&fast) - 0.4).abs() < 0.02, "{} {}", mean(&slow), mean(&fast));
}

#[test]
fn routing_by_prefix_finds_more() {
    let mut trace = Trace::new(16);
    let arrivals = generate(&stream(20.0, 300.0, 1.0, 1.0), 9).expect("a stream");
    for (i, r) in arrivals.requests.iter().enumerate() {
        let group = (i as u64 * 2_654_435_761) % 40;
        let identities: Vec<u64> = (0..60).map(|k| group * 1000 + k).collect();
        let answer = if i % 17 == 0 { 400 } else { 20 };
        trace.push(Time::from_s(r.arrival_ps as f64 / 1e12), 970, answer, &identities);
    }
    let run = |routing| {
        let pools = Pools::Aggregated(pool(costs(64), 4, 14_000, 64, 2048));
        let done = replay(&trace, &ReplayInputs { routing, ..options(pools) }).expect("a replay");
        conserved(&trace, &done);
        done.summary
    };
    let (loads, prefixes) = (run(Routing::LeastLoaded), run(Routing::PrefixAware));
    let (few, many) = (loads.cached_tokens, prefixes.cached_tokens);
    assert!(many > few * 11 / 10, "{few} {many}");
}

#[test]
fn routing_by_load_waits_less_than_turns() {
    let mut s = stream(70.0, 300.0, 200.0, 60.0);
    s.lengths.prompt_cv = 2.0;
    let trace = generate(&s, 4).expect("a stream");
    let wait = |routing| {
        let pools = Pools::Aggregated(pool(costs(8), 5, 1 << 20, 8, 2048));
        let done = replay(&trace, &ReplayInputs { routing, ..options(pools) }).expect("a replay");
        done.summary.ttft.expect("answers").mean.s()
    };
    let (turns, loads) = (wait(Routing::RoundRobin), wait(Routing::LeastLoaded));
    assert!(loads < turns, "{loads} {turns}");
}

#[test]
fn impossible_inputs_are_refused() {
    let trace = generate(&stream(2.0, 10.0, 100.0, 10.0), 1).expect("a stream");
    let with = |replicas, kv, chunk| options(Pools::Aggregated(pool(costs(8), replicas, kv, 8, chunk)));
    assert_eq!(replay(&trace, &with(0, 4096, 64)), Err(ReplayError::Zero("the number of replicas")));
    assert_eq!(replay(&trace, &with(1, 3, 64)), Err(ReplayError::Zero("the number of key-value blocks")));
    assert_eq!(replay(&trace, &with(1, 4096, 0)), Err(ReplayError::Zero("the prefill chunk")));
    let mut odd = Trace::new(24);
    odd.push(Time::ZERO, 100, 10, &[1, 2]);
    assert_eq!(replay(&odd, &with(1, 4096, 64)), Err(ReplayError::Blocks { prefix: 24, block: 16 }));
    assert!(generate(&Stream { rate: -1.0, ..stream(1.0, 1.0, 1.0, 1.0) }, 1).is_err());
}

#[test]
fn generated_streams_have_the_moments_asked_for() {
    for (law, cv2) in [
        (ArrivalLaw::Poisson, 1.0),
        (ArrivalLaw::Gamma { cv: 2.0 }, 4.0),
        (ArrivalLaw::Weibull { cv: 1.5 }, 2.25),
    ] {
        let mut s = stream(50.0, 4000.0, 1155.0, 211.0);
        s.law = law;
        s.lengths.prompt_cv = 1.0;
        s.lengths.tail = Share::from_percent(5.0);
        let trace = generate(&s, 11).expect("a stream");
        let near = |found: f64, wanted: f64, part: f64| {
            assert!((found / wanted - 1.0).abs() < part, "{found} {wanted}")
        };
        near(trace.rate().expect("many"), 50.0, 0.02);
        near(trace.arrival_cv2().expect("many"), cv2, 0.05);
        let mean = trace.mean_lengths().expect("many");
        near(mean.prompt, 1155.0, 0.02);
        near(mean.answer, 211.0, 0.02);
        assert_eq!(trace, generate(&s, 11).expect("a stream"), "same seed, same stream");
        assert_ne!(trace, generate(&s, 12).expect("a stream"));
    }
}

#[test]
fn days_and_bursts_keep_the_mean_and_shape_it() {
    let mut day = [1.0; 24];
    day[9..17].fill(3.0);
    let mut s = stream(2.0, 10.0 * 86_400.0, 10.0, 1.0);
    s.day = Some(day);
    let trace = generate(&s, 2).expect("a stream");
    let office =
        trace.requests.iter().filter(|r| (9..17).contains(&(r.arrival_ps / 3_600_000_000_000_000 % 24)));
    let share = office.count() as f64 / trace.requests.len() as f64;
    assert!((share - 24.0 / 40.0).abs() < 0.01, "{share}");
    s.day = None;
    s.burst = Some(Burst { share: Share::from_percent(10.0), factor: 5.0, length: Time::from_s(30.0) });
    let bursty = generate(&s, 2).expect("a stream");
    assert!((bursty.rate().expect("many") / 2.0 - 1.0).abs() < 0.05);
    assert!(bursty.arrival_cv2().expect("many") > 1.2);
}

//! Laws of a site's day.

#![allow(clippy::expect_used)] // helpers of tests

mod common;

use common::{h100, inputs, layout, shape, step_on};
use gigatwin_catalog::Precision;
use gigatwin_quantity::{Bandwidth, Data, Flops, Share, Time};
use gigatwin_serving::Lengths;
use gigatwin_serving::event::{Pool as Replicas, Pools, StepCosts};
use gigatwin_serving::site::{
    Application, DAYS, Develop, Method, Part, Partition, Pool, Rollout, Service, SiteInputs, Tune, day,
    rollout_time, site_day, with_peak,
};
use proptest::prelude::*;

fn pool(rate: f64, load_minutes: f64) -> Pool {
    let office = day("office").expect("a course");
    Pool {
        name: "assistant".to_owned(),
        partition: 0,
        chips: 4,
        rate_per_replica: 5.0,
        minimum: 1,
        spare: 1,
        load: Time::from_s(60.0 * load_minutes),
        applications: vec![Application { name: "ward".to_owned(), rate, day: with_peak(&office, 2.5) }],
        part: Part::Whole,
        service: None,
    }
}

fn tune(jobs: f64, chips: u32) -> Tune {
    Tune {
        name: "adapters".to_owned(),
        partition: 0,
        method: Method::Adapters,
        active_parameters: 70e9,
        tokens: 1e8,
        jobs_per_day: jobs,
        chips,
        rate: Flops::from_tflops(989.4),
        efficiency: Share::from_percent(38.0),
        restart: Time::from_s(300.0),
    }
}

fn develop(users: f64) -> Develop {
    Develop {
        name: "students".to_owned(),
        partition: 0,
        sessions_per_day: users,
        life: Time::from_s(4.0 * 3600.0),
        slice: Share::from_fraction(1.0 / 7.0),
        busy: Time::from_s(60.0),
        think: Time::from_s(480.0),
        reclaim: Time::from_s(900.0),
        resume: Time::from_s(20.0),
        day: day("office").expect("a course"),
    }
}

fn site(chips: f64, rate: f64, users: f64, jobs: f64) -> SiteInputs {
    SiteInputs {
        partitions: vec![Partition { name: "main".to_owned(), chips, training: chips / 4.0 }],
        pools: vec![pool(rate, 4.0)],
        developers: vec![develop(users)],
        tunes: vec![tune(jobs, 8), Tune { name: "more".to_owned(), ..tune(jobs, 16) }],
    }
}

#[test]
fn courses_keep_their_mean_and_reach_their_peak() {
    for word in DAYS {
        let course = day(word).expect("a course");
        assert!((course.iter().sum::<f64>() - 24.0).abs() < 1e-9);
        for peak in [1.0, 1.5, 2.5, 4.0] {
            let shaped = with_peak(&course, peak);
            assert!((shaped.iter().sum::<f64>() - 24.0).abs() < 1e-9);
            let top = shaped.iter().copied().fold(0.0, f64::max);
            assert!(word == "flat" || (top - peak).abs() < 1e-6, "{word} {peak} {top}");
        }
    }
}

proptest! {
    /// Every chip of every hour is somewhere, and nothing is handed out twice.
    #[test]
    fn chips_are_conserved(chips in 10.0_f64..5000.0, rate in 0.0_f64..800.0, users in 0.0_f64..5000.0, jobs in 0.0_f64..400.0) {
        let inputs = site(chips.floor(), rate, users, jobs);
        let found = site_day(&inputs);
        for h in &found.partitions[0] {
            let parts = h.training + h.serving + h.loading + h.develop + h.tune + h.batch - h.short;
            prop_assert!((parts - chips.floor()).abs() < 1e-6, "{h:?}");
            prop_assert!(h.tune >= 0.0 && h.batch > -1e-9);
        }
        for (t, d) in inputs.tunes.iter().zip(&found.tunes) {
            prop_assert!((d.done * d.job.chip_hours + d.restart_chip_hours - d.chip_hours).abs() < 1e-6 * (1.0 + d.chip_hours));
            prop_assert!(d.done <= t.jobs_per_day * 3.0 + 1e-6);
        }
        let p = &found.pools[0];
        prop_assert!(p.spared_chip_hours >= -1e-6 || p.loading_chip_hours > 0.0);
    }

    #[test]
    fn replicas_carry_the_hour_with_one_to_spare(rate in 0.1_f64..2000.0) {
        let p = pool(rate, 4.0);
        for (hour, h) in p.day().iter().enumerate() {
            prop_assert!(f64::from(h.replicas - 1) * p.rate_per_replica >= p.rate(hour) * (1.0 - 1e-9));
            prop_assert!(h.utilisation <= 1.0);
        }
    }
}

#[test]
fn replicas_load_before_the_hour_that_needs_them() {
    let quick = pool(100.0, 0.0).day();
    let slow = pool(100.0, 90.0).day();
    assert!(quick.iter().all(|h| h.loading == 0.0));
    let started: f64 = slow.iter().map(|h| f64::from(h.started)).sum();
    let loading: f64 = slow.iter().map(|h| h.loading).sum();
    assert!((loading - 1.5 * started).abs() < 1e-9, "an hour and a half each");
    let first = (0..24).find(|h| slow[*h].started > 0).expect("demand grows");
    assert!(slow[(first + 23) % 24].loading >= f64::from(slow[first].started));
}

#[test]
fn idle_slices_come_back() {
    let d = develop(700.0);
    let never = Develop { reclaim: Time::from_s(1e9), ..d.clone() };
    let at_once = Develop { reclaim: Time::ZERO, ..d.clone() };
    assert!((never.sessions().held.fraction() - 1.0).abs() < 1e-9);
    assert!(at_once.chips(14) < d.chips(14) && d.chips(14) < never.chips(14));
    // Little: sessions alive over the day are sessions times their life.
    let mean = (0..24).map(|h| d.alive(h)).sum::<f64>() / 24.0;
    assert!((mean - 700.0 * 4.0 / 24.0).abs() < 1e-6, "{mean}");
}

#[test]
fn spare_chips_go_to_fine_tuning_and_a_busy_site_leaves_jobs_waiting() {
    let roomy = site_day(&site(4000.0, 100.0, 100.0, 20.0));
    let t = &roomy.tunes[0];
    assert!((t.done - 20.0).abs() < 1e-6 && t.waiting < 1.0, "{t:?}");
    let mut crowded = site(300.0, 200.0, 300.0, 20_000.0);
    crowded.partitions[0].training = 0.0;
    let crowded = site_day(&crowded);
    assert!(
        crowded.tunes[0].waiting > 100.0 && crowded.tunes[0].interruptions > 0.0,
        "{:?}",
        crowded.tunes[0]
    );
}

#[test]
fn adapters_take_two_thirds_of_the_arithmetic() {
    let (lora, sft) = (tune(1.0, 8), Tune { method: Method::Supervised, ..tune(1.0, 8) });
    assert!((sft.job().time / lora.job().time - 1.5).abs() < 1e-9);
    // NeMo 24.12: Llama 2 13B, 14,629 against 10,176 tokens/s: 1.44.
    let by_hand = 4.0 * 70e9 * 1e8 / (8.0 * 989.4e12 * 0.38);
    assert!((lora.job().time.s() / by_hand - 1.0).abs() < 1e-9);
}

#[test]
fn a_rollout_waits_for_its_longest_answer() {
    let d = layout(1, Precision::Fp8);
    let step = step_on("llama-3-1-8b", &h100(), d);
    let costs = StepCosts::sample(&step, &shape("llama-3-1-8b"), &inputs(), 40_000).expect("costs");
    let run = |group| {
        let replicas = Replicas {
            costs: costs.clone(),
            replicas: 8,
            chips: 1,
            kv_tokens: 400_000,
            max_batch: 256,
            chunk_tokens: 2048,
        };
        let asked = Rollout { prompts: 64, group, lengths: Lengths { prompt: 500.0, answer: 1000.0 } };
        rollout_time(&asked, Pools::Aggregated(replicas), 16).expect("a rollout").s()
    };
    let (one, eight) = (run(1), run(8));
    // The longest of n geometric answers is about ln n + 0.58 times the mean.
    let longest = |n: f64| {
        (n.ln() + 0.577) * 1000.0 * step.pure_decode(1.0, &Lengths { prompt: 500.0, answer: 1000.0 }).s()
    };
    assert!(one > longest(64.0) && eight > longest(512.0), "{one} {eight}");
    assert!(eight < 8.0 * one, "a fuller batch is cheaper by the answer");
    let rl = Method::Reinforcement {
        steps: 100.0,
        rollout: Time::from_s(eight),
        tokens: 64.0 * 8.0 * 1500.0,
        weights: Data::from_gb(16.0),
        bandwidth: Bandwidth::from_gbit_per_s(400.0),
    };
    let job = Tune { method: rl, active_parameters: 8e9, ..tune(1.0, 8) }.job();
    assert!(job.rollout.fraction() > 0.5 && job.rollout.fraction() < 1.0, "{}", job.rollout.fraction());
}

#[test]
fn latencies_follow_the_hour() {
    let d = layout(4, Precision::Fp8);
    let mut p = pool(60.0, 4.0);
    p.spare = 0;
    p.service = Some(Service {
        step: step_on("llama-3-1-70b", &h100(), d),
        engine: inputs(),
        lengths: Lengths { prompt: 1155.0, answer: 211.0 },
        max_batch: 256.0,
    });
    let hours = p.day();
    let tpot = |h: usize| hours[h].tpot.expect("demand").s();
    let (busiest, quietest) = (
        (0..24).max_by(|a, b| hours[*a].utilisation.total_cmp(&hours[*b].utilisation)).expect("hours"),
        (0..24).min_by(|a, b| hours[*a].utilisation.total_cmp(&hours[*b].utilisation)).expect("hours"),
    );
    assert!(tpot(busiest) > tpot(quietest));
}

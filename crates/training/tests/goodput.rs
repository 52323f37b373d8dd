//! Failures, checkpoints, spares and stragglers: the closed form against a simulation, and against what is known.

// A helper outside a test function is still part of a test.
#![allow(clippy::expect_used)]

use gigatwin_quantity::{Hazard, Share, Time};
use gigatwin_training::{Component, GoodputInputs, Straggler, Tier, erlang_b, goodput, simulate};

fn per_thousand_days(x: f64) -> Hazard {
    Hazard::from_per_s(x / 1000.0 / 86_400.0)
}

fn minutes(x: f64) -> Time {
    Time::from_s(60.0 * x)
}

fn component(name: &str, rate: f64, detection: f64, loses_node: bool) -> Component {
    Component {
        name: name.to_owned(),
        rate: per_thousand_days(rate),
        detection: minutes(detection),
        loses_node,
    }
}

fn tier(name: &str, stall: f64, save: f64, load: f64, survives_node: bool) -> Tier {
    let s = Time::from_s;
    Tier { name: name.to_owned(), stall: s(stall), save: s(save), load: s(load), survives_node }
}

/// About Llama 3's cluster: 2,048 nodes, 3.8 failures per 1,000 node-days.
fn large() -> GoodputInputs {
    GoodputInputs {
        nodes: 2048,
        spares: 30,
        repair: Time::from_s(86_400.0),
        restart: minutes(8.0),
        components: vec![
            component("accelerator", 2.4, 1.0, true),
            component("network", 0.3, 10.0, false),
            component("software", 1.1, 5.0, false),
        ],
        tiers: vec![tier("node", 1.0, 5.0, 20.0, false), tier("shared", 4.0, 60.0, 200.0, true)],
        straggler: Straggler {
            rate: per_thousand_days(0.2),
            slowdown: Share::from_fraction(0.15),
            detection: minutes(90.0),
        },
    }
}

#[track_caller]
fn agrees(inputs: &GoodputInputs) {
    let closed = goodput(inputs, None).expect("progress");
    let intervals: Vec<Time> = closed.tiers.iter().map(|t| t.interval).collect();
    let training = Time::from_s(6_000.0 / closed.failures.per_s());
    let runs = 4;
    let mean: f64 = (0..runs)
        .map(|seed| simulate(inputs, &intervals, training, seed).expect("it ends").ettr.fraction())
        .sum::<f64>()
        / runs as f64;
    let error = mean / closed.ettr.fraction() - 1.0;
    assert!(error.abs() < 0.01, "closed {:.4}, simulated {mean:.4}", closed.ettr.fraction());
}

#[test]
fn closed_form_and_simulation_agree_within_one_per_cent() {
    agrees(&large());
    // Twelve times the nodes, with the spares that go with them.
    agrees(&GoodputInputs { nodes: 24_984, spares: 200, ..large() });
    // Spares that do not suffice: the job waits for repairs.
    agrees(&GoodputInputs { spares: 2, ..large() });
    // One tier, slow checkpoints, frequent failures.
    agrees(&GoodputInputs {
        nodes: 8192,
        spares: 400,
        tiers: vec![tier("shared", 30.0, 120.0, 300.0, true)],
        ..large()
    });
    // Stragglers that nobody finds for a day.
    let straggler = Straggler {
        rate: per_thousand_days(1.0),
        slowdown: Share::from_fraction(0.1),
        detection: Time::from_s(86_400.0 / 8.0),
    };
    agrees(&GoodputInputs { nodes: 512, straggler, ..large() });
}

#[test]
fn shares_of_wall_time_add_up() {
    for spares in [0, 3, 100] {
        let g = goodput(&GoodputInputs { spares, ..large() }, None).expect("progress");
        let sum: f64 = [g.ettr, g.checkpoints, g.rework, g.restarting, g.waiting, g.straggling]
            .iter()
            .map(|s| s.fraction())
            .sum();
        assert!((sum - 1.0).abs() < 1e-9, "{sum} {g:?}");
    }
}

#[test]
fn intervals_are_the_best_there_are() {
    let inputs = large();
    let best = goodput(&inputs, None).expect("progress");
    for i in 0..inputs.tiers.len() {
        for factor in [0.7, 1.4] {
            let mut intervals: Vec<Time> = best.tiers.iter().map(|t| t.interval).collect();
            intervals[i] = intervals[i] * factor;
            let other = goodput(&inputs, Some(&intervals)).expect("progress");
            assert!(other.ettr <= best.ettr, "tier {i} times {factor}");
        }
    }
}

#[test]
fn a_job_without_failures_loses_nothing() {
    let calm = GoodputInputs {
        components: Vec::new(),
        straggler: Straggler { rate: Hazard::ZERO, ..large().straggler },
        ..large()
    };
    let g = goodput(&calm, None).expect("progress");
    assert!((g.ettr.fraction() - 1.0).abs() < 1e-12);
}

#[test]
fn more_spares_never_hurt_and_failures_always_do() {
    let at = |spares, factor: f64| {
        let mut inputs = GoodputInputs { spares, ..large() };
        for c in &mut inputs.components {
            c.rate = c.rate * factor;
        }
        goodput(&inputs, None).map_or(0.0, |g| g.ettr.fraction())
    };
    assert!(at(0, 1.0) < at(5, 1.0) && at(5, 1.0) <= at(50, 1.0));
    assert!(at(30, 1.0) > at(30, 2.0) && at(30, 2.0) > at(30, 4.0));
}

#[test]
fn a_hopeless_run_says_so() {
    let inputs = GoodputInputs { nodes: 4_000_000, ..large() };
    let e = goodput(&inputs, None).expect_err("nothing is left");
    assert!(e.to_string().contains("no progress"), "{e}");
    assert!(goodput(&GoodputInputs { nodes: 0, ..large() }, None).is_err());
    assert!(goodput(&GoodputInputs { tiers: Vec::new(), ..large() }, None).is_err());
}

#[test]
fn erlang_of_the_tables() {
    // Two servers at load one: (1/2)/(1 + 1 + 1/2) = 0.2; ten at ten: 0.2146 (any traffic table).
    assert!((erlang_b(2, 1.0) - 0.2).abs() < 1e-12);
    assert!((erlang_b(10, 10.0) - 0.21458).abs() < 1e-5);
}

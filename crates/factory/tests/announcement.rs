//! The programme's own numbers, on the examples that stand for it: the announcement of 2025 on 100,000 chips, the
//! Regulation of 2026 and lot 2 of the tender on the reference gigafactory.

// A test may fail by panic; that is how it reports.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use gigatwin_factory::outcome::{Outcome, Status};
use gigatwin_factory::{Evaluator, Factory, run};

/// Relative error of an identity between figures.
const EXACT: f64 = 1e-9;

/// Rounding of a limit that is met exactly.
const ROUNDING: f64 = 1e-12;

const DRAWS: usize = 64;

fn example(name: &str) -> Factory {
    common::factory(name, &common::example(name))
}

fn value(outcome: &Outcome, id: &str) -> f64 {
    outcome.value(id).unwrap_or_else(|| panic!("{id} is n/a"))
}

/// Asserts that two figures are one.
fn equal(what: &str, a: f64, b: f64) {
    assert!((a - b).abs() <= EXACT * a.abs().max(b.abs()), "{what}: {a} against {b}");
}

/// Values of every input at a probability of its own, dealt by a fixed rule: a spread of corners and middles.
fn spread(factory: &Factory, k: usize) -> Vec<f64> {
    factory
        .inputs
        .iter()
        .enumerate()
        .map(|(i, input)| {
            // The golden ratio deals evenly without a generator.
            let u = ((i * 37 + k * 101 + 1) as f64 * 0.618_033_988_749_895).fract();
            input.distribution.quantile(u)
        })
        .collect()
}

#[test]
fn a_hundred_thousand_chips_are_about_four_ai_factories() {
    let outcome = run(&example("gigafactory-100k-chips"), 1, 0);
    let chips = value(&outcome, "site.accelerators");
    assert!((chips / 100_000.0 - 1.0).abs() <= 0.01, "{chips} accelerators");
    let ratio = value(&outcome, "site.ratio_to_ai_factory");
    assert!((3.5..=4.5).contains(&ratio), "{ratio} times the largest AI Factory");
}

#[test]
fn the_announced_cost_is_the_computing_and_the_rest_stands_beside_with_its_reason() {
    let outcome = run(&example("gigafactory-100k-chips"), 1, 0);
    let (computing, total) = (value(&outcome, "cost.capex_computing"), value(&outcome, "cost.capex_total"));
    assert!((3e9..=5e9).contains(&computing), "computing CAPEX of EUR {computing}");
    assert!(total > computing);
    let gate = |end: &str| {
        outcome.gates.iter().find(|g| g.id.ends_with(end)).unwrap_or_else(|| panic!("no gate {end}"))
    };
    let high = gate("announcement-cost-high");
    if total > 5e9 {
        assert_eq!(high.status, Status::Fail);
        assert!(!high.hard, "what the press said is no hard rule");
        // Why: what the total counts beside computing.
        for word in ["cost.capex_computing", "building"] {
            assert!(high.reason.contains(word), "the reason does not speak of {word}: {}", high.reason);
        }
    } else {
        assert_eq!(high.status, Status::Pass);
    }
    assert_eq!(gate("announcement-cost-low").status, Status::Pass);
    assert_eq!(gate("announcement-accelerators").status, Status::Pass);
    assert_eq!(gate("announcement-public-share").status, Status::Pass);
}

#[test]
fn the_announcement_caps_public_money_in_every_draw() {
    let factory = example("gigafactory-100k-chips");
    let outcome = run(&factory, 1, DRAWS);
    let share = outcome.metric("funding.public_share").unwrap();
    assert!(
        share.value.unwrap() <= 0.35 + ROUNDING && share.band.unwrap().p90 <= 0.35 + ROUNDING,
        "{share:?}"
    );
    assert!(value(&outcome, "funding.public") > 0.0);
}

#[test]
fn the_union_stays_under_its_ceiling_and_the_states_match_it() {
    let factory = example("gigafactory");
    let outcome = run(&factory, 1, DRAWS);
    let metric = |id: &str| outcome.metric(id).unwrap();
    let union = metric("funding.union_share_of_computing");
    assert!(union.value.unwrap() > 0.0);
    for share in [union.value.unwrap(), union.band.unwrap().p10, union.band.unwrap().p90] {
        assert!(share <= 0.17 + ROUNDING, "the Union pays {share} of the computing CAPEX");
    }
    let states = metric("funding.states_to_union");
    for ratio in [states.value.unwrap(), states.band.unwrap().p10] {
        assert!(ratio >= 1.0 - ROUNDING, "the States pay {ratio} of the Union's part");
    }
    let evaluator = Evaluator::new(&factory);
    for k in 0..DRAWS {
        let figures = evaluator.evaluate(&spread(&factory, k));
        let at = |id: &str| figures.iter().find(|f| f.0 == id).unwrap().1;
        assert!(at("funding.union_share_of_computing") <= 0.17 + ROUNDING, "draw {k}");
        assert!(at("funding.states") >= at("funding.union") * (1.0 - ROUNDING), "draw {k}");
        assert!(at("funding.union") >= 0.0 && at("funding.private") >= 0.0, "draw {k}");
    }
    let gate = outcome.gates.iter().find(|g| g.id.ends_with("union-share")).unwrap();
    assert_eq!(gate.probability, Some(1.0));
}

/// The examples with their public money in every legal form.
fn in_every_form(examples: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for (name, text) in examples {
        let line = text.lines().find(|l| l.starts_with("public_money")).unwrap().to_owned();
        for form in ["grant", "hour purchase", "share purchase", "loan", "none"] {
            all.push((
                format!("{name} by {form}"),
                common::with(&text, &line, &format!("public_money = \"{form}\"")),
            ));
        }
    }
    all
}

#[test]
fn sources_are_uses() {
    for (name, text) in in_every_form(common::examples()) {
        let factory = common::factory(&name, &text);
        let evaluator = Evaluator::new(&factory);
        let cases = std::iter::once(factory.inputs.base()).chain((0..16).map(|k| spread(&factory, k)));
        for (k, values) in cases.enumerate() {
            let figures = evaluator.evaluate(&values);
            let at = |id: &str| {
                let found = figures.iter().find(|f| f.0 == id).unwrap_or_else(|| panic!("{name}: no {id}")).1;
                assert!(found.is_finite(), "{name}, case {k}: {id} is n/a");
                found
            };
            let sources =
                at("funding.public") - at("funding.public_later") + at("funding.debt") + at("funding.equity");
            equal(
                &format!("{name}, case {k}: sources and uses"),
                sources,
                at("cost.capex_total") + at("funding.financing_cost"),
            );
            equal(
                &format!("{name}, case {k}: who pays"),
                at("funding.public") + at("funding.private"),
                at("cost.capex_total"),
            );
            let states: f64 = figures
                .iter()
                .filter(|f| f.0.starts_with("state.") && f.0.ends_with(".contribution"))
                .map(|f| f.1)
                .sum();
            equal(&format!("{name}, case {k}: the States"), states, at("funding.states"));
            assert!(
                at("funding.public_later") >= 0.0
                    && at("funding.debt") >= 0.0
                    && at("funding.equity") >= -1e-3,
                "{name}, case {k}"
            );
        }
    }
}

#[test]
fn hours_are_neither_made_nor_lost() {
    for (name, text) in common::examples() {
        let factory = common::factory(&name, &text);
        let evaluator = Evaluator::new(&factory);
        let cases = std::iter::once(factory.inputs.base()).chain((0..16).map(|k| spread(&factory, k)));
        for (k, values) in cases.enumerate() {
            let figures = evaluator.evaluate(&values);
            let at = |id: &str| figures.iter().find(|f| f.0 == id).unwrap().1;
            let sum = |of: &dyn Fn(&[&str]) -> bool| -> f64 {
                figures.iter().filter(|f| of(&f.0.split('.').collect::<Vec<_>>())).map(|f| f.1).sum()
            };
            let available = at("hours.available_annual");
            assert!(
                available <= at("hours.installed_annual") && at("hours.used_annual") <= available,
                "{name}, case {k}"
            );
            let tenants = sum(&|p| p[0] == "tenant" && p.len() == 3);
            assert!(tenants <= available * (1.0 + EXACT), "{name}, case {k}: {tenants} of {available} hours");
            if text.contains("hours = \"remainder\"") {
                equal(&format!("{name}, case {k}: hours of all tenants"), tenants, available);
            }
            // What the States get by contribution is divided among them.
            if text.contains("name  = \"states\"") {
                let of_states = sum(&|p| p == ["tenant", "states", "hours"]);
                equal(
                    &format!("{name}, case {k}: hours of the States"),
                    sum(&|p| p[0] == "state" && p[2] == "hours"),
                    of_states,
                );
            }
            for tenant in figures.iter().filter(|f| f.0.starts_with("tenant.") && f.0.ends_with(".hours")) {
                let classes: f64 =
                    figures.iter().filter(|f| f.0.starts_with(&format!("{}.", tenant.0))).map(|f| f.1).sum();
                assert!(classes <= tenant.1 * (1.0 + EXACT), "{name}, case {k}: classes of {}", tenant.0);
            }
        }
    }
}

#[test]
fn the_reference_gigafactory_is_one_of_lot_two() {
    let outcome = run(&example("gigafactory"), 1, 0);
    assert!(value(&outcome, "site.it_power") > 150e6);
    assert!(value(&outcome, "site.h100_equivalents") > 100_000.0);
    assert!(value(&outcome, "site.facility_power") > value(&outcome, "site.it_power"));
    let of_tender: Vec<_> = outcome.gates.iter().filter(|g| g.id.starts_with("tender-2026")).collect();
    assert!(of_tender.iter().filter(|g| g.hard).count() >= 5, "the tender has hard gates");
    for gate in of_tender.iter().filter(|g| g.hard) {
        assert_ne!(gate.status, Status::Fail, "{}: {}", gate.id, gate.reason);
    }
    for gate in outcome.gates.iter().filter(|g| g.hard && g.id.starts_with("regulation-2026-150")) {
        assert_ne!(gate.status, Status::Fail, "{}: {}", gate.id, gate.reason);
    }
}

#[test]
fn the_largest_ai_factory_is_of_its_published_size() {
    let outcome = run(&example("ai-factory-jupiter"), 1, 0);
    // 5,938 nodes of four superchips.
    assert_eq!(value(&outcome, "site.accelerators"), 23_752.0);
    equal("ratio to itself", value(&outcome, "site.ratio_to_ai_factory"), 1.0);
}

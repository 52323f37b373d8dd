//! Explanations cannot drift: every figure whose formula is stated is what the formula gives, and every figure that a run
//! produces is declared.

// A test may fail by panic; that is how it reports.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use std::collections::BTreeSet;

use gigatwin_factory::explain::{explain, formulas};
use gigatwin_factory::metric::{Formula, METRICS, MetricDef, definition};
use gigatwin_factory::{Evaluator, run};

/// Largest relative difference between a figure and its formula.
const TOLERANCE: f64 = 1e-9;

/// Arithmetic figures that any example must have.
const LEAST: usize = 25;

/// Figures that scripts of users depend on, whatever the file. They stay, by these names.
const ALWAYS: &[&str] = &[
    "site.accelerators",
    "site.h100_equivalents",
    "site.it_power",
    "site.facility_power",
    "site.pue",
    "site.wue",
    "site.erf",
    "energy.annual",
    "energy.price",
    "energy.carbon_annual",
    "cost.capex_total",
    "cost.capex_computing",
    "cost.opex_annual",
    "cost.lcoc_per_accelerator_hour",
    "cost.lcoc_per_h100e_hour",
    "funding.union",
    "funding.states",
    "funding.private",
    "funding.public_share",
    "finance.irr_equity",
    "finance.dscr_min",
    "schedule.opening",
];

/// The same for things that the file names: prefix, and what stands behind the name.
const NAMED: &[(&str, &[&str])] = &[
    ("training", &["days", "step_time", "mfu", "ettr", "energy", "cost"]),
    ("serving", &["tokens_per_second", "chips", "cost_per_million_tokens"]),
    ("tenant", &["hours"]),
    ("state", &["hours"]),
];

#[test]
fn every_figure_is_what_its_formula_gives() {
    let mut covered: BTreeSet<&'static str> = BTreeSet::new();
    for (name, text) in common::examples() {
        let outcome = run(&common::factory(&name, &text), 1, 0);
        let found = formulas(&outcome);
        assert!(found.len() >= LEAST, "{name}: only {} arithmetic figures", found.len());
        for (id, stated, computed) in found {
            let size = stated.abs().max(computed.abs());
            assert!(
                (stated - computed).abs() <= TOLERANCE * size,
                "{name}: {id} is stated as {stated}, its formula gives {computed}"
            );
            covered.insert(definition(&id).unwrap().id);
        }
    }
    let missed: Vec<&str> =
        METRICS.iter().filter(|d| d.formula.is_some() && !covered.contains(d.id)).map(|d| d.id).collect();
    assert!(missed.is_empty(), "no example tests the formulas of {missed:?}");
}

#[test]
fn every_formula_reads_and_speaks_of_declared_figures() {
    for def in METRICS {
        let Some(text) = def.formula else { continue };
        let name = def.id.contains("{name}").then_some("some-name");
        let formula = Formula::read(text, name).unwrap_or_else(|e| panic!("{}: {e}", def.id));
        let parts = formula.parts();
        assert!(!parts.is_empty(), "{}: a formula of numbers alone", def.id);
        for part in parts {
            let id = match part {
                Formula::Metric(id) if id == "year_s" => continue,
                Formula::Metric(id) => id.clone(),
                Formula::Sum(pattern) => pattern.replace('*', "some-name"),
                other => panic!("{}: {other:?} is no part", def.id),
            };
            assert!(
                definition(&id).is_some(),
                "{}: its formula speaks of {id}, which is not declared",
                def.id
            );
        }
    }
}

#[test]
fn every_figure_has_one_declaration_with_formula_or_model() {
    let mut seen = BTreeSet::new();
    for MetricDef { id, label, formula, model, factor, .. } in METRICS {
        assert!(seen.insert(id), "{id} is declared twice");
        assert!(!label.is_empty(), "{id} has no label");
        assert_eq!(formula.is_none(), !model.is_empty(), "{id} wants either a formula or a model");
        assert!(factor.is_finite() && *factor > 0.0, "{id} has the factor {factor}");
    }
}

#[test]
fn every_figure_that_is_computed_is_declared() {
    for (name, text) in common::examples() {
        let factory = common::factory(&name, &text);
        let figures = Evaluator::new(&factory).evaluate(&factory.inputs.base());
        for (id, _) in &figures {
            assert!(definition(id).is_some(), "{name}: {id} is computed and nowhere declared");
        }
        let outcome = run(&factory, 1, 0);
        assert_eq!(
            outcome.metrics.len(),
            figures.len(),
            "{name}: figures get lost on the way to the outcome"
        );
        for metric in &outcome.metrics {
            assert!(std::ptr::eq(definition(&metric.id).unwrap(), metric.def), "{name}: {}", metric.id);
            assert!(metric.value.is_none_or(f64::is_finite), "{name}: {} is not finite", metric.id);
        }
    }
}

#[test]
fn the_figures_of_the_contract_are_there() {
    for (name, text) in common::examples() {
        let factory = common::factory(&name, &text);
        let outcome = run(&factory, 1, 0);
        for id in ALWAYS {
            assert!(outcome.metric(id).is_some(), "{name} has no {id}");
        }
        for (prefix, keys) in NAMED {
            let table = match *prefix {
                "training" => "[[train]]",
                "serving" => "[[serve]]",
                "tenant" => "[[tenant]]",
                _ => "[[state]]",
            };
            // Without any State the host pays the States' part.
            let wanted = text.matches(table).count().max(usize::from(*prefix == "state"));
            for key in *keys {
                let found = outcome.names(&format!("{prefix}."), &format!(".{key}")).len();
                assert_eq!(found, wanted, "{name}: {prefix}.NAME.{key}");
            }
        }
    }
}

#[test]
fn what_the_examples_are_for_is_known() {
    // These have prices and rules of their own: none of the money may be missing.
    for name in ["gigafactory", "gigafactory-100k-chips"] {
        let outcome = run(&common::factory(name, &common::example(name)), 1, 0);
        // Water follows humidity, which is not known of every place.
        for id in ALWAYS.iter().filter(|id| **id != "site.wue") {
            assert!(outcome.value(id).is_some(), "{name}: {id} is n/a");
        }
    }
}

#[test]
fn every_figure_can_be_explained() {
    let name = "gigafactory";
    let factory = common::factory(name, &common::example(name));
    let outcome = run(&factory, 1, 0);
    for id in ["cost.lcoc_per_accelerator_hour", "funding.union", "site.pue", "training.frontier.cost"] {
        let explanation = explain(&factory, &outcome, id).unwrap();
        assert_eq!(explanation.metric.id, id);
        let leads = !explanation.parts.is_empty() || !explanation.inputs.is_empty();
        assert!(leads, "{id} is explained by nothing");
    }
    let unknown = explain(&factory, &outcome, "site.peu").unwrap_err();
    assert!(unknown.nearest.contains(&"site.pue".to_owned()), "{:?}", unknown.nearest);
}

//! Same file, same seed: same answer, on any number of threads; and what the seed may and may not change.

// A test may fail by panic; that is how it reports.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use gigatwin_factory::outcome::Outcome;
use gigatwin_factory::{Factory, run};

/// Enough for every quantile to lie between draws.
const DRAWS: usize = 32;

fn factories() -> Vec<(String, Factory)> {
    common::examples().into_iter().map(|(name, text)| (name.clone(), common::factory(&name, &text))).collect()
}

fn on_threads(factory: &Factory, threads: usize) -> Outcome {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| run(factory, 7, DRAWS))
}

/// All figures with every bit.
fn bits(outcome: &Outcome) -> Vec<(String, Option<u64>, Option<[u64; 3]>)> {
    outcome
        .metrics
        .iter()
        .map(|m| {
            let band = m.band.map(|b| [b.p10, b.p50, b.p90].map(f64::to_bits));
            (m.id.clone(), m.value.map(f64::to_bits), band)
        })
        .collect()
}

#[test]
fn the_same_run_gives_the_same_bits() {
    for (name, text) in common::examples() {
        let first = run(&common::factory(&name, &text), 7, DRAWS);
        let second = run(&common::factory(&name, &text), 7, DRAWS);
        assert_eq!(first, second, "{name}");
        assert_eq!(bits(&first), bits(&second), "{name}");
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    for (name, factory) in factories() {
        let alone = on_threads(&factory, 1);
        for threads in [2, 3] {
            let together = on_threads(&factory, threads);
            assert_eq!(alone, together, "{name} on {threads} threads");
            assert_eq!(bits(&alone), bits(&together), "{name} on {threads} threads");
        }
    }
}

#[test]
fn another_seed_changes_the_bands_and_nothing_else() {
    for (name, factory) in factories() {
        let (one, two) = (run(&factory, 1, DRAWS), run(&factory, 2, DRAWS));
        let values = |o: &Outcome| -> Vec<_> { o.metrics.iter().map(|m| (m.id.clone(), m.value)).collect() };
        assert_eq!(values(&one), values(&two), "{name}: base values");
        let verdicts = |o: &Outcome| -> Vec<_> {
            o.gates.iter().map(|g| (g.id.clone(), g.status, g.reason.clone())).collect()
        };
        assert_eq!(verdicts(&one), verdicts(&two), "{name}: gates");
        assert_eq!(one.matters, two.matters, "{name}: what matters is no matter of luck");
        assert_eq!(one.notes, two.notes, "{name}: notes");
        assert_eq!(one.infeasible, two.infeasible, "{name}: what cannot be");
        let band = |o: &Outcome| o.metric("cost.lcoc_per_accelerator_hour").unwrap().band.unwrap();
        assert_ne!(band(&one), band(&two), "{name}: the seed must be used");
    }
}

#[test]
fn quantiles_are_in_order_and_uncertain_figures_have_width() {
    for (name, factory) in factories() {
        let outcome = run(&factory, 3, DRAWS);
        assert_eq!(outcome.draws, DRAWS);
        for metric in &outcome.metrics {
            let Some(band) = metric.band else {
                assert!(metric.value.is_none(), "{name}: {} has a value and no band", metric.id);
                continue;
            };
            assert!(band.p10 <= band.p50 && band.p50 <= band.p90, "{name}: {} {band:?}", metric.id);
            assert!(band.p10.is_finite() && band.p90.is_finite(), "{name}: {} {band:?}", metric.id);
        }
        for id in ["cost.capex_total", "cost.lcoc_per_accelerator_hour", "energy.cost_annual", "site.pue"] {
            let band = outcome.metric(id).unwrap().band.unwrap();
            assert!(band.p10 < band.p90, "{name}: {id} is certain");
        }
        for gate in &outcome.gates {
            assert!(gate.probability.is_none_or(|p| (0.0..=1.0).contains(&p)), "{name}: {}", gate.id);
        }
        assert_eq!(outcome.matters.len(), 3, "{name}: the three inputs that matter most");
    }
}

#[test]
fn without_draws_there_are_no_bands() {
    for (name, factory) in factories() {
        let plain = run(&factory, 7, 0);
        assert_eq!(plain.draws, 0);
        assert!(plain.metrics.iter().all(|m| m.band.is_none()), "{name}");
        assert!(plain.gates.iter().all(|g| g.probability.is_none()), "{name}");
        assert!(plain.matters.is_empty(), "{name}");
        let drawn = run(&factory, 7, DRAWS);
        let values = |o: &Outcome| -> Vec<_> { o.metrics.iter().map(|m| (m.id.clone(), m.value)).collect() };
        assert_eq!(values(&plain), values(&drawn), "{name}: draws do not move the base case");
    }
}

#[test]
fn the_stamp_follows_the_text() {
    let text = common::example("gigafactory");
    let stamp = |text: &str| run(&common::factory("factory.toml", text), 1, 0).stamp;
    let before = stamp(&text);
    assert_eq!(before, stamp(&text));
    assert_eq!(before.inputs_sha256.len(), 64);
    assert_ne!(before.inputs_sha256, stamp(&format!("{text}\n# a remark\n")).inputs_sha256);
}

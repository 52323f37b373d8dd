//! HiGHS gives the same answers: `cargo test -p gigatwin-energy --features highs --test highs`.
#![cfg(feature = "highs")]
#![allow(clippy::unwrap_used, clippy::panic)] // a helper of tests
use gigatwin_energy::dispatch::*;
use gigatwin_quantity::*;
use proptest::prelude::*;

mod common;
use common::*;

fn both(case: &Case) -> (f64, f64) {
    let by = |engine| case.dispatch(&Policy { engine, ..Policy::default() }).unwrap().proof;
    let (own, highs) = (by(Engine::Own), by(Engine::Highs));
    // Each brings its own proof.
    assert!(own.gap.unwrap() <= 1e-6 && highs.gap.unwrap() <= 1e-6);
    (own.objective.eur(), highs.objective.eur())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn both_solvers_cost_the_same(case in site(120)) {
        let (own, highs) = both(&case);
        prop_assert!((own - highs).abs() <= 1e-6 * highs.abs().max(1e3), "{own} {highs}");
    }

    #[test]
    fn both_solvers_size_the_same(case in site(120), solar in 5.0f64..80.0, cells in 1.0f64..30.0) {
        let case = of_any_size(case, solar, cells);
        let (own, highs) = both(&case);
        prop_assert!((own - highs).abs() <= 1e-6 * highs.abs().max(1e3), "{own} {highs}");
    }
}

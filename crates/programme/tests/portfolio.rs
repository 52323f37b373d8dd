//! The portfolio against brute force, and the ranking's laws.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use gigatwin_programme::portfolio::{Candidate, Limits, PortfolioError, choose, prices};
use gigatwin_programme::score::{Criterion, Formula, Part, Points, Range};
use gigatwin_quantity::Money;
use proptest::prelude::*;

const STATES: [&str; 4] = ["DE", "FR", "PL", "ES"];

fn meets(candidates: &[Candidate], limits: &Limits, set: u32) -> bool {
    let taken: Vec<&Candidate> =
        candidates.iter().enumerate().filter(|(i, _)| set >> i & 1 == 1).map(|(_, c)| c).collect();
    let count = |state: &str| taken.iter().filter(|c| c.state == state).count();
    let sum = |f: fn(&Candidate) -> f64| taken.iter().map(|c| f(c)).sum::<f64>();
    limits.lots.iter().all(|(lot, most)| taken.iter().filter(|c| c.lot == *lot).count() <= *most)
        && limits.sites.is_none_or(|n| taken.len() <= n)
        && limits.budget_now.is_none_or(|m| sum(|c| c.union_now.eur()) <= m.eur() + 1e-3)
        && limits.budget_total.is_none_or(|m| sum(|c| c.union_total.eur()) <= m.eur() + 1e-3)
        && limits.per_state.is_none_or(|n| STATES.iter().all(|s| count(s) <= n))
        && limits.named.iter().all(|s| count(s) >= 1)
        && limits.states.is_none_or(|n| STATES.iter().filter(|s| count(s) > 0).count() >= n)
}

fn candidate() -> impl Strategy<Value = Candidate> {
    (0..1000u32, 1..3u8, 0..4usize, 1..5u32, 0..9u32).prop_map(|(value, lot, state, now, later)| Candidate {
        value: f64::from(value) / 1000.0,
        lot,
        state: STATES[state].to_owned(),
        union_now: Money::from_eur(f64::from(now) * 50e6),
        union_total: Money::from_eur(f64::from(now + later) * 50e6),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn no_choice_beats_the_one_found(
        candidates in proptest::collection::vec(candidate(), 1..10),
        lots in (0..4usize, 0..4usize),
        sites in proptest::option::of(0..6usize),
        now in proptest::option::of(0..12u32),
        total in proptest::option::of(0..40u32),
        per_state in proptest::option::of(1..3usize),
        named in proptest::option::of(0..4usize),
        states in proptest::option::of(0..4usize),
    ) {
        let limits = Limits {
            lots: vec![(1, lots.0), (2, lots.1)],
            sites,
            budget_now: now.map(|n| Money::from_eur(f64::from(n) * 50e6)),
            budget_total: total.map(|n| Money::from_eur(f64::from(n) * 50e6)),
            per_state,
            named: named.map(|s| STATES[s].to_owned()).into_iter().collect(),
            states,
        };
        let value = |set: u32| (0..candidates.len()).filter(|i| set >> i & 1 == 1).map(|i| candidates[i].value).sum::<f64>();
        let best = (0..1u32 << candidates.len()).filter(|s| meets(&candidates, &limits, *s)).map(value).fold(f64::NEG_INFINITY, f64::max);
        match choose(&candidates, &limits) {
            Ok(found) => {
                let set = found.chosen.iter().fold(0u32, |s, i| s | 1 << i);
                prop_assert!(meets(&candidates, &limits, set), "{found:?} breaks {limits:?}");
                prop_assert!((found.value - best).abs() < 1e-6, "found {} of {best}", found.value);
                for price in prices(&candidates, &limits, &found).unwrap() {
                    prop_assert!(price.gain >= 0.0);
                }
            }
            Err(PortfolioError::Infeasible(_)) => prop_assert!(best == f64::NEG_INFINITY, "a choice of {best} exists"),
            Err(e) => return Err(TestCaseError::fail(e.to_string())),
        }
    }
}

fn formula() -> Formula {
    let criterion = |id: &str, part, low, mode, high| Criterion {
        id: id.to_owned(),
        title: id.to_owned(),
        part,
        weight: Range { low, mode, high },
    };
    Formula {
        parts: [0.5, 0.25, 0.25],
        criteria: vec![
            criterion("quality", Part::X1, 0.5, 0.6, 0.7),
            criterion("pue", Part::X1, 0.1, 0.1, 0.1),
            criterion("scale", Part::X2, 1.0, 1.0, 1.0),
            criterion("cost", Part::X3, 1.0, 1.0, 1.0),
        ],
    }
}

#[test]
fn a_bid_that_is_better_in_everything_is_always_first() {
    let k = Points::Known;
    let bids = vec![vec![k(0.5), k(0.5), k(0.5), k(0.5)], vec![k(0.9), k(0.8), k(0.7), k(0.6)]];
    let ranking = formula().rank(&bids, 1, 500, 3).unwrap();
    assert_eq!((ranking.standings[1].rank, ranking.standings[1].first), (1, 1.0));
    assert_eq!(ranking.stable_pairs, 1.0);
    assert!((ranking.standings[0].score - 0.5).abs() < 1e-12, "all at one half make one half");
}

#[test]
fn points_that_nobody_knows_make_the_order_unstable() {
    let unknown = Points::Unknown(Range { low: 0.0, mode: 0.5, high: 1.0 });
    let same = vec![unknown, Points::Known(0.5), Points::Known(0.5), Points::Known(0.5)];
    let ranking = formula().rank(&[same.clone(), same], 1, 4000, 3).unwrap();
    assert!((ranking.standings[0].first - 0.5).abs() < 0.05, "{:?}", ranking.standings);
    assert_eq!(ranking.stable_pairs, 0.0);
}

#[test]
fn points_outside_zero_to_one_are_refused() {
    assert!(formula().rank(&[vec![Points::Known(1.5); 4]], 1, 10, 1).is_err());
    assert!(formula().rank(&[vec![Points::Known(0.5); 3]], 1, 10, 1).is_err());
}

proptest! {
    #[test]
    fn the_order_of_the_bids_does_not_matter(points in proptest::collection::vec(proptest::collection::vec(0.0..1.0f64, 4), 2..6)) {
        let known: Vec<Vec<Points>> = points.iter().map(|p| p.iter().map(|x| Points::Known(*x)).collect()).collect();
        let mut reversed = known.clone();
        reversed.reverse();
        let a = formula().rank(&known, 2, 50, 9).unwrap();
        let mut b = formula().rank(&reversed, 2, 50, 9).unwrap();
        b.standings.reverse();
        for (x, y) in a.standings.iter().zip(&b.standings) {
            prop_assert!((x.score - y.score).abs() < 1e-12);
            prop_assert_eq!(x.rank, y.rank);
        }
    }
}

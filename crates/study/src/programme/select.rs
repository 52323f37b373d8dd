//! Which bids win: scores of the eligible ones, the portfolio, and what each constraint costs.

use gigatwin_programme::portfolio::{Candidate, Limits, Portfolio, PortfolioError, Price, choose, prices};
use gigatwin_programme::score::{Ranking, ScoreError};
use gigatwin_quantity::Money;

use super::assumptions::Assumptions;
use super::judge::{Judged, Standing};
use super::points::{Best, Figures, points};
use crate::bid::Bid;

/// What the user asks of the choice.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// At most one bid of a State (reported by the press before the launch; not verified in the tender).
    pub one_per_state: bool,
    /// States that must host a site.
    pub named: Vec<String>,
    /// Most sites in all, beside the lots' own numbers.
    pub sites: Option<usize>,
    /// Least number of host States.
    pub states: Option<usize>,
    /// Draws of weights and unknown points behind the stability of ranks.
    pub draws: usize,
    /// Seed.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options { one_per_state: false, named: Vec::new(), sites: None, states: None, draws: 10_000, seed: 1 }
    }
}

/// Why nothing can be chosen.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SelectError {
    /// Points are broken.
    #[error(transparent)]
    Score(#[from] ScoreError),
    /// The constraints contradict each other.
    #[error(transparent)]
    Portfolio(#[from] PortfolioError),
}

/// The choice.
#[derive(Debug, Clone, PartialEq)]
pub struct Selection {
    /// Positions of the eligible bids, in the order of the bids.
    pub eligible: Vec<usize>,
    /// Their ranking.
    pub ranking: Ranking,
    /// The limits that held.
    pub limits: Limits,
    /// The portfolio, positions among the eligible.
    pub portfolio: Portfolio,
    /// What each constraint costs.
    pub prices: Vec<Price>,
}

/// Figures behind the points of a bid.
pub(crate) fn figures(get: &dyn Fn(&str) -> Option<f64>) -> Figures {
    let over = |a: &str, b: &str| get(a).zip(get(b)).map(|(a, b)| a / b);
    Figures {
        pue: get("site.pue"),
        renewable_hourly: get("energy.renewable_share_hourly"),
        renewable_annual: get("energy.renewable_share_annual"),
        flexible: over("site.grid_flexible", "site.grid_firm"),
        headroom: over("site.grid_headroom", "site.facility_power"),
        irr: get("finance.irr_equity"),
        h100e: get("site.h100_equivalents"),
        cost: get("cost.lcoc_per_h100e_hour"),
    }
}

/// Union money of a bid's first phase and of the whole, within the caps of its lot.
pub(crate) fn union_money(bid: &Bid, assumptions: &Assumptions, union: Option<f64>) -> (Money, Money) {
    let Some(lot) = assumptions.lot(bid.lot) else { return (Money::from_eur(0.0), Money::from_eur(0.0)) };
    let total = union.unwrap_or(0.0).clamp(0.0, lot.caps.0.eur() + lot.caps.1.eur());
    (Money::from_eur(total.min(lot.caps.0.eur())), Money::from_eur(total))
}

/// The limits of the call with the user's own.
pub(crate) fn limits(assumptions: &Assumptions, options: &Options) -> Limits {
    Limits {
        lots: assumptions.lots.iter().map(|l| (l.number, l.sites)).collect(),
        sites: options.sites,
        budget_now: Some(assumptions.budgets.0),
        budget_total: Some(assumptions.budgets.1),
        per_state: options.one_per_state.then_some(1),
        named: options.named.clone(),
        states: options.states,
    }
}

/// Ranks the eligible bids and chooses.
///
/// # Errors
/// Where the constraints contradict each other.
pub fn select(
    bids: &[Bid],
    judged: &[Judged],
    assumptions: &Assumptions,
    options: &Options,
) -> Result<Selection, SelectError> {
    let eligible: Vec<usize> =
        (0..bids.len()).filter(|i| judged[*i].standing == Standing::Eligible).collect();
    let facts: Vec<Figures> = eligible.iter().map(|i| figures(&|id| judged[*i].value(id))).collect();
    let best = Best::of(facts.iter());
    let all: Vec<_> =
        facts.iter().map(|f| points(f, &best, assumptions.hurdle.mode, assumptions.unknown)).collect();
    let limits = limits(assumptions, options);
    let seats = limits.lots.iter().map(|l| l.1).sum::<usize>().min(options.sites.unwrap_or(usize::MAX));
    let ranking = assumptions.formula.rank(&all, seats, options.draws, options.seed)?;
    let candidates: Vec<Candidate> = eligible
        .iter()
        .zip(&ranking.standings)
        .map(|(i, standing)| {
            let (union_now, union_total) =
                union_money(&bids[*i], assumptions, judged[*i].value("funding.union"));
            Candidate {
                value: standing.score,
                lot: assumptions.lot(bids[*i].lot).map_or(1, |l| l.number),
                state: bids[*i].state.clone(),
                union_now,
                union_total,
            }
        })
        .collect();
    let portfolio = choose(&candidates, &limits)?;
    let prices = prices(&candidates, &limits, &portfolio)?;
    Ok(Selection { eligible, ranking, limits, portfolio, prices })
}

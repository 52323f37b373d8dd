//! The score of one bid, traced to the figures it rests on.

use gigatwin_programme::score::{Part, Points};

use super::assumptions::Assumptions;
use super::judge::Judged;
use super::points::{Best, points};
use super::select::{Selection, figures};

/// One criterion of one bid.
#[derive(Debug, Clone, PartialEq)]
pub struct Criterion {
    /// Id.
    pub id: String,
    /// What it looks at.
    pub title: String,
    /// X1, X2 or X3.
    pub part: Part,
    /// Weight in the whole score, with every range at its mode.
    pub weight: f64,
    /// Points between 0 and 1, at the mode where they are drawn.
    pub points: f64,
    /// The range, where evaluators give the points or nobody knows.
    pub drawn: Option<(f64, f64)>,
    /// Weight times points.
    pub gives: f64,
    /// Figures of the site that the points are computed from, with their values in base units.
    pub figures: Vec<(&'static str, Option<f64>)>,
    /// How points follow from them.
    pub rule: &'static str,
}

/// Figures and rule behind each criterion, in the order of the formula.
const RULES: [(&[&str], &str); 10] = [
    (&["site.pue"], "nothing at 1.35, all at 1.10, a straight line between"),
    (
        &["energy.renewable_share_hourly", "energy.renewable_share_annual"],
        "all where every hour is renewable; else up to 0.8, from 20 to 80 % of the year",
    ),
    (&["site.grid_flexible", "site.grid_firm"], "flexible over firm capacity, all at 20 %"),
    (&["site.grid_headroom", "site.facility_power"], "room at the grid over the site's power, all at 10 %"),
    (&[], "given by evaluators: drawn"),
    (&[], "given by evaluators: drawn"),
    (&["finance.irr_equity"], "equity return over what sponsors ask for"),
    (&["site.h100_equivalents"], "over the largest eligible bid"),
    (&[], "given by evaluators: drawn"),
    (&["cost.lcoc_per_h100e_hour"], "the cheapest eligible bid over this one"),
];

/// Traces the score of the bid at a position; `None` where it is not eligible, so that it has no score.
#[must_use]
pub fn trace(
    bid: usize,
    judged: &[Judged],
    selection: &Selection,
    assumptions: &Assumptions,
) -> Option<Vec<Criterion>> {
    if !selection.eligible.contains(&bid) {
        return None;
    }
    let facts: Vec<_> = selection.eligible.iter().map(|i| figures(&|id| judged[*i].value(id))).collect();
    let best = Best::of(facts.iter());
    let mine = figures(&|id| judged[bid].value(id));
    let given = points(&mine, &best, assumptions.hurdle.mode, assumptions.unknown);
    let formula = &assumptions.formula;
    let mut sums = [0.0; 3];
    for c in &formula.criteria {
        sums[c.part as usize] += c.weight.mode;
    }
    let lines = formula
        .criteria
        .iter()
        .zip(&given)
        .zip(RULES)
        .map(|((c, p), (ids, rule))| {
            let part = c.part as usize;
            let weight = formula.parts[part] * c.weight.mode / sums[part].max(1e-12);
            let (points, drawn) = match p {
                Points::Known(x) => (*x, None),
                Points::Unknown(r) => (r.mode, Some((r.low, r.high))),
            };
            Criterion {
                id: c.id.clone(),
                title: c.title.clone(),
                part: c.part,
                weight,
                points,
                drawn,
                gives: weight * points,
                figures: ids.iter().map(|id| (*id, judged[bid].value(id))).collect(),
                rule,
            }
        })
        .collect();
    Some(lines)
}

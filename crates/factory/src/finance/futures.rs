//! Later phases whose public money may never come.

use gigatwin_finance::cashflow::Workspace;
use gigatwin_quantity::Money;

use super::case::{Financed, Form, Tweak, core};
use crate::evaluate::Physical;
use crate::inputs::Values;
use crate::resolved::Factory;

/// What may become of the money for later phases, and what then.
#[derive(Debug, Clone, PartialEq)]
pub struct Future {
    /// Words.
    pub label: &'static str,
    /// Few words.
    pub short: &'static str,
    /// Union and States together.
    pub public: Money,
    /// Equity return.
    pub irr_equity: Option<f64>,
    /// Equity value at the required return.
    pub npv_equity: Money,
    /// Lowest yearly cover.
    pub dscr_min: Option<f64>,
    /// Senior debt.
    pub debt: Money,
    /// Public accelerator-hours over the term.
    pub public_hours: f64,
}

/// Four futures of a site with several phases; none where there is one phase.
pub(super) fn futures(
    f: &Factory,
    base: &[f64],
    p: &Physical,
    m: &Financed,
    own: Form,
    work: &mut Workspace,
) -> Vec<Future> {
    if f.phases.len() < 2 {
        return Vec::new();
    }
    let mut one = |label, short, later: Option<f64>, tweak: Tweak| {
        let mut values = base.to_vec();
        for (i, phase) in f.phases.iter().enumerate() {
            if let (true, Some(later)) = (i > 0, later) {
                values[phase.funded.id() as usize] = later;
            }
        }
        let v = Values::new(&f.inputs, &values);
        let c = core(f, &v, p, m, own, tweak, work).ok()?;
        let public = if tweak.first_phase_alone {
            c.funding.phases.first().map_or(Money::ZERO, |s| s.split.public() * s.probability.fraction())
        } else {
            c.funding.expected.public()
        };
        Some(Future {
            label,
            short,
            public,
            irr_equity: c.outcome.equity.xirr.rate(),
            npv_equity: c.outcome.equity.xnpv,
            dscr_min: c.outcome.dscr_min,
            debt: c.outcome.funding.debt,
            public_hours: c.subsidy.hours,
        })
    };
    let alone = Tweak { first_phase_alone: true, ..Tweak::NONE };
    [
        one("money of later phases as expected", "as expected", None, Tweak::NONE),
        one("all of it comes", "all of it comes", Some(1.0), Tweak::NONE),
        one(
            "none of it comes, later phases are built all the same",
            "none, all is built",
            Some(0.0),
            Tweak::NONE,
        ),
        one("later phases are never built", "first phase alone", Some(0.0), alone),
    ]
    .into_iter()
    .flatten()
    .collect()
}

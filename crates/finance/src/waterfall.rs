//! Tax, reserve and what is left for whom.

use gigatwin_quantity::Money;

use crate::cashflow::Workspace;
use crate::lending::coming;
use crate::outcome::Shortfall;
use crate::plan::{LossRule, Plan, RatioBasis};

/// Losses carried forward and the tax that is left.
struct Books {
    rate: f64,
    rule: LossRule,
    losses: f64,
}

impl Books {
    /// Returns (losses used, tax) of a year's profit.
    fn settle(&mut self, profit: f64) -> (f64, f64) {
        match self.rule {
            LossRule::Immediate => (0.0, self.rate * profit),
            LossRule::CarriedForward { share } => {
                let used = self.losses.min(share.fraction() * profit.max(0.0));
                self.losses += (-profit).max(0.0) - used;
                (used, self.rate * (profit - used).max(0.0))
            }
        }
    }
}

/// Reserve, tax and what is left for whom. Returns the first shortfall.
pub(crate) fn waterfall(plan: &Plan, book: f64, work: &mut Workspace) -> Option<Shortfall> {
    let step = f64::from(plan.step.months());
    let per_year = 12 / plan.step.months() as usize;
    let count = work.periods.len();
    let rate = plan.tax.rate.fraction();
    let mut levered = Books { rate, rule: plan.tax.losses, losses: 0.0 };
    let mut unlevered = Books { rate, rule: plan.tax.losses, losses: 0.0 };
    let (mut profit, mut profit_unlevered, mut surplus) = (0.0, 0.0, 0.0);
    let mut shortfall = None;
    let mut reserve = coming(&work.periods, 0, plan.reserve.months, step);
    let reserve_rate = plan.reserve.interest.fraction() * step / 12.0;
    for k in 0..count {
        let next = if plan.reserve.months > 0.0 {
            coming(&work.periods, k + 1, plan.reserve.months, step)
        } else {
            0.0
        };
        let Some(row) = work.periods.get_mut(k) else { break };
        let earned = reserve * reserve_rate;
        let disposal = if k + 1 == count { row.residual.eur() - book } else { 0.0 };
        let operating = row.ebitda.eur() - row.depreciation.eur() + disposal;
        profit_unlevered += operating;
        let income = operating - row.interest.eur() - row.loan_interest.eur() + earned;
        row.taxable_income = Money::from_eur(income);
        profit += income;
        let settles = (k + 1) % per_year == 0 || k + 1 == count;
        let (mut used, mut tax, mut tax_unlevered) = (0.0, 0.0, 0.0);
        if settles {
            (used, tax) = levered.settle(profit);
            tax_unlevered = unlevered.settle(profit_unlevered).1;
            (profit, profit_unlevered) = (0.0, 0.0);
        }
        row.loss_used = Money::from_eur(used);
        row.loss_closing = Money::from_eur(levered.losses);
        row.tax = Money::from_eur(tax);
        row.unlevered_tax = Money::from_eur(tax_unlevered);
        let cash = row.ebitda.eur() - tax;
        row.cfads =
            if plan.debt.ratio_basis == RatioBasis::AfterTax { Money::from_eur(cash) } else { row.ebitda };
        let service = row.debt_service.eur();
        surplus += cash - service;
        // Within a year of operation earlier surplus may still pay; across years it has been distributed.
        if shortfall.is_none() && service > 0.0 && surplus + reserve < -1e-6 * service.abs().max(1.0) {
            shortfall = Some(Shortfall { date: row.date, amount: Money::from_eur(-(surplus + reserve)) });
        }
        if settles {
            surplus = 0.0;
        }
        row.reserve_interest = Money::from_eur(earned);
        row.reserve = Money::from_eur(next);
        row.equity = Money::from_eur(
            cash - service - row.loan_service.eur() + row.residual.eur() - row.replacement.eur()
                + earned
                + reserve
                - next,
        );
        row.project =
            Money::from_eur(row.ebitda.eur() - tax_unlevered + row.residual.eur() - row.replacement.eur());
        reserve = next;
    }
    shortfall
}

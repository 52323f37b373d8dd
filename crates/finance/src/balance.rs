//! The books of an evaluated project: what it owns and what it owes at the end of each operating period.
//!
//! Double entry: the left side counts stocks (book values, reserve), the right side counts debts and what shareholders
//! have paid in, taken out and earned. Nothing makes the sides equal but the cash flow itself.
//!
//! Investment is capitalised net of grants and written off as for tax; fees, advisers and interest before the first
//! opening are expensed when they arise (advisers are capitalised where the plan depreciates them). All surplus is
//! distributed in its period, so there is no cash beside the reserve.

use gigatwin_quantity::{Date, Money};

use crate::cashflow::Workspace;
use crate::operate::assets;
use crate::plan::{ConstructionInterest, Plan};

/// Books at the end of one period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BalanceRow {
    /// Time point.
    pub month: u32,
    /// Its date.
    pub date: Date,
    /// Book value of what was built and bought, net of grants.
    pub fixed_assets: Money,
    /// Reserve account.
    pub reserve: Money,
    /// Senior debt.
    pub debt: Money,
    /// Public loan.
    pub public_loan: Money,
    /// Paid in by shareholders less paid out to them, since the start.
    pub capital: Money,
    /// Profit after tax since the start.
    pub retained: Money,
}

impl BalanceRow {
    /// What is owned.
    pub fn assets(&self) -> Money {
        self.fixed_assets + self.reserve
    }

    /// What is owed, to lenders and to owners.
    pub fn liabilities(&self) -> Money {
        self.debt + self.public_loan + self.capital + self.retained
    }
}

/// The books of the last evaluation of `plan` in `work`, period by period.
pub fn balance_sheet(plan: &Plan, work: &Workspace) -> Vec<BalanceRow> {
    let advisers_capitalised = plan.tax.depreciate_financing;
    let capitalised = plan.debt.construction_interest == ConstructionInterest::Capitalised;
    let last = work.periods().len();
    let mut outlays = work.outlays().iter().peekable();
    let (mut capital, mut retained, mut written_off, mut invested) = (0.0, 0.0, 0.0, 0.0);
    // Balances before the first operating period, for interest that grew in them.
    let (mut drawn, mut drawn_loan) = (0.0, 0.0);
    let mut rows = Vec::with_capacity(last);
    for (k, r) in work.periods().iter().enumerate() {
        while let Some(o) = outlays.next_if(|o| o.month <= r.month) {
            invested += o.spend.eur() - o.grant.eur();
            capital -= o.equity.eur();
            retained -= o.interest.eur();
            if k == 0 && o.month <= first_point(work) {
                drawn += o.draw.eur();
                drawn_loan += o.loan_draw.eur();
            }
            let reserve = if o.month == first_point(work) { work.reserve_at_opening } else { 0.0 };
            let mut financing = o.financing.eur() - reserve;
            if advisers_capitalised && financing != 0.0 {
                invested += plan.other_financing.eur();
                financing -= plan.other_financing.eur();
            }
            retained -= financing;
        }
        if k == 0 {
            // What the balances at opening exceed the draws by is interest that was added to them.
            let loan_opening =
                r.loan_closing.eur() + r.loan_service.eur() - r.loan_interest.eur() - draw_in(work, r.month);
            if capitalised {
                retained -= r.debt_opening.eur() - drawn;
            }
            retained -= loan_opening - drawn_loan;
        }
        invested += r.replacement.eur();
        written_off += r.depreciation.eur();
        capital -= r.equity.eur();
        let mut profit = r.ebitda.eur() - r.depreciation.eur() - r.interest.eur() - r.loan_interest.eur()
            + r.reserve_interest.eur()
            - r.tax.eur();
        let mut fixed = invested - written_off;
        if k + 1 == last {
            // Everything is sold: its value over book is the last profit.
            profit += r.residual.eur() - book_at_end(plan, r.month);
            fixed -= book_at_end(plan, r.month);
        }
        retained += profit;
        rows.push(BalanceRow {
            month: r.month,
            date: r.date,
            fixed_assets: Money::from_eur(fixed),
            reserve: r.reserve,
            debt: r.debt_closing,
            public_loan: r.loan_closing,
            capital: Money::from_eur(capital),
            retained: Money::from_eur(retained),
        });
    }
    rows
}

fn first_point(work: &Workspace) -> u32 {
    let step = match work.periods() {
        [a, b, ..] => b.month - a.month,
        _ => 1,
    };
    work.periods().first().map_or(0, |r| r.month.saturating_sub(step))
}

/// Draws of the public loan for outlays inside the first period.
fn draw_in(work: &Workspace, until: u32) -> f64 {
    let from = first_point(work);
    work.outlays().iter().filter(|o| o.month > from && o.month <= until).map(|o| o.loan_draw.eur()).sum()
}

/// Book value of everything at the end of the project.
fn book_at_end(plan: &Plan, end: u32) -> f64 {
    assets(plan)
        .map(|(cost, _, from, life)| {
            cost * (1.0 - f64::from(end.saturating_sub(from).min(life)) / f64::from(life))
        })
        .sum()
}

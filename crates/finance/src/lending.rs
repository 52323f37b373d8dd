//! How large the debt is, what it pays, and what shareholders pay beside it.

use gigatwin_quantity::Money;

use crate::cashflow::Workspace;
use crate::debt::{Terms, accumulated, unit};
use crate::funding::SourcesAndUses;
use crate::outcome::{Binding, DebtSize};
use crate::plan::{ConstructionInterest, GearingBase, Plan, Profile};
use crate::rows::{OutlayRow, PeriodRow};

pub(crate) fn senior_terms(plan: &Plan, first: u32, step: u32, count: usize) -> Terms {
    let d = &plan.debt;
    Terms {
        rate: d.rate.fraction(),
        compounding: d.compounding,
        weight_building: d.draw_weight_building,
        weight_operating: d.draw_weight_operating,
        capitalise: d.construction_interest == ConstructionInterest::Capitalised,
        periods: (d.tenor_months.div_ceil(step) as usize).min(count),
        first,
        step,
    }
}

/// Sizes the senior debt and the public loan and writes their lines.
pub(crate) fn lend(
    plan: &Plan,
    first: u32,
    step: u32,
    count: usize,
    work: &mut Workspace,
) -> (DebtSize, SourcesAndUses) {
    let terms = senior_terms(plan, first, step, count);
    let d = &plan.debt;
    let senior = unit(&terms, &work.outlays, &mut work.senior_draws);
    let net: f64 = work.outlays.iter().map(|o| o.spend.eur() - o.grant.eur()).sum();
    let base = match d.gearing_base {
        GearingBase::Investment => net,
        GearingBase::InvestmentAndFinancing => {
            net * (1.0 + d.upfront_fee.fraction()) + plan.other_financing.eur()
        }
    };
    let cash = |r: &PeriodRow| r.ebitda.eur().max(0.0);
    let shape = |r: &PeriodRow| if d.profile == Profile::Level { 1.0 } else { cash(r) };
    let accumulation = accumulated(&terms, work.periods.iter().map(shape));
    let by_gearing = (d.gearing_cap.fraction() * base).min(senior.financed).max(0.0);
    let by_cover = d.target_dscr.map(|target| {
        if senior.future <= 0.0 {
            return 0.0;
        }
        // The largest multiple of the shape that the cash flow covers.
        let multiple = match d.profile {
            Profile::Sculpted => 1.0 / target,
            Profile::Level => {
                let least = work.periods.iter().take(terms.periods).map(cash).fold(f64::INFINITY, f64::min);
                least / target
            }
        };
        multiple * accumulation / senior.future
    });
    let servable = accumulation > 0.0 && senior.future > 0.0;
    let amount = if servable { by_cover.map_or(by_gearing, |c| c.min(by_gearing)) } else { 0.0 };
    let binding = if amount <= 0.0 {
        Binding::NoDebt
    } else if by_cover.is_some_and(|c| c <= by_gearing) {
        Binding::CoverRatio
    } else {
        Binding::Gearing
    };
    let scale = if servable { amount * senior.future / accumulation } else { 0.0 };
    let rate = terms.period_rate(step);
    let mut balance = amount * senior.opening;
    for (row, share) in work.periods.iter_mut().zip(&work.senior_draws) {
        let draw = amount * share;
        let interest = rate * (balance + terms.weight_operating * draw);
        let service = scale * shape(row);
        row.debt_opening = Money::from_eur(balance);
        row.debt_draw = Money::from_eur(draw);
        row.interest = Money::from_eur(interest);
        row.debt_service = Money::from_eur(service);
        row.principal = Money::from_eur(service - interest);
        balance += draw + interest - service;
        row.debt_closing = Money::from_eur(balance);
    }

    let mut public_loan = 0.0;
    let mut capitalised_loan = 0.0;
    if let Some(l) = plan.public_loan.filter(|l| l.amount.eur() > 0.0) {
        let terms = Terms {
            rate: l.rate.fraction(),
            capitalise: true,
            periods: (l.tenor_months.div_ceil(step) as usize).min(count),
            ..terms
        };
        let u = unit(&terms, &work.outlays, &mut work.loan_draws);
        // Senior debt comes first; the loan fills at most what is left.
        public_loan = l.amount.eur().min((u.financed - amount).max(0.0));
        capitalised_loan = public_loan * u.capitalised;
        let rate = terms.period_rate(step);
        let service = public_loan * u.future / accumulated(&terms, std::iter::repeat(1.0));
        let mut balance = public_loan * u.opening;
        for (row, share) in work.periods.iter_mut().zip(&work.loan_draws) {
            let draw = public_loan * share;
            let interest = rate * (balance + terms.weight_operating * draw);
            row.loan_interest = Money::from_eur(interest);
            row.loan_service = Money::from_eur(service);
            balance += draw + interest - service;
            row.loan_closing = Money::from_eur(balance);
        }
        draw_for(&terms, public_loan / u.financed.max(f64::MIN_POSITIVE), &mut work.outlays, |o| {
            &mut o.loan_draw
        });
    }
    if senior.financed > 0.0 {
        draw_for(&terms, amount / senior.financed, &mut work.outlays, |o| &mut o.draw);
    }
    let capitalised = amount * senior.capitalised;
    let funding = SourcesAndUses {
        computing: plan.phases.iter().map(|p| p.computing).sum(),
        facility: plan.phases.iter().map(|p| p.facility).sum(),
        construction_interest: Money::from_eur(
            amount * senior.interest_paid + capitalised + capitalised_loan,
        ),
        upfront_fee: Money::from_eur(amount * d.upfront_fee.fraction()),
        other_financing: plan.other_financing,
        reserve: Money::ZERO,
        grants: Money::ZERO,
        debt: Money::from_eur(amount + capitalised),
        public_loan: Money::from_eur(public_loan + capitalised_loan),
        equity: Money::ZERO,
    };
    let size = DebtSize {
        amount: Money::from_eur(amount),
        by_cover_ratio: by_cover.map(Money::from_eur),
        by_gearing: Money::from_eur(by_gearing),
        binding,
        peak: Money::ZERO,
        negative_amortisation: false,
    };
    (size, funding)
}

pub(crate) fn draw_for(
    terms: &Terms,
    part: f64,
    outlays: &mut [OutlayRow],
    field: impl Fn(&mut OutlayRow) -> &mut Money,
) {
    for o in outlays.iter_mut() {
        if terms.period(o.month).is_none_or(|k| k < terms.periods) {
            let net = o.spend - o.grant;
            *field(o) = net * part;
        }
    }
}

/// Debt service of the coming `months` seen from the end of period `from` − 1.
pub(crate) fn coming(periods: &[PeriodRow], from: usize, months: f64, step: f64) -> f64 {
    let (mut left, mut sum) = (months, 0.0);
    for row in periods.iter().skip(from) {
        if left <= 0.0 || row.debt_service.eur() <= 0.0 {
            break;
        }
        let part = left.min(step);
        sum += row.debt_service.eur() * part / step;
        left -= part;
    }
    sum
}

/// Shareholders pay what building costs beyond grants and draws.
pub(crate) fn fund(plan: &Plan, first: u32, amount: f64, funding: &mut SourcesAndUses, work: &mut Workspace) {
    let step = plan.step.months();
    let reserve = coming(&work.periods, 0, plan.reserve.months, f64::from(step));
    let terms = senior_terms(plan, first, step, work.periods.len());
    let month = terms.period_rate(1);
    let mut drawn = 0.0;
    let mut equity = 0.0;
    let mut grants = 0.0;
    for (n, o) in work.outlays.iter_mut().enumerate() {
        if o.month <= first && !terms.capitalise && o.month > 0 {
            o.interest = Money::from_eur(month * (drawn + terms.weight_building * o.draw.eur()));
        }
        drawn += o.draw.eur();
        let mut financing = 0.0;
        if n == 0 {
            financing += amount * plan.debt.upfront_fee.fraction() + plan.other_financing.eur();
        }
        if o.month == first {
            financing += reserve;
        }
        o.financing = Money::from_eur(financing);
        o.equity = o.grant + o.draw + o.loan_draw - o.spend - o.interest - o.financing;
        equity -= o.equity.eur();
        grants += o.grant.eur();
    }
    work.reserve_at_opening = reserve;
    funding.reserve = Money::from_eur(reserve);
    funding.equity = Money::from_eur(equity);
    funding.grants = Money::from_eur(grants);
}

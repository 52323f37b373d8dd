//! Ratios, payback and present values, read off the lines.

use gigatwin_quantity::{Date, Money, Time};

use crate::cashflow::Workspace;
use crate::irr::DayPowers;
use crate::lending::senior_terms;
use crate::outcome::{DebtSize, PresentValues};
use crate::plan::Plan;
use crate::rows::PeriodRow;

pub(crate) fn cover_ratios(periods: &[PeriodRow], per_year: usize) -> (Option<f64>, Option<f64>) {
    let (mut least, mut sum, mut years) = (f64::INFINITY, 0.0, 0.0);
    for year in periods.chunks(per_year.max(1)) {
        let (mut cash, mut service) = (0.0, 0.0);
        for row in year.iter().filter(|r| r.debt_service.eur() > 1e-3) {
            cash += row.cfads.eur();
            service += row.debt_service.eur();
        }
        if service > 0.0 {
            let ratio = cash / service;
            least = least.min(ratio);
            sum += ratio;
            years += 1.0;
        }
    }
    if years > 0.0 { (Some(least), Some(sum / years)) } else { (None, None) }
}

pub(crate) fn life_ratios(
    plan: &Plan,
    first: u32,
    step: u32,
    count: usize,
    work: &Workspace,
) -> (Option<f64>, Option<f64>) {
    let terms = senior_terms(plan, first, step, count);
    let i = terms.period_rate(step);
    let (mut v, mut loan, mut all) = (1.0, 0.0, 0.0);
    let mut debt = work.periods.first().map_or(0.0, |r| r.debt_opening.eur());
    for (k, row) in work.periods.iter().enumerate() {
        v /= 1.0 + i;
        all += row.cfads.eur() * v;
        if k < terms.periods {
            loan += row.cfads.eur() * v;
            debt += row.debt_draw.eur() * v * (1.0 + terms.weight_operating * i);
        }
    }
    if debt > 1e-3 { (Some(loan / debt), Some(all / debt)) } else { (None, None) }
}

/// What shareholders pay in during operation, and when first.
pub(crate) fn calls(periods: &[PeriodRow]) -> (Money, Option<Date>) {
    let (mut sum, mut first) = (0.0, None);
    for row in periods {
        if row.equity.eur() < -1e-3 {
            sum -= row.equity.eur();
            first = first.or(Some(row.date));
        }
    }
    (Money::from_eur(sum), first)
}

/// Peak balance and negative amortisation, read off the lines.
pub(crate) fn traits_of(mut debt: DebtSize, periods: &[PeriodRow]) -> DebtSize {
    for row in periods {
        debt.peak = debt.peak.max(row.debt_opening).max(row.debt_closing);
        debt.negative_amortisation |= row.principal.eur() < -1e-3;
    }
    debt
}

pub(crate) fn payback(first: u32, step: u32, work: &Workspace) -> Option<Time> {
    let mut cumulated = 0.0;
    let mut outlays = work.outlays.iter().peekable();
    let mut back = None;
    for (k, row) in work.periods.iter().enumerate() {
        while let Some(o) = outlays.next_if(|o| o.month <= row.month) {
            // What is spent in a period counts before what the period earns.
            cumulated += o.project.eur();
        }
        let flow = row.project.eur();
        if cumulated < 0.0 && cumulated + flow >= 0.0 {
            let start = f64::from(first) + (k as f64) * f64::from(step);
            back = Some(Time::from_years((start + f64::from(step) * -cumulated / flow) / 12.0));
        }
        cumulated += flow;
    }
    if cumulated < 0.0 { None } else { back }
}

pub(crate) fn present_values(
    plan: &Plan,
    p0: usize,
    book: f64,
    work: &Workspace,
) -> (PresentValues, PresentValues) {
    let rate = plan.project_rate.fraction().ln_1p();
    let day0 = work.days.get(p0).copied().unwrap_or(0.0);
    let last = work.days.last().copied().unwrap_or(day0) - day0;
    let by_day = DayPowers::new(rate, last as u32);
    // The same table counts months if the rate is scaled from days to months.
    let by_month = DayPowers::new(rate * 365.0 / 12.0, work.days.len() as u32);
    let factor = |point: u32| -> (f64, f64) {
        let days = work.days.get(point as usize).copied().unwrap_or(day0) - day0;
        (by_month.at(point - p0 as u32), by_day.at(days as u32))
    };
    let (mut periodic, mut dated) = (PresentValues::default(), PresentValues::default());
    for o in &work.outlays {
        let (m, d) = factor(o.month);
        for (pv, v) in [(&mut periodic, m), (&mut dated, d)] {
            pv.investment += o.spend.eur() * v;
            pv.grants += o.grant.eur() * v;
        }
    }
    for (k, row) in work.periods.iter().enumerate() {
        let (m, d) = factor(row.month);
        let last = k + 1 == work.periods.len();
        for (pv, v) in [(&mut periodic, m), (&mut dated, d)] {
            pv.investment += row.replacement.eur() * v;
            pv.opex += row.opex.total().eur() * v;
            pv.residual += row.residual.eur() * v;
            if last {
                pv.disposal_gain += (row.residual.eur() - book) * v;
            }
            pv.depreciation += row.depreciation.eur() * v;
            pv.hours_available += row.hours_available * v;
            pv.hours_sold += row.hours_sold() * v;
            pv.h100e_hours += row.h100e_hours * v;
        }
    }
    (periodic, dated)
}

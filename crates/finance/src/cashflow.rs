//! The waterfall: from hours and prices to returns.
//!
//! One engine for every granularity. Each operating period runs revenue − running cost = EBITDA; − tax; − senior service;
//! − public loan; − refresh; ± reserve; the rest belongs to the shareholders, who also pay what is missing. Building is
//! monthly and may overlap with operation. Tax is settled once a year of operation.

use gigatwin_quantity::{Date, Money};

use crate::irr::{Axis, present, solve};
use crate::lending::{fund, lend};
use crate::measures::{calls, cover_ratios, life_ratios, payback, present_values, traits_of};
use crate::outcome::{Outcome, Returns};
use crate::plan::Plan;
use crate::rows::{OutlayRow, PeriodRow};
use crate::waterfall::waterfall;
use crate::{FinanceError, calendar, operate};

/// Buffers of one evaluation, to be used again for the next, and the lines of the last one.
#[derive(Debug, Clone, Default)]
pub struct Workspace {
    pub(crate) outlays: Vec<OutlayRow>,
    pub(crate) periods: Vec<PeriodRow>,
    pub(crate) days: Vec<f64>,
    /// Days of the flows after the first outlay.
    pub(crate) after: Vec<u32>,
    pub(crate) calendar: Option<(f64, usize)>,
    pub(crate) changes: Vec<u32>,
    pub(crate) senior_draws: Vec<f64>,
    pub(crate) loan_draws: Vec<f64>,
    pub(crate) project: Vec<f64>,
    pub(crate) equity: Vec<f64>,
    /// What shareholders put into the reserve at the first opening.
    pub(crate) reserve_at_opening: f64,
}

impl Workspace {
    /// Months of building of the last evaluation.
    pub fn outlays(&self) -> &[OutlayRow] {
        &self.outlays
    }

    /// Operating periods of the last evaluation.
    pub fn periods(&self) -> &[PeriodRow] {
        &self.periods
    }
}

/// Evaluates a project. The lines stay in `work`.
///
/// # Errors
/// Where the plan contradicts itself, see [`FinanceError`].
pub fn evaluate(plan: &Plan, work: &mut Workspace) -> Result<Outcome, FinanceError> {
    plan.check()?;
    let first = plan.first_opening();
    let step = plan.step.months();
    let count = (plan.last_sale() - first).div_ceil(step) as usize;
    let end = first as usize + count * step as usize;
    let key = (plan.start.days(), end);
    if work.calendar != Some(key) {
        calendar::month_ends(key.0, end, &mut work.days);
        work.calendar = Some(key);
    }
    let p0 = build(plan, first, work);
    let book = operate::fill(plan, first, count, &work.days, &mut work.periods, &mut work.changes);
    let (debt, mut funding) = lend(plan, first, step, count, work);
    fund(plan, first, debt.amount.eur(), &mut funding, work);
    let shortfall = waterfall(plan, book, work);

    work.project.clear();
    work.project.resize(end + 1 - p0, 0.0);
    work.equity.clear();
    work.equity.resize(end + 1 - p0, 0.0);
    for o in &work.outlays {
        work.project[o.month as usize - p0] += o.project.eur();
        work.equity[o.month as usize - p0] += o.equity.eur();
    }
    for r in &work.periods {
        work.project[r.month as usize - p0] += r.project.eur();
        work.equity[r.month as usize - p0] += r.equity.eur();
    }
    work.after.clear();
    let day0 = work.days.get(p0).copied().unwrap_or(0.0);
    work.after.extend(work.days.iter().skip(p0).map(|d| (d - day0) as u32));
    let days = &work.after[..];
    let returns = |flows: &[f64], rate: f64| {
        let irr = solve(flows, Axis::Uniform(1.0 / 12.0), 0.1);
        let xirr = solve(flows, Axis::Days(days), irr.rate().unwrap_or(0.1));
        let npv = present(flows, Axis::Uniform(1.0 / 12.0), rate);
        let xnpv = present(flows, Axis::Days(days), rate);
        Returns { irr, xirr, npv: Money::from_eur(npv), xnpv: Money::from_eur(xnpv) }
    };
    let project = returns(&work.project, plan.project_rate.fraction());
    let equity = returns(&work.equity, plan.equity_rate.fraction());
    let (periodic, dated) = present_values(plan, p0, book, work);
    let (dscr_min, dscr_avg) = cover_ratios(&work.periods, 12 / step as usize);
    let (llcr, plcr) = life_ratios(plan, first, step, count, work);
    let (calls, first_call) = calls(&work.periods);
    Ok(Outcome {
        funding,
        debt: traits_of(debt, &work.periods),
        dscr_min,
        dscr_avg,
        llcr,
        plcr,
        project,
        equity,
        payback: payback(first, step, work),
        periodic,
        dated,
        shortfall,
        calls,
        first_call,
    })
}

/// Months of building; returns the point of the first.
fn build(plan: &Plan, first: u32, work: &mut Workspace) -> usize {
    let start = |p: &crate::plan::Phase| if p.build_months == 0 { p.build_start } else { p.build_start + 1 };
    let p0 = plan.phases.iter().map(start).min().unwrap_or(0);
    let last = plan.phases.iter().map(|p| p.build_start + p.build_months).max().unwrap_or(0).max(first);
    work.outlays.clear();
    for month in p0..=last {
        let date = Date::from_days(work.days.get(month as usize).copied().unwrap_or(0.0));
        let (mut spend, mut grant, mut building) = (0.0, 0.0, false);
        for p in &plan.phases {
            let share = if p.build_months == 0 {
                f64::from(u8::from(month == p.build_start))
            } else if month > p.build_start && month <= p.build_start + p.build_months {
                p.draw.part(month - p.build_start, p.build_months)
            } else {
                0.0
            };
            if share > 0.0 {
                building = true;
                spend += (p.computing.eur() + p.facility.eur()) * share;
                grant += p.public.grant.eur() * share;
            }
        }
        if building || month <= first {
            work.outlays.push(OutlayRow {
                month,
                date,
                spend: Money::from_eur(spend),
                grant: Money::from_eur(grant),
                draw: Money::ZERO,
                loan_draw: Money::ZERO,
                interest: Money::ZERO,
                financing: Money::ZERO,
                equity: Money::ZERO,
                project: Money::from_eur(grant - spend),
            });
        }
    }
    p0 as usize
}

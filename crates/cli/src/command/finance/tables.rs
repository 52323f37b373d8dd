//! Rows that page, files and reports share.

use std::collections::BTreeMap;

use gigatwin_factory::finance::{Case, SiteFinance};
use gigatwin_finance::balance::{BalanceRow, balance_sheet};
use gigatwin_finance::capex::CapexItem;
use gigatwin_finance::rows::{OutlayRow, PeriodRow};

/// One point in time with all that happens in it.
#[derive(Default, Clone, Copy)]
pub(super) struct Moment {
    pub outlay: Option<OutlayRow>,
    pub period: Option<PeriodRow>,
    pub books: Option<BalanceRow>,
}

impl Moment {
    pub fn date(&self) -> gigatwin_quantity::Date {
        self.period
            .map(|p| p.date)
            .or(self.outlay.map(|o| o.date))
            .unwrap_or(gigatwin_quantity::Date::from_days(0.0))
    }

    /// Of shareholders, building and operation together.
    pub fn equity(&self) -> f64 {
        self.outlay.map_or(0.0, |o| o.equity.eur()) + self.period.map_or(0.0, |p| p.equity.eur())
    }

    /// Before debt.
    pub fn project(&self) -> f64 {
        self.outlay.map_or(0.0, |o| o.project.eur()) + self.period.map_or(0.0, |p| p.project.eur())
    }
}

/// All points of a case in order.
pub(super) fn moments(case: &Case) -> BTreeMap<u32, Moment> {
    let mut out: BTreeMap<u32, Moment> = BTreeMap::new();
    for o in case.work.outlays() {
        out.entry(o.month).or_default().outlay = Some(*o);
    }
    for p in case.work.periods() {
        out.entry(p.month).or_default().period = Some(*p);
    }
    for b in balance_sheet(&case.core.plan, &case.work) {
        out.entry(b.month).or_default().books = Some(b);
    }
    out
}

/// One calendar year.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Year {
    pub year: i32,
    pub spend: f64,
    pub grant: f64,
    pub hours_available: f64,
    pub hours_sold: f64,
    pub hours_public: f64,
    pub public: f64,
    pub contracted: f64,
    pub merchant: f64,
    pub opex: f64,
    pub ebitda: f64,
    pub tax: f64,
    pub refresh: f64,
    pub residual: f64,
    pub cfads: f64,
    pub service: f64,
    pub served: f64,
    pub debt: f64,
    pub equity: f64,
    pub project: f64,
}

impl Year {
    /// Cover of the months in which debt is served.
    pub fn cover(&self) -> Option<f64> {
        (self.service > 1e-3).then(|| self.served / self.service)
    }
}

/// Sums by calendar year.
pub(super) fn years(case: &Case) -> Vec<Year> {
    let mut out: BTreeMap<i32, Year> = BTreeMap::new();
    for m in moments(case).values() {
        let Some(year) = m.date().year().map(i32::from) else { continue };
        let y = out.entry(year).or_insert(Year { year, ..Year::default() });
        if let Some(o) = m.outlay {
            y.spend += o.spend.eur();
            y.grant += o.grant.eur();
        }
        if let Some(p) = m.period {
            y.hours_available += p.hours_available;
            y.hours_sold += p.hours_sold();
            y.hours_public += p.hours_public;
            y.public += p.revenue_public.eur();
            y.contracted += p.revenue_contract.eur();
            y.merchant += p.revenue_market.eur();
            y.opex += p.opex.total().eur();
            y.ebitda += p.ebitda.eur();
            y.tax += p.tax.eur();
            y.refresh += p.replacement.eur();
            y.residual += p.residual.eur();
            y.cfads += p.cfads.eur();
            y.debt = p.debt_closing.eur();
            if p.debt_service.eur() > 1e-3 {
                y.service += p.debt_service.eur();
                y.served += p.cfads.eur();
            }
        }
        y.equity += m.equity();
        y.project += m.project();
    }
    out.into_values().collect()
}

/// Lines of the investment: item, each phase, all phases; in euros.
pub(super) fn capex(site: &SiteFinance) -> Vec<(CapexItem, Vec<f64>, f64)> {
    let Some(first) = site.phases.first() else { return Vec::new() };
    first
        .capex
        .items
        .iter()
        .enumerate()
        .map(|(i, (item, _))| {
            let each: Vec<f64> =
                site.phases.iter().map(|p| p.capex.items.get(i).map_or(0.0, |x| x.1.eur())).collect();
            let sum = each.iter().sum();
            (*item, each, sum)
        })
        .collect()
}

/// Uses and sources of a case: label, euros; the sides are equal.
pub(super) fn sources_and_uses(case: &Case) -> [Vec<(&'static str, f64)>; 2] {
    let f = &case.core.outcome.funding;
    [
        vec![
            ("computing infrastructure", f.computing.eur()),
            ("facility, contingency", f.facility.eur()),
            ("interest while building", f.construction_interest.eur()),
            ("lenders' fee", f.upfront_fee.eur()),
            ("advisers, hedging", f.other_financing.eur()),
            ("debt service reserve", f.reserve.eur()),
        ],
        vec![
            ("public grants", f.grants.eur()),
            ("senior debt", f.debt.eur()),
            ("public loan", f.public_loan.eur()),
            ("equity", f.equity.eur()),
        ],
    ]
}

/// Share of the investment that is spent by each half-year, and its end.
pub(super) fn drawn(case: &Case) -> Vec<(String, f64)> {
    let total: f64 = case.work.outlays().iter().map(|o| o.spend.eur()).sum();
    let mut out: Vec<(String, f64)> = Vec::new();
    let mut sum = 0.0;
    for o in case.work.outlays() {
        sum += o.spend.eur();
        let text = o.date.to_string();
        let half = if text.get(5..7).is_some_and(|m| m <= "06") { "H1" } else { "H2" };
        let label = format!("{} {half}", text.get(..4).unwrap_or(""));
        match out.last_mut().filter(|x| x.0 == label) {
            Some(x) => x.1 = sum / total,
            None => out.push((label, sum / total)),
        }
    }
    out
}

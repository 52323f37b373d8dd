//! One legal form of public money, evaluated: funding, plan, cash flow and what the public side gets.

use gigatwin_finance::cashflow::{Workspace, evaluate};
use gigatwin_finance::funding::{Funding, PublicForm};
use gigatwin_finance::opex::OpexYear;
use gigatwin_finance::outcome::Outcome;
use gigatwin_finance::plan::{Phase, Plan};
use gigatwin_finance::subsidy::{PublicFlows, Subsidy};
use gigatwin_quantity::{HourPrice, Money, Share};

use crate::evaluate::hours::Hours;
use crate::evaluate::money::Bill;
use crate::evaluate::schedule::Openings;
use crate::evaluate::sheet::Sheet;
use crate::evaluate::{Physical, cash, hours, money, schedule, site};
use crate::inputs::Values;
use crate::resolved::{Factory, HoursRule, TenantKind};

/// A form of public money: one that pays, or a guarantee of debt that does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// One of the forms that pay.
    Paid(PublicForm),
    /// A guarantee of senior debt for the same value.
    Guarantee,
}

impl Form {
    /// All forms, in the order of a comparison.
    pub const ALL: [Form; 7] = [
        Form::Paid(PublicForm::None),
        Form::Paid(PublicForm::CapitalShare),
        Form::Paid(PublicForm::HourShare),
        Form::Paid(PublicForm::HourPurchase),
        Form::Paid(PublicForm::SharePurchase),
        Form::Paid(PublicForm::Loan),
        Form::Guarantee,
    ];

    /// The word of the language.
    pub fn word(self) -> &'static str {
        match self {
            Form::Paid(PublicForm::None) => "none",
            Form::Paid(PublicForm::CapitalShare) => "grant",
            Form::Paid(PublicForm::HourPurchase) => "hour purchase",
            Form::Paid(PublicForm::HourShare) => "hour share",
            Form::Paid(PublicForm::SharePurchase) => "share purchase",
            Form::Paid(PublicForm::Loan) => "loan",
            Form::Guarantee => "guarantee",
        }
    }

    /// The form that decides about hours and money.
    fn paid(self) -> PublicForm {
        match self {
            Form::Paid(form) => form,
            Form::Guarantee => PublicForm::None,
        }
    }
}

/// What is done to a plan before it is evaluated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tweak {
    /// On market prices.
    pub price: f64,
    /// On the use of hours that no contract holds.
    pub use_of_hours: f64,
    /// Months that every opening comes later.
    pub delay: u32,
    /// Later phases are not built.
    pub first_phase_alone: bool,
}

impl Tweak {
    pub const NONE: Tweak = Tweak { price: 1.0, use_of_hours: 1.0, delay: 0, first_phase_alone: false };

    fn apply(self, plan: &mut Plan) {
        plan.market_price = plan.market_price * self.price;
        for p in &mut plan.phases {
            if let gigatwin_finance::path::YearPath::Factors(factors) = &mut p.utilisation {
                factors.iter_mut().for_each(|u| *u = (*u * self.use_of_hours).clamp(0.0, 1.0));
            }
            p.opens += self.delay;
            p.build_months += self.delay;
        }
        plan.replacements.iter_mut().for_each(|r| r.month += self.delay);
        for c in &mut plan.contracts {
            c.from += self.delay;
            c.until += self.delay;
        }
        if self.first_phase_alone && plan.phases.len() > 1 {
            let cost =
                |phases: &[Phase]| phases.iter().map(|p| (p.computing + p.facility).eur()).sum::<f64>();
            let (all, count) = (cost(&plan.phases), plan.phases.len());
            plan.phases.truncate(1);
            plan.replacements.truncate(plan.replacements.len() / count);
            plan.other_financing = plan.other_financing * (cost(&plan.phases) / all);
            if let Some(loan) = &mut plan.public_loan {
                loan.amount = loan.amount * (cost(&plan.phases) / all);
            }
        }
    }
}

/// Everything of one draw that does not depend on the form.
#[derive(Debug)]
pub(crate) struct Financed {
    pub sheet: Sheet,
    pub bill: Bill,
    pub hours: Hours,
    pub openings: Openings,
}

/// Costs, hours and openings of one draw; `None` where a price is not known.
pub(crate) fn financed(f: &Factory, v: &Values<'_>, p: &Physical) -> Result<Option<Financed>, String> {
    let mut sheet = p.sheet.clone();
    let hours = hours::available(f, v, &p.machines, &mut sheet)?;
    let openings = schedule::evaluate(f, v, &mut sheet)?;
    let year = site::evaluate(f, v, p, hours.running(), &mut sheet)?;
    let bill = money::evaluate(f, v, p, &year, &hours, &mut sheet)?;
    Ok(bill.map(|bill| Financed { sheet, bill, hours, openings }))
}

/// One form in one draw.
#[derive(Debug, Clone)]
pub struct Core {
    /// The form.
    pub form: Form,
    /// The project in time.
    pub plan: Plan,
    /// What it comes to.
    pub outcome: Outcome,
    /// Who pays.
    pub funding: Funding,
    /// What the public side pays and gets.
    pub subsidy: Subsidy,
    /// Public hours by class of users over the whole term; what has no class stands last.
    pub classes: Vec<(String, f64)>,
    /// Part of the senior debt that is guaranteed, and the most that can be called.
    pub guaranteed: Option<(Share, Money)>,
}

pub(crate) fn core(
    f: &Factory,
    v: &Values<'_>,
    p: &Physical,
    m: &Financed,
    form: Form,
    tweak: Tweak,
    work: &mut Workspace,
) -> Result<Core, String> {
    let funding = money::divide(f, v, &m.bill.capex, form.paid())?;
    let mut sheet = m.sheet.clone();
    let mut hours = m.hours.clone();
    hours::divide(f, v, &mut hours, Some(&funding), &mut sheet)?;
    let bill = Bill { funding, ..m.bill.clone() };
    let mut plan = cash::plan(f, v, p, &bill, &hours, &m.openings, &sheet);
    tweak.apply(&mut plan);
    let mut outcome = evaluate(&plan, work).map_err(|e| e.to_string())?;
    let start = work.outlays().first().map_or(0, |o| o.month);
    let market = if f.finance.debt.is_some() { plan.debt.rate } else { plan.project_rate };
    let mut guaranteed = None;
    let subsidy = match form {
        Form::Guarantee => {
            let value = money::divide(f, v, &m.bill.capex, PublicForm::CapitalShare)?.expected.public();
            let debt = outcome.debt.amount;
            let cover = v.get(f.defaults.general.guarantee_cover).fraction();
            let cover = if debt.eur() > 0.0 { cover.min(value / debt) } else { 0.0 };
            let (safe, fee) = (
                v.get(f.defaults.general.public_loan_rate).fraction(),
                v.get(f.defaults.general.guarantee_fee).fraction(),
            );
            let saved = (market.fraction() - safe - fee).max(0.0);
            plan.debt.rate = Share::from_fraction(market.fraction() - cover * saved);
            outcome = evaluate(&plan, work).map_err(|e| e.to_string())?;
            guaranteed = Some((Share::from_fraction(cover), outcome.debt.peak * cover));
            // The margin that is saved on the guaranteed part is the advantage; no money moves unless it is called.
            let each = work.periods().iter().map(|r| (r.month, -cover * saved / 12.0 * r.debt_opening.eur()));
            let flows = PublicFlows { money: each.filter(|x| x.1 < 0.0).collect(), ..PublicFlows::default() };
            Subsidy { paid: Money::ZERO, ..flows.value(market, start) }
        }
        Form::Paid(PublicForm::SharePurchase) => {
            let public = bill.funding.expected.public();
            let part = (public / outcome.funding.equity).clamp(0.0, 1.0);
            PublicFlows::of_shares(work, Share::from_fraction(part)).value(plan.equity_rate, start)
        }
        Form::Paid(_) => PublicFlows::of(work).value(market, start),
    };
    let classes = classes(f, v, &bill.funding, subsidy.hours);
    Ok(Core { form, plan, outcome, funding: bill.funding, subsidy, classes, guaranteed })
}

/// Divides public hours among classes as the tenants of Union and States divide theirs.
fn classes(f: &Factory, v: &Values<'_>, funding: &Funding, hours: f64) -> Vec<(String, f64)> {
    let public = funding.expected.public().eur();
    if hours <= 0.0 || public <= 0.0 {
        return Vec::new();
    }
    let mut out: Vec<(String, f64)> = Vec::new();
    let mut left = hours;
    for (kind, money) in
        [(TenantKind::Union, funding.expected.union), (TenantKind::States, funding.expected.states)]
    {
        let tenants: Vec<_> = f
            .tenants
            .iter()
            .filter(|t| t.kind == kind && matches!(t.hours, HoursRule::ByContribution))
            .collect();
        for t in &tenants {
            let theirs = hours * money.eur() / public / tenants.len() as f64;
            for (class, share) in &t.classes {
                let h = theirs * v.get(*share).fraction();
                left -= h;
                match out.iter_mut().find(|c| c.0 == *class) {
                    Some(c) => c.1 += h,
                    None => out.push(((*class).to_owned(), h)),
                }
            }
        }
    }
    if left > 1e-9 * hours {
        out.push(("no class named".to_owned(), left));
    }
    out
}

/// Levelised cost from the lines of a cash flow, in money of the price year: cost at the nominal rate over hours whose price
/// rises with inflation. Cost is gross of public money and before tax.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Levelised {
    /// Per hour that works.
    pub per_available_hour: HourPrice,
    /// Per hour used or sold.
    pub per_sold_hour: HourPrice,
    /// Per used hour of one H100-equivalent.
    pub per_h100e_hour: HourPrice,
}

pub(crate) fn levelised(
    plan: &Plan,
    outcome: &Outcome,
    work: &Workspace,
    inflation: f64,
) -> Option<Levelised> {
    let first = work.outlays().first()?;
    let rate = plan.project_rate.fraction();
    let (mut available, mut sold, mut h100e) = (0.0, 0.0, 0.0);
    for r in work.periods() {
        let years = (r.date.days() - first.date.days()) / 365.0;
        let since_price = (f64::from(r.month) - f64::from(plan.price_month)) / 12.0;
        let weight = (1.0 + inflation).powf(since_price) * (1.0 + rate).powf(-years);
        available += r.hours_available * weight;
        sold += r.hours_sold() * weight;
        h100e += r.h100e_hours * weight;
    }
    let cost = outcome.dated.cost();
    (sold > 0.0).then(|| Levelised {
        per_available_hour: HourPrice::from_eur_per_h(cost / available),
        per_sold_hour: HourPrice::from_eur_per_h(cost / sold),
        per_h100e_hour: HourPrice::from_eur_per_h(cost / h100e),
    })
}

/// Running cost of a full year of all phases, at prices of the price year.
pub(crate) fn running(plan: &Plan) -> OpexYear {
    let mut sum = OpexYear::ZERO;
    for p in &plan.phases {
        sum.energy += p.opex.energy;
        sum.maintenance += p.opex.maintenance;
        sum.staff += p.opex.staff;
        sum.insurance += p.opex.insurance;
        sum.site += p.opex.site;
        sum.software += p.opex.software;
    }
    sum
}

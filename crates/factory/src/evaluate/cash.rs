//! The cash flow: phases in time, revenue, debt and returns.

use std::cell::RefCell;

use gigatwin_finance::cashflow::{Workspace, evaluate as evaluate_cash};
use gigatwin_finance::draw::DrawCurve;
use gigatwin_finance::funding::PublicForm;
use gigatwin_finance::path::YearPath;
use gigatwin_finance::plan::{
    Compounding, ConstructionInterest, Debt, GearingBase, HourContract, LossRule, Phase, PhasePublic, Plan,
    Profile, PublicLoan, PurchasePrice, RatioBasis, Replacement, Reserve, Step, Tax,
};
use gigatwin_quantity::{Date, Growth, HourPrice, Money, Share};

use super::Physical;
use super::hours::Hours;
use super::money::Bill;
use super::schedule::Openings;
use super::sheet::Sheet;
use crate::inputs::Values;
use crate::resolved::{Factory, HoursRule, TenantKind};

/// A purchase contract runs for at least five years (Regulation (EU) 2026/150, Art. 12b(12)).
const PURCHASE_MONTHS: u32 = 60;
thread_local! {
    /// Rows of the last cash flow, written anew by each evaluation: thousands of draws need no new memory.
    static WORK: RefCell<Workspace> = RefCell::default();
}

/// Days of a mean month.
const MONTH: f64 = 365.2425 / 12.0;

pub(crate) fn evaluate(
    f: &Factory,
    v: &Values<'_>,
    p: &Physical,
    bill: &Bill,
    hours: &Hours,
    openings: &Openings,
    sheet: &mut Sheet,
) -> Result<String, String> {
    let plan = plan(f, v, p, bill, hours, openings, sheet);
    let market = market_price(f, v, sheet.at("site.h100_equivalents") / sheet.at("site.accelerators"));
    let bought = match bill.funding.form {
        PublicForm::HourPurchase | PublicForm::HourShare => {
            purchase_per_year(f, v, bill.funding.expected.public())
        }
        _ => 0.0,
    };
    sheet.put("finance.revenue_annual", bought + revenue(f, v, hours, market));
    let outcome = WORK.with_borrow_mut(|work| evaluate_cash(&plan, work)).map_err(|e| e.to_string())?;
    let debt = outcome.funding.debt.eur();
    sheet.put("funding.debt", debt);
    let uses = outcome.funding.uses().eur();
    // A public loan that capitalises its own interest brings more than the public money itself: that is a cost of financing.
    let public = sheet.at("funding.public");
    // Public shares are equity of the company, but not the private owners': they stand under Union and States.
    let shares = if bill.funding.form == PublicForm::SharePurchase { public } else { 0.0 };
    let later = public - shares - (outcome.funding.grants + outcome.funding.public_loan).eur();
    sheet.put("funding.financing_cost", uses - sheet.at("cost.capex_total") + later.min(0.0));
    sheet.put("funding.public_later", later.max(0.0));
    sheet.put("funding.equity", outcome.funding.equity.eur() - shares);
    // A site whose hours are all given away has no return to speak of.
    let paid = sheet.at("finance.revenue_annual") > 0.0;
    sheet.put_some("finance.irr_equity", outcome.equity.xirr.rate().filter(|_| paid));
    sheet.put_some("finance.irr_project", outcome.project.xirr.rate().filter(|_| paid));
    sheet.put_some("finance.dscr_min", outcome.dscr_min);
    let binding = format!("{:?}", outcome.debt.binding);
    Ok(match outcome.shortfall {
        Some(s) => format!("debt cannot be served: {} short in {}", s.amount, s.date.month_text()),
        None => match binding.as_str() {
            "CoverRatio" => "the cover ratio bounds the debt".to_owned(),
            "Gearing" => "the gearing limit bounds the debt".to_owned(),
            _ => "no debt".to_owned(),
        },
    })
}

/// The project in time. Reads of the sheet what machine, hours and costs have put there.
pub(crate) fn plan(
    f: &Factory,
    v: &Values<'_>,
    p: &Physical,
    bill: &Bill,
    hours: &Hours,
    openings: &Openings,
    sheet: &Sheet,
) -> Plan {
    let months = |days: f64| (days / MONTH).round().max(0.0) as u32;
    let build_days = openings.building * MONTH;
    let peopled = |i: &usize| f.partitions.iter().any(|p| p.phase == *i);
    let first = (0..f.phases.len()).filter(peopled).map(|i| openings.days[i]).fold(f64::INFINITY, f64::min);
    let start = first - build_days;
    let life = months(v.get(f.finance.life).days()).max(1);
    let horizon = f.finance.horizon.map_or(life, |h| months(v.get(h).days()).max(1));
    let residual = v.get(f.finance.residual).fraction();
    let again = v.number(f.finance.refresh_cost);
    let mut replacements = Vec::new();
    let plant_life = months(v.get(f.defaults.financing.plant_life).days()).max(life);
    let accelerators = sheet.at("site.accelerators");
    let total_peak: f64 = p.machines.iter().map(|m| m.peak.w()).sum();
    let utilisation = v.get(f.operations.utilisation);
    let form = bill.funding.form;
    let ratio = sheet.at("site.h100_equivalents") / accelerators;
    let financing = &f.defaults.financing;
    let mut phases = Vec::with_capacity(f.phases.len());
    for (i, capex) in bill.capex.iter().enumerate() {
        let members = || f.partitions.iter().zip(&p.machines).filter(move |(part, _)| part.phase == i);
        let chips: f64 = members().map(|(_, m)| m.accelerators).sum();
        if chips == 0.0 {
            continue;
        }
        let power = members().map(|(_, m)| m.peak.w()).sum::<f64>() / total_peak;
        let split = &bill.funding.phases[i];
        let probability = split.probability.fraction();
        let public = split.split.public() * probability;
        let share = Share::from_fraction((split.union_share + split.states_share).fraction() * probability);
        let opens = months(openings.days[i] - start);
        // What is left of a generation is traded in for the next one; the last one's value falls on a straight line.
        let generations = horizon.div_ceil(life).max(1) - 1;
        for g in 1..=generations {
            let paid = if g == 1 { capex.computing } else { capex.computing * again };
            let end = if g == generations { horizon - g * life } else { life };
            let left = if g == generations { left_after(residual, end, life) } else { 0.0 };
            replacements.push(Replacement {
                month: opens + g * life,
                cost: (capex.computing * again - paid * residual).max(Money::ZERO),
                life,
                residual: Share::from_fraction(trade_in_share(left, again, capex.computing, paid, residual)),
            });
        }
        phases.push(Phase {
            computing: capex.computing,
            facility: capex.total - capex.computing,
            public: match form {
                PublicForm::CapitalShare => PhasePublic {
                    grant: public,
                    share_of_hours: share,
                    share_months: life,
                    ..PhasePublic::NONE
                },
                PublicForm::HourPurchase => PhasePublic {
                    purchase: public,
                    purchase_months: life.min(PURCHASE_MONTHS),
                    price: Some(PurchasePrice::Market),
                    ..PhasePublic::NONE
                },
                PublicForm::HourShare => PhasePublic {
                    purchase: public,
                    purchase_months: life.min(PURCHASE_MONTHS),
                    share_of_hours: share,
                    share_months: life,
                    ..PhasePublic::NONE
                },
                _ => PhasePublic::NONE,
            },
            build_start: opens.saturating_sub(months(build_days)),
            build_months: months(build_days).min(opens),
            draw: DrawCurve::Logistic {
                steepness: v.number(financing.draw_steepness),
                midpoint: v.get(financing.draw_midpoint).fraction(),
            },
            opens,
            sells_months: horizon,
            hours_per_year: hours.available * chips / accelerators,
            h100e_per_accelerator: members().map(|(_, m)| m.h100e).sum::<f64>() / chips,
            utilisation: YearPath::Factors(vec![utilisation.fraction()]),
            opex: bill.opex.times(power, power),
            computing_life: life,
            facility_life: plant_life,
            depreciation_lag: 0,
            residual_computing: Share::from_fraction(if generations > 0 {
                0.0
            } else {
                left_after(residual, horizon, life)
            }),
            residual_facility: Share::from_fraction(
                1.0 - f64::from(horizon.min(plant_life)) / f64::from(plant_life),
            ),
        });
    }
    let inflation = YearPath::Growth(v.get(f.finance.inflation));
    let market = market_price(f, v, ratio);
    let contracts = contracts(f, v, hours, &phases);
    Plan {
        start: Date::from_days(start),
        step: Step::Month,
        price_month: price_month(f, start),
        phases,
        replacements,
        market_price: market,
        market_path: market_path(f, v),
        contracts,
        energy_path: inflation.clone(),
        cost_path: inflation,
        debt: debt(f, v),
        public_loan: (form == PublicForm::Loan).then(|| PublicLoan {
            amount: bill.funding.expected.public(),
            rate: v.get(f.defaults.general.public_loan_rate),
            tenor_months: life,
        }),
        other_financing: Money::from_eur(sheet.at("cost.capex_total"))
            * v.get(financing.other_financing_share),
        reserve: Reserve {
            months: if f.finance.debt.is_some() {
                v.number(f.defaults.financing.reserve_months)
            } else {
                0.0
            },
            interest: v.get(financing.reserve_interest),
        },
        tax: Tax {
            rate: v.get(f.finance.tax),
            losses: LossRule::CarriedForward { share: v.get(financing.tax_usable_losses) },
            depreciate_financing: false,
        },
        project_rate: nominal_rate(f, v),
        equity_rate: v.get(f.defaults.financing.equity_return_required),
    }
}

/// Value left after some months of a life, of the price: a straight line down to `residual` at its end.
fn left_after(residual: f64, months: u32, life: u32) -> f64 {
    1.0 - (1.0 - residual) * f64::from(months.min(life)) / f64::from(life)
}

/// What is left at the end, of what was paid net of the trade-in.
fn trade_in_share(left: f64, again: f64, first: Money, paid: Money, residual: f64) -> f64 {
    let net = (first * again - paid * residual).eur();
    if net > 0.0 { (left * again * first.eur() / net).clamp(0.0, 1.0) } else { 0.0 }
}

/// The real discount rate in money of the day: (1 + r)(1 + inflation) − 1.
pub(crate) fn nominal_rate(f: &Factory, v: &Values<'_>) -> Share {
    let real = v.get(f.finance.discount_rate).fraction();
    Share::from_fraction(((1.0 + real) * (1.0 + v.get(f.finance.inflation).per_year()) - 1.0).clamp(0.0, 1.0))
}

/// The market price by year, over that of the price year; a century is enough for any plan.
fn market_path(f: &Factory, v: &Values<'_>) -> YearPath {
    let path = &f.finance.price_path;
    let later = path.after.map_or(0, |_| 100);
    let mut factor = 1.0;
    let changes = path.years.iter().copied().chain(path.after.into_iter().cycle().take(later));
    let after = changes.map(|c| {
        factor *= 1.0 + v.get(c).per_year();
        factor
    });
    YearPath::Factors(std::iter::once(1.0).chain(after).collect())
}

/// Months from the start of building back to the middle of the price year.
fn price_month(f: &Factory, start: f64) -> i32 {
    let middle = Date::from_ymd(f.inputs.price_year, 7, 1).map_or(start, Date::days);
    ((middle - start) / MONTH).round().min(0.0) as i32
}

/// Price of hours that no contract holds: the remainder tenant's, else the market's per H100e.
pub(crate) fn market_price(f: &Factory, v: &Values<'_>, h100e_per_accelerator: f64) -> HourPrice {
    let stated = f.tenants.iter().find(|t| matches!(t.hours, HoursRule::Remainder)).and_then(|t| t.price);
    stated.map_or_else(|| v.get(f.finance.price) * h100e_per_accelerator, |price| v.get(price))
}

fn contracts(f: &Factory, v: &Values<'_>, hours: &Hours, phases: &[Phase]) -> Vec<HourContract> {
    let until = phases.iter().map(|p| p.opens + p.sells_months).max().unwrap_or(0);
    let from = phases.iter().map(|p| p.opens).min().unwrap_or(0);
    let utilisation = v.get(f.operations.utilisation).fraction();
    f.tenants
        .iter()
        .zip(&hours.tenants)
        .filter(|(t, _)| t.kind == TenantKind::Other && matches!(t.hours, HoursRule::Share(_)))
        .filter_map(|(t, h)| {
            let price = v.get(t.price?);
            let share = Share::from_fraction((h / hours.available * utilisation).clamp(0.0, 1.0));
            Some(HourContract { share, price, path: YearPath::Growth(Growth::ZERO), from, until })
        })
        .collect()
}

/// Euros that a purchase of hours pays in a full year.
pub(super) fn purchase_per_year(f: &Factory, v: &Values<'_>, money: Money) -> f64 {
    let months =
        f64::from(((v.get(f.finance.life).days() / MONTH).round().max(1.0) as u32).min(PURCHASE_MONTHS));
    money.eur() * 12.0 / months
}

/// Paid hours of a full year at today's prices.
fn revenue(f: &Factory, v: &Values<'_>, hours: &Hours, market: HourPrice) -> f64 {
    let utilisation = v.get(f.operations.utilisation).fraction();
    let mut sum = 0.0;
    for (t, h) in f.tenants.iter().zip(&hours.tenants) {
        sum += match (&t.hours, t.price) {
            // Hours by contribution are paid for by the contribution.
            (HoursRule::ByContribution, _) => 0.0,
            (_, Some(price)) => v.get(price).times_hours(h * utilisation).eur(),
            (_, None) => market.times_hours(h * utilisation).eur(),
        };
    }
    sum + market.times_hours(hours.unassigned * utilisation).eur()
}

fn debt(f: &Factory, v: &Values<'_>) -> Debt {
    match &f.finance.debt {
        None => Debt::NONE,
        Some(d) => Debt {
            rate: v.get(d.rate),
            tenor_months: v.get(d.tenor).months().round().max(1.0) as u32,
            profile: if d.level { Profile::Level } else { Profile::Sculpted },
            target_dscr: Some(v.number(d.dscr)).filter(|x| *x > 0.0),
            gearing_cap: v.get(d.share),
            gearing_base: GearingBase::Investment,
            upfront_fee: v.get(f.defaults.financing.upfront_fee),
            compounding: Compounding::Effective,
            draw_weight_building: 0.5,
            draw_weight_operating: 0.5,
            construction_interest: ConstructionInterest::Capitalised,
            ratio_basis: RatioBasis::PreTax,
        },
    }
}

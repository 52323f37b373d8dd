mod case;
mod figures;
mod futures;
mod risk;
mod rule_sets;

use std::cell::RefCell;

use gigatwin_catalog::Catalog;
use gigatwin_finance::capex::Capex;
use gigatwin_finance::cashflow::Workspace;
use gigatwin_finance::funding::PhaseSplit;
use gigatwin_quantity::{Date, Dim, Money};
use rayon::prelude::*;

pub use case::{Core, Form, Levelised};
pub use figures::{Def, FIGURES};
pub use futures::Future;
pub use risk::{RISKS, bearers};
pub use rule_sets::RuleSetCase;

use crate::draws::Draws;
use crate::evaluate::{Physical, money, physical, plan as planners};
use crate::inputs::Values;
use crate::outcome::{Band, Stamp};
use crate::resolved::Factory;
use case::{Financed, Tweak, core, financed};

/// Why there is no cash flow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A price that every cost depends on is not known.
    #[error("{0}")]
    MissingFact(String),
    /// More hours are promised than there are.
    #[error("{0}")]
    Oversold(String),
    /// The site cannot be evaluated.
    #[error("{0}")]
    Infeasible(String),
}

/// A figure with its band.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure {
    /// Declaration.
    pub def: &'static Def,
    /// Base case, in base units.
    pub value: Option<f64>,
    /// Over the draws; absent where more than one draw in twenty has none.
    pub band: Option<Band>,
}

/// One form with its lines and bands.
#[derive(Debug, Clone)]
pub struct Case {
    /// The form in the base case.
    pub core: Core,
    /// Lines of the base case.
    pub work: Workspace,
    /// All figures.
    pub figures: Vec<Figure>,
    /// Equity return if market prices are 30 % lower, if a fifth fewer hours find a buyer, if all opens a year later.
    pub stress: [Option<f64>; 3],
}

impl Case {
    /// A figure by id.
    pub fn figure(&self, id: &str) -> Option<&Figure> {
        self.figures.iter().find(|f| f.def.id == id)
    }

    /// Its value in the base case.
    pub fn value(&self, id: &str) -> Option<f64> {
        self.figure(id).and_then(|f| f.value)
    }
}

/// One phase.
#[derive(Debug, Clone)]
pub struct PhaseCost {
    /// Name in the file.
    pub name: String,
    /// Opening.
    pub opens: Date,
    /// What it costs.
    pub capex: Capex,
    /// Who pays, in the form of the file.
    pub split: PhaseSplit,
}

/// An input and what it does to the equity value, each between its own P10 and P90.
#[derive(Debug, Clone, PartialEq)]
pub struct Matter {
    /// Path.
    pub path: String,
    /// Its dimension.
    pub dim: Dim,
    /// P10 and P90 of the input.
    pub input: (f64, f64),
    /// Equity value at either, in euros.
    pub npv: (f64, f64),
    /// Equity return at either.
    pub irr: (Option<f64>, Option<f64>),
}

/// The market price of an accelerator-hour in the twelve months from July of a year.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PriceYear {
    /// Year.
    pub year: i32,
    /// Base case, EUR/h of that year.
    pub base: f64,
    /// Over the draws.
    pub band: Option<Band>,
}

/// Everything about the money of a site.
#[derive(Debug)]
pub struct SiteFinance {
    /// Version, seed, hash.
    pub stamp: Stamp,
    /// Name, place, host State (upper case).
    pub name: String,
    /// Place.
    pub place: String,
    /// Host State.
    pub country: String,
    /// Year of all prices that are stated.
    pub price_year: i16,
    /// General inflation per year.
    pub inflation: f64,
    /// Accelerators, H100-equivalents, IT power in MW, available hours of a year.
    pub size: [f64; 4],
    /// Draws behind the bands.
    pub draws: usize,
    /// Phases.
    pub phases: Vec<PhaseCost>,
    /// The form of the file, base case.
    pub base: Case,
    /// Every form for the same value.
    pub forms: Vec<Case>,
    /// What happens to later phases and their money.
    pub futures: Vec<Future>,
    /// The same investment under each rule set of the catalog.
    pub rule_sets: Vec<RuleSetCase>,
    /// Ids of the file's rule sets.
    pub rules: Vec<String>,
    /// Union support that was already given.
    pub earlier_support: Money,
    /// The market price by year.
    pub prices: Vec<PriceYear>,
    /// Share of the draws in which debt is served from cash and reserve; `None` without debt or draws.
    pub debt_served: Option<f64>,
    /// Share of the draws in which shareholders reach the required return.
    pub required_reached: Option<f64>,
    /// Return that shareholders ask for.
    pub required: f64,
    /// Inputs by what they do to the equity value.
    pub matters: Vec<Matter>,
    /// Inputs at their default and all of them.
    pub at_default: (usize, usize),
}

thread_local! {
    static WORK: RefCell<Workspace> = RefCell::default();
}

/// One draw: figures of every form, market prices by year, whether debt is served.
struct Drawn {
    forms: Vec<Vec<f64>>,
    base: Vec<f64>,
    prices: Vec<f64>,
    served: bool,
    reached: bool,
}

/// Most inputs that are named.
const NAMED: usize = 8;

/// Evaluates the money of a site: base case, every form, later phases, rule sets, and `draws` seeded draws.
///
/// # Errors
/// Where a price is missing, hours are oversold, or the site itself cannot be.
pub fn site_finance(f: &Factory, catalog: &Catalog, seed: u64, draws: usize) -> Result<SiteFinance, Refusal> {
    let base = f.inputs.base();
    let v = Values::new(&f.inputs, &base);
    let plans = planners(f, &v);
    let p = physical(f, &v, &plans);
    if let Some(first) = p.infeasible.first().filter(|_| p.machines.is_empty()) {
        return Err(Refusal::Infeasible(format!("{}: {}", first.what, first.reason)));
    }
    let m = financed(f, &v, &p).map_err(Refusal::Infeasible)?.ok_or_else(|| missing(f))?;
    let own = Form::Paid(own_form(f));
    let mut work = Workspace::default();
    let mut evaluate = |form, tweak| -> Result<(Core, Workspace), Refusal> {
        let core = core(f, &v, &p, &m, form, tweak, &mut work).map_err(refusal)?;
        Ok((core, work.clone()))
    };
    let (base_core, base_work) = evaluate(own, Tweak::NONE)?;
    let mut forms = Vec::new();
    for form in Form::ALL {
        if form == Form::Guarantee && base_core.outcome.debt.amount.eur() <= 0.0 {
            continue;
        }
        let (core, work) = evaluate(form, Tweak::NONE)?;
        let stress = [
            Tweak { price: 0.7, ..Tweak::NONE },
            Tweak { use_of_hours: 0.8, ..Tweak::NONE },
            Tweak { delay: 12, ..Tweak::NONE },
        ]
        .map(|t| evaluate(form, t).ok().and_then(|(c, _)| c.outcome.equity.xirr.rate()));
        forms.push((core, work, stress));
    }
    let inflation = v.get(f.finance.inflation).per_year();
    let years = years(&base_core, &base_work, i32::from(f.inputs.price_year));
    let drawn = if draws > 0 { sample(f, &plans, seed, draws, own, &forms, &years) } else { Vec::new() };
    let band = |columns: &dyn Fn(&Drawn) -> f64| quantiles(drawn.iter().map(columns).collect());
    let dress = |core: &Core, work: &Workspace, of: &dyn Fn(&Drawn) -> &Vec<f64>| -> Vec<Figure> {
        let values = figures::measure(core, work, inflation);
        FIGURES
            .iter()
            .zip(values)
            .enumerate()
            .map(|(i, (def, value))| Figure {
                def,
                value: Some(value).filter(|v| v.is_finite()),
                band: band(&|d: &Drawn| of(d).get(i).copied().unwrap_or(f64::NAN)),
            })
            .collect()
    };
    let base_figures = dress(&base_core, &base_work, &|d| &d.base);
    let base_stress = forms.iter().find(|x| x.0.form == own).map_or([None; 3], |x| x.2);
    let forms: Vec<Case> = forms
        .into_iter()
        .enumerate()
        .map(|(i, (core, work, stress))| Case {
            figures: dress(&core, &work, &|d| &d.forms[i]),
            core,
            work,
            stress,
        })
        .collect();
    let prices = years
        .iter()
        .enumerate()
        .map(|(i, (year, base))| PriceYear { year: *year, base: *base, band: band(&|d: &Drawn| d.prices[i]) })
        .collect();
    let share = |of: &dyn Fn(&Drawn) -> bool| {
        (!drawn.is_empty()).then(|| drawn.iter().filter(|d| of(d)).count() as f64 / drawn.len() as f64)
    };
    let owes = base_core.outcome.debt.amount.eur() > 0.0;
    let (debt_served, required_reached) = (share(&|d| d.served).filter(|_| owes), share(&|d| d.reached));
    let phases = f
        .phases
        .iter()
        .enumerate()
        .filter_map(|(i, phase)| {
            Some(PhaseCost {
                name: phase.name.clone(),
                opens: Date::from_days(*m.openings.days.get(i)?),
                capex: m.bill.capex.get(i)?.clone(),
                split: *base_core.funding.phases.get(i)?,
            })
        })
        .collect();
    let probability: Vec<_> = f.phases.iter().map(|p| v.get(p.funded)).collect();
    let earlier = f.finance.earlier_support.map_or(Money::ZERO, |e| v.get(e));
    Ok(SiteFinance {
        stamp: Stamp { version: env!("CARGO_PKG_VERSION"), seed, inputs_sha256: f.sha256.clone() },
        name: f.name.clone(),
        place: f.place.clone(),
        country: f.country.to_uppercase(),
        price_year: f.inputs.price_year,
        inflation,
        size: [
            m.sheet.at("site.accelerators"),
            m.sheet.at("site.h100_equivalents"),
            m.sheet.at("site.it_power") / 1e6,
            m.hours.available,
        ],
        draws,
        phases,
        futures: futures::futures(f, &base, &p, &m, own, &mut work),
        rule_sets: rule_sets::rule_sets(catalog, &m.bill.capex, earlier, &probability),
        rules: f.rules.iter().map(|r| r.id.clone()).collect(),
        earlier_support: earlier,
        prices,
        debt_served,
        required_reached,
        required: base_core.plan.equity_rate.fraction(),
        matters: if draws > 0 { matters(f, &plans, own) } else { Vec::new() },
        at_default: (
            f.inputs.at_default() + f.choices_at_default,
            f.inputs.len() + f.choices.len() + f.choices_at_default,
        ),
        base: Case { core: base_core, work: base_work, figures: base_figures, stress: base_stress },
        forms,
    })
}

fn own_form(f: &Factory) -> gigatwin_finance::funding::PublicForm {
    money::form(&f.finance.public_money)
}

fn missing(f: &Factory) -> Refusal {
    let mut named: Vec<&str> =
        f.partitions.iter().filter(|p| p.price.is_none()).map(|p| p.system.as_str()).collect();
    named.sort_unstable();
    named.dedup();
    Refusal::MissingFact(if named.is_empty() {
        "the price of a network part is not known, so there is no investment to finance".to_owned()
    } else {
        format!("the price of {} is not known, so there is no investment to finance", named.join(", "))
    })
}

fn refusal(reason: String) -> Refusal {
    if reason.contains("of the hours") || reason.contains("more than 100 %") {
        Refusal::Oversold(reason)
    } else {
        Refusal::Infeasible(reason)
    }
}

/// Years from the middle of the price year to the last sale with the base case's market price.
fn years(core: &Core, work: &Workspace, start: i32) -> Vec<(i32, f64)> {
    let last = work.periods().last().and_then(|r| r.date.year()).map_or(start, i32::from);
    (start..=last.max(start)).map(|y| (y, price_in(core, y - start))).collect()
}

fn price_in(core: &Core, year: i32) -> f64 {
    core.plan.market_price.eur_per_h() * core.plan.market_path.factor(year)
}

fn sample(
    f: &Factory,
    plans: &crate::evaluate::Plans,
    seed: u64,
    draws: usize,
    own: Form,
    forms: &[(Core, Workspace, [Option<f64>; 3])],
    years: &[(i32, f64)],
) -> Vec<Drawn> {
    let strata = Draws::new(&f.inputs, seed, draws);
    (0..draws)
        .into_par_iter()
        .filter_map(|k| {
            let values = strata.values(&f.inputs, k);
            let v = Values::new(&f.inputs, &values);
            let p = physical(f, &v, plans);
            let m = financed(f, &v, &p).ok().flatten()?;
            let inflation = v.get(f.finance.inflation).per_year();
            WORK.with_borrow_mut(|work| {
                let mut of = |form| {
                    core(f, &v, &p, &m, form, Tweak::NONE, work).map(|c| {
                        let figures = figures::measure(&c, work, inflation);
                        (c, figures)
                    })
                };
                let all: Vec<Vec<f64>> = forms
                    .iter()
                    .map(|x| of(x.0.form).map_or_else(|_| vec![f64::NAN; FIGURES.len()], |c| c.1))
                    .collect();
                let (c, base) = of(own).ok()?;
                Some(Drawn {
                    forms: all,
                    prices: years.iter().map(|(y, _)| price_in(&c, y - years[0].0)).collect(),
                    served: c.outcome.shortfall.is_none(),
                    // What cannot be said to reach it does not.
                    reached: base[figures::at("finance.npv_equity")] >= 0.0,
                    base,
                })
            })
        })
        .collect()
}

fn quantiles(mut column: Vec<f64>) -> Option<Band> {
    let all = column.len();
    column.retain(|v| v.is_finite());
    if all == 0 || column.len() * 20 < all * 19 {
        return None;
    }
    column.sort_by(f64::total_cmp);
    let at = |q: f64| {
        let x = q * (column.len() - 1) as f64;
        let (i, part) = (x.floor() as usize, x.fract());
        column[i] + part * (column[(i + 1).min(column.len() - 1)] - column[i])
    };
    Some(Band { p10: at(0.1), p50: at(0.5), p90: at(0.9) })
}

/// Inputs by what they do alone to the equity value between their own P10 and P90.
fn matters(f: &Factory, plans: &crate::evaluate::Plans, own: Form) -> Vec<Matter> {
    let base = f.inputs.base();
    let figure = |values: &[f64]| -> Option<(f64, Option<f64>)> {
        let v = Values::new(&f.inputs, values);
        let p: Physical = physical(f, &v, plans);
        let m: Financed = financed(f, &v, &p).ok().flatten()?;
        WORK.with_borrow_mut(|work| {
            let c = core(f, &v, &p, &m, own, Tweak::NONE, work).ok()?;
            Some((c.outcome.equity.xnpv.eur(), c.outcome.equity.xirr.rate()))
        })
    };
    let mut found: Vec<Matter> = f
        .inputs
        .iter()
        .enumerate()
        .filter(|(_, input)| !input.distribution.is_point())
        .collect::<Vec<_>>()
        .into_par_iter()
        .filter_map(|(i, input)| {
            let ends = (input.distribution.quantile(0.1), input.distribution.quantile(0.9));
            let at = |x: f64| {
                let mut values = base.clone();
                values[i] = x;
                figure(&values)
            };
            let (low, high) = (at(ends.0)?, at(ends.1)?);
            (low.0 != high.0).then(|| Matter {
                path: input.path.clone(),
                dim: input.dim,
                input: ends,
                npv: (low.0, high.0),
                irr: (low.1, high.1),
            })
        })
        .collect();
    let size = |m: &Matter| (m.npv.1 - m.npv.0).abs();
    found.sort_by(|a, b| size(b).total_cmp(&size(a)).then_with(|| a.path.cmp(&b.path)));
    found.truncate(NAMED);
    found
}

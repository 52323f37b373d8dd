//! The year's bill, renewable shares and emissions.
//!
//! **Matching.** The load is taken as constant. Wind output is cut into levels of equal duration, solar output
//! likewise; the two are taken as independent, so each pair of levels stands for the same share of the hours.
//! In each, what the load can use is matched, the rest is surplus, what is missing is bought.
//!
//! **Prices of parts.** The output of a plant is worth `capture_rate` times the mean price, because its windy
//! hours are cheap. Surplus is sold at that. The hours left over are dearer than the mean: with matched
//! share m and capture rate c they cost `1 + m (1 − c)` times the mean, an interpolation that is exact when nothing is
//! matched and, since a flat profile captures the mean price, keeps the value of the whole load when all is.
//!
//! **Plants on the site** serve first. What is used of them bears no network charge and no tax; what the site cannot use is
//! curtailed here, because whether it may be fed in is a question of the hour ([`crate::hours`], [`crate::dispatch`]).
//!
//! **Carbon.** Location-based: consumption times the country's intensity. Market-based: contracted carbon-free volumes of
//! the year, up to consumption, at their own intensity, the rest at the residual mix (GHG Protocol, Scope 2).

use gigatwin_quantity::{Energy, EnergyPrice, Mass, Money, Power, Share, Time};

use crate::contract::{Contract, Origin, Technology};
use crate::error::{not_negative, number, positive};
use crate::shape::LEVELS;
use crate::{CarbonInputs, EnergyError, Market};

/// What the site draws from the grid.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Demand {
    /// Energy of the year, heat pumps included.
    pub energy: Energy,
    /// Time it covers.
    pub duration: Time,
    /// Peak power, for capacity charges.
    pub peak: Power,
}

/// The year in energy, money and carbon.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EnergyYear {
    /// Consumption.
    pub energy: Energy,
    /// Everything paid, revenues from surplus taken off.
    pub cost: Money,
    /// `cost` over consumption.
    pub price_all_in: EnergyPrice,
    /// Generation of contracts, paid for.
    pub contracted: Energy,
    /// Of it, used in the hour it was made; `None` where a plant has no duration curve.
    pub matched: Option<Energy>,
    /// Of it, sold on; without duration curves only what exceeds the consumption of the year.
    pub surplus: Energy,
    /// Bought at spot or at the fixed price.
    pub residual: Energy,
    /// Paid for contracted generation.
    pub cost_contracts: Money,
    /// Earned with surplus.
    pub revenue_surplus: Money,
    /// Paid for what was bought besides.
    pub cost_residual: Money,
    /// Network charges.
    pub cost_network: Money,
    /// Taxes and levies.
    pub cost_taxes: Money,
    /// Contracted renewable generation of the year over consumption, at most one.
    pub renewable_share_annual: Share,
    /// Contracted renewable generation used in its hour, over consumption; the mix of the grid does not count.
    pub renewable_share_hourly: Option<Share>,
    /// Emissions, location-based.
    pub carbon_location: Mass,
    /// Emissions, market-based.
    pub carbon_market: Mass,
}

#[derive(Default)]
struct Book {
    /// Watts by level.
    wind: Option<[f64; LEVELS]>,
    solar: Option<[f64; LEVELS]>,
    shapeless: bool,
    /// Of `variable`, made on the site, with its worth and curves.
    own: f64,
    own_captured: f64,
    own_wind: Option<[f64; LEVELS]>,
    own_solar: Option<[f64; LEVELS]>,
    /// Mean watts of variable plants and the same weighted by capture rate.
    variable: f64,
    captured: f64,
    flat: f64,
    flat_renewable: f64,
    /// Of the flat contracts, what has no emissions.
    flat_carbon_free: f64,
    /// EUR/J times W.
    paid: f64,
    fixed: Option<EnergyPrice>,
    spot: bool,
}

fn enter(contracts: &[Contract]) -> Result<Book, EnergyError> {
    let mut book = Book::default();
    for contract in contracts {
        match contract {
            Contract::PayAsProduced(p) => {
                let capacity = not_negative("the capacity of a contract", p.capacity.w())?;
                let factor = crate::error::share("a capacity factor", p.capacity_factor)?;
                let capture = not_negative("a capture rate", p.capture_rate)?;
                let price = number("the price of a contract", p.price.eur_per_mwh()).map(|_| p.price)?;
                let mean = capacity * factor;
                book.variable += mean;
                book.captured += mean * capture;
                book.paid += mean * joule_price(price);
                if p.on_site {
                    book.own += mean;
                    book.own_captured += mean * capture;
                }
                match p.shape {
                    None => book.shapeless |= mean > 0.0,
                    Some(shape) => {
                        if p.on_site {
                            let curve = match p.technology {
                                Technology::Wind => &mut book.own_wind,
                                Technology::Solar => &mut book.own_solar,
                            };
                            add(curve, capacity, &shape.levels(p.capacity_factor)?);
                        }
                        let curve = match p.technology {
                            Technology::Wind => &mut book.wind,
                            Technology::Solar => &mut book.solar,
                        };
                        add(curve, capacity, &shape.levels(p.capacity_factor)?);
                    }
                }
            }
            Contract::Baseload { power, price, origin } => {
                let power = not_negative("the power of a baseload contract", power.w())?;
                number("the price of a contract", price.eur_per_mwh())?;
                book.flat += power;
                book.flat_renewable += if *origin == Origin::Renewable { power } else { 0.0 };
                book.flat_carbon_free += if *origin == Origin::Unspecified { 0.0 } else { power };
                book.paid += power * joule_price(*price);
            }
            Contract::Spot if book.spot || book.fixed.is_some() => return Err(EnergyError::TwoResiduals),
            Contract::Spot => book.spot = true,
            Contract::Fixed { .. } if book.spot || book.fixed.is_some() => {
                return Err(EnergyError::TwoResiduals);
            }
            Contract::Fixed { price } => {
                number("the fixed price", price.eur_per_mwh())?;
                book.fixed = Some(*price);
            }
        }
    }
    Ok(book)
}

fn add(curve: &mut Option<[f64; LEVELS]>, capacity: f64, levels: &[f64; LEVELS]) {
    let sum = curve.get_or_insert([0.0; LEVELS]);
    for (total, level) in sum.iter_mut().zip(levels) {
        *total += capacity * level;
    }
}

/// Euros per joule.
fn joule_price(price: EnergyPrice) -> f64 {
    (Energy::from_joules(1.0) * price).eur()
}

/// Mean power of variable plants that an open load can use.
fn matched_power(wind: Option<&[f64; LEVELS]>, solar: Option<&[f64; LEVELS]>, open: f64) -> f64 {
    let none = [0.0; LEVELS];
    match (wind, solar) {
        (None, None) => 0.0,
        (Some(one), None) | (None, Some(one)) => one.iter().map(|p| p.min(open)).sum::<f64>() / LEVELS as f64,
        (wind, solar) => {
            let mut sum = 0.0;
            for w in wind.unwrap_or(&none) {
                for s in solar.unwrap_or(&none) {
                    sum += (w + s).min(open);
                }
            }
            sum / (LEVELS * LEVELS) as f64
        }
    }
}

/// Evaluates the contracts of a year. Without a spot or fixed contract, what is open is bought at spot.
///
/// # Errors
/// No consumption, negative or missing figures, capacity factors beyond their curve, two contracts for the rest.
pub fn evaluate(
    demand: &Demand,
    contracts: &[Contract],
    market: &Market,
    carbon: &CarbonInputs,
) -> Result<EnergyYear, EnergyError> {
    let joules = positive("the consumption", demand.energy.joules())?;
    let seconds = positive("the time covered", demand.duration.s())?;
    not_negative("the peak power", demand.peak.w())?;
    number("the wholesale price", market.wholesale.eur_per_mwh())?;
    number("the supplier's margin", market.supplier_margin.eur_per_mwh())?;
    not_negative("the network charge", market.network_charge.eur_per_mwh())?;
    not_negative("the capacity charge", market.capacity_charge.eur_per_kw_year())?;
    number("taxes", market.taxes.eur_per_mwh())?;
    not_negative("the carbon intensity", carbon.location.g_per_kwh())?;
    not_negative("the carbon intensity of contracts", carbon.contracted.g_per_kwh())?;
    let residual_intensity = carbon.residual.unwrap_or(carbon.location);
    not_negative("the carbon intensity of the residual mix", residual_intensity.g_per_kwh())?;
    let book = enter(contracts)?;

    let load = joules / seconds;
    let flat_used = book.flat.min(load);
    let open = load - flat_used;
    // Without a curve the year's volume is all that is known: everything up to the open load counts as used.
    let variable_used = if book.shapeless {
        book.variable.min(open)
    } else {
        matched_power(book.wind.as_ref(), book.solar.as_ref(), open).min(open)
    };
    let own_used = if book.shapeless {
        book.own.min(load)
    } else {
        matched_power(book.own_wind.as_ref(), book.own_solar.as_ref(), load).min(load)
    };
    let own_surplus = (book.own - own_used).max(0.0);
    let used = flat_used + variable_used;
    let (surplus_variable, surplus_flat) = (book.variable - variable_used, book.flat - flat_used);
    let missing = (load - used).max(0.0);

    let capture = if book.variable > 0.0 { book.captured / book.variable } else { 1.0 };
    let share_matched = if open > 0.0 { variable_used / open } else { 0.0 };
    let spot = joule_price(market.wholesale);
    let dearer = 1.0 + share_matched * (1.0 - capture);
    let residual_price = match book.fixed {
        Some(price) => joule_price(price),
        None => spot * dearer + joule_price(market.supplier_margin),
    };
    let money = |watts_times_price: f64| Money::from_eur(watts_times_price * seconds);
    let energy = |watts: f64| Energy::from_joules(watts * seconds);
    let cost_contracts = money(book.paid);
    let own_capture = if book.own > 0.0 { book.own_captured / book.own } else { 1.0 };
    let revenue_surplus =
        money(surplus_variable * spot * capture + surplus_flat * spot - own_surplus * spot * own_capture);
    let cost_residual = money(missing * residual_price);
    let years = demand.duration.s() / Time::from_hours(8760.0).s();
    let drawn = energy(load - own_used);
    let cost_network = drawn * market.network_charge + demand.peak * market.capacity_charge * years;
    let cost_taxes = drawn * market.taxes;
    let cost = cost_contracts - revenue_surplus + cost_residual + cost_network + cost_taxes;

    let renewable = (book.flat_renewable + book.variable).min(load);
    let flat_renewable_used = if book.flat > 0.0 { flat_used * book.flat_renewable / book.flat } else { 0.0 };
    let clean_energy = energy((book.flat_carbon_free + book.variable).min(load));
    Ok(EnergyYear {
        energy: demand.energy,
        cost,
        price_all_in: cost / demand.energy,
        contracted: energy(book.flat + book.variable),
        matched: (!book.shapeless).then(|| energy(used)),
        surplus: energy((surplus_variable + surplus_flat - own_surplus).max(0.0)),
        residual: energy(missing),
        cost_contracts,
        revenue_surplus,
        cost_residual,
        cost_network,
        cost_taxes,
        renewable_share_annual: Share::from_fraction(renewable / load),
        renewable_share_hourly: (!book.shapeless)
            .then(|| Share::from_fraction((flat_renewable_used + variable_used) / load)),
        carbon_location: drawn * carbon.location,
        carbon_market: (demand.energy - clean_energy) * residual_intensity + clean_energy * carbon.contracted,
    })
}

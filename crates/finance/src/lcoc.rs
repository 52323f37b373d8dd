//! Levelised cost of compute: what an accelerator-hour must bring so that all cost is covered.
//!
//! LCOC = (investment + refreshes − PV of residual values + PV of running cost) ÷ PV of hours, with yearly amounts at the
//! end of each year: the definition of levelised cost of energy (IEA/NEA, Projected Costs of Generating Electricity)
//! with accelerator-hours in the place of megawatt-hours.

use gigatwin_quantity::{HourPrice, Money, Share, Time};

use crate::error::{FinanceError, amount, share};

/// What the levelised cost depends on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LcocInputs {
    /// Computing infrastructure.
    pub computing: Money,
    /// Everything else that is built.
    pub facility: Money,
    /// Running cost of a full year.
    pub opex: Money,
    /// Accelerator-hours a year that work and may be sold.
    pub hours_available: f64,
    /// Accelerator-hours a year that are used or sold.
    pub hours_sold: f64,
    /// H100-equivalents per accelerator.
    pub h100e_per_accelerator: f64,
    /// Time over which cost and hours are counted, in years; whole years count, the rest in proportion.
    pub horizon: Time,
    /// Life of the computing infrastructure, after which it is bought anew if the horizon goes on.
    pub computing_life: Time,
    /// Life of everything else.
    pub facility_life: Time,
    /// Price of a refresh over the first purchase.
    pub refresh_cost: Share,
    /// Value left in computing infrastructure at the end of its life, of what was paid.
    pub residual_share: Share,
    /// Discount rate per year, real where the money is real.
    pub discount_rate: Share,
}

/// Cost per hour in its three readings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lcoc {
    /// Per hour that works, sold or not.
    pub per_available_hour: HourPrice,
    /// Per hour sold: what a price is compared with.
    pub per_sold_hour: HourPrice,
    /// Per sold hour of one H100-equivalent.
    pub per_h100e_hour: HourPrice,
    /// Present value of investment net of residual values.
    pub pv_capex: Money,
    /// Present value of running cost.
    pub pv_opex: Money,
    /// Present value of available hours.
    pub pv_hours_available: f64,
    /// Present value of sold hours.
    pub pv_hours_sold: f64,
}

impl Lcoc {
    /// Levels the cost. Residual values: computing infrastructure falls on a straight line from its price to
    /// `residual_share` at the end of its life, everything else from its price to nothing.
    ///
    /// # Errors
    /// Where amounts are negative, lives are not above zero, or nothing is sold.
    pub fn level(i: &LcocInputs) -> Result<Lcoc, FinanceError> {
        let computing = amount("computing investment", i.computing)?;
        let facility = amount("facility investment", i.facility)?;
        let residual = share("residual share", i.residual_share)?;
        let rate = share("discount rate", i.discount_rate)?;
        let (horizon, life, plant) = (i.horizon.years(), i.computing_life.years(), i.facility_life.years());
        if !(horizon > 0.0 && life > 0.0 && plant > 0.0 && horizon <= 200.0 && horizon.is_finite()) {
            return Err(FinanceError::OutOfRange(
                "horizon and lives must be above zero and the horizon at most 200 years",
            ));
        }
        if !(i.hours_sold > 0.0 && i.hours_available >= i.hours_sold && i.h100e_per_accelerator > 0.0) {
            return Err(FinanceError::OutOfRange(
                "sold hours must be above zero and not exceed the available ones, and an accelerator must be worth something in H100-equivalents",
            ));
        }
        let at = |t: f64| (1.0 + rate).powf(-t);
        let refresh = i.refresh_cost.fraction() * computing;
        let mut pv_capex = computing + facility;
        // Whole generations before the horizon; a life of just the horizon brings no refresh.
        let generations = ((horizon / life) - 1e-9).floor().max(0.0);
        let mut paid = computing;
        let mut g = 1.0;
        while g <= generations {
            pv_capex += (refresh - residual * paid) * at(g * life);
            paid = refresh;
            g += 1.0;
        }
        let age = horizon - generations * life;
        pv_capex -= paid * (1.0 - (1.0 - residual) * (age / life).min(1.0)) * at(horizon);
        // Buildings that end before the horizon are rebuilt at their first cost.
        let rebuilt = ((horizon / plant) - 1e-9).floor().max(0.0);
        let mut g = 1.0;
        while g <= rebuilt {
            pv_capex += facility * at(g * plant);
            g += 1.0;
        }
        pv_capex -= facility * (1.0 - ((horizon - rebuilt * plant) / plant).min(1.0)) * at(horizon);
        let years = annuity(rate, horizon);
        let pv_opex = i.opex.eur() * years;
        let cost = pv_capex + pv_opex;
        let (available, sold) = (i.hours_available * years, i.hours_sold * years);
        Ok(Lcoc {
            per_available_hour: HourPrice::from_eur_per_h(cost / available),
            per_sold_hour: HourPrice::from_eur_per_h(cost / sold),
            per_h100e_hour: HourPrice::from_eur_per_h(cost / (sold * i.h100e_per_accelerator)),
            pv_capex: Money::from_eur(pv_capex),
            pv_opex: Money::from_eur(pv_opex),
            pv_hours_available: available,
            pv_hours_sold: sold,
        })
    }
}

/// Present value of one unit at the end of each of `years` years; a broken last year counts in proportion at the end.
pub fn annuity(rate: f64, years: f64) -> f64 {
    let whole = years.floor();
    let full = if rate.abs() < 1e-12 { whole } else { (1.0 - (1.0 + rate).powf(-whole)) / rate };
    full + (years - whole) * (1.0 + rate).powf(-years)
}

/// Yearly charge that repays one unit over `years` years.
pub fn capital_recovery_factor(rate: f64, years: f64) -> f64 {
    1.0 / annuity(rate, years)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs() -> LcocInputs {
        LcocInputs {
            computing: Money::from_million(700.0),
            facility: Money::from_million(300.0),
            opex: Money::from_million(70.0),
            hours_available: 20_000.0 * 8_766.0,
            hours_sold: 20_000.0 * 8_766.0 * 0.75,
            h100e_per_accelerator: 2.5,
            horizon: Time::from_years(6.0),
            computing_life: Time::from_years(6.0),
            facility_life: Time::from_years(6.0),
            refresh_cost: Share::from_fraction(1.0),
            residual_share: Share::ZERO,
            discount_rate: Share::from_percent(9.0),
        }
    }

    #[test]
    fn one_generation_is_the_annuity() {
        let l = Lcoc::level(&inputs()).unwrap();
        let by_hand = (1e9 * capital_recovery_factor(0.09, 6.0) + 70e6) / (20_000.0 * 8_766.0 * 0.75);
        assert!((l.per_sold_hour.eur_per_h() - by_hand).abs() < 1e-9);
        assert!((l.per_h100e_hour.eur_per_h() * 2.5 - by_hand).abs() < 1e-9);
        assert!((l.per_available_hour.eur_per_h() - 0.75 * by_hand).abs() < 1e-9);
    }

    #[test]
    fn residual_value_lowers_and_refresh_keeps_the_cost_per_hour() {
        let base = Lcoc::level(&inputs()).unwrap().per_sold_hour;
        let kept =
            Lcoc::level(&LcocInputs { residual_share: Share::from_percent(20.0), ..inputs() }).unwrap();
        assert!(kept.per_sold_hour < base);
        // Two equal generations cost per hour what one does.
        let two = Lcoc::level(&LcocInputs {
            horizon: Time::from_years(12.0),
            facility_life: Time::from_years(6.0),
            ..inputs()
        })
        .unwrap();
        assert!((two.per_sold_hour.eur_per_h() - base.eur_per_h()).abs() < 1e-9);
    }
}

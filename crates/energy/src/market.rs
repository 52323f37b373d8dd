//! Prices and emissions of the place.

use gigatwin_quantity::{CarbonIntensity, EnergyPrice, Irradiance, PowerRate, Share};

/// Price levels of the year.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Market {
    /// Mean day-ahead price.
    pub wholesale: EnergyPrice,
    /// Supplier's margin on spot purchases: balancing, trading, profile.
    pub supplier_margin: EnergyPrice,
    /// Network charges per energy.
    pub network_charge: EnergyPrice,
    /// Network charges per peak power and year.
    pub capacity_charge: PowerRate,
    /// Taxes and levies per energy that are not refunded.
    pub taxes: EnergyPrice,
}

/// Emissions of the place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CarbonInputs {
    /// Of the country's mix, on the basis its source names.
    pub location: CarbonIntensity,
    /// Of the mix that is left when all guarantees of origin are taken out; the location's where not known.
    pub residual: Option<CarbonIntensity>,
    /// Of contracted renewable generation: zero by the market-based rule, more on a life-cycle basis.
    pub contracted: CarbonIntensity,
}

/// Network charges that an industrial price contains: what is left of it after wholesale and margin, not below zero.
///
/// Eurostat's price "excluding taxes and levies" holds energy, supply and network. Prices of bands below a
/// hyperscale site's overstate its charges.
pub fn network_from_industry_price(
    industry: EnergyPrice,
    wholesale: EnergyPrice,
    supplier_margin: EnergyPrice,
) -> EnergyPrice {
    (industry - wholesale - supplier_margin).max(EnergyPrice::ZERO)
}

/// Capacity factor of a solar plant from the annual mean irradiance on the horizontal: G / 1000 W/m² (the standard
/// test irradiance) · gain of the tilted plane · performance ratio.
pub fn solar_capacity_factor(mean_irradiance: Irradiance, tilt_gain: f64, performance_ratio: Share) -> Share {
    Share::from_fraction(mean_irradiance.w_per_m2() / 1000.0 * tilt_gain * performance_ratio.fraction())
}

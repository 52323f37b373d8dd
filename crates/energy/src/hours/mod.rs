//! The bill of a year hour by hour, without optimisation: contracts deliver, the load takes what it can, the rest is bought
//! at the hour's price and what is too much is sold at it. Plants on the site serve first, free of network charges and taxes;
//! what the site cannot use of them is fed in up to the export limit where that earns something, or else curtailed.

mod price;
mod profile;

pub use price::{PriceShape, synthetic_prices};
pub use profile::{WeatherSigns, solar_profile, wind_profile};

use gigatwin_quantity::{CarbonIntensity, Energy, EnergyPrice, Mass, Money, Power, Share, Time};

use crate::error::{not_negative, positive};
use crate::{CarbonInputs, EnergyError, Market, Origin};

/// What a contract delivers in each hour.
#[derive(Debug, Clone, PartialEq)]
pub enum HourlySupply {
    /// Every unit a plant makes.
    Produced {
        /// Capacity.
        capacity: Power,
        /// Output over capacity, by hour.
        profile: Vec<Share>,
        /// Price of each unit it could make.
        price: EnergyPrice,
        /// Behind the site's own meter.
        on_site: bool,
    },
    /// The same power in every hour.
    Band {
        /// Power.
        power: Power,
        /// Price.
        price: EnergyPrice,
        /// What it carries guarantees for.
        origin: Origin,
    },
}

/// The year, booked hour by hour. In each hour `load` = `own` + `contracted` + `bought`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HourlyBill {
    /// Made on the site and used in its hour.
    pub own: Vec<Power>,
    /// Contracted energy used in its hour.
    pub contracted: Vec<Power>,
    /// Of both, renewable.
    pub renewable: Vec<Power>,
    /// Of both, without emissions.
    pub carbon_free: Vec<Power>,
    /// Made on the site and fed in.
    pub exported: Vec<Power>,
    /// Contracted energy sold on.
    pub surplus: Vec<Power>,
    /// Bought besides.
    pub bought: Vec<Power>,
    /// Paid in the hour, earnings taken off; capacity charges are not in it.
    pub cost: Vec<Money>,
    /// Paid for contracts.
    pub cost_contracts: Money,
    /// Earned with surplus and with what was fed in.
    pub revenue_surplus: Money,
    /// Paid for what was bought besides.
    pub cost_bought: Money,
    /// Network charges, those on the peak included.
    pub cost_network: Money,
    /// Taxes and levies.
    pub cost_taxes: Money,
    /// Consumption.
    pub energy: Energy,
    /// Renewable energy produced under contract, used in its hour or not, and what of plants on the site was used.
    pub renewable_produced: Energy,
    /// The same with every other source without emissions.
    pub carbon_free_produced: Energy,
    /// Location-based emissions.
    pub carbon_location: Mass,
    /// Market-based emissions: carbon-free contracts count by the year, up to consumption.
    pub carbon_market: Mass,
}

impl HourlyBill {
    /// Everything paid.
    pub fn total(&self) -> Money {
        self.cost_contracts - self.revenue_surplus + self.cost_bought + self.cost_network + self.cost_taxes
    }

    /// Carbon-free energy used in its hour, over consumption: contracted energy, and of what is bought the part of the mix
    /// that is free of carbon (24/7).
    pub fn carbon_free_hourly(&self, mix: Share) -> Share {
        let hour = Time::from_hours(1.0);
        let own = self.carbon_free.iter().copied().sum::<Power>() * hour;
        let bought = self.bought.iter().copied().sum::<Power>() * hour;
        Share::from_fraction((own + bought * mix.fraction()) / self.energy)
    }
}

/// What a year is billed with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HourlyTariff<'a> {
    /// Day-ahead price, by hour.
    pub spot: &'a [EnergyPrice],
    /// Charges; its `wholesale` is not looked at.
    pub market: Market,
    /// One price for what is bought besides, margin included, instead of spot.
    pub fixed: Option<EnergyPrice>,
    /// Emissions of the place.
    pub carbon: CarbonInputs,
    /// Highest power of the year, for charges on it.
    pub peak: Power,
    /// Power that may be fed in.
    pub export_limit: Power,
    /// Taken off the hour's price where energy is fed in.
    pub export_discount: EnergyPrice,
}

/// Bills the hours of a year.
///
/// # Errors
/// Series of different lengths, negative figures.
pub fn bill_hours(
    load: &[Power],
    supplies: &[HourlySupply],
    tariff: &HourlyTariff<'_>,
) -> Result<HourlyBill, EnergyError> {
    let n = load.len();
    let length = |what: &'static str, got: usize| {
        if got == n { Ok(()) } else { Err(EnergyError::Length { what, got, want: n }) }
    };
    length("the day-ahead price", tariff.spot.len())?;
    for supply in supplies {
        match supply {
            HourlySupply::Produced { capacity, profile, .. } => {
                not_negative("the capacity of a contract", capacity.w())?;
                length("the profile of a contract", profile.len())?;
            }
            HourlySupply::Band { power, .. } => {
                not_negative("the power of a baseload contract", power.w())?;
            }
        }
    }
    // Energy of an hour at one watt, in joules, and money of a joule.
    let joules = Time::from_hours(1.0).s();
    let eur = |price: EnergyPrice| (Energy::from_joules(1.0) * price).eur();
    // Under contract: all, renewable, carbon-free; on the site.
    let mut made = vec![[0.0f64; 4]; n];
    let mut paid = vec![0.0f64; n];
    for supply in supplies {
        match supply {
            HourlySupply::Produced { capacity, profile, price, on_site } => {
                let (capacity, price) = (capacity.w(), eur(*price));
                for ((m, p), share) in made.iter_mut().zip(&mut paid).zip(profile) {
                    let w = capacity * share.fraction();
                    if *on_site {
                        m[3] += w;
                    } else {
                        (m[0], m[1], m[2]) = (m[0] + w, m[1] + w, m[2] + w);
                    }
                    *p += w * price;
                }
            }
            HourlySupply::Band { power, price, origin } => {
                let (w, price) = (power.w(), eur(*price));
                let (green, free) = match origin {
                    Origin::Renewable => (w, w),
                    Origin::CarbonFree => (0.0, w),
                    Origin::Unspecified => (0.0, 0.0),
                };
                for (m, p) in made.iter_mut().zip(&mut paid) {
                    (m[0], m[1], m[2]) = (m[0] + w, m[1] + green, m[2] + free);
                    *p += w * price;
                }
            }
        }
    }
    let column = || Vec::with_capacity(n);
    let mut bill = HourlyBill {
        own: column(),
        exported: column(),
        contracted: column(),
        renewable: column(),
        carbon_free: column(),
        surplus: column(),
        bought: column(),
        cost: Vec::with_capacity(n),
        ..HourlyBill::default()
    };
    let (margin, network, taxes) =
        (eur(tariff.market.supplier_margin), eur(tariff.market.network_charge), eur(tariff.market.taxes));
    let fixed = tariff.fixed.map(eur);
    let (limit, discount) =
        (not_negative("the export limit", tariff.export_limit.w())?, eur(tariff.export_discount));
    let mut sums = [0.0f64; 7];
    for h in 0..n {
        let need = load[h].w();
        let [all, green, free, own] = made[h];
        let spot = eur(tariff.spot[h]);
        let own_used = own.min(need);
        let exported = if spot > discount { (own - own_used).min(limit) } else { 0.0 };
        let open = need - own_used;
        let used = all.min(open);
        let part = if all > 0.0 { used / all } else { 0.0 };
        let (bought, surplus) = (open - used, all - used);
        let purchase = bought * fixed.unwrap_or(spot + margin);
        let resale = surplus * spot + exported * (spot - discount);
        let (n_cost, t_cost) = (open * network, open * taxes);
        bill.own.push(Power::from_w(own_used));
        bill.exported.push(Power::from_w(exported));
        bill.contracted.push(Power::from_w(used));
        bill.renewable.push(Power::from_w(own_used + green * part));
        bill.carbon_free.push(Power::from_w(own_used + free * part));
        bill.surplus.push(Power::from_w(surplus));
        bill.bought.push(Power::from_w(bought));
        bill.cost.push(Money::from_eur((paid[h] - resale + purchase + n_cost + t_cost) * joules));
        for (sum, v) in sums.iter_mut().zip([need, paid[h], resale, purchase, green, free, own_used]) {
            *sum += v;
        }
    }
    let [need, contracts, resale, purchase, green, free, own] = sums.map(|s| s * joules);
    let energy = Energy::from_joules(positive("the consumption", need)?);
    bill.energy = energy;
    bill.cost_contracts = Money::from_eur(contracts);
    bill.revenue_surplus = Money::from_eur(resale);
    bill.cost_bought = Money::from_eur(purchase);
    let years = n as f64 / if n == 8784 { 8784.0 } else { 8760.0 };
    let drawn = Energy::from_joules(need - own);
    bill.cost_network =
        drawn * tariff.market.network_charge + tariff.peak * tariff.market.capacity_charge * years;
    bill.cost_taxes = drawn * tariff.market.taxes;
    bill.renewable_produced = Energy::from_joules(green + own);
    bill.carbon_free_produced = Energy::from_joules(free + own);
    let clean = Energy::from_joules(free).min(drawn);
    let residual: CarbonIntensity = tariff.carbon.residual.unwrap_or(tariff.carbon.location);
    bill.carbon_location = drawn * tariff.carbon.location;
    bill.carbon_market = (drawn - clean) * residual + clean * tariff.carbon.contracted;
    Ok(bill)
}

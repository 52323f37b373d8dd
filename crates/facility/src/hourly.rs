//! The site hour by hour, with the same plant as [`crate::evaluate_year`].

use gigatwin_quantity::{Energy, Power, Share, Temperature, Time, Volume, WaterIntensity};

use crate::error::positive;
use crate::year::{Plant, peak_below_transformer, plant};
use crate::{FacilityError, FacilityInputs, FacilityYear, ItProfile, WeatherPoint};

/// Mean powers of each hour; in every hour `total` is the sum of `it` and the six parts below it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FacilityHours {
    /// IT.
    pub it: Vec<Power>,
    /// Losses of the power chain.
    pub losses: Vec<Power>,
    /// Fans of coolers.
    pub fans: Vec<Power>,
    /// Pumps.
    pub pumps: Vec<Power>,
    /// Of them, those in coolant distribution units.
    pub cdu_pumps: Vec<Power>,
    /// Fans that move room air.
    pub air_movers: Vec<Power>,
    /// Chillers.
    pub chillers: Vec<Power>,
    /// Fixed loads.
    pub fixed: Vec<Power>,
    /// Everything the data centre draws.
    pub total: Vec<Power>,
    /// Heat pump for sold heat: booked apart, not part of `total`.
    pub heat_pump: Vec<Power>,
    /// Heat taken from the data centre for reuse.
    pub heat_reused: Vec<Power>,
    /// Heat delivered to the buyer.
    pub heat_sold: Vec<Power>,
    /// Water taken in during the hour; `None` where it depends on a wet bulb that is not known.
    pub water: Vec<Option<Volume>>,
    /// Hours with adiabatic assist.
    pub wetted: usize,
    /// Hours with a chiller.
    pub chilled: usize,
    /// Hours in which the supply temperature could not be held.
    pub short: usize,
    /// Facility peak: provisioned IT power on the hottest hour.
    pub peak: Power,
    /// Provisioned IT power.
    pub peak_it: Power,
}

/// Evaluates hours of weather with the IT power of each hour (one value stands for all hours). Everything is laid out
/// for `peak`.
///
/// # Errors
/// As [`crate::evaluate_year`]; also where the two series differ in length.
pub fn evaluate_hours(
    weather: &[WeatherPoint],
    it: &[Power],
    peak: Power,
    inputs: &FacilityInputs,
) -> Result<FacilityHours, FacilityError> {
    let n = weather.len();
    if n == 0 {
        return Err(FacilityError::NoWeather);
    }
    if it.len() != 1 && it.len() != n {
        return Err(FacilityError::Length { weather: n, it: it.len() });
    }
    positive("the peak IT power", peak.w())?;
    for power in it {
        positive("the IT power of an hour", power.w())?;
        if *power > peak {
            return Err(FacilityError::MeanAbovePeak { mean: *power, peak });
        }
    }
    for stage in inputs.chain.it.iter().chain(&inputs.chain.site) {
        stage.check()?;
    }
    let rated = peak_below_transformer(weather, ItProfile { mean: peak, peak }, inputs)?;
    let column = || Vec::with_capacity(n);
    let mut hours = FacilityHours {
        it: column(),
        losses: column(),
        fans: column(),
        pumps: column(),
        cdu_pumps: column(),
        air_movers: column(),
        chillers: column(),
        fixed: column(),
        total: column(),
        heat_pump: column(),
        heat_reused: column(),
        heat_sold: column(),
        water: Vec::with_capacity(n),
        peak: rated + inputs.chain.site_loss(rated, rated),
        peak_it: peak,
        ..FacilityHours::default()
    };
    let mut last = it[0];
    let mut running: Plant = plant(inputs, last, peak)?;
    for (h, point) in weather.iter().enumerate() {
        let now = if it.len() == 1 { last } else { it[h] };
        // The plant is the same as long as the load is.
        if now != last {
            running.load(inputs, now, peak);
            last = now;
        }
        let draw = running.at(point.dry_bulb.celsius(), point.wet_bulb.map(Temperature::celsius), true);
        let below = running.constant() + draw.fans + draw.chiller;
        let site = inputs.chain.site_loss(Power::from_w(below), rated);
        hours.it.push(now);
        hours.losses.push(Power::from_w(running.it_losses) + site);
        hours.fans.push(Power::from_w(draw.fans));
        hours.pumps.push(Power::from_w(running.pumps));
        hours.cdu_pumps.push(Power::from_w(running.cdu_pumps));
        hours.air_movers.push(Power::from_w(running.air_movers));
        hours.chillers.push(Power::from_w(draw.chiller));
        hours.fixed.push(Power::from_w(running.fixed));
        hours.total.push(Power::from_w(below) + site);
        hours.heat_pump.push(Power::from_w(draw.sale.electricity));
        hours.heat_reused.push(Power::from_w(draw.sale.taken));
        hours.heat_sold.push(Power::from_w(draw.sale.delivered));
        // kg/s over one hour; a kilogram of water is a litre.
        hours.water.push((!draw.wet_unknown).then(|| Volume::from_litres(draw.water * 3600.0)));
        hours.wetted += usize::from(draw.wetted);
        hours.chilled += usize::from(draw.chiller > 0.0);
        hours.short += usize::from(draw.short);
    }
    Ok(hours)
}

impl FacilityHours {
    /// Number of hours.
    pub fn len(&self) -> usize {
        self.it.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.it.is_empty()
    }

    /// Facility over IT power in an hour.
    pub fn pue(&self, hour: usize) -> Option<f64> {
        Some(*self.total.get(hour)? / *self.it.get(hour)?)
    }

    /// The indicators of the whole, by Annex III of Delegated Regulation (EU) 2024/1364.
    pub fn year(&self) -> FacilityYear {
        let hour = Time::from_hours(1.0);
        let sum = |column: &[Power]| column.iter().copied().sum::<Power>() * hour;
        let energy_it = sum(&self.it);
        let energy_total = sum(&self.total);
        let duration = Time::from_hours(self.len() as f64);
        let unknown = self.water.iter().filter(|w| w.is_none()).count();
        let water = (unknown == 0).then(|| self.water.iter().flatten().copied().sum::<Volume>());
        let heat_reused = sum(&self.heat_reused);
        FacilityYear {
            duration,
            energy_total,
            energy_it,
            energy_losses: sum(&self.losses),
            energy_fans: sum(&self.fans),
            energy_pumps: sum(&self.pumps),
            energy_cdu_pumps: sum(&self.cdu_pumps),
            energy_air_movers: sum(&self.air_movers),
            energy_chillers: sum(&self.chillers),
            energy_fixed: sum(&self.fixed),
            energy_heat_pump: sum(&self.heat_pump),
            pue: energy_total / energy_it,
            mean_facility_power: energy_total / duration,
            peak_facility_power: self.peak,
            peak_it_power: self.peak_it,
            water,
            wue: water.map(|w| WaterIntensity::from_l_per_kwh(w.litres() / energy_it.kwh())),
            heat_reused,
            heat_sold: sum(&self.heat_sold),
            erf: Share::from_fraction(heat_reused / energy_total),
            time_wetted: Time::from_hours(self.wetted as f64),
            time_wet_unknown: Time::from_hours(unknown as f64),
            time_chiller: Time::from_hours(self.chilled as f64),
            time_short: Time::from_hours(self.short as f64),
        }
    }

    /// Energy of an hour that the parts do not explain; zero but for rounding.
    pub fn imbalance(&self, hour: usize) -> Energy {
        let at = |c: &[Power]| c.get(hour).copied().unwrap_or(Power::ZERO);
        let parts = at(&self.it)
            + at(&self.losses)
            + at(&self.fans)
            + at(&self.pumps)
            + at(&self.air_movers)
            + at(&self.chillers)
            + at(&self.fixed);
        (at(&self.total) - parts) * Time::from_hours(1.0)
    }
}

//! A year of hours from monthly climate statistics. It is called synthetic because it is: its monthly means are
//! those of the climate, its single hours never happened.

use gigatwin_quantity::{Irradiance, Length, Share, Speed, Temperature, TemperatureDifference, Time};

use crate::FacilityError;
use crate::error::{not_negative, share, temperature};
use crate::noise::Noise;
use crate::psychro::{AirPressure, pressure_at, saturation_pa, wet_bulb_celsius};

/// Weather over some time: one hour, or the mean of the hours that were put together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WeatherPoint {
    /// How long it lasts in the year.
    pub duration: Time,
    /// Air temperature.
    pub dry_bulb: Temperature,
    /// Wet bulb, where humidity is known.
    pub wet_bulb: Option<Temperature>,
}

/// An hour as observed: the wet bulb follows from humidity and pressure, where humidity is known.
pub fn observed(dry_bulb: Temperature, humidity: Option<Share>, pressure: AirPressure) -> WeatherPoint {
    let t = dry_bulb.celsius();
    let wet_bulb = humidity.map(|rh| {
        let vapour = rh.fraction().clamp(0.0, 1.0) * saturation_pa(t);
        Temperature::from_celsius(wet_bulb_celsius(t, vapour, pressure.pa()))
    });
    WeatherPoint { duration: Time::from_hours(1.0), dry_bulb, wet_bulb }
}

/// Monthly statistics of a place, January first.
#[derive(Debug, Clone, PartialEq)]
pub struct Climate {
    /// Mean air temperature.
    pub temperature: [Temperature; 12],
    /// Mean relative humidity, where known.
    pub humidity: Option<[Share; 12]>,
    /// Mean over the days of daily maximum less daily minimum.
    pub diurnal_range: [TemperatureDifference; 12],
    /// Mean wind speed at 10 m, where known. Cooling does not depend on it; wind contracts may be checked against it.
    pub wind: Option<[Speed; 12]>,
    /// Mean global irradiance on the horizontal over all hours, where known: the yield of solar contracts.
    pub irradiance: Option<[Irradiance; 12]>,
    /// Height above the sea, for the air pressure.
    pub altitude: Length,
    /// Whether these are means of a country and not of a place.
    pub country_mean: bool,
}

/// How single days differ from the monthly mean. Between the coldest month of the climate ("cold") and its
/// warmest ("warm") the figures are interpolated with the month's temperature.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SynopticInputs {
    /// Standard deviation of daily means in the coldest month.
    pub deviation_cold: TemperatureDifference,
    /// Standard deviation of daily means in the warmest month.
    pub deviation_warm: TemperatureDifference,
    /// Correlation of one day's deviation with the next day's: AR(1).
    pub persistence: Share,
    /// Share of a daily temperature deviation that the dew point follows, in the coldest month.
    pub moisture_follow_cold: Share,
    /// The same in the warmest month.
    pub moisture_follow_warm: Share,
    /// Standard deviation of the logarithm of daily vapour pressure beyond that.
    pub moisture_scatter: Share,
    /// Standard deviation of the daily range relative to its mean.
    pub range_scatter: Share,
    /// Correlation of daily range and temperature deviation in the warmest month (clear days are hot); zero in the coldest.
    pub range_correlation: Share,
    /// Local hour of the daily maximum.
    pub warmest_hour: Time,
}

/// A synthetic year of 8,760 hours.
#[derive(Debug, Clone, PartialEq)]
pub struct SyntheticYear {
    /// The hours, 1 January first.
    pub hours: Vec<WeatherPoint>,
    /// Air pressure of the site.
    pub pressure: AirPressure,
    /// The seed it was made from.
    pub seed: u64,
    /// Whether it stands on means of a country.
    pub country_mean: bool,
}

const DAYS: [usize; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

impl Climate {
    /// Annual mean of the temperature, weighted by the days of the months.
    pub fn mean_temperature(&self) -> Temperature {
        let sum: f64 = self.temperature.iter().zip(DAYS).map(|(t, d)| t.celsius() * d as f64).sum();
        Temperature::from_celsius(sum / 365.0)
    }

    /// Annual mean irradiance, where known.
    pub fn mean_irradiance(&self) -> Option<Irradiance> {
        let monthly = self.irradiance?;
        let sum: f64 = monthly.iter().zip(DAYS).map(|(g, d)| g.w_per_m2() * d as f64).sum();
        Some(Irradiance::from_w_per_m2(sum / 365.0))
    }

    /// Annual mean wind speed, where known.
    pub fn mean_wind(&self) -> Option<Speed> {
        let monthly = self.wind?;
        let sum: f64 = monthly.iter().zip(DAYS).map(|(v, d)| v.m_per_s() * d as f64).sum();
        Some(Speed::from_m_per_s(sum / 365.0))
    }

    /// Makes the year. The same seed gives the same year; every monthly mean of temperature and, where given,
    /// of relative humidity is that of the climate.
    ///
    /// # Errors
    /// Temperatures or shares out of range, negative spreads.
    pub fn synthesise(&self, synoptic: &SynopticInputs, seed: u64) -> Result<SyntheticYear, FacilityError> {
        let mut monthly = [0.0; 12];
        let mut range = [0.0; 12];
        for m in 0..12 {
            monthly[m] = temperature("a monthly mean temperature", self.temperature[m])?;
            range[m] = not_negative("a diurnal range", self.diurnal_range[m].kelvin())?;
        }
        let cold = monthly.iter().copied().fold(f64::INFINITY, f64::min);
        let warm = monthly.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let warmth = monthly.map(|t| if warm > cold { (t - cold) / (warm - cold) } else { 0.5 });

        let days = day_means(&monthly, &warmth, synoptic, seed)?;
        let dry = hourly(&monthly, &range, &days, synoptic)?;
        let pressure = pressure_at(self.altitude);
        let wet = match &self.humidity {
            Some(humidity) => Some(wet_bulbs(&monthly, &warmth, humidity, &days, &dry, pressure, synoptic)?),
            None => None,
        };
        let hours = dry
            .iter()
            .enumerate()
            .map(|(h, t)| WeatherPoint {
                duration: Time::from_hours(1.0),
                dry_bulb: Temperature::from_celsius(*t),
                wet_bulb: wet.as_ref().map(|w| Temperature::from_celsius(w[h])),
            })
            .collect();
        Ok(SyntheticYear { hours, pressure, seed, country_mean: self.country_mean })
    }
}

/// Daily figures: deviation from the month's mean in K, relative range, and scatter of moisture.
struct Day {
    month: usize,
    base: f64,
    deviation: f64,
    range: f64,
    moisture: f64,
}

fn day_means(
    monthly: &[f64; 12],
    warmth: &[f64; 12],
    s: &SynopticInputs,
    seed: u64,
) -> Result<Vec<Day>, FacilityError> {
    let sd_cold = not_negative("the spread of daily means", s.deviation_cold.kelvin())?;
    let sd_warm = not_negative("the spread of daily means", s.deviation_warm.kelvin())?;
    let rho = share("the persistence of the weather", s.persistence)?.min(0.999);
    let scatter = share("the scatter of moisture", s.moisture_scatter)?;
    let range_sd = share("the scatter of the daily range", s.range_scatter)?;
    let correlation = share("the correlation of range and temperature", s.range_correlation)?;
    let mut noise = Noise::new(seed);
    let mut z = noise.normal();
    let mut days = Vec::with_capacity(365);
    for (month, &length) in DAYS.iter().enumerate() {
        for day in 0..length {
            // Linear between the middles of the months, so that borders do not jump.
            let x = (day as f64 + 0.5) / length as f64 - 0.5;
            let other = if x < 0.0 { (month + 11) % 12 } else { (month + 1) % 12 };
            let base = monthly[month] + x.abs() * (monthly[other] - monthly[month]);
            let c = correlation * warmth[month];
            let n = noise.normal();
            days.push(Day {
                month,
                base,
                deviation: z * (sd_cold + warmth[month] * (sd_warm - sd_cold)),
                range: (1.0 + range_sd * (c * z + (1.0 - c * c).sqrt() * n)).clamp(0.15, 2.5),
                moisture: (scatter * noise.normal()).exp(),
            });
            z = rho * z + (1.0 - rho * rho).sqrt() * noise.normal();
        }
    }
    Ok(days)
}

/// Hourly dry bulb: daily deviation, linear between noons, plus a daily wave, then corrected month by month so
/// that the mean daily range and the mean temperature are those of the climate.
fn hourly(
    monthly: &[f64; 12],
    range: &[f64; 12],
    days: &[Day],
    s: &SynopticInputs,
) -> Result<Vec<f64>, FacilityError> {
    let warmest = not_negative("the warmest hour", s.warmest_hour.hours())? % 24.0;
    let rho = s.persistence.fraction();
    // Interpolation between noons narrows the spread of daily means; this widens it back.
    let shrink = (0.5625 + 0.03125 * (1.0 + rho * rho) + 0.375 * rho).sqrt();
    let smooth = |h: usize| {
        let x = (h as f64 + 0.5) / 24.0 - 0.5;
        let i = x.floor();
        let at = |d: f64| {
            let day = &days[(d as i64).rem_euclid(days.len() as i64) as usize];
            day.base + day.deviation / shrink
        };
        at(i) + (x - i) * (at(i + 1.0) - at(i))
    };
    let wave: Vec<f64> = (0..24).map(|h| day_wave(h as f64 + 0.5, warmest)).collect();
    let n = days.len() * 24;
    let slow: Vec<f64> = (0..n).map(smooth).collect();
    let mut gain = [1.0; 12];
    let mut hours = vec![0.0; n];
    for round in 0..3 {
        for (h, t) in hours.iter_mut().enumerate() {
            let day = &days[h / 24];
            *t = slow[h] + gain[day.month] * day.range * range[day.month] * wave[h % 24];
        }
        if round == 2 {
            break;
        }
        for (m, g) in gain.iter_mut().enumerate() {
            let found: Vec<f64> = hours
                .chunks_exact(24)
                .zip(days)
                .filter(|(_, d)| d.month == m)
                .map(|(day, _)| {
                    day.iter().copied().fold(f64::NEG_INFINITY, f64::max)
                        - day.iter().copied().fold(f64::INFINITY, f64::min)
                })
                .collect();
            let found = mean(&found);
            if found > 0.0 {
                *g = (*g * range[m] / found).clamp(0.0, 3.0);
            }
        }
    }
    let mut start = 0;
    for (m, length) in DAYS.iter().enumerate() {
        let part = &mut hours[start..start + length * 24];
        let shift = monthly[m] - mean(part);
        part.iter_mut().for_each(|t| *t += shift);
        start += length * 24;
    }
    Ok(hours)
}

/// One day's wave between −1/2 and 1/2: a slow fall over the night, a fast rise from about ten hours before the maximum.
fn day_wave(hour: f64, warmest: f64) -> f64 {
    let rise = 10.0;
    let after = (hour - warmest).rem_euclid(24.0);
    let phase =
        if after < 24.0 - rise { after / (24.0 - rise) } else { 1.0 + (after - (24.0 - rise)) / rise };
    0.5 * (std::f64::consts::PI * phase).cos()
}

fn wet_bulbs(
    monthly: &[f64; 12],
    warmth: &[f64; 12],
    humidity: &[Share; 12],
    days: &[Day],
    dry: &[f64],
    pressure: AirPressure,
    s: &SynopticInputs,
) -> Result<Vec<f64>, FacilityError> {
    let cold = share("how far moisture follows temperature", s.moisture_follow_cold)?;
    let warm = share("how far moisture follows temperature", s.moisture_follow_warm)?;
    let saturated: Vec<f64> = dry.iter().map(|t| saturation_pa(*t)).collect();
    let mut wet = Vec::with_capacity(dry.len());
    let mut start = 0;
    for (m, length) in DAYS.iter().enumerate() {
        let target = share("a monthly mean humidity", humidity[m])?;
        let follow = cold + warmth[m] * (warm - cold);
        let base: Vec<f64> = days[start..start + length]
            .iter()
            .zip(dry[start * 24..].chunks_exact(24))
            .map(|(d, hours)| saturation_pa(monthly[m] + follow * (mean(hours) - monthly[m])) * d.moisture)
            .collect();
        let sat = &saturated[start * 24..(start + length) * 24];
        // Vapour pressure is constant over a day unless the air is full. Its level is found by bisection, since
        // the mean relative humidity rises with it.
        let found = |level: f64| {
            sat.iter().enumerate().map(|(h, e)| (level * base[h / 24] / e).min(1.0)).sum::<f64>()
                / sat.len() as f64
        };
        let (mut low, mut high) = (0.0, 4.0);
        for _ in 0..40 {
            let middle = 0.5 * (low + high);
            if found(middle) < target { low = middle } else { high = middle }
        }
        for (h, e) in sat.iter().enumerate() {
            let vapour = (0.5 * (low + high) * base[h / 24]).min(*e);
            wet.push(wet_bulb_celsius(dry[start * 24 + h], vapour, pressure.pa()));
        }
        start += length;
    }
    Ok(wet)
}

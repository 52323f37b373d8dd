//! A synthetic year of day-ahead prices: the monthly means of the market, a day's two peaks and its solar dip, cheaper weekends,
//! cheap windy hours and noise that lasts. Its monthly means are the given ones exactly; its single hours never happened.

use gigatwin_facility::Noise;
use gigatwin_quantity::{EnergyPrice, Share};

use super::profile::WeatherSigns;

/// How hours differ from the month's mean, each as a share of that mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PriceShape {
    /// Height of the evening peak above the day's mean; the morning's is two thirds of it.
    pub peak: Share,
    /// Fall at noon in mid-summer; a third of it in mid-winter.
    pub solar_dip: Share,
    /// Fall on Saturdays; Sundays fall half as much again.
    pub weekend: Share,
    /// Fall per standard deviation of wind.
    pub wind: Share,
    /// Standard deviation of what is left, with a persistence of 0.9 from hour to hour.
    pub noise: Share,
}

const PERSISTENCE: f64 = 0.9;
const DAYS: [usize; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// Makes 8,760 prices that begin on 1 January 00:00 UTC, with local time `hours_ahead` of it.
pub fn synthetic_prices(
    monthly: &[EnergyPrice; 12],
    shape: &PriceShape,
    signs: &WeatherSigns,
    hours_ahead: i32,
    seed: u64,
) -> Vec<EnergyPrice> {
    let mut noise = Noise::new(seed ^ 0x50_52_49_43_45);
    let n = 8760usize;
    let wind = standard(&signs.wind);
    let mut z = noise.normal();
    let mut relative = Vec::with_capacity(n);
    for h in 0..n {
        z = PERSISTENCE * z + (1.0 - PERSISTENCE * PERSISTENCE).sqrt() * noise.normal();
        let hour = (h as i64 + i64::from(hours_ahead)).rem_euclid(24) as f64;
        let day = (h / 24) as f64;
        // 1 at mid-summer, 0 at mid-winter.
        let summer = 0.5 - 0.5 * (std::f64::consts::TAU * (day - 10.0) / 365.0).cos();
        let bump = |centre: f64, width: f64| (-0.5 * ((hour - centre) / width).powi(2)).exp();
        let peaks = bump(19.0, 2.0) + 0.667 * bump(8.0, 1.8) - 0.6 * bump(3.5, 2.5);
        let dip = bump(13.0, 2.6) * (0.333 + 0.667 * summer);
        // The synthetic year begins on a Monday, like no year in particular.
        let weekend = match (h / 24) % 7 {
            5 => 1.0,
            6 => 1.5,
            _ => 0.0,
        };
        relative.push(
            1.0 + shape.peak.fraction() * peaks
                - shape.solar_dip.fraction() * dip
                - shape.weekend.fraction() * weekend
                - shape.wind.fraction() * wind.get(h).copied().unwrap_or(0.0)
                + shape.noise.fraction() * z,
        );
    }
    let mut out = Vec::with_capacity(n);
    let mut start = 0;
    for (month, days) in DAYS.iter().enumerate() {
        let part = &relative[start..start + days * 24];
        let mean = part.iter().sum::<f64>() / part.len() as f64;
        let level = monthly[month].eur_per_mwh();
        // Shifted, not stretched: a month of high prices swings in proportion, and its mean is the given one.
        out.extend(part.iter().map(|r| EnergyPrice::from_eur_per_mwh(level * (1.0 + r - mean))));
        start += days * 24;
    }
    out
}

fn standard(values: &[f64]) -> Vec<f64> {
    let n = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / n;
    let sd = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
    values.iter().map(|v| if sd > 0.0 { (v - mean) / sd } else { 0.0 }).collect()
}

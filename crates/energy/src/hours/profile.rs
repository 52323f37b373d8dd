//! Hourly output of wind and solar plants: the duration curve of the technology, laid over the hours in the order of how windy
//! or sunny they are. Its mean is the capacity factor exactly, whatever the weather says.

use gigatwin_facility::Noise;
use gigatwin_quantity::{Irradiance, Share, Speed};

use crate::{DurationShape, EnergyError};

/// What is known of wind and sun in each hour; invented, seeded and told so where nothing is.
#[derive(Debug, Clone, PartialEq)]
pub struct WeatherSigns {
    /// How windy: only the order of the hours counts.
    pub wind: Vec<f64>,
    /// How sunny: only the order of the hours counts; zero at night.
    pub sun: Vec<f64>,
    /// Whether both come from measured or modelled weather.
    pub measured: (bool, bool),
}

impl WeatherSigns {
    /// From hourly wind and irradiance where a file has them; else from a seeded year: wind as an autoregression over hours with
    /// more of it in winter, sun as its height over the horizon times the cloudiness of the day.
    ///
    /// `first` is the hour of the year, in UTC, of the first value.
    pub fn new(
        hours: usize,
        first: usize,
        latitude: f64,
        longitude: f64,
        wind: Option<&[Speed]>,
        sun: Option<&[Irradiance]>,
        seed: u64,
    ) -> WeatherSigns {
        let measured = (wind.is_some(), sun.is_some());
        let wind = match wind {
            Some(series) => series.iter().map(|v| v.m_per_s()).collect(),
            None => invented_wind(hours, first, seed),
        };
        let sun = match sun {
            Some(series) => series.iter().map(|g| g.w_per_m2()).collect(),
            None => invented_sun(hours, first, latitude, longitude, seed),
        };
        WeatherSigns { wind, sun, measured }
    }
}

/// Hourly persistence of wind over a country: half of a deviation is left after about a day.
const WIND_PERSISTENCE: f64 = 0.97;
/// How much windier mid-winter is than mid-summer, in standard deviations.
const WINTER_WIND: f64 = 0.8;

fn invented_wind(hours: usize, first: usize, seed: u64) -> Vec<f64> {
    let mut noise = Noise::new(seed ^ 0x57_49_4e_44);
    let mut z = noise.normal();
    (0..hours)
        .map(|h| {
            z = WIND_PERSISTENCE * z + (1.0 - WIND_PERSISTENCE * WIND_PERSISTENCE).sqrt() * noise.normal();
            let day = ((first + h) / 24) as f64;
            z + 0.5 * WINTER_WIND * (std::f64::consts::TAU * (day - 15.0) / 365.0).cos()
        })
        .collect()
}

fn invented_sun(hours: usize, first: usize, latitude: f64, longitude: f64, seed: u64) -> Vec<f64> {
    let mut noise = Noise::new(seed ^ 0x53_55_4e);
    let phi = latitude.clamp(-66.0, 66.0).to_radians();
    let mut clear = 1.0;
    (0..hours)
        .map(|h| {
            let at = first + h;
            if at.is_multiple_of(24) || h == 0 {
                clear = (0.55 + 0.3 * noise.normal()).clamp(0.12, 1.0);
            }
            let day = (at / 24) as f64;
            // Declination after Cooper (1969); solar time from the longitude.
            let declination =
                23.45_f64.to_radians() * (std::f64::consts::TAU * (284.0 + day + 1.0) / 365.0).sin();
            let solar = (at % 24) as f64 + 0.5 + longitude / 15.0;
            let angle = (15.0 * (solar - 12.0)).to_radians();
            let height = phi.sin() * declination.sin() + phi.cos() * declination.cos() * angle.cos();
            height.max(0.0) * clear
        })
        .collect()
}

/// Output of wind plants over their capacity.
///
/// # Errors
/// As [`DurationShape::levels`].
pub fn wind_profile(
    signs: &WeatherSigns,
    shape: &DurationShape,
    factor: Share,
) -> Result<Vec<Share>, EnergyError> {
    ordered(&signs.wind, shape, factor)
}

/// Output of solar plants over their capacity.
///
/// # Errors
/// As [`DurationShape::levels`].
pub fn solar_profile(
    signs: &WeatherSigns,
    shape: &DurationShape,
    factor: Share,
) -> Result<Vec<Share>, EnergyError> {
    ordered(&signs.sun, shape, factor)
}

/// Lays the curve over the hours, the poorest first; ties keep the order of time.
fn ordered(signs: &[f64], shape: &DurationShape, factor: Share) -> Result<Vec<Share>, EnergyError> {
    let curve = shape.curve(factor, signs.len())?;
    let mut order: Vec<u32> = (0..signs.len() as u32).collect();
    order.sort_by(|a, b| signs[*a as usize].total_cmp(&signs[*b as usize]).then(a.cmp(b)));
    let mut out = vec![Share::ZERO; signs.len()];
    for (hour, value) in order.into_iter().zip(curve) {
        out[hour as usize] = Share::from_fraction(value);
    }
    Ok(out)
}

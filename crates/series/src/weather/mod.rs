//! Weather files.

mod epw;
mod minutes;
mod open_meteo;
mod pvgis;
mod test_year;

use gigatwin_quantity::{Irradiance, Length, Share, Speed, Temperature};

use crate::clock::{Clock, Converter, common_hour, month_day_hour};
use crate::fault::{Faults, Note};
use crate::hours::{Hours, Row, Told, year};

/// Formats that are recognised by what stands in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WeatherFormat {
    /// EnergyPlus weather.
    Epw,
    /// Typical year of PVGIS, CSV.
    Pvgis,
    /// Hourly JSON of Open-Meteo.
    OpenMeteo,
    /// Test reference year of Deutscher Wetterdienst.
    DwdTestYear,
    /// Station series of Deutscher Wetterdienst at 10 or 15 minutes, as a table with named columns.
    DwdMinutes,
}

/// One hour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WeatherHour {
    /// Air temperature at 2 m.
    pub dry_bulb: Temperature,
    /// Relative humidity, where the file has it.
    pub humidity: Option<Share>,
    /// Air pressure at the place, in pascals, where the file has it.
    pub pressure_pa: Option<f64>,
    /// Wind at 10 m.
    pub wind: Option<Speed>,
    /// Global irradiance on the horizontal.
    pub irradiance: Option<Irradiance>,
}

/// A year of hours.
#[derive(Debug, Clone, PartialEq)]
pub struct WeatherYear {
    /// What the file is.
    pub format: WeatherFormat,
    /// First hour, in hours of UTC since 1970; `None` for a typical year, which begins on 1 January 00:00 UTC.
    pub first: Option<i64>,
    /// The hours, without a hole.
    pub hours: Vec<WeatherHour>,
    /// Latitude and longitude in degrees, where stated.
    pub position: Option<(f64, f64)>,
    /// Height above the sea, where stated.
    pub altitude: Option<Length>,
    /// What was repaired or assumed.
    pub notes: Vec<Note>,
    /// Hours that were filled.
    pub filled: usize,
}

impl WeatherYear {
    /// The hour at an instant (hours of UTC since 1970): the very hour of a real year where it covers it, else the same
    /// month, day and hour.
    pub fn at(&self, hour: i64) -> Option<&WeatherHour> {
        if let Some(first) = self.first
            && let Ok(i) = usize::try_from(hour - first)
            && let Some(found) = self.hours.get(i)
        {
            return Some(found);
        }
        let (month, day, of_day) = month_day_hour(hour)?;
        let slot = common_hour(month, day, of_day)?;
        match self.first {
            None => self.hours.get(slot),
            Some(first) => {
                // A real year that begins at another instant: turn it like a circle.
                let (month, day, of_day) = month_day_hour(first)?;
                let start = common_hour(month, day, of_day)?;
                self.hours.get((slot + 8760 - start) % 8760)
            }
        }
    }
}

/// Columns that all formats share: °C, share, Pa, m/s, W/m². Not a number where missing.
pub(crate) const TEMPERATURE: usize = 0;
pub(crate) const HUMIDITY: usize = 1;
pub(crate) const PRESSURE: usize = 2;
pub(crate) const WIND: usize = 3;
pub(crate) const IRRADIANCE: usize = 4;
pub(crate) type Values = [f64; 5];
const NAMES: [&str; 5] = ["temperature", "humidity", "pressure", "wind", "irradiance"];

/// Lowest, highest, unit, and the words for it.
const LIMITS: [(f64, f64, f64, &str); 5] = [
    (-90.0, 60.0, 1.0, "°C"),
    (0.0, 1.005, 100.0, "%"),
    (50_000.0, 110_000.0, 1.0, "Pa"),
    (0.0, 115.0, 1.0, "m/s"),
    (-10.0, 1500.0, 1.0, "W/m2"),
];

/// What a format hands over: rows on a real or a typical calendar.
pub(crate) struct Found {
    pub format: WeatherFormat,
    pub rows: Vec<Row<5>>,
    pub clock: Clock,
    pub typical: bool,
    pub position: Option<(f64, f64)>,
    pub altitude: Option<f64>,
    pub notes: Vec<Note>,
    pub faults: Faults,
}

/// Recognises and reads a weather file.
///
/// # Errors
/// [`Faults`]: G540 where the format is not known or the file is cut, G541 where a row cannot be read, G542 where too many
/// hours are missing, G543 where an hour stands twice, G544 where a value is impossible.
pub fn read_weather(text: &str) -> Result<WeatherYear, Faults> {
    let head: String = text.trim_start_matches('\u{feff}').chars().take(2000).collect();
    let found = if head.starts_with("LOCATION,") {
        epw::read(text)
    } else if head.trim_start().starts_with('{') {
        open_meteo::read(text)
    } else if head.contains("time(UTC),") {
        pvgis::read(text)
    } else if head.contains("Art des TRY") || head.contains("Rechtswert") {
        test_year::read(text)
    } else if head.lines().take(5).any(|l| l.contains("temperature") && l.contains("minute")) {
        minutes::read(text)
    } else {
        Err(Faults::one(
            "G540",
            1,
            "this is no weather file that is known here",
            "known are EPW, PVGIS typical years (CSV), Open-Meteo JSON, DWD test reference years and DWD station tables",
        ))
    }?;
    finish(found)
}

fn finish(mut found: Found) -> Result<WeatherYear, Faults> {
    for row in &mut found.rows {
        for (i, value) in row.values.iter_mut().enumerate().filter(|(_, v)| v.is_finite()) {
            let (low, high, factor, unit) = LIMITS[i];
            if !(low..=high).contains(value) {
                found.faults.add(
                    "G544",
                    row.line,
                    format!("a {} of {} {unit} is impossible", NAMES[i], round(*value * factor)),
                    "correct the value, or leave it empty: missing hours are filled",
                );
            } else if i == HUMIDITY {
                *value = value.min(1.0);
            } else if i == IRRADIANCE {
                *value = value.max(0.0);
            }
        }
    }
    let told = Told { names: NAMES, circle: found.typical };
    if found.typical {
        turn(&mut found.rows);
    }
    let mut notes = found.notes;
    let hours: Hours<5> = year(found.rows, &Converter::new(found.clock), &told, found.faults, &mut notes)?;
    let Some(dry) = &hours.columns[TEMPERATURE] else {
        return Err(Faults::one(
            "G540",
            0,
            "the file has no temperature",
            "bring a file with air temperature",
        ));
    };
    if hours.columns[HUMIDITY].is_none() {
        notes.push(Note {
            line: 0,
            text: "the file has no humidity: wet bulb, adiabatic assist and water are not known".to_owned(),
        });
    }
    let pick = |i: usize, h: usize| hours.columns[i].as_ref().map(|c| c[h]);
    let list = dry
        .iter()
        .enumerate()
        .map(|(h, t)| WeatherHour {
            dry_bulb: Temperature::from_celsius(*t),
            humidity: pick(HUMIDITY, h).map(Share::from_fraction),
            pressure_pa: pick(PRESSURE, h),
            wind: pick(WIND, h).map(Speed::from_m_per_s),
            irradiance: pick(IRRADIANCE, h).map(Irradiance::from_w_per_m2),
        })
        .collect();
    Ok(WeatherYear {
        format: found.format,
        first: (!found.typical).then_some(hours.first),
        hours: list,
        position: found.position,
        altitude: found.altitude.map(Length::from_m),
        notes,
        filled: hours.filled,
    })
}

/// Hours that a shift to UTC pushed over the end of a typical year come back at its start.
fn turn(rows: &mut [Row<5>]) {
    const MINUTES: i64 = 8760 * 60;
    for row in rows {
        row.minute = row.minute.rem_euclid(MINUTES);
    }
}

/// A position in a typical year, in minutes.
pub(crate) fn typical(month: i64, day: i64, hour: i64) -> Option<i64> {
    let slot = common_hour(i8::try_from(month).ok()?, i8::try_from(day).ok()?, 0)?;
    Some(i64::try_from(slot).ok()? * 60 + hour * 60)
}

fn round(v: f64) -> f64 {
    (v * 100.0).round() / 100.0
}

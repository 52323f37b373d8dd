//! Hourly JSON of Open-Meteo. Times stand at the constant distance from UTC that the file states; there is no summer time in it.

use serde_json::Value;

use super::{Found, Values, WeatherFormat};
use crate::clock::{Clock, plain_minutes};
use crate::fault::{Faults, Note};
use crate::hours::Row;
use crate::stamp;

/// Names of a column in old and new files.
const NAMES: [&[&str]; 5] = [
    &["temperature_2m"],
    &["relative_humidity_2m", "relativehumidity_2m"],
    &["surface_pressure"],
    &["wind_speed_10m", "windspeed_10m"],
    &["shortwave_radiation"],
];

pub(super) fn read(text: &str) -> Result<Found, Faults> {
    let root: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|e| {
        Faults::one("G540", e.line(), format!("the JSON is broken: {e}"), "is the file complete?")
    })?;
    let missing = |what: &str| {
        Faults::one("G540", 0, format!("\"{what}\" is missing"), "wanted is the hourly answer of Open-Meteo")
    };
    let hourly = root.get("hourly").ok_or_else(|| missing("hourly"))?;
    let times = hourly.get("time").and_then(Value::as_array).ok_or_else(|| missing("hourly.time"))?;
    let mut notes = Vec::new();
    let offset = match root.get("utc_offset_seconds").and_then(Value::as_i64) {
        Some(s) => s / 60,
        None => {
            notes.push(Note { line: 0, text: "no utc_offset_seconds: times are taken as UTC".to_owned() });
            0
        }
    };
    let mut faults = Faults::default();
    let mut columns: [Option<(&str, &Vec<Value>, f64)>; 5] = [None; 5];
    for (slot, names) in NAMES.iter().enumerate() {
        let Some((name, list)) = names.iter().find_map(|n| Some((*n, hourly.get(*n)?.as_array()?))) else {
            continue;
        };
        let unit = root.get("hourly_units").and_then(|u| u.get(name)).and_then(Value::as_str).unwrap_or("");
        let Some(factor) = factor(slot, unit) else {
            let line = line_of(text, name, 0);
            faults.add(
                "G544",
                line,
                format!("{name} is given in \"{unit}\""),
                "ask Open-Meteo for °C, %, hPa, km/h or m/s, W/m²",
            );
            continue;
        };
        if list.len() != times.len() {
            let message = format!("{name} has {} values, time has {}", list.len(), times.len());
            faults.add("G541", line_of(text, name, 0), message, "is the file complete?");
            continue;
        }
        columns[slot] = Some((name, list, factor));
    }
    let mut rows = Vec::with_capacity(times.len());
    for (i, time) in times.iter().enumerate() {
        let written = time.as_str().and_then(stamp::read);
        let Some(written) = written else {
            faults.add(
                "G541",
                line_of(text, "time", i),
                format!("{time} is no time"),
                "written as 2023-01-01T00:00",
            );
            continue;
        };
        let mut values: Values = [f64::NAN; 5];
        for (slot, column) in columns.iter().enumerate() {
            let Some((name, list, factor)) = column else { continue };
            match &list[i] {
                Value::Null => {}
                v => match v.as_f64() {
                    Some(v) => values[slot] = v * factor,
                    None => faults.add(
                        "G541",
                        line_of(text, name, i),
                        format!("{v} is no number"),
                        "correct the value",
                    ),
                },
            }
        }
        // Lines are counted only where something is wrong with a value: most files are clean.
        let odd = values.iter().zip(super::LIMITS).any(|(v, l)| v.is_finite() && !(l.0..=l.1).contains(v));
        let line = if odd {
            let slot =
                values.iter().zip(super::LIMITS).position(|(v, l)| v.is_finite() && !(l.0..=l.1).contains(v));
            slot.and_then(|s| columns[s]).map_or(0, |c| line_of(text, c.0, i))
        } else if i == 0 || times[i - 1] == *time {
            line_of(text, "time", i)
        } else {
            0
        };
        let minute = plain_minutes(written.local)
            - i64::from(written.offset.unwrap_or(0))
            - if written.offset.is_some() { 0 } else { offset };
        rows.push(Row { minute, line, values });
    }
    let number = |key: &str| root.get(key).and_then(Value::as_f64);
    Ok(Found {
        format: WeatherFormat::OpenMeteo,
        rows,
        clock: Clock::Fixed(i32::try_from(offset).unwrap_or(0)),
        typical: false,
        position: number("latitude").zip(number("longitude")),
        altitude: number("elevation"),
        notes,
        faults,
    })
}

/// What a stated unit is multiplied by; `None` where it is none of those known.
fn factor(slot: usize, unit: &str) -> Option<f64> {
    Some(match (slot, unit) {
        (super::TEMPERATURE, "°C" | "") => 1.0,
        (super::HUMIDITY, "%" | "") => 0.01,
        (super::PRESSURE, "hPa" | "") => 100.0,
        (super::WIND, "km/h" | "") => 1.0 / 3.6,
        (super::WIND, "m/s") | (super::IRRADIANCE, "W/m²" | "W/m2" | "") => 1.0,
        _ => return None,
    })
}

/// Line of the `index`-th value of an array, found by counting commas behind its name.
fn line_of(text: &str, name: &str, index: usize) -> usize {
    let key = format!("\"{name}\"");
    // The units carry the same names: the array is the one with a bracket behind the colon.
    let start = text
        .match_indices(&key)
        .map(|(at, k)| at + k.len())
        .find(|at| text[*at..].trim_start_matches([' ', ':', '\n', '\r', '\t']).starts_with('['));
    let Some(start) = start else { return 0 };
    let mut end = text[start..].find('[').map_or(start, |i| start + i + 1);
    for _ in 0..index {
        match text[end..].find(',') {
            Some(i) => end += i + 1,
            None => break,
        }
    }
    let end = text[end..].find(|c: char| !c.is_whitespace()).map_or(end, |i| end + i);
    text[..end].bytes().filter(|b| *b == b'\n').count() + 1
}

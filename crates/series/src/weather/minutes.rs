//! Station series of Deutscher Wetterdienst as a table: `year,month,day,hour,minute,temperature,pressure,…`, UTC, hPa, m/s, W/m².

use jiff::civil::DateTime;

use super::{Found, Values, WeatherFormat};
use crate::clock::{Clock, plain_minutes};
use crate::fault::Faults;
use crate::hours::Row;
use crate::text::{cells, lines, number};

const NAMES: [(&str, f64); 5] = [
    ("temperature", 1.0),
    ("humidity", 0.01),
    ("pressure", 100.0),
    ("wind_speed", 1.0),
    ("global_irradiance", 1.0),
];

pub(super) fn read(text: &str) -> Result<Found, Faults> {
    let mut faults = Faults::default();
    let mut rows = Vec::new();
    let mut position = None;
    let mut head: Option<Vec<String>> = None;
    let mut place: Vec<String> = Vec::new();
    for (line, content) in lines(text) {
        let row = cells(content, ',');
        let Some(head) = &head else {
            let find = |name: &str| place.iter().position(|h| h == name);
            if let (Some(a), Some(b)) = (find("latitude"), find("longitude")) {
                let at = |i: usize| row.get(i).and_then(|c| number(c));
                position = at(a).zip(at(b));
            }
            place = row.iter().map(|c| c.to_lowercase()).collect();
            if place.iter().any(|c| c == "temperature") && place.iter().any(|c| c == "minute") {
                head = Some(std::mem::take(&mut place));
            }
            continue;
        };
        if content.trim().is_empty() {
            continue;
        }
        let cell = |name: &str| head.iter().position(|h| h == name).and_then(|i| row.get(i));
        let whole = |name: &str| cell(name).and_then(|c| c.parse::<i16>().ok());
        let small = |name: &str| whole(name).and_then(|v| i8::try_from(v).ok());
        let local =
            whole("year").zip(small("month")).zip(small("day")).zip(small("hour")).zip(small("minute"));
        let local = local.and_then(|((((y, mo), d), h), mi)| DateTime::new(y, mo, d, h, mi, 0, 0).ok());
        let Some(local) = local else {
            faults.add(
                "G541",
                line,
                "the time cannot be read",
                "year, month, day, hour and minute are whole numbers",
            );
            continue;
        };
        let mut values: Values = [f64::NAN; 5];
        for (slot, (name, factor)) in NAMES.iter().enumerate() {
            match cell(name).map(|c| (c, number(c))) {
                // −999 marks a missing value in all tables of the service.
                Some((_, Some(v))) if v > -999.0 => values[slot] = v * factor,
                Some((c, None)) if !c.is_empty() && !c.eq_ignore_ascii_case("nan") => {
                    faults.add("G541", line, format!("\"{c}\" is no number"), "correct the row");
                }
                _ => {}
            }
        }
        rows.push(Row { minute: plain_minutes(local), line, values });
    }
    Ok(Found {
        format: WeatherFormat::DwdMinutes,
        rows,
        clock: Clock::UTC,
        typical: false,
        position,
        altitude: None,
        notes: Vec::new(),
        faults,
    })
}

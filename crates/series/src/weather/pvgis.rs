//! Typical year of PVGIS (Joint Research Centre): header with the place, a list of months with their years, then hours in UTC.

use super::{Found, Values, WeatherFormat, typical};
use crate::clock::Clock;
use crate::fault::Faults;
use crate::hours::Row;
use crate::stamp;
use crate::text::{cells, lines, number};

pub(super) fn read(text: &str) -> Result<Found, Faults> {
    let mut faults = Faults::default();
    let mut rows = Vec::new();
    let (mut latitude, mut longitude, mut altitude) = (None, None, None);
    let mut columns: Option<[Option<usize>; 5]> = None;
    for (line, content) in lines(text) {
        let value = || content.rsplit_once(':').and_then(|(_, v)| number(v));
        if content.starts_with("Latitude") {
            latitude = value();
        } else if content.starts_with("Longitude") {
            longitude = value();
        } else if content.starts_with("Elevation") {
            altitude = value();
        } else if content.starts_with("time(UTC)") {
            let head = cells(content, ',');
            let find = |name: &str| head.iter().position(|h| h == name);
            columns = Some([find("T2m"), find("RH"), find("SP"), find("WS10m"), find("G(h)")]);
        } else if let Some(at) = &columns {
            let row = cells(content, ',');
            if row.len() < 2 || !row[0].starts_with(|c: char| c.is_ascii_digit()) {
                // Behind the last hour stands the legend.
                if !rows.is_empty() {
                    break;
                }
                continue;
            }
            let Some(local) = stamp::read(&row[0]).map(|w| w.local) else {
                faults.add("G541", line, format!("\"{}\" is no time", row[0]), "written as 20180101:0000");
                continue;
            };
            let Some(minute) =
                typical(i64::from(local.month()), i64::from(local.day()), i64::from(local.hour()))
            else {
                continue;
            };
            let mut values: Values = [f64::NAN; 5];
            for (slot, cell) in at.iter().enumerate() {
                let Some(cell) = cell.and_then(|c| row.get(c)) else { continue };
                match number(cell) {
                    Some(v) => values[slot] = if slot == super::HUMIDITY { v / 100.0 } else { v },
                    None if cell.is_empty() => {}
                    None => faults.add("G541", line, format!("\"{cell}\" is no number"), "correct the row"),
                }
            }
            rows.push(Row { minute, line, values });
        }
    }
    Ok(Found {
        format: WeatherFormat::Pvgis,
        rows,
        clock: Clock::UTC,
        typical: true,
        position: latitude.zip(longitude),
        altitude,
        notes: Vec::new(),
        faults,
    })
}

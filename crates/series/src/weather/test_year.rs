//! Test reference year of Deutscher Wetterdienst (2011 and 2017 formats): a legend, a line `***`, then hours 1 to 24 of CET.

use super::{Found, Values, WeatherFormat, typical};
use crate::clock::Clock;
use crate::fault::Faults;
use crate::hours::Row;
use crate::text::{lines, number};

pub(super) fn read(text: &str) -> Result<Found, Faults> {
    let mut faults = Faults::default();
    let mut rows = Vec::new();
    let mut altitude = None;
    let mut head: Vec<String> = Vec::new();
    let mut begun = false;
    for (line, content) in lines(text) {
        let words: Vec<&str> = content.split_whitespace().collect();
        if !begun {
            if content.starts_with("Hoehenlage") {
                altitude = words.iter().find_map(|w| number(w));
            }
            // The names of the columns stand above the stars.
            if words.contains(&"MM") && words.contains(&"HH") && words.contains(&"t") {
                head = words.iter().map(|w| (*w).to_owned()).collect();
            }
            begun = content.starts_with("***");
            continue;
        }
        if words.is_empty() {
            continue;
        }
        let find = |name: &str| head.iter().position(|h| h == name);
        let cell = |name: &str| find(name).and_then(|i| words.get(i)).and_then(|w| number(w));
        let (Some(month), Some(day), Some(hour)) = (cell("MM"), cell("DD"), cell("HH")) else {
            faults.add("G541", line, "month, day or hour cannot be read", "the columns are MM, DD and HH");
            continue;
        };
        let minute = (1.0..=24.0)
            .contains(&hour)
            .then(|| typical(month as i64, day as i64, hour as i64 - 1))
            .flatten();
        let (Some(minute), Some(t)) = (minute, cell("t")) else {
            faults.add("G541", line, "the hour or the temperature cannot be read", "hours run from 1 to 24");
            continue;
        };
        let known = |v: Option<f64>, factor: f64| v.map_or(f64::NAN, |v| v * factor);
        let sun = cell("B").zip(cell("D")).map(|(b, d)| b + d);
        let values: Values =
            [t, known(cell("RF"), 0.01), known(cell("p"), 100.0), known(cell("WG"), 1.0), known(sun, 1.0)];
        rows.push(Row { minute: minute - 60, line, values });
    }
    if !begun {
        return Err(Faults::one(
            "G540",
            0,
            "the line of stars before the hours is missing",
            "is the file complete?",
        ));
    }
    Ok(Found {
        format: WeatherFormat::DwdTestYear,
        rows,
        clock: Clock::UTC,
        typical: true,
        position: None,
        altitude,
        notes: Vec::new(),
        faults,
    })
}

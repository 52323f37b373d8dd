//! EnergyPlus weather: eight lines of header, then 35 cells an hour; local standard time, hours named by their end.
//!
//! Format: Auxiliary EnergyPlus Programs, "EnergyPlus weather file (EPW) data dictionary". The months of a typical year come
//! from different years, so the year is not looked at.

use super::{Found, PRESSURE, Values, WeatherFormat, typical};
use crate::clock::Clock;
use crate::fault::{Faults, Note};
use crate::hours::Row;
use crate::text::{cells, lines, number};

/// Cell, value from which it means "missing", and factor, for each of the columns.
const CELLS: [(usize, f64, f64); 5] =
    [(6, 99.9, 1.0), (8, 999.0, 0.01), (9, 999_999.0, 1.0), (21, 999.0, 1.0), (13, 9999.0, 1.0)];

pub(super) fn read(text: &str) -> Result<Found, Faults> {
    let mut faults = Faults::default();
    let (mut rows, mut notes) = (Vec::new(), Vec::new());
    let (mut position, mut altitude, mut offset, mut leap) = (None, None, 0.0, 0);
    for (line, content) in lines(text) {
        let row = cells(content, ',');
        if line == 1 {
            let at = |i: usize| row.get(i).and_then(|c| number(c));
            position = at(6).zip(at(7));
            altitude = at(9);
            match at(8).filter(|z| (-12.0..=14.0).contains(z)) {
                Some(z) => offset = z,
                None => faults.add(
                    "G541",
                    1,
                    "the time zone of the location cannot be read",
                    "cell 9 is hours ahead of UTC",
                ),
            }
            continue;
        }
        // Header lines begin with a word.
        if content.trim().is_empty() || !row[0].starts_with(|c: char| c.is_ascii_digit()) {
            continue;
        }
        let part = |i: usize| row.get(i).and_then(|c| c.parse::<i64>().ok());
        let (Some(month), Some(day), Some(hour)) = (part(1), part(2), part(3)) else {
            faults.add("G541", line, "month, day or hour cannot be read", "cells 2 to 4 are whole numbers");
            continue;
        };
        let minute = (1..=24).contains(&hour).then(|| typical(month, day, hour - 1)).flatten();
        let Some(minute) = minute else {
            faults.add(
                "G541",
                line,
                format!("there is no hour {hour} of {day}.{month}."),
                "hours run from 1 to 24",
            );
            continue;
        };
        if (month, day) == (2, 29) {
            leap += 1;
            continue;
        }
        let mut values: Values = [f64::NAN; 5];
        for (slot, (cell, missing, factor)) in CELLS.iter().enumerate() {
            match row.get(*cell).map(|c| (c, number(c))) {
                Some((_, Some(v))) if v < *missing || slot == PRESSURE && v < 999_999.0 => {
                    values[slot] = v * factor
                }
                Some((_, Some(_))) => {}
                Some((c, None)) if c.is_empty() => {}
                _ => {
                    faults.add("G541", line, format!("cell {} is no number", cell + 1), "the row may be cut")
                }
            }
        }
        rows.push(Row { minute: minute - (offset * 60.0) as i64, line, values });
    }
    if leap > 0 {
        notes.push(Note {
            line: 0,
            text: format!("{leap} hours of 29 February are left out of the typical year"),
        });
    }
    Ok(Found {
        format: WeatherFormat::Epw,
        rows,
        clock: Clock::UTC,
        typical: true,
        position,
        altitude,
        notes,
        faults,
    })
}

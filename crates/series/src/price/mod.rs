//! Day-ahead prices.
//!
//! One reader takes all tables: the header tells time column, price column, unit, zone and clock, whoever wrote it.

mod header;
mod json;

use gigatwin_quantity::EnergyPrice;

use crate::clock::{Clock, Converter, Instant};
use crate::fault::{Faults, Note};
use crate::hours::{Row, Told, hour_text, year};
use crate::stamp;
use crate::text::{cells, lines, number_in};
use header::Header;

/// What the caller expects of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Bidding zone, such as `DE-LU` or `FR`; `None` where any will do.
    pub zone: Option<String>,
    /// Clock of times that name none.
    pub clock: Clock,
}

/// A year of hourly prices.
#[derive(Debug, Clone, PartialEq)]
pub struct PriceYear {
    /// First hour, in hours of UTC since 1970.
    pub first: i64,
    /// Prices, without a hole.
    pub hours: Vec<EnergyPrice>,
    /// Bidding zone, where the file names one.
    pub zone: Option<String>,
    /// Shortest distance of two rows in minutes: 15 or 60.
    pub spacing_minutes: i64,
    /// Hours that were filled.
    pub filled: usize,
    /// What was repaired or assumed.
    pub notes: Vec<Note>,
}

/// The clock that a bidding zone trades on.
pub fn zone_clock(zone: &str) -> Clock {
    let country: String = zone.chars().take(2).collect::<String>().to_lowercase();
    match country.as_str() {
        // The Iberian market trades on the clock of Spain; the island of Ireland and Great Britain on theirs.
        "pt" => Clock::Central,
        c => Clock::of_country(c),
    }
}

/// Highest and lowest price an exchange has allowed, EUR/MWh, with room.
const LIMIT: f64 = 6000.0;

/// Reads a price file.
///
/// # Errors
/// [`Faults`]: G540 where the format is not known, G541 where a row cannot be read, G542 where too many hours are missing,
/// G543 where an hour stands twice, G545 where the unit or currency is another, G546 where the zone is another.
pub fn read_prices(text: &str, wanted: &Wanted) -> Result<PriceYear, Faults> {
    let body = text.trim_start_matches('\u{feff}');
    if body.trim_start().starts_with('{') {
        return json::read(body, wanted);
    }
    let header = Header::read(body)?;
    let mut faults = Faults::default();
    check_zone(header.zone.as_deref(), header.line, wanted, &mut faults);
    let mut notes = Vec::new();
    if !header.unit_stated {
        notes.push(Note { line: header.line, text: "no unit is stated: EUR/MWh is assumed".to_owned() });
    }
    let clock = header.clock.unwrap_or(wanted.clock);
    if header.clock.is_none() {
        notes.push(Note {
            line: header.line,
            text: format!("times without a zone are read as {}", clock.name()),
        });
    }
    let converter = Converter::new(clock);
    let mut rows: Vec<Row<1>> = Vec::new();
    let mut skipped = 0usize;
    let mut fold = Fold::default();
    for (line, content) in lines(body).skip(header.line + header.extra_lines - 1 + 1) {
        if content.trim().is_empty() {
            continue;
        }
        let row = cells(content, header.delimiter);
        if let (Some(c), Some(zone)) = (header.zone_column, wanted.zone.as_deref())
            && row.get(c).is_some_and(|z| !header::same_zone(z, zone))
        {
            let found = row.get(c).cloned().unwrap_or_default();
            faults.add(
                "G546",
                line,
                format!("this row is of zone {found}, wanted is {zone}"),
                "take the file of the site's zone",
            );
            continue;
        }
        if let Some(c) = header.currency_column
            && row.get(c).is_some_and(|u| !u.is_empty() && !u.starts_with("EUR"))
        {
            faults.add("G545", line, format!("the price is in {}", row[c]), "bring prices in EUR/MWh");
            continue;
        }
        let cell = row.get(header.time_column).map_or("", String::as_str);
        let written = match header.clock_column {
            Some(c) => stamp::read_two(cell, row.get(c).map_or("", String::as_str)),
            None => stamp::read(cell),
        };
        let Some(written) = written else {
            faults.add("G541", line, format!("\"{cell}\" is no time"), "a row holds a time and a price");
            continue;
        };
        let Some(text) = row.get(header.price_column) else {
            faults.add("G541", line, "the row ends before its price", "is the file complete?");
            continue;
        };
        let value = match text.as_str() {
            "" | "-" | "n/e" | "N/A" | "n/a" | "NaN" | "nan" | "null" => f64::NAN,
            text => match number_in(text, header.decimal_comma) {
                Some(v) => v,
                None => {
                    faults.add("G541", line, format!("\"{text}\" is no price"), "correct the row");
                    continue;
                }
            },
        };
        if value.abs() > LIMIT {
            faults.add(
                "G545",
                line,
                format!("{value} EUR/MWh is beyond what any exchange allows"),
                "is the unit another one?",
            );
            continue;
        }
        let minute = match written.offset {
            Some(offset) => crate::clock::plain_minutes(written.local) - i64::from(offset),
            None => match converter.instant(written.local) {
                Instant::One(m) => m,
                Instant::Twice(a, b) => fold.pick(a, b),
                Instant::Skipped => {
                    skipped += 1;
                    continue;
                }
            },
        };
        rows.push(Row { minute, line, values: [value] });
    }
    if skipped > 0 {
        let text = format!(
            "{skipped} rows stand in the hour that summer time skips and are left out: the file counts 24 hours every day"
        );
        notes.push(Note { line: 0, text });
    }
    finish(rows, clock, header.zone, faults, notes)
}

/// The hour that the clock runs through twice: its quarters come first in summer time, then in winter time.
#[derive(Default)]
struct Fold {
    seen: Vec<i64>,
}

impl Fold {
    fn pick(&mut self, summer: i64, winter: i64) -> i64 {
        if self.seen.contains(&summer) {
            return winter;
        }
        self.seen.push(summer);
        summer
    }
}

pub(crate) fn check_zone(found: Option<&str>, line: usize, wanted: &Wanted, faults: &mut Faults) {
    if let (Some(found), Some(zone)) = (found, wanted.zone.as_deref())
        && !header::same_zone(found, zone)
    {
        faults.add(
            "G546",
            line,
            format!("the prices are of zone {found}, the site lies in {zone}"),
            "take the file of the site's zone",
        );
    }
}

pub(crate) fn finish(
    rows: Vec<Row<1>>,
    clock: Clock,
    zone: Option<String>,
    faults: Faults,
    mut notes: Vec<Note>,
) -> Result<PriceYear, Faults> {
    let told = Told { names: ["price"], circle: false };
    let last = rows.iter().map(|r| r.minute).max();
    let hours = year(rows, &Converter::new(clock), &told, faults, &mut notes)?;
    let Some(column) = hours.columns.into_iter().next().flatten() else {
        return Err(Faults::one("G540", 0, "no row has a price", "is this a price file?"));
    };
    let mut sizes: Vec<f64> = column.iter().map(|p| p.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    // Half of the hours of any year and zone cost more than 2 EUR/MWh; in EUR/kWh none does.
    if sizes.get(sizes.len() / 2).is_some_and(|m| *m < 2.0) {
        return Err(Faults::one(
            "G545",
            0,
            "half of the prices are below 2 EUR/MWh: they look like EUR/kWh",
            "bring prices in EUR/MWh",
        ));
    }
    if let Some(last) = last
        && clock != Clock::UTC
        && hours.spacing > 60
    {
        notes.push(Note {
            line: 0,
            text: format!("rows are more than an hour apart until {}", hour_text(last)),
        });
    }
    Ok(PriceYear {
        first: hours.first,
        hours: column.into_iter().map(EnergyPrice::from_eur_per_mwh).collect(),
        zone,
        spacing_minutes: hours.spacing,
        filled: hours.filled,
        notes,
    })
}

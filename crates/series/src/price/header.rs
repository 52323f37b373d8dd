//! What the first lines of a price table say: columns, notation, unit, zone and clock.

use crate::clock::Clock;
use crate::fault::Faults;
use crate::text::{cells, lines};

#[derive(Debug, Clone)]
pub(super) struct Header {
    pub line: usize,
    /// Lines of header behind the first.
    pub extra_lines: usize,
    pub delimiter: char,
    pub decimal_comma: bool,
    pub time_column: usize,
    /// Time of day, where it stands apart from the day.
    pub clock_column: Option<usize>,
    pub price_column: usize,
    pub zone_column: Option<usize>,
    pub currency_column: Option<usize>,
    pub unit_stated: bool,
    pub zone: Option<String>,
    pub clock: Option<Clock>,
}

const TIMES: [&str; 10] =
    ["mtu", "datum", "date", "start", "zeit", "time", "timestamp", "utc", "datetime", "period"];

impl Header {
    pub(super) fn read(text: &str) -> Result<Header, Faults> {
        let unknown = |why: &str| {
            Faults::one(
                "G540",
                1,
                why,
                "known are day-ahead tables of ENTSO-E, SMARD and energy-charts, and tables with a time and a price in EUR/MWh",
            )
        };
        let head = lines(text).take(12).find(|(_, l)| {
            let low = l.to_lowercase();
            TIMES.iter().any(|t| low.contains(t)) && l.contains([',', ';', '\t'])
        });
        let Some((line, content)) = head else {
            return Err(unknown("no line of this file names a time and a price"));
        };
        let delimiter =
            ['\t', ';', ','].into_iter().max_by_key(|d| content.matches(*d).count()).unwrap_or(',');
        let names = cells(content, delimiter);
        // energy-charts writes the unit into a second line whose first cell is empty.
        let second = lines(text).nth(line).map(|(_, l)| cells(l, delimiter)).unwrap_or_default();
        let two = second.len() == names.len() && second.first().is_some_and(String::is_empty);
        let full: Vec<String> = names
            .iter()
            .enumerate()
            .map(|(i, n)| if two { format!("{n} {}", second[i]) } else { n.clone() })
            .collect();
        let low: Vec<String> = full.iter().map(|n| n.to_lowercase()).collect();
        let is_time = |n: &str| TIMES.iter().any(|t| n.contains(t)) && !is_price(n);
        let time_column = low
            .iter()
            .position(|n| is_time(n))
            .ok_or_else(|| unknown("no column of the header names a time"))?;
        let anfang = low.iter().position(|n| n == "anfang" || n == "start time" || n == "von");
        let clock_column = anfang.filter(|_| matches!(low[time_column].as_str(), "datum" | "date"));
        let price_column = low
            .iter()
            .enumerate()
            .position(|(i, n)| i != time_column && is_price(n) && !n.contains("intraday"))
            .ok_or_else(|| unknown("no column of the header names a price"))?;
        let zone_column = low
            .iter()
            .position(|n| matches!(n.as_str(), "area" | "bidding zone" | "areadisplayname" | "mapcode"));
        let currency_column = low.iter().position(|n| n == "currency" || n == "währung");
        let unit = unit(&low[price_column], line)?;
        let zone = low.iter().zip(&full).enumerate().find_map(|(i, (n, f))| {
            let near = i == price_column || n.contains("bzn|");
            near.then(|| zone_in(f)).flatten()
        });
        let clock = clock_in(&low[time_column]);
        Ok(Header {
            line,
            extra_lines: usize::from(two),
            delimiter,
            decimal_comma: delimiter == ';' && decimal_comma(text, line, price_column),
            time_column,
            clock_column,
            price_column,
            zone_column,
            currency_column,
            unit_stated: unit,
            zone,
            clock,
        })
    }
}

fn is_price(name: &str) -> bool {
    ["price", "preis", "/mwh", "/kwh", "day ahead", "day-ahead", "€"].iter().any(|w| name.contains(w))
}

/// Whether the unit is stated; a fault where it is another.
fn unit(name: &str, line: usize) -> Result<bool, Faults> {
    let other = |what: &str| {
        Err(Faults::one("G545", line, format!("the prices are in {what}"), "bring prices in EUR/MWh"))
    };
    for currency in ["gbp", "£", "usd", "$", "pln", "sek", "nok", "dkk", "chf", "ron", "huf", "czk", "bgn"] {
        if name.contains(&format!("{currency}/")) || name.contains(&format!("{currency} /")) {
            return other(&format!("{}/MWh", currency.to_uppercase()));
        }
    }
    if name.contains("kwh") {
        return other(if name.contains("ct") { "ct/kWh" } else { "EUR/kWh" });
    }
    Ok(name.contains("/mwh") || name.contains("/ mwh"))
}

/// Whether prices carry a decimal comma: of the first rows, more have a comma than a dot as their last mark.
fn decimal_comma(text: &str, line: usize, column: usize) -> bool {
    let (mut comma, mut dot) = (0, 0);
    for (_, content) in lines(text).skip(line).take(200) {
        let row = cells(content, ';');
        let Some(cell) = row.get(column) else { continue };
        match cell.rfind([',', '.']).map(|i| &cell[i..=i]) {
            Some(",") => comma += 1,
            Some(_) => dot += 1,
            None => {}
        }
    }
    comma > dot
}

/// The bidding zone that a header names.
fn zone_in(name: &str) -> Option<String> {
    if let Some((_, zone)) = name.split_once("BZN|") {
        let end = zone.find([' ', '"', ')', ',']).unwrap_or(zone.len());
        return Some(zone[..end].to_owned());
    }
    let low = name.to_lowercase();
    if ["deutschland/luxemburg", "germany/luxembourg", "de-lu", "de/lu"].iter().any(|z| low.contains(z))
        && !low.contains('∅')
    {
        return Some("DE-LU".to_owned());
    }
    // energy-charts: "Day Ahead Auction (FR)".
    let inside = low.split_once('(').and_then(|(_, t)| t.split_once(')')).map(|(z, _)| z.to_owned())?;
    let plain = inside.len() >= 2
        && inside.len() <= 9
        && inside.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let code = plain && !matches!(inside.as_str(), "eur" | "utc" | "cet" | "mez" | "cest");
    code.then(|| inside.to_uppercase())
}

fn clock_in(name: &str) -> Option<Clock> {
    if name.contains("cet/cest") || name.contains("mez/mesz") {
        Some(Clock::Central)
    } else if name.contains("eet/eest") {
        Some(Clock::Eastern)
    } else if name.contains("wet/west") {
        Some(Clock::Western)
    } else if name.contains("utc") || name.contains("gmt)") {
        Some(Clock::UTC)
    } else {
        None
    }
}

/// Whether two names mean one zone: `BZN|DE-LU`, `DE_LU`, `DE-LU`; and a country's name means any of its zones.
pub(crate) fn same_zone(a: &str, b: &str) -> bool {
    let plain = |z: &str| z.rsplit('|').next().unwrap_or("").replace(['_', '/'], "-").to_uppercase();
    let (a, b) = (plain(a), plain(b));
    let part = |long: &str, short: &str| {
        long.len() > 2
            && short.len() == 2
            && long.split('-').any(|p| p == short || (p.len() <= 4 && p.starts_with(short)))
    };
    a == b || part(&a, &b) || part(&b, &a)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_zones() {
        assert!(same_zone("BZN|DE-LU", "DE_LU") && same_zone("DE-LU", "DE") && same_zone("SE3", "SE"));
        assert!(!same_zone("FR", "DE-LU") && !same_zone("NL", "BE"));
        assert_eq!(zone_in("Deutschland/Luxemburg [€/MWh] Originalauflösungen").as_deref(), Some("DE-LU"));
        assert_eq!(zone_in("Day Ahead Auction (FR)").as_deref(), Some("FR"));
        assert_eq!(zone_in("Price (EUR/MWh)"), None);
    }
}

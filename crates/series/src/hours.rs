//! From rows at any spacing to the hours of one year.
//!
//! **Rules.** An hour is the mean of the rows that begin in it, so quarter-hours and ten minutes become hours. An instant may
//! stand in a file once. A gap of up to [`SHORT`] hours is filled on the straight line between its neighbours; a longer one, up
//! to [`LONG`] hours, with the mean of the same hour of the nearest day before and the nearest day after (of one of them at
//! the ends). Longer gaps, or more than [`MOST`] of all hours, are refused. A year is the first calendar year, on the file's own clock,
//! that the rows cover up to gaps of that length; without one, the first 8,760 hours.

use crate::clock::{Converter, year_of};
use crate::fault::{Faults, Note};

/// Longest gap filled on a straight line, hours.
pub const SHORT: usize = 3;
/// Longest gap filled at all, hours.
pub const LONG: usize = 48;
/// Largest share of the hours that may be filled.
pub const MOST: f64 = 0.05;
/// Longest file, hours: beyond this a date is wrong.
const LONGEST: i64 = 40 * 8784;

/// One row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row<const N: usize> {
    /// Minutes of UTC since 1970.
    pub minute: i64,
    /// Line of the file.
    pub line: usize,
    /// Values; not a number where missing.
    pub values: [f64; N],
}

/// Hours without a hole.
#[derive(Debug, Clone)]
pub(crate) struct Hours<const N: usize> {
    /// Hour of UTC since 1970 of the first value.
    pub first: i64,
    /// One column per value; `None` where no row has it.
    pub columns: [Option<Vec<f64>>; N],
    /// Hours that were filled, in the first column.
    pub filled: usize,
    /// Shortest distance of two rows, minutes.
    pub spacing: i64,
}

/// Names of the columns, and how an hour is told to people.
pub(crate) struct Told<'a, const N: usize> {
    pub names: [&'a str; N],
    /// Hours may repeat by nature (a typical year): then the year is a circle.
    pub circle: bool,
}

/// Puts rows into the hours of one year.
pub(crate) fn year<const N: usize>(
    mut rows: Vec<Row<N>>,
    clock: &Converter,
    told: &Told<'_, N>,
    mut faults: Faults,
    notes: &mut Vec<Note>,
) -> Result<Hours<N>, Faults> {
    rows.sort_by_key(|r| r.minute);
    for pair in rows.windows(2) {
        if pair[0].minute == pair[1].minute {
            let (a, b) = (pair[0].line.min(pair[1].line), pair[0].line.max(pair[1].line));
            faults.add(
                "G543",
                b,
                format!("{} stands here again: line {a} has it already", hour_text(pair[0].minute)),
                "take one of the two lines out",
            );
        }
    }
    let (Some(start), Some(end)) = (rows.first().map(|r| r.minute), rows.last().map(|r| r.minute)) else {
        faults.add("G540", 0, "no row can be read", "is the file complete?");
        return Err(faults.done().err().unwrap_or_default());
    };
    let (start, end) = (start.div_euclid(60), end.div_euclid(60));
    if end - start > LONGEST {
        faults.add("G541", rows[0].line, "the times of the file are decades apart", "look for a wrong date");
    }
    faults.done()?;
    let spacing = rows.windows(2).map(|w| w[1].minute - w[0].minute).min().unwrap_or(60);

    let window = window(&rows, start, end, clock, told.circle, notes)?;
    let length = usize::try_from(window.1 - window.0).unwrap_or(0);
    let mut sums = vec![[0.0; N]; length];
    let mut counts = vec![[0u32; N]; length];
    let mut lines = vec![0usize; length];
    for row in &rows {
        let Ok(h) = usize::try_from(row.minute.div_euclid(60) - window.0) else { continue };
        if h >= length {
            continue;
        }
        lines[h] = row.line;
        for (i, v) in row.values.iter().enumerate().filter(|(_, v)| v.is_finite()) {
            sums[h][i] += v;
            counts[h][i] += 1;
        }
    }
    let mut faults = Faults::default();
    let mut hours = Hours { first: window.0, columns: std::array::from_fn(|_| None), filled: 0, spacing };
    for (i, name) in told.names.iter().enumerate() {
        if counts.iter().all(|c| c[i] == 0) {
            continue;
        }
        let mut column: Vec<f64> = sums
            .iter()
            .zip(&counts)
            .map(|(s, c)| if c[i] > 0 { s[i] / f64::from(c[i]) } else { f64::NAN })
            .collect();
        let filled = fill(&mut column, &lines, window.0, name, &mut faults, notes);
        if i == 0 {
            hours.filled = filled;
        }
        hours.columns[i] = Some(column);
    }
    faults.done()?;
    Ok(hours)
}

/// First hour of the year and the one behind its last.
fn window<const N: usize>(
    rows: &[Row<N>],
    start: i64,
    end: i64,
    clock: &Converter,
    circle: bool,
    notes: &mut Vec<Note>,
) -> Result<(i64, i64), Faults> {
    if circle {
        return Ok((0, 8760));
    }
    let slack = LONG as i64;
    // A year of local time may begin in the year before, of UTC.
    let years = year_of(start + 24).zip(year_of(end));
    if let Some((a, b)) = years {
        for year in a..=b {
            let Some((from, to)) = clock.year_start(year).zip(clock.year_start(year + 1)) else { continue };
            if start <= from + slack && end + 1 >= to - slack {
                if end + 1 - start > 8784 + 2 * slack {
                    notes.push(Note {
                        line: 0,
                        text: format!("the file holds more than one year; {year} is taken"),
                    });
                }
                return Ok((from, to));
            }
        }
    }
    if end + 1 - start >= 8760 {
        notes.push(Note {
            line: 0,
            text: format!(
                "no calendar year is whole; 8,760 hours from {} on are taken",
                hour_text(start * 60)
            ),
        });
        return Ok((start, start + 8760));
    }
    Err(Faults::one(
        "G542",
        rows.last().map_or(0, |r| r.line),
        format!("the file covers {} of the 8,760 hours of a year", end + 1 - start),
        "bring a file of a whole year",
    ))
}

/// Fills the gaps of a column; how many hours.
fn fill(
    column: &mut [f64],
    lines: &[usize],
    first: i64,
    name: &str,
    faults: &mut Faults,
    notes: &mut Vec<Note>,
) -> usize {
    let n = column.len();
    let known: Vec<f64> = column.to_vec();
    let (mut filled, mut at) = (0, 0);
    while at < n {
        if known[at].is_finite() {
            at += 1;
            continue;
        }
        let mut end = at;
        while end < n && !known[end].is_finite() {
            end += 1;
        }
        let length = end - at;
        let from = hour_text((first + at as i64) * 60);
        let line = if at > 0 { lines[at - 1] } else { lines.iter().copied().find(|l| *l > 0).unwrap_or(0) };
        if length > LONG {
            faults.add(
                "G542",
                line,
                format!("{name}: {length} hours are missing from {from} on"),
                format!("up to {LONG} hours in a row are filled; bring the missing rows"),
            );
            at = end;
            continue;
        }
        let sides = (at.checked_sub(1).map(|i| known[i]), known.get(end).copied());
        for (h, value) in column.iter_mut().enumerate().take(end).skip(at) {
            *value = match sides {
                (Some(a), Some(b)) if length <= SHORT => {
                    a + (b - a) * (h - at + 1) as f64 / (length + 1) as f64
                }
                _ => by_day(&known, h, sides),
            };
        }
        filled += length;
        let rule = if length <= SHORT && sides.0.is_some() && sides.1.is_some() {
            "on a straight line"
        } else {
            "from the days beside it"
        };
        let hours = if length == 1 { "1 hour is".to_owned() } else { format!("{length} hours are") };
        notes.push(Note { line, text: format!("{name}: {hours} missing from {from} on, filled {rule}") });
        at = end;
    }
    if filled as f64 > MOST * n as f64 {
        faults.add(
            "G542",
            0,
            format!("{name}: {filled} of {n} hours are missing"),
            format!("at most {:.0} % are filled", MOST * 100.0),
        );
    }
    filled
}

/// Mean of the same hour of the nearest days before and after.
fn by_day(known: &[f64], h: usize, sides: (Option<f64>, Option<f64>)) -> f64 {
    let before = (1..=7).filter_map(|d| h.checked_sub(24 * d)).map(|i| known[i]).find(|v| v.is_finite());
    let after = (1..=7).filter_map(|d| known.get(h + 24 * d).copied()).find(|v| v.is_finite());
    match (before, after) {
        (Some(a), Some(b)) => 0.5 * (a + b),
        (Some(a), None) => a,
        (None, Some(b)) => b,
        (None, None) => sides.0.or(sides.1).unwrap_or(0.0),
    }
}

/// An instant for people.
pub(crate) fn hour_text(minute: i64) -> String {
    match jiff::Timestamp::from_second(minute.saturating_mul(60)) {
        Ok(t) => {
            let d = jiff::tz::Offset::UTC.to_datetime(t);
            format!("{:04}-{:02}-{:02} {:02}:{:02} UTC", d.year(), d.month(), d.day(), d.hour(), d.minute())
        }
        Err(_) => "an unreadable time".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;

    fn rows(year: i16, spacing: i64) -> Vec<Row<1>> {
        let start = Converter::new(Clock::UTC).year_start(year).unwrap() * 60;
        (0..8760 * 60 / spacing)
            .map(|i| {
                let minute = start + i * spacing;
                Row { minute, line: i as usize + 2, values: [(minute.div_euclid(60) % 24) as f64] }
            })
            .collect()
    }

    fn whole(rows: Vec<Row<1>>) -> Result<(Hours<1>, Vec<Note>), Faults> {
        let mut notes = Vec::new();
        let told = Told { names: ["price"], circle: false };
        year(rows, &Converter::new(Clock::UTC), &told, Faults::default(), &mut notes).map(|h| (h, notes))
    }

    #[test]
    fn quarter_hours_become_hours() {
        let (hours, notes) = whole(rows(2023, 15)).unwrap();
        let column = hours.columns[0].clone().unwrap();
        assert_eq!((column.len(), hours.spacing, notes.len()), (8760, 15, 0));
        assert!(column.iter().enumerate().all(|(h, v)| *v == (h % 24) as f64));
    }

    #[test]
    fn short_gaps_lie_on_a_line_and_long_ones_follow_the_day() {
        let mut r = rows(2023, 60);
        r.drain(1000..1020);
        r.drain(100..102);
        let (hours, notes) = whole(r).unwrap();
        let column = hours.columns[0].clone().unwrap();
        assert_eq!((hours.filled, notes.len()), (22, 2));
        // A day's saw tooth is what the neighbouring days say too.
        assert!(column[1000..1020].iter().enumerate().all(|(i, v)| *v == ((1000 + i) % 24) as f64));
        assert!((column[100] - 4.0).abs() < 1e-12 && (column[101] - 5.0).abs() < 1e-12);
    }

    #[test]
    fn long_gaps_doubles_and_parts_of_a_year_are_refused() {
        let codes = |r: Vec<Row<1>>| {
            whole(r)
                .err()
                .map(|f| f.0.iter().map(|f| (f.code, f.line)).collect::<Vec<_>>())
                .unwrap_or_default()
        };
        let mut r = rows(2023, 60);
        r.drain(1000..1100);
        assert_eq!(codes(r), [("G542", 1001)]);
        let mut r = rows(2023, 60);
        let mut again = r[77];
        again.line = 9000;
        r.push(again);
        assert_eq!(codes(r), [("G543", 9000)]);
        let mut r = rows(2023, 60);
        r.truncate(4000);
        assert_eq!(codes(r)[0].0, "G542");
        assert_eq!(codes(Vec::new())[0].0, "G540");
    }
}

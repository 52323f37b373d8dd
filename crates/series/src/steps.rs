//! A quantity that holds from each row until the next: power limits, carbon intensity.

use crate::clock::{Clock, Converter, Instant};
use crate::fault::Faults;
use crate::stamp;
use crate::text::{cells, lines, number_in};

/// Rows in order of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Steps {
    /// Name of the value's column: one of those asked for.
    pub column: &'static str,
    /// Whether times are seconds since 1970 (UTC); else they count from the start of whatever the series is laid on.
    pub dated: bool,
    /// From when, in seconds, and the value from then on.
    pub rows: Vec<(i64, f64)>,
}

impl Steps {
    /// The value at a moment, in the file's own count of seconds; `None` before the first row.
    pub fn at(&self, second: i64) -> Option<f64> {
        let behind = self.rows.partition_point(|r| r.0 <= second);
        behind.checked_sub(1).and_then(|i| self.rows.get(i)).map(|r| r.1)
    }
}

const HINT: &str = "a header such as \"hour,it_mw\" or \"utc,facility_mw\", then a row for each change";
const ROW_HINT: &str = "a time, then a number of at least 0";

/// Reads a table of a time and a value. The header names both: `second`, `hour` or `utc` (dates), and one of `columns`. Values must not be
/// negative.
///
/// # Errors
/// [`Faults`]: G656 where the header is not understood, G657 where a row cannot be read, G658 where times do not rise.
pub fn read_steps(text: &str, columns: &[&'static str]) -> Result<Steps, Faults> {
    let mut all = lines(text).filter(|(_, l)| !l.trim().is_empty() && !l.trim_start().starts_with('#'));
    let wanted = columns.join(", ");
    let Some((line, head)) = all.next() else {
        return Err(Faults::one("G656", 0, "the series is empty", HINT));
    };
    let delimiter = [';', '\t'].into_iter().find(|d| head.contains(*d)).unwrap_or(',');
    let names: Vec<String> = cells(head, delimiter).iter().map(|n| n.to_lowercase()).collect();
    let find = |options: &[&str]| names.iter().position(|n| options.contains(&n.as_str()));
    let (unit, time) = match (find(&["second", "seconds"]), find(&["hour", "hours"]), find(&["utc", "time"]))
    {
        (Some(i), ..) => (Some(1.0), i),
        (_, Some(i), _) => (Some(3_600.0), i),
        (.., Some(i)) => (None, i),
        _ => {
            return Err(Faults::one("G656", line, "no column is called second, hour or utc", HINT));
        }
    };
    let Some((value, column)) = columns.iter().find_map(|c| find(&[c]).map(|i| (i, *c))) else {
        return Err(Faults::one("G656", line, format!("no column is called {wanted}"), HINT));
    };
    let converter = Converter::new(Clock::UTC);
    let (mut faults, mut rows) = (Faults::default(), Vec::<(i64, f64)>::new());
    for (line, content) in all {
        let row = cells(content, delimiter);
        let cell = |i: usize| row.get(i).map_or("", String::as_str);
        let at = match unit {
            Some(u) => number_in(cell(time), false).map(|n| (n * u).round() as i64),
            None => stamp::read(cell(time)).and_then(|w| match converter.instant(w.local) {
                Instant::One(minute) => Some((minute - i64::from(w.offset.unwrap_or(0))) * 60),
                _ => None,
            }),
        };
        let (Some(at), Some(v)) = (at, number_in(cell(value), delimiter == ';').filter(|v| *v >= 0.0)) else {
            faults.add("G657", line, format!("\"{}\" is no time and value", content.trim()), ROW_HINT);
            continue;
        };
        if rows.last().is_some_and(|r| r.0 >= at) {
            faults.add(
                "G658",
                line,
                "this row is not later than the one before",
                "sort the rows by time, each time once",
            );
            continue;
        }
        rows.push((at, v));
    }
    if rows.is_empty() && faults.0.is_empty() {
        faults.add("G656", line, "no row follows the header", HINT);
    }
    faults.done()?;
    Ok(Steps { column, dated: unit.is_none(), rows })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_holds_until_the_next() {
        let s = read_steps("hour,it_mw\n0,20\n6.5,12\n\n9,20\n", &["it_mw", "facility_mw"]).unwrap();
        assert_eq!((s.column, s.dated, s.rows.len()), ("it_mw", false, 3));
        assert_eq!(
            [s.at(-1), s.at(0), s.at(23_400), s.at(100_000)],
            [None, Some(20.0), Some(12.0), Some(20.0)]
        );
        let d = read_steps("utc;g_per_kwh\n2024-01-01T00:15Z;312,5\n", &["g_per_kwh"]).unwrap();
        assert_eq!((d.dated, d.rows[0]), (true, (1_704_068_100, 312.5)));
    }

    #[test]
    fn all_faults_at_once() {
        let codes = |text: &str| {
            let faults = read_steps(text, &["it_mw"]).unwrap_err();
            faults.0.iter().map(|f| (f.code, f.line)).collect::<Vec<_>>()
        };
        assert_eq!(codes(""), [("G656", 0)]);
        assert_eq!(codes("hour,megawatts\n0,1\n"), [("G656", 1)]);
        assert_eq!(codes("day,it_mw\n0,1\n"), [("G656", 1)]);
        assert_eq!(
            codes("hour,it_mw\n0,5\n0,6\n1,-3\nx,2\n2\n"),
            [("G658", 3), ("G657", 4), ("G657", 5), ("G657", 6)]
        );
    }
}

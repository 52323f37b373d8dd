//! Times as files write them.

use jiff::civil::DateTime;

/// A time as it stands in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    /// Date and time of day.
    pub local: DateTime,
    /// Minutes ahead of UTC, where the text says so.
    pub offset: Option<i32>,
}

/// Reads `2024-01-01T00:00[:00][Z|±hh:mm]`, `2024-01-01 00:00`, `01.01.2024 00:00`, `01/01/2024 00:00:00 [(CET)]` (day first),
/// `Jan 1, 2024 12:00 AM` and `20240101:0000`. Of a span (`a - b`) the start counts.
pub(crate) fn read(text: &str) -> Option<Written> {
    let text = text.trim();
    let start = text.split_once(" - ").map_or(text, |(a, _)| a).trim();
    let (start, named) = match start.split_once('(') {
        Some((head, tail)) => (head.trim(), Some(abbreviation(tail.trim_end_matches(')').trim())?)),
        None => (start, None),
    };
    if let Some(written) = compact(start).or_else(|| month_name(start)) {
        return Some(Written { offset: named, ..written });
    }
    let cut = start.find(['T', ' '])?;
    let (date, time) = (&start[..cut], start[cut + 1..].trim());
    let numbers: Vec<i16> = split(date, ['-', '.', '/'])?;
    let [a, b, c] = numbers.as_slice() else { return None };
    let (year, month, day) = if *a > 31 { (*a, *b, *c) } else { (*c, *b, *a) };
    let (time, offset) = offset(time)?;
    let (hour, minute) = hour_minute(time)?;
    Some(Written { local: make(year, month, day, hour, minute)?, offset: offset.or(named) })
}

/// A day and a time in columns of their own.
pub(crate) fn read_two(date: &str, time: &str) -> Option<Written> {
    read(&format!("{} {}", date.trim(), time.trim()))
}

fn make(year: i16, month: i16, day: i16, hour: i16, minute: i16) -> Option<DateTime> {
    let small = |v: i16| i8::try_from(v).ok();
    DateTime::new(year, small(month)?, small(day)?, small(hour)?, small(minute)?, 0, 0).ok()
}

fn split(text: &str, at: [char; 3]) -> Option<Vec<i16>> {
    text.split(at).map(|p| p.parse().ok()).collect()
}

fn hour_minute(time: &str) -> Option<(i16, i16)> {
    let mut parts = time.split(':');
    let (hour, minute) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    Some((hour, minute))
}

/// Time of day and its distance from UTC.
fn offset(time: &str) -> Option<(&str, Option<i32>)> {
    if let Some(plain) = time.strip_suffix('Z') {
        return Some((plain, Some(0)));
    }
    let Some(at) = time.find(['+', '-']) else { return Some((time, None)) };
    let sign = if time[at..].starts_with('-') { -1 } else { 1 };
    let digits: String = time[at + 1..].chars().filter(char::is_ascii_digit).collect();
    let (h, m) = match digits.len() {
        2 => (digits.parse::<i32>().ok()?, 0),
        4 => (digits[..2].parse::<i32>().ok()?, digits[2..].parse::<i32>().ok()?),
        _ => return None,
    };
    (h <= 14 && m < 60).then_some((time[..at].trim(), Some(sign * (60 * h + m))))
}

fn abbreviation(name: &str) -> Option<i32> {
    Some(match name {
        "UTC" | "GMT" | "WET" => 0,
        "CET" | "MEZ" | "WEST" | "BST" => 60,
        "CEST" | "MESZ" | "EET" => 120,
        "EEST" => 180,
        _ => return None,
    })
}

/// `20240101:0000`.
fn compact(text: &str) -> Option<Written> {
    let (date, time) = text.split_once(':')?;
    if date.len() != 8 || time.len() != 4 || !text.is_ascii() {
        return None;
    }
    let part = |s: &str| s.parse::<i16>().ok();
    let local =
        make(part(&date[..4])?, part(&date[4..6])?, part(&date[6..])?, part(&time[..2])?, part(&time[2..])?)?;
    Some(Written { local, offset: None })
}

/// `Jan 1, 2024 12:00 AM`.
fn month_name(text: &str) -> Option<Written> {
    const NAMES: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let parts: Vec<&str> = text.split([' ', ',', '\u{202f}']).filter(|p| !p.is_empty()).collect();
    let [month, day, year, time, rest @ ..] = parts.as_slice() else { return None };
    let short = month.get(..3)?.to_lowercase();
    let month = NAMES.iter().position(|n| *n == short)?;
    let (hour, minute) = hour_minute(time)?;
    let hour = match rest {
        ["AM" | "am"] if hour == 12 => 0,
        ["PM" | "pm"] if hour < 12 => hour + 12,
        [] | ["AM" | "am" | "PM" | "pm"] => hour,
        _ => return None,
    };
    let local = make(year.parse().ok()?, i16::try_from(month).ok()? + 1, day.parse().ok()?, hour, minute)?;
    Some(Written { local, offset: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_ways_files_write_a_time() {
        let at = |h| DateTime::new(2024, 3, 31, h, 30, 0, 0).unwrap();
        for (text, hour, offset) in [
            ("2024-03-31T02:30", 2, None),
            ("2024-03-31 02:30:00", 2, None),
            ("2024-03-31T02:30:00Z", 2, Some(0)),
            ("2024-03-31T02:30+01:00", 2, Some(60)),
            ("2024-03-31T02:30-0130", 2, Some(-90)),
            ("31.03.2024 02:30", 2, None),
            ("31.03.2024 02:30 - 31.03.2024 03:30", 2, None),
            ("31/03/2024 02:30:00 (CEST) - 31/03/2024 02:45:00 (CEST)", 2, Some(120)),
            ("Mar 31, 2024 2:30 AM", 2, None),
            ("Mar 31, 2024 12:30 AM", 0, None),
            ("Mar 31, 2024 2:30 PM", 14, None),
            ("20240331:0230", 2, None),
        ] {
            assert_eq!(read(text), Some(Written { local: at(hour), offset }), "{text}");
        }
        for text in ["", "31.13.2024 02:30", "2024-02-30 00:00", "yesterday", "2024-01-01 24:00", "1-2"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_does_harm(text in ".{0,40}") {
            let _ = read(&text);
        }
    }
}

//! The Azure LLM inference traces (Azure/AzurePublicDataset): a date and time of day, two lengths.

use super::{Sheet, number, rows};

pub(super) const COLUMNS: [&str; 3] = ["TIMESTAMP", "ContextTokens", "GeneratedTokens"];

pub(super) fn read(text: &str, sheet: &mut Sheet) {
    rows(text, sheet, seconds);
}

/// Days between the years zero and 2000, so that microseconds survive in a floating-point number.
const EPOCH: i64 = 730_426;

/// Seconds since about the year 2000 of `2023-11-16 18:15:46.6805900`; an offset such as `+00:00` or `Z` at the end must be zero.
fn seconds(text: &str) -> Option<f64> {
    let (date, clock) = text.split_once([' ', 'T'])?;
    let clock = clock.trim_end_matches('Z');
    let clock = clock.strip_suffix("+00:00").unwrap_or(clock);
    let mut parts = date.split('-').map(|p| p.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let mut hms = clock.split(':');
    let (hour, minute, second) =
        (hms.next()?.parse::<u32>().ok()?, hms.next()?.parse::<u32>().ok()?, number(hms.next()?)?);
    let sound = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..=9999).contains(&year)
        && hour < 24
        && minute < 60
        && (0.0..61.0).contains(&second);
    if !sound || hms.next().is_some() || parts.next().is_some() {
        return None;
    }
    // Days from the civil calendar, years that begin in March (Hinnant, "chrono-compatible low-level date algorithms").
    let year = year - i64::from(month <= 2);
    let shifted = (month + 9) % 12;
    let days = 365 * year + year.div_euclid(4) - year.div_euclid(100)
        + year.div_euclid(400)
        + (153 * shifted + 2) / 5
        + day
        - EPOCH;
    Some(days as f64 * 86_400.0 + f64::from(hour) * 3600.0 + f64::from(minute) * 60.0 + second)
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn time_of_day_and_calendar() {
        let gap = |a, b| Some(seconds(b)? - seconds(a)?);
        assert_eq!(gap("2023-11-16 23:59:59.5", "2023-11-17 00:00:00.25"), Some(0.75));
        assert_eq!(gap("2024-02-28 00:00:00", "2024-03-01T00:00:00Z"), Some(2.0 * 86_400.0));
        assert_eq!(gap("2023-02-28 00:00:00", "2023-03-01 00:00:00+00:00"), Some(86_400.0));
        for bad in [
            "",
            "2023-11-16",
            "2023-13-01 00:00:00",
            "18:15:46",
            "2023-11-16 25:00:00",
            "2023-11-16 aa:00:00",
        ] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
    }
}

use crate::job::Seconds;

/// Seconds since 1970 of a civil date and time, with no zone: proleptic Gregorian day count (Hinnant, chrono-compatible low-level
/// date algorithms).
pub(crate) fn stamp(text: &str) -> Option<Seconds> {
    let text = text.trim().trim_end_matches('Z');
    let (date, time) = text.split_once(['T', ' '])?;
    let mut d = date.split('-').map(|p| p.parse::<i64>().ok());
    let (y, m, day) = (d.next()??, d.next()??, d.next()??);
    let time = time.split(['+', '.']).next()?;
    let mut t = time.split(':').map(|p| p.parse::<i64>().ok());
    let (h, min, s) = (t.next()??, t.next()??, t.next().flatten().unwrap_or(0));
    let valid = (1..=12).contains(&m) && (1..=31).contains(&day) && (0..24).contains(&h);
    if !(valid && (0..60).contains(&min) && (0..=60).contains(&s) && (0..=9999).contains(&y)) {
        return None;
    }
    let y = if m <= 2 { y - 1 } else { y };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let doy = (153 * (if m > 2 { m - 3 } else { m + 9 }) + 2) / 5 + day - 1;
    let days = era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468;
    Some(days * 86_400 + h * 3_600 + min * 60 + s)
}

/// Slurm's `[days-]hours:minutes:seconds`, `minutes:seconds` or `minutes`.
pub(crate) fn span(text: &str) -> Option<Seconds> {
    let text = text.trim();
    let (days, rest) = match text.split_once('-') {
        Some((d, rest)) => (d.parse::<i64>().ok()?, rest),
        None => (0, text),
    };
    let rest = rest.split('.').next()?;
    let parts: Option<Vec<i64>> = rest.split(':').map(|p| p.parse().ok()).collect();
    let parts = parts?;
    if parts.iter().any(|p| *p < 0 || *p > 1_000_000_000) || !(0..=1_000_000).contains(&days) {
        return None;
    }
    let seconds = match (parts.as_slice(), text.contains('-')) {
        ([h], true) => h * 3_600,
        ([h, m], true) => h * 3_600 + m * 60,
        ([m], false) => m * 60,
        ([m, s], false) => m * 60 + s,
        ([h, m, s], _) => h * 3_600 + m * 60 + s,
        _ => return None,
    };
    Some(days * 86_400 + seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_and_spans() {
        assert_eq!(stamp("1970-01-01T00:00:00"), Some(0));
        assert_eq!(stamp("2026-11-22T15:33:56"), Some(1_795_361_636));
        assert_eq!(stamp("2024-02-29 12:00:00"), Some(1_709_208_000));
        assert_eq!(stamp("Unknown"), None);
        assert_eq!(span("1-02:03:04"), Some(93_784));
        assert_eq!(span("00:01:00"), Some(60));
        assert_eq!(span("5:30"), Some(330));
        assert_eq!(span("UNLIMITED"), None);
    }
}

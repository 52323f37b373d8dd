use std::fmt;

use jiff::civil;

/// A calendar day, kept as days since 1970-01-01 so that durations add to it.
///
/// A month ("2028-07") means its first day and a quarter ("2027-Q3") the first day of the quarter.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Date(f64);

const EPOCH: civil::Date = civil::date(1970, 1, 1);

impl Date {
    /// From days since 1970-01-01; fractions of a day are allowed and ignored when shown.
    pub const fn from_days(days: f64) -> Self {
        Date(days)
    }

    /// Days since 1970-01-01.
    pub const fn days(self) -> f64 {
        self.0
    }

    /// From a calendar day; `None` where there is no such day.
    pub fn from_ymd(year: i16, month: i8, day: i8) -> Option<Self> {
        let date = civil::Date::new(year, month, day).ok()?;
        let span = date.since((jiff::Unit::Day, EPOCH)).ok()?;
        Some(Date(f64::from(span.get_days())))
    }

    /// Reads `2028`, `2028-07`, `2028-07-15` or `2027-Q3`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().split('-');
        let year_text = parts.next()?;
        if year_text.len() != 4 {
            return None;
        }
        let year: i16 = year_text.parse().ok()?;
        let (month, day) = match (parts.next(), parts.next(), parts.next()) {
            (None, None, None) => (1, 1),
            (Some(quarter), None, None) if quarter.starts_with(['Q', 'q']) => {
                let q: i8 = quarter[1..].parse().ok()?;
                if !(1..=4).contains(&q) {
                    return None;
                }
                (3 * (q - 1) + 1, 1)
            }
            (Some(month), None, None) if month.len() == 2 => (month.parse().ok()?, 1),
            (Some(month), Some(day), None) if month.len() == 2 && day.len() == 2 => {
                (month.parse().ok()?, day.parse().ok()?)
            }
            _ => return None,
        };
        Date::from_ymd(year, month, day)
    }

    fn civil(self) -> Option<civil::Date> {
        let days = self.0.floor();
        if !days.is_finite() || days.abs() > 4_000_000.0 {
            return None;
        }
        EPOCH.checked_add(jiff::Span::new().try_days(days as i64).ok()?).ok()
    }

    /// The calendar year.
    pub fn year(self) -> Option<i16> {
        self.civil().map(|d| d.year())
    }

    /// Year and month as `2028-07`, the precision in which openings are spoken of.
    pub fn month_text(self) -> String {
        self.civil().map_or_else(|| "n/a".to_owned(), |d| format!("{:04}-{:02}", d.year(), d.month()))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.civil() {
            Some(d) => write!(f, "{:04}-{:02}-{:02}", d.year(), d.month(), d.day()),
            None => f.write_str("n/a"),
        }
    }
}

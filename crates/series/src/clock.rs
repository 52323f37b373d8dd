//! Which clock a file runs on, and the way from its local time to UTC.
//!
//! Summer time follows the rule of Directive 2000/84/EC: from the last Sunday of March to the last Sunday of October, changing
//! at 01:00 UTC everywhere in the Union. Years before 1996 are not meant.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

/// Hours of a year without 29 February.
pub const HOURS_OF_COMMON_YEAR: usize = 8760;

/// A clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// Universal time, plus a constant number of minutes.
    Fixed(i32),
    /// WET and WEST: Portugal, Ireland, the United Kingdom.
    Western,
    /// CET and CEST: from Spain to Poland.
    Central,
    /// EET and EEST: Finland, the Baltic States, Romania, Bulgaria, Greece, Cyprus.
    Eastern,
}

impl Clock {
    /// Universal time.
    pub const UTC: Clock = Clock::Fixed(0);

    /// The clock of a country, ISO 3166 in lower case.
    pub fn of_country(country: &str) -> Clock {
        match country {
            "pt" | "ie" | "gb" => Clock::Western,
            "fi" | "ee" | "lv" | "lt" | "ro" | "bg" | "gr" | "cy" => Clock::Eastern,
            _ => Clock::Central,
        }
    }

    pub(crate) fn zone(self) -> Option<TimeZone> {
        let text = match self {
            Clock::Fixed(_) => return None,
            Clock::Western => "WET0WEST,M3.5.0/1,M10.5.0/2",
            Clock::Central => "CET-1CEST,M3.5.0/2,M10.5.0/3",
            Clock::Eastern => "EET-2EEST,M3.5.0/3,M10.5.0/4",
        };
        TimeZone::posix(text).ok()
    }

    /// How the clock is named.
    pub fn name(self) -> String {
        match self {
            Clock::Fixed(0) => "UTC".to_owned(),
            Clock::Fixed(m) => format!("UTC{:+03}:{:02}", m / 60, m.abs() % 60),
            Clock::Western => "WET/WEST".to_owned(),
            Clock::Central => "CET/CEST".to_owned(),
            Clock::Eastern => "EET/EEST".to_owned(),
        }
    }
}

/// What a local time is in minutes of UTC since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Instant {
    /// There is one.
    One(i64),
    /// The hour is there twice: in summer time and then in winter time.
    Twice(i64, i64),
    /// The clock jumps over it.
    Skipped,
}

/// A clock made ready for many rows.
pub(crate) struct Converter {
    fixed: i64,
    zone: Option<TimeZone>,
}

impl Converter {
    pub(crate) fn new(clock: Clock) -> Converter {
        let fixed = match clock {
            Clock::Fixed(m) => i64::from(m),
            _ => 0,
        };
        Converter { fixed, zone: clock.zone() }
    }

    pub(crate) fn instant(&self, local: DateTime) -> Instant {
        let plain = plain_minutes(local);
        let at = |offset: Offset| plain - i64::from(offset.seconds()) / 60;
        match &self.zone {
            None => Instant::One(plain - self.fixed),
            Some(zone) => match zone.to_ambiguous_timestamp(local).offset() {
                AmbiguousOffset::Unambiguous { offset } => Instant::One(at(offset)),
                AmbiguousOffset::Fold { before, after } => Instant::Twice(at(before), at(after)),
                AmbiguousOffset::Gap { .. } => Instant::Skipped,
            },
        }
    }

    /// The first hour of a local year, in hours of UTC since 1970.
    pub(crate) fn year_start(&self, year: i16) -> Option<i64> {
        let start = DateTime::new(year, 1, 1, 0, 0, 0, 0).ok()?;
        match self.instant(start) {
            Instant::One(minutes) => Some(minutes.div_euclid(60)),
            _ => None,
        }
    }
}

/// Minutes since 1970 as if the clock were UTC.
pub(crate) fn plain_minutes(local: DateTime) -> i64 {
    Offset::UTC.to_timestamp(local).map_or(0, |t| t.as_second().div_euclid(60))
}

/// Year of an hour of UTC since 1970.
pub(crate) fn year_of(hour: i64) -> Option<i16> {
    date_of(hour).map(|d| d.year())
}

fn date_of(hour: i64) -> Option<DateTime> {
    jiff::Timestamp::from_second(hour.checked_mul(3600)?).ok().map(|t| Offset::UTC.to_datetime(t))
}

/// Month, day and hour (UTC) of an hour since 1970; `None` far outside the calendar.
pub fn month_day_hour(hour: i64) -> Option<(i8, i8, i8)> {
    date_of(hour).map(|d| (d.month(), d.day(), d.hour()))
}

/// Position in a year of 8,760 hours (UTC) of an hour since 1970; 29 February counts as the 28th.
pub fn hour_of_common_year(hour: i64) -> Option<usize> {
    let (month, day, of_day) = month_day_hour(hour)?;
    common_hour(month, day, of_day)
}

/// The first hour of a year (UTC), in hours since 1970.
pub fn first_hour_of(year: i16) -> Option<i64> {
    Converter::new(Clock::UTC).year_start(year)
}

/// An hour since 1970 as `2023-01-01T00:00Z`.
pub fn hour_stamp(hour: i64) -> String {
    date_of(hour).map_or_else(String::new, |d| {
        format!("{:04}-{:02}-{:02}T{:02}:00Z", d.year(), d.month(), d.day(), d.hour())
    })
}

/// Position in a year of 8,760 hours of a month, day and hour; 29 February counts as the 28th.
pub(crate) fn common_hour(month: i8, day: i8, hour: i8) -> Option<usize> {
    let day = if (month, day) == (2, 29) { 28 } else { day };
    let date = jiff::civil::Date::new(2001, month, day).ok()?;
    let days = usize::try_from(date.day_of_year() - 1).ok()?;
    Some(days * 24 + usize::try_from(hour).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(y: i16, m: i8, d: i8, h: i8) -> DateTime {
        DateTime::new(y, m, d, h, 0, 0, 0).unwrap()
    }

    #[test]
    fn summer_time_begins_and_ends_at_one_utc() {
        let day = |y, m, d, h| plain_minutes(at(y, m, d, h));
        for (clock, skipped, twice) in
            [(Clock::Western, 1, 1), (Clock::Central, 2, 2), (Clock::Eastern, 3, 3)]
        {
            let c = Converter::new(clock);
            assert_eq!(c.instant(at(2023, 3, 26, skipped)), Instant::Skipped, "{clock:?}");
            let end = day(2023, 10, 29, 0);
            assert_eq!(c.instant(at(2023, 10, 29, twice)), Instant::Twice(end, end + 60), "{clock:?}");
        }
        let c = Converter::new(Clock::Central);
        assert_eq!(c.instant(at(2024, 7, 1, 2)), Instant::One(day(2024, 7, 1, 0)));
        assert_eq!(c.instant(at(2024, 1, 1, 0)), Instant::One(day(2023, 12, 31, 23)));
    }

    #[test]
    fn a_leap_day_falls_on_the_day_before() {
        assert_eq!(common_hour(1, 1, 0), Some(0));
        assert_eq!(common_hour(2, 29, 5), common_hour(2, 28, 5));
        assert_eq!(common_hour(12, 31, 23), Some(8759));
        assert_eq!(common_hour(2, 30, 0), None);
    }
}

//! Month ends as day numbers. Day arithmetic of the proleptic Gregorian calendar after H. Hinnant,
//! "chrono-compatible low-level date algorithms" (2013): years counted from March, eras of 400 years.

/// Days since 1970-01-01 of a calendar day.
pub(crate) fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// Year and month of a day number.
pub(crate) fn civil_month(days: i64) -> (i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month)
}

/// Fills `days` with the day numbers of time points 0 to `last`: point 0 is the first day of the month of
/// `start`, point m the last day of the m-th month.
pub(crate) fn month_ends(start_days: f64, last: usize, days: &mut Vec<f64>) {
    days.clear();
    let (mut y, mut m) = civil_month(start_days.floor() as i64);
    days.push(days_from_civil(y, m, 1) as f64);
    for _ in 0..last {
        m += 1;
        if m > 12 {
            m = 1;
            y += 1;
        }
        days.push((days_from_civil(y, m, 1) - 1) as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn month_ends_of_a_leap_year() {
        let mut days = Vec::new();
        let start = days_from_civil(2027, 7, 1);
        month_ends(start as f64, 18, &mut days);
        assert_eq!(days[1] as i64, days_from_civil(2027, 7, 31));
        assert_eq!(days[8] as i64, days_from_civil(2028, 2, 29));
        assert_eq!(days[18] as i64, days_from_civil(2028, 12, 31));
        for d in (-40_000..80_000).step_by(13) {
            let (y, m) = civil_month(d);
            assert!(days_from_civil(y, m, 1) <= d && d < days_from_civil(y + m / 12, m % 12 + 1, 1));
        }
    }
}

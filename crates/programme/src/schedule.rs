//! When a phase opens: a small network of activities with the durations of one draw.
//!
//! Each activity starts when all it waits for have ended (critical path method: Kelley and Walker 1959). Durations still
//! open are stretched by one common factor, because what delays one activity of a site delays the others too.

use std::fmt;

use gigatwin_quantity::{Date, Time};

/// An activity of the way to opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Activity {
    /// Funding decision and signature of the hosting agreement.
    Signature,
    /// Decision on State aid, which signature waits for.
    StateAid,
    /// Building and environmental permits.
    Permit,
    /// From signature to the supply contract.
    Procurement,
    /// From order to delivery of systems in volume.
    Delivery,
    /// Building works, ready for systems.
    Construction,
    /// The grid connection carries power.
    Grid,
    /// Installation and acceptance.
    Commissioning,
}

impl Activity {
    /// Words for a table.
    pub fn label(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::StateAid => "State aid",
            Self::Permit => "permit",
            Self::Procurement => "procurement",
            Self::Delivery => "delivery of systems",
            Self::Construction => "construction",
            Self::Grid => "grid connection",
            Self::Commissioning => "commissioning",
        }
    }
}

impl fmt::Display for Activity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.label())
    }
}

/// Permits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Permit {
    /// Granted, or not needed.
    Granted,
    /// Filed (or to be filed) on a day, taking so long.
    Filed {
        /// Day of the complete application.
        on: Date,
        /// From application to permit.
        duration: Time,
    },
}

/// Grid connection.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Grid {
    /// Energised on a day fixed with the operator; the common slip does not move it.
    Energised(Date),
    /// Asked for on a day, taking so long.
    LeadTime {
        /// Day of the application; signature where none is known.
        from: Option<Date>,
        /// Lead time.
        duration: Time,
    },
}

/// What one phase waits for. Durations are those of one draw.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScheduleInputs {
    /// Signature of the hosting agreement: procurement and construction start no earlier.
    pub signature: Date,
    /// Permits; construction starts no earlier.
    pub permit: Permit,
    /// Grid connection; commissioning starts no earlier.
    pub grid: Grid,
    /// From signature to the supply contract.
    pub procurement: Time,
    /// From the contract to delivery.
    pub delivery: Time,
    /// From permit and signature to a hall ready for systems.
    pub construction: Time,
    /// From delivery into the hall to acceptance.
    pub commissioning: Time,
    /// Factor on every open duration; 1 without common slip.
    pub slip: f64,
    /// The opening that is asked for.
    pub asked: Option<Date>,
}

/// Why there is no opening date.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ScheduleError {
    /// A duration below zero or no number.
    #[error("the duration of {0} must be a number, zero or more")]
    Duration(Activity),
    /// A date that is none.
    #[error("the date of {0} is not a date")]
    Date(Activity),
    /// A slip below zero or no number.
    #[error("the common slip must be a factor of zero or more")]
    Slip,
}

/// One activity with its dates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Which.
    pub activity: Activity,
    /// When it starts.
    pub start: Date,
    /// When it ends.
    pub end: Date,
    /// Whether a day more of it opens the phase a day later.
    pub critical: bool,
}

/// The way to opening.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Schedule {
    /// Opening.
    pub opening: Date,
    /// All activities in order.
    pub steps: [Step; 7],
    /// Opening after the date asked for; negative where it is earlier. `None` where none was asked.
    pub late: Option<Time>,
    /// From signature to opening.
    pub after_signature: Time,
}

impl Schedule {
    /// The activities on the critical path, in order.
    pub fn critical_path(&self) -> impl Iterator<Item = Activity> + '_ {
        self.steps.iter().filter(|s| s.critical).map(|s| s.activity)
    }

    /// The critical path in words.
    pub fn critical_words(&self) -> String {
        let words: Vec<&str> = self.critical_path().map(Activity::label).collect();
        words.join(", ")
    }
}

/// Runs the network:
///
/// * procurement after signature, delivery after procurement,
/// * construction after signature and permit,
/// * commissioning after delivery, construction and grid; opening at its end.
///
/// # Errors
/// Where a duration is negative or a date is none.
pub fn schedule(i: &ScheduleInputs) -> Result<Schedule, ScheduleError> {
    if !(i.slip.is_finite() && i.slip >= 0.0) {
        return Err(ScheduleError::Slip);
    }
    let days = |what: Activity, t: Time| {
        let d = t.days();
        if d.is_finite() && d >= 0.0 { Ok(d * i.slip) } else { Err(ScheduleError::Duration(what)) }
    };
    let date = |what: Activity, d: Date| {
        if d.days().is_finite() { Ok(d.days()) } else { Err(ScheduleError::Date(what)) }
    };
    let signature = date(Activity::Signature, i.signature)?;
    let permit = match i.permit {
        Permit::Granted => (signature, signature),
        Permit::Filed { on, duration } => {
            let start = date(Activity::Permit, on)?;
            (start, start + days(Activity::Permit, duration)?)
        }
    };
    let grid = match i.grid {
        Grid::Energised(day) => {
            let day = date(Activity::Grid, day)?;
            (day.min(signature), day)
        }
        Grid::LeadTime { from, duration } => {
            let start = from.map_or(Ok(signature), |d| date(Activity::Grid, d))?;
            (start, start + days(Activity::Grid, duration)?)
        }
    };
    let procurement = (signature, signature + days(Activity::Procurement, i.procurement)?);
    let delivery = (procurement.1, procurement.1 + days(Activity::Delivery, i.delivery)?);
    let ground = signature.max(permit.1);
    let construction = (ground, ground + days(Activity::Construction, i.construction)?);
    let ready = delivery.1.max(construction.1).max(grid.1);
    let commissioning = (ready, ready + days(Activity::Commissioning, i.commissioning)?);
    let opening = commissioning.1;

    // Latest of what commissioning waits for, and of what construction waits for.
    let by_delivery = delivery.1 >= ready;
    let by_construction = construction.1 >= ready;
    let by_grid = grid.1 >= ready;
    let by_permit = by_construction && permit.1 >= ground && matches!(i.permit, Permit::Filed { .. });
    let grid_from_signature = matches!(i.grid, Grid::LeadTime { from: None, .. });
    let by_signature =
        by_delivery || (by_construction && signature >= ground) || (by_grid && grid_from_signature);
    let step = |activity, (start, end): (f64, f64), critical| Step {
        activity,
        start: Date::from_days(start),
        end: Date::from_days(end),
        critical,
    };
    Ok(Schedule {
        opening: Date::from_days(opening),
        steps: [
            step(Activity::Signature, (signature, signature), by_signature),
            step(Activity::Permit, permit, by_permit),
            step(Activity::Procurement, procurement, by_delivery),
            step(Activity::Delivery, delivery, by_delivery),
            step(Activity::Construction, construction, by_construction),
            step(Activity::Grid, grid, by_grid),
            step(Activity::Commissioning, commissioning, true),
        ],
        late: i.asked.map(|a| Time::from_days(opening - a.days())),
        after_signature: Time::from_days(opening - signature),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(y: i16, m: i8) -> Date {
        Date::from_ymd(y, m, 1).unwrap()
    }

    fn inputs() -> ScheduleInputs {
        ScheduleInputs {
            signature: day(2027, 4),
            permit: Permit::Filed { on: day(2026, 10), duration: Time::from_months(14.0) },
            grid: Grid::Energised(day(2028, 1)),
            procurement: Time::from_months(6.0),
            delivery: Time::from_months(8.0),
            construction: Time::from_months(18.0),
            commissioning: Time::from_months(4.0),
            slip: 1.0,
            asked: Some(day(2028, 7)),
        }
    }

    #[test]
    fn the_path_that_binds_is_named() {
        let s = schedule(&inputs()).unwrap();
        assert_eq!(s.critical_words(), "permit, construction, commissioning");
        assert_eq!(s.opening.month_text(), "2029-09");
        assert!((s.late.unwrap().months() - 15.0).abs() < 0.2);
        let grid = schedule(&ScheduleInputs { grid: Grid::Energised(day(2031, 1)), ..inputs() }).unwrap();
        assert_eq!(grid.critical_words(), "grid connection, commissioning");
        let granted =
            schedule(&ScheduleInputs { permit: Permit::Granted, construction: Time::ZERO, ..inputs() })
                .unwrap();
        assert_eq!(granted.critical_words(), "signature, procurement, delivery of systems, commissioning");
    }

    proptest! {
        #[test]
        fn more_delay_never_opens_earlier(
            d in proptest::array::uniform6(0.0..60.0_f64), more in proptest::array::uniform6(0.0..24.0_f64),
            slip in 0.5..3.0_f64, extra in 0.0..1.0_f64, later in 0.0..400.0_f64,
        ) {
            let at = |d: [f64; 6], slip: f64, shift: f64| ScheduleInputs {
                signature: Date::from_days(20_900.0 + shift),
                permit: Permit::Filed { on: Date::from_days(20_700.0), duration: Time::from_months(d[0]) },
                grid: Grid::LeadTime { from: None, duration: Time::from_months(d[1]) },
                procurement: Time::from_months(d[2]),
                delivery: Time::from_months(d[3]),
                construction: Time::from_months(d[4]),
                commissioning: Time::from_months(d[5]),
                slip,
                asked: None,
            };
            let before = schedule(&at(d, slip, 0.0)).unwrap();
            let mut longer = d;
            for (a, b) in longer.iter_mut().zip(more) { *a += b; }
            let after = schedule(&at(longer, slip + extra, later)).unwrap();
            prop_assert!(after.opening >= before.opening);
            // Stretching a critical activity by a day opens a day later; stretching another changes less.
            prop_assert!(before.critical_path().count() >= 2);
        }
    }

    #[test]
    fn durations_that_are_none_are_refused() {
        let e = schedule(&ScheduleInputs { delivery: Time::from_days(-1.0), ..inputs() }).unwrap_err();
        assert_eq!(e.to_string(), "the duration of delivery of systems must be a number, zero or more");
    }
}

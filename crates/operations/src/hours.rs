use gigatwin_quantity::{Hazard, Share, Time};

/// Hours of a mean Gregorian year.
pub const HOURS_PER_YEAR: f64 = 8_766.0;

/// How a site is run over a year.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Operations {
    /// Accelerators installed.
    pub accelerators: f64,
    /// Failures of one node that take it out of service.
    pub node_failure_rate: Hazard,
    /// Mean time from failure to return to service.
    pub repair_time: Time,
    /// Share of the time in planned maintenance of the whole machine.
    pub maintenance_share: Share,
    /// Share of the time in which site or plant stand still unplanned.
    pub outage_share: Share,
    /// Share of the working hours that no job can take: gaps between gangs, contiguity, draining before large jobs.
    pub fragmentation_share: Share,
    /// Share of the schedulable hours that is promised to tenants in advance.
    pub contracted_share: Share,
    /// Share of the promised hours that tenants really use.
    pub contracted_use: Share,
    /// Share of the remaining hours that finds a buyer.
    pub open_use: Share,
}

/// Why a year cannot be counted.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum OperationsError {
    /// A share outside zero to one.
    #[error("{what} is {percent:.1} %, outside 0 to 100 %")]
    Share {
        /// Which.
        what: &'static str,
        /// In per cent.
        percent: f64,
    },
    /// A rate, time or number below zero or no number.
    #[error("{0} must be a number, zero or more")]
    Negative(&'static str),
}

/// Accelerator-hours of a year. Each line is contained in the one before, except that hours may be sold and not used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HoursYear {
    /// Accelerators × 8,766.
    pub installed: f64,
    /// Lost to failed nodes under repair.
    pub under_repair: f64,
    /// Lost to planned maintenance.
    pub in_maintenance: f64,
    /// Lost to outages of site or plant.
    pub in_outage: f64,
    /// Hours in which accelerators work: installed less the three losses.
    pub available: f64,
    /// Lost between jobs.
    pub fragmented: f64,
    /// Hours that jobs can take.
    pub schedulable: f64,
    /// Paid for: all promised hours, and the others that find a buyer.
    pub sold: f64,
    /// Really used.
    pub used: f64,
}

impl HoursYear {
    /// Available over installed.
    pub fn availability(&self) -> Option<Share> {
        (self.installed > 0.0).then(|| Share::from_fraction(self.available / self.installed))
    }

    /// Used over available.
    pub fn utilisation(&self) -> Option<Share> {
        (self.available > 0.0).then(|| Share::from_fraction(self.used / self.available))
    }
}

impl Operations {
    /// Share of the time a node is not under repair: 1 / (1 + λ·MTTR), the steady state of an alternating renewal process
    /// (Barlow and Proschan, Mathematical Theory of Reliability, 1965), whatever the distribution of repair times.
    pub fn node_availability(&self) -> f64 {
        1.0 / (1.0 + self.node_failure_rate.per_s() * self.repair_time.s())
    }

    /// Counts the hours of a year.
    ///
    /// * available = installed · (1 − maintenance) · (1 − outage) · node availability,
    /// * schedulable = available · (1 − fragmentation),
    /// * sold = schedulable · (contracted + (1 − contracted) · open use),
    /// * used = schedulable · (contracted · contracted use + (1 − contracted) · open use).
    ///
    /// Repairs run while the machine stands, so the losses multiply; each is counted on what the ones before leave.
    ///
    /// # Errors
    /// Where a share lies outside zero to one or a rate, time or number is negative.
    pub fn year(&self) -> Result<HoursYear, OperationsError> {
        for (what, share) in [
            ("maintenance", self.maintenance_share),
            ("outage", self.outage_share),
            ("fragmentation", self.fragmentation_share),
            ("the contracted part", self.contracted_share),
            ("use of contracted hours", self.contracted_use),
            ("use of open hours", self.open_use),
        ] {
            let f = share.fraction();
            if !(0.0..=1.0).contains(&f) {
                return Err(OperationsError::Share { what, percent: 100.0 * f });
            }
        }
        for (what, value) in [
            ("the number of accelerators", self.accelerators),
            ("the node failure rate", self.node_failure_rate.per_s()),
            ("the repair time", self.repair_time.s()),
        ] {
            if !(value.is_finite() && value >= 0.0) {
                return Err(OperationsError::Negative(what));
            }
        }
        let installed = self.accelerators * HOURS_PER_YEAR;
        let in_maintenance = installed * self.maintenance_share.fraction();
        let running = installed - in_maintenance;
        let in_outage = running * self.outage_share.fraction();
        let powered = running - in_outage;
        let available = powered * self.node_availability();
        let fragmented = available * self.fragmentation_share.fraction();
        let schedulable = available - fragmented;
        let contracted = schedulable * self.contracted_share.fraction();
        let open = (schedulable - contracted) * self.open_use.fraction();
        Ok(HoursYear {
            installed,
            under_repair: powered - available,
            in_maintenance,
            in_outage,
            available,
            fragmented,
            schedulable,
            sold: contracted + open,
            used: contracted * self.contracted_use.fraction() + open,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn site() -> Operations {
        Operations {
            accelerators: 100_000.0,
            node_failure_rate: Hazard::from_per_day(3.8e-3),
            repair_time: Time::from_days(1.0),
            maintenance_share: Share::from_percent(2.0),
            outage_share: Share::from_percent(0.5),
            fragmentation_share: Share::from_percent(5.0),
            contracted_share: Share::from_percent(60.0),
            contracted_use: Share::from_percent(85.0),
            open_use: Share::from_percent(70.0),
        }
    }

    #[test]
    fn a_year_by_hand() {
        let y = site().year().unwrap();
        let available = 876_600_000.0 * 0.98 * 0.995 / (1.0 + 3.8e-3);
        assert!((y.available - available).abs() < 1.0);
        assert!((y.used - available * 0.95 * (0.6 * 0.85 + 0.4 * 0.7)).abs() < 1.0);
        assert!((y.sold - available * 0.95 * (0.6 + 0.4 * 0.7)).abs() < 1.0);
    }

    proptest! {
        #[test]
        fn hours_are_conserved_and_nested(
            rate in 0.0..0.1_f64, repair in 0.0..30.0_f64,
            s in proptest::array::uniform6(0.0..=1.0_f64),
        ) {
            let y = Operations {
                node_failure_rate: Hazard::from_per_day(rate),
                repair_time: Time::from_days(repair),
                maintenance_share: Share::from_fraction(s[0]),
                outage_share: Share::from_fraction(s[1]),
                fragmentation_share: Share::from_fraction(s[2]),
                contracted_share: Share::from_fraction(s[3]),
                contracted_use: Share::from_fraction(s[4]),
                open_use: Share::from_fraction(s[5]),
                ..site()
            }.year().unwrap();
            let losses = y.under_repair + y.in_maintenance + y.in_outage + y.fragmented;
            prop_assert!((losses + y.schedulable - y.installed).abs() < 1e-6 * y.installed);
            prop_assert!(y.used <= y.sold + 1e-6 && y.sold <= y.schedulable + 1e-3);
            prop_assert!(y.schedulable <= y.available && y.available <= y.installed);
        }
    }

    #[test]
    fn impossible_shares_are_refused() {
        let e = Operations { open_use: Share::from_percent(120.0), ..site() }.year().unwrap_err();
        assert_eq!(e.to_string(), "use of open hours is 120.0 %, outside 0 to 100 %");
    }
}

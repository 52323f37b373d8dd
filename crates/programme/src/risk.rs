//! When a site opens, by drawing its network of activities many times.
//!
//! Durations come as distributions in days. What delays one activity of a site delays the others too, by one common factor
//! (`slip`), so that errors do not average out. Beside the network stands the outside view (Kahneman and Tversky 1979; Flyvbjerg
//! 2008): how long whole sites took, or by how much whole promises slipped, whatever their activities were.

use gigatwin_quantity::{Date, Distribution, Time};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use crate::schedule::{Activity, Grid, Permit, ScheduleError, ScheduleInputs, schedule};

/// How the connection comes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum GridRisk {
    /// On a day fixed with the operator, in days since 1970.
    Energised(Distribution),
    /// So many days after the award.
    AfterAward(Distribution),
}

/// The network of one site. Dates are in days since 1970, durations in days.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Network {
    /// Award by the call.
    pub award: Distribution,
    /// From award to the hosting agreement.
    pub to_signature: Distribution,
    /// From award to a decision on State aid, where there is one; signature waits for it.
    pub state_aid: Option<Distribution>,
    /// Complete application for the permits, days before the award (negative: after it), and their duration; `None` where they
    /// are granted.
    pub permit: Option<(f64, Distribution)>,
    /// Grid connection.
    pub grid: GridRisk,
    /// From signature to the supply contract.
    pub procurement: Distribution,
    /// From the contract to delivery.
    pub delivery: Distribution,
    /// From permit and signature to a hall ready for systems.
    pub construction: Distribution,
    /// From delivery to acceptance.
    pub commissioning: Distribution,
    /// Common factor on every open duration.
    pub slip: Distribution,
}

/// Openings over many draws.
#[derive(Debug, Clone, PartialEq)]
pub struct Openings {
    /// Ascending, in days since 1970.
    days: Vec<f64>,
    /// How often each activity lay on the critical path.
    binding: Vec<(Activity, usize)>,
}

impl Openings {
    /// Of days since 1970 that were drawn elsewhere; those that are no number are left out.
    #[must_use]
    pub fn of(mut days: Vec<f64>) -> Openings {
        days.retain(|d| d.is_finite());
        days.sort_unstable_by(f64::total_cmp);
        Openings { days, binding: Vec::new() }
    }

    /// Share of draws that are open before a day.
    #[must_use]
    pub fn by(&self, day: Date) -> f64 {
        self.days.partition_point(|d| *d < day.days()) as f64 / self.days.len().max(1) as f64
    }

    /// The day before which a share of the draws is open.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<Date> {
        let last = self.days.len().checked_sub(1)?;
        Some(Date::from_days(self.days[(last as f64 * share.clamp(0.0, 1.0)).round() as usize]))
    }

    /// Activities by the share of draws in which a day more of them opened the site a day later, most often first.
    #[must_use]
    pub fn binding(&self) -> Vec<(Activity, f64)> {
        let mut list: Vec<(Activity, f64)> =
            self.binding.iter().map(|(a, n)| (*a, *n as f64 / self.days.len().max(1) as f64)).collect();
        list.sort_by(|a, b| b.1.total_cmp(&a.1));
        list
    }
}

/// One uniform number in (0, 1).
fn uniform(rng: &mut ChaCha8Rng) -> f64 {
    (f64::from(rng.next_u32()) + 0.5) / 4_294_967_296.0
}

/// Draws the network.
///
/// # Errors
/// Where a duration can be negative or a date is none.
pub fn simulate(network: &Network, draws: usize, seed: u64) -> Result<Openings, ScheduleError> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut days = Vec::with_capacity(draws);
    let mut counts = [0_usize; ACTIVITIES.len()];
    for _ in 0..draws {
        let mut draw = |d: Distribution| d.quantile(uniform(&mut rng));
        let slip = draw(network.slip);
        let award = draw(network.award);
        let contract = draw(network.to_signature) * slip;
        let aid = network.state_aid.map_or(0.0, &mut draw) * slip;
        let permit = network.permit.map(|(before, duration)| (before, draw(duration)));
        let (energised, lead) = match network.grid {
            GridRisk::Energised(day) => (Some(draw(day)), 0.0),
            GridRisk::AfterAward(lead) => (None, draw(lead)),
        };
        let time = |days: f64| Time::from_days(days);
        let found = schedule(&ScheduleInputs {
            signature: Date::from_days(award + contract.max(aid)),
            permit: permit.map_or(Permit::Granted, |(before, d)| Permit::Filed {
                on: Date::from_days(award - before),
                duration: time(d),
            }),
            grid: match energised {
                Some(day) => Grid::Energised(Date::from_days(day)),
                None => Grid::LeadTime { from: Some(Date::from_days(award)), duration: time(lead) },
            },
            procurement: time(draw(network.procurement)),
            delivery: time(draw(network.delivery)),
            construction: time(draw(network.construction)),
            commissioning: time(draw(network.commissioning)),
            slip,
            asked: None,
        })?;
        days.push(found.opening.days());
        for activity in found.critical_path() {
            // Signature waits for the agreement or for the decision on State aid, whichever is later.
            let activity =
                if activity == Activity::Signature && aid > contract { Activity::StateAid } else { activity };
            if let Some(i) = ACTIVITIES.iter().position(|a| *a == activity) {
                counts[i] += 1;
            }
        }
    }
    days.sort_unstable_by(f64::total_cmp);
    Ok(Openings { days, binding: ACTIVITIES.into_iter().zip(counts).collect() })
}

const ACTIVITIES: [Activity; 8] = [
    Activity::Signature,
    Activity::StateAid,
    Activity::Permit,
    Activity::Procurement,
    Activity::Delivery,
    Activity::Construction,
    Activity::Grid,
    Activity::Commissioning,
];

/// The outside view: an award, the way to signature, and what whole sites took from there (in days), drawn one by one.
#[must_use]
pub fn outside(parts: [Distribution; 3], draws: usize, seed: u64) -> Openings {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    Openings::of((0..draws).map(|_| parts.iter().map(|p| p.quantile(uniform(&mut rng))).sum()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn network() -> Network {
        let months = |a: f64, b: f64, c: f64| Distribution::triangular(30.4 * a, 30.4 * b, 30.4 * c).unwrap();
        Network {
            award: Distribution::Point(20_900.0),
            to_signature: months(3.0, 6.0, 12.0),
            state_aid: Some(months(3.0, 9.0, 18.0)),
            permit: Some((180.0, months(9.0, 14.0, 26.0))),
            grid: GridRisk::AfterAward(months(12.0, 23.0, 30.0)),
            procurement: months(3.0, 6.0, 9.0),
            delivery: months(4.0, 8.0, 14.0),
            construction: months(12.0, 18.0, 24.0),
            commissioning: months(2.0, 4.0, 8.0),
            slip: Distribution::triangular(0.9, 1.0, 1.6).unwrap(),
        }
    }

    #[test]
    fn certain_durations_give_one_date() {
        let point = Distribution::Point;
        let sure = Network {
            to_signature: point(100.0),
            state_aid: None,
            permit: None,
            grid: GridRisk::Energised(point(20_000.0)),
            procurement: point(50.0),
            delivery: point(200.0),
            construction: point(300.0),
            commissioning: point(40.0),
            slip: point(1.0),
            ..network()
        };
        let o = simulate(&sure, 10, 1).unwrap();
        assert_eq!(o.quantile(0.0), Some(Date::from_days(20_900.0 + 100.0 + 300.0 + 40.0)));
        assert_eq!(o.quantile(1.0), o.quantile(0.0));
        assert_eq!((o.by(Date::from_days(21_340.0)), o.by(Date::from_days(21_341.0))), (0.0, 1.0));
        assert!(o.binding().iter().any(|(a, share)| *a == Activity::Construction && *share == 1.0));
    }

    #[test]
    fn the_same_seed_gives_the_same_draws_and_delay_never_helps() {
        let a = simulate(&network(), 2000, 7).unwrap();
        assert_eq!(a, simulate(&network(), 2000, 7).unwrap());
        let later = Network { grid: GridRisk::AfterAward(Distribution::Point(3650.0)), ..network() };
        let b = simulate(&later, 2000, 7).unwrap();
        for day in [21_500.0, 22_000.0, 22_500.0, 24_000.0].map(Date::from_days) {
            assert!(b.by(day) <= a.by(day));
        }
        let wrong = Network { delivery: Distribution::Point(-1.0), ..network() };
        assert_eq!(simulate(&wrong, 1, 1), Err(ScheduleError::Duration(Activity::Delivery)));
    }

    proptest! {
        #[test]
        fn shares_rise_with_the_day(seed in 0..50_u64, day in 20_900.0..23_000.0_f64, more in 0.0..500.0_f64) {
            let o = simulate(&network(), 200, seed).unwrap();
            let (a, b) = (o.by(Date::from_days(day)), o.by(Date::from_days(day + more)));
            prop_assert!((0.0..=1.0).contains(&a) && a <= b);
            prop_assert!(o.binding().iter().all(|(_, s)| (0.0..=1.0).contains(s)));
        }
    }
}

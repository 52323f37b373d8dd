//! A year in a few dozen points, for studies that evaluate it thousands of times.

use gigatwin_quantity::{Temperature, Time};

use crate::WeatherPoint;

/// The largest number of points [`compress`] returns.
pub const MAX_POINTS: usize = 80;

/// Narrowest bin in K: below this nothing is gained.
const NARROWEST: f64 = 0.5;

#[derive(Clone, Copy, Default)]
struct Sum {
    hours: f64,
    dry: f64,
    wet: f64,
    wet_hours: f64,
}

impl Sum {
    fn add(&mut self, p: &WeatherPoint) {
        let h = p.duration.hours();
        self.hours += h;
        self.dry += h * p.dry_bulb.celsius();
        if let Some(w) = p.wet_bulb {
            self.wet += h * w.celsius();
            self.wet_hours += h;
        }
    }

    fn point(&self) -> Option<WeatherPoint> {
        (self.hours > 0.0).then(|| WeatherPoint {
            duration: Time::from_hours(self.hours),
            dry_bulb: Temperature::from_celsius(self.dry / self.hours),
            // Where any hour lacks humidity, so does the point: a mean over some hours would be a guess.
            wet_bulb: (self.wet_hours == self.hours)
                .then(|| Temperature::from_celsius(self.wet / self.hours)),
        })
    }
}

/// Puts hours of about the same dry bulb together, 0.5 to 1.2 K wide in most climates; where wet bulbs are known
/// each bin is split once more into its drier and its moister hours. Hours and means are kept exactly.
pub fn compress(hours: &[WeatherPoint]) -> Vec<WeatherPoint> {
    let dry = || hours.iter().map(|p| p.dry_bulb.celsius()).filter(|t| t.is_finite());
    let low = dry().fold(f64::INFINITY, f64::min);
    let high = dry().fold(f64::NEG_INFINITY, f64::max);
    if low > high {
        return Vec::new();
    }
    let split = hours.iter().all(|p| p.wet_bulb.is_some());
    let slots = if split { MAX_POINTS / 2 } else { MAX_POINTS };
    let width = NARROWEST.max((high - low) / slots as f64 * (1.0 + 1e-9));
    let slot = |p: &WeatherPoint| (((p.dry_bulb.celsius() - low) / width) as usize).min(slots - 1);
    let mut whole = vec![Sum::default(); slots];
    for p in hours.iter().filter(|p| p.dry_bulb.is_finite()) {
        whole[slot(p)].add(p);
    }
    if !split {
        return whole.iter().filter_map(Sum::point).collect();
    }
    let mut halves = vec![Sum::default(); 2 * slots];
    for p in hours.iter().filter(|p| p.dry_bulb.is_finite()) {
        let s = slot(p);
        let moist = p.wet_bulb.is_some_and(|w| w.celsius() * whole[s].hours > whole[s].wet);
        halves[2 * s + usize::from(moist)].add(p);
    }
    halves.iter().filter_map(Sum::point).collect()
}

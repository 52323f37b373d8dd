//! What more capacity does to a queue that many sites share, in closed form.
//!
//! Jobs of one size wait for any of `c` equal places, wherever they stand: a bound, since real users do not move freely between
//! sites. Below saturation the mean wait is Sakasegawa's approximation of the M/M/c queue (1977); above it the backlog grows
//! with the excess of demand and shrinks with the excess of capacity (fluid limit).

/// A shared queue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Queue {
    /// Jobs that run at once.
    pub places: f64,
    /// Demand over capacity.
    pub load: f64,
    /// Mean length of a job, in hours.
    pub job: f64,
}

impl Queue {
    /// Mean wait in hours; `None` where demand is not below capacity, so that it grows without end.
    #[must_use]
    pub fn wait(&self) -> Option<f64> {
        if !(self.places >= 1.0 && self.load >= 0.0 && self.load < 1.0 && self.job >= 0.0) {
            return None;
        }
        let power = (2.0 * (self.places + 1.0)).sqrt() - 1.0;
        Some(self.job * self.load.powf(power) / (self.places * (1.0 - self.load)))
    }

    /// The same demand on so many times the places.
    #[must_use]
    pub fn with_capacity(&self, times: f64) -> Queue {
        Queue { places: self.places * times, load: self.load / times, ..*self }
    }

    /// Work that waits after so many hours at an overload, in hours of the whole capacity; nothing below it.
    #[must_use]
    pub fn backlog(&self, hours: f64) -> f64 {
        (self.load - 1.0).max(0.0) * hours.max(0.0)
    }

    /// Hours until a backlog (in hours of this queue's capacity) is worked off; `None` where demand is not below capacity.
    #[must_use]
    pub fn clears(&self, backlog: f64) -> Option<f64> {
        (self.load < 1.0).then(|| backlog.max(0.0) / (1.0 - self.load))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_place_is_the_m_m_1_queue() {
        let q = Queue { places: 1.0, load: 0.8, job: 10.0 };
        // M/M/1: load / (1 − load) jobs.
        assert!((q.wait().unwrap() - 40.0).abs() < 1e-9);
        assert_eq!(Queue { load: 1.0, ..q }.wait(), None);
    }

    #[test]
    fn the_approximation_is_close_to_erlang_c() {
        // M/M/10 at 0.9 of capacity, by the recursion of Erlang's formula.
        let wait = Queue { places: 10.0, load: 0.9, job: 1.0 }.wait().unwrap();
        let erlang = {
            let (c, a) = (10.0_f64, 9.0_f64);
            let mut term = 1.0;
            let mut sum = 1.0;
            for k in 1..10 {
                term *= a / f64::from(k);
                sum += term;
            }
            let last = term * a / c;
            let p = last / (1.0 - a / c) / (sum + last / (1.0 - a / c));
            p / (c - a)
        };
        assert!((wait / erlang - 1.0).abs() < 0.05, "{wait} against {erlang}");
    }

    proptest! {
        #[test]
        fn more_capacity_never_waits_longer(places in 1.0..500.0_f64, load in 0.0..0.99_f64, times in 1.0..10.0_f64) {
            let q = Queue { places, load, job: 24.0 };
            prop_assert!(q.with_capacity(times).wait().unwrap() <= q.wait().unwrap() + 1e-9);
        }

        #[test]
        fn work_is_conserved(load in 1.0..4.0_f64, hours in 0.0..1e5_f64, times in 4.1..20.0_f64) {
            let q = Queue { places: 100.0, load, job: 24.0 };
            let backlog = q.backlog(hours);
            let more = q.with_capacity(times);
            // In hours of the larger capacity.
            let clears = more.clears(backlog / times).unwrap();
            let done = times * clears;
            prop_assert!((done - (backlog + load * clears)).abs() < 1e-6 * (1.0 + done));
        }
    }
}

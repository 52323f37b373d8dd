//! Use of accounts that fades.

use crate::job::Seconds;

/// Use that fades with a half-life, per leaf. Between changes of a leaf's rate it has a closed form, so nothing is stepped.
#[derive(Debug, Clone)]
pub(crate) struct Usage {
    half_life: f64,
    value: Vec<f64>,
    rate: Vec<i64>,
    at: Vec<Seconds>,
    /// What is known of the use at a moment, and takes the place of what was added up until then.
    known: Vec<f64>,
    known_at: Seconds,
}

impl Usage {
    /// Nobody holds anything. What accounts had used is `known` at a moment, zero or later; of none where the list is empty, and those
    /// beyond it had used nothing.
    pub fn new(accounts: usize, half_life: Seconds, known: &[f64], known_at: Seconds) -> Self {
        let mut known = known.to_vec();
        if !known.is_empty() {
            known.resize(accounts, 0.0);
        }
        let value = if known_at <= 0 && !known.is_empty() { known.clone() } else { vec![0.0; accounts] };
        Self {
            half_life: half_life as f64,
            value,
            rate: vec![0; accounts],
            at: vec![0; accounts],
            known,
            known_at,
        }
    }

    fn settle(&mut self, leaf: usize, now: Seconds) {
        if self.at[leaf] < self.known_at
            && now >= self.known_at
            && let Some(&known) = self.known.get(leaf)
        {
            self.at[leaf] = self.known_at;
            self.value[leaf] = known;
        }
        let dt = (now - self.at[leaf]) as f64;
        self.at[leaf] = now;
        if self.half_life == 0.0 {
            self.value[leaf] += self.rate[leaf] as f64 * dt;
            return;
        }
        let fade = (-dt / self.half_life).exp2();
        // ∫ rate · 2^(−(dt−x)/h) dx
        let mean = self.half_life / std::f64::consts::LN_2 * (1.0 - fade);
        self.value[leaf] = self.value[leaf] * fade + self.rate[leaf] as f64 * mean;
    }

    pub fn change(&mut self, leaf: u32, now: Seconds, units: i64) {
        self.settle(leaf as usize, now);
        self.rate[leaf as usize] += units;
    }

    pub fn values(&mut self, now: Seconds) -> &[f64] {
        for leaf in 0..self.value.len() {
            self.settle(leaf, now);
        }
        &self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn use_fades_by_half() {
        let mut u = Usage::new(1, 100, &[], 0);
        u.change(0, 0, 10);
        u.change(0, 50, -10);
        let after = u.values(50)[0];
        assert!((u.values(150)[0] - after / 2.0).abs() < 1e-9);
        let whole = 10.0 * 100.0 / std::f64::consts::LN_2 * (1.0 - 0.5_f64.sqrt());
        assert!((after - whole).abs() < 1e-9);
    }

    #[test]
    fn what_is_known_at_a_moment_stands_from_then_on() {
        let mut u = Usage::new(2, 100, &[50.0], 200);
        u.change(0, 0, 10);
        assert!(u.values(150)[0] > 500.0, "until then it adds up");
        // At 300 s half of the known and what ten held in the last hundred seconds; the other account had used nothing.
        let of_ten = 10.0 * 100.0 / std::f64::consts::LN_2 * 0.5;
        assert!((u.values(300)[0] - (25.0 + of_ten)).abs() < 1e-9, "{:?}", u.values(300));
        assert_eq!(u.values(300)[1], 0.0);
        // Known from the start, it has halved after a hundred seconds.
        assert_eq!(Usage::new(1, 100, &[50.0], 0).values(100), [25.0]);
    }
}

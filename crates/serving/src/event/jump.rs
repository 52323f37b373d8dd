//! Many decode steps at once.

/// A run of decode steps with the same batch: step `j` (from zero) lasts `first + j · growth` picoseconds, during which
/// `held + j · batch` tokens are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Jump {
    pub first: u64,
    pub growth: u64,
    pub held: u64,
    pub batch: u64,
}

/// No jump is longer: sums stay far inside 64 bits.
pub(crate) const LONGEST: u64 = 8192;

impl Jump {
    /// Picoseconds of the first `k` steps.
    pub fn duration(&self, k: u64) -> u64 {
        k * self.first + self.growth * (k * k.saturating_sub(1) / 2)
    }

    /// The least number of steps, from one to `most`, after which at least `wanted` picoseconds have passed; `most` where even
    /// those do not suffice.
    pub fn steps_until(&self, wanted: u64, most: u64) -> u64 {
        if self.duration(most) < wanted {
            return most;
        }
        // The root of the sum in floating point, then made exact.
        let (a, b) = (self.growth as f64 / 2.0, self.first as f64 - self.growth as f64 / 2.0);
        let w = wanted as f64;
        let root = if a > 0.0 { 2.0 * w / (b + (b * b + 4.0 * a * w).sqrt()) } else { w / b.max(1.0) };
        let mut k = (root.ceil() as u64).clamp(1, most);
        while k < most && self.duration(k) < wanted {
            k += 1;
        }
        while k > 1 && self.duration(k - 1) >= wanted {
            k -= 1;
        }
        k
    }

    /// Token-picoseconds of memory over the first `k` steps: the sum of (held + j·batch)(first + j·growth).
    pub fn token_time(&self, k: u64) -> u128 {
        let (k, c, b) = (u128::from(k), u128::from(self.held), u128::from(self.batch));
        let (d, e) = (u128::from(self.first), u128::from(self.growth));
        let below = k.saturating_sub(1);
        let (linear, square) = (k * below / 2, below * k * (2 * k).saturating_sub(1) / 6);
        k * c * d + (c * e + b * d) * linear + b * e * square
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_jump_is_the_sum_of_its_steps(
            first in 1_u64..100_000_000_000, growth in 0_u64..1_000_000_000, held in 0_u64..10_000_000,
            batch in 0_u64..4096, k in 1_u64..600, wanted in 1_u64..10_000_000_000_000,
        ) {
            let jump = Jump { first, growth, held, batch };
            let (mut time, mut memory, mut until) = (0, 0_u128, None);
            for j in 0..k {
                if time >= wanted && until.is_none() {
                    until = Some(j);
                }
                time += first + j * growth;
                memory += u128::from(held + j * batch) * u128::from(first + j * growth);
            }
            prop_assert_eq!(jump.duration(k), time);
            prop_assert_eq!(jump.token_time(k), memory);
            prop_assert_eq!(jump.steps_until(wanted, k), until.unwrap_or(k));
        }
    }
}

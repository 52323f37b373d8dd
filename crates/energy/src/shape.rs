//! How the output of a wind or solar plant spreads over the hours of a year.
//!
//! The duration curve, over the share u of the hours sorted from calm to windy, is zero for `idle_share` of them
//! and then `top · (s t + (1 − s) tᵏ)` with t running from 0 to 1 and s = `linear_share`. The exponent k follows
//! from the capacity factor. With s = 0 the hours that run are Beta(1/k, 1)-distributed. With the shape fitted to
//! each of six hourly or three-hourly profiles (PyPSA and oemof examples; solar 0.11 to 0.14, wind 0.15 to 0.35
//! capacity factor) min(generation, load) is met within 1 to 7 % of the mean generation; a default shape does worse,
//! about 10 % for wind spread over a country.

use gigatwin_quantity::Share;

use crate::EnergyError;
use crate::error::{positive, share};

/// Levels the curve is cut into; each stands for an equal share of the hours.
pub const LEVELS: usize = 24;

/// Shape of a duration curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DurationShape {
    /// Share of the hours without output: night, calm.
    pub idle_share: Share,
    /// Highest output over capacity.
    pub top: Share,
    /// Linear part of the curve: 0 for one plant, more for a portfolio spread over a country.
    pub linear_share: Share,
}

impl DurationShape {
    /// Output over capacity at each level, ascending, with the capacity factor as its mean exactly.
    ///
    /// # Errors
    /// Shares out of range; a capacity factor the shape cannot reach.
    pub fn levels(&self, capacity_factor: Share) -> Result<[f64; LEVELS], EnergyError> {
        let mut levels = [0.0; LEVELS];
        levels.copy_from_slice(&self.curve(capacity_factor, LEVELS)?);
        Ok(levels)
    }

    /// The same with as many levels as wanted, such as one for each hour of a year.
    ///
    /// # Errors
    /// As [`DurationShape::levels`].
    pub fn curve(&self, capacity_factor: Share, count: usize) -> Result<Vec<f64>, EnergyError> {
        let idle = share("the idle share of a duration curve", self.idle_share)?;
        let top = positive("the top of a duration curve", share("the top of a duration curve", self.top)?)?;
        let linear = share("the linear share of a duration curve", self.linear_share)?;
        let factor = share("a capacity factor", capacity_factor)?;
        let running = positive("the running share of a duration curve", 1.0 - idle)?;
        let most = running * top;
        if factor > most {
            return Err(EnergyError::CapacityFactor {
                factor: capacity_factor,
                most: Share::from_fraction(most),
            });
        }
        // Mean of the curve: most · (s/2 + (1 − s)/(k + 1)). Poor plants have no room for the linear part, and plants
        // that nearly always run at their top none either.
        let s = linear.min(factor / most).min(2.0 * (1.0 - factor / most));
        let rest = factor / most - 0.5 * s;
        let k = if rest > 0.0 { ((1.0 - s) / rest - 1.0).max(0.0) } else { f64::INFINITY };
        // Integral of the curve from zero to t, so that each level is the exact mean of its hours.
        let area = |u: f64| {
            let t = ((u - idle) / running).max(0.0);
            let power = if k.is_finite() { t.powf(k + 1.0) / (k + 1.0) } else { 0.0 };
            most * (0.5 * s * t * t + (1.0 - s) * power)
        };
        let mut levels = vec![0.0; count];
        let mut below = 0.0;
        for (i, level) in levels.iter_mut().enumerate() {
            let here = area((i + 1) as f64 / count as f64);
            *level = (here - below) * count as f64;
            below = here;
        }
        // What is left is rounding.
        let mean = below;
        if mean > 0.0 {
            levels.iter_mut().for_each(|l| *l *= factor / mean);
        }
        Ok(levels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pct(p: f64) -> Share {
        Share::from_percent(p)
    }

    proptest! {
        #[test]
        fn the_mean_is_the_capacity_factor(cf in 0.0f64..60.0, idle in 0.0f64..30.0, s in 0.0f64..40.0) {
            let shape = DurationShape { idle_share: pct(idle), top: pct(95.0), linear_share: pct(s) };
            let levels = shape.levels(pct(cf)).unwrap();
            let mean = levels.iter().sum::<f64>() / LEVELS as f64;
            prop_assert!((mean - cf / 100.0).abs() < 1e-12);
            prop_assert!(levels.windows(2).all(|w| w[0] <= w[1] + 1e-12));
            prop_assert!(levels.iter().all(|l| (-1e-12..=1.0 + 1e-12).contains(l)));
        }
    }

    #[test]
    fn too_high_a_factor_is_refused() {
        let shape = DurationShape { idle_share: pct(50.0), top: pct(90.0), linear_share: pct(0.0) };
        assert!(matches!(shape.levels(pct(50.0)), Err(EnergyError::CapacityFactor { .. })));
    }
}

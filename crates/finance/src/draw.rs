//! How the investment of a phase is spent over its months of construction.

/// Shape of the cumulative spending.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum DrawCurve {
    /// The same amount every month.
    Even,
    /// S-curve: a logistic function over the construction time, scaled to run from 0 to 1.
    Logistic {
        /// Slope of the logistic function over the whole construction time; about 6 for a building site,
        /// towards 0 the curve becomes even.
        steepness: f64,
        /// Share of the construction time at which spending is fastest; above one half where most of the
        /// money goes into hardware that is delivered late.
        midpoint: f64,
    },
}

impl DrawCurve {
    /// Share spent in month `month` (from 1) of `months`.
    pub fn part(self, month: u32, months: u32) -> f64 {
        let n = f64::from(months.max(1));
        let x = f64::from(month);
        match self {
            DrawCurve::Even => 1.0 / n,
            DrawCurve::Logistic { .. } => self.cumulative(x / n) - self.cumulative((x - 1.0) / n),
        }
    }

    /// Share spent by share `x` of the construction time.
    pub fn cumulative(self, x: f64) -> f64 {
        let x = x.clamp(0.0, 1.0);
        match self {
            DrawCurve::Even => x,
            DrawCurve::Logistic { steepness, .. } if steepness.abs() < 1e-6 => x,
            DrawCurve::Logistic { steepness, midpoint } => {
                let s = |t: f64| 1.0 / (1.0 + (-steepness * (t - midpoint)).exp());
                let (zero, one) = (s(0.0), s(1.0));
                (s(x) - zero) / (one - zero)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::DrawCurve;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn spending_never_runs_backwards_and_ends_at_one(k in 0.0..20.0_f64, m in 0.1..0.9_f64) {
            let c = DrawCurve::Logistic { steepness: k, midpoint: m };
            let mut last = 0.0;
            for i in 0..=36 {
                let x = c.cumulative(f64::from(i) / 36.0);
                prop_assert!(x >= last - 1e-12);
                last = x;
            }
            prop_assert!((last - 1.0).abs() < 1e-9);
            prop_assert!(c.cumulative(0.0).abs() < 1e-12);
        }
    }
}

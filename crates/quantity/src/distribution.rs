use serde::{Deserialize, Serialize};

/// What is known of one number: a point or a distribution, in the base unit of its dimension.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distribution {
    /// Certain.
    Point(f64),
    /// Triangular between `low` and `high`, most likely `mode`.
    Triangular {
        /// Smallest.
        low: f64,
        /// Most likely, and the base case.
        mode: f64,
        /// Largest.
        high: f64,
    },
    /// Uniform between `low` and `high`; the base case is the middle.
    Uniform {
        /// Smallest.
        low: f64,
        /// Largest.
        high: f64,
    },
    /// Known by its quantiles. Between them the quantile function is linear; beyond P10 and P90 it goes
    /// on with the slope of the neighbouring part for another tenth of probability, so tails are bounded.
    Quantiles {
        /// Exceeded by nine in ten.
        p10: f64,
        /// Median, and the base case.
        p50: f64,
        /// Exceeded by one in ten.
        p90: f64,
    },
}

/// Why three numbers are no distribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DistributionError {
    /// Low above mode, mode above high, or quantiles out of order.
    #[error("the values of a range must not fall: {0}")]
    OutOfOrder(&'static str),
}

impl Distribution {
    /// A triangular range.
    ///
    /// # Errors
    /// Where `low <= mode <= high` does not hold.
    pub fn triangular(low: f64, mode: f64, high: f64) -> Result<Self, DistributionError> {
        if low <= mode && mode <= high {
            Ok(if low == high { Self::Point(mode) } else { Self::Triangular { low, mode, high } })
        } else {
            Err(DistributionError::OutOfOrder("low, mode, high"))
        }
    }

    /// A uniform range.
    ///
    /// # Errors
    /// Where `low <= high` does not hold.
    pub fn uniform(low: f64, high: f64) -> Result<Self, DistributionError> {
        if low <= high {
            Ok(if low == high { Self::Point(low) } else { Self::Uniform { low, high } })
        } else {
            Err(DistributionError::OutOfOrder("low, high"))
        }
    }

    /// A distribution by its quantiles.
    ///
    /// # Errors
    /// Where `p10 <= p50 <= p90` does not hold.
    pub fn quantiles(p10: f64, p50: f64, p90: f64) -> Result<Self, DistributionError> {
        if p10 <= p50 && p50 <= p90 {
            Ok(if p10 == p90 { Self::Point(p50) } else { Self::Quantiles { p10, p50, p90 } })
        } else {
            Err(DistributionError::OutOfOrder("p10, p50, p90"))
        }
    }

    /// The base case: the mode, the middle, or the median.
    pub fn base(self) -> f64 {
        match self {
            Self::Point(v) => v,
            Self::Triangular { mode, .. } => mode,
            Self::Uniform { low, high } => 0.5 * (low + high),
            Self::Quantiles { p50, .. } => p50,
        }
    }

    /// Whether there is nothing to draw.
    pub fn is_point(self) -> bool {
        matches!(self, Self::Point(_))
    }

    /// The value below which a share `u` of the draws lies (inverse of the cumulative distribution).
    pub fn quantile(self, u: f64) -> f64 {
        let u = u.clamp(0.0, 1.0);
        match self {
            Self::Point(v) => v,
            Self::Uniform { low, high } => low + u * (high - low),
            Self::Triangular { low, mode, high } => {
                let width = high - low;
                let split = (mode - low) / width;
                if u < split {
                    low + (u * width * (mode - low)).sqrt()
                } else {
                    high - ((1.0 - u) * width * (high - mode)).sqrt()
                }
            }
            Self::Quantiles { p10, p50, p90 } => {
                if u < 0.5 {
                    p50 - (0.5 - u) / 0.4 * (p50 - p10)
                } else {
                    p50 + (u - 0.5) / 0.4 * (p90 - p50)
                }
            }
        }
    }

    /// The same distribution with every value mapped by an increasing function.
    #[must_use]
    pub fn map(self, f: impl Fn(f64) -> f64) -> Self {
        match self {
            Self::Point(v) => Self::Point(f(v)),
            Self::Uniform { low, high } => Self::Uniform { low: f(low), high: f(high) },
            Self::Triangular { low, mode, high } => {
                Self::Triangular { low: f(low), mode: f(mode), high: f(high) }
            }
            Self::Quantiles { p10, p50, p90 } => Self::Quantiles { p10: f(p10), p50: f(p50), p90: f(p90) },
        }
    }
}

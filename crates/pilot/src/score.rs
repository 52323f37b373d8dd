//! Predictions beside what was measured.

use serde::Serialize;

use crate::log::median;

/// One figure of the pilot, predicted before and measured after.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Score {
    /// What, and of which run.
    pub id: String,
    /// Figure and unit, as in the tables of `validate`.
    pub metric: &'static str,
    /// Predicted from the micro-benchmarks.
    pub predicted: f64,
    /// P10 of the prediction.
    pub low: f64,
    /// P90 of the prediction.
    pub high: f64,
    /// Measured; the median where there are several.
    pub measured: f64,
    /// Smallest of the measurements.
    pub measured_low: f64,
    /// Largest of the measurements.
    pub measured_high: f64,
    /// How many were measured.
    pub measurements: usize,
}

impl Score {
    /// A prediction with its band as factors, against measurements; none where nothing was measured.
    pub(crate) fn of(
        id: impl Into<String>,
        metric: &'static str,
        predicted: f64,
        band: (f64, f64),
        measured: &[f64],
    ) -> Option<Score> {
        let middle = median(measured)?;
        let finite = measured.iter().copied().filter(|v| v.is_finite());
        Some(Score {
            id: id.into(),
            metric,
            predicted,
            low: predicted * band.0,
            high: predicted * band.1,
            measured: middle,
            measured_low: finite.clone().fold(f64::INFINITY, f64::min),
            measured_high: finite.clone().fold(f64::NEG_INFINITY, f64::max),
            measurements: finite.count(),
        })
    }

    /// Signed error in per cent of the measurement.
    pub fn error_pct(&self) -> f64 {
        100.0 * (self.predicted - self.measured) / self.measured
    }

    /// Whether the measurement lies in the band.
    pub fn in_band(&self) -> bool {
        (self.low..=self.high).contains(&self.measured)
    }
}

//! A reference class: what others paid, took or slipped, as a median and a band for one more of them.

use crate::report::{quantile, sorted};

/// Values of a class, as the mean and spread of their logarithms.
pub(super) struct Class {
    median: f64,
    spread: f64,
    n: f64,
}

impl Class {
    /// Of positive values; nothing below three of them.
    pub(super) fn of(values: impl Iterator<Item = f64>) -> Option<Class> {
        let mut logs: Vec<f64> = values.filter(|v| *v > 0.0).map(f64::ln).collect();
        if logs.len() < 3 {
            return None;
        }
        logs.sort_by(f64::total_cmp);
        let n = logs.len();
        let mean = logs.iter().sum::<f64>() / n as f64;
        let variance = logs.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1) as f64;
        let median = f64::midpoint(logs[(n - 1) / 2], logs[n / 2]).exp();
        Some(Class { median, spread: variance.sqrt(), n: n as f64 })
    }

    /// Median, P10 and P90 of one more: lognormal, with Student's quantile (Cornish-Fisher expansion) and the error of the centre.
    pub(super) fn band(&self) -> (f64, f64, f64) {
        let z = 1.281_551_565_5_f64;
        let t = z * (1.0 + (z * z + 1.0) / (4.0 * (self.n - 1.0)));
        let wide = (t * self.spread * (1.0 + 1.0 / self.n).sqrt()).exp();
        (self.median, self.median / wide, self.median * wide)
    }
}

/// A bound that holds 80 % of one more of absolute errors: the rank 0.8 (n + 1), the largest where there are few; one where none.
pub(super) fn wide(errors: impl Iterator<Item = f64>) -> f64 {
    let errors = sorted(errors);
    let n = errors.len() as f64;
    let rank = if n > 1.0 { ((0.8 * (n + 1.0) - 1.0) / (n - 1.0)).min(1.0) } else { 1.0 };
    if errors.is_empty() { 1.0 } else { quantile(&errors, rank) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_band_is_that_of_one_more_of_the_class() {
        let (m, low, high) = Class::of([1.0, 2.0, 4.0].into_iter()).unwrap().band();
        assert!((m - 2.0).abs() < 1e-12);
        assert!(low < 1.0 && high > 4.0 && (low * high - 4.0).abs() < 1e-9);
        assert!(Class::of([1.0, 2.0].into_iter()).is_none());
        let (_, low, high) = Class::of([3.0; 5].into_iter()).unwrap().band();
        assert!((low - 3.0).abs() < 1e-12 && (high - 3.0).abs() < 1e-12);
    }

    /// Months from first trace to first power of 59 observed sites, left out one by one. Skipped where the data is not there.
    #[test]
    fn build_times_are_covered_as_they_should_be() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../../shared/data/programme/build_durations_months.json"
        );
        let Ok(text) = std::fs::read_to_string(path) else {
            println!("skipped: {path} is absent");
            return;
        };
        let data: serde_json::Value = serde_json::from_str(&text).unwrap();
        let months: Vec<f64> = data["observed_months"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(serde_json::Value::as_f64)
            .collect();
        assert_eq!(months.len(), 59);
        let (mut inside, mut error) = (0, 0.0);
        for (i, m) in months.iter().enumerate() {
            let others = months.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, x)| *x);
            let (middle, low, high) = Class::of(others).unwrap().band();
            inside += usize::from((low..=high).contains(m));
            error += (middle / m - 1.0).abs();
        }
        let n = months.len() as f64;
        let (coverage, mean) = (inside as f64 / n, error / n);
        println!("80 % band holds {:.0} % of {n} sites, mean error {:.0} %", 100.0 * coverage, 100.0 * mean);
        assert!((0.70..=0.90).contains(&coverage), "{coverage}");
        let fast = months.iter().filter(|m| **m <= 18.0).count() as f64 / n;
        assert!((fast - 0.22).abs() < 0.01, "the share within 18 months that claims quote: {fast}");
    }
}

//! Course of a day: demand by hour from midnight over the mean hour. Shapes, not measurements.

/// Words that name a course.
pub const DAYS: [&str; 3] = ["flat", "office", "consumer"];

/// The course that a word names. `office` follows working hours (Azure's LLM traffic has a day-night swing of about that size,
/// DynamoLLM, HPCA 2025, read off a figure), `consumer` peaks in the evening. Assumed shapes.
pub fn day(word: &str) -> Option<[f64; 24]> {
    let raw = match word {
        "flat" => [1.0; 24],
        "office" => [
            3.0, 2.5, 2.0, 2.0, 2.5, 3.5, 5.0, 8.0, 12.0, 15.0, 16.0, 15.5, 13.5, 15.0, 16.0, 15.0, 13.5,
            11.0, 8.5, 7.0, 6.0, 5.0, 4.5, 3.5,
        ],
        "consumer" => [
            6.0, 4.0, 3.0, 2.0, 2.0, 2.5, 4.0, 6.5, 9.0, 10.0, 10.5, 11.0, 11.5, 11.0, 10.5, 11.0, 11.5,
            12.5, 14.0, 15.5, 16.0, 15.0, 12.5, 9.0,
        ],
        _ => return None,
    };
    let mean = raw.iter().sum::<f64>() / 24.0;
    Some(raw.map(|v| v / mean))
}

/// A course stretched around its mean so that the busiest hour is `peak` times the mean; no hour falls below zero.
pub fn with_peak(day: &[f64; 24], peak: f64) -> [f64; 24] {
    let top = day.iter().copied().fold(1.0, f64::max);
    if peak <= 1.0 || top <= 1.0 + 1e-9 {
        return [1.0; 24];
    }
    // Powers keep hours positive; the exponent is bisected.
    let shaped = |exponent: f64| {
        let raw = day.map(|v| v.max(1e-6).powf(exponent));
        let mean = raw.iter().sum::<f64>() / 24.0;
        raw.map(|v| v / mean)
    };
    let (mut low, mut high) = (0.0, 40.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if shaped(middle).iter().copied().fold(0.0, f64::max) < peak { low = middle } else { high = middle }
    }
    shaped(high)
}

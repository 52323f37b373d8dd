//! A colour scale that stays ordered for colour-blind readers and in grey print: anchors of cividis
//! (Nuñez, Anderton and Renslow 2018, <https://doi.org/10.1371/journal.pone.0199239>).

const ANCHORS: [[f64; 3]; 9] = [
    [0.0, 34.0, 78.0],
    [18.0, 53.0, 112.0],
    [59.0, 73.0, 108.0],
    [87.0, 93.0, 109.0],
    [112.0, 113.0, 115.0],
    [138.0, 134.0, 120.0],
    [165.0, 156.0, 116.0],
    [195.0, 179.0, 105.0],
    [254.0, 232.0, 56.0],
];

/// Red, green and blue of `x` in [0, 1].
pub fn colour(x: f64) -> [u8; 3] {
    let at = x.clamp(0.0, 1.0) * (ANCHORS.len() - 1) as f64;
    let i = (at as usize).min(ANCHORS.len() - 2);
    let t = at - i as f64;
    let mix = |k: usize| (ANCHORS[i][k] * (1.0 - t) + ANCHORS[i + 1][k] * t).round() as u8;
    [mix(0), mix(1), mix(2)]
}

/// A few round numbers that span `low` to `high`, both inside.
pub fn ticks(low: f64, high: f64) -> Vec<f64> {
    let span = high - low;
    if !span.is_finite() || span <= 0.0 {
        return vec![low];
    }
    let raw = span / 4.0;
    let power = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0].map(|m| m * power).into_iter().find(|s| *s >= raw).unwrap_or(raw);
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    (first..=last).map(|k| k as f64 * step).collect()
}

/// A tick without noise behind the point.
pub fn label(value: f64) -> String {
    let text = format!("{value:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brightness_rises_along_the_scale() {
        let grey = |x: f64| {
            let [r, g, b] = colour(x).map(f64::from);
            0.2126 * r + 0.7152 * g + 0.0722 * b
        };
        let all: Vec<f64> = (0..=40).map(|i| grey(f64::from(i) / 40.0)).collect();
        assert!(all.windows(2).all(|w| w[1] >= w[0]), "{all:?}");
    }

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(ticks(0.0, 1.0), [0.0, 0.25, 0.5, 0.75, 1.0]);
        assert_eq!(ticks(-80.0, 410.0), [0.0, 200.0, 400.0]);
        assert_eq!(ticks(3.0, 3.0), [3.0]);
        assert_eq!(label(0.25), "0.25");
        assert_eq!(label(200.0), "200");
        assert_eq!(label(-0.0), "0");
    }
}

//! Uniform numbers that are functions of a seed, a name and an index: no order of evaluation can change them.

/// FNV-1a of a name.
pub fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

/// In (0, 1): SplitMix64 (Steele, Lea and Flood 2014) of seed, name and index.
pub fn uniform(seed: u64, name: u64, index: u64) -> f64 {
    let mut z = seed ^ name.rotate_left(17) ^ index.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for _ in 0..2 {
        z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^= z >> 31;
    }
    ((z >> 11) as f64 + 0.5) / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_one_half_and_neighbours_are_independent() {
        let n = 20_000;
        let x: Vec<f64> = (0..n).map(|i| uniform(1, hash("a"), i)).collect();
        let y: Vec<f64> = (0..n).map(|i| uniform(1, hash("b"), i)).collect();
        let mean = |v: &[f64]| v.iter().sum::<f64>() / n as f64;
        assert!((mean(&x) - 0.5).abs() < 0.01);
        let next: Vec<f64> = x.windows(2).map(|w| (w[0] - 0.5) * (w[1] - 0.5)).collect();
        let other: Vec<f64> = x.iter().zip(&y).map(|(a, b)| (a - 0.5) * (b - 0.5)).collect();
        assert!(mean(&next).abs() < 0.003 && mean(&other).abs() < 0.003);
    }
}

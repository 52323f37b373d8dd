//! Seeded normal deviates for the synthetic year: SplitMix64 (Steele, Lea and Flood 2014) and Box-Muller.

/// A seeded source of normal deviates.
#[derive(Debug, Clone)]
pub struct Noise {
    state: u64,
    spare: Option<f64>,
}

impl Noise {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Noise { state: seed, spare: None }
    }

    fn uniform(&mut self) -> f64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        // Never zero, so that its logarithm exists.
        ((z >> 11) as f64 + 0.5) / 9_007_199_254_740_992.0
    }

    /// The next deviate, of mean zero and standard deviation one.
    pub fn normal(&mut self) -> f64 {
        if let Some(n) = self.spare.take() {
            return n;
        }
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        let (sin, cos) = (std::f64::consts::TAU * self.uniform()).sin_cos();
        self.spare = Some(radius * sin);
        radius * cos
    }
}

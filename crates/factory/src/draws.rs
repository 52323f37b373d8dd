//! Seeded draws over every range: Latin hypercube, so that a few hundred draws already fill each range evenly.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::inputs::Inputs;

/// Strata of each uncertain input over the draws.
#[derive(Debug)]
pub(crate) struct Draws {
    /// Input and its probability in each draw.
    columns: Vec<(usize, Vec<f64>)>,
}

impl Draws {
    /// Deals the strata. Each input has a stream of its own, found by its path: adding an input does not change
    /// the draws of the others.
    pub fn new(inputs: &Inputs, seed: u64, draws: usize) -> Self {
        Draws::seeded(inputs, &|_| seed, draws)
    }

    /// The same with a seed for each input: inputs of several factories that have path and seed in common move together.
    pub fn seeded(inputs: &Inputs, seed_of: &dyn Fn(&str) -> u64, draws: usize) -> Self {
        let columns = inputs
            .iter()
            .enumerate()
            .filter(|(_, input)| !input.distribution.is_point())
            .map(|(i, input)| {
                let mut rng = ChaCha8Rng::seed_from_u64(seed_of(&input.path) ^ fnv(&input.path));
                let mut strata: Vec<u32> = (0..draws as u32).collect();
                // Fisher–Yates with the stream's own numbers: the same on every platform.
                for j in (1..strata.len()).rev() {
                    let k = ((u64::from(rng.next_u32()) * (j as u64 + 1)) >> 32) as usize;
                    strata.swap(j, k);
                }
                let n = draws as f64;
                let column = strata
                    .iter()
                    .map(|s| (f64::from(*s) + (f64::from(rng.next_u32()) + 0.5) / 4_294_967_296.0) / n)
                    .collect();
                (i, column)
            })
            .collect();
        Draws { columns }
    }

    /// The values of draw `k`: base case where an input is certain.
    pub fn values(&self, inputs: &Inputs, k: usize) -> Vec<f64> {
        let mut values = inputs.base();
        for (i, column) in &self.columns {
            if let (Some(input), Some(u)) = (inputs.get(*i), column.get(k)) {
                values[*i] = input.distribution.quantile(*u);
            }
        }
        values
    }
}

/// FNV-1a: a stable hash of a path.
fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

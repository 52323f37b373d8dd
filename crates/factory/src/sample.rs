//! Single draws of a factory, for those who look at many factories at once.

use crate::draws::Draws;
use crate::evaluate::Evaluation;
use crate::evaluate::sheet::Sheet;
use crate::inputs::Inputs;
use crate::outcome::Status;
use crate::resolved::Factory;
use crate::run::Evaluator;

/// Values of the inputs, draw by draw.
#[derive(Debug)]
pub struct Sampler<'a> {
    inputs: &'a Inputs,
    draws: Draws,
}

impl<'a> Sampler<'a> {
    /// Deals `draws` draws. `seed_of` gives the seed of each input by its path: inputs of different factories that have path
    /// and seed in common take the same probability in each draw, all others are independent.
    pub fn new(factory: &'a Factory, seed_of: &dyn Fn(&str) -> u64, draws: usize) -> Self {
        Sampler { inputs: &factory.inputs, draws: Draws::seeded(&factory.inputs, seed_of, draws) }
    }

    /// The values of draw `k`, in the order of the table of inputs.
    #[must_use]
    pub fn values(&self, k: usize) -> Vec<f64> {
        self.draws.values(self.inputs, k)
    }
}

/// What one draw says.
#[derive(Debug, Clone)]
pub struct Sample {
    sheet: Sheet,
    gates: Vec<Status>,
    hard: Vec<bool>,
    /// Whether something asked for cannot be.
    pub infeasible: bool,
}

impl Sample {
    /// A figure by id, in base units; `None` where it is n/a.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<f64> {
        self.sheet.get(id)
    }

    /// All figures in order; NaN is n/a.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.sheet.iter()
    }

    /// Verdicts on the rules, in the order of the outcome's gates.
    #[must_use]
    pub fn gates(&self) -> &[Status] {
        &self.gates
    }

    /// Whether a hard rule fails.
    #[must_use]
    pub fn fails(&self) -> bool {
        self.gates.iter().zip(&self.hard).any(|(s, hard)| *hard && *s == Status::Fail)
    }
}

impl<'a> Evaluator<'a> {
    /// The factory that is evaluated.
    #[must_use]
    pub fn factory(&self) -> &'a Factory {
        self.factory
    }

    /// A whole evaluation with these values, choices kept.
    #[must_use]
    pub fn sample(&self, values: &[f64]) -> Sample {
        let Evaluation { sheet, gates, infeasible, .. } = self.full(values);
        // The connection is the product's own rule and stands first.
        let hard = std::iter::once(true)
            .chain(self.factory.rules.iter().flat_map(|set| set.gates.iter().map(|g| g.gate.hard)))
            .collect();
        Sample {
            sheet,
            gates: gates.iter().map(|g| g.status).collect(),
            hard,
            infeasible: !infeasible.is_empty(),
        }
    }
}

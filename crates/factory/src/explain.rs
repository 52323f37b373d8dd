//! Where a figure comes from: the tree down to inputs, defaults and catalog sources.

use gigatwin_quantity::Dim;

use crate::inputs::Input;
use crate::outcome::Metric;

/// A figure with everything it is made of.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// The figure.
    pub metric: Metric,
    /// Its formula with names put in, where it is arithmetic.
    pub formula: Option<String>,
    /// The figures in the formula, explained in turn.
    pub parts: Vec<Explanation>,
    /// For a modelled figure: the inputs that its model reads, each with its value in the base case.
    pub inputs: Vec<ExplainedInput>,
}

/// An input in an explanation.
#[derive(Debug, Clone)]
pub struct ExplainedInput {
    /// The input with its origin and distribution.
    pub input: Input,
    /// Its value in the base case, in base units (money in its own currency).
    pub value: f64,
    /// Its dimension.
    pub dim: Dim,
}

/// Why nothing can be explained.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no figure \"{id}\" in this outcome")]
pub struct UnknownMetric {
    /// The id asked for.
    pub id: String,
    /// Near ids.
    pub nearest: Vec<String>,
}

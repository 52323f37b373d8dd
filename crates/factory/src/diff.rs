//! What changed between two factories: inputs first, then results by size of effect.

use gigatwin_quantity::Dim;

/// The differences.
#[derive(Debug, Clone, Default)]
pub struct Diff {
    /// Changed inputs, in the order of the file.
    pub inputs: Vec<InputChange>,
    /// Changed figures, largest relative change first.
    pub metrics: Vec<MetricChange>,
    /// Rules whose verdict changed: id, before, after.
    pub gates: Vec<(String, &'static str, &'static str)>,
    /// Figures that are the same in both.
    pub unchanged: usize,
}

/// An input that differs; absent on one side where it exists only on the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputChange {
    /// Path, or key of a choice such as `partition.train.system`.
    pub path: String,
    /// In A.
    pub before: Option<String>,
    /// In B.
    pub after: Option<String>,
}

/// A figure that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricChange {
    /// Id.
    pub id: String,
    /// Label.
    pub label: &'static str,
    /// Dimension.
    pub dim: Dim,
    /// In A, base units.
    pub before: Option<f64>,
    /// In B, base units.
    pub after: Option<f64>,
}

impl MetricChange {
    /// Relative change, for sorting and showing; `None` where one side is n/a or zero, and for dates.
    pub fn relative(&self) -> Option<f64> {
        match (self.before, self.after) {
            (Some(a), Some(b)) if a != 0.0 && self.dim != Dim::Date => Some(b / a - 1.0),
            _ => None,
        }
    }
}

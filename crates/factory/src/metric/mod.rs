//! The figures of the outcome: declared once, with unit and, where it is arithmetic, formula.

mod formula;
mod registry;

pub use formula::{Formula, FormulaError};
pub use registry::{METRICS, MetricDef, definition};

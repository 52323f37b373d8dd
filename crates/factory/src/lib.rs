//! The factory file: parse, check, resolve, evaluate, explain, diff.

pub mod check;
pub mod diagnostic;
pub mod document;
pub mod inputs;
pub mod language;
pub mod metric;
pub mod outcome;
pub mod diff;
pub mod explain;

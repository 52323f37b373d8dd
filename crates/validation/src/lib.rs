//! Predicted against measured, row by row.

pub mod report;

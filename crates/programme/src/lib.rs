//! Gates, hours and schedule over plain bid facts.
//!
//! Nothing here opens a factory: what is judged comes in as facts, and a fact that is not known is said to be unknown,
//! never taken as met.

pub mod access;
pub mod gate;
pub mod hours;
pub mod portfolio;
pub mod queue;
pub mod risk;
pub mod scale;
pub mod schedule;
pub mod score;

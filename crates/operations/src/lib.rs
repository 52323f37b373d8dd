//! What share of the hours does useful work.
//!
//! A closed form over a year of steady operation, for the main answer; queues and jobs are the business of an event
//! simulation and no waiting time is estimated here: for gangs of accelerators under backfill no closed form is honest.

pub mod controller;
mod hours;

pub use hours::{HOURS_PER_YEAR, HoursYear, Operations, OperationsError};

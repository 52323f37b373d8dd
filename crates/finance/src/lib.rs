//! Capex, opex, funding forms, debt and cash flow.
//!
//! All money is nominal or real as the caller decides, in euros of one price year; one evaluation uses one convention
//! throughout. Amounts of a single draw come in, plain figures go out; nothing here knows ranges.
//!
//! * [`capex`] and [`opex`] build up what a phase costs to build and to run,
//! * [`funding`] divides it among Union, States and private money under a ceiling,
//! * [`lcoc`] levels it over accelerator-hours in closed form,
//! * [`plan`] describes a project in time and [`cashflow`] evaluates it month by month or year by year,
//! * [`balance`] keeps the books of an evaluation and [`subsidy`] says what its public money is worth.

pub mod balance;
mod calendar;
pub mod capex;
pub mod cashflow;
mod check;
mod debt;
pub mod draw;
mod error;
pub mod funding;
pub mod irr;
pub mod lcoc;
mod lending;
mod measures;
mod operate;
pub mod opex;
pub mod outcome;
pub mod path;
pub mod plan;
pub mod rows;
pub mod subsidy;
mod waterfall;

pub use error::FinanceError;

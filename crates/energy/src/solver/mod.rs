//! Linear programmes of a year: banded by hour, bordered by the few figures that all hours share.

mod band;
mod dense;
#[cfg(feature = "highs")]
pub(crate) mod highs;
mod interior;
mod lp;
mod real;
mod step;

pub(crate) use interior::{Outcome, solve};
pub(crate) use lp::{Lp, LpBuilder};

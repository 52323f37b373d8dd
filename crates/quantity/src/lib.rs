//! Typed quantities for the whole product.
//!
//! Inside the engines a physical figure is a newtype over `f64` in a fixed base unit ([`Power`] in watts,
//! [`Money`] in euros, …); text with a unit ("150 MW", "EUR 42/MWh") exists only at the edge, where
//! [`parse`] reads it and [`show`] writes it. A figure that is not certain is a [`Distribution`].

mod date;
mod dim;
mod distribution;
mod measure;
mod ops;
mod parse;
mod show;
mod types;
mod unit;

pub use date::Date;
pub use dim::Dim;
pub use distribution::{Distribution, DistributionError};
pub use measure::{Currency, Measure};
pub use parse::{ParseError, parse};
pub use show::{exact, show, show_in, significant};
pub use types::*;
pub use unit::{UNITS, Unit, units_of};

//! Contracts, price and carbon of a site's year.
//!
//! [`evaluate`] takes the energy of the year ([`Demand`]), the contracts and the market, and says what is paid,
//! how much of it was renewable by the year and by the hour, and what it emits. The load is nearly constant,
//! so this figure needs no hour-by-hour dispatch: generation enters by its duration curve ([`DurationShape`]).
//! Storage and shifting of load are not part of it: [`dispatch`] optimises them hour by hour.

mod contract;
pub mod dispatch;
mod error;
mod evaluate;
pub mod hours;
mod market;
mod shape;
mod solver;

pub use contract::{Contract, Origin, PayAsProduced, Technology};
pub use error::EnergyError;
pub use evaluate::{Demand, EnergyYear, evaluate};
pub use market::{CarbonInputs, Market, network_from_industry_price, solar_capacity_factor};
pub use shape::{DurationShape, LEVELS};

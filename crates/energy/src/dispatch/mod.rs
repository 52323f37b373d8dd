//! The dispatch of a year: what is bought, made, stored, shifted and sold in each hour, and how large plants and
//! battery should be.
//!
//! [`Case::dispatch`] solves the whole horizon as one linear programme with perfect foresight;
//! [`Case::dispatch_rolling`] in windows that see only so far, and beyond what is known only a forecast with error.
//! Both hand back a [`Dispatch`]: hourly arrays, money, sizes, what one more megawatt would be worth, and a proof
//! (the objective beside a lower bound that holds whatever the solver did). [`CarbonYear::of`] follows the energy to
//! its origin.
//!
//! **What an hour can do.** Generation on the site serves first and can be curtailed; contracted energy is delivered
//! through the grid connection, and what is not used is sold at the hour's price; the rest is bought. The battery
//! shifts energy with losses and wear. Power caps take a part of the load away at a price; deferrable training is put
//! off and caught up by the end of each block of hours.

mod carbon;
mod case;
mod check;
mod flat;
mod grid;
mod merit;
mod model;
mod outcome;
mod polish;
mod rolling;
mod solve;
mod values;

pub use carbon::{CarbonCase, CarbonYear, Pools};
pub use case::{
    Band, Battery, BatteryStart, Case, Deferral, Engine, Grid, Plant, Policy, PowerCap, Purchase, Site, Size,
};
pub use check::{DispatchError, Fault, Limit, Shortage};
pub use grid::non_firm_limit;
pub use outcome::{Bill, Dispatch, Hourly, Proof, Sizes};
pub use rolling::{Foresight, Windows};
pub use values::MarginalValues;

//! What a site signs.

use gigatwin_quantity::{EnergyPrice, Power, Share};

use crate::DurationShape;

/// How a plant's output moves with the weather: which duration curve it rides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Technology {
    /// Wind on land and at sea: all wind plants rise and fall together here, which is the cautious case.
    Wind,
    /// Sun: independent of the wind here. Over a year they are weakly opposed, so this too is cautious.
    Solar,
}

/// A power purchase agreement paid as produced: every megawatt-hour the plant makes is bought.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PayAsProduced {
    /// What turns with it.
    pub technology: Technology,
    /// Contracted capacity.
    pub capacity: Power,
    /// Mean output over capacity.
    pub capacity_factor: Share,
    /// Price of each megawatt-hour.
    pub price: EnergyPrice,
    /// Market value of its output over the mean spot price; below one where such plants are many.
    pub capture_rate: f64,
    /// Its duration curve; without one, nothing hourly can be said.
    pub shape: Option<DurationShape>,
    /// Behind the site's own meter: what is used of it passes no public network and bears neither its charges nor taxes.
    pub on_site: bool,
}

/// What a band of supply is guaranteed to come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Renewable, and so without emissions by the market-based rule.
    Renewable,
    /// Without emissions, but not renewable: nuclear.
    CarbonFree,
    /// Nothing in particular.
    Unspecified,
}

/// One contract.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Contract {
    /// Pay-as-produced agreement.
    PayAsProduced(PayAsProduced),
    /// The same power in every hour.
    Baseload {
        /// Power.
        power: Power,
        /// Price.
        price: EnergyPrice,
        /// What it carries guarantees for.
        origin: Origin,
    },
    /// What the others leave open, at the hour's price and the supplier's margin.
    Spot,
    /// What the others leave open, at one price.
    Fixed {
        /// Price, the supplier's margin included.
        price: EnergyPrice,
    },
}

//! What is given: load, prices, contracts, plants, battery, flexibility, for each step of the horizon.

use gigatwin_quantity::{Energy, EnergyPrice, Power, PowerRate, Share, Time};

use crate::{Origin, Technology};

/// A horizon to dispatch, most often a year of hours.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Length of a step.
    pub step: Time,
    /// Power the site draws if nothing is capped or deferred, by step.
    pub load: Vec<Power>,
    /// Day-ahead price, by step.
    pub spot: Vec<EnergyPrice>,
    /// What is bought beside contracts.
    pub purchase: Purchase,
    /// The connection and what it costs.
    pub grid: Grid,
    /// Baseload agreements.
    pub bands: Vec<Band>,
    /// Plants on the site, and pay-as-produced agreements with plants elsewhere.
    pub plants: Vec<Plant>,
    /// A battery behind the meter.
    pub battery: Option<Battery>,
    /// Power caps.
    pub cap: Option<PowerCap>,
    /// Deferrable training.
    pub deferral: Option<Deferral>,
}

/// What is bought beside contracts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Purchase {
    /// At the step's price and the supplier's margin.
    Spot {
        /// Balancing, trading, profile.
        margin: EnergyPrice,
    },
    /// At one price.
    Fixed {
        /// The supplier's margin included.
        price: EnergyPrice,
    },
}

/// The connection.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    /// Power that may be drawn, by step: firm and what of the non-firm part is available ([`super::non_firm_limit`]).
    pub import_limit: Vec<Power>,
    /// Power that may be fed in.
    pub export_limit: Power,
    /// Network charges, taxes and levies on each unit drawn.
    pub import_charge: EnergyPrice,
    /// Taken off the step's price where energy is sold.
    pub export_charge: EnergyPrice,
    /// Network charge on the highest power drawn, per year.
    pub peak_charge: PowerRate,
}

/// The same power in every step, delivered through the connection; what is not used is sold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// Power.
    pub power: Power,
    /// Price.
    pub price: EnergyPrice,
    /// What it carries guarantees for.
    pub origin: Origin,
}

/// Where a plant stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Site {
    /// Behind the meter; `price` is paid for each unit it could make (zero where owned), curtailed or not.
    OnSite {
        /// Price.
        price: EnergyPrice,
    },
    /// Elsewhere, under a pay-as-produced agreement: delivered through the connection, what is not used is sold.
    Agreement {
        /// Price of every unit produced.
        price: EnergyPrice,
    },
}

/// How large something is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Size<Q, R> {
    /// Given.
    Fixed(Q),
    /// To be found between nothing and `most`.
    Free {
        /// The largest allowed.
        most: Q,
        /// Cost of each unit and year: annuity and upkeep.
        yearly: R,
    },
}

/// A PV or wind plant.
#[derive(Debug, Clone, PartialEq)]
pub struct Plant {
    /// What turns with the weather.
    pub technology: Technology,
    /// Where it stands and what its energy costs.
    pub site: Site,
    /// Peak power; only plants on the site can be sized.
    pub size: Size<Power, PowerRate>,
    /// Output it could make over its size, by step.
    pub profile: Vec<Share>,
}

/// A battery behind the meter. Power is counted on the grid side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Battery {
    /// Charge and discharge power, each.
    pub power: Size<Power, PowerRate>,
    /// Energy it can hold.
    pub energy: Size<Energy, EnergyPrice>,
    /// Of the power drawn, what is stored; above zero.
    pub charge_efficiency: Share,
    /// Of the energy taken out, what is delivered; above zero.
    pub discharge_efficiency: Share,
    /// Lost of what is stored, per step.
    pub standing_loss: Share,
    /// Wear, per energy delivered.
    pub wear: EnergyPrice,
    /// Where it starts, and so where it ends.
    pub start: BatteryStart,
}

/// Level at the start of the horizon.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum BatteryStart {
    /// The end equals the start, at a level that is found.
    Cyclic,
    /// Given; the end is free.
    Level(Energy),
}

/// Load that may be taken away for good: a power cap on accelerators.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PowerCap {
    /// Largest share of the load taken.
    pub share: Share,
    /// What the work not done was worth, per energy not drawn.
    pub value: EnergyPrice,
}

/// Training that may wait.
///
/// **Rule.** What is put off is caught up by the end of each block of `block` steps, counted from the start of the
/// horizon, so no work waits longer than a block; work is never done ahead.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Deferral {
    /// Largest share of the load put off in a step.
    pub share: Share,
    /// Largest power beyond the load when catching up.
    pub catch_up: Power,
    /// Steps of a block.
    pub block: usize,
    /// Cost of each unit of energy put off: checkpoints, restarts.
    pub cost: EnergyPrice,
}

/// Which solver.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Engine {
    /// The interior point of this crate, made for the structure of a year.
    #[default]
    Own,
    /// HiGHS.
    #[cfg(feature = "highs")]
    Highs,
}

/// Rules of the solution that are not physics.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Policy {
    /// Wanted relative distance between the objective and its proven lower bound.
    pub gap: f64,
    /// Solver of the whole horizon; windows always take the own one.
    pub engine: Engine,
}

impl Default for Policy {
    fn default() -> Self {
        Self { gap: 1e-6, engine: Engine::Own }
    }
}

impl Case {
    /// A case that buys everything at spot: the place to start from.
    pub fn spot(load: Vec<Power>, spot: Vec<EnergyPrice>, import_limit: Power) -> Self {
        let steps = load.len();
        Self {
            step: Time::from_hours(1.0),
            load,
            spot,
            purchase: Purchase::Spot { margin: EnergyPrice::ZERO },
            grid: Grid {
                import_limit: vec![import_limit; steps],
                export_limit: Power::ZERO,
                import_charge: EnergyPrice::ZERO,
                export_charge: EnergyPrice::ZERO,
                peak_charge: PowerRate::ZERO,
            },
            bands: Vec::new(),
            plants: Vec::new(),
            battery: None,
            cap: None,
            deferral: None,
        }
    }

    /// Number of steps.
    pub fn steps(&self) -> usize {
        self.load.len()
    }

    /// Years that yearly costs and charges are counted for: a horizon of 8,760 to 8,784 hours is one.
    pub fn years(&self) -> f64 {
        let hours = self.step.hours() * self.steps() as f64;
        if (8760.0..=8784.0).contains(&hours) { 1.0 } else { hours / 8760.0 }
    }
}

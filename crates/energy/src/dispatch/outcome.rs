//! What a dispatch hands back.

use gigatwin_quantity::{Energy, EnergyPrice, Money, Power};

use super::values::MarginalValues;

/// The horizon, dispatched.
#[derive(Debug, Clone, PartialEq)]
pub struct Dispatch {
    /// What happens in each step.
    pub hourly: Hourly,
    /// Sizes, given or found.
    pub sizes: Sizes,
    /// What it costs.
    pub bill: Bill,
    /// What more of something would be worth; absent from rolling windows, which have no one answer.
    pub values: Option<MarginalValues>,
    /// How good it is.
    pub proof: Proof,
}

/// Arrays of one figure per step.
///
/// In each: import − export + own + discharge − charge + capped + deferred − caught up = load.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hourly {
    /// Drawn from the grid, contracted energy included.
    pub import: Vec<Power>,
    /// Of it, energy of agreements (pay-as-produced and baseload).
    pub contracted: Vec<Power>,
    /// Contracted energy not used here and sold on at the step's price, without passing the connection.
    pub resold: Vec<Power>,
    /// Fed into the grid.
    pub export: Vec<Power>,
    /// Used or exported of what plants on the site could make.
    pub own: Vec<Power>,
    /// Not used of it.
    pub curtailed: Vec<Power>,
    /// Into the battery, grid side.
    pub charge: Vec<Power>,
    /// Out of the battery, grid side.
    pub discharge: Vec<Power>,
    /// Held at the end of the step.
    pub level: Vec<Energy>,
    /// Load taken away by power caps.
    pub capped: Vec<Power>,
    /// Load put off.
    pub deferred: Vec<Power>,
    /// Load caught up.
    pub caught_up: Vec<Power>,
    /// What one more unit of load would cost in the step; empty for rolling windows.
    pub value: Vec<EnergyPrice>,
    /// Held at the start of the horizon.
    pub level_before: Energy,
}

/// Sizes, given or found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sizes {
    /// Of the plants, in the order of the case.
    pub plants: Vec<Power>,
    /// Of the battery.
    pub battery_power: Power,
    /// Of the battery.
    pub battery_energy: Energy,
}

/// What the horizon costs.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Bill {
    /// Paid for energy at spot or at the fixed price, margin included.
    pub purchase: Money,
    /// Paid to agreements and to plants on the site that are paid per energy.
    pub contracts: Money,
    /// Earned with contracted energy sold on.
    pub resale: Money,
    /// Earned with energy fed in.
    pub export: Money,
    /// Network charges, taxes and levies on energy drawn.
    pub charges: Money,
    /// Network charge on the peak.
    pub peak: Money,
    /// Wear of the battery.
    pub wear: Money,
    /// Value of work not done under power caps.
    pub capped: Money,
    /// Cost of putting work off.
    pub deferral: Money,
    /// Yearly cost of sizes that were found.
    pub investment: Money,
}

impl Bill {
    /// Everything, earnings taken off: the objective that is minimised.
    pub fn total(&self) -> Money {
        self.purchase + self.contracts - self.resale - self.export
            + self.charges
            + self.peak
            + self.wear
            + self.capped
            + self.deferral
            + self.investment
    }
}

/// How far the dispatch can be from the best one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Proof {
    /// Cost of the dispatch as handed back.
    pub objective: Money,
    /// No dispatch costs less than this; for rolling windows, none that knew the future.
    pub bound: Option<Money>,
    /// Relative distance of the two.
    pub gap: Option<f64>,
    /// Iterations of the solver, over all windows.
    pub iterations: usize,
    /// Programmes solved.
    pub programmes: usize,
}

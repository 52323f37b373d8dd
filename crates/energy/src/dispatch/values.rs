//! What one more unit would be worth, from the dual solution.

use gigatwin_quantity::{EnergyPrice, PowerRate};

use super::case::{Case, Site};
use super::flat::Flat;
use super::model::{Model, NONE};

/// Value of relaxing a limit by one unit, per year, all else re-optimised.
///
/// Where the optimum has a kink, the value of one unit more differs from that of one unit less; what is given lies
/// between the two.
#[derive(Debug, Clone, PartialEq)]
pub struct MarginalValues {
    /// Of the connection: the same power more to draw in every step.
    pub connection: PowerRate,
    /// Of the right to feed in.
    pub export: PowerRate,
    /// Of the energy of each plant on the site, before what it costs, in the order of the case; zero for agreements.
    pub plants: Vec<PowerRate>,
    /// Of battery power.
    pub battery_power: PowerRate,
    /// Of battery energy, per energy held and year.
    pub battery_energy: EnergyPrice,
    /// Of one more unit of load, mean over the steps.
    pub load: EnergyPrice,
}

pub(crate) fn of(case: &Case, flat: &Flat, model: &Model, y: &[f64]) -> MarginalValues {
    let (mut connection, mut export, mut power, mut energy, mut load) = (0.0, 0.0, 0.0, 0.0, 0.0);
    let mut plants = vec![0.0; case.plants.len()];
    let short = |column: u32| {
        if column == NONE {
            0.0
        } else {
            let j = column as usize;
            (model.lp.priced(j, y) - model.lp.cost[j]).max(0.0)
        }
    };
    for (i, c) in model.columns.iter().enumerate() {
        let first = i * model.rows.per_step;
        let value = y[first];
        load += value;
        // Of the two ways to draw, the one whose bound is what the other leaves of the connection.
        let draws = flat.draws(i);
        let edge = usize::from(draws[1].most > 0.0 || draws[0].most == 0.0);
        let priced = value + model.rows.peak.map_or(0.0, |row| y[first + row]);
        connection += (priced - draws[edge].cost * flat.dt).max(0.0);
        export += if c.export == NONE {
            (flat.export_price[i] * flat.dt - value).max(0.0)
        } else {
            short(c.export)
        };
        power += short(c.charge) + short(c.discharge);
        energy += short(c.level);
        for (sum, plant) in plants.iter_mut().zip(&case.plants) {
            if matches!(plant.site, Site::OnSite { .. }) {
                *sum += value.max(0.0) * plant.profile[i].fraction();
            }
        }
    }
    let rate = |per_mw: f64| PowerRate::from_eur_per_kw_year(per_mw / flat.years / 1e3);
    MarginalValues {
        connection: rate(connection),
        export: rate(export),
        plants: plants.into_iter().map(rate).collect(),
        battery_power: rate(power),
        battery_energy: EnergyPrice::from_eur_per_mwh(energy / flat.years),
        load: EnergyPrice::from_eur_per_mwh(load / (flat.dt * flat.steps() as f64)),
    }
}

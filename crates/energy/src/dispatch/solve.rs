//! The whole horizon as one programme.

use gigatwin_quantity::{Energy, EnergyPrice, Money, Power};

use super::case::{Case, Engine, Policy};
use super::check::{DispatchError, Limit, Shortage, check};
use super::flat::Flat;
use super::model::{Before, Model};
use super::outcome::{Bill, Dispatch, Hourly, Proof, Sizes};
use super::polish::{Path, PlainSizes, plan, run};
use super::values;
use crate::solver;

/// Load missing below this, in MW, is rounding.
pub(crate) const MISSING: f64 = 1e-6;

impl Case {
    /// The best dispatch of the whole horizon, every step known from the start.
    ///
    /// # Errors
    /// Every fault of the input at once; load that cannot be served, with its steps and the limit that binds; a solution
    /// further from its lower bound than `policy` allows.
    pub fn dispatch(&self, policy: &Policy) -> Result<Dispatch, DispatchError> {
        check(self)?;
        let flat = Flat::of(self);
        let range = 0..flat.steps();
        let before = Before { level: flat.battery.and_then(|b| b.start), backlog: 0.0 };
        let most: Vec<f64> = flat.free.iter().map(|f| f.size.most).collect();
        let mut programmes = 1;
        if flat.tight(range.clone(), &most) {
            programmes += 1;
            if let Some(shortage) = shortage(&flat) {
                return Err(DispatchError::Infeasible(shortage));
            }
        }
        let model = Model::build(&flat, range, before, None);
        let solved = match policy.engine {
            Engine::Own => solver::solve(&model.lp),
            #[cfg(feature = "highs")]
            Engine::Highs => solver::highs::solve(&model.lp),
        };
        let (plants, power, energy) = model.sizes(&flat, &solved.z);
        let sizes = PlainSizes { plants, power, energy };
        let plans = plan(&flat, &model, &solved.x, &solved.y, &sizes, before);
        let peak = model.peak.map_or(f64::INFINITY, |k| solved.z[k as usize]);
        let path = run(&flat, 0, &plans, before, &sizes, peak);
        let bound = model.lp.bound(&solved.y, 1e-9) + flat.constant();
        let bill = bill(&flat, &path, &sizes);
        let objective = bill.total();
        let gap = (objective.eur() - bound).abs() / objective.eur().abs().max(1.0);
        if gap.is_nan() || gap > policy.gap {
            return Err(match shortage(&flat) {
                Some(shortage) => DispatchError::Infeasible(shortage),
                None => DispatchError::NotConverged { gap, wanted: policy.gap },
            });
        }
        let values = values::of(self, &flat, &model, &solved.y);
        let mut hourly = hourly(&flat, &path);
        hourly.value = (0..flat.steps())
            .map(|i| EnergyPrice::from_eur_per_mwh(solved.y[i * model.rows.per_step] / flat.dt))
            .collect();
        Ok(Dispatch {
            hourly,
            sizes: named_sizes(self, &flat, &sizes),
            bill,
            values: Some(values),
            proof: Proof {
                objective,
                bound: Some(Money::from_eur(bound)),
                gap: Some(gap),
                iterations: solved.iterations,
                programmes,
            },
        })
    }
}

/// What cannot be served whatever is done, with free sizes at their largest; `None` where everything can.
pub(crate) fn shortage(flat: &Flat) -> Option<Shortage> {
    let before = Before { level: flat.battery.and_then(|b| b.start), backlog: 0.0 };
    let model = Model::build(flat, 0..flat.steps(), before, Some(1.0)).only_unserved();
    let solved = solver::solve(&model.lp);
    let mut missing = Vec::new();
    for (t, c) in model.columns.iter().enumerate() {
        let short = solved.x[c.unserved as usize];
        if short > 1e-5 * flat.load[t].max(1.0) {
            missing.push((t, short, binding(flat, &model, &solved, t)));
        }
    }
    (!missing.is_empty()).then(|| Shortage {
        steps: missing.iter().map(|m| m.0).collect(),
        missing: missing.iter().map(|m| Power::from_mw(m.1)).collect(),
        limits: missing.iter().map(|m| m.2).collect(),
        energy: Energy::from_mwh(missing.iter().map(|m| m.1 * flat.dt).sum()),
    })
}

fn binding(flat: &Flat, model: &Model, solved: &solver::Outcome, t: usize) -> Limit {
    let (Some(battery), c) = (flat.battery, model.columns[t]) else { return Limit::Connection };
    if c.discharge == super::model::NONE {
        return Limit::Connection;
    }
    let (_, power, energy) = model.sizes(flat, &solved.z);
    let level = solved.x[c.level as usize];
    if solved.x[c.discharge as usize] >= power * (1.0 - 1e-4) && level > 1e-4 * energy {
        Limit::BatteryPower
    } else if energy < battery.energy.most() * (1.0 - 1e-4) || level > 1e-3 * energy {
        Limit::Connection
    } else {
        Limit::BatteryEnergy
    }
}

pub(crate) fn named_sizes(case: &Case, flat: &Flat, sizes: &PlainSizes) -> Sizes {
    let mut plants: Vec<Power> = case
        .plants
        .iter()
        .map(|p| match p.size {
            super::case::Size::Fixed(size) => size,
            super::case::Size::Free { .. } => Power::ZERO,
        })
        .collect();
    for (free, size) in flat.free.iter().zip(&sizes.plants) {
        plants[free.plant] = Power::from_mw(*size);
    }
    Sizes {
        plants,
        battery_power: Power::from_mw(sizes.power),
        battery_energy: Energy::from_mwh(sizes.energy),
    }
}

pub(crate) fn bill(flat: &Flat, path: &Path, sizes: &PlainSizes) -> Bill {
    let dt = flat.dt;
    let mut b = [0.0; 7];
    for (t, s) in path.steps.iter().enumerate() {
        b[0] += s.draw[1] * flat.price[t];
        b[1] += (flat.contracted[t] - s.draw[0]) * flat.spot[t];
        b[2] += s.export * flat.export_price[t];
        b[3] += (s.draw[0] + s.draw[1]) * flat.import_charge;
        b[4] += path.discharge[t] * flat.battery.map_or(0.0, |x| x.wear);
        b[5] += s.capped * flat.cap.map_or(0.0, |c| c.1);
        b[6] += path.deferred[t] * flat.deferral.map_or(0.0, |d| d.cost);
    }
    let [purchase, resale, export, charges, wear, capped, deferral] = b.map(|v| Money::from_eur(v * dt));
    let mut contracts = flat.contracts;
    let mut investment = 0.0;
    for (f, size) in flat.free.iter().zip(&sizes.plants) {
        contracts += f.paid * size;
        investment += (f.size.cost - f.paid) * size;
    }
    if let Some(battery) = flat.battery {
        for (extent, size) in [(battery.power, sizes.power), (battery.energy, sizes.energy)] {
            if let super::flat::Extent::Free(f) = extent {
                investment += f.cost * size;
            }
        }
    }
    Bill {
        purchase,
        contracts: Money::from_eur(contracts),
        resale,
        export,
        charges,
        peak: Money::from_eur(path.peak * flat.peak_charge),
        wear,
        capped,
        deferral,
        investment: Money::from_eur(investment),
    }
}

pub(crate) fn hourly(flat: &Flat, path: &Path) -> Hourly {
    let power = |f: &dyn Fn(usize) -> f64| (0..flat.steps()).map(|t| Power::from_mw(f(t))).collect();
    let s = &path.steps;
    Hourly {
        import: power(&|t| s[t].draw[0] + s[t].draw[1]),
        contracted: power(&|t| s[t].draw[0]),
        resold: power(&|t| flat.contracted[t] - s[t].draw[0]),
        export: power(&|t| s[t].export),
        own: power(&|t| s[t].own),
        curtailed: power(&|t| s[t].available - s[t].own),
        charge: power(&|t| path.charge[t]),
        discharge: power(&|t| path.discharge[t]),
        level: path.level.iter().map(|l| Energy::from_mwh(*l)).collect(),
        capped: power(&|t| s[t].capped),
        deferred: power(&|t| path.deferred[t]),
        caught_up: power(&|t| path.caught_up[t]),
        value: Vec::new(),
        level_before: Energy::from_mwh(path.level_before),
    }
}

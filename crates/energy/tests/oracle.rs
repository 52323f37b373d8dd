//! The dispatch against an independent solver: the case written down once more, by hand, as a linear programme for the simplex
//! of `microlp`.
#![allow(clippy::unwrap_used, clippy::panic)] // a helper of tests
use gigatwin_energy::dispatch::*;
use gigatwin_quantity::*;
use microlp::{ComparisonOp, OptimizationDirection, Problem, Variable};
use proptest::prelude::*;

mod common;
use common::*;

fn eur_mwh(p: EnergyPrice) -> f64 {
    p.eur_per_mwh()
}

/// A size as a variable: its bounds and cost say whether it is given or sought.
fn sized(p: &mut Problem, fixed: f64, free: Option<(f64, f64)>) -> Variable {
    match free {
        Some((most, yearly)) => p.add_var(yearly, (0.0, most)),
        None => p.add_var(0.0, (fixed, fixed)),
    }
}

/// Cost of the best dispatch.
fn cheapest(case: &Case) -> f64 {
    let (n, dt, years) = (case.steps(), case.step.hours(), case.years());
    let mut p = Problem::new(OptimizationDirection::Minimize);
    let mut constant = 0.0;
    let mut agreed_made = vec![0.0; n];
    for band in &case.bands {
        agreed_made.iter_mut().for_each(|m| *m += band.power.mw());
        constant += band.power.mw() * dt * n as f64 * eur_mwh(band.price);
    }
    // Plants on the site: size and profile.
    let mut own: Vec<(Variable, Vec<f64>)> = Vec::new();
    for plant in &case.plants {
        let profile: Vec<f64> = plant.profile.iter().map(|s| s.fraction()).collect();
        let hours = profile.iter().sum::<f64>() * dt;
        match (plant.site, plant.size) {
            (Site::Agreement { price }, Size::Fixed(size)) => {
                constant += size.mw() * hours * eur_mwh(price);
                agreed_made.iter_mut().zip(&profile).for_each(|(m, s)| *m += size.mw() * s);
            }
            (Site::OnSite { price }, Size::Fixed(size)) => {
                constant += size.mw() * hours * eur_mwh(price);
                own.push((sized(&mut p, size.mw(), None), profile));
            }
            (_, Size::Free { most, yearly }) => {
                let cost = yearly.eur_per_kw_year() * 1e3 * years;
                own.push((sized(&mut p, 0.0, Some((most.mw(), cost))), profile));
            }
        }
    }
    let b = case.battery.unwrap();
    let power = match b.power {
        Size::Fixed(v) => sized(&mut p, v.mw(), None),
        Size::Free { most, yearly } => {
            sized(&mut p, 0.0, Some((most.mw(), yearly.eur_per_kw_year() * 1e3 * years)))
        }
    };
    let energy = match b.energy {
        Size::Fixed(v) => sized(&mut p, v.mwh(), None),
        Size::Free { most, yearly } => sized(&mut p, 0.0, Some((most.mwh(), eur_mwh(yearly) * years))),
    };
    let any = (0.0, f64::INFINITY);
    let peak = p.add_var(case.grid.peak_charge.eur_per_kw_year() * 1e3 * years, any);
    let level: Vec<Variable> = (0..n).map(|_| p.add_var(0.0, any)).collect();
    let backlog: Vec<Variable> = (0..n).map(|_| p.add_var(0.0, any)).collect();
    let (cap, deferral) = (case.cap.unwrap(), case.deferral.unwrap());
    for t in 0..n {
        let (spot, load) = (eur_mwh(case.spot[t]), case.load[t].mw());
        let price = match case.purchase {
            Purchase::Spot { margin } => spot + eur_mwh(margin),
            Purchase::Fixed { price } => eur_mwh(price),
        };
        let charge_on_import = eur_mwh(case.grid.import_charge);
        let bought = p.add_var((price + charge_on_import) * dt, any);
        let agreed = p.add_var(charge_on_import * dt, (0.0, agreed_made[t]));
        let resold = p.add_var(-spot * dt, (0.0, agreed_made[t]));
        let export =
            p.add_var(-(spot - eur_mwh(case.grid.export_charge)) * dt, (0.0, case.grid.export_limit.mw()));
        let made = p.add_var(0.0, any);
        let charge = p.add_var(0.0, any);
        let discharge = p.add_var(eur_mwh(b.wear) * dt, any);
        let capped = p.add_var(eur_mwh(cap.value) * dt, (0.0, cap.share.fraction() * load));
        let deferred = p.add_var(eur_mwh(deferral.cost) * dt, (0.0, deferral.share.fraction() * load));
        let caught = p.add_var(0.0, (0.0, deferral.catch_up.mw()));
        let mut eq = |terms: &[(Variable, f64)], op, right| p.add_constraint(terms, op, right);
        use ComparisonOp::{Eq, Le};
        eq(
            &[
                (bought, 1.0),
                (agreed, 1.0),
                (export, -1.0),
                (made, 1.0),
                (discharge, 1.0),
                (charge, -1.0),
                (capped, 1.0),
                (deferred, 1.0),
                (caught, -1.0),
            ],
            Eq,
            load,
        );
        eq(&[(agreed, 1.0), (resold, 1.0)], Eq, agreed_made[t]);
        eq(&[(bought, 1.0), (agreed, 1.0)], Le, case.grid.import_limit[t].mw());
        eq(&[(bought, 1.0), (agreed, 1.0), (peak, -1.0)], Le, 0.0);
        let mut out = vec![(made, 1.0)];
        out.extend(own.iter().map(|(size, profile)| (*size, -profile[t])));
        eq(&out, Le, 0.0);
        eq(&[(charge, 1.0), (power, -1.0)], Le, 0.0);
        eq(&[(discharge, 1.0), (power, -1.0)], Le, 0.0);
        eq(&[(level[t], 1.0), (energy, -1.0)], Le, 0.0);
        let (stored, taken) = (b.charge_efficiency.fraction() * dt, dt / b.discharge_efficiency.fraction());
        let kept = 1.0 - b.standing_loss.fraction();
        let flow = [(level[t], 1.0), (charge, -stored), (discharge, taken)];
        match (t, b.start) {
            (0, BatteryStart::Level(start)) => eq(&flow, Eq, kept * start.mwh()),
            _ => {
                let before = level[(t + n - 1) % n];
                let mut terms = flow.to_vec();
                terms.push((before, -kept));
                eq(&terms, Eq, 0.0);
            }
        }
        let mut terms = vec![(backlog[t], 1.0), (deferred, -dt), (caught, dt)];
        if t > 0 {
            terms.push((backlog[t - 1], -1.0));
        }
        eq(&terms, Eq, 0.0);
        if (t + 1) % deferral.block == 0 || t + 1 == n {
            eq(&[(backlog[t], 1.0)], Eq, 0.0);
        }
    }
    p.solve().unwrap().into_solution().unwrap().objective() + constant
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn another_solver_finds_the_same_cost(case in site(24)) {
        let own = case.dispatch(&Policy::default()).unwrap().proof.objective.eur();
        let other = cheapest(&case);
        prop_assert!((own - other).abs() <= 1e-6 * other.abs().max(1e3), "{own} {other}");
    }

    #[test]
    fn and_the_same_with_sizes_sought(case in site(24), solar in 5.0f64..80.0, cells in 1.0f64..30.0) {
        let case = of_any_size(case, solar, cells);
        let own = case.dispatch(&Policy::default()).unwrap().proof.objective.eur();
        let other = cheapest(&case);
        prop_assert!((own - other).abs() <= 1e-6 * other.abs().max(1e3), "{own} {other}");
    }
}

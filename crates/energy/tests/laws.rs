//! Laws of the dispatch.
#![allow(clippy::unwrap_used, clippy::panic)] // a helper of tests
use gigatwin_energy::dispatch::*;
use gigatwin_quantity::*;
use proptest::prelude::*;

mod common;
use common::*;

fn check_steps(case: &Case, d: &Dispatch) -> Result<(), TestCaseError> {
    let h = &d.hourly;
    let b = case.battery.unwrap();
    let mut level = h.level_before;
    let mut backlog = 0.0;
    let deferral = case.deferral.unwrap();
    for t in 0..case.steps() {
        let balance =
            h.import[t] - h.export[t] + h.own[t] + h.discharge[t] - h.charge[t] + h.capped[t] + h.deferred[t]
                - h.caught_up[t]
                - case.load[t];
        prop_assert!(balance.mw().abs() < 1e-9, "hour {t}: {balance:?}");
        prop_assert!(h.import[t].mw() <= case.grid.import_limit[t].mw() + 1e-6);
        prop_assert!(h.export[t].mw() <= case.grid.export_limit.mw() + 1e-6);
        for array in
            [&h.import, &h.export, &h.own, &h.curtailed, &h.charge, &h.discharge, &h.contracted, &h.resold]
        {
            prop_assert!(array[t].mw() >= -1e-9, "hour {t}");
        }
        let next = level * (1.0 - b.standing_loss.fraction()) + h.charge[t] * case.step * b.charge_efficiency
            - h.discharge[t] * case.step / b.discharge_efficiency.fraction();
        prop_assert!((next - h.level[t]).mwh().abs() < 1e-6, "hour {t}");
        prop_assert!(h.level[t].mwh() >= 0.0 && h.level[t].mwh() <= d.sizes.battery_energy.mwh() + 1e-9);
        prop_assert!(h.charge[t] <= d.sizes.battery_power * (1.0 + 1e-9));
        prop_assert!(h.discharge[t] <= d.sizes.battery_power * (1.0 + 1e-9));
        level = h.level[t];
        backlog += h.deferred[t].mw() - h.caught_up[t].mw();
        prop_assert!(backlog > -1e-6, "hour {t}: {backlog}");
        prop_assert!(h.caught_up[t] <= deferral.catch_up * (1.0 + 1e-9));
        if (t + 1) % deferral.block == 0 || t + 1 == case.steps() {
            prop_assert!(backlog.abs() < 1e-6, "hour {t}: {backlog}");
        }
    }
    if b.start == BatteryStart::Cyclic {
        prop_assert!((level - h.level_before).mwh().abs() < 1e-6);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn energy_closes_and_the_objective_meets_its_bound(case in site(60)) {
        let d = case.dispatch(&Policy::default()).unwrap();
        check_steps(&case, &d)?;
        let (objective, bound) = (d.proof.objective.eur(), d.proof.bound.unwrap().eur());
        let slack = 1e-6 * objective.abs().max(1.0);
        // The objective is the difference of purchases and sales that are each of the size of what the load would cost; rounding
        // counts against these, not against what is left of them.
        let load: f64 = case.load.iter().map(|l| l.mw() * case.step.s() / 3600.0).sum();
        let turnover = (100.0 * load).max(objective.abs());
        prop_assert!(objective >= bound - 1e-9 * turnover, "{objective} {bound}");
        prop_assert!(objective <= bound + slack);
    }

    #[test]
    fn charging_and_discharging_at_once_only_burns(case in site(60)) {
        let d = case.dispatch(&Policy::default()).unwrap();
        for t in 0..case.steps() {
            let both = d.hourly.charge[t].mw().min(d.hourly.discharge[t].mw());
            prop_assert!(both < 1e-9 || d.hourly.value[t].eur_per_mwh() < 0.0, "hour {t}");
        }
    }

    #[test]
    fn more_of_anything_never_costs_more(case in site(60), which in 0usize..6) {
        let cost = case.dispatch(&Policy::default()).unwrap().proof.objective.eur();
        let mut more = case.clone();
        let b = more.battery.as_mut().unwrap();
        match which {
            0 => b.power = Size::Fixed(mw(90.0)),
            1 => b.energy = Size::Fixed(Energy::from_mwh(300.0)),
            2 => more.grid.import_limit.iter_mut().for_each(|l| *l += mw(20.0)),
            3 => more.grid.export_limit += mw(20.0),
            4 => more.plants[0].size = Size::Fixed(mw(200.0)),
            _ => more.cap.as_mut().unwrap().share = share(0.5),
        }
        let less = more.dispatch(&Policy::default()).unwrap().proof.objective.eur();
        prop_assert!(less <= cost + 1e-6 * cost.abs().max(1.0), "{less} {cost}");
    }

    #[test]
    fn seeing_less_never_costs_less(mut case in site(60), seed in 0u64..1000, errors in 0.0f64..80.0) {
        case.grid.peak_charge = PowerRate::ZERO;
        case.battery.as_mut().unwrap().start = BatteryStart::Level(Energy::ZERO);
        let perfect = case.dispatch(&Policy::default()).unwrap().proof.objective.eur();
        let windows = Windows {
            step: 12,
            horizon: 24,
            foresight: Foresight::Forecast {
                known: 16,
                price_error: eur(errors),
                generation_error: share(0.3),
                seed,
            },
        };
        let rolled = case.dispatch_rolling(&windows).unwrap();
        check_steps(&case, &rolled)?;
        let cost = rolled.proof.objective.eur();
        prop_assert!(cost >= perfect - 1e-6 * perfect.abs().max(1.0), "{cost} {perfect}");
        prop_assert_eq!(&case.dispatch_rolling(&windows).unwrap(), &rolled);
    }

    #[test]
    fn tags_add_up(case in site(60)) {
        let d = case.dispatch(&Policy::default()).unwrap();
        let carbon = CarbonCase {
            location: vec![CarbonIntensity::from_g_per_kwh(300.0)],
            residual: Some(CarbonIntensity::from_g_per_kwh(400.0)),
            carbon_free: vec![share(0.4)],
            contracted: CarbonIntensity::ZERO,
        };
        let c = CarbonYear::of(&case, &d, &carbon);
        let sum = |p: &[Power]| p.iter().map(|p| (*p * case.step).mwh()).sum::<f64>();
        let h = &d.hourly;
        let close = |a: Energy, b: f64| (a.mwh() - b).abs() < 1e-6 * (1.0 + b.abs());
        let served = sum(&case.load) - sum(&h.capped) - sum(&h.deferred) + sum(&h.caught_up);
        prop_assert!(close(c.load.total(), served), "{} {served}", c.load.total().mwh());
        prop_assert!(close(c.exported.total(), sum(&h.export)), "{} {}", c.exported.total().mwh(), sum(&h.export));
        let b = case.battery.unwrap();
        let (into, out) = (b.charge_efficiency.fraction(), b.discharge_efficiency.fraction());
        let through: f64 = h.charge.iter().zip(&h.discharge).map(|(c, d)| (c.mw() * into).min(d.mw() / out)).sum();
        prop_assert!(close(c.discharged.total(), sum(&h.discharge) - through * out));
        prop_assert!(close(c.held.1.total(), h.level.last().unwrap().mwh()), "{} {} start {}", c.held.1.total().mwh(), h.level.last().unwrap().mwh(), h.level_before.mwh());
        // What came in went somewhere, origin by origin.
        let inflow = sum(&h.own);
        let outflow = c.load.own + c.exported.own + c.lost.own + c.held.1.own - c.held.0.own;
        prop_assert!(close(outflow, inflow), "{} {inflow}", outflow.mwh());
        for s in [c.matched, c.matched_own, c.volume] {
            prop_assert!((0.0..=1.0 + 1e-9).contains(&s.fraction()));
        }
        prop_assert!(c.matched_own <= c.matched);
    }
}

//! Dispatch of small cases whose answer is known.
#![allow(clippy::unwrap_used)] // a helper of tests
use gigatwin_energy::dispatch::*;
use gigatwin_quantity::*;

fn eur(v: f64) -> EnergyPrice {
    EnergyPrice::from_eur_per_mwh(v)
}

#[test]
fn a_battery_buys_cheap_and_sells_nothing_it_does_not_hold() {
    let mut case =
        Case::spot(vec![Power::from_mw(10.0); 2], vec![eur(10.0), eur(100.0)], Power::from_mw(20.0));
    case.battery = Some(Battery {
        power: Size::Fixed(Power::from_mw(5.0)),
        energy: Size::Fixed(Energy::from_mwh(4.0)),
        charge_efficiency: Share::from_fraction(1.0),
        discharge_efficiency: Share::from_fraction(0.5),
        standing_loss: Share::ZERO,
        wear: EnergyPrice::ZERO,
        start: BatteryStart::Level(Energy::ZERO),
    });
    let d = case.dispatch(&Policy::default()).unwrap();
    // Fourteen at 10 and eight at 100.
    assert!((d.proof.objective.eur() - 940.0).abs() < 1e-6);
    assert_eq!(d.hourly.level[0], Energy::from_mwh(4.0));
}

#[test]
fn what_cannot_be_served_is_named() {
    let mut load = vec![Power::from_mw(10.0); 6];
    load[2] = Power::from_mw(25.0);
    load[3] = Power::from_mw(24.0);
    let case = Case::spot(load, vec![eur(50.0); 6], Power::from_mw(20.0));
    let Err(DispatchError::Infeasible(shortage)) = case.dispatch(&Policy::default()) else {
        unreachable!("five megawatts are missing");
    };
    assert_eq!(shortage.steps, [2, 3]);
    assert_eq!(shortage.limit(), Limit::Connection);
    assert!((shortage.peak().mw() - 5.0).abs() < 1e-3);
}

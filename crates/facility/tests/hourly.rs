//! Laws of the hours, and their agreement with the year.
mod common;
use common::*;
use gigatwin_facility::*;
use gigatwin_quantity::*;
use proptest::prelude::*;

#[test]
fn the_sum_of_the_hours_is_the_year() {
    let weather = climate().synthesise(&synoptic(), 1).unwrap().hours;
    for liquid in [0.0, 85.0] {
        let inputs = site(liquid);
        let whole = evaluate_year(&weather, profile(0.8), &inputs).unwrap();
        let hours =
            evaluate_hours(&weather, &[Power::from_mw(80.0)], Power::from_mw(100.0), &inputs).unwrap();
        let year = hours.year();
        let near = |a: f64, b: f64| assert!((a - b).abs() <= 1e-9 * b.abs().max(1.0), "{a} {b}");
        near(year.pue, whole.pue);
        near(year.energy_total.kwh(), whole.energy_total.kwh());
        near(year.energy_losses.kwh(), whole.energy_losses.kwh());
        near(year.water.unwrap().litres(), whole.water.unwrap().litres());
        near(year.peak_facility_power.w(), whole.peak_facility_power.w());
        assert_eq!(year.time_wetted, whole.time_wetted);
    }
}

#[test]
fn a_tower_drinks_and_beats_a_dry_cooler_on_hot_dry_days() {
    let weather = one(38.0, Some(20.0));
    let mut inputs = site(0.0);
    let at = |inputs: &FacilityInputs| {
        evaluate_hours(&weather, &[Power::from_mw(100.0)], Power::from_mw(100.0), inputs).unwrap().year()
    };
    let dry = at(&inputs);
    inputs.air.tower = Some(Tower { evaporated: pct(85.0), concentration_cycles: 4.0 });
    let wet = at(&inputs);
    assert!(wet.pue < dry.pue - 0.05, "{} {}", wet.pue, dry.pue);
    // 2.442 MJ/kg: a kWh evaporates 1.47 l; 85 % of it and a third more for blowdown, over IT with its losses in the room.
    let wue = wet.wue.unwrap().l_per_kwh();
    assert!((1.6..2.2).contains(&wue), "{wue}");
    let unknown = evaluate_hours(&one(38.0, None), &[Power::from_mw(100.0)], Power::from_mw(100.0), &inputs);
    assert!(unknown.unwrap().year().water.is_none());
}

#[test]
fn apparent_power_of_a_connection() {
    assert!((apparent_power(Power::from_mw(190.0), pct(95.0)).unwrap().mva() - 200.0).abs() < 1e-9);
    assert!(apparent_power(Power::from_mw(190.0), pct(0.0)).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn energy_closes_in_every_hour(loads in proptest::collection::vec(0.2f64..1.0, 24), t in -15.0f64..40.0, liquid in 0.0f64..95.0) {
        let weather: Vec<WeatherPoint> = (0..24)
            .map(|h| observed(c(t + 4.0 * (h as f64 / 4.0).sin()), Some(pct(60.0)), pressure_at(Length::from_m(300.0))))
            .collect();
        let it: Vec<Power> = loads.iter().map(|l| Power::from_mw(200.0 * l)).collect();
        let hours = evaluate_hours(&weather, &it, Power::from_mw(200.0), &site(liquid)).unwrap();
        for h in 0..24 {
            let rest = hours.imbalance(h).joules() / (hours.total[h] * Time::from_hours(1.0)).joules();
            prop_assert!(rest.abs() < 1e-9, "{rest}");
            prop_assert!(hours.pue(h).unwrap() > 1.0);
        }
    }
}

//! Laws of the site's year.
mod common;
use common::*;
use gigatwin_facility::*;
use gigatwin_quantity::*;
use proptest::prelude::*;

fn parts(y: &FacilityYear) -> Energy {
    y.energy_it
        + y.energy_losses
        + y.energy_fans
        + y.energy_pumps
        + y.energy_air_movers
        + y.energy_chillers
        + y.energy_fixed
}

fn reuse() -> HeatReuse {
    HeatReuse {
        buyer_supply: c(65.0),
        limit: Power::from_mw(30.0),
        exchanger_approach: k(3.0),
        heat_pump: Some(HeatPump { carnot_share: pct(50.0), approach: k(3.0) }),
        base_share: pct(15.0),
        full_below: c(-5.0),
        heating_limit: c(15.0),
    }
}

#[test]
fn bins_say_what_the_hours_say() {
    let year = climate().synthesise(&synoptic(), 1).unwrap();
    let bins = compress(&year.hours);
    assert!(bins.len() <= MAX_POINTS, "{}", bins.len());
    for liquid in [0.0, 85.0] {
        for mean in [0.4, 0.8, 1.0] {
            let mut inputs = site(liquid);
            inputs.air.adiabatic = Some(assist());
            let exact = evaluate_year(&year.hours, profile(mean), &inputs).unwrap();
            let quick = evaluate_year(&bins, profile(mean), &inputs).unwrap();
            assert!((exact.duration.hours() - 8760.0).abs() < 1e-6);
            assert!((quick.pue / exact.pue - 1.0).abs() < 1e-3, "{} {}", quick.pue, exact.pue);
            assert!((quick.pue - exact.pue).abs() / (exact.pue - 1.0) < 1e-2, "{} {}", quick.pue, exact.pue);
            let (a, b) = (quick.water.unwrap().m3(), exact.water.unwrap().m3());
            assert!((a - b).abs() <= 0.03 * b + 1.0, "water {a} {b}");
        }
    }
}

#[test]
fn warm_water_beats_air_and_both_are_plausible() {
    let bins = compress(&climate().synthesise(&synoptic(), 1).unwrap().hours);
    let pue = |liquid| evaluate_year(&bins, profile(0.8), &site(liquid)).unwrap().pue;
    let (warm, air) = (pue(90.0), pue(0.0));
    assert!((1.04..1.09).contains(&warm), "{warm}");
    assert!((1.10..1.25).contains(&air), "{air}");
}

#[test]
fn without_humidity_the_water_is_not_known_but_the_power_is() {
    let mut dry = climate();
    dry.humidity = None;
    let year = dry.synthesise(&synoptic(), 1).unwrap();
    let mut inputs = site(0.0);
    let y = evaluate_year(&compress(&year.hours), profile(0.8), &inputs).unwrap();
    assert_eq!(y.water, Some(Volume::ZERO), "a site without wetting uses none, whatever the humidity");
    inputs.air.adiabatic = Some(assist());
    let y = evaluate_year(&compress(&year.hours), profile(0.8), &inputs).unwrap();
    assert!(y.water.is_none() && y.wue.is_none() && y.time_wet_unknown > Time::ZERO && y.pue > 1.0);
}

#[test]
fn heat_is_sold_in_winter_and_its_pump_is_booked_apart() {
    let bins = compress(&climate().synthesise(&synoptic(), 1).unwrap().hours);
    let mut inputs = site(90.0);
    let without = evaluate_year(&bins, profile(0.8), &inputs).unwrap();
    inputs.heat_reuse = Some(reuse());
    let with = evaluate_year(&bins, profile(0.8), &inputs).unwrap();
    assert!(with.energy_total <= without.energy_total);
    assert!(with.erf > Share::ZERO && with.erf < pct(40.0));
    let closing = with.heat_reused + with.energy_heat_pump - with.heat_sold;
    assert!(closing.mwh().abs() < 1e-6 * with.heat_sold.mwh());
    assert!(with.heat_sold <= Power::from_mw(30.0) * with.duration);
    // A buyer at 40 °C needs no lift.
    inputs.heat_reuse = Some(HeatReuse { buyer_supply: c(40.0), heat_pump: None, ..reuse() });
    assert_eq!(evaluate_year(&bins, profile(0.8), &inputs).unwrap().energy_heat_pump, Energy::ZERO);
    inputs.heat_reuse = Some(HeatReuse { heat_pump: None, ..reuse() });
    assert!(matches!(evaluate_year(&bins, profile(0.8), &inputs), Err(FacilityError::HeatTooCold { .. })));
}

#[test]
fn the_grid_is_judged_by_the_peak() {
    let mut inputs = site(90.0);
    inputs.design_point = Some(DesignPoint { dry_bulb: c(38.0), wet_bulb: Some(c(22.0)) });
    let bins = compress(&climate().synthesise(&synoptic(), 1).unwrap().hours);
    let y = evaluate_year(&bins, profile(0.8), &inputs).unwrap();
    assert!(y.peak_facility_power > Power::from_mw(100.0));
    let grid = GridConnection { firm: Power::from_mw(100.0), flexible: Power::from_mw(20.0) };
    let used = grid.compare(&y).unwrap();
    assert!(used.fits() && used.headroom_firm < Power::ZERO && used.sheddable == -used.headroom_firm);
}

#[test]
fn impossible_input_is_named() {
    let w = one(20.0, None);
    let bad = |f: &dyn Fn(&mut FacilityInputs)| {
        let mut s = site(90.0);
        f(&mut s);
        evaluate_year(&w, profile(0.8), &s).unwrap_err()
    };
    assert!(matches!(bad(&|s| s.liquid = None), FacilityError::NoLiquidLoop { .. }));
    assert!(matches!(bad(&|s| s.air.approach = k(0.0)), FacilityError::NotPositive { .. }));
    assert!(matches!(bad(&|s| s.liquid_share = pct(130.0)), FacilityError::NotAShare { .. }));
    assert!(matches!(bad(&|s| s.air.supply = c(f64::NAN)), FacilityError::Temperature { .. }));
    assert_eq!(evaluate_year(&[], profile(0.8), &site(90.0)), Err(FacilityError::NoWeather));
    let swapped = ItProfile { mean: Power::from_mw(2.0), peak: Power::from_mw(1.0) };
    assert!(matches!(evaluate_year(&w, swapped, &site(90.0)), Err(FacilityError::MeanAbovePeak { .. })));
}

proptest! {
    #[test]
    fn energy_closes_and_pue_is_at_least_one(
        liquid in 0.0f64..100.0, mean in 0.05f64..1.0, dry in -30.0f64..45.0, depression in 0.0f64..15.0, sells: bool,
    ) {
        let mut inputs = site(liquid);
        inputs.air.adiabatic = Some(assist());
        if sells && liquid > 1.0 {
            inputs.heat_reuse = Some(reuse());
        }
        let y = evaluate_year(&one(dry, Some(dry - depression)), profile(mean), &inputs).unwrap();
        prop_assert!((parts(&y) / y.energy_total - 1.0).abs() < 1e-9);
        prop_assert!(y.pue >= 1.0);
        prop_assert!(y.water.unwrap() >= Volume::ZERO);
        prop_assert!(y.mean_facility_power.w() <= y.peak_facility_power.w() * (1.0 + 1e-9));
        prop_assert!(y.heat_reused.kwh() <= y.energy_it.kwh() * liquid / 100.0 + 1e-6);
    }

    #[test]
    fn pue_rises_with_both_temperatures(
        liquid in 0.0f64..100.0, mean in 0.1f64..1.0, dry in -20.0f64..42.0, depression in 1.0f64..12.0, step in 0.1f64..8.0, assisted: bool,
    ) {
        let mut inputs = site(liquid);
        inputs.air.adiabatic = assisted.then(assist);
        // The same plant in every hour: without it the transformer would be laid out for each hour anew.
        inputs.design_point = Some(DesignPoint { dry_bulb: c(55.0), wet_bulb: None });
        let pue = |d: f64, w: f64| evaluate_year(&one(d, Some(w)), profile(mean), &inputs).unwrap().pue;
        let wet = dry - depression;
        prop_assert!(pue(dry, wet) <= pue(dry + step, wet) + 1e-12);
        prop_assert!(pue(dry, wet) <= pue(dry, wet + step.min(depression)) + 1e-12);
    }

    #[test]
    fn warmer_supply_never_costs_more(supply in 25.0f64..45.0, dry in -10.0f64..40.0) {
        let pue = |s: f64| {
            let mut inputs = site(90.0);
            inputs.liquid = Some(LoopInputs { supply: c(s), chiller: chilled_air().chiller, ..warm_water() });
            evaluate_year(&one(dry, Some(dry - 5.0)), profile(0.9), &inputs).unwrap().pue
        };
        // A plant that needs less gets a smaller transformer, which runs a little closer to its rating.
        prop_assert!(pue(supply + 2.0) <= pue(supply) + 2e-4);
    }
}

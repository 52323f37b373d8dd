//! Laws of the year's bill.
#![allow(clippy::unwrap_used)] // a helper of tests
use gigatwin_energy::*;
use gigatwin_quantity::*;
use proptest::prelude::*;

fn pct(p: f64) -> Share {
    Share::from_percent(p)
}
fn eur(p: f64) -> EnergyPrice {
    EnergyPrice::from_eur_per_mwh(p)
}

fn demand(mw: f64) -> Demand {
    let duration = Time::from_hours(8760.0);
    Demand { energy: Power::from_mw(mw) * duration, duration, peak: Power::from_mw(mw * 1.2) }
}

fn market() -> Market {
    Market {
        wholesale: eur(80.0),
        supplier_margin: eur(2.0),
        network_charge: eur(15.0),
        capacity_charge: PowerRate::from_eur_per_kw_year(0.0),
        taxes: eur(1.0),
    }
}

fn carbon() -> CarbonInputs {
    CarbonInputs {
        location: CarbonIntensity::from_g_per_kwh(340.0),
        residual: None,
        contracted: CarbonIntensity::from_g_per_kwh(0.0),
    }
}

fn wind(mw: f64, cf: f64) -> Contract {
    Contract::PayAsProduced(PayAsProduced {
        technology: Technology::Wind,
        capacity: Power::from_mw(mw),
        capacity_factor: pct(cf),
        price: eur(62.0),
        capture_rate: 0.85,
        shape: Some(DurationShape { idle_share: pct(2.0), top: pct(97.0), linear_share: pct(10.0) }),
        on_site: false,
    })
}

fn solar(mw: f64, cf: f64) -> Contract {
    Contract::PayAsProduced(PayAsProduced {
        technology: Technology::Solar,
        capacity: Power::from_mw(mw),
        capacity_factor: pct(cf),
        price: eur(50.0),
        capture_rate: 0.65,
        shape: Some(DurationShape { idle_share: pct(50.0), top: pct(90.0), linear_share: pct(0.0) }),
        on_site: false,
    })
}

fn run(mw: f64, contracts: &[Contract]) -> EnergyYear {
    evaluate(&demand(mw), contracts, &market(), &carbon()).unwrap()
}

#[test]
fn spot_alone_is_the_sum_of_its_parts() {
    let y = run(100.0, &[Contract::Spot]);
    assert!((y.price_all_in.eur_per_mwh() - 98.0).abs() < 1e-9);
    assert_eq!(y.renewable_share_hourly, Some(Share::ZERO));
    assert!((y.carbon_location.t() - 876_000.0 * 0.34).abs() < 1e-3);
    assert_eq!(y.carbon_location, y.carbon_market);
}

#[test]
fn annual_matching_flatters_hourly_matching() {
    // 300 MW at 33.33 % is as much as 100 MW use in the year, but not in each hour.
    let y = run(100.0, &[wind(300.0, 33.0), Contract::Spot]);
    let hourly = y.renewable_share_hourly.unwrap().fraction();
    assert!((y.renewable_share_annual.fraction() - 0.99).abs() < 1e-9);
    assert!((0.55..0.75).contains(&hourly), "{hourly}");
    let both = run(100.0, &[wind(150.0, 33.0), solar(412.5, 12.0), Contract::Spot]);
    assert!(both.renewable_share_hourly.unwrap().fraction() > 0.5);
}

#[test]
fn baseload_and_fixed_price_leave_no_risk() {
    let base =
        Contract::Baseload { power: Power::from_mw(60.0), price: eur(70.0), origin: Origin::Renewable };
    let y = run(100.0, &[base, Contract::Fixed { price: eur(90.0) }]);
    assert!((y.price_all_in.eur_per_mwh() - (0.6 * 70.0 + 0.4 * 90.0 + 16.0)).abs() < 1e-9);
    assert!((y.renewable_share_hourly.unwrap().fraction() - 0.6).abs() < 1e-12);
    assert!((y.carbon_market / y.carbon_location - 0.4).abs() < 1e-12);
}

#[test]
fn without_a_curve_nothing_hourly_is_said() {
    let Contract::PayAsProduced(p) = wind(100.0, 30.0) else { unreachable!() };
    let y = run(100.0, &[Contract::PayAsProduced(PayAsProduced { shape: None, ..p })]);
    assert!(y.renewable_share_hourly.is_none() && y.matched.is_none());
    assert!((y.renewable_share_annual.fraction() - 0.3).abs() < 1e-12);
}

#[test]
fn contradictions_are_named() {
    let run = |c: &[Contract]| evaluate(&demand(10.0), c, &market(), &carbon()).unwrap_err();
    assert_eq!(run(&[Contract::Spot, Contract::Fixed { price: eur(50.0) }]), EnergyError::TwoResiduals);
    assert!(matches!(run(&[wind(-1.0, 30.0)]), EnergyError::Negative { .. }));
    assert!(matches!(run(&[solar(1.0, 60.0)]), EnergyError::CapacityFactor { .. }));
    assert!(matches!(
        evaluate(&demand(0.0), &[], &market(), &carbon()),
        Err(EnergyError::NotPositive { .. })
    ));
}

#[test]
fn network_charges_from_an_industrial_price() {
    let n = network_from_industry_price(eur(142.7), eur(89.92), eur(3.0));
    assert!((n.eur_per_mwh() - 49.78).abs() < 1e-9);
    assert_eq!(network_from_industry_price(eur(50.0), eur(60.0), eur(3.0)), EnergyPrice::ZERO);
}

proptest! {
    #[test]
    fn energy_balances(load in 1.0f64..400.0, w in 0.0f64..600.0, s in 0.0f64..600.0, b in 0.0f64..300.0, wcf in 5.0f64..55.0, scf in 5.0f64..25.0) {
        let base = Contract::Baseload { power: Power::from_mw(b), price: eur(70.0), origin: Origin::Unspecified };
        let y = run(load, &[wind(w, wcf), solar(s, scf), base, Contract::Spot]);
        let matched = y.matched.unwrap();
        prop_assert!(matched <= y.energy * (1.0 + 1e-12));
        prop_assert!(((matched + y.residual) / y.energy - 1.0).abs() < 1e-9);
        prop_assert!((matched + y.surplus - y.contracted).mwh().abs() < 1e-6 * (1.0 + y.contracted.mwh()));
        let (annual, hourly) = (y.renewable_share_annual, y.renewable_share_hourly.unwrap());
        prop_assert!(hourly.fraction() <= annual.fraction() + 1e-12 && annual.fraction() <= 1.0);
        prop_assert!(y.carbon_market <= y.carbon_location * (1.0 + 1e-12));
        let parts = y.cost_contracts - y.revenue_surplus + y.cost_residual + y.cost_network + y.cost_taxes;
        prop_assert!((parts.eur() - y.cost.eur()).abs() < 1e-6 * (1.0 + y.cost.eur().abs()));
    }

    #[test]
    fn more_wind_never_matches_less(load in 10.0f64..300.0, w in 0.0f64..500.0, more in 0.0f64..100.0) {
        let share = |mw: f64| run(load, &[wind(mw, 35.0), Contract::Spot]).renewable_share_hourly.unwrap();
        prop_assert!(share(w) <= share(w + more) + Share::from_fraction(1e-12));
    }
}

//! A year of hours without optimisation: PUE, water, price and carbon of a 200 MW site, weather and prices already parsed.
//! Bar: 2 ms of CPU.

// A benchmark reports and may stop.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::hint::black_box;

use gigatwin_energy::hours::{HourlySupply, HourlyTariff, bill_hours};
use gigatwin_energy::{CarbonInputs, Market, Origin};
use gigatwin_facility::{
    Adiabatic, Chiller, FacilityInputs, LoopInputs, PowerChain, Redundancy, Stage, WeatherPoint,
    evaluate_hours, observed, pressure_at,
};
use gigatwin_quantity::{
    CarbonIntensity, EnergyPrice, Length, Power, PowerRate, Share, Temperature, TemperatureDifference,
};

fn pct(p: f64) -> Share {
    Share::from_percent(p)
}

fn k(v: f64) -> TemperatureDifference {
    TemperatureDifference::from_kelvin(v)
}

fn cooling(supply: f64, range: f64, mover: f64) -> LoopInputs {
    LoopInputs {
        supply: Temperature::from_celsius(supply),
        range: k(range),
        approach: k(6.0),
        fan_power_share: pct(2.0),
        minimum_flow: pct(15.0),
        pump_power_share: pct(1.2),
        pump_exponent: 1.5,
        air_mover_share: pct(mover),
        adiabatic: Some(Adiabatic {
            effectiveness: pct(70.0),
            start_flow: pct(90.0),
            concentration_cycles: 4.0,
        }),
        tower: None,
        chiller: Some(Chiller {
            carnot_share: pct(50.0),
            evaporator_approach: k(3.0),
            condenser_approach: k(12.0),
            cop_max: 12.0,
        }),
    }
}

fn site() -> FacilityInputs {
    let stage = |a: f64, b: f64, c: f64, redundancy, indoors| Stage {
        no_load: pct(a),
        proportional: pct(b),
        quadratic: pct(c),
        redundancy,
        units: 4.0,
        indoors,
    };
    FacilityInputs {
        liquid_share: pct(85.0),
        liquid: Some(cooling(37.0, 10.0, 0.0)),
        air: cooling(20.0, 8.0, 3.5),
        chain: PowerChain {
            it: vec![
                stage(0.1, 0.3, 0.5, Redundancy::N, true),
                stage(0.4, 0.6, 1.2, Redundancy::NPlus1, true),
            ],
            site: vec![stage(0.1, 0.1, 0.6, Redundancy::NPlus1, false)],
        },
        fixed_load_share: pct(0.8),
        heat_reuse: None,
        cdu_pump_share: Share::ZERO,
        design_point: None,
    }
}

fn weather() -> Vec<WeatherPoint> {
    let pressure = pressure_at(Length::from_m(110.0));
    (0..8760)
        .map(|h| {
            let year = (std::f64::consts::TAU * (f64::from(h) / 8760.0 - 0.54)).cos();
            let day = (std::f64::consts::TAU * (f64::from(h % 24) - 14.0) / 24.0).cos();
            let t = 11.0 + 10.0 * year + 4.0 * day;
            observed(Temperature::from_celsius(t), Some(pct(75.0 - 12.0 * day)), pressure)
        })
        .collect()
}

/// CPU seconds of this process so far, from the scheduler's nanoseconds.
fn cpu_seconds() -> f64 {
    std::fs::read_to_string("/proc/self/schedstat")
        .ok()
        .and_then(|s| s.split_whitespace().next().and_then(|n| n.parse::<f64>().ok()))
        .map_or(f64::NAN, |ns| ns / 1e9)
}

fn main() {
    let (weather, inputs) = (weather(), site());
    let prices: Vec<EnergyPrice> =
        (0..8760).map(|h| EnergyPrice::from_eur_per_mwh(80.0 + f64::from(h % 24))).collect();
    let profile: Vec<Share> = (0..8760).map(|h| pct(f64::from(h * 37 % 97))).collect();
    let supplies = [
        HourlySupply::Produced {
            capacity: Power::from_mw(200.0),
            profile,
            price: EnergyPrice::from_eur_per_mwh(68.0),
            on_site: false,
        },
        HourlySupply::Band {
            power: Power::from_mw(50.0),
            price: EnergyPrice::from_eur_per_mwh(75.0),
            origin: Origin::Renewable,
        },
    ];
    let market = Market {
        wholesale: EnergyPrice::from_eur_per_mwh(90.0),
        supplier_margin: EnergyPrice::from_eur_per_mwh(2.5),
        network_charge: EnergyPrice::from_eur_per_mwh(15.0),
        capacity_charge: PowerRate::ZERO,
        taxes: EnergyPrice::from_eur_per_mwh(1.0),
    };
    let carbon = CarbonInputs {
        location: CarbonIntensity::from_g_per_kwh(342.0),
        residual: None,
        contracted: CarbonIntensity::ZERO,
    };
    // IT power that changes every hour is the dearer case: the plant is laid out anew for each load.
    let steady = [Power::from_mw(150.0)];
    let moving: Vec<Power> = (0..8760).map(|h| Power::from_mw(120.0 + f64::from(h % 7) * 10.0)).collect();
    for (name, it) in [("year_200_mw", &steady[..]), ("year_200_mw_moving_load", &moving[..])] {
        let year = || {
            let hours = evaluate_hours(&weather, it, Power::from_mw(200.0), &inputs).expect("a sound site");
            let tariff = HourlyTariff {
                spot: &prices,
                market,
                fixed: None,
                carbon,
                peak: hours.peak,
                export_limit: Power::ZERO,
                export_discount: EnergyPrice::ZERO,
            };
            let bill = bill_hours(&hours.total, &supplies, &tariff).expect("a sound bill");
            black_box((hours.year(), bill.total(), bill.carbon_market));
        };
        // Groups of years, because the scheduler's clock is read through a file.
        let mut groups: Vec<f64> = (0..41)
            .map(|_| {
                let before = cpu_seconds();
                (0..25).for_each(|_| year());
                (cpu_seconds() - before) / 25.0 * 1e3
            })
            .collect();
        groups.sort_by(f64::total_cmp);
        println!("{name:<26} {:.3} ms of CPU a year (median), {:.3} least, bar 2", groups[20], groups[0]);
    }
}

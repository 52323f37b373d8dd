//! A plausible site for the tests: the most likely values of the shipped defaults.
#![allow(dead_code, missing_docs)]

use gigatwin_facility::*;
use gigatwin_quantity::*;

pub fn pct(p: f64) -> Share {
    Share::from_percent(p)
}
pub fn k(v: f64) -> TemperatureDifference {
    TemperatureDifference::from_kelvin(v)
}
pub fn c(v: f64) -> Temperature {
    Temperature::from_celsius(v)
}

pub fn warm_water() -> LoopInputs {
    LoopInputs {
        supply: c(37.0),
        range: k(10.0),
        approach: k(6.0),
        fan_power_share: pct(1.5),
        minimum_flow: pct(15.0),
        pump_power_share: pct(1.2),
        pump_exponent: 1.5,
        air_mover_share: pct(0.0),
        adiabatic: Some(assist()),
        tower: None,
        chiller: None,
    }
}

pub fn assist() -> Adiabatic {
    Adiabatic { effectiveness: pct(70.0), start_flow: pct(90.0), concentration_cycles: 4.0 }
}

pub fn chilled_air() -> LoopInputs {
    LoopInputs {
        supply: c(20.0),
        range: k(8.0),
        approach: k(5.0),
        fan_power_share: pct(2.5),
        minimum_flow: pct(15.0),
        pump_power_share: pct(1.5),
        pump_exponent: 1.5,
        air_mover_share: pct(3.5),
        adiabatic: None,
        tower: None,
        chiller: Some(Chiller {
            carnot_share: pct(50.0),
            evaporator_approach: k(3.0),
            condenser_approach: k(12.0),
            cop_max: 12.0,
        }),
    }
}

pub fn stage(a: f64, b: f64, q: f64, redundancy: Redundancy, indoors: bool) -> Stage {
    Stage { no_load: pct(a), proportional: pct(b), quadratic: pct(q), redundancy, units: 4.0, indoors }
}

pub fn site(liquid_percent: f64) -> FacilityInputs {
    FacilityInputs {
        liquid_share: pct(liquid_percent),
        liquid: Some(warm_water()),
        air: chilled_air(),
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

pub fn synoptic() -> SynopticInputs {
    SynopticInputs {
        deviation_cold: k(3.4),
        deviation_warm: k(2.8),
        persistence: pct(70.0),
        moisture_follow_cold: pct(100.0),
        moisture_follow_warm: pct(50.0),
        moisture_scatter: pct(13.0),
        range_scatter: pct(37.0),
        range_correlation: pct(55.0),
        warmest_hour: Time::from_hours(15.0),
    }
}

pub fn climate() -> Climate {
    Climate {
        temperature: [2.5, 4.3, 7.8, 12.3, 16.9, 19.8, 21.2, 21.6, 17.1, 12.1, 6.8, 3.3].map(c),
        humidity: Some([74.7, 71.3, 63.9, 64.1, 61.6, 64.6, 61.6, 61.2, 60.9, 72.6, 77.2, 80.7].map(pct)),
        diurnal_range: [4.9, 5.6, 7.1, 8.9, 8.7, 9.0, 9.2, 8.7, 8.5, 6.9, 5.5, 4.5].map(k),
        wind: None,
        irradiance: None,
        altitude: Length::from_m(245.0),
        country_mean: false,
    }
}

pub fn profile(mean_share: f64) -> ItProfile {
    ItProfile { mean: Power::from_mw(100.0 * mean_share), peak: Power::from_mw(100.0) }
}

pub fn one(dry: f64, wet: Option<f64>) -> Vec<WeatherPoint> {
    vec![WeatherPoint { duration: Time::from_hours(1.0), dry_bulb: c(dry), wet_bulb: wet.map(c) }]
}

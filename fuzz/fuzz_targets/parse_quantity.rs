//! Any text as a quantity of any dimension: answered with a finite value that can be written and read back, or with a
//! coded error that has a hint.
#![no_main]

use gigatwin_quantity::{Dim, exact, parse, show};
use libfuzzer_sys::fuzz_target;

const DIMS: [Dim; 31] = [
    Dim::Power,
    Dim::ApparentPower,
    Dim::Energy,
    Dim::Flops,
    Dim::Flop,
    Dim::Data,
    Dim::Bandwidth,
    Dim::Time,
    Dim::Date,
    Dim::Money,
    Dim::EnergyPrice,
    Dim::HourPrice,
    Dim::PowerPrice,
    Dim::PowerRate,
    Dim::CarbonPrice,
    Dim::CarbonIntensity,
    Dim::Mass,
    Dim::Temperature,
    Dim::TemperatureDifference,
    Dim::Share,
    Dim::Ratio,
    Dim::Count,
    Dim::H100e,
    Dim::Length,
    Dim::Angle,
    Dim::Speed,
    Dim::Irradiance,
    Dim::Volume,
    Dim::WaterIntensity,
    Dim::Growth,
    Dim::Hazard,
];

fuzz_target!(|text: &str| {
    for dim in DIMS {
        match parse(text, dim) {
            Ok(measure) => {
                assert_eq!(measure.dim, dim);
                assert!(measure.value.is_finite(), "{dim:?} {text:?}");
                assert!(
                    measure.value >= 0.0 || dim.may_be_negative() || dim == Dim::Date,
                    "{dim:?} {text:?}"
                );
                assert!(!show(dim, measure.value).is_empty());
                let written = exact(dim, measure.value);
                let read =
                    parse(&written, dim).unwrap_or_else(|e| panic!("{dim:?} {text:?} {written:?}: {e}"));
                // Subnormal values lose digits on the way through a unit.
                let tolerance = measure.value.abs() * 4.0 * f64::EPSILON + f64::MIN_POSITIVE;
                assert!((read.value - measure.value).abs() <= tolerance, "{dim:?} {text:?} {written:?}");
            }
            Err(error) => {
                assert!(error.code().starts_with("G2"));
                assert!(!error.hint().is_empty() && !error.to_string().is_empty());
            }
        }
    }
});

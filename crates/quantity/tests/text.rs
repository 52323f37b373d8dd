//! Text at the edge: what users write and what they read back.

// A helper outside a test function is still part of a test.
#![allow(clippy::unwrap_used)]

use gigatwin_quantity::{Currency, Date, Dim, Distribution, Power, Time, exact, parse, show};
use proptest::prelude::*;

fn base(text: &str, dim: Dim) -> f64 {
    parse(text, dim).unwrap().value
}

#[test]
fn the_units_of_a_tender_read_as_meant() {
    assert_eq!(base("150 MW", Dim::Power), 150e6);
    assert_eq!(base("800 Gb/s", Dim::Bandwidth), 100e9);
    assert_eq!(base("3.2 TB/s", Dim::Bandwidth), 3.2e12);
    assert_eq!(base("1.8 TB", Dim::Data), 1.8e12);
    assert!((base("EUR 42/MWh", Dim::EnergyPrice) * 3.6e9 - 42.0).abs() < 1e-12);
    assert_eq!(base("EUR 9.5 m/MW", Dim::PowerPrice), 9.5);
    assert_eq!(base("30 T", Dim::Count), 30e12);
    assert_eq!(base("120 k", Dim::Count), 120e3);
    assert_eq!(base("100 k H100e", Dim::H100e), 100e3);
    assert_eq!(base("55 %", Dim::Share), 0.55);
    assert_eq!(base("2027-Q3", Dim::Date), Date::from_ymd(2027, 7, 1).unwrap().days());
    assert_eq!(base("65 °C", Dim::Temperature), 65.0);
    let money = parse("USD 3.7 m (2026)", Dim::Money).unwrap();
    assert_eq!((money.currency, money.price_year), (Some(Currency::Usd), Some(2026)));
    assert!((money.value - 3.7e6).abs() < 1e-6);
}

#[test]
fn each_fault_has_its_code_and_a_hint() {
    for (text, dim, code) in [
        ("", Dim::Power, "G201"),
        ("lots", Dim::Power, "G201"),
        ("NaN MW", Dim::Power, "G202"),
        ("1e999 MW", Dim::Power, "G202"),
        ("150", Dim::Power, "G203"),
        ("150 MWatt", Dim::Power, "G204"),
        ("150 MWh", Dim::Power, "G205"),
        ("42/MWh", Dim::EnergyPrice, "G206"),
        ("-5 MW", Dim::Power, "G207"),
        ("120 %", Dim::Share, "G208"),
        ("EUR 3 m", Dim::EnergyPrice, "G205"),
        ("EUR 3 m (next year)", Dim::Money, "G201"),
        ("2028-13", Dim::Date, "G201"),
    ] {
        let error = parse(text, dim).unwrap_err();
        assert_eq!(error.code(), code, "{text}: {error}");
        assert!(!error.hint().is_empty());
    }
    assert_eq!(parse("150 mW", Dim::Power).unwrap_err().hint(), "did you mean \"MW\"?");
}

#[test]
fn people_read_the_unit_that_suits_the_size() {
    assert_eq!(show(Dim::Power, 150e6), "150 MW");
    assert_eq!(show(Dim::Money, 3.4261e9), "EUR 3.43 bn");
    assert_eq!(show(Dim::Count, 100_080.0), "100,080");
    assert_eq!(show(Dim::Time, 0.0405), "40.5 ms");
    assert_eq!(show(Dim::Time, Time::from_days(43.2).s()), "43.2 d");
    assert_eq!(show(Dim::Share, 0.1695), "17.0 %");
    assert_eq!(show(Dim::Power, 9_996.0), "10.0 kW");
    assert_eq!(Power::from_mw(35.2).to_string(), "35.2 MW");
}

const DIMS: &[Dim] = &[
    Dim::Power,
    Dim::Energy,
    Dim::Flops,
    Dim::Flop,
    Dim::Data,
    Dim::Bandwidth,
    Dim::Time,
    Dim::Money,
    Dim::EnergyPrice,
    Dim::HourPrice,
    Dim::PowerPrice,
    Dim::PowerRate,
    Dim::CarbonPrice,
    Dim::CarbonIntensity,
    Dim::Mass,
    Dim::Count,
    Dim::H100e,
    Dim::Length,
    Dim::Volume,
    Dim::WaterIntensity,
    Dim::Hazard,
    Dim::Ratio,
];

proptest! {
    #[test]
    fn what_is_written_exactly_reads_back_within_one_ulp(i in 0..DIMS.len(), x in 1e-6f64..1e15) {
        let dim = DIMS[i];
        let read = parse(&exact(dim, x), dim).unwrap().value;
        prop_assert!((read - x).abs() <= x * f64::EPSILON, "{} {read} {x}", exact(dim, x));
    }

    #[test]
    fn what_people_read_is_within_rounding(i in 0..DIMS.len(), x in 1e-3f64..1e14) {
        let dim = DIMS[i];
        let text = show(dim, x);
        // Very small values may round to zero in the unit shown; text is still readable.
        if let Ok(read) = parse(&text.replace(',', ""), dim) {
            let unit_floor = 1e-9;
            prop_assert!((read.value - x).abs() <= 0.006 * x + unit_floor || read.value == 0.0, "{text} {}", read.value);
        }
    }

    #[test]
    fn dates_read_back(days in -20_000i32..60_000) {
        let date = Date::from_days(f64::from(days));
        prop_assert_eq!(Date::parse(&date.to_string()).unwrap().days(), f64::from(days));
    }

    #[test]
    fn any_text_is_answered(text in "\\PC{0,40}") {
        for dim in DIMS { let _ = parse(&text, *dim); }
        let _ = parse(&text, Dim::Date);
    }

    #[test]
    fn quantiles_never_fall(a in 0.0f64..1.0, b in 0.0f64..1.0, lo in 0.0f64..10.0, w in 0.1f64..10.0, m in 0.0f64..1.0) {
        let (lower, upper) = (a.min(b), a.max(b));
        for d in [
            Distribution::triangular(lo, lo + m * w, lo + w).unwrap(),
            Distribution::quantiles(lo, lo + m * w, lo + w).unwrap(),
            Distribution::uniform(lo, lo + w).unwrap(),
        ] {
            prop_assert!(d.quantile(lower) <= d.quantile(upper) + 1e-12);
        }
    }
}

#[test]
fn a_triangle_has_its_moments() {
    let d = Distribution::triangular(1.0, 2.0, 6.0).unwrap();
    let n = 100_000;
    let mean: f64 =
        (0..n).map(|i| d.quantile((f64::from(i) + 0.5) / f64::from(n))).sum::<f64>() / f64::from(n);
    assert!((mean - 3.0).abs() < 1e-3);
    assert!(Distribution::triangular(3.0, 2.0, 6.0).is_err());
}

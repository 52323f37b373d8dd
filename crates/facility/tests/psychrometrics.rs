//! Wet bulbs against an independent library: PsychroLib 2.5.0, whose table with its source stands beside this file.
#![allow(clippy::unwrap_used)] // a test may stop

use gigatwin_facility::{AirPressure, vapour_pressure, wet_bulb};
use gigatwin_quantity::{Share, Temperature};

const ORACLE: &str = include_str!("oracle/wet_bulb.csv");

#[test]
fn wet_bulb_of_an_independent_library_within_five_hundredths_of_a_kelvin() {
    let (mut rows, mut worst) = (0, (0.0_f64, ""));
    for line in ORACLE.lines().filter(|l| !l.starts_with('#')).skip(1) {
        let v: Vec<f64> = line.split(',').map(|c| c.parse().unwrap()).collect();
        let dry = Temperature::from_celsius(v[0]);
        let got = wet_bulb(dry, vapour_pressure(dry, Share::from_percent(v[1])), AirPressure::from_pa(v[2]));
        let off = (got.celsius() - v[3]).abs();
        if off > worst.0 {
            worst = (off, line);
        }
        rows += 1;
    }
    assert_eq!(rows, 336);
    assert!(worst.0 < 0.05, "{} K off at {}", worst.0, worst.1);
    println!("{rows} rows, at most {:.4} K off ({})", worst.0, worst.1);
}

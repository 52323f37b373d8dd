//! The synthetic year keeps the statistics it was made from.
mod common;
use common::*;
use gigatwin_facility::*;

const DAYS: [usize; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

fn months(year: &SyntheticYear) -> Vec<&[WeatherPoint]> {
    let mut rest = &year.hours[..];
    DAYS.iter()
        .map(|d| {
            let (head, tail) = rest.split_at(d * 24);
            rest = tail;
            head
        })
        .collect()
}

#[test]
fn monthly_means_are_those_of_the_climate() {
    let climate = climate();
    let year = climate.synthesise(&synoptic(), 7).unwrap();
    assert_eq!(year.hours.len(), 8760);
    for (m, hours) in months(&year).into_iter().enumerate() {
        let mean = hours.iter().map(|h| h.dry_bulb.celsius()).sum::<f64>() / hours.len() as f64;
        assert!((mean - climate.temperature[m].celsius()).abs() < 1e-9);
        let ranges: Vec<f64> = hours
            .chunks_exact(24)
            .map(|d| {
                let t = || d.iter().map(|h| h.dry_bulb.celsius());
                t().fold(f64::MIN, f64::max) - t().fold(f64::MAX, f64::min)
            })
            .collect();
        let range = ranges.iter().sum::<f64>() / ranges.len() as f64;
        assert!((range - climate.diurnal_range[m].kelvin()).abs() < 0.3, "{m} {range}");
    }
}

#[test]
fn humidity_means_come_back_from_the_wet_bulbs() {
    let climate = climate();
    let year = climate.synthesise(&synoptic(), 7).unwrap();
    for (m, hours) in months(&year).into_iter().enumerate() {
        let humidity = |h: &WeatherPoint| {
            let (t, w) = (h.dry_bulb.celsius(), h.wet_bulb.unwrap().celsius());
            assert!(w <= t + 1e-6);
            // The balance the wet bulb came from, solved for the vapour pressure by bisection.
            let sat = saturation_vapour_pressure(h.dry_bulb).pa();
            let (mut low, mut high) = (0.0, 1.0);
            for _ in 0..50 {
                let x = 0.5 * (low + high);
                let got = wet_bulb(h.dry_bulb, AirPressure::from_pa(x * sat), year.pressure);
                if got.celsius() < w { low = x } else { high = x }
            }
            low
        };
        let some: Vec<f64> = hours.iter().map(humidity).collect();
        let mean = some.iter().sum::<f64>() / some.len() as f64;
        assert!((mean - climate.humidity.unwrap()[m].fraction()).abs() < 2e-3, "{m} {mean}");
    }
}

#[test]
fn a_seed_is_a_year() {
    let make = |seed| climate().synthesise(&synoptic(), seed).unwrap();
    assert_eq!(make(3), make(3));
    assert_ne!(make(3), make(4));
}

#[test]
fn no_humidity_no_wet_bulb() {
    let mut place = climate();
    place.humidity = None;
    let year = place.synthesise(&synoptic(), 1).unwrap();
    assert!(year.hours.iter().all(|h| h.wet_bulb.is_none()));
    let points = compress(&year.hours);
    assert!(points.len() <= MAX_POINTS && points.iter().all(|p| p.wet_bulb.is_none()));
    let kept: f64 = points.iter().map(|p| p.duration.hours()).sum();
    assert!((kept - 8760.0).abs() < 1e-6);
}

#[test]
fn impossible_climates_are_refused() {
    let mut place = climate();
    place.humidity = Some([pct(120.0); 12]);
    assert!(place.synthesise(&synoptic(), 1).is_err());
    let mut place = climate();
    place.temperature[3] = c(f64::NAN);
    assert!(place.synthesise(&synoptic(), 1).is_err());
}

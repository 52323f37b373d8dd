//! The synthetic year against real ones: PUE and water of one site at two places over five years each, and what power costs in
//! four bidding zones over two years each. The raw series lie beside the project; without them the test says so and passes.
//! `cargo test -p gigatwin-validation --test synthetic_year -- --nocapture` prints the table of the book.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::PathBuf;
use std::sync::LazyLock;

use gigatwin_catalog::{Catalog, Kind};
use gigatwin_energy::DurationShape;
use gigatwin_energy::hours::{WeatherSigns, solar_profile, synthetic_prices, wind_profile};
use gigatwin_facility::{FacilityYear, WeatherPoint, evaluate_hours, observed, pressure_at};
use gigatwin_factory::{SiteHours, load, site_hours};
use gigatwin_quantity::{Dim, EnergyPrice, Share};
use gigatwin_series::{Clock, Wanted, read_prices, read_weather};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn series(name: &str) -> Option<String> {
    let path = root().join("../shared/data/energy/series").join(name);
    std::fs::read_to_string(path).map_err(|_| eprintln!("SKIPPED: {name} is not beside the project")).ok()
}

/// The catalog, read once for all tests.
static CATALOG: LazyLock<Catalog> = LazyLock::new(Catalog::embedded);

/// The reference gigafactory, moved and cooled otherwise.
fn site(place: &str, country: &str, air: bool) -> SiteHours {
    let text = std::fs::read_to_string(root().join("examples/gigafactory.toml")).unwrap();
    let mut text =
        text.replace("\"stuttgart\"", &format!("{place:?}")).replace("\"DE\"", &format!("{country:?}"));
    if air {
        text = text.replace("\"warm water\"", "\"air\"").replace("supply = \"37 °C\"", "supply = \"25 °C\"");
    }
    let loaded = load("site.toml", text.into_bytes(), &|_, _| Err("extends nothing".to_owned()), &CATALOG);
    site_hours(&loaded.factory.expect("a sound file")).expect("a sound site")
}

fn year(site: &SiteHours, weather: &[WeatherPoint]) -> FacilityYear {
    evaluate_hours(weather, &[site.it_mean], site.it_peak, &site.facility).unwrap().year()
}

#[test]
fn pue_and_water_of_the_synthetic_year() {
    println!("place      cooling     year  PUE real  synthetic  difference  WUE real  synthetic");
    let mut worst = 0.0_f64;
    for (place, country) in [("frankfurt", "DE"), ("london", "GB")] {
        for air in [false, true] {
            let site = site(place, country, air);
            let made = site.climate.synthesise(&site.synoptic, 1).unwrap();
            let synthetic = year(&site, &made.hours);
            for y in 2020..=2024 {
                let Some(text) = series(&format!("weather/open_meteo_{place}_{y}.json")) else { return };
                let file = read_weather(&text).unwrap();
                let pressure = pressure_at(site.climate.altitude);
                let hours: Vec<WeatherPoint> =
                    file.hours.iter().map(|h| observed(h.dry_bulb, h.humidity, pressure)).collect();
                let real = year(&site, &hours);
                let off = synthetic.pue - real.pue;
                worst = worst.max(off.abs());
                let wue = |y: &FacilityYear| y.wue.unwrap().l_per_kwh();
                println!(
                    "{place:10} {:11} {y}  {:8.4}  {:9.4}  {off:+10.4}  {:8.3}  {:9.3}",
                    if air { "air" } else { "warm water" },
                    real.pue,
                    synthetic.pue,
                    wue(&real),
                    wue(&synthetic)
                );
            }
        }
    }
    assert!(worst < 0.02, "{worst}");
}

/// Cost of a flat load, and of what a flat load must still buy beside wind and solar plants of its size: errors of the
/// synthetic year at the yearly level and the seasons of the catalog. Only the errors are printed.
#[test]
fn cost_of_the_synthetic_year() {
    println!("zone   year  flat load  beside wind  beside sun");
    let catalog = &*CATALOG;
    let pct = Share::from_percent;
    let windy = DurationShape { idle_share: pct(2.0), top: pct(97.0), linear_share: pct(5.0) };
    let sunny = DurationShape { idle_share: pct(51.0), top: pct(80.0), linear_share: pct(0.0) };
    // One site is built for all: only how hours differ from the month is taken from it.
    let shape = site("stuttgart", "DE", false).price_shape;
    for (zone, country, latitude, longitude) in [
        ("de_lu", "de", 50.0, 9.0),
        ("fr", "fr", 47.0, 2.0),
        ("es", "es", 40.0, -4.0),
        ("nl", "nl", 52.0, 5.0),
    ] {
        let entry = catalog.entry(Kind::Countries, country).unwrap();
        let months = entry.monthly("wholesale_monthly", Dim::EnergyPrice).unwrap().unwrap().values;
        let mean = months.iter().sum::<f64>() / 12.0;
        for y in [2023, 2024] {
            let Some(text) = series(&format!("prices_tests_only/{zone}_{y}.csv")) else { return };
            let real = read_prices(&text, &Wanted { zone: None, clock: Clock::Central }).unwrap();
            let level = entry
                .figure(&format!("wholesale_{y}"), Dim::EnergyPrice)
                .unwrap()
                .unwrap()
                .distribution
                .base();
            let monthly = months.map(|m| EnergyPrice::from_eur_per_mwh(m / mean * level * 3.6e9));
            let signs = WeatherSigns::new(8760, 0, latitude, longitude, None, None, 1);
            let made = synthetic_prices(&monthly, &shape, &signs, 1, 1);
            // A plant's output in the real year is not in the data: it follows the clock alone there (sun), or nothing (wind).
            let wind = wind_profile(&signs, &windy, pct(28.0)).unwrap();
            let sun = solar_profile(&signs, &sunny, pct(12.0)).unwrap();
            let cost = |prices: &[EnergyPrice], plant: Option<&[Share]>| {
                prices
                    .iter()
                    .enumerate()
                    .map(|(h, p)| p.eur_per_mwh() * (1.0 - plant.map_or(0.0, |s| s[h % 8760].fraction())))
                    .sum::<f64>()
                    / prices.len() as f64
            };
            let off = |plant: Option<&[Share]>| 100.0 * (cost(&made, plant) / cost(&real.hours, plant) - 1.0);
            let (flat, beside_wind, beside_sun) = (off(None), off(Some(&wind)), off(Some(&sun)));
            println!("{zone:6} {y}  {flat:+8.1} %  {beside_wind:+9.1} %  {beside_sun:+8.1} %");
            assert!(flat.abs() < 5.0, "{zone} {y}: {flat}");
        }
    }
}

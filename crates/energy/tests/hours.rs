//! The bill hour by hour: laws, and agreement with the year over duration curves.

use gigatwin_energy::hours::*;
use gigatwin_energy::*;
use gigatwin_quantity::*;
use proptest::prelude::*;

fn pct(p: f64) -> Share {
    Share::from_percent(p)
}

fn eur(p: f64) -> EnergyPrice {
    EnergyPrice::from_eur_per_mwh(p)
}

fn market() -> Market {
    Market {
        wholesale: eur(0.0),
        supplier_margin: eur(2.0),
        network_charge: eur(10.0),
        capacity_charge: PowerRate::ZERO,
        taxes: eur(1.0),
    }
}

fn carbon() -> CarbonInputs {
    CarbonInputs {
        location: CarbonIntensity::from_g_per_kwh(300.0),
        residual: None,
        contracted: CarbonIntensity::ZERO,
    }
}

fn shape() -> DurationShape {
    DurationShape { idle_share: pct(2.0), top: pct(97.0), linear_share: pct(5.0) }
}

fn signs() -> WeatherSigns {
    WeatherSigns::new(8760, 0, 50.0, 8.6, None, None, 1)
}

fn monthly() -> [EnergyPrice; 12] {
    [110.0, 95.0, 80.0, 70.0, 65.0, 60.0, 70.0, 75.0, 80.0, 85.0, 95.0, 100.0].map(eur)
}

fn price_shape() -> PriceShape {
    PriceShape {
        peak: pct(25.0),
        solar_dip: pct(45.0),
        weekend: pct(12.0),
        wind: pct(18.0),
        noise: pct(18.0),
    }
}

#[test]
fn profiles_keep_the_capacity_factor_and_the_night() {
    let wind = wind_profile(&signs(), &shape(), pct(28.0)).unwrap();
    let mean = wind.iter().map(|s| s.fraction()).sum::<f64>() / 8760.0;
    assert!((mean - 0.28).abs() < 1e-9, "{mean}");
    let sunny = DurationShape { idle_share: pct(51.0), top: pct(80.0), linear_share: pct(0.0) };
    let sun = solar_profile(&signs(), &sunny, pct(12.0)).unwrap();
    let at = |hour: usize| (0..365).map(|d| sun[d * 24 + hour].fraction()).sum::<f64>();
    assert!(at(11) > 10.0 * at(19) && at(0) == 0.0, "{} {}", at(11), at(19));
}

#[test]
fn synthetic_prices_keep_monthly_means_and_favour_night_and_noon() {
    let prices = synthetic_prices(&monthly(), &price_shape(), &signs(), 1, 1);
    assert_eq!(prices.len(), 8760);
    let january: f64 = prices[..744].iter().map(|p| p.eur_per_mwh()).sum::<f64>() / 744.0;
    assert!((january - 110.0).abs() < 1e-9);
    let at = |hour: usize| (120..240).map(|d| prices[d * 24 + hour].eur_per_mwh()).sum::<f64>();
    assert!(at(18) > at(12) && at(18) > at(2), "evenings are dear");
    // Windy hours are cheap: the wind's capture rate is below one.
    let wind = wind_profile(&signs(), &shape(), pct(28.0)).unwrap();
    let earned: f64 = wind.iter().zip(&prices).map(|(w, p)| w.fraction() * p.eur_per_mwh()).sum();
    let mean = prices.iter().map(|p| p.eur_per_mwh()).sum::<f64>() / 8760.0;
    let capture = earned / (0.28 * 8760.0) / mean;
    assert!((0.7..0.97).contains(&capture), "{capture}");
}

#[test]
fn an_empty_book_buys_everything_at_the_price_of_the_hour() {
    let load = [Power::from_mw(10.0), Power::from_mw(20.0)];
    let spot = [eur(100.0), eur(-50.0)];
    let tariff = HourlyTariff {
        spot: &spot,
        market: market(),
        fixed: None,
        carbon: carbon(),
        peak: Power::ZERO,
        export_limit: Power::ZERO,
        export_discount: eur(0.0),
    };
    let bill = bill_hours(&load, &[], &tariff).unwrap();
    // 10 · (100 + 2 + 11) + 20 · (−50 + 2 + 11)
    assert!((bill.total().eur() - 390.0).abs() < 1e-6, "{}", bill.total());
    assert!((bill.carbon_location.t() - 9.0).abs() < 1e-9);
    assert_eq!(bill.carbon_free_hourly(pct(40.0)), pct(40.0));
    assert!(bill_hours(&load, &[], &HourlyTariff { spot: &spot[..1], ..tariff }).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn every_hour_balances_and_the_hours_add_up(capacity in 0.0f64..400.0, band in 0.0f64..150.0, price in 20.0f64..120.0) {
        let prices = synthetic_prices(&monthly(), &price_shape(), &signs(), 1, 1);
        let load = vec![Power::from_mw(120.0); 8760];
        let supplies = [
            HourlySupply::Produced { capacity: Power::from_mw(capacity), profile: wind_profile(&signs(), &shape(), pct(28.0)).unwrap(), price: eur(price), on_site: false },
            HourlySupply::Band { power: Power::from_mw(band), price: eur(price), origin: Origin::Unspecified },
        ];
        let tariff = HourlyTariff { spot: &prices, market: market(), fixed: None, carbon: carbon(), peak: Power::from_mw(150.0), export_limit: Power::ZERO, export_discount: eur(0.0) };
        let bill = bill_hours(&load, &supplies, &tariff).unwrap();
        for (h, power) in load.iter().enumerate() {
            let rest = (bill.contracted[h] + bill.bought[h] - *power).w();
            prop_assert!(rest.abs() <= 1e-9 * power.w());
            prop_assert!(bill.surplus[h] >= Power::ZERO && bill.renewable[h] <= bill.contracted[h] + Power::from_w(1e-3));
        }
        let sum: f64 = bill.cost.iter().map(|c| c.eur()).sum();
        prop_assert!((sum - bill.total().eur()).abs() <= 1e-9 * sum.abs().max(1.0));
        prop_assert!(bill.carbon_market <= bill.carbon_location + Mass::from_kg(1e-6));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    /// With nothing to decide, the dispatch is the bill.
    #[test]
    fn without_choices_the_dispatch_is_the_bill(
        elsewhere in 0.0f64..200.0, here in 0.0f64..250.0, band in 0.0f64..60.0, export in 0.0f64..50.0, fixed in any::<bool>(), seed in 0u64..50,
    ) {
        use gigatwin_energy::dispatch::{Band, Case, Plant, Policy, Purchase, Site, Size};
        let n = 240;
        let signs = WeatherSigns::new(n, 4000, 50.0, 8.6, None, None, seed);
        let prices: Vec<EnergyPrice> = signs.wind.iter().zip(&signs.sun).map(|(w, s)| eur(140.0 - 15.0 * w - 90.0 * s)).collect();
        let load = vec![Power::from_mw(120.0); n];
        let produced = |capacity: f64, on_site| HourlySupply::Produced {
            capacity: Power::from_mw(capacity), profile: wind_profile(&signs, &shape(), pct(28.0)).unwrap(), price: eur(60.0), on_site,
        };
        let supplies = [
            produced(elsewhere, false),
            produced(here, true),
            HourlySupply::Band { power: Power::from_mw(band), price: eur(70.0), origin: Origin::Renewable },
        ];
        let price = fixed.then(|| eur(300.0));
        let tariff = HourlyTariff {
            spot: &prices, market: market(), fixed: price, carbon: carbon(), peak: Power::ZERO, export_limit: Power::from_mw(export), export_discount: eur(3.0),
        };
        let bill = bill_hours(&load, &supplies, &tariff).unwrap();
        let mut case = Case::spot(load, prices.clone(), Power::from_mw(200.0));
        case.purchase = price.map_or(Purchase::Spot { margin: eur(2.0) }, |price| Purchase::Fixed { price });
        case.grid.import_charge = eur(11.0);
        case.grid.export_limit = Power::from_mw(export);
        case.grid.export_charge = eur(3.0);
        case.bands = vec![Band { power: Power::from_mw(band), price: eur(70.0), origin: Origin::Renewable }];
        case.plants = supplies.iter().filter_map(|s| match s {
            HourlySupply::Produced { capacity, profile, price, on_site } => Some(Plant {
                technology: Technology::Wind,
                site: if *on_site { Site::OnSite { price: *price } } else { Site::Agreement { price: *price } },
                size: Size::Fixed(*capacity),
                profile: profile.clone(),
            }),
            HourlySupply::Band { .. } => None,
        }).collect();
        let best = case.dispatch(&Policy::default()).unwrap();
        let (a, b) = (bill.total().eur(), best.proof.objective.eur());
        // The dispatch may do better: below zero it draws instead of using its own, or sells what a contract brings and buys.
        prop_assert!(b <= a + 1e-6 * a.abs(), "{a} {b}");
        if prices.iter().all(|p| p.eur_per_mwh() > 3.0) && !fixed {
            prop_assert!((a - b).abs() <= 1e-6 * a.abs(), "{a} {b}");
        }
    }
}

//! Sites for the tests of the dispatch.
#![allow(dead_code)] // each test takes what it needs
use gigatwin_energy::dispatch::*;
use gigatwin_energy::{Origin, Technology};
use gigatwin_quantity::*;
use proptest::prelude::*;

pub fn mw(v: f64) -> Power {
    Power::from_mw(v)
}
pub fn eur(v: f64) -> EnergyPrice {
    EnergyPrice::from_eur_per_mwh(v)
}
pub fn share(v: f64) -> Share {
    Share::from_fraction(v)
}

pub fn battery(power: f64, energy: f64) -> Battery {
    Battery {
        power: Size::Fixed(mw(power)),
        energy: Size::Fixed(Energy::from_mwh(energy)),
        charge_efficiency: share(0.95),
        discharge_efficiency: share(0.9),
        standing_loss: share(0.0),
        wear: eur(2.0),
        start: BatteryStart::Cyclic,
    }
}

pub fn plant(technology: Technology, size: f64, profile: &[f64]) -> Plant {
    Plant {
        technology,
        site: Site::OnSite { price: EnergyPrice::ZERO },
        size: Size::Fixed(mw(size)),
        profile: profile.iter().map(|p| share(*p)).collect(),
    }
}

/// Any site with everything there is, whose connection alone could serve it.
pub fn site(hours: usize) -> impl Strategy<Value = Case> {
    (
        prop::collection::vec(-80.0f64..300.0, hours),
        prop::collection::vec(0.0f64..1.0, hours),
        prop::collection::vec(0.0f64..1.0, hours),
        prop::collection::vec(40.0f64..100.0, hours),
        (0.0f64..150.0, 0.0f64..150.0, 1.0f64..60.0, 1.0f64..200.0),
        (0.0f64..80.0, 0.0f64..40.0, 0.0f64..60.0, 0.0f64..0.3, 0usize..2),
        (any::<bool>(), any::<bool>(), any::<bool>(), 0.0f64..60.0),
    )
        .prop_map(|(price, pv, wind, load, (solar, turbines, power, energy), flex, kind)| {
            let (export, band, agreement, flexible, block) = flex;
            let (fixed, cyclic, peak, charge) = kind;
            let mut case = Case::spot(
                load.iter().map(|l| mw(*l)).collect(),
                price.iter().map(|p| eur(*p)).collect(),
                mw(115.0),
            );
            case.grid.export_limit = mw(export);
            case.grid.export_charge = eur(2.0);
            case.grid.import_charge = eur(charge);
            if peak {
                case.grid.peak_charge = PowerRate::from_eur_per_kw_year(90.0);
            }
            if fixed {
                case.purchase = Purchase::Fixed { price: eur(110.0) };
            }
            case.bands = vec![Band { power: mw(band), price: eur(70.0), origin: Origin::Renewable }];
            case.plants = vec![
                plant(Technology::Solar, solar, &pv),
                plant(Technology::Wind, turbines, &wind),
                Plant {
                    site: Site::Agreement { price: eur(60.0) },
                    ..plant(Technology::Wind, agreement, &wind)
                },
            ];
            let mut b = battery(power, energy);
            b.standing_loss = share(0.001);
            if !cyclic {
                b.start = BatteryStart::Level(Energy::from_mwh(energy * 0.5));
            }
            case.battery = Some(b);
            case.cap = Some(PowerCap { share: share(flexible), value: eur(150.0) });
            case.deferral = Some(Deferral {
                share: share(flexible),
                catch_up: mw(15.0),
                block: [12, 24][block],
                cost: eur(1.0),
            });
            case
        })
}

/// The same site with both plants and the battery of any size, at these costs (EUR per kW and year; EUR per MWh and year: a thousandfold).
pub fn of_any_size(mut case: Case, solar: f64, cells: f64) -> Case {
    let free = |yearly: f64| Size::Free { most: mw(200.0), yearly: PowerRate::from_eur_per_kw_year(yearly) };
    case.plants[0].size = free(solar);
    case.plants[1].size = free(2.0 * solar);
    if let Some(b) = case.battery.as_mut() {
        b.start = BatteryStart::Cyclic;
        b.power = free(cells);
        b.energy = Size::Free { most: Energy::from_mwh(800.0), yearly: eur(1e3 * cells) };
    }
    case
}

//! The site's year: state mix and mean power, power chain and cooling, energy, carbon and water.

use gigatwin_energy::{
    CarbonInputs, Contract as Supply, Demand, DurationShape, EnergyYear, Market, Origin, PayAsProduced,
    Technology as Source, evaluate as evaluate_energy, solar_capacity_factor,
};
use gigatwin_facility::{
    Adiabatic, Backup, Chiller, FacilityInputs, FacilityYear, HeatPump, HeatReuse, ItProfile, LoopInputs,
    PowerChain, Redundancy, Stage, Tower, evaluate_year,
};
use gigatwin_quantity::{EnergyPrice, Power, PowerRate, Share, Temperature};

use super::Physical;
use super::machine::power;
use super::sheet::Sheet;
use super::uses::{Running, mix};
use crate::inputs::Values;
use crate::resolved::{Contract, CoolingKind, Delivery, Factory, NetworkCharge, Technology};

/// The year of one draw.
#[derive(Debug, Clone)]
pub(crate) struct SiteYear {
    pub facility: FacilityYear,
    pub energy: EnergyYear,
    /// Facility energy over IT energy.
    pub pue: f64,
}

/// Evaluates the year.
pub(crate) fn evaluate(
    f: &Factory,
    v: &Values<'_>,
    p: &Physical,
    running: Running,
    sheet: &mut Sheet,
) -> Result<SiteYear, String> {
    let common = p.networks.power + p.networks.storage_power;
    let (mut mean, mut peak, mut liquid) = (common, common, 0.0);
    let mut racks = Power::ZERO;
    let mut first_phase = Power::ZERO;
    for (i, machine) in p.machines.iter().enumerate() {
        let power = power(machine, mix(f, v, p, i, 0..24, running))?;
        mean += power.mean;
        peak += power.peak;
        racks += power.peak;
        liquid += power.peak.w() * v.get(f.partitions[i].liquid_share).fraction();
        if f.partitions[i].phase == 0 {
            first_phase += power.peak;
        }
    }
    mean = (mean * v.number(f.bands.it_power)).min(peak);
    let profile = ItProfile { mean, peak };
    let inputs = facility(f, v, Share::from_fraction(liquid / racks.w()));
    let mut year = evaluate_year(&f.weather, profile, &inputs).map_err(|e| e.to_string())?;
    // The plant's own error widens the overhead, at the peak as over the year, not the IT part.
    let overhead = v.number(f.bands.pue_overhead);
    year.peak_facility_power = peak + (year.peak_facility_power - peak) * overhead;
    sheet.put("site.it_power", peak.w());
    sheet.put("site.it_power.phase_1", (first_phase + common * (first_phase / racks)).w());
    sheet.put("site.it_power.final", peak.w());
    sheet.put("site.it_power_mean", mean.w());
    sheet.put("site.facility_power", year.peak_facility_power.w());
    let pue = 1.0 + (year.pue - 1.0) * overhead;
    let seconds = YEAR;
    let it_energy = mean.w() * seconds;
    let total = it_energy * pue;
    let scale = seconds / year.duration.s();
    let pump = year.energy_heat_pump.joules() * scale;
    sheet.put("energy.it_annual", it_energy);
    sheet.put("energy.annual", total);
    sheet.put("site.facility_power_mean", total / seconds);
    sheet.put("site.pue", pue);
    sheet.put_some("site.wue", year.wue.map(gigatwin_quantity::Quantity::base));
    sheet.put("site.erf", (year.heat_reused.joules() * scale / total).min(1.0));
    sheet.put_some("energy.water_annual", year.water.map(|w| w.litres() * scale));
    sheet.put("energy.heat_sold", year.heat_sold.joules() * scale);
    let (firm, flexible) = (v.get(f.site.firm), f.site.flexible.map_or(Power::ZERO, |x| v.get(x)));
    sheet.put("site.grid_firm", firm.w());
    sheet.put("site.grid_flexible", flexible.w());
    sheet.put("site.grid_headroom", (firm + flexible - year.peak_facility_power).w());
    sheet.put("site.it_share_of_grid", peak / firm);
    backup(f, v, year.peak_facility_power, sheet)?;
    let demand = Demand {
        energy: gigatwin_quantity::Energy::from_joules(total + pump),
        duration: gigatwin_quantity::Time::from_s(seconds),
        peak: year.peak_facility_power,
    };
    let energy = supply(f, v, &demand, sheet)?;
    sheet.put("energy.cost_annual", energy.cost.eur() * (total / (total + pump)));
    sheet.put("energy.price", energy.cost.eur() / (total + pump));
    sheet.put("energy.carbon_annual", energy.carbon_location.kg());
    sheet.put("energy.carbon_market_annual", energy.carbon_market.kg());
    sheet.put("energy.renewable_share_annual", energy.renewable_share_annual.fraction());
    sheet.put_some("energy.renewable_share_hourly", energy.renewable_share_hourly.map(Share::fraction));
    Ok(SiteYear { facility: year, energy, pue })
}

/// Mean Gregorian year in seconds.
pub(crate) const YEAR: f64 = 365.2425 * 86_400.0;

fn redundancy(f: &Factory) -> Redundancy {
    match f.site.redundancy.as_str() {
        "N" => Redundancy::N,
        "2N" => Redundancy::TwoN,
        _ => Redundancy::NPlus1,
    }
}

/// What the backup plant is laid out by.
pub(crate) fn backup_inputs(f: &Factory, v: &Values<'_>) -> Backup {
    Backup {
        autonomy: v.get(f.site.backup),
        carried: v.get(f.site.backed_share),
        efficiency: v.get(f.defaults.plant.backup_efficiency),
        fuel_kwh_per_litre: Some(f.hourly.fuel_kwh_per_litre),
        set_power: v.get(f.defaults.plant.backup_set_power),
        redundancy: redundancy(f),
    }
}

fn backup(f: &Factory, v: &Values<'_>, peak: Power, sheet: &mut Sheet) -> Result<(), String> {
    let autonomy = v.get(f.site.backup);
    sheet.put("site.backup_hours", autonomy.s());
    if autonomy.s() == 0.0 {
        sheet.put("site.backup_fuel", 0.0);
        return Ok(());
    }
    let plant = backup_inputs(f, v).size(peak).map_err(|e| e.to_string())?;
    sheet.put("site.backup_fuel", plant.fuel.joules());
    Ok(())
}

pub(crate) fn facility(f: &Factory, v: &Values<'_>, liquid_share: Share) -> FacilityInputs {
    let d = &f.defaults;
    let plant = &d.plant;
    let adiabatic = f.site.cooling.adiabatic.then(|| Adiabatic {
        effectiveness: v.get(plant.adiabatic_effectiveness),
        start_flow: v.get(plant.adiabatic_start_flow),
        concentration_cycles: v.number(plant.adiabatic_concentration_cycles),
    });
    let tower = f.site.cooling.tower.then(|| Tower {
        evaporated: f.hourly.tower_evaporated,
        concentration_cycles: v.number(plant.adiabatic_concentration_cycles),
    });
    let chiller = Chiller {
        carnot_share: v.get(plant.chiller_carnot_share),
        evaporator_approach: v.get(plant.chiller_evaporator_approach),
        condenser_approach: v.get(plant.chiller_condenser_approach),
        cop_max: v.number(plant.chiller_cop_max),
    };
    macro_rules! cooling_loop {
        ($from:expr, $supply:expr, $adiabatic:expr, $chiller:expr) => {{
            let l = $from;
            LoopInputs {
                supply: $supply,
                range: v.get(l.range),
                approach: v.get(l.approach),
                fan_power_share: v.get(l.fan_power_share),
                minimum_flow: v.get(l.minimum_flow),
                pump_power_share: v.get(l.pump_power_share),
                pump_exponent: v.number(l.pump_exponent),
                air_mover_share: v.get(l.air_mover_share),
                adiabatic: $adiabatic,
                tower,
                chiller: $chiller,
            }
        }};
    }
    // Without heat in the liquid a warm loop does not exist, and its temperature is nobody's business.
    let supply = || v.get(f.site.cooling.supply);
    let wet = liquid_share.fraction() > 0.0;
    let (liquid_share, liquid, air_supply) = match f.site.cooling.kind {
        // A warm loop needs its chiller only in hours in which even wetted coolers do not reach the supply temperature.
        CoolingKind::WarmWater if wet => (
            liquid_share,
            Some(cooling_loop!(&d.warm, supply(), adiabatic, Some(chiller))),
            v.get(d.air.supply),
        ),
        CoolingKind::WarmWater => (liquid_share, None, v.get(d.air.supply)),
        // Chilled water also feeds the coils that cool the room.
        CoolingKind::ChilledWater => {
            let water = cooling_loop!(&d.cold, supply(), adiabatic, Some(chiller));
            (liquid_share, wet.then_some(water), supply())
        }
        // The temperature stated for air cooling is the room's; the water that makes it is colder.
        CoolingKind::Air => {
            let water = supply().celsius() - v.get(d.general.room_coil_approach).kelvin();
            (Share::ZERO, None, Temperature::from_celsius(water))
        }
    };
    let stage = |no_load, proportional, quadratic, units, indoors| Stage {
        no_load: v.get(no_load),
        proportional: v.get(proportional),
        quadratic: v.get(quadratic),
        redundancy: redundancy(f),
        units: v.number(units),
        indoors,
    };
    FacilityInputs {
        liquid_share,
        liquid,
        air: cooling_loop!(&d.air, air_supply, adiabatic, Some(chiller)),
        chain: PowerChain {
            it: vec![
                stage(
                    plant.distribution_no_load,
                    plant.distribution_proportional,
                    plant.distribution_quadratic,
                    plant.distribution_units,
                    true,
                ),
                stage(plant.ups_no_load, plant.ups_proportional, plant.ups_quadratic, plant.ups_units, true),
            ],
            site: vec![stage(
                plant.transformer_no_load,
                plant.transformer_proportional,
                plant.transformer_quadratic,
                plant.transformer_units,
                false,
            )],
        },
        fixed_load_share: v.get(plant.fixed_load_share),
        heat_reuse: f.site.heat.as_ref().filter(|_| wet && f.site.cooling.kind != CoolingKind::Air).map(
            |h| HeatReuse {
                buyer_supply: v.get(h.supply),
                limit: v.get(h.up_to),
                exchanger_approach: v.get(plant.heat_exchanger_approach),
                heat_pump: Some(HeatPump {
                    carnot_share: v.get(plant.heat_pump_carnot_share),
                    approach: v.get(plant.heat_pump_approach),
                }),
                base_share: v.get(h.base),
                full_below: v.get(plant.heat_full_below),
                heating_limit: v.get(plant.heat_heating_limit),
            },
        ),
        cdu_pump_share: f.hourly.cdu_pump_share,
        design_point: None,
    }
}

/// Middle of the year of the catalog's latest day-ahead prices: 2025-07-01.
const PRICES: f64 = 20_270.0;

/// Day-ahead mean of the opening year: prices of the catalog's year grow until the site opens.
pub(crate) fn spot(f: &Factory, v: &Values<'_>, sheet: &Sheet) -> EnergyPrice {
    let years = ((sheet.at("schedule.opening") - PRICES) / 365.2425).clamp(0.0, 15.0);
    v.get(f.energy.spot) * (1.0 + v.get(f.energy.growth).per_year()).powf(years)
}

/// The contracts as the energy engine knows them.
pub(crate) fn contracts(f: &Factory, v: &Values<'_>) -> Vec<Supply> {
    let d = &f.defaults.contracts;
    let shape = |idle, top, linear| DurationShape {
        idle_share: v.get(idle),
        top: v.get(top),
        linear_share: v.get(linear),
    };
    let mut contracts = Vec::with_capacity(f.energy.contracts.len());
    for contract in &f.energy.contracts {
        contracts.push(match contract {
            Contract::Spot => Supply::Spot,
            Contract::Fixed { capacity: None, price } => Supply::Fixed { price: v.get(*price) },
            Contract::Fixed { capacity: Some(power), price } => {
                Supply::Baseload { power: v.get(*power), price: v.get(*price), origin: Origin::Unspecified }
            }
            Contract::Ppa { technology, delivery: Delivery::Baseload, capacity, price } => Supply::Baseload {
                power: v.get(*capacity),
                price: v.get(*price),
                // Hydro, sun and wind count as renewable, nuclear does not.
                origin: if *technology == Technology::Nuclear {
                    Origin::CarbonFree
                } else {
                    Origin::Renewable
                },
            },
            Contract::Ppa { technology, delivery, capacity, price } => {
                let produced = |technology, factor: Share, capture, shape| {
                    Supply::PayAsProduced(PayAsProduced {
                        technology,
                        capacity: v.get(*capacity),
                        capacity_factor: factor,
                        price: v.get(*price),
                        capture_rate: v.number(capture),
                        shape: Some(shape),
                        on_site: *delivery == Delivery::OnSite,
                    })
                };
                match technology {
                    Technology::OffshoreWind => produced(
                        Source::Wind,
                        v.get(d.offshore_capacity_factor),
                        d.offshore_capture_rate,
                        shape(d.offshore_idle_share, d.offshore_top, d.offshore_linear_share),
                    ),
                    Technology::Solar => {
                        let factor = match f.site.climate.mean_irradiance() {
                            Some(g) => solar_capacity_factor(
                                g,
                                v.number(d.solar_tilt_gain),
                                v.get(d.solar_performance_ratio),
                            ),
                            None => v.get(d.solar_capacity_factor),
                        };
                        produced(
                            Source::Solar,
                            factor,
                            d.solar_capture_rate,
                            shape(d.solar_idle_share, d.solar_top, d.solar_linear_share),
                        )
                    }
                    // Hydro and nuclear never get here: they deliver a band.
                    Technology::Wind | Technology::Hydro | Technology::Nuclear => produced(
                        Source::Wind,
                        v.get(d.wind_capacity_factor),
                        d.wind_capture_rate,
                        shape(d.wind_idle_share, d.wind_top, d.wind_linear_share),
                    ),
                }
            }
        });
    }
    contracts
}

/// Charges of the place around a mean day-ahead price.
pub(crate) fn market(f: &Factory, v: &Values<'_>, spot: EnergyPrice) -> Market {
    let (network, taxes) = match f.energy.network_and_levies {
        NetworkCharge::Given(given) => (v.get(given), EnergyPrice::ZERO),
        NetworkCharge::Country { fees, tax } => (v.get(fees), v.get(tax)),
    };
    Market {
        wholesale: spot,
        supplier_margin: v.get(f.energy.margin),
        network_charge: network,
        capacity_charge: v.get(f.defaults.contracts.capacity_charge).max(PowerRate::ZERO),
        taxes,
    }
}

/// Emissions of the place and of contracts.
pub(crate) fn carbon(f: &Factory, v: &Values<'_>) -> CarbonInputs {
    CarbonInputs {
        location: v.get(f.energy.carbon_intensity),
        residual: None,
        contracted: v.get(f.defaults.contracts.contracted_carbon),
    }
}

fn supply(f: &Factory, v: &Values<'_>, demand: &Demand, sheet: &Sheet) -> Result<EnergyYear, String> {
    let market = market(f, v, spot(f, v, sheet));
    evaluate_energy(demand, &contracts(f, v), &market, &carbon(f, v)).map_err(|e| e.to_string())
}

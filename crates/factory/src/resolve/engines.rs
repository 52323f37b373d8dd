//! Fitted parameters of the engines: data of the catalog, not inputs to be varied (their error enters as a band).

use gigatwin_catalog::{Entry, Kind};
use gigatwin_energy::hours::PriceShape;
use gigatwin_facility::{Climate, Redundancy, Stage, SynopticInputs, WeatherPoint, compress};
use gigatwin_quantity::{Bandwidth, Data, Dim, EnergyPrice, HourPrice, PowerPrice, Quantity, Share, Time};
use gigatwin_serving::EngineInputs;
use gigatwin_training::{Calibration, ChipFactors, PRIORS, TrainingState};

use super::builder::Builder;
use super::defaults::Synoptic;
use crate::diagnostic::Span;
use crate::evaluate::serve::ServingModel;
use crate::evaluate::train::TrainingModel;
use crate::inputs::{In, Plain, Values};

/// Model errors as factors around one, from out-of-fold validation.
#[derive(Debug)]
pub(crate) struct Bands {
    pub training_step_time: In<Plain>,
    pub training_step_time_moe: In<Plain>,
    pub serving_tpot: In<Plain>,
    pub serving_ttft: In<Plain>,
    pub it_power: In<Plain>,
    pub pue_overhead: In<Plain>,
}

impl Bands {
    pub(super) fn read(b: &mut Builder<'_>, span: Span) -> Option<Self> {
        let mut factor = |name: &str| b.default("bands", name, Dim::Ratio, &format!("model.{name}"), span);
        let training_step_time = factor("training_step_time");
        let training_step_time_moe = factor("training_step_time_moe");
        let serving_tpot = factor("serving_tpot");
        let serving_ttft = factor("serving_ttft");
        let it_power = factor("it_power");
        let pue_overhead = factor("pue_overhead");
        Some(Bands {
            training_step_time: training_step_time?,
            training_step_time_moe: training_step_time_moe?,
            serving_tpot: serving_tpot?,
            serving_ttft: serving_ttft?,
            it_power: it_power?,
            pue_overhead: pue_overhead?,
        })
    }
}

/// Base value of a figure in base units.
fn base(entry: &Entry, key: &str, dim: Dim) -> Option<f64> {
    entry.figure(key, dim).ok().flatten().map(|v| v.distribution.base())
}

fn missing(b: &mut Builder<'_>, room: &str, span: Span) {
    let message = format!("the catalog's parameters of {room} are not complete");
    b.error("G304", span, message, format!("mend defaults/{room}.toml"));
}

/// The training engine, with the factors of the chips that the factory uses.
pub(super) fn training(b: &mut Builder<'_>, chips: &[String], span: Span) -> Option<TrainingModel> {
    let entry = b.entry(Kind::Defaults, "training", span)?;
    let read = (|| {
        let number = |key: &str| base(&entry, key, Dim::Ratio);
        let mut fitted = PRIORS.map(|p| p.centre);
        for (slot, p) in fitted.iter_mut().zip(PRIORS) {
            *slot = if p.time { base(&entry, p.name, Dim::Time)? * 1e6 } else { number(p.name)? };
        }
        let global = Calibration::from_array(fitted, number("compute_units")?);
        let mut factors = Vec::new();
        for chip in chips {
            let key = |what: &str| format!("chip_{}_{what}", chip.replace('-', "_"));
            let one = |what: &str| number(&key(what));
            let known = ["gemm_bf16", "gemm_low", "attention", "compute_units", "host_link"]
                .iter()
                .any(|w| one(w).is_some());
            if known {
                let found = ChipFactors {
                    gemm_bf16: one("gemm_bf16").unwrap_or(1.0),
                    gemm_low: one("gemm_low").unwrap_or(1.0),
                    attention: one("attention").unwrap_or(1.0),
                    compute_units: one("compute_units"),
                    host_link: base(&entry, &key("host_link"), Dim::Bandwidth)
                        .map(Bandwidth::from_bytes_per_s),
                };
                factors.push((chip.clone(), found));
            }
        }
        let state = TrainingState {
            weight_bytes: number("state_weight_bytes")?,
            gradient_bytes: number("state_gradient_bytes")?,
            optimizer_bytes: number("state_optimizer_bytes")?,
            gradient_wire_bytes: number("state_gradient_wire_bytes")?,
            workspace: Data::from_bytes(base(&entry, "state_workspace", Dim::Data)?),
            fragmentation: Share::from_fraction(base(&entry, "state_fragmentation", Dim::Share)?),
            logit_bytes: number("state_logit_bytes")?,
            narrow_inputs: true,
            expert_imbalance: number("state_expert_imbalance")?,
        };
        let evaluation_share = Share::from_fraction(base(&entry, "campaign_evaluation_share", Dim::Share)?);
        Some(TrainingModel { state, evaluation_share, global, chips: factors })
    })();
    if read.is_none() {
        missing(b, "training", span);
    }
    read
}

/// The serving engine.
pub(super) fn serving(b: &mut Builder<'_>, span: Span) -> Option<ServingModel> {
    let entry = b.entry(Kind::Defaults, "serving", span)?;
    let read = (|| {
        let number = |key: &str| base(&entry, key, Dim::Ratio);
        let calibration = gigatwin_serving::Calibration::read(|key, time| {
            base(&entry, key, if time { Dim::Time } else { Dim::Ratio })
        })?;
        let engine = EngineInputs {
            memory_utilisation: Share::from_fraction(base(&entry, "memory_utilisation", Dim::Share)?),
            activation_reserve: Data::from_bytes(base(&entry, "activation_reserve", Dim::Data)?),
            chunk_tokens: number("chunk_tokens")?,
            max_batch: number("max_batch")? as u32,
            expert_imbalance: number("expert_imbalance")?,
            arrival_cv2: number("arrival_cv2")?,
            prompt_cv2: number("prompt_cv2")?,
            prefix_hit: Share::ZERO,
            speculation: None,
            shared_prefix: None,
        };
        Some(ServingModel {
            calibration,
            engine,
            max_chips_per_replica: number("max_chips_per_replica")? as u32,
            spare_replicas: number("spare_replicas")? as u32,
        })
    })();
    if read.is_none() {
        missing(b, "serving", span);
    }
    read
}

/// Coefficients of the hourly year that a factory file does not name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HourlyDefaults {
    pub synoptic: SynopticInputs,
    pub price: PriceShape,
    pub cap_speed_exponent: f64,
    pub swing_ramp: Time,
    pub power_factor: Share,
    pub tower_evaporated: Share,
    pub charge_efficiency: Share,
    pub discharge_efficiency: Share,
    pub wear: EnergyPrice,
    pub battery_power_cost: PowerPrice,
    pub solar_cost: PowerPrice,
    pub wind_cost: PowerPrice,
    pub upkeep: Share,
    pub solar_life: Time,
    pub wind_life: Time,
    pub battery_life: Time,
    pub rate: Share,
    pub export_discount: EnergyPrice,
    pub curtailed: Share,
    pub hour_value: HourPrice,
    pub deferral_cost: EnergyPrice,
    pub price_error: EnergyPrice,
    pub generation_error: Share,
    pub fuel_kwh_per_litre: f64,
    pub cdu_pump_share: Share,
    /// In the rack's power shelves.
    pub rectifier: Stage,
    pub battery_price: EnergyPrice,
}

impl HourlyDefaults {
    pub(super) fn read(b: &mut Builder<'_>, synoptic: &Synoptic, span: Span) -> Option<Self> {
        let energy = b.entry(Kind::Defaults, "energy", span)?;
        let facility = b.entry(Kind::Defaults, "facility", span)?;
        let factory = b.entry(Kind::Defaults, "factory", span)?;
        let values = b.inputs.base();
        let synoptic = synoptic_inputs(&Values::new(&b.inputs, &values), synoptic);
        let read = (|| {
            let share = |key: &str| base(&energy, key, Dim::Share).map(Share::from_fraction);
            let price = |key: &str| base(&energy, key, Dim::EnergyPrice).map(EnergyPrice::from_base);
            let cost = |key: &str| base(&energy, key, Dim::PowerPrice).map(PowerPrice::from_base);
            let time = |key: &str| base(&energy, key, Dim::Time).map(Time::from_s);
            Some(HourlyDefaults {
                synoptic,
                price: PriceShape {
                    peak: share("price_peak")?,
                    solar_dip: share("price_solar_dip")?,
                    weekend: share("price_weekend")?,
                    wind: share("price_wind")?,
                    noise: share("price_noise")?,
                },
                cap_speed_exponent: base(&facility, "cap_speed_exponent", Dim::Ratio)?,
                swing_ramp: base(&facility, "swing_ramp", Dim::Time).map(Time::from_s)?,
                power_factor: base(&facility, "power_factor", Dim::Share).map(Share::from_fraction)?,
                tower_evaporated: base(&facility, "tower_evaporated", Dim::Share)
                    .map(Share::from_fraction)?,
                charge_efficiency: share("battery_charge_efficiency")?,
                discharge_efficiency: share("battery_discharge_efficiency")?,
                wear: price("battery_wear")?,
                battery_power_cost: cost("battery_power_cost")?,
                solar_cost: cost("solar_cost")?,
                wind_cost: cost("wind_cost")?,
                upkeep: share("plant_upkeep")?,
                solar_life: time("solar_life")?,
                wind_life: time("wind_life")?,
                battery_life: time("battery_life")?,
                rate: share("plant_rate")?,
                export_discount: price("export_discount")?,
                curtailed: share("flexible_curtailed")?,
                hour_value: base(&energy, "flexibility_hour_value", Dim::HourPrice)
                    .map(HourPrice::from_base)?,
                deferral_cost: price("flexibility_deferral_cost")?,
                price_error: price("forecast_price_error")?,
                generation_error: share("forecast_generation_error")?,
                cdu_pump_share: base(&facility, "cdu_pump_share", Dim::Share).map(Share::from_fraction)?,
                rectifier: {
                    let part = |key: &str| base(&facility, key, Dim::Share).map(Share::from_fraction);
                    Stage {
                        no_load: part("rectifier_no_load")?,
                        proportional: part("rectifier_proportional")?,
                        quadratic: part("rectifier_quadratic")?,
                        redundancy: Redundancy::NPlus1,
                        units: base(&facility, "rectifier_units", Dim::Count)?,
                        indoors: true,
                    }
                },
                fuel_kwh_per_litre: base(&facility, "backup_fuel_kwh_per_litre", Dim::Ratio)?,
                battery_price: base(&factory, "battery_price", Dim::EnergyPrice)
                    .map(EnergyPrice::from_base)?,
            })
        })();
        if read.is_none() {
            missing(b, "energy", span);
        }
        read
    }
}

/// Seed of the synthetic year: the same for every site, so that two designs differ by design and not by weather.
const WEATHER_SEED: u64 = 1;

/// The synthetic year of a place, compressed into points.
pub(super) fn weather(
    b: &mut Builder<'_>,
    climate: &Climate,
    synoptic: &Synoptic,
    span: Span,
) -> Option<Vec<WeatherPoint>> {
    let values = b.inputs.base();
    let v = Values::new(&b.inputs, &values);
    let inputs = synoptic_inputs(&v, synoptic);
    match climate.synthesise(&inputs, WEATHER_SEED) {
        Ok(year) => Some(compress(&year.hours)),
        Err(e) => {
            b.error(
                "G305",
                span,
                format!("the climate of the place: {e}"),
                "gigatwin catalog check lists all faults",
            );
            None
        }
    }
}

fn synoptic_inputs(v: &Values<'_>, synoptic: &Synoptic) -> SynopticInputs {
    SynopticInputs {
        deviation_cold: v.get(synoptic.deviation_cold),
        deviation_warm: v.get(synoptic.deviation_warm),
        persistence: v.get(synoptic.persistence),
        moisture_follow_cold: v.get(synoptic.moisture_follow_cold),
        moisture_follow_warm: v.get(synoptic.moisture_follow_warm),
        moisture_scatter: v.get(synoptic.moisture_scatter),
        range_scatter: v.get(synoptic.range_scatter),
        range_correlation: v.get(synoptic.range_correlation),
        warmest_hour: Time::from_s(v.get(synoptic.warmest_hour).s()),
    }
}

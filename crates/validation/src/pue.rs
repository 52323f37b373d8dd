//! Annual PUE from cooling type and climate, with the catalog's plant as it stands: nothing is fitted.
//!
//! Few sites publish a measured PUE together with what a design needs, so this is a list of rows and not yet a bar.
//! Means of an operator's fleet say neither climate nor cooling; they are a metric of their own (`pue_fleet`) and are
//! predicted with one documented stand-in: room air with adiabatic assist in a temperate climate.

use gigatwin_catalog::{Catalog, CatalogError, Entry, Kind};
use gigatwin_facility::{
    Adiabatic, Chiller, Climate, FacilityInputs, ItProfile, LoopInputs, PowerChain, Redundancy, Stage,
    SynopticInputs, compress, evaluate_year,
};
use gigatwin_quantity::{Dim, Length, Power, Share, Temperature, TemperatureDifference, Time};

use crate::report::{Fold, Prediction, Refusal, Report};
use crate::table::{Row, Table, ValidationError};

const SHIPPED: &str = include_str!("../../../validation/pue.csv");
const REQUIRED: [&str; 1] = ["id"];
/// Mean over provisioned IT power where a table has no `load_pct`.
const LOAD: f64 = 0.7;
/// Annual mean and warmest month of the stand-in climate of a fleet, °C.
const FLEET_CLIMATE: (f64, f64) = (12.0, 22.0);
/// Relative humidity where a table says nothing of it: about the mean of the places of the catalog.
const HUMIDITY: f64 = 0.73;
/// Mean daily range where a table says nothing of it, K.
const DAILY_RANGE: f64 = 8.0;
/// The overhead (PUE − 1) is taken to lie within these factors of the predicted one in 80 of 100 sites. Assumed: too few
/// rows for error quantiles.
const BAND: (f64, f64) = (0.6, 1.7);

#[derive(Clone, Copy, PartialEq)]
enum Cooling {
    WarmWater,
    ColdWater,
    Air,
}

impl Cooling {
    fn prefix(self) -> &'static str {
        match self {
            Cooling::WarmWater => "warm_water",
            Cooling::ColdWater => "cold_water",
            Cooling::Air => "air",
        }
    }
}

/// Base values of the catalog's defaults. A missing figure is an error of the catalog, told as a refusal.
struct Defaults(Entry);

impl Defaults {
    fn number(&self, key: &str, dim: Dim) -> Result<f64, String> {
        self.0
            .figure(key, dim)
            .map_err(|e: CatalogError| e.to_string())?
            .map(|v| v.distribution.base())
            .ok_or_else(|| format!("the catalog has no default {key}"))
    }

    fn share(&self, key: &str) -> Result<Share, String> {
        self.number(key, Dim::Share).map(Share::from_fraction)
    }

    fn kelvin(&self, key: &str) -> Result<TemperatureDifference, String> {
        self.number(key, Dim::TemperatureDifference).map(TemperatureDifference::from_kelvin)
    }

    fn cooling_loop(&self, part: &str, adiabatic: bool, chiller: bool) -> Result<LoopInputs, String> {
        let key = |name: &str| format!("{part}_{name}");
        Ok(LoopInputs {
            supply: Temperature::from_celsius(self.number(&key("supply"), Dim::Temperature)?),
            range: self.kelvin(&key("range"))?,
            approach: self.kelvin(&key("approach"))?,
            fan_power_share: self.share(&key("fan_power_share"))?,
            minimum_flow: self.share(&key("minimum_flow"))?,
            pump_power_share: self.share(&key("pump_power_share"))?,
            pump_exponent: self.number(&key("pump_exponent"), Dim::Ratio)?,
            air_mover_share: self.share(&key("air_mover_share"))?,
            tower: None,
            adiabatic: if adiabatic {
                Some(Adiabatic {
                    effectiveness: self.share("adiabatic_effectiveness")?,
                    start_flow: self.share("adiabatic_start_flow")?,
                    concentration_cycles: self.number("adiabatic_concentration_cycles", Dim::Ratio)?,
                })
            } else {
                None
            },
            chiller: if chiller {
                Some(Chiller {
                    carnot_share: self.share("chiller_carnot_share")?,
                    evaporator_approach: self.kelvin("chiller_evaporator_approach")?,
                    condenser_approach: self.kelvin("chiller_condenser_approach")?,
                    cop_max: self.number("chiller_cop_max", Dim::Ratio)?,
                })
            } else {
                None
            },
        })
    }

    fn stage(&self, part: &str, redundancy: Redundancy, indoors: bool) -> Result<Stage, String> {
        Ok(Stage {
            no_load: self.share(&format!("{part}_no_load"))?,
            proportional: self.share(&format!("{part}_proportional"))?,
            quadratic: self.share(&format!("{part}_quadratic"))?,
            redundancy,
            units: self.number(&format!("{part}_units"), Dim::Count)?,
            indoors,
        })
    }

    fn synoptic(&self) -> Result<SynopticInputs, String> {
        Ok(SynopticInputs {
            deviation_cold: self.kelvin("synoptic_deviation_cold")?,
            deviation_warm: self.kelvin("synoptic_deviation_warm")?,
            persistence: self.share("synoptic_persistence")?,
            moisture_follow_cold: self.share("synoptic_moisture_follow_cold")?,
            moisture_follow_warm: self.share("synoptic_moisture_follow_warm")?,
            moisture_scatter: self.share("synoptic_moisture_scatter")?,
            range_scatter: self.share("synoptic_range_scatter")?,
            range_correlation: self.share("synoptic_range_correlation")?,
            warmest_hour: Time::from_s(self.number("synoptic_warmest_hour", Dim::Time)?),
        })
    }

    fn site(&self, cooling: Cooling) -> Result<FacilityInputs, String> {
        Ok(FacilityInputs {
            liquid_share: self.share(&format!("{}_liquid_share", cooling.prefix()))?,
            liquid: match cooling {
                Cooling::Air => None,
                Cooling::WarmWater => Some(self.cooling_loop("warm_water", true, false)?),
                Cooling::ColdWater => Some(self.cooling_loop("cold_water", true, true)?),
            },
            air: self.cooling_loop("air", true, true)?,
            chain: PowerChain {
                it: vec![
                    self.stage("distribution", Redundancy::N, true)?,
                    self.stage("ups", Redundancy::NPlus1, true)?,
                ],
                site: vec![self.stage("transformer", Redundancy::NPlus1, false)?],
            },
            fixed_load_share: self.share("fixed_load_share")?,
            heat_reuse: None,
            cdu_pump_share: Share::ZERO,
            design_point: None,
        })
    }
}

/// Cosine year with its peak in July, as for the places of the catalog without a series.
fn climate(mean: f64, warmest: f64) -> Climate {
    let month = |m: usize| {
        let phase = std::f64::consts::TAU * (m as f64 - 6.0) / 12.0;
        Temperature::from_celsius(mean + (warmest - mean) * phase.cos())
    };
    Climate {
        temperature: std::array::from_fn(month),
        humidity: Some([Share::from_fraction(HUMIDITY); 12]),
        diurnal_range: [TemperatureDifference::from_kelvin(DAILY_RANGE); 12],
        wind: None,
        irradiance: None,
        altitude: Length::from_m(100.0),
        country_mean: true,
    }
}

fn predict(
    inputs: &FacilityInputs,
    synoptic: &SynopticInputs,
    place: (f64, f64),
    load: f64,
) -> Result<f64, String> {
    let year = climate(place.0, place.1).synthesise(synoptic, 1).map_err(|e| e.to_string())?;
    let it = ItProfile { mean: Power::from_mw(20.0 * load), peak: Power::from_mw(20.0) };
    evaluate_year(&compress(&year.hours), it, inputs).map(|y| y.pue).map_err(|e| e.to_string())
}

fn cooling_of(row: &Row<'_>) -> Result<Option<Cooling>, ValidationError> {
    match row.text("cooling") {
        "" => Ok(None),
        "warm water" | "direct liquid" | "liquid" | "free cooling" => Ok(Some(Cooling::WarmWater)),
        "cold water" | "chilled water" => Ok(Some(Cooling::ColdWater)),
        "air" => Ok(Some(Cooling::Air)),
        _ => Err(row.fault("cooling", "\"warm water\", \"cold water\" or \"air\"")),
    }
}

/// Annual mean and warmest month of a row that names a place of the catalog or a country (ISO 3166).
fn climate_of(row: &Row<'_>) -> Option<(f64, f64)> {
    let catalog = Catalog::embedded();
    let low = |column| row.text(column).to_lowercase();
    if let Ok(place) = catalog.entry(Kind::Places, &low("place")) {
        let months = place.monthly("temperature", Dim::Temperature).ok().flatten()?.values;
        let warmest = months.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        return Some((months.iter().sum::<f64>() / 12.0, warmest));
    }
    let country = catalog.entry(Kind::Countries, &low("country")).ok()?;
    let figure = |key| country.figure(key, Dim::Temperature).ok().flatten().map(|v| v.distribution.base());
    Some((figure("temperature_mean")?, figure("temperature_summer")?))
}

fn celsius(row: &Row<'_>, column: &'static str) -> Result<Option<f64>, ValidationError> {
    match row.text(column) {
        "" => Ok(None),
        text => match text.parse::<f64>() {
            Ok(t) if (-60.0..=60.0).contains(&t) => Ok(Some(t)),
            _ => Err(row.fault(column, "a temperature in °C")),
        },
    }
}

/// One row's prediction, or why there is none and whether it stated all that is needed.
fn predict_row(
    row: &Row<'_>,
    defaults: &Result<Defaults, String>,
) -> Result<Result<f64, (String, bool)>, ValidationError> {
    let cooling = cooling_of(row)?;
    let place = (celsius(row, "temperature_mean_c")?, celsius(row, "temperature_warmest_c")?);
    let place = match (place, climate_of(row)) {
        ((None, None), Some((mean, warmest))) => (Some(mean), Some(warmest)),
        (stated, _) => stated,
    };
    let supply = celsius(row, "supply_c")?;
    // A loop at 27 °C or more needs no chiller most of the year; below, it is chilled water.
    let cooling =
        cooling.or_else(|| supply.map(|t| if t >= 27.0 { Cooling::WarmWater } else { Cooling::ColdWater }));
    let fraction = |column| -> Result<Option<f64>, ValidationError> {
        match row.number(column)? {
            Some(p) if p > 100.0 => Err(row.fault(column, "a share in per cent")),
            p => Ok(p.map(|p| p / 100.0)),
        }
    };
    let liquid = fraction("liquid_pct")?;
    let load = fraction("load_pct")?.filter(|l| *l > 0.0).unwrap_or(LOAD);
    let fleet = !row.text("pue_fleet").is_empty();
    let (cooling, place) = match (cooling, place) {
        (Some(cooling), (Some(mean), Some(warmest))) => (cooling, (mean, warmest)),
        _ if fleet => (Cooling::Air, FLEET_CLIMATE),
        _ => return Ok(Err(("cooling and climate are not stated".to_owned(), false))),
    };
    let run = || -> Result<f64, String> {
        let defaults = defaults.as_ref().map_err(Clone::clone)?;
        let mut inputs = defaults.site(cooling)?;
        if let (Some(liquid), true) = (liquid, cooling != Cooling::Air) {
            inputs.liquid_share = Share::from_fraction(liquid);
        }
        if let (Some(supply), Some(water)) = (supply, inputs.liquid.as_mut()) {
            water.supply = Temperature::from_celsius(supply);
        }
        predict(&inputs, &defaults.synoptic()?, place, load)
    };
    Ok(run().map_err(|reason| (reason, true)))
}

/// A site with what is known of it: each is a cell of its own.
fn facts(row: &Row<'_>) -> String {
    let unit = |column: &str, before: &str, after: &str| match row.text(column) {
        "" => String::new(),
        text => format!("{before}{text}{after}"),
    };
    let parts = [
        unit("cooling", "", ""),
        unit("supply_c", "", " °C supply"),
        unit("liquid_pct", "", " % liquid"),
        unit("temperature_mean_c", "mean ", " °C"),
        unit("temperature_warmest_c", "warmest month ", " °C"),
        unit("evidence", "PUE ", ""),
    ];
    let known: Vec<String> = parts.into_iter().filter(|p| !p.is_empty()).collect();
    if known.is_empty() {
        row.text("id").to_owned()
    } else {
        format!("{}: {}", row.text("id"), known.join(", "))
    }
}

/// Scores the shipped table or a table of the same columns; optional `supply_c`, `liquid_pct`, `load_pct`, `pue_fleet`.
///
/// # Errors
/// [`ValidationError`] with line and column where the table cannot be read.
pub fn validate(csv: Option<&str>) -> Result<Report, ValidationError> {
    let table = Table::read(csv.unwrap_or(SHIPPED), &REQUIRED)?;
    let catalog = Catalog::embedded();
    let defaults = catalog.entry(Kind::Defaults, "facility").map(Defaults).map_err(|e| e.to_string());
    let (mut predictions, mut refused, mut rows) = (Vec::new(), Vec::new(), 0);
    for row in table.rows() {
        rows += 1;
        let id = row.text("id").to_owned();
        let fleet = row.number("pue_fleet")?.filter(|p| *p > 0.0);
        let (metric, class, measured) = match (row.number("pue")?.filter(|p| *p > 0.0), fleet) {
            (_, Some(p)) => ("pue_fleet", "fleet", Some(p)),
            (p, None) => ("pue", "site", p),
        };
        let outcome = match measured {
            None => Err(("no PUE is stated".to_owned(), false)),
            Some(measured) => predict_row(&row, &defaults)?.map(|p| (p, measured)),
        };
        match outcome {
            Err((reason, fully_specified)) => {
                refused.push(Refusal { cell: id.clone(), id, reason, fully_specified, metric });
            }
            Ok((predicted, measured)) => predictions.push(Prediction {
                cell: facts(&row),
                id,
                metric,
                predicted,
                low: 1.0 + (predicted - 1.0) * BAND.0,
                high: 1.0 + (predicted - 1.0) * BAND.1,
                measured,
                classes: vec![class],
            }),
        }
    }
    Ok(Report::score("pue", rows, predictions, refused, Fold::None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_sites_are_listed() {
        let report = validate(None).unwrap();
        for p in &report.predictions {
            println!(
                "{:24} {:9} {:.3} [{:.3} {:.3}] {:.3}",
                p.id, p.metric, p.predicted, p.low, p.high, p.measured
            );
        }
        assert_eq!((report.rows, report.refused.len()), (8, 1));
        assert!(report.predictions.iter().all(|p| (1.0..1.3).contains(&p.predicted)));
    }

    #[test]
    fn own_tables_are_read_strictly() {
        let head = "id,cooling,temperature_mean_c,temperature_warmest_c,pue\n";
        let by_place =
            validate(Some("id,cooling,place,country,pue\na,air,frankfurt,,1.2\nb,warm water,,FI,1.05\n"))
                .unwrap();
        assert_eq!(by_place.predictions.len(), 2, "{:?}", by_place.refused);
        let air = validate(Some(&format!("{head}a,air,10,19,1.2\nb,air,16,27,1.2\n"))).unwrap();
        let of = |id: &str| air.predictions.iter().find(|p| p.id == id).unwrap().predicted;
        assert!(of("b") > of("a"), "a warmer place costs more");
        assert!(matches!(
            validate(Some(&format!("{head}a,geothermal,10,19,1.2\n"))),
            Err(ValidationError::Cell { line: 2, column: "cooling", .. })
        ));
    }
}

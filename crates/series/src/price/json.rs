//! The answer of the energy-charts service: `{"unix_seconds": […], "price": […], "unit": "EUR / MWh"}`.

use serde_json::Value;

use super::{PriceYear, Wanted, finish};
use crate::clock::Clock;
use crate::fault::Faults;
use crate::hours::Row;

pub(super) fn read(text: &str, wanted: &Wanted) -> Result<PriceYear, Faults> {
    let root: Value = serde_json::from_str(text).map_err(|e| {
        Faults::one("G540", e.line(), format!("the JSON is broken: {e}"), "is the file complete?")
    })?;
    let list = |key: &str| {
        root.get(key).and_then(Value::as_array).ok_or_else(|| {
            Faults::one(
                "G540",
                0,
                format!("\"{key}\" is missing"),
                "wanted is the answer of energy-charts to /price",
            )
        })
    };
    let (times, prices) = (list("unix_seconds")?, list("price")?);
    let mut faults = Faults::default();
    if times.len() != prices.len() {
        faults.add(
            "G541",
            0,
            format!("{} times and {} prices", times.len(), prices.len()),
            "is the file complete?",
        );
    }
    let unit = root.get("unit").and_then(Value::as_str).unwrap_or("EUR/MWh").replace(' ', "");
    if unit != "EUR/MWh" {
        faults.add("G545", 0, format!("the prices are in {unit}"), "bring prices in EUR/MWh");
    }
    let zone = root.get("bzn").and_then(Value::as_str).map(str::to_owned);
    super::check_zone(zone.as_deref(), 0, wanted, &mut faults);
    let mut rows = Vec::with_capacity(times.len());
    for (i, (time, price)) in times.iter().zip(prices).enumerate() {
        let Some(seconds) = time.as_i64() else {
            faults.add(
                "G541",
                0,
                format!("{time} (number {i}) is no time"),
                "unix_seconds are whole numbers",
            );
            continue;
        };
        rows.push(Row {
            minute: seconds.div_euclid(60),
            line: 0,
            values: [price.as_f64().unwrap_or(f64::NAN)],
        });
    }
    // The year is that of the exchange's own clock.
    let clock = if wanted.clock == Clock::UTC { Clock::Central } else { wanted.clock };
    finish(rows, clock, zone, faults, Vec::new())
}

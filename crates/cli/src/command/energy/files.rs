//! Hours as Parquet and CSV, months as CSV, pictures as SVG.

use std::path::Path;

use gigatwin_output::{Heatmap, Stamp, Table, TableError};
use gigatwin_quantity::Power;
use gigatwin_series::hour_stamp;

use super::{Answer, dispatch, page};
use crate::context::Context;
use crate::exit::Fault;
use crate::files as disk;

pub(super) fn write(context: &Context, folder: &Path, answer: &Answer, stamp: &Stamp) -> Result<(), Fault> {
    std::fs::create_dir_all(folder).map_err(|e| disk::cannot_write(&context.messages, folder, &e))?;
    let put = |name: &str, bytes: &[u8]| disk::write(&context.messages, &folder.join(name), bytes);
    let fail = |e: TableError| Fault::Environment(e.to_string());
    let hours = dispatch::columns(hours(answer), answer);
    put("hours.parquet", &hours.parquet(stamp).map_err(fail)?)?;
    put("hours.csv", &hours.csv().map_err(fail)?)?;
    put("months.csv", &months(answer).csv().map_err(fail)?)?;
    for (name, map) in maps(answer, stamp) {
        put(&format!("{name}.svg"), map.svg().as_bytes())?;
    }
    let json = serde_json::to_string_pretty(&page::json(answer, &[], stamp))
        .map_err(|e| Fault::Environment(e.to_string()))?;
    put("energy.json", format!("{json}\n").as_bytes())
}

/// One row for each hour; powers in MW are means of the hour and so also MWh.
pub(super) fn hours(answer: &Answer) -> Table {
    let (y, h) = (&answer.year, &answer.year.hours);
    let n = y.len();
    let mw = |c: &[Power]| c.iter().map(|p| p.mw()).collect::<Vec<f64>>();
    Table::new()
        .text("utc", (0..n).map(|i| hour_stamp(y.first + i as i64)))
        .number("dry_bulb_c", "°C", y.weather.iter().map(|w| w.dry_bulb.celsius()))
        .number("wet_bulb_c", "°C", y.weather.iter().map(|w| w.wet_bulb.map(|t| t.celsius())))
        .number("it_mw", "MW", mw(&h.it))
        .number("losses_mw", "MW", mw(&h.losses))
        .number("fans_mw", "MW", mw(&h.fans))
        .number("pumps_mw", "MW", mw(&h.pumps))
        .number("cdu_pumps_mw", "MW", mw(&h.cdu_pumps))
        .number("air_movers_mw", "MW", mw(&h.air_movers))
        .number("chillers_mw", "MW", mw(&h.chillers))
        .number("fixed_mw", "MW", mw(&h.fixed))
        .number("facility_mw", "MW", mw(&h.total))
        .number("heat_pump_mw", "MW", mw(&h.heat_pump))
        .number("pue", "1", (0..n).map(|i| h.pue(i)))
        .number("water_m3", "m3", h.water.iter().map(|w| w.map(|v| v.m3())))
        .number("heat_reused_mw", "MW", mw(&h.heat_reused))
        .number("heat_sold_mw", "MW", mw(&h.heat_sold))
        .number("price_eur_per_mwh", "EUR/MWh", y.prices.iter().map(|p| p.eur_per_mwh()))
        .number("own_mw", "MW", mw(&y.bill.own))
        .number("exported_mw", "MW", mw(&y.bill.exported))
        .number("contracted_mw", "MW", mw(&y.bill.contracted))
        .number("renewable_mw", "MW", mw(&y.bill.renewable))
        .number("surplus_mw", "MW", mw(&y.bill.surplus))
        .number("bought_mw", "MW", mw(&y.bill.bought))
        .number("cost_eur", "EUR", y.bill.cost.iter().map(|c| c.eur()))
}

fn months(answer: &Answer) -> Table {
    let rows = page::months(answer);
    Table::new()
        .integer("month", "1", (1..=rows.len()).map(|m| m as i64))
        .number("temperature_c", "°C", rows.iter().map(|m| m.temperature))
        .number("it_gwh", "GWh", rows.iter().map(|m| m.it))
        .number("facility_gwh", "GWh", rows.iter().map(|m| m.facility))
        .number("pue", "1", rows.iter().map(|m| m.pue))
        .number("water_m3", "m3", rows.iter().map(|m| m.water))
        .number("heat_sold_gwh", "GWh", rows.iter().map(|m| m.heat))
        .number("price_eur_per_mwh", "EUR/MWh", rows.iter().map(|m| m.price))
        .number("cost_eur", "EUR", rows.iter().map(|m| m.cost))
        .number("carbon_t", "t", rows.iter().map(|m| m.carbon))
}

/// Hours of the day against days of the year.
pub(super) fn maps(answer: &Answer, stamp: &Stamp) -> Vec<(&'static str, Heatmap)> {
    let y = &answer.year;
    let days = (0..y.len()).next_back().map_or(0, |h| y.day_and_hour(h).0 + 1);
    let raster = |value: &dyn Fn(usize) -> Option<f64>| {
        let mut cells = vec![None; 24 * days];
        for h in 0..y.len() {
            let (day, hour) = y.day_and_hour(h);
            cells[hour * days + day] = value(h);
        }
        cells
    };
    let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let months: Vec<(usize, String)> = y
        .by_month()
        .iter()
        .zip(names)
        .filter_map(|(hours, name)| {
            // The first day of the month; a local year may begin with an hour of the old one.
            hours
                .iter()
                .map(|h| y.day_and_hour(*h).0)
                .find(|d| *d + 2 < days || name == "Dec")
                .map(|d| (d, name.to_owned()))
        })
        .collect();
    let map = |title: &str, unit: &str, values: Vec<Option<f64>>, range| Heatmap {
        title: format!("{title}, {} ({})", answer.site.name, answer.site.place),
        foot: stamp.line(),
        unit: unit.to_owned(),
        columns: days,
        values,
        row_labels: [0, 6, 12, 18].map(|h| (h, format!("{h:02} UTC"))).to_vec(),
        column_labels: months.clone(),
        range,
    };
    // A handful of extreme prices must not turn all others into one colour.
    let mut sorted: Vec<f64> = y.prices.iter().map(|p| p.eur_per_mwh()).collect();
    sorted.sort_by(f64::total_cmp);
    let at = |q: f64| sorted.get((q * sorted.len() as f64) as usize).copied().unwrap_or(0.0);
    let pue = raster(&|h| y.hours.pue(h));
    let price = raster(&|h| y.prices.get(h).map(|p| p.eur_per_mwh()));
    let cost = raster(&|h| y.bill.cost.get(h).map(|c| c.eur() / 1e3));
    vec![
        ("pue", map("PUE", "PUE", pue, None)),
        ("price", map("Day-ahead price", "EUR/MWh", price, Some((at(0.01), at(0.99))))),
        ("cost", map("Cost of energy", "EUR thousand per hour", cost, None)),
    ]
}

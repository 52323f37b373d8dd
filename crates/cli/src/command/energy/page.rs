//! The year on one page, and the same as JSON.

use gigatwin_facility::State;
use gigatwin_factory::outcome::Status;
use gigatwin_output::Stamp;
use gigatwin_quantity::Share;
use serde_json::{Value, json};

use super::sites::Other;
use super::year::energy_of;
use super::{Answer, chain, compare, dispatch, files, swing};
use crate::console::bold;
use crate::context::Context;
use crate::layout::{PAGE, Side, table, wrap};

/// A headline figure: id, label, unit, value (`None` is n/a), low and high.
pub(super) struct Figure {
    pub id: &'static str,
    pub label: &'static str,
    pub unit: &'static str,
    pub value: Option<f64>,
    pub band: Option<(f64, f64)>,
    pub digits: usize,
}

/// The headline figures of a year. Bands are the models' own errors (PUE, IT power); prices and weather carry none here.
pub(super) fn figures(a: &Answer) -> Vec<Figure> {
    let (site, y) = (&a.site, &a.year);
    let f = &y.facility;
    let (it, over) = (site.it_band, site.overhead_band);
    let pue = |q: f64| 1.0 + (f.pue - 1.0) * q;
    let years = y.years();
    let energy = f.energy_total.mwh() / years / 1e3;
    let cost = y.bill.total().eur() / years;
    let per_hour = |eur: f64| (site.used_hours > 0.0).then(|| eur / site.used_hours);
    let load = y.bill.energy.mwh() / years;
    let fig =
        |id, label, unit, value: Option<f64>, band, digits| Figure { id, label, unit, value, band, digits };
    // Cost follows IT power and overhead; their bands are taken as one, the larger deciding.
    let wide = (it.0.min(pue(over.0) / f.pue), it.1.max(pue(over.1) / f.pue));
    let of = |v: f64| Some((v * wide.0, v * wide.1));
    let mut out = vec![
        fig(
            "site.it_power_mean",
            "IT power, mean",
            "MW",
            Some(site.it_mean.mw()),
            Some((site.it_mean.mw() * it.0, site.it_mean.mw() * it.1)),
            1,
        ),
        fig("site.it_power", "IT power, provisioned", "MW", Some(site.it_peak.mw()), None, 1),
        fig("site.facility_power", "Facility power, peak", "MW", Some(y.hours.peak.mw()), None, 1),
        fig(
            "site.facility_apparent",
            "the same at the connection",
            "MVA",
            gigatwin_facility::apparent_power(y.hours.peak, site.power_factor).ok().map(|s| s.mva()),
            None,
            1,
        ),
        fig("energy.annual", "Energy of the year", "GWh", Some(energy), of(energy), 1),
        fig("site.pue", "PUE", "1", Some(f.pue), Some((pue(over.0), pue(over.1))), 3),
        fig("site.wue", "WUE", "l/kWh", f.wue.map(|w| w.l_per_kwh()), None, 3),
        fig("energy.water_annual", "Water", "m3", f.water.map(|w| w.m3() / years), None, 0),
        fig("site.erf", "ERF", "%", Some(f.erf.percent()), None, 1),
        fig("site.ref", "REF", "%", Some(y.renewable().percent()), None, 1),
        fig(
            "energy.spot_mean",
            "Day-ahead price, mean",
            "EUR/MWh",
            Some(y.mean_price().eur_per_mwh()),
            None,
            2,
        ),
        fig("energy.price", "Price paid, all in", "EUR/MWh", Some(cost / load), None, 2),
        fig("energy.cost_annual", "Cost of energy", "EUR m", Some(cost / 1e6), of(cost / 1e6), 2),
        fig(
            "energy.heat_revenue_annual",
            "Earned with heat",
            "EUR m",
            y.heat_revenue.map(|m| m.eur() / years / 1e6),
            None,
            2,
        ),
        fig(
            "energy.carbon_annual",
            "CO2, location-based",
            "t",
            Some(y.bill.carbon_location.t() / years),
            None,
            0,
        ),
        fig(
            "energy.carbon_market_annual",
            "CO2, market-based",
            "t",
            Some(y.bill.carbon_market.t() / years),
            None,
            0,
        ),
        fig(
            "energy.contracted_hourly",
            "carbon-free contracts in their hour",
            "%",
            Some(y.bill.carbon_free_hourly(Share::ZERO).percent()),
            None,
            1,
        ),
    ];
    out.push(fig(
        "energy.per_accelerator_hour",
        "Energy per accelerator-hour used",
        "EUR",
        per_hour(cost),
        per_hour(cost).and_then(of),
        4,
    ));
    out.push(fig(
        "energy.per_accelerator_hour_at_10",
        "of it, for each EUR 10/MWh",
        "EUR",
        per_hour(10.0 * load),
        None,
        4,
    ));
    out
}

/// One month.
pub(super) struct Month {
    pub temperature: Option<f64>,
    pub it: f64,
    pub facility: f64,
    pub pue: Option<f64>,
    pub water: Option<f64>,
    pub heat: f64,
    pub price: Option<f64>,
    pub cost: f64,
    pub carbon: f64,
}

/// The months of the calendar, UTC.
pub(super) fn months(a: &Answer) -> Vec<Month> {
    let y = &a.year;
    y.by_month()
        .iter()
        .map(|hours| {
            let n = hours.len() as f64;
            let mean = |value: &dyn Fn(usize) -> f64| {
                (n > 0.0).then(|| hours.iter().map(|h| value(*h)).sum::<f64>() / n)
            };
            let it = energy_of(&y.hours.it, hours);
            let facility = energy_of(&y.hours.total, hours);
            let load = energy_of(&y.load, hours);
            Month {
                temperature: mean(&|h| y.weather[h].dry_bulb.celsius()),
                it: it.mwh() / 1e3,
                facility: facility.mwh() / 1e3,
                pue: (n > 0.0).then(|| facility / it),
                water: hours.iter().map(|h| y.hours.water[*h].map(|w| w.m3())).sum(),
                heat: energy_of(&y.hours.heat_sold, hours).mwh() / 1e3,
                price: mean(&|h| y.prices[h].eur_per_mwh()),
                cost: hours.iter().map(|h| y.bill.cost[*h].eur()).sum(),
                carbon: (load * a.site.carbon.location).t(),
            }
        })
        .collect()
}

fn sources(a: &Answer) -> (String, String) {
    let weather =
        match (a.year.synthetic_weather, a.site.climate.country_mean, a.site.climate.humidity.is_some()) {
            (false, ..) => "from the file".to_owned(),
            (_, true, _) => "synthetic, from means of the country (±3 K), no humidity".to_owned(),
            (_, _, true) => "synthetic, from monthly statistics of the place with humidity".to_owned(),
            _ => "synthetic, from monthly statistics of the place".to_owned(),
        };
    let prices = match (a.year.synthetic_prices, a.site.seasons_known) {
        (false, _) => match a.year.price_minutes {
            Some(m) if m < 60 && m > 0 => {
                format!("from the file, each hour the mean of its {} rows of {m} minutes", 60 / m)
            }
            _ => "from the file".to_owned(),
        },
        (_, true) => {
            "synthetic, from monthly means of the country; the shape of the day is assumed".to_owned()
        }
        _ => "synthetic, from the yearly mean; seasons and the shape of the day are assumed".to_owned(),
    };
    (weather, prices)
}

const NAMES: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

pub(super) fn text(context: &Context, a: &Answer, others: &[Other], stamp: &Stamp) -> String {
    let f = context.figures();
    let (site, y) = (&a.site, &a.year);
    let colour = context.console.out_colour;
    let title = format!("{} · {}, {} · {} hours", site.name, site.place, site.country, y.len());
    let (weather, prices) = sources(a);
    let mut out =
        format!("{}\n{}\nweather: {weather}\nprices:  {prices}\n\n", bold(&title, colour), stamp.line());
    let number = |v: Option<f64>, digits| v.map_or_else(|| f.missing().to_owned(), |v| f.decimal(v, digits));

    let mut rows = vec![["figure", "value", "P10", "P90", "unit"].map(str::to_owned).to_vec()];
    for x in figures(a) {
        let side = |v: Option<f64>| v.map_or_else(String::new, |v| f.decimal(v, x.digits));
        let unit = if x.unit == "1" { "" } else { x.unit };
        rows.push(vec![
            x.label.to_owned(),
            number(x.value, x.digits),
            side(x.band.map(|b| b.0)),
            side(x.band.map(|b| b.1)),
            unit.to_owned(),
        ]);
    }
    out.push_str(&table(&[Side::Left, Side::Right, Side::Right, Side::Right, Side::Left], &rows));

    for (name, map) in files::maps(a, stamp).into_iter().filter(|(n, _)| *n != "cost") {
        let (low, high) = map.range.unwrap_or_else(|| ends(&map.values));
        let digits = if name == "pue" { 3 } else { 0 };
        let span = format!(
            "{} to {} {}",
            f.decimal(low, digits),
            f.decimal(high, digits),
            if name == "pue" { "" } else { "EUR/MWh" }
        );
        out.push_str(&format!(
            "\n{} (hours of the day downwards, UTC; days of the year to the right; {})\n",
            map.title,
            span.trim()
        ));
        out.push_str(&map.terminal(73, 12, colour));
    }

    out.push('\n');
    let mut rows = vec![
        ["month", "°C", "IT GWh", "site GWh", "PUE", "water m3", "heat GWh", "EUR/MWh", "EUR m", "t CO2"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for (name, m) in NAMES.iter().zip(months(a)) {
        rows.push(vec![
            (*name).to_owned(),
            number(m.temperature, 1),
            number(Some(m.it), 1),
            number(Some(m.facility), 1),
            number(m.pue, 3),
            number(m.water, 0),
            number(Some(m.heat), 1),
            number(m.price, 1),
            number(Some(m.cost / 1e6), 2),
            number(Some(m.carbon), 0),
        ]);
    }
    let mut sides = vec![Side::Left];
    sides.extend([Side::Right; 9]);
    out.push_str(&table(&sides, &rows));

    out.push_str("\nIT power by what the chips do, MW\n");
    let mut rows = vec![
        [
            "partition",
            "idle",
            "prefill",
            "decode",
            "compute",
            "exchange",
            "save",
            "mean",
            "peak",
            "speed at 80 % cap",
        ]
        .map(str::to_owned)
        .to_vec(),
    ];
    for p in &site.partitions {
        let mut row = vec![p.partition.clone()];
        row.extend(State::ALL.iter().map(|s| f.decimal(p.power.of(*s).mw(), 1)));
        row.push(f.decimal(p.power.mean.mw(), 1));
        row.push(f.decimal(p.power.peak.mw(), 1));
        row.push(
            p.speed_at_four_fifths
                .map_or_else(|| f.missing().to_owned(), |s| format!("{} %", f.decimal(s.percent(), 0))),
        );
        rows.push(row);
    }
    let mut sides = vec![Side::Left];
    sides.extend([Side::Right; 9]);
    out.push_str(&table(&sides, &rows));
    out.push_str(&chain::text(context, a));
    out.push_str(&swing::text(context, a));

    out.push_str(&dispatch::text(context, a));

    out.push('\n');
    for g in &a.gates {
        let word = match g.status {
            Status::Pass => "pass",
            Status::Fail => "FAIL",
            Status::Unknown => "unknown",
            Status::NotApplicable => continue,
        };
        for (i, line) in wrap(&format!("{}: {}", g.title, g.reason), PAGE - 9).iter().enumerate() {
            out.push_str(&format!("{:8} {line}\n", if i == 0 { word } else { "" }));
        }
    }
    if !others.is_empty() {
        out.push_str(&compare::text(context, a, others));
    }
    for note in &y.notes {
        for line in wrap(&format!("note: {note}"), PAGE) {
            out.push_str(&format!("{line}\n"));
        }
    }
    out
}

fn ends(values: &[Option<f64>]) -> (f64, f64) {
    let there = || values.iter().flatten().copied();
    (there().fold(f64::INFINITY, f64::min), there().fold(f64::NEG_INFINITY, f64::max))
}

/// The whole answer for machines.
pub(super) fn json(a: &Answer, others: &[Other], stamp: &Stamp) -> Value {
    let mut value = one(a);
    value["gigatwin"] =
        json!({"version": stamp.version, "seed": stamp.seed, "inputs_sha256": stamp.inputs_sha256});
    if !others.is_empty() {
        value["elsewhere"] = others
            .iter()
            .map(|o| match &o.answer {
                Ok(answer) => json!({"asked": o.asked, "status": "ok", "site": one(answer)}),
                Err(refusal) => {
                    let mut value = refusal.json();
                    value["asked"] = json!(o.asked);
                    value
                }
            })
            .collect();
    }
    value
}

fn one(a: &Answer) -> Value {
    let (weather, prices) = sources(a);
    let metrics: serde_json::Map<String, Value> = figures(a)
        .into_iter()
        .map(|x| {
            let side = |v: Option<f64>| v.map_or(Value::Null, |v| json!(v));
            let status = if x.value.is_some() { "ok" } else { "n/a" };
            let note = if x.value.is_some() { "" } else { "needs what the place or the file does not state" };
            (
                x.id.to_owned(),
                json!({"value": x.value, "unit": x.unit, "low": side(x.band.map(|b| b.0)), "high": side(x.band.map(|b| b.1)), "status": status, "note": note}),
            )
        })
        .collect();
    let months: Vec<Value> = months(a)
        .iter()
        .enumerate()
        .map(|(i, m)| {
            json!({"month": i + 1, "temperature_c": m.temperature, "it_gwh": m.it, "facility_gwh": m.facility, "pue": m.pue,
                "water_m3": m.water, "heat_sold_gwh": m.heat, "price_eur_per_mwh": m.price, "cost_eur": m.cost, "carbon_t": m.carbon})
        })
        .collect();
    let states: Vec<Value> = a
        .site
        .partitions
        .iter()
        .map(|p| {
            let of = |s| p.power.of(s).mw();
            json!({"partition": p.partition, "accelerators": p.accelerators, "idle_mw": of(State::Idle), "prefill_mw": of(State::Prefill),
                "decode_mw": of(State::Decode), "train_compute_mw": of(State::TrainCompute), "train_communicate_mw": of(State::TrainCommunicate),
                "checkpoint_mw": of(State::Checkpoint), "mean_mw": p.power.mean.mw(), "peak_mw": p.power.peak.mw(),
                "speed_at_80_pct_cap": p.speed_at_four_fifths.map(Share::fraction)})
        })
        .collect();
    let swings = swing::json(a);
    let gates: Vec<Value> = a
        .gates
        .iter()
        .map(|g| {
            let status = match g.status {
                Status::Pass => "pass",
                Status::Fail => "fail",
                Status::Unknown => "unknown",
                Status::NotApplicable => "n/a",
            };
            json!({"id": g.id, "status": status, "reason": g.reason})
        })
        .collect();
    json!({
        "name": a.site.name, "place": a.site.place, "country": a.site.country, "hours": a.year.len(),
        "weather": weather, "prices": prices, "metrics": metrics, "months": months, "power_states": states, "swings": swings,
        "gates": gates, "power_chain": chain::json(a), "backup": chain::backup_json(a), "dispatch": dispatch::json(a), "contracts": a.year.supplies.len(),
        "wind_measured": a.year.signs.measured.0, "sun_measured": a.year.signs.measured.1, "notes": a.year.notes,
    })
}

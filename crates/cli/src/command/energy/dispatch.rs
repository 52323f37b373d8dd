//! The dispatch of the year: on the page, for machines, and in the table of hours.

use gigatwin_energy::dispatch::{Foresight, Windows};
use gigatwin_factory::{DispatchHours, Sight, SiteDispatch, SiteHours, Sought};
use gigatwin_output::Table;
use gigatwin_quantity::{Energy, Power, PowerRate};
use serde_json::{Value, json};

use super::Answer;
use super::refusal::Refusal;
use super::year::Year;
use crate::args::energy::{Energy as Args, How, What};
use crate::context::Context;
use crate::layout::{PAGE, Side, table, wrap};

/// What was asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    how: How,
    sought: Sought,
    windows: (usize, usize, usize),
    seed: u64,
}

impl Plan {
    pub(super) fn of(args: &Args, seed: u64) -> Plan {
        let has = |what| args.size.contains(&what);
        let sought = Sought { solar: has(What::Pv), wind: has(What::Wind), battery: has(What::Battery) };
        Plan {
            how: if args.dispatch == How::None && sought.any() { How::Lp } else { args.dispatch },
            sought,
            windows: (args.step as usize, args.horizon as usize, args.known as usize),
            seed,
        }
    }

    /// Dispatches a year, where that was asked for.
    pub(super) fn run(&self, site: &SiteHours, year: &Year) -> Result<Option<SiteDispatch>, Refusal> {
        let (step, horizon, known) = self.windows;
        let sight = match self.how {
            How::None => return Ok(None),
            How::Lp => Sight::Whole,
            How::Rolling => Sight::Rolling(Windows {
                step,
                horizon,
                foresight: Foresight::Forecast {
                    known,
                    price_error: site.forecast_error.0,
                    generation_error: site.forecast_error.1,
                    seed: self.seed,
                },
            }),
        };
        let hours = DispatchHours {
            load: &year.load,
            prices: &year.prices,
            supplies: &year.supplies,
            signs: &year.signs,
            peak: year.hours.peak,
        };
        site.dispatch(&hours, self.sought, sight).map(Some).map_err(|e| Refusal::dispatch(&e, year.first))
    }
}

/// A figure of the dispatch: id, label, unit, value (`None` is n/a), digits.
struct Row(&'static str, &'static str, &'static str, Option<f64>, usize);

fn per_year(a: &Answer, e: Energy) -> f64 {
    e.mwh() / a.year.years() / 1e3
}

fn sum(column: &[Power]) -> Energy {
    column.iter().copied().sum::<Power>() * gigatwin_quantity::Time::from_hours(1.0)
}

fn figures(a: &Answer, d: &SiteDispatch) -> Vec<Row> {
    let years = a.year.years();
    let (b, h, s, c) = (&d.dispatch.bill, &d.dispatch.hourly, &d.dispatch.sizes, &d.carbon);
    let cost = d.cost().eur();
    let plain = a.year.bill.total().eur() / years;
    let energy = d.energy().mwh() / years;
    let million = |m: gigatwin_quantity::Money| Some(m.eur() / years / 1e6);
    let lasting =
        (s.battery_power > Power::ZERO).then(|| s.battery_energy / s.battery_power).map(|t| t.hours());
    let mut rows = vec![
        Row("dispatch.cost_annual", "Cost of energy, dispatched", "EUR m", Some(cost / 1e6), 2),
        Row("dispatch.saving_annual", "saved against no dispatch", "EUR m", Some((plain - cost) / 1e6), 2),
        Row("dispatch.price", "Price paid, all in", "EUR/MWh", Some(cost / energy), 2),
        Row(
            "dispatch.per_accelerator_hour",
            "Energy per accelerator-hour used",
            "EUR",
            (a.site.used_hours > 0.0).then(|| cost / a.site.used_hours),
            4,
        ),
    ];
    if let Some(perfect) = d.perfect {
        let dearer = (d.dispatch.bill.total() - perfect).eur() / years / 1e6;
        rows.push(Row(
            "dispatch.foresight_annual",
            "what perfect foresight would save",
            "EUR m",
            Some(dearer),
            3,
        ));
    }
    rows.extend([
        Row("dispatch.purchase", "bought", "EUR m", million(b.purchase), 2),
        Row("dispatch.contracts", "contracts and plants on the site", "EUR m", million(b.contracts), 2),
        Row("dispatch.charges", "grid fees and taxes", "EUR m", million(b.charges + b.peak), 2),
        Row("dispatch.investment", "plants and battery sized, yearly", "EUR m", million(b.investment), 2),
        Row("dispatch.wear", "wear of the battery", "EUR m", million(b.wear), 2),
        Row("dispatch.flexibility", "work capped and put off", "EUR m", million(b.capped + b.deferral), 2),
        Row("dispatch.resale", "earned: contracts sold on", "EUR m", million(b.resale), 2),
        Row("dispatch.export", "earned: fed in", "EUR m", million(b.export), 2),
        Row("dispatch.import_energy", "drawn from the grid", "GWh", Some(per_year(a, sum(&h.import))), 1),
        Row(
            "dispatch.import_peak",
            "highest power drawn",
            "MW",
            Some(h.import.iter().fold(Power::ZERO, |m, p| m.max(*p)).mw()),
            1,
        ),
        Row("dispatch.own_energy", "made and used on the site", "GWh", Some(per_year(a, sum(&h.own))), 1),
        Row(
            "dispatch.curtailed_energy",
            "curtailed on the site",
            "GWh",
            Some(per_year(a, sum(&h.curtailed))),
            1,
        ),
        Row("dispatch.export_energy", "fed in", "GWh", Some(per_year(a, sum(&h.export))), 1),
        Row(
            "dispatch.discharge_energy",
            "out of the battery",
            "GWh",
            Some(per_year(a, sum(&h.discharge))),
            1,
        ),
        Row("dispatch.capped_energy", "load capped", "GWh", Some(per_year(a, sum(&h.capped))), 2),
        Row("dispatch.deferred_energy", "load put off", "GWh", Some(per_year(a, sum(&h.deferred))), 2),
        Row("dispatch.solar", "PV on the site, sized", "MW", d.solar.map(Power::mw), 1),
        Row("dispatch.wind", "wind on the site, sized", "MW", d.wind.map(Power::mw), 1),
        Row("dispatch.battery_power", "battery", "MW", Some(s.battery_power.mw()), 1),
        Row("dispatch.battery_energy", "the same", "MWh", Some(s.battery_energy.mwh()), 1),
        Row("dispatch.battery_hours", "the same", "h", lasting, 1),
        Row("dispatch.carbon_annual", "CO2, location-based", "t", Some(c.location.t() / years), 0),
        Row("dispatch.carbon_market_annual", "CO2, market-based", "t", Some(c.market.t() / years), 0),
        Row(
            "dispatch.cfe_hourly",
            "carbon-free in its hour (24/7), plants and contracts",
            "%",
            Some(c.matched_own.percent()),
            1,
        ),
        Row("dispatch.cfe_volume", "the same by the volume of the year", "%", Some(c.volume.percent()), 1),
        Row(
            "dispatch.battery_carbon_free",
            "of what the battery gave, from plants and contracts",
            "%",
            (c.discharged.total() > Energy::ZERO)
                .then(|| 100.0 * ((c.discharged.own + c.discharged.agreements) / c.discharged.total())),
            1,
        ),
    ]);
    rows
}

/// What one more unit is worth beside what it costs, both per year.
struct More {
    id: &'static str,
    label: &'static str,
    unit: &'static str,
    worth: Option<f64>,
    cost: Option<f64>,
}

fn worths(a: &Answer, d: &SiteDispatch) -> Vec<More> {
    let rate = |r: PowerRate| r.eur_per_kw_year();
    let (w, y) = (&d.worth, &a.site.yearly);
    let kw = |id, label, worth: Option<PowerRate>, cost: Option<PowerRate>| More {
        id,
        label,
        unit: "EUR/kW/a",
        worth: worth.map(rate),
        cost: cost.map(rate),
    };
    vec![
        kw("worth.connection", "grid connection", w.connection, None),
        kw("worth.export", "right to feed in", w.export, None),
        kw("worth.solar", "PV on the site", w.solar, Some(y.solar)),
        kw("worth.wind", "wind on the site", w.wind, Some(y.wind)),
        kw("worth.battery_power", "battery power", w.battery_power, Some(y.battery_power)),
        More {
            id: "worth.battery_energy",
            label: "battery energy",
            unit: "EUR/kWh/a",
            worth: w.battery_energy.map(|p| p.eur_per_mwh() / 1e3),
            cost: Some(y.battery_energy.eur_per_mwh() / 1e3),
        },
        More {
            id: "worth.load",
            label: "load, each MWh of it costs",
            unit: "EUR/MWh",
            worth: w.load.map(|p| p.eur_per_mwh()),
            cost: None,
        },
    ]
}

fn title(a: &Answer, d: &SiteDispatch) -> String {
    let proof = &d.dispatch.proof;
    match (proof.gap, d.perfect) {
        (_, Some(_)) => format!(
            "Dispatch in {} windows that know prices and forecast wind and sun only so far (seed of the forecast: --seed)",
            proof.programmes
        ),
        (Some(gap), None) => format!(
            "Dispatch of the whole year with every hour known; at most {gap:.0e} from the best one, {} iterations",
            proof.iterations
        ),
        _ => format!("Dispatch of {} hours", a.year.len()),
    }
}

/// The section of the page.
pub(super) fn text(context: &Context, a: &Answer) -> String {
    let Some(d) = &a.dispatch else { return String::new() };
    let f = context.figures();
    let number = |v: Option<f64>, digits| v.map_or_else(|| f.missing().to_owned(), |v| f.decimal(v, digits));
    let mut out = format!("\n{}\n", wrap(&title(a, d), PAGE).join("\n"));
    let mut rows = vec![["figure", "value", "unit"].map(str::to_owned).to_vec()];
    for Row(_, label, unit, value, digits) in figures(a, d) {
        // What a site does not have is not listed.
        if value.is_none() || (value == Some(0.0) && !label.starts_with("saved") && !label.starts_with("CO2"))
        {
            continue;
        }
        rows.push(vec![label.to_owned(), number(value, digits), unit.to_owned()]);
    }
    out.push_str(&table(&[Side::Left, Side::Right, Side::Left], &rows));
    let mut rows = vec![["one more unit of", "is worth", "costs", "unit"].map(str::to_owned).to_vec()];
    for More { label, unit, worth, cost, .. } in worths(a, d) {
        if worth.is_some() {
            let cost = cost.map_or_else(String::new, |c| f.decimal(c, 2));
            rows.push(vec![label.to_owned(), number(worth, 2), cost, unit.to_owned()]);
        }
    }
    out.push('\n');
    out.push_str(&table(&[Side::Left, Side::Right, Side::Right, Side::Left], &rows));
    if d.perfect.is_some() {
        out.push_str("the values of more are those of the whole year with every hour known\n");
    }
    out
}

/// The same for machines.
pub(super) fn json(a: &Answer) -> Value {
    let Some(d) = &a.dispatch else { return Value::Null };
    let metrics: serde_json::Map<String, Value> = figures(a, d)
        .into_iter()
        .map(|Row(id, _, unit, value, _)| (id.to_owned(), json!({"value": value, "unit": unit})))
        .collect();
    let worth: serde_json::Map<String, Value> = worths(a, d)
        .into_iter()
        .map(|m| (m.id.to_owned(), json!({"value": m.worth, "cost": m.cost, "unit": m.unit})))
        .collect();
    let p = &d.dispatch.proof;
    json!({
        "sight": if d.perfect.is_some() { "windows" } else { "whole" },
        "metrics": metrics,
        "one_more": worth,
        "proof": {"objective_eur": p.objective.eur(), "bound_eur": p.bound.map(|b| b.eur()), "gap": p.gap,
            "iterations": p.iterations, "programmes": p.programmes},
    })
}

/// Columns of the table of hours.
pub(super) fn columns(table: Table, a: &Answer) -> Table {
    let Some(d) = &a.dispatch else { return table };
    let h = &d.dispatch.hourly;
    let mw = |c: &[Power]| c.iter().map(|p| p.mw()).collect::<Vec<f64>>();
    let table = table
        .number("dispatch_import_mw", "MW", mw(&h.import))
        .number("dispatch_import_limit_mw", "MW", mw(&d.case.grid.import_limit))
        .number("dispatch_contracted_mw", "MW", mw(&h.contracted))
        .number("dispatch_resold_mw", "MW", mw(&h.resold))
        .number("dispatch_export_mw", "MW", mw(&h.export))
        .number("dispatch_own_mw", "MW", mw(&h.own))
        .number("dispatch_curtailed_mw", "MW", mw(&h.curtailed))
        .number("dispatch_charge_mw", "MW", mw(&h.charge))
        .number("dispatch_discharge_mw", "MW", mw(&h.discharge))
        .number("dispatch_level_mwh", "MWh", h.level.iter().map(|e| e.mwh()).collect::<Vec<f64>>())
        .number("dispatch_capped_mw", "MW", mw(&h.capped))
        .number("dispatch_deferred_mw", "MW", mw(&h.deferred))
        .number("dispatch_caught_up_mw", "MW", mw(&h.caught_up));
    if h.value.is_empty() {
        return table;
    }
    table.number(
        "dispatch_value_eur_per_mwh",
        "EUR/MWh",
        h.value.iter().map(|p| p.eur_per_mwh()).collect::<Vec<f64>>(),
    )
}

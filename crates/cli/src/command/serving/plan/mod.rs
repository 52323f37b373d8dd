//! `serving plan`: what a number of chips serves at best within the objectives.

use gigatwin_catalog::Kind;
use gigatwin_quantity::{Dim, Share, Time};
use gigatwin_serving::frontier::{Activity, Choice, Frontier, NoOption, Shape, frontier};
use gigatwin_serving::{Deployment, Objective, PlanInputs};
use serde_json::{Value, json};

use super::not_understood;
use super::predict::stamp;
use super::setting::Setting;
use crate::args::serving::Plan;
use crate::console::bold;
use crate::context::Context;
use crate::exit::{Exit, Fault};
use crate::layout::{Side, table};
use crate::stats;

mod confirm;

use confirm::{Confirmed, confirm};

/// Options of the frontier that the page shows.
const SHOWN: usize = 14;

pub(super) fn run(context: &Context, args: &Plan) -> Result<Exit, Fault> {
    let rest = format!("{:?}{:?}{:?}{:?}", args.gpus, args.ttft, args.tpot, args.price);
    let setting = Setting::new(context, &args.what, &rest);
    let mut wrong: Vec<String> =
        [("ttft", Some(args.ttft)), ("tpot", Some(args.tpot)), ("price", args.price)]
            .into_iter()
            .filter_map(|(option, value)| value.map(|v| (option, v)))
            .filter(|(_, v)| !(*v > 0.0 && v.is_finite()))
            .map(|(option, v)| format!("--{option}: {v} is not a positive finite number"))
            .collect();
    let setting = match setting {
        Ok(setting) if wrong.is_empty() => setting,
        Ok(_) => return Err(not_understood(wrong.join("; "), "")),
        // All faults of the options at once.
        Err(Fault::NotUnderstood { code: "G560", message, hint, .. }) => {
            wrong.insert(0, message);
            return Err(not_understood(wrong.join("; "), hint));
        }
        Err(other) => return Err(other),
    };
    let objective =
        Objective { ttft_p99: Time::from_s(args.ttft * 1e-3), tpot_p99: Time::from_s(args.tpot * 1e-3) };
    let inputs = PlanInputs {
        engine: setting.inputs,
        family: setting.engine,
        class: setting.class,
        weights: setting.weights,
        kv: setting.kv,
        max_chips_per_replica: args.gpus.min(64),
        spare_replicas: 0,
    };
    let found = frontier(
        &setting.model,
        &setting.chip,
        &setting.network,
        &setting.lengths,
        &objective,
        &inputs,
        &setting.calibration,
        args.gpus,
        &activity(context)?,
    )
    .map_err(|e| not_understood(e.to_string(), ""))?;
    match found {
        Ok(found) => {
            let confirmed = confirm(&setting, &found, &objective, context.seed, args.confirm);
            let counts = [
                ("layouts", found.layouts as usize),
                ("points", found.points as usize),
                ("replays", confirmed.len()),
            ];
            stats::say(context, &counts);
            if context.json {
                context.json(&answer(context, &setting, &found, &confirmed, args))?;
            } else {
                context.data(&page(context, &setting, &found, &confirmed, args))?;
            }
            Ok(Exit::Done)
        }
        Err(NoOption { binding, nearest_change }) => {
            if context.json {
                context.json(&json!({
                    "gigatwin": stamp(context, &setting),
                    "status": "infeasible",
                    "reason": binding.to_string(),
                    "nearest_change": nearest_change,
                }))?;
            } else {
                context.data(&format!("{binding}\n"))?;
                context.hint(&nearest_change);
            }
            Ok(Exit::No)
        }
    }
}

/// Activities of the catalog's facility defaults.
fn activity(context: &Context) -> Result<Activity, Fault> {
    let catalog = context.catalog()?;
    let read = |key: &str| {
        let entry = catalog.entry(Kind::Defaults, "facility").ok()?;
        Some(Share::from_fraction(entry.figure(key, Dim::Share).ok()??.distribution.base()))
    };
    match (read("activity_prefill"), read("activity_decode")) {
        (Some(prefill), Some(decode)) => Ok(Activity { prefill, decode }),
        _ => Err(not_understood(
            "the catalog lacks the activity of prefill or decode",
            "mend defaults/facility.toml",
        )),
    }
}

/// A layout in words.
pub(in crate::command) fn words(d: &Deployment) -> String {
    let mut out = format!("TP{}", d.tp);
    for (name, n) in [("PP", d.pp), ("EP", d.ep), ("DPA", d.dp_attention)] {
        if n > 1 {
            out.push_str(&format!(" {name}{n}"));
        }
    }
    out
}

fn shape(s: &Shape) -> String {
    match s {
        Shape::Aggregated { deployment, replicas } => format!("{replicas} x {}", words(deployment)),
        Shape::Disaggregated { prefill, prefill_replicas, decode, decode_replicas, .. } => {
            format!("P {prefill_replicas} x {} : D {decode_replicas} x {}", words(prefill), words(decode))
        }
    }
}

/// EUR of a million output tokens at a price per accelerator-hour.
fn euro(o: &Choice, price: Option<f64>) -> Option<f64> {
    price.map(|p| p / 3600.0 / o.tokens_per_s_chip * 1e6)
}

fn degrees(d: &Deployment) -> Value {
    json!({"tp": d.tp, "pp": d.pp, "ep": d.ep, "dp_attention": d.dp_attention})
}

fn machine(o: &Choice, price: Option<f64>) -> Value {
    let (kind, layout) = match &o.shape {
        Shape::Aggregated { deployment, replicas } => {
            ("aggregated", json!({"replicas": replicas, "deployment": degrees(deployment)}))
        }
        Shape::Disaggregated { prefill, prefill_replicas, decode, decode_replicas, transfer } => (
            "disaggregated",
            json!({
                "prefill_replicas": prefill_replicas, "prefill": degrees(prefill),
                "decode_replicas": decode_replicas, "decode": degrees(decode),
                "kv_transfer_ms": transfer.ms(),
            }),
        ),
    };
    json!({
        "kind": kind, "layout": layout, "batch": o.batch, "chips": o.chips,
        "requests_per_s": o.requests_per_s,
        "tokens_per_s_chip": o.tokens_per_s_chip, "tokens_per_s_user": o.tokens_per_s_user,
        "ttft_p99_ms": o.ttft_p99.ms(), "tpot_p99_ms": o.tpot_p99.ms(),
        "power_w": o.power.w(),
        "joule_per_million_tokens": o.energy_per_token.joules() * 1e6,
        "eur_per_million_tokens": euro(o, price),
    })
}

fn answer(context: &Context, setting: &Setting, f: &Frontier, c: &[Confirmed], args: &Plan) -> Value {
    let one = |o: &Choice| machine(o, args.price);
    let b = &setting.calibration.tpot_band;
    json!({
        "gigatwin": stamp(context, setting),
        "status": "ok",
        "model": setting.model_id, "chip": setting.chip_id, "gpus": args.gpus,
        "best": f.best().map(one),
        "best_aggregated": f.best_aggregated.as_ref().map(one),
        "best_disaggregated": f.best_disaggregated.as_ref().map(one),
        "pareto": f.pareto.iter().map(one).collect::<Vec<_>>(),
        "confirmed": c.iter().map(Confirmed::json).collect::<Vec<_>>(),
        "tpot_band": {"low": b.low, "high": b.high},
    })
}

fn page(context: &Context, setting: &Setting, f: &Frontier, confirmed: &[Confirmed], args: &Plan) -> String {
    let figures = context.figures();
    let colour = context.console.out_colour;
    let title = format!("{} on {} {}", setting.model_id, args.gpus, setting.chip_id);
    let mut out = format!("{}\n\n", bold(&title, colour));
    let row = |name: &str, o: &Choice| {
        vec![
            name.to_owned(),
            shape(&o.shape),
            o.batch.to_string(),
            figures.plain(o.tokens_per_s_chip),
            figures.plain(o.tokens_per_s_user),
            figures.plain(o.ttft_p99.ms()),
            figures.plain(o.tpot_p99.ms()),
            figures.plain(o.energy_per_token.joules()),
            euro(o, args.price).map_or_else(|| figures.missing().to_owned(), |v| figures.plain(v)),
        ]
    };
    let head = ["", "layout", "batch", "tok/s/chip", "tok/s/user", "TTFT ms", "TPOT ms", "J/token", "EUR/M"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    rows.extend(f.best_aggregated.iter().map(|o| row("aggregated", o)));
    rows.extend(f.best_disaggregated.iter().map(|o| row("disaggregated", o)));
    // Thinned for the eye; --json has all.
    let every = f.pareto.len().div_ceil(SHOWN).max(1);
    rows.extend(f.pareto.iter().step_by(every).map(|o| row("frontier", o)));
    let mut sides = vec![Side::Left, Side::Left];
    sides.extend([Side::Right; 7]);
    out.push_str(&table(&sides, &rows));
    if !confirmed.is_empty() {
        let head = ["replayed", "requests", "TTFT P99 ms", "TPOT P99 ms", "within objectives"];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        rows.extend(confirmed.iter().map(|c| {
            vec![
                shape(&c.shape),
                c.requests.to_string(),
                figures.plain(c.ttft_p99.ms()),
                figures.plain(c.tpot_p99.ms()),
                format!("{} %", figures.decimal(100.0 * c.goodput, 1)),
            ]
        }));
        out.push('\n');
        out.push_str(&table(&[Side::Left, Side::Right, Side::Right, Side::Right, Side::Right], &rows));
    }
    out
}

//! The answer on a page and as JSON.

use gigatwin_fabric::flow::{Replay, Simulation, TierLoad};
use gigatwin_quantity::{Quantity, Time};
use serde_json::{Value, json};

use super::super::stamp;
use super::Found;
use super::folder::loads_of;
use super::setting::Setting;
use crate::args::fabric::{PlacementName, RoutingName, Simulate};
use crate::console::bold;
use crate::context::Context;
use crate::exit::Fault;
use crate::layout::{Side, table};

/// Hot links that are listed.
const HOT: usize = 5;

fn routing_word(r: RoutingName) -> &'static str {
    match r {
        RoutingName::Spray => "spray",
        RoutingName::Adaptive => "adaptive",
        RoutingName::Ecmp => "ecmp",
        RoutingName::Dmodk => "dmodk",
    }
}

fn placement_word(p: PlacementName) -> &'static str {
    match p {
        PlacementName::Packed | PlacementName::All => "packed",
        PlacementName::Spread => "spread",
        PlacementName::ByRail => "by-rail",
        PlacementName::RailAligned => "rail-aligned",
        PlacementName::Random => "random",
    }
}

pub(super) fn write(
    context: &Context,
    args: &Simulate,
    setting: &Setting,
    simulation: &Simulation<'_>,
    found: &Found,
) -> Result<(), Fault> {
    let (loads, time) = loads_of(found);
    let tiers = loads.map(|l| l.tiers(&setting.topology, time)).unwrap_or_default();
    let hot: Vec<(String, f64)> = loads
        .map(|l| l.hottest(&setting.topology, time, HOT))
        .unwrap_or_default()
        .into_iter()
        .map(|h| (setting.topology.label(h.link), h.use_of_capacity))
        .collect();
    if context.json {
        return context.json(&as_json(context, args, setting, simulation, found, &tiers, &hot));
    }
    context.data(&as_page(context, args, setting, simulation, found, &tiers, &hot))
}

#[allow(clippy::too_many_arguments)]
fn as_json(
    context: &Context,
    args: &Simulate,
    setting: &Setting,
    simulation: &Simulation<'_>,
    found: &Found,
    tiers: &[TierLoad],
    hot: &[(String, f64)],
) -> Value {
    let t = &setting.topology;
    let tiers: Vec<Value> = t
        .tiers()
        .iter()
        .zip(tiers)
        .map(|(tier, l)| {
            json!({"tier": tier.name, "links": l.links, "rate_gbps": tier.rate().gbit_per_s(), "mean_use": l.mean,
                "highest_use": l.highest, "busiest": t.label(l.busiest), "used_links": l.used})
        })
        .collect();
    let hot: Vec<Value> = hot.iter().map(|(l, u)| json!({"link": l, "use": u})).collect();
    let certificate = match found {
        Found::Pattern { outcome, .. } => outcome.certificate,
        Found::Job { replay, .. } => replay.certificate,
    }
    .map(|c| json!({"holds": true, "solves": c.solves, "rates": c.rates, "largest_slack": c.slack}));
    let mut out = json!({
        "gigatwin": stamp(context, &setting.sha256),
        "status": "ok",
        "network": {"name": setting.name, "structure": setting.kind, "endpoints": t.endpoints(), "copies": t.copies(),
            "links": t.links()},
        "routing": routing_word(args.routing),
        "placement": placement_word(args.placement),
        "links_down": simulation.faults.links().len(),
        "notes": setting.notes,
        "tiers": tiers,
        "hot_links": hot,
        "certificate": certificate,
    });
    let rest = match found {
        Found::Pattern { outcome, ideal, flows } => json!({
            "flows": flows.count(),
            "simulated_flows": outcome.simulated,
            "components": outcome.components,
            "makespan_s": outcome.makespan.s(),
            "ideal_makespan_s": ideal.makespan.s(),
            "slowdown": ratio(outcome.makespan, ideal.makespan),
        }),
        Found::Job { replay, others, .. } => json!({
            "flows": replay.flows,
            "makespan_s": replay.makespan.s(),
            "analytic_s": replay.analytic.s(),
            "slowdown": replay.slowdown(),
            "packed_makespan_s": others.iter().find(|(n, _)| *n == PlacementName::Packed).map(|(_, p)| p.makespan.s()),
            "other_placements": others.iter().map(|(name, r)| json!({"placement": placement_word(*name),
                "makespan_s": r.makespan.s(), "slowdown": r.slowdown()})).collect::<Vec<_>>(),
            "overlap": replay.together,
            "settled": replay.settled,
            "phases": phases(replay),
        }),
    };
    if let (Value::Object(all), Value::Object(rest)) = (&mut out, rest) {
        all.extend(rest);
    }
    out
}

fn phases(replay: &Replay) -> Vec<Value> {
    let one = |p: &gigatwin_fabric::flow::PhaseReplay| {
        let transfers: Vec<Value> = p
            .transfers
            .iter()
            .map(|t| {
                json!({"index": t.index, "flows": t.flows, "analytic_s": t.analytic.s(), "simulated_s": t.simulated.s()})
            })
            .collect();
        json!({"name": p.name, "repeat": p.repeat, "start_s": p.start.s(), "end_s": p.end.s(),
            "analytic_s": p.analytic.s(), "slowdown": p.slowdown(), "transfers": transfers})
    };
    replay.phases.iter().map(one).collect()
}

fn ratio(a: Time, b: Time) -> f64 {
    if b > Time::ZERO { a / b } else { 1.0 }
}

#[allow(clippy::too_many_arguments)]
fn as_page(
    context: &Context,
    args: &Simulate,
    setting: &Setting,
    simulation: &Simulation<'_>,
    found: &Found,
    tiers: &[TierLoad],
    hot: &[(String, f64)],
) -> String {
    let f = context.figures();
    let t = &setting.topology;
    let title = format!("{}: {}, {} endpoints", setting.name, setting.kind, f.count(t.endpoints() as usize));
    let mut out = format!("{}\n\n", bold(&title, context.console.out_colour));
    let time = |x: Time| f.value(Time::DIM, x.base());
    let times = |x: f64| format!("{} x", f.decimal(x, 2));
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut add = |key: &str, value: String| rows.push(vec![key.to_owned(), value]);
    add("routing, placement", format!("{}, {}", routing_word(args.routing), placement_word(args.placement)));
    if !simulation.faults.is_empty() {
        add("cables down", f.count(simulation.faults.links().len() / 2));
    }
    match found {
        Found::Pattern { outcome, ideal, flows } => {
            let all = f.count(flows.count());
            let some = if outcome.simulated < flows.count() as u64 {
                format!(
                    "{all}, {} of them simulated for all by symmetry",
                    f.count(outcome.simulated as usize)
                )
            } else {
                all
            };
            add("flows", some);
            add("last flow ends", time(outcome.makespan));
            add("sound network, sprayed", time(ideal.makespan));
            add("slowdown", times(ratio(outcome.makespan, ideal.makespan)));
        }
        Found::Job { replay, others, .. } => {
            add("last phase ends", time(replay.makespan));
            add("analytic", time(replay.analytic));
            add("slowdown", times(replay.slowdown()));
            for (name, other) in others {
                let against = times(ratio(other.makespan, replay.makespan));
                let text = format!("{}, {against} of the above", time(other.makespan));
                add(&format!("{} instead", placement_word(*name)), text);
            }
            if replay.together {
                let settled = if replay.settled { "beginnings settled" } else { "beginnings did not settle" };
                add("phases overlap", settled.to_owned());
            }
        }
    }
    let certificate = match found {
        Found::Pattern { outcome, .. } => outcome.certificate,
        Found::Job { replay, .. } => replay.certificate,
    };
    if let Some(c) = certificate {
        add(
            "certificate",
            format!(
                "max-min fair in all {} solves, {} rates: each flow crosses a full link on which none is faster",
                f.count(c.solves as usize),
                f.count(c.rates as usize)
            ),
        );
    }
    out.push_str(&table(&[Side::Left, Side::Left], &rows));
    if let Found::Job { replay, .. } = found {
        let mut rows =
            vec![["phase", "times", "analytic", "simulated", "slowdown"].map(str::to_owned).to_vec()];
        for p in &replay.phases {
            rows.push(vec![
                p.name.clone(),
                p.repeat.to_string(),
                time(p.analytic),
                time(p.end - p.start),
                times(p.slowdown()),
            ]);
        }
        out.push('\n');
        out.push_str(&table(&[Side::Left, Side::Right, Side::Right, Side::Right, Side::Right], &rows));
    }
    let percent = |x: f64| format!("{} %", f.decimal(100.0 * x, 1));
    let mut rows = vec![["links", "number", "rate", "mean use", "highest"].map(str::to_owned).to_vec()];
    for (tier, l) in t.tiers().iter().zip(tiers) {
        rows.push(vec![
            tier.name.to_owned(),
            f.count(l.links as usize),
            tier.rate().to_string(),
            percent(l.mean),
            percent(l.highest),
        ]);
    }
    out.push('\n');
    out.push_str(&table(&[Side::Left, Side::Right, Side::Right, Side::Right, Side::Right], &rows));
    let names: Vec<String> = hot.iter().map(|(l, u)| format!("{l} {}", percent(*u))).collect();
    if !names.is_empty() {
        out.push_str(&format!("\n  Busiest: {}\n", names.join(", ")));
    }
    for note in &setting.notes {
        out.push_str(&format!("  {note}\n"));
    }
    out.push_str("  Use is of the capacity over the whole time. Max-min fair sharing is a model of many flows, not of a single one.\n");
    out
}

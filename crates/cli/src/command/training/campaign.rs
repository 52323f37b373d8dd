//! `training campaign`: a whole run with its failures, in days, energy, money and emissions.

use gigatwin_catalog::{Entry, Kind};
use gigatwin_factory::training::{SiteTerms, site_terms};
use gigatwin_quantity::{Dim, Hazard, Quantity, Share, Time};
use gigatwin_training::{
    Component, Goodput, GoodputInputs, Layout, StepOutcome, Straggler, Tier, erlang_b, goodput, simulate,
    step,
};
use serde_json::json;

use super::target::Chosen;
use super::{page, planned, target};
use crate::args::training::{Campaign, Sizes};
use crate::context::Context;
use crate::exit::{Exit, Fault};
use crate::json::stamp;
use crate::layout::{Side, table};
use crate::{diagnostics, stats};

/// Share of the time in which a job may wait for a repaired node, where the number of spares is not given.
const WAITING: f64 = 1e-3;
/// Components of `defaults/reliability`.
const COMPONENTS: [&str; 6] = ["accelerator", "memory", "software", "network", "host", "silent"];

/// A run's layout and step, and what the site's failures leave of its time.
pub(super) struct OnSite {
    pub layout: Layout,
    pub outcome: StepOutcome,
    pub terms: SiteTerms,
    pub inputs: GoodputInputs,
    pub goodput: Goodput,
}

/// Puts the run on its site; the exit code where that cannot be done, which has then been said.
pub(super) fn on_site(
    context: &Context,
    chosen: &Chosen,
    sizes: &Sizes,
    spares: Option<u32>,
) -> Result<Result<OnSite, Exit>, Fault> {
    let task = &chosen.task;
    let layout = match target::given_layout(task, sizes) {
        Ok(Some(layout)) => layout,
        Ok(None) => match planned(task) {
            Ok(plan) => plan.layout,
            Err(e) => return super::plan::infeasible(context, chosen, &e).map(Err),
        },
        Err(findings) => {
            diagnostics::findings(context, Some(&chosen.source), &findings)?;
            return Ok(Err(Exit::NotUnderstood));
        }
    };
    let cannot = |reason: String| no(context, chosen, &reason).map(Err);
    let outcome = match step(&task.job(), &layout) {
        Ok(o) if o.memory.fits() => o,
        Ok(o) => return cannot(format!("memory is short by {} per accelerator", o.memory.short())),
        Err(e) => return cannot(e.to_string()),
    };
    let terms = match site_terms(&chosen.factory, &task.name, layout.chips()) {
        Ok(terms) => terms,
        Err(reason) => return cannot(reason),
    };
    let catalog = context.catalog()?;
    let entry = catalog.entry(Kind::Defaults, "reliability").map_err(|e| broken(&e.to_string()))?;
    let inputs = inputs(&entry, &terms, spares)?;
    match goodput(&inputs, None) {
        Ok(goodput) => Ok(Ok(OnSite { layout, outcome, terms, inputs, goodput })),
        Err(e) => cannot(e.to_string()),
    }
}

/// Says why not.
fn no(context: &Context, chosen: &Chosen, reason: &str) -> Result<Exit, Fault> {
    if context.json {
        context.json(&json!({
            "gigatwin": stamp(&chosen.stamp), "run": page::task_json(&chosen.task), "infeasible": reason,
        }))?;
    } else {
        context.data(&format!("{}\nCannot: {reason}\n", page::title(context, chosen)))?;
    }
    Ok(Exit::No)
}

pub(super) fn run(context: &Context, args: &Campaign) -> Result<Exit, Fault> {
    let Some(chosen) = target::choose(context, &args.target, Some(&args.sizes))? else {
        return Ok(Exit::NotUnderstood);
    };
    let OnSite { layout, outcome, terms, inputs, goodput: g } =
        match on_site(context, &chosen, &args.sizes, args.spares)? {
            Ok(there) => there,
            Err(exit) => return Ok(exit),
        };
    let task = &chosen.task;
    let steps = (task.tokens / layout.tokens()).ceil().max(1.0);
    let training = outcome.step_time * steps;
    let intervals: Vec<Time> = g.tiers.iter().map(|t| t.interval).collect();
    let mut days = Vec::new();
    for i in 0..args.simulations {
        match simulate(&inputs, &intervals, training, context.seed.wrapping_add(u64::from(i))) {
            Ok(s) => days.push(s.wall.days()),
            Err(e) => return no(context, &chosen, &e.to_string()),
        }
    }
    days.sort_by(f64::total_cmp);
    let bill = Bill::new(&chosen, &terms, &layout, &outcome, &g, training);
    if context.json {
        context.json(&json!({
            "gigatwin": stamp(&chosen.stamp),
            "run": page::task_json(task),
            "layout": page::layout_json(&layout),
            "step": page::step_json(task, &layout, &outcome),
            "steps": steps,
            "nodes": inputs.nodes, "spares": inputs.spares,
            "days": bill.wall.days(), "days_low": bill.wall.days() * task.band.0, "days_high": bill.wall.days() * task.band.1,
            "days_simulated": {"runs": days.len(), "mean": mean(&days), "p10": at(&days, 0.1), "p90": at(&days, 0.9)},
            "ettr": g.ettr.fraction(),
            "shares": {
                "checkpoints": g.checkpoints.fraction(), "rework": g.rework.fraction(), "restarting": g.restarting.fraction(),
                "waiting": g.waiting.fraction(), "straggling": g.straggling.fraction(),
            },
            "interruptions_per_day": g.failures.per_s() * 86_400.0,
            "checkpoints": g.tiers.iter().map(|t| json!({
                "tier": t.name, "interval_s": if t.interval.is_finite() { Some(t.interval.s()) } else { None },
            })).collect::<Vec<_>>(),
            "accelerator_hours": bill.hours,
            "energy_j": bill.joules, "cost_eur": bill.cost, "energy_cost_eur": bill.energy_cost, "carbon_kg": bill.carbon,
        }))?;
    } else {
        context.data(&text(context, &chosen, &layout, &inputs, &g, &bill, &days))?;
    }
    stats::say(context, &[("simulated runs", days.len())]);
    Ok(Exit::Done)
}

pub(super) fn broken(what: &str) -> Fault {
    Fault::NotUnderstood {
        code: "G305",
        message: what.to_owned(),
        hint: "gigatwin catalog check lists all faults".to_owned(),
        file: None,
    }
}

/// Failures by component of the catalog, scaled to the site's node failure rate; checkpoints in host memory and on shared storage.
fn inputs(entry: &Entry, terms: &SiteTerms, spares: Option<u32>) -> Result<GoodputInputs, Fault> {
    let figure = |key: &str, dim: Dim| -> Result<f64, Fault> {
        entry
            .figure(key, dim)
            .ok()
            .flatten()
            .map(|v| v.distribution.base())
            .ok_or_else(|| broken(&format!("defaults/reliability: {key} is missing")))
    };
    let mut components = Vec::new();
    for name in COMPONENTS {
        components.push(Component {
            name: name.to_owned(),
            rate: Hazard::from_base(figure(&format!("failure_{name}"), Dim::Hazard)?),
            detection: Time::from_s(figure(&format!("detection_{name}"), Dim::Time)?),
            loses_node: figure(&format!("loses_node_{name}"), Dim::Ratio)? > 0.5,
        });
    }
    let sum: f64 = components.iter().map(|c| c.rate.per_s()).sum();
    let factor = terms.node_failure.per_s() * terms.node_scale / sum;
    for c in &mut components {
        c.rate = c.rate * factor;
    }
    let straggler = Straggler {
        rate: Hazard::from_base(figure("straggler_rate", Dim::Hazard)?) * terms.node_scale,
        slowdown: Share::from_fraction(figure("straggler_slowdown", Dim::Share)?),
        detection: Time::from_s(figure("straggler_detection", Dim::Time)?),
    };
    let losing: f64 = components.iter().filter(|c| c.loses_node).map(|c| c.rate.per_s()).sum();
    let load = f64::from(terms.nodes) * (losing + straggler.rate.per_s()) * terms.repair.s();
    let enough = || (0..terms.nodes.max(1)).find(|s| erlang_b(s + 1, load) < WAITING).unwrap_or(terms.nodes);
    Ok(GoodputInputs {
        nodes: terms.nodes,
        spares: spares.unwrap_or_else(enough),
        repair: terms.repair,
        restart: terms.restart,
        components,
        tiers: vec![
            Tier {
                name: "host memory".to_owned(),
                stall: terms.stall,
                save: terms.stall,
                load: terms.stall,
                survives_node: false,
            },
            Tier {
                name: "shared storage".to_owned(),
                stall: terms.stall,
                save: terms.save,
                load: terms.load,
                survives_node: true,
            },
        ],
        straggler,
    })
}

/// What the run takes.
struct Bill {
    wall: Time,
    hours: f64,
    joules: f64,
    cost: Option<f64>,
    energy_cost: Option<f64>,
    carbon: f64,
}

impl Bill {
    fn new(
        chosen: &Chosen,
        terms: &SiteTerms,
        layout: &gigatwin_training::Layout,
        outcome: &gigatwin_training::StepOutcome,
        g: &Goodput,
        training: Time,
    ) -> Bill {
        let wall = training / g.ettr.fraction();
        let chips = layout.chips() as f64;
        let hours = chips * wall.hours();
        // Rework and slowed steps look like training; the rest waits.
        let busy = g.ettr.fraction() + g.rework.fraction() + g.straggling.fraction();
        let (compute, communicate) =
            (outcome.shares.compute.fraction(), outcome.shares.communicate.fraction());
        let [a, b, c] = terms.power.map(|p| p.w());
        let watts = busy * (compute * a + communicate * b) + (1.0 - busy * (compute + communicate)) * c;
        let joules = watts * chips * wall.s() * terms.pue;
        Bill {
            wall,
            hours,
            joules,
            cost: terms.hour.filter(|_| chosen.own_site).map(|p| p.base() * hours),
            energy_cost: terms.energy_price.filter(|_| chosen.own_site).map(|p| p.base() * joules),
            carbon: terms.carbon.base() * joules,
        }
    }
}

fn mean(list: &[f64]) -> Option<f64> {
    (!list.is_empty()).then(|| list.iter().sum::<f64>() / list.len() as f64)
}

/// A quantile of a sorted list.
fn at(list: &[f64], q: f64) -> Option<f64> {
    let last = list.len().checked_sub(1)?;
    list.get((q * last as f64).round() as usize).copied()
}

fn text(
    context: &Context,
    chosen: &Chosen,
    layout: &gigatwin_training::Layout,
    inputs: &GoodputInputs,
    g: &Goodput,
    bill: &Bill,
    days: &[f64],
) -> String {
    let f = context.figures();
    let share = |s: Share| f.value(Dim::Share, s.fraction());
    let money = |x: Option<f64>| x.map_or_else(|| f.missing().to_owned(), |v| f.value(Dim::Money, v));
    let (s, band) = (bill.wall.s(), chosen.task.band);
    let mut rows = vec![
        vec!["layout".to_owned(), page::words(layout)],
        vec!["tokens".to_owned(), f.value(Dim::Count, chosen.task.tokens)],
        vec![
            "wall time".to_owned(),
            format!("{} [{}]", f.value(Dim::Time, s), f.range(Dim::Time, "", s * band.0, s * band.1)),
        ],
        vec!["effective".to_owned(), format!("{} of it becomes training", share(g.ettr))],
        vec!["nodes".to_owned(), format!("{} and {} spare", inputs.nodes, inputs.spares)],
        vec![
            "interrupted".to_owned(),
            format!("every {}", f.value(Dim::Time, 1.0 / g.failures.per_s().max(1e-300))),
        ],
        vec!["energy".to_owned(), f.value(Dim::Energy, bill.joules)],
        vec!["emissions".to_owned(), f.value(Dim::Mass, bill.carbon)],
        vec!["cost".to_owned(), format!("{}, of which energy {}", money(bill.cost), money(bill.energy_cost))],
    ];
    if let (Some(mean), Some(low), Some(high)) = (mean(days), at(days, 0.1), at(days, 0.9)) {
        rows.push(vec![
            "simulated".to_owned(),
            format!(
                "{mean:.1} days on average over {} runs, {low:.1} to {high:.1} in eight of ten",
                days.len()
            ),
        ]);
    }
    let mut out = format!("{}\n{}", page::title(context, chosen), table(&[Side::Left, Side::Left], &rows));
    out.push_str("\nWhere the rest goes\n");
    let lost = [
        ("stalls for checkpoints", g.checkpoints),
        ("training done twice", g.rework),
        ("detection, restart, loading", g.restarting),
        ("waiting for a node", g.waiting),
        ("stragglers", g.straggling),
    ]
    .map(|(name, x)| vec![name.to_owned(), share(x)]);
    out.push_str(&table(&[Side::Left, Side::Right], &lost));
    out.push_str("\nCheckpoints\n");
    let tiers: Vec<Vec<String>> = g
        .tiers
        .iter()
        .map(|t| {
            let every = if t.interval.is_finite() {
                format!("every {}", f.value(Dim::Time, t.interval.s()))
            } else {
                "not needed".to_owned()
            };
            vec![t.name.clone(), every]
        })
        .collect();
    out.push_str(&table(&[Side::Left, Side::Left], &tiers));
    out
}

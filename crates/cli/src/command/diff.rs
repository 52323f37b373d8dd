//! `diff`: what changed, inputs first, then results by size of effect.

use gigatwin_factory::diff::{Diff, MetricChange};
use gigatwin_factory::metric::definition;
use gigatwin_factory::outcome::Outcome;
use gigatwin_factory::{diff, run as evaluate};
use gigatwin_quantity::Dim;
use serde_json::{Value, json};

use crate::args;
use crate::console::bold;
use crate::context::Context;
use crate::exit::{Exit, Fault};
use crate::json::{scalar, stamp};
use crate::layout::{Side, table};
use crate::stats;

pub(super) fn run(context: &Context, args: &args::Diff) -> Result<Exit, Fault> {
    let catalog = context.catalog()?;
    // Both are read before either is refused: all faults at once.
    let (a, b) = (context.usable(&args.a, &catalog)?, context.usable(&args.b, &catalog)?);
    let (Some(a), Some(b)) = (a, b) else { return Ok(Exit::NotUnderstood) };
    // Base cases are compared: bands would only blur what changed.
    let (x, y) = (evaluate(&a.factory, context.seed, 0), evaluate(&b.factory, context.seed, 0));
    let changes = diff((&a.factory, &x), (&b.factory, &y));
    if context.json {
        context.json(&as_json(&changes, &x, &y, args.full))?;
    } else {
        context.data(&page(context, &changes, &x, &y, args.full))?;
    }
    stats::say(
        context,
        &[("inputs_changed", changes.inputs.len()), ("metrics_changed", changes.metrics.len())],
    );
    Ok(Exit::Done)
}

fn page(context: &Context, d: &Diff, a: &Outcome, b: &Outcome, full: bool) -> String {
    let m = &context.messages;
    let figures = context.figures();
    let missing = figures.missing();
    let title = |key: &str| format!("{}\n", bold(m.say(key), context.console.out_colour));
    let mut out = String::new();
    if d.inputs.is_empty() && d.metrics.is_empty() && d.gates.is_empty() {
        out.push_str(m.say("diff.same"));
        out.push('\n');
    }
    if !d.inputs.is_empty() {
        out.push_str(&title("diff.inputs"));
        let rows: Vec<Vec<String>> = d
            .inputs
            .iter()
            .map(|i| {
                let side = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
                vec![i.path.clone(), side(&i.before), "→".to_owned(), side(&i.after)]
            })
            .collect();
        out.push_str(&table(&[Side::Left; 4], &rows));
        out.push('\n');
    }
    if !d.metrics.is_empty() {
        out.push_str(&title("diff.results"));
        let rows: Vec<Vec<String>> = d
            .metrics
            .iter()
            .map(|c| {
                let show = |v: Option<f64>| match definition(&c.id) {
                    Some(def) => figures.of_def(def, v),
                    None => v.map_or_else(|| missing.to_owned(), |v| figures.value(c.dim, v)),
                };
                vec![c.id.clone(), show(c.before), "→".to_owned(), show(c.after), effect(context, c)]
            })
            .collect();
        let sides = [Side::Left, Side::Right, Side::Left, Side::Right, Side::Right];
        out.push_str(&table(&sides, &rows));
        out.push('\n');
    } else if !d.inputs.is_empty() {
        out.push_str(m.say("diff.no_results"));
        out.push_str("\n\n");
    }
    if !d.gates.is_empty() {
        out.push_str(&title("diff.gates"));
        let rows: Vec<Vec<String>> = d
            .gates
            .iter()
            .map(|(id, before, after)| {
                vec![id.clone(), verdict(context, before), "→".to_owned(), verdict(context, after)]
            })
            .collect();
        out.push_str(&table(&[Side::Left; 4], &rows));
        out.push('\n');
    }
    if full {
        out.push_str(&title("diff.same_list"));
        let rows: Vec<Vec<String>> = same(d, a, b).map(|x| vec![x.id.clone(), figures.metric(x)]).collect();
        out.push_str(&table(&[Side::Left, Side::Right], &rows));
    } else {
        out.push_str(&m.fill("diff.unchanged", &[("n", &d.unchanged.to_string())]));
        out.push('\n');
    }
    out
}

/// A verdict in the user's language; the word for machines where it has none.
fn verdict(context: &Context, word: &str) -> String {
    context.messages.find(&format!("status.{word}")).unwrap_or(word).to_owned()
}

/// Relative, in months for dates, or nothing where neither makes sense.
fn effect(context: &Context, c: &MetricChange) -> String {
    let figures = context.figures();
    if let (Dim::Date, Some(a), Some(b)) = (c.dim, c.before, c.after) {
        const DAY: f64 = 86_400.0;
        let text = figures.value(Dim::Time, (b - a) * DAY);
        return if b > a { format!("+{text}") } else { text };
    }
    c.relative().map(|r| figures.change(r)).unwrap_or_default()
}

fn same<'a>(
    d: &'a Diff,
    a: &'a Outcome,
    b: &'a Outcome,
) -> impl Iterator<Item = &'a gigatwin_factory::outcome::Metric> {
    a.metrics.iter().filter(|x| b.metric(&x.id).is_some() && !d.metrics.iter().any(|c| c.id == x.id))
}

fn as_json(d: &Diff, a: &Outcome, b: &Outcome, full: bool) -> Value {
    let inputs: Vec<Value> =
        d.inputs.iter().map(|i| json!({"path": i.path, "before": i.before, "after": i.after})).collect();
    let metrics: Vec<Value> = d
        .metrics
        .iter()
        .map(|c| {
            let def = definition(&c.id);
            let of = |v: Option<f64>| def.and_then(|def| v.and_then(|v| scalar(def, v)));
            json!({
                "id": c.id,
                "unit": def.map_or("", |d| d.unit),
                "before": of(c.before),
                "after": of(c.after),
                "relative": c.relative(),
            })
        })
        .collect();
    let gates: Vec<Value> =
        d.gates.iter().map(|(id, x, y)| json!({"id": id, "before": x, "after": y})).collect();
    let mut value = json!({
        "gigatwin": {"before": stamp(&a.stamp), "after": stamp(&b.stamp)},
        "inputs": inputs,
        "metrics": metrics,
        "gates": gates,
        "unchanged": d.unchanged,
    });
    if full {
        let list: Vec<Value> = same(d, a, b)
            .map(|x| json!({"id": x.id, "unit": x.def.unit, "value": x.value.and_then(|v| scalar(x.def, v))}))
            .collect();
        value["same"] = Value::Array(list);
    }
    value
}

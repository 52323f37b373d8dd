//! One bid's gates and score, traced to the figures they rest on.

use gigatwin_factory::outcome::Outcome;
use gigatwin_study::programme::trace::{Criterion, trace};
use serde_json::{Value, json};

use super::Found;
use super::page::{paragraph, title};
use crate::console::bold;
use crate::context::Context;
use crate::exit::Fault;
use crate::layout::{Side, table};

/// Position of the bid of this name or id.
pub(super) fn find(found: &Found, wanted: &str) -> Result<usize, Fault> {
    let same = |text: &str| text.eq_ignore_ascii_case(wanted);
    found.bids.iter().position(|b| same(&b.slug) || same(&b.name)).ok_or_else(|| {
        let ids: Vec<&str> = found.bids.iter().take(8).map(|b| b.slug.as_str()).collect();
        let more = if found.bids.len() > ids.len() { ", …" } else { "" };
        Fault::NotUnderstood {
            code: "G629",
            message: format!("there is no bid \"{wanted}\""),
            hint: format!("name one of: {}{more}", ids.join(", ")),
            file: None,
        }
    })
}

pub(super) fn text(context: &Context, found: &Found, bid: usize) -> String {
    let f = context.figures();
    let (b, judged) = (&found.bids[bid], &found.judged[bid]);
    let mut out = format!(
        "{}\n",
        bold(&format!("{} · {}", b.name, judged.standing.word()), context.console.out_colour)
    );
    out.push_str(&paragraph(&format!(
        "{} · lot {} · {} · source: {} ({})",
        b.state.to_uppercase(),
        b.lot.map_or_else(|| "unknown".to_owned(), |l| l.to_string()),
        b.origin.word(),
        b.source,
        b.confidence.word()
    )));
    out.push_str(&title(context, "Gates"));
    let mut rows = Vec::new();
    for gate in &judged.gates {
        let kind = if gate.hard { "" } else { "not hard" };
        rows.push(vec![gate.status.word().to_owned(), gate.title.clone(), kind.to_owned()]);
        rows.push(vec![String::new(), format!("{} · {}", gate.reason, gate.id), String::new()]);
    }
    out.push_str(&table(&[Side::Left; 3], &rows));
    out.push_str(&title(context, "Score"));
    let Some(lines) = trace(bid, &found.judged, &found.selection, &found.assumptions) else {
        out.push_str(&paragraph(&format!(
            "No score: a bid is scored where every hard gate is passed. Here: {}.",
            judged.reasons().join("; ")
        )));
        return out;
    };
    let mut rows = vec![["", "weight", "points", "gives", "from"].map(str::to_owned).to_vec()];
    for c in &lines {
        let points = match c.drawn {
            Some((low, high)) => {
                format!("{} [{}–{}]", f.decimal(c.points, 2), f.decimal(low, 1), f.decimal(high, 1))
            }
            None => f.decimal(c.points, 2),
        };
        rows.push(vec![
            c.title.clone(),
            f.decimal(100.0 * c.weight, 1),
            points,
            f.decimal(100.0 * c.gives, 1),
            from(context, c, judged.outcome.as_ref()),
        ]);
        rows.push(vec![format!("  {}", c.rule)]);
    }
    let total: f64 = lines.iter().map(|c| c.gives).sum();
    rows.push(vec!["Score".to_owned(), String::new(), String::new(), f.decimal(100.0 * total, 1)]);
    out.push_str(&table(&[Side::Left, Side::Right, Side::Right, Side::Right, Side::Left], &rows));
    out.push_str(&paragraph(
        "Weights and drawn points stand at their most likely value. gigatwin explain SITE FIGURE goes on from a figure to the inputs of \
         the factory file and their sources.",
    ));
    out
}

/// Figures with their values.
fn from(context: &Context, c: &Criterion, outcome: Option<&Outcome>) -> String {
    let f = context.figures();
    let list: Vec<String> = c
        .figures
        .iter()
        .map(|(id, value)| {
            let dim = outcome.and_then(|o| o.metric(id)).map(|m| m.def.dim);
            let text = match (value, dim) {
                (Some(v), Some(dim)) => f.value(dim, *v),
                (Some(v), None) => f.decimal(*v, 3),
                (None, _) => "unknown".to_owned(),
            };
            format!("{id} = {text}")
        })
        .collect();
    list.join(", ")
}

pub(super) fn json(found: &Found, bid: usize) -> Value {
    let (b, judged) = (&found.bids[bid], &found.judged[bid]);
    let gates: Vec<Value> = judged
        .gates
        .iter()
        .map(|g| json!({"id": g.id, "title": g.title, "status": g.status.word(), "hard": g.hard, "reason": g.reason}))
        .collect();
    let score = trace(bid, &found.judged, &found.selection, &found.assumptions).map(|lines| {
        lines
            .iter()
            .map(|c| {
                let figures: serde_json::Map<String, Value> =
                    c.figures.iter().map(|(id, v)| ((*id).to_owned(), json!(v))).collect();
                json!({"id": c.id, "title": c.title, "weight": c.weight, "points": c.points, "drawn": c.drawn, "gives": c.gives,
                    "figures": figures, "rule": c.rule})
            })
            .collect::<Vec<Value>>()
    });
    json!({"id": b.slug, "name": b.name, "standing": judged.standing.word(), "reasons": judged.reasons(), "source": b.source,
        "confidence": b.confidence.word(), "gates": gates, "score": score})
}

//! How the effect of placement was worked out, line by line.

use std::fmt::Write as _;

use gigatwin_factory::{PlacementCase, SitePlacement};
use serde_json::{Value, json};

use super::Answer;
use super::page::{percent, words};
use crate::layout::{Side, table};

/// The table with its rule; nothing where placement was left out.
pub(super) fn placement(a: &Answer) -> String {
    let Some(p) = &a.setting.placement else { return String::new() };
    let layout = a.setting.site.layout;
    let mut out = String::from("Speed by placement\n");
    let _ = writeln!(
        out,
        "speed = step time of the best placement of the size / step time of this one, on partition {} and network {}\n\
         a leaf holds {} nodes, a block {} leaves; contention = collectives between scale-up domains with the leaves full of\n\
         such jobs (flow simulation, ideal adaptive routing) / the same without contention\n",
        p.partition, p.fabric, layout.nodes_per_leaf, layout.leaves_per_block
    );
    if p.cases.is_empty() {
        out.push_str("every job lies on one node: nothing to work out\n\n");
        return out;
    }
    let head =
        ["nodes", "leaves", "blocks", "model", "layout", "domain", "contention", "step", "exposed", "speed"];
    let mut rows = vec![words(&head)];
    rows.extend(p.cases.iter().map(row));
    let mut sides = vec![Side::Right; head.len()];
    (sides[3], sides[4]) = (Side::Left, Side::Left);
    out.push_str(&table(&sides, &rows));
    out.push('\n');
    out
}

fn layout_words(c: &PlacementCase) -> String {
    let l = &c.layout;
    let mut parts = vec![format!("TP{}", l.tp)];
    for (name, n) in [("CP", l.cp), ("PP", l.pp), ("EP", l.ep)] {
        if n > 1 {
            parts.push(format!("{name}{n}"));
        }
    }
    parts.push(format!("DP{}", l.dp));
    parts.join(" ")
}

fn row(c: &PlacementCase) -> Vec<String> {
    vec![
        c.nodes.to_string(),
        c.span.leaves.to_string(),
        c.span.blocks.to_string(),
        c.model.clone(),
        layout_words(c),
        c.per_domain.to_string(),
        format!("{:.2}", c.contention),
        format!("{:.3} s", c.step.s()),
        percent(c.communicating.fraction()),
        format!("{:.3}", c.speed),
    ]
}

/// The same as JSON.
pub(super) fn json(p: &SitePlacement) -> Value {
    let cases: Vec<Value> = p
        .cases
        .iter()
        .map(|c| {
            json!({"nodes": c.nodes, "leaves": c.span.leaves, "blocks": c.span.blocks, "model": c.model,
                "layout": layout_words(c), "accelerators_per_domain": c.per_domain, "contention": c.contention,
                "step_s": c.step.s(), "communicating": c.communicating.fraction(), "speed": c.speed})
        })
        .collect();
    json!({"partition": p.partition, "fabric": p.fabric, "cases": cases})
}

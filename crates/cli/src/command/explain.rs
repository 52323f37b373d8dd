//! `explain`: one figure down to inputs, defaults and sources.

use std::collections::BTreeSet;

use gigatwin_catalog::Provenance;
use gigatwin_factory::diagnostic::Sources;
use gigatwin_factory::explain::{ExplainedInput, Explanation};
use gigatwin_factory::inputs::Origin;
use gigatwin_factory::outcome::Outcome;
use gigatwin_factory::{explain, run as evaluate};
use gigatwin_quantity::exact;
use serde_json::{Value, json};

use crate::args::Explain;
use crate::console::bold;
use crate::context::Context;
use crate::exit::{Exit, Fault};
use crate::json::{scalar, stamp};
use crate::layout::{PAGE, Side, table, width, wrap};
use crate::{origin, stats};

/// Room that a text keeps however deep it stands.
const LEAST: usize = 40;

pub(super) fn run(context: &Context, args: &Explain) -> Result<Exit, Fault> {
    let catalog = context.catalog()?;
    let Some(usable) = context.usable(&args.file, &catalog)? else { return Ok(Exit::NotUnderstood) };
    let outcome = evaluate(&usable.factory, context.seed, args.draws);
    let Some(id) = &args.metric else {
        list(context, &outcome)?;
        return Ok(Exit::Done);
    };
    let explanation = explain(&usable.factory, &outcome, id).map_err(|unknown| Fault::NotUnderstood {
        code: "G302",
        message: context.messages.fill("fault.unknown_metric", &[("id", id)]),
        hint: super::nearest(context, &unknown.nearest),
        file: Some(args.file.display().to_string()),
    })?;
    let sources = &usable.loaded.sources;
    if context.json {
        let value = json!({ "gigatwin": stamp(&outcome.stamp), "explanation": node(&explanation, sources) });
        context.json(&value)?;
    } else {
        let mut tree =
            Tree { context, sources, out: String::new(), shown: BTreeSet::new(), depth: args.depth };
        tree.figure(&explanation, "", "", 0);
        context.data(&tree.out)?;
    }
    stats::say(context, &[("inputs", outcome.inputs), ("draws", outcome.draws)]);
    Ok(Exit::Done)
}

/// All ids with their values.
fn list(context: &Context, outcome: &Outcome) -> Result<(), Fault> {
    if context.json {
        let ids: Vec<&str> = outcome.metrics.iter().map(|m| m.id.as_str()).collect();
        return context.json(&ids);
    }
    let figures = context.figures();
    let rows: Vec<Vec<String>> = outcome
        .metrics
        .iter()
        .map(|m| vec![m.id.clone(), figures.metric(m), context.messages.label(m.def.label).to_owned()])
        .collect();
    context.data(&table(&[Side::Left, Side::Right, Side::Left], &rows))
}

struct Tree<'a> {
    context: &'a Context,
    sources: &'a Sources,
    out: String,
    shown: BTreeSet<&'a str>,
    depth: usize,
}

impl<'a> Tree<'a> {
    /// A figure and all below it. `first` stands before its own line, `rest` before all others.
    fn figure(&mut self, e: &'a Explanation, first: &str, rest: &str, level: usize) {
        let m = &self.context.messages;
        let figures = self.context.figures();
        let def = e.metric.def;
        let colour = self.context.console.out_colour;
        let band = figures.band(&e.metric);
        let head = format!("{} = {}", bold(&e.metric.id, colour), figures.metric(&e.metric));
        let head = if band.is_empty() { head } else { format!("{head} {band}") };
        let children = e.parts.len() + e.inputs.len();
        let again = !self.shown.insert(e.metric.id.as_str()) && children > 0;
        let cut = !again && level >= self.depth && children > 0;
        let suffix = if again {
            format!(" {}", m.say("explain.above"))
        } else if cut {
            format!(" {}", m.say("explain.deeper"))
        } else {
            String::new()
        };
        self.line(first, &format!("{head}{suffix}"));
        let stem = format!("{rest}{}", if children > 0 && !again && !cut { "│  " } else { "   " });
        if !again {
            self.text(&stem, m.label(def.label));
            if let Some(formula) = &e.formula {
                self.text(&stem, &format!("= {formula}"));
            } else if !def.model.is_empty() {
                self.text(&stem, &m.fill("explain.model", &[("text", def.model)]));
            }
            if let Some(band) = e.metric.band {
                let median = figures.of_def(def, Some(band.p50));
                self.text(&stem, &m.fill("explain.median", &[("figure", &median)]));
            }
            match def.validated_by.filter(|d| gigatwin_validation::DOMAINS.contains(d)) {
                Some(domain) => self.text(&stem, &m.fill("explain.validated", &[("domain", domain)])),
                None if e.formula.is_none() && e.metric.band.is_some() => {
                    self.text(&stem, m.say("explain.not_validated"));
                }
                None => {}
            }
            if !e.metric.note.is_empty() {
                self.text(&stem, &m.fill("explain.note", &[("text", &e.metric.note)]));
            }
        }
        if again || cut {
            return;
        }
        let mut left = children;
        for part in &e.parts {
            left -= 1;
            let (a, b) = branches(rest, left);
            self.figure(part, &a, &b, level + 1);
        }
        for input in &e.inputs {
            left -= 1;
            let (a, b) = branches(rest, left);
            self.input(input, &a, &b);
        }
    }

    fn input(&mut self, e: &ExplainedInput, first: &str, rest: &str) {
        let m = &self.context.messages;
        let figures = self.context.figures();
        let value = figures.input(&e.input, e.value);
        let mut head = format!("{} = {value}", e.input.path);
        let d = e.input.distribution;
        if !d.is_point() {
            let range = figures.range(e.input.dim, "", d.quantile(0.1), d.quantile(0.9));
            let range = if e.input.dollars { range.replace("EUR", "USD") } else { range };
            head.push_str(&format!(" [{}]", m.fill("explain.range", &[("range", &range)])));
        }
        self.line(first, &head);
        let stem = format!("{rest}   ");
        self.text(&stem, &origin::phrase(m, &e.input.origin, self.sources));
    }

    fn line(&mut self, first: &str, text: &str) {
        self.out.push_str(format!("{first}{text}").trim_end());
        self.out.push('\n');
    }

    fn text(&mut self, stem: &str, text: &str) {
        for line in wrap(text, PAGE.saturating_sub(width(stem)).max(LEAST)) {
            self.line(stem, &line);
        }
    }
}

fn branches(rest: &str, left: usize) -> (String, String) {
    if left == 0 {
        (format!("{rest}└─ "), format!("{rest}   "))
    } else {
        (format!("{rest}├─ "), format!("{rest}│  "))
    }
}

fn node(e: &Explanation, sources: &Sources) -> Value {
    let of = |base: Option<f64>| base.and_then(|b| scalar(e.metric.def, b));
    let band = e.metric.band;
    json!({
        "id": e.metric.id,
        "label": e.metric.def.label,
        "value": of(e.metric.value),
        "unit": e.metric.def.unit,
        "low": of(band.map(|b| b.p10)),
        "p50": of(band.map(|b| b.p50)),
        "high": of(band.map(|b| b.p90)),
        "note": e.metric.note,
        "formula": e.formula,
        "model": (!e.metric.def.model.is_empty()).then_some(e.metric.def.model),
        "validated_by": e.metric.def.validated_by,
        "parts": e.parts.iter().map(|p| node(p, sources)).collect::<Vec<_>>(),
        "inputs": e.inputs.iter().map(|i| leaf(i, sources)).collect::<Vec<_>>(),
    })
}

fn leaf(e: &ExplainedInput, sources: &Sources) -> Value {
    let text = |base: f64| {
        let text = exact(e.input.dim, base);
        if e.input.dollars { text.replacen("EUR", "USD", 1) } else { text }
    };
    let d = e.input.distribution;
    let provenance: Option<&Provenance> = match &e.input.origin {
        Origin::File { .. } => None,
        Origin::Default(p) | Origin::Catalog { provenance: p, .. } => Some(p),
    };
    json!({
        "path": e.input.path,
        "value": text(e.value),
        "p10": (!d.is_point()).then(|| text(d.quantile(0.1))),
        "p90": (!d.is_point()).then(|| text(d.quantile(0.9))),
        "origin": origin::word(&e.input.origin),
        "where": origin::place(&e.input.origin, sources),
        "source": provenance.map(|p| p.source.as_ref()),
        "date": provenance.map(|p| p.date.as_ref()),
        "confidence": provenance.map(|p| p.confidence.word()),
    })
}

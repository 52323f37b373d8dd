//! The one-page answer: 80 columns, legible without colour.

mod money;
mod site;
mod verdict;
mod work;

use std::collections::BTreeSet;

use gigatwin_factory::metric::{Formula, MetricDef, definition};
use gigatwin_factory::outcome::{Metric, Outcome};

use crate::console::bold;
use crate::figure_text::Figures;
use crate::layout::{PAGE, flow, pad, width, wrap};
use crate::messages::Messages;

/// Stands behind a band that holds the model's validated error.
const CHECKED: &str = "✓";

/// Stands for a blank at which no line breaks.
const GLUE: &str = "\u{a0}";

/// One section: a label and what is said under it.
struct Section {
    label: String,
    lines: Vec<Vec<String>>,
}

/// Draws the page.
pub struct Page<'a> {
    outcome: &'a Outcome,
    messages: &'a Messages,
    figures: Figures<'a>,
    /// Domains with measurements to compare with.
    domains: &'a [&'a str],
}

/// The page of an outcome. `domains` are those that `validate` knows.
pub fn render(outcome: &Outcome, messages: &Messages, domains: &[&str], colour: bool) -> String {
    let page = Page { outcome, messages, figures: Figures::new(messages), domains };
    let sections = [
        page.machine(),
        page.network(),
        page.energy(),
        page.training(),
        page.serving(),
        page.tuning(),
        page.development(),
        page.uses(),
        page.cost(),
        page.money(),
        page.hours(),
        page.opens(),
        page.infeasible(),
        page.gates(),
        page.grades(),
        page.matters(),
        page.unused(),
        page.missing(),
    ];
    let sections: Vec<Section> =
        sections.into_iter().filter(|s| s.lines.iter().flatten().any(|t| !t.is_empty())).collect();
    let column = sections.iter().map(|s| width(&s.label)).max().unwrap_or(0);
    let mut out = page.header(colour);
    for section in &sections {
        let mut label = Some(bold(&pad(&section.label, column), colour));
        for segments in &section.lines {
            for line in flow(segments, PAGE - column - 4) {
                let head = label.take().unwrap_or_else(|| " ".repeat(column));
                out.push_str(format!("  {head}  {}", line.replace(GLUE, " ")).trim_end());
                out.push('\n');
            }
        }
    }
    out.push('\n');
    for line in page.footer() {
        out.push_str(&format!("  {line}\n"));
    }
    out
}

impl<'a> Page<'a> {
    fn header(&self, colour: bool) -> String {
        let o = self.outcome;
        let hash: String = o.stamp.inputs_sha256.chars().take(8).collect();
        let place =
            if o.place.is_empty() { o.country.clone() } else { format!("{}, {}", o.place, o.country) };
        let seed = o.stamp.seed.to_string();
        let segments = [
            o.name.clone(),
            place,
            format!("gigatwin {}", o.stamp.version),
            self.messages.fill("page.seed", &[("seed", &seed)]),
            self.messages.fill("page.inputs", &[("hash", &hash)]),
        ];
        let lines: Vec<String> = flow(&segments, PAGE).iter().map(|l| bold(l, colour)).collect();
        format!("{}\n\n", lines.join("\n"))
    }

    fn footer(&self) -> Vec<String> {
        let o = self.outcome;
        let mut segments = Vec::new();
        if o.draws > 0 {
            segments.push(self.messages.fill("page.bands", &[("draws", &self.figures.count(o.draws))]));
            segments.push(self.messages.fill("page.checked", &[("sign", CHECKED)]));
        } else {
            segments.push(self.messages.say("page.no_draws").to_owned());
        }
        segments.iter().flat_map(|s| wrap(s, PAGE - 2)).collect()
    }

    /// A label with its lines; lines without any text are left out.
    fn section(&self, label: &str, lines: Vec<Vec<String>>) -> Section {
        Section { label: self.messages.say(label).to_owned(), lines }
    }

    /// A figure with its band; `None` where the outcome has none of this id.
    fn figure(&self, id: &str) -> Option<String> {
        self.outcome.metric(id).map(|m| self.with_band(m))
    }

    /// A figure without its band.
    fn bare(&self, id: &str) -> Option<String> {
        self.outcome.metric(id).map(|m| glued(&self.figures.metric(m)))
    }

    fn with_band(&self, metric: &Metric) -> String {
        let value = glued(&self.figures.metric(metric));
        let band = self.figures.band(metric);
        if band.is_empty() {
            return value;
        }
        let sign = if self.checked(metric.def) { CHECKED } else { "" };
        format!("{value} {}{sign}", glued(&band))
    }

    /// A text around one figure; empty where the outcome does not have it.
    fn around(&self, key: &str, id: &str) -> String {
        self.figure(id).map(|text| self.messages.fill(key, &[("figure", &text)])).unwrap_or_default()
    }

    /// As [`Page::around`], without the band.
    fn around_bare(&self, key: &str, id: &str) -> String {
        self.bare(id).map(|text| self.messages.fill(key, &[("figure", &text)])).unwrap_or_default()
    }

    /// Short texts of the engine on a subject, such as the layout of a run.
    fn notes(&self, subject: &str) -> Vec<String> {
        let about =
            |key: &str| key == subject || key.strip_prefix(subject).is_some_and(|rest| rest.starts_with('.'));
        self.outcome.notes.iter().filter(|n| about(&n.0)).map(|n| self.phrase(&n.1)).collect()
    }

    /// A short text of the engine without its asides, each part in the language of the page where it has a translation.
    fn phrase(&self, text: &str) -> String {
        let head = text.split("; ").next().unwrap_or(text);
        let parts: Vec<&str> = head.split(", ").map(|part| self.messages.label(part)).collect();
        parts.join(", ")
    }

    /// Whether measurements stand behind a figure's band: its own, or those of all that it is computed from.
    fn checked(&self, def: &MetricDef) -> bool {
        self.checked_inner(def, &mut BTreeSet::new())
    }

    fn checked_inner(&self, def: &MetricDef, seen: &mut BTreeSet<&'static str>) -> bool {
        if def.validated_by.is_some_and(|domain| self.domains.contains(&domain)) {
            return true;
        }
        let Some(formula) = def.formula.and_then(|f| Formula::read(f, None).ok()) else { return false };
        let mut ids = Vec::new();
        leaves(&formula, &mut ids);
        ids.iter().all(|id| {
            // A pattern stands for figures of one declaration; constants such as year_s need no measurement.
            let id = id.replace('*', "{name}");
            let Some(def) = definition(&id) else { return true };
            !seen.insert(def.id) || self.checked_inner(def, seen)
        })
    }
}

/// Keeps a number and its unit on one line.
fn glued(text: &str) -> String {
    text.replace(' ', GLUE)
}

fn leaves<'f>(formula: &'f Formula, ids: &mut Vec<&'f str>) {
    match formula {
        Formula::Number(_) => {}
        Formula::Metric(id) | Formula::Sum(id) => ids.push(id),
        Formula::Binary(a, _, b) => {
            leaves(a, ids);
            leaves(b, ids);
        }
    }
}

#[cfg(test)]
mod tests;

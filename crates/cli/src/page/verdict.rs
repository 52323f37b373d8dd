//! What cannot be, rules, what matters, and what is not said.

use gigatwin_factory::outcome::{GateResult, Status};

use super::{Page, Section, glued};

/// Ids named one by one before they are only counted.
const NAMED: usize = 6;
/// Inputs named as mattering most.
const MATTERS: usize = 3;

impl Page<'_> {
    pub(super) fn infeasible(&self) -> Section {
        let lines = self
            .outcome
            .infeasible
            .iter()
            .map(|i| vec![self.messages.fill("page.cannot", &[("what", &i.what), ("reason", &i.reason)])])
            .collect();
        self.section("section.infeasible", lines)
    }

    pub(super) fn gates(&self) -> Section {
        let o = self.outcome;
        let count = |status| o.gates.iter().filter(|g| g.status == status).count().to_string();
        let counts = if o.gates.is_empty() {
            self.messages.say("page.no_gates").to_owned()
        } else {
            self.messages.fill(
                "page.gate_counts",
                &[
                    ("pass", &count(Status::Pass)),
                    ("unknown", &count(Status::Unknown)),
                    ("fail", &count(Status::Fail)),
                ],
            )
        };
        let defaults = self.messages.fill(
            "page.at_default",
            &[("n", &o.assumptions_at_default.to_string()), ("all", &o.inputs.to_string())],
        );
        let mut lines = vec![vec![counts, defaults]];
        for status in [Status::Fail, Status::Unknown] {
            lines.extend(o.gates.iter().filter(|g| g.status == status).map(|g| vec![self.gate(g)]));
        }
        self.section("section.gates", lines)
    }

    fn gate(&self, gate: &GateResult) -> String {
        let word = match (gate.status, gate.hard) {
            (Status::Fail, true) => self.messages.say("status.fail"),
            (Status::Fail, false) => self.messages.say("status.fail_soft"),
            _ => self.messages.say("status.unknown"),
        };
        let text = match gate.miss {
            Some((dim, value, bound, short)) => {
                let [value, bound, by] =
                    [value, bound, (value - bound).abs()].map(|v| glued(&self.figures.value(dim, v)));
                let values = [("value", value.as_str()), ("bound", &bound), ("by", &by)];
                let said = if short {
                    self.messages.fill("page.falls_short", &values)
                } else {
                    self.messages.fill("page.is_over", &values)
                };
                // What would cure it comes from the rule set, in its own language.
                match gate.reason.split_once("; ") {
                    Some((_, cure)) => format!("{said}; {cure}"),
                    None => said,
                }
            }
            None if gate.reason.is_empty() => gate.title.clone(),
            None => gate.reason.clone(),
        };
        self.messages.fill("page.gate", &[("status", word), ("id", &gate.id), ("reason", &text)])
    }

    pub(super) fn grades(&self) -> Section {
        let line = self
            .outcome
            .grades
            .iter()
            .map(|(_, title, grade)| {
                let grade = self.messages.label(grade);
                self.messages.fill("page.named", &[("name", title), ("text", grade)])
            })
            .collect();
        self.section("section.grades", vec![line])
    }

    pub(super) fn matters(&self) -> Section {
        let ranked = self.outcome.matters.first();
        let head = ranked.map(|m| vec![self.messages.fill("page.matters_to", &[("metric", &m.metric)])]);
        let lines = self.outcome.matters.iter().take(MATTERS).enumerate().map(|(i, m)| {
            let input = glued(&self.figures.range(m.input_dim, "", m.input.0, m.input.1));
            let effect = self.outcome.metric(&m.metric).map_or_else(String::new, |x| {
                let [a, b] = [m.metric_values.0, m.metric_values.1]
                    .map(|v| glued(&self.figures.of_def(x.def, Some(v))));
                format!("{a} → {b}")
            });
            let number = (i + 1).to_string();
            let text = self.messages.fill(
                "page.matter",
                &[("n", &number), ("path", &m.path), ("input", &input), ("effect", &effect)],
            );
            vec![text]
        });
        let lines = head.into_iter().chain(lines).collect();
        self.section("section.matters", lines)
    }

    pub(super) fn unused(&self) -> Section {
        self.section("section.unused", vec![self.shortened(&self.outcome.unused)])
    }

    pub(super) fn missing(&self) -> Section {
        let ids: Vec<String> =
            self.outcome.metrics.iter().filter(|m| m.value.is_none()).map(|m| m.id.clone()).collect();
        self.section("section.missing", vec![self.shortened(&ids)])
    }

    fn shortened(&self, ids: &[String]) -> Vec<String> {
        let mut out: Vec<String> = ids.iter().take(NAMED).cloned().collect();
        if ids.len() > NAMED {
            out.push(self.messages.fill("page.more", &[("n", &(ids.len() - NAMED).to_string())]));
        }
        out
    }
}

//! What is trained and served.

use super::{Page, Section};

impl Page<'_> {
    pub(super) fn training(&self) -> Section {
        let lines = self
            .outcome
            .names("training.", ".days")
            .into_iter()
            .map(|name| {
                let id = |figure: &str| format!("training.{name}.{figure}");
                let mut segments = vec![
                    self.named(name, self.figure(&id("days"))),
                    self.around_bare("page.on_accelerators", &id("accelerators")),
                    self.around("page.mfu", &id("mfu")),
                    self.around("page.ettr", &id("ettr")),
                    self.around("page.plain", &id("cost")),
                    self.around("page.plain", &id("energy")),
                ];
                segments.extend(self.notes(&format!("training.{name}")));
                segments.extend(self.reason(&id("days")));
                segments
            })
            .collect();
        self.section("section.training", lines)
    }

    pub(super) fn serving(&self) -> Section {
        let lines = self
            .outcome
            .names("serving.", ".chips")
            .into_iter()
            .map(|name| {
                let id = |figure: &str| format!("serving.{name}.{figure}");
                let chips = self
                    .figure(&id("chips"))
                    .map(|n| self.messages.fill("page.chips_at_peak", &[("figure", &n)]));
                let mut segments = vec![
                    self.named(name, chips),
                    self.around_bare("page.plain", &id("tokens_per_second")),
                    self.around("page.per_million_tokens", &id("cost_per_million_tokens")),
                    self.around_bare("page.ttft", &id("ttft")),
                    self.around_bare("page.tpot", &id("tpot")),
                ];
                segments.extend(self.notes(&format!("serving.{name}")));
                segments.extend(self.reason(&id("chips")));
                segments
            })
            .collect();
        self.section("section.serving", lines)
    }

    pub(super) fn tuning(&self) -> Section {
        let lines = self
            .outcome
            .names("tune.", ".jobs")
            .into_iter()
            .map(|name| {
                let id = |figure: &str| format!("tune.{name}.{figure}");
                let jobs = self
                    .figure(&id("jobs"))
                    .map(|n| self.messages.fill("page.jobs_per_day", &[("figure", &n)]));
                let mut segments = vec![
                    self.named(name, jobs),
                    self.around_bare("page.each_job", &id("time")),
                    self.around("page.plain", &id("cost")),
                    self.around_bare("page.accelerator_hours_per_day", &id("accelerator_hours")),
                ];
                segments.extend(self.notes(&format!("tune.{name}")));
                segments.extend(self.reason(&id("jobs")));
                segments
            })
            .collect();
        self.section("section.tuning", lines)
    }

    /// What the accelerators are used for; together all hours, all energy and all money of a year.
    pub(super) fn uses(&self) -> Section {
        let lines = self
            .outcome
            .names("use.", ".hours")
            .into_iter()
            .filter(|name| self.outcome.value(&format!("use.{name}.hours")).is_some_and(|h| h > 0.0))
            .map(|name| {
                let id = |figure: &str| format!("use.{name}.{figure}");
                let hours = self.figure(&id("hours")).unwrap_or_default();
                let shown = self.messages.label(name);
                vec![
                    self.messages.fill("page.hours", &[("name", shown), ("hours", &hours)]),
                    self.around_bare("page.plain", &id("energy")),
                    self.around_bare("page.plain", &id("cost_per_hour")),
                ]
            })
            .collect();
        self.section("section.uses", lines)
    }

    pub(super) fn development(&self) -> Section {
        let lines = self
            .outcome
            .names("develop.", ".sessions")
            .into_iter()
            .map(|name| {
                let id = |figure: &str| format!("develop.{name}.{figure}");
                let open = self
                    .figure(&id("sessions"))
                    .map(|n| self.messages.fill("page.notebooks_at_peak", &[("figure", &n)]));
                let mut segments = vec![
                    self.named(name, open),
                    self.around_bare("page.on_accelerators", &id("accelerators")),
                    self.around_bare("page.accelerator_hours_per_day", &id("accelerator_hours")),
                    self.around_bare("page.cells_run", &id("busy")),
                ];
                segments.extend(self.notes(&format!("develop.{name}")));
                segments
            })
            .collect();
        self.section("section.development", lines)
    }

    fn named(&self, name: &str, text: Option<String>) -> String {
        self.messages.fill(
            "page.named",
            &[("name", name), ("text", text.as_deref().unwrap_or(self.figures.missing()))],
        )
    }

    /// Why a figure is n/a.
    fn reason(&self, id: &str) -> Option<String> {
        self.outcome.metric(id).filter(|m| m.value.is_none() && !m.note.is_empty()).map(|m| m.note.clone())
    }
}

//! Cost, money, hours, opening.

use super::{Page, Section};

impl Page<'_> {
    pub(super) fn cost(&self) -> Section {
        let build = self.figure("cost.capex_total").map(|total| {
            let computing = self.figure("cost.capex_computing").unwrap_or_default();
            self.messages.fill("page.to_build", &[("total", &total), ("computing", &computing)])
        });
        let segments = vec![
            build.unwrap_or_default(),
            self.around("page.to_run", "cost.opex_annual"),
            self.around("page.per_accelerator_hour", "cost.lcoc_per_accelerator_hour"),
            self.around("page.per_h100e_hour", "cost.lcoc_per_h100e_hour"),
        ];
        self.section("section.cost", vec![segments])
    }

    pub(super) fn money(&self) -> Section {
        let mut segments = vec![
            self.around("page.union", "funding.union"),
            self.around("page.states", "funding.states"),
            self.around("page.debt", "funding.debt"),
            self.around("page.equity", "funding.equity"),
            self.around_bare("page.union_share", "funding.union_share_of_computing"),
            self.around_bare("page.public_share", "funding.public_share"),
            self.around("page.irr", "finance.irr_equity"),
            self.around("page.dscr", "finance.dscr_min"),
        ];
        segments.extend(self.notes("funding"));
        segments.extend(self.notes("finance"));
        self.section("section.money", vec![segments])
    }

    pub(super) fn hours(&self) -> Section {
        let of = |prefix: &str, suffix: &str| -> Vec<String> {
            self.outcome
                .names(prefix, suffix)
                .into_iter()
                .map(|name| self.hours_of(name, &format!("{prefix}{name}{suffix}")))
                .collect()
        };
        self.section("section.hours", vec![of("tenant.", ".hours"), of("state.", ".hours")])
    }

    fn hours_of(&self, name: &str, id: &str) -> String {
        // States are known by their ISO codes, which are written in capitals.
        let shown = if id.starts_with("state.") { name.to_uppercase() } else { name.to_owned() };
        let hours = self.figure(id).unwrap_or_default();
        self.messages.fill("page.hours", &[("name", &shown), ("hours", &hours)])
    }

    pub(super) fn opens(&self) -> Section {
        let phases = self.outcome.names("schedule.phase.", ".opening");
        let mut lines: Vec<Vec<String>> = phases
            .iter()
            .map(|name| vec![self.opening(name), self.slip(&format!("schedule.phase.{name}.slip"))])
            .collect();
        if lines.is_empty() {
            lines.push(vec![self.around("page.plain", "schedule.opening")]);
        }
        let mut further = self.notes("schedule");
        if self.outcome.value("schedule.opening_after_signature").is_some() {
            further.insert(0, self.around_bare("page.after_signature", "schedule.opening_after_signature"));
        }
        lines.push(further);
        self.section("section.opens", lines)
    }

    /// A phase's opening; with P50 and P90 where it is not certain, as delays all point one way.
    fn opening(&self, name: &str) -> String {
        let id = format!("schedule.phase.{name}.opening");
        let date = self.bare(&id).unwrap_or_default();
        match self.outcome.metric(&id).map(|m| (m.def, m.band)) {
            Some((def, Some(band))) if band.p90 > band.p10 => {
                let [p50, p90] = [band.p50, band.p90].map(|v| self.figures.of_def(def, Some(v)));
                let values = [("name", name), ("date", date.as_str()), ("p50", &p50), ("p90", &p90)];
                self.messages.fill("page.phase_opens_band", &values)
            }
            _ => self.messages.fill("page.phase_opens", &[("name", name), ("date", &date)]),
        }
    }

    /// How much later than asked.
    fn slip(&self, id: &str) -> String {
        match self.outcome.metric(id).map(|m| (m, m.value)) {
            // Less than half a month is inside the precision of a month.
            Some((m, Some(v))) if v > 0.5 * m.def.factor => {
                self.messages.fill("page.later", &[("figure", &self.figures.metric(m))])
            }
            Some((_, Some(_))) => self.messages.say("page.as_asked").to_owned(),
            _ => String::new(),
        }
    }
}

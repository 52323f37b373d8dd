//! Machine, network, energy.

use super::{Page, Section};

impl Page<'_> {
    pub(super) fn machine(&self) -> Section {
        let get = |id| self.bare(id).unwrap_or_default();
        let racks = self.messages.fill(
            "page.racks",
            &[
                ("accelerators", &get("site.accelerators")),
                ("h100e", &get("site.h100_equivalents")),
                ("racks", &get("site.racks")),
            ],
        );
        let grid = self.figure("site.facility_power").map(|power| {
            let firm = get("site.grid_firm");
            match self.outcome.value("site.grid_flexible").filter(|v| *v > 0.0) {
                Some(_) => self.messages.fill(
                    "page.at_grid_flexible",
                    &[("power", &power), ("firm", &firm), ("flexible", &get("site.grid_flexible"))],
                ),
                None => self.messages.fill("page.at_grid", &[("power", &power), ("firm", &firm)]),
            }
        });
        let room = match self.outcome.metric("site.grid_headroom").map(|m| (m, m.value)) {
            Some((m, Some(v))) if v < 0.0 => {
                let short = self.figures.of_def(m.def, Some(-v));
                self.messages.fill("page.grid_short", &[("power", &short)])
            }
            Some((_, Some(_))) => self.messages.say("page.grid_ok").to_owned(),
            _ => String::new(),
        };
        let peak = self.around_bare("page.peak", "site.peak_flops");
        let times = self.around_bare("page.times_ai_factory", "site.ratio_to_ai_factory");
        self.section(
            "section.machine",
            vec![
                vec![racks, peak, times],
                vec![self.around("page.it_power", "site.it_power"), grid.unwrap_or_default(), room],
            ],
        )
    }

    pub(super) fn network(&self) -> Section {
        let mut segments = self.notes("fabric");
        let tiers = [
            ("page.leaf", "fabric.leaf_switches"),
            ("page.spine", "fabric.spine_switches"),
            ("page.core", "fabric.core_switches"),
        ];
        let there: Vec<String> = tiers
            .into_iter()
            .filter(|(_, id)| self.outcome.value(id).is_some_and(|v| v > 0.0))
            .map(|(key, id)| self.around_bare(key, id))
            .collect();
        if !there.is_empty() {
            segments.push(self.messages.fill("page.switches", &[("list", &there.join(", "))]));
        }
        segments.push(self.around_bare("page.cable", "fabric.cable_length"));
        segments.push(self.around_bare("page.storage", "storage.capacity"));
        self.section("section.network", vec![segments])
    }

    pub(super) fn energy(&self) -> Section {
        let mut segments = vec![
            self.around("page.pue", "site.pue"),
            self.around("page.energy_annual", "energy.annual"),
            self.around("page.energy_price", "energy.price"),
            self.around("page.carbon", "energy.carbon_annual"),
            self.around("page.matched", "energy.renewable_share_hourly"),
        ];
        // Water and heat are said where they are known; what is n/a is listed at the end of the page.
        for (key, id) in [("page.wue", "site.wue"), ("page.erf", "site.erf")] {
            if self.outcome.value(id).is_some() {
                segments.push(self.around(key, id));
            }
        }
        self.section("section.energy", vec![segments])
    }
}

//! `fabric size`: the bill of materials of one network, or of all networks of a file.

use gigatwin_catalog::Kind;
use gigatwin_fabric::{
    BillOfMaterials, CableTier, FabricDesign, NetworkHazards, SizingError, design_faults, size,
};
use gigatwin_factory::{site_networks, site_partitions};
use gigatwin_quantity::{Dim, Hazard, Length, Money, Power, Quantity};
use serde_json::{Value, json};

use super::design::{Figures, describe, faults};
use super::scaleup::{self, ScaleUp};
use super::{not_understood, stamp};
use crate::args::fabric::Size;
use crate::console::bold;
use crate::context::Context;
use crate::diagnostics::{Finding, findings};
use crate::exit::{Exit, Fault};
use crate::layout::{Side, table};
use crate::stats;

/// A network with its parts at their mode, P10 and P90.
struct Network {
    name: String,
    kind: String,
    connects: Vec<String>,
    designs: [FabricDesign; 3],
}

/// What was found for it.
struct Sized<'n> {
    network: &'n Network,
    bills: [BillOfMaterials; 3],
    failures: [f64; 3],
}

pub(super) fn run(context: &Context, args: &Size) -> Result<Exit, Fault> {
    let catalog = context.catalog()?;
    let mut scaleups: Vec<ScaleUp> = Vec::new();
    let (networks, sha256) = match &args.file {
        Some(file) => {
            let Some(usable) = context.usable(file, &catalog)? else { return Ok(Exit::NotUnderstood) };
            let all = match site_networks(&usable.factory) {
                Ok(all) => all,
                Err(reason) => return no(context, &usable.factory.sha256, &[("site".to_owned(), reason)]),
            };
            let names: Vec<String> = all.iter().map(|n| n.name.clone()).collect();
            let chosen: Vec<Network> = all
                .into_iter()
                .filter(|n| args.fabric.as_ref().is_none_or(|wanted| *wanted == n.name))
                .map(|n| Network {
                    name: n.name,
                    kind: n.kind.to_owned(),
                    connects: n.partitions,
                    designs: [n.design, n.low, n.high],
                })
                .collect();
            if let (true, Some(wanted)) = (chosen.is_empty(), &args.fabric) {
                return Err(not_understood(
                    format!("there is no network \"{wanted}\" in the file"),
                    format!("one of: {}", names.join(", ")),
                ));
            }
            for p in site_partitions(&usable.factory).unwrap_or_default() {
                if chosen.iter().any(|n| n.connects.contains(&p.name)) {
                    let domain = p.network.domain;
                    scaleups.extend(scaleup::domains(
                        &catalog,
                        &p.name,
                        &p.accelerator,
                        p.accelerators,
                        domain,
                    )?);
                }
            }
            (chosen, usable.factory.sha256.clone())
        }
        None => {
            let faults = faults(&catalog, &args.design)?;
            if !faults.is_empty() {
                findings(context, None, &faults)?;
                return Ok(Exit::NotUnderstood);
            }
            let d = describe(&catalog, &args.design)?;
            if let Some(id) = &args.design.accelerator {
                let figures = Figures::new(&catalog, None)?;
                let chip = figures.entry(Kind::Accelerators, id)?;
                let domain = match args.design.domain {
                    Some(n) => n,
                    None => figures.number(&chip, "scaleup_domain", Dim::Count)? as u32,
                };
                let chips = f64::from(d.base.endpoints);
                scaleups.extend(scaleup::domains(&catalog, id, &chip.id, chips, domain)?);
            }
            let network = Network {
                name: "network".to_owned(),
                kind: d.kind.to_owned(),
                connects: Vec::new(),
                designs: [d.base, d.low, d.high],
            };
            (vec![network], d.sha256)
        }
    };
    let mut hazards = Vec::new();
    for quantile in [None, Some(0.1), Some(0.9)] {
        let f = Figures::new(&catalog, quantile)?;
        let defaults = f.entry(Kind::Defaults, "fabric")?;
        let ranges = f.entry(Kind::Defaults, "reliability")?;
        hazards.push(NetworkHazards {
            access_link: f.get::<Hazard>(&ranges, "access_link")?,
            trunk_link: f.get::<Hazard>(&defaults, "hazard_trunk_link")?,
            switch: f.get::<Hazard>(&ranges, "switch")?,
        });
    }
    let (mut found, mut missing, mut wrong) = (Vec::new(), Vec::new(), Vec::new());
    let mut invalid = |what: &str, e: &SizingError| {
        wrong.push(Finding { code: "G505", message: format!("{what}: {e}"), hint: String::new() });
    };
    for network in &networks {
        let faults = design_faults(&network.designs[0]);
        faults.iter().for_each(|e| invalid(&network.name, e));
        match sized(network, &hazards) {
            Ok(one) => found.push(one),
            Err(e @ (SizingError::Invalid { .. } | SizingError::NotModelled(_))) => {
                if faults.is_empty() {
                    invalid(&network.name, &e);
                }
            }
            Err(e) => missing.push((network.name.clone(), e.to_string())),
        }
    }
    for (what, e) in scaleups.iter().filter_map(ScaleUp::invalid) {
        invalid(&what, e);
    }
    if !wrong.is_empty() {
        findings(context, args.file.as_ref().map(|p| p.display().to_string()).as_deref(), &wrong)?;
        return Ok(Exit::NotUnderstood);
    }
    missing.extend(scaleups.iter().filter_map(ScaleUp::missing));
    stats::say(context, &[("networks", found.len())]);
    if !missing.is_empty() {
        return no(context, &sha256, &missing);
    }
    if context.json {
        let fabrics: Vec<Value> = found.iter().map(Sized::json).collect();
        let scaleup: Vec<Value> = scaleups.iter().map(ScaleUp::json).collect();
        context.json(
            &json!({"gigatwin": stamp(context, &sha256), "status": "ok", "fabrics": fabrics, "scaleup": scaleup}),
        )?;
    } else {
        let pages: Vec<String> = found.iter().map(|s| s.page(context)).collect();
        let lines: String = scaleups.iter().map(|s| s.line(context)).collect();
        let gap = if lines.is_empty() { "" } else { "\n" };
        context.data(&format!("{}{gap}{lines}", pages.join("\n")))?;
    }
    Ok(Exit::Done)
}

/// The answer is no: which networks cannot be built, and why.
fn no(context: &Context, sha256: &str, reasons: &[(String, String)]) -> Result<Exit, Fault> {
    if context.json {
        let list: Vec<Value> =
            reasons.iter().map(|(what, why)| json!({"what": what, "reason": why})).collect();
        context
            .json(&json!({"gigatwin": stamp(context, sha256), "status": "infeasible", "infeasible": list}))?;
    } else {
        let lines: Vec<String> = reasons.iter().map(|(what, why)| format!("{what}: {why}\n")).collect();
        context.data(&lines.concat())?;
    }
    Ok(Exit::No)
}

fn sized<'n>(network: &'n Network, hazards: &[NetworkHazards]) -> Result<Sized<'n>, SizingError> {
    let [base, low, high] = &network.designs;
    let bills = [size(base)?, size(low)?, size(high)?];
    let mut failures = [0.0; 3];
    for (total, hazard) in failures.iter_mut().zip(hazards) {
        let f = hazard.expected(&bills[0]);
        *total = f.access_links_per_year + f.trunk_links_per_year + f.switches_per_year;
    }
    Ok(Sized { network, bills, failures })
}

impl Sized<'_> {
    fn tiers(&self) -> Vec<(&'static str, CableTier)> {
        let b = &self.bills[0];
        let access = if b.circuit_switches > 0 { "chip-circuit switch" } else { "endpoint-leaf" };
        [
            ("chip-chip", b.node_node),
            (access, b.node_leaf),
            ("leaf-spine", b.leaf_spine),
            ("spine-core", b.spine_core),
        ]
        .into_iter()
        .filter(|(_, t)| t.links > 0)
        .collect()
    }

    fn of(&self, f: impl Fn(&BillOfMaterials) -> f64) -> [f64; 3] {
        [0, 1, 2].map(|i: usize| f(&self.bills[i]))
    }

    fn json(&self) -> Value {
        let b = &self.bills[0];
        let d = &self.network.designs[0];
        let ranged = |[v, low, high]: [f64; 3], unit: &str| json!({"value": v, "low": low, "high": high, "unit": unit});
        let cables: Vec<Value> = self
            .tiers()
            .into_iter()
            .map(|(tier, t)| {
                json!({"tier": tier, "links": t.links, "cables": t.cables, "mean_length_m": t.mean_length.m(),
                    "class": length_class(t.mean_length.m()), "medium": if t.optical { "fibre" } else { "copper" }})
            })
            .collect();
        json!({
            "name": self.network.name,
            "connects": self.network.connects,
            "structure": self.network.kind,
            "tiers": b.tiers,
            "planes": b.planes,
            "endpoints_per_plane": d.endpoints,
            "radix": d.switch.radix,
            "port_gbps": d.switch.port_rate.gbit_per_s(),
            "leaf": b.leaf,
            "spine": b.spine,
            "core": b.core,
            "circuit_switches": b.circuit_switches,
            "links": b.links(),
            "cables": cables,
            "endpoint_optics": b.endpoint_optics,
            "switch_optics": b.switch_optics,
            "oversubscription": b.oversubscription,
            "cable_length_m": ranged(self.of(|b| b.cable_length().m()), "m"),
            "switch_power": ranged(self.of(|b| b.switch_power.kw()), "kW"),
            "optics_power": ranged(self.of(|b| b.optics_power.kw()), "kW"),
            "power": ranged(self.of(|b| b.power().kw()), "kW"),
            "price": ranged(self.of(|b| b.price().million()), "EUR m"),
            "failures_per_year": ranged(self.failures, "1/a"),
        })
    }

    fn page(&self, context: &Context) -> String {
        let f = context.figures();
        let b = &self.bills[0];
        let d = &self.network.designs[0];
        let planes = if b.planes > 1 { format!(", {} planes", b.planes) } else { String::new() };
        let tiers = if b.tiers == 1 { "1 tier".to_owned() } else { format!("{} tiers", b.tiers) };
        let title = format!("{}: {}, {tiers}{planes}", self.network.name, self.network.kind);
        let mut out = format!("{}\n\n", bold(&title, context.console.out_colour));
        let count = |n: u64| f.count(usize::try_from(n).unwrap_or(usize::MAX));
        let mut rows: Vec<Vec<String>> = Vec::new();
        let mut add = |key: &str, value: String| rows.push(vec![key.to_owned(), value]);
        if !self.network.connects.is_empty() {
            add("connects", self.network.connects.join(", "));
        }
        add("endpoints per plane", count(d.endpoints.into()));
        add(
            "switch ports",
            format!("{} x {} Gb/s", d.switch.radix, f.plain(d.switch.port_rate.gbit_per_s())),
        );
        for (key, n) in [
            ("leaf switches", b.leaf),
            ("spine switches", b.spine),
            ("core switches", b.core),
            ("optical circuit switches", b.circuit_switches),
        ] {
            if n > 0 {
                add(key, count(n));
            }
        }
        for (tier, t) in self.tiers() {
            let medium = if t.optical { "fibre" } else { "copper" };
            let text = format!(
                "{} of {} ({}, {})",
                count(t.cables),
                f.value(Length::DIM, t.mean_length.base()),
                medium,
                length_class(t.mean_length.m())
            );
            add(&format!("cables {tier}"), text);
        }
        add(
            "optical modules",
            format!("{} at endpoints, {} at switches", count(b.endpoint_optics), count(b.switch_optics)),
        );
        add("oversubscription", format!("{}:1", f.decimal(b.oversubscription, 2)));
        let range =
            |dim, [v, low, high]: [f64; 3]| format!("{} [{}]", f.value(dim, v), f.range(dim, "", low, high));
        add("power", range(Power::DIM, self.of(|b| b.power().base())));
        add("price", range(Money::DIM, self.of(|b| b.price().base())));
        add(
            "failures a year",
            format!(
                "{} [{}]",
                f.plain(self.failures[0]),
                f.range(Dim::Ratio, "", self.failures[1], self.failures[2])
            ),
        );
        out.push_str(&table(&[Side::Left, Side::Left], &rows));
        out.push_str("\n  In brackets: all prices, powers, lengths and rates of failure at their P10, and at\n  their P90. Installation and circuit switches are not priced.\n");
        out
    }
}

/// Length classes in which cables are bought.
fn length_class(metres: f64) -> &'static str {
    match metres {
        m if m <= 3.0 => "up to 3 m",
        m if m <= 10.0 => "3 to 10 m",
        m if m <= 30.0 => "10 to 30 m",
        m if m <= 100.0 => "30 to 100 m",
        _ => "over 100 m",
    }
}

//! A hand-made outcome for tests.

use std::sync::OnceLock;

use gigatwin_catalog::{Catalog, Confidence};
use gigatwin_factory::metric::definition;
use gigatwin_factory::outcome::{Band, GateResult, Infeasible, Matter, Metric, Outcome, Stamp, Status};
use gigatwin_factory::{load, run};
use gigatwin_quantity::Dim;

/// Any figure of a real outcome: only the engine makes figures, tests only change them.
fn any() -> Metric {
    static ANY: OnceLock<Metric> = OnceLock::new();
    let make = || {
        let text = include_str!("../../../examples/gigafactory.toml");
        let none = |_: &str, _: &str| Err("no other file".to_owned());
        let loaded = load("gigafactory.toml", text.into(), &none, &Catalog::embedded());
        run(&loaded.factory.expect("the example is sound"), 1, 0).metrics.swap_remove(0)
    };
    ANY.get_or_init(make).clone()
}

/// A figure with a band of a fifth down and a quarter up.
pub fn metric(id: &str, value: Option<f64>) -> Metric {
    let mut metric = any();
    metric.id = id.to_owned();
    metric.def = definition(id).expect("a registered id");
    metric.value = value;
    metric.band = value.map(|v| Band { p10: 0.8 * v, p50: v, p90: 1.25 * v });
    metric.note = String::new();
    metric
}

/// A site that is short at the grid, cannot train what it wants, and misses a gate.
pub fn outcome() -> Outcome {
    let metrics = vec![
        metric("site.accelerators", Some(100_080.0)),
        metric("site.h100_equivalents", Some(253_000.0)),
        metric("site.racks", Some(1390.0)),
        metric("site.it_power", Some(183e6)),
        metric("site.facility_power", Some(214e6)),
        metric("site.grid_firm", Some(200e6)),
        metric("site.grid_flexible", Some(0.0)),
        metric("site.grid_headroom", Some(-14e6)),
        metric("site.pue", Some(1.14)),
        metric("site.wue", None),
        metric("training.frontier.days", Some(93.0 * 86_400.0)),
        metric("training.frontier.mfu", Some(0.4)),
        metric("training.frontier.cost", Some(212e6)),
        metric("serving.imaging-assistant.chips", Some(1440.0)),
        metric("cost.capex_total", Some(6.3e9)),
        metric("cost.capex_computing", Some(4.1e9)),
        metric("cost.lcoc_per_accelerator_hour", Some(2.31)),
        metric("tenant.union.hours", Some(123e6)),
        metric("state.de.hours", Some(63e6)),
        metric("schedule.phase.one.opening", Some(21_366.0)),
        metric("schedule.phase.one.slip", Some(0.0)),
    ];
    let reason =
        "IT load 140 MW against at least 150 MW in the final phase: 10 MW short; 74 more racks would do";
    Outcome {
        stamp: Stamp { version: "0.1.0", seed: 1, inputs_sha256: "4f1c2a9b77".to_owned() },
        name: "Reference site, lot 2".to_owned(),
        place: "Stuttgart".to_owned(),
        country: "DE".to_owned(),
        metrics,
        gates: vec![GateResult {
            id: "tender-2026-lot-2.it-load".to_owned(),
            title: "IT load".to_owned(),
            hard: true,
            status: Status::Fail,
            reason: reason.to_owned(),
            confidence: Confidence::Secondary,
            probability: Some(0.2),
            miss: None,
        }],
        grades: Vec::new(),
        infeasible: vec![Infeasible {
            what: "training.frontier".to_owned(),
            reason: "memory short by 12 GB per accelerator; a tensor parallelism of 8 would do".to_owned(),
        }],
        matters: vec![Matter {
            path: "catalog.systems.gb300-nvl72.price".to_owned(),
            input_dim: Dim::Money,
            input: (3.1e6, 4.4e6),
            metric: "cost.lcoc_per_accelerator_hour".to_owned(),
            metric_values: (2.1, 2.6),
        }],
        unused: Vec::new(),
        assumptions_at_default: 41,
        inputs: 180,
        draws: 256,
        notes: vec![("training.frontier.layout".to_owned(), "TP 8, PP 4, EP 16, DP 139".to_owned())],
    }
}

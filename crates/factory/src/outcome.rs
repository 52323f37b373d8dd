//! The answer: a plain tree of typed figures.

use gigatwin_catalog::Confidence;
use gigatwin_quantity::Dim;

use crate::metric::{MetricDef, definition};

/// What makes two answers comparable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// Version of gigatwin.
    pub version: &'static str,
    /// Seed of the draws.
    pub seed: u64,
    /// SHA-256 over the texts of all files read and the catalog entries used, in hexadecimal.
    pub inputs_sha256: String,
}

/// One figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// Id.
    pub id: String,
    /// Its declaration.
    pub def: &'static MetricDef,
    /// Base case in base units; `None` is n/a.
    pub value: Option<f64>,
    /// P10, P50 and P90 in base units, where draws were made.
    pub band: Option<Band>,
    /// Why it is n/a, what binds, or what was chosen.
    pub note: String,
    /// Position in the evaluation's own order.
    pub(crate) order: usize,
}

/// Quantiles over the draws, widened by the model's own validation error where it has one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// One in ten lies below.
    pub p10: f64,
    /// Half lie below.
    pub p50: f64,
    /// One in ten lies above.
    pub p90: f64,
}

/// Verdict on one rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Met.
    Pass,
    /// Not met.
    Fail,
    /// Cannot be said.
    Unknown,
    /// Does not apply to this site.
    NotApplicable,
}

impl Status {
    /// The word in `--json`.
    pub fn word(self) -> &'static str {
        match self {
            Status::Pass => "pass",
            Status::Fail => "fail",
            Status::Unknown => "unknown",
            Status::NotApplicable => "n/a",
        }
    }
}

/// One rule, judged.
#[derive(Debug, Clone, PartialEq)]
pub struct GateResult {
    /// Rule set and rule, such as `tender-2026-lot-2.r28-it-load`; or `site.…` for the product's own.
    pub id: String,
    /// What it asks, in a few words.
    pub title: String,
    /// Whether a failure makes the answer no.
    pub hard: bool,
    /// Verdict.
    pub status: Status,
    /// Value against threshold, the binding constraint and the nearest cure.
    pub reason: String,
    /// How well the rule itself is known.
    pub confidence: Confidence,
    /// Share of the draws in which it passes, where draws were made.
    pub probability: Option<f64>,
    /// For a bound that is missed: dimension, value, bound and whether the value falls short (else it is over).
    pub miss: Option<(Dim, f64, f64, bool)>,
}

/// An input and what it does to a headline figure.
#[derive(Debug, Clone, PartialEq)]
pub struct Matter {
    /// Path of the input.
    pub path: String,
    /// Dimension of the input.
    pub input_dim: Dim,
    /// P10 and P90 of the input, in base units.
    pub input: (f64, f64),
    /// The figure.
    pub metric: String,
    /// Its values with the input at P10 and at P90, all else at the base case.
    pub metric_values: (f64, f64),
}

/// Something asked for that cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Infeasible {
    /// What was asked, such as `training.frontier`.
    pub what: String,
    /// The constraint that binds and the nearest cure, in the words of the domain.
    pub reason: String,
}

/// The whole answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// Version, seed and hash.
    pub stamp: Stamp,
    /// Name of the site.
    pub name: String,
    /// Name of the place.
    pub place: String,
    /// Host State, ISO 3166 in capitals.
    pub country: String,
    /// Figures in the order of the registry.
    pub metrics: Vec<Metric>,
    /// Rules, judged.
    pub gates: Vec<GateResult>,
    /// Graded scales: id, title, grade.
    pub grades: Vec<(String, String, String)>,
    /// What cannot be.
    pub infeasible: Vec<Infeasible>,
    /// Inputs with the largest effect on the levelised cost, largest first.
    pub matters: Vec<Matter>,
    /// Inputs of the file that changed nothing.
    pub unused: Vec<String>,
    /// Inputs still at their default, and all inputs.
    pub assumptions_at_default: usize,
    /// Number of inputs in all.
    pub inputs: usize,
    /// Draws behind the bands; zero where none were made.
    pub draws: usize,
    /// Short texts by key: chosen layouts and deployments, kind of network, binding debt constraint, critical path.
    pub notes: Vec<(String, String)>,
}

impl Outcome {
    /// A figure by id.
    pub fn metric(&self, id: &str) -> Option<&Metric> {
        self.metrics.iter().find(|m| m.id == id)
    }

    /// A figure's base case by id, in base units.
    pub fn value(&self, id: &str) -> Option<f64> {
        self.metric(id).and_then(|m| m.value)
    }

    /// A note by key.
    pub fn note(&self, key: &str) -> Option<&str> {
        self.notes.iter().find(|n| n.0 == key).map(|n| n.1.as_str())
    }

    /// Whether the answer is no: something asked for cannot be, or a hard rule fails.
    pub fn is_no(&self) -> bool {
        !self.infeasible.is_empty() || self.gates.iter().any(|g| g.hard && g.status == Status::Fail)
    }

    /// Names used in ids of a pattern, such as the runs of `training.{name}.days`.
    pub fn names(&self, prefix: &str, suffix: &str) -> Vec<&str> {
        self.metrics
            .iter()
            .filter_map(|m| m.id.strip_prefix(prefix)?.strip_suffix(suffix))
            .filter(|n| !n.contains('.'))
            .collect()
    }
}

impl Metric {
    /// A figure of a registered id; `None` for an id that nobody declared.
    pub(crate) fn new(id: String, value: f64, order: usize) -> Option<Metric> {
        let def = definition(&id)?;
        Some(Metric {
            id,
            def,
            value: value.is_finite().then_some(value),
            band: None,
            note: String::new(),
            order,
        })
    }
}

/// Names in ids: lower case, hyphens for everything else.
pub fn slug(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_alphanumeric() {
            out.extend(c.to_lowercase());
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    let slug = out.trim_end_matches('-');
    if slug.is_empty() {
        // A name of symbols alone still needs an id of its own.
        return name.chars().map(|c| format!("u{:x}", c as u32)).collect();
    }
    slug.to_owned()
}

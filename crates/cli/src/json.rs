//! The outcome for machines: a contract that scripts depend on.

use gigatwin_factory::metric::MetricDef;
use gigatwin_factory::outcome::{Outcome, Stamp};
use gigatwin_quantity::{Date, Dim};
use serde::{Serialize, Serializer};

/// `run --json`.
#[derive(Debug, Serialize)]
pub struct OutcomeJson<'a> {
    gigatwin: StampJson<'a>,
    name: &'a str,
    place: &'a str,
    country: &'a str,
    answer: &'static str,
    metrics: Pairs<'a, MetricJson<'a>>,
    gates: Vec<GateJson<'a>>,
    grades: Vec<GradeJson<'a>>,
    infeasible: Vec<InfeasibleJson<'a>>,
    matters: Vec<MatterJson<'a>>,
    assumptions_at_default: usize,
    inputs: usize,
    draws: usize,
    unused: &'a [String],
    notes: Pairs<'a, &'a str>,
}

/// What makes two answers comparable.
#[derive(Debug, Serialize)]
pub struct StampJson<'a> {
    version: &'a str,
    seed: u64,
    inputs_sha256: &'a str,
}

/// A number, or a date as text; absent values are null.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Scalar {
    /// In the unit of the figure.
    Number(f64),
    /// A calendar day, ISO 8601.
    Day(String),
}

#[derive(Debug, Serialize)]
struct MetricJson<'a> {
    value: Option<Scalar>,
    unit: &'a str,
    low: Option<Scalar>,
    high: Option<Scalar>,
    status: &'static str,
    note: &'a str,
    p50: Option<Scalar>,
}

#[derive(Debug, Serialize)]
struct GateJson<'a> {
    id: &'a str,
    status: &'static str,
    reason: &'a str,
    hard: bool,
    title: &'a str,
    confidence: &'static str,
    probability: Option<f64>,
}

#[derive(Debug, Serialize)]
struct GradeJson<'a> {
    id: &'a str,
    title: &'a str,
    grade: &'a str,
}

#[derive(Debug, Serialize)]
struct InfeasibleJson<'a> {
    what: &'a str,
    reason: &'a str,
}

#[derive(Debug, Serialize)]
struct MatterJson<'a> {
    input: &'a str,
    low: f64,
    high: f64,
    dimension: Dim,
    metric: &'a str,
    unit: &'a str,
    metric_at_low: Option<Scalar>,
    metric_at_high: Option<Scalar>,
}

/// An object that keeps the order of its keys.
#[derive(Debug)]
struct Pairs<'a, T>(Vec<(&'a str, T)>);

impl<T: Serialize> Serialize for Pairs<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(k, v)| (k, v)))
    }
}

/// A value in the unit of its figure.
pub fn scalar(def: &MetricDef, base: f64) -> Option<Scalar> {
    if !base.is_finite() {
        return None;
    }
    Some(match def.dim {
        Dim::Date => Scalar::Day(Date::from_days(base).to_string()),
        _ => Scalar::Number(in_unit(def, base)),
    })
}

/// A value in the unit of its figure, as a number; a date as days since 1970-01-01.
pub fn in_unit(def: &MetricDef, base: f64) -> f64 {
    base / def.factor
}

/// The stamp.
pub fn stamp(stamp: &Stamp) -> StampJson<'_> {
    StampJson { version: stamp.version, seed: stamp.seed, inputs_sha256: &stamp.inputs_sha256 }
}

/// The whole outcome.
pub fn outcome(outcome: &Outcome) -> OutcomeJson<'_> {
    let metrics = outcome
        .metrics
        .iter()
        .map(|m| {
            let of = |base: Option<f64>| base.and_then(|b| scalar(m.def, b));
            let value = of(m.value);
            let band = m.band.filter(|_| value.is_some());
            let json = MetricJson {
                status: if value.is_some() { "ok" } else { "n/a" },
                value,
                unit: m.def.unit,
                low: of(band.map(|b| b.p10)),
                high: of(band.map(|b| b.p90)),
                note: &m.note,
                p50: of(band.map(|b| b.p50)),
            };
            (m.id.as_str(), json)
        })
        .collect();
    let matters = outcome
        .matters
        .iter()
        .map(|m| {
            let def = outcome.metric(&m.metric).map(|x| x.def);
            let of = |base: f64| def.and_then(|d| scalar(d, base));
            MatterJson {
                input: &m.path,
                low: m.input.0,
                high: m.input.1,
                dimension: m.input_dim,
                metric: &m.metric,
                unit: def.map_or("", |d| d.unit),
                metric_at_low: of(m.metric_values.0),
                metric_at_high: of(m.metric_values.1),
            }
        })
        .collect();
    OutcomeJson {
        gigatwin: stamp(&outcome.stamp),
        name: &outcome.name,
        place: &outcome.place,
        country: &outcome.country,
        answer: if outcome.is_no() { "no" } else { "yes" },
        metrics: Pairs(metrics),
        gates: outcome
            .gates
            .iter()
            .map(|g| GateJson {
                id: &g.id,
                status: g.status.word(),
                reason: &g.reason,
                hard: g.hard,
                title: &g.title,
                confidence: g.confidence.word(),
                probability: g.probability,
            })
            .collect(),
        grades: outcome.grades.iter().map(|(id, title, grade)| GradeJson { id, title, grade }).collect(),
        infeasible: outcome
            .infeasible
            .iter()
            .map(|i| InfeasibleJson { what: &i.what, reason: &i.reason })
            .collect(),
        matters,
        assumptions_at_default: outcome.assumptions_at_default,
        inputs: outcome.inputs,
        draws: outcome.draws,
        unused: &outcome.unused,
        notes: Pairs(outcome.notes.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::outcome as as_json;
    use crate::fixture::outcome;

    fn value() -> Value {
        serde_json::to_value(as_json(&outcome())).expect("plain data")
    }

    #[test]
    fn figures_are_in_their_declared_unit() {
        let v = value();
        assert_eq!(v["metrics"]["site.it_power"]["value"], json!(183.0));
        assert_eq!(v["metrics"]["site.it_power"]["unit"], "MW");
        assert_eq!(v["metrics"]["schedule.phase.one.opening"]["value"], "2028-07-01");
        assert_eq!(v["metrics"]["training.frontier.days"]["p50"], json!(93.0));
        assert_eq!(v["metrics"]["site.it_power"]["status"], "ok");
    }

    #[test]
    fn what_is_not_known_is_null_and_never_zero() {
        let wue = &value()["metrics"]["site.wue"];
        assert_eq!(
            *wue,
            json!({"value": null, "unit": "L/kWh", "low": null, "high": null, "p50": null, "status": "n/a", "note": ""})
        );
        let mut o = outcome();
        o.metrics[0].value = Some(f64::NAN);
        let v = serde_json::to_value(as_json(&o)).expect("plain data");
        assert_eq!(v["metrics"]["site.accelerators"]["status"], "n/a");
        assert_eq!(v["metrics"]["site.accelerators"]["low"], Value::Null);
    }

    #[test]
    fn the_stamp_the_gates_and_the_answer_are_there() {
        let v = value();
        assert_eq!(v["gigatwin"], json!({"version": "0.1.0", "seed": 1, "inputs_sha256": "4f1c2a9b77"}));
        assert_eq!(v["gates"][0]["status"], "fail");
        assert_eq!(v["gates"][0]["hard"], true);
        assert_eq!(v["answer"], "no");
        assert_eq!(v["assumptions_at_default"], 41);
        assert_eq!(v["matters"][0]["metric_at_high"], json!(2.6));
    }

    #[test]
    fn figures_keep_the_order_of_the_outcome() {
        let text = serde_json::to_string(&as_json(&outcome())).expect("plain data");
        assert!(text.find("\"site.pue\"") < text.find("\"cost.capex_total\""));
    }
}

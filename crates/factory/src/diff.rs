//! What changed between two factories: inputs first, then results by size of effect.

use gigatwin_quantity::{Dim, show};

use crate::inputs::Input;
use crate::outcome::Outcome;
use crate::resolved::Factory;
use gigatwin_quantity::Distribution;

/// The differences.
#[derive(Debug, Clone, Default)]
pub struct Diff {
    /// Changed inputs, in the order of the file.
    pub inputs: Vec<InputChange>,
    /// Changed figures, largest relative change first.
    pub metrics: Vec<MetricChange>,
    /// Rules whose verdict changed: id, before, after.
    pub gates: Vec<(String, &'static str, &'static str)>,
    /// Figures that are the same in both.
    pub unchanged: usize,
}

/// An input that differs; absent on one side where it exists only on the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputChange {
    /// Path, or key of a choice such as `partition.train.system`.
    pub path: String,
    /// In A.
    pub before: Option<String>,
    /// In B.
    pub after: Option<String>,
}

/// A figure that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricChange {
    /// Id.
    pub id: String,
    /// Label.
    pub label: &'static str,
    /// Dimension.
    pub dim: Dim,
    /// In A, base units.
    pub before: Option<f64>,
    /// In B, base units.
    pub after: Option<f64>,
}

impl MetricChange {
    /// Relative change, for sorting and showing; `None` where one side is n/a or zero, and for dates.
    pub fn relative(&self) -> Option<f64> {
        match (self.before, self.after) {
            (Some(a), Some(b)) if a != 0.0 && self.dim != Dim::Date => Some(b / a - 1.0),
            _ => None,
        }
    }
}

/// Compares two factories and their outcomes.
pub fn diff(a: (&Factory, &Outcome), b: (&Factory, &Outcome)) -> Diff {
    let mut out = Diff::default();
    let texts = |f: &Factory| -> Vec<(String, String)> {
        let mut list = f.choices.clone();
        list.extend(f.inputs.iter().map(|i| (i.path.clone(), text(i))));
        list
    };
    let (before, after) = (texts(a.0), texts(b.0));
    let find = |list: &[(String, String)], path: &str| list.iter().find(|x| x.0 == path).map(|x| x.1.clone());
    for (path, value) in &before {
        let other = find(&after, path);
        if other.as_ref() != Some(value) {
            out.inputs.push(InputChange { path: path.clone(), before: Some(value.clone()), after: other });
        }
    }
    for (path, value) in &after {
        if find(&before, path).is_none() {
            out.inputs.push(InputChange { path: path.clone(), before: None, after: Some(value.clone()) });
        }
    }
    // What the file says comes first; catalog figures that come with another choice follow.
    out.inputs.sort_by_key(|c| c.path.starts_with("catalog."));
    for metric in &a.1.metrics {
        let after = b.1.value(&metric.id);
        if b.1.metric(&metric.id).is_some() && metric.value == after {
            out.unchanged += 1;
            continue;
        }
        out.metrics.push(MetricChange {
            id: metric.id.clone(),
            label: metric.def.label,
            dim: metric.def.dim,
            before: metric.value,
            after,
        });
    }
    for metric in b.1.metrics.iter().filter(|m| a.1.metric(&m.id).is_none()) {
        out.metrics.push(MetricChange {
            id: metric.id.clone(),
            label: metric.def.label,
            dim: metric.def.dim,
            before: None,
            after: metric.value,
        });
    }
    let size = |c: &MetricChange| c.relative().map_or(f64::INFINITY, f64::abs);
    out.metrics.sort_by(|x, y| size(y).total_cmp(&size(x)).then_with(|| x.id.cmp(&y.id)));
    for gate in &a.1.gates {
        if let Some(other) = b.1.gates.iter().find(|g| g.id == gate.id)
            && other.status != gate.status
        {
            out.gates.push((gate.id.clone(), gate.status.word(), other.status.word()));
        }
    }
    out
}

fn text(input: &Input) -> String {
    let one = |x: f64| {
        let shown = show(input.dim, x);
        if input.dollars { shown.replacen("EUR", "USD", 1) } else { shown }
    };
    match input.distribution {
        Distribution::Point(v) => one(v),
        Distribution::Triangular { low, mode, high } => {
            format!("{} ({} – {})", one(mode), one(low), one(high))
        }
        Distribution::Uniform { low, high } => format!("{} – {}", one(low), one(high)),
        Distribution::Quantiles { p10, p50, p90 } => {
            format!("{} (P10 {}, P90 {})", one(p50), one(p10), one(p90))
        }
    }
}

//! Where a figure comes from: the tree down to inputs, defaults and catalog sources.

use gigatwin_quantity::Dim;

use crate::inputs::Input;
use crate::metric::Formula;
use crate::outcome::{Metric, Outcome};
use crate::resolved::Factory;
use crate::run::Evaluator;

/// A figure with everything it is made of.
#[derive(Debug, Clone)]
pub struct Explanation {
    /// The figure.
    pub metric: Metric,
    /// Its formula with names put in, where it is arithmetic.
    pub formula: Option<String>,
    /// The figures in the formula, explained in turn.
    pub parts: Vec<Explanation>,
    /// For a modelled figure: the inputs that move it, largest effect first, each with its value in the base case.
    pub inputs: Vec<ExplainedInput>,
}

/// An input in an explanation.
#[derive(Debug, Clone)]
pub struct ExplainedInput {
    /// The input with its origin and distribution.
    pub input: Input,
    /// Its value in the base case, in base units (money in its own currency).
    pub value: f64,
    /// Its dimension.
    pub dim: Dim,
    /// Relative change of the figure per relative change of the input; n/a where one of them is zero.
    pub elasticity: Option<f64>,
}

/// Why nothing can be explained.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no figure \"{id}\" in this outcome")]
pub struct UnknownMetric {
    /// The id asked for.
    pub id: String,
    /// Near ids.
    pub nearest: Vec<String>,
}

/// Explains a figure. Which inputs a modelled figure depends on is found by moving each input a little and looking, so that an
/// explanation cannot drift from the model.
///
/// # Errors
/// Where the outcome has no such figure; with the nearest ids.
pub fn explain(factory: &Factory, outcome: &Outcome, id: &str) -> Result<Explanation, UnknownMetric> {
    if outcome.metric(id).is_none() {
        let mut near: Vec<(usize, &str)> =
            outcome.metrics.iter().map(|m| (strsim::damerau_levenshtein(&m.id, id), m.id.as_str())).collect();
        near.sort();
        let nearest = near.iter().take(3).map(|n| n.1.to_owned()).collect();
        return Err(UnknownMetric { id: id.to_owned(), nearest });
    }
    let mut moved = Moved::new(factory);
    tree(factory, outcome, id, &mut moved, 0)
        .ok_or_else(|| UnknownMetric { id: id.to_owned(), nearest: Vec::new() })
}

/// Figures under small moves of single inputs, computed once and kept for the whole tree.
struct Moved {
    base: Figures,
    /// Input, its relative move, and the figures then.
    runs: Vec<(usize, f64, Figures)>,
}

/// Figures by id, in base units.
type Figures = Vec<(String, f64)>;

impl Moved {
    fn new(factory: &Factory) -> Self {
        let evaluator = Evaluator::new(factory);
        let values = factory.inputs.base();
        let base = evaluator.evaluate(&values);
        let runs = evaluator
            .reads()
            .into_iter()
            .filter_map(|i| {
                let i = i as usize;
                let input = factory.inputs.get(i)?;
                let step = small_move(input, values[i]);
                let mut changed = values.clone();
                changed[i] += step;
                let relative = if values[i] == 0.0 { f64::NAN } else { step / values[i] };
                Some((i, relative, evaluator.evaluate(&changed)))
            })
            .collect();
        Moved { base, runs }
    }

    fn of(&self, id: &str, factory: &Factory) -> Vec<ExplainedInput> {
        let at = |figures: &[(String, f64)]| figures.iter().find(|f| f.0 == id).map(|f| f.1);
        let Some(base) = at(&self.base) else { return Vec::new() };
        let values = factory.inputs.base();
        let mut found: Vec<(f64, ExplainedInput)> = self
            .runs
            .iter()
            .filter_map(|(i, relative, figures)| {
                let now = at(figures)?;
                if (now - base).abs() <= 1e-12 * base.abs() {
                    return None;
                }
                let effect = now / base - 1.0;
                let input = factory.inputs.get(*i)?;
                let elasticity = Some(effect / relative).filter(|e| e.is_finite());
                let size = elasticity.map_or(f64::MAX, f64::abs);
                Some((
                    size,
                    ExplainedInput { input: input.clone(), value: values[*i], dim: input.dim, elasticity },
                ))
            })
            .collect();
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.input.path.cmp(&b.1.input.path)));
        found.into_iter().map(|f| f.1).collect()
    }
}

/// A move that is small but not lost in rounding of whole units, within what the dimension can be.
pub(crate) fn small_move(input: &Input, value: f64) -> f64 {
    match input.dim {
        Dim::Date => 31.0,
        // Upwards a link would no longer fit its port.
        Dim::Bandwidth => -0.05 * value,
        Dim::Share if value > 0.9 => -0.02 * value,
        Dim::Temperature => 0.5,
        Dim::Growth => 0.01,
        _ if value == 0.0 => 0.01,
        _ => 0.05 * value,
    }
}

/// A formula over formulas over formulas ends well before this.
const DEEPEST: usize = 12;

fn tree(
    factory: &Factory,
    outcome: &Outcome,
    id: &str,
    moved: &mut Moved,
    depth: usize,
) -> Option<Explanation> {
    let metric = outcome.metric(id)?.clone();
    let name = metric.def.id.contains("{name}").then(|| metric.id.split('.').nth(1).unwrap_or("").to_owned());
    let formula =
        metric.def.formula.and_then(|text| Formula::read(text, name.as_deref()).ok().map(|f| (text, f)));
    let Some((text, parsed)) = formula.filter(|_| depth < DEEPEST) else {
        let inputs = moved.of(id, factory);
        return Some(Explanation { metric, formula: None, parts: Vec::new(), inputs });
    };
    let mut ids: Vec<String> = Vec::new();
    for part in parsed.parts() {
        match part {
            Formula::Metric(id) if id != "year_s" => ids.push(id.clone()),
            Formula::Sum(pattern) => ids.extend(matching(outcome, pattern)),
            _ => {}
        }
    }
    ids.dedup();
    let parts = ids.iter().filter_map(|id| tree(factory, outcome, id, moved, depth + 1)).collect();
    let text = name.map_or_else(|| text.to_owned(), |n| text.replace("{name}", &n));
    Some(Explanation { metric, formula: Some(text), parts, inputs: Vec::new() })
}

/// Ids of an outcome that match a pattern with one `*`.
pub(crate) fn matching(outcome: &Outcome, pattern: &str) -> Vec<String> {
    let Some((head, tail)) = pattern.split_once('*') else { return Vec::new() };
    outcome
        .metrics
        .iter()
        .filter(|m| {
            m.id.strip_prefix(head)
                .and_then(|r| r.strip_suffix(tail))
                .is_some_and(|n| !n.is_empty() && !n.contains('.'))
        })
        .map(|m| m.id.clone())
        .collect()
}

/// Every arithmetic figure against its formula: id, value, value of the formula. For the test that keeps
/// explanations true.
pub fn formulas(outcome: &Outcome) -> Vec<(String, f64, f64)> {
    let mut out = Vec::new();
    for metric in &outcome.metrics {
        let Some(text) = metric.def.formula else { continue };
        let name = metric.def.id.contains("{name}").then(|| metric.id.split('.').nth(1).unwrap_or(""));
        let Ok(formula) = Formula::read(text, name) else {
            out.push((metric.id.clone(), metric.value.unwrap_or(f64::NAN), f64::NAN));
            continue;
        };
        let value = formula.evaluate(&|id| outcome.value(id), &|pattern| {
            matching(outcome, pattern).iter().filter_map(|id| outcome.value(id)).collect()
        });
        if let (Some(stated), Some(computed)) = (metric.value, value) {
            out.push((metric.id.clone(), stated, computed));
        }
    }
    out
}

//! The main job: base case, draws, bands and what matters.

use std::cell::RefCell;
use std::collections::BTreeSet;

use rayon::prelude::*;

use crate::evaluate::serve::ServicePlan;
use crate::evaluate::train::RunPlan;
use crate::evaluate::{Evaluation, Physical, Plans, finish, physical, plan};
use crate::inputs::{Origin, Values};
use crate::metric::METRICS;
use crate::outcome::{Band, Matter, Metric, Outcome, Stamp, Status};
use crate::resolved::Factory;

/// The figure whose inputs are ranked.
const RANKED: &str = "cost.lcoc_per_accelerator_hour";
/// How many of them are named.
const NAMED: usize = 3;

/// A factory with its choices made and its physical part computed: re-evaluation with other prices, costs or
/// utilisation is then a matter of microseconds.
#[derive(Debug)]
pub struct Evaluator<'a> {
    pub(crate) factory: &'a Factory,
    plans: Plans,
    physical: Physical,
}

impl<'a> Evaluator<'a> {
    /// Plans layouts and deployments and computes the physical part in the base case.
    pub fn new(factory: &'a Factory) -> Self {
        let base = factory.inputs.base();
        let values = Values::new(&factory.inputs, &base);
        let plans = plan(factory, &values);
        let physical = physical(factory, &values, &plans);
        Evaluator { factory, plans, physical }
    }

    /// A whole evaluation with these values, choices kept; gives the figures by id, in base units (NaN is n/a).
    pub fn evaluate(&self, values: &[f64]) -> Vec<(String, f64)> {
        self.full(values).sheet.iter().map(|(id, v)| (id.to_owned(), v)).collect()
    }

    /// A re-evaluation in which only prices, costs and utilisation differ from the base case: gives the
    /// levelised cost per accelerator-hour in euros.
    pub fn reprice(&self, values: &[f64]) -> f64 {
        let v = Values::new(&self.factory.inputs, values);
        finish(self.factory, &v, &self.physical, false).sheet.at(RANKED)
    }

    pub(crate) fn full(&self, values: &[f64]) -> Evaluation {
        let v = Values::new(&self.factory.inputs, values);
        let physical = physical(self.factory, &v, &self.plans);
        finish(self.factory, &v, &physical, false)
    }

    pub(crate) fn base(&self) -> Evaluation {
        let base = self.factory.inputs.base();
        finish(self.factory, &Values::new(&self.factory.inputs, &base), &self.physical, true)
    }

    /// The inputs that the base case reads.
    pub(crate) fn reads(&self) -> BTreeSet<u32> {
        let base = self.factory.inputs.base();
        let trace = RefCell::new(BTreeSet::new());
        let v = Values::traced(&self.factory.inputs, &base, &trace);
        // Planners read objectives and batch sizes that later stages do not.
        plan(self.factory, &v);
        let physical = physical(self.factory, &v, &self.plans);
        finish(self.factory, &v, &physical, false);
        trace.into_inner()
    }
}

/// Evaluates a factory: the base case, `draws` seeded draws over every range, and the inputs that matter.
///
/// The same factory, seed and number of draws give the same bits on any number of threads.
pub fn run(factory: &Factory, seed: u64, draws: usize) -> Outcome {
    let evaluator = Evaluator::new(factory);
    let base = evaluator.base();
    let mut metrics: Vec<Metric> = Vec::new();
    for (order, (id, value)) in base.sheet.iter().enumerate() {
        let mut metric = Metric::new(id.to_owned(), value, order);
        if let Some(m) = metric.as_mut().filter(|m| m.value.is_none()) {
            m.note = crate::missing::reason(id).to_owned();
        }
        metrics.extend(metric);
    }
    // The order of the registry, and within a pattern the order of the file.
    let rank = |m: &Metric| METRICS.iter().position(|d| std::ptr::eq(d, m.def)).unwrap_or(usize::MAX);
    metrics.sort_by_cached_key(|m| {
        let group = m.id.split('.').next().unwrap_or("").to_owned();
        let first = METRICS.iter().position(|d| d.id.starts_with(&group)).unwrap_or(usize::MAX);
        let named = m.def.id.contains('{');
        let name = if named { m.id.split('.').nth(1).unwrap_or("").to_owned() } else { String::new() };
        (first, u8::from(!named), name, rank(m))
    });
    let mut gates = crate::evaluate::gates::results(factory, base.gates);
    let grades = crate::evaluate::gates::grades(factory, &base.sheet);
    if draws > 0 {
        let samples = sample(&evaluator, seed, draws);
        bands(&mut metrics, &samples);
        for (i, gate) in gates.iter_mut().enumerate() {
            let known: Vec<Status> = samples.iter().filter_map(|s| s.gates.get(i).copied()).collect();
            let decided = known.iter().filter(|s| matches!(s, Status::Pass | Status::Fail)).count();
            let passed = known.iter().filter(|s| **s == Status::Pass).count();
            gate.probability = (decided > 0).then(|| passed as f64 / decided as f64);
        }
    }
    let reads = evaluator.reads();
    Outcome {
        stamp: Stamp { version: env!("CARGO_PKG_VERSION"), seed, inputs_sha256: factory.sha256.clone() },
        name: factory.name.clone(),
        place: factory.place.clone(),
        country: factory.country.to_uppercase(),
        metrics,
        gates,
        grades,
        infeasible: base.infeasible,
        matters: if draws > 0 { matters(&evaluator, &reads) } else { Vec::new() },
        unused: unused(&evaluator, &reads),
        assumptions_at_default: factory.inputs.at_default() + factory.choices_at_default,
        inputs: factory.inputs.len() + factory.choices.len() + factory.choices_at_default,
        draws,
        notes: notes(factory, &evaluator.plans, base.notes),
    }
}

struct Sampled {
    values: Vec<f64>,
    gates: Vec<Status>,
}

/// Draws in fixed order: each draw is a function of seed and index alone.
fn sample(evaluator: &Evaluator<'_>, seed: u64, draws: usize) -> Vec<Sampled> {
    let inputs = &evaluator.factory.inputs;
    let order: Vec<String> = evaluator.base().sheet.iter().map(|(id, _)| id.to_owned()).collect();
    let strata = crate::draws::Draws::new(inputs, seed, draws);
    (0..draws)
        .into_par_iter()
        .map(|k| {
            let values = strata.values(inputs, k);
            let evaluation = evaluator.full(&values);
            Sampled {
                values: order.iter().map(|id| evaluation.sheet.at(id)).collect(),
                gates: evaluation.gates.iter().map(|g| g.status).collect(),
            }
        })
        .collect()
}

fn bands(metrics: &mut [Metric], samples: &[Sampled]) {
    // Samples are in the order of the sheet; the metrics were sorted: match them by id through the base order.
    let Some(first) = samples.first() else { return };
    let mut columns: Vec<Vec<f64>> = vec![Vec::with_capacity(samples.len()); first.values.len()];
    for sample in samples {
        for (column, value) in columns.iter_mut().zip(&sample.values) {
            column.push(*value);
        }
    }
    for metric in metrics {
        let Some(column) = columns.get_mut(metric.order) else { continue };
        column.retain(|v| v.is_finite());
        // A band of the draws that happen to fit would flatter: where more than one in twenty does not, there is none.
        if metric.value.is_none() || column.len() * 20 < samples.len() * 19 {
            if metric.value.is_some() {
                metric.note = format!(
                    "possible in {:.0} % of the draws",
                    100.0 * column.len() as f64 / samples.len() as f64
                );
            }
            continue;
        }
        column.sort_by(f64::total_cmp);
        let at = |q: f64| {
            let x = q * (column.len() - 1) as f64;
            let (i, part) = (x.floor() as usize, x.fract());
            column[i] + part * (column[(i + 1).min(column.len() - 1)] - column[i])
        };
        metric.band = Some(Band { p10: at(0.1), p50: at(0.5), p90: at(0.9) });
    }
}

/// Inputs by what they do alone to the ranked figure, between their own P10 and P90.
fn matters(evaluator: &Evaluator<'_>, reads: &BTreeSet<u32>) -> Vec<Matter> {
    let inputs = &evaluator.factory.inputs;
    let base = inputs.base();
    let mut found: Vec<Matter> = inputs
        .iter()
        .enumerate()
        .filter(|(i, input)| !input.distribution.is_point() && reads.contains(&(*i as u32)))
        .collect::<Vec<_>>()
        .into_par_iter()
        .filter_map(|(i, input)| {
            let ends = (input.distribution.quantile(0.1), input.distribution.quantile(0.9));
            let at = |x: f64| {
                let mut values = base.clone();
                values[i] = x;
                evaluator.full(&values).sheet.get(RANKED)
            };
            let (low, high) = (at(ends.0)?, at(ends.1)?);
            (low != high).then(|| Matter {
                path: input.path.clone(),
                input_dim: input.dim,
                input: ends,
                metric: RANKED.to_owned(),
                metric_values: (low, high),
            })
        })
        .collect();
    let size = |m: &Matter| (m.metric_values.1 - m.metric_values.0).abs();
    found.sort_by(|a, b| size(b).total_cmp(&size(a)).then_with(|| a.path.cmp(&b.path)));
    found.truncate(NAMED);
    found
}

/// Inputs of the file that the evaluation never reads.
fn unused(evaluator: &Evaluator<'_>, reads: &BTreeSet<u32>) -> Vec<String> {
    evaluator
        .factory
        .inputs
        .iter()
        .enumerate()
        .filter(|(i, input)| matches!(input.origin, Origin::File { .. }) && !reads.contains(&(*i as u32)))
        .map(|(_, input)| input.path.clone())
        .collect()
}

fn notes(factory: &Factory, plans: &Plans, mut notes: Vec<(String, String)>) -> Vec<(String, String)> {
    for (run, plan) in factory.runs.iter().zip(&plans.runs) {
        notes.push((format!("training.{}.model", run.slug), run.model_name.clone()));
        if let RunPlan::Layout { note, .. } = plan {
            notes.push((format!("training.{}.layout", run.slug), note.clone()));
        }
    }
    for (service, plan) in factory.services.iter().zip(&plans.services) {
        notes.push((format!("serving.{}.model", service.slug), service.model_name.clone()));
        if let ServicePlan::Together { words, .. } | ServicePlan::Separate { words, .. } = plan {
            notes.push((format!("serving.{}.deployment", service.slug), words.deployment.clone()));
            notes.push((format!("serving.{}.form", service.slug), words.form.clone()));
        }
    }
    for tune in &factory.tunes {
        notes.push((format!("tune.{}.model", tune.slug), tune.model_name.clone()));
        notes.push((format!("tune.{}.method", tune.slug), tune.word.clone()));
        notes.push((format!("tune.{}.on", tune.slug), factory.partitions[tune.partition].slug.clone()));
    }
    for group in &factory.developments {
        notes.push((format!("develop.{}.on", group.slug), factory.partitions[group.partition].slug.clone()));
    }
    if let Some(heat) = &factory.site.heat {
        notes.push(("site.heat.buyer".to_owned(), heat.buyer.clone()));
    }
    for partition in &factory.partitions {
        notes.push((format!("partition.{}.system", partition.slug), partition.system.clone()));
    }
    for tenant in &factory.tenants {
        notes.push((format!("tenant.{}.name", tenant.slug), tenant.name.clone()));
        notes.push((format!("tenant.{}.kind", tenant.slug), tenant.word.clone()));
    }
    notes
}

//! No dead knobs: changing any one value that an example gives changes its answer, or the value is reported as unused.
//!
//! The walk is over the text: each value is replaced in the file, the file is loaded again and run. A number must matter
//! for one of several moves; of words, flags, names and catalog entries each other choice that is accepted must matter.

// A test may fail by panic; that is how it reports.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
#[path = "common/knobs.rs"]
mod walk;

use gigatwin_catalog::Catalog;
use gigatwin_factory::inputs::Origin;
use gigatwin_factory::outcome::Outcome;
use gigatwin_factory::run;
use rayon::prelude::*;
use walk::{Knob, Wanted, knobs};

/// Draws where only bands can tell: enough for the quantiles to move with the ends of a range.
const DRAWS: usize = 16;

/// Part of a figure that is rounding.
const ROUNDING: f64 = 1e-12;

/// Whether two answers say the same. The stamp hashes the text and the counts depend on it: they are not the answer.
fn same(a: &Outcome, b: &Outcome) -> bool {
    let near = |x: Option<f64>, y: Option<f64>| match (x, y) {
        (Some(x), Some(y)) => x == y || (x - y).abs() <= ROUNDING * x.abs().max(y.abs()),
        (x, y) => x == y,
    };
    let gates = |o: &Outcome| -> Vec<_> {
        o.gates.iter().map(|g| (g.id.clone(), g.status, g.reason.clone())).collect()
    };
    (&a.name, &a.place, &a.country) == (&b.name, &b.place, &b.country)
        && a.metrics.len() == b.metrics.len()
        && a.metrics.iter().zip(&b.metrics).all(|(x, y)| {
            let bands = match (x.band, y.band) {
                (Some(p), Some(q)) => {
                    near(Some(p.p10), Some(q.p10))
                        && near(Some(p.p50), Some(q.p50))
                        && near(Some(p.p90), Some(q.p90))
                }
                (p, q) => p.is_none() && q.is_none(),
            };
            x.id == y.id && x.note == y.note && near(x.value, y.value) && bands
        })
        && gates(a) == gates(b)
        && a.grades == b.grades
        && a.infeasible == b.infeasible
        && a.notes == b.notes
}

/// A file with its answers before any change.
struct Before {
    name: String,
    point: Outcome,
    bands: Outcome,
    /// First byte and path of the inputs that are reported as unused.
    unused: Vec<u32>,
}

impl Before {
    fn new(name: &str, text: &str) -> Self {
        let factory = common::factory(name, text);
        let point = run(&factory, 1, 0);
        let unused = factory
            .inputs
            .iter()
            .filter(|i| point.unused.contains(&i.path))
            .filter_map(|i| match &i.origin {
                Origin::File { span, .. } => Some(span.start),
                _ => None,
            })
            .collect();
        Before { name: name.to_owned(), bands: run(&factory, 1, DRAWS), point, unused }
    }

    /// What is wrong with a knob, if anything.
    fn judge(&self, knob: &Knob) -> Option<String> {
        let path = format!("{}: {}", self.name, knob.path);
        // Other sites are simulated by `operate` alone; its own tests turn these knobs.
        if self.unused.contains(&knob.start) || knob.path.starts_with("federation.") {
            return None;
        }
        let (mut accepted, mut idle) = (0, Vec::new());
        for change in &knob.changes {
            let loaded = common::loaded("factory.toml", &change.text);
            let Some(factory) = loaded.factory else { continue };
            accepted += 1;
            let unmoved = match knob.wanted {
                Wanted::Bands => same(&self.bands, &run(&factory, 1, DRAWS)),
                _ => same(&self.point, &run(&factory, 1, 0)),
            };
            if unmoved {
                idle.push(change.value.as_str());
            } else if knob.wanted != Wanted::Each {
                return None;
            }
        }
        if accepted == 0 {
            let tried: Vec<&str> = knob.changes.iter().map(|c| c.value.as_str()).collect();
            return Some(format!("{path}: no other value is accepted of {tried:?}"));
        }
        (!idle.is_empty()).then(|| format!("{path}: the same answer with {}", idle.join(", ")))
    }
}

fn dead(files: &[(String, String)]) -> Vec<String> {
    let catalog = Catalog::embedded();
    let work: Vec<(Before, Vec<Knob>)> =
        files.par_iter().map(|(name, text)| (Before::new(name, text), knobs(text, &catalog))).collect();
    let pairs: Vec<(&Before, &Knob)> =
        work.iter().flat_map(|(b, knobs)| knobs.iter().map(move |k| (b, k))).collect();
    assert!(pairs.len() >= 20 * files.len(), "the walk finds only {} values", pairs.len());
    pairs.into_par_iter().filter_map(|(before, knob)| before.judge(knob)).collect()
}

#[test]
fn every_value_of_every_example_matters() {
    let dead = dead(&common::examples());
    assert!(dead.is_empty(), "{} dead knobs:\n{}", dead.len(), dead.join("\n"));
}

#[test]
fn every_value_of_a_file_with_every_key_matters() {
    let path = common::root().join("crates/factory/tests/valid/full.toml");
    // It gives every key itself; what it extends would only hide the change of one.
    let text = common::with(&std::fs::read_to_string(path).unwrap(), "extends = \"minimal.toml\"\n", "");
    let dead = dead(&[("full".to_owned(), text)]);
    assert!(dead.is_empty(), "{} dead knobs:\n{}", dead.len(), dead.join("\n"));
}

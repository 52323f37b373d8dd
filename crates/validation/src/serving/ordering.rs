//! Whether the better of two set-ups is the one predicted to be.

use std::collections::BTreeMap;

use super::rows::{Mode, Point};
use crate::report::{Fold, Headline, Report};

/// Pairs whose measurements differ by less are no test.
const GAP: f64 = 1.1;

/// A row as pairs need it: output tokens per second and chip, predicted and measured, and its load per chip.
struct Rate {
    predicted: f64,
    measured: f64,
    clients: f64,
}

/// Adds the share of pairs in the right order: rows of one model, chip, precision and lengths whose chips are known, by output tokens per
/// second and chip; over all such pairs, and over those under the same number of clients, where the load does not give the order away.
pub(super) fn add(report: &mut Report, points: &[Point], fold: Fold) {
    let known: BTreeMap<&str, &Point> = points
        .iter()
        .filter(|p| p.mode == Mode::Closed && p.reported.is_none())
        .map(|p| (p.id.as_str(), p))
        .collect();
    let mut groups: BTreeMap<String, Vec<Rate>> = BTreeMap::new();
    for r in report.predictions.iter().filter(|r| r.metric == "tpot_ms") {
        let Some(p) = known.get(r.id.as_str()) else { continue };
        let per_chip = p.concurrency / f64::from(p.deployment.chips());
        let key = format!("{} {:?} {:?}", p.pair, p.deployment.weights, p.lengths);
        groups.entry(key).or_default().push(Rate {
            predicted: per_chip / r.predicted,
            measured: per_chip / r.measured,
            clients: p.concurrency,
        });
    }
    let count = |same_load: bool| {
        let mut cells: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        for (key, rows) in &groups {
            let mut found = (0, 0);
            for (i, a) in rows.iter().enumerate() {
                for b in &rows[i + 1..] {
                    let ratio = a.measured / b.measured;
                    if (same_load && a.clients != b.clients) || ratio.max(1.0 / ratio) <= GAP {
                        continue;
                    }
                    found.1 += 1;
                    found.0 += usize::from((a.predicted > b.predicted) == (a.measured > b.measured));
                }
            }
            if found.1 > 0 {
                cells.insert(key, found);
            }
        }
        cells.into_values().collect::<Vec<_>>()
    };
    for (class, same_load) in [("ordering", false), ("ordering_same_load", true)] {
        let cells = count(same_load);
        if !cells.is_empty() {
            report.headline.push(Headline::pairs("tokens_per_s_chip", class, &cells, fold));
        }
    }
}

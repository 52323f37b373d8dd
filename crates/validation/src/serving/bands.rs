//! Bands from the errors of rows that a prediction has not seen.

use std::collections::BTreeSet;

use gigatwin_serving::{Band, EngineFamily};

/// Ratio of measurement to prediction of one metric of one row, with its pair and engine.
pub(super) struct Ratio<'a> {
    pub metric: &'static str,
    pub engine: EngineFamily,
    pub pair: &'a str,
    pub weight: f64,
    pub value: f64,
}

/// Pairs of model and chip that a band of one engine family needs.
const BAND_PAIRS: usize = 5;

/// P10 and P90 of the ratios of a metric, on one engine family or on all, each cell weighing the same, without one pair. `None` where
/// there are fewer than five pairs.
pub(super) fn band(
    ascending: &[Ratio],
    metric: &str,
    engine: Option<EngineFamily>,
    without: &str,
) -> Option<Band> {
    let chosen = || {
        ascending
            .iter()
            .filter(|r| r.metric == metric && r.pair != without && engine.is_none_or(|e| r.engine == e))
    };
    let pairs: BTreeSet<&str> = chosen().map(|r| r.pair).collect();
    if pairs.len() < BAND_PAIRS {
        return None;
    }
    let total: f64 = chosen().map(|r| r.weight).sum();
    let at = |q: f64| {
        let mut sum = 0.0;
        chosen()
            .find(|r| {
                sum += r.weight;
                sum >= q * total
            })
            .map_or(1.0, |r| r.value)
    };
    Some(Band { low: at(0.1), high: at(0.9) })
}

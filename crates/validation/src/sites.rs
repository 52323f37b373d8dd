//! Whole sites: a factory file's figures against what is published of the site.

use gigatwin_catalog::Catalog;
use gigatwin_factory::{load, run};

use crate::power;
use crate::report::{Fold, Prediction, Refusal, Report};
use crate::table::{Table, ValidationError};

const SHIPPED: &str = include_str!("../../../validation/sites.csv");
const REQUIRED: [&str; 4] = ["id", "example", "metric", "measured"];

/// Factory files that rows may name.
const EXAMPLES: [(&str, &str); 1] =
    [("ai-factory-jupiter", include_str!("../../../examples/ai-factory-jupiter.toml"))];
/// Draws behind a band, and their seed.
const DRAWS: (usize, u64) = (256, 1);

/// Scores the shipped table or a user's.
///
/// # Errors
/// Where the table cannot be read.
pub fn validate(csv: Option<&str>) -> Result<Report, ValidationError> {
    let table = Table::read(csv.unwrap_or(SHIPPED), &REQUIRED)?;
    let (mut predictions, mut refused, mut rows) = (Vec::new(), Vec::new(), 0);
    for row in table.rows() {
        rows += 1;
        let (id, example) = (row.text("id").to_owned(), row.text("example"));
        let measured = row.number("measured")?;
        let (metric, predicted) = match row.text("metric") {
            "peak_fp64_pflops" => ("peak_fp64_pflops", figure(example, "site.peak_fp64", 1e15)),
            "hpl_power_mw" => ("hpl_power_mw", hpl_power(example)),
            "it_power_mw" => ("it_power_mw", figure(example, "site.it_power", 1e6)),
            "pue" => ("pue", figure(example, "site.pue", 1.0)),
            _ => ("other", Err("no such metric".to_owned())),
        };
        let cell = example.to_owned();
        match (predicted, measured) {
            (Ok((predicted, low, high)), Some(measured)) => predictions.push(Prediction {
                id,
                metric,
                predicted,
                low,
                high,
                measured,
                cell,
                classes: Vec::new(),
            }),
            (Err(reason), _) => refused.push(Refusal { id, reason, fully_specified: false, cell, metric }),
            (_, None) => {
                let reason = "nothing measured is stated".to_owned();
                refused.push(Refusal { id, reason, fully_specified: false, cell, metric });
            }
        }
    }
    Ok(Report::score("sites", rows, predictions, refused, Fold::None))
}

/// A figure of an example with its P10 and P90.
fn figure(example: &str, metric: &str, unit: f64) -> Result<(f64, f64, f64), String> {
    let text =
        EXAMPLES.iter().find(|e| e.0 == example).ok_or_else(|| format!("there is no example {example}"))?.1;
    let no_other_file = |_: &str, _: &str| Err("an example stands alone".to_owned());
    let loaded = load(example, text.as_bytes().to_vec(), &no_other_file, &Catalog::embedded());
    let factory = loaded.factory.ok_or("the example does not load")?;
    let outcome = run(&factory, DRAWS.1, DRAWS.0);
    let found = outcome.metric(metric).and_then(|m| Some((m.value?, m.band)));
    let (value, band) = found.ok_or_else(|| format!("{metric} is n/a"))?;
    let (low, high) = band.map_or((value, value), |b| (b.p10, b.p90));
    Ok((value / unit, low / unit, high / unit))
}

/// Power of an HPL run: the power domain's prediction per accelerator, its family left out, times the file's accelerators.
fn hpl_power(example: &str) -> Result<(f64, f64, f64), String> {
    let site = example.strip_prefix("ai-factory-").unwrap_or(example);
    let report = power::validate(None).map_err(|e| e.to_string())?;
    let row = report
        .predictions
        .iter()
        .find(|p| p.metric == "w_per_chip" && p.id.starts_with(site))
        .ok_or_else(|| format!("the power table has no row of {site}"))?;
    let (accelerators, _, _) = figure(example, "site.accelerators", 1.0)?;
    let to_mw = accelerators / 1e6;
    Ok((row.predicted * to_mw, row.low * to_mw, row.high * to_mw))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jupiter_is_compared_with_what_is_published() {
        let report = validate(None).unwrap();
        assert_eq!(report.answered, 2);
        let of = |metric: &str| report.predictions.iter().find(|p| p.metric == metric).unwrap();
        // The datasheet's rate is at boost clock, the list's at a sustained one: an honest excess of about a third.
        assert!((0.2..0.4).contains(&of("peak_fp64_pflops").error()));
        assert!(of("hpl_power_mw").error().abs() < 0.15);
    }
}

//! Rules of the chosen rule sets, and the site's own limits, judged on the figures.

use gigatwin_catalog::Confidence;
use gigatwin_quantity::{Dim, show};

use super::sheet::Sheet;
use crate::metric::definition;
use crate::outcome::{GateResult, Status};
use crate::resolved::{Factory, Rule, Test};

/// Judges every rule.
pub(crate) fn evaluate(f: &Factory, sheet: &Sheet) -> Vec<GateResult> {
    let mut out = vec![grid(sheet)];
    for set in &f.rules {
        for rule in &set.gates {
            let (status, reason) = judge(f, rule, sheet);
            out.push(GateResult {
                id: format!("{}.{}", set.id, rule.id),
                title: rule.title.clone(),
                hard: rule.hard,
                status,
                reason,
                confidence: rule.confidence,
                probability: None,
            });
        }
    }
    out
}

/// The connection must carry the site at its hottest hour.
fn grid(sheet: &Sheet) -> GateResult {
    let room = sheet.at("site.grid_headroom");
    let (peak, firm) = (sheet.at("site.facility_power"), sheet.at("site.grid_firm"));
    let (status, reason) = if room.is_nan() {
        (Status::Unknown, "the facility's power is not known".to_owned())
    } else if room >= 0.0 {
        (Status::Pass, format!("{} at peak, {} firm: {} to spare", power(peak), power(firm), power(room)))
    } else {
        let reason = format!(
            "grid connection short by {}: the site draws {} at its hottest hour; enlarge the connection or take {:.1} % off the machine",
            power(-room),
            power(peak),
            -100.0 * room / peak
        );
        (Status::Fail, reason)
    };
    GateResult {
        id: "site.grid".to_owned(),
        title: "The grid connection carries the site".to_owned(),
        hard: true,
        status,
        reason,
        confidence: Confidence::Derived,
        probability: None,
    }
}

fn power(w: f64) -> String {
    show(Dim::Power, w)
}

fn judge(f: &Factory, rule: &Rule, sheet: &Sheet) -> (Status, String) {
    if let Some(country) = &rule.applies_to_country
        && *country != f.country
    {
        return (Status::NotApplicable, format!("applies in {} only", country.to_uppercase()));
    }
    let start = sheet.get("schedule.opening");
    if rule.start_from.is_some() || rule.start_before.is_some() {
        let Some(start) = start else { return (Status::Unknown, "the start of operation is not known".to_owned()) };
        if rule.start_from.is_some_and(|from| start < from) || rule.start_before.is_some_and(|before| start >= before) {
            return (Status::NotApplicable, "applies to sites that start at another time".to_owned());
        }
    }
    match &rule.test {
        Test::In(list) => {
            let ok = list.contains(&f.country);
            let reason = format!("{} {} among {}", f.country.to_uppercase(), if ok { "is" } else { "is not" }, list.join(" ").to_uppercase());
            (if ok { Status::Pass } else { Status::Fail }, reason)
        }
        Test::Is(word) => {
            let is = if f.country_is_eu { "true" } else { "false" };
            let reason = format!("{} {} in the Union", f.country.to_uppercase(), if f.country_is_eu { "is" } else { "is not" });
            (if is == word { Status::Pass } else { Status::Fail }, reason)
        }
        Test::AtLeast(bound) => compare(rule, sheet, *bound, true),
        Test::AtMost(bound) => compare(rule, sheet, *bound, false),
    }
}

fn compare(rule: &Rule, sheet: &Sheet, bound: f64, at_least: bool) -> (Status, String) {
    let metric = if rule.metric == "site.start" { "schedule.opening" } else { rule.metric.as_str() };
    let dim = definition(metric).map_or(Dim::Ratio, |d| d.dim);
    let Some(value) = sheet.get(metric) else {
        return (Status::Unknown, format!("{metric} is n/a here"));
    };
    // A figure that meets its bound by arithmetic must not fail by its last bit.
    let slack = 1e-9 * bound.abs();
    let ok = if at_least { value >= bound - slack } else { value <= bound + slack };
    let relation = match (at_least, ok) {
        (true, true) => "at least",
        (true, false) => "short of",
        (false, true) => "at most",
        (false, false) => "above",
    };
    let mut reason = format!("{} {relation} {}", show(dim, value), show(dim, bound));
    if !ok {
        let miss = (value - bound).abs();
        reason.push_str(&match dim {
            Dim::Date => String::new(),
            Dim::Share => format!(" by {:.1} points", 100.0 * miss),
            _ => format!(" by {}", show(dim, miss)),
        });
        if !rule.cure.is_empty() {
            reason.push_str("; ");
            reason.push_str(&rule.cure);
        }
    }
    (if ok { Status::Pass } else { Status::Fail }, reason)
}

/// Graded scales: id, title, grade.
pub(crate) fn grades(f: &Factory, sheet: &Sheet) -> Vec<(String, String, String)> {
    let mut out = Vec::new();
    for set in &f.rules {
        for scale in &set.scales {
            let grade = match sheet.get(&scale.metric) {
                None => "unknown".to_owned(),
                Some(value) => scale
                    .grades
                    .iter()
                    .find(|(_, op, bound)| match op.as_str() {
                        "<=" => value <= bound + 1e-9 * bound.abs(),
                        "<" => value < *bound,
                        ">" => value > *bound,
                        _ => value >= bound - 1e-9 * bound.abs(),
                    })
                    .map_or_else(|| "between the grades".to_owned(), |g| g.0.clone()),
            };
            out.push((format!("{}.{}", set.id, scale.id), scale.title.clone(), grade));
        }
    }
    out
}

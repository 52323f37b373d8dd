//! Rules of the chosen rule sets, and the site's own limits, judged on the figures: facts go down to `programme`.

use std::borrow::Cow;

use gigatwin_catalog::Confidence;
use gigatwin_programme::gate::{Circumstances, Fact, Miss, Test, Verdict, judge};
use gigatwin_programme::scale::Grade;
use gigatwin_quantity::{Date, Dim, show};

use super::sheet::Sheet;
use crate::outcome::{GateResult, Status};
use crate::resolved::Factory;

/// The verdict on one rule, in the order of [`rules`].
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Judged {
    pub status: Status,
    pub reason: String,
    pub miss: Option<(Dim, f64, f64, bool)>,
}

/// Judges the grid connection and every rule.
pub(crate) fn evaluate(f: &Factory, sheet: &Sheet, words: bool) -> Vec<Judged> {
    let site = Circumstances {
        country: Some(f.country.clone()),
        start: sheet.get("schedule.opening").map(Date::from_days),
    };
    let mut out = vec![grid(sheet)];
    for rule in f.rules.iter().flat_map(|set| &set.gates) {
        let verdict = judge(&rule.gate, &fact(f, &rule.gate.metric, sheet), &site);
        let status = match &verdict {
            Verdict::Pass { .. } => Status::Pass,
            Verdict::Fail(_) => Status::Fail,
            Verdict::Unknown { .. } => Status::Unknown,
            Verdict::NotApplicable => Status::NotApplicable,
        };
        // Words cost more than the verdict; draws only count verdicts.
        let mut reason = if words { verdict.to_string() } else { String::new() };
        if words && status == Status::Fail && !rule.cure.is_empty() {
            reason.push_str("; ");
            reason.push_str(&rule.cure);
        }
        let miss = match verdict {
            Verdict::Fail(Miss::Short(gap)) => Some((gap.dim, gap.value, gap.bound, true)),
            Verdict::Fail(Miss::Over(gap)) => Some((gap.dim, gap.value, gap.bound, false)),
            _ => None,
        };
        out.push(Judged { status, reason, miss });
    }
    out
}

/// The rules with their verdicts.
pub(crate) fn results(f: &Factory, judged: Vec<Judged>) -> Vec<GateResult> {
    let own = (
        Cow::Borrowed("site.grid"),
        Cow::Borrowed("The grid connection carries the site"),
        true,
        Confidence::Derived,
    );
    let rules = f.rules.iter().flat_map(|set| {
        set.gates.iter().map(move |rule| {
            let id = Cow::Owned(format!("{}.{}", set.id, rule.gate.id));
            (id, Cow::Borrowed(rule.gate.title.as_str()), rule.gate.hard, rule.confidence)
        })
    });
    std::iter::once(own)
        .chain(rules)
        .zip(judged)
        .map(|((id, title, hard, confidence), j)| GateResult {
            id: id.into_owned(),
            title: title.into_owned(),
            hard,
            status: j.status,
            reason: j.reason,
            confidence,
            probability: None,
            miss: j.miss,
        })
        .collect()
}

/// The figure or word that a rule tests.
fn fact(f: &Factory, metric: &str, sheet: &Sheet) -> Fact {
    match metric {
        "site.country" => Fact::Text(f.country.clone()),
        "site.country_eu" => Fact::Text(f.country_is_eu.to_string()),
        _ => {
            let id = if metric == "site.start" { "schedule.opening" } else { metric };
            sheet.get(id).map_or_else(|| Fact::Unknown(format!("{id} is n/a here")), Fact::Number)
        }
    }
}

/// The connection must carry the site at its hottest hour.
fn grid(sheet: &Sheet) -> Judged {
    let room = sheet.at("site.grid_headroom");
    let peak = sheet.at("site.facility_power");
    let power = |w: f64| show(Dim::Power, w);
    if room.is_nan() {
        Judged { status: Status::Unknown, reason: "the facility's power is not known".to_owned(), miss: None }
    } else if room >= 0.0 {
        let reason = format!("{} at the hottest hour, {} to spare", power(peak), power(room));
        Judged { status: Status::Pass, reason, miss: None }
    } else {
        let reason = format!(
            "grid connection short by {}: the site draws {} at its hottest hour; enlarge the connection or take {:.1} % off the machine",
            power(-room),
            power(peak),
            -100.0 * room / peak
        );
        Judged { status: Status::Fail, reason, miss: Some((Dim::Power, peak, peak + room, false)) }
    }
}

/// Graded scales: id, title, grade.
pub(crate) fn grades(f: &Factory, sheet: &Sheet) -> Vec<(String, String, String)> {
    f.rules
        .iter()
        .flat_map(|set| set.scales.iter().map(move |scale| (set, scale)))
        .map(|(set, scale)| {
            let grade = match scale.grade(&fact(f, &scale.metric, sheet)) {
                Grade::Is(grade) => grade,
                Grade::Between => "between the grades".to_owned(),
                Grade::Unknown(_) => "unknown".to_owned(),
            };
            (format!("{}.{}", set.id, scale.id), scale.title.clone(), grade)
        })
        .collect()
}

/// The test of a rule's operator.
pub(crate) fn bound(op: &str, value: f64) -> Option<Test> {
    Some(match op {
        ">=" => Test::AtLeast(value),
        "<=" => Test::AtMost(value),
        ">" => Test::Above(value),
        "<" => Test::Below(value),
        _ => return None,
    })
}

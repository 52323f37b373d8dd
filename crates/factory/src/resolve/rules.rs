use gigatwin_catalog::{Catalog, CatalogError, Confidence, Entry, Kind};
use gigatwin_programme::gate::{self as programme, Gate, Scope, Test};
use gigatwin_programme::scale::Scale;
use gigatwin_quantity::{Date, Dim, parse};
use toml::{Table, Value};

use super::builder::Builder;
use crate::check::TableNode;
use crate::evaluate::gates::bound as compare;
use crate::metric::definition;
use crate::resolved::{Rule, RuleSet};

pub(super) fn resolve(b: &mut Builder<'_>, head: &TableNode) -> Vec<RuleSet> {
    let mut sets: Vec<RuleSet> = Vec::new();
    for (id, span) in head.texts("rules") {
        let Some(entry) = b.entry(Kind::Rules, id, *span) else { continue };
        if sets.iter().any(|s| s.id == entry.id) {
            b.error("G303", *span, format!("rule set \"{id}\" is named twice"), "keep one of the two");
            continue;
        }
        if let Some(stem) = entry.id.rsplit_once("-lot-").map(|s| s.0)
            && let Some(other) = sets.iter().find(|s| s.id.starts_with(stem))
        {
            let message = format!("a site bids for one lot: {} or {}", other.id, entry.id);
            b.error("G403", *span, message, "keep one of the two");
            continue;
        }
        match rule_set(b, &entry) {
            Ok(set) => {
                b.choice("factory.rules", &set.id, "yes");
                sets.push(set);
            }
            Err(what) => {
                let hint = format!("mend rules/{}.toml", entry.id);
                b.error("G305", *span, format!("rule set \"{}\": {what}", entry.id), hint);
            }
        }
    }
    sets
}

/// Faults of every rule set of a catalog: gates and scales on figures that do not exist, bounds of another dimension, unknown
/// operators. `Catalog::check` cannot see them, as it does not know the figures.
pub fn rule_faults(catalog: &Catalog) -> Vec<CatalogError> {
    let mut b = Builder::new(catalog);
    let mut faults = Vec::new();
    for id in catalog.ids(Kind::Rules) {
        let Ok(entry) = catalog.entry(Kind::Rules, id) else { continue };
        if let Err(what) = rule_set(&mut b, &entry) {
            faults.push(CatalogError::Malformed { kind: Kind::Rules, id: id.to_owned(), what });
        }
    }
    faults
}

fn rule_set(b: &mut Builder<'_>, entry: &Entry) -> Result<RuleSet, String> {
    let list = |key: &str| entry.table().get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let mut gates = Vec::new();
    for gate in list("gate") {
        let table = gate.as_table().ok_or("a gate is no table")?;
        let id = text(table, "id")?;
        gates.push(rule(table).map_err(|e| format!("gate {id}: {e}"))?);
    }
    let mut scales = Vec::new();
    for item in list("scale") {
        let table = item.as_table().ok_or("a scale is no table")?;
        let id = text(table, "id")?;
        scales.push(scale(table).map_err(|e| format!("scale {id}: {e}"))?);
    }
    Ok(RuleSet {
        id: entry.id.clone(),
        gates,
        scales,
        union_share_max: b
            .figure(entry, "union_share_max", Dim::Share)
            .or_else(|| b.figure(entry, "union_share_max_acquisition", Dim::Share)),
        union_share_operation: b.figure(entry, "union_share_max_operation", Dim::Share),
        union_cap_phase_1: b.figure(entry, "union_cap_phase_1", Dim::Money),
        union_cap_phase_2: b.figure(entry, "union_cap_phase_2", Dim::Money),
        states_match_min: b.figure(entry, "states_match_min", Dim::Share),
        public_share_max: b.figure(entry, "public_share_max", Dim::Share),
    })
}

fn text<'t>(table: &'t Table, key: &str) -> Result<&'t str, String> {
    table.get(key).and_then(Value::as_str).ok_or_else(|| format!("has no {key}"))
}

/// Reads a bound in the dimension of its metric; a share may be compared with a ratio.
fn bound(value: &str, metric: &str) -> Result<f64, String> {
    if metric == "site.start" {
        return Date::parse(value).map(Date::days).ok_or_else(|| format!("{value} is no date"));
    }
    let def = definition(metric).ok_or_else(|| format!("there is no figure {metric}"))?;
    parse(value, def.dim).map(|m| m.value).map_err(|e| e.to_string())
}

fn rule(table: &Table) -> Result<Rule, String> {
    let metric = text(table, "metric")?;
    let op = text(table, "op")?;
    let test = match op {
        "in" => {
            let list = table.get("value").and_then(Value::as_array).ok_or("\"in\" wants a list")?;
            Test::In(list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        }
        "is" => Test::Is(text(table, "value")?.to_owned()),
        _ => compare(op, bound(text(table, "value")?, metric)?).ok_or_else(|| format!("unknown op {op}"))?,
    };
    let date = |key: &str| {
        text(table, key).ok().map(|t| Date::parse(t).ok_or_else(|| format!("{key} is no date"))).transpose()
    };
    let confidence = Confidence::from_word(text(table, "confidence")?).ok_or("unknown confidence")?;
    // The day from which a rule applies lies before the opening of any site that is planned now; it is kept in the catalog.
    let from = date("start_from")?;
    Ok(Rule {
        gate: Gate {
            id: text(table, "id")?.to_owned(),
            title: text(table, "title")?.to_owned(),
            metric: metric.to_owned(),
            dim: definition(metric).map_or(Dim::Ratio, |d| d.dim),
            test,
            hard: table.get("hard").and_then(Value::as_bool).unwrap_or(true),
            confidence: match confidence {
                Confidence::Published | Confidence::Measured => programme::Confidence::Published,
                Confidence::Secondary => programme::Confidence::Secondary,
                Confidence::Derived => programme::Confidence::Derived,
                Confidence::Assumed => programme::Confidence::Assumed,
            },
            scope: Scope {
                country: text(table, "applies_to_country").ok().map(str::to_owned),
                start_from: from,
                start_before: date("start_before")?,
            },
        },
        confidence,
        cure: table.get("cure").and_then(Value::as_str).unwrap_or("").to_owned(),
    })
}

fn scale(table: &Table) -> Result<Scale, String> {
    let metric = text(table, "metric")?;
    let list = table.get("grades").and_then(Value::as_array).ok_or("has no grades")?;
    let mut grades = Vec::new();
    for grade in list {
        let grade = grade.as_table().ok_or("a grade is no table")?;
        let op = text(grade, "op")?;
        let test =
            compare(op, bound(text(grade, "value")?, metric)?).ok_or_else(|| format!("unknown op {op}"))?;
        grades.push((text(grade, "grade")?.to_owned(), test));
    }
    Ok(Scale {
        id: text(table, "id")?.to_owned(),
        title: text(table, "title")?.to_owned(),
        metric: metric.to_owned(),
        dim: definition(metric).map_or(Dim::Ratio, |d| d.dim),
        grades,
    })
}

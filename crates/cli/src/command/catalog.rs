//! `catalog`: figures with their sources.

use gigatwin_catalog::{Catalog, CatalogError, Entry, Kind};
use serde_json::{Value, json};

use crate::args;
use crate::console::{bold, faint};
use crate::context::Context;
use crate::exit::{Exit, Fault};
use crate::layout::{Side, table};
use crate::stats;

pub(super) fn run(context: &Context, what: &args::Catalog) -> Result<Exit, Fault> {
    let catalog = context.catalog()?;
    match what {
        args::Catalog::List { kind: None } => kinds(context, &catalog),
        args::Catalog::List { kind: Some(name) } => entries(context, &catalog, kind(context, name)?),
        args::Catalog::Show { id } => show(context, &catalog, id),
        args::Catalog::Check => check(context, &catalog),
        args::Catalog::Measure(measure) => super::pilot::measure(context, measure),
    }
}

fn kind(context: &Context, name: &str) -> Result<Kind, Fault> {
    Kind::from_folder(name).ok_or_else(|| {
        let all: Vec<&str> = Kind::ALL.iter().map(|k| k.folder()).collect();
        not_understood(
            context.messages.fill("fault.unknown_kind", &[("name", name)]),
            context.messages.fill("fault.one_of", &[("list", &all.join(", "))]),
        )
    })
}

fn not_understood(message: String, hint: String) -> Fault {
    Fault::NotUnderstood { code: "G301", message, hint, file: None }
}

fn kinds(context: &Context, catalog: &Catalog) -> Result<Exit, Fault> {
    let counts = Kind::ALL.map(|k| (k, catalog.ids(k).len()));
    if context.json {
        let list: Vec<Value> =
            counts.iter().map(|(k, n)| json!({"kind": k.folder(), "entries": n})).collect();
        context.json(&list)?;
    } else {
        let m = &context.messages;
        let mut rows = vec![vec![m.say("catalog.kind").to_owned(), m.say("catalog.entries").to_owned()]];
        rows.extend(counts.iter().map(|(k, n)| vec![k.folder().to_owned(), n.to_string()]));
        context.data(&table(&[Side::Left, Side::Right], &rows))?;
    }
    Ok(Exit::Done)
}

fn entries(context: &Context, catalog: &Catalog, kind: Kind) -> Result<Exit, Fault> {
    let mut list = Vec::new();
    for id in catalog.ids(kind) {
        list.push(catalog.entry(kind, id).map_err(|e| broken(&e))?);
    }
    if context.json {
        let list: Vec<Value> =
            list.iter().map(|e| json!({"kind": kind.folder(), "id": e.id, "name": e.name})).collect();
        context.json(&list)?;
    } else {
        let m = &context.messages;
        let mut rows = vec![vec![m.say("catalog.id").to_owned(), m.say("catalog.name").to_owned()]];
        rows.extend(list.iter().map(|e| vec![e.id.clone(), e.name.clone()]));
        context.data(&table(&[Side::Left, Side::Left], &rows))?;
    }
    Ok(Exit::Done)
}

fn broken(error: &CatalogError) -> Fault {
    Fault::NotUnderstood { code: "G305", message: error.to_string(), hint: String::new(), file: None }
}

fn show(context: &Context, catalog: &Catalog, wanted: &str) -> Result<Exit, Fault> {
    let entry = find(context, catalog, wanted)?;
    if context.json {
        context.json(&entry_json(&entry))?;
    } else {
        context.data(&page(context, &entry))?;
    }
    Ok(Exit::Done)
}

/// By `kind/id`, or by an id or alias that only one kind has.
fn find(context: &Context, catalog: &Catalog, wanted: &str) -> Result<Entry, Fault> {
    let m = &context.messages;
    let (kinds, id) = match wanted.split_once('/') {
        Some((folder, id)) => (vec![kind(context, folder)?], id),
        None => (Kind::ALL.to_vec(), wanted),
    };
    let (mut found, mut near, mut faulty) = (Vec::new(), Vec::new(), None);
    for kind in kinds {
        match catalog.entry(kind, id) {
            Ok(entry) => found.push(entry),
            Err(CatalogError::Unknown { nearest, .. }) => {
                near.extend(nearest.map(|n| format!("{}/{n}", kind.folder())));
            }
            Err(e) => faulty = Some(e),
        }
    }
    // What is spelt exactly goes before what is only also called so.
    if found.iter().filter(|e| e.id == id).count() == 1 {
        found.retain(|e| e.id == id);
    }
    if found.len() > 1 {
        let names: Vec<String> = found.iter().map(|e| format!("{}/{}", e.kind.folder(), e.id)).collect();
        return Err(not_understood(
            m.fill("fault.ambiguous_entry", &[("name", wanted)]),
            m.fill("fault.one_of", &[("list", &names.join(", "))]),
        ));
    }
    match (found.pop(), faulty) {
        (Some(entry), _) => Ok(entry),
        (None, Some(e)) => Err(broken(&e)),
        (None, None) => {
            let distance = |n: &String| strsim::damerau_levenshtein(n.rsplit('/').next().unwrap_or(n), id);
            near.sort_by_key(distance);
            near.truncate(3);
            let message = m.fill("fault.unknown_entry", &[("name", wanted)]);
            Err(not_understood(message, super::nearest(context, &near)))
        }
    }
}

fn page(context: &Context, entry: &Entry) -> String {
    let colour = context.console.out_colour;
    let mut out = format!("{}\n{}/{}", bold(&entry.name, colour), entry.kind.folder(), entry.id);
    let aliases = entry.aliases();
    if !aliases.is_empty() {
        out.push_str(" · ");
        out.push_str(&context.messages.fill("catalog.also", &[("list", &aliases.join(", "))]));
    }
    out.push('\n');
    for (key, value) in entry.table() {
        // Name, aliases and the common source are shown elsewhere; what is left is facts in words, gates and clauses.
        if !matches!(key.as_str(), "name" | "aliases" | "provenance" | "figures") {
            plain(&mut out, "", key, value);
        }
    }
    if entry.figures().next().is_some() {
        out.push('\n');
    }
    let key_width = entry.figures().map(|(k, _, _)| k.len()).max().unwrap_or(0);
    for (key, figure, p) in entry.figures() {
        out.push_str(&format!("  {key:key_width$}  {figure}\n"));
        let source = format!("{}, {} ({})", p.source, p.date, p.confidence);
        out.push_str(&format!("  {:key_width$}  {}\n", "", faint(&source, colour)));
        if let Some(note) = &p.note {
            out.push_str(&format!("  {:key_width$}  {}\n", "", faint(note, colour)));
        }
    }
    out
}

fn plain(out: &mut String, indent: &str, key: &str, value: &toml::Value) {
    let deeper = format!("{indent}  ");
    match value {
        toml::Value::Table(t) => {
            out.push_str(&format!("{deeper}{key}\n"));
            for (k, v) in t {
                plain(out, &deeper, k, v);
            }
        }
        toml::Value::Array(items) if items.iter().any(toml::Value::is_table) => {
            for item in items {
                plain(out, indent, key, item);
            }
        }
        toml::Value::Array(items) => {
            let texts: Vec<String> = items.iter().map(scalar).collect();
            out.push_str(&format!("{deeper}{key}: {}\n", texts.join(", ")));
        }
        other => out.push_str(&format!("{deeper}{key}: {}\n", scalar(other))),
    }
}

fn scalar(value: &toml::Value) -> String {
    match value {
        toml::Value::String(s) => s.clone(),
        toml::Value::Integer(i) => i.to_string(),
        toml::Value::Float(f) => f.to_string(),
        toml::Value::Boolean(b) => b.to_string(),
        toml::Value::Datetime(d) => d.to_string(),
        // Lists in lists and tables in them do not occur in the catalog's format.
        toml::Value::Array(items) => items.iter().map(scalar).collect::<Vec<_>>().join(", "),
        toml::Value::Table(t) => t.keys().cloned().collect::<Vec<_>>().join(", "),
    }
}

fn entry_json(entry: &Entry) -> Value {
    let figures: serde_json::Map<String, Value> = entry
        .figures()
        .map(|(key, figure, p)| {
            let value = json!({
                "value": figure.to_string(),
                "source": p.source.as_ref(),
                "date": p.date.as_ref(),
                "confidence": p.confidence.word(),
                "note": p.note.as_deref(),
            });
            (key.to_owned(), value)
        })
        .collect();
    json!({
        "kind": entry.kind.folder(),
        "id": entry.id,
        "name": entry.name,
        "aliases": entry.aliases(),
        "figures": figures,
        "facts": serde_json::to_value(entry.table()).unwrap_or(Value::Null),
    })
}

fn check(context: &Context, catalog: &Catalog) -> Result<Exit, Fault> {
    let mut faults = catalog.check();
    faults.extend(gigatwin_factory::rule_faults(catalog));
    let total: usize = Kind::ALL.iter().map(|k| catalog.ids(*k).len()).sum();
    if context.json {
        let list: Vec<Value> = faults
            .iter()
            .map(|e| {
                let (kind, id) = match e {
                    CatalogError::Unknown { kind, id, .. } | CatalogError::Malformed { kind, id, .. } => {
                        (kind, id)
                    }
                };
                json!({
                    "code": "G305",
                    "severity": "error",
                    "message": e.to_string(),
                    "file": format!("{}/{id}.toml", kind.folder()),
                    "line": null,
                    "column": null,
                    "hint": "",
                })
            })
            .collect();
        context.json(&list)?;
    } else if faults.is_empty() {
        let text = context.messages.fill("catalog.clean", &[("n", &total.to_string())]);
        context.console.talk(&format!("{text}\n"));
    } else {
        for fault in &faults {
            context.console.must_say(&format!("{}[G305]: {fault}\n", context.messages.say("talk.error")));
        }
        let n = faults.len().to_string();
        context
            .console
            .must_say(&format!("{}\n", context.messages.fill("fault.catalog_broken", &[("n", &n)])));
    }
    stats::say(context, &[("entries", total), ("faults", faults.len())]);
    Ok(if faults.is_empty() { Exit::Done } else { Exit::NotUnderstood })
}

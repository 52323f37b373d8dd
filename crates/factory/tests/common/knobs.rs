//! Every value that a factory file gives, with other values it could have.

use gigatwin_catalog::{Catalog, Kind};
use gigatwin_factory::document::{RawNode, RawTable, RawValue, read};
use gigatwin_factory::language::{FACTORY_FILE, Field, Table, Takes};
use gigatwin_factory::outcome::slug;
use gigatwin_quantity::{Date, Dim, exact, parse};

/// A value of the file and texts of the file in which it is another.
#[derive(Debug)]
pub struct Knob {
    /// Where it stands, such as `site.grid.firm`; items of lists by name or number.
    pub path: String,
    /// First byte of the value.
    pub start: u32,
    /// Other values and the file with them, in the order in which to try them.
    pub changes: Vec<Change>,
    /// What must change the answer.
    pub wanted: Wanted,
}

/// One other value.
#[derive(Debug)]
pub struct Change {
    /// The new value.
    pub value: String,
    /// The file with it.
    pub text: String,
}

/// How many of the other values must change the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// One of them: a number may be moved too little to matter.
    One,
    /// Each that is accepted: a word that means the same as another is no choice.
    Each,
    /// One of them the bands: ends of a range do not move the base case.
    Bands,
}

/// An edit: bytes and what stands there instead.
type Edit = (std::ops::Range<usize>, String);

/// All values of a file.
pub fn knobs(text: &str, catalog: &Catalog) -> Vec<Knob> {
    let document =
        read("factory.toml", text.as_bytes().to_vec(), &|_, _| Err("nothing is read here".to_owned()));
    assert!(document.diagnostics.is_empty(), "{:?}", document.diagnostics);
    let mut walk = Walk { text, catalog, root: &document.table, knobs: Vec::new() };
    walk.table(&document.table, &FACTORY_FILE, "");
    walk.knobs
}

struct Walk<'a> {
    text: &'a str,
    catalog: &'a Catalog,
    root: &'a RawTable,
    knobs: Vec<Knob>,
}

fn bytes(node: &RawNode) -> std::ops::Range<usize> {
    node.span.start as usize..node.span.end as usize
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

impl Walk<'_> {
    fn table(&mut self, raw: &RawTable, table: &'static Table, path: &str) {
        for (key, node) in raw {
            let field = table.field(key).unwrap_or_else(|| panic!("{path}.{key} is not of the language"));
            let path = join(path, key);
            match (field.takes, &node.value) {
                (Takes::Table(inner), RawValue::Table(raw)) => self.table(raw, inner, &path),
                (Takes::Tables(inner), RawValue::List(items)) => {
                    for (i, item) in items.iter().enumerate() {
                        let RawValue::Table(raw) = &item.value else { continue };
                        let name = name_of(raw).map_or_else(|| (i + 1).to_string(), slug);
                        self.table(raw, inner, &format!("{path}.{name}"));
                    }
                }
                (Takes::Named(inner), RawValue::Table(named)) => {
                    for (name, item) in named {
                        let RawValue::Table(raw) = &item.value else { continue };
                        let at = item.key_span.start as usize..item.key_span.end as usize;
                        let edits = self.renamed(key, name, at, "renamed", "renamed".to_owned());
                        self.add(
                            &format!("{path}.{name}"),
                            item.key_span.start,
                            Wanted::One,
                            vec![("renamed".to_owned(), edits)],
                        );
                        self.table(raw, inner, &format!("{path}.{name}"));
                    }
                }
                // Only one version of the language is known.
                _ if path == "format" => {}
                _ => self.leaf(raw, field, node, &path),
            }
        }
    }

    fn add(&mut self, path: &str, start: u32, wanted: Wanted, changes: Vec<(String, Vec<Edit>)>) {
        let changes = changes
            .into_iter()
            .map(|(value, mut edits)| {
                edits.sort_by_key(|e| std::cmp::Reverse(e.0.start));
                let mut text = self.text.to_owned();
                for (range, new) in edits {
                    text.replace_range(range, &new);
                }
                Change { value, text }
            })
            .collect();
        self.knobs.push(Knob { path: path.to_owned(), start, changes, wanted });
    }

    fn leaf(&mut self, table: &RawTable, field: &'static Field, node: &RawNode, path: &str) {
        let here = |new: String| vec![(bytes(node), new)];
        let words = |words: &[&str], now: &str| -> Vec<(String, Vec<Edit>)> {
            words.iter().filter(|w| **w != now).map(|w| ((*w).to_owned(), here(quoted(w)))).collect()
        };
        match (field.takes, &node.value) {
            (Takes::Quantity(Dim::Share), RawValue::Text(_)) if path.starts_with("state.") => {
                self.state_share(node, path)
            }
            (Takes::Quantity(dim), RawValue::Table(range)) => self.range(range, dim, path),
            (Takes::Quantity(dim), _) => self.point(node, dim, path),
            (Takes::WordOrShare(all), RawValue::Text(now)) if all.contains(&now.as_str()) => {
                let mut changes = words(all, now);
                changes.push(("7 %".to_owned(), here(quoted("7 %"))));
                self.add(path, node.span.start, Wanted::Each, changes);
            }
            (Takes::WordOrShare(_), _) => self.point(node, Dim::Share, path),
            (Takes::Word(all), RawValue::Text(now)) => {
                let mut changes = words(all, now);
                // A spot contract has no terms of its own; another kind needs some.
                if path.starts_with("energy.contracts.") && now == "spot" {
                    let terms = [
                        ("fixed", "\"fixed\", price = \"EUR 90/MWh\""),
                        (
                            "ppa",
                            "\"ppa\", technology = \"hydro\", capacity = \"2 MW\", price = \"EUR 90/MWh\"",
                        ),
                    ];
                    changes = terms
                        .iter()
                        .map(|(w, written)| ((*w).to_owned(), here((*written).to_owned())))
                        .collect();
                }
                // A band of fixed price says all that an agreement with a producer does, but for who produces.
                if path.starts_with("energy.contracts.") && now == "fixed" && table.contains_key("capacity") {
                    let written = "\"ppa\", technology = \"hydro\"";
                    changes = vec![("ppa".to_owned(), here(written.to_owned()))];
                }
                self.add(path, node.span.start, Wanted::Each, changes);
            }
            (Takes::Flag, RawValue::Bool(flag)) => {
                let other = (!flag).to_string();
                self.add(path, node.span.start, Wanted::Each, vec![(other.clone(), here(other))]);
            }
            (Takes::Whole(least), RawValue::Number(now)) => {
                let changes = [now + 1.0, now - 1.0, now * 2.0]
                    .iter()
                    .filter(|n| **n >= f64::from(least))
                    .map(|n| (n.to_string(), here(n.to_string())))
                    .collect();
                self.add(path, node.span.start, Wanted::One, changes);
            }
            (Takes::Catalog(kind), RawValue::Text(now)) => {
                let changes = self.entries(kind, now, node, path);
                self.add(path, node.span.start, Wanted::Each, changes);
            }
            (Takes::CatalogList(_), RawValue::List(items)) => self.list(items, node, path),
            (Takes::Name(what), RawValue::Text(now)) => {
                let others: Vec<String> = self.names(what).into_iter().filter(|n| n != now).collect();
                // Where one thing of the kind is defined there is no other choice.
                if !others.is_empty() {
                    let changes = others.into_iter().map(|n| (n.clone(), here(quoted(&n)))).collect();
                    self.add(path, node.span.start, Wanted::Each, changes);
                }
            }
            (Takes::Text, RawValue::Text(now)) => {
                let new = format!("{now} renamed");
                let mut written = quoted(&new);
                // A tenant's kind is read from its name where it is not stated.
                let kind = slug(now);
                if path.starts_with("tenant.")
                    && !table.contains_key("kind")
                    && ["union", "states"].contains(&kind.as_str())
                {
                    written.push_str(&format!("\nkind = \"{kind}\""));
                }
                let what = path.split('.').next().unwrap_or("");
                let edits = self.renamed(what, now, bytes(node), &new, written);
                self.add(path, node.span.start, Wanted::One, vec![(new, edits)]);
            }
            (takes, value) => panic!("{path}: {takes:?} with {}", value.word()),
        }
    }

    /// The edit of a name, with all that refer to it.
    fn renamed(
        &self,
        what: &str,
        now: &str,
        at: std::ops::Range<usize>,
        new: &str,
        written: String,
    ) -> Vec<Edit> {
        let mut edits = vec![(at, written)];
        references(self.root, &FACTORY_FILE, what, now, new, &mut edits);
        edits
    }

    fn names(&self, what: &str) -> Vec<String> {
        match self.root.get(what).map(|n| &n.value) {
            Some(RawValue::List(items)) => items
                .iter()
                .filter_map(|i| match &i.value {
                    RawValue::Table(t) => name_of(t).map(str::to_owned),
                    _ => None,
                })
                .collect(),
            Some(RawValue::Table(named)) => named.keys().cloned().collect(),
            _ => Vec::new(),
        }
    }

    /// Other entries of the catalog. A place and its country change together.
    fn entries(&self, kind: Kind, now: &str, node: &RawNode, path: &str) -> Vec<(String, Vec<Edit>)> {
        const TRIED: usize = 6;
        let ids = self.catalog.ids(kind);
        // Country codes stand in capitals in a file.
        let own = self.catalog.entry(kind, &now.to_lowercase()).map(|e| e.id).unwrap_or_default();
        let others: Vec<&str> = ids.into_iter().filter(|id| *id != own).collect();
        let here = |id: &str| (id.to_owned(), vec![(bytes(node), quoted(id))]);
        let spread = |ids: &[&str]| -> Vec<String> {
            let step = ids.len().div_ceil(TRIED).max(1);
            ids.iter().step_by(step).map(|id| (*id).to_owned()).collect()
        };
        let lies_in = |place: &str| -> String {
            let entry = self.catalog.entry(Kind::Places, place).unwrap();
            entry.text("country").unwrap_or("").to_owned()
        };
        let node_at = |table: &str, key: &str| -> Option<&RawNode> {
            match self.root.get(table).map(|n| &n.value) {
                Some(RawValue::Table(t)) => t.get(key),
                _ => None,
            }
        };
        match path {
            "site.place" => {
                let country = lies_in(now);
                let alike: Vec<&str> = others.iter().copied().filter(|p| lies_in(p) == country).collect();
                if !alike.is_empty() {
                    return spread(&alike).iter().map(|id| here(id)).collect();
                }
                let Some(at) = node_at("factory", "country") else { return Vec::new() };
                let both = |id: &String| {
                    (id.clone(), vec![(bytes(node), quoted(id)), (bytes(at), quoted(&lies_in(id)))])
                };
                spread(&others).iter().map(both).collect()
            }
            "factory.country" => {
                let Some(at) = node_at("site", "place") else { return Vec::new() };
                let places = self.catalog.ids(Kind::Places);
                let both = |country: &String| {
                    let place = places.iter().find(|p| lies_in(p) == *country)?;
                    Some((country.clone(), vec![(bytes(node), quoted(country)), (bytes(at), quoted(place))]))
                };
                spread(&others).iter().filter_map(both).collect()
            }
            _ => spread(&others).iter().map(|id| here(id)).collect(),
        }
    }

    /// A list of entries without each of its items.
    fn list(&mut self, items: &[RawNode], node: &RawNode, path: &str) {
        let ids: Vec<&str> = items
            .iter()
            .filter_map(|i| match &i.value {
                RawValue::Text(id) => Some(id.as_str()),
                _ => None,
            })
            .collect();
        let mut changes = Vec::new();
        for left_out in &ids {
            let rest: Vec<String> = ids.iter().filter(|id| *id != left_out).map(|id| quoted(id)).collect();
            let new = format!("[{}]", rest.join(", "));
            changes.push((format!("without {left_out}"), vec![(bytes(node), new)]));
        }
        self.add(path, node.span.start, Wanted::Each, changes);
    }

    fn point(&mut self, node: &RawNode, dim: Dim, path: &str) {
        let slice = &self.text[bytes(node)];
        let changes =
            moved(slice, dim).into_iter().map(|new| (new.clone(), vec![(bytes(node), new)])).collect();
        self.add(path, node.span.start, Wanted::One, changes);
    }

    /// What one State pays more another pays less: together they are the whole.
    fn state_share(&mut self, node: &RawNode, path: &str) {
        let Some(RawValue::List(states)) = self.root.get("state").map(|n| &n.value) else { return };
        let other = states.iter().find_map(|state| match &state.value {
            RawValue::Table(t) => t.get("share").filter(|share| share.span != node.span),
            _ => None,
        });
        let share =
            |node: &RawNode| parse(self.text[bytes(node)].trim_matches('"'), Dim::Share).unwrap().value;
        // The only State pays all.
        let Some(other) = other else { return };
        let to = |node: &RawNode, x: f64| (bytes(node), quoted(&exact(Dim::Share, x)));
        let edits = vec![to(node, share(node) + 0.01), to(other, share(other) - 0.01)];
        self.add(path, node.span.start, Wanted::One, vec![("one point more".to_owned(), edits)]);
    }

    fn range(&mut self, range: &RawTable, dim: Dim, path: &str) {
        let value = |key: &str| -> Option<f64> {
            let slice = self.text[bytes(range.get(key)?)].trim_matches('"');
            parse(slice, dim).ok().map(|m| m.value)
        };
        let (low, mode, high) = (
            value("low").or_else(|| value("p10")).unwrap(),
            value("mode").or_else(|| value("p50")),
            value("high").or_else(|| value("p90")).unwrap(),
        );
        let whole = |x: f64| if dim == Dim::Count { x.round() } else { x };
        for (key, node) in range {
            let (wanted, new) = match (key.as_str(), mode) {
                ("mode" | "p50", Some(mode)) => (Wanted::One, vec![0.5 * (mode + high), 0.5 * (low + mode)]),
                ("low" | "p10", Some(mode)) => (Wanted::Bands, vec![0.5 * (low + mode)]),
                (_, Some(mode)) => (Wanted::Bands, vec![0.5 * (mode + high)]),
                (_, None) => (Wanted::One, vec![0.5 * (low + high)]),
            };
            let own = value(key).unwrap();
            let changes = new
                .into_iter()
                .map(|x| {
                    // Scaled as written, so that currency and price year stay.
                    let new = match dim {
                        Dim::Date => quoted(&exact(dim, x)),
                        _ => scaled(&self.text[bytes(node)], whole(x) / own),
                    };
                    (new.clone(), vec![(bytes(node), new)])
                })
                .collect();
            self.add(&format!("{path}.{key}"), node.span.start, wanted, changes);
        }
    }
}

/// A quantity as written, moved: dates by months, numbers by factors, small moves first.
fn moved(slice: &str, dim: Dim) -> Vec<String> {
    let bare = slice.trim_matches('"');
    if dim == Dim::Date {
        let days = Date::parse(bare).unwrap().days();
        return [31.0, -31.0, 400.0, -400.0].iter().map(|d| quoted(&exact(dim, days + d))).collect();
    }
    let start = slice.find(|c: char| c.is_ascii_digit()).unwrap();
    let end =
        slice[start..].find(|c: char| !(c.is_ascii_digit() || c == '.')).map_or(slice.len(), |n| start + n);
    let number: f64 = slice[start..end].parse().unwrap();
    let to = |x: f64| {
        // Rounded so that no digits of binary arithmetic show.
        let x = (x * 1e9).round() / 1e9;
        format!("{}{x}{}", &slice[..start], &slice[end..])
    };
    if number == 0.0 {
        return [1.0, 5.0, 50.0].iter().map(|x| to(*x)).collect();
    }
    let whole = dim == Dim::Count && number.fract() == 0.0 && number >= 10.0;
    [1.1, 0.9, 2.0, 0.5, 10.0, 0.1]
        .iter()
        .map(|f| to(if whole { (number * f).round() } else { number * f }))
        .collect()
}

/// A quantity as written, its number times a factor.
fn scaled(slice: &str, factor: f64) -> String {
    let (at, number) = number(slice);
    replaced(slice, &at, number * factor)
}

/// The number in a quantity, and where it stands.
fn number(slice: &str) -> (std::ops::Range<usize>, f64) {
    let start = slice.find(|c: char| c.is_ascii_digit()).unwrap();
    let end =
        slice[start..].find(|c: char| !(c.is_ascii_digit() || c == '.')).map_or(slice.len(), |n| start + n);
    (start..end, slice[start..end].parse().unwrap())
}

fn replaced(slice: &str, at: &std::ops::Range<usize>, x: f64) -> String {
    // Rounded so that no digits of binary arithmetic show.
    let x = (x * 1e9).round() / 1e9;
    format!("{}{x}{}", &slice[..at.start], &slice[at.end..])
}

fn name_of(table: &RawTable) -> Option<&str> {
    match table.get("name").map(|n| &n.value) {
        Some(RawValue::Text(name)) => Some(name),
        _ => None,
    }
}

/// Edits of everything that refers to a name.
fn references(
    raw: &RawTable,
    table: &'static Table,
    what: &str,
    now: &str,
    new: &str,
    edits: &mut Vec<Edit>,
) {
    for (key, node) in raw {
        let Some(field) = table.field(key) else { continue };
        match (field.takes, &node.value) {
            (Takes::Name(target), RawValue::Text(text)) if target == what && text == now => {
                edits.push((bytes(node), quoted(new)));
            }
            (Takes::Table(inner), RawValue::Table(t)) => references(t, inner, what, now, new, edits),
            (Takes::Tables(inner), RawValue::List(items)) => {
                for item in items {
                    if let RawValue::Table(t) = &item.value {
                        references(t, inner, what, now, new, edits);
                    }
                }
            }
            (Takes::Named(inner), RawValue::Table(named)) => {
                for item in named.values() {
                    if let RawValue::Table(t) = &item.value {
                        references(t, inner, what, now, new, edits);
                    }
                }
            }
            _ => {}
        }
    }
}

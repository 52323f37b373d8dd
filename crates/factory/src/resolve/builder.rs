use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use gigatwin_catalog::{Catalog, CatalogError, Entry, Kind, Value};
use gigatwin_quantity::{Dim, Quantity};

use crate::check::TableNode;
use crate::diagnostic::{Diagnostic, Span};
use crate::inputs::{In, Input, Inputs, Origin};
use crate::language::{Need, Table, Takes};

/// Gathers inputs, choices and findings while the file is resolved.
pub(super) struct Builder<'a> {
    pub catalog: &'a Catalog,
    pub inputs: Inputs,
    pub diagnostics: Vec<Diagnostic>,
    /// Words, ids and names by path: what a diff shows beside numbers.
    pub choices: Vec<(String, String)>,
    /// Words that stand at their default.
    pub choices_at_default: usize,
    /// Catalog entries read, for the hash of the inputs.
    pub entries: BTreeSet<(Kind, String)>,
    /// Rooms of defaults already read: each is asked for many figures.
    rooms: BTreeMap<(Kind, String), Option<Rc<Entry>>>,
}

impl<'a> Builder<'a> {
    pub fn new(catalog: &'a Catalog) -> Self {
        Builder {
            catalog,
            inputs: Inputs::default(),
            diagnostics: Vec::new(),
            choices: Vec::new(),
            choices_at_default: 0,
            entries: BTreeSet::new(),
            rooms: BTreeMap::new(),
        }
    }

    pub fn error(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.diagnostics.push(Diagnostic::error(code, span, message, hint));
    }

    pub fn warning(
        &mut self,
        code: &'static str,
        span: Span,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.diagnostics.push(Diagnostic::warning(code, span, message, hint));
    }

    /// A quantity that the file gives; `None` where it does not.
    pub fn given<Q: Quantity>(&mut self, node: &TableNode, key: &str, path: &str) -> Option<In<Q>> {
        let q = node.quantity(key)?;
        Some(self.inputs.add(Input {
            path: join(path, key),
            dim: q.dim,
            distribution: q.distribution,
            dollars: Input::currency(q.dim, q.currency),
            price_year: q.price_year,
            origin: Origin::File { text: q.text.clone(), span: q.span },
        }))
    }

    /// A quantity that the file gives, or else its default from the catalog.
    pub fn quantity<Q: Quantity>(
        &mut self,
        table: &'static Table,
        node: &TableNode,
        key: &str,
        path: &str,
    ) -> Option<In<Q>> {
        if let Some(input) = self.given(node, key, path) {
            return Some(input);
        }
        let field = table.field(key)?;
        let (Takes::Quantity(dim), Need::Default(room, name)) = (field.takes, field.need) else {
            return None;
        };
        self.default(room, name, dim, &join(path, key), node.span)
    }

    /// A default of the catalog under a path of its own.
    pub fn default<Q: Quantity>(
        &mut self,
        room: &str,
        name: &str,
        dim: Dim,
        path: &str,
        span: Span,
    ) -> Option<In<Q>> {
        for kind in [Kind::Defaults, Kind::Costs] {
            // A room that is there but broken must be named: it is the user's own overlay.
            if !self.rooms.contains_key(&(kind, room.to_owned()))
                && let Some(Err(e)) = self.catalog.text(kind, room).map(|_| self.catalog.entry(kind, room))
            {
                self.catalog_error(&e, span);
                self.rooms.insert((kind, room.to_owned()), None);
                return None;
            }
        }
        let entry = self
            .entry_quietly(Kind::Defaults, room)
            .filter(|e| e.figures().any(|f| f.0 == name))
            .or_else(|| self.entry_quietly(Kind::Costs, room));
        let value = match entry.map(|e| e.figure(name, dim)) {
            Some(Ok(Some(value))) => value,
            Some(Err(e)) => {
                self.catalog_error(&e, span);
                return None;
            }
            _ => {
                let message = format!("the catalog has no default {room}.{name} for {path}");
                self.error(
                    "G304",
                    span,
                    message,
                    "give the value in the file, or the figure in a catalog of your own",
                );
                return None;
            }
        };
        Some(self.add_value(path.to_owned(), dim, value.clone(), Origin::Default(value.provenance)))
    }

    fn entry_quietly(&mut self, kind: Kind, id: &str) -> Option<Rc<Entry>> {
        let catalog = self.catalog;
        // Rooms have no other names: a room that is not there is not searched for among the aliases of all others.
        let read = || catalog.text(kind, id).and_then(|_| catalog.entry(kind, id).ok()).map(Rc::new);
        let entry = self.rooms.entry((kind, id.to_owned())).or_insert_with(read).clone()?;
        self.entries.insert((kind, entry.id.clone()));
        Some(entry)
    }

    /// A figure of a catalog entry; `None` where the entry does not know it.
    pub fn figure<Q: Quantity>(&mut self, entry: &Entry, key: &str, dim: Dim) -> Option<In<Q>> {
        match entry.figure(key, dim) {
            Ok(Some(value)) => {
                let path = format!("catalog.{}.{}.{key}", entry.kind.folder(), entry.id);
                let origin = Origin::Catalog {
                    kind: entry.kind,
                    id: entry.id.clone(),
                    key: key.to_owned(),
                    provenance: value.provenance.clone(),
                };
                Some(self.add_value(path, dim, value, origin))
            }
            Ok(None) => None,
            Err(e) => {
                self.catalog_error(&e, Span::default());
                None
            }
        }
    }

    /// A figure that must be there for the file to be evaluated.
    pub fn need<Q: Quantity>(&mut self, entry: &Entry, key: &str, dim: Dim, span: Span) -> Option<In<Q>> {
        let found = self.figure(entry, key, dim);
        if found.is_none() {
            let message = format!("the catalog's {} \"{}\" has no {key}", entry.kind.noun(), entry.id);
            let hint = format!("add it in a catalog of your own ({}/{}.toml)", entry.kind.folder(), entry.id);
            self.error("G304", span, message, hint);
        }
        found
    }

    fn add_value<Q: Quantity>(&mut self, path: String, dim: Dim, value: Value, origin: Origin) -> In<Q> {
        self.inputs.add(Input {
            path,
            dim,
            distribution: value.distribution,
            dollars: Input::currency(dim, value.currency),
            price_year: value.price_year,
            origin,
        })
    }

    /// The catalog entry that a key refers to, with a finding where there is none.
    pub fn entry(&mut self, kind: Kind, id: &str, span: Span) -> Option<Entry> {
        match self.catalog.entry(kind, id) {
            Ok(entry) => {
                self.entries.insert((kind, entry.id.clone()));
                Some(entry)
            }
            Err(e) => {
                self.catalog_error(&e, span);
                None
            }
        }
    }

    pub fn catalog_error(&mut self, error: &CatalogError, span: Span) {
        match error {
            CatalogError::Unknown { kind, nearest, .. } => {
                let hint = match nearest {
                    Some(near) => format!("did you mean \"{near}\"?"),
                    None => format!("gigatwin catalog list {} shows all", kind.folder()),
                };
                self.error("G301", span, error.to_string(), hint);
            }
            CatalogError::Malformed { kind, id, .. } => {
                let hint =
                    format!("mend {}/{id}.toml; gigatwin catalog check lists all faults", kind.folder());
                self.error("G305", span, error.to_string(), hint);
            }
        }
    }

    /// A word that the file gives, or else its default.
    pub fn word(&mut self, table: &'static Table, node: &TableNode, key: &str, path: &str) -> String {
        if let Some((word, _)) = node.text(key) {
            self.choices.push((join(path, key), word.to_owned()));
            return word.to_owned();
        }
        match table.field(key).map(|f| f.need) {
            Some(Need::Word(word)) => {
                self.choices_at_default += 1;
                word.to_owned()
            }
            _ => String::new(),
        }
    }

    /// A whole number that the file gives, or else its default.
    pub fn whole(&mut self, table: &'static Table, node: &TableNode, key: &str, path: &str) -> u32 {
        if let Some(n) = node.whole(key) {
            self.choices.push((join(path, key), n.to_string()));
            return n;
        }
        match table.field(key).map(|f| f.need) {
            Some(Need::Word(word)) => {
                self.choices_at_default += 1;
                word.parse().unwrap_or(1)
            }
            _ => 1,
        }
    }

    /// A flag that the file gives, or else its default.
    pub fn flag(&mut self, table: &'static Table, node: &TableNode, key: &str, path: &str) -> bool {
        if let Some(flag) = node.flag(key) {
            self.choices.push((join(path, key), flag.to_string()));
            return flag;
        }
        self.choices_at_default += 1;
        matches!(table.field(key).map(|f| f.need), Some(Need::Word("true")))
    }

    /// Notes a free text or id for the diff.
    pub fn choice(&mut self, path: &str, key: &str, value: &str) {
        self.choices.push((join(path, key), value.to_owned()));
    }
}

/// Path of a key.
pub(super) fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

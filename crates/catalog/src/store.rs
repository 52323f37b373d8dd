use std::collections::BTreeMap;

use crate::embedded::FILES;
use crate::{Entry, Kind};

/// The embedded files with a user's overlay on top. Holds text; entries are read when asked for.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    overlay: BTreeMap<(Kind, String), String>,
}

/// Why an entry cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogError {
    /// No file of this id, nor an alias.
    #[error("there is no {} \"{id}\" in the catalog", kind.noun())]
    Unknown {
        /// Folder.
        kind: Kind,
        /// The id asked for.
        id: String,
        /// The nearest id or alias.
        nearest: Option<String>,
    },
    /// The file does not follow the format.
    #[error("catalog file {}/{id}.toml: {what}", kind.folder())]
    Malformed {
        /// Folder.
        kind: Kind,
        /// File.
        id: String,
        /// In words.
        what: String,
    },
}

impl Catalog {
    /// The embedded catalog alone.
    pub fn embedded() -> Self {
        Self::default()
    }

    /// Puts a user's file on top: it replaces the embedded one of the same kind and id.
    pub fn overlay(&mut self, kind: Kind, id: &str, text: String) {
        self.overlay.insert((kind, id.to_owned()), text);
    }

    /// Ids of a kind, sorted.
    pub fn ids(&self, kind: Kind) -> Vec<&str> {
        let mut ids: Vec<&str> = FILES.iter().filter(|f| f.0 == kind.folder()).map(|f| f.1).collect();
        ids.extend(self.overlay.keys().filter(|k| k.0 == kind).map(|k| k.1.as_str()));
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// The text of a file by its exact id.
    pub fn text(&self, kind: Kind, id: &str) -> Option<&str> {
        if let Some(text) = self.overlay.get(&(kind, id.to_owned())) {
            return Some(text);
        }
        FILES.iter().find(|f| f.0 == kind.folder() && f.1 == id).map(|f| f.2)
    }

    /// Reads the entry of an id or alias.
    ///
    /// # Errors
    /// [`CatalogError::Unknown`] with the nearest match, or [`CatalogError::Malformed`].
    pub fn entry(&self, kind: Kind, id: &str) -> Result<Entry, CatalogError> {
        if let Some(text) = self.text(kind, id) {
            return Entry::read(kind, id, text);
        }
        let wanted = id.to_lowercase();
        let mut nearest: Option<(usize, String)> = None;
        for candidate in self.ids(kind) {
            let Some(text) = self.text(kind, candidate) else { continue };
            // A broken neighbour must not hide the answer for this id.
            let Ok(entry) = Entry::read(kind, candidate, text) else { continue };
            let names: Vec<String> = entry.aliases().iter().map(|a| a.to_lowercase()).collect();
            if names.contains(&wanted) {
                return Ok(entry);
            }
            for name in names.iter().map(String::as_str).chain([candidate]) {
                let distance = strsim::damerau_levenshtein(name, &wanted);
                if distance <= 2 + wanted.len() / 4 && nearest.as_ref().is_none_or(|(d, _)| distance < *d) {
                    nearest = Some((distance, candidate.to_owned()));
                }
            }
        }
        Err(CatalogError::Unknown { kind, id: id.to_owned(), nearest: nearest.map(|n| n.1) })
    }

    /// Faults of every file: format, missing or unknown figures, dimensions, references and counted parameters.
    pub fn check(&self) -> Vec<CatalogError> {
        let mut faults = Vec::new();
        for kind in Kind::ALL {
            for id in self.ids(kind) {
                match self.entry(kind, id) {
                    Ok(entry) => self.check_entry(&entry, &mut faults),
                    Err(e) => faults.push(e),
                }
            }
        }
        faults
    }

    fn check_entry(&self, entry: &Entry, faults: &mut Vec<CatalogError>) {
        let (kind, id) = (entry.kind, &entry.id);
        let mut fault = |what: String| faults.push(CatalogError::Malformed { kind, id: id.clone(), what });
        for (key, figure, provenance) in entry.figures() {
            if provenance.source.trim().is_empty() || provenance.date.trim().is_empty() {
                fault(format!("{key}: empty source or date"));
            }
            let monthly = matches!(figure, crate::Figure::Monthly(..));
            match kind.dim_of(key) {
                Some(dim) => {
                    let checked = if monthly {
                        figure.monthly(dim, provenance).map(|_| ())
                    } else {
                        figure.typed(dim, provenance).map(|_| ())
                    };
                    if let Err(what) = checked {
                        fault(format!("{key}: {what}"));
                    }
                }
                None if !kind.keys().is_empty() => fault(format!("{key}: no such figure in this kind")),
                None => {}
            }
        }
        for (key, _, required) in kind.keys() {
            if *required && !entry.figures().any(|(k, _, _)| k == *key) {
                fault(format!("{key}: missing"));
            }
        }
        let mut refer = |key: &str, to: Kind| match entry.text(key) {
            Some(other) => {
                if let Err(e) = self.entry(to, other) {
                    fault(format!("{key}: {e}"));
                }
            }
            None => fault(format!("{key}: missing")),
        };
        match kind {
            Kind::Systems => refer("accelerator", Kind::Accelerators),
            Kind::Places => refer("country", Kind::Countries),
            Kind::Models => match crate::model_shape(entry) {
                Ok(shape) => {
                    for (key, counted) in
                        [("parameters", shape.parameters()), ("parameters_active", shape.active_parameters())]
                    {
                        let stated = entry.figure(key, gigatwin_quantity::Dim::Count).ok().flatten();
                        if let Some(v) = stated {
                            let ratio = counted / v.distribution.base() - 1.0;
                            if ratio.abs() > PARAMETER_TOLERANCE {
                                fault(format!(
                                    "{key}: the shape counts {counted:.4e}, {:+.1} % off",
                                    100.0 * ratio
                                ));
                            }
                        }
                    }
                }
                Err(e) => faults.push(e),
            },
            _ => {}
        }
    }
}

/// Counting leaves norms, biases, multi-token-prediction heads and rounding of published sizes out.
const PARAMETER_TOLERANCE: f64 = 0.03;

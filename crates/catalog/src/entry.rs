use std::collections::BTreeMap;
use std::sync::Arc;

use gigatwin_quantity::Dim;
use toml::Table;

use crate::figure::{Confidence, Figure, Monthly, Provenance, Value};
use crate::{CatalogError, Kind};

/// One file of the catalog, read.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its folder.
    pub kind: Kind,
    /// Its id.
    pub id: String,
    /// Its display name.
    pub name: String,
    figures: BTreeMap<String, (Figure, Provenance)>,
    table: Table,
}

impl Entry {
    pub(crate) fn read(kind: Kind, id: &str, text: &str) -> Result<Entry, CatalogError> {
        let fail = |what: String| CatalogError::Malformed { kind, id: id.to_owned(), what };
        let mut table: Table = toml::from_str(text).map_err(|e| fail(e.message().to_owned()))?;
        let name = table
            .get("name")
            .and_then(|v| v.as_str())
            .ok_or_else(|| fail("has no name".to_owned()))?
            .to_owned();
        let common = match table.get("provenance") {
            Some(v) => Some(common_provenance(v.as_table()).map_err(&fail)?),
            None => None,
        };
        let mut figures = BTreeMap::new();
        if let Some(section) = table.remove("figures") {
            let section =
                section.as_table().cloned().ok_or_else(|| fail("figures is no table".to_owned()))?;
            for (key, value) in section {
                let pair = figure(&value, common.as_ref()).map_err(|e| fail(format!("{key}: {e}")))?;
                figures.insert(key, pair);
            }
        }
        Ok(Entry { kind, id: id.to_owned(), name, figures, table })
    }

    /// A figure in a dimension; `None` where it is not known.
    ///
    /// # Errors
    /// Where the text is no such quantity.
    pub fn figure(&self, key: &str, dim: Dim) -> Result<Option<Value>, CatalogError> {
        self.figures
            .get(key)
            .map(|(f, p)| f.typed(dim, p))
            .transpose()
            .map_err(|what| self.malformed(key, what))
    }

    /// Twelve monthly values; `None` where they are not known.
    ///
    /// # Errors
    /// Where the figure is not monthly or of another dimension.
    pub fn monthly(&self, key: &str, dim: Dim) -> Result<Option<Monthly>, CatalogError> {
        self.figures
            .get(key)
            .map(|(f, p)| f.monthly(dim, p))
            .transpose()
            .map_err(|what| self.malformed(key, what))
    }

    fn malformed(&self, key: &str, what: String) -> CatalogError {
        CatalogError::Malformed { kind: self.kind, id: self.id.clone(), what: format!("{key}: {what}") }
    }

    /// All figures with their provenance, by key.
    pub fn figures(&self) -> impl Iterator<Item = (&str, &Figure, &Provenance)> {
        self.figures.iter().map(|(k, (f, p))| (k.as_str(), f, p))
    }

    /// A text at the top of the file.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.table.get(key).and_then(|v| v.as_str())
    }

    /// A flag at the top of the file; `false` where it is not there.
    pub fn flag(&self, key: &str) -> bool {
        self.table.get(key).and_then(toml::Value::as_bool).unwrap_or(false)
    }

    /// Other spellings of the id.
    pub fn aliases(&self) -> Vec<&str> {
        self.table
            .get("aliases")
            .and_then(|v| v.as_array())
            .map(|a| a.iter().filter_map(|v| v.as_str()).collect())
            .unwrap_or_default()
    }

    /// Everything but the figures, as read (gates, scales and clauses of rule sets).
    pub fn table(&self) -> &Table {
        &self.table
    }
}

fn text_of<'a>(table: &'a Table, key: &str) -> Option<&'a str> {
    table.get(key).and_then(|v| v.as_str())
}

fn common_provenance(table: Option<&Table>) -> Result<Provenance, String> {
    let table = table.ok_or("provenance is no table")?;
    let need = |key| text_of(table, key).ok_or(format!("provenance has no {key}"));
    Ok(Provenance {
        source: Arc::from(need("source")?),
        date: Arc::from(need("date")?),
        confidence: confidence(need("confidence")?)?,
        note: text_of(table, "note").map(Arc::from),
    })
}

fn confidence(word: &str) -> Result<Confidence, String> {
    Confidence::from_word(word).ok_or_else(|| format!("unknown confidence \"{word}\""))
}

/// Text, number or table to a figure with its provenance.
fn figure(value: &toml::Value, common: Option<&Provenance>) -> Result<(Figure, Provenance), String> {
    let none = || "has neither a source of its own nor one in [provenance]".to_owned();
    if let Some(text) = scalar(value) {
        return Ok((Figure::Point(text), common.cloned().ok_or_else(none)?));
    }
    let table = value.as_table().ok_or("is neither text nor a table")?;
    let own = |key: &str, fallback: Option<&Arc<str>>| -> Result<Arc<str>, String> {
        text_of(table, key).map(Arc::from).or_else(|| fallback.cloned()).ok_or_else(none)
    };
    let provenance = Provenance {
        source: own("source", common.map(|c| &c.source))?,
        date: own("date", common.map(|c| &c.date))?,
        confidence: match text_of(table, "confidence") {
            Some(word) => confidence(word)?,
            None => common.map(|c| c.confidence).ok_or_else(none)?,
        },
        note: text_of(table, "note").map(Arc::from),
    };
    let get = |key: &str| table.get(key).and_then(scalar);
    let figure = if let Some(v) = get("value") {
        Figure::Point(v)
    } else if let (Some(a), Some(b), Some(c)) = (get("low"), get("mode"), get("high")) {
        Figure::Range([a, b, c])
    } else if let (Some(a), Some(b), Some(c)) = (get("p10"), get("p50"), get("p90")) {
        Figure::Quantiles([a, b, c])
    } else if let Some(list) = table.get("monthly").and_then(|v| v.as_array()) {
        let numbers: Vec<f64> =
            list.iter().filter_map(|v| v.as_float().or_else(|| v.as_integer().map(|i| i as f64))).collect();
        let twelve: [f64; 12] = numbers.try_into().map_err(|_| "monthly wants twelve numbers")?;
        Figure::Monthly(twelve, text_of(table, "unit").unwrap_or("").to_owned())
    } else {
        return Err("has no value, no low/mode/high, no p10/p50/p90 and no monthly".to_owned());
    };
    Ok((figure, provenance))
}

fn scalar(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(s) => Some(s.clone()),
        toml::Value::Integer(i) => Some(i.to_string()),
        toml::Value::Float(f) => Some(f.to_string()),
        _ => None,
    }
}

//! The page on the factory file, from the declaration of the language and the catalog's defaults.

use std::fmt::Write as _;

use gigatwin_catalog::{Catalog, Entry, Figure, Kind, Provenance};
use gigatwin_factory::language::{FACTORY_FILE, Field, Need, Table, Takes};

use super::{MARK, cell};
use crate::fault::Fault;

const INTRODUCTION: &str = "\
# The factory file

Every key of the file. It is TOML; `#:schema ./gigatwin.schema.json` in its first line gives completion and hints in editors,
`gigatwin new FILE` writes one to start from and `gigatwin check FILE` finds all faults at once.

A **quantity** is text with its unit (`\"150 MW\"`; [all units](catalog-format.md#units)). Where it is not certain, write a range or a
distribution instead; the answer's bands are drawn from them:

```toml
price = { low = \"EUR 2.6 m\", mode = \"EUR 3.1 m\", high = \"EUR 3.9 m\" }   # smallest, most likely, largest
price = { low = \"EUR 2.6 m\", high = \"EUR 3.9 m\" }                        # anything between
price = { p10 = \"EUR 2.7 m\", p50 = \"EUR 3.1 m\", p90 = \"EUR 3.7 m\" }    # quantiles
```

A key that is left out takes its default where it has one, and counts as an assumption in the answer. Defaults with three values
are ranges: smallest … most likely … largest.

";

/// The page.
pub fn language(catalog: &Catalog) -> Result<String, Fault> {
    let mut out = format!("{MARK}{INTRODUCTION}");
    section(&mut out, catalog, "", Shape::Table, &FACTORY_FILE)?;
    out.truncate(out.trim_end().len());
    out.push('\n');
    Ok(out)
}

/// How a table stands in the file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Table,
    List,
    Named,
}

fn section(
    out: &mut String,
    catalog: &Catalog,
    path: &str,
    shape: Shape,
    table: &Table,
) -> Result<(), Fault> {
    let (title, path) = match shape {
        Shape::Table if path.is_empty() => ("The whole".to_owned(), String::new()),
        Shape::Table => (format!("`[{path}]`"), path.to_owned()),
        Shape::List => (format!("`[[{path}]]`"), path.to_owned()),
        Shape::Named => (format!("`[{path}.NAME]`"), format!("{path}.NAME")),
    };
    let _ = write!(out, "## {title}\n\n{}\n\n", table.doc);
    out.push_str("| key | takes | without it | meaning |\n| --- | --- | --- | --- |\n");
    let mut sources = String::new();
    for field in table.fields {
        let without = match field.need {
            Need::Required => "**required**".to_owned(),
            Need::Optional => "–".to_owned(),
            Need::Word(word) => format!("`{word}`"),
            Need::Default(room, key) => {
                let (figure, provenance) = default(catalog, room, key)?;
                source(&mut sources, field.key, room, key, &provenance);
                format!("{figure} ({})", provenance.confidence)
            }
        };
        let _ = writeln!(
            out,
            "| `{}` | {} | {} | {} |",
            field.key,
            cell(&takes(&path, field)),
            cell(&without),
            cell(field.doc)
        );
    }
    if !sources.is_empty() {
        let _ = write!(out, "\nWhere the defaults come from:\n\n{sources}");
    }
    out.push('\n');
    for field in table.fields {
        let below = if path.is_empty() { field.key.to_owned() } else { format!("{path}.{}", field.key) };
        match field.takes {
            Takes::Table(inner) => section(out, catalog, &below, Shape::Table, inner)?,
            Takes::Tables(inner) => section(out, catalog, &below, Shape::List, inner)?,
            Takes::Named(inner) => section(out, catalog, &below, Shape::Named, inner)?,
            _ => {}
        }
    }
    Ok(())
}

fn takes(path: &str, field: &Field) -> String {
    let words = |list: &[&str]| list.iter().map(|w| format!("`{w}`")).collect::<Vec<_>>().join(", ");
    let below = if path.is_empty() { field.key.to_owned() } else { format!("{path}.{}", field.key) };
    match field.takes {
        Takes::Quantity(dim) => dim.word().to_owned(),
        Takes::Whole(least) => format!("a whole number of at least {least}"),
        Takes::Text => "text".to_owned(),
        Takes::Word(list) => format!("one of {}", words(list)),
        Takes::WordOrShare(list) => format!("{} or a share such as \"55 %\"", words(list)),
        Takes::Flag => "`true` or `false`".to_owned(),
        Takes::Catalog(kind) => format!("an id of `gigatwin catalog list {}`", kind.folder()),
        Takes::CatalogList(kind) => format!("a list of ids of `gigatwin catalog list {}`", kind.folder()),
        Takes::Name(key) => format!("a name of `{key}`"),
        Takes::Table(_) => format!("a table, `[{below}]`"),
        Takes::Tables(_) => format!("a list of tables, `[[{below}]]`"),
        Takes::Named(_) => format!("tables by name, `[{below}.NAME]`"),
    }
}

/// A default, looked up where the file's reader looks: among the defaults, then among the costs.
fn default(catalog: &Catalog, room: &str, key: &str) -> Result<(Figure, Provenance), Fault> {
    let find = |entry: Entry| {
        entry
            .figures()
            .find(|f| f.0 == key)
            .map(|(_, figure, provenance)| (figure.clone(), provenance.clone()))
    };
    [Kind::Defaults, Kind::Costs]
        .into_iter()
        .find_map(|kind| catalog.entry(kind, room).ok().and_then(find))
        .ok_or_else(|| Fault::new(format!("the catalog has no default {room}.{key}")))
}

fn source(out: &mut String, key: &str, room: &str, name: &str, provenance: &Provenance) {
    let _ = write!(out, "- `{key}` (`{room}.{name}`): {}, {}", provenance.source, provenance.date);
    if let Some(note) = &provenance.note {
        let _ = write!(out, "; {note}");
    }
    out.push_str(".\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_has_a_section() -> Result<(), Fault> {
        let page = language(&Catalog::embedded())?;
        for title in [
            "`[site.grid]`",
            "`[[partition]]`",
            "`[fabric.NAME]`",
            "`[fabric.NAME.oversubscription]`",
            "`[[energy.contracts]]`",
        ] {
            assert!(page.contains(&format!("## {title}\n")), "{title}");
        }
        Ok(())
    }
}

//! Where an input comes from, in words.

use gigatwin_catalog::Provenance;
use gigatwin_factory::diagnostic::Sources;
use gigatwin_factory::inputs::Origin;

use crate::messages::Messages;

/// The word for machines.
pub fn word(origin: &Origin) -> &'static str {
    match origin {
        Origin::File { .. } => "file",
        Origin::Default(_) => "default",
        Origin::Catalog { .. } => "catalog",
    }
}

/// File and line, or entry and key of the catalog; empty for a default.
pub fn place(origin: &Origin, sources: &Sources) -> String {
    match origin {
        Origin::File { span, .. } => {
            let (line, _) = sources.line_column(*span);
            format!("{}:{line}", sources.name(span.file))
        }
        Origin::Default(_) => String::new(),
        Origin::Catalog { kind, id, key, .. } => format!("{}/{id} {key}", kind.folder()),
    }
}

/// One phrase for people.
pub fn phrase(messages: &Messages, origin: &Origin, sources: &Sources) -> String {
    match origin {
        Origin::File { text, .. } => {
            messages.fill("explain.from_file", &[("place", &place(origin, sources)), ("text", text.trim())])
        }
        Origin::Default(p) => messages.fill("explain.from_default", &[("source", &source(p))]),
        Origin::Catalog { provenance, .. } => messages.fill(
            "explain.from_catalog",
            &[("place", &place(origin, sources)), ("source", &source(provenance))],
        ),
    }
}

fn source(p: &Provenance) -> String {
    format!("{}, {} ({})", p.source, p.date, p.confidence)
}

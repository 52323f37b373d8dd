use std::collections::BTreeSet;
use std::fmt::Write as _;

use gigatwin_catalog::{Catalog, Kind};
use sha2::{Digest, Sha256};

use crate::diagnostic::Sources;

/// SHA-256 over the texts of the files (not their names) and of every catalog entry used, in hexadecimal.
pub(super) fn inputs(sources: &Sources, catalog: &Catalog, entries: &BTreeSet<(Kind, String)>) -> String {
    let mut hasher = Sha256::new();
    let mut feed = |text: &str| {
        // The length in front keeps two texts from reading as another pair with the same join.
        hasher.update((text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    for (_, text) in sources.iter() {
        feed(text);
    }
    for (kind, id) in entries {
        feed(kind.folder());
        feed(id);
        feed(catalog.text(*kind, id).unwrap_or(""));
    }
    let mut out = String::with_capacity(64);
    for byte in hasher.finalize() {
        let _ = write!(out, "{byte:02x}");
    }
    out
}

//! The folder of a programme: every file with a table `[bid]`, and the factory files that they name.

use std::fs;
use std::path::{Path, PathBuf};

use gigatwin_catalog::{Catalog, Kind};
use gigatwin_quantity::Dim;
use gigatwin_study::bid::{Bid, is_bid, load_bid};
use sha2::{Digest, Sha256};

use crate::context::Context;
use crate::exit::Fault;
use crate::{diagnostics, files};

/// Bids in the order of their file names, with a hash of all texts.
pub(super) struct Bids {
    pub bids: Vec<Bid>,
    pub sha256: String,
}

/// Reads all bids. Faults of all files are reported at once, and then there is nothing.
pub(super) fn bids(context: &Context, folder: &Path, catalog: &Catalog) -> Result<Option<Bids>, Fault> {
    let year = price_year(catalog);
    let mut bids: Vec<Bid> = Vec::new();
    let mut hash = Sha256::new();
    let mut failed = false;
    let mut seen = 0;
    let mut warnings = 0;
    for path in listed(context, folder)? {
        let (name, bytes) = files::read(&context.messages, &path)?;
        if !is_bid(&String::from_utf8_lossy(&bytes)) {
            continue;
        }
        seen += 1;
        let loaded = load_bid(&name, bytes, &files::extended, catalog, year);
        for (i, (sources, found)) in loaded.parts.iter().enumerate() {
            for (file, text) in sources.iter() {
                hash.update(file_name(file).as_bytes());
                hash.update(text.as_bytes());
            }
            if !found.is_empty() {
                // What a bid itself says wrongly is few; warnings of a factory file are many, and `check` shows them.
                if loaded.failed() || (i == 0 && !context.json) {
                    diagnostics::report(context, sources, found)?;
                } else {
                    warnings += found.len();
                }
            }
        }
        failed |= loaded.failed();
        if let Some(bid) = loaded.bid {
            if let Some(other) = bids.iter().find(|b| b.slug == bid.slug) {
                return Err(Fault::NotUnderstood {
                    code: "G626",
                    message: format!("two bids are called \"{}\"", other.name),
                    hint: "give each bid a name of its own".to_owned(),
                    file: Some(name),
                });
            }
            bids.push(bid);
        }
    }
    if seen == 0 {
        return Err(Fault::NotUnderstood {
            code: "G627",
            message: format!("no file in {} holds a bid", folder.display()),
            hint: "a bid file has a table [bid]; --synthetic 76 writes a set of invented ones".to_owned(),
            file: None,
        });
    }
    if warnings > 0 && !failed {
        context.hint(&format!(
            "{warnings} warnings in the files of the bids; gigatwin check FILE shows those of one"
        ));
    }
    let sha256 = hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
    Ok((!failed).then_some(Bids { bids, sha256 }))
}

fn file_name(path: &str) -> String {
    Path::new(path).file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default()
}

fn listed(context: &Context, folder: &Path) -> Result<Vec<PathBuf>, Fault> {
    let fail = |e: std::io::Error| {
        let (path, reason) = (folder.display().to_string(), e.to_string());
        Fault::Environment(
            context.messages.fill("fault.cannot_read", &[("path", &path), ("reason", &reason)]),
        )
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        if path.extension().is_some_and(|e| e == "toml") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// The price year that money of the programme is counted in: the default of factory files.
fn price_year(catalog: &Catalog) -> u16 {
    let entry = catalog.entry(Kind::Defaults, "factory").ok();
    let value = entry.and_then(|e| e.figure("price_year", Dim::Count).ok().flatten());
    value.map_or(2026, |v| v.distribution.base() as u16)
}

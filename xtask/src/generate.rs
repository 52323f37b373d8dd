//! Files of the project that are made from its own declarations, and the check that they are fresh.

use std::fs;
use std::path::{Path, PathBuf};

use gigatwin_catalog::Catalog;

use crate::fault::Fault;
use crate::{example, page, picture, tree};

/// The factory whose outcome the README shows.
const SHOWN: &str = "examples/gigafactory-100k-chips.toml";

/// Every generated file: its path in the project and its text.
fn all(root: &Path) -> Result<Vec<(&'static str, String)>, Fault> {
    let catalog = Catalog::embedded();
    let outcome = example::outcome(root, SHOWN, &catalog)?;
    let schema = serde_json::to_string_pretty(&gigatwin_factory::schema())
        .map_err(|e| Fault::new(format!("the schema cannot be written: {e}")))?;
    Ok(vec![
        ("gigatwin.schema.json", schema + "\n"),
        ("docs/src/language.md", page::language(&catalog)?),
        ("docs/src/figures.md", page::figures()),
        ("docs/assets/site-light.svg", picture::draw(&outcome, SHOWN, &picture::LIGHT)?),
        ("docs/assets/site-dark.svg", picture::draw(&outcome, SHOWN, &picture::DARK)?),
    ])
}

/// Writes those that changed.
pub fn write() -> Result<(), Fault> {
    let root = tree::root()?;
    for (name, text) in all(&root)? {
        let path: PathBuf = root.join(name);
        if fs::read_to_string(&path).is_ok_and(|old| old == text) {
            eprintln!("fresh    {name}");
            continue;
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|e| Fault::on(folder, e))?;
        }
        fs::write(&path, text).map_err(|e| Fault::on(&path, e))?;
        eprintln!("written  {name}");
    }
    Ok(())
}

/// Fails where a file differs from what would be written.
pub fn check() -> Result<(), Fault> {
    let root = tree::root()?;
    let stale: Vec<&str> = all(&root)?
        .into_iter()
        // A missing file is as stale as an old one.
        .filter(|(name, text)| fs::read_to_string(root.join(name)).ok().as_ref() != Some(text))
        .map(|(name, _)| name)
        .collect();
    if stale.is_empty() {
        return Ok(());
    }
    Err(Fault::new(format!("stale: {}; run cargo xtask generate", stale.join(", "))))
}

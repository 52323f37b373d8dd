//! The outcome of an example, computed in this process.

use std::fs;
use std::path::Path;

use gigatwin_catalog::Catalog;
use gigatwin_factory::outcome::Outcome;
use gigatwin_factory::{load, run};

use crate::fault::Fault;

/// The command's own defaults, so that whoever runs the example sees the same figures.
const SEED: u64 = 1;
const DRAWS: usize = 256;

/// Loads and evaluates an example of the project.
pub fn outcome(root: &Path, name: &str, catalog: &Catalog) -> Result<Outcome, Fault> {
    let path = root.join(name);
    let bytes = fs::read(&path).map_err(|e| Fault::on(&path, e))?;
    let extended = |from: &str, wanted: &str| {
        let base = Path::new(from).parent().unwrap_or(Path::new("")).join(wanted);
        let bytes = fs::read(root.join(&base)).map_err(|e| e.to_string())?;
        Ok((base.display().to_string(), bytes))
    };
    let loaded = load(name, bytes, &extended, catalog);
    let Some(factory) = loaded.factory else {
        let findings: Vec<&str> = loaded.diagnostics.iter().map(|d| d.message.as_str()).collect();
        return Err(Fault::on(&path, findings.join("; ")));
    };
    Ok(run(&factory, SEED, DRAWS))
}

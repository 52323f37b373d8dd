//! The project's folder.

use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::fault::Fault;

/// The root of the workspace: the folder above this crate, wherever the clone stands.
pub fn root() -> Result<PathBuf, Fault> {
    let own = env::var_os("CARGO_MANIFEST_DIR")
        .map(PathBuf::from)
        .ok_or_else(|| Fault::new("run it through cargo: cargo xtask …"))?;
    own.parent().map(Path::to_path_buf).ok_or_else(|| Fault::new("the crate xtask stands in no workspace"))
}

/// Reads a text file of the project.
pub fn read(path: &Path) -> Result<String, Fault> {
    fs::read_to_string(path).map_err(|e| Fault::on(path, e))
}

/// All files below a folder with one of these extensions, sorted; build outputs are left out.
pub fn files(folder: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>, Fault> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).map_err(|e| Fault::on(&folder, e))? {
            let path = entry.map_err(|e| Fault::on(&folder, e))?.path();
            let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
            if path.is_dir() {
                if name != "target" && !name.starts_with('.') {
                    open.push(path);
                }
            } else if path.extension().and_then(|e| e.to_str()).is_some_and(|e| extensions.contains(&e)) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

//! Embeds every file of the catalog folder, so that the binary needs no files beside it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../../catalog");
    println!("cargo::rerun-if-changed={}", root.display());
    let mut files = Vec::new();
    for kind in sorted(&root)? {
        if !kind.is_dir() {
            continue;
        }
        println!("cargo::rerun-if-changed={}", kind.display());
        for file in sorted(&kind)? {
            if file.extension().is_some_and(|e| e == "toml") {
                files.push((name(&kind), name(&file), file.clone()));
            }
        }
    }
    let mut code = String::from(
        "/// Kind, id and text of every embedded file, sorted.\npub(crate) static FILES: &[(&str, &str, &str)] = &[\n",
    );
    for (kind, id, path) in files {
        let path = path.canonicalize()?;
        let _ = writeln!(code, "    ({kind:?}, {id:?}, include_str!({:?})),", path.display().to_string());
    }
    code.push_str("];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("files.rs");
    fs::write(out, code)
}

fn sorted(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = fs::read_dir(dir)?.map(|e| e.map(|e| e.path())).collect::<Result<Vec<_>, _>>()?;
    paths.sort();
    Ok(paths)
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

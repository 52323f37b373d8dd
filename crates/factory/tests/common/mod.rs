//! What the tests of the factory share: the examples, and loading a text.

// Each test file is a crate of its own and uses a part of this.
#![allow(dead_code)]

use std::fs;
use std::path::{Path, PathBuf};

use gigatwin_catalog::Catalog;
use gigatwin_factory::diagnostic::Severity;
use gigatwin_factory::{Factory, Loaded, load};

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Name and text of every example, by name.
pub fn examples() -> Vec<(String, String)> {
    texts(&root().join("examples"))
}

/// Name and text of every factory file in a folder, by name.
pub fn texts(folder: &Path) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .map(|path| {
            (path.file_stem().unwrap().to_string_lossy().into_owned(), fs::read_to_string(path).unwrap())
        })
        .collect();
    files.sort();
    files
}

/// The text of one example.
pub fn example(name: &str) -> String {
    fs::read_to_string(root().join("examples").join(format!("{name}.toml"))).unwrap()
}

/// Loads a text that extends nothing.
pub fn loaded(name: &str, text: &str) -> Loaded {
    load(name, text.as_bytes().to_vec(), &|_, _| Err("nothing is read here".to_owned()), &Catalog::embedded())
}

/// The findings that are errors, in words.
pub fn errors(loaded: &Loaded) -> Vec<String> {
    loaded
        .diagnostics
        .iter()
        .filter(|d| d.severity == Severity::Error)
        .map(|d| format!("{} at line {}: {}", d.code, loaded.sources.line_column(d.span).0, d.message))
        .collect()
}

/// The factory of a text that must be valid.
pub fn factory(name: &str, text: &str) -> Factory {
    let loaded = loaded(name, text);
    let errors = errors(&loaded);
    loaded.factory.unwrap_or_else(|| panic!("{name}: {errors:?}"))
}

/// Puts a text in the place of another that must be there once.
pub fn with(text: &str, old: &str, new: &str) -> String {
    assert_eq!(text.matches(old).count(), 1, "\"{old}\" must stand in the text once");
    text.replacen(old, new, 1)
}

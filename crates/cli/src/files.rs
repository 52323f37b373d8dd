//! Reading and writing files, with errors that name the path.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};

use gigatwin_catalog::{Catalog, Kind};

use crate::exit::Fault;
use crate::messages::Messages;

/// No input is longer; stops at endless devices. The engine has its own, lower limit for factory files.
const LONGEST: u64 = 256 << 20;

/// Name of standard input in messages.
pub const STANDARD_INPUT: &str = "<standard input>";

fn cannot(messages: &Messages, key: &str, path: &Path, error: &io::Error) -> Fault {
    let (path, reason) = (path.display().to_string(), error.to_string());
    Fault::Environment(messages.fill(key, &[("path", &path), ("reason", &reason)]))
}

/// A fault of writing.
pub fn cannot_write(messages: &Messages, path: &Path, error: &io::Error) -> Fault {
    cannot(messages, "fault.cannot_write", path, error)
}

fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LONGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The name and bytes of a file; `-` is standard input.
///
/// # Errors
/// Where the file cannot be read.
pub fn read(messages: &Messages, path: &Path) -> Result<(String, Vec<u8>), Fault> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin()
            .lock()
            .take(LONGEST)
            .read_to_end(&mut bytes)
            .map_err(|e| cannot(messages, "fault.cannot_read", Path::new(STANDARD_INPUT), &e))?;
        return Ok((STANDARD_INPUT.to_owned(), bytes));
    }
    let bytes = read_file(path).map_err(|e| cannot(messages, "fault.cannot_read", path, &e))?;
    Ok((tidy(path).display().to_string(), bytes))
}

/// As [`read`], for files that must be text.
///
/// # Errors
/// Where the file cannot be read, or is not UTF-8.
pub fn read_text(messages: &Messages, path: &Path) -> Result<String, Fault> {
    let (name, bytes) = read(messages, path)?;
    String::from_utf8(bytes).map_err(|_| Fault::NotUnderstood {
        code: "G001",
        message: messages.fill("fault.not_text", &[("path", &name)]),
        hint: messages.say("fault.not_text_hint").to_owned(),
        file: Some(name),
    })
}

/// The file that `extends` names, relative to the file that names it.
///
/// # Errors
/// In the words of the operating system.
pub fn extended(from: &str, target: &str) -> Result<(String, Vec<u8>), String> {
    let folder = Path::new(from).parent().unwrap_or(Path::new(""));
    let path = tidy(&folder.join(target));
    let bytes = read_file(&path).map_err(|e| e.to_string())?;
    Ok((path.display().to_string(), bytes))
}

/// Takes `.` and `name/..` out, so that one file has one name and a circle is seen.
fn tidy(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => match out.components().next_back() {
                Some(Component::Normal(_)) => {
                    out.pop();
                }
                _ => out.push(part),
            },
            other => out.push(other),
        }
    }
    if out.as_os_str().is_empty() { PathBuf::from(".") } else { out }
}

/// Writes a whole file or nothing: to a temporary name beside it, then renamed.
///
/// # Errors
/// Where the folder cannot be written to.
pub fn write(messages: &Messages, path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.part", std::process::id()));
    let temporary = path.with_file_name(name);
    let written = File::create(&temporary).and_then(|mut f| {
        f.write_all(bytes)?;
        f.sync_all()
    });
    written.and_then(|()| fs::rename(&temporary, path)).map_err(|e| {
        // What is half written helps nobody; that it may not be there is fine.
        let _ = fs::remove_file(&temporary);
        cannot_write(messages, path, &e)
    })
}

/// The built-in catalog with the user's folder on top, and the names in that folder that mean nothing.
///
/// # Errors
/// Where the folder or a file in it cannot be read, or a file is not text.
pub fn catalog(messages: &Messages, folder: Option<&Path>) -> Result<(Catalog, Vec<String>), Fault> {
    let mut catalog = Catalog::embedded();
    let mut strange = Vec::new();
    let Some(folder) = folder else { return Ok((catalog, strange)) };
    for path in listed(messages, folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        let Some(kind) = Kind::from_folder(&name).filter(|_| path.is_dir()) else {
            strange.push(path.display().to_string());
            continue;
        };
        for file in listed(messages, &path)? {
            match (file.extension().and_then(|e| e.to_str()), file.file_stem().and_then(|s| s.to_str())) {
                (Some("toml"), Some(id)) => catalog.overlay(kind, id, read_text(messages, &file)?),
                _ => strange.push(file.display().to_string()),
            }
        }
    }
    Ok((catalog, strange))
}

fn listed(messages: &Messages, folder: &Path) -> Result<Vec<PathBuf>, Fault> {
    let fail = |e: io::Error| cannot(messages, "fault.cannot_read", folder, &e);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(fail)? {
        paths.push(entry.map_err(fail)?.path());
    }
    paths.sort();
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_has_one_name() {
        for (path, tidied) in
            [("./a.toml", "a.toml"), ("b/../a.toml", "a.toml"), ("../a.toml", "../a.toml"), ("b/./c", "b/c")]
        {
            assert_eq!(tidy(Path::new(path)), Path::new(tidied));
        }
    }
}

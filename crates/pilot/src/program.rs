//! Programs and files of the loop.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::PilotError;

/// Runs a program to its end; its standard output.
///
/// # Errors
/// Where it cannot be started or ends with an error.
pub(crate) fn finished(command: &mut Command, name: &str) -> Result<String, PilotError> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|e| PilotError::on(Path::new(command.get_program()), e))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = said.trim().lines().collect();
    let tail = lines[lines.len().saturating_sub(4)..].join(" | ");
    Err(PilotError::Program { program: name.to_owned(), said: tail })
}

/// Writes a file and the folders above it: to a temporary name, then renamed.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), PilotError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|e| PilotError::on(folder, e))?;
    }
    let beside = path.with_extension("part");
    std::fs::write(&beside, text).map_err(|e| PilotError::on(&beside, e))?;
    std::fs::rename(&beside, path).map_err(|e| PilotError::on(path, e))
}

/// Reads a file.
pub(crate) fn read(path: &Path) -> Result<String, PilotError> {
    std::fs::read_to_string(path).map_err(|e| PilotError::on(path, e))
}

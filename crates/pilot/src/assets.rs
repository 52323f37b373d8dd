//! The scripts that the jobs run, written beside what they produce.

use std::path::{Path, PathBuf};

use crate::PilotError;
use crate::program::write;

const SCRIPTS: [(&str, &str); 9] = [
    ("model.py", include_str!("../assets/model.py")),
    ("dates.py", include_str!("../assets/dates.py")),
    ("ranks.py", include_str!("../assets/ranks.py")),
    ("measure.py", include_str!("../assets/measure.py")),
    ("prepare.py", include_str!("../assets/prepare.py")),
    ("train.py", include_str!("../assets/train.py")),
    ("serve.py", include_str!("../assets/serve.py")),
    ("ask.py", include_str!("../assets/ask.py")),
    ("app.html", include_str!("../assets/app.html")),
];

/// Writes all scripts and the model's shape below `folder`; where the scripts lie, and the shape.
///
/// # Errors
/// Where a file cannot be written.
pub fn write_scripts(folder: &Path) -> Result<(PathBuf, PathBuf), PilotError> {
    let scripts = folder.join("scripts");
    for (name, text) in SCRIPTS {
        write(&scripts.join(name), text)?;
    }
    let config = folder.join("model.json");
    let shape = serde_json::to_string_pretty(&crate::Shape::PILOT)
        .map_err(|e| PilotError::Broken(format!("the model's shape cannot be written: {e}")))?;
    write(&config, &(shape + "\n"))?;
    Ok((scripts, config))
}

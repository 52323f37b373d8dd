//! Why a chore could not be done.

use std::fmt;
use std::path::Path;

/// A sentence for whoever ran the chore.
#[derive(Debug)]
pub struct Fault(String);

impl Fault {
    /// From the sentence.
    pub fn new(sentence: impl Into<String>) -> Self {
        Fault(sentence.into())
    }

    /// From an error on a file.
    pub fn on(path: &Path, error: impl fmt::Display) -> Self {
        Fault(format!("{}: {error}", path.display()))
    }
}

impl From<gigatwin_pilot::PilotError> for Fault {
    fn from(error: gigatwin_pilot::PilotError) -> Fault {
        Fault(error.to_string())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

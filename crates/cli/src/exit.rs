//! How a command ends.

use std::process::ExitCode;

/// The four ends that scripts can tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Done.
    Done,
    /// The input is understood and the answer is no.
    No,
    /// The input is not understood or contradicts itself.
    NotUnderstood,
    /// The environment is at fault.
    Environment,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// Why a command cannot do its work. Texts are in the user's language already.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// What was asked is not understood.
    #[error("{message}")]
    NotUnderstood {
        /// Code of the diagnostic.
        code: &'static str,
        /// What is wrong.
        message: String,
        /// What could be done; may be empty.
        hint: String,
        /// The file it is about, where there is one.
        file: Option<String>,
    },
    /// The environment lacks something that has a page of its own.
    #[error("{message}")]
    Coded {
        /// Code of the diagnostic.
        code: &'static str,
        /// What is wrong.
        message: String,
        /// What could be done; may be empty.
        hint: String,
    },
    /// A file cannot be read or written.
    #[error("{0}")]
    Environment(String),
}

impl Fault {
    /// The exit that goes with it.
    pub fn exit(&self) -> Exit {
        match self {
            Fault::NotUnderstood { .. } => Exit::NotUnderstood,
            Fault::Environment(_) | Fault::Coded { .. } => Exit::Environment,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_the_contract() {
        let codes = [Exit::Done, Exit::No, Exit::NotUnderstood, Exit::Environment].map(|e| e as u8);
        assert_eq!(codes, [0, 1, 2, 3]);
    }
}

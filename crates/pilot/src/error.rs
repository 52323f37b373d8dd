//! What can stop the pilot. All of it but a folder that is not the pilot's is a fault of the environment: exit code 3.

use std::path::{Path, PathBuf};

/// Why the pilot cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum PilotError {
    /// Programs that the loop cannot do without.
    #[error("missing here: {}", .0.join(", "))]
    Missing(Vec<String>),
    /// No training engine.
    #[error("{0}")]
    NoEngine(String),
    /// A Slurm that is too old.
    #[error("Slurm {found} is too old: the configurations are written for 22.05 and later")]
    Version {
        /// Its version.
        found: String,
    },
    /// Daemons of a cluster run as root.
    #[error("the daemons of a cluster need root")]
    NotRoot,
    /// Somebody listens there.
    #[error("port {0} is in use")]
    Port(u16),
    /// No room for logs, data and checkpoints.
    #[error("{folder} has {free} MB free, the pilot needs {needed} MB")]
    Full {
        /// Where the pilot works.
        folder: PathBuf,
        /// Free megabytes.
        free: u64,
        /// Megabytes needed.
        needed: u64,
    },
    /// Files of somebody else lie there.
    #[error("{0} holds files that no pilot wrote")]
    Foreign(PathBuf),
    /// A daemon went away or never came.
    #[error("{what}; see {logs}")]
    Daemon {
        /// What happened.
        what: String,
        /// Where the logs lie.
        logs: PathBuf,
    },
    /// A program ended with an error.
    #[error("{program}: {said}")]
    Program {
        /// The program and its arguments.
        program: String,
        /// The end of what it said.
        said: String,
    },
    /// A file cannot be read or written.
    #[error("{path}: {cause}")]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// Something the loop wrote is not what it should be.
    #[error("{0}")]
    Broken(String),
}

impl PilotError {
    /// Its diagnostic code.
    pub fn code(&self) -> &'static str {
        match self {
            PilotError::Missing(_) | PilotError::NoEngine(_) | PilotError::NotRoot => "G640",
            PilotError::Version { .. } => "G641",
            PilotError::Port(_) => "G642",
            PilotError::Full { .. } => "G643",
            PilotError::Foreign(_) => "G628",
            PilotError::Daemon { .. } => "G644",
            PilotError::Program { .. } | PilotError::File { .. } | PilotError::Broken(_) => "G645",
        }
    }

    /// What helps.
    pub fn hint(&self) -> String {
        match self {
            PilotError::Missing(_) => "Debian and Ubuntu: apt-get install slurm-wlm munge".to_owned(),
            PilotError::Version { .. } => "install Slurm 22.05 or later".to_owned(),
            PilotError::NoEngine(_) => String::new(),
            PilotError::NotRoot => {
                "run it as root, in a container or a virtual machine if you like".to_owned()
            }
            PilotError::Port(_) => "choose others with --port; the pilot takes sixteen from there".to_owned(),
            PilotError::Full { .. } => "make room, or give another folder".to_owned(),
            PilotError::Foreign(_) => "name a new or an empty folder".to_owned(),
            PilotError::Daemon { .. } => "nothing is left running; the logs stay".to_owned(),
            PilotError::Program { .. } | PilotError::File { .. } | PilotError::Broken(_) => {
                "nothing is left running; scripts, logs and data stay for a look".to_owned()
            }
        }
    }

    pub(crate) fn on(path: &Path, cause: std::io::Error) -> PilotError {
        if cause.kind() == std::io::ErrorKind::StorageFull {
            return PilotError::Full { folder: path.to_owned(), free: 0, needed: crate::tools::ROOM_MB };
        }
        PilotError::File { path: path.to_owned(), cause }
    }
}

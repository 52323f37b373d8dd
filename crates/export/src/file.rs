//! A file to be written, what a training export is made of, and why there may be none.

use gigatwin_factory::training::TrainingTask;
use gigatwin_training::Layout;

/// A file for an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportFile {
    /// Name without folder.
    pub name: String,
    /// What is in it.
    pub text: String,
}

/// What a training export is made of.
#[derive(Debug, Clone, Copy)]
pub struct TrainingExport<'a> {
    /// The run.
    pub task: &'a TrainingTask,
    /// The layout it gets.
    pub layout: &'a Layout,
    /// Predicted step time in seconds, for the header.
    pub step_seconds: f64,
    /// Steps between checkpoints.
    pub save_interval: u64,
    /// First lines of each file, without comment signs.
    pub header: &'a str,
}

impl TrainingExport<'_> {
    /// Optimizer steps of the whole run.
    pub fn steps(&self) -> u64 {
        (self.task.tokens / self.layout.tokens()).ceil().max(1.0) as u64
    }

    /// Nodes of the job.
    pub fn nodes(&self) -> u64 {
        self.layout.chips().div_ceil(u64::from(self.task.per_node.max(1)))
    }

    /// The header as comment lines.
    pub(crate) fn comment(&self) -> String {
        self.header.lines().map(|l| format!("# {l}\n")).collect()
    }
}

/// Why an engine gets no file: the run is understood, the engine cannot do it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExportError {
    /// The engine has no such model.
    #[error("{engine} knows no model like {model}; it knows {known}")]
    Model {
        /// The engine.
        engine: &'static str,
        /// The model asked for.
        model: String,
        /// What it has.
        known: String,
    },
    /// The engine cannot do something that the layout needs.
    #[error("{engine} cannot run {what}; {instead}")]
    Unsupported {
        /// The engine.
        engine: &'static str,
        /// What is asked of it.
        what: String,
        /// What would do.
        instead: &'static str,
    },
}

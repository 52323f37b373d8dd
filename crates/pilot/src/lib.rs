//! The loop closed for real, with existing engines only: a site is described and measured, exported to a live Slurm on loopback, a small
//! model is developed, trained, tuned and served on it, and what the twin said before is scored against what happened.
//!
//! This is the one crate that starts programs. Whatever it starts it stops again by process id, also when a step fails.

mod accounts;
mod assets;
mod cluster;
mod error;
mod folder;
mod jobs;
mod log;
mod machine;
mod measured;
mod predict;
mod program;
mod run;
mod score;
mod served;
mod site;
mod tools;

pub use accounts::EXEMPT_S;
pub use assets::write_scripts;
pub use cluster::Cluster;
pub use error::PilotError;
pub use machine::Machine;
pub use measured::{Measured, Shape, Spread};
pub use predict::Predicted;
pub use run::{Options, Report, StepStatus, pilot};
pub use score::Score;
pub use site::{CHIP, Site};
pub use tools::{Tools, find};

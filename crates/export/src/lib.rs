//! What the real engines read: configurations and job scripts of a factory's work.
//!
//! An export is a list of named texts; nothing here touches a disk. Where an engine cannot run what was planned the export
//! says so instead of writing a file that fails.

// The tests beside the crate and those inside share their service.
#[cfg(test)]
extern crate self as gigatwin_export;
#[cfg(test)]
#[path = "../tests/common/mod.rs"]
mod fixture;

mod batch;
mod file;
mod kubernetes;
mod kueue;
mod megatron;
mod sbatch;
mod service;
mod sglang;
pub mod slurm;
mod torchtitan;
mod vllm;

pub use batch::{BatchJob, batch};
pub use file::{ExportError, ExportFile, TrainingExport};
pub use kubernetes::kubernetes;
pub use kueue::kueue;
pub use megatron::megatron;
pub use service::{PoolRole, ServiceExport};
pub use sglang::sglang;
pub use torchtitan::torchtitan;
pub use vllm::vllm;

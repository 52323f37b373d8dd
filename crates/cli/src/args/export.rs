//! `export`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::training::{Sizes, Target};

/// `export`: one engine per verb.
#[derive(Debug, Subcommand)]
pub enum Export {
    /// Arguments of Megatron-LM, overrides of Megatron-Bridge, and a batch script
    Megatron(TrainingJob),
    /// Job configuration of torchtitan (0.1 and 0.2) and a batch script
    Torchtitan(TrainingJob),
}

/// A training run for an engine.
#[derive(Debug, Args)]
pub struct TrainingJob {
    /// Which run.
    #[command(flatten)]
    pub target: Target,
    /// The layout; planned without it.
    #[command(flatten)]
    pub sizes: Sizes,
    /// Write the files into this folder instead of printing them
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

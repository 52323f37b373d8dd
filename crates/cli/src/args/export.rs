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
    /// A script that starts one replica of a service with vLLM
    Vllm(ServiceJob),
    /// A script that starts one replica of a service with SGLang
    Sglang(ServiceJob),
    /// Deployment and Service of Kubernetes for all replicas of a service
    Kubernetes(ServiceJob),
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

/// A service for an engine.
#[derive(Debug, Args)]
pub struct ServiceJob {
    /// Factory file, or - for standard input
    pub file: PathBuf,
    /// Which service; needed where the factory has several
    #[arg(long, value_name = "NAME")]
    pub service: Option<String>,
    /// Write the files into this folder instead of printing them
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

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
    /// The machine for Slurm: nodes, topology, accounts with shares, classes of access, maintenance
    Slurm(SlurmMachine),
    /// The machine for Kueue: topology, flavors, cohorts and queues
    Kueue(Machine),
}

/// A machine for Slurm.
#[derive(Debug, Args)]
pub struct SlurmMachine {
    /// The machine.
    #[command(flatten)]
    pub machine: Machine,
    /// Instead of the machine itself: every node a daemon on this host, or the controller alone
    #[arg(long, value_enum, value_name = "HOW", requires = "out")]
    pub on_this_host: Option<OnThisHost>,
    /// Port of the controller on this host; nodes take those after the next nine
    #[arg(long, value_name = "PORT", default_value_t = 16817, requires = "on_this_host", value_parser = clap::value_parser!(u16).range(1024..))]
    pub port: u16,
}

/// How a machine is played on one host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum OnThisHost {
    /// One slurmd per node: jobs run
    Emulated,
    /// No slurmd: the controller accepts the configuration and plans
    Planned,
}

/// A machine for a scheduler.
#[derive(Debug, Args)]
pub struct Machine {
    /// Factory file, or - for standard input
    pub file: PathBuf,
    /// Write the files into this folder instead of printing them
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
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

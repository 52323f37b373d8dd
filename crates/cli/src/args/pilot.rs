//! `pilot`.

use std::path::PathBuf;

use clap::Args;

/// `pilot`.
#[derive(Debug, Args)]
pub struct Pilot {
    /// Folder for scripts, data, checkpoints, logs and the report
    #[arg(value_name = "DIR", default_value = "pilot-out")]
    pub folder: PathBuf,
    /// Python interpreter with PyTorch and mistral.rs; looked for without it
    #[arg(long, value_name = "PATH")]
    pub python: Option<PathBuf>,
    /// First of sixteen ports on loopback
    #[arg(long, value_name = "PORT", default_value_t = 26_800, value_parser = clap::value_parser!(u16).range(1024..=60_000))]
    pub port: u16,
    /// Short runs that are timed before the long one
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=9))]
    pub runs: u32,
    /// Steps of the long run, in whose middle a rank is killed
    #[arg(long, value_name = "N", default_value_t = 300, value_parser = clap::value_parser!(u32).range(60..=10_000))]
    pub steps: u32,
}

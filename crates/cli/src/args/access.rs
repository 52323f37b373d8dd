//! `access`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// `access`.
#[derive(Debug, Args)]
pub struct Access {
    /// Factory file, or - for standard input
    pub file: PathBuf,
    /// Who asks
    #[arg(long = "as", value_enum, value_name = "USER")]
    pub user: Who,
    /// Accelerator-hours of the project
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub gpu_hours: f64,
    /// Accelerators at once [default: what uses the hours within a month]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub gpus: Option<f64>,
    /// Member State of the user, as ISO 3166: which part of the States' hours is open to it, and the way in where it hosts nothing
    #[arg(long, value_name = "CODE")]
    pub state: Option<String>,
}

/// Kinds of users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Who {
    /// A small or medium enterprise, a start-up or scale-up
    Sme,
    /// Other industry
    Industry,
    /// Science
    Research,
    /// A public body
    Public,
}

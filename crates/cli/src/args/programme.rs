//! `programme`.

use std::path::PathBuf;

use clap::Args;

/// `programme`.
#[derive(Debug, Args)]
#[allow(clippy::struct_excessive_bools)]
pub struct Programme {
    /// Folder of bid files, each naming the factory file of its site
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Draw the chain from interest to hours, and hold what was announced against it
    #[arg(long)]
    pub realise: bool,
    /// Draws of the whole programme for --realise
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = clap::value_parser!(u32).range(100..=100_000))]
    pub draws: u32,
    /// Draws of weights and unknown points behind the stability of ranks
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(100..=1_000_000))]
    pub rank_draws: u32,
    /// At most one bid of a State, as the press reported before the launch
    #[arg(long)]
    pub one_per_state: bool,
    /// State that must host a site, such as DE; may be given several times
    #[arg(long, value_name = "STATE")]
    pub named: Vec<String>,
    /// Most sites in all
    #[arg(long, value_name = "N")]
    pub sites: Option<usize>,
    /// Least number of host States
    #[arg(long, value_name = "N")]
    pub states: Option<usize>,
    /// Trace one bid's gates and score to the figures they rest on, instead of the page; name or id of the bid
    #[arg(long, value_name = "BID", conflicts_with = "realise")]
    pub explain: Option<String>,
    /// Also write bids, gates, States, claims and draws as Parquet and CSV into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Write a synthetic set of N bids into DIR first, from the seed; DIR must be empty or not there
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=500))]
    pub synthetic: Option<u32>,
}

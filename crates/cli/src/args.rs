//! What may be written on the command line.

pub mod access;
pub mod energy;
pub mod export;
pub mod fabric;
pub mod finance;
pub mod operate;
pub mod pilot;
pub mod programme;
pub mod replay;
pub mod serving;
pub mod training;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// The open twin of an AI gigafactory: one file describes it, one command says what it is worth.
#[derive(Debug, Parser)]
#[command(name = "gigatwin", version, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Cli {
    /// Options of all commands.
    #[command(flatten)]
    pub global: Global,
    /// The verb.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done; 1 the input is understood and the answer is no; \
2 the input is not understood; 3 a fault of the environment.";

/// Options of all commands.
#[derive(Debug, Args)]
#[command(next_help_heading = "Common options")]
pub struct Global {
    /// Language of pages [default: en, or GIGATWIN_LANG]
    #[arg(long, global = true, value_enum, value_name = "LANGUAGE")]
    pub lang: Option<Language>,
    /// Print data for machines on standard output
    #[arg(long, global = true)]
    pub json: bool,
    /// Print no talk: no hints, no notices
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Seed of the draws
    #[arg(long, global = true, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Folder of catalog files that add to the built-in catalog or replace entries [or GIGATWIN_CATALOG]
    #[arg(long, global = true, value_name = "DIR")]
    pub catalog: Option<PathBuf>,
    /// Print CPU seconds, peak memory and counts on standard error
    #[arg(long, global = true)]
    pub stats: bool,
    /// Worker threads [default: one per core]; results do not depend on it
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

/// Languages of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// English.
    En,
    /// French.
    Fr,
    /// German.
    De,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a commented starting file
    New(New),
    /// Report all faults of a factory file, each with its place, code and hint
    Check {
        /// Factory file, or - for standard input
        file: PathBuf,
    },
    /// Evaluate the factory and print the one-page answer
    Run(Run),
    /// Show how one figure comes about, down to inputs, defaults and sources
    Explain(Explain),
    /// Show what differs between two factories: inputs, then results by size of effect
    Diff(Diff),
    /// Evaluate the year hour by hour: PUE, water, price, carbon, cost per accelerator-hour
    Energy(energy::Energy),
    /// Evaluate the money month by month: who pays, what comes back, every legal form of public money
    Finance(finance::Finance),
    /// Say what a user gets: class of access, application, wait, price, hours
    Access(access::Access),
    /// Run the site event by event: queues, tenants, failures, power
    Operate(Box<operate::Operate>),
    /// Compare predictions with measurements, row by row
    Validate(Validate),
    /// Close the loop on this machine: a live Slurm, a small model trained, tuned and served, predictions scored
    Pilot(pilot::Pilot),
    /// Judge, rank and choose many bids under one call; --realise: will what was announced come true?
    Programme(programme::Programme),
    /// Size networks, time collectives
    Fabric {
        /// What to do.
        #[command(subcommand)]
        what: fabric::Fabric,
    },
    /// Plan, predict and play training runs
    Training {
        /// What to do.
        #[command(subcommand)]
        what: training::Training,
    },
    /// Write what real engines read: configurations and job scripts
    Export {
        /// The engine.
        #[command(subcommand)]
        what: export::Export,
    },
    /// Predict, plan and replay services of language models
    Serving {
        /// What to do.
        #[command(subcommand)]
        what: serving::Serving,
    },
    /// Look into the catalog of figures with their sources
    Catalog {
        /// What to do.
        #[command(subcommand)]
        what: Catalog,
    },
    /// Print the JSON Schema of the factory file, for editors
    Schema,
    /// Check the environment: catalog, terminal, threads, folders
    Doctor,
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// `new`.
#[derive(Debug, Args)]
pub struct New {
    /// File to write, or - for standard output
    #[arg(required_unless_present = "list")]
    pub file: Option<PathBuf>,
    /// Which starting point
    #[arg(long, value_name = "NAME", default_value = "gigafactory")]
    pub template: String,
    /// Write over an existing file
    #[arg(long)]
    pub force: bool,
    /// List the starting points
    #[arg(long)]
    pub list: bool,
}

/// `run`.
#[derive(Debug, Args)]
pub struct Run {
    /// Factory file, or - for standard input
    pub file: PathBuf,
    /// Draws behind the P10, P50 and P90; 0 for none
    #[arg(long, value_name = "N", default_value_t = DRAWS, value_parser = draws)]
    pub draws: usize,
    /// Also write metrics, gates, inputs and the whole outcome as Parquet, CSV and JSON into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// `explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// Factory file, or - for standard input
    pub file: PathBuf,
    /// Id of the figure, such as cost.lcoc_per_accelerator_hour; without it all ids are listed
    pub metric: Option<String>,
    /// Draws behind the P10, P50 and P90; 0 for none
    #[arg(long, value_name = "N", default_value_t = DRAWS, value_parser = draws)]
    pub draws: usize,
    /// Levels of the tree
    #[arg(long, value_name = "N", default_value_t = 64)]
    pub depth: usize,
}

/// `diff`.
#[derive(Debug, Args)]
pub struct Diff {
    /// Factory file A
    pub a: PathBuf,
    /// Factory file B
    pub b: PathBuf,
    /// Also list the figures that are the same in both
    #[arg(long)]
    pub full: bool,
}

/// `validate`.
#[derive(Debug, Args)]
pub struct Validate {
    /// Domain; without it all of them
    pub domain: Option<String>,
    /// Your own measurements, with the same columns as the shipped table
    #[arg(long, value_name = "FILE", requires = "domain")]
    pub data: Option<PathBuf>,
    /// List every row instead of the ten worst
    #[arg(long)]
    pub full: bool,
    /// Of training: fit the model again without one of its parts after the other and say what each is worth
    #[arg(long, requires = "domain", conflicts_with_all = ["data", "full"])]
    pub ablate: bool,
}

/// `catalog`.
#[derive(Debug, Subcommand)]
pub enum Catalog {
    /// List kinds, or the entries of one kind
    List {
        /// Kind, such as accelerators
        kind: Option<String>,
    },
    /// Show the figures of an entry with their sources
    Show {
        /// Id, or kind/id
        id: String,
    },
    /// Check all files of the catalog
    Check,
    /// Measure the chip of this machine and write it as a file of the catalog
    Measure(Measure),
}

/// `catalog measure`.
#[derive(Debug, Args)]
pub struct Measure {
    /// Chips that measure at the same time, as they will compute
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub chips: u32,
    /// Rounds; the file says the median with the extremes
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub rounds: u32,
    /// Python interpreter with PyTorch; looked for without it
    #[arg(long, value_name = "PATH")]
    pub python: Option<PathBuf>,
    /// Catalog folder to write the file into, for --catalog
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// Shells with completions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// GNU bash.
    Bash,
    /// zsh.
    Zsh,
    /// fish.
    Fish,
    /// PowerShell.
    Powershell,
}

/// Enough for quantiles that stay put in the second digit, few enough for a quarter of a second.
pub(crate) const DRAWS: usize = 256;
/// More draws than this change no digit that is shown.
const MOST_DRAWS: usize = 1_000_000;

pub(crate) fn draws(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(n) if n <= MOST_DRAWS => Ok(n),
        Ok(_) => Err(format!("at most {MOST_DRAWS}")),
        Err(e) => Err(e.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_declaration_is_sound() {
        Cli::command().debug_assert();
    }
}

//! `operate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// `operate`.
#[derive(Debug, Args)]
pub struct Operate {
    /// Factory file; may be left out where --nodes gives the machine of a trace
    #[arg(required_unless_present_any = ["nodes", "from_slurm"])]
    pub file: Option<PathBuf>,
    /// Machine and scheduler from this slurm.conf; with the cluster's sacct dump as --trace, says how well its waits are reproduced
    #[arg(long, value_name = "SLURM.CONF", requires = "trace", conflicts_with_all = ["file", "nodes"])]
    pub from_slurm: Option<PathBuf>,
    /// What if the cluster of --from-slurm had so many times its nodes
    #[arg(long, value_name = "FACTOR,…", requires = "from_slurm", value_delimiter = ',')]
    pub scale_nodes: Vec<f64>,
    /// Shares of the accounts of --from-slurm: a dump of `sacctmgr -P show assoc format=Account,User,ParentName,Share`
    #[arg(long, value_name = "FILE", requires = "from_slurm", conflicts_with_all = ["file", "nodes"])]
    pub associations: Option<PathBuf>,
    /// Priorities of its qualities of service: a dump of `sacctmgr -P show qos format=Name,Priority`
    #[arg(long, value_name = "FILE", requires = "from_slurm", conflicts_with_all = ["file", "nodes"])]
    pub qos: Option<PathBuf>,
    /// Replay this workload instead of a drawn one: SWF, sacct, Philly, Acme, openb
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
    /// Form of the trace [default: from its first lines]
    #[arg(long, value_name = "FORMAT", requires = "trace", value_parser = ["swf", "sacct", "sacct-json", "philly", "acme", "openb"])]
    pub format: Option<String>,
    /// Machine of so many nodes instead of the file's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub nodes: Option<u32>,
    /// Accelerators of a node of --nodes
    #[arg(long, value_name = "N", requires = "nodes", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub gpus_per_node: u32,
    /// Which jobs may overtake; with --from-slurm another policy to compare with the cluster's [default: easy]
    #[arg(long, value_enum, value_name = "POLICY")]
    pub policy: Option<PolicyName>,
    /// In which order jobs wait: by submission, or by Slurm's multifactor priority with fair share
    #[arg(long, value_enum, value_name = "ORDER", conflicts_with = "from_slurm")]
    pub order: Option<OrderName>,
    /// What becomes of jobs that run longer than they asked for
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = OverLimitName::Kill)]
    pub over_limit: OverLimitName,
    /// Days to draw and to run
    #[arg(long, value_name = "DAYS", default_value_t = 7.0)]
    pub days: f64,
    /// Accelerator-hours asked for, over those installed [default: the file's utilisation]
    #[arg(long, value_name = "SHARE")]
    pub load: Option<f64>,
    /// Without failures
    #[arg(long)]
    pub no_failures: bool,
    /// Nodes beyond the layout that take the place of broken ones
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub spares: u32,
    /// Repairs that can go on at once; 0 for any number
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub crews: u32,
    /// Share of the nodes that fail eight times as often
    #[arg(long, value_name = "SHARE", default_value_t = 0.012)]
    pub lemons: f64,
    /// Step of the time series, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 900, value_parser = clap::value_parser!(i64).range(1..=86_400))]
    pub sample: i64,
    /// Start no job that would lift IT power above this, in MW
    #[arg(long, value_name = "MW", requires = "file")]
    pub power_cap: Option<f64>,
    /// Let batch jobs wait so many hours for a cheaper one
    #[arg(long, value_name = "HOURS", requires = "file")]
    pub shift: Option<f64>,
    /// Other sites that take over what waits too long here: factory files
    #[arg(long, value_name = "FILE,…", value_delimiter = ',', requires = "file")]
    pub with: Vec<PathBuf>,
    /// How much longer a job may wait here than elsewhere before it is sent there, in hours
    #[arg(long, value_name = "HOURS", default_value_t = 1.0, requires = "with")]
    pub patience: f64,
    /// Let the days go by in the terminal
    #[arg(long, conflicts_with = "json")]
    pub watch: bool,
    /// Write jobs and time series as Parquet and CSV, and pictures as SVG, into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// Policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PolicyName {
    /// Strict order.
    Fcfs,
    /// EASY backfill.
    Easy,
    /// Conservative backfill.
    Conservative,
    /// Slurm's two schedulers.
    Slurm,
}

/// Orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OrderName {
    /// By time of submission.
    Submit,
    /// By multifactor priority.
    Multifactor,
}

/// Jobs above their limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OverLimitName {
    /// They are stopped.
    Kill,
    /// They run on.
    Extend,
}

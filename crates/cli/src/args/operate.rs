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
    /// Shares of the accounts of --from-slurm and what they may hold: a dump of `sacctmgr -P show assoc format=Account,User,ParentName,Share,GrpTRES,GrpJobs,MaxJobs`
    #[arg(long, value_name = "FILE", requires = "from_slurm", conflicts_with_all = ["file", "nodes"])]
    pub associations: Option<PathBuf>,
    /// Priorities of its qualities of service and what their users may hold: a dump of `sacctmgr -P show qos format=Name,Priority,GrpTRES,GrpJobs,MaxTRESPU,MaxJobsPU`
    #[arg(long, value_name = "FILE", requires = "from_slurm", conflicts_with_all = ["file", "nodes"])]
    pub qos: Option<PathBuf>,
    /// What its accounts had used when the trace begins, or when --warm-up ends: a dump of `sshare -P -a -o Account,User,RawUsage` of that time
    #[arg(long, value_name = "FILE", requires = "from_slurm", conflicts_with_all = ["file", "nodes"])]
    pub sshare: Option<PathBuf>,
    /// Let the first days of the trace of --from-slurm only fill the queue and the use of the accounts: figures count the jobs after them
    #[arg(long, value_name = "DAYS", requires = "from_slurm", default_value_t = 0.0)]
    pub warm_up: f64,
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
    /// What a drawn workload is made of: jobs of the classes of access, or batch, development and sessions without classes
    #[arg(long, value_enum, value_name = "KIND", default_value_t = DemandName::Access)]
    pub demand: DemandName,
    /// Call the strategic reserve, as DAY:DAYS of the run
    #[arg(long, value_name = "DAY:DAYS,…", value_delimiter = ',', conflicts_with_all = ["trace", "from_slurm"])]
    pub call_reserve: Vec<String>,
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
    /// Failures of a running job per day that are not its nodes', whatever its size; 0.0145 on RSC-1
    #[arg(long, value_name = "PER_DAY", default_value_t = 0.0)]
    pub job_failures: f64,
    /// Leave out what the spread of a job over the machine does to its speed
    #[arg(long)]
    pub no_placement: bool,
    /// Print how the effect of placement was worked out, line by line, before the page
    #[arg(long, requires = "file", conflicts_with = "no_placement")]
    pub explain: bool,
    /// Step of the time series, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 900, value_parser = clap::value_parser!(i64).range(1..=86_400))]
    pub sample: i64,
    /// Keep power below this: MW of IT, a table of a course of MW, or "grid" for what the file's connection gives
    #[arg(long, value_name = "MW|FILE|grid", requires = "file")]
    pub power_cap: Option<String>,
    /// How far ahead the scheduler knows the cap, in hours
    #[arg(long, value_name = "HOURS", default_value_t = 4.0, requires = "power_cap")]
    pub cap_sight: f64,
    /// Day-ahead prices: ENTSO-E, SMARD, energy-charts, or a table with a time and EUR/MWh. Without it a synthetic year
    #[arg(long, value_name = "FILE", requires = "file", alias = "price")]
    pub prices: Option<PathBuf>,
    /// Carbon intensity of the grid: a table of a time and g_per_kwh. Without it the file's mean
    #[arg(long, value_name = "FILE", requires = "file")]
    pub carbon: Option<PathBuf>,
    /// Week of the year in which the run begins
    #[arg(long, value_name = "WEEK", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=52))]
    pub start_week: u32,
    /// Let jobs wait so many hours for cheaper ones, beside the same run without; "file" for what the file's energy.flexibility says
    #[arg(long, value_name = "HOURS|file", requires = "file")]
    pub shift: Option<String>,
    /// Classes of jobs that --shift may put off
    #[arg(
        long,
        value_enum,
        value_name = "CLASS,…",
        value_delimiter = ',',
        default_value = "batch",
        requires = "shift"
    )]
    pub deferrable: Vec<ClassName>,
    /// Other sites that run with this one and take over work: factory files (.toml), or AI Factories of the catalog
    #[arg(long, alias = "with", value_name = "SITE,…", value_delimiter = ',', requires = "file")]
    pub federate: Vec<PathBuf>,
    /// Who runs a job: its home, or the site with the least wait, the least wait and transfer, the cheapest or the cleanest power [default: wait]
    #[arg(long, value_name = "RULE", value_parser = ["home", "wait", "data", "price", "carbon"])]
    pub routing: Option<String>,
    /// How much shorter the wait elsewhere must be before a job leaves, and how much longer a cheaper site may make it wait, in hours
    #[arg(long, value_name = "HOURS", default_value_t = 1.0)]
    pub patience: f64,
    /// Classes whose jobs stay at home, beside those that the catalog keeps there
    #[arg(long, value_name = "CLASS,…", value_delimiter = ',')]
    pub stay: Vec<String>,
    /// Speed of a site's accelerators against this site's [default: dense BF16 peaks]
    #[arg(long, value_name = "SITE=RATIO,…", value_delimiter = ',')]
    pub speed: Vec<String>,
    /// Part of the other sites that their own users ask for [default: the utilisation of their file, or 0.8]
    #[arg(long, value_name = "SHARE")]
    pub network_load: Option<f64>,
    /// Data that a job takes along, in gigabytes for each of its accelerators
    #[arg(long, value_name = "GB", default_value_t = 20.0)]
    pub dataset: f64,
    /// Rate at which it is moved, in gigabits per second
    #[arg(long, value_name = "Gb/s", default_value_t = 100.0)]
    pub link: f64,
    /// Let the whole site stand still, as DAY:DAYS of the run
    #[arg(long, value_name = "DAY:DAYS,…", value_delimiter = ',', conflicts_with = "from_slurm")]
    pub outage: Vec<String>,
    /// Without planned maintenance
    #[arg(long)]
    pub no_maintenance: bool,
    /// Let the days go by in the terminal
    #[arg(long, conflicts_with = "json")]
    pub watch: bool,
    /// Draw who held the nodes against time, with queue and power beneath, into this file
    #[arg(long, value_name = "FILE", conflicts_with = "from_slurm")]
    pub svg: Option<PathBuf>,
    /// What the colours of --svg tell apart
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = ColourBy::Class, requires = "svg")]
    pub colour: ColourBy,
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

/// Drawn workloads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DemandName {
    /// By class of access and tenant.
    Access,
    /// Batch, development and interactive jobs.
    Plain,
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

/// Classes of jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ClassName {
    /// Training and batch jobs.
    Batch,
    /// Sessions.
    Interactive,
    /// Serving pools.
    Serving,
    /// Long training runs.
    Campaign,
    /// Development and benchmark runs.
    Development,
}

impl ClassName {
    /// The engine's word.
    pub fn class(self) -> gigatwin_operations::JobClass {
        use gigatwin_operations::JobClass;
        match self {
            ClassName::Batch => JobClass::Batch,
            ClassName::Interactive => JobClass::Interactive,
            ClassName::Serving => JobClass::Serving,
            ClassName::Campaign => JobClass::Campaign,
            ClassName::Development => JobClass::Development,
        }
    }
}

/// What colours tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColourBy {
    /// The class of the job
    Class,
    /// The tenant, with all below it
    Tenant,
}

//! `serving replay`.

use std::path::PathBuf;

use clap::Args;

use super::serving::Degrees;

/// `serving replay`.
#[derive(Debug, Args)]
pub struct Replay {
    /// Factory file whose service is replayed; without it, --model and --chip say what serves
    pub file: Option<PathBuf>,
    /// Service of the factory file; may be left out where there is one
    #[arg(long, value_name = "NAME", requires = "file")]
    pub service: Option<String>,
    /// Model of the catalog, such as llama-3-1-70b
    #[arg(long, value_name = "ID", required_unless_present = "file", conflicts_with = "file")]
    pub model: Option<String>,
    /// Accelerator of the catalog, such as h200-sxm
    #[arg(long, value_name = "ID", required_unless_present = "file", conflicts_with = "file")]
    pub chip: Option<String>,
    /// Format of the weights: bf16, fp8 or fp4
    #[arg(long, value_name = "FORMAT", default_value = "fp8", conflicts_with = "file")]
    pub precision: String,
    /// Format of keys and values: bf16 or fp8
    #[arg(long, value_name = "FORMAT", default_value = "fp8", conflicts_with = "file")]
    pub kv: String,
    /// Serving software: vllm, sglang, trtllm or other
    #[arg(long, value_name = "NAME", default_value = "vllm", conflicts_with = "file")]
    pub engine: String,
    /// Scale-out rate of one accelerator's network port, Gbit/s
    #[arg(long, value_name = "GBIT", default_value_t = 400.0, conflicts_with = "file")]
    pub nic: f64,
    /// How the serving software is set; a factory's services say it in the file.
    #[command(flatten)]
    pub software: super::serving::Software,
    /// How a replica is laid out; a factory's services are planned.
    #[command(flatten)]
    pub degrees: Degrees,
    /// The replicas.
    #[command(flatten)]
    pub plant: Plant,
    /// The requests.
    #[command(flatten)]
    pub load: Load,
    /// Objective for the time to the first token, ms
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    pub ttft: Option<f64>,
    /// Objective for the time per output token, ms
    #[arg(long, value_name = "MS", allow_negative_numbers = true)]
    pub tpot: Option<f64>,
    /// Also write requests as Parquet and CSV and the summary as JSON into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// The replicas.
#[derive(Debug, Args)]
#[command(next_help_heading = "Replicas")]
pub struct Plant {
    /// Replicas; decode replicas where --prefill-replicas is given [default: 1, or what the factory plans]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub replicas: Option<u32>,
    /// Replicas that only take in prompts; keys and values move from them to the others
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub prefill_replicas: Option<u32>,
    /// Most requests running in one replica [default: the engine's, or what the factory plans]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub max_batch: Option<u32>,
    /// Which replica gets a request: turns, load or prefix
    #[arg(long, value_name = "NAME", default_value = "load")]
    pub routing: String,
    /// Tokens of one block of keys and values
    #[arg(long, value_name = "TOKENS", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub block: u32,
    /// Do not reuse equal prefixes
    #[arg(long)]
    pub no_prefix_caching: bool,
}

/// The requests.
#[derive(Debug, Args)]
#[command(next_help_heading = "Requests")]
pub struct Load {
    /// Trace: Azure CSV, Mooncake JSON lines, or a CSV with time_s,prompt,answer; - for standard input
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
    /// Only the first requests of the trace or stream
    #[arg(long, value_name = "N")]
    pub first: Option<usize>,
    /// Clients that each send the next request when the answer is complete; arrival times are not used
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub clients: Option<u32>,
    /// Generated: mean requests per second [default: 1, or the factory's demand]
    #[arg(long, value_name = "PER_SECOND", conflicts_with = "trace", allow_negative_numbers = true)]
    pub rate: Option<f64>,
    /// Generated: how long requests arrive, seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 3600.0, allow_negative_numbers = true)]
    pub duration: f64,
    /// Generated: law of the gaps: poisson, gamma:CV or weibull:CV, CV the coefficient of variation
    #[arg(long, value_name = "LAW", default_value = "gamma:1.1")]
    pub arrivals: String,
    /// Generated: mean prompt, tokens [default: 1024, or the factory's]
    #[arg(long, value_name = "TOKENS", allow_negative_numbers = true)]
    pub prompt: Option<f64>,
    /// Generated: mean answer, tokens [default: 256, or the factory's]
    #[arg(long, value_name = "TOKENS", allow_negative_numbers = true)]
    pub answer: Option<f64>,
    /// Generated: coefficient of variation of prompts
    #[arg(long, value_name = "CV", default_value_t = 0.96, allow_negative_numbers = true)]
    pub prompt_cv: f64,
    /// Generated: share of prompts in a long tail
    #[arg(long, value_name = "SHARE", default_value_t = 0.02, allow_negative_numbers = true)]
    pub long_prompts: f64,
    /// Generated: course of the day from midnight: flat, office or consumer
    #[arg(long, value_name = "NAME", default_value = "flat")]
    pub day: String,
    /// Generated: bursts as SHARE:FACTOR:SECONDS, such as 0.05:4:30
    #[arg(long, value_name = "BURST")]
    pub burst: Option<String>,
}

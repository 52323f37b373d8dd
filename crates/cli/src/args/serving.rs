//! `serving`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `serving`.
#[derive(Debug, Subcommand)]
pub enum Serving {
    /// Find what a number of accelerators serves at best within latency objectives
    Plan(Plan),
    /// Predict latency, throughput, memory and energy of one given deployment
    Predict(Predict),
    /// Replay a trace or a generated stream of requests through the replicas of a service
    Replay(Box<super::replay::Replay>),
    /// Play a day of a factory's services, notebooks and fine-tuning, hour by hour
    Site(Site),
}

/// What is served, on what, by what.
#[derive(Debug, Args)]
pub struct What {
    /// Model of the catalog, such as llama-3-1-70b
    #[arg(long, value_name = "ID")]
    pub model: String,
    /// Accelerator of the catalog, such as h200-sxm
    #[arg(long, value_name = "ID")]
    pub chip: String,
    /// Format of the weights: bf16, fp8 or fp4
    #[arg(long, value_name = "FORMAT", default_value = "fp8")]
    pub precision: String,
    /// Format of keys and values: bf16 or fp8
    #[arg(long, value_name = "FORMAT", default_value = "fp8")]
    pub kv: String,
    /// Serving software: vllm, sglang, trtllm or other
    #[arg(long, value_name = "NAME", default_value = "vllm")]
    pub engine: String,
    /// Mean prompt, tokens
    #[arg(long, value_name = "TOKENS", default_value_t = 1024.0, allow_negative_numbers = true)]
    pub prompt: f64,
    /// Mean answer, tokens
    #[arg(long, value_name = "TOKENS", default_value_t = 256.0, allow_negative_numbers = true)]
    pub answer: f64,
    /// Scale-out rate of one accelerator's network port, Gbit/s
    #[arg(long, value_name = "GBIT", default_value_t = 400.0, allow_negative_numbers = true)]
    pub nic: f64,
    /// How the serving software is set.
    #[command(flatten)]
    pub software: Software,
}

/// Settings of the serving software.
#[derive(Debug, Clone, Default, PartialEq, Args)]
#[command(next_help_heading = "Serving software")]
pub struct Software {
    /// Share of the prompt tokens that the prefix cache knows, from 0 to 1
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    pub prefix_hit: Option<f64>,
    /// Prompt tokens that one step takes in
    #[arg(long, value_name = "TOKENS", allow_negative_numbers = true)]
    pub chunk: Option<f64>,
    /// Tokens drafted before each verification (speculative decoding)
    #[arg(long, value_name = "N")]
    pub draft_tokens: Option<u32>,
    /// Chance that a drafted token is accepted, from 0 to 1; the catalog's default without it
    #[arg(long, value_name = "SHARE", requires = "draft_tokens", allow_negative_numbers = true)]
    pub draft_acceptance: Option<f64>,
    /// Time to draft one token over that of a decode step, from 0 to 1; the catalog's default without it
    #[arg(long, value_name = "SHARE", requires = "draft_tokens", allow_negative_numbers = true)]
    pub draft_cost: Option<f64>,
    /// Standard deviation of the acceptance from request to request; the catalog's default without it
    #[arg(long, value_name = "SHARE", requires = "draft_tokens", allow_negative_numbers = true)]
    pub draft_scatter: Option<f64>,
    /// Tokens at the start that prompts share, held once by the requests that are there together
    #[arg(long, value_name = "TOKENS", allow_negative_numbers = true)]
    pub shared_prefix: Option<f64>,
    /// Different starts, asked for equally often; one without it
    #[arg(long, value_name = "N", requires = "shared_prefix", value_parser = clap::value_parser!(u32).range(1..))]
    pub prefix_groups: Option<u32>,
}

/// Degrees of parallelism of one replica.
#[derive(Debug, Args)]
pub struct Degrees {
    /// Tensor parallelism
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub tp: u32,
    /// Pipeline stages
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub pp: u32,
    /// Expert-parallel ranks
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub ep: u32,
    /// Data-parallel copies of the attention
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub dp_attention: u32,
}

/// `serving plan`.
#[derive(Debug, Args)]
pub struct Plan {
    /// What is served.
    #[command(flatten)]
    pub what: What,
    /// Accelerators on offer
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub gpus: u32,
    /// Time to the first token that 99 % of requests must keep, ms
    #[arg(long, value_name = "MS", default_value_t = 2000.0, allow_negative_numbers = true)]
    pub ttft: f64,
    /// Time per output token that 99 % of requests must keep, ms
    #[arg(long, value_name = "MS", default_value_t = 50.0, allow_negative_numbers = true)]
    pub tpot: f64,
    /// Price of one accelerator-hour, EUR; without it there is no cost per token
    #[arg(long, value_name = "EUR", allow_negative_numbers = true)]
    pub price: Option<f64>,
    /// Requests that the event engine replays to confirm the best options; 0 for none
    #[arg(long, value_name = "N", default_value_t = 2000, value_parser = confirm)]
    pub confirm: usize,
}

fn confirm(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(n) if n <= 1_000_000 => Ok(n),
        Ok(_) => Err("at most 1000000".to_owned()),
        Err(e) => Err(e.to_string()),
    }
}

/// `serving predict`.
#[derive(Debug, Args)]
pub struct Predict {
    /// What is served.
    #[command(flatten)]
    pub what: What,
    /// How it is laid out.
    #[command(flatten)]
    pub degrees: Degrees,
    /// Clients that each send the next request when the answer is complete
    #[arg(long, value_name = "N", conflicts_with = "rate", allow_negative_numbers = true)]
    pub concurrency: Option<f64>,
    /// Requests per second that arrive by themselves
    #[arg(long, value_name = "PER_SECOND", allow_negative_numbers = true)]
    pub rate: Option<f64>,
}

/// `serving site`.
#[derive(Debug, Args)]
pub struct Site {
    /// Factory file, or - for standard input
    pub file: PathBuf,
    /// Also write hours and pools as Parquet and CSV, the day as JSON and a picture into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

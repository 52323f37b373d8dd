//! `training` and what it shares with `export`: which run is meant.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// `training`.
#[derive(Debug, Subcommand)]
pub enum Training {
    /// Find the best layout of a model on a partition, exactly
    Plan(Plan),
    /// Predict time, memory and power of one layout
    Predict(Predict),
    /// Play a whole run: days, energy, money and emissions, with failures, checkpoints and spare nodes
    Campaign(Campaign),
    /// Find the largest model that a run's accelerators can train, and how long that keeps up with frontier runs
    Frontier(Frontier),
}

/// Which run: one of a factory file, or a model on a system.
#[derive(Debug, Args)]
pub struct Target {
    /// Factory file, or - for standard input; without it --model, --system and --chips are needed
    pub file: Option<PathBuf>,
    /// Run of the file; needed where it has several
    #[arg(long, value_name = "NAME", requires = "file")]
    pub run: Option<String>,
    /// Model of the catalog
    #[arg(long, value_name = "ID", conflicts_with = "file")]
    pub model: Option<String>,
    /// System of the catalog, such as gb300-nvl72
    #[arg(long, value_name = "ID", conflicts_with = "file")]
    pub system: Option<String>,
    /// Accelerators
    #[arg(long, value_name = "N")]
    pub chips: Option<u32>,
    /// Tokens per sequence
    #[arg(long, value_name = "TOKENS")]
    pub seq: Option<u32>,
    /// Sequences per step
    #[arg(long, value_name = "SEQUENCES")]
    pub batch: Option<u32>,
    /// Number format of the matrix products: bf16, fp8 or fp4
    #[arg(long, value_name = "FORMAT")]
    pub precision: Option<String>,
    /// Tokens to train on, such as 15T [default: twenty per active parameter]
    #[arg(long, value_name = "TOKENS")]
    pub tokens: Option<String>,
}

/// A layout, size by size. What is left out is one; replicas fill the accelerators.
#[derive(Debug, Args, Default)]
#[command(next_help_heading = "Layout")]
pub struct Sizes {
    /// Tensor-parallel ranks
    #[arg(long, value_name = "N")]
    pub tp: Option<u32>,
    /// Context-parallel ranks
    #[arg(long, value_name = "N")]
    pub cp: Option<u32>,
    /// Pipeline stages
    #[arg(long, value_name = "N")]
    pub pp: Option<u32>,
    /// Model chunks per stage
    #[arg(long, value_name = "N")]
    pub vpp: Option<u32>,
    /// Expert-parallel ranks
    #[arg(long, value_name = "N")]
    pub ep: Option<u32>,
    /// Tensor ranks inside an expert
    #[arg(long, value_name = "N")]
    pub etp: Option<u32>,
    /// Replicas
    #[arg(long, value_name = "N")]
    pub dp: Option<u32>,
    /// Sequences per micro-batch
    #[arg(long, value_name = "N")]
    pub micro_batch: Option<u32>,
    /// ZeRO stage, 0 to 3
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=3))]
    pub zero: Option<u8>,
    /// What is computed again
    #[arg(long, value_enum, value_name = "KIND")]
    pub recompute: Option<Again>,
    /// Order of micro-batches
    #[arg(long, value_enum, value_name = "KIND")]
    pub schedule: Option<Order>,
    /// Order in which ranks sit on neighbouring accelerators
    #[arg(long, value_enum, value_name = "ORDER")]
    pub placement: Option<Seating>,
}

impl Sizes {
    /// Whether any of a layout is given.
    pub fn any(&self) -> bool {
        let sizes = [self.tp, self.cp, self.pp, self.vpp, self.ep, self.etp, self.dp, self.micro_batch];
        sizes.iter().any(Option::is_some)
            || self.zero.is_some()
            || self.recompute.is_some()
            || self.schedule.is_some()
            || self.placement.is_some()
    }
}

/// Recomputation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Again {
    /// Nothing.
    None,
    /// Norms, activation functions, scores.
    Selective,
    /// Whole layers.
    Full,
}

/// Schedules of a pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Order {
    /// One forward, one backward; interleaved with several chunks.
    #[value(name = "1f1b")]
    OneForwardOneBackward,
    /// Weight gradients fill the bubble.
    ZeroBubble,
    /// From both ends.
    DualPipe,
}

/// Orders of ranks, closest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Seating {
    /// Tensor, context, data, pipeline.
    #[value(name = "tp-cp-dp-pp")]
    ContextDataPipeline,
    /// Tensor, context, pipeline, data.
    #[value(name = "tp-cp-pp-dp")]
    ContextPipelineData,
    /// Tensor, pipeline, context, data.
    #[value(name = "tp-pp-cp-dp")]
    PipelineContextData,
    /// Tensor, data, pipeline, context.
    #[value(name = "tp-dp-pp-cp")]
    DataPipelineContext,
    /// Tensor, data, context, pipeline.
    #[value(name = "tp-dp-cp-pp")]
    DataContextPipeline,
    /// Tensor, pipeline, data, context.
    #[value(name = "tp-pp-dp-cp")]
    PipelineDataContext,
}

/// Choices beside the sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Space {
    /// What Megatron-LM runs: 1F1B and interleaved pipelines, ZeRO 1 and 3.
    Megatron,
    /// Every schedule and ZeRO stage, experts cut among tensor ranks.
    Full,
    /// The dimensions that Calculon enumerates, with the schedules on top: offload, overlap and sequence parallelism on and off,
    /// tensor ranks beyond a scale-up domain.
    Calculon,
}

/// The step as a timeline.
#[derive(Debug, Args, Default)]
pub struct Picture {
    /// Also draw the step as a timeline, one row per pipeline stage
    #[arg(long)]
    pub explain: bool,
    /// Write the timeline to a file that chrome://tracing and Perfetto open
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
}

/// `training plan`.
#[derive(Debug, Args)]
pub struct Plan {
    /// Which run.
    #[command(flatten)]
    pub target: Target,
    /// Which choices are searched beside the sizes
    #[arg(long, value_enum, value_name = "SPACE", default_value = "full")]
    pub space: Space,
    /// Also print the Pareto front of step time against memory
    #[arg(long)]
    pub front: bool,
    /// The step as a timeline.
    #[command(flatten)]
    pub picture: Picture,
}

/// `training predict`.
#[derive(Debug, Args)]
pub struct Predict {
    /// Which run.
    #[command(flatten)]
    pub target: Target,
    /// The layout.
    #[command(flatten)]
    pub sizes: Sizes,
    /// The step as a timeline.
    #[command(flatten)]
    pub picture: Picture,
}

/// `training campaign`.
#[derive(Debug, Args)]
pub struct Campaign {
    /// Which run.
    #[command(flatten)]
    pub target: Target,
    /// The layout; planned without it.
    #[command(flatten)]
    pub sizes: Sizes,
    /// Nodes held ready beside those of the job [default: enough that the job waits for a repair less than a thousandth of the time]
    #[arg(long, value_name = "N")]
    pub spares: Option<u32>,
    /// Simulated runs beside the closed form; 0 for none
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    pub simulations: u32,
}

/// `training frontier`.
#[derive(Debug, Args)]
pub struct Frontier {
    /// Which run.
    #[command(flatten)]
    pub target: Target,
    /// Partition whose run is meant, instead of --run
    #[arg(long, value_name = "NAME", requires = "file", conflicts_with = "run")]
    pub partition: Option<String>,
    /// Days of training
    #[arg(long, value_name = "N", default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=3650))]
    pub days: u32,
    /// The layout; planned without it.
    #[command(flatten)]
    pub sizes: Sizes,
}

//! `energy`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// `energy`.
#[derive(Debug, Args)]
pub struct Energy {
    /// Factory file
    pub file: PathBuf,
    /// Hourly weather: EPW, PVGIS, Open-Meteo JSON, DWD. Without it a synthetic year of the place
    #[arg(long, value_name = "FILE")]
    pub weather: Option<PathBuf>,
    /// Day-ahead prices: ENTSO-E, SMARD, energy-charts, or a table with a time and EUR/MWh. Without it a synthetic year
    #[arg(long, value_name = "FILE")]
    pub prices: Option<PathBuf>,
    /// Also compare the site at these: places of the catalog, countries, other factory files
    #[arg(long, value_name = "PLACE,…", value_delimiter = ',')]
    pub at: Vec<String>,
    /// Optimise what is bought, stored, shifted and sold: the whole year at once (lp), or windows of limited sight (rolling)
    #[arg(long, value_enum, value_name = "HOW", default_value_t = How::None)]
    pub dispatch: How,
    /// Size these on the site, at the catalog's yearly costs; alone it means --dispatch lp
    #[arg(long, value_enum, value_name = "WHAT,…", value_delimiter = ',')]
    pub size: Vec<What>,
    /// Rolling: hours that are carried out of each window
    #[arg(long, value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=8784))]
    pub step: u32,
    /// Rolling: hours that each window sees
    #[arg(long, value_name = "HOURS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=8784))]
    pub horizon: u32,
    /// Rolling: hours whose price is known at the start of a window; beyond, and for wind and sun, a seeded forecast
    #[arg(long, value_name = "HOURS", default_value_t = 36, value_parser = clap::value_parser!(u32).range(1..=8784))]
    pub known: u32,
    /// Write the hours as Parquet and CSV, and pictures as SVG, into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// How the year is dispatched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum How {
    /// Not at all: contracts deliver, the rest is bought in its hour
    None,
    /// The whole year as one linear programme, every hour known
    Lp,
    /// Windows that see only so far, with a forecast's errors
    Rolling,
}

/// What may be sized.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum What {
    /// Photovoltaics
    Pv,
    /// Wind
    Wind,
    /// A battery, in the place of the file's
    Battery,
}

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
    /// How storage and flexibility are used over the year
    #[arg(long, value_enum, value_name = "HOW", default_value_t = Dispatch::None)]
    pub dispatch: Dispatch,
    /// What the dispatch may size
    #[arg(long, value_enum, value_name = "WHAT,…", value_delimiter = ',')]
    pub size: Vec<Sized>,
    /// Write the hours as Parquet and CSV, and pictures as SVG, into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// How storage and flexibility are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Dispatch {
    /// Not at all: contracts, then the day-ahead market
    None,
    /// One linear programme over the year: perfect foresight, a lower bound on cost
    Lp,
    /// Rolling windows that know 36 hours of prices and forecast the rest with error
    Rolling,
}

/// What may be sized.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Sized {
    /// PV on the site
    Pv,
    /// Wind on the site
    Wind,
    /// Battery
    Battery,
}

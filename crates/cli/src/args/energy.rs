//! `energy`.

use std::path::PathBuf;

use clap::Args;

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
    /// Write the hours as Parquet and CSV, and pictures as SVG, into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

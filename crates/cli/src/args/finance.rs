//! `finance`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{DRAWS, draws};

/// `finance`.
#[derive(Debug, Args)]
pub struct Finance {
    /// Factory file, or - for standard input
    pub file: PathBuf,
    /// Draws behind the P10, P50 and P90; 0 for none
    #[arg(long, value_name = "N", default_value_t = DRAWS, value_parser = draws)]
    pub draws: usize,
    /// A report of three pages for this reader instead of the whole answer
    #[arg(long = "for", value_enum, value_name = "READER")]
    pub reader: Option<Reader>,
    /// Write that report as one self-contained HTML page that prints on three sheets
    #[arg(long, value_name = "FILE", requires = "reader")]
    pub html: Option<PathBuf>,
    /// Write the cash flow as a workbook with live formulas
    #[arg(long, value_name = "FILE")]
    pub xlsx: Option<PathBuf>,
    /// Write the months as Parquet and CSV, forms, costs, the workbook and the three reports into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// Readers of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Reader {
    /// The one who raises the money.
    Cfo,
    /// The one who judges the bid.
    Evaluator,
    /// The one who pays the public part.
    Ministry,
}

//! Predicted against measured, row by row.
//!
//! One module per domain; each scores its shipped table out of fold where anything is fitted, or a user's table of the
//! same columns with nothing fitted.

pub mod collectives;
pub mod finance;
pub mod operations;
pub mod power;
pub mod pue;
pub mod report;
pub mod serving;
pub mod sites;
pub mod sizing;
pub mod slurm;
pub mod storage;
mod table;
pub mod training;

pub use table::ValidationError as TableError;

/// Domains that can be scored, in the order of the book.
pub const DOMAINS: &[&str] = &[
    "training",
    "serving",
    "collectives",
    "sizing",
    "storage",
    "power",
    "pue",
    "sites",
    "finance",
    "operations",
    "slurm",
];

/// Why a domain cannot be scored.
#[derive(Debug, thiserror::Error)]
pub enum ValidationError {
    /// No such domain.
    #[error("there is no domain \"{0}\"")]
    UnknownDomain(String),
    /// The table cannot be read.
    #[error(transparent)]
    Table(#[from] TableError),
    /// The training table cannot be read.
    #[error(transparent)]
    Training(#[from] training::TrainingTableError),
}

/// Scores a domain on its shipped table, or on a user's (`csv`).
///
/// # Errors
/// [`ValidationError`] where the domain is not known or the table cannot be read.
pub fn validate(domain: &str, csv: Option<&str>) -> Result<report::Report, ValidationError> {
    Ok(match domain {
        "training" => training::validate(csv)?,
        "serving" => serving::validate(csv)?,
        "collectives" => collectives::validate(csv)?,
        "sizing" => sizing::validate(csv)?,
        "storage" => storage::validate(csv)?,
        "power" => power::validate(csv)?,
        "pue" => pue::validate(csv)?,
        "sites" => sites::validate(csv)?,
        "finance" => finance::validate(csv)?,
        "operations" => operations::validate(csv)?,
        "slurm" => slurm::validate(csv)?,
        other => return Err(ValidationError::UnknownDomain(other.to_owned())),
    })
}

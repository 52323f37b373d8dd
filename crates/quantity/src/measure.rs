use serde::{Deserialize, Serialize};

use crate::Dim;

/// The currencies the catalog and the factory file may use. Engines compute in euros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    /// Euro.
    Eur,
    /// United States dollar.
    Usd,
}

impl Currency {
    /// ISO 4217 code.
    pub fn code(self) -> &'static str {
        match self {
            Currency::Eur => "EUR",
            Currency::Usd => "USD",
        }
    }
}

/// A number read from text, in the base unit of its dimension.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measure {
    /// Dimension that the unit implies.
    pub dim: Dim,
    /// Value in the base unit of `dim` (money: in `currency`).
    pub value: f64,
    /// Present exactly where `dim` is a money dimension.
    pub currency: Option<Currency>,
    /// Price year in brackets, as in "USD 3.7 m (2026)".
    pub price_year: Option<u16>,
}

impl Measure {
    /// A measure without money in it.
    pub fn plain(dim: Dim, value: f64) -> Self {
        Measure { dim, value, currency: None, price_year: None }
    }
}

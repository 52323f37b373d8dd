use std::fmt;
use std::sync::Arc;

use gigatwin_quantity::{Currency, Dim, Distribution, parse};
use serde::{Deserialize, Serialize};

/// How well a figure is known; one scale everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Measured by this project.
    Measured,
    /// A primary source was read.
    Published,
    /// Quoted by somebody else.
    Secondary,
    /// Computed from other figures.
    Derived,
    /// An assumption, or recalled and not read again.
    Assumed,
}

impl Confidence {
    /// From the word in a file.
    pub fn from_word(word: &str) -> Option<Self> {
        Some(match word {
            "measured" => Self::Measured,
            "published" => Self::Published,
            "secondary" => Self::Secondary,
            "derived" => Self::Derived,
            "assumed" => Self::Assumed,
            _ => return None,
        })
    }

    /// The word in a file.
    pub fn word(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Published => "published",
            Self::Secondary => "secondary",
            Self::Derived => "derived",
            Self::Assumed => "assumed",
        }
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// Where a figure comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Provenance {
    /// Document, data set or reasoning.
    pub source: Arc<str>,
    /// Date of the source, as written.
    pub date: Arc<str>,
    /// How well it is known.
    pub confidence: Confidence,
    /// Traps and what the number includes.
    pub note: Option<Arc<str>>,
}

/// The text of a figure: what is written, before a dimension is put on it.
#[derive(Debug, Clone, PartialEq)]
pub enum Figure {
    /// One value.
    Point(String),
    /// Smallest, most likely, largest.
    Range([String; 3]),
    /// P10, P50, P90.
    Quantiles([String; 3]),
    /// January to December, in the unit.
    Monthly([f64; 12], String),
}

/// A figure with its dimension.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    /// In the base unit of the dimension asked for; money in `currency`.
    pub distribution: Distribution,
    /// For money.
    pub currency: Option<Currency>,
    /// For money: the stated price year, else the year of the source.
    pub price_year: Option<u16>,
    /// Where it comes from.
    pub provenance: Provenance,
}

/// Twelve monthly values in the base unit.
#[derive(Debug, Clone, PartialEq)]
pub struct Monthly {
    /// January first.
    pub values: [f64; 12],
    /// Where they come from.
    pub provenance: Provenance,
}

impl Figure {
    /// Puts a dimension on the text.
    ///
    /// # Errors
    /// In words, where a text is no such quantity or a range is out of order.
    pub fn typed(&self, dim: Dim, provenance: &Provenance) -> Result<Value, String> {
        let read = |text: &str| parse(text, dim).map_err(|e| e.to_string());
        let (first, distribution) = match self {
            Figure::Point(text) => {
                let m = read(text)?;
                (m, Distribution::Point(m.value))
            }
            Figure::Range([a, b, c]) => {
                let (a, b, c) = (read(a)?, read(b)?, read(c)?);
                if a.currency != b.currency || b.currency != c.currency {
                    return Err("a range mixes currencies".to_owned());
                }
                (b, Distribution::triangular(a.value, b.value, c.value).map_err(|e| e.to_string())?)
            }
            Figure::Quantiles([a, b, c]) => {
                let (a, b, c) = (read(a)?, read(b)?, read(c)?);
                (b, Distribution::quantiles(a.value, b.value, c.value).map_err(|e| e.to_string())?)
            }
            Figure::Monthly(..) => return Err("twelve monthly values where one is wanted".to_owned()),
        };
        let year_of_source = || provenance.date.get(..4).and_then(|y| y.parse().ok());
        let price_year = dim.is_money().then(|| first.price_year.or_else(year_of_source)).flatten();
        Ok(Value { distribution, currency: first.currency, price_year, provenance: provenance.clone() })
    }

    /// The twelve values in the base unit of `dim`.
    ///
    /// # Errors
    /// In words, where the figure is not monthly or its unit is of another dimension.
    pub fn monthly(&self, dim: Dim, provenance: &Provenance) -> Result<Monthly, String> {
        let Figure::Monthly(numbers, unit) = self else {
            return Err("one value where twelve monthly ones are wanted".to_owned());
        };
        let mut values = [0.0; 12];
        for (out, number) in values.iter_mut().zip(numbers) {
            // Money stands in front of its number: "EUR/MWh" is written "EUR 42/MWh".
            let text = match unit.strip_prefix("EUR") {
                Some(per) => format!("EUR {number}{per}"),
                None => format!("{number} {unit}"),
            };
            *out = parse(&text, dim).map_err(|e| e.to_string())?.value;
        }
        Ok(Monthly { values, provenance: provenance.clone() })
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Figure::Point(v) => f.write_str(v),
            Figure::Range([a, b, c]) => write!(f, "{a} … {b} … {c}"),
            Figure::Quantiles([a, b, c]) => write!(f, "P10 {a}, P50 {b}, P90 {c}"),
            Figure::Monthly(values, unit) => {
                let texts: Vec<String> = values.iter().map(f64::to_string).collect();
                write!(f, "{} {unit}", texts.join(" "))
            }
        }
    }
}

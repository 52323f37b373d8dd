use crate::unit::{PER, UNITS};
use crate::{Currency, Date, Dim, Measure};

/// Why a text is not the quantity asked for. Each has a code with a page in the book.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ParseError {
    /// Nothing there.
    #[error("an empty text is not {0}")]
    Empty(&'static str),
    /// Does not start with a number.
    #[error("\"{text}\" does not start with a number; expected {expected}")]
    NotANumber {
        /// What was written.
        text: String,
        /// What was expected, in words.
        expected: &'static str,
    },
    /// NaN, infinite, or too large for its unit.
    #[error("\"{text}\" is not a finite number")]
    NotFinite {
        /// What was written.
        text: String,
    },
    /// A number where the dimension needs a unit.
    #[error("\"{text}\" has no unit; expected {expected}")]
    MissingUnit {
        /// What was written.
        text: String,
        /// What was expected, in words.
        expected: &'static str,
    },
    /// No such unit.
    #[error("unknown unit \"{unit}\"")]
    UnknownUnit {
        /// The unit as written.
        unit: String,
        /// The nearest unit of the expected dimension, if any is near.
        nearest: Option<&'static str>,
        /// What was expected, in words.
        expected: &'static str,
    },
    /// A unit of another dimension.
    #[error("\"{text}\" is {found}, expected {expected}")]
    WrongDimension {
        /// What was written.
        text: String,
        /// What it is, in words.
        found: &'static str,
        /// What was expected, in words.
        expected: &'static str,
    },
    /// Money without a currency.
    #[error("\"{text}\" names no currency; expected {expected}")]
    NoCurrency {
        /// What was written.
        text: String,
        /// What was expected, in words.
        expected: &'static str,
    },
    /// Less than zero where that has no meaning.
    #[error("\"{text}\" is negative")]
    Negative {
        /// What was written.
        text: String,
    },
    /// A share above one.
    #[error("\"{text}\" is more than 100 %")]
    OverOne {
        /// What was written.
        text: String,
    },
}

impl ParseError {
    /// The diagnostic code.
    pub fn code(&self) -> &'static str {
        match self {
            ParseError::Empty(_) | ParseError::NotANumber { .. } => "G201",
            ParseError::NotFinite { .. } => "G202",
            ParseError::MissingUnit { .. } => "G203",
            ParseError::UnknownUnit { .. } => "G204",
            ParseError::WrongDimension { .. } => "G205",
            ParseError::NoCurrency { .. } => "G206",
            ParseError::Negative { .. } => "G207",
            ParseError::OverOne { .. } => "G208",
        }
    }

    /// What the writer could do about it.
    pub fn hint(&self) -> String {
        match self {
            ParseError::Empty(e)
            | ParseError::NotANumber { expected: e, .. }
            | ParseError::MissingUnit { expected: e, .. }
            | ParseError::WrongDimension { expected: e, .. }
            | ParseError::NoCurrency { expected: e, .. } => format!("write {e}"),
            ParseError::UnknownUnit { nearest: Some(n), .. } => format!("did you mean \"{n}\"?"),
            ParseError::UnknownUnit { expected, .. } => format!("write {expected}"),
            ParseError::NotFinite { .. } => "write an ordinary finite number".to_owned(),
            ParseError::Negative { .. } => "write a value of zero or more".to_owned(),
            ParseError::OverOne { .. } => "write a share between 0 % and 100 %".to_owned(),
        }
    }
}

/// Reads `text` as a quantity of dimension `dim`: a number, an optional scale for counts and money, a unit.
///
/// # Errors
/// Says what is wrong with the text, with a hint; see [`ParseError`].
pub fn parse(text: &str, dim: Dim) -> Result<Measure, ParseError> {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(ParseError::Empty(dim.word()));
    }
    let measure = if let Some((currency, rest)) = currency_of(trimmed) {
        parse_money(trimmed, currency, rest, dim)?
    } else if dim == Dim::Date {
        return parse_date(trimmed);
    } else {
        parse_plain(trimmed, dim)?
    };
    check_range(trimmed, measure)
}

/// Range checks that hold for every value of a dimension, however it was written.
pub(crate) fn check_range(text: &str, measure: Measure) -> Result<Measure, ParseError> {
    if !measure.value.is_finite() {
        return Err(ParseError::NotFinite { text: text.to_owned() });
    }
    if measure.value < 0.0 && !measure.dim.may_be_negative() {
        return Err(ParseError::Negative { text: text.to_owned() });
    }
    if measure.dim == Dim::Share && measure.value > 1.0 + 1e-12 {
        return Err(ParseError::OverOne { text: text.to_owned() });
    }
    Ok(measure)
}

fn currency_of(text: &str) -> Option<(Currency, &str)> {
    for (sign, currency) in
        [("EUR", Currency::Eur), ("€", Currency::Eur), ("USD", Currency::Usd), ("$", Currency::Usd)]
    {
        if let Some(rest) = text.strip_prefix(sign) {
            return Some((currency, rest.trim_start()));
        }
    }
    None
}

fn parse_date(text: &str) -> Result<Measure, ParseError> {
    match Date::parse(text) {
        Some(date) => Ok(Measure::plain(Dim::Date, date.days())),
        None => Err(ParseError::NotANumber { text: text.to_owned(), expected: Dim::Date.word() }),
    }
}

/// Splits the leading number (with underscores and exponent) from what follows it.
fn split_number(text: &str) -> Option<(f64, &str)> {
    let bytes = text.as_bytes();
    let mut end = 0;
    let mut seen_digit = false;
    while end < bytes.len() {
        let c = bytes[end];
        let exponent = matches!(c, b'e' | b'E')
            && seen_digit
            && bytes.get(end + 1).is_some_and(|n| {
                n.is_ascii_digit()
                    || (matches!(n, b'+' | b'-') && bytes.get(end + 2).is_some_and(u8::is_ascii_digit))
            });
        let sign = matches!(c, b'+' | b'-') && (end == 0 || matches!(bytes[end - 1], b'e' | b'E'));
        if c.is_ascii_digit() || c == b'.' || (c == b'_' && seen_digit) || sign || exponent {
            seen_digit |= c.is_ascii_digit();
            end += 1;
        } else {
            break;
        }
    }
    let number: f64 = text[..end].replace('_', "").parse().ok()?;
    Some((number, text[end..].trim_start()))
}

/// Scale words for counts and money. "M" and "m" both mean a million for money, as in financial tables.
fn scale(word: &str, money: bool) -> Option<f64> {
    match word {
        "k" => Some(1e3),
        "M" => Some(1e6),
        "m" if money => Some(1e6),
        "bn" => Some(1e9),
        "T" | "tn" => Some(1e12),
        _ => None,
    }
}

fn parse_plain(text: &str, dim: Dim) -> Result<Measure, ParseError> {
    let lower = text.to_ascii_lowercase();
    if ["nan", "inf", "+inf", "-inf"].iter().any(|w| lower.starts_with(w)) {
        return Err(ParseError::NotFinite { text: text.to_owned() });
    }
    if text.contains('-') && Date::parse(text).is_some() {
        return Err(wrong(text, Dim::Date, dim));
    }
    let Some((number, unit)) = split_number(text) else {
        return Err(ParseError::NotANumber { text: text.to_owned(), expected: dim.word() });
    };
    if !number.is_finite() {
        return Err(ParseError::NotFinite { text: text.to_owned() });
    }
    if unit.is_empty() {
        if dim.takes_plain_number() {
            return Ok(Measure::plain(dim, number));
        }
        if dim.is_money() {
            return Err(ParseError::NoCurrency { text: text.to_owned(), expected: dim.word() });
        }
        return Err(ParseError::MissingUnit { text: text.to_owned(), expected: dim.word() });
    }
    if matches!(dim, Dim::Count | Dim::H100e) {
        let mut words = unit.splitn(2, ' ');
        let first = words.next().unwrap_or("");
        let rest = words.next().unwrap_or("").trim();
        if let Some(factor) = scale(first, false) {
            let unit_ok = match dim {
                Dim::H100e => rest.is_empty() || rest == "H100e",
                _ => rest.is_empty() || rest == "tokens",
            };
            if unit_ok {
                return Ok(Measure::plain(dim, number * factor));
            }
        }
    }
    // The same symbol may serve two dimensions ("m"); the expected one wins.
    let exact = UNITS.iter().filter(|u| u.symbol == unit).min_by_key(|u| if u.dim == dim { 0 } else { 1 });
    match exact {
        Some(u) if u.dim == dim => Ok(Measure::plain(dim, number * u.factor)),
        Some(u) if u.dim == Dim::Share && dim == Dim::Ratio => Ok(Measure::plain(dim, number * u.factor)),
        Some(u) => Err(wrong(text, u.dim, dim)),
        None if split_per(unit).is_some() => {
            Err(ParseError::NoCurrency { text: text.to_owned(), expected: dim.word() })
        }
        None => Err(ParseError::UnknownUnit {
            unit: unit.to_owned(),
            nearest: nearest_unit(unit, dim),
            expected: dim.word(),
        }),
    }
}

fn wrong(text: &str, found: Dim, expected: Dim) -> ParseError {
    ParseError::WrongDimension { text: text.to_owned(), found: found.word(), expected: expected.word() }
}

fn nearest_unit(unit: &str, dim: Dim) -> Option<&'static str> {
    crate::units_of(dim)
        .map(|u| (strsim::damerau_levenshtein(&u.symbol.to_lowercase(), &unit.to_lowercase()), u.symbol))
        .filter(|(distance, symbol)| *distance <= 1 + symbol.len() / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, symbol)| symbol)
}

/// The "per" part of a price, such as "/MWh", and the words before it.
fn split_per(rest: &str) -> Option<(&str, &'static crate::Unit)> {
    let slash = rest.find('/')?;
    let per = rest[slash..].trim();
    PER.iter().find(|p| p.symbol == per).map(|p| (rest[..slash].trim(), p))
}

fn parse_money(text: &str, currency: Currency, rest: &str, dim: Dim) -> Result<Measure, ParseError> {
    let (rest, price_year) = match rest.strip_suffix(')').and_then(|r| r.rsplit_once('(')) {
        Some((before, year)) => match year.trim().parse::<u16>() {
            Ok(y) if (1990..=2100).contains(&y) => (before.trim_end(), Some(y)),
            _ => {
                return Err(ParseError::NotANumber {
                    text: text.to_owned(),
                    expected: "a price year in brackets such as \"EUR 3.7 m (2026)\"",
                });
            }
        },
        None => (rest, None),
    };
    let Some((number, tail)) = split_number(rest) else {
        return Err(ParseError::NotANumber { text: text.to_owned(), expected: dim.word() });
    };
    let (words, per) = if tail.contains('/') {
        split_per(tail).ok_or_else(|| ParseError::UnknownUnit {
            unit: tail.to_owned(),
            nearest: None,
            expected: dim.word(),
        })?
    } else {
        (tail, &PER[0])
    };
    let factor = match words {
        "" => 1.0,
        word => scale(word, true).ok_or_else(|| ParseError::UnknownUnit {
            unit: word.to_owned(),
            nearest: None,
            expected: dim.word(),
        })?,
    };
    if per.dim != dim {
        return Err(wrong(text, per.dim, dim));
    }
    Ok(Measure { dim, value: number * factor * per.factor, currency: Some(currency), price_year })
}

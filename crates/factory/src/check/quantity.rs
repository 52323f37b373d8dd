use gigatwin_quantity::{Dim, Distribution, Measure, parse};

use super::node::QuantityNode;
use crate::diagnostic::{Diagnostic, Span};
use crate::document::{RawNode, RawTable, RawValue};

/// Reads a quantity: text, a plain number where the dimension has no unit, or a table with a range.
///
/// One that is not understood is reported and stays in the document as not-a-number: it is there, and no comparison or
/// sum over it can raise a second finding about the same fault. No factory is made of such a document.
pub(super) fn quantity(node: &RawNode, dim: Dim, out: &mut Vec<Diagnostic>) -> QuantityNode {
    read(node, dim, out).unwrap_or_else(|| QuantityNode {
        dim,
        distribution: Distribution::Point(f64::NAN),
        currency: None,
        price_year: None,
        text: String::new(),
        span: node.span,
    })
}

fn read(node: &RawNode, dim: Dim, out: &mut Vec<Diagnostic>) -> Option<QuantityNode> {
    match &node.value {
        RawValue::Table(table) => range(table, node.span, dim, out),
        value => {
            let (measure, text) = point(value, node.span, dim, out)?;
            Some(QuantityNode {
                dim,
                distribution: Distribution::Point(measure.value),
                currency: measure.currency,
                price_year: measure.price_year,
                text,
                span: node.span,
            })
        }
    }
}

fn point(value: &RawValue, span: Span, dim: Dim, out: &mut Vec<Diagnostic>) -> Option<(Measure, String)> {
    let text = match value {
        RawValue::Text(text) => text.clone(),
        RawValue::Number(number) if number.is_finite() => {
            // A bare number goes through the same door as text, so that it meets the same rules.
            format!("{number}")
        }
        RawValue::Number(number) => {
            out.push(Diagnostic::error(
                "G202",
                span,
                format!("{number} is not a finite number"),
                "write an ordinary finite number",
            ));
            return None;
        }
        RawValue::Broken => return None,
        other => {
            let message = format!("expected {}, found {}", dim.word(), other.word());
            out.push(Diagnostic::error("G103", span, message, format!("write {}", dim.word())));
            return None;
        }
    };
    let measure = match parse(&text, dim) {
        Ok(measure) => measure,
        Err(e) => {
            out.push(match foreign(&text, dim) {
                Some(code) => Diagnostic::error(
                    "G630",
                    span,
                    format!("\"{text}\" is money in {code}; EUR and USD are counted"),
                    "convert it to euros and say in a note how",
                ),
                None => Diagnostic::error(e.code(), span, e.to_string(), e.hint()),
            });
            return None;
        }
    };
    if let Some((limit, hint)) = outside(dim, measure.value) {
        out.push(Diagnostic::error("G210", span, format!("\"{text}\" is {limit}"), hint));
        return None;
    }
    Some((measure, text))
}

/// The code of another currency that money starts with, such as DKK.
fn foreign(text: &str, dim: Dim) -> Option<&str> {
    let money = matches!(
        dim,
        Dim::Money | Dim::EnergyPrice | Dim::HourPrice | Dim::PowerPrice | Dim::PowerRate | Dim::CarbonPrice
    );
    let code = text.trim().get(..3)?;
    let rest = text.trim().get(3..)?;
    let amount = rest.trim_start().starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '.');
    (money && amount && code.chars().all(|c| c.is_ascii_uppercase()) && !matches!(code, "EUR" | "USD"))
        .then_some(code)
}

/// Values no site can have: mistakes of a unit, most often, and a guard of the arithmetic.
fn outside(dim: Dim, value: f64) -> Option<(&'static str, &'static str)> {
    let (low, high, hint) = match dim {
        Dim::Power => (0.0, 1e12, "a site has at most some gigawatts"),
        Dim::Energy => (0.0, 1e19, "check the unit"),
        Dim::Count | Dim::H100e => (0.0, 1e18, "check the scale"),
        Dim::Money => (0.0, 1e14, "check the scale"),
        Dim::Temperature => (-60.0, 120.0, "write degrees Celsius"),
        Dim::Time => (0.0, 3.2e9, "at most a hundred years"),
        Dim::Date => (-365.25 * 70.0, 365.25 * 130.0, "between 1900 and 2100"),
        Dim::Growth => (-0.9, 10.0, "a change per year such as \"2 %/a\""),
        Dim::Ratio => (0.0, 1e6, "check the number"),
        // Wide enough for the investment in a battery, which is also a price per energy.
        Dim::EnergyPrice => (-3e-6, 3e-4, "a price of energy lies below EUR 1000/kWh"),
        Dim::HourPrice => (0.0, 1e4, "check the number"),
        Dim::Bandwidth => (0.0, 1e18, "check the unit"),
        Dim::Data => (0.0, 1e21, "check the unit"),
        _ => return None,
    };
    if value < low {
        Some(("too small", hint))
    } else if value > high {
        Some(("too large", hint))
    } else {
        None
    }
}

const SHAPES: [&[&str]; 3] = [&["low", "mode", "high"], &["p10", "p50", "p90"], &["low", "high"]];

fn range(table: &RawTable, span: Span, dim: Dim, out: &mut Vec<Diagnostic>) -> Option<QuantityNode> {
    let mut keys: Vec<&str> = table.keys().map(String::as_str).collect();
    keys.sort_unstable();
    let shape = SHAPES.iter().find(|s| {
        let mut wanted = s.to_vec();
        wanted.sort_unstable();
        wanted == keys
    });
    let Some(shape) = shape else {
        let message =
            format!("expected {} or a range of it, found a table with {}", dim.word(), keys.join(", "));
        let hint = "a range has low, mode and high; or low and high; or p10, p50 and p90";
        out.push(Diagnostic::error("G103", span, message, hint));
        return None;
    };
    let mut read = Vec::new();
    for key in *shape {
        let node = table.get(*key)?;
        read.push(point(&node.value, node.span, dim, out));
    }
    let read: Vec<(Measure, String)> = read.into_iter().collect::<Option<_>>()?;
    let v: Vec<f64> = read.iter().map(|r| r.0.value).collect();
    let distribution = match shape.len() {
        2 => Distribution::uniform(v[0], v[1]),
        _ if shape[0] == "low" => Distribution::triangular(v[0], v[1], v[2]),
        _ => Distribution::quantiles(v[0], v[1], v[2]),
    };
    let first = read.first()?.0;
    if read.iter().any(|r| r.0.currency != first.currency || r.0.price_year != first.price_year) {
        out.push(Diagnostic::error(
            "G209",
            span,
            "a range mixes currencies or price years",
            "write one currency and year",
        ));
        return None;
    }
    match distribution {
        Ok(distribution) => {
            let text =
                shape.iter().zip(&read).map(|(k, r)| format!("{k} {}", r.1)).collect::<Vec<_>>().join(", ");
            Some(QuantityNode {
                dim,
                distribution,
                currency: first.currency,
                price_year: first.price_year,
                text,
                span,
            })
        }
        Err(e) => {
            out.push(Diagnostic::error("G209", span, e.to_string(), "write the values from small to large"));
            None
        }
    }
}

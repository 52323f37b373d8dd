use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::raw::{RawNode, RawTable, RawValue, layer};
use crate::diagnostic::{Diagnostic, Sources, Span};

/// Gets the bytes of the file that `extends` names, given the name of the file that names it. The face that knows
/// about folders supplies it; returns the full name (for cycles and messages) and the bytes.
pub type Loader<'a> = &'a dyn Fn(&str, &str) -> Result<(String, Vec<u8>), String>;

/// A file that was read, layers laid on each other.
#[derive(Debug, Default)]
pub struct Read {
    /// The texts.
    pub sources: Sources,
    /// The merged table.
    pub table: RawTable,
    /// Findings so far.
    pub diagnostics: Vec<Diagnostic>,
}

/// No tender's summary is longer; a larger file is a mistake (or an attack).
const LARGEST: usize = 1_000_000;
/// Brackets deeper than any factory file goes; stops the parser from recursing further.
const DEEPEST: usize = 32;

/// Reads a file and everything it extends.
pub fn read(name: &str, bytes: Vec<u8>, load: Loader<'_>) -> Read {
    let mut out = Read::default();
    let mut chain = Vec::new();
    if let Some(table) = read_one(name, bytes, load, &mut chain, &mut out) {
        out.table = table;
    }
    out
}

fn read_one(
    name: &str,
    bytes: Vec<u8>,
    load: Loader<'_>,
    chain: &mut Vec<String>,
    out: &mut Read,
) -> Option<RawTable> {
    chain.push(name.to_owned());
    let size = bytes.len();
    if size > LARGEST {
        let file = out.sources.add(name, String::new());
        let message = format!("the file has {size} bytes; a factory file has at most {LARGEST}");
        out.diagnostics.push(Diagnostic::error("G002", at(file, 0..0), message, "keep data series in files of their own"));
        return None;
    }
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(e) => {
            let valid = e.utf8_error().valid_up_to();
            let text = String::from_utf8_lossy(e.as_bytes()).into_owned();
            let file = out.sources.add(name, text);
            out.diagnostics.push(Diagnostic::error(
                "G001",
                at(file, valid..valid + 1),
                "the file is not UTF-8 text",
                "save the file with UTF-8 encoding",
            ));
            return None;
        }
    };
    let file = out.sources.add(name, text.clone());
    if let Some(place) = too_deep(&text) {
        let message = format!("brackets nest deeper than {DEEPEST}");
        out.diagnostics.push(Diagnostic::error("G003", at(file, place..place + 1), message, "write the value flat"));
        return None;
    }
    // An old habit of editors; it is not part of the content.
    let body = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let shift = text.len() - body.len();
    let (table, errors) = DeTable::parse_recoverable(body);
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        let duplicate = error.message().contains("duplicate key");
        let (code, hint) = if duplicate {
            ("G004", "keep one of the two")
        } else {
            ("G003", "see toml.io for the syntax; text values stand in double quotes")
        };
        let message = error.message().lines().next().unwrap_or("broken syntax").to_owned();
        out.diagnostics.push(Diagnostic::error(code, at(file, span.start + shift..span.end + shift), message, hint));
    }
    let mut table = convert_table(table.get_ref(), file, shift);
    let Some(extends) = table.shift_remove("extends") else { return Some(table) };
    let RawValue::Text(target) = &extends.value else {
        let message = format!("extends wants the name of a file, not {}", extends.value.word());
        out.diagnostics.push(Diagnostic::error("G103", extends.span, message, "write extends = \"base.toml\""));
        return Some(table);
    };
    match load(name, target) {
        Err(reason) => {
            let message = format!("cannot read \"{target}\": {reason}");
            let hint = "the path is relative to the file that extends";
            out.diagnostics.push(Diagnostic::error("G005", extends.span, message, hint));
            Some(table)
        }
        Ok((full, _)) if chain.contains(&full) => {
            let message = format!("\"{target}\" extends, in the end, itself: {}", chain.join(" → "));
            out.diagnostics.push(Diagnostic::error("G006", extends.span, message, "break the circle"));
            Some(table)
        }
        Ok((full, bytes)) => {
            let mut base = read_one(&full, bytes, load, chain, out)?;
            layer(&mut base, table);
            Some(base)
        }
    }
}

fn at(file: u16, range: std::ops::Range<usize>) -> Span {
    Span { file, start: range.start as u32, end: range.end as u32 }
}

/// Place of the first bracket beyond the limit, outside of texts and comments (roughly: a quote toggles).
fn too_deep(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut quoted = None;
    let mut comment = false;
    let mut dots = 0_usize;
    for (i, b) in text.bytes().enumerate() {
        match b {
            b'\n' => {
                comment = false;
                quoted = None;
                dots = 0;
            }
            b'#' if quoted.is_none() => comment = true,
            _ if comment => {}
            b'"' | b'\'' => match quoted {
                Some(q) if q == b => quoted = None,
                None => quoted = Some(b),
                _ => {}
            },
            _ if quoted.is_some() => {}
            b'[' | b'{' => {
                depth += 1;
                if depth > DEEPEST {
                    return Some(i);
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'.' => {
                dots += 1;
                if dots > 4 * DEEPEST {
                    return Some(i);
                }
            }
            b',' => dots = 0,
            _ => {}
        }
    }
    None
}

fn convert_table(table: &DeTable<'_>, file: u16, shift: usize) -> RawTable {
    let mut out = RawTable::new();
    for (key, value) in table {
        let mut node = convert(value, file, shift);
        let k = key.span();
        node.key_span = at(file, k.start + shift..k.end + shift);
        out.insert(key.get_ref().to_string(), node);
    }
    out
}

fn convert(value: &Spanned<DeValue<'_>>, file: u16, shift: usize) -> RawNode {
    let range = value.span();
    let span = at(file, range.start + shift..range.end + shift);
    let raw = match value.get_ref() {
        DeValue::String(s) => RawValue::Text(s.to_string()),
        DeValue::Integer(i) => RawValue::Number(integer(i.as_str(), i.radix())),
        DeValue::Float(f) => RawValue::Number(f.as_str().replace('_', "").parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(b) => RawValue::Bool(*b),
        // A bare date (2028-07-01) reads as the same date in quotes.
        DeValue::Datetime(d) => RawValue::Text(d.to_string()),
        DeValue::Array(items) => RawValue::List(items.iter().map(|v| convert(v, file, shift)).collect()),
        DeValue::Table(t) => RawValue::Table(convert_table(t, file, shift)),
    };
    RawNode { value: raw, span, key_span: span }
}

fn integer(text: &str, radix: u32) -> f64 {
    let clean = text.replace('_', "");
    i128::from_str_radix(&clean, radix).map_or(f64::INFINITY, |i| i as f64)
}

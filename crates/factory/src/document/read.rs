use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::depth::{DEEPEST, too_deep};
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

/// Syntax faults shown of one file: whoever has more of them has another kind of file.
const MOST_FAULTS: usize = 50;

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
        out.diagnostics.push(Diagnostic::error(
            "G002",
            at(file, 0..0),
            message,
            "keep data series in files of their own",
        ));
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
        let message = format!("tables and lists nest deeper than {DEEPEST} levels");
        out.diagnostics.push(Diagnostic::error(
            "G003",
            at(file, place..place + 1),
            message,
            "write the value flat",
        ));
        return None;
    }
    // An old habit of editors; it is not part of the content.
    let body = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let shift = text.len() - body.len();
    let (table, errors) = DeTable::parse_recoverable(body);
    let (faults, lost) = syntax(&errors, body);
    for (code, hint, message, range) in faults.iter().take(MOST_FAULTS) {
        let span = at(file, range.start + shift..range.end + shift);
        out.diagnostics.push(Diagnostic::error(code, span, message.as_str(), *hint));
    }
    // Where a bracket is missing, what the parser makes of the rest is not what was meant.
    if lost {
        return None;
    }
    let torn: Vec<Range<usize>> =
        faults.iter().filter(|f| f.0 == "G003").map(|f| line_around(body, f.3.start)).collect();
    let mut table = convert_table(table.get_ref(), &Place { file, shift, torn });
    let Some(extends) = table.shift_remove("extends") else { return Some(table) };
    let RawValue::Text(target) = &extends.value else {
        if matches!(extends.value, RawValue::Broken) {
            return Some(table);
        }
        let message = format!("extends wants the name of a file, not {}", extends.value.word());
        out.diagnostics.push(Diagnostic::error(
            "G103",
            extends.span,
            message,
            "write extends = \"base.toml\"",
        ));
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
            let round = chain.join(" → ");
            let message = format!("\"{target}\" extends, in the end, itself: {round} → {full}");
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

fn at(file: u16, range: Range<usize>) -> Span {
    Span { file, start: range.start as u32, end: range.end as u32 }
}

/// A syntax fault: code, hint, message and place.
type Fault = (&'static str, &'static str, String, Range<usize>);

/// The parser's errors in the order of the text, without those that only echo an earlier one, and whether the structure
/// of the text is lost.
fn syntax(errors: &[toml::de::Error], text: &str) -> (Vec<Fault>, bool) {
    let mut sorted: Vec<(Range<usize>, &str)> = errors
        .iter()
        .map(|e| (e.span().unwrap_or(0..0), e.message().lines().next().unwrap_or("broken syntax")))
        .collect();
    sorted.sort_by_key(|e| e.0.start);
    let unclosed = sorted.iter().find(|e| e.1.starts_with("unclosed")).map(|e| e.1);
    let mut faults: Vec<Fault> = Vec::new();
    let mut last_line = None;
    for (range, message) in sorted {
        let duplicate = message.contains("duplicate key");
        let line = line_around(text, range.start).start;
        if !duplicate && last_line == Some(line) {
            continue;
        }
        // Inside a list or table that is never closed every further line is an error of the same one fault.
        let swallowed =
            message.starts_with("unclosed") || ["array", "inline table"].iter().any(|w| message.contains(w));
        if let (Some(unclosed), true) = (unclosed, swallowed) {
            faults.push((
                "G003",
                "close it with the matching bracket, here or on a line above",
                unclosed.to_owned(),
                range,
            ));
            break;
        }
        if duplicate {
            faults.push(("G004", "keep one of the two", "this key is given a second time".to_owned(), range));
        } else {
            last_line = Some(line);
            let hint = "see toml.io for the syntax; text values stand in double quotes";
            faults.push(("G003", hint, message.to_owned(), range));
        }
    }
    (faults, unclosed.is_some())
}

/// The line that holds a byte.
fn line_around(text: &str, at: usize) -> Range<usize> {
    let bytes = text.as_bytes();
    let at = at.min(bytes.len());
    let start = bytes[..at].iter().rposition(|b| *b == b'\n').map_or(0, |n| n + 1);
    let end = bytes[at..].iter().position(|b| *b == b'\n').map_or(bytes.len(), |n| at + n);
    start..end
}

/// How places in the parsed text become spans.
struct Place {
    file: u16,
    /// Bytes in front of the parsed text.
    shift: usize,
    /// Lines of broken syntax, in the order of the text.
    torn: Vec<Range<usize>>,
}

impl Place {
    fn span(&self, range: &Range<usize>) -> Span {
        at(self.file, range.start + self.shift..range.end + self.shift)
    }

    fn is_torn(&self, range: &Range<usize>) -> bool {
        let first = self.torn.partition_point(|line| line.end < range.start);
        self.torn.get(first).is_some_and(|line| line.start <= range.end)
    }
}

fn convert_table(table: &DeTable<'_>, place: &Place) -> RawTable {
    let mut out = RawTable::new();
    for (key, value) in table {
        let mut node = convert(value, place);
        node.key_span = place.span(&key.span());
        out.insert(key.get_ref().to_string(), node);
    }
    out
}

fn convert(value: &Spanned<DeValue<'_>>, place: &Place) -> RawNode {
    let span = place.span(&value.span());
    let raw = match value.get_ref() {
        DeValue::Array(items) => RawValue::List(items.iter().map(|v| convert(v, place)).collect()),
        DeValue::Table(t) => RawValue::Table(convert_table(t, place)),
        _ if place.is_torn(&value.span()) => RawValue::Broken,
        DeValue::String(s) => RawValue::Text(s.to_string()),
        DeValue::Integer(i) => RawValue::Number(integer(i.as_str(), i.radix())),
        DeValue::Float(f) => RawValue::Number(f.as_str().replace('_', "").parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(b) => RawValue::Bool(*b),
        // A bare date (2028-07-01) reads as the same date in quotes.
        DeValue::Datetime(d) => RawValue::Text(d.to_string()),
    };
    RawNode { value: raw, span, key_span: span }
}

fn integer(text: &str, radix: u32) -> f64 {
    let clean = text.replace('_', "");
    i128::from_str_radix(&clean, radix).map_or(f64::INFINITY, |i| i as f64)
}

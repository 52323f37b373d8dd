//! Readers of request traces. Text in, requests or all faults out.

mod azure;
mod fault;
mod mooncake;
mod plain;

pub use fault::{Fault, FaultKind};

use super::request::{PS, Trace};
use fault::Faults;

/// Longest prompt or answer that can be meant, in tokens.
const LONGEST: f64 = 10_000_000.0;
/// Longest trace, in seconds: a hundred days.
const LONGEST_SPAN: f64 = 100.0 * 86_400.0;

/// Formats that are told apart by their first line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `TIMESTAMP,ContextTokens,GeneratedTokens`, the Azure LLM inference traces.
    Azure,
    /// JSON lines with `timestamp` in milliseconds, `input_length`, `output_length` and `hash_ids` of 512 tokens each, the Mooncake
    /// traces.
    Mooncake,
    /// `time_s,prompt,answer` in seconds and tokens.
    Plain,
}

impl Format {
    /// Told from the first line that is not empty.
    pub fn of(text: &str) -> Option<Format> {
        let first = text.lines().find(|l| !l.trim().is_empty())?.trim_start_matches('\u{feff}').trim();
        let is = |columns: &[&str]| first.split(',').map(str::trim).eq(columns.iter().copied());
        if first.starts_with('{') {
            Some(Format::Mooncake)
        } else if is(&azure::COLUMNS) {
            Some(Format::Azure)
        } else if is(&plain::COLUMNS) {
            Some(Format::Plain)
        } else {
            None
        }
    }

    /// Name in messages.
    pub fn word(self) -> &'static str {
        match self {
            Format::Azure => "azure",
            Format::Mooncake => "mooncake",
            Format::Plain => "plain",
        }
    }
}

/// Reads a trace in any of the formats; at most `most` requests of it.
///
/// # Errors
/// All faults of the text, in the order of lines.
pub fn read(text: &str, most: usize) -> Result<(Format, Trace), Vec<Fault>> {
    let Some(format) = Format::of(text) else {
        let kind = if text.trim().is_empty() { FaultKind::Empty } else { FaultKind::Format };
        return Err(vec![Fault { line: 1, kind }]);
    };
    let mut sheet = Sheet::new(if format == Format::Mooncake { mooncake::BLOCK } else { 0 }, most);
    match format {
        Format::Azure => azure::read(text, &mut sheet),
        Format::Mooncake => mooncake::read(text, &mut sheet),
        Format::Plain => plain::read(text, &mut sheet),
    }
    sheet.done().map(|trace| (format, trace))
}

/// What the readers fill.
struct Sheet {
    trace: Trace,
    faults: Faults,
    most: usize,
    rows: usize,
    origin: Option<f64>,
    last: f64,
}

impl Sheet {
    fn new(hash_tokens: u32, most: usize) -> Sheet {
        let (trace, faults) = (Trace::new(hash_tokens), Faults::default());
        Sheet { trace, faults, most, rows: 0, origin: None, last: f64::NEG_INFINITY }
    }

    /// Whether enough is read.
    fn full(&self) -> bool {
        self.rows >= self.most
    }

    /// One row: seconds on any clock, lengths as read; `None` where the text is no number.
    fn row(&mut self, line: usize, at: Option<f64>, prompt: Option<f64>, answer: Option<f64>, ids: &[u64]) {
        self.rows += 1;
        let before = self.faults.len();
        match at {
            None => self.faults.add(line, FaultKind::Time),
            Some(t) if t < self.last => self.faults.add(line, FaultKind::Unsorted),
            Some(t) => {
                if t - *self.origin.get_or_insert(t) > LONGEST_SPAN {
                    self.faults.add(line, FaultKind::Span);
                }
                self.last = t;
            }
        }
        let mut whole = |value: Option<f64>, what: &'static str| {
            let kind = match value {
                None => FaultKind::Length(what),
                Some(v) if v < 0.0 => FaultKind::Negative(what),
                Some(0.0) => FaultKind::Zero(what),
                Some(v) if v > LONGEST || v.fract() != 0.0 => FaultKind::Length(what),
                Some(v) => return v as u32,
            };
            self.faults.add(line, kind);
            0
        };
        let (prompt, answer) = (whole(prompt, "prompt"), whole(answer, "answer"));
        if let (Some(t), true) = (at, before == self.faults.len()) {
            let offset = t - self.origin.unwrap_or(t);
            self.trace.push_ps((offset * PS).round() as u64, prompt, answer, ids);
        }
    }

    fn done(self) -> Result<Trace, Vec<Fault>> {
        let faults = self.faults.list();
        if !faults.is_empty() {
            Err(faults)
        } else if self.trace.requests.is_empty() {
            Err(vec![Fault { line: 1, kind: FaultKind::Empty }])
        } else {
            Ok(self.trace)
        }
    }
}

/// A finite number, or nothing.
fn number(text: &str) -> Option<f64> {
    text.trim().parse::<f64>().ok().filter(|v| v.is_finite())
}

/// Rows of three fields below a header: a time, two lengths.
fn rows(text: &str, sheet: &mut Sheet, time: fn(&str) -> Option<f64>) {
    for (i, line) in text.lines().enumerate().skip_while(|(_, l)| l.trim().is_empty()).skip(1) {
        if sheet.full() {
            break;
        }
        if line.trim().is_empty() {
            continue;
        }
        let mut fields = line.split(',');
        match (fields.next(), fields.next(), fields.next(), fields.next()) {
            (Some(at), Some(prompt), Some(answer), None) => {
                sheet.row(i + 1, time(at.trim()), number(prompt), number(answer), &[]);
            }
            _ => {
                sheet.faults.add(i + 1, FaultKind::Row);
                sheet.rows += 1;
            }
        }
    }
}

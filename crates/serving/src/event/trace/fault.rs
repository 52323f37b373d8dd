//! What can be wrong with a trace.

/// A fault and its line, from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Line of the text.
    pub line: usize,
    /// What is wrong there.
    pub kind: FaultKind,
}

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FaultKind {
    /// No known header.
    #[error("the format of the trace is not known")]
    Format,
    /// A row has too few or too many fields, or is no JSON object.
    #[error("the row cannot be read")]
    Row,
    /// No time, or none that can be read.
    #[error("the arrival time is missing or cannot be read")]
    Time,
    /// A time before the one above.
    #[error("the request arrives before the one above it")]
    Unsorted,
    /// More than a hundred days after the first.
    #[error("the request arrives more than a hundred days after the first")]
    Span,
    /// No tokens.
    #[error("the {0} has zero tokens")]
    Zero(&'static str),
    /// Fewer than no tokens.
    #[error("the {0} has a negative number of tokens")]
    Negative(&'static str),
    /// No whole number of at most ten million.
    #[error("the length of the {0} is no whole number of at most ten million tokens")]
    Length(&'static str),
    /// No requests at all.
    #[error("the trace holds no request")]
    Empty,
}

impl FaultKind {
    /// Code of the diagnostic.
    pub fn code(self) -> &'static str {
        match self {
            FaultKind::Format | FaultKind::Row => "G563",
            FaultKind::Time => "G564",
            FaultKind::Unsorted | FaultKind::Span => "G565",
            FaultKind::Zero(_) => "G566",
            FaultKind::Negative(_) | FaultKind::Length(_) => "G567",
            FaultKind::Empty => "G568",
        }
    }

    /// What could be done.
    pub fn hint(self) -> &'static str {
        match self {
            FaultKind::Format => {
                "the first line is TIMESTAMP,ContextTokens,GeneratedTokens (Azure), time_s,prompt,answer (plain), or JSON \
                 with timestamp, input_length, output_length (Mooncake)"
            }
            FaultKind::Row => "each row has the fields of the first line",
            FaultKind::Time => {
                "give each request a time: a date and time of day, milliseconds, or seconds, as the format has it"
            }
            FaultKind::Unsorted => "sort the rows by time",
            FaultKind::Span => "cut the trace into shorter ones",
            FaultKind::Zero(_) => "leave out requests without prompt or answer: they load nothing",
            FaultKind::Negative(_) | FaultKind::Length(_) => "lengths are whole numbers of tokens",
            FaultKind::Empty => "give at least one request",
        }
    }
}

/// Faults in the order of lines.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    pub fn add(&mut self, line: usize, kind: FaultKind) {
        self.0.push(Fault { line, kind });
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn list(self) -> Vec<Fault> {
        self.0
    }
}

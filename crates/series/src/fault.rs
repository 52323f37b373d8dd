//! What is wrong with a file, and what was repaired.

use std::fmt;

/// One thing wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Code of the diagnostic, G540 to G546.
    pub code: &'static str,
    /// Line of the file, from one; zero where the whole file is meant.
    pub line: usize,
    /// What is wrong.
    pub message: String,
    /// What could be done.
    pub hint: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "[{}] {}", self.code, self.message),
            line => write!(f, "[{}] line {line}: {}", self.code, self.message),
        }
    }
}

/// Everything wrong with a file, in the order of its lines.
#[derive(Debug, Clone, PartialEq, Eq, Default, thiserror::Error)]
#[error("{} faults in a series", .0.len())]
pub struct Faults(pub Vec<Fault>);

/// Faults of one kind listed before the rest is only counted.
const SHOWN: usize = 20;

impl Faults {
    /// One fault.
    pub(crate) fn one(
        code: &'static str,
        line: usize,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Faults {
        Faults(vec![Fault { code, line, message: message.into(), hint: hint.into() }])
    }

    pub(crate) fn add(
        &mut self,
        code: &'static str,
        line: usize,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.0.push(Fault { code, line, message: message.into(), hint: hint.into() });
    }

    /// `Ok` where nothing is wrong. Of many faults with one code the first are kept and the rest counted.
    pub(crate) fn done(mut self) -> Result<(), Faults> {
        if self.0.is_empty() {
            return Ok(());
        }
        self.0.sort_by_key(|f| (f.line, f.code));
        let mut kept: Vec<Fault> = Vec::new();
        let mut more: Vec<(&'static str, usize)> = Vec::new();
        for fault in self.0 {
            let of_code = kept.iter().filter(|k| k.code == fault.code).count();
            if of_code < SHOWN {
                kept.push(fault);
            } else if let Some(counted) = more.iter_mut().find(|m| m.0 == fault.code) {
                counted.1 += 1;
            } else {
                more.push((fault.code, 1));
            }
        }
        for (code, n) in more {
            kept.push(Fault {
                code,
                line: 0,
                message: format!("{n} more of this kind"),
                hint: "the first ones show what is meant".to_owned(),
            });
        }
        Err(Faults(kept))
    }
}

/// Something that was repaired or assumed, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Line of the file, from one; zero where the whole file is meant.
    pub line: usize,
    /// What was done.
    pub text: String,
}

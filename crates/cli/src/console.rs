//! Standard output for data, standard error for talk. A reader that goes away early (`| head`) is no fault.

use std::io::{self, IsTerminal, Write};

/// The two streams and how they may be written to.
#[derive(Debug, Clone, Copy)]
pub struct Console {
    /// Whether standard output takes colour.
    pub out_colour: bool,
    /// Whether standard error takes colour.
    pub err_colour: bool,
    /// Whether talk is wanted.
    pub quiet: bool,
}

impl Console {
    /// Colour only on a terminal, and never against `NO_COLOR` (no-color.org).
    pub fn new(quiet: bool) -> Console {
        let banned = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty())
            || std::env::var_os("TERM").is_some_and(|v| v == "dumb");
        Console {
            out_colour: !banned && io::stdout().is_terminal(),
            err_colour: !banned && io::stderr().is_terminal(),
            quiet,
        }
    }

    /// Writes data.
    ///
    /// # Errors
    /// Where standard output cannot be written to, a closed pipe apart.
    pub fn data(&self, text: &str) -> io::Result<()> {
        self.bytes(text.as_bytes())
    }

    /// Writes data that is not text.
    ///
    /// # Errors
    /// As [`Console::data`].
    pub fn bytes(&self, bytes: &[u8]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        match out.write_all(bytes).and_then(|()| out.flush()) {
            Err(e) if e.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }

    /// Writes talk, unless quiet.
    pub fn talk(&self, text: &str) {
        if !self.quiet {
            self.must_say(text);
        }
    }

    /// Writes what must be said even when quiet: faults, and what was asked for by a flag.
    pub fn must_say(&self, text: &str) {
        // There is nobody left to tell where standard error is closed.
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }
}

/// Bold, where colour is taken.
pub fn bold(text: &str, colour: bool) -> String {
    paint(text, "1", colour)
}

/// Faint, where colour is taken.
pub fn faint(text: &str, colour: bool) -> String {
    paint(text, "2", colour)
}

fn paint(text: &str, code: &str, colour: bool) -> String {
    if colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
}

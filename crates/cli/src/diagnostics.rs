//! Findings about a file: drawn for people, listed for machines.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use gigatwin_factory::diagnostic::{Diagnostic, Severity, Sources, Span};
use serde::Serialize;

use crate::context::Context;
use crate::exit::Fault;

/// A finding as in `--json`.
#[derive(Debug, Serialize)]
struct Line<'a> {
    code: &'a str,
    severity: Severity,
    message: &'a str,
    file: Option<&'a str>,
    line: Option<usize>,
    column: Option<usize>,
    hint: &'a str,
}

/// Sorted by place: file, then position, then code.
fn sorted(diagnostics: &[Diagnostic]) -> Vec<&Diagnostic> {
    let mut list: Vec<&Diagnostic> = diagnostics.iter().collect();
    list.sort_by_key(|d| (d.span.file, d.span.start, d.span.end, d.code));
    list.dedup();
    list
}

/// Writes findings where they belong: a list on standard output under `--json`, else drawn on standard error.
///
/// # Errors
/// Where standard output cannot be written to.
pub fn report(context: &Context, sources: &Sources, diagnostics: &[Diagnostic]) -> Result<(), Fault> {
    if !context.json {
        context.console.must_say(&render(sources, diagnostics, context.console.err_colour));
        return Ok(());
    }
    let lines: Vec<Line<'_>> = sorted(diagnostics)
        .into_iter()
        .map(|d| {
            let (line, column) = sources.line_column(d.span);
            let file = Some(sources.name(d.span.file));
            Line {
                code: d.code,
                severity: d.severity,
                message: &d.message,
                file,
                line: Some(line),
                column: Some(column),
                hint: &d.hint,
            }
        })
        .collect();
    context.json(&lines)
}

/// Draws findings with the lines they are about.
pub fn render(sources: &Sources, diagnostics: &[Diagnostic], colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let mut out = String::new();
    for d in sorted(diagnostics) {
        let window = Window::around(sources.text(d.span.file), d.span);
        let level = match d.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let mut group = Group::with_title(level.primary_title(d.message.as_str()).id(d.code)).element(
            Snippet::source(window.text)
                .path(sources.name(d.span.file))
                .line_start(window.line)
                .annotation(AnnotationKind::Primary.span(window.span)),
        );
        if !d.hint.is_empty() {
            group = group.element(Level::HELP.message(d.hint.as_str()));
        }
        out.push_str(&renderer.render(&[group]));
        out.push_str("\n\n");
    }
    out
}

/// The lines of a text that a finding is about. Drawing looks at all it is given, which would make a hundred findings in a
/// megabyte slow; and spans may end inside a character where the text was not UTF-8.
struct Window<'a> {
    text: &'a str,
    line: usize,
    span: Range<usize>,
}

/// Longest stretch of one line that is drawn to the sides of a finding, in bytes.
const SIDE: usize = 4000;

impl<'a> Window<'a> {
    fn around(text: &'a str, span: Span) -> Window<'a> {
        let start = floor(text, span.start as usize);
        let end = floor(text, (span.end as usize).max(start)).max(start);
        let line_start = text[..start].rfind('\n').map_or(0, |i| i + 1);
        // A finding over many lines (a whole table) is shown by its first.
        let line_end = text[start..].find('\n').map_or(text.len(), |i| start + i);
        let end = end.min(line_end);
        let from = if start - line_start > SIDE { floor(text, start - SIDE) } else { line_start };
        let to = if line_end - end > SIDE { floor(text, end + SIDE) } else { line_end };
        let line = text[..line_start].bytes().filter(|b| *b == b'\n').count() + 1;
        let end = if to > from { end.min(from + 3 * SIDE).max(start) } else { end };
        let (end, to) = (floor(text, end).max(start), floor(text, to.min(end + SIDE)).max(end));
        Window { text: &text[from..to], line, span: start - from..end - from }
    }
}

/// The nearest character boundary at or before a byte.
fn floor(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// A finding about options: no place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Code with a page in the book.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What could be done.
    pub hint: String,
}

/// Writes all findings about options at once.
///
/// # Errors
/// Where standard output cannot be written to.
pub fn findings(context: &Context, file: Option<&str>, list: &[Finding]) -> Result<(), Fault> {
    if context.json {
        let lines: Vec<Line<'_>> = list
            .iter()
            .map(|f| Line {
                code: f.code,
                severity: Severity::Error,
                message: &f.message,
                file,
                line: None,
                column: None,
                hint: &f.hint,
            })
            .collect();
        return context.json(&lines);
    }
    let (error, hint) = (context.messages.say("talk.error"), context.messages.say("talk.hint"));
    for f in list {
        let mut text = format!("{error}[{}]: {}\n", f.code, f.message);
        if !f.hint.is_empty() {
            text.push_str(&format!("  {hint} {}\n", f.hint));
        }
        context.console.must_say(&text);
    }
    Ok(())
}

fn coded(context: &Context, code: &'static str, message: &str, hint: &str, file: Option<&str>) {
    if context.json {
        let line = Line { code, severity: Severity::Error, message, file, line: None, column: None, hint };
        // Where standard output is closed there is nobody to tell.
        let _ = context.json(&[line]);
        return;
    }
    let mut text = format!("{}[{code}]: {message}\n", context.messages.say("talk.error"));
    if !hint.is_empty() {
        text.push_str(&format!("  {} {hint}\n", context.messages.say("talk.hint")));
    }
    context.console.must_say(&text);
}

/// Writes a fault that ends a command.
pub fn fault(context: &Context, fault: &Fault) {
    let error = context.messages.say("talk.error");
    match fault {
        Fault::NotUnderstood { code, message, hint, file } => {
            coded(context, code, message, hint, file.as_deref())
        }
        Fault::Coded { code, message, hint } => coded(context, code, message, hint, None),
        Fault::Environment(message) => context.console.must_say(&format!("{error}: {message}\n")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str, start: u32, end: u32) -> String {
        let mut sources = Sources::default();
        let file = sources.add("site.toml", text.to_owned());
        let d = Diagnostic::error("G205", Span { file, start, end }, "this is a power", "write an energy");
        render(&sources, &[d], false)
    }

    #[test]
    fn shows_place_code_and_hint() {
        let text = one("format = 1\n[site]\nenergy = \"5 MW\"\n", 27, 33);
        for part in [
            "error[G205]",
            "this is a power",
            "site.toml:3:10",
            "energy = \"5 MW\"",
            "^^^^^^",
            "write an energy",
        ] {
            assert!(text.contains(part), "{part} in\n{text}");
        }
    }

    #[test]
    fn odd_spans_do_no_harm() {
        one("", 0, 0);
        one("", 5, 9);
        one("é", 1, 1);
        one("a = 1", 5, 6);
        one("a\r\nb", 1, 3);
        one(&"x".repeat(100_000), 50_000, 99_000);
        one("[a]\nb = 1\nc = 2\n", 0, 16);
        one(&format!("{}\u{fffd}", "é".repeat(1000)), 1001, 1002);
    }

    #[test]
    fn findings_stand_in_the_order_of_the_file_and_once() {
        let mut sources = Sources::default();
        let file = sources.add("a.toml", "x = 1\ny = 2\n".to_owned());
        let at = |start, code| Diagnostic::error(code, Span { file, start, end: start + 1 }, code, "");
        let text = render(&sources, &[at(6, "G102"), at(0, "G101"), at(6, "G102")], false);
        assert!(text.find("G101") < text.find("G102"));
        assert_eq!(text.matches("error[G102]").count(), 1);
    }
}

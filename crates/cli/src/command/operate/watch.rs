//! The days going by in the terminal: one line for each step, a bar of what the accelerators do.

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::time::Duration;

use gigatwin_operations::{JobClass, Sample};

use super::Answer;
use super::keys::{Key, Keys, columns};
use crate::context::Context;
use crate::exit::Fault;

/// Lines of a run; longer runs show every so many samples.
const LINES: usize = 96;
/// Columns of the bar where the output is no terminal; and the narrowest and widest in one.
const BAR: usize = 40;
const BARS: (usize, usize) = (10, 100);
/// What stands beside the bar: time, share, waiting jobs, power.
const BESIDE: usize = 44;
/// What each class is drawn as, in the order of [`JobClass::ALL`], and what is out of service.
const LETTERS: [char; JobClass::ALL.len()] = ['b', 'i', 's', 'c', 'd'];
const DOWN: char = 'x';
/// Time of a line, and its bounds: a key halves or doubles it.
const PACE: Duration = Duration::from_millis(60);
const PACES: (Duration, Duration) = (Duration::from_millis(4), Duration::from_secs(2));

/// Width of the bar that fits beside the figures.
fn bar_of(columns: Option<usize>) -> usize {
    columns.map_or(BAR, |c| c.saturating_sub(BESIDE).clamp(BARS.0, BARS.1))
}

pub(super) fn play(context: &Context, a: &Answer) -> Result<(), Fault> {
    let points = &a.outcome.series;
    let every = points.len().div_ceil(LINES).max(1);
    if !std::io::stdout().is_terminal() {
        // Nobody watches: the same lines at once, in one width.
        context.data(&head(a, BAR))?;
        for (i, chunk) in points.chunks(every).enumerate() {
            context.data(&line(a, chunk, i * every, BAR))?;
        }
        return context.data("\n");
    }
    let keys = Keys::listen();
    if keys.are_read() {
        context.console.talk("q ends · space pauses · + faster · - slower\n");
    }
    let (mut pace, mut width) = (PACE, 0);
    for (i, chunk) in points.chunks(every).enumerate() {
        let now = bar_of(columns());
        if now != width {
            // The first line, or the terminal has another size: the columns move.
            width = now;
            context.data(&head(a, width))?;
        }
        context.data(&line(a, chunk, i * every, width))?;
        let mut key = keys.wait(pace);
        while let Some(pressed) = key {
            key = match pressed {
                Key::Quit => {
                    return context.data("\n");
                }
                Key::Faster => {
                    pace = (pace / 2).max(PACES.0);
                    None
                }
                Key::Slower => {
                    pace = (pace * 2).min(PACES.1);
                    None
                }
                Key::Pause => loop {
                    // The same key goes on; any other does as well, with what it means.
                    match keys.wait(Duration::from_secs(3_600)) {
                        Some(Key::Pause) => break None,
                        Some(other) => break Some(other),
                        None => {}
                    }
                },
            };
        }
    }
    context.data("\n")
}

/// What the letters mean that occur in this run, and the columns.
fn head(a: &Answer, width: usize) -> String {
    let points = &a.outcome.series;
    let mut words: Vec<String> = JobClass::ALL
        .iter()
        .enumerate()
        .filter(|(i, _)| points.iter().any(|p| p.busy[*i] > 0.0))
        .map(|(i, class)| format!("{} {}", LETTERS[i], class.name()))
        .collect();
    if points.iter().any(|p| p.down > 0.0) {
        words.push(format!("{DOWN} out of service"));
    }
    words.push("· idle".to_owned());
    let mut out = String::new();
    let _ = writeln!(out, "  {}", words.join("   "));
    let power = if a.energy.is_some() { "      power" } else { "" };
    let _ = writeln!(out, "  {:>3} {:<5}  {:<width$}    busy  waiting{power}", "day", "time", "");
    out
}

fn line(a: &Answer, chunk: &[Sample], first: usize, width: usize) -> String {
    let Some(last) = chunk.last() else { return String::new() };
    let gpus = a.setting.site.layout.gpus() as f64;
    let n = chunk.len() as f64;
    let mut bar = String::new();
    let mut filled = 0.0;
    let mut draw = |letter: char, share: f64| {
        let before = (filled * width as f64).round() as usize;
        filled += share;
        let after = ((filled * width as f64).round() as usize).min(width);
        bar.extend(std::iter::repeat_n(letter, after.saturating_sub(before)));
    };
    for (i, letter) in LETTERS.iter().enumerate() {
        draw(*letter, chunk.iter().map(|s| s.busy[i]).sum::<f64>() / n / gpus);
    }
    draw(DOWN, chunk.iter().map(|s| s.down).sum::<f64>() / n / gpus);
    let busy = chunk.iter().map(Sample::busy_all).sum::<f64>() / n / gpus;
    // The beginning of the span: the first line is midnight.
    let step = a.setting.settings.sample.unwrap_or(1);
    let at = chunk.first().map_or(0, |s| s.at - step);
    let mut out = String::new();
    let _ = write!(
        out,
        "  {:>3} {:02}:{:02} |{bar:·<width$}| {:>5.1} %  {:>7}",
        at / 86_400,
        at / 3_600 % 24,
        at / 60 % 60,
        100.0 * busy,
        last.queued
    );
    if let Some(mw) = a.energy.as_ref().and_then(|e| e.facility.get(first + chunk.len() - 1)) {
        let _ = write!(out, "  {mw:>6.1} MW");
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_follows_the_terminal_within_bounds() {
        assert_eq!([None, Some(20), Some(80), Some(400)].map(bar_of), [40, 10, 36, 100]);
    }
}

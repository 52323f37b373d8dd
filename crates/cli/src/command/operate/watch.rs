//! The days going by in the terminal: one line for each step, a bar of what the accelerators do.

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::time::Duration;

use gigatwin_operations::{JobClass, Sample};

use super::Answer;
use crate::context::Context;
use crate::exit::Fault;

/// Lines of a run; longer runs show every so many samples.
const LINES: usize = 96;
const BAR: f64 = 40.0;

pub(super) fn play(context: &Context, a: &Answer) -> Result<(), Fault> {
    let points = &a.outcome.series;
    let every = points.len().div_ceil(LINES).max(1);
    let moving = std::io::stdout().is_terminal();
    context.data("  time      b batch · i interactive · s serving · c campaign · d development · x down     busy  waiting\n")?;
    for chunk in points.chunks(every) {
        let Some(last) = chunk.last() else { continue };
        let power = a.energy.as_ref().and_then(|e| {
            let i = points.iter().position(|p| p.at == last.at)?;
            e.facility.get(i).copied()
        });
        context.data(&line(a, chunk, last, power))?;
        if moving {
            // Only a person at a terminal is shown time going by.
            std::thread::sleep(Duration::from_millis(60));
        }
    }
    context.data("\n")
}

fn line(a: &Answer, chunk: &[Sample], last: &Sample, power: Option<f64>) -> String {
    let gpus = a.setting.site.layout.gpus() as f64;
    let n = chunk.len() as f64;
    let letters = ['b', 'i', 's', 'c', 'd'];
    let mut bar = String::new();
    let mut filled = 0.0;
    let mut draw = |letter: char, share: f64| {
        let before = (filled * BAR).round() as usize;
        filled += share;
        let after = ((filled * BAR).round() as usize).min(BAR as usize);
        bar.extend(std::iter::repeat_n(letter, after.saturating_sub(before)));
    };
    for (i, letter) in letters.iter().enumerate().take(JobClass::ALL.len()) {
        draw(*letter, chunk.iter().map(|s| s.busy[i]).sum::<f64>() / n / gpus);
    }
    draw('x', chunk.iter().map(|s| s.down).sum::<f64>() / n / gpus);
    let busy = chunk.iter().map(Sample::busy_all).sum::<f64>() / n / gpus;
    let at = last.at - 1;
    let mut out = String::new();
    let _ = write!(
        out,
        "  {:>3} {:02}:{:02} |{bar:.<40}| {:>5.1} %  {:>6}",
        at / 86_400,
        at / 3_600 % 24,
        at / 60 % 60,
        100.0 * busy,
        last.queued
    );
    if let Some(mw) = power {
        let _ = write!(out, "  {mw:>6.1} MW");
    }
    out.push('\n');
    out
}

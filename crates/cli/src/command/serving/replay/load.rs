//! What is asked: a trace, or a generated stream.

use gigatwin_factory::diagnostic::{Diagnostic, Sources, Span};
use gigatwin_quantity::{Share, Time};
use gigatwin_serving::event::trace::{self, Fault as TraceFault};
use gigatwin_serving::event::{ArrivalLaw, Burst, LengthMix, Stream, Trace, generate};
use gigatwin_serving::site::{DAYS, day};

use super::target::Target;
use crate::args::replay::{Load, Replay};
use crate::context::Context;
use crate::exit::Fault;
use crate::{diagnostics, files};

/// Mean lengths where nothing says otherwise.
pub(super) const PROMPT: f64 = 1024.0;
pub(super) const ANSWER: f64 = 256.0;
/// Faults of a trace that are shown; more say no more.
const SHOWN: usize = 200;

/// Where requests come from.
pub(super) struct Requests {
    pub trace: Trace,
    /// For the page.
    pub origin: String,
    /// What the hash of the inputs covers.
    pub text: String,
}

/// Reads or generates; `None` where a trace has faults, which are reported.
pub(super) fn requests(context: &Context, args: &Replay, target: &Target) -> Result<Option<Requests>, Fault> {
    let most = args.load.first.unwrap_or(usize::MAX);
    match &args.load.trace {
        Some(path) => {
            let text = files::read_text(&context.messages, path)?;
            match trace::read(&text, most) {
                Ok((format, trace)) => {
                    let name =
                        path.file_name().map_or_else(|| "-".to_owned(), |n| n.to_string_lossy().into_owned());
                    Ok(Some(Requests { trace, origin: format!("{name} ({})", format.word()), text }))
                }
                Err(faults) => {
                    report(context, &path.display().to_string(), text, &faults)?;
                    Ok(None)
                }
            }
        }
        None => {
            let stream = stream(&args.load, target, most)?;
            let mut trace = generate(&stream, context.seed).map_err(|e| {
                bad(e.to_string(), "gigatwin serving replay --help lists the options of streams")
            })?;
            if let Some(p) = target.inputs.shared_prefix {
                trace.share_prefix(p.tokens as u32, p.groups as u32, args.plant.block, context.seed);
            }
            if trace.requests.is_empty() {
                return Err(bad("the stream has no request".to_owned(), "raise --rate or --duration"));
            }
            let origin = format!(
                "generated, {} per second for {}",
                context.figures().plain(stream.rate),
                stream.duration
            );
            Ok(Some(Requests { trace, origin, text: format!("{stream:?}") }))
        }
    }
}

fn bad(message: String, hint: &str) -> Fault {
    Fault::NotUnderstood { code: "G569", message, hint: hint.to_owned(), file: None }
}

fn stream(load: &Load, target: &Target, most: usize) -> Result<Stream, Fault> {
    let mut faults: Vec<(String, String)> = Vec::new();
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|v| v.is_finite());
    let law = match load.arrivals.split_once(':') {
        None if load.arrivals == "poisson" => Some(ArrivalLaw::Poisson),
        Some(("gamma", cv)) => number(cv).map(|cv| ArrivalLaw::Gamma { cv }),
        Some(("weibull", cv)) => number(cv).map(|cv| ArrivalLaw::Weibull { cv }),
        _ => None,
    };
    if law.is_none() {
        let hint = "poisson, gamma:CV or weibull:CV, such as gamma:1.1".to_owned();
        faults.push((format!("--arrivals: \"{}\" is no law of gaps", load.arrivals), hint));
    }
    let course = day(&load.day);
    if course.is_none() {
        faults.push((
            format!("--day: unknown course \"{}\"", load.day),
            format!("one of: {}", DAYS.join(", ")),
        ));
    }
    let burst = load.burst.as_ref().map(|text| {
        let parts: Vec<Option<f64>> = text.split(':').map(number).collect();
        match parts[..] {
            [Some(share), Some(factor), Some(length)] if share >= 0.0 => {
                Some(Burst { share: Share::from_fraction(share), factor, length: Time::from_s(length) })
            }
            _ => {
                faults.push((
                    format!("--burst: \"{text}\" cannot be read"),
                    "SHARE:FACTOR:SECONDS, such as 0.05:4:30".to_owned(),
                ));
                None
            }
        }
    });
    if load.long_prompts.is_nan() || load.long_prompts < 0.0 {
        faults.push((format!("--long-prompts: {} is no share", load.long_prompts), "zero to one".to_owned()));
    }
    let (Some(law), true) = (law, faults.is_empty()) else {
        let hints: Vec<String> = faults.iter().map(|f| f.1.clone()).collect();
        let messages: Vec<String> = faults.into_iter().map(|f| f.0).collect();
        return Err(bad(messages.join("; "), &hints.join("; ")));
    };
    let planned = target.demand.map(|(lengths, rate, ..)| (lengths.prompt, lengths.answer, rate));
    let (prompt, answer, rate) = planned.unwrap_or((PROMPT, ANSWER, 1.0));
    Ok(Stream {
        duration: Time::from_s(load.duration),
        rate: load.rate.unwrap_or(rate),
        law,
        day: if load.day == "flat" { None } else { course },
        burst: burst.flatten(),
        lengths: LengthMix {
            prompt: load.prompt.unwrap_or(prompt),
            prompt_cv: load.prompt_cv,
            tail: Share::from_fraction(load.long_prompts),
            answer: load.answer.unwrap_or(answer),
        },
        most: most.min(MOST),
    })
}

/// No stream is longer: a stream of tens of millions is a mistyped rate.
const MOST: usize = 20_000_000;

/// Reports the faults of a trace with their lines.
fn report(context: &Context, name: &str, text: String, faults: &[TraceFault]) -> Result<(), Fault> {
    let mut starts = vec![0_usize];
    starts.extend(text.match_indices('\n').map(|(i, _)| i + 1));
    let end = text.len();
    let mut sources = Sources::default();
    let file = sources.add(name, text);
    let place = |line: usize| {
        let start = starts.get(line - 1).copied().unwrap_or(end);
        let stop = starts.get(line).map_or(end, |s| s - 1).max(start);
        Span { file, start: start as u32, end: stop as u32 }
    };
    let list: Vec<Diagnostic> = faults
        .iter()
        .take(SHOWN)
        .map(|f| Diagnostic::error(f.kind.code(), place(f.line), f.kind.to_string(), f.kind.hint()))
        .collect();
    diagnostics::report(context, &sources, &list)?;
    if faults.len() > SHOWN {
        context.console.must_say(&format!("and {} more faults of this trace\n", faults.len() - SHOWN));
    }
    Ok(())
}

//! A step's timeline: as a picture in the terminal, and as a file for trace viewers.

use std::fmt::Write as _;
use std::path::Path;

use gigatwin_quantity::{Dim, Quantity};
use gigatwin_training::{Layout, PARTS, Stream, Timeline, Work, timeline};
use serde_json::{Value, json};

use super::target::Chosen;
use crate::context::Context;
use crate::exit::Fault;
use crate::files;

/// Columns of the picture.
const WIDTH: usize = 72;
/// Stages that are drawn.
const ROWS: u32 = 16;
/// Passes up to which a trace file splits each into its parts.
const DETAILED: u64 = 40_000;

/// What the options ask for: nothing, the picture, the file.
pub struct Wanted<'a> {
    /// Whether the picture is printed.
    pub explain: bool,
    /// Where the trace goes.
    pub trace: Option<&'a Path>,
}

/// Text to append to the page and what machines get, where anything is wanted.
///
/// # Errors
/// Where the file cannot be written.
pub fn answer(
    context: &Context,
    chosen: &Chosen,
    layout: &Layout,
    wanted: &Wanted<'_>,
) -> Result<Option<(String, Value)>, Fault> {
    if !wanted.explain && wanted.trace.is_none() {
        return Ok(None);
    }
    let passes = 3 * layout.pp as u64 * u64::from(layout.vpp) * u64::from(layout.micro_batches());
    let detail = passes <= DETAILED;
    let t = timeline(&chosen.task.job(), layout, detail).map_err(|e| Fault::NotUnderstood {
        code: "G523",
        message: e.to_string(),
        hint: String::new(),
        file: Some(chosen.source.clone()),
    })?;
    if let Some(path) = wanted.trace {
        let text = trace(chosen, &t).to_string();
        files::write(&context.messages, path, text.as_bytes())?;
    }
    let text = if wanted.explain { picture(context, &t) } else { String::new() };
    let value = json!({
        "stages": t.stages,
        "slowest_stage": t.slowest,
        "pipeline_s": t.pipeline.s(),
        "played_s": t.played.s(),
        "passes": t.passes,
        "spans": t.spans.len(),
        "detailed": detail,
        "trace": wanted.trace.map(|p| p.display().to_string()),
    });
    Ok(Some((text, value)))
}

/// The format that chrome://tracing and Perfetto read: complete events in microseconds, one process per stage, one thread per
/// stream.
fn trace(chosen: &Chosen, t: &Timeline) -> Value {
    let mut events = Vec::new();
    for stage in 0..t.stages {
        let name = if stage == t.slowest { " (slowest)" } else { "" };
        events.push(json!({"ph": "M", "name": "process_name", "pid": stage, "args": {"name": format!("stage {stage}{name}")}}));
        events.push(
            json!({"ph": "M", "name": "process_sort_index", "pid": stage, "args": {"sort_index": stage}}),
        );
        for (tid, stream) in STREAMS.iter().enumerate() {
            events.push(json!({"ph": "M", "name": "thread_name", "pid": stage, "tid": tid, "args": {"name": word(*stream)}}));
        }
    }
    for s in &t.spans {
        let name = match s.of {
            Some((work, micro, _)) => format!("{} {}{micro}", PARTS[s.part], letter(work)),
            None => PARTS[s.part].to_owned(),
        };
        let of = s
            .of
            .map(|(work, micro, chunk)| json!({"pass": pass(work), "micro_batch": micro, "chunk": chunk}));
        events.push(json!({
            "ph": "X",
            "name": name,
            "cat": PARTS[s.part],
            "pid": s.stage,
            "tid": STREAMS.iter().position(|x| *x == s.stream),
            "ts": s.start.us(),
            "dur": s.length.us(),
            "args": of,
        }));
    }
    json!({
        "displayTimeUnit": "ms",
        "otherData": {
            "gigatwin": chosen.stamp.version,
            "run": chosen.task.name,
            "inputs_sha256": chosen.stamp.inputs_sha256,
            "step_s": t.step.s(),
            "played_pipeline_s": t.played.s(),
            "note": "one rank of each stage; all ranks of a stage are alike",
        },
        "traceEvents": events,
    })
}

const STREAMS: [Stream; 5] = [Stream::Chip, Stream::Tensor, Stream::Context, Stream::Expert, Stream::Data];

fn word(stream: Stream) -> &'static str {
    match stream {
        Stream::Chip => "chip",
        Stream::Tensor => "tensor collectives",
        Stream::Context => "context exchange",
        Stream::Expert => "expert exchange",
        Stream::Data => "gradients and weights",
    }
}

fn letter(work: Work) -> char {
    match work {
        Work::Forward => 'F',
        Work::Backward => 'B',
        Work::WeightGradient => 'W',
    }
}

fn pass(work: Work) -> &'static str {
    match work {
        Work::Forward => "forward",
        Work::Backward => "backward",
        Work::WeightGradient => "weight gradients",
    }
}

/// What a slice of a stage's time is mostly.
const KINDS: [(char, &str); 8] = [
    ('F', "forward"),
    ('B', "backward"),
    ('W', "weight gradients"),
    ('.', "waiting"),
    ('d', "gradients and weights"),
    ('o', "optimizer"),
    ('h', "host"),
    ('~', "slowest rank"),
];

fn kind(s: &gigatwin_training::Span) -> usize {
    match (s.of, PARTS[s.part]) {
        (Some((Work::Forward, ..)), _) => 0,
        (Some((Work::Backward, ..)), _) => 1,
        (Some((Work::WeightGradient, ..)), _) => 2,
        (None, "data") => 4,
        (None, "optimizer") => 5,
        (None, "host") => 6,
        (None, "straggler") => 7,
        (None, _) => 3,
    }
}

/// One row per stage, one column per slice of the step: the letter of what fills most of it; x where forward and backward passes
/// take turns within it.
fn picture(context: &Context, t: &Timeline) -> String {
    let f = context.figures();
    let whole = t.step.s();
    let stages: Vec<u32> = if t.stages <= ROWS {
        (0..t.stages).collect()
    } else {
        (0..ROWS).map(|i| i * (t.stages - 1) / (ROWS - 1)).collect()
    };
    let mut out = String::from("\nTimeline of the step, one row per stage\n");
    let mut used = [false; KINDS.len()];
    let mut mixed = false;
    for stage in stages {
        let mut cells = vec![[0.0; KINDS.len()]; WIDTH];
        for s in t.spans.iter().filter(|s| s.stage == stage && s.stream == Stream::Chip) {
            let scale = WIDTH as f64 / whole;
            let (from, to) = (s.start.s() * scale, (s.start + s.length).s() * scale);
            let mut at = from;
            while at < to {
                let cell = (at.floor() as usize).min(WIDTH - 1);
                let end = to.min((cell + 1) as f64);
                if end <= at {
                    break;
                }
                cells[cell][kind(s)] += end - at;
                at = end;
            }
        }
        let row: String = cells
            .iter()
            .map(|c| {
                let most = (0..c.len()).fold(0, |m, i| if c[i] > c[m] { i } else { m });
                if most <= 1 && c[0] > 0.25 && c[1] > 0.25 {
                    mixed = true;
                    return 'x';
                }
                used[most] = true;
                KINDS[most].0
            })
            .collect();
        let mark = if stage == t.slowest { '*' } else { ' ' };
        let _ = writeln!(out, "  {stage:>3}{mark} {row}");
    }
    let mut legend: Vec<String> =
        KINDS.iter().zip(used).filter(|k| k.1).map(|((c, name), _)| format!("{c} {name}")).collect();
    if mixed {
        legend.insert(0, "x forward and backward in turn".to_owned());
    }
    let _ = writeln!(out, "  {}", legend.join(" · "));
    let _ = writeln!(
        out,
        "  A column is {}; * is the slowest stage. Played event by event the pipeline takes {},\n  the closed form counts {}; waits are drawn so that the step is the closed form's.",
        f.value(Dim::Time, whole / WIDTH as f64),
        f.value(Dim::Time, t.played.base()),
        f.value(Dim::Time, t.pipeline.base()),
    );
    out
}

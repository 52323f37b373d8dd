//! The pilot's report.

use gigatwin_pilot::{Report, StepStatus};

use crate::console::bold;
use crate::context::Context;
use crate::layout::{PAGE, Side, table, wrap};

/// What was done, then every prediction beside its measurement, worst first.
pub(super) fn page(context: &Context, report: &Report) -> String {
    let colour = context.console.out_colour;
    let mut out = format!("{}\n\n", bold(&format!("Pilot · {}", report.engines.join(" · ")), colour));
    for (name, status) in &report.steps {
        let (mark, said) = match status {
            StepStatus::Done { said } => ("done", said),
            StepStatus::Skipped { why } => ("left out", why),
        };
        for (i, line) in wrap(said, PAGE - 22).iter().enumerate() {
            let (name, mark) = if i == 0 { (name.as_str(), mark) } else { ("", "") };
            out.push_str(&format!("  {name:<10}  {mark:<8}  {line}\n"));
        }
    }
    if report.scores.is_empty() {
        out.push_str("\n  Nothing was predicted: the chip could not be measured.\n");
        return out;
    }
    let head = ["figure", "of", "predicted", "band", "measured", "spread", "error", "in band"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let mut scores: Vec<_> = report.scores.iter().collect();
    scores.sort_by(|a, b| b.error_pct().abs().total_cmp(&a.error_pct().abs()));
    for s in scores {
        let spread = if s.measurements > 1 {
            format!("[{}–{}] of {}", short(s.measured_low), short(s.measured_high), s.measurements)
        } else {
            String::new()
        };
        rows.push(vec![
            s.metric.to_owned(),
            s.id.clone(),
            short(s.predicted),
            format!("[{}–{}]", short(s.low), short(s.high)),
            short(s.measured),
            spread,
            format!("{:+.1} %", s.error_pct()),
            if s.in_band() { "yes" } else { "no" }.to_owned(),
        ]);
    }
    let right = Side::Right;
    out.push('\n');
    out.push_str(&table(&[Side::Left, Side::Left, right, right, right, right, right, right], &rows));
    out.push('\n');
    let note = "Predicted from micro-benchmarks of the chip and of Slurm before the jobs ran; the spread is that of the runs, steps \
                or requests measured. Errors are of the prediction, in per cent of the measurement.";
    for line in wrap(note, PAGE - 2) {
        out.push_str(&format!("  {line}\n"));
    }
    out
}

fn short(v: f64) -> String {
    if v.abs() >= 100.0 {
        format!("{v:.0}")
    } else {
        format!("{:.*}", if v.abs() >= 10.0 { 1 } else { 3 }, v)
    }
}

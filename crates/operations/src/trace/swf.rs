use super::links::Tie;
use super::{Draft, Row, TraceError, cut_off};
use crate::job::Seconds;

/// Reads the Standard Workload Format: comments with `;`, then 18 columns; −1 means unknown
/// (Chapin et al., Benchmarks and Standards for the Evaluation of Parallel Job Schedulers, 1999).
pub(super) fn read(text: &str) -> Result<Draft, TraceError> {
    let mut draft = Draft::default();
    let mut promised = None;
    let mut rows = 0_usize;
    let lines = text.lines().count();
    for (i, line) in text.lines().enumerate() {
        let line_no = i + 1;
        let trimmed = line.trim();
        if let Some(comment) = trimmed.strip_prefix(';') {
            if let Some((key, value)) = comment.split_once(':') {
                let value = value.split_whitespace().next().and_then(|v| v.parse::<u32>().ok());
                match key.trim() {
                    "MaxProcs" => draft.trace.machine = value.or(draft.trace.machine),
                    "MaxNodes" if draft.trace.machine.is_none() => draft.trace.machine = value,
                    "MaxJobs" => promised = value,
                    _ => {}
                }
            }
            continue;
        }
        if trimmed.is_empty() || !trimmed.is_ascii() {
            if !trimmed.is_empty() {
                draft.leave_out(line_no, "G582", "characters that are no numbers");
            }
            continue;
        }
        rows += 1;
        let fields: Vec<&str> = trimmed.split_whitespace().collect();
        if fields.len() < 18 {
            if line_no == lines && !text.ends_with('\n') {
                return Err(cut_off(text, line_no));
            }
            draft.leave_out(line_no, "G582", format!("{} columns instead of 18", fields.len()));
            continue;
        }
        let mut bad = None;
        let mut get = |c: usize| match fields[c].parse::<f64>() {
            Ok(v) if v.is_finite() && v.abs() < 9e15 => v as i64,
            _ => {
                bad.get_or_insert((c, fields[c]));
                -1
            }
        };
        let known = |v: i64| (v != -1).then_some(v);
        let (id, submit, wait, run) = (get(0), get(1), get(2), get(3));
        let (got, asked, limit, user) = (get(4), get(7), get(8), get(11));
        let (qos, before, state) = (get(14), get(16), get(10));
        if let Some((column, field)) = bad {
            draft.leave_out(line_no, "G582", format!("column {} holds `{field}`, no number", column + 1));
            continue;
        }
        let start: Option<Seconds> = known(wait).filter(|w| *w >= 0).map(|w| submit + w);
        draft.add(Row {
            line: line_no,
            id: u64::try_from(id).unwrap_or(line_no as u64),
            submit: known(submit),
            start,
            end: start.zip(known(run)).map(|(s, r)| s + r),
            runtime: known(run),
            limit: known(limit).filter(|l| *l != 0),
            nodes: known(asked).or(known(got)),
            tenant: format!("user {user}"),
            // The standard: it "can only start after the termination of this preceding job"; the think time is in the submission.
            tie: Tie {
                depends: u64::try_from(before).ok().filter(|b| *b > 0).map(|b| format!("afterany:{b}")),
                fails: state == 0 || state == 5,
                ..Tie::default()
            },
            qos: if qos < 0 { "normal".to_owned() } else { format!("queue {qos}") },
            ..Row::default()
        });
    }
    if let Some(n) = promised
        && n as usize != rows
    {
        draft.trace.notes.push(format!("the header speaks of {n} jobs, the file holds {rows}"));
    }
    Ok(draft)
}

use super::time::stamp;
use super::{Draft, Row, TraceError, cut_off};
use crate::job::Seconds;

/// Walks a CSV file by column names.
fn walk(
    text: &str,
    needed: &[&str],
    mut each: impl FnMut(&mut Draft, usize, &dyn Fn(&str) -> Option<String>),
) -> Result<Draft, TraceError> {
    let mut draft = Draft::default();
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let bad = |e: &csv::Error| TraceError {
        code: "G581",
        line: e.position().map_or(1, |p| p.line() as usize),
        message: format!("no table: {e}"),
        hint: "a comma-separated file with a header is wanted".to_owned(),
    };
    let header = reader.headers().map_err(|e| bad(&e))?.clone();
    let column = |name: &str| header.iter().position(|h| h.trim().eq_ignore_ascii_case(name));
    let absent: Vec<&str> = needed.iter().copied().filter(|n| column(n).is_none()).collect();
    if !absent.is_empty() {
        return Err(TraceError {
            code: "G581",
            line: 1,
            message: format!("the header lacks {}", absent.join(", ")),
            hint: "name the format of the file with --format".to_owned(),
        });
    }
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|e| bad(&e))? {
        let line = record.position().map_or(0, |p| p.line() as usize);
        if record.len() < header.len() {
            if reader.position().byte() as usize >= text.len() && !text.ends_with('\n') {
                return Err(cut_off(text, line));
            }
            draft.leave_out(line, "G582", format!("{} columns instead of {}", record.len(), header.len()));
            continue;
        }
        let get = |name: &str| {
            column(name).and_then(|c| record.get(c)).map(|f| f.trim().to_owned()).filter(|f| !f.is_empty())
        };
        each(&mut draft, line, &get);
    }
    Ok(draft)
}

fn seconds(field: Option<String>) -> Option<Seconds> {
    let field = field?;
    field
        .parse::<f64>()
        .ok()
        .filter(|v| v.is_finite() && v.abs() < 9e15)
        .map(|v| v as Seconds)
        .or_else(|| stamp(&field))
}

fn count(field: Option<String>) -> Option<i64> {
    field?.parse::<f64>().ok().filter(|v| v.is_finite() && v.abs() < 1e9).map(|v| v.ceil() as i64)
}

/// `timestamp, duration, num_gpus[, cluster]`: the table derived from the Philly trace. It knows neither waits nor limits.
pub(super) fn philly(text: &str) -> Result<Draft, TraceError> {
    walk(text, &["timestamp", "duration", "num_gpus"], |draft, line, get| {
        draft.add(Row {
            line,
            id: line as u64,
            submit: seconds(get("timestamp")),
            runtime: seconds(get("duration")),
            gpus: count(get("num_gpus")),
            tenant: get("cluster").unwrap_or_else(|| "all".into()),
            qos: "normal".into(),
            ..Row::default()
        });
    })
}

/// `job_id, user, gpu_num, state, submit_time, start_time, end_time, duration`: the Acme and Helios traces. Jobs without an
/// accelerator are left out.
pub(super) fn acme(text: &str) -> Result<Draft, TraceError> {
    walk(text, &["submit_time", "gpu_num"], |draft, line, get| {
        let gpus = count(get("gpu_num"));
        if gpus == Some(0) {
            draft.leave_out(line, "G582", "a job without accelerators");
            return;
        }
        let digits: String =
            get("job_id").unwrap_or_default().chars().filter(char::is_ascii_digit).take(18).collect();
        let (start, end) = (seconds(get("start_time")), seconds(get("end_time")));
        draft.add(Row {
            line,
            id: digits.parse().unwrap_or(line as u64),
            submit: seconds(get("submit_time")),
            start,
            end,
            runtime: seconds(get("duration")).or(start.zip(end).map(|(s, e)| e - s)),
            gpus,
            nodes: count(get("node_num")),
            tenant: get("user").unwrap_or_else(|| "all".into()),
            qos: get("type").or(get("queue")).unwrap_or_else(|| "normal".into()),
            ..Row::default()
        });
    })
}

/// Pods of Alibaba's openb. A pod is held from its scheduling to its deletion; parts of an accelerator count as one.
pub(super) fn openb(text: &str) -> Result<Draft, TraceError> {
    walk(text, &["creation_time", "deletion_time", "num_gpu"], |draft, line, get| {
        let gpus = count(get("num_gpu"));
        if gpus == Some(0) {
            draft.leave_out(line, "G582", "a pod without accelerators");
            return;
        }
        let name = get("name").unwrap_or_default();
        let digits: String = name.chars().filter(char::is_ascii_digit).take(18).collect();
        let start = seconds(get("scheduled_time"));
        if start.is_none() {
            draft.leave_out(line, "G582", format!("pod {name} was never scheduled"));
            return;
        }
        let end = seconds(get("deletion_time"));
        draft.add(Row {
            line,
            id: digits.parse().unwrap_or(line as u64),
            submit: seconds(get("creation_time")),
            start,
            end,
            gpus,
            tenant: "all".into(),
            qos: get("qos").unwrap_or_else(|| "normal".into()),
            ..Row::default()
        });
    })
}

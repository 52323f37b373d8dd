use super::links::{Tie, failed, job_and_task, throttle};
use super::time::{span, stamp};
use super::{Draft, Row, TraceError, cut_off};

/// Accelerators in a TRES list: `gres/gpu=96`, or the sum of typed ones (`gres/gpu:h100=8`) where the plain one is absent.
fn gpus(tres: &str) -> Option<i64> {
    let mut typed = None;
    for (key, value) in tres.split(',').filter_map(|t| t.split_once('=')) {
        if key == "gres/gpu" {
            return value.parse().ok();
        }
        if key.starts_with("gres/gpu:") {
            *typed.get_or_insert(0) += value.parse::<i64>().ok()?;
        }
    }
    typed
}

/// What a second costs by the weights of the accounting: `billing=256`.
fn billing(tres: &str) -> Option<u32> {
    tres.split(',').find_map(|t| t.strip_prefix("billing=")).and_then(|n| n.parse().ok())
}

/// Reads `sacct -P` output by the names of its columns; `JobID` and `Submit` are needed, and a size, a start and an end for a job
/// to be run. Times are taken as they stand, without a zone.
pub(super) fn read(text: &str) -> Result<Draft, TraceError> {
    let mut draft = Draft::default();
    let mut lines = text.lines().enumerate().filter(|(_, l)| !l.trim().is_empty());
    let header: Vec<String> = lines
        .next()
        .map(|(_, l)| l.split('|').map(|c| c.trim().to_ascii_lowercase()).collect())
        .unwrap_or_default();
    let column = |name: &str| header.iter().position(|h| h == name);
    let wanted = ["jobid", "submit", "start", "end"];
    let absent: Vec<&str> = wanted.into_iter().filter(|w| column(w).is_none()).collect();
    if !absent.is_empty() {
        return Err(TraceError {
            code: "G581",
            line: 1,
            message: format!("the header lacks {}", absent.join(", ")),
            hint: "sacct -aXP -D --format=JobID,User,Account,QOS,Partition,Submit,Eligible,Start,End,Timelimit,State,NNodes,AllocTRES,ReqTRES,SubmitLine".into(),
        });
    }
    let total = text.lines().count();
    let (mut steps, mut unlimited) = (0, 0);
    for (i, line) in lines {
        let line_no = i + 1;
        let fields: Vec<&str> = line.split('|').map(str::trim).collect();
        if fields.len() < header.len() {
            if line_no == total && !text.ends_with('\n') {
                return Err(cut_off(text, line_no));
            }
            draft.leave_out(line_no, "G582", format!("{} columns instead of {}", fields.len(), header.len()));
            continue;
        }
        let get = |name: &str| column(name).map(|c| fields[c]).filter(|f| !f.is_empty());
        let job = get("jobid").unwrap_or("");
        if job.contains('.') {
            steps += 1;
            continue;
        }
        let (number, task) = job_and_task(job).unwrap_or((line_no as u64, None));
        let start = get("start").and_then(stamp);
        let state = get("state").unwrap_or("");
        if start.is_none() {
            if let Some(most) = throttle(job).filter(|_| job.contains('[')) {
                draft.throttles.insert(number, most);
            }
            draft.leave_out(line_no, "G582", format!("job {job} never started ({state})"));
            continue;
        }
        let end = get("end").and_then(stamp);
        if end.is_none() && get("elapsed").and_then(span).is_none() {
            draft.leave_out(line_no, "G582", format!("job {job} has no end ({state})"));
            continue;
        }
        let limit = get("timelimit").and_then(span).filter(|l| *l > 0);
        if limit.is_none() && get("timelimit").is_some() {
            unlimited += 1;
        }
        let alloc = get("alloctres").and_then(gpus);
        let mut tie = Tie {
            task,
            depends: get("dependency").filter(|d| *d != "(null)").map(str::to_owned),
            name: get("user").zip(get("jobname")).map(|(u, n)| (u.to_owned(), n.to_owned())),
            fails: failed(state),
            ..Tie::default()
        };
        if let Some(line) = get("submitline") {
            tie.take_submit_line(line);
        }
        draft.add(Row {
            line: line_no,
            id: number,
            submit: get("submit").and_then(stamp),
            start,
            end,
            runtime: match (start, end) {
                (Some(s), Some(e)) => Some(e - s),
                _ => get("elapsed").and_then(span),
            },
            limit,
            eligible: get("eligible").and_then(stamp),
            billing: get("alloctres").and_then(billing),
            user: get("user").unwrap_or_default().to_owned(),
            nodes: get("nnodes").or(get("allocnodes")).and_then(|n| n.parse().ok()),
            gpus: alloc.or(get("reqtres").and_then(gpus)),
            tenant: get("account").or(get("user")).unwrap_or("unknown").to_owned(),
            qos: get("qos").unwrap_or("normal").to_owned(),
            partition: get("partition").map(str::to_owned),
            tie,
        });
    }
    let unknown: Vec<&str> = [
        ("submitline", "SubmitLine: dependencies and throttles of arrays are not known"),
        ("eligible", "Eligible: begin times are not known"),
    ]
    .into_iter()
    .filter(|(name, _)| column(name).is_none() && (*name == "eligible" || column("dependency").is_none()))
    .map(|(_, why)| why)
    .collect();
    if !unknown.is_empty() {
        draft.trace.notes.push(format!("the dump lacks {}", unknown.join("; and ")));
    }
    if steps > 0 {
        draft.trace.notes.push(format!("{steps} rows are steps of jobs (use -X to leave them out)"));
    }
    if unlimited > 0 {
        draft
            .trace
            .notes
            .push(format!("{unlimited} jobs name no limit of their own (UNLIMITED or the partition's)"));
    }
    Ok(draft)
}

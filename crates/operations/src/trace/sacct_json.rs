use serde_json::Value;

use super::links::{Tie, failed};
use super::{Draft, Row, TraceError};

/// A number in any of Slurm's JSON dialects: plain, or `{"set": true, "infinite": false, "number": n}`.
fn number(v: &Value) -> Option<i64> {
    if let Some(n) = v.as_i64() {
        return Some(n);
    }
    let set = v.get("set").and_then(Value::as_bool).unwrap_or(true);
    let infinite = v.get("infinite").and_then(Value::as_bool).unwrap_or(false);
    if set && !infinite { v.get("number").and_then(Value::as_i64) } else { None }
}

fn text(v: Option<&Value>) -> Option<String> {
    match v? {
        Value::String(s) if !s.is_empty() => Some(s.clone()),
        Value::Array(a) => text(a.first()),
        _ => None,
    }
}

fn tres(v: Option<&Value>, kind: &str, name: Option<&str>) -> Option<i64> {
    v?.as_array()?
        .iter()
        .filter(|t| {
            t.get("type").and_then(Value::as_str) == Some(kind)
                && name.is_none_or(|n| {
                    t.get("name").and_then(Value::as_str).is_some_and(|x| x == n || x.starts_with("gpu:"))
                })
        })
        .find_map(|t| t.get("count").and_then(number))
}

/// What the job says about others: its array with the task and how many of them run at once, its `dependency` where a dump of the controller has
/// one, its name.
fn tie(job: &Value, state: &str) -> Tie {
    let array = job.get("array").filter(|a| a.get("job_id").and_then(number).is_some_and(|n| n > 0));
    let most = array
        .and_then(|a| a.get("limits")?.get("max")?.get("running")?.get("tasks"))
        .or(array.and_then(|a| a.get("max_tasks")))
        .and_then(number);
    let mut tie = Tie {
        task: array.and_then(|a| a.get("task_id")).and_then(number).and_then(|t| u64::try_from(t).ok()),
        most: most.and_then(|m| u32::try_from(m).ok()),
        depends: text(job.get("dependency")),
        name: text(job.get("user").or(job.get("user_name"))).zip(text(job.get("name"))),
        fails: failed(state),
        ..Tie::default()
    };
    if let Some(line) = text(job.get("submit_line")) {
        tie.take_submit_line(&line);
    }
    tie
}

/// Reads `sacct --json` of Slurm 22.05 and later; field names that changed between releases are looked for under each.
pub(super) fn read(source: &str) -> Result<Draft, TraceError> {
    let root: Value = serde_json::from_str(source).map_err(|e| TraceError {
        code: if e.is_eof() { "G585" } else { "G581" },
        line: e.line(),
        message: if e.is_eof() { "the file stops in the middle".to_owned() } else { format!("no JSON: {e}") },
        hint: "write it again with sacct --json".to_owned(),
    })?;
    let jobs = root.get("jobs").and_then(Value::as_array).ok_or_else(|| TraceError {
        code: "G581",
        line: 1,
        message: "there is no list `jobs`".to_owned(),
        hint: "sacct --json writes one".to_owned(),
    })?;
    let mut draft = Draft::default();
    let says = |job: &Value| ["submit_line", "dependency"].iter().any(|key| job.get(*key).is_some());
    if !jobs.iter().any(says) {
        draft.trace.notes.push(
            "no job of the dump says how it was submitted (sacct -P with SubmitLine does): dependencies are not known"
                .to_owned(),
        );
    }
    for (i, job) in jobs.iter().enumerate() {
        let line = i + 1;
        // Tasks are known by the number of their array, as in `sacct -P`.
        let array = job.get("array").and_then(|a| a.get("job_id")).and_then(number).filter(|n| *n > 0);
        let id = array.or_else(|| job.get("job_id").and_then(number)).unwrap_or(line as i64);
        let time = job.get("time");
        let at = |name: &str| time.and_then(|t| t.get(name)).and_then(number).filter(|v| *v > 0);
        let state = text(job.get("state").and_then(|s| s.get("current").or(Some(s))));
        if at("start").is_none() {
            let state = state.clone().unwrap_or_default();
            draft.leave_out(line, "G582", format!("job {id} never started ({state})"));
            continue;
        }
        let allocated = job.get("tres").and_then(|t| t.get("allocated"));
        let requested = job.get("tres").and_then(|t| t.get("requested"));
        let gpus = tres(allocated, "gres", Some("gpu")).or_else(|| tres(requested, "gres", Some("gpu")));
        let nodes = job.get("allocation_nodes").and_then(number).filter(|n| *n > 0);
        draft.add(Row {
            line,
            id: u64::try_from(id).unwrap_or(line as u64),
            submit: at("submission"),
            start: at("start"),
            end: at("end"),
            runtime: match (at("start"), at("end")) {
                (Some(s), Some(e)) => Some(e - s),
                _ => None,
            },
            // Whole minutes.
            limit: at("limit").map(|m| m.saturating_mul(60)),
            nodes: nodes.or_else(|| tres(allocated, "node", None)),
            gpus,
            eligible: at("eligible"),
            billing: tres(allocated, "billing", None).and_then(|b| u32::try_from(b).ok()),
            user: text(job.get("user")).unwrap_or_default(),
            tenant: text(job.get("account"))
                .or_else(|| text(job.get("user")))
                .unwrap_or_else(|| "unknown".into()),
            qos: text(job.get("qos")).unwrap_or_else(|| "normal".into()),
            partition: text(job.get("partition")),
            tie: tie(job, state.as_deref().unwrap_or_default()),
        });
    }
    Ok(draft)
}

//! A workload from a trace.

use std::path::Path;

use gigatwin_operations::{Format, Job, Layout, LeftOut, Links, Need, Recorded, Trace, read_trace};

use super::not_understood;
use crate::args::operate::Operate;
use crate::exit::Fault;

/// The trace in the form that was named, or that it looks like.
pub fn from_trace(args: &Operate, path: &Path, text: &str) -> Result<Trace, Fault> {
    let named = args.format.as_deref().and_then(|n| Format::ALL.iter().find(|f| f.0 == n)).map(|f| f.1);
    let name = path.display().to_string();
    let Some(format) = named.or_else(|| Format::guess(text)) else {
        return Err(Fault::NotUnderstood {
            code: "G581",
            message: "the trace is of no known form".to_owned(),
            hint: "name it with --format swf, sacct, sacct-json, philly, acme or openb".to_owned(),
            file: Some(name),
        });
    };
    read_trace(text, format).map_err(|e| Fault::NotUnderstood {
        code: e.code,
        message: if e.line > 0 { format!("line {}: {}", e.line, e.message) } else { e.message },
        hint: e.hint,
        file: Some(name),
    })
}

/// Jobs that the site can hold, with what links them; the others are listed.
pub fn fitting(
    trace: &Trace,
    layout: &Layout,
    left_out: &mut Vec<LeftOut>,
    notes: &mut Vec<String>,
) -> (Vec<Job>, Vec<Recorded>, Links) {
    let mut keep = vec![true; trace.jobs.len()];
    let mut kept = (Vec::new(), Vec::new());
    for ((job, recorded), keep) in trace.jobs.iter().zip(&trace.recorded).zip(&mut keep) {
        if layout.units(job.size) > layout.gpus() {
            left_out.push(too_large(job, layout, "the site"));
            *keep = false;
            continue;
        }
        kept.0.push(*job);
        kept.1.push(*recorded);
    }
    (kept.0, kept.1, linked_among(&trace.links, &keep, notes))
}

/// A job that asks for more than there is.
pub fn too_large(job: &Job, layout: &Layout, of: &str) -> LeftOut {
    let reason = format!(
        "job {} asks for {:?}, {of} has {} nodes of {}",
        job.id, job.size, layout.nodes, layout.gpus_per_node
    );
    LeftOut { line: 0, code: "G583", reason }
}

/// The links among the jobs that are kept.
pub fn linked_among(links: &Links, keep: &[bool], notes: &mut Vec<String>) -> Links {
    let (kept, lost) = links.kept(keep);
    if lost > 0 {
        notes.push(format!("{lost} dependencies on jobs that are left out count as met"));
    }
    kept
}

/// Links of a workload, or the circles in them.
pub fn linked(jobs: usize, needs: Vec<Need>) -> Result<Links, Fault> {
    Links::new(jobs, needs, &[], &[]).map_err(|faults| {
        let list: Vec<String> = faults.iter().map(ToString::to_string).collect();
        not_understood("G667", &list.join("; "), "a job cannot wait for itself")
    })
}

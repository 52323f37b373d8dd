//! Workloads from files: what people have of their clusters.

mod columns;
mod draft;
mod links;
mod sacct;
mod sacct_json;
mod swf;
pub(crate) mod time;

use draft::{Draft, Row};

use crate::job::{Job, Seconds};
use crate::links::Links;
use crate::share::{Account, ShareTree};

/// In which form a trace is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Standard Workload Format of the Parallel Workloads Archive, 18 columns.
    Swf,
    /// `sacct -P` (or `--parsable2`) with a header.
    Sacct,
    /// `sacct --json`.
    SacctJson,
    /// CSV with `timestamp, duration, num_gpus`, as derived from the Philly trace.
    Philly,
    /// CSV with `submit_time, duration, gpu_num`, as the Acme and Helios traces.
    Acme,
    /// CSV of pods with `creation_time, deletion_time, num_gpu`, as Alibaba's openb.
    Openb,
}

impl Format {
    /// All, with the names of the command line.
    pub const ALL: [(&'static str, Self); 6] = [
        ("swf", Self::Swf),
        ("sacct", Self::Sacct),
        ("sacct-json", Self::SacctJson),
        ("philly", Self::Philly),
        ("acme", Self::Acme),
        ("openb", Self::Openb),
    ];

    /// From the first lines of a file.
    pub fn guess(text: &str) -> Option<Self> {
        let first = text.lines().find(|l| !l.trim().is_empty())?.trim_start();
        if first.starts_with('{') {
            return Some(Self::SacctJson);
        }
        if first.starts_with(';')
            || first.split_whitespace().filter(|f| f.parse::<f64>().is_ok()).count() >= 18
        {
            return Some(Self::Swf);
        }
        let has = |name: &str| first.split([',', '|']).any(|c| c.trim().eq_ignore_ascii_case(name));
        if first.contains('|') && has("JobID") {
            return Some(Self::Sacct);
        }
        if has("creation_time") && has("num_gpu") {
            return Some(Self::Openb);
        }
        if has("timestamp") && has("num_gpus") {
            return Some(Self::Philly);
        }
        (has("submit_time") && has("gpu_num")).then_some(Self::Acme)
    }
}

/// A row that is not in the workload, and why. Nothing is dropped without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Line of the file, from one; in JSON the position of the job, from one.
    pub line: usize,
    /// Code of the diagnostic.
    pub code: &'static str,
    /// Why.
    pub reason: String,
}

/// Why a file gives no workload at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("[{code}] line {line}: {message}")]
pub struct TraceError {
    /// Code of the diagnostic.
    pub code: &'static str,
    /// Line of the file, from one; zero where the whole file is meant.
    pub line: usize,
    /// What is wrong.
    pub message: String,
    /// What could be done.
    pub hint: String,
}

/// When a job really ran, as the file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Recorded {
    /// Start, in the time of the workload.
    pub start: Option<Seconds>,
    /// End.
    pub end: Option<Seconds>,
    /// Nodes it held, where the file says.
    pub nodes: Option<u32>,
    /// Partition, by number in the trace, where the file says.
    pub partition: Option<u32>,
    /// Time limit of its own, where the file says.
    pub asked: Option<Seconds>,
    /// When it could first be looked at, where the file says.
    pub eligible: Option<Seconds>,
    /// What a second of it costs by the weights of the accounting (`billing`), where the file says.
    pub billing: Option<u32>,
}

impl Recorded {
    /// How long it really waited, from its submission or from when it could first be looked at.
    pub fn wait(&self, job: &Job) -> Option<Seconds> {
        let from = self.eligible.map_or(job.submit, |e| e.max(job.submit));
        self.start.map(|s| (s - from).max(0))
    }
}

/// A workload read from a file. Times count from the first submission.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trace {
    /// In order of submission.
    pub jobs: Vec<Job>,
    /// By position of the job.
    pub recorded: Vec<Recorded>,
    /// Accounts or users, by number in the jobs.
    pub tenants: Vec<String>,
    /// Users, by number in the jobs.
    pub users: Vec<String>,
    /// Qualities of service, by number in the jobs.
    pub qos: Vec<String>,
    /// Partitions, by number in what is recorded of the jobs.
    pub partitions: Vec<String>,
    /// First submission, in seconds since 1970 or since the start the file uses.
    pub origin: Seconds,
    /// Processors or nodes of the machine, where the file says.
    pub machine: Option<u32>,
    /// Dependencies and arrays, where the file has them.
    pub links: Links,
    /// Rows that are not jobs of the workload.
    pub left_out: Vec<LeftOut>,
    /// What was assumed or put right, for people.
    pub notes: Vec<String>,
}

impl Trace {
    /// All tenants side by side with equal shares.
    pub fn flat_shares(&self) -> ShareTree {
        let accounts = self.tenants.iter().map(|t| Account { name: t.clone(), parent: None, shares: 1.0 });
        ShareTree::new(accounts.collect()).unwrap_or_else(|_| ShareTree::single("all"))
    }
}

/// Reads a trace.
///
/// # Errors
/// Where the file is of another format, is cut off, or holds no job that can be run.
pub fn read_trace(text: &str, format: Format) -> Result<Trace, TraceError> {
    let mut draft = match format {
        Format::Swf => swf::read(text)?,
        Format::Sacct => sacct::read(text)?,
        Format::SacctJson => sacct_json::read(text)?,
        Format::Philly => columns::philly(text)?,
        Format::Acme => columns::acme(text)?,
        Format::Openb => columns::openb(text)?,
    };
    draft.finish()
}

/// A last line that stops in the middle: fewer fields than the others and no end of line.
fn cut_off(text: &str, line: usize) -> TraceError {
    TraceError {
        code: "G585",
        line,
        message: format!("the file stops in the middle of a row, after {} bytes", text.len()),
        hint: "copy it again; a trace that lacks its end gives a wrong load".to_owned(),
    }
}

#[cfg(test)]
mod tests;

//! Workloads from files: what people have of their clusters.

mod columns;
mod links;
mod sacct;
mod sacct_json;
mod swf;
pub(crate) mod time;

use rustc_hash::FxHashMap;

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

/// Time limits that sites commonly offer, for traces without any: the next one above the run time.
const LIMITS: [Seconds; 10] =
    [600, 3_600, 14_400, 43_200, 86_400, 172_800, 345_600, 604_800, 1_209_600, 2_592_000];

fn next_limit(runtime: Seconds) -> Seconds {
    LIMITS.into_iter().find(|&l| l >= runtime).unwrap_or(runtime)
}

/// A row as it was understood.
#[derive(Debug, Clone, Default)]
struct Row {
    line: usize,
    id: u64,
    submit: Option<Seconds>,
    start: Option<Seconds>,
    end: Option<Seconds>,
    runtime: Option<Seconds>,
    limit: Option<Seconds>,
    eligible: Option<Seconds>,
    nodes: Option<i64>,
    gpus: Option<i64>,
    billing: Option<u32>,
    tenant: String,
    user: String,
    qos: String,
    tie: links::Tie,
    partition: Option<String>,
}

/// A trace in the making.
#[derive(Debug, Default)]
struct Draft {
    trace: Trace,
    rows: Vec<(Job, Recorded, links::Tie)>,
    tenants: FxHashMap<String, u32>,
    qos: FxHashMap<String, u32>,
    partitions: FxHashMap<String, u32>,
    users: FxHashMap<String, u32>,
    /// Most tasks of an array at once, where a row says so that is no job of the workload.
    throttles: FxHashMap<u64, u32>,
    without_limit: usize,
    out_of_order: usize,
    last_submit: Option<Seconds>,
}

fn number(names: &mut FxHashMap<String, u32>, list: &mut Vec<String>, name: String) -> u32 {
    *names.entry(name).or_insert_with_key(|name| {
        list.push(name.clone());
        (list.len() - 1) as u32
    })
}

impl Draft {
    fn leave_out(&mut self, line: usize, code: &'static str, reason: impl Into<String>) {
        self.trace.left_out.push(LeftOut { line, code, reason: reason.into() });
    }

    fn add(&mut self, row: Row) {
        use crate::job::Size;
        let line = row.line;
        let mut faults: Vec<(&'static str, String)> = Vec::new();
        if let (Some(s), Some(t)) = (row.submit, row.start)
            && t < s
        {
            faults.push(("G584", format!("job {} starts {} s before it is submitted", row.id, s - t)));
        }
        if let (Some(s), Some(e)) = (row.start, row.end)
            && e < s
        {
            faults.push(("G584", format!("job {} ends {} s before it starts", row.id, s - e)));
        }
        let missing = |what: &str| ("G582", format!("job {} has no {what}", row.id));
        let negative = |what: &str, v: i64| ("G582", format!("job {}: {what} is {v}", row.id));
        match row.submit {
            None => faults.push(missing("time of submission")),
            Some(s) if s < 0 => faults.push(negative("time of submission", s)),
            Some(_) => {}
        }
        let runtime = row.runtime.or(match (row.start, row.end) {
            (Some(s), Some(e)) => Some(e - s),
            _ => None,
        });
        match runtime {
            None => faults.push(missing("run time")),
            Some(r) if r < 0 && faults.iter().all(|f| f.0 != "G584") => faults.push(negative("run time", r)),
            Some(_) => {}
        }
        let size = match (row.gpus.filter(|&g| g != 0), row.nodes) {
            (Some(g), _) => u32::try_from(g).map(Size::Gpus).map_err(|_| g),
            (None, Some(n)) => u32::try_from(n).map(Size::Nodes).map_err(|_| n),
            (None, None) => Err(0),
        };
        match size {
            Ok(Size::Gpus(0) | Size::Nodes(0)) | Err(0) => faults.push(missing("size")),
            Err(n) => faults.push(negative("size", n)),
            Ok(_) => {}
        }
        if let Some(l) = row.limit
            && l <= 0
        {
            faults.push(negative("time limit", l));
        }
        let (Some(submit), Some(runtime), Ok(size)) = (row.submit, runtime, size) else {
            for (code, reason) in faults {
                self.leave_out(line, code, reason);
            }
            return;
        };
        if !faults.is_empty() {
            for (code, reason) in faults {
                self.leave_out(line, code, reason);
            }
            return;
        }
        if self.last_submit.is_some_and(|l| submit < l) {
            self.out_of_order += 1;
        }
        self.last_submit = Some(submit);
        if row.limit.is_none() {
            self.without_limit += 1;
        }
        let tenant = number(&mut self.tenants, &mut self.trace.tenants, row.tenant);
        let qos = number(&mut self.qos, &mut self.trace.qos, row.qos);
        let user = number(&mut self.users, &mut self.trace.users, row.user);
        let job = Job {
            tenant,
            user,
            qos: qos as u16,
            size,
            ..Job::nodes(row.id, submit, runtime, row.limit.unwrap_or_else(|| next_limit(runtime)), 1)
        };
        let nodes = row.nodes.and_then(|n| u32::try_from(n).ok());
        let tie = links::Tie { line, id: row.id, ..row.tie };
        let partition =
            row.partition.map(|name| number(&mut self.partitions, &mut self.trace.partitions, name));
        let recorded = Recorded {
            start: row.start,
            end: row.end,
            nodes,
            partition,
            asked: row.limit,
            eligible: row.eligible.filter(|e| row.start.is_none_or(|s| *e <= s)),
            billing: row.billing,
        };
        self.rows.push((job, recorded, tie));
    }

    /// A job that could not be looked at before a moment, for no other job that is known, enters the queue at that moment.
    fn hold_until_eligible(&mut self, notes: &mut Vec<String>) {
        let known: rustc_hash::FxHashSet<u64> = self.rows.iter().map(|(_, _, t)| t.id).collect();
        let mut late = 0;
        for (job, recorded, tie) in &mut self.rows {
            if tie.task.is_some() && tie.most.is_none() {
                tie.most = self.throttles.get(&tie.id).copied();
            }
            if let Some(eligible) = recorded.eligible.filter(|e| *e > job.submit)
                && !tie.waits_for(&known)
            {
                job.submit = eligible;
                late += 1;
            }
        }
        if late > 0 {
            notes.push(format!(
                "{late} jobs could not be looked at when they were submitted, for no job that is known (a begin time, a dependency in a script): they enter the queue when they could"
            ));
        }
    }

    fn finish(&mut self) -> Result<Trace, TraceError> {
        let mut trace = std::mem::take(&mut self.trace);
        if self.rows.is_empty() {
            return Err(TraceError {
                code: "G587",
                line: 0,
                message: match trace.left_out.first() {
                    None => "the trace holds no job".to_owned(),
                    Some(l) => format!(
                        "none of the {} rows is a job that can be run; the first: line {}: {}",
                        trace.left_out.len(),
                        l.line,
                        l.reason
                    ),
                },
                hint: "see that the file is whole and of the format named".to_owned(),
            });
        }
        self.hold_until_eligible(&mut trace.notes);
        self.rows.sort_by_key(|(j, _, t)| (j.submit, j.id, t.task));
        let origin = self.rows.first().map_or(0, |(j, _, _)| j.submit);
        trace.origin = origin;
        let mut ties = Vec::with_capacity(self.rows.len());
        for (mut job, recorded, tie) in self.rows.drain(..) {
            ties.push(tie);
            job.submit -= origin;
            trace.jobs.push(job);
            let shift = |t: Option<Seconds>| t.map(|t| t - origin);
            trace.recorded.push(Recorded {
                start: shift(recorded.start),
                end: shift(recorded.end),
                eligible: shift(recorded.eligible),
                ..recorded
            });
        }
        trace.links = links::link(&ties, &mut trace.left_out)?;
        if self.out_of_order > 0 {
            trace
                .notes
                .push(format!("{} rows stood before an earlier one and were sorted", self.out_of_order));
        }
        if self.without_limit > 0 {
            trace.notes.push(format!(
                "{} jobs have no time limit: they get the next common one above their run time",
                self.without_limit
            ));
        }
        Ok(trace)
    }
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

//! Rows of a file on their way to a workload.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{LeftOut, Recorded, Trace, TraceError, links};
use crate::job::{Job, Seconds};

/// Time limits that sites commonly offer, for traces without any: the next one above the run time.
const LIMITS: [Seconds; 10] =
    [600, 3_600, 14_400, 43_200, 86_400, 172_800, 345_600, 604_800, 1_209_600, 2_592_000];

fn next_limit(runtime: Seconds) -> Seconds {
    LIMITS.into_iter().find(|&l| l >= runtime).unwrap_or(runtime)
}

/// A row as it was understood.
#[derive(Debug, Clone, Default)]
pub(super) struct Row {
    pub line: usize,
    pub id: u64,
    pub submit: Option<Seconds>,
    pub start: Option<Seconds>,
    pub end: Option<Seconds>,
    pub runtime: Option<Seconds>,
    pub limit: Option<Seconds>,
    pub eligible: Option<Seconds>,
    pub nodes: Option<i64>,
    pub gpus: Option<i64>,
    pub billing: Option<u32>,
    pub tenant: String,
    pub user: String,
    pub qos: String,
    pub tie: links::Tie,
    pub partition: Option<String>,
}

/// A trace in the making.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub trace: Trace,
    rows: Vec<(Job, Recorded, links::Tie)>,
    tenants: FxHashMap<String, u32>,
    qos: FxHashMap<String, u32>,
    partitions: FxHashMap<String, u32>,
    users: FxHashMap<String, u32>,
    /// Most tasks of an array at once, where a row says so that is no job of the workload.
    pub throttles: FxHashMap<u64, u32>,
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
    pub fn leave_out(&mut self, line: usize, code: &'static str, reason: impl Into<String>) {
        self.trace.left_out.push(LeftOut { line, code, reason: reason.into() });
    }

    pub fn add(&mut self, row: Row) {
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
        let known: FxHashSet<u64> = self.rows.iter().map(|(_, _, t)| t.id).collect();
        let mut late = 0;
        for (job, recorded, tie) in &mut self.rows {
            if tie.task.is_some() && tie.most.is_none() {
                tie.most = self.throttles.get(&tie.id).copied();
            }
            // A task of an array with a throttle becomes eligible when another of them ends.
            let throttled = tie.task.is_some() && tie.most.is_some();
            if let Some(eligible) = recorded.eligible.filter(|e| *e > job.submit)
                && !throttled
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

    pub fn finish(&mut self) -> Result<Trace, TraceError> {
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

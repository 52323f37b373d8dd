//! Dependencies and arrays as traces write them.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{LeftOut, TraceError};
use crate::links::{LinkError, Links, Need, Throttle, When};

/// What one row says about others.
#[derive(Debug, Clone, Default)]
pub(super) struct Tie {
    pub line: usize,
    /// Number of the job, or of its array.
    pub id: u64,
    /// Task of the array.
    pub task: Option<u64>,
    /// Most tasks of the array at once.
    pub most: Option<u32>,
    /// Slurm's words, such as `afterok:12:13_4,singleton`.
    pub depends: Option<String>,
    /// Whose job of which name it is.
    pub name: Option<(String, String)>,
    /// Ended without success.
    pub fails: bool,
}

impl Tie {
    /// Does it wait for one of these jobs, or for all of its name?
    pub(super) fn waits_for(&self, known: &FxHashSet<u64>) -> bool {
        let parts = self.depends.iter().flat_map(|d| d.split([',', ':', '?']));
        parts.map(str::trim).any(|p| {
            p == "singleton" || job_and_task(p).is_some_and(|(job, _)| job != self.id && known.contains(&job))
        })
    }

    /// Takes what the command that submitted the job says (`sacct … SubmitLine`): the throttle of its array and its dependencies. Directives within
    /// a script are not part of it.
    pub(super) fn take_submit_line(&mut self, line: &str) {
        let mut words = line.split_whitespace();
        while let Some(word) = words.next() {
            // What is wrapped is a command of its own.
            if word.starts_with("--wrap") {
                break;
            }
            let mut value = |long: &str, short: &str| -> Option<String> {
                if word == long || word == short {
                    return words.next().map(str::to_owned);
                }
                let rest = word.strip_prefix(long).and_then(|r| r.strip_prefix('='));
                let rest = rest.or_else(|| word.strip_prefix(short).filter(|_| !word.starts_with("--")));
                rest.map(str::to_owned)
            };
            if let Some(array) = value("--array", "-a") {
                self.most = self.most.or(throttle(&array));
            } else if let Some(depends) = value("--dependency", "-d") {
                self.depends.get_or_insert_with(|| depends.trim_matches(['"', '\'']).to_owned());
            }
        }
    }
}

/// The most tasks at once in an array specification, `1-99%5` or `12_[3-99%5]`.
pub(super) fn throttle(array: &str) -> Option<u32> {
    let digits: String = array.split_once('%')?.1.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok().filter(|m| *m > 0)
}

/// Did a job in this state of Slurm end without success? Earlier attempts of a job that was requeued are no end.
pub(super) fn failed(state: &str) -> bool {
    let word = state.split_whitespace().next().unwrap_or("");
    ["FAILED", "CANCELLED", "TIMEOUT", "OUT_OF_MEMORY", "DEADLINE", "BOOT_FAIL"].contains(&word)
}

/// A job as a number, perhaps with a task: `12`, `12_3`; array specifications and parts of heterogeneous jobs count as the whole.
pub(super) fn job_and_task(text: &str) -> Option<(u64, Option<u64>)> {
    let digits = |t: &str| t.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<u64>().ok();
    match text.split_once('_') {
        Some((job, task)) => Some((digits(job)?, digits(task))),
        None => Some((digits(text)?, None)),
    }
}

/// Links of the rows in the order of the workload; what is not understood is left out and listed.
pub(super) fn link(ties: &[Tie], left_out: &mut Vec<LeftOut>) -> Result<Links, TraceError> {
    let mut by_job: FxHashMap<u64, Vec<u32>> = FxHashMap::default();
    let mut by_task: FxHashMap<(u64, u64), Vec<u32>> = FxHashMap::default();
    let mut arrays: FxHashMap<u64, (Vec<u32>, u32)> = FxHashMap::default();
    for (i, tie) in (0u32..).zip(ties) {
        by_job.entry(tie.id).or_default().push(i);
        if let Some(task) = tie.task {
            by_task.entry((tie.id, task)).or_default().push(i);
            if let Some(most) = tie.most.filter(|m| *m > 0) {
                let array = arrays.entry(tie.id).or_insert((Vec::new(), most));
                array.0.push(i);
            }
        }
    }
    let mut needs = Vec::new();
    // Of each user and name: the jobs since the last singleton, which stands for all before it.
    let mut names: FxHashMap<&(String, String), Vec<u32>> = FxHashMap::default();
    for (i, tie) in (0u32..).zip(ties) {
        let mut single = false;
        let mut fault = |reason: String| left_out.push(LeftOut { line: tie.line, code: "G668", reason });
        for part in tie.depends.iter().flat_map(|d| d.split(',')) {
            let part = part.split('(').next().unwrap_or("").trim();
            if part.is_empty() {
                continue;
            }
            if part == "singleton" {
                single = true;
                continue;
            }
            let (word, list) = part.split_once(':').unwrap_or((part, ""));
            let (when, task_by_task) = match word {
                "afterok" => (When::Ok, false),
                "aftercorr" => (When::Ok, true),
                "afterany" => (When::Any, false),
                "afternotok" => (When::NotOk, false),
                _ => {
                    fault(format!("job {} waits in words that are not understood: {part}", tie.id));
                    continue;
                }
            };
            for name in list.split(':').filter(|n| !n.is_empty()) {
                let found = job_and_task(name).and_then(|(job, task)| {
                    match task.or(tie.task.filter(|_| task_by_task)) {
                        Some(task) => by_task.get(&(job, task)),
                        None => by_job.get(&job),
                    }
                });
                match found {
                    Some(list) => needs.extend(list.iter().map(|&on| Need { job: i, on, when })),
                    None => {
                        fault(format!("job {} waits for job {name}, which is not in the workload", tie.id))
                    }
                }
            }
        }
        if let Some(name) = &tie.name {
            let earlier = names.entry(name).or_default();
            if single {
                needs.extend(earlier.drain(..).map(|on| Need { job: i, on, when: When::Any }));
            }
            earlier.push(i);
        }
    }
    let throttles: Vec<Throttle> = {
        let mut list: Vec<_> = arrays.into_iter().collect();
        list.sort_unstable_by_key(|a| a.0);
        list.into_iter().map(|(_, (members, most))| Throttle { members, most }).collect()
    };
    if needs.is_empty() && throttles.is_empty() {
        return Ok(Links::default());
    }
    let failing: Vec<u32> = (0u32..).zip(ties).filter(|(_, t)| t.fails).map(|(i, _)| i).collect();
    Links::new(ties.len(), needs, &throttles, &failing).map_err(|faults| {
        let name = |p: &u32| ties.get(*p as usize).map_or_else(String::new, shown);
        let circles: Vec<String> = faults
            .iter()
            .map(|f| match f {
                LinkError::Circle(list) => list.iter().map(name).collect::<Vec<_>>().join(" → "),
                other => other.to_string(),
            })
            .collect();
        let line = faults.iter().find_map(|f| match f {
            LinkError::Circle(list) => list.first().and_then(|p| ties.get(*p as usize)).map(|t| t.line),
            _ => None,
        });
        TraceError {
            code: "G667",
            line: line.unwrap_or(0),
            message: format!("jobs wait for one another in a circle: {}", circles.join("; ")),
            hint: "none of them could ever start: take one of the dependencies out".to_owned(),
        }
    })
}

fn shown(tie: &Tie) -> String {
    tie.task.map_or_else(|| tie.id.to_string(), |t| format!("{}_{t}", tie.id))
}

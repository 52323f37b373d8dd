//! What the controller wrote of the jobs of a replay.

use std::collections::HashMap;
use std::fs;

use gigatwin_pilot::Cluster;

use super::replay::seconds;
use super::workload::Job;
use crate::fault::Fault;

/// Starts and ends of a workload's jobs from the completion log, which has a line also for a job that is stopped and waits again.
pub(super) fn records(
    cluster: &Cluster,
    name: &str,
    epoch: i64,
) -> Result<HashMap<u32, Vec<(i64, i64)>>, Fault> {
    let path = cluster.root.join("log/jobcomp.txt");
    let text = fs::read_to_string(&path).map_err(|e| Fault::on(&path, e))?;
    let mut ran: HashMap<u32, Vec<(i64, i64)>> = HashMap::new();
    for line in text.lines() {
        let fields: HashMap<&str, &str> = line.split(' ').filter_map(|w| w.split_once('=')).collect();
        let Some(number) = fields
            .get("Name")
            .and_then(|n| n.strip_prefix(name)?.strip_prefix('.'))
            .and_then(|n| n.parse().ok())
        else {
            continue;
        };
        let at = |key: &str| fields.get(key).and_then(|t| seconds(t)).map(|t| t - epoch);
        if let (Some(start), Some(end)) = (at("StartTime"), at("EndTime")) {
            ran.entry(number).or_default().push((start, end));
        }
    }
    Ok(ran)
}

/// Gives each job its own runs: those of one name start in their order.
pub(super) fn told_apart(
    jobs: &[Job],
    by_title: HashMap<u32, Vec<(i64, i64)>>,
) -> HashMap<u32, Vec<(i64, i64)>> {
    let mut ran = HashMap::new();
    for (title, mut spans) in by_title {
        spans.sort_unstable();
        let of: Vec<u32> = jobs.iter().filter(|j| j.title() == title).map(|j| j.number).collect();
        match of.as_slice() {
            [only] => drop(ran.insert(*only, spans)),
            several => ran.extend(several.iter().zip(spans).map(|(number, span)| (*number, vec![span]))),
        }
    }
    ran
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::slurm::workload::{Chain, generate};

    #[test]
    fn tasks_of_one_name_are_told_apart_by_their_order() {
        let mut jobs = generate(3, 64, 0.85, 1);
        jobs[1].chain = Some(Chain::Task(2, 1));
        jobs[2].chain = Some(Chain::Task(2, 1));
        let found = HashMap::from([(1, vec![(0, 5), (140, 150)]), (2, vec![(20, 30), (5, 15)])]);
        let ran = told_apart(&jobs, found);
        // A job of its own keeps all its runs.
        assert_eq!((ran[&1].len(), &ran[&2], &ran[&3]), (2, &vec![(5, 15)], &vec![(20, 30)]));
    }
}

//! What a run says about waits, shares and lost work.

use crate::job::{Job, JobClass, JobState, Seconds};
use crate::outcome::Outcome;
use crate::share::ShareTree;

/// Waits of a group of jobs, in seconds, from submission to the first start.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Waits {
    /// Mean.
    pub mean: f64,
    /// Half of the jobs wait no longer.
    pub median: Seconds,
    /// Nine in ten wait no longer.
    pub p90: Seconds,
    /// The longest.
    pub longest: Seconds,
}

impl Waits {
    /// Of a list of waits; nothing where it is empty.
    pub fn of(mut waits: Vec<Seconds>) -> Option<Self> {
        if waits.is_empty() {
            return None;
        }
        waits.sort_unstable();
        let at = |q: f64| waits[((waits.len() as f64 * q) as usize).min(waits.len() - 1)];
        let sum: i128 = waits.iter().map(|w| i128::from(*w)).sum();
        Some(Self {
            mean: sum as f64 / waits.len() as f64,
            median: at(0.5),
            p90: at(0.9),
            longest: waits[waits.len() - 1],
        })
    }
}

/// A group of jobs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Group {
    /// Name.
    pub name: String,
    /// Jobs submitted.
    pub jobs: usize,
    /// Of those, started.
    pub started: usize,
    /// Of those, ended with their work done.
    pub completed: usize,
    /// Waits of those that started.
    pub waits: Option<Waits>,
    /// Accelerator-hours held.
    pub hours: f64,
    /// Of those, lost to stops.
    pub lost: f64,
    /// Stops by failures.
    pub failures: u64,
    /// Stops for a higher rank.
    pub preemptions: u64,
}

/// Groups jobs by a number below `names.len()`; groups without a job are left out.
pub fn group(jobs: &[Job], outcome: &Outcome, names: &[String], key: impl Fn(&Job) -> usize) -> Vec<Group> {
    let mut groups: Vec<Group> =
        names.iter().map(|n| Group { name: n.clone(), ..Group::default() }).collect();
    let mut waits: Vec<Vec<Seconds>> = vec![Vec::new(); names.len()];
    for (job, r) in jobs.iter().zip(&outcome.jobs) {
        let k = key(job);
        let Some(g) = groups.get_mut(k) else { continue };
        g.jobs += 1;
        g.hours += r.held as f64 / 3_600.0;
        g.lost += r.lost as f64 / 3_600.0;
        g.failures += u64::from(r.failures);
        g.preemptions += u64::from(r.preemptions);
        if let Some(w) = r.wait(job) {
            g.started += 1;
            waits[k].push(w);
        }
        g.completed += usize::from(r.state == JobState::Completed);
    }
    for (g, w) in groups.iter_mut().zip(waits) {
        g.waits = Waits::of(w);
    }
    groups.retain(|g| g.jobs > 0);
    groups
}

/// By class, in the order of [`JobClass::ALL`].
pub fn by_class(jobs: &[Job], outcome: &Outcome) -> Vec<Group> {
    let names: Vec<String> = JobClass::ALL.iter().map(|c| c.name().to_owned()).collect();
    group(jobs, outcome, &names, |j| j.class as usize)
}

/// What one account was promised and got.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivered {
    /// Position in the tree.
    pub account: u32,
    /// Share of the whole that was promised.
    pub promised: f64,
    /// Share of the accelerator-hours held by all jobs.
    pub delivered: f64,
    /// Share of the accelerator-hours asked for by all jobs.
    pub asked: f64,
    /// Accelerator-hours held.
    pub hours: f64,
}

/// Promise, demand and delivery of every account, groups included. Serving pools and campaigns count like all else.
pub fn delivered(
    jobs: &[Job],
    outcome: &Outcome,
    shares: &ShareTree,
    units: impl Fn(&Job) -> i64,
) -> Vec<Delivered> {
    let n = shares.accounts().len();
    let (mut held, mut asked) = (vec![0.0; n], vec![0.0; n]);
    for (job, r) in jobs.iter().zip(&outcome.jobs) {
        held[job.tenant as usize] += r.held as f64 / 3_600.0;
        asked[job.tenant as usize] += units(job) as f64 * job.runtime as f64 / 3_600.0;
    }
    let (held, asked) = (shares.totals(&held), shares.totals(&asked));
    let top = |v: &[f64]| -> f64 {
        shares.accounts().iter().zip(v).filter(|(a, _)| a.parent.is_none()).map(|(_, x)| x).sum()
    };
    let (all_held, all_asked) = (top(&held), top(&asked));
    let part = |x: f64, all: f64| if all > 0.0 { x / all } else { 0.0 };
    shares
        .promised()
        .into_iter()
        .enumerate()
        .map(|(i, promised)| Delivered {
            account: i as u32,
            promised,
            delivered: part(held[i], all_held),
            asked: part(asked[i], all_asked),
            hours: held[i],
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Account, Policy, Settings, Site, simulate};

    #[test]
    fn promise_and_delivery() {
        let account = |name: &str, parent, shares| Account { name: name.into(), parent, shares };
        let shares = ShareTree::new(vec![
            account("union", None, 1.0),
            account("industry", None, 3.0),
            account("sme", Some(0), 1.0),
        ])
        .unwrap();
        let site = Site { shares: shares.clone(), ..Site::flat(2, 1) };
        let jobs = [
            Job { tenant: 2, ..Job::nodes(1, 0, 3_600, 3_600, 1) },
            Job { tenant: 1, ..Job::nodes(2, 0, 3_600, 3_600, 1) },
        ];
        let o = simulate(&site, &jobs, &Settings::new(Policy::Easy)).unwrap();
        let d = delivered(&jobs, &o, &shares, |j| site.layout.units(j.size));
        assert_eq!((d[0].promised, d[0].delivered, d[0].hours), (0.25, 0.5, 1.0));
        assert_eq!((d[1].promised, d[1].asked), (0.75, 0.5));
        let classes = by_class(&jobs, &o);
        assert_eq!((classes.len(), classes[0].completed, classes[0].waits.unwrap().p90), (1, 2, 0));
    }
}

//! Sums of a run, and how far a replay is from what was recorded.

use gigatwin_operations::report::Waits;
use gigatwin_operations::{Job, JobState, Outcome, Seconds};

use super::super::Answer;
use super::super::setting::Setting;

/// Sums of a run.
pub struct Sums {
    pub installed: f64,
    pub busy: f64,
    pub down: f64,
    pub idle: f64,
    pub idle_waiting: f64,
    pub lost: f64,
    /// Of the held hours, those that better placed nodes would have spared.
    pub spread: f64,
    pub states: [usize; JobState::ALL.len()],
    pub maintenance: f64,
    pub waits: Option<Waits>,
    pub failures: u64,
    pub preemptions: u64,
    pub stopping: usize,
}

pub fn sums(a: &Answer) -> Sums {
    sums_of(&a.setting, &a.outcome)
}

pub fn sums_of(s: &Setting, o: &Outcome) -> Sums {
    let installed = (s.site.layout.gpus() * o.end) as f64 / 3_600.0;
    let hours = |x: i64| x as f64 / 3_600.0;
    let mut states = [0; JobState::ALL.len()];
    let maintenance = super::super::windows::hours(&s.planned, &s.outages, s.site.layout.gpus(), o.end);
    let (mut lost, mut failures, mut preemptions) = (0, 0, 0);
    let mut waits = Vec::with_capacity(s.jobs.len());
    for (job, r) in s.jobs.iter().zip(&o.jobs) {
        states[r.state as usize] += 1;
        lost += r.lost;
        failures += u64::from(r.failures);
        preemptions += u64::from(r.preemptions);
        waits.extend(r.wait(job));
    }
    Sums {
        installed,
        busy: hours(o.busy_all()),
        down: hours(o.down),
        idle: installed - hours(o.busy_all()) - hours(o.down) - maintenance,
        maintenance,
        idle_waiting: hours(o.idle_waiting),
        lost: hours(lost),
        spread: hours(o.spread.iter().sum()),
        states,
        waits: Waits::of(waits),
        failures,
        preemptions: preemptions.saturating_sub(o.cap_stops),
        stopping: o.incidents.iter().filter(|i| i.job_gpus > 0).count(),
    }
}

/// How far the simulated starts are from those in the trace.
pub struct Replay {
    pub jobs: usize,
    pub median: Seconds,
    pub p90: Seconds,
    pub wait_simulated: f64,
    pub wait_recorded: f64,
}

pub fn replay(a: &Answer) -> Option<Replay> {
    replay_of(a, |_, _| true)
}

/// Of the jobs for which `which` holds.
pub fn replay_of(a: &Answer, which: impl Fn(usize, &Job) -> bool) -> Option<Replay> {
    let recorded = a.setting.recorded.as_ref()?;
    let mut apart = Vec::new();
    let (mut mine, mut theirs) = (0.0, 0.0);
    for (i, ((job, r), rec)) in a.setting.jobs.iter().zip(&a.outcome.jobs).zip(recorded).enumerate() {
        if !which(i, job) {
            continue;
        }
        let (Some(start), Some(wait)) = (rec.start, r.wait(job)) else { continue };
        apart.push((r.start - start).abs());
        mine += wait as f64;
        theirs += rec.wait(job).unwrap_or(0) as f64;
    }
    if apart.is_empty() {
        return None;
    }
    apart.sort_unstable();
    let n = apart.len();
    let at = |q: f64| apart[((n as f64 * q) as usize).min(n - 1)];
    Some(Replay {
        jobs: n,
        median: at(0.5),
        p90: at(0.9),
        wait_simulated: mine / n as f64,
        wait_recorded: theirs / n as f64,
    })
}

//! Why a year has no answer: with its code, its hours and what stands in the way.

use gigatwin_energy::dispatch::{DispatchError, Shortage};
use gigatwin_factory::SiteDispatchError;
use gigatwin_series::hour_stamp;
use serde_json::{Value, json};

/// What is said instead of a year.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    /// Of a dispatch alone.
    pub code: Option<&'static str>,
    pub reason: String,
    /// Runs of hours in which load cannot be served.
    pub runs: Vec<Run>,
    /// The input itself is at fault.
    pub invalid: bool,
}

/// Consecutive hours with one limit.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub from: String,
    pub hours: usize,
    pub limit: String,
    pub missing_mw: f64,
}

/// Runs that are written out; the rest is counted.
const SHOWN: usize = 6;

impl From<String> for Refusal {
    fn from(reason: String) -> Refusal {
        Refusal { code: None, reason, runs: Vec::new(), invalid: false }
    }
}

impl Refusal {
    /// Of a dispatch that begins with the hour `first`, in hours of UTC since 1970.
    pub(super) fn dispatch(error: &SiteDispatchError, first: i64) -> Refusal {
        let SiteDispatchError::Dispatch(e) = error else { return Refusal::from(error.to_string()) };
        let (mut reason, mut runs) = (e.to_string(), Vec::new());
        if let DispatchError::Infeasible(shortage) = e {
            runs = runs_of(shortage, first);
            reason = told(shortage, &runs);
        }
        Refusal { code: Some(e.code()), reason, runs, invalid: matches!(e, DispatchError::Invalid(_)) }
    }

    /// As a line of text.
    pub(super) fn text(&self) -> String {
        match self.code {
            Some(code) => format!("{code}: {}", self.reason),
            None => self.reason.clone(),
        }
    }

    /// For machines.
    pub(super) fn json(&self) -> Value {
        let runs: Vec<Value> = self
            .runs
            .iter()
            .map(|r| json!({"from": r.from, "hours": r.hours, "limit": r.limit, "missing_mw": r.missing_mw}))
            .collect();
        json!({"status": "infeasible", "code": self.code, "reason": self.reason, "hours": runs})
    }
}

fn runs_of(s: &Shortage, first: i64) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut next = usize::MAX;
    for ((step, missing), limit) in s.steps.iter().zip(&s.missing).zip(&s.limits) {
        let (limit, missing) = (limit.to_string(), missing.mw());
        match runs.last_mut() {
            Some(run) if *step == next && run.limit == limit => {
                run.hours += 1;
                run.missing_mw = run.missing_mw.max(missing);
            }
            _ => runs.push(Run {
                from: hour_stamp(first + *step as i64),
                hours: 1,
                limit,
                missing_mw: missing,
            }),
        }
        next = step + 1;
    }
    runs
}

fn told(s: &Shortage, runs: &[Run]) -> String {
    let mut text = format!(
        "the load cannot be served in {} of the hours: {} is short by up to {}, {:.0} MWh in all\n",
        s.steps.len(),
        s.limit(),
        s.peak(),
        s.energy.mwh()
    );
    for run in runs.iter().take(SHOWN) {
        text.push_str(&format!(
            "  from {} for {} h: {}, {:.2} MW missing at most\n",
            run.from, run.hours, run.limit, run.missing_mw
        ));
    }
    if runs.len() > SHOWN {
        text.push_str(&format!("  and {} more stretches\n", runs.len() - SHOWN));
    }
    text.push_str(&format!(
        "a connection of {} more in these hours, or flexibility of that size, would cure it",
        s.peak()
    ));
    text
}

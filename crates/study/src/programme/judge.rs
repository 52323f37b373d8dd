//! The hard gates of the call for each bid. A fact that is not known is unknown, never met.

use gigatwin_catalog::{Catalog, Kind};
use gigatwin_factory::outcome::{Outcome, Status};
use gigatwin_factory::{Factory, run};

use super::assumptions::Assumptions;
use crate::bid::Bid;

/// One gate of one bid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gate {
    /// Rule set and rule.
    pub id: String,
    /// What it asks.
    pub title: String,
    /// Whether a failure excludes the bid.
    pub hard: bool,
    /// Verdict.
    pub status: Status,
    /// Value against threshold, or why it is not known.
    pub reason: String,
}

/// Where a bid stands after the gates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Every hard gate is passed.
    Eligible,
    /// A hard gate fails, or something the site is asked for cannot be.
    Refused,
    /// No hard gate fails, but at least one cannot be judged.
    Unknown,
}

impl Standing {
    /// The word in tables.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Standing::Eligible => "eligible",
            Standing::Refused => "refused",
            Standing::Unknown => "unknown",
        }
    }
}

/// A bid after the gates.
#[derive(Debug)]
pub struct Judged {
    /// The gates.
    pub gates: Vec<Gate>,
    /// What they add up to.
    pub standing: Standing,
    /// The base case of the site, where there is one.
    pub outcome: Option<Outcome>,
}

impl Judged {
    /// A figure of the site's base case, in base units.
    #[must_use]
    pub fn value(&self, id: &str) -> Option<f64> {
        self.outcome.as_ref().and_then(|o| o.value(id))
    }

    /// The reasons of a refusal, or what is not known.
    #[must_use]
    pub fn reasons(&self) -> Vec<String> {
        let wanted = match self.standing {
            Standing::Refused => Status::Fail,
            Standing::Unknown => Status::Unknown,
            Standing::Eligible => return Vec::new(),
        };
        let gates = self.gates.iter().filter(|g| g.hard && g.status == wanted).map(|g| g.title.clone());
        let cannot =
            self.outcome.iter().flat_map(|o| &o.infeasible).map(|i| format!("{}: {}", i.what, i.reason));
        if self.standing == Standing::Refused { gates.chain(cannot).collect() } else { gates.collect() }
    }
}

/// Judges a bid by its lot.
#[must_use]
pub fn judge(bid: &Bid, assumptions: &Assumptions, catalog: &Catalog, seed: u64) -> Judged {
    match &bid.factory {
        Some(factory) => with_site(factory, seed),
        None => without_site(bid, assumptions, catalog),
    }
}

fn with_site(factory: &Factory, seed: u64) -> Judged {
    let outcome = run(factory, seed, 0);
    let gates: Vec<Gate> = outcome
        .gates
        .iter()
        .map(|g| Gate {
            id: g.id.clone(),
            title: g.title.clone(),
            hard: g.hard,
            status: g.status,
            reason: g.reason.clone(),
        })
        .collect();
    let mut standing = add_up(&gates);
    if !outcome.infeasible.is_empty() {
        standing = Standing::Refused;
    }
    Judged { gates, standing, outcome: Some(outcome) }
}

fn add_up(gates: &[Gate]) -> Standing {
    let hard = || gates.iter().filter(|g| g.hard);
    if hard().any(|g| g.status == Status::Fail) {
        Standing::Refused
    } else if hard().any(|g| g.status == Status::Unknown) || gates.is_empty() {
        Standing::Unknown
    } else {
        Standing::Eligible
    }
}

/// Without a site only the host State can be judged.
fn without_site(bid: &Bid, assumptions: &Assumptions, catalog: &Catalog) -> Judged {
    let mut gates = Vec::new();
    let lot = assumptions.lot(bid.lot);
    let entry = lot.and_then(|l| catalog.entry(Kind::Rules, &l.rules).ok());
    let list = entry.as_ref().and_then(|e| e.table().get("gate")).and_then(|g| g.as_array());
    for gate in list.into_iter().flatten() {
        let text = |key: &str| gate.get(key).and_then(|v| v.as_str()).unwrap_or_default();
        let (status, reason) = if text("metric") == "site.country" {
            if assumptions.signatories.contains(&bid.state) {
                (Status::Pass, format!("{} signed", bid.state.to_uppercase()))
            } else {
                (
                    Status::Fail,
                    format!("{} did not sign the joint procurement agreement", bid.state.to_uppercase()),
                )
            }
        } else {
            (Status::Unknown, "no description of the site is public".to_owned())
        };
        gates.push(Gate {
            id: format!("{}.{}", entry.as_ref().map_or("", |e| &e.id), text("id")),
            title: text("title").to_owned(),
            hard: gate.get("hard").and_then(|v| v.as_bool()).unwrap_or(true),
            status,
            reason,
        });
    }
    let standing = add_up(&gates);
    Judged { gates, standing, outcome: None }
}

//! Accounts and qualities of service of a workload.

use std::collections::BTreeMap;

use gigatwin_operations::controller::{Charged, Millis, Ranking};
use gigatwin_operations::{Account, Multifactor, ShareTree};

use crate::table::{Row, ValidationError};

/// Use loses half of its weight in ten minutes and priorities are worked out every minute: what the pilot's clusters are told, since
/// a replay lasts for minutes.
const HALF_LIFE: i64 = 600;
const CALC_PERIOD: i64 = 60;
/// Slurm's own user at the top of the tree: one share, no job.
const ADMINISTRATOR: (&str, f64) = ("root", 1.0);
/// Priority of the best quality of service of the export.
const BEST_QUALITY: f64 = 1_000.0;

/// Who submits what.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Accounts {
    names: Vec<Account>,
    /// Account and quality of service by job.
    of: BTreeMap<u32, (u32, f64)>,
    /// Limits are enforced, with which a job is charged also when it ends.
    limits: bool,
}

impl Accounts {
    /// Takes a row's account, where it has one.
    pub fn add(&mut self, row: Row<'_>, job: u32) -> Result<(), ValidationError> {
        let name = row.text("account");
        if name.is_empty() {
            return Ok(());
        }
        let number = |column| row.number(column)?.ok_or_else(|| row.fault(column, "a number, zero or more"));
        let quality = number("qos_priority")? / BEST_QUALITY;
        let at = match self.names.iter().position(|a| a.name == name) {
            Some(at) => at,
            None => {
                let shares = number("account_shares")?;
                self.names.push(Account { name: name.to_owned(), parent: None, shares });
                self.names.len() - 1
            }
        };
        self.limits |= row.text("limits") == "yes";
        self.of.insert(job, (at as u32, quality));
        Ok(())
    }

    /// Whether jobs are told apart at all.
    pub fn any(&self) -> bool {
        !self.names.is_empty()
    }

    /// The accounts as a tree, and what the jobs, in this order, belong to; nothing where a job has no account.
    pub fn ranks(&self, jobs: impl Iterator<Item = u32>) -> Option<(ShareTree, Vec<(u32, f64)>)> {
        let mut names = self.names.clone();
        names.push(Account { name: ADMINISTRATOR.0.to_owned(), parent: None, shares: ADMINISTRATOR.1 });
        let of: Option<Vec<_>> = jobs.map(|job| self.of.get(&job).copied()).collect();
        Some((ShareTree::new(names).ok()?, of?))
    }
}

/// From the start of a controller, as it tells it, until the thread that works out priorities every minute has begun: within that, the controller asks
/// slurmdbd. From the log of one controller with the flag Priority, whose replay is not in the table; the thread began 0.4 s after that of the backfill
/// scheduler, so that every second cycle comes just before new priorities and not just after.
pub(super) const RECKONS_AFTER: Millis = 1_500;

impl Accounts {
    /// How the recorded controllers rank jobs, priorities being worked out for the first time at `first`.
    pub fn ranking<'a>(&self, shares: &'a ShareTree, of: &'a [(u32, f64)], first: i64) -> Ranking<'a> {
        let rule = Multifactor { half_life: HALF_LIFE, calc_period: CALC_PERIOD, ..Multifactor::default() };
        let charged = if self.limits { Charged::Always } else { Charged::WhenReckoned };
        Ranking { rule, shares, of, first, charged }
    }
}

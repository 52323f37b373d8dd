//! In which order gangs wait: as they came, or by Slurm's multifactor priority.

use super::state::State;
use crate::job::Seconds;
use crate::policy::Multifactor;
use crate::share::{ShareTree, Usage};

/// Who submits the gangs, and what that counts for.
#[derive(Debug, Clone, Copy)]
pub struct Ranking<'a> {
    /// Weights and times. The size of a job does not count here.
    pub rule: Multifactor,
    /// The accounts. Their use is counted in node-seconds from the start on.
    pub shares: &'a ShareTree,
    /// Account and factor of the quality of service, between zero and one, of each gang.
    pub of: &'a [(u32, f64)],
    /// When priorities are worked out for the first time after the start; then every `calc_period`.
    pub first: Seconds,
}

/// Priorities as they stand.
pub(super) struct Ranks<'a> {
    by: Ranking<'a>,
    usage: Usage,
    /// Fair-share factor of each account as last worked out.
    factor: Vec<f64>,
    /// Priority of each gang.
    priority: Vec<u32>,
    next: Seconds,
}

impl<'a> Ranks<'a> {
    pub fn new(by: Ranking<'a>, gangs: usize) -> Self {
        let accounts = by.shares.accounts().len();
        Ranks {
            by,
            usage: Usage::new(accounts, by.rule.half_life),
            factor: by.shares.factors(&vec![0.0; accounts], by.rule.rule),
            priority: vec![0; gangs],
            next: by.first,
        }
    }

    /// When priorities are worked out next.
    pub fn next(&self) -> Seconds {
        self.next
    }

    fn weigh(&mut self, gang: usize, waited: Seconds) {
        let Some((account, qos)) = self.by.of.get(gang).copied() else { return };
        let rule = &self.by.rule;
        let age = (waited as f64 / rule.max_age.max(1) as f64).clamp(0.0, 1.0);
        let share = self.factor.get(account as usize).copied().unwrap_or(0.0);
        // Slurm adds fractions and cuts the sum.
        self.priority[gang] = (rule.age * age + rule.fair_share * share + rule.qos * qos) as u32;
    }

    fn charge(&mut self, gang: usize, now: Seconds, nodes: i64) {
        if let Some((account, _)) = self.by.of.get(gang) {
            self.usage.change(*account, now, nodes);
        }
    }
}

impl State<'_> {
    /// Where a gang is put in the queue when it comes.
    pub(super) fn enqueue(&mut self, gang: usize) {
        let Some(ranks) = &mut self.ranks else {
            self.queue.push(gang);
            return;
        };
        ranks.weigh(gang, 0);
        let mine = ranks.priority[gang];
        let place = self.queue.partition_point(|other| ranks.priority[*other] >= mine);
        self.queue.insert(place, gang);
    }

    /// Nodes taken (or, below zero, given back) by a gang.
    pub(super) fn charge(&mut self, gang: usize, nodes: i64) {
        let now = self.second();
        if let Some(ranks) = &mut self.ranks {
            ranks.charge(gang, now, nodes);
        }
    }

    /// Works priorities out anew where it is time.
    pub(super) fn reckon(&mut self) {
        let now = self.second();
        let gangs = self.gangs;
        let Some(ranks) = self.ranks.as_mut().filter(|r| r.next <= now) else { return };
        while ranks.next <= now {
            ranks.next += ranks.by.rule.calc_period.max(1);
        }
        ranks.factor = ranks.by.shares.factors(ranks.usage.values(now), ranks.by.rule.rule);
        for &gang in &self.queue {
            ranks.weigh(gang, now - gangs[gang].submit.div_euclid(super::SECOND));
        }
        self.queue.sort_by_key(|gang| (std::cmp::Reverse(ranks.priority[*gang]), *gang));
    }
}

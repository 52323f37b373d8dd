//! In which order gangs wait: as they came, or by Slurm's multifactor priority.

use std::cmp::Reverse;

use super::state::State;
use super::{Millis, SECOND};
use crate::job::Seconds;
use crate::policy::Multifactor;
use crate::share::ShareTree;
use crate::usage::Usage;

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
    pub first: Millis,
    /// When use is charged.
    pub charged: Charged,
}

/// When a controller charges an account for its jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Charged {
    /// All the time: `AccountingStorageEnforce` has `limits`.
    #[default]
    Always,
    /// Jobs that run when priorities are worked out, for the time since the last time. Without `limits` nobody charges a job when it ends: what it
    /// ran since is free.
    WhenReckoned,
}

/// Priorities as they stand.
pub(super) struct Ranks<'a> {
    by: Ranking<'a>,
    usage: Usage,
    /// Fair-share factor of each account as last worked out.
    factor: Vec<f64>,
    /// Priority of each gang.
    priority: Vec<u32>,
    next: Millis,
    /// Use of each account where it is charged when priorities are worked out, and when that was.
    sampled: (Vec<f64>, Seconds),
}

impl<'a> Ranks<'a> {
    pub fn new(by: Ranking<'a>, gangs: usize) -> Self {
        let accounts = by.shares.accounts().len();
        Ranks {
            by,
            usage: Usage::new(accounts, by.rule.half_life, &[], 0),
            factor: by.shares.factors(&vec![0.0; accounts], by.rule.rule),
            priority: vec![0; gangs],
            next: by.first,
            // The time before the start counts for nobody.
            sampled: (vec![0.0; accounts], 0),
        }
    }

    /// When priorities are worked out next.
    pub fn next(&self) -> Millis {
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

    /// Charges gangs that run now, by number, nodes and start.
    fn sample(&mut self, now: Seconds, running: impl Iterator<Item = (usize, i64, Seconds)>) {
        let (value, last) = &mut self.sampled;
        let fade = |since: Seconds| {
            let half_life = self.by.rule.half_life;
            if half_life == 0 { 1.0 } else { (-(since as f64) / half_life as f64).exp2() }
        };
        let whole = fade(now - *last);
        value.iter_mut().for_each(|v| *v *= whole);
        for (gang, nodes, start) in running {
            let Some((account, _)) = self.by.of.get(gang) else { continue };
            let since = now - start.max(*last);
            if let Some(v) = value.get_mut(*account as usize) {
                // Slurm fades all of the new use by the time that it took.
                *v += nodes as f64 * since as f64 * fade(since);
            }
        }
        *last = now;
    }

    fn charge(&mut self, gang: usize, now: Seconds, nodes: i64) {
        if let Some((account, _)) = self.by.of.get(gang) {
            self.usage.change(*account, now, nodes);
        }
    }
}

impl State<'_> {
    /// Where a gang stands in the queue: those that may stop others first, then by partition, priority and the time at which they came.
    fn standing(&self, gang: usize) -> impl Ord + use<> {
        let level = self.stops.as_ref().map_or(0, |s| s.level(gang));
        let priority = self.ranks.as_ref().map_or(0, |r| r.priority[gang]);
        (Reverse(level), Reverse(self.parts.tier(gang)), Reverse(priority), self.came[gang], gang)
    }

    /// Puts a gang into the queue when it comes.
    pub(super) fn enqueue(&mut self, gang: usize) {
        if let Some(ranks) = &mut self.ranks {
            ranks.weigh(gang, 0);
        }
        let mine = self.standing(gang);
        let place = self.queue.partition_point(|other| self.standing(*other) < mine);
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
        let (at, now) = (self.now, self.second());
        let (gangs, starts) = (self.gangs, &self.start);
        let running = self
            .running
            .iter()
            .filter_map(|r| Some((r.gang, i64::from(gangs[r.gang].nodes), starts[r.gang]?)));
        let Some(ranks) = self.ranks.as_mut().filter(|r| r.next <= at) else { return };
        while ranks.next <= at {
            ranks.next += ranks.by.rule.calc_period.max(1) * SECOND;
        }
        ranks.factor = match ranks.by.charged {
            Charged::Always => ranks.by.shares.factors(ranks.usage.values(now), ranks.by.rule.rule),
            Charged::WhenReckoned => {
                ranks.sample(now, running);
                ranks.by.shares.factors(&ranks.sampled.0, ranks.by.rule.rule)
            }
        };
        for &gang in &self.queue {
            ranks.weigh(gang, now - self.came[gang]);
        }
        let mut queue = std::mem::take(&mut self.queue);
        queue.sort_by_cached_key(|gang| self.standing(*gang));
        let waits = !queue.is_empty() || self.next_again().is_some();
        self.queue = queue;
        if waits {
            // Whoever waits has a new priority, which the backfill scheduler takes for something new.
            self.noted();
        }
    }
}

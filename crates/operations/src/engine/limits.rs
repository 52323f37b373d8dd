//! Jobs that cannot run because of what their user or account holds already: they wait beside the queue.
//!
//! Jobs that count against the same limits form lanes of their own, so that the first of a lane speaks for all of it here as well: a lane whose
//! limits leave no room is taken out of the queue as a whole and comes back when enough has ended. Without limits nothing of this is done.

use rustc_hash::FxHashMap;

use super::Engine;
use crate::job::{Job, Seconds};
use crate::lanes::Lanes;
use crate::limits::{Each, HoldLimit};
use crate::site::Site;

/// Accelerators, nodes and jobs.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Amount {
    units: i64,
    nodes: i64,
    jobs: i64,
}

impl Amount {
    /// One job of so many accelerators, or, below zero, one less.
    fn of(units: i64, per_node: i64) -> Self {
        let nodes = (units.abs() + per_node - 1) / per_node.max(1) * units.signum();
        Self { units, nodes, jobs: units.signum() }
    }
}

/// One limit as it holds for one user, account, or all.
#[derive(Debug)]
struct Purse {
    most: Amount,
    held: Amount,
    /// Most that one job asks for that counts against it.
    largest: Amount,
}

impl Purse {
    fn lacks(&self, job: Amount) -> bool {
        let over = |held: i64, more: i64, most: i64| held + more > most;
        self.held.jobs > 0
            && (over(self.held.jobs, job.jobs, self.most.jobs)
                || over(self.held.units, job.units, self.most.units)
                || over(self.held.nodes, job.nodes, self.most.nodes))
    }
}

/// Jobs of one tenant and quality of service that count against the same limits.
#[derive(Debug)]
struct Set {
    /// Their group where there are no limits.
    plain: u32,
    purses: Vec<u32>,
}

/// The limits at work.
#[derive(Debug)]
pub(super) struct Limits {
    /// Groups from here on are limited.
    first: u32,
    qos: u32,
    per_node: i64,
    /// By tenant, quality of service and user: the limited group.
    groups: FxHashMap<(u32, u16, u32), u32>,
    sets: Vec<Set>,
    purses: Vec<Purse>,
    held: Lanes,
    /// Since the queue was last looked through: did a start leave too little for some job?
    tight: bool,
    /// Did an end leave more?
    freed: bool,
}

impl Limits {
    /// Limits that concern one of the jobs; nothing where none does. `plain` gives the group of a job without them.
    pub fn of(site: &Site, jobs: &[Job], plain: impl Fn(&Job) -> u32) -> Option<Self> {
        if site.limits.is_empty() {
            return None;
        }
        let qos = site.qos.len() as u32;
        let accounts = site.shares.accounts();
        let mut limits = Self {
            first: accounts.len() as u32 * qos,
            qos,
            per_node: i64::from(site.layout.gpus_per_node),
            groups: FxHashMap::default(),
            sets: Vec::new(),
            purses: Vec::new(),
            held: Lanes::default(),
            tight: false,
            freed: false,
        };
        let above = |tenant: u32| {
            let mut at = Some(tenant);
            std::iter::from_fn(move || {
                let here = at?;
                at = accounts.get(here as usize).and_then(|a| a.parent);
                Some(here)
            })
        };
        let mut purse_of: FxHashMap<(usize, u32), u32> = FxHashMap::default();
        let mut set_of: FxHashMap<(u32, Vec<u32>), u32> = FxHashMap::default();
        for job in jobs {
            let who = (job.tenant, job.qos, job.user);
            let amount = limits.amount(site.layout.units(job.size));
            if !limits.groups.contains_key(&who) {
                let counts = |l: &HoldLimit| {
                    (l.qos.is_empty() || l.qos.contains(&job.qos))
                        && l.user.is_none_or(|u| u == job.user)
                        && l.account.is_none_or(|a| above(job.tenant).any(|t| t == a))
                };
                let mut purses = Vec::new();
                for (i, limit) in site.limits.iter().enumerate().filter(|(_, l)| counts(l)) {
                    let of = match limit.each {
                        Each::Together => 0,
                        Each::User => job.user,
                        Each::Account => job.tenant,
                    };
                    purses.push(*purse_of.entry((i, of)).or_insert_with(|| {
                        limits.purses.push(Purse::new(limit));
                        (limits.purses.len() - 1) as u32
                    }));
                }
                let group = if purses.is_empty() {
                    plain(job)
                } else {
                    let sets = &mut limits.sets;
                    let plain = plain(job);
                    let set = *set_of.entry((plain, purses)).or_insert_with_key(|(plain, purses)| {
                        sets.push(Set { plain: *plain, purses: purses.clone() });
                        (sets.len() - 1) as u32
                    });
                    limits.first + set * qos + u32::from(job.qos)
                };
                limits.groups.insert(who, group);
            }
            let group = limits.groups[&who];
            let Some(set) = limits.set(group) else { continue };
            for p in limits.sets[set].purses.clone() {
                let largest = &mut limits.purses[p as usize].largest;
                largest.units = largest.units.max(amount.units);
                largest.nodes = largest.nodes.max(amount.nodes);
                largest.jobs = 1;
            }
        }
        (!limits.sets.is_empty()).then_some(limits)
    }

    fn amount(&self, units: i64) -> Amount {
        Amount::of(units, self.per_node)
    }

    fn set(&self, group: u32) -> Option<usize> {
        group.checked_sub(self.first).map(|g| (g / self.qos) as usize)
    }

    /// The group whose priority a lane has.
    pub fn plain(&self, group: u32) -> u32 {
        self.set(group).map_or(group, |s| self.sets[s].plain)
    }

    fn group(&self, job: &Job, plain: u32) -> u32 {
        self.groups.get(&(job.tenant, job.qos, job.user)).copied().unwrap_or(plain)
    }

    fn lacks(&self, group: u32, units: i64) -> bool {
        let Some(set) = self.set(group) else { return false };
        let amount = self.amount(units);
        self.sets[set].purses.iter().any(|p| self.purses[*p as usize].lacks(amount))
    }

    fn charge(&mut self, job: &Job, amount: Amount) {
        let Some(set) = self.groups.get(&(job.tenant, job.qos, job.user)).and_then(|g| self.set(*g)) else {
            return;
        };
        for p in &self.sets[set].purses {
            let purse = &mut self.purses[*p as usize];
            purse.held.units += amount.units;
            purse.held.nodes += amount.nodes;
            purse.held.jobs += amount.jobs;
            self.tight |= amount.jobs > 0 && purse.lacks(purse.largest);
        }
        self.freed |= amount.jobs < 0;
    }

    fn full_lanes(&self, lanes: &Lanes) -> Vec<u32> {
        let of = |l: &u32| self.lacks(lanes.lane(*l).group, lanes.lane(*l).units);
        lanes.active().iter().copied().filter(of).collect()
    }
}

impl Purse {
    fn new(limit: &HoldLimit) -> Self {
        let most = Amount {
            units: limit.accelerators.unwrap_or(i64::MAX / 4),
            nodes: limit.nodes.unwrap_or(i64::MAX / 4),
            jobs: limit.jobs.map_or(i64::MAX / 4, i64::from),
        };
        Self { most, held: Amount::default(), largest: Amount::default() }
    }
}

impl Engine<'_> {
    /// The group of a job among those that count against the same limits.
    pub(super) fn limited_group(&self, job: &Job, plain: u32) -> u32 {
        self.limits.as_ref().map_or(plain, |l| l.group(job, plain))
    }

    /// The group whose priority a lane has.
    pub(super) fn plain_group(&self, group: u32) -> u32 {
        self.limits.as_ref().map_or(group, |l| l.plain(group))
    }

    /// Does a job wait that a start in this pass may shut out?
    pub(super) fn is_limited(&self) -> bool {
        let of = |l: &Limits| self.queue.active().iter().any(|&x| self.queue.lane(x).group >= l.first);
        self.limits.as_ref().is_some_and(of)
    }

    /// Jobs that wait beside the queue.
    pub(super) fn limited_jobs(&self) -> usize {
        self.limits.as_ref().map_or(0, |l| l.held.len())
    }

    /// Do its limits leave no room for a job of this lane now?
    pub(super) fn is_full(&self, group: u32, units: i64) -> bool {
        self.limits.as_ref().is_some_and(|l| l.lacks(group, units))
    }

    /// Did a start since the last look leave too little for some job?
    pub(super) fn is_tight(&self) -> bool {
        self.limits.as_ref().is_some_and(|l| l.tight)
    }

    /// A job that is submitted waits beside the queue where its limits leave no room.
    pub(super) fn hold_beside(&mut self, shape: (u32, i64, Seconds), submit: Seconds, index: u32) -> bool {
        let Some(limits) = &mut self.limits else { return false };
        let full = limits.lacks(shape.0, shape.1);
        if full {
            limits.held.insert(shape, submit, index, || 0.0);
        }
        full
    }

    /// A job starts on so many accelerators, or, below zero, leaves them.
    pub(super) fn charge_limits(&mut self, index: u32, units: i64) {
        if self.limits.is_none() && !self.shares_accounts {
            return;
        }
        let amount = Amount::of(units, i64::from(self.site.layout.gpus_per_node));
        if let Some(limits) = &mut self.limits {
            limits.charge(&self.jobs[index as usize], amount);
        }
        if self.shares_accounts {
            self.moves.push((index, amount));
        }
    }

    /// Starts and ends since the last question, where other sites have to know.
    pub(crate) fn take_moves(&mut self) -> Vec<(u32, Amount)> {
        std::mem::take(&mut self.moves)
    }

    /// A job started or ended at another site of the same accounts. True where that lets jobs into the queue here, or takes some out.
    pub(crate) fn charge_elsewhere(&mut self, now: Seconds, index: u32, amount: Amount) -> bool {
        if let Some(usage) = &mut self.usage {
            usage.change(self.jobs[index as usize].tenant, now, amount.units);
        }
        let Some(limits) = &mut self.limits else { return false };
        limits.charge(&self.jobs[index as usize], amount);
        let free = |l: &u32| !limits.lacks(limits.held.lane(*l).group, limits.held.lane(*l).units);
        if amount.jobs > 0 {
            limits.tight && !limits.full_lanes(&self.queue).is_empty()
        } else {
            limits.held.active().iter().any(free)
        }
    }

    /// Takes those out of the queue that cannot run now. True where some stood within the depth that the scheduler looks at.
    pub(super) fn set_full_aside(&mut self) -> bool {
        let Some(limits) = &mut self.limits else { return false };
        if !std::mem::take(&mut limits.tight) {
            return false;
        }
        let full = limits.full_lanes(&self.queue);
        for lane in &full {
            self.queue.hand_over(*lane, &mut limits.held, 0.0);
        }
        for lane in limits.full_lanes(&self.behind) {
            self.behind.hand_over(lane, &mut limits.held, 0.0);
        }
        !full.is_empty()
    }

    /// Puts the queue right for what started and ended since: before a moment's first pass.
    pub(super) fn settle_limits(&mut self) {
        let Some(limits) = &mut self.limits else { return };
        let (tight, freed) = (limits.tight, std::mem::take(&mut limits.freed));
        if tight && self.set_full_aside() {
            self.changed = true;
            let waiting = self.is_waiting();
            self.clock.wake(self.now, waiting);
        }
        if freed {
            self.let_in();
        }
    }

    fn let_in(&mut self) {
        let waiting = self.is_waiting();
        let Some(mut limits) = self.limits.take() else { return };
        let is_free = |l: &u32| !limits.lacks(limits.held.lane(*l).group, limits.held.lane(*l).units);
        let free: Vec<u32> = limits.held.active().iter().copied().filter(is_free).collect();
        let mut one_by_one = Vec::new();
        for &lane in &free {
            let (group, units, length) = {
                let l = limits.held.lane(lane);
                (l.group, l.units, l.len())
            };
            let plain = limits.sets[limits.set(group).unwrap_or(0)].plain;
            let priority = self.lane_priority(plain, units);
            if self.behind.len() == 0 && self.queue.len() + length <= self.depth {
                limits.held.hand_over(lane, &mut self.queue, priority);
            } else {
                while let Some(job) = limits.held.pop(lane) {
                    one_by_one.push(job);
                }
            }
        }
        self.limits = Some(limits);
        one_by_one.sort_unstable();
        for job in one_by_one {
            self.line_up(job, false);
        }
        if !free.is_empty() {
            self.changed = true;
            self.clock.wake(self.now, waiting);
        }
    }

    /// All that wait beside the queue, as the site stands still.
    pub(super) fn hand_over_limited(&mut self, out: &mut Vec<u32>) {
        let Some(limits) = &mut self.limits else { return };
        while let Some(&lane) = limits.held.active().first() {
            out.extend(limits.held.pop(lane));
        }
    }
}

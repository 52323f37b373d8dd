//! Where a job goes, and how it gets there.

use std::cmp::Reverse;

use super::super::route::{Offer, choose};
use super::super::speed;
use super::Drive;
use crate::job::{Job, Seconds};

impl Drive<'_> {
    /// A job that cannot stay where it is goes where the rule sends it now, with the work it saved.
    pub(super) fn move_on(&mut self, job: u32, from: usize) {
        let saved = self.engines[from].take_saved(job);
        if saved > 0 {
            self.saved.insert(job, saved);
        }
        self.place(job);
    }

    fn units(&self, site: usize, job: u32) -> i64 {
        self.members[site].site.layout.units(self.seen[site][job as usize].size)
    }

    pub(super) fn planned(&self, site: usize, job: u32) -> i64 {
        self.units(site, job).saturating_mul(self.seen[site][job as usize].limit)
    }

    /// Sends a job to the site that the rule chooses.
    pub(super) fn place(&mut self, index: u32) {
        let job = &self.jobs[index as usize];
        let home = self.homes[index as usize] as usize;
        let from = self.at[index as usize] as usize;
        let to = self.own_nodes(index, home).or_else(|| self.routed(index, home)).unwrap_or(home);
        self.at[index as usize] = to as u16;
        let transfer = if to == from || to == home || self.members[to].apart.is_some() {
            0
        } else {
            self.transfer(job, home)
        };
        if let Some(saved) = self.saved.get_mut(&index)
            && to != from
        {
            let ratio = speed(self.members, from) / speed(self.members, to);
            *saved = (*saved as f64 * ratio).floor() as Seconds;
        }
        if transfer == 0 {
            return self.take_in(index, to);
        }
        *self.transfers.entry((home as u16, to as u16)).or_insert(0) += transfer;
        self.inbound[to] += self.planned(to, index);
        self.transit.push(Reverse((self.now + transfer, index, to)));
    }

    fn transfer(&self, job: &Job, home: usize) -> Seconds {
        (self.members[home].site.layout.units(job.size) as f64 * self.rules.transfer).ceil() as Seconds
    }

    pub(super) fn take_in(&mut self, index: u32, site: usize) {
        self.touch(site);
        let saved = self.saved.remove(&index).unwrap_or(0);
        let fresh = saved == 0 && self.now == self.jobs[index as usize].submit;
        if fresh {
            self.engines[site].enqueue(index);
        } else {
            self.engines[site].receive(index, saved);
        }
    }

    /// The nodes that the job's tenant has to itself now, if the job ends within that span.
    fn own_nodes(&mut self, index: u32, home: usize) -> Option<usize> {
        let job = self.jobs[index as usize];
        (0..self.members.len()).find(|&s| {
            let Some(apart) = &self.members[s].apart else { return false };
            let within = apart.open.iter().find(|o| o.0 <= self.now && self.now < o.1);
            apart.of == home
                && apart.tenants.contains(&job.tenant)
                && !self.out[home]
                && self.units(s, index) <= self.members[s].site.layout.gpus()
                && within.is_some_and(|o| {
                    let wait = self.engines[s].expected_wait(self.now, self.units(s, index));
                    self.now + wait + job.limit <= o.1
                })
        })
    }

    fn routed(&mut self, index: u32, home: usize) -> Option<usize> {
        let job = self.jobs[index as usize];
        if self.members.len() == 1 || !self.rules.may_leave(&job) {
            return None;
        }
        let mut offers = Vec::with_capacity(self.members.len());
        for (s, m) in self.members.iter().enumerate() {
            let units = self.units(s, index);
            if m.apart.is_some() || self.out[s] || units > m.site.layout.gpus() {
                continue;
            }
            let gpus = m.site.layout.gpus().max(1);
            let work = (units * self.seen[s][index as usize].runtime.max(1)) as f64;
            offers.push(Offer {
                site: s,
                wait: self.engines[s].expected_wait(self.now, units) + self.inbound[s] / gpus,
                transfer: if s == home { 0 } else { self.transfer(&job, home) },
                price: work * m.price,
                carbon: work * m.carbon,
            });
        }
        choose(self.rules, home, &offers)
    }
}

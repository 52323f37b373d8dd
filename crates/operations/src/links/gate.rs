//! Links at work while the site runs.

use std::collections::VecDeque;

use super::{Links, When};
use crate::job::Seconds;

/// What the gate says of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    /// It may wait in the queue.
    Go(u32),
    /// What it waits for can never be.
    Never(u32),
}

/// Links at work: who may pass, and whom an end lets pass.
#[derive(Debug)]
pub(crate) struct Gate<'a> {
    links: &'a Links,
    pending: Vec<u32>,
    doomed: Vec<bool>,
    arrived: Vec<bool>,
    inside: Vec<u32>,
    lined_up: Vec<VecDeque<u32>>,
}

impl<'a> Gate<'a> {
    pub fn new(links: &'a Links) -> Self {
        Self {
            links,
            pending: links.pending.clone(),
            doomed: vec![false; links.pending.len()],
            arrived: vec![false; links.pending.len()],
            inside: vec![0; links.most.len()],
            lined_up: vec![VecDeque::new(); links.most.len()],
        }
    }

    /// Does the job end without success though nothing stops it?
    pub fn fails(&self, job: u32) -> bool {
        self.links.fails(job)
    }

    /// A job is submitted.
    pub fn arrive(&mut self, job: u32, out: &mut Vec<Word>) {
        let j = job as usize;
        if j >= self.arrived.len() {
            out.push(Word::Go(job));
            return;
        }
        self.arrived[j] = true;
        if self.pending[j] == 0 {
            self.pass(job, out);
        }
    }

    /// Nothing holds it back any more but its array.
    fn pass(&mut self, job: u32, out: &mut Vec<Word>) {
        if self.doomed[job as usize] {
            out.push(Word::Never(job));
            self.settle(job, false, out);
            return;
        }
        match self.links.array[job as usize] {
            Some(a) if self.inside[a as usize] >= self.links.most[a as usize] => {
                self.lined_up[a as usize].push_back(job);
            }
            Some(a) => {
                self.inside[a as usize] += 1;
                out.push(Word::Go(job));
            }
            None => out.push(Word::Go(job)),
        }
    }

    /// A job that had passed ended, with its work done or not.
    pub fn ended(&mut self, job: u32, ok: bool, out: &mut Vec<Word>) {
        if job as usize >= self.arrived.len() {
            return;
        }
        if let Some(a) = self.links.array[job as usize] {
            match self.lined_up[a as usize].pop_front() {
                Some(next) => out.push(Word::Go(next)),
                None => self.inside[a as usize] -= 1,
            }
        }
        self.settle(job, ok, out);
    }

    fn settle(&mut self, job: u32, ok: bool, out: &mut Vec<Word>) {
        // Chains of cancelled jobs may be as long as the workload: a list, not the stack.
        let mut ends = vec![(job, ok)];
        while let Some((job, ok)) = ends.pop() {
            for i in self.links.followers(job) {
                let need = self.links.needs[i];
                let next = need.job as usize;
                self.pending[next] -= 1;
                self.doomed[next] |= match need.when {
                    When::Ok => !ok,
                    When::NotOk => ok,
                    When::Any => false,
                };
                if self.pending[next] > 0 || !self.arrived[next] {
                    continue;
                }
                if self.doomed[next] {
                    out.push(Word::Never(need.job));
                    ends.push((need.job, false));
                } else {
                    self.pass(need.job, out);
                }
            }
        }
    }
}

/// Time at which a job may first be looked at, for [`crate::JobRecord`].
pub(crate) fn eligible(now: Seconds, submit: Seconds) -> Seconds {
    if now > submit { now } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::super::{Need, Throttle};
    use super::*;

    fn need(job: u32, on: u32, when: When) -> Need {
        Need { job, on, when }
    }

    #[test]
    fn a_failed_job_dooms_those_that_need_its_success_and_frees_the_others() {
        let needs =
            vec![need(1, 0, When::Ok), need(2, 1, When::Ok), need(3, 1, When::Any), need(4, 0, When::NotOk)];
        let links = Links::new(5, needs, &[], &[]).unwrap();
        let mut gate = Gate::new(&links);
        let mut out = Vec::new();
        (0..5).for_each(|j| gate.arrive(j, &mut out));
        assert_eq!(std::mem::take(&mut out), [Word::Go(0)]);
        gate.ended(0, false, &mut out);
        out.sort_by_key(|w| match w {
            Word::Go(j) | Word::Never(j) => *j,
        });
        assert_eq!(out, [Word::Never(1), Word::Never(2), Word::Go(3), Word::Go(4)]);
    }

    #[test]
    fn an_array_lets_so_many_in() {
        let array = Throttle { members: vec![0, 1, 2, 3], most: 2 };
        let links = Links::new(4, Vec::new(), &[array], &[]).unwrap();
        let mut gate = Gate::new(&links);
        let mut out = Vec::new();
        (0..4).for_each(|j| gate.arrive(j, &mut out));
        assert_eq!(std::mem::take(&mut out), [Word::Go(0), Word::Go(1)]);
        gate.ended(1, true, &mut out);
        assert_eq!(std::mem::take(&mut out), [Word::Go(2)]);
        gate.ended(0, true, &mut out);
        gate.ended(2, true, &mut out);
        assert_eq!(out, [Word::Go(3)]);
    }
}

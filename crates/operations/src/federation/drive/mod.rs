//! One clock over the engines of all sites.

mod place;

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::{Federated, Flow, Member, Rules, merge, speed};
use crate::engine::Engine;
use crate::job::{Job, JobState, Seconds};
use crate::links::{Gate, Links, Word};
use crate::outcome::Outcome;
use crate::site::Settings;

/// What happens to a whole site, in the order within one second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Edge {
    /// It stands still.
    Out,
    /// It works again.
    Back,
    /// A tenant's own nodes close: who still waits there goes home.
    Close,
}

pub(super) struct Drive<'a> {
    members: &'a [Member],
    jobs: &'a [Job],
    homes: &'a [u16],
    /// By site: the workload as it sees it.
    seen: &'a [Cow<'a, [Job]>],
    engines: Vec<Engine<'a>>,
    rules: &'a Rules,
    until: Option<Seconds>,
    gate: Option<Gate<'a>>,
    now: Seconds,
    next: usize,
    edges: BinaryHeap<Reverse<(Seconds, Edge, usize)>>,
    /// Jobs whose data are on their way: when they are there, which, where to.
    transit: BinaryHeap<Reverse<(Seconds, u32, usize)>>,
    /// Accelerator-seconds planned by those, by goal.
    inbound: Vec<i64>,
    /// Work that jobs on their way have saved, in seconds of their goal.
    saved: BTreeMap<u32, Seconds>,
    at: Vec<u16>,
    out: Vec<bool>,
    touched: Vec<bool>,
    eligible: Vec<Seconds>,
    cancelled: Vec<(u32, Seconds)>,
    transfers: BTreeMap<(u16, u16), i64>,
    unfinished: usize,
    words: Vec<Word>,
}

impl<'a> Drive<'a> {
    #[allow(
        clippy::too_many_arguments,
        reason = "what a run of several sites is made of; called in one place"
    )]
    pub fn new(
        members: &'a [Member],
        jobs: &'a [Job],
        homes: &'a [u16],
        seen: &'a [Cow<'a, [Job]>],
        each: &'a [Settings],
        links: &'a Links,
        rules: &'a Rules,
        settings: &'a Settings,
    ) -> Self {
        let one = rules.one_account && members.len() > 1;
        let engines = members
            .iter()
            .zip(seen)
            .zip(each)
            .map(|((m, j), s)| Engine::member(&m.site, j, s, one))
            .collect();
        let mut edges = BinaryHeap::new();
        for (i, m) in members.iter().enumerate() {
            // A tenant's own nodes stand still with the site they belong to.
            let whole = m.apart.as_ref().map_or(i, |a| a.of);
            for &(from, to) in members.get(whole).iter().flat_map(|m| &m.outages).filter(|o| o.1 > o.0) {
                edges.push(Reverse((from, Edge::Out, i)));
                edges.push(Reverse((to, Edge::Back, i)));
            }
            for &(open, close) in m.apart.iter().flat_map(|a| &a.open) {
                edges.push(Reverse((open, Edge::Back, i)));
                edges.push(Reverse((close, Edge::Close, i)));
            }
        }
        Self {
            members,
            jobs,
            homes,
            seen,
            engines,
            rules,
            until: settings.until,
            gate: (!links.is_empty()).then(|| Gate::new(links)),
            now: jobs.first().map_or(0, |j| j.submit.min(0)),
            next: 0,
            edges,
            transit: BinaryHeap::new(),
            inbound: vec![0; members.len()],
            saved: BTreeMap::new(),
            at: homes.to_vec(),
            out: vec![false; members.len()],
            touched: vec![false; members.len()],
            eligible: vec![0; jobs.len()],
            cancelled: Vec::new(),
            transfers: BTreeMap::new(),
            unfinished: jobs.len(),
            words: Vec::new(),
        }
    }

    pub fn run(mut self) -> Federated {
        self.go();
        self.finish()
    }

    /// One site alone: its records are those of all, and stay where they are.
    pub fn run_alone(mut self) -> Outcome {
        self.go();
        let Some(mut engine) = self.engines.pop() else { return Outcome::default() };
        engine.advance(self.now);
        let mut outcome = engine.finish();
        outcome.jobs.iter_mut().zip(&self.eligible).for_each(|(r, at)| r.eligible = *at);
        for (job, at) in self.cancelled {
            outcome.jobs[job as usize].state = JobState::Cancelled;
            outcome.jobs[job as usize].end = at;
        }
        outcome
    }

    fn go(&mut self) {
        while self.unfinished > 0 || self.until.is_some() {
            let at = self.next_moment();
            if let Some(until) = self.until
                && at >= until
            {
                self.now = until;
                break;
            }
            if at == Seconds::MAX {
                break;
            }
            self.now = at;
            self.moment();
        }
    }

    fn next_moment(&self) -> Seconds {
        let arrival = self.jobs.get(self.next).map_or(Seconds::MAX, |j| j.submit);
        let edge = self.edges.peek().map_or(Seconds::MAX, |e| e.0.0);
        let transit = self.transit.peek().map_or(Seconds::MAX, |t| t.0.0);
        let due = self.engines.iter().map(Engine::due).min().unwrap_or(Seconds::MAX);
        arrival.min(edge).min(transit).min(due).max(self.now)
    }

    /// Ends first, then what happens to whole sites, then who comes in, then the schedulers.
    fn moment(&mut self) {
        let now = self.now;
        self.touched.fill(false);
        for s in 0..self.engines.len() {
            if self.engines[s].due() <= now {
                self.touch(s);
            }
        }
        while let Some(&Reverse((at, edge, site))) = self.edges.peek()
            && at <= now
        {
            self.edges.pop();
            self.edge(edge, site);
        }
        while let Some(&Reverse((at, job, site))) = self.transit.peek()
            && at <= now
        {
            self.transit.pop();
            self.inbound[site] -= self.planned(site, job);
            if self.out[site] && site != self.homes[job as usize] as usize {
                // Its goal went out while its data were on their way.
                self.place(job);
                continue;
            }
            self.take_in(job, site);
        }
        while let Some(job) = self.jobs.get(self.next)
            && job.submit <= now
        {
            let index = self.next as u32;
            self.next += 1;
            match &mut self.gate {
                Some(gate) => {
                    gate.arrive(index, &mut self.words);
                    self.obey();
                }
                None => self.place(index),
            }
        }
        let mut open = self.touched.clone();
        while let Some(s) = open.iter().position(|o| *o) {
            open[s] = false;
            self.engines[s].conclude();
            // What starts here may use up what others wait for elsewhere.
            for t in self.tell(s) {
                self.touch(t);
                open[t] = true;
            }
        }
    }

    /// Tells the other sites of the same accounts who started and ended here; says where that changes who may start.
    fn tell(&mut self, site: usize) -> Vec<usize> {
        let moves = self.engines[site].take_moves();
        let mut changed = Vec::new();
        for (job, amount) in moves {
            for t in (0..self.engines.len()).filter(|t| *t != site) {
                if self.engines[t].charge_elsewhere(self.now, job, amount) && !changed.contains(&t) {
                    changed.push(t);
                }
            }
        }
        changed
    }

    /// Brings a site to this moment and hears who ended there.
    fn touch(&mut self, site: usize) {
        if std::mem::replace(&mut self.touched[site], true) {
            return;
        }
        self.engines[site].begin(self.now);
        for (job, finished) in self.engines[site].take_ended() {
            self.unfinished -= 1;
            let Some(gate) = &mut self.gate else { continue };
            let failed = finished && gate.fails(job);
            if failed {
                self.engines[site].mark_failed(job);
            }
            gate.ended(job, finished && !failed, &mut self.words);
        }
        for other in self.tell(site) {
            self.touch(other);
        }
        self.obey();
        for job in self.engines[site].handed_back() {
            self.move_on(job, site);
        }
    }

    /// Does what the gate says.
    fn obey(&mut self) {
        for word in std::mem::take(&mut self.words) {
            match word {
                Word::Go(job) => {
                    self.eligible[job as usize] =
                        crate::links::eligible(self.now, self.jobs[job as usize].submit);
                    self.place(job);
                }
                Word::Never(job) => {
                    self.unfinished -= 1;
                    self.cancelled.push((job, self.now));
                }
            }
        }
    }

    fn edge(&mut self, edge: Edge, site: usize) {
        self.touch(site);
        match edge {
            Edge::Out => {
                self.out[site] = true;
                for job in self.engines[site].go_out() {
                    self.move_on(job, site);
                }
            }
            Edge::Back => {
                // One of several outages that overlap may go on.
                let still = |o: &(Seconds, Seconds)| o.0 <= self.now && self.now < o.1;
                if self.members[site].outages.iter().any(still) {
                    return;
                }
                self.out[site] = false;
                self.engines[site].come_back();
            }
            Edge::Close => {
                let home = self.members[site].apart.as_ref().map_or(site, |a| a.of);
                for job in self.engines[site].go_out() {
                    self.at[job as usize] = home as u16;
                    self.take_in(job, home);
                }
            }
        }
    }

    fn finish(mut self) -> Federated {
        let end = self.now;
        let sites: Vec<Outcome> = self
            .engines
            .into_iter()
            .map(|mut e| {
                e.advance(end);
                e.finish()
            })
            .collect();
        let mut jobs: Vec<_> =
            (0..self.jobs.len()).map(|j| merge(&sites, j, self.at[j] as usize, self.eligible[j])).collect();
        for (job, at) in self.cancelled.drain(..) {
            jobs[job as usize].state = JobState::Cancelled;
            jobs[job as usize].end = at;
        }
        let mut flows: BTreeMap<(usize, usize), Flow> = BTreeMap::new();
        let mut flow = |from: usize, to: usize, change: &mut dyn FnMut(&mut Flow)| {
            change(flows.entry((from, to)).or_insert(Flow { from, to, ..Flow::default() }));
        };
        for (j, record) in jobs.iter().enumerate() {
            let (home, last) = (self.homes[j] as usize, self.at[j] as usize);
            flow(home, last, &mut |f| {
                f.jobs += 1;
                f.completed += usize::from(record.state == JobState::Completed);
            });
            for (s, outcome) in sites.iter().enumerate() {
                let held = outcome.jobs[j].held;
                if held > 0 {
                    let ratio = speed(self.members, s) / speed(self.members, home);
                    flow(home, s, &mut |f| {
                        f.held += held;
                        f.work += held as f64 * ratio;
                    });
                }
            }
        }
        for ((from, to), seconds) in &self.transfers {
            flow(*from as usize, *to as usize, &mut |f| f.transfer += seconds);
        }
        Federated { jobs, ran_at: self.at, sites, flows: flows.into_values().collect() }
    }
}

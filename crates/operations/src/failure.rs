use std::collections::VecDeque;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::job::Seconds;

/// A kind of part that fails.
#[derive(Debug, Clone, PartialEq)]
pub struct Component {
    /// Name in reports.
    pub name: String,
    /// Failures of this kind per node and day, as the mean over all nodes, lemons included.
    pub per_node_day: f64,
    /// Shortest, most usual and longest time until the node is back, once noticed and a crew is free (triangular).
    pub repair: [Seconds; 3],
    /// Does it need a repair crew, or does it come back by itself (a restart, a reboot)?
    pub crew: bool,
}

/// What breaks, how it is noticed and how it is mended.
#[derive(Debug, Clone, PartialEq)]
pub struct FailureModel {
    /// Kinds of parts.
    pub components: Vec<Component>,
    /// Share of the nodes that fail more often than the rest.
    pub lemon_share: f64,
    /// How many times more often.
    pub lemon_factor: f64,
    /// Failures per running job and day whatever its size, beside those of nodes: file systems that are gone, services, the job's own
    /// process. The job stops at once and waits again; its nodes stay in service.
    pub per_job_day: f64,
    /// Time from a failure to its notice: the job hangs until then.
    pub detection: Seconds,
    /// Repairs by crews that can go on at once; 0 means any number.
    pub crews: u32,
    /// Nodes beyond the layout: one takes the place of a node that needs a crew, and the mended node becomes a spare.
    pub spares: u32,
    /// Time to bring a spare in.
    pub swap: Seconds,
}

impl FailureModel {
    /// The counts of interruptions of Llama 3 405B on 16,384 H100 in 54 days as shares (The Llama 3 Herd of Models, 2024, table 5), scaled
    /// to `per_node_day`: faulty accelerators and memory need a crew, software, network and the like come back after a restart.
    ///
    /// The times to repair are assumptions; no operator has published any for this generation.
    pub fn like_llama3(per_node_day: f64, repair: Seconds) -> Self {
        let hour = 3_600;
        let of = |name: &str, count: f64, repair: [Seconds; 3], crew: bool| Component {
            name: name.to_owned(),
            per_node_day: per_node_day * count / 419.0,
            repair,
            crew,
        };
        let hard = [repair / 4, repair / 2, repair * 9 / 4];
        let soft = [hour / 6, hour / 2, 2 * hour];
        Self {
            components: vec![
                of("accelerator", 148.0 + 19.0 + 17.0, hard, true),
                of("accelerator memory", 72.0, hard, true),
                of("host", 2.0 + 25.0, hard, true),
                of("network", 35.0, [hour, 2 * hour, 12 * hour], true),
                of("software and other", 101.0, soft, false),
            ],
            lemon_share: 0.012,
            lemon_factor: 8.0,
            per_job_day: 0.0,
            detection: 300,
            crews: 0,
            spares: 0,
            swap: 2 * hour,
        }
    }

    /// Failures per node and day, all kinds.
    pub fn per_node_day(&self) -> f64 {
        self.components.iter().map(|c| c.per_node_day).sum()
    }
}

/// A repair under way or waiting for a crew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket {
    /// The node that comes back, or none where a mended node becomes a spare.
    pub node: Option<u32>,
    pub component: u16,
}

/// The failures of a run: one clock for all nodes, then a victim and a kind.
#[derive(Debug)]
pub(crate) struct Breakdowns {
    pub rng: ChaCha8Rng,
    /// All nodes together, per second.
    pub rate: f64,
    pub lemons: Vec<u32>,
    pub is_lemon: Vec<bool>,
    lemon_weight: f64,
    pub busy_crews: u32,
    pub waiting: VecDeque<Ticket>,
    pub spares: u32,
    /// Position of the incident of each broken node.
    pub incident: Vec<Option<u32>>,
    /// Of what befalls jobs: draws of its own, so that what befalls nodes does not depend on it.
    jobs_rng: ChaCha8Rng,
    /// Places for jobs, at most one to an accelerator, and failures of all of them together, were each taken, per second.
    places: u32,
    pub jobs_rate: f64,
}

impl Breakdowns {
    pub fn new(model: &FailureModel, nodes: u32, places: u32, seed: u64) -> Self {
        let mut jobs_rng = ChaCha8Rng::seed_from_u64(seed);
        jobs_rng.set_stream(1);
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let count =
            ((f64::from(nodes) * model.lemon_share.clamp(0.0, 1.0)).round() as usize).min(nodes as usize);
        let mut all: Vec<u32> = (0..nodes).collect();
        for i in 0..count {
            let j = rng.random_range(i..all.len());
            all.swap(i, j);
        }
        all.truncate(count);
        let mut is_lemon = vec![false; nodes as usize];
        for &l in &all {
            is_lemon[l as usize] = true;
        }
        let bad = count as f64 * model.lemon_factor.max(0.0);
        Self {
            rng,
            rate: model.per_node_day() * f64::from(nodes) / 86_400.0,
            lemons: all,
            is_lemon,
            lemon_weight: if count == 0 { 0.0 } else { bad / (bad + f64::from(nodes) - count as f64) },
            busy_crews: 0,
            waiting: VecDeque::new(),
            spares: model.spares,
            incident: vec![None; nodes as usize],
            jobs_rng,
            places,
            jobs_rate: model.per_job_day.max(0.0) * f64::from(places) / 86_400.0,
        }
    }

    /// Time to the next failure anywhere: exponential, by inversion, so that results outlive versions of a library.
    pub fn gap(&mut self) -> Seconds {
        let u: f64 = self.rng.random();
        ((-(1.0 - u).ln() / self.rate).ceil() as Seconds).max(1)
    }

    /// Time to the next moment at which a job might fail, and its place; nothing happens where none runs there.
    pub fn job_gap(&mut self) -> (Seconds, u32) {
        let u: f64 = self.jobs_rng.random();
        let gap = ((-(1.0 - u).ln() / self.jobs_rate).ceil() as Seconds).max(1);
        (gap, self.jobs_rng.random_range(0..self.places))
    }

    pub fn victim(&mut self, nodes: u32) -> u32 {
        if self.lemon_weight > 0.0 && self.rng.random::<f64>() < self.lemon_weight {
            return self.lemons[self.rng.random_range(0..self.lemons.len())];
        }
        loop {
            let node = self.rng.random_range(0..nodes);
            if !self.is_lemon[node as usize] || self.lemons.len() == nodes as usize {
                return node;
            }
        }
    }

    pub fn component(&mut self, model: &FailureModel) -> u16 {
        let mut draw = self.rng.random::<f64>() * model.per_node_day();
        for (i, c) in model.components.iter().enumerate() {
            draw -= c.per_node_day;
            if draw < 0.0 {
                return i as u16;
            }
        }
        model.components.len().saturating_sub(1) as u16
    }

    /// Triangular, by inversion.
    pub fn repair_time(&mut self, [low, mode, high]: [Seconds; 3]) -> Seconds {
        let (a, c, b) = (low as f64, mode as f64, high as f64);
        let u: f64 = self.rng.random();
        if b <= a {
            return low.max(1);
        }
        let cut = (c - a) / (b - a);
        let t = if u < cut {
            a + (u * (b - a) * (c - a)).sqrt()
        } else {
            b - ((1.0 - u) * (b - a) * (b - c)).sqrt()
        };
        (t.round() as Seconds).max(1)
    }
}

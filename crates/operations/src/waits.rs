//! How long a gang waits on a busy site: a small seeded simulation, since for gangs under backfill no closed form is honest.

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng as _;
use rand_distr::{Distribution as _, Exp1, LogNormal};

use crate::job::{Job, Seconds};
use crate::policy::{Multifactor, Order, Policy, Qos, SlurmSettings};
use crate::site::{Settings, Site};
use crate::{SimulationError, simulate};

/// Nodes that are simulated: a larger site is drawn smaller, gangs and all, since waiting depends on the part of the site that a gang asks for.
const NODES: u32 = 512;
/// Jobs of one replication, and replications.
const JOBS: usize = 6_000;
const REPLICATIONS: u64 = 4;
/// One in so many jobs is the one that is asked about; the first part of a replication only fills the site.
const EVERY: usize = 50;
const WARM_UP: f64 = 0.2;
/// Run times of a large shared accelerator cluster: mean 6,652 s, median 206 s (Helios, 1.58 million jobs, in the Acme summary). A log-normal
/// distribution with these has σ = √(2 ln(mean / median)).
const MEAN_RUN: f64 = 6_652.0;
const MEDIAN_RUN: f64 = 206.0;
/// Sizes are powers of two; each has this part of the jobs of the next smaller one.
const NEXT_SIZE: f64 = 0.62;
/// Limits that users ask for, in hours: the next above a drawn multiple of the run time.
const LIMITS: [Seconds; 6] = [1, 4, 12, 24, 48, 168];

/// A site with its usual work.
#[derive(Debug, Clone, PartialEq)]
pub struct BusySite {
    /// Nodes.
    pub nodes: u32,
    /// Accelerators of a node.
    pub gpus_per_node: u32,
    /// Part of the time that accelerators at hand are used.
    pub utilisation: f64,
    /// Classes of jobs.
    pub classes: Vec<Qos>,
}

/// What is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe {
    /// Nodes at once.
    pub nodes: u32,
    /// Length of a job.
    pub run: Seconds,
    /// Its class, by position.
    pub class: u16,
}

/// Waiting times in seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Waits {
    /// One in ten waits less.
    pub p10: f64,
    /// Half wait less.
    pub p50: f64,
    /// One in ten waits longer.
    pub p90: f64,
    /// Mean.
    pub mean: f64,
    /// Jobs behind these figures.
    pub jobs: usize,
}

impl BusySite {
    /// Waits of a gang like the probe. Same seed, same figures.
    ///
    /// # Errors
    /// Where the probe is larger than the site, or a class does not exist.
    pub fn waits(&self, probe: Probe, seed: u64) -> Result<Waits, Vec<SimulationError>> {
        let scale = (f64::from(self.nodes) / f64::from(NODES)).max(1.0);
        let nodes = self.nodes.clamp(1, NODES);
        let asked = ((f64::from(probe.nodes) / scale).ceil().max(1.0)) as u32;
        let mut site = Site::flat(nodes, self.gpus_per_node.max(1));
        site.qos = self.classes.clone();
        let mut settings = Settings::new(Policy::Slurm(SlurmSettings::default()));
        settings.order = Order::Multifactor(Multifactor::default());
        let mut waits = Vec::new();
        for replication in 0..REPLICATIONS {
            let mut random = ChaCha8Rng::seed_from_u64(seed);
            random.set_stream(replication);
            let jobs = self.workload(&mut random, nodes, Probe { nodes: asked, ..probe });
            let outcome = simulate(&site, &jobs, &settings)?;
            let from = (WARM_UP * JOBS as f64) as usize;
            let list = jobs.iter().zip(&outcome.jobs).skip(from).step_by(EVERY);
            waits.extend(list.filter_map(|(job, record)| record.wait(job)).map(|w| w as f64));
        }
        waits.sort_by(f64::total_cmp);
        let at = |q: f64| waits.get(((waits.len() as f64 * q) as usize).min(waits.len().saturating_sub(1)));
        let of = |q: f64| at(q).copied().unwrap_or(0.0);
        let mean = waits.iter().sum::<f64>() / waits.len().max(1) as f64;
        Ok(Waits { p10: of(0.1), p50: of(0.5), p90: of(0.9), mean, jobs: waits.len() })
    }

    /// Jobs whose work fills the utilisation; every so many-th is the probe.
    fn workload(&self, random: &mut ChaCha8Rng, nodes: u32, probe: Probe) -> Vec<Job> {
        let sizes: Vec<u32> = (0..16).map(|k| 1 << k).take_while(|n| *n <= (nodes / 2).max(1)).collect();
        let weights: Vec<f64> = (0..sizes.len()).map(|k| NEXT_SIZE.powi(k as i32)).collect();
        let total: f64 = weights.iter().sum();
        let sigma = (2.0 * (MEAN_RUN / MEDIAN_RUN).ln()).sqrt();
        let runs = LogNormal::new(MEDIAN_RUN.ln(), sigma).ok();
        let longest = LIMITS[LIMITS.len() - 1] * 3600;
        let mut jobs: Vec<Job> = Vec::with_capacity(JOBS);
        let mut gaps = Vec::with_capacity(JOBS);
        for i in 0..JOBS {
            gaps.push(Exp1.sample(random));
            let run = runs.map_or(MEAN_RUN, |d: LogNormal<f64>| d.sample(random)) as Seconds;
            let mut pick = random.random::<f64>() * total;
            let size = sizes.iter().zip(&weights).find(|(_, w)| {
                pick -= **w;
                pick <= 0.0
            });
            let room = 1.2 + 2.8 * random.random::<f64>();
            let class = (random.random::<f64>() * self.classes.len() as f64) as u16;
            let run = run.clamp(10, longest / 2);
            let mut job = Job::nodes(i as u64, 0, run, limit(run as f64 * room), size.map_or(1, |s| *s.0));
            job.qos = class.min(self.classes.len().saturating_sub(1) as u16);
            if i % EVERY == 0 {
                job = Job::nodes(i as u64, 0, probe.run, limit(probe.run as f64), probe.nodes);
                job.qos = probe.class;
            }
            jobs.push(job);
        }
        // The gaps are stretched until the work of all jobs fills the utilisation.
        let work: f64 = jobs.iter().map(|j| j.runtime as f64 * f64::from(nodes_of(j))).sum();
        let span = work / (f64::from(nodes) * self.utilisation.clamp(0.01, 1.5));
        let stretch = span / gaps.iter().sum::<f64>();
        let mut at = 0.0;
        for (job, gap) in jobs.iter_mut().zip(&gaps) {
            at += gap * stretch;
            job.submit = at as Seconds;
        }
        jobs
    }
}

fn nodes_of(job: &Job) -> u32 {
    match job.size {
        crate::Size::Nodes(n) | crate::Size::Gpus(n) => n,
    }
}

fn limit(seconds: f64) -> Seconds {
    LIMITS.iter().map(|h| h * 3600).find(|l| *l as f64 >= seconds).unwrap_or(seconds.ceil() as Seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(utilisation: f64) -> BusySite {
        let class = |name: &str, priority| Qos { name: name.into(), priority, ..Qos::default() };
        BusySite {
            nodes: 2_000,
            gpus_per_node: 8,
            utilisation,
            classes: vec![class("low", 0.1), class("high", 1.0)],
        }
    }

    #[test]
    fn waits_grow_with_load_and_size_and_shrink_with_rank() {
        let probe = Probe { nodes: 200, run: 4 * 3600, class: 0 };
        let wait = |u: f64, p: Probe| site(u).waits(p, 1).expect("fits").mean;
        assert!(wait(0.6, probe) < wait(0.9, probe));
        assert!(wait(0.9, Probe { nodes: 8, ..probe }) < wait(0.9, probe));
        assert!(wait(0.9, Probe { class: 1, ..probe }) < wait(0.9, probe));
        assert_eq!(site(0.9).waits(probe, 7), site(0.9).waits(probe, 7));
    }

    #[test]
    fn a_gang_larger_than_the_site_is_a_fault() {
        assert!(site(0.5).waits(Probe { nodes: 2_001, run: 3600, class: 0 }, 1).is_err());
    }
}

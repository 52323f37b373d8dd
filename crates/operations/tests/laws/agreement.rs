use gigatwin_operations::{Job, OverLimit, Policy, Settings, Site, SlurmSettings, simulate};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::naive;

/// Small, crowded, with many ties: same seconds, same sizes, jobs that use all of their limit and jobs that ask for too little.
fn workload(rng: &mut impl Rng, site: u32, seed_size: u64) -> Vec<Job> {
    let n = rng.random_range(1..=(2 + seed_size).min(30));
    let gap = rng.random_range(0..6);
    let mut t = 0;
    (0..n)
        .map(|id| {
            t += rng.random_range(0..=gap);
            let runtime = rng.random_range(1..25);
            let limit = match rng.random_range(0..4) {
                0 => runtime,
                1 => rng.random_range(1..25),
                _ => runtime + rng.random_range(0..20),
            };
            let size = if rng.random_bool(0.5) {
                rng.random_range(1..=site)
            } else {
                rng.random_range(1..=site.div_ceil(3))
            };
            Job::nodes(id, t, runtime, limit, size)
        })
        .collect()
}

/// More than the site can do, in few shapes: a queue of a hundred jobs and more, in which short ones come last. Here the walk through the
/// queue sets lanes aside.
fn long_queue(rng: &mut impl Rng, site: u32) -> Vec<Job> {
    let mut t = 0;
    (0..rng.random_range(100..160))
        .map(|id| {
            t += rng.random_range(0..=2);
            let limit = [2, 2, 5, 14, 40][rng.random_range(0..5)];
            let runtime = if rng.random_bool(0.3) { limit } else { rng.random_range(1..=limit) };
            let size = 1 << rng.random_range(0..=site.ilog2());
            Job::nodes(id, t, runtime, limit, size)
        })
        .collect()
}

fn agree(policy: impl Fn(&mut ChaCha8Rng) -> Policy) {
    for seed in 0..2_000 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let site = rng.random_range(1..16);
        let jobs = workload(&mut rng, site, seed / 40);
        agree_on(seed, &mut rng, site, &jobs, &policy);
    }
    for seed in 2_000..2_060 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let site = rng.random_range(6..24);
        let jobs = long_queue(&mut rng, site);
        agree_on(seed, &mut rng, site, &jobs, &policy);
    }
}

fn agree_on(
    seed: u64,
    rng: &mut ChaCha8Rng,
    site: u32,
    jobs: &[Job],
    policy: &impl Fn(&mut ChaCha8Rng) -> Policy,
) {
    let policy = policy(rng);
    let over_limit = if rng.random_bool(0.5) { OverLimit::Kill } else { OverLimit::Extend };
    let settings = Settings { over_limit, ..Settings::new(policy) };
    let outcome = simulate(&Site::flat(site, 8), jobs, &settings).unwrap();
    let engine: Vec<i64> = outcome.jobs.iter().map(|r| r.start).collect();
    let naive = naive::starts(i64::from(site), jobs, policy, over_limit);
    assert_eq!(
        engine,
        naive,
        "seed {seed}, {site} nodes, {policy:?}, {over_limit:?}\n{:?}",
        jobs.iter().map(|j| (j.submit, j.runtime, j.limit, naive::nodes(j))).collect::<Vec<_>>()
    );
}

#[test]
fn fcfs_agrees_on_2000_workloads() {
    agree(|_| Policy::Fcfs);
}

#[test]
fn easy_agrees_on_2000_workloads() {
    agree(|_| Policy::Easy);
}

#[test]
fn conservative_agrees_on_2000_workloads() {
    agree(|_| Policy::Conservative);
}

#[test]
fn slurm_agrees_on_2000_workloads() {
    agree(slurm);
}

/// Slurm's schedulers with any knobs.
pub fn slurm(rng: &mut ChaCha8Rng) -> Policy {
    Policy::Slurm(SlurmSettings {
        bf_max_job_test: rng.random_range(1..30),
        bf_window: rng.random_range(5..120),
        bf_resolution: rng.random_range(1..10),
        bf_interval: rng.random_range(1..8),
        bf_phase: 0,
        default_queue_depth: rng.random_range(1..10),
        sched_interval: rng.random_range(1..20),
        sched_min_interval: rng.random_range(0..4),
        completing: 0,
        limit_granularity: rng.random_range(1..6),
    })
}

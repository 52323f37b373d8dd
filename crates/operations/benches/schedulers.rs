//! A million gang jobs on 12,500 nodes, per policy and offered load; and ten thousand jobs of the Lublin model.
//!
//! `cargo bench -p gigatwin-operations --bench schedulers [-- POLICY LOAD [JOBS]]`: CPU seconds and peak memory of each run. With the path of
//! the Lublin trace in `LUBLIN` that one too.

#![allow(clippy::expect_used, clippy::unwrap_used, missing_docs)] // a benchmark

use gigatwin_operations::{Job, Outcome, OverLimit, Policy, Settings, Site, SlurmSettings, simulate};
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Exp, LogNormal};

const LIMITS: [i64; 8] = [600, 3_600, 14_400, 43_200, 86_400, 172_800, 345_600, 604_800];
const NODES: i64 = 12_500;

/// The rule of the comparison's generator: power-of-two sizes by weight, lognormal run times between ten seconds and a week, exponential
/// gaps of 12 s scaled to the offered load, the limit the next of a fixed list.
fn workload(n: usize, load: f64) -> Vec<Job> {
    let sizes = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];
    let weights = [40.0, 15.0, 12.0, 10.0, 8.0, 6.0, 4.0, 2.5, 1.5, 0.7, 0.3];
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(7);
    let (gap, run) = (Exp::new(1.0 / 12.0).unwrap(), LogNormal::new(7.6, 1.7).unwrap());
    let mut t = 0.0;
    let mut raw: Vec<(f64, i64, u32)> = (0..n)
        .map(|_| {
            t += gap.sample(&mut rng);
            let mut draw = rng.random::<f64>() * 100.0;
            let size = sizes.iter().zip(weights).find(|(_, w)| {
                draw -= w;
                draw < 0.0
            });
            let r: f64 = run.sample(&mut rng);
            (t, (r as i64).clamp(10, 604_800), *size.map_or(&1024, |s| s.0))
        })
        .collect();
    let work: f64 = raw.iter().map(|j| j.1 as f64 * f64::from(j.2)).sum();
    let scale = work / (t * NODES as f64) / load;
    raw.iter_mut().for_each(|j| j.0 *= scale);
    raw.iter()
        .enumerate()
        .map(|(i, &(t, r, p))| {
            let limit = LIMITS.into_iter().find(|&l| l >= r).unwrap_or(604_800);
            Job::nodes(i as u64 + 1, t as i64, r, limit, p)
        })
        .collect()
}

fn lublin(path: &str) -> Option<Vec<Job>> {
    let text = std::fs::read_to_string(path).ok()?;
    let mut jobs: Vec<Job> = text
        .lines()
        .filter(|l| !l.starts_with(';') && !l.trim().is_empty())
        .filter_map(|l| {
            let c: Vec<i64> = l.split_whitespace().filter_map(|x| x.parse().ok()).collect();
            Some(Job::nodes(*c.first()? as u64, *c.get(1)?, *c.get(3)?, *c.get(8)?, *c.get(7)? as u32))
        })
        .collect();
    jobs.sort_by_key(|j| (j.submit, j.id));
    Some(jobs)
}

fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |i: usize| fields.get(i).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|l| l.starts_with("VmHWM"));
    line.and_then(|l| l.split_whitespace().nth(1)).and_then(|k| k.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

fn run(name: &str, site: &Site, jobs: &[Job], policy: Policy, repeat: u32) {
    let settings = Settings { over_limit: OverLimit::Extend, ..Settings::new(policy) };
    let before = cpu();
    let mut outcome = Outcome::default();
    for _ in 0..repeat {
        outcome = simulate(site, jobs, &settings).expect("a sound workload");
    }
    let spent = (cpu() - before) / f64::from(repeat);
    let waits: Vec<i64> = outcome.jobs.iter().zip(jobs).filter_map(|(r, j)| r.wait(j)).collect();
    let mean = waits.iter().sum::<i64>() as f64 / waits.len() as f64;
    let use_share = outcome.busy_all() as f64 / (site.layout.gpus() * outcome.end) as f64;
    // Of every start: equal where two versions of the simulator agree on all of them.
    let digest = outcome.jobs.iter().fold(0_u64, |d, r| {
        (d ^ r.start as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23) ^ u64::from(r.first_node)
    });
    println!(
        "{name:<28} {spent:>8.3} CPU s  {:>5.0} MiB peak  {} started  mean wait {mean:.0} s  use {:.1} %  starts {digest:016x}  {:?}",
        peak_mib(),
        waits.len(),
        100.0 * use_share,
        outcome.counts
    );
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with("--")).collect();
    let wanted = |name: &str, load: f64| {
        args.first().is_none_or(|a| a == name) && args.get(1).is_none_or(|a| a.parse() == Ok(load))
    };
    let count = args.get(2).and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let policies = [
        ("easy", Policy::Easy),
        ("conservative", Policy::Conservative),
        ("slurm", Policy::Slurm(SlurmSettings::default())),
    ];
    for (name, policy) in policies {
        for load in [0.85, 1.2] {
            if wanted(name, load) {
                let jobs = workload(count, load);
                run(&format!("{name} {load} {count}"), &Site::flat(NODES as u32, 8), &jobs, policy, 1);
            }
        }
    }
    if let Ok(path) = std::env::var("LUBLIN")
        && let Some(jobs) = lublin(&path)
    {
        for (name, policy) in policies {
            run(&format!("lublin {name}"), &Site::flat(256, 1), &jobs, policy, 5);
        }
    }
}

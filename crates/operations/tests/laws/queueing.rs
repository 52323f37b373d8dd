use gigatwin_operations::{Job, Policy, Settings, Site, simulate};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Mean wait of an M/M/c queue (Erlang C): C(c, a) / (c·μ − λ).
fn erlang_wait(c: u32, lambda: f64, mu: f64) -> f64 {
    let a = lambda / mu;
    let mut b = 1.0;
    for k in 1..=c {
        b = a * b / (f64::from(k) + a * b);
    }
    let rho = a / f64::from(c);
    let wait_probability = b / (1.0 - rho * (1.0 - b));
    wait_probability / (f64::from(c) * mu - lambda)
}

/// Mean wait with its standard error from 40 independent runs; the first tenth of each is left out.
fn simulated_wait(c: u32, rho: f64, policy: Policy) -> (f64, f64) {
    let (n, service) = (20_000, 100_000.0);
    let runs: Vec<f64> = (0..40)
        .map(|seed| {
            let mut rng = ChaCha8Rng::seed_from_u64(1_000 + seed);
            let mut exponential = |mean: f64| -mean * (1.0 - rng.random::<f64>()).ln();
            let mut t = 0.0;
            let jobs: Vec<Job> = (0..n)
                .map(|id| {
                    t += exponential(service / (f64::from(c) * rho));
                    let run = (exponential(service) as i64).max(1);
                    Job::nodes(id, t as i64, run, run, 1)
                })
                .collect();
            let o = simulate(&Site::flat(c, 1), &jobs, &Settings::new(policy)).unwrap();
            let waits: Vec<i64> =
                o.jobs.iter().zip(&jobs).skip(2_000).filter_map(|(r, j)| r.wait(j)).collect();
            waits.iter().sum::<i64>() as f64 / waits.len() as f64 / service
        })
        .collect();
    let mean = runs.iter().sum::<f64>() / runs.len() as f64;
    let variance = runs.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / (runs.len() - 1) as f64;
    (mean, (variance / runs.len() as f64).sqrt())
}

#[test]
fn waits_are_those_of_erlang_c() {
    for (c, rho) in [(1, 0.5), (4, 0.7), (16, 0.85)] {
        // One node each: nobody can overtake, so every policy is the same queue.
        for policy in [Policy::Fcfs, Policy::Easy, Policy::Conservative] {
            let (mean, error) = simulated_wait(c, rho, policy);
            let exact = erlang_wait(c, f64::from(c) * rho, 1.0);
            let z = (mean - exact) / error;
            assert!(z.abs() < 3.0, "c {c}, rho {rho}, {policy:?}: {mean} against {exact}, z {z}");
            // The interval is tight enough to mean something.
            assert!(error / exact < 0.04, "c {c}, rho {rho}: {error} of {exact}");
        }
    }
}

//! Workloads drawn from published distributions.

mod mix;

pub use mix::{Campaign, Mix, MixError, ServingPool, Stream};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::job::{Job, JobClass, Seconds, Size};
use crate::layout::Layout;

/// Time limits of a site; a job takes the next one above its run time.
const LIMITS: [Seconds; 9] = [600, 3_600, 14_400, 43_200, 86_400, 172_800, 345_600, 604_800, 2_592_000];

fn limit(runtime: Seconds, longest: Option<Seconds>) -> Seconds {
    let common = LIMITS.into_iter().find(|&l| l >= runtime).unwrap_or(runtime);
    longest.map_or(common, |l| common.min(l.max(runtime)))
}

/// Relative rate of arrivals by local hour on a working day: low at night, highest in the early afternoon, a third at weekends. The shape
/// is that of Lublin and Feitelson (JPDC 63(11), 2003): a daily cycle with one broad hump.
fn rhythm(at: Seconds, swing: f64) -> f64 {
    if swing <= 0.0 {
        return 1.0;
    }
    let hour = (at.rem_euclid(86_400) as f64) / 3_600.0;
    let day = at.div_euclid(86_400).rem_euclid(7);
    let daily = 1.0 + swing * ((hour - 14.0) / 24.0 * std::f64::consts::TAU).cos();
    let weekly = if day >= 5 { 1.0 - swing.min(1.0) * 2.0 / 3.0 } else { 1.0 };
    (daily * weekly).max(0.02)
}

/// Mean of [`rhythm`] over a week.
fn mean_rhythm(swing: f64) -> f64 {
    (0..168).map(|h| rhythm(h * 3_600 + 1_800, swing)).sum::<f64>() / 168.0
}

/// Draws the jobs of so many seconds, in order of submission.
///
/// # Errors
/// Every number of the mix that makes no sense, at once.
pub fn generate(mix: &Mix, layout: &Layout, span: Seconds, seed: u64) -> Result<Vec<Job>, Vec<MixError>> {
    let faults = mix::check(mix, layout);
    if !faults.is_empty() {
        return Err(faults);
    }
    let mut jobs = Vec::new();
    for (i, stream) in mix.streams.iter().enumerate() {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(1 + i as u64);
        draw_stream(stream, layout, span, &mut rng, &mut jobs);
    }
    for pool in &mix.pools {
        serve(pool, span, &mut jobs);
    }
    for c in &mix.campaigns {
        jobs.push(Job {
            size: Size::Gpus(c.gpus),
            tenant: c.tenant,
            qos: c.qos,
            class: JobClass::Campaign,
            checkpoint: c.checkpoint,
            ..Job::nodes(0, c.submit, c.runtime, c.runtime.saturating_mul(2), 1)
        });
    }
    jobs.sort_by_key(|j| j.submit);
    for (i, job) in jobs.iter_mut().enumerate() {
        job.id = i as u64 + 1;
    }
    Ok(jobs)
}

fn pick<T: Copy>(weighted: &[(T, f64)], draw: f64) -> T {
    let total: f64 = weighted.iter().map(|w| w.1).sum();
    let mut left = draw * total;
    for (value, weight) in weighted {
        left -= weight;
        if left < 0.0 {
            return *value;
        }
    }
    weighted[weighted.len() - 1].0
}

/// A normal draw by Box and Muller, so that results outlive versions of a library.
fn normal(rng: &mut ChaCha8Rng) -> f64 {
    let (u, v): (f64, f64) = (rng.random(), rng.random());
    (-2.0 * (1.0 - u).ln()).sqrt() * (std::f64::consts::TAU * v).cos()
}

impl Stream {
    /// Location and spread of the logarithm: median e^μ, mean e^(μ + σ²/2).
    fn lognormal(&self) -> (f64, f64) {
        (self.run.1.ln(), (2.0 * (self.run.0 / self.run.1).ln()).sqrt())
    }

    fn run_time(&self, rng: &mut ChaCha8Rng) -> Seconds {
        let (mu, sigma) = self.lognormal();
        ((mu + sigma * normal(rng)).exp() as Seconds).clamp(self.bounds.0, self.bounds.1)
    }

    /// Mean run time within the bounds, by quadrature over the normal quantiles.
    fn mean_run(&self) -> f64 {
        let (mu, sigma) = self.lognormal();
        let (n, width) = (4_000, 12.0);
        let (mut sum, mut weight) = (0.0, 0.0);
        for i in 0..n {
            let z = -width / 2.0 + width * (f64::from(i) + 0.5) / f64::from(n);
            let w = (-z * z / 2.0).exp();
            let run = (mu + sigma * z).exp().clamp(self.bounds.0 as f64, self.bounds.1 as f64);
            sum += w * run;
            weight += w;
        }
        sum / weight
    }
}

fn draw_stream(s: &Stream, layout: &Layout, span: Seconds, rng: &mut ChaCha8Rng, jobs: &mut Vec<Job>) {
    let weights: f64 = s.sizes.iter().map(|x| x.1).sum();
    let mean_size = s.sizes.iter().map(|x| layout.units(Size::Gpus(x.0)) as f64 * x.1).sum::<f64>() / weights;
    let rate = s.load * layout.gpus() as f64 / (mean_size * s.mean_run());
    if rate <= 0.0 {
        return;
    }
    // Arrivals at the highest rate of the week, thinned to the rate of their hour (Lewis and Shedler, 1979).
    let (mean, top) = (mean_rhythm(s.swing), 1.0 + s.swing.max(0.0));
    let peak = rate * top / mean;
    let mut t = 0.0;
    loop {
        t += -(1.0 - rng.random::<f64>()).ln() / peak;
        if t >= span as f64 {
            return;
        }
        if rng.random::<f64>() * top >= rhythm(t as Seconds, s.swing) {
            continue;
        }
        let runtime = s.run_time(rng);
        jobs.push(Job {
            size: Size::Gpus(pick(&s.sizes, rng.random())),
            tenant: pick(&s.tenants, rng.random()),
            qos: s.qos,
            class: s.class,
            checkpoint: s.checkpoint,
            ..Job::nodes(0, t as Seconds, runtime, limit(runtime, s.longest), 1)
        });
    }
}

/// Each replica runs in the hours in which the day's curve asks for it: one job for each unbroken stretch.
fn serve(pool: &ServingPool, span: Seconds, jobs: &mut Vec<Job>) {
    let wanted = |hour: Seconds| {
        let (low, high) = (f64::from(pool.replicas.0), f64::from(pool.replicas.1));
        let phase = (hour.rem_euclid(24) - i64::from(pool.peak_hour)) as f64 / 24.0;
        (low + (high - low) * 0.5 * (1.0 + (phase * std::f64::consts::TAU).cos())).round() as u32
    };
    let hours = (span + 3_599) / 3_600;
    for replica in 0..pool.replicas.1 {
        let mut from = None;
        for hour in 0..=hours {
            let runs = hour < hours && replica < wanted(hour);
            match (from, runs) {
                (None, true) => from = Some(hour),
                (Some(start), false) => {
                    let (at, length) = (start * 3_600, (hour - start) * 3_600);
                    jobs.push(Job {
                        size: Size::Gpus(pool.gpus),
                        tenant: pool.tenant,
                        qos: pool.qos,
                        class: JobClass::Serving,
                        ..Job::nodes(0, at, length.min(span - at), length, 1)
                    });
                    from = None;
                }
                _ => {}
            }
        }
    }
}

/// Powers of two up to `largest`, each so many times rarer than the one before: a few large jobs with most of the hours.
pub fn sizes(smallest: u32, largest: u32, rarer: f64) -> Vec<(u32, f64)> {
    let mut out = Vec::new();
    let (mut size, mut weight) = (smallest.max(1), 1.0);
    while size <= largest {
        out.push((size, weight));
        size = size.saturating_mul(2);
        weight /= rarer;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn philly() -> Stream {
        Stream {
            class: JobClass::Batch,
            load: 0.5,
            run: (18_006.0, 874.0),
            bounds: (1, 4_240_676),
            sizes: sizes(1, 128, 2.2),
            qos: 0,
            checkpoint: 0,
            longest: None,
            swing: 0.6,
            tenants: vec![(0, 1.0)],
        }
    }

    #[test]
    fn the_run_times_have_the_published_median_and_the_load_is_met() {
        let layout = Layout::flat(1_000, 8);
        let span = 60 * 86_400;
        let mix = Mix { streams: vec![philly()], ..Mix::default() };
        let mut loads = Vec::new();
        for seed in 0..5 {
            let jobs = generate(&mix, &layout, span, seed).unwrap();
            let mut runs: Vec<i64> = jobs.iter().map(|j| j.runtime).collect();
            runs.sort_unstable();
            let median = runs[runs.len() / 2] as f64;
            assert!((median / 874.0 - 1.0).abs() < 0.03, "{median}");
            let work: f64 = jobs.iter().map(|j| j.runtime as f64 * layout.units(j.size) as f64).sum();
            loads.push(work / (layout.gpus() * span) as f64);
            assert_eq!(jobs, generate(&mix, &layout, span, seed).unwrap());
        }
        let mean = loads.iter().sum::<f64>() / loads.len() as f64;
        assert!((mean / 0.5 - 1.0).abs() < 0.06, "{loads:?}");
    }

    #[test]
    fn more_come_by_day_and_on_working_days() {
        let jobs = generate(
            &Mix { streams: vec![philly()], ..Mix::default() },
            &Layout::flat(1_000, 8),
            28 * 86_400,
            3,
        )
        .unwrap();
        let share =
            |f: &dyn Fn(&Job) -> bool| jobs.iter().filter(|j| f(j)).count() as f64 / jobs.len() as f64;
        let afternoon = share(&|j| (12..16).contains(&(j.submit / 3_600 % 24)));
        assert!(afternoon > 1.3 * 4.0 / 24.0, "{afternoon}");
        let weekend = share(&|j| j.submit / 86_400 % 7 >= 5);
        assert!(weekend < 0.8 * 2.0 / 7.0, "{weekend}");
    }

    #[test]
    fn a_pool_follows_its_curve() {
        let pool = ServingPool { replicas: (2, 6), gpus: 8, peak_hour: 14, qos: 0, tenant: 0 };
        let mix = Mix { pools: vec![pool], ..Mix::default() };
        let jobs = generate(&mix, &Layout::flat(100, 8), 2 * 86_400, 1).unwrap();
        let running = |at: i64| jobs.iter().filter(|j| j.submit <= at && at < j.submit + j.runtime).count();
        assert_eq!([running(2 * 3_600), running(14 * 3_600), running(26 * 3_600)], [2, 6, 2]);
    }

    #[test]
    fn all_faults_at_once() {
        let mut s = philly();
        s.load = -1.0;
        s.sizes = vec![(9_000, 1.0)];
        let faults =
            generate(&Mix { streams: vec![s], ..Mix::default() }, &Layout::flat(10, 8), 100, 1).unwrap_err();
        assert_eq!(faults.len(), 2);
    }
}

//! A site whose jobs are mixed as those of RSC-1, as far as its authors say (arXiv 2410.21680): 7,200 jobs a day that use 83 %; more than
//! 40 % ask for one accelerator, more than 90 % for a node of eight or less, and these use less than 10 % of the time; jobs of 256 and more
//! use 66 %, those of about 4,000 12 %; none runs longer than seven days. How the rest of the small jobs divides between two and eight
//! accelerators is not said: it is drawn for each seed.

use gigatwin_operations::{
    FailureModel, JobClass, Layout, Mix, Outcome, Policy, Settings, Site, Stream, generate, simulate,
};

const NODES: u32 = 2_000;
const HOUR: f64 = 3_600.0;

/// Share of all attempts of jobs that a failure ended, in percent; `undivided` is what of the small jobs that ask for more than one
/// accelerator asks for all eight, from 0 to 1.
pub(super) fn jobs_stopped(model: &FailureModel, days: f64, undivided: f64, seed: u64) -> Option<f64> {
    let layout = Layout { nodes_per_leaf: 20, leaves_per_block: 10, ..Layout::flat(NODES, 8) };
    let site = Site { failures: Some(model.clone()), ..Site::new(layout) };
    let span = (days * 24.0 * HOUR) as i64;
    let jobs = generate(&mix(undivided), &layout, span, seed).ok()?;
    let settings = Settings { seed, until: Some(span), ..Settings::new(Policy::Easy) };
    Some(share(&simulate(&site, &jobs, &settings).ok()?))
}

fn share(o: &Outcome) -> f64 {
    let (mut stops, mut attempts) = (0.0, 0.0);
    for r in o.jobs.iter().filter(|r| r.start >= 0) {
        stops += f64::from(r.failures);
        attempts += 1.0 + f64::from(r.failures) + f64::from(r.preemptions);
    }
    100.0 * stops / attempts
}

fn mix(undivided: f64) -> Mix {
    // Accelerator-hours asked for in a day, and jobs in it.
    let (hours, jobs) = (0.83 * 24.0 * 8.0 * f64::from(NODES), 7_200.0);
    let stream = |time: f64, count: f64, sizes: Vec<(u32, f64)>| {
        let weight: f64 = sizes.iter().map(|s| s.1).sum();
        let size = sizes.iter().map(|s| f64::from(s.0) * s.1).sum::<f64>() / weight;
        let mean = time * hours / (count * jobs) / size * HOUR;
        Stream {
            class: JobClass::Batch,
            load: 0.83 * time,
            run: (mean, mean / 2.0),
            bounds: (60, 604_800),
            sizes,
            qos: 0,
            checkpoint: 3_600,
            longest: Some(604_800),
            swing: 0.0,
            tenants: vec![(0, 1.0)],
        }
    };
    let between = 0.48 * (1.0 - undivided) / 2.0;
    let small = vec![(1, 0.44), (2, between), (4, between), (8, 0.48 * undivided)];
    Mix {
        streams: vec![
            stream(0.09, 0.92, small),
            stream(0.25, 0.075, vec![(16, 50.0), (32, 30.0), (64, 15.0), (128, 5.0)]),
            stream(0.54, 0.005, vec![(256, 60.0), (512, 25.0), (1_024, 12.0), (2_048, 3.0)]),
            // A day each.
            stream(0.12, 0.12 * hours / 98_304.0 / jobs, vec![(4_096, 1.0)]),
        ],
        ..Mix::default()
    }
}

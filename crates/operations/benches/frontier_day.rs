//! A day of a site of Frontier's size with a power sample every 15 s: 9,472 nodes of eight accelerator dies, failures on, EASY backfill, and the bill.
//!
//! `cargo bench -p gigatwin-operations --bench frontier_day`: CPU seconds for workload, run and power, at two offered loads.

#![allow(clippy::expect_used, clippy::unwrap_used, missing_docs)] // a benchmark

use gigatwin_operations::{
    Draw, FailureModel, JobClass, Layout, Mix, Policy, Settings, Site, Stream, Terms, bill, generate,
    simulate, sizes,
};
use gigatwin_quantity::{CarbonIntensity, EnergyPrice, Power};

const DAY: i64 = 86_400;

/// User and system time of the process so far, from the kernel's account of it (hundredths of a second).
fn cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let rest: Vec<&str> = text.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |i: usize| rest.get(i).and_then(|t| t.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

fn main() {
    let layout = Layout { nodes: 9_472, gpus_per_node: 8, nodes_per_leaf: 128, leaves_per_block: 8 };
    let stream = |load| Stream {
        class: JobClass::Batch,
        load,
        run: (7_200.0, 2_400.0),
        bounds: (60, DAY),
        sizes: sizes(8, 32_768, 1.6),
        qos: 0,
        checkpoint: 3_600,
        longest: None,
        swing: 0.0,
        tenants: vec![(0, 1.0)],
    };
    let site = Site { failures: Some(FailureModel::like_llama3(5e-3, DAY / 2)), ..Site::new(layout) };
    // Round figures that make some 20 MW of the whole machine: an assumption, which changes no time.
    let draw = Draw {
        busy: [Power::from_w(280.0); JobClass::ALL.len()],
        idle: Power::from_w(80.0),
        common: Power::from_mw(0.8),
    };
    let price: Vec<EnergyPrice> =
        (0..24).map(|h| EnergyPrice::from_eur_per_mwh(40.0 + f64::from(h))).collect();
    let terms = Terms::new(&[1.03], &price, &price, &[CarbonIntensity::from_g_per_kwh(400.0)]);
    const RUNS: u32 = 10;
    for load in [0.85, 1.2] {
        let before = cpu();
        let mut last = None;
        for seed in 0..RUNS {
            let mix = Mix { streams: vec![stream(load)], ..Mix::default() };
            let jobs = generate(&mix, &layout, DAY, u64::from(seed)).expect("a sound mix");
            let settings = Settings {
                sample: Some(15),
                until: Some(DAY),
                seed: u64::from(seed),
                ..Settings::new(Policy::Easy)
            };
            let outcome = simulate(&site, &jobs, &settings).expect("a sound workload");
            let b = bill(&draw, &terms, layout.gpus(), &site.shares, &jobs, &outcome);
            last = Some((jobs.len(), outcome.series.len(), b.total.energy.mwh(), outcome.busy_all()));
        }
        let spent = (cpu() - before) / f64::from(RUNS);
        let (jobs, samples, mwh, busy) = last.expect("runs");
        println!(
            "load {load}: {spent:.3} CPU s a day (mean of {RUNS}); {jobs} jobs, {samples} samples, use {:.1} %, {mwh:.0} MWh",
            100.0 * busy as f64 / (layout.gpus() * DAY) as f64
        );
    }
}

//! CPU time of a site's day: 100,000 chips, 20 pools with latencies by hour, notebooks and fine-tuning.
//! `cargo bench -p gigatwin-serving --bench site`.

#![allow(clippy::expect_used, missing_docs)] // a benchmark

mod common;

use common::served::{eight_bits, h100, inputs, step_with};
use common::{cpu, peak_mb};
use gigatwin_quantity::{Share, Time};
use gigatwin_serving::site::{
    Application, Develop, Method, Part, Partition, Pool, Service, SiteInputs, Tune, day, site_day, with_peak,
};
use gigatwin_serving::{EngineInputs, Lengths};

fn main() {
    let engine = EngineInputs { max_batch: 256, ..inputs() };
    let step = step_with("llama-3-1-70b", &h100(), eight_bits(4), &engine);
    let office = day("office").expect("a course");
    let pools = (0..20).map(|i| Pool {
        name: format!("pool {i}"),
        partition: i % 4,
        chips: 4,
        rate_per_replica: 6.0,
        minimum: 2,
        spare: 1,
        load: Time::from_s(240.0),
        applications: (0..5)
            .map(|a| Application {
                name: format!("application {a}"),
                rate: 250.0,
                day: with_peak(&office, 1.5 + 0.2 * f64::from(a)),
            })
            .collect(),
        part: Part::Whole,
        service: Some(Service {
            step: step.clone(),
            engine,
            lengths: Lengths { prompt: 1155.0, answer: 211.0 },
            max_batch: 256.0,
        }),
    });
    let developers = (0..4).map(|p| Develop {
        name: format!("group {p}"),
        partition: p,
        sessions_per_day: 5000.0,
        life: Time::from_s(4.0 * 3600.0),
        slice: Share::from_fraction(1.0 / 7.0),
        busy: Time::from_s(60.0),
        think: Time::from_s(480.0),
        reclaim: Time::from_s(900.0),
        resume: Time::from_s(20.0),
        day: office,
    });
    let tunes = (0..20).map(|i| Tune {
        name: format!("tune {i}"),
        partition: i % 4,
        method: if i % 2 == 0 { Method::Adapters } else { Method::Supervised },
        active_parameters: 70e9,
        tokens: 1e9,
        jobs_per_day: 50.0,
        chips: 16,
        rate: h100().bf16,
        efficiency: Share::from_percent(38.0),
        restart: Time::from_s(300.0),
    });
    let inputs = SiteInputs {
        partitions: (0..4)
            .map(|i| Partition { name: format!("partition {i}"), chips: 25_000.0, training: 5000.0 })
            .collect(),
        pools: pools.collect(),
        developers: developers.collect(),
        tunes: tunes.collect(),
    };
    let times = 200_u32;
    let start = cpu();
    let mut chip_hours = 0.0;
    for _ in 0..times {
        chip_hours = site_day(&inputs).pools.iter().map(|p| p.chip_hours).sum();
    }
    println!(
        "a day of 100,000 chips and 20 pools: {:.2} ms CPU (bar 1,000 ms), {chip_hours:.0} chip-hours of serving, peak {:.1} MB",
        (cpu() - start) / f64::from(times) * 1e3,
        peak_mb()
    );
}

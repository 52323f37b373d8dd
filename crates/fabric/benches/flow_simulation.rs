//! CPU seconds and peak memory of the flow simulation, each case in a process of its own.
//!
//! `cargo bench -p gigatwin-fabric --bench flow_simulation [-- CASE…]`

use std::error::Error;
use std::process::Command;

use gigatwin_fabric::flow::{
    Attach, Clos, FlowList, Pattern, Routing, Shape, Simulation, Topology, TopologySpec,
};
use gigatwin_quantity::{Bandwidth, Data, Time};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const CASES: [(&str, &str); 15] = [
    ("permutation-1024", "D-mod-k, 16 x 8 x 8"),
    ("permutation-4096", "D-mod-k, 16 x 16 x 16"),
    ("permutation-16384", "D-mod-k, 32 x 32 x 16; at most 0.2 s"),
    ("permutation-16384-proven", "the same, each solve with its certificate"),
    ("permutation-65536", "D-mod-k, 32 x 32 x 64; at most 2.2 s"),
    ("permutation-131072", "D-mod-k, 64 x 64 x 32; at most 5 s, 500 MB"),
    ("ecmp-65536", "ECMP, 32 x 32 x 64"),
    ("spray-131072", "spraying, 64 x 64 x 32"),
    ("all-to-all-1024", "1,047,552 flows at once, D-mod-k; at most 0.2 s, 150 MB"),
    ("all-to-all-1024-explicit", "the same, every flow on its own; at most 0.2 s, 150 MB"),
    ("ring-131072", "ring, by symmetry; at most 10 ms"),
    ("rail-131072", "rail step of 8 NICs, by symmetry; at most 10 ms"),
    ("ring-131072-explicit", "ring, every flow on its own"),
    ("rail-131072-explicit", "rails of 8, every flow on its own"),
    ("planes-65536", "four planes, spraying"),
];

/// Three tiers without oversubscription of links at 50 GB/s and 1 µs each.
fn tree(leaf: u32, pod: u32, pods: u32, planes: u32, attach: Attach) -> Result<Topology> {
    let clos = Clos {
        down: leaf,
        up: leaf,
        leaves: pod * pods,
        pod_leaves: pod,
        spines: leaf,
        spine_up: pod,
        cores: leaf * pod,
    };
    let spec = TopologySpec {
        endpoints: leaf * pod * pods,
        shape: Shape::Clos(clos),
        attach,
        planes,
        endpoint_rate: Bandwidth::from_gb_per_s(50.0),
        link_rate: Bandwidth::from_gb_per_s(50.0),
        latency: Time::from_us(0.5),
        domain: None,
    };
    Ok(spec.build()?)
}

fn run(case: &str) -> Result<String> {
    let kind = case.split('-').next().ok_or("no kind")?;
    let size: u32 = case.split('-').find_map(|w| w.parse().ok()).ok_or("no size")?;
    let (leaf, pod, pods) = match size {
        1024 => (16, 8, 8),
        4096 => (16, 16, 16),
        16384 => (32, 32, 16),
        65536 => (32, 32, 64),
        _ => (64, 64, 32),
    };
    let attach = if kind == "rail" { Attach::RailOptimised { rails: 8 } } else { Attach::Plain };
    let planes = if kind == "planes" { 4 } else { 1 };
    let topology = tree(leaf, pod, pods, planes, attach)?;
    let (pattern, routing) = match kind {
        "ecmp" => (Pattern::permutation(size, 1), Routing::Ecmp { seed: 1 }),
        "spray" | "planes" => (Pattern::permutation(size, 1), Routing::Spray),
        "ring" => (Pattern::shift(size, 1), Routing::DModK),
        "rail" => (Pattern::shift(size, 8), Routing::DModK),
        "all" => (Pattern::all_to_all(1024), Routing::DModK),
        _ => (Pattern::permutation(size, 1), Routing::DModK),
    };
    let mut simulation = Simulation::new(&topology, routing);
    simulation.certificate = case.ends_with("proven");
    simulation.explicit = case.ends_with("explicit");
    let bytes = if kind == "all" { Data::from_gb(0.001) } else { Data::from_gb(1.0) };
    let flows = pattern.sending(bytes);
    let begin = std::time::Instant::now();
    let outcome = simulation.run(&flows)?;
    // Ticks of the system are too coarse for the short ones.
    let wall = begin.elapsed().as_secs_f64() * 1e3;
    Ok(format!(
        "makespan {:.9} s, {} of {} flows simulated, {} events, {} rates, {wall:.1} ms on the wall",
        outcome.makespan.s(),
        outcome.simulated,
        flows.count(),
        outcome.counts.events,
        outcome.counts.rates
    ))
}

/// User and system seconds, and peak resident megabytes.
fn usage() -> Option<(f64, f64)> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |i: usize| fields.get(i)?.parse::<f64>().ok();
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    let kb: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(((ticks(11)? + ticks(12)?) / 100.0, kb * 1024.0 / 1e6))
}

fn main() -> Result<()> {
    let given: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    if let [child, case] = given.as_slice()
        && child == "child"
    {
        let answer = run(case)?;
        let (cpu, peak) = usage().unwrap_or((f64::NAN, f64::NAN));
        println!("{case:26} {cpu:6.2} s {peak:7.1} MB  {answer}");
        return Ok(());
    }
    println!("{:26} {:>8} {:>10}", "case", "CPU", "peak");
    for (case, note) in CASES {
        if given.is_empty() || given.iter().any(|g| g == case) {
            Command::new(std::env::current_exe()?).args(["child", case]).status()?;
            println!("{:26} {note}", "");
        }
    }
    Ok(())
}

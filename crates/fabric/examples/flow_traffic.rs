//! A random permutation as a traffic file, and a traffic file over a three-tier fat tree with D-mod-k: what
//! `benches/simgrid/compare.sh` sets beside SimGrid.
//!
//! `flow_traffic write ENDPOINTS SEED` · `flow_traffic run LEAF POD PODS FILE`

use std::error::Error;

use gigatwin_fabric::flow::{
    After, Attach, Clos, Flow, FlowList, Pattern, Phase, Routing, Shape, Simulation, TopologySpec, Traffic,
    Transfer, parse,
};
use gigatwin_quantity::{Bandwidth, Data, Time};

fn write(endpoints: u32, seed: u64) -> String {
    let flows = Pattern::permutation(endpoints, seed).sending(Data::from_gb(1.0));
    let transfers = (0..flows.count()).map(|i| Transfer::Flow(flows.flow(i))).collect();
    let phase = Phase { name: "all".into(), after: After::Start, delay: Time::ZERO, repeat: 1, transfers };
    Traffic { ranks: endpoints, phases: vec![phase] }.to_text()
}

fn run(leaf: u32, pod: u32, pods: u32, text: &str) -> Result<(), Box<dyn Error>> {
    let traffic = parse(text).map_err(|f| f.first().map_or_else(String::new, |f| f.message.clone()))?;
    let flows: Vec<Flow> = traffic
        .phases
        .iter()
        .flat_map(|p| &p.transfers)
        .filter_map(|t| if let Transfer::Flow(f) = t { Some(*f) } else { None })
        .collect();
    let before = cpu_seconds();
    let clos = Clos {
        down: leaf,
        up: leaf,
        leaves: pod * pods,
        pod_leaves: pod,
        spines: leaf,
        spine_up: pod,
        cores: leaf * pod,
    };
    let rate = Bandwidth::from_gb_per_s(50.0);
    let topology = TopologySpec {
        endpoints: leaf * pod * pods,
        shape: Shape::Clos(clos),
        attach: Attach::Plain,
        planes: 1,
        endpoint_rate: rate,
        link_rate: rate,
        latency: Time::from_us(0.5),
        domain: None,
    }
    .build()?;
    let outcome = Simulation::new(&topology, Routing::DModK).run(&flows)?;
    let cpu = cpu_seconds().zip(before).map_or(f64::NAN, |(after, before)| after - before);
    println!("gigatwin  makespan {:.9} s   CPU: build and run {cpu:.2} s", outcome.makespan.s());
    Ok(())
}

fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |i: usize| fields.get(i)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / 100.0)
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["write", endpoints, seed] => print!("{}", write(endpoints.parse()?, seed.parse()?)),
        ["run", leaf, pod, pods, file] => {
            run(leaf.parse()?, pod.parse()?, pods.parse()?, &std::fs::read_to_string(file)?)?;
        }
        _ => return Err("flow_traffic write ENDPOINTS SEED | flow_traffic run LEAF POD PODS FILE".into()),
    }
    Ok(())
}

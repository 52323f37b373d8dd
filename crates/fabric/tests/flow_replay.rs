//! Replays of a job's traffic: against the analytic figure, and what placement does.

// Helpers outside test functions are still part of tests.
#![allow(clippy::unwrap_used)]

use gigatwin_fabric::flow::{
    After, Attach, Clos, Domain, Overlap, Parallelism, Placement, Repeated, ReplayError, Routing, Shape,
    Simulation, StepTraffic, Topology, TopologySpec, Traffic, parse, replay, replay_on,
};
use gigatwin_fabric::{Collective, Network};
use gigatwin_quantity::{Bandwidth, Data, Time};

/// 128 nodes of eight, rails of 16 nodes a leaf, three tiers.
fn topology(endpoints: u32) -> Topology {
    let clos = Clos { down: 16, up: 16, leaves: 64, pod_leaves: 16, spines: 16, spine_up: 16, cores: 256 };
    TopologySpec {
        endpoints,
        shape: Shape::Clos(clos),
        attach: Attach::RailOptimised { rails: 8 },
        planes: 1,
        endpoint_rate: Bandwidth::from_gb_per_s(48.5),
        link_rate: Bandwidth::from_gb_per_s(50.0),
        latency: Time::from_us(0.5),
        domain: Some(Domain { size: 8, rate: Bandwidth::from_gb_per_s(350.0), latency: Time::from_us(0.5) }),
    }
    .build()
    .unwrap()
}

fn network() -> Network {
    let mut n = Network::new(Bandwidth::from_gb_per_s(350.0), 8, false, Bandwidth::from_gb_per_s(48.5), 1.0);
    n.calibration.nic_efficiency = 1.0;
    n.calibration.ring_efficiency = 1.0;
    n
}

fn read(text: &str) -> Traffic {
    parse(text).unwrap()
}

fn slowdown(traffic: &Traffic, placement: Placement, routing: Routing) -> f64 {
    let topology = topology(1024);
    replay(&Simulation::new(&topology, routing), &network(), traffic, placement).unwrap().slowdown()
}

#[test]
fn packed_collectives_take_their_analytic_time() {
    for line in [
        "collective op=all-reduce bytes=1GB size=1024",
        "collective op=all-reduce bytes=1GB size=8",
        "collective op=reduce-scatter bytes=1GB size=128 stride=8",
        "collective op=all-to-all bytes=100MB size=64",
        "collective op=send-recv bytes=100MB size=4 stride=256",
    ] {
        let traffic = read(&format!("traffic 1\nranks 1024\n{line}\n"));
        let s = slowdown(&traffic, Placement::Packed, Routing::Spray);
        assert!((0.99..1.01).contains(&s), "{line}: {s}");
    }
}

#[test]
fn scattered_ranks_lose_domains_and_hashed_flows_collide() {
    let traffic = read("traffic 1\nranks 256\ncollective op=all-reduce bytes=1GB size=256\n");
    let topology = topology(1024);
    let time = |placement, routing| {
        replay(&Simulation::new(&topology, routing), &network(), &traffic, placement).unwrap().makespan.ms()
    };
    let packed = time(Placement::Packed, Routing::Spray);
    let rails = time(Placement::RailAligned { seed: 1 }, Routing::Spray);
    assert!((rails / packed - 1.0).abs() < 0.01, "{rails} {packed}");
    // A rank without neighbours in its domain has one NIC for what eight share otherwise.
    let random = time(Placement::Random { seed: 1 }, Routing::Spray);
    assert!(random > 2.0 * packed, "{random} {packed}");
    let hashed = time(Placement::RailAligned { seed: 1 }, Routing::Ecmp { seed: 1 });
    assert!(hashed > 1.3 * packed, "{hashed} {packed}");
}

#[test]
fn overlapping_phases_share_links_and_later_ones_wait() {
    let apart = read(
        "traffic 1\nranks 1024\nphase name=a\ncollective op=all-gather bytes=1GB size=128 stride=8\n\
         phase name=b\ncollective op=all-gather bytes=1GB size=128 stride=8\n",
    );
    let together = read(
        "traffic 1\nranks 1024\nphase name=a\ncollective op=all-gather bytes=1GB size=128 stride=8\n\
         phase name=b after=start\ncollective op=all-gather bytes=1GB size=128 stride=8\n\
         phase name=c after=a,b delay=1ms\nflow from=0 to=9 bytes=1MB\n",
    );
    let topology = topology(1024);
    let simulation = Simulation::new(&topology, Routing::Spray);
    let one = replay(&simulation, &network(), &apart, Placement::Packed).unwrap();
    let two = replay(&simulation, &network(), &together, Placement::Packed).unwrap();
    assert!(!one.together && two.together && two.settled);
    let end = |r: &gigatwin_fabric::flow::Replay, i: usize| r.phases[i].end.ms();
    // Twice the bytes over the same links, side by side or one after another.
    assert!((end(&one, 1) / end(&two, 1) - 1.0).abs() < 0.01, "{} {}", end(&one, 1), end(&two, 1));
    assert!(two.phases[0].slowdown() > 1.9);
    assert!((two.phases[2].start.ms() - end(&two, 1) - 1.0).abs() < 1e-9);
}

#[test]
fn a_step_from_its_parallelism_is_replayed() {
    let parallel = Parallelism { tensor: 8, context: 1, data: 32, pipeline: 4, expert: 8, expert_tensor: 1 };
    let go = |operation, mb, times| vec![Repeated { operation, bytes: Data::from_gb(mb * 1e-3), times }];
    let step = StepTraffic {
        tensor: go(Collective::AllGather, 64.0, 32),
        context: go(Collective::AllGather, 64.0, 32),
        expert: go(Collective::AllToAll, 32.0, 16),
        pipeline: go(Collective::SendRecv, 16.0, 8),
        data: go(Collective::ReduceScatter, 500.0, 1),
        expert_data: Vec::new(),
    };
    let traffic = parallel.traffic(&step, Overlap::Nothing);
    assert_eq!((traffic.ranks, traffic.phases.len()), (1024, 4));
    let read_back = read(&traffic.to_text());
    assert_eq!(read_back, traffic);
    let topology = topology(1024);
    let mut simulation = Simulation::new(&topology, Routing::Spray);
    simulation.certificate = true;
    simulation.loads = true;
    let r = replay(&simulation, &network(), &traffic, Placement::Packed).unwrap();
    assert!((0.98..1.02).contains(&r.slowdown()), "{}", r.slowdown());
    assert!(r.certificate.unwrap().solves > 0);
    assert!(r.loads.as_ref().unwrap().bytes().iter().sum::<u64>() > 0);

    // Beside the others the replicas' collective takes less of the whole, but more time of its own: pipelines share its
    // links.
    let beside = parallel.traffic(&step, Overlap::Replicas);
    assert_eq!(beside.phases.last().unwrap().after, After::Start);
    let b = replay(&simulation, &network(), &beside, Placement::Packed).unwrap();
    assert!(b.together && b.settled);
    assert!(b.makespan < r.makespan, "{} {}", b.makespan, r.makespan);
    let own = |r: &gigatwin_fabric::flow::Replay| r.phases.last().map(|p| p.end - p.start).unwrap();
    assert!(own(&b) >= own(&r) * 0.999, "{} {}", own(&b), own(&r));
}

#[test]
fn placements_keep_to_their_range_and_cost_what_they_should() {
    let topology = topology(1024);
    let all = [
        Placement::Packed,
        Placement::Spread,
        Placement::ByRail,
        Placement::RailAligned { seed: 1 },
        Placement::Random { seed: 1 },
    ];
    for p in all {
        let place = p.place_within(256, &topology, 512..1024).unwrap();
        let mut sorted = place.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), 256, "{p:?}");
        assert!(place.iter().all(|e| (512..1024).contains(e)), "{p:?}");
        assert!(p.place_within(256, &topology, 900..1024).is_err());
    }
    // Spread puts neighbouring nodes on other leaves; rails put ranks of a node on other nodes.
    let spread = Placement::Spread.place(1024, &topology).unwrap();
    assert_ne!(spread[0] / 128, spread[8] / 128);
    let rail = Placement::ByRail.place(1024, &topology).unwrap();
    assert_eq!((rail[0], rail[1], rail[128]), (0, 8, 1));
    // Tensor groups inside a node: by rail they leave it.
    let tensor = read("traffic 1\nranks 256\ncollective op=all-reduce bytes=100MB size=8\n");
    let simulation = Simulation::new(&topology, Routing::Spray);
    let time = |p: Placement| {
        let place = p.place(256, &topology).unwrap();
        replay_on(&simulation, &network(), &tensor, &place).unwrap().makespan
    };
    assert!(time(Placement::ByRail) > 3.0 * time(Placement::Packed));
    assert_eq!(time(Placement::Spread), time(Placement::Packed));
}

#[test]
fn what_cannot_be_replayed_is_refused_with_a_code() {
    let small = topology(512);
    let traffic = read("traffic 1\nranks 1024\nflow from=0 to=9 bytes=1MB\n");
    let simulation = Simulation::new(&small, Routing::Spray);
    let code = |t: &Traffic| replay(&simulation, &network(), t, Placement::Packed).unwrap_err().code();
    assert_eq!(code(&traffic), "G511");
    let many = read("traffic 1\nranks 65536\ncollective op=all-to-all bytes=1GB size=65536\n");
    assert_eq!(code(&many), "G516");
    let mut circle = read("traffic 1\nranks 8\nflow from=0 to=1 bytes=1MB\n");
    circle.phases[0].after = gigatwin_fabric::flow::After::Phases(vec![0]);
    assert!(matches!(
        replay(&simulation, &network(), &circle, Placement::Packed),
        Err(ReplayError::Contradiction { .. })
    ));
}

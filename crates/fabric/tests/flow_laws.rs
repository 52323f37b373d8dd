//! Laws of the flow simulation.

use gigatwin_fabric::flow::topology::{Dragonfly, HyperX, Torus};
use gigatwin_fabric::flow::{
    Attach, Clos, Domain, Faults, Flap, Flow, FlowError, Groups, Pattern, Routing, Shape, Simulation,
    Topology, TopologySpec,
};
use gigatwin_quantity::{Bandwidth, Data, Time};
use proptest::prelude::*;

mod common;
use common::spec;

fn tree(down: u32, up: u32, pod_leaves: u32, pods: u32) -> Clos {
    let (spine_up, cores) = if pods > 1 { (pod_leaves, up * pod_leaves) } else { (0, 0) };
    Clos { down, up, leaves: pod_leaves * pods, pod_leaves, spines: up, spine_up, cores }
}

fn shape(kind: u8) -> TopologySpec {
    let rails = |attach| TopologySpec { attach, ..spec(Shape::Clos(tree(4, 4, 8, 1)), 32) };
    match kind {
        0 => spec(Shape::Clos(tree(8, 8, 4, 1)), 32),
        1 => spec(Shape::Clos(tree(4, 2, 4, 2)), 32),
        2 => spec(Shape::Clos(tree(4, 4, 2, 4)), 32),
        3 => spec(Shape::Dragonfly(Dragonfly { hosts: 2, switches: 4, globals: 1, groups: 4 }), 32),
        4 => spec(Shape::HyperX(HyperX { hosts: 2, dims: vec![4, 4], widths: vec![1, 3] }), 32),
        5 => spec(Shape::Torus(Torus { dims: vec![4, 4, 2] }), 32),
        6 => TopologySpec { planes: 2, ..spec(Shape::Clos(tree(4, 4, 4, 2)), 32) },
        7 => rails(Attach::RailOptimised { rails: 4 }),
        _ => TopologySpec {
            domain: Some(Domain {
                size: 8,
                rate: Bandwidth::from_gb_per_s(450.0),
                latency: Time::from_us(0.2),
            }),
            ..rails(Attach::RailOnly { rails: 8 })
        },
    }
}

fn routing() -> impl Strategy<Value = Routing> {
    prop_oneof![
        Just(Routing::Spray),
        Just(Routing::Adaptive),
        Just(Routing::DModK),
        (0u64..9).prop_map(|seed| Routing::Ecmp { seed })
    ]
}

fn flow() -> impl Strategy<Value = Flow> {
    let priority = prop_oneof![4 => Just(0u8), 1 => Just(1u8)];
    (0u32..32, 0u32..32, 0u64..1 << 30, 0u32..40, priority, 0u32..3).prop_map(
        |(from, to, bytes, ms, priority, label)| Flow {
            from,
            to,
            bytes: Data::from_bytes(bytes as f64),
            start: Time::from_ms(f64::from(ms)),
            priority,
            label,
        },
    )
}

fn flows() -> impl Strategy<Value = Vec<Flow>> {
    proptest::collection::vec(flow(), 1..60)
}

fn simulation<'a>(topology: &'a Topology, routing: Routing) -> Simulation<'a> {
    let mut s = Simulation::new(topology, routing);
    s.certificate = true;
    s.loads = true;
    s
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Every solve has its certificate, which holds capacities too; each flow takes as long as its way needs;
    /// bytes arrive at their receivers and leave their senders, no more and no less.
    #[test]
    fn certificate_holds_and_bytes_are_kept(kind in 0u8..9, flows in flows(), routing in routing()) {
        let topology = shape(kind).build().unwrap();
        let outcome = simulation(&topology, routing).run(&flows).unwrap();
        prop_assert!(outcome.certificate.unwrap().slack < 1e-6);
        let loads = outcome.loads.clone().unwrap();
        let crossing = |f: &&Flow| f.from != f.to;
        let sent: f64 = flows.iter().filter(crossing).map(|f| f.bytes.bytes()).sum();
        if kind <= 4 || kind == 6 || kind == 7 {
            for tier in [0usize, 1] {
                let carried: u64 = loads
                    .bytes()
                    .iter()
                    .enumerate()
                    .filter(|(l, _)| topology.place(*l as u32).0 == tier)
                    .map(|(_, b)| *b)
                    .sum();
                let most = flows.len() as f64 * f64::from(topology.copies());
                prop_assert!((carried as f64 - sent).abs() <= most + sent * 1e-8, "{} of {}", carried, sent);
            }
        }
        for (i, f) in flows.iter().enumerate() {
            let fastest = if kind == 8 { 450e9 } else { 50e9 * f64::from(topology.spec().planes) * 6.0 };
            let least = f.start.s() + if f.from == f.to { 0.0 } else { f.bytes.bytes() / fastest };
            prop_assert!(outcome.end(i).unwrap().s() >= least - 1e-11);
        }
        // No link carries more than its capacity over the time.
        for link in 0..topology.links() {
            prop_assert!(loads.use_of(&topology, link, outcome.makespan) <= 1.0 + 1e-6);
        }
    }

    #[test]
    fn the_numbering_of_flows_changes_nothing(
        kind in 0u8..9, flows in flows(), routing in routing(), seed in 0u64..1000,
    ) {
        let topology = shape(kind).build().unwrap();
        let Pattern::Permutation(order) = Pattern::permutation(flows.len() as u32, seed) else { unreachable!() };
        let shuffled: Vec<Flow> = order.iter().map(|i| flows[*i as usize]).collect();
        let a = simulation(&topology, routing).run(&flows).unwrap();
        let b = simulation(&topology, routing).run(&shuffled).unwrap();
        for (k, i) in order.iter().enumerate() {
            prop_assert_eq!(a.ends[*i as usize], b.ends[k]);
        }
        prop_assert_eq!(a.loads, b.loads);
    }

    /// Where all begin at once and carry the same, the last is over after bytes over the smallest rate, and the
    /// smallest max-min rate is the largest smallest rate there can be: more capacity on any tier cannot hurt.
    /// (With arrivals or unequal sizes it can: faster flows may meet others that they missed before.)
    #[test]
    fn more_capacity_never_slows_equal_flows_that_begin_together(
        pairs in proptest::collection::vec((0u32..32, 0u32..32), 1..60), kind in 0u8..3,
        ends in 1.0f64..3.0, links in 1.0f64..3.0, routing in routing(),
    ) {
        let flows: Vec<Flow> = pairs.iter().map(|&(from, to)| Flow {
            from, to, bytes: Data::from_gb(1.0), start: Time::ZERO, priority: 0, label: 0,
        }).collect();
        let slow = shape(kind).build().unwrap();
        let mut faster = shape(kind);
        faster.endpoint_rate = faster.endpoint_rate * ends;
        faster.link_rate = faster.link_rate * links;
        let fast = faster.build().unwrap();
        let a = Simulation::new(&slow, routing).run(&flows).unwrap();
        let b = Simulation::new(&fast, routing).run(&flows).unwrap();
        prop_assert!(b.makespan.s() <= a.makespan.s() * (1.0 + 1e-8), "{} {}", a.makespan, b.makespan);
    }

    /// Bundles of links and the quotient of regular steps against every flow and link on its own.
    #[test]
    fn aggregated_is_unaggregated(
        kind in 0u8..5, stride in prop_oneof![Just(1u32), Just(2), Just(4), Just(8)],
        size in prop_oneof![Just(2u32), Just(4), Just(8), Just(16), Just(32)],
        first in 1u32..4, more in 0u32..4, faults in 0u32..3, seed in 0u64..99, routing in routing(),
    ) {
        let three_tiers = |attach, up| TopologySpec { attach, ..spec(Shape::Clos(tree(4, up, 4, 4)), 64) };
        let topology = match kind {
            0 => spec(Shape::Clos(tree(8, 8, 8, 1)), 64),
            1 => three_tiers(Attach::Plain, 4),
            2 => three_tiers(Attach::Plain, 2),
            3 => three_tiers(Attach::RailOptimised { rails: 4 }, 4),
            _ => TopologySpec {
                domain: Some(Domain { size: 4, rate: Bandwidth::from_gb_per_s(200.0), latency: Time::ZERO }),
                ..three_tiers(Attach::RailOptimised { rails: 4 }, 4)
            },
        }
        .build()
        .unwrap();
        let size = size.min(64 / stride);
        let groups = Groups { size, stride };
        let flows = Pattern::Groups { endpoints: 64, groups, hops: (first, first + more) }.sending(Data::from_gb(1.0));
        let mut s = simulation(&topology, routing);
        s.faults = Faults::random(&topology, 2, faults, seed);
        let aggregated = s.run(&flows);
        s.explicit = true;
        let explicit = s.run(&flows);
        // Two cables down may cut a leaf of two uplinks off, for both alike.
        let (Ok(aggregated), Ok(explicit)) = (&aggregated, &explicit) else {
            prop_assert!(aggregated.is_err() && explicit.is_err());
            return Ok(());
        };
        prop_assert_eq!(explicit.simulated, 64 * u64::from(more + 1));
        let near = |a: u64, b: u64| a.abs_diff(b) as f64 <= 2.0 + 1e-7 * a.max(b) as f64;
        for (a, b) in aggregated.ends.iter().zip(&explicit.ends) {
            prop_assert!(near(*a, *b), "{} {} of {}", a, b, aggregated.simulated);
        }
        for (a, b) in aggregated.loads.as_ref().unwrap().bytes().iter().zip(explicit.loads.as_ref().unwrap().bytes()) {
            prop_assert!(near(*a, *b) || a.abs_diff(*b) < 500, "{} {}", a, b);
        }
    }

    #[test]
    fn any_flows_are_alike_bundled_and_unbundled(
        kind in 0u8..3, flows in flows(), faults in 0u32..3, tier in prop_oneof![Just(2usize), Just(4)], seed in 0u64..99,
    ) {
        let topology = shape(kind).build().unwrap();
        let mut s = simulation(&topology, Routing::Spray);
        s.faults = Faults::random(&topology, tier, faults, seed);
        let bundled = s.run(&flows);
        s.explicit = true;
        match (bundled, s.run(&flows)) {
            (Ok(a), Ok(b)) => {
                for (x, y) in a.ends.iter().zip(&b.ends) {
                    prop_assert!(x.abs_diff(*y) as f64 <= 4.0 + 1e-7 * *x as f64, "{} {}", x, y);
                }
            }
            (a, b) => prop_assert_eq!(a.is_err(), b.is_err()),
        }
    }

    #[test]
    fn any_number_of_threads_gives_the_same_bits(kind in 6u8..9, flows in flows(), routing in routing()) {
        let topology = shape(kind).build().unwrap();
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| simulation(&topology, routing).run(&flows)).unwrap()
        };
        prop_assert_eq!(on(1), on(2));
    }

    #[test]
    fn failed_links_are_routed_around(kind in 0u8..3, flows in flows(), routing in routing(), seed in 0u64..99) {
        let topology = shape(kind).build().unwrap();
        let mut s = simulation(&topology, routing);
        s.faults = Faults::random(&topology, 2, 1, seed);
        match s.run(&flows) {
            Ok(outcome) => {
                let loads = outcome.loads.unwrap();
                for link in s.faults.links() {
                    prop_assert_eq!(loads.bytes()[*link as usize], 0);
                }
            }
            Err(e) => prop_assert!(false, "{e}"),
        }
    }
}

#[test]
fn a_regular_step_is_simulated_by_one_unit() {
    let topology = spec(Shape::Clos(tree(8, 8, 8, 8)), 512).build().unwrap();
    let ring = Pattern::shift(512, 1).sending(Data::from_gb(1.0));
    let whole = simulation(&topology, Routing::DModK).run(&ring).unwrap();
    assert_eq!((whole.simulated, whole.ends.len()), (64, 512));
    // With a failed link the ring tells every pod apart; exchange inside pods only the one with the link.
    let mut s = simulation(&topology, Routing::DModK);
    s.faults = Faults::cables(&topology, [topology.link(2, 0, 0).unwrap()]);
    assert_eq!(s.run(&ring).unwrap().simulated, 512);
    let inside = Pattern::Groups { endpoints: 512, groups: Groups { size: 64, stride: 1 }, hops: (8, 8) };
    assert_eq!(s.run(&inside.sending(Data::from_gb(1.0))).unwrap().simulated, 128);
}

#[test]
fn one_flow_takes_bytes_over_rate_and_the_latency_of_its_way() {
    let topology = spec(Shape::Clos(tree(4, 4, 2, 4)), 32).build().unwrap();
    let flow =
        |to| vec![Flow { from: 0, to, bytes: Data::from_gb(1.0), start: Time::ZERO, priority: 0, label: 0 }];
    for (to, hops) in [(1, 2), (4, 4), (31, 6)] {
        for routing in [Routing::Spray, Routing::DModK, Routing::Ecmp { seed: 3 }] {
            let outcome = Simulation::new(&topology, routing).run(&flow(to)).unwrap();
            assert_eq!(outcome.ends[0], 20_000_000_000 + hops * 500_000, "{to} {routing:?}");
        }
    }
}

/// Every group of a dragonfly sends all it has to the next: minimal paths share one or few global links, detours use
/// those of all groups at twice the hops, so about half of the full rate is what can be had (Kim et al., ISCA 2008).
#[test]
fn adaptive_routing_goes_round_what_is_full() {
    let shape = Dragonfly { hosts: 4, switches: 8, globals: 4, groups: 17 };
    let topology = spec(Shape::Dragonfly(shape), 544).build().unwrap();
    let worst = Pattern::shift(544, 32).sending(Data::from_gb(1.0));
    let time = |routing| simulation(&topology, routing).run(&worst).unwrap().makespan.s();
    let (minimal, adaptive) = (time(Routing::Spray), time(Routing::Adaptive));
    // 32 endpoints of a group over the two links to the next.
    assert!((minimal / 0.02 - 16.0).abs() < 0.1, "{minimal}");
    assert!(adaptive < 0.2 * minimal, "{adaptive} against {minimal}");
    // Where minimal paths do, nothing is lost.
    let mild = Pattern::permutation(544, 3).sending(Data::from_gb(1.0));
    let of = |routing| simulation(&topology, routing).run(&mild).unwrap().makespan.s();
    assert!(
        of(Routing::Adaptive) <= 1.02 * of(Routing::Spray),
        "{} {}",
        of(Routing::Adaptive),
        of(Routing::Spray)
    );
}

#[test]
fn adaptive_routing_uses_what_hyperx_and_torus_have() {
    // On a torus a way over a third place is long: little is gained.
    for (shape, endpoints, distance, at_most) in [
        (Shape::HyperX(HyperX { hosts: 4, dims: vec![8, 8], widths: vec![1, 1] }), 256, 4, 0.8),
        (Shape::Torus(Torus { dims: vec![8, 8] }), 64, 3, 0.97),
    ] {
        let topology = spec(shape.clone(), endpoints).build().unwrap();
        let flows = Pattern::shift(endpoints, distance).sending(Data::from_gb(1.0));
        let time = |routing| simulation(&topology, routing).run(&flows).unwrap().makespan.s();
        let (minimal, adaptive) = (time(Routing::Spray), time(Routing::Adaptive));
        assert!(adaptive < at_most * minimal, "{shape:?}: {adaptive} against {minimal}");
    }
}

/// With links to the core down, even shares load what is left unevenly; shares by load do better.
#[test]
fn adaptive_routing_in_a_tree_is_even_where_it_is_sound_and_by_load_where_it_is_not() {
    let topology = spec(Shape::Clos(tree(8, 8, 4, 4)), 128).build().unwrap();
    let flows = Pattern::permutation(128, 7).sending(Data::from_gb(1.0));
    let run = |routing, faults: &Faults| {
        let mut s = simulation(&topology, routing);
        s.faults = faults.clone();
        s.run(&flows).unwrap()
    };
    let none = Faults::none();
    assert_eq!(run(Routing::Adaptive, &none).ends, run(Routing::Spray, &none).ends);
    let tier = topology.tiers().iter().position(|t| t.name == "spine-core").unwrap();
    let cut = Faults::random(&topology, tier, 24, 5);
    let (even, by_load) = (run(Routing::Spray, &cut).makespan, run(Routing::Adaptive, &cut).makespan);
    assert!(by_load < even * 0.98, "{by_load} against {even}");
}

/// Two groups of a dragonfly are joined by more links than one flow is spread over: together the flows use all.
#[test]
fn more_paths_than_one_flow_takes_are_all_used() {
    let shape = Dragonfly { hosts: 16, switches: 32, globals: 16, groups: 2 };
    let topology = spec(Shape::Dragonfly(shape), 1024).build().unwrap();
    let flows = Pattern::shift(1024, 512).sending(Data::from_gb(1.0));
    let outcome = simulation(&topology, Routing::Spray).run(&flows).unwrap();
    let global = topology.tiers().iter().position(|t| t.name == "global").unwrap();
    let used = outcome.loads.unwrap().tiers(&topology, outcome.makespan)[global].used;
    assert!(used == 1024, "{used}");
    assert!(outcome.makespan.s() < 0.06, "{}", outcome.makespan);
}

/// A printed certificate names the full link of every flow in every solve.
#[test]
fn a_printed_certificate_names_the_link_that_limits_each_flow() {
    let topology = spec(Shape::Clos(tree(8, 8, 4, 1)), 32).build().unwrap();
    let go =
        |from, to| Flow { from, to, bytes: Data::from_gb(1.0), start: Time::ZERO, priority: 0, label: 0 };
    // Three to one endpoint, one of whose senders also sends elsewhere.
    let flows = vec![go(1, 0), go(9, 0), go(17, 0), go(17, 25)];
    let mut s = simulation(&topology, Routing::Spray);
    s.print = true;
    let outcome = s.run(&flows).unwrap();
    let first: Vec<(String, u32, f64)> = outcome
        .witnesses
        .iter()
        .filter(|w| w.at == Time::ZERO)
        .map(|w| (topology.label(w.link.unwrap()), w.flows, w.rate.gb_per_s().round()))
        .collect();
    assert_eq!(first, [("endpoint-leaf:17".to_owned(), 1, 33.0), ("leaf-endpoint:0".to_owned(), 3, 17.0)]);
    let solves = outcome.certificate.unwrap();
    assert_eq!(outcome.witnesses.iter().map(|w| u64::from(w.flows)).sum::<u64>(), solves.rates);
}

#[test]
fn incast_shares_the_last_link() {
    let topology = spec(Shape::Clos(tree(8, 8, 4, 1)), 32).build().unwrap();
    let outcome = simulation(&topology, Routing::Spray)
        .run(&Pattern::Incast { endpoints: 32 }.sending(Data::from_gb(1.0)))
        .unwrap();
    assert!((outcome.makespan.s() - 31.0 * 0.02).abs() < 1e-5, "{}", outcome.makespan);
    let hot = outcome.loads.unwrap().hottest(&topology, outcome.makespan, 1);
    assert_eq!(topology.label(hot[0].link), "leaf-endpoint:0");
}

#[test]
fn spraying_a_permutation_over_a_full_tree_is_ideal() {
    let topology = spec(Shape::Clos(tree(8, 8, 4, 4)), 128).build().unwrap();
    let flows = Pattern::permutation(128, 7).sending(Data::from_gb(1.0));
    let spray = Simulation::new(&topology, Routing::Spray).run(&flows).unwrap();
    assert_eq!(spray.makespan.s(), 0.020003);
    let fixed = Simulation::new(&topology, Routing::DModK).run(&flows).unwrap();
    assert!(fixed.makespan > spray.makespan * 1.9);
}

#[test]
fn one_uplink_fewer_costs_a_leaf_its_share() {
    // Leaf 0 sends with all 8 endpoints to leaf 1 over 7 of 8 uplinks: 8/7 of the time.
    let topology = spec(Shape::Clos(tree(8, 8, 4, 4)), 128).build().unwrap();
    let flows: Vec<Flow> = (0..8)
        .map(|i| Flow {
            from: i,
            to: 8 + i,
            bytes: Data::from_gb(1.0),
            start: Time::ZERO,
            priority: 0,
            label: 0,
        })
        .collect();
    let mut s = simulation(&topology, Routing::Spray);
    s.faults = Faults::cables(&topology, [topology.link(2, 0, 3).unwrap()]);
    let outcome = s.run(&flows).unwrap();
    assert!((outcome.makespan.s() - 0.02 * 8.0 / 7.0).abs() < 1e-5, "{}", outcome.makespan);
    // Between pods a spine that lost one of its four uplinks takes three quarters of the flows' even share.
    let far: Vec<Flow> = (0..8)
        .map(|i| Flow {
            from: i,
            to: 32 + i,
            bytes: Data::from_gb(1.0),
            start: Time::ZERO,
            priority: 0,
            label: 0,
        })
        .collect();
    s.faults = Faults::cables(&topology, [topology.link(4, 0, 0).unwrap()]);
    let outcome = s.run(&far).unwrap();
    // 31 paths: a sound uplink of the leaf carries 4/31 of all, of which 8 flows make 32/31 of a link.
    assert!((outcome.makespan.s() - 0.02 * 32.0 / 31.0).abs() < 1e-5, "{}", outcome.makespan);
}

#[test]
fn a_flapping_link_delays_who_waits_and_less_who_goes_around() {
    let topology = spec(Shape::Clos(tree(4, 4, 4, 1)), 16).build().unwrap();
    let flows =
        vec![Flow { from: 0, to: 5, bytes: Data::from_gb(1.0), start: Time::ZERO, priority: 0, label: 0 }];
    for routing in [Routing::Spray, Routing::DModK] {
        let mut s = simulation(&topology, routing);
        s.flaps = vec![Flap {
            link: topology.link(2, 0, 1).unwrap(),
            from: Time::from_ms(5.0),
            lasts: Time::from_ms(10.0),
        }];
        let waits = s.run(&flows).unwrap().makespan.ms();
        assert!((waits - 30.002).abs() < 1e-6, "{waits}");
        s.reaction = Some(Time::from_ms(1.0));
        let around = s.run(&flows).unwrap();
        assert!((around.makespan.ms() - 21.002).abs() < 1e-6, "{}", around.makespan);
        let sent: u64 = around.loads.unwrap().bytes()[..16].iter().sum();
        assert!((sent as f64 - 1e9).abs() < 10.0, "{sent}");
    }
}

#[test]
fn priorities_are_strict_and_background_takes_its_rate() {
    let topology = spec(Shape::Clos(tree(4, 4, 4, 1)), 16).build().unwrap();
    let flow = |from, priority| Flow {
        from,
        to: 5,
        bytes: Data::from_gb(1.0),
        start: Time::ZERO,
        priority,
        label: 0,
    };
    let outcome = simulation(&topology, Routing::Spray).run(&vec![flow(0, 1), flow(1, 0)]).unwrap();
    assert_eq!((outcome.ends[1] / 1_000_000_000, outcome.ends[0] / 1_000_000_000), (20, 40));
    let mut s = simulation(&topology, Routing::Spray);
    s.background = vec![(2, 5, Bandwidth::from_gb_per_s(10.0))];
    let outcome = s.run(&vec![flow(0, 0)]).unwrap();
    assert!((outcome.makespan.ms() - 25.002).abs() < 1e-6, "{}", outcome.makespan);
}

#[test]
fn what_cannot_run_is_refused_with_a_code() {
    let topology = spec(Shape::Clos(tree(4, 4, 4, 1)), 16).build().unwrap();
    let flow = |to, bytes| {
        vec![Flow { from: 0, to, bytes: Data::from_bytes(bytes), start: Time::ZERO, priority: 0, label: 0 }]
    };
    let s = Simulation::new(&topology, Routing::DModK);
    assert_eq!(s.run(&flow(16, 1.0)).unwrap_err().code(), "G511");
    assert_eq!(s.run(&flow(5, f64::NAN)).unwrap_err().code(), "G511");
    let many = s.affords(100_000_000).unwrap_err();
    assert_eq!(many.code(), "G516");
    assert!(many.to_string().contains("GB"), "{many}");
    let mut cut = Simulation::new(&topology, Routing::DModK);
    cut.faults = Faults::cables(&topology, [0]);
    assert!(matches!(cut.run(&flow(5, 1.0)), Err(FlowError::NoPath { flows: 1, from: 0, to: 5 })));
    let rails =
        TopologySpec { attach: Attach::RailOnly { rails: 4 }, ..spec(Shape::Clos(tree(4, 4, 4, 1)), 16) };
    let rails = rails.build().unwrap();
    let error = Simulation::new(&rails, Routing::DModK).run(&flow(5, 1.0)).unwrap_err();
    assert_eq!(error.code(), "G518");
}

//! Graphs of the families: links are numbered soundly and every path leads where it should.

use std::collections::HashSet;

use gigatwin_fabric::flow::topology::{Dragonfly, DragonflyPlus, HyperX, Torus};
use gigatwin_fabric::flow::{Clos, Domain, Shape, Topology, TopologyError};
use gigatwin_fabric::{CableSpec, FabricDesign, FloorPlan, OpticSpec, Structure, SwitchSpec};
use gigatwin_quantity::{Bandwidth, Length, Money, Power, Time};

mod common;
use common::spec;

fn clos(down: u32, up: u32, pod_leaves: u32, pods: u32, spine_up: u32) -> Shape {
    let cores = if pods > 1 { up * spine_up } else { 0 };
    let spine_up = if pods > 1 { spine_up } else { 0 };
    Shape::Clos(Clos { down, up, leaves: pod_leaves * pods, pod_leaves, spines: up, spine_up, cores })
}

fn shapes() -> Vec<Shape> {
    vec![
        clos(4, 4, 4, 1, 0),
        clos(4, 4, 4, 3, 4),
        clos(6, 2, 3, 4, 1),
        Shape::Clos(Clos { down: 4, up: 4, leaves: 6, pod_leaves: 6, spines: 2, spine_up: 0, cores: 0 }),
        Shape::Clos(Clos { down: 8, up: 0, leaves: 1, pod_leaves: 1, spines: 0, spine_up: 0, cores: 0 }),
        Shape::Dragonfly(Dragonfly { hosts: 2, switches: 4, globals: 2, groups: 9 }),
        Shape::Dragonfly(Dragonfly { hosts: 2, switches: 4, globals: 2, groups: 3 }),
        Shape::DragonflyPlus(DragonflyPlus { hosts: 3, leaves: 3, spines: 3, globals: 3, groups: 5 }),
        Shape::HyperX(HyperX { hosts: 2, dims: vec![3, 4], widths: vec![2, 1] }),
        Shape::HyperX(HyperX { hosts: 1, dims: vec![2, 3, 4], widths: vec![1; 3] }),
        Shape::Torus(Torus { dims: vec![4, 3, 5] }),
        Shape::Torus(Torus { dims: vec![2, 6] }),
    ]
}

#[test]
fn every_cable_has_two_directions() {
    for shape in shapes() {
        let topology = spec(shape.clone(), 8).build().unwrap();
        for link in 0..topology.links() {
            let back = topology.reverse(link);
            assert_ne!(back, link, "{shape:?}");
            assert_eq!(topology.reverse(back), link, "{shape:?} {link}");
            let ((a, b), (c, d)) = (topology.ends(link).unwrap(), topology.ends(back).unwrap());
            assert_eq!((a, b), (d, c), "{shape:?} {link}");
            let (tier, copy, index) = topology.place(link);
            assert_eq!(topology.link(tier, copy, index), Some(link));
        }
    }
}

#[test]
fn every_path_is_a_walk_from_sender_to_receiver() {
    for shape in shapes() {
        let topology = spec(shape.clone(), 8).build().unwrap();
        let slots = topology.slots();
        for from in 0..slots {
            for to in (0..slots).filter(|t| *t != from) {
                let mut seen = HashSet::new();
                let choices = topology.paths(from, to);
                assert!(choices > 0);
                for choice in 0..choices {
                    let path = topology.path(from, to, choice);
                    assert!(seen.insert(path.clone()) || !matches!(shape, Shape::Clos(_)), "{shape:?} twice");
                    let mut at = from;
                    for link in &path {
                        let (a, b) = topology.ends(*link).unwrap();
                        assert_eq!(a, at, "{shape:?} {from}->{to} by {choice}");
                        at = b;
                    }
                    assert_eq!(at, to, "{shape:?} {from}->{to} by {choice}");
                }
            }
        }
    }
}

fn design(structure: Structure, endpoints: u32, radix: u32) -> FabricDesign {
    let optic = OpticSpec { links_per_module: 1, power: Power::ZERO, price: Money::ZERO };
    FabricDesign {
        endpoints,
        management_links: 0,
        planes: 1,
        structure,
        leaf_oversubscription: 1.0,
        spine_oversubscription: 1.0,
        switch: SwitchSpec {
            radix,
            port_rate: Bandwidth::from_gb_per_s(50.0),
            power: Power::ZERO,
            price: Money::ZERO,
        },
        endpoint_optic: optic,
        switch_optic: optic,
        cable: CableSpec {
            copper_reach: Length::from_m(2.0),
            copper_price: Money::ZERO,
            fibre_price: Money::ZERO,
            links_per_cable: 1,
        },
        floor: FloorPlan {
            endpoints_per_rack: 32,
            racks_per_row: 8,
            rack_pitch: Length::from_m(1.0),
            row_pitch: Length::from_m(2.0),
            slack: Length::from_m(2.0),
        },
    }
}

#[test]
fn sized_designs_become_networks() {
    let rate = Bandwidth::from_gb_per_s(50.0);
    for (structure, endpoints, radix) in [
        (Structure::FatTree, 30, 64),
        (Structure::FatTree, 512, 64),
        (Structure::FatTree, 16_384, 64),
        (Structure::FatTree, 65_536, 64),
        (Structure::RailOptimised { rails: 8 }, 512, 64),
        (Structure::RailOptimised { rails: 8 }, 16_384, 64),
        (Structure::RailOnly { rails: 8 }, 16_384, 64),
        (Structure::Dragonfly, 1000, 16),
        (Structure::DragonflyPlus, 1000, 16),
        (Structure::HyperX, 30, 64),
        (Structure::HyperX, 900, 64),
        (Structure::HyperX, 16_384, 64),
        (Structure::Torus3d { edge: 4, circuit_ports: 128 }, 4096, 4),
    ] {
        let d = design(structure, endpoints, radix);
        let topology = Topology::of_design(&d, rate, Time::from_us(0.5), None).unwrap();
        assert_eq!(topology.endpoints(), endpoints);
        assert!(topology.slots() * topology.copies() >= endpoints);
    }
    let two_planes = FabricDesign { planes: 2, ..design(Structure::FatTree, 512, 64) };
    let topology = Topology::of_design(&two_planes, rate, Time::from_us(0.5), None).unwrap();
    assert_eq!(topology.copies(), 2);
    let small = design(Structure::FatTree, 100_000, 64);
    let error = Topology::of_design(&small, rate, Time::ZERO, None).unwrap_err();
    assert_eq!(error.code(), "G514");
    assert!(error.to_string().contains("128") || error.to_string().contains("ports"), "{error}");
}

#[test]
fn what_is_no_network_is_refused_with_its_reason() {
    let no_uplinks = Clos { down: 4, up: 0, leaves: 2, pod_leaves: 2, spines: 0, spine_up: 0, cores: 0 };
    let error = spec(Shape::Clos(no_uplinks), 8).build().unwrap_err();
    assert!(matches!(error, TopologyError::Disconnected { .. }));
    assert!(error.to_string().contains("radix is too small"), "{error}");
    let apart = Dragonfly { hosts: 2, switches: 2, globals: 1, groups: 9 };
    assert!(matches!(spec(Shape::Dragonfly(apart), 8).build(), Err(TopologyError::Disconnected { .. })));
    let mut dead = spec(clos(4, 4, 4, 1, 0), 8);
    dead.link_rate = Bandwidth::ZERO;
    let error = dead.build().unwrap_err();
    assert_eq!(
        (error.code(), error.to_string().as_str()),
        ("G515", "links between switches have no bandwidth")
    );
    let small = spec(clos(4, 4, 4, 1, 0), 17).build().unwrap_err();
    assert!(matches!(small, TopologyError::TooSmall { slots: 16, endpoints: 17, .. }), "{small}");
    let mut domain = spec(clos(4, 4, 4, 1, 0), 8);
    domain.domain = Some(Domain { size: 8, rate: Bandwidth::from_gb_per_s(f64::NAN), latency: Time::ZERO });
    assert_eq!(domain.build().unwrap_err().code(), "G515");
    assert!(matches!(spec(clos(4, 4, 4, 1, 0), 0).build(), Err(TopologyError::Invalid { .. })));
    let huge =
        Clos { down: 1 << 16, up: 1, leaves: 1 << 16, pod_leaves: 1 << 16, spines: 1, spine_up: 0, cores: 0 };
    assert!(spec(Shape::Clos(huge), 8).build().is_err());
}

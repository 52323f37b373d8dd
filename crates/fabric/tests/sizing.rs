//! Published tables, exactly, and the laws of sizing.

use gigatwin_fabric::{
    CableSpec, FabricDesign, FloorPlan, OpticSpec, SizingError, Structure, SwitchSpec, size,
};
use gigatwin_quantity::{Bandwidth, Length, Money, Power};
use proptest::prelude::*;

fn design(endpoints: u32, radix: u32) -> FabricDesign {
    FabricDesign {
        endpoints,
        management_links: 0,
        planes: 1,
        structure: Structure::FatTree,
        leaf_oversubscription: 1.0,
        spine_oversubscription: 1.0,
        switch: SwitchSpec {
            radix,
            port_rate: Bandwidth::from_gbit_per_s(400.0),
            power: Power::from_w(900.0),
            price: Money::from_eur(40_000.0),
        },
        endpoint_optic: OpticSpec {
            links_per_module: 1,
            power: Power::from_w(10.0),
            price: Money::from_eur(700.0),
        },
        switch_optic: OpticSpec {
            links_per_module: 2,
            power: Power::from_w(15.0),
            price: Money::from_eur(1000.0),
        },
        cable: CableSpec {
            copper_reach: Length::from_m(3.0),
            copper_price: Money::from_eur(100.0),
            fibre_price: Money::from_eur(100.0),
            links_per_cable: 1,
        },
        floor: FloorPlan {
            endpoints_per_rack: 32,
            racks_per_row: 20,
            rack_pitch: Length::from_m(0.6),
            row_pitch: Length::from_m(3.0),
            slack: Length::from_m(5.0),
        },
    }
}

/// (endpoints, management, radix, planes, links per cable) → (leaf, spine, core, three cable counts).
type Row = ((u32, u32, u32, u32, u32), (u64, u64, u64, u64, u64, u64));

/// Published compute fabrics of DGX SuperPOD reference architectures (H100, B200, B300 twin-plane, B300 XDR).
const PUBLISHED: &[Row] = &[
    ((248, 4, 64, 1, 1), (8, 4, 0, 252, 256, 0)),
    ((504, 4, 64, 1, 1), (16, 8, 0, 508, 512, 0)),
    ((1016, 4, 64, 1, 1), (32, 16, 0, 1020, 1024, 0)),
    ((512, 0, 64, 1, 1), (16, 8, 0, 512, 512, 0)),
    ((1024, 0, 64, 1, 1), (32, 16, 0, 1024, 1024, 0)),
    ((2048, 0, 64, 1, 1), (64, 32, 0, 2048, 2048, 0)),
    ((4096, 0, 64, 1, 1), (128, 128, 64, 4096, 4096, 4096)),
    ((8192, 0, 64, 1, 1), (256, 256, 128, 8192, 8192, 8192)),
    ((16384, 0, 64, 1, 1), (512, 512, 256, 16384, 16384, 16384)),
    ((512, 0, 128, 2, 2), (16, 8, 0, 512, 512, 0)),
    ((1024, 0, 128, 2, 2), (32, 16, 0, 1024, 1024, 0)),
    ((2048, 0, 128, 2, 2), (64, 32, 0, 2048, 2048, 0)),
    ((4096, 0, 128, 2, 2), (128, 64, 0, 4096, 4096, 0)),
    ((8192, 0, 128, 2, 2), (256, 128, 0, 8192, 8192, 0)),
    ((576, 0, 144, 1, 1), (8, 4, 0, 576, 576, 0)),
    ((1152, 0, 144, 1, 1), (16, 8, 0, 1152, 1152, 0)),
];

#[test]
fn published_tables_exactly_plain_and_by_rails() {
    for structure in [Structure::FatTree, Structure::RailOptimised { rails: 8 }] {
        for &((endpoints, management_links, radix, planes, links_per_cable), expected) in PUBLISHED {
            let mut d = design(endpoints, radix);
            d.structure = structure;
            d.management_links = management_links;
            d.planes = planes;
            d.cable.links_per_cable = links_per_cable;
            let b = size(&d).unwrap();
            let got = (b.leaf, b.spine, b.core, b.node_leaf.cables, b.leaf_spine.cables, b.spine_core.cables);
            assert_eq!(got, expected, "{endpoints} endpoints, radix {radix}, {structure:?}");
        }
    }
}

#[test]
fn beyond_three_tiers_the_cure_is_named() {
    let Err(e) = size(&design(131_072, 64)) else { panic!("must not fit") };
    assert_eq!(
        e,
        SizingError::TooManyEndpoints {
            links: 131_072,
            ceiling: 65_536,
            radix: 64,
            radix_needed: 82,
            planes_needed: 2
        }
    );
    assert!(size(&design(131_072, 82)).is_ok());
    assert!(size(&design(131_072, 80)).is_err());
    assert!(size(&FabricDesign { planes: 2, ..design(131_072, 128) }).is_ok());
    assert_eq!(size(&design(65_536, 64)).unwrap().core, 1024);
}

#[test]
fn one_switch_where_one_is_enough() {
    let b = size(&design(64, 64)).unwrap();
    assert_eq!((b.tiers, b.leaf, b.spine, b.node_leaf.links, b.leaf_spine.links), (1, 1, 0, 64, 0));
}

#[test]
fn oversubscription_saves_spines() {
    let full = size(&design(4096, 128)).unwrap();
    let thin = size(&FabricDesign { leaf_oversubscription: 3.0, ..design(4096, 128) }).unwrap();
    assert!(thin.switches() < full.switches());
    assert!(thin.oversubscription <= 3.0 && thin.oversubscription > 2.0, "{}", thin.oversubscription);
}

#[test]
fn rail_only_has_no_links_between_rails() {
    let b = size(&FabricDesign { structure: Structure::RailOnly { rails: 8 }, ..design(512, 64) }).unwrap();
    assert_eq!((b.tiers, b.leaf, b.spine, b.node_leaf.links), (1, 8, 0, 512));
}

#[test]
fn a_torus_like_the_published_one() {
    // TPU v4: 64 cubes of 4×4×4 on 48 circuit switches of 128 used ports; 96 optical links per cube, 1.5 per
    // chip.
    let torus = Structure::Torus3d { edge: 4, circuit_ports: 128 };
    let b = size(&FabricDesign { structure: torus, ..design(4096, 64) }).unwrap();
    assert_eq!((b.circuit_switches, b.switches(), b.node_leaf.links, b.endpoint_optics), (48, 0, 6144, 6144));
    assert_eq!(b.node_node.links + b.node_leaf.links / 2, 3 * 4096);
    assert!(size(&FabricDesign { structure: torus, ..design(4160, 64) }).is_err());
}

#[test]
fn dragonflies() {
    // 64 ports: 16 hosts, 31 local and 16 global ports, 32 switches in a group, 513 groups.
    let d = |n, structure| size(&FabricDesign { structure, ..design(n, 64) });
    let b = d(512 * 10, Structure::Dragonfly).unwrap();
    assert_eq!((b.leaf, b.leaf_spine.links, b.spine_core.links), (320, 10 * 32 * 31 / 2, 10 * 512 / 2));
    assert!(d(512 * 513, Structure::Dragonfly).is_ok());
    assert!(matches!(d(512 * 513 + 1, Structure::Dragonfly), Err(SizingError::TooManyGroups { .. })));
    let p = d(4096, Structure::DragonflyPlus).unwrap();
    assert_eq!((p.leaf, p.spine, p.leaf_spine.links, p.spine_core.links), (128, 128, 4096, 2048));
}

#[test]
fn a_tapered_dragonfly_has_fewer_global_links_and_more_hosts() {
    let d = |taper| {
        let design = FabricDesign {
            structure: Structure::Dragonfly,
            leaf_oversubscription: taper,
            ..design(5_000, 64)
        };
        size(&design).unwrap()
    };
    let (full, half) = (d(1.0), d(2.0));
    assert!(half.spine_core.links < full.spine_core.links && half.leaf <= full.leaf);
    assert!((half.oversubscription - 2.0).abs() < 0.25, "{}", half.oversubscription);
}

#[test]
fn a_hyperx_is_a_full_mesh_of_its_lines() {
    // 64 ports, full bisection: 21 hosts on each of 43 switches of one line would need 43 × 1 ≥ 42.
    let one = size(&FabricDesign { structure: Structure::HyperX, ..design(43 * 21, 64) }).unwrap();
    assert_eq!((one.leaf, one.leaf_spine.links), (43, 43 * 42 / 2));
    assert!(one.oversubscription <= 1.0 + 1e-12);
    let at = |taper| {
        let d =
            FabricDesign { leaf_oversubscription: taper, structure: Structure::HyperX, ..design(16_384, 64) };
        size(&d).unwrap()
    };
    assert!(at(2.0).switches() < at(1.0).switches() && at(2.0).oversubscription <= 2.0);
    let beyond = FabricDesign { structure: Structure::HyperX, ..design(400_000, 16) };
    assert!(matches!(size(&beyond), Err(SizingError::TooManyGroups { .. })));
}

#[test]
fn several_short_rails_share_a_leaf() {
    // 32 nodes of 8 on 128 ports: two rails of 32 fill the 64 down-ports of one leaf.
    let rails = FabricDesign { structure: Structure::RailOptimised { rails: 8 }, ..design(256, 128) };
    assert_eq!(size(&rails).unwrap().leaf, 4);
    assert_eq!(size(&FabricDesign { endpoints: 576, ..rails }).unwrap().leaf, 16);
}

#[test]
fn money_and_power_add_up() {
    let b = size(&design(4096, 64)).unwrap();
    assert_eq!(b.switches(), 320);
    assert!((b.switch_power.kw() - 288.0).abs() < 1e-9);
    assert_eq!(b.power(), b.switch_power + b.optics_power);
    assert_eq!(b.endpoint_optics, 4096);
    assert_eq!(b.switch_optics, (4096 + 4 * 4096) / 2);
    assert!(b.cable_length().km() > 12.288 * 5.0, "{}", b.cable_length());
}

proptest! {
    #[test]
    fn no_tier_is_thinner_than_asked_and_ports_suffice(
        endpoints in 1u32..60_000, half in 4u32..100, ratio in 1.0f64..4.0, rails in 1u32..10
    ) {
        let d = FabricDesign {
            leaf_oversubscription: ratio,
            structure: Structure::RailOptimised { rails },
            ..design(endpoints, 2 * half)
        };
        let Ok(b) = size(&d) else { return Ok(()) };
        let radix = u64::from(2 * half);
        prop_assert!(b.oversubscription <= ratio + 1e-12);
        prop_assert!(b.node_leaf.links + b.leaf_spine.links <= b.leaf * radix);
        prop_assert!(b.leaf_spine.links + b.spine_core.links <= b.spine * radix);
        prop_assert!(b.spine_core.links <= b.core * radix);
    }

    #[test]
    fn ports_suffice_without_a_spine(endpoints in 1u32..40_000, half in 8u32..72, ratio in 1.0f64..4.0) {
        for structure in [Structure::HyperX, Structure::Dragonfly, Structure::DragonflyPlus] {
            let d = FabricDesign { leaf_oversubscription: ratio, structure, ..design(endpoints, 2 * half) };
            let Ok(b) = size(&d) else { continue };
            let between = 2 * (b.leaf_spine.links + b.spine_core.links);
            prop_assert!(b.node_leaf.links + between <= b.switches() * u64::from(2 * half), "{structure:?}");
            prop_assert!(b.oversubscription <= ratio + 1e-9, "{structure:?} {}", b.oversubscription);
        }
    }

    #[test]
    fn more_endpoints_never_need_fewer_leaves(endpoints in 1u32..60_000, more in 0u32..5_000, half in 4u32..100) {
        let (Ok(a), Ok(b)) = (size(&design(endpoints, 2 * half)), size(&design(endpoints + more, 2 * half))) else {
            return Ok(());
        };
        prop_assert!(a.leaf <= b.leaf && a.tiers <= b.tiers);
    }
}

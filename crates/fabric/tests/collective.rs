//! Laws of collectives and curves that the fit has not seen.

use gigatwin_fabric::{Calibration, Collective, Family, Group, Network, Wiring};
use gigatwin_quantity::{Bandwidth, Data, Time};
use proptest::prelude::*;

fn hopper() -> Network {
    Network::new(Bandwidth::from_gb_per_s(450.0), 8, true, Bandwidth::from_gbit_per_s(400.0), 1.0)
        .with_calibration(Calibration::of(Family::Hopper))
}

const ALL: [Collective; 6] = [
    Collective::AllReduce,
    Collective::AllGather,
    Collective::ReduceScatter,
    Collective::AllToAll,
    Collective::Broadcast,
    Collective::SendRecv,
];

#[test]
fn one_rank_and_no_bytes_take_no_time() {
    for c in ALL {
        assert_eq!(hopper().time(c, Data::from_gb(1.0), Group { ranks: 1, per_domain: 1 }), Time::ZERO);
        assert_eq!(hopper().time(c, Data::ZERO, Group { ranks: 8, per_domain: 8 }), Time::ZERO);
    }
}

#[test]
fn all_to_all_tends_to_the_nic_times_n_over_n_minus_one() {
    let bus = |nodes: u32| {
        hopper()
            .bus_bandwidth(
                Collective::AllToAll,
                Data::from_gb(64.0),
                Group { ranks: 8 * nodes, per_domain: 8 },
            )
            .gb_per_s()
    };
    assert!((bus(2) / (48.5 * 15.0 / 8.0) - 1.0).abs() < 0.01, "{}", bus(2));
    assert!((bus(64) / 48.5 - 1.0).abs() < 0.03, "{}", bus(64));
}

#[test]
fn ring_without_reduction_in_the_switch_follows_the_published_curve() {
    // SimAI's table of NIC efficiency (Apache-2.0, astra-sim-alibabacloud/inputs/ratio), 8 and 16 nodes; not
    // part of the fit. An all-gather with several ranks per domain is always a ring, with half the steps and
    // bytes of an all-reduce and so the same ratio to its asymptote.
    let net = hopper();
    for (nodes, mb, ratio) in [
        (8, 256.0, 0.69),
        (8, 1024.0, 0.90),
        (8, 8192.0, 0.96),
        (16, 256.0, 0.57),
        (16, 1024.0, 0.76),
        (16, 8192.0, 0.96),
    ] {
        let group = Group { ranks: 8 * nodes, per_domain: 8 };
        let bytes = Data::from_bytes(mb * 1_048_576.0);
        let bus = net.bus_bandwidth(Collective::AllGather, bytes, group).gb_per_s();
        let got = bus / (450.0 * net.calibration.ring_efficiency);
        assert!((got / ratio - 1.0).abs() < 0.25, "{nodes} nodes, {mb} MB: {got:.3} against {ratio}");
    }
}

#[test]
fn in_switch_reduction_gains_with_the_group_size() {
    let bus = |ranks, on| {
        Network { scaleup_reduces: on, ..hopper() }
            .bus_bandwidth(Collective::AllReduce, Data::from_gb(8.6), Group { ranks, per_domain: ranks })
            .gb_per_s()
    };
    assert!(bus(4, true) / bus(4, false) < 1.06);
    assert!((bus(8, true) / bus(8, false) - 1.29).abs() < 0.06);
}

#[test]
fn a_pair_in_a_mesh_has_one_link() {
    let mesh = Network {
        wiring: Wiring::FullMesh,
        scaleup_reduces: false,
        ..Network::new(Bandwidth::from_gb_per_s(448.0), 8, false, Bandwidth::from_gb_per_s(50.0), 1.0)
    };
    let bus = |n| {
        mesh.bus_bandwidth(Collective::AllReduce, Data::from_gb(4.0), Group { ranks: n, per_domain: n })
            .gb_per_s()
    };
    assert!((bus(2) / 47.7 - 1.0).abs() < 0.1 && (bus(8) / 312.9 - 1.0).abs() < 0.15);
}

#[test]
fn a_missing_link_takes_for_ever() {
    let cut = Network { scaleout: Bandwidth::ZERO, ..hopper() };
    for c in ALL {
        let t = cut.time(c, Data::from_gb(1.0), Group { ranks: 16, per_domain: 1 });
        assert!(t.s() == f64::INFINITY, "{c:?} {t:?}");
    }
}

fn any_collective() -> impl Strategy<Value = Collective> {
    proptest::sample::select(ALL.to_vec())
}

proptest! {
    #[test]
    fn more_bytes_never_take_less(
        c in any_collective(), ranks in 2u32..4096, k in 1u32..9, mb in 0.001f64..1e5, more in 1.0f64..4.0
    ) {
        let g = Group { ranks, per_domain: k };
        let t = |b| hopper().time(c, Data::from_bytes(b * 1e6), g);
        prop_assert!(t(mb) <= t(mb * more));
        prop_assert!(t(mb) > Time::ZERO && t(mb).is_finite());
    }

    #[test]
    fn more_bandwidth_is_never_slower(
        c in any_collective(), ranks in 2u32..4096, k in 1u32..9, mb in 0.001f64..1e5, up in 1.0f64..4.0, out in 1.0f64..4.0
    ) {
        let (g, b) = (Group { ranks, per_domain: k }, Data::from_bytes(mb * 1e6));
        let fast = Network { scaleup: hopper().scaleup * up, scaleout: hopper().scaleout * out, ..hopper() };
        prop_assert!(fast.time(c, b, g) <= hopper().time(c, b, g));
        let thin = Network { oversubscription: out, ..hopper() };
        prop_assert!(thin.time(c, b, g) >= hopper().time(c, b, g));
    }

    #[test]
    fn bus_bandwidth_stays_below_the_hardware(ranks in 2u32..2048, k in 1u32..9, mb in 0.001f64..1e6) {
        // An all-gather receives all but its own part over the links of its chip.
        let (g, b) = (Group { ranks, per_domain: k }, Data::from_bytes(mb * 1e6));
        let bus = hopper().bus_bandwidth(Collective::AllGather, b, g);
        let k = f64::from(k.min(ranks));
        let limit = if ranks > g.per_domain { (50.0 * k).min(450.0) } else { 450.0 };
        prop_assert!(bus.gb_per_s() <= limit);
    }
}

//! The traffic format: what is written is read back, and faults are told with code and line.

use gigatwin_fabric::Collective;
use gigatwin_fabric::flow::{After, Flow, GroupCollective, Groups, Phase, Traffic, Transfer, parse};
use gigatwin_quantity::{Data, Time};
use proptest::prelude::*;

fn codes(text: &str) -> Vec<(&'static str, u32)> {
    parse(text).map_or_else(|f| f.iter().map(|f| (f.code, f.line)).collect(), |_| Vec::new())
}

#[test]
fn reads_the_example_of_the_documentation() {
    let text = "traffic 1 # format\nranks 64\n\nphase name=forward repeat=4\n\
        collective op=all-gather bytes=64MiB size=8 stride=1\n\
        phase name=gradients after=forward delay=2ms\n\
        collective op=all-reduce bytes=1GB size=8 stride=8 priority=1\n\
        flow from=0 to=63 bytes=10MB at=5us label=3\n";
    let traffic = parse(text).unwrap();
    assert_eq!(traffic.ranks, 64);
    assert_eq!(traffic.phases.len(), 2);
    assert_eq!(traffic.phases[0].repeat, 4);
    assert_eq!(traffic.phases[1].after, After::Phases(vec![0]));
    assert_eq!(traffic.phases[1].transfers.len(), 2);
    let Transfer::Flow(flow) = traffic.phases[1].transfers[1] else { panic!("a flow") };
    assert_eq!((flow.from, flow.to, flow.label), (0, 63, 3));
    assert!((flow.start.us() - 5.0).abs() < 1e-9);
}

#[test]
fn every_fault_has_its_code_and_line() {
    assert_eq!(codes(""), [("G510", 1)]);
    assert_eq!(codes("hello\n"), [("G510", 1)]);
    assert_eq!(codes("traffic 1\nflow from=0 to=1 bytes=1GB"), [("G510", 2)]);
    assert_eq!(codes("traffic 1\nranks 8\n"), [("G510", 1)]);
    let many = "traffic 1\nranks 8\nflow from=0 to=8 bytes=1GB\nflow from=0 to=1 bytes=1\nflow from=0 to=1 bytes=1W\n\
        collective op=all-reduce bytes=1GB size=3\ncollective op=gossip bytes=1GB size=2\nphase name=a after=b\n\
        flow from=0 to=1 bytes=1GB priority=9\nflow from=0 to=1 bytes=1GB speed=3\nwave\nflow from 0";
    let expected = [
        ("G511", 3),
        ("G510", 4),
        ("G510", 5),
        ("G512", 6),
        ("G510", 7),
        ("G513", 8),
        ("G510", 9),
        ("G510", 10),
        ("G510", 11),
        ("G510", 12),
    ];
    assert_eq!(codes(many), expected);
    let fault = &parse("traffic 1\nranks 8\nflow from=0 to=8 bytes=1GB").unwrap_err()[0];
    assert_eq!((fault.column, fault.width), (16, 1));
    assert!(fault.message.contains("rank 8 does not exist"), "{}", fault.message);
}

#[test]
fn groups_cover_every_rank_once() {
    for (size, stride, ranks) in [(8, 1, 64), (4, 8, 64), (2, 32, 64), (64, 1, 64)] {
        let groups = Groups { size, stride };
        assert!(groups.fit(ranks));
        let mut seen: Vec<u32> =
            (0..groups.count(ranks)).flat_map(|g| (0..size).map(move |k| groups.rank(g, k))).collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..ranks).collect::<Vec<_>>());
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(
        flows in proptest::collection::vec((0u32..64, 0u32..64, 1u64..1 << 40, 0u32..1000, 0u8..8, 0u32..9), 1..20),
        repeat in 1u32..9, delay in 0u32..1000, size in prop_oneof![Just(2u32), Just(4), Just(8)],
    ) {
        let transfers = flows
            .iter()
            .map(|&(from, to, bytes, us, priority, label)| Transfer::Flow(Flow {
                from, to, bytes: Data::from_bytes(bytes as f64), start: Time::from_us(f64::from(us)), priority, label,
            }))
            .collect();
        let collective = Transfer::Collective(GroupCollective {
            operation: Collective::AllToAll,
            bytes: Data::from_gib(1.5),
            groups: Groups { size, stride: 2 },
            priority: 2,
        });
        let first = Phase { name: "a".into(), after: After::Previous, delay: Time::ZERO, repeat: 1, transfers };
        let second = Phase {
            name: "b".into(),
            after: After::Start,
            delay: Time::from_us(f64::from(delay)),
            repeat,
            transfers: vec![collective],
        };
        let third = Phase { name: "c".into(), after: After::Phases(vec![0, 1]), ..second.clone() };
        let traffic = Traffic { ranks: 64, phases: vec![first, second, third] };
        prop_assert_eq!(parse(&traffic.to_text()), Ok(traffic));
    }

    #[test]
    fn no_text_makes_the_reader_fall(text in "(traffic 1\n)?(ranks [0-9]{1,4}\n)?[a-z=0-9 #µ\n]{0,200}") {
        let _ = parse(&text);
    }
}

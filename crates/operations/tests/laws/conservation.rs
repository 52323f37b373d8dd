use gigatwin_operations::{
    Account, Component, FailureModel, Job, JobClass, JobState, Layout, Multifactor, Order, OverLimit,
    Placement, PlacementSpeed, Policy, Qos, Reservation, Settings, ShareTree, Site, Size, SlurmSettings,
    simulate,
};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Everything at once: shared nodes, tenants, preemption, reservations, failures with lemons, crews and spares, checkpoints.
pub(crate) fn site(rng: &mut ChaCha8Rng) -> Site {
    let layout = Layout {
        nodes: rng.random_range(4..40),
        gpus_per_node: [1, 4, 8][rng.random_range(0..3)],
        nodes_per_leaf: rng.random_range(1..9),
        leaves_per_block: rng.random_range(1..4),
    };
    let account = |name: &str, parent, shares| Account { name: name.into(), parent, shares };
    let shares = ShareTree::new(vec![
        account("union", None, 40.0),
        account("states", None, 60.0),
        account("sme", Some(0), 1.0),
        account("research", Some(0), 2.0),
        account("de", Some(1), 1.0),
    ])
    .unwrap();
    let qos = vec![
        Qos { preemptible: true, ..Qos::default() },
        Qos { name: "high".into(), priority: 1.0, rank: 2, preempts: true, exempt: 0, preemptible: false },
    ];
    let part = |name: &str, rate, crew| Component {
        name: name.into(),
        per_node_day: rate,
        repair: [5, 20, 90],
        crew,
    };
    let failures = rng.random_bool(0.7).then(|| FailureModel {
        components: vec![part("gpu", 200.0, true), part("software", 100.0, false)],
        lemon_share: 0.1,
        lemon_factor: 5.0,
        per_job_day: 100.0,
        detection: rng.random_range(0..5),
        crews: rng.random_range(0..3),
        spares: rng.random_range(0..3),
        swap: 3,
    });
    let reservations = if rng.random_bool(0.5) {
        let first_node = rng.random_range(0..layout.nodes);
        let start = rng.random_range(10..100);
        vec![Reservation {
            start,
            end: start + 40,
            first_node,
            nodes: rng.random_range(1..=layout.nodes - first_node),
        }]
    } else {
        Vec::new()
    };
    Site {
        placement: if rng.random_bool(0.5) { Placement::First } else { Placement::Packed },
        speed: PlacementSpeed::by_level(&layout, 1.0, 0.9, 0.7),
        shares,
        qos,
        reservations,
        failures,
        ..Site::new(layout)
    }
}

pub(crate) fn jobs(rng: &mut ChaCha8Rng, site: &Site) -> Vec<Job> {
    let mut t = 0;
    (0..rng.random_range(1..60))
        .map(|id| {
            t += rng.random_range(0..8);
            let runtime = rng.random_range(0..40);
            let size = if rng.random_bool(0.5) {
                Size::Nodes(rng.random_range(1..=site.layout.nodes))
            } else {
                Size::Gpus(rng.random_range(1..=site.layout.gpus_per_node * 2))
            };
            let size = match size {
                Size::Gpus(g) if i64::from(g) > site.layout.gpus() => Size::Gpus(1),
                s => s,
            };
            Job {
                size,
                tenant: rng.random_range(2..5),
                qos: rng.random_range(0..2),
                class: JobClass::ALL[rng.random_range(0..5)],
                checkpoint: rng.random_range(0..10),
                ..Job::nodes(id, t, runtime, rng.random_range(1..50), 1)
            }
        })
        .collect()
}

pub(crate) fn settings(rng: &mut ChaCha8Rng) -> Settings {
    let slurm = SlurmSettings {
        bf_interval: 3,
        bf_resolution: 5,
        limit_granularity: 5,
        completing: rng.random_range(0..3),
        ..SlurmSettings::default()
    };
    let policy =
        [Policy::Fcfs, Policy::Easy, Policy::Conservative, Policy::Slurm(slurm)][rng.random_range(0..4)];
    Settings {
        order: if rng.random_bool(0.5) {
            Order::Submit
        } else {
            Order::Multifactor(Multifactor { calc_period: 7, half_life: 50, ..Multifactor::default() })
        },
        over_limit: if rng.random_bool(0.5) { OverLimit::Kill } else { OverLimit::Extend },
        requeue_hold: rng.random_range(0..10),
        restart: rng.random_range(0..3),
        sample: Some(7),
        // Jobs of a site that breaks all the time may never end.
        until: Some(4_000),
        holdings: true,
        ..Settings::new(policy)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn nothing_is_lost_and_nothing_is_run_twice(seed in any::<u64>()) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let site = site(&mut rng);
        let jobs = jobs(&mut rng, &site);
        let settings = settings(&mut rng);
        let outcome = simulate(&site, &jobs, &settings).unwrap();

        // Same seed, same bytes.
        let again = simulate(&site, &jobs, &settings).unwrap();
        prop_assert_eq!(format!("{outcome:?}"), format!("{again:?}"));

        // Accelerator-seconds: by job, by class, by holding, by the time series.
        let held: i64 = outcome.jobs.iter().map(|r| r.held).sum();
        prop_assert_eq!(held, outcome.busy_all());
        let by_holding: i64 = outcome
            .holdings
            .iter()
            .map(|h| (h.to - h.from) * site.layout.units(jobs[h.job as usize].size))
            .sum();
        prop_assert_eq!(held, by_holding);
        let mut last = outcome.start;
        let mut series = 0.0;
        for s in &outcome.series {
            series += s.busy_all() * (s.at - last) as f64;
            last = s.at;
        }
        prop_assert!((series - held as f64).abs() < 1e-6 * (1.0 + series));

        // No node runs two gangs, no shared node gives more than it has, at any moment.
        let per_node = i64::from(site.layout.gpus_per_node);
        let mut edges = vec![Vec::new(); site.layout.nodes as usize];
        for h in &outcome.holdings {
            let job = &jobs[h.job as usize];
            let each = match job.size {
                Size::Gpus(g) if g < site.layout.gpus_per_node => i64::from(g),
                _ => per_node,
            };
            prop_assert_eq!(each * h.nodes.len() as i64, site.layout.units(job.size));
            prop_assert!(h.from >= job.submit);
            for &n in &h.nodes {
                edges[n as usize].push((h.to, -each));
                edges[n as usize].push((h.from, each));
            }
        }
        for e in &mut edges {
            e.sort_unstable();
            let mut used = 0;
            for (_, change) in e {
                used += *change;
                prop_assert!(used <= per_node);
            }
        }

        // No job holds a reserved node.
        for r in &site.reservations {
            for h in outcome.holdings.iter().filter(|h| h.from < r.end && h.to > r.start) {
                let reserved = r.first_node..r.first_node + r.nodes;
                // One that a bad place slows down may run past what it asked for.
                let late = h.from < r.start;
                prop_assert!(late || !h.nodes.iter().any(|n| reserved.contains(n)));
            }
        }

        // No job is lost: it ended once, or it is still there.
        for (i, (r, job)) in outcome.jobs.iter().zip(&jobs).enumerate() {
            let attempts = outcome.holdings.iter().filter(|h| h.job == i as u32).count();
            let stops = usize::from(r.failures) + usize::from(r.preemptions);
            match r.state {
                JobState::Completed | JobState::TimedOut => {
                    prop_assert!(r.end >= r.start && r.start >= job.submit);
                    prop_assert_eq!(attempts, stops + 1);
                }
                JobState::Running => prop_assert_eq!(attempts, stops + 1),
                JobState::Queued => prop_assert_eq!(attempts, stops),
                JobState::Failed | JobState::Cancelled => prop_assert!(false, "nothing of the kind without links"),
            }
            prop_assert!(r.lost >= 0 && r.lost <= r.held);
        }
        prop_assert!(outcome.down >= 0);
    }
}

#[test]
fn a_reservation_is_kept_free_and_used_until_then() {
    let site = Site {
        reservations: vec![Reservation { start: 100, end: 200, first_node: 0, nodes: 4 }],
        ..Site::flat(4, 1)
    };
    let jobs = [Job::nodes(1, 0, 50, 50, 4), Job::nodes(2, 0, 60, 60, 4), Job::nodes(3, 0, 40, 40, 4)];
    for policy in [Policy::Easy, Policy::Conservative] {
        let o = simulate(&site, &jobs, &Settings::new(policy)).unwrap();
        let starts: Vec<i64> = o.jobs.iter().map(|r| r.start).collect();
        // The second would reach into the maintenance: it waits until 200; the third fits before.
        assert_eq!(starts, [0, 200, 50], "{policy:?}");
    }
}

#[test]
fn a_higher_rank_stops_the_youngest_and_the_work_is_resumed() {
    let site = Site {
        qos: vec![
            Qos { preemptible: true, ..Qos::default() },
            Qos { name: "fast lane".into(), rank: 1, preempts: true, ..Qos::default() },
        ],
        ..Site::flat(4, 1)
    };
    let mut jobs = [
        Job::nodes(1, 0, 100, 100, 2),
        Job { checkpoint: 10, ..Job::nodes(2, 5, 100, 100, 2) },
        Job { qos: 1, ..Job::nodes(3, 50, 20, 20, 1) },
    ];
    jobs[1].id = 2;
    let o = simulate(&site, &jobs, &Settings { requeue_hold: 30, ..Settings::new(Policy::Easy) }).unwrap();
    assert_eq!(o.jobs[2].start, 50);
    // Stopped at 50 after 45 s, 40 of them saved; waits again from 80 on and needs 60 more.
    assert_eq!((o.jobs[1].preemptions, o.jobs[1].lost, o.jobs[1].end), (1, 2 * 5, 140));
    assert_eq!(o.jobs[0].preemptions, 0);
}

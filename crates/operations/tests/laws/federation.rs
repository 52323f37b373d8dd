use std::collections::BTreeMap;

use gigatwin_operations::{
    Apart, Job, JobState, Layout, Links, Member, Need, Policy, Reservation, Routing, Rules, Settings, Site,
    Throttle, When, federate, simulate, simulate_linked,
};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::conservation;

/// Dependencies on earlier jobs and on later ones, an array, and jobs that fail.
fn links(rng: &mut ChaCha8Rng, jobs: usize) -> Links {
    let n = jobs as u32;
    let mut needs = Vec::new();
    // An order that is not that of submission, so that some wait for jobs that come later.
    let mut order: Vec<u32> = (0..n).collect();
    for i in 0..order.len() {
        let j = (i + rng.random_range(0..4)).min(order.len() - 1);
        order.swap(i, j);
    }
    for i in 1..order.len() {
        if rng.random_bool(0.3) {
            let when = [When::Ok, When::Any, When::NotOk][rng.random_range(0..3)];
            needs.push(Need { job: order[i], on: order[rng.random_range(0..i)], when });
        }
    }
    let array = Throttle { members: (0..n.min(9)).collect(), most: rng.random_range(1..4) };
    let failing: Vec<u32> = (0..n).filter(|_| rng.random_bool(0.2)).collect();
    let arrays = if rng.random_bool(0.5) { vec![array] } else { Vec::new() };
    Links::new(jobs, needs, &arrays, &failing).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn one_site_gives_the_bytes_of_the_plain_run(seed in any::<u64>()) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let site = conservation::site(&mut rng);
        let jobs = conservation::jobs(&mut rng, &site);
        let settings = conservation::settings(&mut rng);
        let plain = simulate(&site, &jobs, &settings).unwrap();
        let rules = Rules { routing: Routing::ALL[rng.random_range(0..5)].1, ..Rules::default() };
        let all = federate(&[Member::new("one", site)], &jobs, &vec![0; jobs.len()], &Links::default(), &rules, &settings).unwrap();
        prop_assert_eq!(format!("{plain:?}"), format!("{:?}", all.sites[0]));
        prop_assert_eq!(plain.jobs, all.jobs);
    }

    #[test]
    fn no_job_is_lost_between_sites_and_hours_add_up(seed in any::<u64>()) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let first = conservation::site(&mut rng);
        let settings = conservation::settings(&mut rng);
        let (mut jobs, mut homes) = (Vec::new(), Vec::new());
        let mut members = Vec::new();
        for i in 0..rng.random_range(2..4_u16) {
            let mut site = if i == 0 { first.clone() } else { conservation::site(&mut rng) };
            site.shares = first.shares.clone();
            let own = conservation::jobs(&mut rng, &site);
            homes.extend(vec![i; own.len()]);
            jobs.extend(own);
            let from = rng.random_range(0..150);
            members.push(Member {
                speed: [0.5, 1.0, 1.7][rng.random_range(0..3)],
                price: rng.random_range(0.5..2.0),
                carbon: rng.random_range(0.5..2.0),
                outages: if rng.random_bool(0.5) { vec![(from, from + rng.random_range(1..200))] } else { Vec::new() },
                ..Member::new(&format!("site {i}"), site)
            });
        }
        let mut order: Vec<usize> = (0..jobs.len()).collect();
        order.sort_by_key(|&i| jobs[i].submit);
        let jobs: Vec<Job> = order.iter().map(|&i| jobs[i]).collect();
        let homes: Vec<u16> = order.iter().map(|&i| homes[i]).collect();
        let links = if rng.random_bool(0.5) { links(&mut rng, jobs.len()) } else { Links::default() };
        let rules = Rules {
            routing: Routing::ALL[rng.random_range(0..5)].1,
            patience: rng.random_range(0..40),
            leaves: vec![true, rng.random_bool(0.5)],
            transfer: [0.0, 0.3, 2.0][rng.random_range(0..3)],
            one_account: rng.random_bool(0.5),
        };
        let all = federate(&members, &jobs, &homes, &links, &rules, &settings).unwrap();
        let again = federate(&members, &jobs, &homes, &links, &rules, &settings).unwrap();
        prop_assert_eq!(format!("{all:?}"), format!("{again:?}"));

        // Accelerator-seconds: of the jobs, of the sites, of the flows, of the attempts.
        let held: i64 = all.jobs.iter().map(|r| r.held).sum();
        prop_assert_eq!(held, all.sites.iter().map(|o| o.busy_all()).sum::<i64>());
        prop_assert_eq!(held, all.flows.iter().map(|f| f.held).sum::<i64>());
        prop_assert_eq!(all.flows.iter().map(|f| f.jobs).sum::<usize>(), jobs.len());
        let mut attempts: BTreeMap<u32, Vec<(i64, i64)>> = BTreeMap::new();
        for (outcome, member) in all.sites.iter().zip(&members) {
            let mut edges = vec![Vec::new(); member.site.layout.nodes as usize];
            for h in &outcome.holdings {
                attempts.entry(h.job).or_default().push((h.from, h.to));
                for &(from, to) in &member.outages {
                    prop_assert!(h.to <= from || h.from >= to, "a job runs while its site stands still");
                }
                if member.site.layout.gpus_per_node == 1 {
                    for &n in &h.nodes {
                        edges[n as usize].push((h.to, -1));
                        edges[n as usize].push((h.from, 1));
                    }
                }
            }
            for e in &mut edges {
                e.sort_unstable();
                let mut used = 0;
                for (_, change) in e {
                    used += *change;
                    prop_assert!(used <= 1, "a node runs two gangs");
                }
            }
        }

        // No job is lost, none runs at two sites at once, and each ended once or is still there.
        for (i, (r, job)) in all.jobs.iter().zip(&jobs).enumerate() {
            let mine = attempts.entry(i as u32).or_default();
            mine.sort_unstable();
            prop_assert!(mine.windows(2).all(|w| w[0].1 <= w[1].0));
            prop_assert!(mine.first().is_none_or(|m| m.0 >= job.submit && m.0 >= r.eligible));
            let stops = usize::from(r.failures) + usize::from(r.preemptions);
            let ran = match r.state {
                JobState::Completed | JobState::TimedOut | JobState::Failed | JobState::Running => stops + 1,
                JobState::Queued => stops,
                JobState::Cancelled => 0,
            };
            prop_assert_eq!(mine.len(), ran);
            prop_assert!(r.lost >= 0 && r.lost <= r.held);
            if !rules.leaves.get(job.qos as usize).copied().unwrap_or(true) || rules.routing == Routing::Home {
                prop_assert_eq!(all.ran_at[i], homes[i]);
            }
        }
    }

    #[test]
    fn who_waits_for_another_starts_after_its_end(seed in any::<u64>()) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let site = conservation::site(&mut rng);
        let jobs = conservation::jobs(&mut rng, &site);
        let settings = conservation::settings(&mut rng);
        let mut needs = Vec::new();
        for job in 1..jobs.len() as u32 {
            if rng.random_bool(0.5) {
                let when = [When::Ok, When::Any, When::NotOk][rng.random_range(0..3)];
                needs.push(Need { job, on: rng.random_range(0..job), when });
            }
        }
        let failing: Vec<u32> = (0..jobs.len() as u32).filter(|_| rng.random_bool(0.3)).collect();
        let links = Links::new(jobs.len(), needs.clone(), &[], &failing).unwrap();
        let o = simulate_linked(&site, &jobs, &links, &settings).unwrap();
        for n in &needs {
            let (mine, theirs) = (&o.jobs[n.job as usize], &o.jobs[n.on as usize]);
            let over = !matches!(theirs.state, JobState::Queued | JobState::Running);
            let ok = theirs.state == JobState::Completed;
            let met = over && (n.when == When::Any || ok == (n.when == When::Ok));
            if mine.start >= 0 {
                prop_assert!(met && mine.start >= theirs.end, "{mine:?} {theirs:?}");
            }
            if over && !met {
                prop_assert!(mine.start < 0);
            }
        }
        // Whoever was cancelled waited for somebody who ended otherwise.
        for (i, r) in o.jobs.iter().enumerate().filter(|(_, r)| r.state == JobState::Cancelled) {
            prop_assert!(r.start < 0 && r.held == 0);
            prop_assert!(needs.iter().any(|n| n.job == i as u32
                && (n.when == When::Ok) != (o.jobs[n.on as usize].state == JobState::Completed)
                && n.when != When::Any));
        }
    }
}

#[test]
fn the_network_takes_over_while_the_home_stands_still() {
    let members = [
        Member { outages: vec![(50, 1_000)], ..Member::new("home", Site::flat(4, 4)) },
        Member { speed: 0.5, ..Member::new("net", Site::flat(8, 2)) },
    ];
    let settings = Settings { requeue_hold: 0, ..Settings::new(Policy::Easy) };
    let jobs = [
        Job { checkpoint: 10, ..Job::nodes(1, 0, 100, 100, 1) },
        Job::nodes(2, 60, 100, 100, 2),
        // Larger than the other site: it waits.
        Job { size: gigatwin_operations::Size::Nodes(4), ..Job::nodes(3, 60, 10, 10, 4) },
    ];
    let mut small = members.clone();
    small[1].site = Site::flat(6, 2);
    let rules = Rules { routing: Routing::Wait, transfer: 0.5, ..Rules::default() };
    let all = federate(&small, &jobs, &[0; 3], &Links::default(), &rules, &settings).unwrap();
    // Stopped at 50 with 50 s done, all saved; 4 accelerators take 2 s of transfer, the rest takes twice as long there.
    assert_eq!((all.ran_at[0], all.jobs[0].end, all.jobs[0].failures), (1, 50 + 2 + 100, 1));
    // 8 accelerators, 4 s of transfer, four nodes of two of which two are taken until the end of the first.
    assert_eq!((all.ran_at[1], all.jobs[1].start), (1, 60 + 4));
    assert_eq!((all.ran_at[2], all.jobs[2].start), (0, 1_000));
    assert_eq!(all.sites[0].down, 16 * 950);
    let taken_over = all.flows.iter().find(|f| (f.from, f.to) == (0, 1)).unwrap();
    assert_eq!((taken_over.jobs, taken_over.completed, taken_over.transfer), (2, 2, 6));
    assert!((taken_over.work - taken_over.held as f64 / 2.0).abs() < 1e-9);
    // Who stays at home waits.
    let stays = Rules::default();
    let all = federate(&small, &jobs, &[0; 3], &Links::default(), &stays, &settings).unwrap();
    assert_eq!(all.ran_at, [0; 3]);
    assert!(all.jobs[1].start >= 1_000);
}

#[test]
fn a_tenant_has_its_nodes_to_itself() {
    let account = |name: &str| gigatwin_operations::Account { name: name.into(), parent: None, shares: 1.0 };
    let shares = gigatwin_operations::ShareTree::new(vec![account("clinic"), account("others")]).unwrap();
    let set_aside = Reservation { start: 100, end: 200, first_node: 0, nodes: 2 };
    let home = Site { shares: shares.clone(), reservations: vec![set_aside], ..Site::flat(4, 1) };
    let own = Site { shares, ..Site::new(Layout::flat(2, 1)) };
    let apart = Apart { of: 0, first_node: 0, tenants: vec![0], open: vec![(100, 200)] };
    let members = [Member::new("home", home), Member::apart("clinic's", own, apart)];
    let job = |id, submit, run, nodes, tenant| Job { tenant, ..Job::nodes(id, submit, run, run, nodes) };
    let jobs = [
        job(1, 0, 500, 2, 1),
        job(2, 90, 50, 2, 1),
        job(3, 110, 50, 2, 0),
        // Its limit ends behind the span, and the next does not fit beside it: both wait with all others.
        job(4, 120, 90, 1, 0),
        job(5, 130, 60, 2, 0),
    ];
    let all = federate(
        &members,
        &jobs,
        &[0; 5],
        &Links::default(),
        &Rules::default(),
        &Settings::new(Policy::Easy),
    )
    .unwrap();
    assert_eq!(all.ran_at, [0, 0, 1, 0, 0]);
    let starts: Vec<i64> = all.jobs.iter().map(|r| r.start).collect();
    assert_eq!(starts, [0, 200, 110, 250, 340]);
    // Both parts together are the site.
    let whole = all.whole(0, &members);
    assert_eq!(
        whole.busy_all(),
        jobs.iter()
            .map(|j| j.runtime
                * i64::from(match j.size {
                    gigatwin_operations::Size::Nodes(n) | gigatwin_operations::Size::Gpus(n) => n,
                }))
            .sum::<i64>()
    );
    assert_eq!(whole.jobs.iter().map(|r| r.held).sum::<i64>(), whole.busy_all());
    assert_eq!(whole.jobs.iter().map(|r| r.start).collect::<Vec<_>>(), starts);
}

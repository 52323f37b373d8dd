//! Jobs put off to cheap hours, at one site and at several.

use gigatwin_operations::{
    Deferral, Hourly, Job, JobState, Links, Member, Routing, Rules, federate, releases, simulate,
};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::conservation;

/// Jobs with the home of each, as asked for and as they enter the queue, in the order in which they do.
struct Workload {
    asked: Vec<Job>,
    entered: Vec<Job>,
    homes: Vec<u16>,
}

/// Those of the first site that can wait go to its cheap hours, those of the others enter when they are submitted.
fn put_off(rng: &mut ChaCha8Rng, members: &[Member], rule: &Deferral) -> Workload {
    let cost = Hourly::new((0..12).map(|_| rng.random_range(10.0..90.0)).collect());
    let mut all: Vec<(Job, Job, u16)> = Vec::new();
    for (home, m) in (0..).zip(members) {
        let jobs = conservation::jobs(rng, &m.site);
        let when = releases(&jobs, &m.site.layout, &cost, rule, |j| home == 0 && j.id % 3 > 0);
        all.extend(jobs.iter().zip(when).map(|(j, r)| (*j, Job { submit: r, ..*j }, home)));
    }
    all.sort_by_key(|(_, enters, _)| enters.submit);
    Workload {
        asked: all.iter().map(|a| a.0).collect(),
        entered: all.iter().map(|a| a.1).collect(),
        homes: all.iter().map(|a| a.2).collect(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn one_site_gives_the_bytes_of_the_plain_shifted_run(seed in any::<u64>()) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let members = [Member::new("one", conservation::site(&mut rng))];
        let work = put_off(&mut rng, &members, &Deferral { slack: 14_400, gain: 0.05 });
        let settings = conservation::settings(&mut rng);
        let plain = simulate(&members[0].site, &work.entered, &settings).unwrap();
        let rules = Rules { routing: Routing::Wait, ..Rules::default() };
        let all = federate(&members, &work.entered, &work.homes, &Links::default(), &rules, &settings).unwrap();
        prop_assert_eq!(format!("{plain:?}"), format!("{:?}", all.sites[0]));
        prop_assert_eq!(plain.jobs, all.jobs);
    }

    #[test]
    fn no_job_is_lost_and_none_waits_longer_than_its_slack_for_its_release(seed in any::<u64>()) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut members = Vec::new();
        for name in ["home", "far", "third"] {
            let mut site = conservation::site(&mut rng);
            if let Some(first) = members.first().map(|m: &Member| m.site.shares.clone()) {
                site.shares = first;
            }
            members.push(Member { speed: [0.5, 1.0, 1.7][rng.random_range(0..3)], ..Member::new(name, site) });
        }
        let rule = Deferral { slack: rng.random_range(0..20_000), gain: 0.05 };
        let work = put_off(&mut rng, &members, &rule);
        let settings = conservation::settings(&mut rng);
        let rules = Rules {
            routing: Routing::ALL[rng.random_range(0..5)].1,
            patience: rng.random_range(0..40),
            transfer: [0.0, 2.0][rng.random_range(0..2)],
            ..Rules::default()
        };
        let all = federate(&members, &work.entered, &work.homes, &Links::default(), &rules, &settings).unwrap();
        prop_assert_eq!(all.jobs.len(), work.asked.len());
        prop_assert_eq!(all.flows.iter().map(|f| f.jobs).sum::<usize>(), work.asked.len());
        for (i, (asked, entered)) in work.asked.iter().zip(&work.entered).enumerate() {
            let (r, put_off) = (&all.jobs[i], entered.submit - asked.submit);
            prop_assert!((0..=rule.slack).contains(&put_off), "{put_off}");
            prop_assert!(put_off == 0 || (work.homes[i] == 0 && asked.id % 3 > 0));
            prop_assert!(r.start < 0 || r.start >= entered.submit, "it runs before its release");
            let ended = !matches!(r.state, JobState::Queued | JobState::Running);
            prop_assert!(ended || settings.until.is_some(), "{:?} at the end", r.state);
            prop_assert_eq!(ended, r.end >= 0);
        }
        let held: i64 = all.jobs.iter().map(|r| r.held).sum();
        prop_assert_eq!(held, all.sites.iter().map(|o| o.busy_all()).sum::<i64>());
    }
}

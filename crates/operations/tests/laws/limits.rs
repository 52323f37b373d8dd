//! What users and accounts may hold at once.

use gigatwin_operations::{
    Account, Each, HoldLimit, Job, Links, Member, Multifactor, Order, OverLimit, Policy, Rules, Settings,
    ShareTree, Site, SlurmSettings, federate, simulate,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{agreement, naive};

/// Nodes of eight, three accounts of which the last two stand below the first, two qualities of service.
fn site(nodes: u32, limits: Vec<HoldLimit>) -> Site {
    let account = |name: &str, parent| Account { name: name.into(), parent, shares: 1.0 };
    Site {
        shares: ShareTree::new(vec![account("a", None), account("b", Some(0)), account("c", Some(0))])
            .expect("a tree"),
        qos: vec![Default::default(), Default::default()],
        limits,
        ..Site::flat(nodes, 8)
    }
}

/// The rule again, from the words of the limit and the list of those that hold nodes.
fn may(limits: &[HoldLimit], jobs: &[Job], i: usize, running: &[usize]) -> bool {
    let under = |account: u32, tenant: u32| account == tenant || account == 0;
    let counts = |l: &HoldLimit, j: &Job| {
        (l.qos.is_empty() || l.qos.contains(&j.qos))
            && l.user.is_none_or(|u| u == j.user)
            && l.account.is_none_or(|a| under(a, j.tenant))
    };
    limits.iter().filter(|l| counts(l, &jobs[i])).all(|l| {
        let beside: Vec<&Job> = running
            .iter()
            .map(|r| &jobs[*r])
            .filter(|j| counts(l, j))
            .filter(|j| l.each != Each::User || j.user == jobs[i].user)
            .filter(|j| l.each != Each::Account || j.tenant == jobs[i].tenant)
            .collect();
        let nodes: i64 = beside.iter().map(|j| naive::nodes(j)).sum::<i64>() + naive::nodes(&jobs[i]);
        beside.is_empty()
            || (l.nodes.is_none_or(|n| nodes <= n)
                && l.accelerators.is_none_or(|n| 8 * nodes <= n)
                && l.jobs.is_none_or(|n| beside.len() < n as usize))
    })
}

fn agree(policy: impl Fn(&mut ChaCha8Rng) -> Policy) {
    let (mut held_back, mut differ) = (0, 0);
    for seed in 0..1_200 {
        let mut rng = ChaCha8Rng::seed_from_u64(90_000 + seed);
        let nodes = rng.random_range(2..14);
        let long = seed >= 1_160;
        let mut t = 0;
        let jobs: Vec<Job> = (0..if long { 120 } else { rng.random_range(3..26) })
            .map(|id| {
                t += rng.random_range(0..=if long { 2 } else { 4 });
                let limit = if long { [2, 5, 14][rng.random_range(0..3)] } else { rng.random_range(1..25) };
                let runtime = rng.random_range(1..=limit);
                let size = rng.random_range(1..=u32::max(1, nodes * 2 / 3));
                Job {
                    user: rng.random_range(0..3),
                    tenant: rng.random_range(1..3),
                    qos: rng.random_range(0..2),
                    ..Job::nodes(id, t, runtime, limit, size)
                }
            })
            .collect();
        let limits: Vec<HoldLimit> = (0..rng.random_range(1..4))
            .map(|_| {
                let nodes = i64::from(rng.random_range(1..=nodes));
                let which = rng.random_range(0..3);
                HoldLimit {
                    qos: if rng.random_bool(0.5) { vec![rng.random_range(0..2)] } else { Vec::new() },
                    account: rng.random_bool(0.4).then(|| rng.random_range(0..3)),
                    user: rng.random_bool(0.2).then(|| rng.random_range(0..3)),
                    each: [Each::Together, Each::User, Each::Account][rng.random_range(0..3)],
                    accelerators: (which == 0).then_some(8 * nodes - 3),
                    nodes: (which == 1).then_some(nodes),
                    jobs: (which == 2).then(|| rng.random_range(1..4)),
                    ..HoldLimit::default()
                }
            })
            .collect();
        let policy = policy(&mut rng);
        let settings = Settings::new(policy);
        let outcome = simulate(&site(nodes, limits.clone()), &jobs, &settings).expect("a run");
        let engine: Vec<i64> = outcome.jobs.iter().map(|r| r.start).collect();
        let naive = naive::starts_where(i64::from(nodes), &jobs, policy, OverLimit::Kill, &|i, running| {
            may(&limits, &jobs, i, running)
        });
        assert_eq!(
            engine,
            naive,
            "seed {seed}, {nodes} nodes, {policy:?}, {limits:?}\n{:?}",
            jobs.iter()
                .map(|j| (j.submit, j.runtime, j.limit, naive::nodes(j), j.user, j.tenant, j.qos))
                .collect::<Vec<_>>()
        );
        let free = simulate(&site(nodes, Vec::new()), &jobs, &settings).expect("a run");
        differ += i32::from(free.jobs != outcome.jobs);
        held_back += i32::from(limits.len() > 1);
    }
    // The limits are felt.
    assert!(differ > 500 && held_back > 500, "{differ} of them {held_back}");
}

#[test]
fn fcfs_passes_over_those_at_their_limit_as_the_naive_scheduler_does() {
    agree(|_| Policy::Fcfs);
}

#[test]
fn easy_passes_over_those_at_their_limit_as_the_naive_scheduler_does() {
    agree(|_| Policy::Easy);
}

#[test]
fn conservative_passes_over_those_at_their_limit_as_the_naive_scheduler_does() {
    agree(|_| Policy::Conservative);
}

#[test]
fn slurm_passes_over_those_at_their_limit_as_the_naive_scheduler_does() {
    agree(agreement::slurm);
}

#[test]
fn a_user_at_his_limit_blocks_nobody_and_keeps_his_age() {
    // Four nodes; user 1 may hold two. His second job waits for his first, not for nodes, and user 2 goes by.
    let job = |id, submit, runtime, nodes, user| Job {
        user,
        tenant: 1,
        ..Job::nodes(id, submit, runtime, runtime, nodes)
    };
    let jobs = [job(1, 0, 100, 2, 1), job(2, 1, 50, 1, 1), job(3, 2, 30, 2, 2), job(4, 3, 90, 2, 2)];
    let limit = HoldLimit { each: Each::User, user: Some(1), nodes: Some(2), ..HoldLimit::default() };
    for policy in [Policy::Fcfs, Policy::Easy, Policy::Conservative] {
        let run = simulate(&site(4, vec![limit.clone()]), &jobs, &Settings::new(policy)).expect("a run");
        let starts: Vec<i64> = run.jobs.iter().map(|r| r.start).collect();
        assert_eq!(starts, [0, 100, 2, 32], "{policy:?}");
    }
    // When room comes he stands where his submission puts him: before the job that came after.
    let jobs = [job(1, 0, 100, 2, 1), job(2, 1, 200, 2, 1), job(3, 2, 98, 2, 2), job(4, 3, 90, 4, 2)];
    let run = simulate(&site(4, vec![limit]), &jobs, &Settings::new(Policy::Fcfs)).expect("a run");
    assert_eq!(run.jobs.iter().map(|r| r.start).collect::<Vec<_>>(), [0, 100, 2, 300]);
}

#[test]
fn a_job_beyond_its_limit_runs_alone() {
    let jobs: Vec<Job> = (0..3).map(|i| Job { tenant: 1, ..Job::nodes(i, 0, 10, 10, 3) }).collect();
    let limit = HoldLimit { accelerators: Some(8), ..HoldLimit::default() };
    let settings = Settings { order: Order::Submit, ..Settings::new(Policy::Easy) };
    let run = simulate(&site(9, vec![limit]), &jobs, &settings).expect("a run");
    assert_eq!(run.jobs.iter().map(|r| r.start).collect::<Vec<_>>(), [0, 10, 20]);
}

#[test]
fn what_is_held_and_used_in_one_pool_counts_in_the_other() {
    let job = |id, submit, runtime, nodes, user, tenant| Job {
        user,
        tenant,
        ..Job::nodes(id, submit, runtime, runtime, nodes)
    };
    let limit = HoldLimit { each: Each::User, nodes: Some(3), ..HoldLimit::default() };
    let pools = |limits: Vec<HoldLimit>| {
        [Member::new("a", site(4, limits.clone())), Member::new("b", site(4, limits))]
    };
    let rules = |one_account| Rules { one_account, ..Rules::default() };
    let starts = |members: &[Member], jobs: &[Job], homes: &[u16], one, order| {
        let settings = Settings { order, ..Settings::new(Policy::Easy) };
        let run = federate(members, jobs, homes, &Links::default(), &rules(one), &settings).expect("a run");
        run.jobs.iter().map(|r| r.start).collect::<Vec<_>>()
    };
    let jobs = [job(1, 0, 100, 3, 1, 1), job(2, 0, 50, 2, 1, 1), job(3, 5, 20, 4, 2, 1)];
    let members = pools(vec![limit]);
    assert_eq!(starts(&members, &jobs, &[0, 1, 1], true, Order::Submit), [0, 100, 5]);
    // In the same second the first pool is looked at first.
    assert_eq!(starts(&members, &jobs, &[1, 0, 0], true, Order::Submit), [50, 0, 50]);
    // With books of their own each pool knows only what is held in it.
    assert_eq!(starts(&members, &jobs, &[0, 1, 1], false, Order::Submit), [0, 0, 50]);
    // Account 1 has used the first pool: in the second, once its nodes come free, account 2 goes first though it came later.
    let order = Order::Multifactor(Multifactor { calc_period: 1, age: 0.0, ..Multifactor::default() });
    let jobs =
        [job(1, 0, 200, 4, 1, 1), job(2, 0, 100, 2, 2, 2), job(3, 1, 40, 4, 1, 1), job(4, 2, 40, 4, 2, 2)];
    let members = pools(Vec::new());
    assert_eq!(starts(&members, &jobs, &[0, 1, 1, 1], true, order), [0, 0, 140, 100]);
    // By the second pool's own books only account 2 has used anything.
    assert_eq!(starts(&members, &jobs, &[0, 1, 1, 1], false, order), [0, 0, 100, 140]);
}

#[test]
fn a_limit_that_binds_nobody_changes_nothing() {
    let order = Order::Multifactor(Multifactor { calc_period: 7, half_life: 60, ..Multifactor::default() });
    let slurm = SlurmSettings { bf_max_job_test: 12, default_queue_depth: 6, ..SlurmSettings::default() };
    for seed in 0..120 {
        let mut rng = ChaCha8Rng::seed_from_u64(400_000 + seed);
        let nodes = rng.random_range(2..14);
        let mut t = 0;
        let jobs: Vec<Job> = (0..rng.random_range(20..90))
            .map(|id| {
                t += rng.random_range(0..=3);
                let limit = rng.random_range(1..30);
                Job {
                    user: rng.random_range(0..5),
                    tenant: rng.random_range(1..3),
                    qos: rng.random_range(0..2),
                    ..Job::nodes(id, t, rng.random_range(1..=limit), limit, rng.random_range(1..=nodes))
                }
            })
            .collect();
        let wide = HoldLimit { each: Each::User, nodes: Some(1_000), ..HoldLimit::default() };
        for policy in [Policy::Fcfs, Policy::Easy, Policy::Conservative, Policy::Slurm(slurm)] {
            let settings = Settings { order, ..Settings::new(policy) };
            let [mut free, mut limited] = [Vec::new(), vec![wide.clone()]].map(|l| site(nodes, l));
            for s in [&mut free, &mut limited] {
                s.qos[1].priority = 1.0;
            }
            let free = simulate(&free, &jobs, &settings).expect("a run");
            let limited = simulate(&limited, &jobs, &settings).expect("a run");
            assert_eq!(free.jobs, limited.jobs, "seed {seed}, {policy:?}");
        }
    }
}

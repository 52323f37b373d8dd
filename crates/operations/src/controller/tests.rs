//! Small schedules worked by hand.

use super::*;
use crate::policy::Multifactor;
use crate::share::{Account, ShareTree};
use proptest::prelude::*;

fn gang(submit: Seconds, run: Seconds, limit: Seconds, nodes: u32) -> Gang {
    Gang { submit: submit * SECOND, run: run * SECOND, limit, nodes, release: 0 }
}

fn controller(nodes: u32, leaf: u32) -> Controller {
    let mut controller = Controller::new(nodes, leaf, SlurmSettings::default());
    controller.phase.cycle = 30 * SECOND;
    controller
}

#[test]
fn a_job_that_delays_nobody_starts_in_the_next_cycle() {
    // Eight nodes: six busy until 100 (limit 120), the next needs eight, the third fits beside them until then.
    let gangs = [gang(0, 100, 120, 6), gang(1, 50, 60, 8), gang(2, 30, 60, 2), gang(3, 300, 300, 2)];
    let starts = controller(8, 8).starts(&gangs);
    assert_eq!(starts[..3], [Some(0), Some(100), Some(30)], "backfilled at the cycle, not at once");
    // The fourth would delay the second: it comes when that is gone.
    assert_eq!(starts[3], Some(150));
}

#[test]
fn the_main_scheduler_looks_every_third_second_at_most() {
    let gangs = [gang(0, 10, 60, 4), gang(0, 10, 60, 4), gang(5, 10, 60, 8), gang(5, 10, 60, 9)];
    assert_eq!(controller(8, 4).starts(&gangs), [Some(0), Some(0), Some(10), None]);
    // The look at 9 s finds a new job and a full machine; what comes free at 10 s is seen at 12 s.
    let gangs = [gang(0, 10, 60, 8), gang(9, 10, 60, 8)];
    assert_eq!(controller(8, 4).starts(&gangs)[1], Some(12));
    // Within a second the loop stands anywhere: here at its half.
    let mut half = controller(8, 4);
    half.phase.tick = SECOND / 2;
    let gangs = [gang(0, 10, 60, 8), gang(5, 10, 60, 8)];
    assert_eq!(half.starts(&gangs), [Some(0), Some(10)]);
}

#[test]
fn the_end_of_a_gang_asks_for_a_look_once_its_answers_were_seen() {
    let by = |release| {
        let mut late = controller(8, 8);
        late.phase.tick = 100;
        late.starts(&[Gang { release, ..gang(0, 10, 60, 8) }, gang(5, 10, 60, 8)])[1]
    };
    // It starts at 0.1 s. Answered after 70 ms, seen after 75: the look at 11.1 s finds it, as that at 10.1 s came just too soon.
    assert_eq!(by(0), Some(10));
    assert_eq!(by(70), Some(11));
    // Answered after 650 ms, seen after 1,275: the nodes are free at 10.75 s, but nobody asks for the look at 11.1 s.
    assert_eq!(by(650), Some(12));
}

#[test]
fn ends_are_grouped_from_a_half_minute_of_the_clock_on() {
    // Four of twelve nodes are free; the limits of the others end at 100 and at 155 s. The third gang waits for eight.
    let gangs = [gang(0, 95, 100, 4), gang(0, 150, 155, 4), gang(1, 20, 60, 8), gang(2, 10, 120, 2)];
    let by = |clock| {
        let mut shifted = controller(12, 12);
        shifted.phase.clock = clock;
        shifted.starts(&gangs)
    };
    // On the minute the first group reaches from 100 to 150 s: the third is planned at 100 s and the fourth would be in its way.
    assert!(by(0)[3] > Some(95), "{:?}", by(0));
    // 25 s later it reaches to 155 s and holds both ends: time enough for the fourth.
    assert_eq!(by(25)[3], Some(30));
}

#[test]
fn a_cycle_of_the_backfill_is_spent_on_an_empty_queue() {
    // The end at 20 s lets the cycle at 30 s run with nobody waiting; the next may run at 60 s.
    let gangs = [gang(0, 20, 60, 8), gang(40, 60, 180, 6), gang(44, 60, 120, 8), gang(45, 30, 60, 2)];
    assert_eq!(controller(8, 8).starts(&gangs)[3], Some(60));
}

#[test]
fn an_account_that_has_had_less_goes_first_once_priorities_are_worked_out() {
    let account = |name: &str| Account { name: name.into(), parent: None, shares: 1.0 };
    let shares = ShareTree::new(vec![account("a"), account("b")]).expect("tree");
    let rule = Multifactor { calc_period: 60, ..Multifactor::default() };
    // The first account holds the machine; of the two that wait the other account's is the later one.
    let gangs = [gang(0, 80, 120, 8), gang(5, 10, 60, 8), gang(6, 10, 60, 8)];
    let of = [(0, 0.0), (0, 0.0), (1, 0.0)];
    let by = |first, of: &[(u32, f64)]| {
        controller(8, 8)
            .starts_by(&gangs, Some(Ranking { rule, shares: &shares, of, first, charged: Charged::Always }))
    };
    assert_eq!(by(30 * SECOND, &of), [Some(0), Some(90), Some(80)]);
    // Worked out only after the machine came free: they go as they came.
    assert_eq!(by(500 * SECOND, &of), [Some(0), Some(80), Some(90)]);
    // A better quality of service goes first at once, within one account.
    assert_eq!(by(500 * SECOND, &[(0, 0.0), (0, 0.0), (0, 0.5)]), [Some(0), Some(90), Some(80)]);
}

/// Scavengers, and those that may stop them.
fn qualities() -> [Quality; 2] {
    [Quality::default(), Quality { priority: 400, stops: vec![0] }]
}

fn stopping<'a>(qualities: &'a [Quality], of: &'a [usize]) -> Rules<'a> {
    let preemption = Preemption { qualities, of, exempt: 20, hold: 121, patience: 90, stopping: SECOND };
    Rules { preemption: Some(preemption), ..Rules::default() }
}

#[test]
fn a_stopped_job_waits_for_two_minutes_and_then_for_a_look_at_the_whole_queue() {
    let qualities = qualities();
    let rules = stopping(&qualities, &[0, 1]);
    // Too young to be stopped when the second comes; it is old enough in the cycle at 30 s, and its nodes are free a second later.
    let gangs = [gang(0, 100, 120, 8), gang(5, 10, 60, 8)];
    let courses = controller(8, 8).courses(&gangs, &rules);
    assert_eq!(courses[1], Course { start: Some(31), vain: vec![] });
    // It may start again at 152 s, which calls nobody: the minute of the main scheduler is at 180 s.
    assert_eq!(courses[0], Course { start: Some(180), vain: vec![(0, 30)] });
    // Old enough at once: the main scheduler stops it, and is called as soon as it is gone.
    let gangs = [gang(0, 100, 120, 8), gang(25, 10, 60, 8)];
    let courses = controller(8, 8).courses(&gangs, &rules);
    assert_eq!((courses[1].start, courses[0].vain.as_slice()), (Some(26), &[(0, 25)][..]));
    // Without a quality that says so nobody is stopped.
    let courses = controller(8, 8).courses(&gangs, &stopping(&qualities, &[0, 0]));
    assert_eq!((courses[1].start, courses[0].start), (Some(100), Some(0)));
}

#[test]
fn the_smallest_are_stopped_first_and_no_more_than_are_needed() {
    let qualities = qualities();
    let stopped = |wanted: u32| {
        let gangs =
            [gang(0, 200, 240, 4), gang(0, 200, 240, 2), gang(0, 200, 240, 2), gang(25, 10, 60, wanted)];
        let courses = controller(8, 8).courses(&gangs, &stopping(&qualities, &[0, 0, 0, 1]));
        assert_eq!(courses[3].start, Some(26));
        courses[..3].iter().map(|c| c.vain.len()).collect::<Vec<_>>()
    };
    assert_eq!(stopped(2), [0, 1, 0]);
    assert_eq!(stopped(4), [0, 1, 1]);
    // Both small ones would not do. With the large one, of which four nodes are used, one of them is enough.
    assert_eq!(stopped(5), [1, 1, 0]);
}

#[test]
fn who_may_stop_others_goes_first() {
    let qualities = qualities();
    // The machine is held by one that nobody may stop. The scavenger came first.
    let gangs = [gang(0, 50, 60, 8), gang(5, 10, 60, 8), gang(6, 10, 60, 8)];
    let courses = controller(8, 8).courses(&gangs, &stopping(&qualities, &[1, 0, 1]));
    assert_eq!([courses[1].start, courses[2].start], [Some(60), Some(50)]);
}

fn parted<'a>(list: &'a [Partition], of: &'a [usize]) -> Rules<'a> {
    Rules { partitions: Some(Partitions { list, of }), ..Rules::default() }
}

fn partition(tier: u32, first: u32, end: u32) -> Partition {
    Partition { tier, nodes: std::iter::once(first..end).collect() }
}

#[test]
fn a_partition_of_a_higher_tier_goes_first_and_keeps_to_its_nodes() {
    let list = [partition(1, 0, 8), partition(10, 0, 4)];
    let starts = |gangs: &[Gang], of: &[usize]| {
        controller(8, 8).courses(gangs, &parted(&list, of)).iter().map(|c| c.start).collect::<Vec<_>>()
    };
    let gangs = [gang(0, 100, 120, 8), gang(5, 10, 60, 8), gang(6, 50, 60, 2)];
    assert_eq!(starts(&gangs, &[0, 0, 1]), [Some(0), Some(150), Some(100)]);
    // Half of the machine is free, none of it in the partition; what is larger than that never starts.
    let gangs = [gang(0, 100, 120, 4), gang(5, 10, 60, 2), gang(6, 10, 60, 5)];
    assert_eq!(starts(&gangs, &[1, 1, 1]), [Some(0), Some(100), None]);
}

#[test]
fn a_full_partition_holds_up_its_own_nodes_alone() {
    let starts = |list: &[Partition], gangs: &[Gang], of: &[usize]| {
        controller(8, 8).courses(gangs, &parted(list, of)).iter().map(|c| c.start).collect::<Vec<_>>()
    };
    // Side by side: the main scheduler starts the third at once, although the second waits.
    let apart = [partition(1, 0, 4), partition(1, 4, 8)];
    let gangs = [gang(0, 100, 120, 4), gang(5, 10, 60, 4), gang(10, 10, 60, 4)];
    assert_eq!(starts(&apart, &gangs, &[0, 0, 1]), [Some(0), Some(100), Some(10)]);
    // Over one another: what waits above closes all nodes to the main scheduler, and only the cycle at 30 s fills the gap.
    let over = [partition(1, 0, 8), partition(10, 0, 8)];
    let gangs = [gang(0, 100, 120, 6), gang(5, 10, 60, 4), gang(6, 20, 60, 2)];
    assert_eq!(starts(&over, &gangs, &[0, 1, 0]), [Some(0), Some(100), Some(30)]);
}

#[test]
fn jobs_that_wait_for_others_hold_nobody_up() {
    let gangs = [gang(0, 50, 60, 4), gang(5, 10, 60, 8), gang(6, 10, 60, 4)];
    let after = [vec![], vec![0], vec![]];
    let rules = Rules { chains: Some(Chains { after: &after, array: &[] }), ..Rules::default() };
    let starts: Vec<_> = controller(8, 8).courses(&gangs, &rules).iter().map(|c| c.start).collect();
    // The second waits for the first, the third for nobody: the look at 5 s found only the second.
    assert_eq!(starts, [Some(0), Some(50), Some(8)]);
    // For one that is too large, or for itself, it waits for ever.
    let gangs = [gang(0, 50, 60, 9), gang(5, 10, 60, 8), gang(6, 10, 60, 4)];
    let after = [vec![], vec![0], vec![2]];
    let rules = Rules { chains: Some(Chains { after: &after, array: &[] }), ..Rules::default() };
    assert!(controller(8, 8).courses(&gangs, &rules).iter().all(|c| c.start.is_none()));
    // One that is stopped has not ended.
    let (qualities, after) = (qualities(), [vec![], vec![], vec![0]]);
    let gangs = [gang(0, 100, 120, 8), gang(25, 10, 60, 8), gang(26, 10, 60, 1)];
    let rules =
        Rules { chains: Some(Chains { after: &after, array: &[] }), ..stopping(&qualities, &[0, 1, 0]) };
    let starts: Vec<_> = controller(8, 8).courses(&gangs, &rules).iter().map(|c| c.start).collect();
    assert_eq!(starts, [Some(180), Some(26), Some(280)]);
    // Three tasks, one at a time, beside a job of somebody else.
    let gangs = [gang(0, 10, 60, 2), gang(0, 10, 60, 2), gang(0, 10, 60, 2), gang(0, 10, 60, 2)];
    let array = [Some((7, 1)), Some((7, 1)), Some((7, 1)), None];
    let rules = Rules { chains: Some(Chains { after: &[], array: &array }), ..Rules::default() };
    let starts: Vec<_> = controller(8, 8).courses(&gangs, &rules).iter().map(|c| c.start).collect();
    assert_eq!(starts, [Some(0), Some(10), Some(20), Some(0)]);
}

proptest! {
    #[test]
    fn nodes_are_never_given_twice_and_all_jobs_start(
        jobs in proptest::collection::vec((0i64..400, 1i64..120, 1i64..4, 1u32..33), 1..60),
        leaf in 1u32..33,
        tick in 0i64..1000,
        cycle in 0i64..30_000,
    ) {
        let mut gangs: Vec<Gang> = jobs.iter().map(|&(s, r, l, n)| gang(s, r, (l * 60).max(r), n)).collect();
        gangs.sort_by_key(|g| g.submit);
        let mut controller = controller(32, leaf);
        controller.phase = Phase { clock: 7, tick, cycle, sweep: -tick / 20 };
        let starts = controller.starts(&gangs);
        let spans: Vec<(i64, i64, i64)> = gangs
            .iter()
            .zip(&starts)
            // Starts are cut to whole seconds: a job may be seen to start up to one before it did.
            .map(|(g, s)| { let s = s.expect("starts"); (s, s + g.run / SECOND, i64::from(g.nodes)) })
            .collect();
        for (g, s) in gangs.iter().zip(&spans) {
            prop_assert!(s.0 >= g.submit / SECOND);
            let busy: i64 = spans.iter().filter(|o| o.0 <= s.0 && s.0 < o.1).map(|o| o.2).sum();
            prop_assert!(busy <= 32, "{busy} nodes at {}", s.0);
        }
    }

    #[test]
    fn stopped_jobs_and_partitions_share_the_nodes_without_a_quarrel(
        jobs in proptest::collection::vec((0i64..300, 1i64..120, 1i64..4, 1u32..17, 0usize..2, 0usize..3), 1..40),
        cycle in 0i64..30_000,
    ) {
        let mut jobs = jobs;
        jobs.sort_by_key(|j| j.0);
        let list = [partition(1, 0, 16), partition(1, 16, 32), partition(5, 0, 32)];
        let gangs: Vec<Gang> = jobs.iter().map(|j| gang(j.0, j.1, (j.2 * 60).max(j.1), j.3)).collect();
        let (of, parts): (Vec<usize>, Vec<usize>) = jobs.iter().map(|j| (j.4, j.5)).unzip();
        let qualities = qualities();
        let rules = Rules { partitions: Some(Partitions { list: &list, of: &parts }), ..stopping(&qualities, &of) };
        let mut controller = controller(32, 8);
        controller.phase.cycle = cycle;
        let courses = controller.courses(&gangs, &rules);
        let mut spans = Vec::new();
        for (i, course) in courses.iter().enumerate() {
            let start = course.start.expect("starts in the end");
            prop_assert!(course.vain.is_empty() || of[i] == 0, "nobody may stop it");
            let held = course.vain.iter().copied().chain([(start, start + gangs[i].run / SECOND)]);
            spans.extend(held.map(|(from, to)| (from, to, i64::from(gangs[i].nodes), parts[i])));
            for (from, to) in &course.vain {
                prop_assert!(to - from >= 20 && *to + 121 <= start);
            }
        }
        for at in spans.iter().map(|s| s.0) {
            for (part, most) in [(0..3, 32), (0..1, 16), (1..2, 16)] {
                let here = |s: &&(i64, i64, i64, usize)| s.0 <= at && at < s.1 && part.contains(&s.3);
                prop_assert!(spans.iter().filter(here).map(|s| s.2).sum::<i64>() <= most);
            }
        }
    }
}

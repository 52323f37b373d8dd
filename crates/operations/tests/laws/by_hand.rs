use gigatwin_operations::{Job, Policy, Settings, Site, simulate};

fn starts(nodes: u32, policy: Policy, jobs: &[Job]) -> Vec<i64> {
    let outcome = simulate(&Site::flat(nodes, 1), jobs, &Settings::new(policy)).unwrap();
    outcome.jobs.iter().map(|r| r.start).collect()
}

/// Ten nodes. A holds 6 until 100 (asked for, ends at 50). B wants 8. C wants 4 for 60: fits beside A before B is due.
/// D wants 2 for 500: fits beside B. E wants 3 for 500: would be in B's way.
fn jobs() -> Vec<Job> {
    vec![
        Job::nodes(1, 0, 50, 100, 6),
        Job::nodes(2, 1, 100, 100, 8),
        Job::nodes(3, 2, 60, 60, 2),
        Job::nodes(4, 3, 400, 500, 2),
        Job::nodes(5, 4, 400, 500, 3),
    ]
}

#[test]
fn fcfs() {
    // B waits for A; C starts beside B; D must wait until C ends at 110, E until B ends at 150.
    assert_eq!(starts(10, Policy::Fcfs, &jobs()), [0, 50, 50, 110, 150]);
}

#[test]
fn easy() {
    // C (done at 62, before 100) and D (B leaves two) start at once; with them 8 of 10 are busy, so B waits for A and C: 62.
    // E fits neither before nor beside B.
    assert_eq!(starts(10, Policy::Easy, &jobs()), [0, 62, 2, 3, 162]);
}

#[test]
fn conservative_protects_all_plans_where_easy_protects_the_first() {
    // Four nodes: A holds 3 until 10. B wants 2 from 10 on for 10; C wants 4, planned for 20; D wants 2 for 15 from 10 on: beside B,
    // but it would delay C from 20 to 25. EASY lets it (C is not the first), conservative does not.
    let jobs = [
        Job::nodes(1, 0, 10, 10, 3),
        Job::nodes(2, 1, 10, 10, 2),
        Job::nodes(3, 2, 5, 5, 4),
        Job::nodes(4, 3, 15, 15, 1),
        Job::nodes(5, 3, 15, 15, 2),
    ];
    // At 3 the fourth (1 node until 18) delays nobody before C at 20.
    assert_eq!(starts(4, Policy::Conservative, &jobs), [0, 10, 20, 3, 25]);
    // Under EASY the fourth starts at 3 too; at 10 B is first and starts; C becomes first, due at 20 (B) since the fourth ends at 18.
    assert_eq!(starts(4, Policy::Easy, &jobs), [0, 10, 20, 3, 25]);
    // Without the fourth, and with two more nodes for five seconds less, the two differ: here the second blocked job is the one hurt.
    let jobs = [
        Job::nodes(1, 0, 10, 10, 3),
        Job::nodes(2, 1, 30, 30, 4),
        Job::nodes(3, 2, 10, 10, 2),
        Job::nodes(4, 3, 50, 50, 1),
    ];
    // Conservative: B at 10, C at 40; the fourth (50 s) fits nowhere before B: it is planned beside C at 40.
    assert_eq!(starts(4, Policy::Conservative, &jobs), [0, 10, 40, 40]);
    assert_eq!(starts(4, Policy::Easy, &jobs), [0, 10, 40, 40]);
    // Five nodes: now one is left beside B, and the fourth takes it at once under both.
    assert_eq!(starts(5, Policy::Easy, &jobs), [0, 10, 40, 3]);
    // A case that tells them apart: B (first) is due at 10 and leaves 2 of 6; C wants 3 and is planned for 20. D wants 2 for 100.
    let jobs = [
        Job::nodes(1, 0, 10, 10, 5),
        Job::nodes(2, 1, 10, 10, 4),
        Job::nodes(3, 2, 10, 10, 5),
        Job::nodes(4, 3, 100, 100, 1),
        Job::nodes(5, 10, 100, 100, 1),
    ];
    // EASY at 10: the fourth began at 3; B starts; C is first, due when B ends at 20 with 5 of 6: nothing to spare for the fifth.
    assert_eq!(starts(6, Policy::Easy, &jobs), [0, 10, 20, 3, 30]);
    // At 3 the plan is B at 10, C at 20 with 5 of 6 nodes: the fourth takes the sixth and delays nobody. The same.
    assert_eq!(starts(6, Policy::Conservative, &jobs), [0, 10, 20, 3, 30]);
}

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
    // Ten nodes. A holds 7 until 10; B wants 6 from 10 to 20; C wants 8 and is planned for 20 to 30; D wants 3 for 30 s, and 3 are free.
    let jobs = [
        Job::nodes(1, 0, 10, 10, 7),
        Job::nodes(2, 1, 10, 10, 6),
        Job::nodes(3, 2, 10, 10, 8),
        Job::nodes(4, 3, 30, 30, 3),
    ];
    // EASY: D fits beside B, the first, and starts at 3; it then keeps C, which needs eight of ten, waiting until 33.
    assert_eq!(starts(10, Policy::Easy, &jobs), [0, 10, 33, 3]);
    // Conservative: D would delay C, so it waits until C is done.
    assert_eq!(starts(10, Policy::Conservative, &jobs), [0, 10, 20, 30]);
}

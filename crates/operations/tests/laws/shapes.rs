//! EASY walks shapes and knows two moments ahead where nothing but ending jobs changes what is free. A cap that no run ever meets makes it
//! plan with the whole profile, job by job: the outcome must be the same.

use gigatwin_operations::{Cap, Policy, Qos, Reservation, Settings, Site, simulate};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::conservation;

fn site(rng: &mut ChaCha8Rng) -> Site {
    let mut site = conservation::site(rng);
    let exempt = [0, 3, 20][rng.random_range(0..3)];
    let class = |name: &str, rank, preemptible, preempts| Qos {
        name: name.into(),
        priority: f64::from(rank) / 2.0,
        rank,
        preemptible,
        preempts,
        exempt,
    };
    site.qos = vec![
        class("low", 0, true, false),
        class("middle", 1, true, rng.random_bool(0.7)),
        class("high", 2, false, true),
    ];
    // Planned work on the whole machine, one after another.
    let mut at = 0;
    for _ in 0..rng.random_range(0..4) {
        at += rng.random_range(20..90);
        let end = at + rng.random_range(1..30);
        site.reservations.push(Reservation { start: at, end, first_node: 0, nodes: site.layout.nodes });
        at = end;
    }
    site
}

#[test]
fn easy_by_shapes_starts_what_easy_by_profile_starts() {
    let mut stopped = 0;
    for seed in 0..1_500 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let site = site(&mut rng);
        let mut jobs = conservation::jobs(&mut rng, &site);
        for job in &mut jobs {
            job.qos = rng.random_range(0..3);
        }
        let settings = Settings { policy: Policy::Easy, ..conservation::settings(&mut rng) };
        let capped = Site { caps: vec![Cap { from: 1 << 40, gpus: site.layout.gpus() }], ..site.clone() };
        let (by_shapes, by_profile) =
            (simulate(&site, &jobs, &settings).unwrap(), simulate(&capped, &jobs, &settings).unwrap());
        assert!(by_shapes.jobs == by_profile.jobs, "seed {seed}: the jobs differ");
        assert!(by_shapes.holdings == by_profile.holdings, "seed {seed}: the nodes differ");
        stopped += by_shapes.jobs.iter().map(|r| u32::from(r.preemptions)).sum::<u32>();
    }
    assert!(stopped > 500, "hardly any job was stopped for another: {stopped}");
}

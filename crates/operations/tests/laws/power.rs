//! Power caps, bills and deferral on random sites.

use gigatwin_operations::{
    Cap, Deferral, Draw, FailureModel, Hourly, Job, JobClass, Layout, OverLimit, PlacementSpeed, Policy, Qos,
    Settings, Site, Size, SlurmSettings, Terms, bill, releases, simulate,
};
use gigatwin_quantity::{CarbonIntensity, EnergyPrice, Power};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn site(rng: &mut ChaCha8Rng) -> Site {
    let layout = Layout {
        nodes: rng.random_range(4..40),
        gpus_per_node: rng.random_range(1..5),
        nodes_per_leaf: 4,
        leaves_per_block: 2,
    };
    let mut site = Site::new(layout);
    // Places that slow jobs down make them run past what they asked for.
    site.speed = PlacementSpeed::by_level(&layout, 1.0, 0.8, 0.5);
    site.qos = vec![
        Qos { preemptible: true, ..Qos::default() },
        Qos { name: "high".into(), rank: 1, preempts: true, ..Qos::default() },
    ];
    site.cap_sight = rng.random_range(1..200);
    let mut from = rng.random_range(0..50);
    site.caps = (0..rng.random_range(1..8))
        .map(|_| {
            from += rng.random_range(1..60);
            Cap { from, gpus: rng.random_range(0..=layout.gpus()) }
        })
        .collect();
    // In the end everything may run, so that no job waits for ever.
    site.caps.push(Cap { from: from + 60, gpus: layout.gpus() });
    if rng.random_bool(0.5) {
        site.failures = Some(FailureModel { detection: 3, ..FailureModel::like_llama3(20.0, 60) });
    }
    site
}

fn jobs(rng: &mut ChaCha8Rng, site: &Site) -> Vec<Job> {
    let mut t = 0;
    (0..rng.random_range(1..60))
        .map(|id| {
            t += rng.random_range(0..10);
            let most = u32::try_from(site.layout.gpus()).unwrap();
            Job {
                size: Size::Gpus(rng.random_range(1..=most)),
                class: JobClass::ALL[rng.random_range(0..5)],
                qos: rng.random_range(0..2),
                checkpoint: rng.random_range(0..20),
                ..Job::nodes(id, t, rng.random_range(1..80), rng.random_range(1..90), 1)
            }
        })
        .collect()
}

fn settings(rng: &mut ChaCha8Rng) -> Settings {
    let slurm =
        SlurmSettings { bf_interval: 3, bf_resolution: 5, limit_granularity: 5, ..SlurmSettings::default() };
    let policies = [Policy::Fcfs, Policy::Easy, Policy::Conservative, Policy::Slurm(slurm)];
    Settings {
        over_limit: if rng.random_bool(0.5) { OverLimit::Kill } else { OverLimit::Extend },
        requeue_hold: 5,
        restart: rng.random_range(0..10),
        sample: Some(rng.random_range(1..40)),
        until: Some(2_000),
        holdings: true,
        ..Settings::new(policies[rng.random_range(0..4)])
    }
}

fn draw(rng: &mut ChaCha8Rng) -> Draw {
    let idle = rng.random_range(50.0..200.0);
    let mut busy = [Power::ZERO; JobClass::ALL.len()];
    busy.iter_mut().for_each(|b| *b = Power::from_w(idle + rng.random_range(0.0..1_000.0)));
    Draw { busy, idle: Power::from_w(idle), common: Power::from_w(rng.random_range(0.0..5e3)) }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn a_cap_is_never_exceeded_and_every_joule_is_paid_once(seed in any::<u64>()) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let site = site(&mut rng);
        let (jobs, settings, draw) = (jobs(&mut rng, &site), settings(&mut rng), draw(&mut rng));
        let outcome = simulate(&site, &jobs, &settings).unwrap();
        let gpus = site.layout.gpus();

        // At every start and at every cap: what is held is at most what may be busy.
        let moments = outcome.holdings.iter().map(|h| h.from).chain(site.caps.iter().map(|c| c.from));
        for t in moments.filter(|t| *t < outcome.end) {
            let cap = site.caps.iter().rev().find(|c| c.from <= t).map_or(gpus, |c| c.gpus);
            let held: i64 = outcome
                .holdings
                .iter()
                .filter(|h| h.from <= t && t < h.to)
                .map(|h| site.layout.units(jobs[h.job as usize].size))
                .sum();
            prop_assert!(held <= cap, "{held} of {cap} at {t}");
        }

        // By tenant and by sample the same energy, money and carbon.
        let price: Vec<EnergyPrice> = (0..5).map(|_| EnergyPrice::from_eur_per_mwh(rng.random_range(-20.0..200.0))).collect();
        let carbon: Vec<CarbonIntensity> = (0..3).map(|_| CarbonIntensity::from_g_per_kwh(rng.random_range(0.0..500.0))).collect();
        let terms = Terms::new(&[1.1, 1.3], &price, &price, &carbon);
        let b = bill(&draw, &terms, gpus, &site.shares, &jobs, &outcome);
        let mut it = 0.0;
        let mut last = outcome.start;
        for (s, p) in outcome.series.iter().zip(&b.it) {
            it += p.mw() * (s.at - last) as f64 / 3_600.0;
            last = s.at;
        }
        prop_assert_eq!(last, outcome.end);
        prop_assert!((it - b.it_energy.mwh()).abs() <= 1e-9 * it.abs());
        if outcome.busy_all() > 0 {
            let all = &b.by_account[0];
            prop_assert!((all.energy.mwh() / b.total.energy.mwh() - 1.0).abs() < 1e-9);
            prop_assert!((all.cost.eur() - b.total.cost.eur()).abs() < 1e-9 * (1.0 + b.total.cost.eur().abs()));
            prop_assert!((all.carbon.t() - b.total.carbon.t()).abs() < 1e-9 * (1.0 + b.total.carbon.t()));
        }
    }

    #[test]
    fn a_limit_on_power_holds_in_every_sample(seed in any::<u64>()) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut site = site(&mut rng);
        let (jobs, mut settings, draw) = (jobs(&mut rng, &site), settings(&mut rng), draw(&mut rng));
        settings.sample = Some(1);
        let gpus = site.layout.gpus();
        let idle = draw.common + draw.idle * gpus as f64;
        let limits: Vec<(i64, Power)> =
            site.caps.iter().map(|c| (c.from, idle + Power::from_w(rng.random_range(0.0..1e4)))).collect();
        site.caps = limits.iter().map(|(t, p)| draw.cap(*t, Some(*p), gpus).unwrap()).collect();
        let outcome = simulate(&site, &jobs, &settings).unwrap();
        for s in &outcome.series {
            if let Some((_, limit)) = limits.iter().rev().find(|(t, _)| *t < s.at) {
                let power = draw.of(gpus, s);
                prop_assert!(power.w() <= limit.w() + 1e-6, "{power} over {limit} at {}", s.at);
            }
        }
    }

    #[test]
    fn deferral_breaks_no_slack_and_never_costs_more_by_what_is_known(seed in any::<u64>()) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let site = site(&mut rng);
        let jobs: Vec<Job> = jobs(&mut rng, &site)
            .into_iter()
            .map(|j| Job { submit: j.submit * 600, limit: j.limit * 600, runtime: j.runtime * 300, ..j })
            .collect();
        let cost = Hourly::new((0..50).map(|_| rng.random_range(-20.0..200.0)).collect());
        let rule = Deferral { slack: rng.random_range(0..200_000), gain: 0.05 };
        let out = releases(&jobs, &site.layout, &cost, &rule, |j| j.class == JobClass::Batch);
        let mut by_hour = std::collections::BTreeMap::<i64, i64>::new();
        for (j, r) in jobs.iter().zip(&out) {
            prop_assert!(*r >= j.submit && *r <= j.submit + rule.slack);
            if *r > j.submit {
                prop_assert_eq!(j.class, JobClass::Batch);
                let span = j.limit.min(86_400);
                prop_assert!(cost.mean(*r, r + span) < cost.mean(j.submit, j.submit + span));
                *by_hour.entry(*r).or_default() += site.layout.units(j.size);
            }
        }
        prop_assert!(by_hour.values().all(|units| *units <= site.layout.gpus()));
    }
}

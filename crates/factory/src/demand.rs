//! What is asked of a site by class of access and tenant, and the rules under which it is let in.

use gigatwin_operations::{ClassLimit, JobClass, Layout, Qos, Seconds, ShareTree, Stream, sizes};
use gigatwin_programme::access::{AccessClass, Work};

/// Two hours before a job may be stopped, as Meta's research clusters grant (arXiv 2410.21680).
const EXEMPT: Seconds = 7_200;
/// Work between checkpoints of batch jobs.
const CHECKPOINT: u32 = 3_600;

/// Classes of access as qualities of service, in their order. `drawn` says which of them have jobs in the workload: a class
/// that could only push out jobs that do not exist need not look for them.
///
/// The engine knows one rank for each class instead of a list: a class stands one rank above the highest that it may push out.
pub fn class_qos(classes: &[AccessClass], drawn: impl Fn(&AccessClass) -> bool) -> Vec<Qos> {
    let rank = ranks(classes);
    classes
        .iter()
        .zip(&rank)
        .map(|(c, r)| Qos {
            name: c.id.clone(),
            priority: c.priority.fraction(),
            rank: *r,
            preemptible: c.requeues,
            preempts: c.preempts.iter().any(|p| classes.iter().any(|o| o.id == *p && drawn(o))),
            exempt: EXEMPT,
        })
        .collect()
}

fn ranks(classes: &[AccessClass]) -> Vec<u16> {
    let mut rank = vec![0_u16; classes.len()];
    // Priorities fall along each list, so as many rounds as there are classes settle it.
    for _ in 0..classes.len() {
        for (i, c) in classes.iter().enumerate() {
            let above = |p: &String| classes.iter().position(|o| o.id == *p).map(|o| rank[o] + 1);
            rank[i] = c.preempts.iter().filter_map(above).max().unwrap_or(0).min(classes.len() as u16);
        }
    }
    rank
}

/// What each class allows, in its order.
pub fn class_limits(classes: &[AccessClass], layout: &Layout) -> Vec<ClassLimit> {
    let gpus = layout.gpus() as f64;
    classes
        .iter()
        .map(|c| ClassLimit {
            project_hours: c.project_hours,
            longest: Some(c.time_limit.s() as Seconds),
            // Never less than a node: a share of a small machine may be less than it has in one.
            largest: c
                .user_share
                .map(|s| ((gpus * s.fraction() + 1e-9) as i64).max(i64::from(layout.gpus_per_node))),
        })
        .collect()
}

/// The part of all hours that each class gets of each account without any below it: its promise, divided among the classes open to
/// its users by the weight of their demand. By class, then account.
pub fn class_promises(
    classes: &[AccessClass],
    shares: &ShareTree,
    users: &[Option<String>],
) -> Vec<Vec<(u32, f64)>> {
    let promised = shares.promised();
    let mut out = vec![Vec::new(); classes.len()];
    for &leaf in shares.leaves() {
        let user = users.get(leaf as usize).and_then(Option::as_deref);
        let weight = |c: &AccessClass| {
            c.demand.filter(|_| user.is_none_or(|u| c.is_open_to(u))).map_or(0.0, |d| d.weight)
        };
        let all: f64 = classes.iter().map(weight).sum();
        for (i, c) in classes.iter().enumerate() {
            let part = promised[leaf as usize] * weight(c);
            if all > 0.0 && part > 0.0 {
                out[i].push((leaf, part / all));
            }
        }
    }
    out
}

/// Streams of jobs that ask for `load` of the machine, by class of access and, within each, by tenant as promised.
pub fn class_streams(
    classes: &[AccessClass],
    promises: &[Vec<(u32, f64)>],
    layout: &Layout,
    load: f64,
    span: Seconds,
) -> Vec<Stream> {
    let gpus = layout.gpus() as f64;
    let whole: f64 = promises.iter().flatten().map(|p| p.1).sum();
    let mut streams = Vec::new();
    for (i, (class, tenants)) in classes.iter().zip(promises).enumerate() {
        let (Some(demand), false) = (class.demand, tenants.is_empty()) else { continue };
        let part: f64 = tenants.iter().map(|t| t.1).sum();
        let longest = class.time_limit.s() as Seconds;
        // A run of a few days cannot be filled evenly by jobs that are longer than it; a job asks for more than it runs.
        let longest = longest.min((span / 4).max(86_400)).max(600);
        let largest = (gpus * demand.largest.fraction()).max(f64::from(layout.gpus_per_node));
        let largest = (largest.log2().floor().exp2() as u32).max(1);
        let (class_of, smallest, checkpoint, swing) = match demand.work {
            Work::Batch => (JobClass::Batch, 8.min(largest), CHECKPOINT, 0.4),
            Work::Interactive => (JobClass::Interactive, 1, 0, 0.9),
            Work::Development => (JobClass::Development, 1, 0, 0.7),
        };
        streams.push(Stream {
            class: class_of,
            load: load * part / whole.max(1e-12),
            run: (demand.run_mean.s(), demand.run_median.s()),
            bounds: (10, longest),
            sizes: sizes(smallest, largest, 1.6),
            qos: i as u16,
            checkpoint,
            longest: Some(class.time_limit.s() as Seconds),
            swing,
            tenants: tenants.clone(),
        });
    }
    streams
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access_classes;
    use gigatwin_catalog::Catalog;
    use gigatwin_operations::{Account, Mix, admit, generate};

    fn tree() -> (ShareTree, Vec<Option<String>>) {
        let account = |name: &str, parent, shares| Account { name: name.into(), parent, shares };
        let shares = ShareTree::new(vec![
            account("union", None, 17.0),
            account("states", None, 17.0),
            account("industry", None, 66.0),
            account("union/sme", Some(0), 40.0),
            account("union/research", Some(0), 60.0),
            account("states/de", Some(1), 1.0),
            account("states/de/public", Some(5), 1.0),
        ])
        .unwrap();
        let words = [None, None, Some("industry"), Some("sme"), Some("research"), None, Some("public")];
        (shares, words.iter().map(|w| w.map(str::to_owned)).collect())
    }

    #[test]
    fn ranks_say_what_the_lists_say() {
        let classes = access_classes(&Catalog::embedded()).unwrap();
        let qos = class_qos(&classes, |_| true);
        for (a, c) in qos.iter().zip(&classes) {
            for (b, other) in qos.iter().zip(&classes) {
                let pushes = a.preempts && b.preemptible && b.rank < a.rank;
                assert_eq!(pushes, c.preempts.contains(&other.id), "{} and {}", a.name, b.name);
            }
        }
        // Nobody looks for jobs to stop where none of that class are drawn.
        assert!(class_qos(&classes, |c| c.id != "scavenger")[1..].iter().all(|q| !q.preempts));
    }

    #[test]
    fn promises_add_up_and_go_to_the_classes_of_each_user() {
        let classes = access_classes(&Catalog::embedded()).unwrap();
        let (shares, users) = tree();
        let promises = class_promises(&classes, &shares, &users);
        let whole: f64 = promises.iter().flatten().map(|p| p.1).sum();
        assert!((whole - 1.0).abs() < 1e-12);
        let of = |id: &str| &promises[classes.iter().position(|c| c.id == id).unwrap()];
        // The fast lane is 45 % of what SMEs and industry ask for.
        assert_eq!(of("fastlane").iter().map(|p| p.0).collect::<Vec<_>>(), [2, 3]);
        assert!((of("fastlane")[1].1 - 0.17 * 0.4 * 0.45).abs() < 1e-12);
        assert_eq!(of("extreme").iter().map(|p| p.0).collect::<Vec<_>>(), [4, 6]);
        assert!(of("reserve").is_empty());
    }

    #[test]
    fn a_drawn_month_meets_the_load_of_each_class_and_hardly_any_job_is_refused() {
        let classes = access_classes(&Catalog::embedded()).unwrap();
        let (shares, users) = tree();
        let layout = Layout { nodes: 2_500, gpus_per_node: 8, nodes_per_leaf: 32, leaves_per_block: 8 };
        let span = 28 * 86_400;
        let promises = class_promises(&classes, &shares, &users);
        let streams = class_streams(&classes, &promises, &layout, 0.8, span);
        let jobs = generate(&Mix { streams, ..Mix::default() }, &layout, span, 3).unwrap();
        let (taken, doors) = admit(jobs.clone(), &class_limits(&classes, &layout), &layout);
        let work = |q: usize, list: &[gigatwin_operations::Job]| -> f64 {
            let of = list.iter().filter(|j| j.qos as usize == q);
            of.map(|j| (layout.units(j.size) * j.runtime) as f64).sum::<f64>() / (layout.gpus() * span) as f64
        };
        for (q, c) in classes.iter().enumerate().filter(|(_, c)| c.demand.is_some()) {
            let expected = 0.8 * promises[q].iter().map(|p| p.1).sum::<f64>();
            let got = work(q, &jobs);
            assert!((got / expected - 1.0).abs() < 0.4, "{}: {got} of {expected}", c.id);
            assert!(work(q, &taken) > 0.85 * got, "{}: {:?}", c.id, doors[q]);
        }
        let fast = classes.iter().position(|c| c.id == "fastlane").unwrap();
        assert!(doors[fast].projects > 10, "{:?}", doors[fast]);
    }
}

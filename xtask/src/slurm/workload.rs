//! Seeded workloads of gangs that are short enough to be replayed in real time.

/// A job of a workload.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Job {
    pub number: u32,
    /// Seconds after the start of the replay.
    pub submit: f64,
    pub nodes: u32,
    pub limit_minutes: u32,
    pub sleep: u32,
    /// Account and quality of service, where they are told apart.
    pub who: Option<(&'static Tenant, &'static Quality)>,
    /// Partition, where there are several.
    pub partition: Option<&'static str>,
    /// What it waits for, where jobs do.
    pub chain: Option<Chain>,
}

/// What a job waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Chain {
    /// The end of another, by its number; with success where it says so.
    After(u32, bool),
    /// All of its name before it: the number of the first, and of the last before, if any.
    Alone(u32, Option<u32>),
    /// It is a task of an array: the number of the first, and how many may run at once.
    Task(u32, u32),
}

impl Job {
    /// The number in its name, which tasks of an array and jobs of one name share.
    pub fn title(&self) -> u32 {
        match self.chain {
            Some(Chain::Alone(first, _) | Chain::Task(first, _)) => first,
            _ => self.number,
        }
    }
}

/// An account and the part of the machine it was promised, in parts of 10,000 as the export writes it.
#[derive(Debug, PartialEq)]
pub(super) struct Tenant {
    pub account: &'static str,
    pub shares: u32,
}

/// A quality of service of the export with its priority, of 1,000.
#[derive(Debug, PartialEq)]
pub(super) struct Quality {
    pub name: &'static str,
    pub priority: u32,
}

/// Tenants of the replays with accounts. All ask for as much, so that their promises must tell.
pub(super) const TENANTS: [Tenant; 3] = [
    Tenant { account: "union", shares: 2_000 },
    Tenant { account: "industry", shares: 5_000 },
    Tenant { account: "research", shares: 3_000 },
];
const QUALITIES: [Quality; 3] = [
    Quality { name: "benchmark", priority: 300 },
    Quality { name: "regular", priority: 400 },
    Quality { name: "development", priority: 700 },
];

/// Qualities of the replays with preemption: each of the others may stop the first, which half of the jobs have.
const STOPPING: [Quality; 4] = [
    Quality { name: "scavenger", priority: 0 },
    Quality { name: "scavenger", priority: 0 },
    Quality { name: "regular", priority: 400 },
    Quality { name: "development", priority: 700 },
];
/// Longest job of the partition that goes first.
pub(super) const URGENT_MINUTES: u32 = 2;

/// Weights of the sizes 1, 2, 4, … nodes: many small gangs, most of the time in large ones.
const SIZES: [u32; 9] = [30, 15, 12, 10, 10, 9, 7, 5, 2];
/// Shortest and longest run in seconds.
const RUN: (u32, u32) = (10, 60);
/// Limits in minutes, one of which is drawn: the shortest is just enough for the longest run.
const LIMITS: [u32; 4] = [2, 2, 3, 4];

/// `count` jobs on `machine` nodes at an offered load of `load`, exponential gaps.
pub(super) fn generate(count: u32, machine: u32, load: f64, seed: u64) -> Vec<Job> {
    let mut random = Random(seed);
    let sizes: Vec<(u32, u32)> =
        SIZES.iter().enumerate().map(|(i, w)| (1u32 << i, *w)).filter(|(n, _)| *n <= machine / 2).collect();
    let total: u32 = sizes.iter().map(|(_, w)| w).sum();
    let mean_nodes: f64 = sizes.iter().map(|(n, w)| f64::from(n * w)).sum::<f64>() / f64::from(total);
    let mean_run = f64::from(RUN.0 + RUN.1) / 2.0;
    let gap = mean_nodes * mean_run / (f64::from(machine) * load);
    let mut at = 0.0;
    (1..=count)
        .map(|number| {
            at += -(1.0 - random.unit()).ln() * gap;
            let mut pick = random.below(total);
            let nodes = sizes
                .iter()
                .find(|(_, w)| {
                    let hit = pick < *w;
                    pick = pick.saturating_sub(*w);
                    hit
                })
                .map_or(1, |s| s.0);
            let sleep = RUN.0 + random.below(RUN.1 - RUN.0 + 1);
            let limit_minutes = LIMITS[random.below(LIMITS.len() as u32) as usize];
            Job {
                number,
                submit: (at * 100.0).round() / 100.0,
                nodes,
                limit_minutes,
                sleep,
                who: None,
                partition: None,
                chain: None,
            }
        })
        .collect()
}

/// Gives each job an account and a quality of service, all as often.
pub(super) fn told_apart(jobs: &mut [Job], seed: u64) {
    // Another stream than that of the sizes.
    let mut random = Random(!seed);
    for job in jobs {
        let mut one = |of: usize| random.below(of as u32) as usize;
        job.who = TENANTS.get(one(TENANTS.len())).zip(QUALITIES.get(one(QUALITIES.len())));
    }
}

/// Gives each job a quality of service, half of them the one that others may stop. All have one account, so that fair share is the same for all.
pub(super) fn stopping(jobs: &mut [Job], seed: u64) {
    let mut random = Random(!seed);
    for job in jobs {
        let quality = STOPPING.get(random.below(STOPPING.len() as u32) as usize);
        job.who = TENANTS.last().zip(quality);
    }
}

/// Gives each job a partition: three of ten the one that goes first, where they are not too large for it; a quarter of the rest the small one.
pub(super) fn parted(jobs: &mut [Job], machine: u32, seed: u64) {
    let mut random = Random(!seed);
    for job in jobs {
        let (first, second) = (random.below(10) < 3, random.below(4) == 0);
        job.partition = Some(match (first, second) {
            (true, _) => "urgent",
            (false, true) if job.nodes <= machine / 8 => "m",
            _ => "n",
        });
        if first {
            job.limit_minutes = job.limit_minutes.min(URGENT_MINUTES);
        }
    }
}

/// Makes four of twelve jobs an array of which two tasks run at once; of the rest a fifth wait for one of the five before them and a tenth for those of their name.
pub(super) fn chained(jobs: &mut [Job], seed: u64) {
    const TASKS: usize = 4;
    let mut random = Random(!seed);
    let mut alone: Option<(u32, u32)> = None;
    for i in 0..jobs.len() {
        let (pick, back, ok) = (random.below(10), 1 + random.below(5), random.below(2) == 0);
        let number = jobs[i].number;
        if i % 12 == 5 && i + TASKS <= jobs.len() {
            let head = Job { nodes: jobs[i].nodes.min(8), ..jobs[i].clone() };
            for (k, task) in (0..).zip(&mut jobs[i..i + TASKS]) {
                *task = Job { number: number + k, chain: Some(Chain::Task(number, 2)), ..head.clone() };
            }
        } else if jobs[i].chain.is_some() {
            // A task of an array.
        } else if pick < 3 && number > back && !matches!(jobs[i - back as usize].chain, Some(Chain::Task(..)))
        {
            jobs[i].chain = Some(Chain::After(number - back, ok));
        } else if pick == 3 {
            jobs[i].chain = Some(Chain::Alone(alone.map_or(number, |a| a.0), alone.map(|a| a.1)));
            alone = Some((alone.map_or(number, |a| a.0), number));
        }
    }
}

/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): enough for a workload, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn below(&mut self, n: u32) -> u32 {
        ((self.unit() * f64::from(n)) as u32).min(n.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workload_offers_the_load_asked_for_and_is_the_same_again() {
        let jobs = generate(4000, 512, 0.85, 7);
        assert_eq!(jobs, generate(4000, 512, 0.85, 7));
        let work: f64 = jobs.iter().map(|j| f64::from(j.nodes * j.sleep)).sum();
        let span = jobs.last().map_or(0.0, |j| j.submit);
        assert!((work / (span * 512.0) / 0.85 - 1.0).abs() < 0.08, "{}", work / (span * 512.0));
        assert!(jobs.iter().all(|j| j.nodes <= 256 && j.limit_minutes * 60 > j.sleep + 30));
    }

    #[test]
    fn who_is_waited_for_was_submitted_before_and_is_no_task_of_an_array() {
        let mut jobs = generate(120, 64, 0.85, 3);
        chained(&mut jobs, 3);
        let of = |number: u32| jobs.iter().find(|j| j.number == number).expect("a job");
        let (mut waits, mut tasks) = (0, 0);
        for job in &jobs {
            match job.chain {
                Some(Chain::After(other, _) | Chain::Alone(_, Some(other))) => {
                    assert!(
                        other < job.number && !matches!(of(other).chain, Some(Chain::Task(..))),
                        "{job:?}"
                    );
                    waits += 1;
                }
                Some(Chain::Task(first, 2)) => {
                    assert_eq!(Job { number: first, ..job.clone() }, *of(first), "tasks are alike");
                    tasks += 1;
                }
                _ => {}
            }
        }
        assert!(waits > 10 && tasks == 40, "{waits} wait, {tasks} tasks");
    }

    #[test]
    fn jobs_with_partitions_and_qualities_keep_to_their_limits() {
        let mut jobs = generate(200, 64, 0.85, 3);
        parted(&mut jobs, 64, 3);
        assert!(jobs.iter().all(|j| j.partition != Some("urgent") || j.limit_minutes <= URGENT_MINUTES));
        assert!(jobs.iter().all(|j| j.partition != Some("m") || j.nodes <= 8));
        stopping(&mut jobs, 3);
        let half = jobs.iter().filter(|j| j.who.is_some_and(|(_, q)| q.priority == 0)).count();
        assert!((80..120).contains(&half), "{half} of 200 may be stopped");
    }
}

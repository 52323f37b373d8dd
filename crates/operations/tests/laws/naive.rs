//! A deliberately naive scheduler: it walks second by second over a table of free nodes and plans everything anew in each. It shares
//! no code with the engine.

use gigatwin_operations::{Job, OverLimit, Policy, Size, SlurmSettings};

pub fn nodes(job: &Job) -> i64 {
    match job.size {
        Size::Nodes(n) => i64::from(n),
        Size::Gpus(_) => unreachable!("whole nodes only"),
    }
}

/// May a job start beside those that hold nodes now? Asked again of each job at its turn, from nothing but the list of those.
pub type May<'a> = &'a dyn Fn(usize, &[usize]) -> bool;

/// Start of each job, by position.
pub fn starts(site_nodes: i64, jobs: &[Job], policy: Policy, over: OverLimit) -> Vec<i64> {
    starts_where(site_nodes, jobs, policy, over, &|_, _| true)
}

/// The same where a job that may not start is passed over as if it were not there.
pub fn starts_where(
    site_nodes: i64,
    jobs: &[Job],
    policy: Policy,
    over: OverLimit,
    may: May<'_>,
) -> Vec<i64> {
    let planned = |j: &Job| {
        let limit = if over == OverLimit::Extend { j.limit.max(j.runtime) } else { j.limit };
        match policy {
            Policy::Slurm(s) => (limit + s.limit_granularity - 1) / s.limit_granularity * s.limit_granularity,
            _ => limit,
        }
    };
    let ends = |j: &Job, start: i64| start + j.runtime.min(planned(j));
    let mut start = vec![-1; jobs.len()];
    let mut slurm = SlurmState { main_due: i64::MAX, main_last: i64::MIN / 2, dirty: false };
    let mut t = 0;
    while start.contains(&-1) {
        let running: Vec<usize> =
            (0..jobs.len()).filter(|&i| start[i] >= 0 && ends(&jobs[i], start[i]) > t).collect();
        let mut queue: Vec<usize> =
            (0..jobs.len()).filter(|&i| start[i] < 0 && jobs[i].submit <= t && may(i, &running)).collect();
        // Jobs of no length end within the second in which they start: give them the engine's next look at the queue.
        let zero_ended = (0..jobs.len()).any(|i| start[i] == t && jobs[i].runtime == 0);
        assert!(!zero_ended);
        let changed =
            (0..jobs.len()).any(|i| jobs[i].submit == t || (start[i] >= 0 && ends(&jobs[i], start[i]) == t));
        let table = |running: &[usize], start: &[i64]| -> Vec<i64> {
            let span = 2_000;
            (0..span)
                .map(|d| {
                    let busy: i64 = running
                        .iter()
                        .filter(|&&i| start[i] + planned(&jobs[i]) > t + d)
                        .map(|&i| nodes(&jobs[i]))
                        .sum();
                    site_nodes - busy
                })
                .collect()
        };
        match policy {
            Policy::Slurm(s) => slurm.second(
                t, s, changed, site_nodes, jobs, &planned, &running, &mut queue, &mut start, table, may,
            ),
            _ => {
                let most = match policy {
                    Policy::Fcfs => 0,
                    Policy::Easy => 1,
                    _ => usize::MAX,
                };
                let strict = policy == Policy::Fcfs;
                let mut running = running.clone();
                // Where a start leaves others nothing, their plans are void at once.
                loop {
                    let mut free = table(&running, &start);
                    plan(t, jobs, &planned, &queue, &mut start, &mut free, most, strict, &running, may);
                    running.extend(queue.iter().filter(|&&i| start[i] == t));
                    queue.retain(|&i| start[i] < 0);
                    let before = queue.len();
                    queue.retain(|&i| may(i, &running));
                    if queue.len() == before {
                        break;
                    }
                }
            }
        }
        t += 1;
        assert!(t < 100_000, "the naive scheduler does not come to an end");
    }
    start
}

struct SlurmState {
    main_due: i64,
    main_last: i64,
    dirty: bool,
}

impl SlurmState {
    #[allow(clippy::too_many_arguments)]
    fn second(
        &mut self,
        t: i64,
        s: SlurmSettings,
        changed: bool,
        site: i64,
        jobs: &[Job],
        planned: &dyn Fn(&Job) -> i64,
        running: &[usize],
        queue: &mut Vec<usize>,
        start: &mut [i64],
        table: impl Fn(&[usize], &[i64]) -> Vec<i64>,
        may: May<'_>,
    ) {
        if changed {
            self.dirty = true;
            self.main_due = self.main_due.min(t.max(self.main_last + s.sched_min_interval));
        }
        if queue.is_empty() {
            return;
        }
        let before: Vec<i64> = start.to_vec();
        let mut running = running.to_vec();
        if self.main_due <= t || self.main_last + s.sched_interval <= t {
            self.main_due = i64::MAX;
            self.main_last = t;
            let first: Vec<usize> = queue.iter().copied().take(s.default_queue_depth).collect();
            let mut free = table(&running, start);
            plan(t, jobs, planned, &first, start, &mut free, 0, true, &running, may);
            running.extend((0..jobs.len()).filter(|&i| start[i] == t));
            queue.retain(|&i| start[i] < 0 && may(i, &running));
        }
        if self.dirty && (t - s.bf_phase).rem_euclid(s.bf_interval) == 0 {
            self.dirty = false;
            let first: Vec<usize> = queue.iter().copied().take(s.bf_max_job_test).collect();
            backfill(t, jobs, planned, &first, start, &running, site, s, may);
        }
        if before != start {
            // A start is a change.
            self.dirty = true;
            self.main_due = self.main_due.min(t.max(self.main_last + s.sched_min_interval));
        }
    }
}

#[allow(clippy::too_many_arguments)]
fn plan(
    t: i64,
    jobs: &[Job],
    planned: &dyn Fn(&Job) -> i64,
    queue: &[usize],
    start: &mut [i64],
    free: &mut [i64],
    mut reservations: usize,
    strict: bool,
    running: &[usize],
    may: May<'_>,
) {
    let mut running = running.to_vec();
    for &i in queue {
        if !may(i, &running) {
            continue;
        }
        let (n, limit) = (nodes(&jobs[i]), planned(&jobs[i]));
        let fits =
            |free: &[i64], d: i64| (d..d + limit).all(|x| free.get(x as usize).is_none_or(|f| *f >= n));
        if fits(free, 0) {
            start[i] = t;
            running.push(i);
            free.iter_mut().take(limit as usize).for_each(|f| *f -= n);
            continue;
        }
        if strict {
            return;
        }
        if reservations == 0 {
            continue;
        }
        let d = (1..).find(|&d| fits(free, d)).unwrap();
        let (from, to) = (t + d, t + d + limit);
        reservations -= 1;
        for x in from.max(t)..to {
            if let Some(f) = free.get_mut((x - t) as usize) {
                *f -= n;
            }
        }
    }
}

/// One backfill cycle as Slurm's manual and source describe it, on a plain list of cells: this moment, the rest of its slot, the slots after.
#[allow(clippy::too_many_arguments)]
fn backfill(
    t: i64,
    jobs: &[Job],
    planned: &dyn Fn(&Job) -> i64,
    queue: &[usize],
    start: &mut [i64],
    running: &[usize],
    site: i64,
    s: SlurmSettings,
    may: May<'_>,
) {
    let slot = |x: i64| x / s.bf_resolution - t / s.bf_resolution + 1;
    let cells = s.bf_window / s.bf_resolution + 2;
    let mut free: Vec<i64> = (0..cells)
        .map(|c| {
            let busy = |i: &&usize| c == 0 || slot((start[**i] + planned(&jobs[**i])).max(t + 1)) > c;
            site - running.iter().filter(busy).map(|&i| nodes(&jobs[i])).sum::<i64>()
        })
        .collect();
    let mut running = running.to_vec();
    for &i in queue {
        if !may(i, &running) {
            continue;
        }
        let (n, limit) = (nodes(&jobs[i]), planned(&jobs[i]));
        let fits = |free: &[i64], from: i64, to: i64| {
            (from..=to).all(|c| free.get(c as usize).is_none_or(|f| *f >= n))
        };
        let (mut from, mut to);
        if fits(&free, 0, slot(t + limit)) {
            start[i] = t;
            running.push(i);
            (from, to) = (0, slot(t + limit));
        } else {
            let length = limit / s.bf_resolution;
            let Some(c) = (1..cells).find(|&c| fits(&free, c, c + length)) else { continue };
            (from, to) = (c, c + length);
            if c == 1 {
                from = 0;
            }
        }
        to = to.min(cells);
        for c in from..to {
            free[c as usize] -= n;
        }
    }
}

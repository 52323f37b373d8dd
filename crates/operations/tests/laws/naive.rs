//! A deliberately naive scheduler: it walks second by second over a table of free nodes and plans everything anew in each. It shares
//! no code with the engine.

use gigatwin_operations::{Job, OverLimit, Policy, Size, SlurmSettings};

pub fn nodes(job: &Job) -> i64 {
    match job.size {
        Size::Nodes(n) => i64::from(n),
        Size::Gpus(_) => unreachable!("whole nodes only"),
    }
}

/// Start of each job, by position.
pub fn starts(site_nodes: i64, jobs: &[Job], policy: Policy, over: OverLimit) -> Vec<i64> {
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
            (0..jobs.len()).filter(|&i| start[i] < 0 && jobs[i].submit <= t).collect();
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
            Policy::Slurm(s) => slurm
                .second(t, s, changed, site_nodes, jobs, &planned, &running, &mut queue, &mut start, table),
            _ => {
                let most = match policy {
                    Policy::Fcfs => 0,
                    Policy::Easy => 1,
                    _ => usize::MAX,
                };
                let strict = policy == Policy::Fcfs;
                let mut free = table(&running, &start);
                plan(t, jobs, &planned, &queue, &mut start, &mut free, most, strict, None);
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
        _site: i64,
        jobs: &[Job],
        planned: &dyn Fn(&Job) -> i64,
        running: &[usize],
        queue: &mut Vec<usize>,
        start: &mut [i64],
        table: impl Fn(&[usize], &[i64]) -> Vec<i64>,
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
            plan(t, jobs, planned, &first, start, &mut free, 0, true, None);
            queue.retain(|&i| start[i] < 0);
            running.extend((0..jobs.len()).filter(|&i| start[i] == t));
        }
        if self.dirty && (t - s.bf_phase).rem_euclid(s.bf_interval) == 0 {
            self.dirty = false;
            let first: Vec<usize> = queue.iter().copied().take(s.bf_max_job_test).collect();
            let mut free = table(&running, start);
            plan(t, jobs, planned, &first, start, &mut free, usize::MAX, false, Some(s));
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
    slurm: Option<SlurmSettings>,
) {
    for &i in queue {
        let (n, limit) = (nodes(&jobs[i]), planned(&jobs[i]));
        let fits =
            |free: &[i64], d: i64| (d..d + limit).all(|x| free.get(x as usize).is_none_or(|f| *f >= n));
        if fits(free, 0) {
            start[i] = t;
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
        let (mut from, mut to) = (t + d, t + d + limit);
        if let Some(s) = slurm {
            if d >= s.bf_window {
                continue;
            }
            from = from / s.bf_resolution * s.bf_resolution;
            to = to / s.bf_resolution * s.bf_resolution;
        }
        reservations -= 1;
        for x in from.max(t)..to {
            if let Some(f) = free.get_mut((x - t) as usize) {
                *f -= n;
            }
        }
    }
}

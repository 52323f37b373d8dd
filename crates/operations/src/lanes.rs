use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use crate::job::Seconds;

/// Place in the order of the queue: smaller goes first. The priority, turned round, in the upper half, the position in the workload, which
/// is that of submission, in the lower.
pub(crate) type Key = u64;

/// Slurm keeps priorities as whole numbers of 32 bits; the cut is part of its order.
pub(crate) fn key_of(priority: f64, job: u32) -> Key {
    u64::from(u32::MAX - priority as u32) << 32 | u64::from(job)
}

/// Jobs that differ in nothing the scheduler looks at but their age. If the first of a lane cannot start, none of it can.
#[derive(Debug)]
pub(crate) struct Lane {
    pub units: i64,
    pub limit: Seconds,
    pub group: u32,
    /// The part of the priority that all its jobs share.
    pub priority: f64,
    jobs: VecDeque<(Seconds, u32)>,
}

/// How a lane's jobs are ranked at the last reckoning of priorities.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ageing {
    pub weight: f64,
    pub max_age: Seconds,
    pub now: Seconds,
}

impl Ageing {
    pub fn part(&self, submit: Seconds) -> f64 {
        if self.weight == 0.0 {
            return 0.0;
        }
        let age = (self.now - submit).clamp(0, self.max_age);
        self.weight * age as f64 / self.max_age.max(1) as f64
    }
}

impl Lane {
    pub fn len(&self) -> usize {
        self.jobs.len()
    }

    pub fn job(&self, i: usize) -> Option<u32> {
        self.jobs.get(i).map(|j| j.1)
    }

    pub fn key(&self, i: usize, ageing: &Ageing) -> Option<Key> {
        let &(submit, job) = self.jobs.get(i)?;
        Some(key_of(self.priority + ageing.part(submit), job))
    }
}

/// The queue: jobs by lane, lanes by shape and by the group whose priority they share.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    lanes: Vec<Lane>,
    index: FxHashMap<(u32, i64, Seconds), u32>,
    /// Lanes that hold a job, in no order.
    active: Vec<u32>,
    /// Where each lane stands in `active`.
    place: Vec<u32>,
    jobs: usize,
}

const NOWHERE: u32 = u32::MAX;

impl Lanes {
    pub fn len(&self) -> usize {
        self.jobs
    }

    pub fn active(&self) -> &[u32] {
        &self.active
    }

    pub fn lane(&self, lane: u32) -> &Lane {
        &self.lanes[lane as usize]
    }

    pub fn all_mut(&mut self) -> &mut [Lane] {
        &mut self.lanes
    }

    /// Puts a job where its submission belongs. `priority` is used where the lane is new.
    pub fn insert(
        &mut self,
        (group, units, limit): (u32, i64, Seconds),
        submit: Seconds,
        job: u32,
        priority: impl FnOnce() -> f64,
    ) {
        let lanes = &mut self.lanes;
        let place = &mut self.place;
        let lane = *self.index.entry((group, units, limit)).or_insert_with(|| {
            lanes.push(Lane { units, limit, group, priority: priority(), jobs: VecDeque::new() });
            place.push(NOWHERE);
            (lanes.len() - 1) as u32
        });
        let jobs = &mut self.lanes[lane as usize].jobs;
        let at = jobs.partition_point(|j| *j < (submit, job));
        if at == jobs.len() {
            jobs.push_back((submit, job));
        } else {
            jobs.insert(at, (submit, job));
        }
        self.jobs += 1;
        if self.place[lane as usize] == NOWHERE {
            self.place[lane as usize] = self.active.len() as u32;
            self.active.push(lane);
        }
    }

    /// Takes the first job of a lane.
    pub fn pop(&mut self, lane: u32) -> Option<u32> {
        let (_, job) = self.lanes[lane as usize].jobs.pop_front()?;
        self.jobs -= 1;
        self.settle(lane);
        Some(job)
    }

    /// Takes the last job of a lane.
    pub fn pop_back(&mut self, lane: u32) -> Option<u32> {
        let (_, job) = self.lanes[lane as usize].jobs.pop_back()?;
        self.jobs -= 1;
        self.settle(lane);
        Some(job)
    }

    /// Moves all jobs of a lane to the lane of the same shape elsewhere.
    pub fn hand_over(&mut self, lane: u32, to: &mut Lanes, priority: f64) {
        let from = &mut self.lanes[lane as usize];
        let shape = (from.group, from.units, from.limit);
        let mut jobs = std::mem::take(&mut from.jobs);
        let Some((submit, job)) = jobs.pop_front() else { return };
        self.jobs -= jobs.len() + 1;
        self.settle(lane);
        to.insert(shape, submit, job, || priority);
        let empty = to.index.get(&shape).map(|l| &mut to.lanes[*l as usize].jobs).filter(|l| l.len() == 1);
        match empty {
            Some(there) => {
                to.jobs += jobs.len();
                there.append(&mut jobs);
            }
            None => jobs.into_iter().for_each(|(submit, job)| to.insert(shape, submit, job, || priority)),
        }
    }

    fn settle(&mut self, lane: u32) {
        if self.lanes[lane as usize].jobs.is_empty() {
            let at = self.place[lane as usize];
            self.place[lane as usize] = NOWHERE;
            self.active.swap_remove(at as usize);
            if let Some(&moved) = self.active.get(at as usize) {
                self.place[moved as usize] = at;
            }
        }
    }

    /// The lane whose first job goes first.
    pub fn first(&self, ageing: &Ageing) -> Option<u32> {
        self.active.iter().copied().min_by_key(|&l| self.lane(l).key(0, ageing))
    }

    /// The lane whose last job goes last, with that job's key.
    pub fn last(&self, ageing: &Ageing) -> Option<(Key, u32)> {
        self.active
            .iter()
            .filter_map(|&l| {
                let lane = self.lane(l);
                lane.key(lane.len() - 1, ageing).map(|k| (k, l))
            })
            .max()
    }
}

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
    /// Its units and limit among the shapes.
    shape: u32,
    /// Where it stands among the lanes of its shape that hold a job.
    seat: u32,
    jobs: VecDeque<(Seconds, u32)>,
}

/// Lanes that differ only in who asks: what fits for one of them fits for all.
#[derive(Debug)]
pub(crate) struct Shape {
    pub units: i64,
    pub limit: Seconds,
    /// Lanes that hold a job, in no order, each with its first job.
    lanes: Vec<(Key, u32)>,
    /// The first of all their jobs and its lane, where known since the last change.
    first: Option<(Key, u32)>,
}

impl Shape {
    /// Its lanes that hold a job, in no order, each with the first job's key.
    pub fn lanes(&self) -> &[(Key, u32)] {
        &self.lanes
    }
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

/// A shape of which a job waits: what a pass looks at of all of them, side by side.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    pub units: i64,
    pub limit: Seconds,
    pub shape: u32,
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
    shapes: Vec<Shape>,
    shape_of: FxHashMap<(i64, Seconds), u32>,
    /// Shapes with a lane that holds a job, in no order.
    standing: Vec<Standing>,
    /// Where each shape stands in `standing`.
    stand: Vec<u32>,
    /// How jobs are ranked, the same as outside.
    ageing: Ageing,
    jobs: usize,
    /// Qualities of service, by group modulo their number, whose jobs are counted; how many jobs of them wait.
    marks: Vec<bool>,
    marked: usize,
}

const NOWHERE: u32 = u32::MAX;

impl Lanes {
    /// Counts jobs of some qualities of service apart.
    pub fn marking(marks: Vec<bool>) -> Self {
        Self { marks, ..Self::default() }
    }

    /// Jobs that are counted apart.
    pub fn marked(&self) -> usize {
        self.marked
    }

    fn is_marked(&self, lane: u32) -> bool {
        let group = self.lanes[lane as usize].group as usize;
        !self.marks.is_empty() && self.marks[group % self.marks.len()]
    }

    pub fn len(&self) -> usize {
        self.jobs
    }

    pub fn active(&self) -> &[u32] {
        &self.active
    }

    pub fn lane(&self, lane: u32) -> &Lane {
        &self.lanes[lane as usize]
    }

    /// Sets the shared part of every lane's priority anew.
    pub fn reckon(&mut self, ageing: Ageing, priority: impl Fn(&Lane) -> f64) {
        self.ageing = ageing;
        for lane in &mut self.lanes {
            lane.priority = priority(lane);
        }
        for standing in &self.standing {
            let shape = &mut self.shapes[standing.shape as usize];
            shape.first = None;
            for (key, lane) in &mut shape.lanes {
                *key = self.lanes[*lane as usize].key(0, &ageing).unwrap_or(*key);
            }
        }
    }

    /// Shapes of which a job waits, in no order.
    pub fn standing(&self) -> &[Standing] {
        &self.standing
    }

    pub fn shape(&self, shape: u32) -> &Shape {
        &self.shapes[shape as usize]
    }

    /// Puts a job where its submission belongs. `priority` is used where the lane is new.
    pub fn insert(
        &mut self,
        (group, units, limit): (u32, i64, Seconds),
        submit: Seconds,
        job: u32,
        priority: impl FnOnce() -> f64,
    ) {
        let lane = match self.index.get(&(group, units, limit)) {
            Some(&lane) => lane,
            None => self.open(group, units, limit, priority()),
        };
        let own = &mut self.lanes[lane as usize];
        let shape = own.shape as usize;
        let at = own.jobs.partition_point(|j| *j < (submit, job));
        if at == own.jobs.len() {
            own.jobs.push_back((submit, job));
        } else {
            own.jobs.insert(at, (submit, job));
        }
        self.jobs += 1;
        self.marked += usize::from(self.is_marked(lane));
        if at == 0 {
            let key = key_of(self.lanes[lane as usize].priority + self.ageing.part(submit), job);
            let shape = &mut self.shapes[shape];
            if shape.first.is_some_and(|f| key < f.0) {
                shape.first = Some((key, lane));
            }
            if self.place[lane as usize] == NOWHERE {
                self.place[lane as usize] = self.active.len() as u32;
                self.active.push(lane);
                self.seat(lane, key);
            } else {
                shape.lanes[self.lanes[lane as usize].seat as usize].0 = key;
            }
        }
    }

    fn open(&mut self, group: u32, units: i64, limit: Seconds, priority: f64) -> u32 {
        let shapes = &mut self.shapes;
        let stand = &mut self.stand;
        let shape = *self.shape_of.entry((units, limit)).or_insert_with(|| {
            shapes.push(Shape { units, limit, lanes: Vec::new(), first: None });
            stand.push(NOWHERE);
            (shapes.len() - 1) as u32
        });
        let lane = self.lanes.len() as u32;
        self.index.insert((group, units, limit), lane);
        self.lanes.push(Lane { units, limit, group, priority, shape, seat: 0, jobs: VecDeque::new() });
        self.place.push(NOWHERE);
        lane
    }

    /// A lane has its first job.
    fn seat(&mut self, lane: u32, key: Key) {
        let own = &mut self.lanes[lane as usize];
        let shape = &mut self.shapes[own.shape as usize];
        own.seat = shape.lanes.len() as u32;
        shape.lanes.push((key, lane));
        if shape.lanes.len() == 1 {
            // Alone, it is the first.
            shape.first = None;
            self.stand[own.shape as usize] = self.standing.len() as u32;
            self.standing.push(Standing { units: own.units, limit: own.limit, shape: own.shape });
        }
    }

    /// A lane has lost its last job.
    fn unseat(&mut self, lane: u32) {
        let (s, seat) = (self.lanes[lane as usize].shape, self.lanes[lane as usize].seat);
        let shape = &mut self.shapes[s as usize];
        shape.lanes.swap_remove(seat as usize);
        if let Some(&(_, moved)) = shape.lanes.get(seat as usize) {
            self.lanes[moved as usize].seat = seat;
        }
        if shape.lanes.is_empty() {
            let at = std::mem::replace(&mut self.stand[s as usize], NOWHERE);
            self.standing.swap_remove(at as usize);
            if let Some(moved) = self.standing.get(at as usize) {
                self.stand[moved.shape as usize] = at;
            }
        }
    }

    /// Takes the first job of a lane.
    pub fn pop(&mut self, lane: u32) -> Option<u32> {
        let (_, job) = self.lanes[lane as usize].jobs.pop_front()?;
        self.jobs -= 1;
        self.marked -= usize::from(self.is_marked(lane));
        self.settle(lane);
        Some(job)
    }

    /// Takes the last job of a lane.
    pub fn pop_back(&mut self, lane: u32) -> Option<u32> {
        let (_, job) = self.lanes[lane as usize].jobs.pop_back()?;
        self.jobs -= 1;
        self.marked -= usize::from(self.is_marked(lane));
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
        if self.is_marked(lane) {
            self.marked -= jobs.len() + 1;
        }
        self.settle(lane);
        to.insert(shape, submit, job, || priority);
        match to.index.get(&shape).copied().filter(|l| to.lanes[*l as usize].jobs.len() == 1) {
            Some(there) => {
                to.jobs += jobs.len();
                if to.is_marked(there) {
                    to.marked += jobs.len();
                }
                to.lanes[there as usize].jobs.append(&mut jobs);
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
            self.unseat(lane);
        } else if let Some(key) = self.lanes[lane as usize].key(0, &self.ageing) {
            let own = &self.lanes[lane as usize];
            self.shapes[own.shape as usize].lanes[own.seat as usize].0 = key;
        }
        let first = &mut self.shapes[self.lanes[lane as usize].shape as usize].first;
        if first.is_some_and(|f| f.1 == lane) {
            *first = None;
        }
    }

    /// The first job of a shape and its lane.
    pub fn first_of(&mut self, shape: u32) -> Option<(Key, u32)> {
        let own = &self.shapes[shape as usize];
        if own.first.is_some() {
            return own.first;
        }
        let first = own.lanes.iter().copied().min();
        self.shapes[shape as usize].first = first;
        first
    }

    /// The lane whose first job goes first.
    pub fn first(&mut self) -> Option<u32> {
        let mut first: Option<(Key, u32)> = None;
        for i in 0..self.standing.len() {
            let own = self.first_of(self.standing[i].shape);
            if first.is_none_or(|f| own.is_some_and(|o| o < f)) {
                first = own;
            }
        }
        first.map(|f| f.1)
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

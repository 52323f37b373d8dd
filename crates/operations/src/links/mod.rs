//! What holds a job back beside the queue: other jobs that have to end first, and arrays of which only so many run at once.

mod gate;

pub(crate) use gate::{Gate, Word, eligible};

/// How another job has to end before this one may start. The words are Slurm's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum When {
    /// With its work done (`afterok`).
    Ok,
    /// In any way (`afterany`, and what `singleton` comes down to).
    Any,
    /// Without its work done (`afternotok`).
    NotOk,
}

/// A job that waits for the end of another; both by position in the workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Need {
    /// Who waits.
    pub job: u32,
    /// For whom.
    pub on: u32,
    /// How that one has to end.
    pub when: When,
}

/// An array of which only so many tasks are in the queue or running at once (`--array=…%N`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Throttle {
    /// Positions of its tasks.
    pub members: Vec<u32>,
    /// How many at once; at least one.
    pub most: u32,
}

/// Why links hold no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Jobs that wait for one another: positions, from one to itself.
    #[error("jobs wait for one another in a circle of {}", .0.len().saturating_sub(1))]
    Circle(Vec<u32>),
    /// A position behind the workload.
    #[error("position {0} is no job of the workload")]
    Unknown(u32),
    /// An array of which no task may run.
    #[error("an array of {0} tasks of which none may run")]
    Throttle(usize),
}

/// Dependencies and arrays of a workload.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Links {
    /// Sorted by the job waited for.
    needs: Vec<Need>,
    /// How many jobs each waits for.
    pending: Vec<u32>,
    /// By position: number of the throttled array.
    array: Vec<Option<u32>>,
    most: Vec<u32>,
    /// Jobs that end without success though nothing stops them.
    failing: Vec<bool>,
}

impl Links {
    /// Links of a workload of `jobs` jobs. `failing` are those that end without success though nothing stops them, as a trace records it.
    ///
    /// # Errors
    /// Every circle, and every position that does not exist.
    pub fn new(
        jobs: usize,
        mut needs: Vec<Need>,
        throttles: &[Throttle],
        failing: &[u32],
    ) -> Result<Self, Vec<LinkError>> {
        let mut faults = Vec::new();
        needs.sort_unstable_by_key(|n| (n.on, n.job, n.when));
        needs.dedup();
        let known = |p: u32| (p as usize) < jobs;
        let named = needs.iter().flat_map(|n| [n.job, n.on]);
        let named = named.chain(throttles.iter().flat_map(|t| t.members.iter().copied()));
        faults.extend(named.chain(failing.iter().copied()).filter(|p| !known(*p)).map(LinkError::Unknown));
        faults.extend(throttles.iter().filter(|t| t.most == 0).map(|t| LinkError::Throttle(t.members.len())));
        if !faults.is_empty() {
            return Err(faults);
        }
        let mut pending = vec![0; jobs];
        needs.iter().for_each(|n| pending[n.job as usize] += 1);
        let mut array = vec![None; jobs];
        for (i, t) in throttles.iter().enumerate() {
            t.members.iter().for_each(|m| array[*m as usize] = Some(i as u32));
        }
        let mut fails = vec![false; jobs];
        failing.iter().for_each(|f| fails[*f as usize] = true);
        let links =
            Self { needs, pending, array, most: throttles.iter().map(|t| t.most).collect(), failing: fails };
        let circles = links.circles();
        if circles.is_empty() { Ok(links) } else { Err(circles) }
    }

    /// Does nothing hold anything back, and does no job fail?
    pub fn is_empty(&self) -> bool {
        self.needs.is_empty() && self.most.is_empty() && !self.failing.contains(&true)
    }

    /// Who waits for whom.
    pub fn needs(&self) -> &[Need] {
        &self.needs
    }

    /// The arrays of which only so many tasks run at once.
    pub fn throttles(&self) -> Vec<Throttle> {
        let mut all: Vec<Throttle> =
            self.most.iter().map(|&most| Throttle { members: Vec::new(), most }).collect();
        for (job, array) in (0_u32..).zip(&self.array) {
            if let Some(t) = array.and_then(|a| all.get_mut(a as usize)) {
                t.members.push(job);
            }
        }
        all
    }

    /// Does the job end without success though nothing stops it?
    pub fn fails(&self, job: u32) -> bool {
        self.failing.get(job as usize).copied().unwrap_or(false)
    }

    /// The same links in a larger workload, in which the jobs stand `at` these positions.
    pub fn moved(&self, jobs: usize, at: &[u32]) -> Self {
        let to = |p: u32| at.get(p as usize).copied().unwrap_or(p);
        let mut needs: Vec<Need> =
            self.needs.iter().map(|n| Need { job: to(n.job), on: to(n.on), when: n.when }).collect();
        needs.sort_unstable_by_key(|n| (n.on, n.job, n.when));
        let (mut pending, mut array, mut failing) = (vec![0; jobs], vec![None; jobs], vec![false; jobs]);
        for (i, (p, (a, f))) in self.pending.iter().zip(self.array.iter().zip(&self.failing)).enumerate() {
            let j = to(i as u32) as usize;
            (pending[j], array[j], failing[j]) = (*p, *a, *f);
        }
        Self { needs, pending, array, most: self.most.clone(), failing }
    }

    /// The links among the jobs that are kept, by their new positions, and how many needs went with the others: nobody waits for those.
    pub fn kept(&self, keep: &[bool]) -> (Self, usize) {
        if self.pending.is_empty() {
            return (Self::default(), 0);
        }
        let mut at = vec![None; self.pending.len()];
        let mut jobs = 0;
        for (i, _) in keep.iter().enumerate().filter(|(_, k)| **k) {
            at[i] = Some(jobs);
            jobs += 1;
        }
        let to = |p: u32| at.get(p as usize).copied().flatten();
        let needs: Vec<Need> = self
            .needs
            .iter()
            .filter_map(|n| Some(Need { job: to(n.job)?, on: to(n.on)?, when: n.when }))
            .collect();
        let lost = self.needs.len() - needs.len();
        let mut pending = vec![0; jobs as usize];
        needs.iter().for_each(|n| pending[n.job as usize] += 1);
        fn of<T: Copy>(keep: &[bool], list: &[T]) -> Vec<T> {
            list.iter().zip(keep).filter(|(_, k)| **k).map(|(x, _)| *x).collect()
        }
        let (array, failing) = (of(keep, &self.array), of(keep, &self.failing));
        (Self { needs, pending, array, most: self.most.clone(), failing }, lost)
    }

    /// Jobs that wait for another.
    pub fn dependents(&self) -> usize {
        self.pending.iter().filter(|p| **p > 0).count()
    }

    fn followers(&self, on: u32) -> std::ops::Range<usize> {
        let from = self.needs.partition_point(|n| n.on < on);
        from..from + self.needs[from..].partition_point(|n| n.on == on)
    }

    /// Kahn's order; what it does not reach stands in or behind circles.
    fn circles(&self) -> Vec<LinkError> {
        let mut pending = self.pending.clone();
        let mut free: Vec<u32> = (0..pending.len() as u32).filter(|&j| pending[j as usize] == 0).collect();
        while let Some(job) = free.pop() {
            for i in self.followers(job) {
                let next = self.needs[i].job as usize;
                pending[next] -= 1;
                if pending[next] == 0 {
                    free.push(next as u32);
                }
            }
        }
        // Whoever is left waits for at least one other that is left: go back along those.
        let mut ahead: Vec<Option<u32>> = vec![None; pending.len()];
        for n in self.needs.iter().filter(|n| pending[n.on as usize] > 0) {
            ahead[n.job as usize].get_or_insert(n.on);
        }
        let mut seen = vec![0_u32; pending.len()];
        let mut found = Vec::new();
        for start in (0..pending.len() as u32).filter(|&j| pending[j as usize] > 0) {
            let (mut path, mut at) = (Vec::new(), start);
            while seen[at as usize] == 0 {
                seen[at as usize] = start + 1;
                path.push(at);
                let Some(next) = ahead[at as usize] else { break };
                at = next;
            }
            if seen[at as usize] == start + 1
                && let Some(from) = path.iter().position(|p| *p == at)
            {
                let mut circle = path[from..].to_vec();
                circle.push(at);
                found.push(LinkError::Circle(circle));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(job: u32, on: u32, when: When) -> Need {
        Need { job, on, when }
    }

    #[test]
    fn each_circle_is_named() {
        let needs = vec![
            need(0, 1, When::Ok),
            need(1, 2, When::Any),
            need(2, 0, When::Ok),
            need(3, 3, When::Any),
            // Behind a circle, but in none.
            need(4, 0, When::Ok),
        ];
        let faults = Links::new(6, needs, &[], &[]).unwrap_err();
        assert_eq!(faults, [LinkError::Circle(vec![0, 1, 2, 0]), LinkError::Circle(vec![3, 3])]);
        assert_eq!(Links::new(2, vec![need(0, 7, When::Ok)], &[], &[]).unwrap_err(), [LinkError::Unknown(7)]);
        let none = Throttle { members: vec![0], most: 0 };
        assert_eq!(Links::new(1, Vec::new(), &[none], &[]).unwrap_err(), [LinkError::Throttle(1)]);
    }
}

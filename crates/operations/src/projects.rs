//! Grants: jobs of a class are made under projects, each with so many accelerator-hours.

use std::collections::BTreeMap;

use crate::job::{Job, Seconds};
use crate::layout::Layout;

/// What a class of access allows, beside its priority.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct ClassLimit {
    /// Accelerator-hours of one project; none where the class sets no limit.
    pub project_hours: Option<f64>,
    /// Longest time a job may ask for.
    pub longest: Option<Seconds>,
    /// Most accelerators of one job.
    pub largest: Option<i64>,
}

/// What became of a class's jobs at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Door {
    /// Projects that were opened.
    pub projects: u32,
    /// Jobs turned away: larger or longer than the class allows, or asking for more than a whole grant.
    pub refused: u32,
    /// Accelerator-seconds that those asked for.
    pub refused_work: i64,
}

/// Lets jobs in under the limits of their class, as Slurm's `DenyOnLimit` and `safe` enforcement do: a job is taken if its size and limit are
/// allowed and its limit times its size fits into what its project has left; what it really used is charged. Where a project has too little
/// left its owner opens the next one; a job that asks for more than a whole grant is refused.
///
/// `limits` are by quality of service, and those of qualities beyond the list are free. Jobs stay in order; the doors are by quality.
pub fn admit(mut jobs: Vec<Job>, limits: &[ClassLimit], layout: &Layout) -> (Vec<Job>, Vec<Door>) {
    let mut doors = vec![Door::default(); limits.len()];
    // What the present project of a class and tenant has left, in accelerator-seconds.
    let mut left: BTreeMap<(u16, u32), f64> = BTreeMap::new();
    jobs.retain(|job| {
        let Some(limit) = limits.get(job.qos as usize) else {
            return true;
        };
        let door = &mut doors[job.qos as usize];
        let units = layout.units(job.size);
        let asked = (units * job.limit) as f64;
        let grant = limit.project_hours.map(|h| h * 3_600.0);
        if limit.longest.is_some_and(|l| job.limit > l)
            || limit.largest.is_some_and(|l| units > l)
            || grant.is_some_and(|g| asked > g)
        {
            door.refused += 1;
            door.refused_work += units * job.runtime;
            return false;
        }
        if let Some(grant) = grant {
            let here = left.entry((job.qos, job.tenant)).or_insert(0.0);
            if *here < asked {
                door.projects += 1;
                *here = grant;
            }
            *here -= (units * job.runtime.min(job.limit)) as f64;
        }
        true
    });
    (jobs, doors)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_project_is_used_up_and_the_next_one_is_opened() {
        // A grant of 10 accelerator-hours on nodes of one: jobs that ask for 4 h and take 3 h.
        let limit = ClassLimit { project_hours: Some(10.0), longest: Some(5 * 3_600), largest: Some(8) };
        let job =
            |id, hours: Seconds, nodes| Job::nodes(id, id as Seconds, hours * 2_700, hours * 3_600, nodes);
        let jobs = vec![job(1, 4, 1), job(2, 4, 1), job(3, 4, 1), job(4, 6, 1), job(5, 1, 9), job(6, 4, 3)];
        let (taken, doors) = admit(jobs, &[limit], &Layout::flat(20, 1));
        // After two jobs 4 h are left, enough for the third; the others are too long, too large, and more than a grant.
        assert_eq!(taken.iter().map(|j| j.id).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!(doors, [Door { projects: 1, refused: 3, refused_work: 2_700 * (6 + 9 + 12) }]);
    }

    proptest! {
        #[test]
        fn no_job_is_lost_at_the_door(
            sizes in proptest::collection::vec((1..12_u32, 0..9_000_i64, 1..9_000_i64, 0..3_u32, 0..3_u16), 0..60),
        ) {
            let jobs: Vec<Job> = sizes
                .iter()
                .enumerate()
                .map(|(i, &(n, run, limit, tenant, qos))| Job { tenant, qos, ..Job::nodes(i as u64, i as i64, run, limit, n) })
                .collect();
            let limit = ClassLimit { project_hours: Some(6.0), longest: Some(8_000), largest: Some(10) };
            let (taken, doors) = admit(jobs.clone(), &[limit, ClassLimit::default()], &Layout::flat(20, 1));
            let refused: u32 = doors.iter().map(|d| d.refused).sum();
            prop_assert_eq!(taken.len() + refused as usize, jobs.len());
            prop_assert_eq!(doors[1], Door::default());
            // Projects hold what is charged to them.
            let used: i64 = taken.iter().filter(|j| j.qos == 0).map(|j| i64::from(match j.size {
                crate::Size::Nodes(n) | crate::Size::Gpus(n) => n,
            }) * j.runtime.min(j.limit)).sum();
            prop_assert!(used as f64 <= f64::from(doors[0].projects) * 6.0 * 3_600.0 + 1e-6);
        }
    }
}

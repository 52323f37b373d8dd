use crate::job::{Job, Seconds};
use crate::layout::Layout;
use crate::power::Hourly;

/// How jobs that can wait are put off to cheap hours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Deferral {
    /// Longest time from submission to release.
    pub slack: Seconds,
    /// Least saving over the cost at submission, as a share of it, for which a job is put off.
    pub gain: f64,
}

/// Longest stretch of a job whose cost is looked at: beyond a day prices are not known.
const SIGHT: Seconds = 86_400;

/// When each job is let into the queue, in the order of the jobs: at once, or at the full hour within its slack from which its requested time
/// costs least. Those put off to one hour may ask for no more than the whole site, so that they do not only wait for one another.
///
/// `cost` is that of a MWh of IT; `may` says which jobs can wait. Slack bounds the release, not what the queue adds to it.
pub fn releases(
    jobs: &[Job],
    layout: &Layout,
    cost: &Hourly,
    rule: &Deferral,
    may: impl Fn(&Job) -> bool,
) -> Vec<Seconds> {
    let mut booked: std::collections::BTreeMap<i64, i64> = std::collections::BTreeMap::new();
    let release = |job: &Job| {
        let span = job.limit.clamp(1, SIGHT);
        let at = |t: Seconds| cost.mean(t, t + span);
        let now = at(job.submit);
        let (first, last) = (job.submit.div_euclid(3_600) + 1, (job.submit + rule.slack).div_euclid(3_600));
        let units = layout.units(job.size);
        let room = |hour: i64, booked: &std::collections::BTreeMap<i64, i64>| {
            booked.get(&hour).copied().unwrap_or(0) + units <= layout.gpus()
        };
        let best = (first..=last)
            .filter(|h| room(*h, &booked))
            .map(|h| (at(h * 3_600), h))
            .min_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        match best {
            Some((price, hour)) if price < now - rule.gain * now.abs() => {
                *booked.entry(hour).or_default() += units;
                hour * 3_600
            }
            _ => job.submit,
        }
    };
    let mut release = release;
    jobs.iter().map(|job| if may(job) { release(job) } else { job.submit }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cheap_hours_draw_what_can_wait() {
        let layout = Layout::flat(2, 1);
        let cost = Hourly::new(vec![50.0, 40.0, 10.0, 60.0, 20.0, 90.0]);
        let rule = Deferral { slack: 14_400, gain: 0.1 };
        let job = |id, submit, nodes| Job::nodes(id, submit, 3_600, 3_600, nodes);
        let jobs = [job(1, 100, 2), job(2, 200, 1), job(3, 300, 1), job(4, 7_300, 1)];
        // The first fills the cheapest hour, the second takes the next cheapest; the third may not wait; the fourth is in it already.
        let out = releases(&jobs, &layout, &cost, &rule, |j| j.id != 3);
        assert_eq!(out, [7_200, 14_400, 300, 7_300]);
    }

    #[test]
    fn a_long_job_looks_at_all_its_hours() {
        let cost = Hourly::new(vec![30.0, 10.0, 90.0, 20.0, 10.0, 50.0]);
        let job = Job::nodes(1, 0, 7_200, 7_200, 1);
        let rule = Deferral { slack: 10_800, gain: 0.0 };
        assert_eq!(releases(&[job], &Layout::flat(1, 1), &cost, &rule, |_| true), [10_800]);
    }
}

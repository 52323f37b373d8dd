//! Maintenance and the nodes that tenants have to themselves, as spans of a run.

use gigatwin_factory::{SiteReservation, SiteWindow};
use gigatwin_operations::{
    Apart, Job, JobClass, Layout, Member, Need, Reservation, Seconds, ShareTree, Site, When,
};

use super::setting::not_understood;
use crate::exit::Fault;

type Span = (Seconds, Seconds);

/// All times of a window that begin before the end of the run.
fn spans(w: &SiteWindow, until: Seconds) -> Vec<Span> {
    let whole = |t: gigatwin_quantity::Time| t.s().round() as Seconds;
    let (length, first) = (whole(w.length).max(1), whole(w.first));
    let every = w.every.map(|e| whole(e).max(length + 1));
    let times = std::iter::successors(Some(first), |t| every.map(|e| t + e));
    times.take_while(|t| *t < until).map(|t| (t, t + length)).collect()
}

/// What is left of some spans without others.
fn without(spans: Vec<Span>, cuts: &[Span]) -> Vec<Span> {
    cuts.iter().fold(spans, |left, &(from, to)| {
        left.into_iter()
            .flat_map(|(a, b)| [(a, b.min(from)), (a.max(to), b)])
            .filter(|(a, b)| a < b)
            .collect()
    })
}

/// Planned work on the whole machine in a run.
pub(super) fn maintenance(window: Option<&SiteWindow>, until: Seconds) -> Vec<Span> {
    window.map_or_else(Vec::new, |w| spans(w, until))
}

/// Keeps the whole machine free in these spans.
pub(super) fn close(site: &mut Site, spans: &[Span]) {
    let nodes = site.layout.nodes;
    site.reservations.extend(spans.iter().map(|&(start, end)| Reservation {
        start,
        end,
        first_node: 0,
        nodes,
    }));
}

/// A day: what a campaign runs at a time where the machine is maintained in between.
const PART: Seconds = 86_400;

/// Cuts campaigns into jobs of a day, each of which waits for the one before, as operators do so that planned work need not wait for the end of
/// a campaign, nor a campaign for a gap of months. A part may take a quarter longer than planned.
pub(super) fn chain(jobs: Vec<Job>) -> (Vec<Job>, Vec<Need>) {
    let (mut out, mut needs) = (Vec::with_capacity(jobs.len()), Vec::new());
    for job in jobs {
        if job.class != JobClass::Campaign || job.runtime <= PART {
            out.push(job);
            continue;
        }
        let mut left = job.runtime;
        while left > 0 {
            let runtime = left.min(PART);
            if left < job.runtime {
                let now = out.len() as u32;
                needs.push(Need { job: now, on: now - 1, when: When::Ok });
            }
            out.push(Job { runtime, limit: runtime + runtime / 4 + 60, ..job });
            left -= runtime;
        }
    }
    out.iter_mut().zip(1..).for_each(|(j, n)| j.id = n);
    (out, needs)
}

/// Sets nodes aside for tenants: the site keeps them free in their spans, and each tenant's stand beside it, for jobs of `site` 0.
pub(super) fn set_aside(
    site: &mut Site,
    list: &[SiteReservation],
    planned: &[Span],
    until: Seconds,
) -> Result<Vec<Member>, Fault> {
    let layout = site.layout;
    let mut last = layout.nodes;
    let mut members = Vec::new();
    for r in list {
        let nodes = (r.accelerators / f64::from(layout.gpus_per_node)).ceil().max(1.0) as u32;
        if nodes > last {
            return Err(not_understood(
                "G665",
                &format!(
                    "the reservations of tenants need more than the {} nodes of the site, that of {} among them",
                    layout.nodes, r.tenant
                ),
                "reserve fewer accelerators",
            ));
        }
        last -= nodes;
        let open = without(spans(&r.window, until), planned);
        site.reservations.extend(open.iter().map(|&(start, end)| Reservation {
            start,
            end,
            first_node: last,
            nodes,
        }));
        members.push((r.tenant.clone(), (last, nodes), leaves_of(&site.shares, &r.tenant), open));
    }
    let one = |(name, (first_node, nodes), tenants, open): (String, (u32, u32), Vec<u32>, Vec<Span>)| {
        let own = Site {
            shares: site.shares.clone(),
            qos: site.qos.clone(),
            ..Site::new(Layout { nodes, nodes_per_leaf: layout.nodes_per_leaf.min(nodes), ..layout })
        };
        Member::apart(&name, own, Apart { of: 0, first_node, tenants, open })
    };
    Ok(members.into_iter().map(one).collect())
}

fn leaves_of(shares: &ShareTree, name: &str) -> Vec<u32> {
    let accounts = shares.accounts();
    let below = |leaf: u32| {
        let mut at = Some(leaf);
        while let Some(i) = at {
            if accounts[i as usize].name == name {
                return true;
            }
            at = accounts[i as usize].parent;
        }
        false
    };
    shares.leaves().iter().copied().filter(|l| below(*l)).collect()
}

/// Accelerator-hours of maintenance in a run that ended at `end`, outages left out.
pub(super) fn hours(spans: &[Span], outages: &[Span], gpus: i64, end: Seconds) -> f64 {
    let within: Vec<Span> =
        spans.iter().map(|&(a, b)| (a.min(end), b.min(end))).filter(|(a, b)| a < b).collect();
    let seconds: Seconds = without(within, outages).iter().map(|(a, b)| b - a).sum();
    (seconds * gpus) as f64 / 3_600.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use gigatwin_quantity::Time;

    #[test]
    fn a_campaign_becomes_a_chain_of_days() {
        let campaign = Job { class: JobClass::Campaign, ..Job::nodes(1, 5, 200_000, 400_000, 4) };
        let (jobs, needs) = chain(vec![Job::nodes(0, 0, 9, 9, 1), campaign, Job::nodes(2, 9, 9, 9, 1)]);
        assert_eq!(jobs.iter().map(|j| j.runtime).collect::<Vec<_>>(), [9, 86_400, 86_400, 27_200, 9]);
        assert_eq!(needs.iter().map(|n| (n.job, n.on)).collect::<Vec<_>>(), [(2, 1), (3, 2)]);
        assert!(jobs.is_sorted_by_key(|j| j.submit));
    }

    #[test]
    fn windows_come_again_and_are_cut_out() {
        let w = SiteWindow {
            length: Time::from_s(10.0),
            every: Some(Time::from_s(100.0)),
            first: Time::from_s(50.0),
        };
        assert_eq!(spans(&w, 260), [(50, 60), (150, 160), (250, 260)]);
        assert_eq!(spans(&SiteWindow { every: None, ..w }, 260), [(50, 60)]);
        assert_eq!(without(vec![(0, 100)], &[(20, 30), (90, 200)]), [(0, 20), (30, 90)]);
        // The last window is half in the run, and the second falls into an outage.
        let all = [(50, 60), (150, 160), (250, 260)];
        assert_eq!(hours(&all, &[(140, 200)], 720, 255), 720.0 * 15.0 / 3_600.0);
    }
}

//! Several sites in one run: jobs are routed as they are submitted, wait and run with the other jobs of the site they went to, and go
//! elsewhere when it stands still.

mod drive;
mod route;

use std::borrow::Cow;

use crate::engine::SimulationError;
use crate::job::{Job, JobRecord, JobState, Seconds, Size};
use crate::links::Links;
use crate::outcome::Outcome;
use crate::site::{Settings, Site};

pub use route::{Routing, Rules};

/// One site of a federation.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Name in reports.
    pub name: String,
    /// The machine and its rules. Tenants and qualities of service are numbered alike at all sites.
    pub site: Site,
    /// Speed of one accelerator, on a scale common to all sites: work takes as much longer elsewhere as this is smaller.
    pub speed: f64,
    /// Cost of an accelerator-hour, on a scale common to all sites.
    pub price: f64,
    /// Emissions of an accelerator-hour, likewise.
    pub carbon: f64,
    /// Spans in which the whole site stands still unforeseen: running jobs are stopped, nothing starts.
    pub outages: Vec<(Seconds, Seconds)>,
    /// Nodes set aside for one tenant of another site, instead of a site of its own.
    pub apart: Option<Apart>,
}

/// Nodes of a site that one tenant has to itself in some spans. The other nodes' site keeps a [`crate::Reservation`] on them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Apart {
    /// Position of the site they belong to.
    pub of: usize,
    /// The first of them there.
    pub first_node: u32,
    /// Whose jobs may go there: those submitted within a span whose limit ends within it.
    pub tenants: Vec<u32>,
    /// Spans, in order, that do not touch.
    pub open: Vec<(Seconds, Seconds)>,
}

impl Member {
    /// A site by itself.
    pub fn new(name: &str, site: Site) -> Self {
        Self {
            name: name.into(),
            site,
            speed: 1.0,
            price: 1.0,
            carbon: 1.0,
            outages: Vec::new(),
            apart: None,
        }
    }

    /// A part of a site's nodes that a tenant has to itself in these spans: no job reaches out of them.
    pub fn apart(name: &str, mut site: Site, apart: Apart) -> Self {
        let nodes = site.layout.nodes;
        let mut from = Seconds::MIN / 4;
        site.reservations.clear();
        for &(open, close) in apart.open.iter().chain([&(Seconds::MAX / 4, 0)]) {
            site.reservations.push(crate::Reservation { start: from, end: open, first_node: 0, nodes });
            from = close;
        }
        Self { apart: Some(apart), ..Self::new(name, site) }
    }
}

/// What went from one site to another.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Flow {
    /// Home of the jobs.
    pub from: usize,
    /// Where they went.
    pub to: usize,
    /// Jobs that ended, run or wait there.
    pub jobs: usize,
    /// Of those, done.
    pub completed: usize,
    /// Accelerator-seconds held there.
    pub held: i64,
    /// The same work in accelerator-seconds of their home.
    pub work: f64,
    /// Seconds of transfer, summed.
    pub transfer: i64,
}

/// A run of several sites.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Federated {
    /// What happened to each job over all sites, by position.
    pub jobs: Vec<JobRecord>,
    /// The site at which each ended, runs or waits.
    pub ran_at: Vec<u16>,
    /// By site. Their `jobs` hold what happened there alone, by the same positions.
    pub sites: Vec<Outcome>,
    /// Every pair of sites between which jobs were, home to itself included; in order of home and goal.
    pub flows: Vec<Flow>,
}

/// Runs a workload over several sites. `homes` says by position of the job at which site it is submitted; sizes, run times and limits are
/// as at its home. With one site, no outage and no links, the outcome is that of [`crate::simulate`] to the byte.
///
/// Elsewhere a job takes as many accelerators as at home, in whole nodes of that site, and run time and limit change with the speed of one.
/// A job is moved when it is submitted, when a job that it waited for ends, and when its site goes out; never otherwise.
///
/// # Errors
/// As [`crate::simulate`], each job against its home; a home that does not exist; a speed that is no number above zero.
pub fn federate(
    members: &[Member],
    jobs: &[Job],
    homes: &[u16],
    links: &Links,
    rules: &Rules,
    settings: &Settings,
) -> Result<Federated, Vec<SimulationError>> {
    check(members, jobs, homes, settings)?;
    let converted: Vec<Cow<'_, [Job]>> =
        (0..members.len()).map(|s| at_site(members, jobs, homes, s)).collect();
    let each: Vec<Settings> = (0..members.len())
        .map(|s| Settings { seed: settings.seed.wrapping_add(s as u64), ..*settings })
        .collect();
    let driven = drive::Drive::new(members, jobs, homes, &converted, &each, links, rules, settings).run();
    Ok(driven)
}

impl Federated {
    /// All sites as one: what each job did over them, what they held together, their time series added up.
    pub fn together(&self) -> Outcome {
        let mut sites = self.sites.iter();
        let mut all = sites.next().cloned().unwrap_or_default();
        for part in sites {
            all.busy.iter_mut().zip(&part.busy).for_each(|(a, b)| *a += b);
            all.spread.iter_mut().zip(&part.spread).for_each(|(a, b)| *a += b);
            for (a, b) in all.series.iter_mut().zip(&part.series) {
                a.busy.iter_mut().zip(&b.busy).for_each(|(a, b)| *a += b);
                a.down += b.down;
                a.queued += b.queued;
                a.queued_gpus += b.queued_gpus;
                a.running += b.running;
            }
            all.incidents.extend(part.incidents.iter().copied());
            all.down += part.down;
            all.idle_waiting += part.idle_waiting;
            all.cap_stops += part.cap_stops;
            all.counts.moments = all.counts.moments.max(part.counts.moments);
            all.counts.passes += part.counts.passes;
            all.counts.reservations += part.counts.reservations;
            all.counts.starts += part.counts.starts;
        }
        all.incidents.sort_by_key(|i| (i.at, i.node));
        all.jobs.clone_from(&self.jobs);
        all
    }

    /// A site with the nodes that its tenants have to themselves counted in: what it held, its time series, its jobs.
    pub fn whole(&self, site: usize, members: &[Member]) -> Outcome {
        let mut all = self.sites.get(site).cloned().unwrap_or_default();
        for (part, apart) in self.sites.iter().zip(members).filter_map(|(o, m)| Some((o, m.apart.as_ref()?)))
        {
            if apart.of != site {
                continue;
            }
            all.busy.iter_mut().zip(&part.busy).for_each(|(a, b)| *a += b);
            for (a, b) in all.series.iter_mut().zip(&part.series) {
                a.busy.iter_mut().zip(&b.busy).for_each(|(a, b)| *a += b);
                a.queued += b.queued;
                a.queued_gpus += b.queued_gpus;
                a.running += b.running;
            }
            all.holdings.extend(part.holdings.iter().map(|h| crate::Holding {
                nodes: h.nodes.iter().map(|n| n + apart.first_node).collect(),
                ..h.clone()
            }));
            for (a, b) in all.jobs.iter_mut().zip(&part.jobs).filter(|(_, b)| b.start >= 0) {
                let (held, lost, start) = (a.held + b.held, a.lost + b.lost, a.start);
                let (failures, preemptions) = (a.failures + b.failures, a.preemptions + b.preemptions);
                if a.end < 0 {
                    *a = crate::JobRecord { first_node: b.first_node + apart.first_node, ..*b };
                }
                (a.held, a.lost, a.failures, a.preemptions) = (held, lost, failures, preemptions);
                if start >= 0 {
                    a.start = start.min(b.start);
                }
            }
        }
        all.holdings.sort_by_key(|h| (h.to, h.from, h.job));
        all
    }
}

/// Runs a workload with dependencies and arrays at one site.
///
/// # Errors
/// As [`crate::simulate`].
pub fn simulate_linked(
    site: &Site,
    jobs: &[Job],
    links: &Links,
    settings: &Settings,
) -> Result<Outcome, Vec<SimulationError>> {
    if links.is_empty() {
        return crate::simulate(site, jobs, settings);
    }
    let (members, homes) = ([Member::new("", site.clone())], vec![0; jobs.len()]);
    check(&members, jobs, &homes, settings)?;
    let (seen, each, rules) = ([Cow::Borrowed(jobs)], [*settings], Rules::default());
    Ok(drive::Drive::new(&members, jobs, &homes, &seen, &each, links, &rules, settings).run_alone())
}

fn check(
    members: &[Member],
    jobs: &[Job],
    homes: &[u16],
    settings: &Settings,
) -> Result<(), Vec<SimulationError>> {
    let mut faults = Vec::new();
    if members.is_empty() {
        faults.push(SimulationError::Empty("sites"));
    }
    if members.iter().filter_map(|m| m.apart.as_ref()).any(|a| a.of >= members.len()) {
        faults.push(SimulationError::Setting("the position of the site whose nodes are set aside"));
    }
    if members.iter().any(|m| !(m.speed.is_finite() && m.speed > 0.0)) {
        faults.push(SimulationError::Setting("the speed of a site"));
    }
    let home = |i: usize| homes.get(i).map(|h| *h as usize);
    for (i, job) in jobs.iter().enumerate() {
        if home(i).is_none_or(|h| h >= members.len()) {
            let value = home(i).unwrap_or(members.len()) as u32;
            faults.push(SimulationError::Unknown { id: job.id, what: "site", value });
        }
    }
    if jobs.windows(2).any(|w| w[1].submit < w[0].submit) {
        let late = jobs.windows(2).find(|w| w[1].submit < w[0].submit);
        faults.extend(late.map(|w| SimulationError::Order { id: w[1].id }));
    }
    for (s, member) in members.iter().enumerate() {
        let own: Vec<Job> =
            jobs.iter().enumerate().filter(|(i, _)| home(*i) == Some(s)).map(|(_, j)| *j).collect();
        if let Err(list) = crate::engine::check(&member.site, &own, settings) {
            faults.extend(list);
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

/// Speed of a site's accelerators; a tenant's own nodes are as fast as the site they belong to.
fn speed(members: &[Member], site: usize) -> f64 {
    members[site].apart.as_ref().and_then(|a| members.get(a.of)).unwrap_or(&members[site]).speed
}

/// The workload as a site sees it.
fn at_site<'a>(members: &[Member], jobs: &'a [Job], homes: &[u16], site: usize) -> Cow<'a, [Job]> {
    if members.len() == 1 {
        return Cow::Borrowed(jobs);
    }
    let convert = |(job, home): (&Job, &u16)| {
        let home = *home as usize;
        if home == site {
            return *job;
        }
        let ratio = speed(members, home) / speed(members, site);
        let stretched = |t: Seconds| if ratio == 1.0 { t } else { (t as f64 * ratio).ceil() as Seconds };
        let gpus = match job.size {
            Size::Gpus(g) => g,
            Size::Nodes(n) => n.saturating_mul(members[home].site.layout.gpus_per_node),
        };
        Job {
            size: Size::Gpus(gpus),
            runtime: stretched(job.runtime),
            limit: stretched(job.limit).max(1),
            checkpoint: if job.checkpoint == 0 {
                0
            } else {
                (f64::from(job.checkpoint) * ratio).round().max(1.0) as u32
            },
            ..*job
        }
    };
    Cow::Owned(jobs.iter().zip(homes).map(convert).collect())
}

/// What happened to a job over all sites: where it was last says how it stands, the rest adds up.
fn merge(sites: &[Outcome], job: usize, last: usize, eligible: Seconds) -> JobRecord {
    let mut all = sites[last].jobs[job];
    for (s, outcome) in sites.iter().enumerate().filter(|(s, _)| *s != last) {
        let r = &outcome.jobs[job];
        debug_assert!(r.state == JobState::Queued, "{job} ended at {s} and went on");
        if r.start >= 0 && (all.start < 0 || r.start < all.start) {
            all.start = r.start;
        }
        all.held += r.held;
        all.lost += r.lost;
        all.failures = all.failures.saturating_add(r.failures);
        all.preemptions = all.preemptions.saturating_add(r.preemptions);
    }
    all.eligible = eligible;
    all
}

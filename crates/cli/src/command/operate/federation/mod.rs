//! Several sites in one run: who takes over what.

mod build;
mod others;
mod report;

use gigatwin_factory::{SiteRates, site_rates};
use gigatwin_operations::{
    Federated, Job, JobRecord, JobState, Links, Member, Outcome, Recorded, Routing, Rules, Seconds, federate,
    simulate_linked,
};

use super::setting::{Setting, not_understood};
use crate::args::operate::Operate;
use crate::context::Context;
use crate::exit::Fault;

/// Where a workload runs.
pub(super) enum Sites {
    /// At this site alone.
    One,
    /// At several, or at one that stands still for a time or sets nodes aside.
    Several(Box<Several>),
}

/// Several sites with the jobs of the others' own users.
pub(super) struct Several {
    members: Vec<Member>,
    theirs: Vec<(Job, u16)>,
    rules: Rules,
    routing: &'static str,
    rates: Vec<Option<SiteRates>>,
}

/// A run of several sites.
pub(super) struct Federation {
    members: Vec<Member>,
    homes: Vec<u16>,
    /// As asked for.
    jobs: Vec<Job>,
    run: Federated,
    routing: &'static str,
    /// Speed, price and carbon by site, as stated.
    rates: Vec<Option<SiteRates>>,
}

/// What happened at this site.
pub(super) struct Here {
    pub outcome: Outcome,
    /// The jobs that were here, in the order of the outcome; `None` where they are all of the setting's.
    pub kept: Option<Kept>,
    pub federation: Option<Federation>,
}

/// Jobs that were at this site.
pub(super) struct Kept {
    /// As asked for.
    pub jobs: Vec<Job>,
    /// As they entered the queue, where some are put off.
    pub released: Option<Vec<Job>>,
    pub recorded: Option<Vec<Recorded>>,
    /// Links among them.
    pub links: Links,
}

/// The sites that the options or the file name; `None` where a file of another site has faults.
pub(super) fn read(context: &Context, args: &Operate, setting: &mut Setting) -> Result<Option<Sites>, Fault> {
    let facts = setting.facts.take();
    let (mut sites, mut routing) = (args.federate.clone(), args.routing.clone());
    if let Some((listed, word)) = facts.as_ref().and_then(|f| f.federation.clone())
        && sites.is_empty()
    {
        sites = listed.into_iter().map(Into::into).collect();
        routing = routing.or(Some(word));
    }
    let aparts = std::mem::take(&mut setting.aparts);
    let mut beside = Vec::new();
    if !sites.is_empty() {
        let Some(list) = others::read(context, args, &sites)? else { return Ok(None) };
        beside = list;
    }
    others::check_speeds(args, &beside)?;
    if sites.is_empty() && setting.outages.is_empty() && aparts.is_empty() {
        return Ok(Some(Sites::One));
    }
    let home_rates = match &facts {
        Some(f) if !beside.is_empty() => {
            let catalog = context.catalog()?;
            Some(site_rates(&catalog, &f.accelerator, &f.country).map_err(|e| others::unusable(&e))?)
        }
        _ => None,
    };
    let word = routing.unwrap_or_else(|| "wait".to_owned());
    let &(name, routing) = Routing::ALL.iter().find(|r| r.0 == word).unwrap_or(&Routing::ALL[1]);
    let build::Built { mut members, theirs, rates } =
        build::build(context, args, setting, facts.as_ref(), home_rates, beside)?;
    let speed = members.first().map_or(1.0, |m| m.speed);
    members.extend(aparts.into_iter().map(|m| Member { speed, ..m }));
    let rules = Rules {
        routing,
        patience: (args.patience * 3_600.0) as Seconds,
        leaves: leaves(args, setting)?,
        transfer: args.dataset * 8.0 / args.link,
        one_account: false,
    };
    Ok(Some(Sites::Several(Box::new(Several { members, theirs, rules, routing: name, rates }))))
}

/// By quality of service: may its jobs leave their home?
fn leaves(args: &Operate, setting: &Setting) -> Result<Vec<bool>, Fault> {
    let mut leaves: Vec<bool> = vec![true; setting.site.qos.len()];
    if let Some(access) = &setting.access {
        leaves.iter_mut().zip(&access.classes).for_each(|(l, c)| *l = c.leaves);
    }
    for stay in &args.stay {
        let Some(i) = setting.site.qos.iter().position(|q| q.name == *stay) else {
            let known: Vec<&str> = setting.site.qos.iter().map(|q| q.name.as_str()).collect();
            let message = format!("--stay {stay} is no class of this workload");
            return Err(not_understood("G580", &message, &format!("there are {}", known.join(", "))));
        };
        leaves[i] = false;
    }
    Ok(leaves)
}

impl Sites {
    /// Runs the workload of the setting, put off where it is.
    pub fn run(&self, setting: &Setting) -> Result<Here, Fault> {
        match self {
            Self::One => {
                let released = setting.released.as_ref().unwrap_or(&setting.jobs);
                let outcome = simulate_linked(&setting.site, released, &setting.links, &setting.settings)
                    .map_err(|f| super::faults(&f))?;
                Ok(Here { outcome, kept: None, federation: None })
            }
            Self::Several(several) => several.run(setting),
        }
    }
}

impl Several {
    fn run(&self, setting: &Setting) -> Result<Here, Fault> {
        // Jobs wait for cheap hours where they are submitted, and are sent on when they enter the queue. The others' prices have no hours.
        let entered = setting.released.as_ref().unwrap_or(&setting.jobs);
        let mut all: Vec<(Job, Job, u16)> =
            setting.jobs.iter().zip(entered).map(|(asked, enters)| (*asked, *enters, 0)).collect();
        all.extend(self.theirs.iter().map(|&(job, home)| (job, job, home)));
        // A stable sort: jobs of one second stay in the order of the sites.
        all.sort_by_key(|(_, enters, _)| enters.submit);
        let homes: Vec<u16> = all.iter().map(|a| a.2).collect();
        let (asked, entered): (Vec<Job>, Vec<Job>) = all.into_iter().map(|a| (a.0, a.1)).unzip();
        // Only this site's jobs are linked, and they stand first in no order: their positions are looked up.
        let links = if self.members.len() == 1 || setting.links.is_empty() {
            setting.links.clone()
        } else {
            let at: Vec<u32> = (0u32..).zip(&homes).filter(|(_, h)| **h == 0).map(|(i, _)| i).collect();
            setting.links.moved(asked.len(), &at)
        };
        self.federate(setting, asked, &entered, homes, &links)
    }

    fn federate(
        &self,
        setting: &Setting,
        asked: Vec<Job>,
        entered: &[Job],
        homes: Vec<u16>,
        links: &Links,
    ) -> Result<Here, Fault> {
        let run = federate(&self.members, entered, &homes, links, &self.rules, &setting.settings)
            .map_err(|f| super::faults(&f))?;
        // This site, its tenants' own nodes counted in: its jobs are those that ran or wait here.
        let mut outcome = run.whole(0, &self.members);
        let at_home = |s: u16| s == 0 || self.members[s as usize].apart.is_some();
        let is_here = |j: &usize| at_home(run.ran_at[*j]) || outcome.jobs[*j].held > 0;
        let mask: Vec<bool> = (0..asked.len()).map(|j| is_here(&j)).collect();
        let kept: Vec<usize> = (0..asked.len()).filter(|j| mask[*j]).collect();
        let record = |j: usize| {
            let all = run.jobs[j];
            // One that was cancelled never ran anywhere.
            let mine = if all.state == JobState::Cancelled { all } else { outcome.jobs[j] };
            JobRecord { eligible: all.eligible, ..mine }
        };
        let records = kept.iter().map(|j| record(*j)).collect();
        outcome.jobs = records;
        // Where nothing came or went, what a trace says of real starts still stands beside the jobs.
        let same = kept.len() == setting.jobs.len() && asked.len() == setting.jobs.len();
        let of = |jobs: &[Job]| kept.iter().map(|j| jobs[*j]).collect::<Vec<Job>>();
        Ok(Here {
            outcome,
            kept: Some(Kept {
                jobs: of(&asked),
                released: setting.released.is_some().then(|| of(entered)),
                recorded: setting.recorded.clone().filter(|_| same),
                links: links.kept(&mask).0,
            }),
            federation: Some(Federation {
                members: self.members.clone(),
                homes,
                jobs: asked,
                run,
                routing: self.routing,
                rates: self.rates.clone(),
            }),
        })
    }
}

//! Several sites in one run: who takes over what.

use std::path::Path;

use gigatwin_factory::{SiteOperations, SiteRates, class_streams, network_site, site_operations, site_rates};
use gigatwin_operations::report::Waits;
use gigatwin_operations::{
    Account, FailureModel, Federated, Job, JobRecord, JobState, Layout, Member, Mix, Outcome, Routing, Rules,
    Seconds, ShareTree, Site, federate, generate,
};
use serde_json::{Value, json};

use super::page::{percent, right, span, waits, words};
use super::setting::{Setting, not_understood};
use crate::args::operate::Operate;
use crate::context::Context;
use crate::exit::Fault;
use crate::layout::table;

/// Part of a network site's machine that its own users ask for, where no file says otherwise.
const OWN_LOAD: f64 = 0.8;
/// The Union's part of a network site, and so of guests, where the catalog has none.
const GUESTS: f64 = 0.5;

/// A run of several sites, or of one that stands still for a time or sets nodes aside.
pub(super) struct Federation {
    members: Vec<Member>,
    homes: Vec<u16>,
    jobs: Vec<Job>,
    run: Federated,
    routing: &'static str,
    /// Speed, price and carbon by site, as stated.
    rates: Vec<Option<SiteRates>>,
}

/// A site beside this one.
struct Other {
    name: String,
    /// As it was asked for.
    given: std::path::PathBuf,
    layout: Layout,
    rates: SiteRates,
    guests: f64,
    load: f64,
}

/// Runs the setting; `None` where a file of another site has faults. The setting keeps the jobs that were at this site.
pub(super) fn run(
    context: &Context,
    args: &Operate,
    setting: &mut Setting,
) -> Result<Option<(Outcome, Option<Federation>)>, Fault> {
    let facts = setting.facts.take();
    let (mut sites, mut routing) = (args.federate.clone(), args.routing.clone());
    if let Some((listed, word)) = facts.as_ref().and_then(|f| f.federation.clone())
        && sites.is_empty()
    {
        sites = listed.into_iter().map(Into::into).collect();
        routing = routing.or(Some(word));
    }
    let aparts = std::mem::take(&mut setting.aparts);
    let mut others = Vec::new();
    if !sites.is_empty() {
        let Some(list) = read(context, args, &sites)? else { return Ok(None) };
        others = list;
    }
    check_speeds(args, &others)?;
    let failed = |faults: Vec<gigatwin_operations::SimulationError>| super::faults(&faults);
    if sites.is_empty() && setting.outages.is_empty() && aparts.is_empty() {
        let outcome = gigatwin_operations::simulate_linked(
            &setting.site,
            setting.released.as_ref().unwrap_or(&setting.jobs),
            &setting.links,
            &setting.settings,
        );
        return Ok(Some((outcome.map_err(failed)?, None)));
    }
    let home_rates = match &facts {
        Some(f) if !others.is_empty() => {
            let catalog = context.catalog()?;
            Some(site_rates(&catalog, &f.accelerator, &f.country).map_err(|e| unusable(&e))?)
        }
        _ => None,
    };
    let word = routing.unwrap_or_else(|| "wait".to_owned());
    let &(name, routing) = Routing::ALL.iter().find(|r| r.0 == word).unwrap_or(&Routing::ALL[1]);
    let built = build(context, args, setting, facts.as_ref(), home_rates, others)?;
    let (mut members, jobs, homes, rates) = built;
    let speed = members.first().map_or(1.0, |m| m.speed);
    members.extend(aparts.into_iter().map(|m| Member { speed, ..m }));
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
    let rules = Rules {
        routing,
        patience: (args.patience * 3_600.0) as Seconds,
        leaves,
        transfer: args.dataset * 8.0 / args.link,
    };
    // Only this site's jobs are linked, and they stand first in no order: their positions are looked up.
    let links = if members.len() == 1 || setting.links.is_empty() {
        std::mem::take(&mut setting.links)
    } else {
        let at: Vec<u32> = (0u32..).zip(&homes).filter(|(_, h)| **h == 0).map(|(i, _)| i).collect();
        setting.links.moved(jobs.len(), &at)
    };
    let run = federate(&members, &jobs, &homes, &links, &rules, &setting.settings).map_err(failed)?;
    let outcome = here(setting, &run, &members, &jobs);
    Ok(Some((outcome, Some(Federation { members, homes, jobs, run, routing: name, rates }))))
}

fn unusable(reason: &str) -> Fault {
    not_understood("G664", reason, "give a factory file in its place: --federate site.toml")
}

/// A speed is stated for a site that runs along.
fn check_speeds(args: &Operate, others: &[Other]) -> Result<(), Fault> {
    let knows = |name: &str| others.iter().any(|o| o.name == name || o.given == Path::new(name));
    let unknown: Vec<&str> =
        args.speed.iter().filter_map(|s| s.split_once('=')).map(|s| s.0).filter(|n| !knows(n)).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let message = format!("--speed of {}, which is no site of this run", unknown.join(", "));
    let known: Vec<&str> = others.iter().map(|o| o.name.as_str()).collect();
    let hint = if known.is_empty() {
        "name other sites with --federate".to_owned()
    } else {
        format!("there are {}", known.join(", "))
    };
    Err(not_understood("G580", &message, &hint))
}

/// Reads the other sites: factory files, or ids of the catalog.
fn read(
    context: &Context,
    args: &Operate,
    sites: &[std::path::PathBuf],
) -> Result<Option<Vec<Other>>, Fault> {
    let catalog = context.catalog()?;
    let mut others: Vec<Other> = Vec::new();
    for site in sites {
        let is_file = site.extension().is_some_and(|e| e == "toml");
        let mut other = if is_file {
            let Some(usable) = context.usable(site, &catalog)? else { return Ok(None) };
            let facts = site_operations(&usable.factory).map_err(|e| unusable(&e))?;
            Other {
                rates: site_rates(&catalog, &facts.accelerator, &facts.country).map_err(|e| unusable(&e))?,
                name: facts.name,
                given: site.clone(),
                layout: facts.layout,
                guests: GUESTS,
                load: facts.utilisation.fraction(),
            }
        } else {
            let known = network_site(&catalog, &site.display().to_string()).map_err(|e| unusable(&e))?;
            Other {
                name: known.name,
                given: site.clone(),
                layout: known.layout,
                rates: known.rates,
                guests: known.union_share.map_or(GUESTS, |s| s.fraction()),
                load: OWN_LOAD,
            }
        };
        if others.iter().any(|o| o.name == other.name) {
            return Err(unusable(&format!("{} is named twice", other.name)));
        }
        if let Some(load) = args.network_load {
            other.load = load;
        }
        others.push(other);
    }
    Ok(Some(others))
}

/// Members, jobs of all in order of submission, and their homes.
type Built = (Vec<Member>, Vec<Job>, Vec<u16>, Vec<Option<SiteRates>>);

fn build(
    context: &Context,
    args: &Operate,
    setting: &mut Setting,
    facts: Option<&SiteOperations>,
    home_rates: Option<SiteRates>,
    others: Vec<Other>,
) -> Result<Built, Fault> {
    let own = setting.site.shares.accounts().to_vec();
    let top: f64 = own.iter().filter(|a| a.parent.is_none()).map(|a| a.shares).sum();
    // One more account for the users of each other site; at home they are guests without a share, who come last.
    let shares_at = |at: usize| -> Result<ShareTree, Fault> {
        let mut list = own.clone();
        let guests = if at == 0 { 1.0 } else { others[at - 1].guests.clamp(0.01, 0.99) };
        list.iter_mut().filter(|a| a.parent.is_none()).for_each(|a| a.shares *= guests / top.max(1e-12));
        list.extend(others.iter().enumerate().map(|(i, o)| Account {
            name: format!("users of {}", o.name),
            parent: None,
            shares: if i + 1 == at { 1.0 - guests } else { 0.0 },
        }));
        super::setting::tree(list)
    };
    if !others.is_empty() {
        setting.site.shares = shares_at(0)?;
    }
    let mut rates = vec![home_rates];
    let mut members =
        vec![Member { outages: setting.outages.clone(), ..Member::new(&setting.name, setting.site.clone()) }];
    let mut all: Vec<(Job, u16)> = setting.jobs.iter().map(|j| (*j, 0)).collect();
    let hour = |r: &SiteRates| (r.watts * r.eur_per_mwh / 1e6, r.watts * r.grams_per_kwh / 1e6);
    if let Some(r) = &home_rates {
        (members[0].speed, members[0].price, members[0].carbon) = (r.peak, hour(r).0, hour(r).1);
    }
    for (i, o) in others.iter().enumerate() {
        let mut site =
            Site { shares: shares_at(i + 1)?, qos: setting.site.qos.clone(), ..Site::new(o.layout) };
        if let (Some(f), false) = (facts, args.no_failures) {
            let per_node = f64::from(o.layout.gpus_per_node) / f64::from(f.layout.gpus_per_node);
            site.failures = Some(FailureModel {
                per_job_day: args.job_failures,
                ..FailureModel::like_llama3(
                    f.node_failure.per_s() * 86_400.0 * per_node,
                    (f.repair.s().round() as Seconds).max(60),
                )
            });
        }
        let tenant = (own.len() + i) as u32;
        let jobs = own_jobs(context, setting, facts, o, tenant, i as u64 + 1)?;
        all.extend(jobs.into_iter().map(|j| (j, i as u16 + 1)));
        let stated = args.speed.iter().find_map(|s| {
            let (name, ratio) = s.split_once('=')?;
            (name == o.name || Path::new(name) == o.given).then(|| ratio.parse::<f64>().ok()).flatten()
        });
        let speed = stated.map_or(o.rates.peak, |ratio| ratio * members[0].speed);
        let (price, carbon) = hour(&o.rates);
        members.push(Member { speed, price, carbon, ..Member::new(&o.name, site) });
        rates.push(Some(o.rates));
    }
    // A stable sort: jobs of one second stay in the order of the sites.
    all.sort_by_key(|(j, _)| j.submit);
    let (jobs, homes) = all.into_iter().unzip();
    Ok((members, jobs, homes, rates))
}

/// What a network site's own users ask for, drawn from the same classes.
fn own_jobs(
    context: &Context,
    setting: &Setting,
    facts: Option<&SiteOperations>,
    other: &Other,
    tenant: u32,
    number: u64,
) -> Result<Vec<Job>, Fault> {
    let Some(facts) = facts else { return Ok(Vec::new()) };
    let weight = |c: &gigatwin_programme::access::AccessClass| c.demand.map_or(0.0, |d| d.weight);
    let whole: f64 = facts.classes.iter().map(weight).sum();
    let promises: Vec<Vec<(u32, f64)>> =
        facts.classes.iter().map(|c| vec![(tenant, weight(c) / whole.max(1e-12))]).collect();
    let mut streams = class_streams(&facts.classes, &promises, &other.layout, other.load, setting.span);
    if setting.access.is_none() {
        streams.iter_mut().for_each(|s| s.qos = 0);
    }
    let mix = Mix { streams, ..Mix::default() };
    generate(&mix, &other.layout, setting.span, context.seed.wrapping_add(1_000 * number)).map_err(|faults| {
        let list: Vec<String> = faults.iter().map(ToString::to_string).collect();
        not_understood("G664", &list.join("; "), "see the options of operate")
    })
}

/// What happened at this site, its tenants' own nodes counted in: its jobs are those that ran or wait here.
fn here(setting: &mut Setting, run: &Federated, members: &[Member], jobs: &[Job]) -> Outcome {
    let mut outcome = run.whole(0, members);
    let at_home = |s: u16| s == 0 || members[s as usize].apart.is_some();
    let is_here = |j: &usize| at_home(run.ran_at[*j]) || outcome.jobs[*j].held > 0;
    let record = |j: usize| {
        let all = run.jobs[j];
        // One that was cancelled never ran anywhere.
        let mine = if all.state == JobState::Cancelled { all } else { outcome.jobs[j] };
        JobRecord { eligible: all.eligible, ..mine }
    };
    let (kept, records): (Vec<Job>, Vec<JobRecord>) =
        (0..jobs.len()).filter(is_here).map(|j| (jobs[j], record(j))).unzip();
    // Where nothing came or went, what a trace says of real starts still stands beside the jobs.
    if kept.len() != setting.jobs.len() || jobs.len() != setting.jobs.len() {
        setting.recorded = None;
    }
    setting.jobs = kept;
    outcome.jobs = records;
    outcome
}

impl Federation {
    fn waits_of(&self, which: impl Fn(usize) -> bool) -> Option<Waits> {
        let list = (0..self.jobs.len()).filter(|j| which(*j));
        Waits::of(list.filter_map(|j| self.run.jobs[j].wait(&self.jobs[j])).collect())
    }

    fn gpus(&self, site: usize) -> i64 {
        self.members[site].site.layout.gpus()
    }

    fn use_of(&self, site: usize) -> f64 {
        let o = &self.run.sites[site];
        o.busy_all() as f64 / (self.gpus(site) * o.end.max(1)) as f64
    }

    /// Sites and flows as tables.
    pub fn text(&self, count: &dyn Fn(usize) -> String) -> String {
        let whole = |x: f64| count(x.max(0.0).round() as usize);
        let mut rows =
            vec![words(&["Site", "accelerators", "speed", "own jobs", "came", "went", "use", "wait", "p90"])];
        for (s, m) in self.members.iter().enumerate() {
            let own = self.homes.iter().filter(|h| **h as usize == s).count();
            let came = self.run.flows.iter().filter(|f| f.to == s && f.from != s).map(|f| f.jobs).sum();
            let went = self.run.flows.iter().filter(|f| f.from == s && f.to != s).map(|f| f.jobs).sum();
            let w = self.waits_of(|j| self.run.ran_at[j] as usize == s);
            let wait = |f: &dyn Fn(Waits) -> f64| w.map_or_else(String::new, |w| span(f(w)));
            let name = if m.apart.is_some() { format!("nodes of {}", m.name) } else { m.name.clone() };
            rows.push(vec![
                name,
                whole(self.gpus(s) as f64),
                format!("{:.2}", m.speed / self.members[0].speed),
                count(own),
                count(came),
                count(went),
                percent(self.use_of(s)),
                wait(&|w| w.mean),
                wait(&|w| w.p90 as f64),
            ]);
        }
        let mut out = table(&right(8), &rows);
        let flows: Vec<_> = self.run.flows.iter().filter(|f| f.from != f.to).collect();
        if !flows.is_empty() {
            let mut rows = vec![words(&[
                "Took over",
                "jobs",
                "done",
                "hours there",
                "worth at home",
                "of home's hours",
            ])];
            for f in flows {
                let home: f64 = self.run.flows.iter().filter(|x| x.from == f.from).map(|x| x.work).sum();
                rows.push(vec![
                    format!("{} for {}", self.members[f.to].name, self.members[f.from].name),
                    count(f.jobs),
                    count(f.completed),
                    whole(f.held as f64 / 3_600.0),
                    whole(f.work / 3_600.0),
                    percent(f.work / home.max(1e-9)),
                ]);
            }
            out.push('\n');
            out.push_str(&table(&right(5), &rows));
        }
        if let Some(w) = self.waits_of(|j| self.homes[j] == 0) {
            let text = format!(
                "\n  {}'s jobs over all sites ({}) wait {}, median {}, p90 {}\n",
                self.members[0].name,
                self.routing,
                span(w.mean),
                span(w.median as f64),
                span(w.p90 as f64)
            );
            out.push_str(&text);
        }
        out
    }

    pub fn json(&self) -> Value {
        let sites: Vec<Value> = self
            .members
            .iter()
            .enumerate()
            .map(|(s, m)| {
                let o = &self.run.sites[s];
                let here = || (0..self.jobs.len()).filter(|j| self.run.ran_at[*j] as usize == s);
                let of = |state: JobState| here().filter(|j| self.run.jobs[*j].state == state).count();
                json!({"site": m.name, "nodes_of_a_tenant": m.apart.is_some(), "accelerators": self.gpus(s),
                    "speed": m.speed / self.members[0].speed,
                    "eur_per_accelerator_hour": self.rates.get(s).copied().flatten().map(|r| r.watts * r.eur_per_mwh / 1e6),
                    "grams_per_accelerator_hour": self.rates.get(s).copied().flatten().map(|r| r.watts * r.grams_per_kwh / 1e3),
                    "jobs": here().count(), "completed": of(JobState::Completed), "waiting": of(JobState::Queued),
                    "hours": o.busy_all() as f64 / 3_600.0, "hours_down": o.down as f64 / 3_600.0,
                    "utilisation": self.use_of(s),
                    "wait_s": waits(self.waits_of(|j| self.run.ran_at[j] as usize == s)),
                    "wait_of_own_jobs_s": waits(self.waits_of(|j| self.homes[j] as usize == s))})
            })
            .collect();
        let flows: Vec<Value> = self
            .run
            .flows
            .iter()
            .map(|f| {
                json!({"from": self.members[f.from].name, "to": self.members[f.to].name, "jobs": f.jobs,
                    "completed": f.completed, "hours": f.held as f64 / 3_600.0, "hours_at_home": f.work / 3_600.0,
                    "transfer_s": f.transfer})
            })
            .collect();
        json!({"routing": self.routing, "sites": sites, "flows": flows})
    }
}

//! A workload drawn by class of access and tenant, and what became of it.

use gigatwin_factory::{SiteOperations, class_limits, class_promises, class_qos, class_streams};
use gigatwin_operations::{
    Account, Cell, Door, Job, JobClass, Layout, Mix, Qos, Seconds, ShareTree, Size, admit, cells, generate,
};
use gigatwin_programme::access::AccessClass;
use serde_json::{Value, json};

use super::page::{percent, right, span, waits, words};
use super::setting::{not_understood, tree};
use super::{Answer, setting};
use crate::args::operate::Operate;
use crate::context::Context;
use crate::exit::Fault;
use crate::layout::table;

/// Hours of a mean Gregorian year.
const YEAR: f64 = 8_766.0;
/// Account of the strategic reserve.
pub(super) const RESERVE: &str = "strategic-reserve";

/// What a workload by class was drawn from.
pub(super) struct Access {
    pub classes: Vec<AccessClass>,
    /// By class: part of all hours that it is promised.
    pub promised: Vec<f64>,
    /// By class and tenant, as [`class_promises`] gives them.
    pub promises: Vec<Vec<(u32, f64)>>,
    pub doors: Vec<Door>,
    /// Accelerator-hours that can be used in the time of the run, where the file tells.
    pub available: Option<f64>,
}

/// A workload and the rules that belong to it.
pub(super) struct Drawn {
    pub shares: ShareTree,
    pub qos: Vec<Qos>,
    pub jobs: Vec<Job>,
    pub access: Option<Access>,
}

/// Draws what each class asks for, beside the file's own services and training runs.
pub(super) fn draw(
    context: &Context,
    args: &Operate,
    facts: &SiteOperations,
    layout: &Layout,
    length: Seconds,
) -> Result<Drawn, Fault> {
    let calls = days(&args.call_reserve, "call-reserve", length)?;
    let classes = facts.classes.clone();
    let mut accounts = facts.accounts.clone();
    let mut users = facts.users.clone();
    let reserve = classes.iter().position(|c| c.called);
    let held = reserve.and_then(|r| classes[r].call_share).map_or(0.0, |s| s.fraction());
    if !calls.is_empty() {
        if reserve.is_none() || held <= 0.0 {
            let hint = "a class of the catalog with `called = true` and a `call_share` is one";
            return Err(not_understood("G580", "no class of access is held in reserve", hint));
        }
        // Held back from all others at the top of the tree.
        let all: f64 = accounts.iter().filter(|a| a.parent.is_none()).map(|a| a.shares).sum();
        accounts.push(Account { name: RESERVE.to_owned(), parent: None, shares: all * held / (1.0 - held) });
        users.push(Some("reserve".to_owned()));
    }
    let shares = tree(accounts)?;
    let is_drawn = |c: &AccessClass| c.demand.is_some() || (c.called && !calls.is_empty());
    let mut qos = class_qos(&classes, is_drawn);
    let top = qos.iter().map(|q| q.rank).max().unwrap_or(0);
    let own = |name: &str, priority, rank, preempts| Qos {
        name: name.to_owned(),
        priority,
        rank,
        preempts,
        ..Qos::default()
    };
    let (campaign, serving) = (qos.len() as u16, qos.len() as u16 + 1);
    qos.push(own("campaign", 0.8, top, false));
    qos.push(own("serving", 1.0, top + 1, true));
    // Services and training runs of the file stand as before; the classes fill what they leave.
    let mut mix = setting::mix(args, facts, layout, &shares, length);
    mix.pools.iter_mut().for_each(|p| p.qos = serving);
    mix.campaigns.iter_mut().for_each(|c| c.qos = campaign);
    let load = args.load.unwrap_or_else(|| facts.utilisation.fraction());
    let promises = class_promises(&classes, &shares, &users);
    mix.streams =
        class_streams(&classes, &promises, layout, (load - asked(&mix, layout, length)).max(0.0), length);
    let drawn = generate(&mix, layout, length, context.seed).map_err(|faults| {
        let list: Vec<String> = faults.iter().map(ToString::to_string).collect();
        not_understood("G589", &list.join("; "), "see the options of operate")
    })?;
    let (mut jobs, doors) = admit(drawn, &class_limits(&classes, layout), layout);
    if let Some(class) = reserve {
        let tenant = shares.find(RESERVE).unwrap_or(0);
        jobs.extend(called(&calls, &classes[class], class as u16, tenant, layout, held));
        jobs.sort_by_key(|j| j.submit);
        jobs.iter_mut().zip(1..).for_each(|(j, n)| j.id = n);
    }
    let promised = promises.iter().map(|p| p.iter().map(|x| x.1).sum()).collect();
    let available = facts.available_hours.map(|h| h * length as f64 / 3_600.0 / YEAR);
    Ok(Drawn { shares, qos, jobs, access: Some(Access { classes, promised, promises, doors, available }) })
}

/// Part of the machine that services and training runs of the file ask for, on average.
fn asked(mix: &Mix, layout: &Layout, length: Seconds) -> f64 {
    let gpus = layout.gpus() as f64;
    let pools = mix.pools.iter().map(|p| f64::from(p.gpus) * f64::from(p.replicas.0 + p.replicas.1) / 2.0);
    let inside = |submit: Seconds, run: Seconds| run.min(length - submit).max(0) as f64 / length as f64;
    let campaigns = mix.campaigns.iter().map(|c| f64::from(c.gpus) * inside(c.submit, c.runtime));
    (pools.sum::<f64>() + campaigns.sum::<f64>()) / gpus
}

/// Spans given as day and days: start and length in seconds.
pub(super) fn days(
    texts: &[String],
    option: &str,
    length: Seconds,
) -> Result<Vec<(Seconds, Seconds)>, Fault> {
    let mut out = Vec::new();
    for text in texts {
        let parts =
            text.split_once(':').and_then(|(a, b)| Some((a.parse::<f64>().ok()?, b.parse::<f64>().ok()?)));
        let seconds = |days: f64| (days * 86_400.0).round() as Seconds;
        match parts {
            Some((day, days)) if day >= 0.0 && days > 0.0 && days <= 366.0 && seconds(day) < length => {
                out.push((seconds(day), seconds(days)));
            }
            _ => {
                return Err(not_understood(
                    "G580",
                    &format!("--{option} {text} is no span that begins within the run"),
                    "write DAY:DAYS, such as 2:1.5 for a day and a half from the third day on",
                ));
            }
        }
    }
    Ok(out)
}

/// The jobs of the calls: eight gangs that hold the reserve's part together, each one job after another within the longest time of the class.
fn called(
    calls: &[(Seconds, Seconds)],
    class: &AccessClass,
    qos: u16,
    tenant: u32,
    layout: &Layout,
    part: f64,
) -> Vec<Job> {
    const GANGS: f64 = 8.0;
    let gpus = ((layout.gpus() as f64 * part / GANGS).round() as u32).max(1);
    let longest = (class.time_limit.s() as Seconds).max(1);
    let mut jobs = Vec::new();
    for &(from, length) in calls {
        let mut at = 0;
        while at < length {
            let run = longest.min(length - at);
            for _ in 0..GANGS as u32 {
                jobs.push(Job {
                    size: Size::Gpus(gpus),
                    tenant,
                    qos,
                    class: JobClass::Batch,
                    checkpoint: 3_600,
                    ..Job::nodes(0, from + at, run, run, 1)
                });
            }
            at += run;
        }
    }
    jobs
}

fn by(a: &Answer, key: impl Fn(&Job) -> (u16, u32)) -> Vec<Cell> {
    let layout = a.setting.site.layout;
    cells(&a.setting.jobs, &a.outcome, |j| layout.units(j.size), key)
}

/// Classes on the page: what was promised, asked and delivered, and how long their jobs waited.
pub(super) fn text(a: &Answer, count: &dyn Fn(usize) -> String) -> String {
    let Some(access) = &a.setting.access else { return String::new() };
    let qos = &a.setting.site.qos;
    let whole: f64 = by(a, |_| (0, 0)).iter().map(|c| c.hours).sum();
    let mut rows = vec![words(&[
        "Access",
        "jobs",
        "refused",
        "wait",
        "median",
        "p90",
        "promised",
        "asked",
        "delivered",
        "hours",
    ])];
    for c in by(a, |j| (j.qos, 0)) {
        let i = c.qos as usize;
        let wait = |f: &dyn Fn(gigatwin_operations::report::Waits) -> f64| {
            c.waits.map_or_else(String::new, |w| span(f(w)))
        };
        let hours =
            |share: Option<f64>| share.map_or_else(String::new, |s| count((s.max(0.0)).round() as usize));
        let promise = access.promised.get(i).copied().filter(|p| *p > 0.0);
        rows.push(vec![
            qos[i].name.clone(),
            count(c.jobs),
            access.doors.get(i).map_or_else(String::new, |d| count(d.refused as usize)),
            wait(&|w| w.mean),
            wait(&|w| w.median as f64),
            wait(&|w| w.p90 as f64),
            hours(promise.zip(access.available).map(|(p, h)| p * h)),
            hours(Some(c.asked)),
            percent(c.hours / whole.max(1e-9)),
            count(c.hours.round() as usize),
        ]);
    }
    table(&right(9), &rows)
}

/// The same for machines, by class and by class and tenant.
pub(super) fn json(a: &Answer) -> Value {
    let Some(access) = &a.setting.access else { return Value::Null };
    let (qos, accounts) = (&a.setting.site.qos, a.setting.site.shares.accounts());
    let one = |c: &Cell, promised: Option<f64>| {
        json!({"class": qos[c.qos as usize].name, "jobs": c.jobs, "started": c.started, "completed": c.completed,
            "wait_s": waits(c.waits), "hours_promised": promised.zip(access.available).map(|(p, h)| p * h),
            "hours_asked": c.asked, "hours": c.hours, "hours_lost": c.lost, "preemptions": c.preemptions})
    };
    let classes: Vec<Value> = by(a, |j| (j.qos, 0))
        .iter()
        .map(|c| {
            let i = c.qos as usize;
            let mut v = one(c, access.promised.get(i).copied().filter(|p| *p > 0.0));
            if let (Some(class), Some(door)) = (access.classes.get(i), access.doors.get(i)) {
                v["projects"] = json!(door.projects);
                v["refused"] = json!(door.refused);
                v["hours_refused"] = json!(door.refused_work as f64 / 3_600.0);
                v["limits"] = json!({"priority": class.priority.fraction(), "job_hours": class.time_limit.s() / 3_600.0,
                    "user_share": class.user_share.map(|s| s.fraction()), "project_hours": class.project_hours,
                    "may_be_stopped": class.requeues, "stops": class.preempts});
            }
            v
        })
        .collect();
    let tenants: Vec<Value> = by(a, |j| (j.qos, j.tenant))
        .iter()
        .map(|c| {
            let list = access.promises.get(c.qos as usize);
            let promised = list.and_then(|l| l.iter().find(|p| p.0 == c.tenant)).map(|p| p.1);
            let mut v = one(c, promised);
            v["tenant"] = json!(accounts[c.tenant as usize].name);
            v
        })
        .collect();
    json!({"classes": classes, "by_tenant": tenants})
}

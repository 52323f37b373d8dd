//! A run on one page, and the same as JSON.

use std::fmt::Write as _;

use gigatwin_operations::report::{Delivered, Group, Waits, by_class, delivered};
use gigatwin_operations::{Job, JobState, Outcome, Seconds};
use serde_json::{Map, Value, json};

use super::setting::Setting;
use super::{Answer, shifting};
use crate::console::bold;
use crate::context::Context;
use crate::layout::{Side, table};

/// Sums of a run.
pub(super) struct Sums {
    pub installed: f64,
    pub busy: f64,
    pub down: f64,
    pub idle: f64,
    pub idle_waiting: f64,
    pub lost: f64,
    /// Of the held hours, those that better placed nodes would have spared.
    pub spread: f64,
    pub states: [usize; JobState::ALL.len()],
    pub maintenance: f64,
    pub waits: Option<Waits>,
    pub failures: u64,
    pub preemptions: u64,
    pub stopping: usize,
}

pub(super) fn sums(a: &Answer) -> Sums {
    sums_of(&a.setting, &a.outcome)
}

pub(super) fn sums_of(s: &Setting, o: &Outcome) -> Sums {
    let installed = (s.site.layout.gpus() * o.end) as f64 / 3_600.0;
    let hours = |x: i64| x as f64 / 3_600.0;
    let mut states = [0; JobState::ALL.len()];
    let maintenance = super::windows::hours(&s.planned, &s.outages, s.site.layout.gpus(), o.end);
    let (mut lost, mut failures, mut preemptions) = (0, 0, 0);
    let mut waits = Vec::with_capacity(s.jobs.len());
    for (job, r) in s.jobs.iter().zip(&o.jobs) {
        states[r.state as usize] += 1;
        lost += r.lost;
        failures += u64::from(r.failures);
        preemptions += u64::from(r.preemptions);
        waits.extend(r.wait(job));
    }
    Sums {
        installed,
        busy: hours(o.busy_all()),
        down: hours(o.down),
        idle: installed - hours(o.busy_all()) - hours(o.down) - maintenance,
        maintenance,
        idle_waiting: hours(o.idle_waiting),
        lost: hours(lost),
        spread: hours(o.spread.iter().sum()),
        states,
        waits: Waits::of(waits),
        failures,
        preemptions: preemptions.saturating_sub(o.cap_stops),
        stopping: o.incidents.iter().filter(|i| i.job_gpus > 0).count(),
    }
}

/// How far the simulated starts are from those in the trace.
pub(super) struct Replay {
    pub jobs: usize,
    pub median: Seconds,
    pub p90: Seconds,
    pub wait_simulated: f64,
    pub wait_recorded: f64,
}

pub(super) fn replay(a: &Answer) -> Option<Replay> {
    replay_of(a, |_, _| true)
}

/// Of the jobs for which `which` holds.
pub(super) fn replay_of(a: &Answer, which: impl Fn(usize, &Job) -> bool) -> Option<Replay> {
    let recorded = a.setting.recorded.as_ref()?;
    let mut apart = Vec::new();
    let (mut mine, mut theirs) = (0.0, 0.0);
    for (i, ((job, r), rec)) in a.setting.jobs.iter().zip(&a.outcome.jobs).zip(recorded).enumerate() {
        if !which(i, job) {
            continue;
        }
        let (Some(start), Some(wait)) = (rec.start, r.wait(job)) else { continue };
        apart.push((r.start - start).abs());
        mine += wait as f64;
        theirs += rec.wait(job).unwrap_or(0) as f64;
    }
    if apart.is_empty() {
        return None;
    }
    apart.sort_unstable();
    let n = apart.len();
    let at = |q: f64| apart[((n as f64 * q) as usize).min(n - 1)];
    Some(Replay {
        jobs: n,
        median: at(0.5),
        p90: at(0.9),
        wait_simulated: mine / n as f64,
        wait_recorded: theirs / n as f64,
    })
}

fn shares(a: &Answer) -> Vec<Delivered> {
    let layout = a.setting.site.layout;
    delivered(&a.setting.jobs, &a.outcome, &a.setting.site.shares, |j| layout.units(j.size))
}

/// A span of time in the unit in which it is short.
pub(super) fn span(seconds: f64) -> String {
    let s = seconds.abs();
    if s < 120.0 {
        format!("{seconds:.0} s")
    } else if s < 7_200.0 {
        format!("{:.1} min", seconds / 60.0)
    } else if s < 172_800.0 {
        format!("{:.1} h", seconds / 3_600.0)
    } else {
        format!("{:.1} d", seconds / 86_400.0)
    }
}

pub(super) fn percent(x: f64) -> String {
    format!("{:.1} %", 100.0 * x)
}

pub(super) fn text(context: &Context, a: &Answer) -> String {
    let (s, o, sum) = (&a.setting, &a.outcome, sums(a));
    let figures = context.figures();
    let count = |n: usize| figures.count(n);
    let colour = context.console.out_colour;
    let layout = s.site.layout;
    let mut out = String::new();
    let _ = writeln!(out, "{}", bold(&s.name, colour));
    let what = s.trace.as_ref().map_or_else(|| "drawn workload".to_owned(), |t| format!("trace {t}"));
    let gpus = usize::try_from(layout.gpus()).unwrap_or(0);
    let _ = writeln!(
        out,
        "{} accelerators in {} nodes · {what} · {} · {} · {}\n",
        count(gpus),
        count(layout.nodes as usize),
        s.policy,
        s.order,
        span(o.end as f64)
    );
    let part = |x: f64| percent(x / sum.installed.max(1e-9));
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut row = |name: &str, value: String, note: String| rows.push(vec![name.to_owned(), value, note]);
    row(
        "Utilisation",
        part(sum.busy),
        format!("of {} accelerator-hours", count(sum.installed.round() as usize)),
    );
    row("Out of service", part(sum.down), String::new());
    if !s.planned.is_empty() {
        let n = s.planned.iter().filter(|p| p.0 < o.end).count();
        row("Maintenance", part(sum.maintenance), format!("{} windows", count(n)));
        row("Availability", part(sum.installed - sum.down - sum.maintenance), String::new());
    }
    row("Idle", part(sum.idle), String::new());
    row(
        "  while a job waited that needs less",
        part(sum.idle_waiting),
        "order, gaps, maintenance".to_owned(),
    );
    row(
        "Goodput",
        percent(1.0 - sum.lost / sum.busy.max(1e-9)),
        format!("of held hours; {} lost to stops", count(sum.lost.round() as usize)),
    );
    if s.placement.is_some() {
        row(
            "Placement",
            percent(sum.spread / sum.busy.max(1e-9)),
            format!(
                "of held hours: {} that better placed nodes would have spared",
                count(sum.spread.round() as usize)
            ),
        );
    }
    row(
        "Jobs",
        count(s.jobs.len()),
        format!(
            "{} done, {}{} at their limit, {} running, {} waiting",
            count(sum.states[JobState::Completed as usize]),
            linked(&sum, &count),
            count(sum.states[JobState::TimedOut as usize]),
            count(sum.states[JobState::Running as usize]),
            count(sum.states[JobState::Queued as usize])
        ),
    );
    if let Some(w) = sum.waits {
        row(
            "Wait, mean",
            span(w.mean),
            format!(
                "median {}, p90 {}, longest {}",
                span(w.median as f64),
                span(w.p90 as f64),
                span(w.longest as f64)
            ),
        );
    }
    if s.site.failures.is_some() {
        let fail = format!(
            "{} met a job; {} stops, {} for a higher rank",
            count(sum.stopping),
            sum.failures,
            sum.preemptions
        );
        row("Failures", count(o.incidents.len()), fail);
    }
    if let Some(e) = &a.energy {
        row(
            "Energy",
            format!("{:.1} MWh", e.facility_mwh),
            format!("IT {:.1} MWh, peak {:.1} MW", e.it_mwh, e.peak_mw),
        );
        row(
            "  cost",
            format!("EUR {}", count(e.cost_eur.max(0.0).round() as usize)),
            format!("EUR {:.4} per hour held", e.cost_eur / sum.busy.max(1e-9)),
        );
        row("  CO2", format!("{:.1} t", e.carbon_t), "location-based".to_owned());
    }
    if !s.site.caps.is_empty() {
        let least = s.site.caps.iter().map(|c| c.gpus).min().unwrap_or(0);
        row(
            "Power cap",
            format!("{} stops", count(usize::try_from(o.cap_stops).unwrap_or(usize::MAX))),
            format!("at the lowest {} accelerators may be busy", count(usize::try_from(least).unwrap_or(0))),
        );
    }
    if let Some(r) = replay(a) {
        row(
            "Against the trace",
            span(r.median as f64),
            format!("median |Δstart| of {} jobs, p90 {}", count(r.jobs), span(r.p90 as f64)),
        );
        row("  mean wait", span(r.wait_simulated), format!("in the trace {}", span(r.wait_recorded)));
    }
    if !s.left_out.is_empty() {
        row("Left out", count(s.left_out.len()), "rows of the trace".to_owned());
    }
    out.push_str(&table(&[Side::Left, Side::Right, Side::Left], &rows));
    out.push('\n');
    out.push_str(&classes(&by_class(&s.jobs, o), &count));
    let access = super::classes::text(a, &count);
    if !access.is_empty() {
        out.push('\n');
        out.push_str(&access);
    }
    let tenants = tenants(a, &count);
    if !tenants.is_empty() {
        out.push('\n');
        out.push_str(&tenants);
    }
    if let (Some(x), Some(with)) = (&a.shifting, side(a)) {
        out.push('\n');
        out.push_str(&shifting::text(x, &with, &count));
    }
    if let Some(f) = &a.federation {
        out.push('\n');
        out.push_str(&f.text(&count));
    }
    out
}

fn side(a: &Answer) -> Option<shifting::Side> {
    let power = a.setting.power.as_ref()?;
    Some(shifting::Side { sums: sums(a), energy: power.energy(&a.setting, &a.outcome) })
}

pub(super) fn words(list: &[&str]) -> Vec<String> {
    list.iter().map(|w| (*w).to_owned()).collect()
}

pub(super) fn right(n: usize) -> Vec<Side> {
    std::iter::once(Side::Left).chain(std::iter::repeat_n(Side::Right, n)).collect()
}

/// Jobs that ended as a trace with dependencies says, where there are any.
fn linked(sum: &Sums, count: &dyn Fn(usize) -> String) -> String {
    let of = |state: JobState| sum.states[state as usize];
    match (of(JobState::Failed), of(JobState::Cancelled)) {
        (0, 0) => String::new(),
        (failed, cancelled) => format!("{} failed, {} cancelled, ", count(failed), count(cancelled)),
    }
}

fn classes(groups: &[Group], count: &dyn Fn(usize) -> String) -> String {
    let mut rows = vec![words(&["Class", "jobs", "started", "wait", "median", "p90", "hours", "lost"])];
    for g in groups {
        let wait = |f: &dyn Fn(Waits) -> f64| g.waits.map_or_else(String::new, |w| span(f(w)));
        rows.push(vec![
            g.name.clone(),
            count(g.jobs),
            count(g.started),
            wait(&|w| w.mean),
            wait(&|w| w.median as f64),
            wait(&|w| w.p90 as f64),
            count(g.hours.round() as usize),
            count(g.lost.round() as usize),
        ]);
    }
    table(&right(7), &rows)
}

/// Promise and delivery by account; of many side by side those with the most hours.
fn tenants(a: &Answer, count: &dyn Fn(usize) -> String) -> String {
    const SHOWN: usize = 20;
    let accounts = a.setting.site.shares.accounts();
    if accounts.len() < 2 {
        return String::new();
    }
    let all = shares(a);
    let mut head = words(&["Tenant", "promised", "asked", "delivered", "hours"]);
    if a.energy.is_some() {
        head.extend(words(&["MWh", "EUR", "t CO2"]));
    }
    let mut rows = vec![head];
    let mut shown: Vec<&Delivered> =
        all.iter().filter(|d| accounts.len() <= SHOWN || d.hours > 0.0).collect();
    if accounts.len() > SHOWN {
        shown.sort_by(|x, y| y.hours.total_cmp(&x.hours).then(x.account.cmp(&y.account)));
    }
    let more = shown.len().saturating_sub(SHOWN);
    for d in shown.into_iter().take(SHOWN) {
        let account = &accounts[d.account as usize];
        let indent = if account.parent.is_some() && accounts.len() <= SHOWN { "  " } else { "" };
        let mut row = vec![
            format!("{indent}{}", account.name),
            percent(d.promised),
            percent(d.asked),
            percent(d.delivered),
            count(d.hours.round() as usize),
        ];
        if let Some(e) = &a.energy {
            let used = &e.by_account[d.account as usize];
            row.push(format!("{:.1}", used.energy.mwh()));
            row.push(count(used.cost.eur().max(0.0).round() as usize));
            row.push(format!("{:.1}", used.carbon.t()));
        }
        rows.push(row);
    }
    let mut out = table(&right(7), &rows);
    if more > 0 {
        let _ = writeln!(out, "  and {more} more");
    }
    out
}

pub(super) fn waits(w: Option<Waits>) -> Value {
    w.map_or(Value::Null, |w| json!({"mean": w.mean, "median": w.median, "p90": w.p90, "longest": w.longest}))
}

pub(super) fn json(a: &Answer) -> Value {
    let (s, o, sum) = (&a.setting, &a.outcome, sums(a));
    let mut metrics = Map::new();
    let mut put = |id: &str, value: Option<f64>, unit: &str| {
        let status = if value.is_some() { "ok" } else { "n/a" };
        metrics.insert(id.to_owned(), json!({"value": value, "unit": unit, "status": status}));
    };
    let part = |x: f64| Some(x / sum.installed).filter(|v| v.is_finite());
    put("operate.utilisation", part(sum.busy), "1");
    put("operate.out_of_service", part(sum.down), "1");
    put("operate.idle", part(sum.idle), "1");
    put("operate.idle_while_waiting", part(sum.idle_waiting), "1");
    put("operate.goodput", (sum.busy > 0.0).then(|| 1.0 - sum.lost / sum.busy), "1");
    put("operate.hours_installed", Some(sum.installed), "h");
    put("operate.hours_held", Some(sum.busy), "h");
    put("operate.hours_lost", Some(sum.lost), "h");
    put("operate.hours_placement", s.placement.as_ref().map(|_| sum.spread), "h");
    put("operate.jobs", Some(s.jobs.len() as f64), "1");
    put("operate.maintenance", part(sum.maintenance), "1");
    put("operate.availability", part(sum.installed - sum.down - sum.maintenance), "1");
    for (state, n) in JobState::ALL.iter().zip(sum.states) {
        put(&format!("operate.jobs.{}", state.name()), Some(n as f64), "1");
    }
    put("operate.wait_mean", sum.waits.map(|w| w.mean), "s");
    put("operate.wait_median", sum.waits.map(|w| w.median as f64), "s");
    put("operate.wait_p90", sum.waits.map(|w| w.p90 as f64), "s");
    put("operate.failures", Some(o.incidents.len() as f64), "1");
    put("operate.stops_by_failure", Some(sum.failures as f64), "1");
    put("operate.preemptions", Some(sum.preemptions as f64), "1");
    let e = a.energy.as_ref();
    put("operate.energy_it", e.map(|e| e.it_mwh), "MWh");
    put("operate.energy", e.map(|e| e.facility_mwh), "MWh");
    put("operate.power_peak", e.map(|e| e.peak_mw), "MW");
    put("operate.cost", e.map(|e| e.cost_eur), "EUR");
    put("operate.carbon", e.map(|e| e.carbon_t), "t");
    put("operate.cap_stops", (!s.site.caps.is_empty()).then_some(o.cap_stops as f64), "1");
    put("operate.end", Some(o.end as f64), "s");
    let r = replay(a);
    put("operate.replay.start_median", r.as_ref().map(|r| r.median as f64), "s");
    put("operate.replay.start_p90", r.as_ref().map(|r| r.p90 as f64), "s");
    put("operate.replay.wait_simulated", r.as_ref().map(|r| r.wait_simulated), "s");
    put("operate.replay.wait_recorded", r.as_ref().map(|r| r.wait_recorded), "s");
    let classes: Vec<Value> = by_class(&s.jobs, o)
        .into_iter()
        .map(|g| {
            json!({"class": g.name, "jobs": g.jobs, "started": g.started, "completed": g.completed, "wait_s": waits(g.waits),
                "hours": g.hours, "hours_lost": g.lost, "failures": g.failures, "preemptions": g.preemptions})
        })
        .collect();
    let accounts = s.site.shares.accounts();
    let tenants: Vec<Value> = shares(a)
        .into_iter()
        .map(|d| {
            let account = &accounts[d.account as usize];
            let used = e.map(|e| e.by_account[d.account as usize]);
            json!({"tenant": account.name, "parent": account.parent.map(|p| &accounts[p as usize].name),
                "promised": d.promised, "asked": d.asked, "delivered": d.delivered, "hours": d.hours,
                "energy_mwh": used.map(|u| u.energy.mwh()),
                "cost_eur": used.map(|u| u.cost.eur()),
                "carbon_t": used.map(|u| u.carbon.t())})
        })
        .collect();
    let left_out: Vec<Value> =
        s.left_out.iter().map(|l| json!({"line": l.line, "code": l.code, "reason": l.reason})).collect();
    json!({
        "gigatwin": {"version": a.stamp.version, "seed": a.stamp.seed, "inputs_sha256": a.stamp.inputs_sha256},
        "site": {"name": s.name, "nodes": s.site.layout.nodes, "accelerators": s.site.layout.gpus()},
        "policy": s.policy, "order": s.order,
        "metrics": metrics, "classes": classes, "access": super::classes::json(a), "tenants": tenants,
        "federation": a.federation.as_ref().map(super::federation::Federation::json),
        "placement": s.placement.as_ref().map(super::explain::json),
        "shifting": a.shifting.as_ref().zip(side(a)).map(|(x, with)| shifting::json(x, &with)),
        "left_out": left_out, "notes": s.notes,
    })
}

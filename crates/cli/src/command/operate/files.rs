//! Jobs, time series, incidents, tenants as tables; occupancy as a picture; the jobs as a script for Slurm.

use std::path::Path;

use gigatwin_export::slurm::Workload;
use gigatwin_operations::JobClass;
use gigatwin_output::{Heatmap, Table, TableError};
use serde_json::Value;

use super::Answer;
use super::classes::RESERVE;
use crate::context::Context;
use crate::exit::Fault;
use crate::files as disk;

/// Hours that were promised to nobody.
const OPEN: &str = "open";

pub(super) fn write(context: &Context, folder: &Path, a: &Answer, whole: &Value) -> Result<(), Fault> {
    std::fs::create_dir_all(folder).map_err(|e| disk::cannot_write(&context.messages, folder, &e))?;
    let put = |name: &str, bytes: &[u8]| disk::write(&context.messages, &folder.join(name), bytes);
    let fail = |e: TableError| Fault::Environment(e.to_string());
    for (name, table) in [("jobs", jobs(a)), ("series", series(a)), ("incidents", incidents(a))] {
        put(&format!("{name}.parquet"), &table.parquet(&a.stamp).map_err(fail)?)?;
        put(&format!("{name}.csv"), &table.csv().map_err(fail)?)?;
    }
    put("occupancy.svg", occupancy(a).svg().as_bytes())?;
    put("jobs.sh", submission(a).as_bytes())?;
    let json = serde_json::to_string_pretty(whole).map_err(|e| Fault::Environment(e.to_string()))?;
    put("operate.json", format!("{json}\n").as_bytes())
}

/// The workload for a real Slurm.
fn submission(a: &Answer) -> String {
    let s = &a.setting;
    // Of a drawn workload, accounts.sh of `export slurm` has the promised hours and the classes of access alone.
    let guests = |n: &str| n.starts_with("users of ");
    let promised = |n: &str| s.trace.is_some() || !([OPEN, RESERVE].contains(&n) || guests(n));
    let class = |n: &str| s.trace.is_some() || s.access.iter().flat_map(|a| &a.classes).any(|c| c.id == n);
    let accounts = s.site.shares.accounts().iter().map(|a| a.name.as_str());
    let accounts: Vec<&str> = accounts.map(|n| if promised(n) { n } else { "" }).collect();
    let qos = s.site.qos.iter().map(|q| q.name.as_str());
    let qos: Vec<&str> = qos.map(|n| if class(n) { n } else { "" }).collect();
    let workload = Workload {
        layout: s.site.layout,
        jobs: s.released.as_ref().unwrap_or(&s.jobs),
        links: &s.links,
        accounts: &accounts,
        qos: &qos,
        header: &a.stamp.line(),
    };
    gigatwin_export::slurm::submission(&workload).text
}

fn jobs(a: &Answer) -> Table {
    let (s, o) = (&a.setting, &a.outcome);
    let accounts = s.site.shares.accounts();
    let known = |t: i64| (t >= 0).then_some(t as f64);
    let r = || s.jobs.iter().zip(&o.jobs);
    Table::new()
        .integer("job", "1", s.jobs.iter().map(|j| i64::try_from(j.id).unwrap_or(i64::MAX)))
        .text("class", s.jobs.iter().map(|j| j.class.name()))
        .text("tenant", s.jobs.iter().map(|j| accounts[j.tenant as usize].name.clone()))
        .text("qos", s.jobs.iter().map(|j| s.site.qos[j.qos as usize].name.clone()))
        .integer("accelerators", "1", s.jobs.iter().map(|j| s.site.layout.units(j.size)))
        .integer("submit_s", "s", s.jobs.iter().map(|j| j.submit))
        .integer("release_s", "s", s.released.as_ref().unwrap_or(&s.jobs).iter().map(|j| j.submit))
        .integer("limit_s", "s", s.jobs.iter().map(|j| j.limit))
        .integer("runtime_s", "s", s.jobs.iter().map(|j| j.runtime))
        .number("start_s", "s", o.jobs.iter().map(|r| known(r.start)))
        .number("end_s", "s", o.jobs.iter().map(|r| known(r.end)))
        .number("wait_s", "s", r().map(|(j, r)| r.wait(j).map(|w| w as f64)))
        .text("state", o.jobs.iter().map(|r| r.state.name()))
        .number("held_h", "h", o.jobs.iter().map(|r| r.held as f64 / 3_600.0))
        .number("lost_h", "h", o.jobs.iter().map(|r| r.lost as f64 / 3_600.0))
        .integer("failures", "1", o.jobs.iter().map(|r| i64::from(r.failures)))
        .integer("preemptions", "1", o.jobs.iter().map(|r| i64::from(r.preemptions)))
        .integer("leaves", "1", o.jobs.iter().map(|r| i64::from(r.leaves)))
}

fn series(a: &Answer) -> Table {
    let points = &a.outcome.series;
    let mut t = Table::new().integer("end_s", "s", points.iter().map(|p| p.at));
    for (i, class) in JobClass::ALL.iter().enumerate() {
        t = t.number(&format!("busy_{}", class.name()), "1", points.iter().map(|p| p.busy[i]));
    }
    t = t
        .number("down", "1", points.iter().map(|p| p.down))
        .integer("running", "1", points.iter().map(|p| i64::from(p.running)))
        .integer("waiting", "1", points.iter().map(|p| i64::from(p.queued)))
        .integer("waiting_accelerators", "1", points.iter().map(|p| p.queued_gpus));
    if let Some(e) = &a.energy {
        t = t
            .number("it_mw", "MW", e.it.iter().copied())
            .number("facility_mw", "MW", e.facility.iter().copied())
            .number("price_eur_per_mwh", "EUR/MWh", e.price.iter().copied());
    }
    t
}

fn incidents(a: &Answer) -> Table {
    let list = &a.outcome.incidents;
    let names = |c: u16| {
        let model = a.setting.site.failures.as_ref();
        model.and_then(|m| m.components.get(c as usize)).map_or_else(String::new, |c| c.name.clone())
    };
    Table::new()
        .integer("at_s", "s", list.iter().map(|i| i.at))
        .integer("node", "1", list.iter().map(|i| i64::from(i.node)))
        .text("component", list.iter().map(|i| names(i.component)))
        .integer("job_accelerators", "1", list.iter().map(|i| i.job_gpus))
        .number("back_s", "s", list.iter().map(|i| (i.back >= 0).then_some(i.back as f64)))
        .text("lemon", list.iter().map(|i| if i.lemon { "yes" } else { "no" }))
}

/// Classes, what is down and what waits against time, as shares of the site.
pub(super) fn occupancy(a: &Answer) -> Heatmap {
    const COLUMNS: usize = 336;
    let points = &a.outcome.series;
    let gpus = a.setting.site.layout.gpus() as f64;
    let columns = points.len().clamp(1, COLUMNS);
    let mean = |f: &dyn Fn(usize) -> f64, c: usize| {
        let (from, to) = (
            c * points.len() / columns,
            ((c + 1) * points.len() / columns).max(c * points.len() / columns + 1),
        );
        let to = to.min(points.len());
        (from < to).then(|| (from..to).map(f).sum::<f64>() / (to - from) as f64 / gpus * 100.0)
    };
    let mut values = Vec::new();
    let mut labels = Vec::new();
    let mut row = |label: &str, f: &dyn Fn(usize) -> f64| {
        labels.push((labels.len(), label.to_owned()));
        values.extend((0..columns).map(|c| mean(f, c)));
    };
    for (i, class) in JobClass::ALL.iter().enumerate() {
        row(class.name(), &|p| points[p].busy[i]);
    }
    row("all busy", &|p| points[p].busy_all());
    row("out of service", &|p| points[p].down);
    row("waiting", &|p| points[p].queued_gpus as f64);
    let end = points.last().map_or(1, |p| p.at).max(1);
    let days = end as f64 / 86_400.0;
    let every = (days / 8.0).ceil().max(1.0);
    let ticks = (0..).map(|k| f64::from(k) * every).take_while(|d| *d < days);
    Heatmap {
        title: format!("Occupancy, {}", a.setting.name),
        foot: a.stamp.line(),
        unit: "% of the site's accelerators".to_owned(),
        columns,
        values,
        row_labels: labels,
        column_labels: ticks.map(|d| ((d / days * columns as f64) as usize, format!("day {d:.0}"))).collect(),
        range: Some((0.0, 100.0)),
    }
}

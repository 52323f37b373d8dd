//! `serving site`: a day of a factory's services, notebooks and fine-tuning, hour by hour.

use std::path::Path;

use gigatwin_factory::{SiteWork, site_work};
use gigatwin_output::{Heatmap, Stamp, Table};
use gigatwin_serving::site::{PartitionHour, SiteDay, site_day};
use serde_json::{Value, json};

use crate::args::serving::Site;
use crate::console::bold;
use crate::context::Context;
use crate::exit::{Exit, Fault};
use crate::layout::{Side, table};
use crate::{files, stats};

/// A use of chips and how many of an hour are its.
type Part = (&'static str, fn(&PartitionHour) -> f64);

/// Who may hold chips.
const PARTS: [Part; 6] = [
    ("training", |h| h.training),
    ("serving", |h| h.serving),
    ("loading", |h| h.loading),
    ("notebooks", |h| h.develop),
    ("fine-tuning", |h| h.tune),
    ("batch", |h| h.batch),
];

pub(super) fn run(context: &Context, args: &Site) -> Result<Exit, Fault> {
    let catalog = context.catalog()?;
    let Some(usable) = context.usable(&args.file, &catalog)? else { return Ok(Exit::NotUnderstood) };
    let stamp = Stamp {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        seed: context.seed,
        inputs_sha256: usable.factory.sha256.clone(),
    };
    let work = match site_work(&usable.factory) {
        Ok(work) => work,
        Err(reason) => {
            super::replay::refuse(context, &stamp.inputs_sha256, &reason)?;
            return Ok(Exit::No);
        }
    };
    let day = site_day(&work.inputs);
    let view = View { context, name: &usable.factory.name, work: &work, day: &day, stamp: &stamp };
    if context.json {
        context.json(&view.json())?;
    } else {
        context.data(&view.page())?;
    }
    if let Some(folder) = &args.out {
        view.write(folder)?;
        let path = folder.display().to_string();
        context
            .console
            .talk(&format!("{}\n", context.messages.fill("talk.out_written", &[("folder", &path)])));
    }
    let i = &work.inputs;
    stats::say(
        context,
        &[
            ("partitions", i.partitions.len()),
            ("pools", i.pools.len()),
            ("groups", i.developers.len()),
            ("tunes", i.tunes.len()),
        ],
    );
    Ok(if view.short() > 0.0 || !work.infeasible.is_empty() { Exit::No } else { Exit::Done })
}

struct View<'a> {
    context: &'a Context,
    name: &'a str,
    work: &'a SiteWork,
    day: &'a SiteDay,
    stamp: &'a Stamp,
}

impl View<'_> {
    fn short(&self) -> f64 {
        self.day.partitions.iter().flatten().map(|h| h.short).fold(0.0, f64::max)
    }

    fn page(&self) -> String {
        let (f, i) = (self.context.figures(), &self.work.inputs);
        let mut out = format!(
            "{}\n",
            bold(&format!("{}: a day, hour by hour", self.name), self.context.console.out_colour)
        );
        for (p, hours) in i.partitions.iter().zip(&self.day.partitions) {
            out.push_str(&format!("\n{}: {} accelerators\n", p.name, f.count(p.chips as usize)));
            let mut head = vec!["hour".to_owned()];
            head.extend(PARTS.iter().map(|p| p.0.to_owned()));
            head.push("short".to_owned());
            let mut rows = vec![head];
            for (h, hour) in hours.iter().enumerate() {
                let mut row = vec![format!("{h}")];
                row.extend(PARTS.iter().map(|(_, of)| f.count(of(hour).round() as usize)));
                row.push(if hour.short > 0.0 { f.count(hour.short.ceil() as usize) } else { String::new() });
                rows.push(row);
            }
            out.push_str(&table(&[Side::Right; 8], &rows));
        }
        self.pools(&mut out);
        self.rest(&mut out);
        for no in &self.work.infeasible {
            out.push_str(&format!("\n{}: {}\n", no.what, no.reason));
        }
        out
    }

    fn pools(&self, out: &mut String) {
        let (f, i) = (self.context.figures(), &self.work.inputs);
        if i.pools.is_empty() {
            return;
        }
        let head = [
            "pool",
            "applications",
            "replicas",
            "accelerator-hours",
            "loading",
            "saved by following",
            "ms per token",
        ];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        for (pool, day) in i.pools.iter().zip(&self.day.pools) {
            let least = day.hours.iter().map(|h| h.replicas).min().unwrap_or(0);
            let tpot = day.hours.iter().filter_map(|h| h.tpot).map(|t| t.ms());
            let (low, high) = tpot.fold((f64::INFINITY, 0.0_f64), |(a, b), t| (a.min(t), b.max(t)));
            rows.push(vec![
                pool.name.clone(),
                pool.applications.len().to_string(),
                format!("{least}–{}", day.most),
                f.plain(day.chip_hours),
                f.plain(day.loading_chip_hours),
                f.plain(day.spared_chip_hours),
                if low <= high {
                    format!("{}–{}", f.plain(low), f.plain(high))
                } else {
                    f.missing().to_owned()
                },
            ]);
        }
        let mut sides = vec![Side::Left];
        sides.extend([Side::Right; 6]);
        out.push('\n');
        out.push_str(&table(&sides, &rows));
    }

    fn rest(&self, out: &mut String) {
        let (f, i) = (self.context.figures(), &self.work.inputs);
        for (d, hours) in i.developers.iter().zip(&self.day.developers) {
            let s = d.sessions();
            let alive = (0..24).map(|h| d.alive(h)).fold(0.0, f64::max);
            out.push_str(&format!(
                "\n{}: {} notebooks open at the busiest hour on {} accelerators; a slice is held {} % of the time and busy {} % of that\n",
                d.name,
                f.plain(alive),
                f.plain(hours.iter().copied().fold(0.0, f64::max)),
                f.decimal(s.held.percent(), 0),
                f.decimal(s.busy.percent(), 0)
            ));
        }
        for (t, d) in i.tunes.iter().zip(&self.day.tunes) {
            out.push_str(&format!(
                "\n{}: {} of {} jobs a day done, {} each on {} accelerators; {} interruptions; {} wait at midnight\n",
                t.name,
                f.plain(d.done),
                f.plain(t.jobs_per_day),
                d.job.time,
                t.chips,
                f.plain(d.interruptions),
                f.plain(d.waiting)
            ));
            if d.job.rollout.fraction() > 0.0 {
                out.push_str(&format!("  {} % of a job is rollout\n", f.decimal(d.job.rollout.percent(), 0)));
            }
        }
    }

    fn json(&self) -> Value {
        let i = &self.work.inputs;
        let partitions: Vec<Value> = i
            .partitions
            .iter()
            .zip(&self.day.partitions)
            .map(|(p, hours)| {
                let rows: Vec<Value> = hours
                    .iter()
                    .map(|h| {
                        json!({"training": h.training, "serving": h.serving, "loading": h.loading, "develop": h.develop,
                               "tune": h.tune, "batch": h.batch, "short": h.short})
                    })
                    .collect();
                json!({"name": p.name, "accelerators": p.chips, "hours": rows})
            })
            .collect();
        let pools: Vec<Value> = i
            .pools
            .iter()
            .zip(&self.day.pools)
            .map(|(p, d)| {
                let hours: Vec<Value> = d
                    .hours
                    .iter()
                    .map(|h| {
                        json!({"requests_per_s": h.rate, "replicas": h.replicas, "started": h.started, "loading": h.loading,
                               "utilisation": h.utilisation, "tpot_ms": h.tpot.map(|t| t.ms()), "ttft_ms": h.ttft.map(|t| t.ms())})
                    })
                    .collect();
                let names: Vec<&str> = p.applications.iter().map(|a| a.name.as_str()).collect();
                json!({"name": p.name, "applications": names, "accelerators_per_replica": p.chips,
                       "accelerator_hours": d.chip_hours, "loading_accelerator_hours": d.loading_chip_hours,
                       "spared_accelerator_hours": d.spared_chip_hours, "hours": hours})
            })
            .collect();
        let developers: Vec<Value> = i
            .developers
            .iter()
            .zip(&self.day.developers)
            .map(|(d, hours)| {
                let s = d.sessions();
                json!({"name": d.name, "accelerators": hours, "held": s.held.fraction(), "busy": s.busy.fraction(),
                       "reclaimed_per_session": s.reclaimed})
            })
            .collect();
        let tunes: Vec<Value> = i
            .tunes
            .iter()
            .zip(&self.day.tunes)
            .map(|(t, d)| {
                json!({"name": t.name, "jobs_per_day": t.jobs_per_day, "done": d.done, "job_hours": d.job.time.hours(),
                       "accelerators": t.chips, "accelerator_hours": d.chip_hours, "rollout": d.job.rollout.fraction(),
                       "interruptions": d.interruptions, "waiting": d.waiting})
            })
            .collect();
        let infeasible: Vec<Value> =
            self.work.infeasible.iter().map(|n| json!({"what": n.what, "reason": n.reason})).collect();
        let no = self.short() > 0.0 || !self.work.infeasible.is_empty();
        json!({
            "gigatwin": {"version": self.stamp.version, "seed": self.stamp.seed, "inputs_sha256": self.stamp.inputs_sha256},
            "status": if no { "infeasible" } else { "ok" },
            "partitions": partitions, "pools": pools, "develop": developers, "tune": tunes, "infeasible": infeasible,
        })
    }

    fn picture(&self) -> Heatmap {
        let mut values = Vec::new();
        let mut row_labels = Vec::new();
        for (p, hours) in self.work.inputs.partitions.iter().zip(&self.day.partitions) {
            for (label, of) in PARTS {
                if hours.iter().any(|h| of(h) > 0.0) {
                    row_labels.push((values.len() / 24, format!("{} {label}", p.name)));
                    values.extend(hours.iter().map(|h| Some(of(h))));
                }
            }
        }
        Heatmap {
            title: format!("{}: accelerators by use over a day", self.name),
            foot: self.stamp.line(),
            unit: "accelerators".to_owned(),
            columns: 24,
            values,
            row_labels,
            column_labels: (0..24).step_by(3).map(|h| (h, format!("{h}:00"))).collect(),
            range: None,
        }
    }

    fn write(&self, folder: &Path) -> Result<(), Fault> {
        let messages = &self.context.messages;
        std::fs::create_dir_all(folder).map_err(|e| files::cannot_write(messages, folder, &e))?;
        let failed = |e: &dyn std::fmt::Display| Fault::Environment(e.to_string());
        let i = &self.work.inputs;
        let flat: Vec<(&str, usize, &PartitionHour)> = i
            .partitions
            .iter()
            .zip(&self.day.partitions)
            .flat_map(|(p, hours)| hours.iter().enumerate().map(|(h, hour)| (p.name.as_str(), h, hour)))
            .collect();
        let mut hours = Table::new().text("partition", flat.iter().map(|r| r.0)).integer(
            "hour",
            "h",
            flat.iter().map(|r| r.1 as i64),
        );
        for (label, of) in PARTS {
            hours = hours.number(&label.replace('-', "_"), "accelerators", flat.iter().map(|r| of(r.2)));
        }
        hours = hours.number("short", "accelerators", flat.iter().map(|r| r.2.short));
        let rows: Vec<_> = i
            .pools
            .iter()
            .zip(&self.day.pools)
            .flat_map(|(p, d)| d.hours.iter().enumerate().map(|(h, hour)| (p.name.as_str(), h, *hour)))
            .collect();
        let pools = Table::new()
            .text("pool", rows.iter().map(|r| r.0))
            .integer("hour", "h", rows.iter().map(|r| r.1 as i64))
            .number("requests", "1/s", rows.iter().map(|r| r.2.rate))
            .integer("replicas", "", rows.iter().map(|r| i64::from(r.2.replicas)))
            .integer("started", "", rows.iter().map(|r| i64::from(r.2.started)))
            .number("loading", "", rows.iter().map(|r| r.2.loading))
            .number("utilisation", "1", rows.iter().map(|r| r.2.utilisation))
            .number("tpot", "ms", rows.iter().map(|r| r.2.tpot.map(|t| t.ms())))
            .number("ttft", "ms", rows.iter().map(|r| r.2.ttft.map(|t| t.ms())));
        let mut json = serde_json::to_vec_pretty(&self.json()).map_err(|e| failed(&e))?;
        json.push(b'\n');
        let written: [(&str, Vec<u8>); 6] = [
            ("hours.parquet", hours.parquet(self.stamp).map_err(|e| failed(&e))?),
            ("hours.csv", hours.csv().map_err(|e| failed(&e))?),
            ("pools.parquet", pools.parquet(self.stamp).map_err(|e| failed(&e))?),
            ("pools.csv", pools.csv().map_err(|e| failed(&e))?),
            ("day.json", json),
            ("day.svg", self.picture().svg().into_bytes()),
        ];
        for (name, bytes) in written {
            files::write(messages, &folder.join(name), &bytes)?;
        }
        Ok(())
    }
}

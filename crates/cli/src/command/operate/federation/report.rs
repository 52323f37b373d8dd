//! Sites and what went between them, as tables and as JSON.

use gigatwin_operations::JobState;
use gigatwin_operations::report::Waits;
use serde_json::{Value, json};

use super::super::page::{percent, right, span, waits, words};
use super::Federation;
use crate::layout::table;

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

//! The page of a cluster: how well its waits are reproduced, and what if.

use std::fmt::Write as _;

use gigatwin_operations::SlurmConf;
use gigatwin_operations::report::Waits;
use serde_json::{Value, json};

use super::super::page::{self, Replay, percent, right, span, words};
use super::{Run, Variation};
use crate::console::bold;
use crate::context::Context;
use crate::layout::table;

impl Run {
    /// Does a job count, and not only fill queue and use?
    fn counts(&self, submit: i64) -> bool {
        submit >= self.from
    }

    fn reproduced(&self) -> Option<Replay> {
        page::replay_of(&self.answer, |_, j| self.counts(j.submit))
    }

    /// By account, in the order of their names.
    fn by_account(&self) -> Vec<(String, Replay)> {
        let accounts = self.answer.setting.site.shares.accounts();
        let of = |i: u32| page::replay_of(&self.answer, |_, j| j.tenant == i && self.counts(j.submit));
        let mut list: Vec<(String, Replay)> = (0u32..)
            .zip(accounts)
            .filter_map(|(i, account)| of(i).map(|r| (account.name.clone(), r)))
            .collect();
        list.sort_by(|x, y| x.0.cmp(&y.0));
        list
    }

    /// By pool, where there are several.
    fn by_pool(&self) -> Vec<(String, Replay)> {
        let of = |p: usize| {
            page::replay_of(&self.answer, |i, j| usize::from(self.homes[i]) == p && self.counts(j.submit))
        };
        let pools = self.members.iter().enumerate().filter(|_| self.members.len() > 1);
        pools.filter_map(|(p, m)| of(p).map(|r| (m.name.clone(), r))).collect()
    }

    /// Waits of the jobs of a pool, or of all.
    fn waits(&self, pool: Option<usize>) -> Option<Waits> {
        let jobs = self.answer.setting.jobs.iter().zip(&self.answer.outcome.jobs).zip(&self.homes);
        let mine =
            jobs.filter(|((j, _), h)| self.counts(j.submit) && pool.is_none_or(|p| usize::from(**h) == p));
        Waits::of(mine.filter_map(|((j, r), _)| r.wait(j)).collect())
    }

    /// Waits in the trace, of the jobs the base runs.
    fn recorded_waits(&self) -> Option<Waits> {
        let recorded = self.answer.setting.recorded.as_deref().unwrap_or_default();
        let pairs = self.answer.setting.jobs.iter().zip(recorded).filter(|(j, _)| self.counts(j.submit));
        Waits::of(pairs.filter_map(|(j, r)| r.wait(j)).collect())
    }

    fn jobs(&self) -> usize {
        self.answer.setting.jobs.iter().filter(|j| self.counts(j.submit)).count()
    }

    fn nodes(&self) -> usize {
        self.members.iter().map(|m| m.site.layout.nodes as usize).sum()
    }

    /// Part of a pool that jobs held over the whole run.
    fn use_of(&self, pool: usize) -> f64 {
        let outcome = &self.sites[pool];
        let there = self.members[pool].site.layout.gpus() * outcome.end;
        outcome.busy_all() as f64 / (there as f64).max(1e-9)
    }

    /// Part of the accelerators that jobs held; of the nodes where there are none. Pools without stand beside those with.
    fn use_of_all(&self) -> f64 {
        let with: Vec<bool> = self.members.iter().map(|m| m.site.layout.gpus_per_node > 1).collect();
        let any = with.contains(&true);
        let (mut busy, mut there) = (0.0, 0.0);
        for ((outcome, member), _) in
            self.sites.iter().zip(&self.members).zip(&with).filter(|(_, w)| **w || !any)
        {
            busy += outcome.busy_all() as f64;
            there += (member.site.layout.gpus() * outcome.end) as f64;
        }
        busy / there.max(1e-9)
    }
}

pub(super) fn text(context: &Context, base: &Run, conf: &SlurmConf, variations: &[Variation]) -> String {
    let s = &base.answer.setting;
    let figures = context.figures();
    let count = |n: usize| figures.count(n);
    let mut out = String::new();
    let _ = writeln!(out, "{}", bold(&s.name, context.console.out_colour));
    let _ = writeln!(
        out,
        "{} accelerators in {} nodes · {} partitions · trace {} · {} · {}\n",
        count(usize::try_from(conf.gpus()).unwrap_or(usize::MAX)),
        count(base.nodes()),
        count(conf.partitions.len()),
        s.trace.as_deref().unwrap_or(""),
        s.policy,
        s.order
    );
    let mut rows =
        vec![words(&["Reproduced", "jobs", "|Δstart| median", "p90", "mean wait", "in the trace"])];
    let row = |name: &str, r: &Replay| {
        vec![
            name.to_owned(),
            count(r.jobs),
            span(r.median as f64),
            span(r.p90 as f64),
            span(r.wait_simulated),
            span(r.wait_recorded),
        ]
    };
    if let Some(all) = base.reproduced() {
        rows.push(row("all", &all));
    }
    rows.extend(base.by_pool().iter().map(|(name, r)| row(&format!("  pool {name}"), r)));
    const SHOWN: usize = 30;
    let accounts = base.by_account();
    rows.extend(accounts.iter().take(SHOWN).map(|(name, r)| row(&format!("  {name}"), r)));
    out.push_str(&table(&right(5), &rows));
    if accounts.len() > SHOWN {
        let _ = writeln!(out, "  and {} more; --json lists all", accounts.len() - SHOWN);
    }
    let head = ["What if", "nodes", "jobs", "mean wait", "median", "p90", "use", "last end"];
    let mut rows = vec![words(&head)];
    let wait = |w: Option<Waits>, f: &dyn Fn(Waits) -> f64| w.map_or_else(String::new, |w| span(f(w)));
    let known = base.recorded_waits();
    rows.push(vec![
        "in the trace".to_owned(),
        count(base.nodes()),
        count(base.jobs()),
        wait(known, &|w| w.mean),
        wait(known, &|w| w.median as f64),
        wait(known, &|w| w.p90 as f64),
    ]);
    let mut run = |name: &str, r: &Run| {
        let mut line =
            |name: String, nodes: usize, jobs: usize, waits: Option<Waits>, busy: f64, end: String| {
                rows.push(vec![
                    name,
                    count(nodes),
                    count(jobs),
                    wait(waits, &|w| w.mean),
                    wait(waits, &|w| w.median as f64),
                    wait(waits, &|w| w.p90 as f64),
                    percent(busy),
                    end,
                ]);
            };
        let end = span(r.answer.outcome.end as f64);
        line(name.to_owned(), r.nodes(), r.jobs(), r.waits(None), r.use_of_all(), end);
        for (p, m) in r.members.iter().enumerate().filter(|_| r.members.len() > 1) {
            let jobs = r.answer.setting.jobs.iter().zip(&r.homes);
            let jobs = jobs.filter(|(j, h)| usize::from(**h) == p && r.counts(j.submit)).count();
            let nodes = m.site.layout.nodes as usize;
            line(format!("  pool {}", m.name), nodes, jobs, r.waits(Some(p)), r.use_of(p), String::new());
        }
    };
    run("base", base);
    for v in variations {
        run(&v.name, &v.run);
    }
    out.push('\n');
    out.push_str(&table(&right(7), &rows));
    out.push_str(&left_out(base, conf, &count));
    out
}

fn left_out(base: &Run, conf: &SlurmConf, count: &dyn Fn(usize) -> String) -> String {
    let list = &base.answer.setting.left_out;
    let mut out = String::new();
    if list.is_empty() {
        return out;
    }
    let lines = conf.left_out.len();
    let dumps = list.iter().filter(|l| l.code == "G654").count();
    let _ = writeln!(
        out,
        "\n  Left out: {} lines of the configuration, {} rows of the trace",
        count(lines),
        count(list.len() - lines - dumps)
    );
    if dumps > 0 {
        let _ = writeln!(out, "  and {} rows of the dumps of the accounting database", count(dumps));
    }
    out
}

fn replay_json(r: &Replay) -> Value {
    json!({"jobs": r.jobs, "start_median_s": r.median, "start_p90_s": r.p90,
        "wait_simulated_s": r.wait_simulated, "wait_recorded_s": r.wait_recorded})
}

fn named(key: &str, list: Vec<(String, Replay)>) -> Vec<Value> {
    let one = |(name, r): (String, Replay)| {
        let mut v = replay_json(&r);
        v[key] = json!(name);
        v
    };
    list.into_iter().map(one).collect()
}

fn pools_json(run: &Run) -> Vec<Value> {
    let one = |(p, m): (usize, &gigatwin_operations::Member)| {
        json!({"partitions": m.name, "nodes": m.site.layout.nodes, "accelerators_per_node": m.site.layout.gpus_per_node,
            "wait_s": page::waits(run.waits(Some(p))), "use": run.use_of(p)})
    };
    run.members.iter().enumerate().map(one).collect()
}

/// The page of the base as `operate` gives it, with what stands beside it.
pub(super) fn json(base: &Run, conf: &SlurmConf, variations: &[Variation]) -> Value {
    let mut whole = page::json(&base.answer);
    let kinds: Vec<Value> = conf
        .kinds
        .iter()
        .map(|k| json!({"nodes": k.nodes, "cpus": k.cpus, "accelerators": k.gpus, "type": k.gpu_type}))
        .collect();
    let partitions: Vec<Value> = conf
        .partitions
        .iter()
        .map(|p| {
            json!({"name": p.name, "nodes": p.nodes, "max_time_s": p.max_time, "tier": p.tier,
            "default": p.default})
        })
        .collect();
    let s = conf.scheduler;
    let site = &base.answer.setting.site;
    let limits: Vec<Value> = site
        .limits
        .iter()
        .map(|l| json!({"name": l.name, "accelerators": l.accelerators, "nodes": l.nodes, "jobs": l.jobs}))
        .collect();
    let past: f64 = site.past_use.iter().sum();
    whole["cluster"] = json!({
        "name": conf.cluster, "kinds": kinds, "absent": conf.absent, "partitions": partitions,
        "pools": pools_json(base), "limits": limits, "past_use_hours": past / 3_600.0, "warm_up_s": base.from,
        "scheduler": {"backfill": !conf.builtin, "bf_interval_s": s.bf_interval, "bf_max_job_test": s.bf_max_job_test,
            "bf_resolution_s": s.bf_resolution, "bf_window_s": s.bf_window,
            "default_queue_depth": s.default_queue_depth, "sched_interval_s": s.sched_interval,
            "sched_min_interval_s": s.sched_min_interval},
        "priority": conf.priority.map(|p| json!({"age": p.age, "fair_share": p.fair_share, "qos": p.qos,
            "job_size": p.size, "max_age_s": p.max_age, "half_life_s": p.half_life,
            "calc_period_s": p.calc_period})),
    });
    whole["reproduced"] = json!({
        "all": base.reproduced().as_ref().map(replay_json),
        "pools": named("pool", base.by_pool()),
        "accounts": named("account", base.by_account()),
    });
    whole["what_if"] = variations
        .iter()
        .map(|v| {
            let mut page = page::json(&v.run.answer);
            json!({"name": v.name, "site": page["site"].take(), "policy": page["policy"].take(),
                "order": page["order"].take(), "metrics": page["metrics"].take(),
                "tenants": page["tenants"].take(), "left_out": page["left_out"].take(),
                "pools": pools_json(&v.run)})
        })
        .collect();
    whole
}

//! A run as JSON.

use gigatwin_operations::JobState;
use gigatwin_operations::report::{Waits, by_class};
use serde_json::{Map, Value, json};

use super::super::{Answer, shifting};
use super::{replay, shares, side, sums};

pub fn waits(w: Option<Waits>) -> Value {
    w.map_or(Value::Null, |w| json!({"mean": w.mean, "median": w.median, "p90": w.p90, "longest": w.longest}))
}

pub fn json(a: &Answer) -> Value {
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
        "metrics": metrics, "classes": classes, "access": super::super::classes::json(a), "tenants": tenants,
        "federation": a.federation.as_ref().map(super::super::federation::Federation::json),
        "placement": s.placement.as_ref().map(super::super::explain::json),
        "shifting": a.shifting.as_ref().zip(side(a)).map(|(x, with)| shifting::json(x, &with)),
        "left_out": left_out, "notes": s.notes,
    })
}

//! Jobs that can wait go to cheap hours, beside the same run without that.

use gigatwin_operations::report::Waits;
use gigatwin_operations::{Deferral, Job, Seconds, releases};
use serde_json::{Value, json};

use super::federation::{Here, Sites};
use super::page::{Sums, right, span, sums_of, words};
use super::power::Energy;
use super::setting::{Setting, not_understood};
use crate::args::operate::Operate;
use crate::context::Context;
use crate::exit::Fault;
use crate::layout::table;

/// What can wait, and how long.
#[derive(Clone, Copy)]
pub(super) struct Patience {
    pub slack: Seconds,
    /// Part of the jobs of these classes that may be put off.
    pub share: f64,
}

/// One of the two runs.
pub(super) struct Side {
    pub sums: Sums,
    pub energy: Energy,
}

/// The comparison.
pub(super) struct Shifting {
    pub moved: usize,
    pub flagged: usize,
    pub without: Side,
    pub slack: Seconds,
}

/// A job's place in a fixed order that knows nothing of the job (splitmix64, Steele et al. 2014).
fn lot(id: u64, seed: u64) -> f64 {
    let mut z = id.wrapping_add(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

/// Runs the workload as asked for, then puts off what can wait: the setting then holds the jobs in the order of their releases.
pub(super) fn shift(
    context: &Context,
    args: &Operate,
    s: &mut Setting,
    sites: &Sites,
) -> Result<Option<Shifting>, Fault> {
    let (Some(patience), true) = (s.patience, s.power.is_some()) else { return Ok(None) };
    let Here { outcome, kept, .. } = sites.run(s)?;
    // Both runs are billed for the jobs that were here.
    let all = kept.map(|k| std::mem::replace(&mut s.jobs, k.jobs));
    let energy = s.power.as_ref().map(|p| p.energy(s, &outcome));
    let sums = sums_of(s, &outcome);
    if let Some(all) = all {
        s.jobs = all;
    }
    let (Some(power), Some(energy)) = (&s.power, energy) else { return Ok(None) };
    let without = Side { sums, energy };
    let slack = patience.slack;
    let may = |j: &Job| {
        args.deferrable.iter().any(|c| c.class() == j.class) && lot(j.id, context.seed) < patience.share
    };
    let rule = Deferral { slack, gain: 0.05 };
    let when = releases(&s.jobs, &s.site.layout, power.terms.cost(), &rule, may);
    let flagged = s.jobs.iter().filter(|j| may(j)).count();
    let moved = s.jobs.iter().zip(&when).filter(|(j, r)| j.submit < **r).count();
    let mut both: Vec<(Job, Seconds, usize)> =
        s.jobs.iter().zip(when).enumerate().map(|(i, (j, r))| (*j, r, i)).collect();
    both.sort_by_key(|(j, r, _)| (*r, j.id));
    s.recorded = s.recorded.take().map(|rec| both.iter().map(|b| rec[b.2]).collect());
    if !s.links.is_empty() {
        let mut at = vec![0; both.len()];
        (0_u32..).zip(&both).for_each(|(new, b)| at[b.2] = new);
        s.links = s.links.moved(both.len(), &at);
    }
    s.jobs = both.iter().map(|b| b.0).collect();
    s.released = Some(both.iter().map(|b| Job { submit: b.1, ..b.0 }).collect());
    Ok(Some(Shifting { moved, flagged, without, slack }))
}

/// How long and which part of the jobs: from the option, or from what the file says of its flexibility.
pub(super) fn patience(
    args: &Operate,
    hours: Option<&gigatwin_factory::SiteHours>,
    jobs: &[Job],
) -> Result<Option<Patience>, Fault> {
    let Some(text) = &args.shift else { return Ok(None) };
    if text == "file" {
        let told = hours.and_then(|h| h.flexibility.deferral);
        let Some(d) = told else {
            return Err(not_understood(
                "G660",
                "the file says nothing of load that can be deferred",
                "give energy.flexibility a deferrable share, or --shift a number of hours",
            ));
        };
        // The share is of all load; these classes carry it alone.
        let work = |all: bool| -> f64 {
            let counts = |j: &&Job| all || args.deferrable.iter().any(|c| c.class() == j.class);
            jobs.iter().filter(counts).map(work_of).sum()
        };
        let share = (d.share.fraction() * work(true) / work(false).max(1e-9)).min(1.0);
        return Ok(Some(Patience { slack: d.within.s().round() as Seconds, share }));
    }
    match text.parse::<f64>() {
        Ok(h) if h.is_finite() && (0.0..=8_760.0).contains(&h) => {
            Ok(Some(Patience { slack: (h * 3_600.0) as Seconds, share: 1.0 }))
        }
        _ => Err(not_understood(
            "G660",
            &format!("--shift {text} is neither hours from 0 to 8760 nor \"file\""),
            "--shift 12, or --shift file for what the file's energy.flexibility says",
        )),
    }
}

fn work_of(j: &Job) -> f64 {
    let size = match j.size {
        gigatwin_operations::Size::Nodes(n) | gigatwin_operations::Size::Gpus(n) => n,
    };
    f64::from(size) * j.runtime as f64
}

/// Rows of the comparison: name, without, with.
fn rows(x: &Shifting, with: &Side) -> Vec<(&'static str, f64, f64, &'static str)> {
    let both = |f: &dyn Fn(&Side) -> f64| (f(&x.without), f(with));
    let wait = |s: &Side, f: &dyn Fn(Waits) -> f64| s.sums.waits.map_or(0.0, f);
    let row = |name, f: &dyn Fn(&Side) -> f64, unit| {
        let (a, b) = both(f);
        (name, a, b, unit)
    };
    vec![
        row("cost", &|s| s.energy.cost_eur, "EUR"),
        row("energy", &|s| s.energy.facility_mwh, "MWh"),
        row("paid", &|s| s.energy.cost_eur / s.energy.facility_mwh.max(1e-9), "EUR/MWh"),
        row("CO2", &|s| s.energy.carbon_t, "t"),
        row("hours held", &|s| s.sums.busy, "h"),
        row("cost per hour held", &|s| s.energy.cost_eur / s.sums.busy.max(1e-9), "EUR/h"),
        row("wait, mean", &|s| wait(s, &|w| w.mean), "s"),
        row("wait, p90", &|s| wait(s, &|w| w.p90 as f64), "s"),
    ]
}

/// As a table.
pub(super) fn text(x: &Shifting, with: &Side, count: &dyn Fn(usize) -> String) -> String {
    let mut out = vec![words(&["Shifting", "without", "with", "change"])];
    for (name, a, b, unit) in rows(x, with) {
        let show = |v: f64| match unit {
            "s" => span(v),
            "EUR/h" => format!("EUR {v:.4}"),
            "EUR/MWh" => format!("EUR {v:.2}"),
            "EUR" => format!("EUR {}", count(v.max(0.0).round() as usize)),
            "h" => count(v.round() as usize),
            _ => format!("{v:.1} {unit}"),
        };
        let change = if a.abs() > 0.0 && unit != "s" {
            format!("{:+.1} %", 100.0 * (b / a - 1.0))
        } else {
            String::new()
        };
        out.push(vec![name.to_owned(), show(a), show(b), change]);
    }
    let mut page = table(&right(3), &out);
    page.push_str(&format!(
        "  {} of {} deferrable jobs were put off, by at most {}\n",
        count(x.moved),
        count(x.flagged),
        span(x.slack as f64)
    ));
    page
}

/// As JSON.
pub(super) fn json(x: &Shifting, with: &Side) -> Value {
    let list: Vec<Value> = rows(x, with)
        .into_iter()
        .map(|(name, a, b, unit)| json!({"what": name, "unit": unit, "without": a, "with": b}))
        .collect();
    json!({"deferrable": x.flagged, "put_off": x.moved, "slack_s": x.slack, "rows": list})
}

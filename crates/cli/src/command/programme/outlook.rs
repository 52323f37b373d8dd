//! When sites open, Europe's share, the frontier, and the network with the AI Factories.

use gigatwin_quantity::Date;
use gigatwin_study::programme::europe::{Added, Europe, europe};
use gigatwin_study::programme::federation::{Federation, federation};
use gigatwin_study::programme::timing::{Timing, site, timings};
use gigatwin_study::realise::world;
use rayon::prelude::*;
use serde_json::{Value, json};

use super::Found;
use super::page::{paragraph, short, title};
use crate::context::Context;
use crate::layout::{Side, table};

/// Draws behind each view of the schedule.
const DRAWS: usize = 5000;
/// Draws of each chosen site.
const SITE_DRAWS: usize = 200;
/// The day that months until an opening count from: the state of knowledge of the catalog's figures.
const TODAY: (i16, i8, i8) = (2026, 11, 22);

/// What is found beside the bids.
pub(super) struct Outlook {
    pub timings: Vec<Timing>,
    pub europe: Option<Europe>,
    pub federation: Option<Federation>,
}

/// Days that the table asks of every view.
fn days() -> [(&'static str, Date); 4] {
    let day = |y, m| Date::from_ymd(y, m, 1).unwrap_or(Date::from_days(0.0));
    [("mid-2028", day(2028, 7)), ("2028", day(2029, 1)), ("2029", day(2030, 1)), ("2030", day(2031, 1))]
}

/// Computes it.
pub(super) fn outlook(
    catalog: &gigatwin_catalog::Catalog,
    found: &Found,
    seed: u64,
) -> Result<Outlook, gigatwin_catalog::CatalogError> {
    let mut timings = timings(catalog, DRAWS, seed)?;
    let sites: Vec<Timing> = found
        .chosen
        .par_iter()
        .filter_map(|i| {
            let bid = &found.bids[*i];
            Some(site(&format!("✓ {}", short(&bid.name, 40)), bid.factory.as_ref()?, SITE_DRAWS, seed))
        })
        .collect();
    timings.extend(sites);
    let of = |i: usize, id: &str| found.judged[i].value(id);
    let sum = |id: &str| found.chosen.iter().filter_map(|i| of(*i, id)).sum::<f64>();
    let h100e = sum("site.h100_equivalents");
    if found.chosen.is_empty() || h100e <= 0.0 {
        return Ok(Outlook { timings, europe: None, federation: None });
    }
    let drawn = found.realised.as_ref().and_then(|r| world::band(&r.worlds, "realised.h100e_2030"));
    let added = Added {
        chosen: h100e,
        cost_per_h100e: Some(sum("cost.capex_total") / h100e),
        drawn: drawn.map(|d| d.0),
    };
    let largest = found
        .chosen
        .iter()
        .filter_map(|i| Some((of(*i, "site.h100_equivalents")?, of(*i, "schedule.opening")?)))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let public: f64 = found
        .chosen
        .iter()
        .filter_map(|i| {
            let hours =
                of(*i, "tenant.union.hours").unwrap_or(0.0) + of(*i, "tenant.states.hours").unwrap_or(0.0);
            Some(hours * of(*i, "site.h100_equivalents")? / of(*i, "site.accelerators")?)
        })
        .sum();
    let first = found.chosen.iter().filter_map(|i| of(*i, "schedule.opening")).reduce(f64::min);
    let today = Date::from_ymd(TODAY.0, TODAY.1, TODAY.2).map_or(0.0, Date::days);
    let until = first.map_or(0.0, |f| ((f - today) / 30.436_875).max(0.0));
    Ok(Outlook {
        timings,
        europe: Some(europe(catalog, &added, largest)?),
        federation: Some(federation(catalog, public, until)?),
    })
}

pub(super) fn text(context: &Context, o: &Outlook) -> String {
    let mut out = opening(context, o);
    if let Some(f) = &o.federation {
        out.push_str(&network(context, f));
    }
    if let Some(e) = &o.europe {
        out.push_str(&shares(context, e));
    }
    out
}

fn opening(context: &Context, o: &Outlook) -> String {
    let f = context.figures();
    let mut out = title(context, "When a site opens");
    let mut head = vec![String::new(), "P10".to_owned(), "P50".to_owned(), "P90".to_owned()];
    head.extend(days().map(|d| d.0.to_owned()));
    let mut rows = vec![head];
    for t in &o.timings {
        let mut row = vec![t.label.clone()];
        row.extend(
            [0.1, 0.5, 0.9]
                .map(|q| t.openings.quantile(q).map_or_else(|| f.missing().to_owned(), |d| d.month_text())),
        );
        row.extend(days().map(|(_, day)| format!("{} %", f.decimal(100.0 * t.openings.by(day), 0))));
        rows.push(row);
    }
    let mut sides = vec![Side::Left];
    sides.extend([Side::Right; 7]);
    out.push_str(&table(&sides, &rows));
    let binds = o.timings.iter().find(|t| t.label.starts_with("network, connection")).map(|t| {
        let list: Vec<String> = t
            .openings
            .binding()
            .iter()
            .filter(|(a, share)| *share > 0.05 && a.label() != "commissioning")
            .take(4)
            .map(|(a, share)| format!("{} {} %", a.label(), f.decimal(100.0 * share, 0)))
            .collect();
        format!(" With the connection there, what holds it back: {}.", list.join(", "))
    });
    out.push_str(&paragraph(&format!(
        "Share of {} draws open by the middle of 2028 and the end of each year, for an award between January and July 2027. The 59 \
         observed sites stand almost all outside the EU; procurement is that of five AI Factories; grid ranges of \
         the named States are published at low confidence, for the others none is known. ✓: a chosen site by its own dates, in {} draws.{}",
        f.count(DRAWS),
        f.count(SITE_DRAWS),
        binds.unwrap_or_default()
    )));
    out
}

fn network(context: &Context, n: &Federation) -> String {
    let f = context.figures();
    let mut out = title(context, "One network with the AI Factories");
    out.push_str(&paragraph(&format!(
        "The AI Factories that run and are published hold {} H100e ({} of {} in the catalog; the others are not published or not built). The \
         public hours of the chosen sites stand for {} H100e, {} times as many, from {} months on.",
        f.count(n.base.round() as usize),
        n.known.0,
        n.known.1,
        f.count(n.public.round() as usize),
        f.decimal(n.public / n.base, 1),
        f.decimal(n.until, 0),
    )));
    let mut rows = vec![
        ["asked for", "wait now", "backlog at opening", "load then", "wait then", "worked off in"]
            .map(str::to_owned)
            .to_vec(),
    ];
    let hours = |h: Option<f64>| match h {
        None => "grows".to_owned(),
        Some(h) if h < 0.05 => "none".to_owned(),
        Some(h) => format!("{} h", f.decimal(h, 1)),
    };
    for r in &n.relief {
        rows.push(vec![
            format!("{} % of capacity", f.decimal(100.0 * r.load, 0)),
            hours(r.before),
            if r.backlog > 0.0 {
                format!("{} months' work", f.decimal(r.backlog, 0))
            } else {
                "none".to_owned()
            },
            format!("{} %", f.decimal(100.0 * r.load_after, 0)),
            hours(r.after),
            r.clears.map_or_else(
                || "never".to_owned(),
                |m| if m > 0.0 { format!("{} months", f.decimal(m, 1)) } else { "–".to_owned() },
            ),
        ]);
    }
    let mut sides = vec![Side::Left];
    sides.extend([Side::Right; 5]);
    out.push_str(&table(&sides, &rows));
    out.push_str(&paragraph(&format!(
        "Closed form, not a simulation: jobs of {} H100e for {} hours move freely between sites, which no user does, so waits are a lower \
         bound. Demand is assumed; it is not published.",
        f.decimal(n.job.0, 0),
        f.decimal(n.job.1, 0)
    )));
    out
}

fn shares(context: &Context, e: &Europe) -> String {
    let f = context.figures();
    let mut out = title(context, "Europe's share at the end of 2030");
    let mut rows = vec![
        ["", "adds H100e", "of AI computing", "of notable models"].map(str::to_owned).to_vec(),
        ["", "", "world fast · expected · slow", ""].map(str::to_owned).to_vec(),
    ];
    let three = |x: &[f64; 3]| format!("{} %", x.map(|v| f.decimal(100.0 * v, 1)).join(" · "));
    for s in &e.scenarios {
        rows.push(vec![s.label.clone(), f.count(s.adds.round() as usize), three(&s.share), three(&s.models)]);
    }
    out.push_str(&table(&[Side::Left, Side::Right, Side::Right, Side::Right], &rows));
    out.push_str(&paragraph(&format!(
        "A tenth of the world's AI computing would need {}, {} or {} million H100e more. The world's stock is tracked in part only and \
         its growth is assumed; models follow computing as they did in 2023 to 2026, which is a scenario. Known AI Factories: {} H100e, \
         growing {} times a year since 2022.",
        f.decimal(e.needed[0] / 1e6, 1),
        f.decimal(e.needed[1] / 1e6, 1),
        f.decimal(e.needed[2] / 1e6, 1),
        f.count(e.factories.round() as usize),
        f.decimal(e.factories_growth, 1),
    )));
    if let Some(x) = &e.frontier {
        let flop = |v: f64| format!("{v:.0e}").replace('e', "·10^");
        out.push_str(&paragraph(&format!(
            "On its opening day ({}) the largest chosen site can train {} FLOP [{}–{}] with all it has; the largest known run carried on at \
             {} times a year is {} [{}–{}] then, and power and chips may allow {} by 2030. Each year of delay costs a factor of {}. The \
             largest run from the EU so far: {}.",
            Date::from_days(x.day).month_text(),
            flop(x.run[1]),
            flop(x.run[0]),
            flop(x.run[2]),
            f.decimal(x.per_year.mode, 2),
            flop(x.frontier[1]),
            flop(x.frontier[0]),
            flop(x.frontier[2]),
            flop(x.feasible[1]),
            f.decimal(x.per_year.mode, 1),
            flop(x.largest_eu),
        )));
    }
    out
}

pub(super) fn json(o: &Outlook) -> Value {
    let opening: Vec<Value> = o
        .timings
        .iter()
        .map(|t| {
            let q = |share| t.openings.quantile(share).map(|d| d.to_string());
            let by: serde_json::Map<String, Value> =
                days().into_iter().map(|(name, day)| (name.to_owned(), json!(t.openings.by(day)))).collect();
            let binding: serde_json::Map<String, Value> =
                t.openings.binding().iter().map(|(a, s)| (a.label().to_owned(), json!(s))).collect();
            json!({"view": t.label, "basis": t.basis.word(), "p10": q(0.1), "p50": q(0.5), "p90": q(0.9),
                "open_by": by, "binding": binding})
        })
        .collect();
    let europe = o.europe.as_ref().map(|e| {
        let scenarios: Vec<Value> = e
            .scenarios
            .iter()
            .map(|s| json!({"scenario": s.label, "adds_h100e": s.adds, "compute_share": s.share, "models_share": s.models}))
            .collect();
        json!({"scenarios": scenarios, "needed_for_a_tenth_h100e": e.needed, "ai_factories_h100e": e.factories,
            "ai_factories_growth": e.factories_growth,
            "frontier": e.frontier.as_ref().map(|x| json!({"opening": Date::from_days(x.day).to_string(), "run_flop": x.run,
                "frontier_flop": x.frontier, "feasible_2030_flop": x.feasible, "per_year": x.per_year.mode,
                "largest_eu_flop": x.largest_eu}))})
    });
    let federation = o.federation.as_ref().map(|n| {
        let relief: Vec<Value> = n
            .relief
            .iter()
            .map(|r| {
                json!({"load": r.load, "wait_before_hours": r.before, "backlog_months": r.backlog, "load_after": r.load_after,
                    "wait_after_hours": r.after, "clears_months": r.clears})
            })
            .collect();
        json!({"ai_factories_h100e": n.base, "public_h100e": n.public, "months_until": n.until, "relief": relief})
    });
    json!({"opening": opening, "europe": europe, "federation": federation})
}

//! `programme`: many bids under one call.

mod claims;
mod explain;
mod folder;
mod json;
mod outlook;
mod page;
mod read;
mod stakes;
mod states;

use gigatwin_catalog::{Catalog, CatalogError};
use gigatwin_output::Stamp;
use gigatwin_study::bid::Bid;
use gigatwin_study::programme::select::SelectError;
use gigatwin_study::programme::{Assumptions, Judged, Line, Options, Selection, judge, ledger, select};
use gigatwin_study::realise::{
    ALL, Answer, Chain, Claim, LEVERS, Setting, Verdict, World, answer, read_claims,
};
use rayon::prelude::*;

use crate::args::programme::Programme;
use crate::context::Context;
use crate::exit::{Exit, Fault};
use crate::stats;

/// Draws with a lever pulled; compared with the same draws without it.
const LEVER_DRAWS: usize = 300;

/// All that was found.
struct Found {
    bids: Vec<Bid>,
    judged: Vec<Judged>,
    options: Options,
    selection: Selection,
    /// Positions of the chosen bids.
    chosen: Vec<usize>,
    ledger: Vec<Line>,
    assumptions: Assumptions,
    realised: Option<Realised>,
    /// `None` until the rest is known.
    outlook: Option<outlook::Outlook>,
    stamp: Stamp,
}

/// What the draws say.
struct Realised {
    worlds: Vec<World>,
    claims: Vec<(Claim, Answer)>,
    /// What each lever does to the programme; the first line is without any.
    what_if: Vec<WhatIf>,
    /// Share of bids whose site is not known: the draws cannot see them.
    blind: usize,
}

/// Means over the draws of a lever.
struct WhatIf {
    label: &'static str,
    /// Sites worth investing in.
    realised: f64,
    /// Sites open by the end of 2030.
    open_2030: f64,
    /// Share of draws with at least one site that is realised.
    any: f64,
    /// Private money, euros.
    private: f64,
}

impl WhatIf {
    fn of(label: &'static str, worlds: &[World]) -> WhatIf {
        let mean = |f: &dyn Fn(&World) -> f64| worlds.iter().map(f).sum::<f64>() / worlds.len().max(1) as f64;
        WhatIf {
            label,
            realised: mean(&|w| w.get("sites.realised")),
            open_2030: mean(&|w| w.get("sites.open_2030")),
            any: mean(&|w| f64::from(u8::from(w.get("sites.realised") >= 1.0))),
            private: mean(&|w| w.get("realised.private")),
        }
    }
}

pub(super) fn run(context: &Context, args: &Programme) -> Result<Exit, Fault> {
    let catalog = context.catalog()?;
    if let Some(count) = args.synthetic {
        folder::write_synthetic(context, &args.folder, count as usize)?;
    }
    let Some(read) = read::bids(context, &args.folder, &catalog)? else { return Ok(Exit::NotUnderstood) };
    let options = options(context, args, &catalog)?;
    let assumptions = Assumptions::read(&catalog).map_err(|e| broken(&e))?;
    let judged: Vec<Judged> =
        read.bids.par_iter().map(|b| judge(b, &assumptions, &catalog, context.seed)).collect();
    let selection = match select(&read.bids, &judged, &assumptions, &options) {
        Ok(selection) => selection,
        Err(e) => return no(context, &e),
    };
    let chosen: Vec<usize> = selection.portfolio.chosen.iter().map(|c| selection.eligible[*c]).collect();
    let ledger = ledger(&read.bids, &judged, &chosen, &assumptions, &catalog).map_err(|e| broken(&e))?;
    let realised = if args.realise {
        Some(realise(context, args, &catalog, &read.bids, &judged, &assumptions, &options)?)
    } else {
        None
    };
    let stamp = Stamp {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        seed: context.seed,
        inputs_sha256: read.sha256,
    };
    let mut found = Found {
        bids: read.bids,
        judged,
        options,
        selection,
        chosen,
        ledger,
        assumptions,
        realised,
        outlook: None,
        stamp,
    };
    if let Some(wanted) = &args.explain {
        let bid = explain::find(&found, wanted)?;
        if context.json {
            context.json(&explain::json(&found, bid))?;
        } else {
            context.data(&explain::text(context, &found, bid))?;
        }
        let eligible = found.judged[bid].standing == gigatwin_study::programme::Standing::Eligible;
        return Ok(if eligible { Exit::Done } else { Exit::No });
    }
    found.outlook = Some(outlook::outlook(&catalog, &found, context.seed).map_err(|e| broken(&e))?);
    if let Some(out) = &args.out {
        folder::write(context, out, &found)?;
    }
    if context.json {
        context.json(&json::programme(&found))?;
    } else {
        context.data(&page::page(context, &found))?;
    }
    let worlds = found.realised.as_ref().map_or(0, |r| r.worlds.len());
    stats::say(
        context,
        &[("bids", found.bids.len()), ("rank draws", found.options.draws), ("programme draws", worlds)],
    );
    Ok(if found.chosen.is_empty() { Exit::No } else { Exit::Done })
}

fn options(context: &Context, args: &Programme, catalog: &Catalog) -> Result<Options, Fault> {
    let mut named = Vec::new();
    for state in &args.named {
        let entry = catalog.entry(gigatwin_catalog::Kind::Countries, &state.to_lowercase()).map_err(|e| {
            Fault::NotUnderstood {
                code: "G625",
                message: format!("--named {state}: {e}"),
                hint: "write an ISO 3166 code such as DE".to_owned(),
                file: None,
            }
        })?;
        named.push(entry.id);
    }
    Ok(Options {
        one_per_state: args.one_per_state,
        named,
        sites: args.sites,
        states: args.states,
        draws: args.rank_draws as usize,
        seed: context.seed,
    })
}

fn realise(
    context: &Context,
    args: &Programme,
    catalog: &Catalog,
    bids: &[Bid],
    judged: &[Judged],
    assumptions: &Assumptions,
    options: &Options,
) -> Result<Realised, Fault> {
    let setting = Setting { draws: args.draws as usize, seed: context.seed };
    let chain = Chain::new(bids, judged, assumptions, options, setting, catalog).map_err(|e| broken(&e))?;
    let worlds = chain.worlds(setting.draws, None);
    let levers: Vec<_> =
        LEVERS.iter().map(|l| (l, chain.worlds(LEVER_DRAWS.min(setting.draws), Some(l)))).collect();
    let mut what_if = vec![WhatIf::of("as drawn", &worlds[..LEVER_DRAWS.min(worlds.len())])];
    what_if.extend(levers.iter().map(|(l, w)| WhatIf::of(l.label, w)));
    let all = chain.worlds(LEVER_DRAWS.min(setting.draws), Some(&ALL));
    what_if.push(WhatIf::of(ALL.label, &all));
    let mut claims: Vec<(Claim, Answer)> = read_claims(catalog)
        .map_err(|e| broken(&e))?
        .into_iter()
        .map(|c| {
            let a = answer(&c, &worlds, &levers, &all);
            (c, a)
        })
        .collect();
    claims.sort_by_key(|(c, a)| (order(a.verdict), c.date.clone(), c.id.clone()));
    let blind = judged.iter().filter(|j| j.outcome.is_none()).count();
    Ok(Realised { worlds, claims, what_if, blind })
}

/// Claims that can be judged come first.
fn order(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Missed => 0,
        Verdict::Superseded => 1,
        Verdict::Met => 2,
        Verdict::Unknown => 3,
    }
}

/// The answer is no: which constraints contradict each other.
fn no(context: &Context, e: &SelectError) -> Result<Exit, Fault> {
    if context.json {
        context.json(&serde_json::json!({"status": "infeasible", "reason": e.to_string()}))?;
    } else {
        context.data(&format!("{e}\n"))?;
    }
    Ok(Exit::No)
}

/// A file of the catalog that cannot be used.
fn broken(e: &CatalogError) -> Fault {
    Fault::NotUnderstood {
        code: "G305",
        message: e.to_string(),
        hint: "gigatwin catalog check shows all faults of the catalog".to_owned(),
        file: None,
    }
}

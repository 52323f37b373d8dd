//! `energy`: the year of a site hour by hour, and what it would be elsewhere.

mod chain;
mod compare;
mod dispatch;
mod files;
mod page;
mod refusal;
mod sites;
mod swing;
pub(crate) mod year;

use gigatwin_factory::outcome::{GateResult, Status};
use gigatwin_factory::{Factory, SiteDispatch, SiteHours, site_hours};
use gigatwin_output::Stamp;
use gigatwin_quantity::Share;
use gigatwin_series::{Clock, Faults, Note, Wanted, read_prices, read_weather};

use crate::args::energy::Energy;
use crate::context::Context;
use crate::exit::{Exit, Fault};
use crate::{diagnostics, files as disk, stats};
use dispatch::Plan;
use gigatwin_factory::diagnostic::{Diagnostic, Sources, Span};
use refusal::Refusal;
use year::{Brought, Year};

/// A site with its year.
struct Answer {
    site: SiteHours,
    year: Year,
    gates: Vec<GateResult>,
    dispatch: Option<SiteDispatch>,
}

pub(super) fn run(context: &Context, args: &Energy) -> Result<Exit, Fault> {
    let catalog = context.catalog()?;
    let Some(usable) = context.usable(&args.file, &catalog)? else { return Ok(Exit::NotUnderstood) };
    let site = site_hours(&usable.factory);
    let site = match site {
        Ok(site) => site,
        Err(reason) => return no(context, &Refusal::from(reason)),
    };
    let Some(brought) = bring(context, args, &site)? else { return Ok(Exit::NotUnderstood) };
    let wanted = Plan::of(args, context.seed);
    let answer = match answer(&usable.factory, site, &brought, context.seed, &wanted) {
        Ok(answer) => answer,
        Err(refusal) => return no(context, &refusal),
    };
    let others = match sites::others(context, args, &catalog, &wanted)? {
        Ok(others) => others,
        Err(exit) => return Ok(exit),
    };
    let stamp = Stamp {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        seed: context.seed,
        inputs_sha256: answer.site.inputs_sha256.clone(),
    };
    if let Some(folder) = &args.out {
        files::write(context, folder, &answer, &stamp)?;
    }
    if context.json {
        context.json(&page::json(&answer, &others, &stamp))?;
    } else {
        context.data(&page::text(context, &answer, &others, &stamp))?;
        if let Some(folder) = &args.out {
            context.console.talk(&format!("hours, months and pictures are in {}\n", folder.display()));
        }
    }
    let failed = answer.gates.iter().any(|g| g.hard && g.status == Status::Fail);
    stats::say(context, &[("hours", answer.year.len()), ("sites", 1 + others.len())]);
    Ok(if failed { Exit::No } else { Exit::Done })
}

fn answer(
    factory: &Factory,
    site: SiteHours,
    brought: &Brought,
    seed: u64,
    wanted: &Plan,
) -> Result<Answer, Refusal> {
    let year = Year::new(&site, brought, seed)?;
    let dispatch = wanted.run(&site, &year)?;
    // Plants that are sized count towards the renewable share, up to consumption.
    let sized = dispatch.as_ref().filter(|d| d.solar.is_some() || d.wind.is_some());
    let renewable = sized.map_or_else(
        || year.renewable(),
        |d| {
            let own = d.carbon.load.own + d.carbon.exported.own;
            let more = (own / year.facility.energy_total).min(1.0);
            Share::from_fraction((year.renewable().fraction() + more).min(1.0))
        },
    );
    let gates = site.gates(factory, &year.facility, Some(renewable));
    Ok(Answer { site, year, gates, dispatch })
}

fn no(context: &Context, refusal: &Refusal) -> Result<Exit, Fault> {
    if refusal.invalid {
        return Err(Fault::NotUnderstood {
            code: refusal.code.unwrap_or("G547"),
            message: refusal.reason.clone(),
            hint: String::new(),
            file: None,
        });
    }
    if context.json {
        context.json(&refusal.json())?;
    } else {
        context.data(&format!("{}\n", refusal.text()))?;
    }
    Ok(Exit::No)
}

/// Reads weather and prices; all faults of both are reported at once.
fn bring(context: &Context, args: &Energy, site: &SiteHours) -> Result<Option<Brought>, Fault> {
    let mut brought = Brought::default();
    let mut sources = Sources::default();
    let mut found = Vec::new();
    if let Some(path) = &args.weather {
        let text = disk::read_text(&context.messages, path)?;
        match read_weather(&text) {
            Ok(w) => {
                say(context, &path.display().to_string(), &w.notes);
                brought.weather = Some(w);
            }
            Err(faults) => list(&mut sources, &mut found, &path.display().to_string(), text, faults),
        }
    }
    if let Some(path) = &args.prices {
        let text = disk::read_text(&context.messages, path)?;
        let clock = Clock::of_country(&site.country.to_lowercase());
        match read_prices(&text, &Wanted { zone: Some(site.zone.clone()), clock }) {
            Ok(p) => {
                say(context, &path.display().to_string(), &p.notes);
                brought.prices = Some(p);
            }
            Err(faults) => list(&mut sources, &mut found, &path.display().to_string(), text, faults),
        }
    }
    if found.is_empty() {
        return Ok(Some(brought));
    }
    diagnostics::report(context, &sources, &found)?;
    Ok(None)
}

/// What was repaired, as talk.
pub(crate) fn say(context: &Context, name: &str, notes: &[Note]) {
    for note in notes {
        let line = if note.line > 0 { format!(":{}", note.line) } else { String::new() };
        context.console.talk(&format!("{name}{line}: {}\n", note.text));
    }
}

/// Faults of a series as findings in its lines.
pub(crate) fn list(
    sources: &mut Sources,
    found: &mut Vec<Diagnostic>,
    name: &str,
    text: String,
    faults: Faults,
) {
    let mut starts = vec![0usize];
    starts.extend(text.match_indices('\n').map(|(i, _)| i + 1));
    let end = text.len();
    let file = sources.add(name, text);
    for fault in faults.0 {
        let line = fault.line.saturating_sub(1);
        let start = starts.get(line).copied().unwrap_or(0);
        let stop = starts.get(line + 1).map_or(end, |s| s - 1).max(start);
        let small = |v: usize| u32::try_from(v).unwrap_or(u32::MAX);
        let span = Span { file, start: small(start), end: small(stop) };
        found.push(Diagnostic::error(fault.code, span, fault.message, fault.hint));
    }
}

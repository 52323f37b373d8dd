//! The sites beside this one: factory files, or sites of the catalog.

use std::path::Path;

use gigatwin_factory::{SiteOperations, SiteRates, class_streams, network_site, site_operations, site_rates};
use gigatwin_operations::{Job, Layout, Mix, generate};

use super::super::setting::{Setting, not_understood};
use crate::args::operate::Operate;
use crate::context::Context;
use crate::exit::Fault;

/// Part of a network site's machine that its own users ask for, where no file says otherwise.
const OWN_LOAD: f64 = 0.8;
/// The Union's part of a network site, and so of guests, where the catalog has none.
const GUESTS: f64 = 0.5;

/// A site beside this one.
pub(super) struct Other {
    pub name: String,
    /// As it was asked for.
    pub given: std::path::PathBuf,
    pub layout: Layout,
    pub rates: SiteRates,
    pub guests: f64,
    pub load: f64,
}

pub(super) fn unusable(reason: &str) -> Fault {
    not_understood("G664", reason, "give a factory file in its place: --federate site.toml")
}

/// A speed is stated for a site that runs along.
pub(super) fn check_speeds(args: &Operate, others: &[Other]) -> Result<(), Fault> {
    let knows = |name: &str| others.iter().any(|o| o.name == name || o.given == Path::new(name));
    let unknown: Vec<&str> =
        args.speed.iter().filter_map(|s| s.split_once('=')).map(|s| s.0).filter(|n| !knows(n)).collect();
    if unknown.is_empty() {
        return Ok(());
    }
    let message = format!("--speed of {}, which is no site of this run", unknown.join(", "));
    let known: Vec<&str> = others.iter().map(|o| o.name.as_str()).collect();
    let hint = if known.is_empty() {
        "name other sites with --federate".to_owned()
    } else {
        format!("there are {}", known.join(", "))
    };
    Err(not_understood("G580", &message, &hint))
}

/// Reads the other sites: factory files, or ids of the catalog.
pub(super) fn read(
    context: &Context,
    args: &Operate,
    sites: &[std::path::PathBuf],
) -> Result<Option<Vec<Other>>, Fault> {
    let catalog = context.catalog()?;
    let mut others: Vec<Other> = Vec::new();
    for site in sites {
        let is_file = site.extension().is_some_and(|e| e == "toml");
        let mut other = if is_file {
            let Some(usable) = context.usable(site, &catalog)? else { return Ok(None) };
            let facts = site_operations(&usable.factory).map_err(|e| unusable(&e))?;
            Other {
                rates: site_rates(&catalog, &facts.accelerator, &facts.country).map_err(|e| unusable(&e))?,
                name: facts.name,
                given: site.clone(),
                layout: facts.layout,
                guests: GUESTS,
                load: facts.utilisation.fraction(),
            }
        } else {
            let known = network_site(&catalog, &site.display().to_string()).map_err(|e| unusable(&e))?;
            Other {
                name: known.name,
                given: site.clone(),
                layout: known.layout,
                rates: known.rates,
                guests: known.union_share.map_or(GUESTS, |s| s.fraction()),
                load: OWN_LOAD,
            }
        };
        if others.iter().any(|o| o.name == other.name) {
            return Err(unusable(&format!("{} is named twice", other.name)));
        }
        if let Some(load) = args.network_load {
            other.load = load;
        }
        others.push(other);
    }
    Ok(Some(others))
}

/// What a network site's own users ask for, drawn from the same classes.
pub(super) fn own_jobs(
    context: &Context,
    setting: &Setting,
    facts: Option<&SiteOperations>,
    other: &Other,
    tenant: u32,
    number: u64,
) -> Result<Vec<Job>, Fault> {
    let Some(facts) = facts else { return Ok(Vec::new()) };
    let weight = |c: &gigatwin_programme::access::AccessClass| c.demand.map_or(0.0, |d| d.weight);
    let whole: f64 = facts.classes.iter().map(weight).sum();
    let promises: Vec<Vec<(u32, f64)>> =
        facts.classes.iter().map(|c| vec![(tenant, weight(c) / whole.max(1e-12))]).collect();
    let mut streams = class_streams(&facts.classes, &promises, &other.layout, other.load, setting.span);
    if setting.access.is_none() {
        streams.iter_mut().for_each(|s| s.qos = 0);
    }
    let mix = Mix { streams, ..Mix::default() };
    generate(&mix, &other.layout, setting.span, context.seed.wrapping_add(1_000 * number)).map_err(|faults| {
        let list: Vec<String> = faults.iter().map(ToString::to_string).collect();
        not_understood("G664", &list.join("; "), "see the options of operate")
    })
}

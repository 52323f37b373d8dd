//! Prices, carbon intensity and power limits that were brought.

use std::path::Path;

use gigatwin_factory::SiteHours;
use gigatwin_factory::diagnostic::{Diagnostic, Sources};
use gigatwin_quantity::Power;
use gigatwin_series::{Clock, Faults, Steps, Wanted, read_prices, read_steps};
use sha2::{Digest, Sha256};

use super::power::Limit;
use super::setting::not_understood;
use crate::args::operate::Operate;
use crate::command::energy;
use crate::command::energy::year::Brought as BroughtYear;
use crate::context::Context;
use crate::exit::Fault;
use crate::{diagnostics, files as disk};

/// What the options name.
#[derive(Default)]
pub(super) struct Brought {
    pub year: BroughtYear,
    pub carbon: Option<Steps>,
    pub limit: Option<Limit>,
}

/// Reads all of them; `None` where faults in their rows were reported, those of all files at once.
pub(super) fn read(
    context: &Context,
    args: &Operate,
    hours: Option<&SiteHours>,
    sha: &mut Sha256,
) -> Result<Option<Brought>, Fault> {
    let mut brought = Brought::default();
    let (mut sources, mut found) = (Sources::default(), Vec::<Diagnostic>::new());
    let mut text = |path: &Path| -> Result<String, Fault> {
        let text = disk::read_text(&context.messages, path)?;
        sha.update(text.as_bytes());
        Ok(text)
    };
    let mut told = |path: &Path, text: String, faults: Faults| {
        energy::list(&mut sources, &mut found, &path.display().to_string(), text, faults);
    };
    if let (Some(path), Some(site)) = (&args.prices, hours) {
        let rows = text(path)?;
        let clock = Clock::of_country(&site.country.to_lowercase());
        match read_prices(&rows, &Wanted { zone: Some(site.zone.clone()), clock }) {
            Ok(p) => {
                energy::say(context, &path.display().to_string(), &p.notes);
                brought.year.prices = Some(p);
            }
            Err(faults) => told(path, rows, faults),
        }
    }
    if let Some(path) = &args.carbon {
        let rows = text(path)?;
        match read_steps(&rows, &["g_per_kwh"]) {
            Ok(steps) => brought.carbon = Some(steps),
            Err(faults) => told(path, rows, faults),
        }
    }
    match args.power_cap.as_deref() {
        None => {}
        Some("grid") => brought.limit = Some(Limit::Grid),
        Some(word) => match word.parse::<f64>() {
            Ok(mw) if mw.is_finite() && (0.0..=1e5).contains(&mw) => {
                brought.limit = Some(Limit::It(Power::from_mw(mw)));
            }
            Ok(mw) => {
                return Err(not_understood(
                    "G580",
                    &format!("--power-cap {mw} is outside 0 to 100000"),
                    "MW of IT, a file, or \"grid\"",
                ));
            }
            Err(_) => {
                let path = Path::new(word);
                let rows = text(path)?;
                match read_steps(&rows, &["it_mw", "facility_mw"]) {
                    Ok(steps) => {
                        let at_meter = steps.column == "facility_mw";
                        brought.limit = Some(Limit::Course { steps, at_meter });
                    }
                    Err(faults) => told(path, rows, faults),
                }
            }
        },
    }
    if !found.is_empty() {
        diagnostics::report(context, &sources, &found)?;
        return Ok(None);
    }
    let course = match &brought.limit {
        Some(Limit::Course { steps, .. }) => Some(steps),
        _ => None,
    };
    if args.prices.is_none() && brought.carbon.iter().chain(course).any(|s| s.dated) {
        return Err(not_understood(
            "G661",
            "a series has dates, but the run has none: its year is synthetic",
            "bring --prices of the same year, or count hours from the start of the run",
        ));
    }
    Ok(Some(brought))
}

//! The same factory at other places: a place of the catalog, a country (its mean climate and prices), or another file.

use std::path::{Path, PathBuf};

use gigatwin_catalog::{Catalog, Kind};
use gigatwin_factory::{load, site_hours};
use gigatwin_quantity::Dim;

use super::dispatch::Plan;
use super::refusal::Refusal;
use super::year::Brought;
use super::{Answer, answer};
use crate::args::energy::Energy;
use crate::context::Context;
use crate::exit::{Exit, Fault};
use crate::{diagnostics, files};

/// One more site: how it was asked for, and its year, or why there is none.
pub(super) struct Other {
    pub asked: String,
    pub answer: Result<Answer, Refusal>,
}

/// Evaluates all that `--at` names, with synthetic weather and prices. `Err` holds the exit where one is not understood.
pub(super) fn others(
    context: &Context,
    args: &Energy,
    catalog: &Catalog,
    wanted: &Plan,
) -> Result<Result<Vec<Other>, Exit>, Fault> {
    let mut out = Vec::new();
    for asked in args.at.iter().map(|a| a.trim()).filter(|a| !a.is_empty()) {
        let mut catalog = catalog.clone();
        let low = asked.to_lowercase();
        let loaded = if let Ok(place) = catalog.entry(Kind::Places, &low) {
            let country = place.text("country").unwrap_or("").to_owned();
            moved(&args.file, &low, &country, &catalog)
        } else if catalog.entry(Kind::Countries, &low).is_ok() {
            let id = format!("country-{low}");
            let Some(text) = mean_place(&catalog, &low) else {
                return Err(unknown(context, asked));
            };
            catalog.overlay(Kind::Places, &id, text);
            moved(&args.file, &id, &low, &catalog)
        } else if asked.contains(['.', '/']) {
            context.load(Path::new(asked), &catalog)?
        } else {
            return Err(unknown(context, asked));
        };
        let Some(factory) = loaded.factory else {
            diagnostics::report(context, &loaded.sources, &loaded.diagnostics)?;
            return Ok(Err(Exit::NotUnderstood));
        };
        let answer = site_hours(&factory)
            .map_err(Refusal::from)
            .and_then(|site| answer(&factory, site, &Brought::default(), context.seed, wanted));
        out.push(Other { asked: asked.to_owned(), answer });
    }
    Ok(Ok(out))
}

/// The factory of a file at another place.
fn moved(file: &Path, place: &str, country: &str, catalog: &Catalog) -> gigatwin_factory::Loaded {
    let name = file.file_name().map(PathBuf::from).unwrap_or_default();
    let text = format!(
        "format = 1\nextends = {:?}\n[factory]\ncountry = \"{}\"\n[site]\nplace = \"{place}\"\n",
        name.display().to_string(),
        country.to_uppercase()
    );
    let at = file.with_file_name(format!("at {place}"));
    load(&at.display().to_string(), text.into_bytes(), &files::extended, catalog)
}

fn unknown(context: &Context, asked: &str) -> Fault {
    Fault::NotUnderstood {
        code: "G301",
        message: format!("--at: \"{asked}\" is no place or country of the catalog, and no file"),
        hint: context.messages.fill(
            "fault.one_of",
            &[("list", "gigatwin catalog list places; gigatwin catalog list countries; a factory file")],
        ),
        file: None,
    }
}

/// A place made of a country's means: a cosine year through its annual mean that peaks in July, no humidity, altitude
/// 100 m. Its coordinates are those of the country's first place in the catalog, for the height of the sun alone.
fn mean_place(catalog: &Catalog, country: &str) -> Option<String> {
    let entry = catalog.entry(Kind::Countries, country).ok()?;
    let figure = |key| entry.figure(key, Dim::Temperature).ok().flatten().map(|v| v.distribution.base());
    let (mean, summer) = (figure("temperature_mean")?, figure("temperature_summer")?);
    let months: Vec<String> = (0..12)
        .map(|m| {
            let phase = std::f64::consts::TAU * (f64::from(m) - 6.0) / 12.0;
            format!("{:.2}", mean + (summer - mean) * phase.cos())
        })
        .collect();
    let at = catalog.ids(Kind::Places).into_iter().find_map(|id| {
        let place = catalog.entry(Kind::Places, id).ok()?;
        if place.text("country") != Some(country) {
            return None;
        }
        let degrees = |key| place.figure(key, Dim::Angle).ok().flatten().map(|v| v.distribution.base());
        Some((degrees("latitude")?, degrees("longitude")?))
    });
    let (latitude, longitude) = at.unwrap_or((50.0, 10.0));
    Some(format!(
        "name = \"mean of {}\"\ncountry = \"{country}\"\nweather_basis = \"country-mean\"\n\
         [provenance]\nsource = \"country means of the catalog\"\ndate = \"2026\"\nconfidence = \"derived\"\n\
         [figures]\nlatitude = {{ value = \"{latitude}\" }}\nlongitude = {{ value = \"{longitude}\" }}\n\
         altitude = {{ value = \"100 m\" }}\n\
         temperature = {{ monthly = [{}], unit = \"°C\" }}\n\
         diurnal_range = {{ monthly = [8.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0], unit = \"K\" }}\n",
        entry.name,
        months.join(", ")
    ))
}

//! Europe's part of the world's AI computing and of notable models under a few scenarios, and the frontier against one site.
//!
//! Coarse on purpose: the tracked stock of mid-2026 with a wide range for what is not tracked, and its growth, give the world at
//! the end of 2030. Models follow computing in the proportion of the past: a scenario, not a forecast.

use gigatwin_catalog::{Catalog, CatalogError, Kind};
use gigatwin_programme::score::Range;
use gigatwin_quantity::{Date, Dim};

use super::assumptions::range;

/// Years from the middle of 2026 to the end of 2030.
const YEARS: f64 = 4.5;
/// Dense BF16 rate of one H100-equivalent, FLOP/s.
const H100E: f64 = 989.4e12;
/// Europe's share that the register of claims asks for.
const WANTED: f64 = 0.10;

/// A scenario at the end of 2030.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// What it is.
    pub label: String,
    /// H100-equivalents that it adds to Europe.
    pub adds: f64,
    /// Europe's share of the world's AI computing where the world grows fast, as expected and slowly.
    pub share: [f64; 3],
    /// Its share of notable models, if these follow computing as they did.
    pub models: [f64; 3],
}

/// One site against the frontier on the day it opens.
#[derive(Debug, Clone, PartialEq)]
pub struct Frontier {
    /// The day, in days since 1970.
    pub day: f64,
    /// FLOP of a run of the whole site: low, middle, high.
    pub run: [f64; 3],
    /// FLOP of the largest known run carried on to that day: with slow, expected and fast growth.
    pub frontier: [f64; 3],
    /// What power, chips and data may allow by 2030, as published.
    pub feasible: [f64; 3],
    /// Factor per year by which the frontier moves away.
    pub per_year: Range,
    /// FLOP of the largest run from the EU so far.
    pub largest_eu: f64,
}

/// What is added, and by what.
#[derive(Debug, Clone, PartialEq)]
pub struct Added {
    /// H100-equivalents of the chosen sites when complete.
    pub chosen: f64,
    /// Cost to build one H100-equivalent there, in euros.
    pub cost_per_h100e: Option<f64>,
    /// P10, P50 and P90 of what comes by the draws, where there are any.
    pub drawn: Option<[f64; 3]>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Europe {
    /// Scenarios in the order of tables.
    pub scenarios: Vec<Scenario>,
    /// Factor per year by which the known computing of the AI Factories grew, 2022 to 2025.
    pub factories_growth: f64,
    /// H100-equivalents of the AI Factories that run.
    pub factories: f64,
    /// H100-equivalents that Europe needs in addition for the wanted share: world fast, expected, slow.
    pub needed: [f64; 3],
    /// The largest chosen site against the frontier, where one is chosen.
    pub frontier: Option<Frontier>,
}

/// Computing of the AI Factories that run, in H100-equivalents by dense BF16: in all, and of those that ran by the end of 2022.
/// Systems whose accelerators are not published count nothing.
///
/// # Errors
/// Where an entry of the catalog is broken.
pub fn factories(catalog: &Catalog) -> Result<(f64, f64), CatalogError> {
    let (mut all, mut early) = (0.0, 0.0);
    for id in catalog.ids(Kind::AiFactories) {
        let entry = catalog.entry(Kind::AiFactories, id)?;
        let Some(chip) = entry.text("accelerator") else { continue };
        let Some(count) = entry.figure("accelerators", Dim::Count)? else { continue };
        if !entry.text("status").is_some_and(|s| s.starts_with("operating")) {
            continue;
        }
        let rate = catalog.entry(Kind::Accelerators, chip)?.figure("bf16_dense", Dim::Flops)?;
        let h100e = count.distribution.base() * rate.map_or(0.0, |r| r.distribution.base()) / H100E;
        all += h100e;
        let start = entry.figure("start", Dim::Date)?.map(|d| d.distribution.base());
        if start.zip(Date::from_ymd(2023, 1, 1)).is_some_and(|(s, end)| s < end.days()) {
            early += h100e;
        }
    }
    Ok((all, early))
}

/// Builds the scenarios. `site` is the largest chosen site: its H100-equivalents and its opening in days since 1970.
///
/// # Errors
/// Where a figure of the catalog is missing or broken.
pub fn europe(catalog: &Catalog, added: &Added, site: Option<(f64, f64)>) -> Result<Europe, CatalogError> {
    let growth = catalog.entry(Kind::Costs, "growth")?;
    let room = catalog.entry(Kind::Defaults, "programme")?;
    let world = range(&growth, "world_h100e", Dim::Count)?;
    let factor = range(&growth, "world_stock_growth", Dim::Ratio)?;
    let share = range(&growth, "eu_share", Dim::Share)?.mode;
    let models = range(&growth, "notable_share_eu", Dim::Share)?.mode;
    // Fast, expected, slow: the range of growth on the likely stock.
    let stock = [factor.high, factor.mode, factor.low].map(|f| world.mode * f.powf(YEARS));
    let (factories, early) = factories(catalog)?;
    let factories_growth = if early > 0.0 { (factories / early).cbrt() } else { f64::NAN };
    let of = |label: &str, adds: f64, base: [f64; 3]| {
        let shares = [0, 1, 2].map(|i| (base[i] + adds) / (stock[i] + adds));
        let models = shares.map(|s| (s * models / share).min(1.0));
        Scenario { label: label.to_owned(), adds, share: shares, models }
    };
    let kept = stock.map(|s| s * share);
    let own = [share * world.mode * factories_growth.powf(YEARS); 3];
    let mut scenarios = vec![
        of("no gigafactory, Europe keeps its share", 0.0, kept),
        of("no gigafactory, Europe grows as its AI Factories did", 0.0, own),
    ];
    if let Some([low, middle, high]) = added.drawn {
        scenarios.push(of("what comes, P10", low, kept));
        scenarios.push(of("what comes, P50", middle, kept));
        scenarios.push(of("what comes, P90", high, kept));
    }
    scenarios.push(of("all chosen sites complete by then", added.chosen, kept));
    if let Some(cost) = added.cost_per_h100e.filter(|c| *c > 0.0) {
        scenarios.push(of("EUR 200 bn of such sites", 200e9 / cost, kept));
    }
    let needed = [0, 1, 2].map(|i| ((WANTED * stock[i] - kept[i]) / (1.0 - WANTED)).max(0.0));
    let frontier = site
        .map(|(h100e, day)| -> Result<Frontier, CatalogError> {
            let days = range(&room, "frontier_run_days", Dim::Ratio)?;
            let efficiency = range(&room, "frontier_run_efficiency", Dim::Share)?;
            let per_year = range(&growth, "frontier_training_compute", Dim::Ratio)?;
            let largest = flop(&growth, "largest_known_run")?;
            let from = Date::from_ymd(2025, 7, 1).map_or(0.0, Date::days);
            let years = (day - from) / 365.25;
            let run = |d: f64, e: f64| h100e * H100E * e * d * 86_400.0;
            Ok(Frontier {
                day,
                run: [
                    run(days.low, efficiency.low),
                    run(days.mode, efficiency.mode),
                    run(days.high, efficiency.high),
                ],
                frontier: [per_year.low, per_year.mode, per_year.high].map(|g| largest.mode * g.powf(years)),
                feasible: {
                    let f = flop(&growth, "feasible_run_2030")?;
                    [f.low, f.mode, f.high]
                },
                per_year,
                largest_eu: flop(&growth, "largest_eu_run")?.mode,
            })
        })
        .transpose()?;
    Ok(Europe { scenarios, factories_growth, factories, needed, frontier })
}

fn flop(entry: &gigatwin_catalog::Entry, key: &str) -> Result<Range, CatalogError> {
    range(entry, key, Dim::Flop)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn shares_follow_from_the_stock() {
        let added = Added { chosen: 1e6, cost_per_h100e: Some(20_000.0), drawn: Some([0.0, 2e5, 9e5]) };
        let e = europe(&Catalog::embedded(), &added, Some((1.5e5, 22_000.0))).unwrap();
        let of = |label: &str| e.scenarios.iter().find(|s| s.label.starts_with(label)).unwrap();
        // Without anything added the share is the one that is kept.
        assert!(of("no gigafactory, Europe keeps").share.iter().all(|s| (s - 0.06).abs() < 1e-12));
        assert_eq!(of("what comes, P10").share, of("no gigafactory, Europe keeps").share);
        // The same site weighs less in a world that grows faster, and more sites weigh more.
        let all = of("all chosen");
        assert!(all.share[0] < all.share[1] && all.share[1] < all.share[2]);
        assert!(of("EUR 200 bn").share[1] > all.share[1]);
        // What is needed for a tenth gives a tenth.
        let stock = 20e6 * 2.0_f64.powf(4.5);
        assert!(((0.06 * stock + e.needed[1]) / (stock + e.needed[1]) - 0.1).abs() < 1e-9);
        assert!((1.2..2.0).contains(&e.factories_growth), "{}", e.factories_growth);
        let f = e.frontier.unwrap();
        assert!(f.run[0] < f.run[1] && f.run[1] < f.frontier[1]);
    }
}

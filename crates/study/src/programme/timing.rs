//! When a gigafactory of the call opens, in several views: the promise, whole sites of the past, and the network of activities
//! with what is published of each State.

use gigatwin_catalog::{Catalog, CatalogError, Confidence, Entry, Kind};
use gigatwin_factory::{Evaluator, Factory, Sampler};
use gigatwin_programme::risk::{GridRisk, Network, Openings, outside, simulate};
use gigatwin_quantity::{Dim, Distribution};

const DAY: f64 = 86_400.0;

/// What a view rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// What the Commission said.
    Promise,
    /// How whole sites of the past went, whatever their activities were.
    Outside,
    /// The network of activities, with a published range for the grid of this State.
    Published,
    /// The network; nothing is published of the grid of these States, the range of the Union stands in.
    Unknown,
    /// The network, with one thing changed.
    What,
    /// A bid's own dates and durations.
    Site,
}

impl Basis {
    /// The word in tables for machines.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Basis::Promise => "promise",
            Basis::Outside => "outside view",
            Basis::Published => "network, published grid range",
            Basis::Unknown => "network, grid unknown",
            Basis::What => "network, what if",
            Basis::Site => "chosen site",
        }
    }
}

/// One view.
#[derive(Debug, Clone, PartialEq)]
pub struct Timing {
    /// What it is.
    pub label: String,
    /// What it rests on.
    pub basis: Basis,
    /// When sites open.
    pub openings: Openings,
}

/// All views.
///
/// # Errors
/// Where a figure of the catalog is missing or broken.
pub fn timings(catalog: &Catalog, draws: usize, seed: u64) -> Result<Vec<Timing>, CatalogError> {
    let durations = catalog.entry(Kind::Costs, "schedule")?;
    let room = catalog.entry(Kind::Defaults, "programme")?;
    let rules = catalog.entry(Kind::Rules, "tender-2026-lot-1")?;
    let days = |entry: &Entry, key: &str| Ok(figure(entry, key, Dim::Time)?.map(|s| s / DAY));
    let award = uniform(
        figure(&rules, "award_earliest", Dim::Date)?.base(),
        figure(&rules, "award_latest", Dim::Date)?.base(),
    );
    let to_signature = days(&room, "award_to_signature")?;
    let promise = days(&durations, "signature_to_operation_planned")?;
    let slip = figure(&durations, "slip_of_promises", Dim::Ratio)?;
    let mut out = Vec::new();
    let mut view = |label: &str, whole: Distribution, basis| {
        let openings = outside([award, to_signature, whole], draws, seed);
        out.push(Timing { label: label.to_owned(), basis, openings });
    };
    view("as promised: 18 months from signature", promise, Basis::Promise);
    view("18 months, slipped as 13 public machines did", slip.map(|s| s * promise.base()), Basis::Outside);
    view("as 59 sites from first trace to power", days(&durations, "build")?, Basis::Outside);
    let network = Network {
        award,
        to_signature,
        state_aid: Some(days(&durations, "state_aid")?),
        permit: Some((0.0, days(&durations, "permit")?)),
        grid: GridRisk::Energised(award),
        procurement: days(&durations, "procurement")?,
        delivery: days(&durations, "accelerator_lead_time")?,
        construction: days(&durations, "build_iea")?,
        commissioning: days(&durations, "commissioning")?,
        slip: figure(&room, "slip", Dim::Ratio)?,
    };
    let mut draw = |label: String, basis, network: &Network| -> Result<(), CatalogError> {
        let openings = simulate(network, draws, seed).map_err(|e| malformed(&durations, &e.to_string()))?;
        out.push(Timing { label, basis, openings });
        Ok(())
    };
    let mut others = None;
    for id in catalog.ids(Kind::Countries) {
        let state = catalog.entry(Kind::Countries, id)?;
        if !state.flag("signatory") {
            continue;
        }
        let Some(lead) = state.figure("grid_lead_time", Dim::Time)? else { continue };
        let grid = GridRisk::AfterAward(lead.distribution.map(|s| s / DAY));
        if lead.provenance.confidence == Confidence::Assumed {
            others = Some(grid);
        } else {
            draw(format!("network, {}", state.name), Basis::Published, &Network { grid, ..network })?;
        }
    }
    if let Some(grid) = others {
        let label = "network, other signatories (grid unknown)".to_owned();
        draw(label, Basis::Unknown, &Network { grid, ..network })?;
    }
    let twelve = days(&durations, "permit_cap_proposed")?;
    draw("network, connection already there".to_owned(), Basis::What, &network)?;
    let quick =
        Network { permit: Some((0.0, capped(days(&durations, "permit")?, twelve.base()))), ..network };
    draw("… and permits in 12 months".to_owned(), Basis::What, &quick)?;
    let granted = Network { permit: None, state_aid: None, ..network };
    draw("… and permits granted, no State-aid decision".to_owned(), Basis::What, &granted)?;
    let ordered = Network { procurement: Distribution::Point(0.0), ..granted };
    draw("… and the supply contract signed with it".to_owned(), Basis::What, &ordered)?;
    Ok(out)
}

/// When one site opens by its own factory file.
#[must_use]
pub fn site(label: &str, factory: &Factory, draws: usize, seed: u64) -> Timing {
    let evaluator = Evaluator::new(factory);
    let sampler = Sampler::new(factory, &|_| seed, draws);
    let days =
        (0..draws).filter_map(|k| evaluator.sample(&sampler.values(k)).get("schedule.opening")).collect();
    Timing { label: label.to_owned(), basis: Basis::Site, openings: Openings::of(days) }
}

fn figure(entry: &Entry, key: &str, dim: Dim) -> Result<Distribution, CatalogError> {
    let value = entry.figure(key, dim)?.ok_or_else(|| malformed(entry, &format!("{key} is missing")))?;
    Ok(value.distribution)
}

fn malformed(entry: &Entry, what: &str) -> CatalogError {
    CatalogError::Malformed { kind: entry.kind, id: entry.id.clone(), what: what.to_owned() }
}

fn uniform(a: f64, b: f64) -> Distribution {
    Distribution::uniform(a.min(b), a.max(b)).unwrap_or(Distribution::Point(a))
}

/// The quantiles, none above a bound.
fn capped(d: Distribution, most: f64) -> Distribution {
    d.map(|x| x.min(most))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use gigatwin_quantity::Date;

    #[test]
    fn views_are_ordered_as_they_must_be() {
        let all = timings(&Catalog::embedded(), 2000, 1).unwrap();
        let of = |start: &str| {
            let t = all.iter().find(|t| t.label.starts_with(start)).unwrap();
            t.openings.by(Date::from_ymd(2031, 1, 1).unwrap())
        };
        assert!(of("as promised") > 0.99);
        assert!(of("… and the supply") >= of("… and permits granted"));
        assert!(of("… and permits granted") >= of("network, connection"));
        assert!(of("network, connection") >= of("network, Germany"));
        assert!(all.iter().any(|t| t.basis == Basis::Unknown));
        // States with a published range are named one by one, the others are not.
        let named = all.iter().filter(|t| t.basis == Basis::Published).count();
        assert!((3..18).contains(&named), "{named}");
    }
}

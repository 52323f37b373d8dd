//! What is known and assumed of the programme itself, read from the catalog once.

use gigatwin_catalog::{Catalog, CatalogError, Entry, Kind};
use gigatwin_programme::score::{Criterion, Formula, Part, Range};
use gigatwin_quantity::{Dim, Distribution, Money};

/// A lot of the call.
#[derive(Debug, Clone, PartialEq)]
pub struct Lot {
    /// Its number.
    pub number: u8,
    /// Most sites.
    pub sites: usize,
    /// Rule set of the catalog.
    pub rules: String,
    /// Most Union money for a first and a second phase.
    pub caps: (Money, Money),
}

/// The programme.
#[derive(Debug, Clone, PartialEq)]
pub struct Assumptions {
    /// The lots.
    pub lots: Vec<Lot>,
    /// Union money of the running budget period, and of all.
    pub budgets: (Money, Money),
    /// Signatories of the joint procurement agreement, ISO 3166 in lower case.
    pub signatories: Vec<String>,
    /// The award formula.
    pub formula: Formula,
    /// Points where nobody knows.
    pub unknown: Range,
    /// Bids that come of all expressions of interest.
    pub bidders: Range,
    /// Probability of the Union's money for second phases.
    pub phase_2: Range,
    /// Equity return that sponsors ask for.
    pub hurdle: Range,
    /// Price of an H100-equivalent hour on Europe's market, in euros.
    pub market: Range,
}

/// A figure of an entry as a range.
///
/// # Errors
/// Where the figure is not there or of another dimension.
pub fn range(entry: &Entry, key: &str, dim: Dim) -> Result<Range, CatalogError> {
    let missing = || CatalogError::Malformed {
        kind: entry.kind,
        id: entry.id.clone(),
        what: format!("{key} is missing"),
    };
    let value = entry.figure(key, dim)?.ok_or_else(missing)?;
    Ok(match value.distribution {
        Distribution::Triangular { low, mode, high } => Range { low, mode, high },
        Distribution::Uniform { low, high } => Range { low, mode: (low + high) / 2.0, high },
        Distribution::Quantiles { p10, p50, p90 } => Range { low: p10, mode: p50, high: p90 },
        Distribution::Point(x) => Range::exactly(x),
    })
}

impl Assumptions {
    /// Reads them.
    ///
    /// # Errors
    /// Where a figure is missing or broken.
    pub fn read(catalog: &Catalog) -> Result<Assumptions, CatalogError> {
        let room = catalog.entry(Kind::Defaults, "programme")?;
        let finance = catalog.entry(Kind::Costs, "finance")?;
        let mut lots = Vec::new();
        let mut budgets = (Money::from_eur(0.0), Money::from_eur(0.0));
        let mut parts = [0.0; 3];
        for number in [1, 2] {
            let rules = format!("tender-2026-lot-{number}");
            let entry = catalog.entry(Kind::Rules, &rules)?;
            let money = |key| range(&entry, key, Dim::Money).map(|r| Money::from_eur(r.mode));
            lots.push(Lot {
                number,
                sites: range(&entry, "sites_max", Dim::Count)?.mode as usize,
                caps: (money("union_cap_phase_1")?, money("union_cap_phase_2")?),
                rules,
            });
            budgets = (money("union_total_current_budget")?, money("union_total_max")?);
            for (part, key) in parts.iter_mut().zip(["score_weight_x1", "score_weight_x2", "score_weight_x3"])
            {
                *part = range(&entry, key, Dim::Share)?.mode;
            }
        }
        let mut signatories = Vec::new();
        for id in catalog.ids(Kind::Countries) {
            if catalog.entry(Kind::Countries, id)?.flag("signatory") {
                signatories.push(id.to_owned());
            }
        }
        Ok(Assumptions {
            lots,
            budgets,
            signatories,
            formula: formula(&room, parts)?,
            unknown: range(&room, "score_unknown", Dim::Ratio)?,
            bidders: range(&room, "bidders", Dim::Count)?,
            phase_2: range(&room, "phase_2_money", Dim::Share)?,
            market: {
                let market = catalog.entry(Kind::Costs, "market")?;
                let dollars = range(&market, "h100_eu", Dim::HourPrice)?;
                let rate = range(&market, "eur_usd", Dim::Ratio)?.mode;
                Range { low: dollars.low / rate, mode: dollars.mode / rate, high: dollars.high / rate }
            },
            hurdle: range(&finance, "equity_return_required", Dim::Share)?,
        })
    }

    /// A lot by number; the first where it is not known.
    #[must_use]
    pub fn lot(&self, number: Option<u8>) -> Option<&Lot> {
        self.lots.iter().find(|l| Some(l.number) == number).or(self.lots.first())
    }
}

/// The criteria, in the order in which [`super::points`] gives their points. Technical points are shares of 100, times the weight
/// of the technical criteria within X1.
fn formula(room: &Entry, parts: [f64; 3]) -> Result<Formula, CatalogError> {
    let of = |key: &str| range(room, key, Dim::Ratio);
    let technical = of("score_x1_technical")?.mode;
    let scaled = |r: Range, by: f64| Range { low: r.low * by, mode: r.mode * by, high: r.high * by };
    let list = [
        ("x1-pue", "PUE", Part::X1, scaled(of("score_pue_points")?, technical / 100.0)),
        (
            "x1-renewables",
            "Renewable supply",
            Part::X1,
            scaled(of("score_renewable_points")?, technical / 100.0),
        ),
        (
            "x1-flexibility",
            "Flexibility towards the grid",
            Part::X1,
            scaled(of("score_flexibility_points")?, technical / 100.0),
        ),
        (
            "x1-power",
            "Adequacy of the power infrastructure",
            Part::X1,
            scaled(of("score_power_points")?, technical / 100.0),
        ),
        (
            "x1-technical",
            "Technical points given by judgement",
            Part::X1,
            scaled(of("score_judgement_points")?, technical / 100.0),
        ),
        ("x1-impact", "Impact", Part::X1, of("score_x1_impact")?),
        ("x1-financial", "Financial soundness", Part::X1, of("score_x1_financial")?),
        ("x2-scale", "Scale", Part::X2, of("score_x2_scale")?),
        ("x2-service", "Level of service", Part::X2, of("score_x2_service")?),
        ("x3-cost", "Cost per H100e-hour", Part::X3, Range::exactly(1.0)),
    ];
    let criteria = list
        .into_iter()
        .map(|(id, title, part, weight)| Criterion {
            id: id.to_owned(),
            title: title.to_owned(),
            part,
            weight,
        })
        .collect();
    Ok(Formula { parts, criteria })
}

//! The same investment under each rule set of the catalog.

use gigatwin_catalog::{Catalog, Kind};
use gigatwin_finance::capex::Capex;
use gigatwin_finance::funding::{Funding, FundingInputs, PhaseFunding, PublicForm};
use gigatwin_quantity::{Dim, Money, Share};

/// What a rule set allows for this investment, every range at its mode.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleSetCase {
    /// Id in the catalog.
    pub id: String,
    /// Short name.
    pub name: String,
    /// Law or call it comes from.
    pub law: String,
    /// In force, open call, superseded.
    pub status: String,
    /// Largest Union share of the computing infrastructure.
    pub union_share_max: Option<Share>,
    /// Largest Union amount of the first and of later phases.
    pub caps: [Option<Money>; 2],
    /// States' money over the Union's, at least.
    pub states_match_min: Option<f64>,
    /// Largest public share of the whole investment.
    pub public_share_max: Option<Share>,
    /// Largest Union share of running cost.
    pub union_share_operation: Option<Share>,
    /// Years of ownership or access, at least.
    pub term_years: Option<f64>,
    /// The division, if every phase is funded.
    pub funding: Funding,
}

pub(crate) fn rule_sets(
    catalog: &Catalog,
    capex: &[Capex],
    earlier: Money,
    probability: &[Share],
) -> Vec<RuleSetCase> {
    let whole: f64 = capex.iter().map(|c| c.total.eur()).sum();
    let computing: f64 = capex.iter().map(|c| c.computing.eur()).sum();
    let mut out = Vec::new();
    for id in catalog.ids(Kind::Rules) {
        let Ok(entry) = catalog.entry(Kind::Rules, id) else { continue };
        let of = |key: &str, dim| entry.figure(key, dim).ok().flatten().map(|v| v.distribution.base());
        let union_share_max =
            of("union_share_max", Dim::Share).or_else(|| of("union_share_max_acquisition", Dim::Share));
        let public_share_max = of("public_share_max", Dim::Share);
        if union_share_max.is_none() && public_share_max.is_none() {
            continue;
        }
        let caps = ["union_cap_phase_1", "union_cap_phase_2"].map(|k| of(k, Dim::Money).map(Money::from_eur));
        let matched = of("states_match_min", Dim::Share);
        // As in the evaluation: a cap on the public share alone is given in the two halves of a matching scheme.
        let asked =
            union_share_max.or_else(|| public_share_max.map(|m| (m / 2.0 * whole / computing).min(0.5)));
        let asked = Share::from_fraction(asked.unwrap_or(0.0));
        let phases = capex
            .iter()
            .enumerate()
            .map(|(i, c)| PhaseFunding {
                computing: c.computing,
                facility: c.total - c.computing,
                union_cap: if i > 1 && caps[1].is_some() { Some(Money::ZERO) } else { caps[i.min(1)] },
                probability: probability.get(i).copied().unwrap_or(Share::from_fraction(1.0)),
            })
            .collect();
        let funding = Funding::divide(&FundingInputs {
            form: PublicForm::CapitalShare,
            union_share: asked,
            union_share_max: asked,
            states_match: matched.unwrap_or(1.0),
            states_available: None,
            earlier_support: earlier,
            public_share_max: public_share_max.map(Share::from_fraction),
            phases,
            states: Vec::new(),
        });
        let text = |key: &str| entry.text(key).unwrap_or_default().to_owned();
        if let Ok(funding) = funding {
            out.push(RuleSetCase {
                id: entry.id.clone(),
                name: entry.name.clone(),
                law: text("law"),
                status: text("status"),
                union_share_max: union_share_max.map(Share::from_fraction),
                caps,
                states_match_min: matched,
                public_share_max: public_share_max.map(Share::from_fraction),
                union_share_operation: of("union_share_max_operation", Dim::Share).map(Share::from_fraction),
                term_years: of("access_term_min", Dim::Time).map(|s| s / 31_556_952.0),
                funding,
            });
        }
    }
    out
}

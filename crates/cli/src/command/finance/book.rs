//! The workbook of a site.

use gigatwin_factory::Factory;
use gigatwin_factory::finance::SiteFinance;
use gigatwin_factory::inputs::Origin;
use gigatwin_spreadsheet::{About, workbook};

use crate::exit::Fault;

/// Inputs of the workbook and the inputs of the factory that they follow from.
const SOURCES: [(&str, &str); 22] = [
    ("market_price", "finance.price"),
    ("path_first_year", "factory.price_year"),
    ("debt_rate", "finance.debt.rate"),
    ("debt_tenor", "finance.debt.tenor"),
    ("debt_cover_asked", "finance.debt.dscr"),
    ("debt_gearing_cap", "finance.debt.share"),
    ("debt_fee", "finance.upfront_fee"),
    ("other_financing", "finance.other_financing_share"),
    ("reserve_months", "finance.reserve_months"),
    ("reserve_rate", "finance.reserve_interest"),
    ("tax_rate", "finance.tax"),
    ("tax_usable_losses", "finance.tax_usable_losses"),
    ("project_rate", "finance.discount_rate"),
    ("equity_rate", "finance.equity_return_required"),
    ("growth_energy", "finance.inflation"),
    ("growth_cost", "finance.inflation"),
    ("phase1_computing_life", "finance.life"),
    ("phase1_facility_life", "finance.plant_life"),
    ("phase1_residual_computing", "finance.residual"),
    ("phase1_steepness", "finance.draw_steepness"),
    ("phase1_midpoint", "finance.draw_midpoint"),
    ("loan_rate", "factory.public_loan_rate"),
];

pub(super) fn bytes(site: &SiteFinance, factory: &Factory) -> Result<Vec<u8>, Fault> {
    let core = &site.base.core;
    let sources = SOURCES
        .iter()
        .filter_map(|(name, path)| {
            let input = factory.inputs.get(factory.inputs.find(path)?)?;
            let source = match &input.origin {
                Origin::File { text, .. } => format!("the factory file: {}", text.trim()),
                Origin::Default(p) | Origin::Catalog { provenance: p, .. } => {
                    format!("{}, {} ({})", p.source, p.date, p.confidence)
                }
            };
            Some([(*name).to_owned(), (*path).to_owned(), source])
        })
        .collect();
    let about = About {
        name: format!("{}: cash flow", site.name),
        lines: vec![
            format!("{}, {}. Public money: {}.", site.place, site.country, core.form.word()),
            format!(
                "gigatwin {}, seed {}, inputs {}. Base case: every range at its mode.",
                site.stamp.version, site.stamp.seed, site.stamp.inputs_sha256
            ),
            format!(
                "Prices and costs are stated in EUR of {}; paths carry them to money of the day.",
                site.price_year
            ),
        ],
        sources,
    };
    workbook(&core.plan, &core.outcome, &site.base.work, &about)
        .map(|done| done.0)
        .map_err(|e| Fault::Environment(e.to_string()))
}

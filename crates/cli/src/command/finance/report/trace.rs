//! Where the figures of a report come from: formulas, and the inputs behind them with their sources.

use gigatwin_factory::finance::FIGURES;
use gigatwin_factory::inputs::{Input, Origin};
use gigatwin_output::{Block, Page};

use super::{Facts, heading, table};
use crate::origin;

/// Inputs that every cash flow of a site reads, beside those that move it most.
const ALWAYS: [&str; 12] = [
    "finance.debt.rate",
    "finance.debt.dscr",
    "finance.debt.share",
    "finance.debt.tenor",
    "finance.life",
    "finance.residual",
    "finance.discount_rate",
    "finance.inflation",
    "finance.price",
    "operations.utilisation",
    "costs.shell_and_plant",
    "costs.contingency",
];

fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let cut: String = text.chars().take(most).collect();
    format!("{}…", cut.trim_end())
}

fn input(facts: &Facts<'_>, i: &Input) -> Vec<String> {
    let kind = match &i.origin {
        Origin::File { .. } => "the file".to_owned(),
        Origin::Default(p) => format!("default, {}", p.confidence),
        Origin::Catalog { provenance, .. } => format!("catalog, {}", provenance.confidence),
    };
    let source = match &i.origin {
        Origin::File { .. } => origin::place(&i.origin, facts.sources),
        Origin::Default(p) | Origin::Catalog { provenance: p, .. } => format!("{}, {}", p.source, p.date),
    };
    let base = facts.pen.0.input(i, i.distribution.base());
    let range = if i.distribution.is_point() {
        String::new()
    } else {
        facts.pen.0.range(i.dim, "", i.distribution.quantile(0.1), i.distribution.quantile(0.9))
    };
    vec![i.path.clone(), base, range, kind, short(&source, 70)]
}

/// The last page.
pub(super) fn page(facts: &Facts<'_>, ids: &[&str]) -> Page {
    let formulas = FIGURES
        .iter()
        .filter(|d| ids.contains(&d.id))
        .map(|d| {
            let value = facts.site.base.figure(d.id);
            let band = value.map_or_else(String::new, |f| {
                let [low, high] = facts.pen.band(d.dim, f.band);
                if low.is_empty() { String::new() } else { format!("{low} to {high}") }
            });
            vec![
                d.label.to_owned(),
                d.formula.to_owned(),
                value.map_or_else(String::new, |f| facts.pen.figure(f)),
                band,
            ]
        })
        .collect();
    let mut named: Vec<&Input> = Vec::new();
    let paths = facts.site.matters.iter().map(|m| m.path.as_str()).chain(ALWAYS);
    for path in paths {
        if let Some(i) = facts.factory.inputs.find(path).and_then(|i| facts.factory.inputs.get(i))
            && !named.iter().any(|n| n.path == i.path)
        {
            named.push(i);
        }
    }
    let (default, all) = facts.site.at_default;
    Page {
        title: "Where these figures come from".to_owned(),
        blocks: vec![
            heading("Formulas"),
            table(["figure", "formula", "base case", "P10 to P90"], 2, formulas),
            heading("Inputs behind them: those that move the equity value most, then terms"),
            Block::Table {
                head: ["input", "base case", "P10 to P90", "from", "source"].map(str::to_owned).to_vec(),
                rows: named.into_iter().map(|i| input(facts, i)).collect(),
                left: 5,
            },
            Block::Text(format!(
                "{default} of {all} inputs are at their default. Bands: {} seeded draws over every input that is a range. The cash-flow \
                 engine is checked against reference cases of independent tools (gigatwin validate finance); prices and costs \
                 are not validated by measurements. Any figure of the outcome is traced to all its inputs by gigatwin explain; \
                 every cell of the cash flow by the workbook (--xlsx).",
                facts.site.draws
            )),
        ],
    }
}

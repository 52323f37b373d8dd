//! Three pages for one reader.

mod cfo;
mod evaluator;
mod ministry;
mod text;
mod trace;

use gigatwin_factory::Factory;
use gigatwin_factory::diagnostic::Sources;
use gigatwin_factory::finance::{Case, SiteFinance};
use gigatwin_factory::outcome::Outcome;
use gigatwin_output::{Block, Report};
use gigatwin_quantity::Dim;

use super::Finding;
use super::page::Pen;
use crate::args::finance::Reader;

pub(super) use text::text;

/// What a report is made of.
pub(super) struct Facts<'a> {
    pub pen: Pen<'a>,
    pub site: &'a SiteFinance,
    pub factory: &'a Factory,
    pub sources: &'a Sources,
    /// The whole outcome: gates, grades, hours of States.
    pub outcome: &'a Outcome,
    pub found: &'a [Finding],
}

pub(super) fn report(facts: &Facts<'_>, reader: Reader) -> Report {
    let site = facts.site;
    let hash: String = site.stamp.inputs_sha256.chars().take(8).collect();
    let (title, pages) = match reader {
        Reader::Cfo => ("for the chief financial officer", cfo::pages(facts)),
        Reader::Evaluator => ("for the evaluator", evaluator::pages(facts)),
        Reader::Ministry => ("for the ministry", ministry::pages(facts)),
    };
    Report {
        title: format!("{} {title}", site.name),
        subtitle: format!(
            "{}, {} · {} accelerators ({} H100e), {} MW of IT · prices in EUR of {}, cash flow in money of the day · public \
             money: {}",
            site.place,
            site.country,
            facts.pen.0.count(site.size[0] as usize),
            facts.pen.0.count(site.size[1] as usize),
            facts.pen.0.decimal(site.size[2], 0),
            site.price_year,
            site.base.core.form.word()
        ),
        stamp: format!(
            "gigatwin {} · seed {} · inputs {hash} · {} draws",
            site.stamp.version, site.stamp.seed, site.draws
        ),
        pages,
    }
}

/// Name of the reader in a file's name.
pub(super) fn word(reader: Reader) -> &'static str {
    match reader {
        Reader::Cfo => "cfo",
        Reader::Evaluator => "evaluator",
        Reader::Ministry => "ministry",
    }
}

fn strings<const N: usize>(row: [&str; N]) -> Vec<String> {
    row.map(str::to_owned).to_vec()
}

fn table<const N: usize>(head: [&str; N], left: usize, rows: Vec<Vec<String>>) -> Block {
    Block::Table { head: strings(head), rows, left }
}

fn heading(text: &str) -> Block {
    Block::Heading(text.to_owned())
}

impl Facts<'_> {
    /// Figures of the base case by id with their bands.
    fn figures(&self, ids: &[&str]) -> Block {
        let rows = ids
            .iter()
            .filter_map(|id| self.site.base.figure(id))
            .map(|f| {
                let [low, high] = self.pen.band(f.def.dim, f.band);
                vec![f.def.label.to_owned(), self.pen.figure(f), low, high]
            })
            .collect();
        table(["figure", "base case", "P10", "P90"], 1, rows)
    }

    fn irr(&self, case: &Case) -> String {
        self.pen.some(Dim::Share, case.value("finance.irr_equity"))
    }

    fn futures(&self) -> Vec<Block> {
        let site = self.site;
        if site.futures.is_empty() {
            return Vec::new();
        }
        let rows = site
            .futures
            .iter()
            .map(|f| {
                vec![
                    f.label.to_owned(),
                    self.pen.million(f.public.eur()),
                    self.pen.million(f.debt.eur()),
                    self.pen.irr(f.irr_equity),
                    self.pen.million(f.npv_equity.eur()),
                    self.pen.some(Dim::Ratio, f.dscr_min),
                    self.pen.0.decimal(f.public_hours / 1e6, 0),
                ]
            })
            .collect();
        vec![
            heading("If the public money for later phases does not come"),
            table(
                [
                    "",
                    "public, EUR m",
                    "debt, EUR m",
                    "equity return",
                    "equity value, EUR m",
                    "lowest cover",
                    "public hours, M",
                ],
                1,
                rows,
            ),
        ]
    }

    fn rule_sets(&self) -> Block {
        let pen = self.pen;
        let rows = self
            .site
            .rule_sets
            .iter()
            .map(|r| {
                let percent = |s: Option<gigatwin_quantity::Share>| {
                    s.map_or_else(|| "–".to_owned(), |s| format!("{} %", pen.0.decimal(s.percent(), 0)))
                };
                let cap = r.caps.iter().flatten().map(|m| m.eur()).sum::<f64>();
                let full = &r.funding.full;
                vec![
                    format!(
                        "{}{}",
                        r.id,
                        if self.site.rules.contains(&r.id) { " (of the file)" } else { "" }
                    ),
                    r.status.clone(),
                    percent(r.union_share_max),
                    if cap > 0.0 { pen.million(cap) } else { "–".to_owned() },
                    percent(r.union_share_operation),
                    pen.million(full.union.eur()),
                    pen.million(full.states.eur()),
                    pen.million(full.private.eur()),
                ]
            })
            .collect();
        table(
            [
                "rule set",
                "status",
                "Union, of computing",
                "cap, EUR m",
                "Union, of running",
                "Union, EUR m",
                "States, EUR m",
                "private, EUR m",
            ],
            2,
            rows,
        )
    }

    fn stress(&self) -> Block {
        let rows = self
            .site
            .forms
            .iter()
            .map(|c| {
                let [low, high] =
                    self.pen.band(Dim::Share, c.figure("finance.irr_equity").and_then(|f| f.band));
                let [price, used, late] = c.stress.map(|s| self.pen.irr(s));
                vec![c.core.form.word().to_owned(), self.irr(c), low, high, price, used, late]
            })
            .collect();
        table(
            [
                "form of public money",
                "equity return",
                "P10",
                "P90",
                "prices −30 %",
                "use −20 %",
                "opens a year late",
            ],
            1,
            rows,
        )
    }
}

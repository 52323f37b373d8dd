//! For the one who raises the money: terms, cash flow, what can go wrong.

use gigatwin_output::{Block, Chart, Page};

use super::super::page::verdict_lines;
use super::super::tables::{sources_and_uses, years};
use super::{Facts, heading, table, trace};

pub(super) fn pages(facts: &Facts<'_>) -> Vec<Page> {
    let ids = [
        "finance.uses",
        "finance.debt",
        "finance.equity",
        "finance.irr_equity",
        "finance.irr_project",
        "finance.npv_equity",
        "finance.dscr_min",
        "finance.llcr",
        "finance.plcr",
        "finance.lcoc_per_sold_hour",
        "finance.calls",
    ];
    vec![terms(facts), flow(facts), trace::page(facts, &ids)]
}

fn terms(facts: &Facts<'_>) -> Page {
    let (site, pen) = (facts.site, facts.pen);
    let [uses, sources] = sources_and_uses(&site.base);
    let all: f64 = uses.iter().map(|x| x.1).sum();
    let side = |rows: &[(&str, f64)]| -> Vec<Vec<String>> {
        rows.iter()
            .filter(|x| x.1.abs() > 0.5)
            .map(|x| {
                vec![x.0.to_owned(), pen.million(x.1), format!("{} %", pen.0.decimal(100.0 * x.1 / all, 0))]
            })
            .collect()
    };
    let d = &site.base.core.plan.debt;
    let o = &site.base.core.outcome;
    let mut points = verdict_lines(pen, site, facts.found);
    points.push(format!(
        "senior debt: {} % a year, {} months of sculpted repayment, cover {} asked, at most {} % of the private investment; largest balance EUR {} m{}",
        pen.0.decimal(d.rate.percent(), 2),
        d.tenor_months,
        d.target_dscr.map_or_else(|| "not".to_owned(), |x| pen.0.decimal(x, 2)),
        pen.0.decimal(d.gearing_cap.percent(), 0),
        pen.million(o.debt.peak.eur()),
        if o.debt.negative_amortisation { "; in some months interest exceeds the payment" } else { "" }
    ));
    Page {
        title: "Terms and returns".to_owned(),
        blocks: vec![
            Block::Points(points),
            facts.figures(&[
                "cost.capex_total",
                "cost.opex_annual",
                "finance.debt",
                "finance.equity",
                "finance.calls",
                "finance.revenue_contracted",
                "finance.irr_equity",
                "finance.irr_project",
                "finance.npv_equity",
                "finance.payback",
                "finance.dscr_min",
                "finance.llcr",
                "finance.plcr",
                "finance.lcoc_per_available_hour",
                "finance.lcoc_per_sold_hour",
                "finance.lcoc_per_h100e_hour",
            ]),
            heading("Uses and sources until all is built"),
            table(["uses", "EUR m", "of all"], 1, side(&uses)),
            table(["sources", "EUR m", "of all"], 1, side(&sources)),
            heading("Returns under each form of public money of the same value"),
            facts.stress(),
        ],
    }
}

fn flow(facts: &Facts<'_>) -> Page {
    let (site, pen) = (facts.site, facts.pen);
    let years = years(&site.base);
    let labels: Vec<String> = years.iter().map(|y| y.year.to_string()).collect();
    let million = |pick: fn(&super::super::tables::Year) -> f64| -> Vec<f64> {
        years.iter().map(|y| pick(y) / 1e6).collect()
    };
    let rows = years
        .iter()
        .map(|y| {
            let m = |x| pen.million(x);
            vec![
                y.year.to_string(),
                m(-y.spend - y.refresh),
                m(y.public + y.contracted),
                m(y.merchant),
                m(-y.opex),
                m(-y.tax),
                m(y.cfads),
                m(-y.service),
                y.cover().map_or_else(String::new, |c| pen.0.decimal(c, 2)),
                m(y.debt),
                m(y.equity),
            ]
        })
        .collect();
    let movers = site
        .matters
        .iter()
        .map(|m| {
            vec![
                m.path.clone(),
                pen.0.range(m.dim, "", m.input.0, m.input.1),
                pen.million(m.npv.0),
                pen.million(m.npv.1),
                pen.irr(m.irr.0),
                pen.irr(m.irr.1),
            ]
        })
        .collect();
    let mut blocks = vec![
        Block::Chart(Chart::Bars {
            title: "Cash flow available for debt service, service, and what shareholders pay or get, EUR m of the day".to_owned(),
            labels,
            parts: vec![
                ("cash for debt service".to_owned(), million(|y| y.cfads)),
                ("debt service".to_owned(), million(|y| -y.service)),
            ],
            line: Some(("shareholders".to_owned(), million(|y| y.equity))),
        }),
        table(["year", "build", "contracted", "market", "run", "tax", "CFADS", "service", "cover", "debt", "equity"], 1, rows),
        Block::Chart(Chart::Band {
            title: "Market price of an accelerator-hour, EUR of the day, years from July".to_owned(),
            labels: site.prices.iter().map(|p| p.year.to_string()).collect(),
            base: site.prices.iter().map(|p| p.base).collect(),
            band: site.prices.iter().map(|p| p.band.map(|b| (b.p10, b.p90))).collect::<Option<Vec<_>>>().map(|b| b.into_iter().unzip()),
        }),
    ];
    if !site.matters.is_empty() {
        blocks.push(heading("What moves the equity value most, each input alone from its P10 to its P90"));
        blocks.push(table(
            ["input", "P10 to P90", "value at P10, EUR m", "at P90", "return at P10", "at P90"],
            1,
            movers,
        ));
    }
    blocks.extend(facts.futures());
    Page { title: "Cash flow and what moves it".to_owned(), blocks }
}

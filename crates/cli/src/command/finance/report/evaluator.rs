//! For the one who judges the bid: gates with reasons, cost and funding under the rules, what each euro buys.

use gigatwin_factory::outcome::Status;
use gigatwin_output::{Block, Page};

use super::super::page::per_thousand;
use super::super::tables::capex;
use super::{Facts, heading, table, trace};

pub(super) fn pages(facts: &Facts<'_>) -> Vec<Page> {
    let ids = [
        "cost.capex_total",
        "cost.capex_computing",
        "cost.opex_annual",
        "finance.irr_equity",
        "finance.dscr_min",
        "finance.lcoc_per_available_hour",
        "finance.lcoc_per_h100e_hour",
        "public.paid",
        "public.subsidy_equivalent",
        "public.hours",
        "public.hours_per_euro",
    ];
    vec![gates(facts), cost(facts), trace::page(facts, &ids)]
}

fn gates(facts: &Facts<'_>) -> Page {
    let o = facts.outcome;
    let mut order: Vec<_> = o.gates.iter().filter(|g| g.status != Status::NotApplicable).collect();
    let rank = |s: Status| match s {
        Status::Fail => 0,
        Status::Unknown => 1,
        _ => 2,
    };
    order.sort_by_key(|g| (!g.hard, rank(g.status)));
    let rows = order
        .iter()
        .map(|g| {
            vec![
                g.title.clone(),
                if g.hard { "hard" } else { "soft" }.to_owned(),
                g.status.word().to_owned(),
                g.reason.clone(),
                g.confidence.word().to_owned(),
                g.probability
                    .map_or_else(String::new, |p| format!("{} %", facts.pen.0.decimal(100.0 * p, 0))),
            ]
        })
        .collect();
    let hard = order.iter().filter(|g| g.hard);
    let (mut failed, mut unknown, mut passed) = (0, 0, 0);
    for g in hard {
        match g.status {
            Status::Fail => failed += 1,
            Status::Unknown => unknown += 1,
            _ => passed += 1,
        }
    }
    let mut blocks = vec![
        Block::Text(format!(
            "Hard gates: {passed} passed, {unknown} unknown, {failed} failed. A gate without its fact is unknown, never passed. Each gate's \
             last column says in how many of the draws it is met."
        )),
        table(["gate", "kind", "status", "reason", "rule", "met"], 5, rows),
    ];
    if !o.grades.is_empty() {
        blocks.push(heading("Grades on the tender's scales"));
        blocks.push(table(
            ["criterion", "grade"],
            2,
            o.grades.iter().map(|g| vec![g.1.clone(), g.2.clone()]).collect(),
        ));
    }
    Page { title: "Gates and grades".to_owned(), blocks }
}

fn cost(facts: &Facts<'_>) -> Page {
    let (site, pen) = (facts.site, facts.pen);
    let total: f64 = site.phases.iter().map(|p| p.capex.total.eur()).sum();
    let items = capex(site)
        .iter()
        .filter(|x| x.2 > 0.0)
        .map(|(item, _, sum)| {
            vec![
                item.label().to_owned(),
                if item.is_computing() { "counts" } else { "no" }.to_owned(),
                pen.million(*sum),
                format!("{} %", pen.0.decimal(100.0 * sum / total, 1)),
            ]
        })
        .collect();
    let phases = site
        .phases
        .iter()
        .map(|p| {
            let s = &p.split;
            vec![
                p.name.clone(),
                limit(s.limit).to_owned(),
                p.opens.month_text(),
                pen.million(p.capex.computing.eur()),
                pen.million(s.split.union.eur()),
                pen.million(s.split.states.eur()),
                pen.million(s.split.private.eur()),
                format!("{} %", pen.0.decimal(s.probability.percent(), 0)),
            ]
        })
        .collect();
    let forms = site
        .forms
        .iter()
        .filter(|c| c.core.subsidy.hours > 0.0)
        .map(|c| {
            let per = |h: f64| per_thousand(c, h).map_or_else(|| "–".to_owned(), |x| pen.0.decimal(x, 0));
            let of = |class: &str| c.core.classes.iter().find(|x| x.0 == class).map_or(0.0, |x| x.1);
            vec![
                c.core.form.word().to_owned(),
                pen.million(c.core.subsidy.paid.eur()),
                pen.million(c.core.subsidy.equivalent().eur()),
                per(c.core.subsidy.hours),
                per(of("sme")),
                per(of("industry")),
                per(of("research")),
                per(of("public")),
                per(c.core.subsidy.h100e_hours),
            ]
        })
        .collect();
    Page {
        title: "Cost, funding and what a euro buys".to_owned(),
        blocks: vec![
            facts.figures(&[
                "cost.capex_total",
                "cost.capex_computing",
                "cost.opex_annual",
                "finance.lcoc_per_available_hour",
                "finance.lcoc_per_sold_hour",
                "finance.lcoc_per_h100e_hour",
                "finance.irr_equity",
                "finance.dscr_min",
            ]),
            heading("Investment by item, EUR m; \"counts\": in the base of the Union's share"),
            table(["item", "computing", "EUR m", "of all"], 2, items),
            heading("Public money by phase, if it comes, EUR m"),
            table(
                [
                    "phase",
                    "what bounds the Union's part",
                    "opens",
                    "computing",
                    "Union",
                    "States",
                    "private",
                    "counted with",
                ],
                2,
                phases,
            ),
            heading("Hours per 1000 public euros by class of users"),
            table(
                [
                    "form",
                    "paid, EUR m",
                    "subsidy equivalent",
                    "hours",
                    "SME",
                    "industry",
                    "research",
                    "public",
                    "H100e-hours",
                ],
                1,
                forms,
            ),
            heading("The same investment under each rule set, if every phase is funded"),
            facts.rule_sets(),
        ],
    }
}

pub(super) fn limit(limit: gigatwin_finance::funding::UnionLimit) -> &'static str {
    use gigatwin_finance::funding::UnionLimit;
    match limit {
        UnionLimit::NoForm => "no public money in this form",
        UnionLimit::Asked => "what is asked: the largest share of the rules",
        UnionLimit::Ceiling => "the ceiling, earlier support counted",
        UnionLimit::PhaseCap => "the cap of the phase",
        UnionLimit::StatesMatch => "what the States can match",
        UnionLimit::PublicShare => "the largest public share of the whole",
    }
}

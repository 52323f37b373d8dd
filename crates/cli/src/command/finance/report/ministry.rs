//! For the one who pays the public part: cash calendar, hours in return, risks, what if not.

use gigatwin_factory::finance::{RISKS, bearers};
use gigatwin_output::{Block, Chart, Page};

use super::super::page::per_thousand;
use super::super::tables::years;
use super::{Facts, heading, table, trace};

pub(super) fn pages(facts: &Facts<'_>) -> Vec<Page> {
    let ids = [
        "cost.capex_computing",
        "public.paid",
        "public.subsidy_equivalent",
        "public.hours",
        "public.hours_per_euro",
        "finance.irr_equity",
        "finance.dscr_min",
        "finance.lcoc_per_h100e_hour",
    ];
    vec![money(facts), risks(facts), trace::page(facts, &ids)]
}

fn money(facts: &Facts<'_>) -> Page {
    let (site, pen) = (facts.site, facts.pen);
    let base = &site.base.core;
    let s = &base.subsidy;
    let expected = &base.funding.expected;
    let mut points = vec![format!(
        "Expected public money: EUR {} m, of it Union {} and States {} (EUR {} m if every phase is funded).",
        pen.million(expected.public().eur()),
        pen.million(expected.union.eur()),
        pen.million(expected.states.eur()),
        pen.million(base.funding.full.public().eur())
    )];
    if s.hours > 0.0 {
        let each: Vec<String> = base
            .classes
            .iter()
            .filter_map(|(c, h)| Some(format!("{c} {}", pen.0.decimal(per_thousand(&site.base, *h)?, 0))))
            .collect();
        points.push(format!(
            "In return: {} M accelerator-hours over the term, {} for each 1000 EUR ({}).",
            pen.0.decimal(s.hours / 1e6, 0),
            per_thousand(&site.base, s.hours).map_or_else(|| "–".to_owned(), |x| pen.0.decimal(x, 0)),
            each.join(", ")
        ));
    }
    points.push(format!(
        "Subsidy equivalent: EUR {} m. Paid, present value: {}; money back: {}; hours at their market price: {}. {}",
        pen.million(s.equivalent().eur()),
        pen.million(s.pv_paid.eur()),
        pen.million(s.pv_returned.eur()),
        pen.million(s.pv_hours.eur()),
        if s.equivalent().eur() < 0.0 { "Below zero: at the prices assumed, the hours are worth more than is paid for them." } else { "" }
    ));
    if let Some(none) = site.forms.first() {
        points.push(format!(
            "Without any public money the equity return is {} (with it {}).",
            facts.irr(none),
            facts.irr(&site.base)
        ));
    }
    let all: Vec<_> = years(&site.base);
    let union = if expected.public().eur() > 0.0 { expected.union / expected.public() } else { 0.0 };
    let paid: Vec<f64> = all.iter().map(|y| (y.grant + y.public) / 1e6).collect();
    let rows = all
        .iter()
        .zip(&paid)
        .map(|(y, paid)| {
            let m = |x: f64| pen.million(x * 1e6);
            vec![
                y.year.to_string(),
                m(paid * union),
                m(paid * (1.0 - union)),
                m(*paid),
                pen.0.decimal(y.hours_public / 1e6, 1),
                if y.hours_public > 0.0 && *paid > 0.0 {
                    pen.0.decimal(paid * 1e6 / y.hours_public, 2)
                } else {
                    "–".to_owned()
                },
            ]
        })
        .collect();
    let states: Vec<Vec<String>> = facts
        .outcome
        .names("state.", ".hours")
        .into_iter()
        .map(|code| {
            let money = facts.outcome.value(&format!("state.{code}.contribution"));
            let hours = facts.outcome.metric(&format!("state.{code}.hours"));
            let [low, high] = hours.and_then(|m| m.band).map_or([String::new(), String::new()], |b| {
                [b.p10, b.p90].map(|x| pen.0.decimal(x / 1e6, 2))
            });
            vec![
                code.to_uppercase(),
                money.map_or_else(|| "n/a".to_owned(), |m| pen.million(m)),
                hours.and_then(|m| m.value).map_or_else(|| "n/a".to_owned(), |x| pen.0.decimal(x / 1e6, 2)),
                low,
                high,
            ]
        })
        .collect();
    let mut blocks = vec![
        Block::Points(points),
        Block::Chart(Chart::Bars {
            title: "Public payments by year, EUR m of the day".to_owned(),
            labels: all.iter().map(|y| y.year.to_string()).collect(),
            parts: vec![
                ("Union".to_owned(), paid.iter().map(|p| p * union).collect()),
                ("States".to_owned(), paid.iter().map(|p| p * (1.0 - union)).collect()),
            ],
            line: None,
        }),
        heading("Cash calendar, EUR m, and hours received"),
        table(["year", "Union", "States", "together", "hours, M", "EUR per hour"], 1, rows),
    ];
    if !states.is_empty() {
        blocks.push(heading("Member States: contribution and accelerator-hours of a full year"));
        blocks.push(table(["State", "contribution, EUR m", "hours a year, M", "P10", "P90"], 1, states));
    }
    Page { title: "What is paid and what comes back".to_owned(), blocks }
}

fn risks(facts: &Facts<'_>) -> Page {
    let (site, pen) = (facts.site, facts.pen);
    let forms = site
        .forms
        .iter()
        .map(|c| {
            let s = &c.core.subsidy;
            vec![
                c.core.form.word().to_owned(),
                pen.million(s.paid.eur()),
                pen.million(s.equivalent().eur()),
                c.core.guaranteed.map_or_else(|| "–".to_owned(), |g| pen.million(g.1.eur())),
                if s.hours > 0.0 { pen.0.decimal(s.hours / 1e6, 0) } else { "–".to_owned() },
                per_thousand(c, s.hours)
                    .filter(|h| *h > 0.0)
                    .map_or_else(|| "–".to_owned(), |h| pen.0.decimal(h, 0)),
                facts.irr(c),
            ]
        })
        .collect();
    let who: Vec<Vec<String>> = site
        .forms
        .iter()
        .map(|c| {
            let mut row = vec![c.core.form.word().to_owned()];
            row.extend(bearers(c.core.form).map(str::to_owned));
            row
        })
        .collect();
    let mut head = vec!["form".to_owned()];
    head.extend(RISKS.map(str::to_owned));
    let mut blocks = vec![
        heading("Legal forms for the same value, EUR m"),
        table(
            [
                "form",
                "paid",
                "subsidy equivalent",
                "can be called",
                "hours, M",
                "hours per 1000 EUR",
                "equity return",
            ],
            1,
            forms,
        ),
        heading("Who bears which risk"),
        Block::Table { head, rows: who, left: 7 },
        heading("What a bad case does to the equity return"),
        facts.stress(),
    ];
    blocks.extend(facts.futures());
    blocks.push(heading("The same investment under each rule set, if every phase is funded"));
    blocks.push(facts.rule_sets());
    Page { title: "Legal forms, risks, and if later money does not come".to_owned(), blocks }
}

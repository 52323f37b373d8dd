//! The page of a programme.

use std::collections::BTreeMap;

use gigatwin_factory::outcome::Status;
use gigatwin_study::bid::Origin;
use gigatwin_study::programme::Standing;

use super::{Found, claims, outlook, stakes, states};
use crate::console::bold;
use crate::context::Context;
use crate::layout::{PAGE, Side, flow, table, wrap};

pub(super) fn page(context: &Context, found: &Found) -> String {
    let mut out = head(context, found);
    out.push_str(&gates(context, found));
    out.push_str(&ranking(context, found));
    out.push_str(&constraints(context, found));
    out.push_str(&fund(context, found));
    out.push_str(&states::text(context, found));
    out.push_str(&stakes::text(context, found));
    if let Some(o) = &found.outlook {
        out.push_str(&outlook::text(context, o));
    }
    if let Some(realised) = &found.realised {
        out.push_str(&claims::text(context, found, realised));
    }
    out
}

/// A title with a blank line before it.
pub(super) fn title(context: &Context, text: &str) -> String {
    format!("\n{}\n", bold(text, context.console.out_colour))
}

/// A paragraph, indented by two.
pub(super) fn paragraph(text: &str) -> String {
    wrap(text, PAGE - 2).iter().map(|l| format!("  {l}\n")).collect()
}

fn head(context: &Context, found: &Found) -> String {
    let count = |o: Origin| found.bids.iter().filter(|b| b.origin == o).count();
    let mut hosts: Vec<&str> = found.bids.iter().map(|b| b.state.as_str()).collect();
    hosts.sort_unstable();
    hosts.dedup();
    let kinds = [(Origin::Public, "public"), (Origin::Synthetic, "synthetic"), (Origin::Own, "own")];
    let kinds: Vec<String> = kinds
        .into_iter()
        .filter(|(o, _)| count(*o) > 0)
        .map(|(o, word)| format!("{} {word}", count(o)))
        .collect();
    let segments = [
        bold(&format!("Programme of {} bids", found.bids.len()), context.console.out_colour),
        kinds.join(", "),
        format!("from {} States", hosts.len()),
        found.stamp.line(),
    ];
    let mut out: String = flow(&segments, PAGE).iter().map(|l| format!("{l}\n")).collect();
    if count(Origin::Synthetic) > 0 {
        out.push_str(&paragraph(
            "Synthetic bids were generated from a seed: nobody made them, and no State or firm is meant.",
        ));
    }
    out
}

fn gates(context: &Context, found: &Found) -> String {
    let count = |s: Standing| found.judged.iter().filter(|j| j.standing == s).count();
    let mut out = title(context, "Gates");
    out.push_str(&paragraph(&format!(
        "{} eligible · {} refused · {} unknown (a fact that is not public is never taken as met)",
        count(Standing::Eligible),
        count(Standing::Refused),
        count(Standing::Unknown)
    )));
    let mut failed: BTreeMap<&str, usize> = BTreeMap::new();
    for gate in found.judged.iter().flat_map(|j| &j.gates).filter(|g| g.hard && g.status == Status::Fail) {
        *failed.entry(gate.title.as_str()).or_default() += 1;
    }
    let mut failed: Vec<(&str, usize)> = failed.into_iter().collect();
    failed.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let rows: Vec<Vec<String>> =
        failed.iter().take(6).map(|(t, n)| vec![n.to_string(), format!("miss: {t}")]).collect();
    out.push_str(&table(&[Side::Right, Side::Left], &rows));
    if found.bids.len() <= 24 {
        let rows: Vec<Vec<String>> = found
            .bids
            .iter()
            .zip(&found.judged)
            .map(|(b, j)| {
                let why = j.reasons();
                let why = match j.standing {
                    Standing::Unknown => format!("{} gates not known", why.len()),
                    _ => why.first().cloned().unwrap_or_default(),
                };
                vec![
                    short(&b.name, 34),
                    b.state.to_uppercase(),
                    j.standing.word().to_owned(),
                    short(&why, 40),
                ]
            })
            .collect();
        out.push_str(&table(&[Side::Left; 4], &rows));
    }
    out
}

/// Cuts a text to a number of characters.
pub(super) fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let cut: String = text.chars().take(most - 1).collect();
    format!("{}…", cut.trim_end())
}

fn ranking(context: &Context, found: &Found) -> String {
    let f = context.figures();
    let s = &found.selection;
    if s.eligible.is_empty() {
        return format!("{}{}", title(context, "Ranking"), paragraph("No bid passes the gates."));
    }
    let mut order: Vec<usize> = (0..s.eligible.len()).collect();
    order.sort_by_key(|i| s.ranking.standings[*i].rank);
    let mut rows = vec![
        ["", "", "bid", "State", "lot", "score", "P10–P90", "ranks", "top", "MW IT", "EUR/H100e-h", "return"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for i in order.iter().take(20) {
        let (bid, judged) = (&found.bids[s.eligible[*i]], &found.judged[s.eligible[*i]]);
        let st = &s.ranking.standings[*i];
        let value = |id: &str, factor: f64, decimals: usize| {
            judged.value(id).map_or_else(|| f.missing().to_owned(), |v| f.decimal(v / factor, decimals))
        };
        rows.push(vec![
            if found.chosen.contains(&s.eligible[*i]) { "✓" } else { "" }.to_owned(),
            st.rank.to_string(),
            short(&bid.name, 22),
            bid.state.to_uppercase(),
            bid.lot.map_or_else(|| "?".to_owned(), |l| l.to_string()),
            f.decimal(100.0 * st.score, 1),
            format!("{}–{}", f.decimal(100.0 * st.band[0], 0), f.decimal(100.0 * st.band[2], 0)),
            format!("{}–{}", st.ranks.0, st.ranks.1),
            format!("{} %", f.decimal(100.0 * st.in_top, 0)),
            value("site.it_power", 1e6, 0),
            value("cost.lcoc_per_h100e_hour", 1.0, 2),
            format!("{} %", value("finance.irr_equity", 0.01, 1)),
        ]);
    }
    let sides = [
        Side::Left,
        Side::Right,
        Side::Left,
        Side::Left,
        Side::Right,
        Side::Right,
        Side::Right,
        Side::Right,
        Side::Right,
        Side::Right,
        Side::Right,
        Side::Right,
    ];
    let mut out = title(context, "Ranking");
    out.push_str(&table(&sides, &rows));
    if order.len() > 20 {
        out.push_str(&paragraph(&format!("and {} more: --json, --out", order.len() - 20)));
    }
    out.push_str(&paragraph(&format!(
        "✓ chosen. Score = 0.5·X1 + 0.25·X2 + 0.25·X3 of 100; most of X1 is given by judgement and not public, so it is drawn: of \
         all pairs of bids, {} % keep their order in nine of ten draws.",
        f.decimal(100.0 * s.ranking.stable_pairs, 0)
    )));
    out
}

fn constraints(context: &Context, found: &Found) -> String {
    let f = context.figures();
    let s = &found.selection;
    let mut out = title(context, "What each constraint costs");
    let rows: Vec<Vec<String>> = s
        .prices
        .iter()
        .map(|p| {
            let gain = if p.gain > 1e-9 {
                let new = p.without.iter().filter(|i| !s.portfolio.chosen.contains(i)).count();
                format!("+{} points, {new} other or more sites without it", f.decimal(100.0 * p.gain, 1))
            } else {
                "does not bind".to_owned()
            };
            vec![p.constraint.clone(), gain]
        })
        .collect();
    out.push_str(&table(&[Side::Left, Side::Left], &rows));
    out
}

fn fund(context: &Context, found: &Found) -> String {
    let f = context.figures();
    let sum = |id: &str| found.chosen.iter().filter_map(|i| found.judged[*i].value(id)).sum::<f64>();
    let bn = |x: f64| format!("EUR {} bn", f.decimal(x / 1e9, 2));
    let (cost, union, states) = (sum("cost.capex_total"), sum("funding.union"), sum("funding.states"));
    let computing = sum("cost.capex_computing");
    // The Union pays at most 17 % of computing (Regulation (EU) 2026/150, Art. 12b(5)).
    let at_cap = cost / (0.17 * computing);
    let mut out = title(context, "Money of the chosen sites, as their bids say");
    if union <= 0.0 {
        out.push_str(&paragraph(
            "No Union money: nothing is chosen, or no form of public money is asked for.",
        ));
        return out;
    }
    let rows = [
        ("to build", bn(cost), String::new()),
        ("Union", bn(union), format!("{} % of it", f.decimal(100.0 * union / cost, 1))),
        ("States", bn(states), format!("{} per euro of the Union", f.decimal(states / union, 2))),
        ("private", bn(cost - union - states), "before financing cost".to_owned()),
        (
            "leverage",
            format!("{} : 1", f.decimal(cost / union, 1)),
            format!(
                "investment over Union money; over all public money {} : 1",
                f.decimal(cost / (union + states), 1)
            ),
        ),
        (
            "by law at the cap",
            format!("{} : 1", f.decimal(at_cap, 1)),
            format!(
                "17 % of computing, which is {} % of the cost here",
                f.decimal(100.0 * computing / cost, 0)
            ),
        ),
        (
            "20 bn → 200 bn",
            "10.0 : 1".to_owned(),
            format!(
                "needs {} sites of {}; at the law's leverage 20 bn back {}",
                f.decimal(200e9 / (cost / found.chosen.len().max(1) as f64), 0),
                bn(cost / found.chosen.len().max(1) as f64),
                bn(20e9 * at_cap),
            ),
        ),
        (
            "of the Union's budget",
            format!("{} %", f.decimal(100.0 * union / found.assumptions.budgets.1.eur(), 0)),
            format!(
                "of {}, most of it from a budget that is not adopted",
                bn(found.assumptions.budgets.1.eur())
            ),
        ),
    ];
    let rows: Vec<Vec<String>> = rows.into_iter().map(|(a, b, c)| vec![a.to_owned(), b, c]).collect();
    out.push_str(&table(&[Side::Left, Side::Right, Side::Left], &rows));
    out
}

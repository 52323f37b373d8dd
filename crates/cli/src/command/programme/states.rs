//! The Member States on the page: what they pay and get, and the way in for those that host nothing.

use super::Found;
use super::page::{paragraph, short, title};
use crate::context::Context;
use crate::layout::{Side, table};

pub(super) fn text(context: &Context, found: &Found) -> String {
    let f = context.figures();
    let mut out = title(context, "Member States");
    let mut rows = vec![
        ["", "signed", "bids", "sites", "promised", "pays", "later part", "hours a year", "EUR/h"]
            .map(str::to_owned)
            .to_vec(),
    ];
    let million = |x: f64| f.decimal(x / 1e6, 0);
    for line in &found.ledger {
        if line.bids == 0 && line.pays.eur() == 0.0 && line.promised.is_none() {
            continue;
        }
        let pays = line.pays.eur();
        rows.push(vec![
            short(&line.name, 14),
            if line.signed { "yes" } else { "no" }.to_owned(),
            line.bids.to_string(),
            line.hosts.to_string(),
            line.promised.map_or_else(|| "unknown".to_owned(), |m| format!("EUR {} m", million(m.eur()))),
            if pays > 0.0 { format!("EUR {} m", million(pays)) } else { "–".to_owned() },
            if pays > 0.0 { format!("EUR {} m", million(line.pays_later.eur())) } else { "–".to_owned() },
            if line.hours > 0.0 { format!("{} m", f.decimal(line.hours / 1e6, 1)) } else { "–".to_owned() },
            line.cost_per_hour().map_or_else(|| "–".to_owned(), |c| f.decimal(c, 2)),
        ]);
    }
    let mut sides = vec![Side::Left, Side::Left];
    sides.extend([Side::Right; 7]);
    out.push_str(&table(&sides, &rows));
    out.push_str(&paragraph(
        "Pays: for hours over five years from the opening of each phase; the later part is owed only where the Union's money for second phases comes. EUR/h: what \
         a State pays for each of its accelerator-hours.",
    ));
    let short_of: Vec<String> = found
        .ledger
        .iter()
        .filter_map(|l| Some((l, l.promised?.eur())))
        .filter(|(l, promised)| l.pays.eur() > *promised + 0.5e6)
        .map(|(l, promised)| {
            format!("{} (EUR {} m of EUR {} m)", l.name, million(promised), million(l.pays.eur()))
        })
        .collect();
    if !short_of.is_empty() {
        out.push_str(&paragraph(&format!(
            "Promised in public so far is less than the chosen sites ask of: {}.",
            short_of.join(", ")
        )));
    }
    let outside: Vec<String> = found
        .ledger
        .iter()
        .filter(|l| !l.signed)
        .map(|l| {
            let way = l.network.first().map_or("no antenna in the catalog", String::as_str);
            format!("{} ({way})", l.name)
        })
        .collect();
    if !outside.is_empty() {
        out.push_str(&paragraph(&format!(
            "Not signed, so that no site and no matching money is possible in this call: {}. They can use their AI Factories and antennas, and \
             buy hours; hours that the Union holds are open to users of all Member States{}.",
            outside.join(", "),
            union_hours(context, found)
        )));
        out.push_str(&paragraph(&buying(context, found)));
    }
    out
}

/// The Union's hours of the chosen sites, where there are any.
fn union_hours(context: &Context, found: &Found) -> String {
    let hours: f64 = found.chosen.iter().filter_map(|i| found.judged[*i].value("tenant.union.hours")).sum();
    if hours > 0.0 {
        format!(
            ", {} m accelerator-hours a year of the chosen sites",
            context.figures().decimal(hours / 1e6, 0)
        )
    } else {
        String::new()
    }
}

/// What EUR 10 m a year buys.
fn buying(context: &Context, found: &Found) -> String {
    let f = context.figures();
    let market = found.assumptions.market;
    let bought = |price: f64| format!("{} m", f.decimal(10.0 / price, 1));
    let mut text = format!(
        "EUR 10 m a year buy {} H100e-hours at the middle of Europe's market in 2026 ({} at the dearest seller, {} at the cheapest)",
        bought(market.mode),
        bought(market.high),
        bought(market.low)
    );
    let mut costs: Vec<f64> =
        found.chosen.iter().filter_map(|i| found.judged[*i].value("cost.lcoc_per_h100e_hour")).collect();
    costs.sort_by(f64::total_cmp);
    if let Some(middle) = costs.get(costs.len() / 2) {
        text.push_str(&format!("; at the cost of the middle chosen site it would be {}", bought(*middle)));
    }
    text.push('.');
    text
}

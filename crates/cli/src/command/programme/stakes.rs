//! What States pay when, whose hours they get, and who bears which risk.

use std::collections::BTreeSet;

use gigatwin_study::programme::risks::{INSTRUMENTS, MATRIX};
use serde_json::{Value, json};

use super::Found;
use super::page::{paragraph, short, title};
use crate::context::Context;
use crate::layout::{Side, table};

pub(super) fn text(context: &Context, found: &Found) -> String {
    let f = context.figures();
    let payers: Vec<_> = found.ledger.iter().filter(|l| l.pays.eur() > 0.0).collect();
    let mut out = String::new();
    let million = |x: f64| if x.abs() < 0.5e6 { "–".to_owned() } else { f.decimal(x / 1e6, 0) };
    if !payers.is_empty() {
        let years: BTreeSet<i16> = payers.iter().flat_map(|l| l.calendar.keys().copied()).collect();
        out.push_str(&title(context, "What States pay when, EUR m"));
        let mut rows =
            vec![std::iter::once(String::new()).chain(years.iter().map(i16::to_string)).collect::<Vec<_>>()];
        for line in &payers {
            let mut row = vec![short(&line.name, 12)];
            row.extend(years.iter().map(|y| million(line.calendar.get(y).copied().unwrap_or(0.0))));
            rows.push(row);
        }
        let mut sides = vec![Side::Left];
        sides.extend(vec![Side::Right; years.len()]);
        out.push_str(&table(&sides, &rows));
        let classes: BTreeSet<&str> =
            payers.iter().flat_map(|l| l.classes.keys().map(String::as_str)).collect();
        out.push_str(&title(context, "Whose hours they get, and what is at stake"));
        let mut rows = vec![vec![String::new(), "form".to_owned()]];
        rows[0].extend(classes.iter().map(|c| format!("{c}, m h/a")));
        rows[0].extend(["paid ahead", "contingent", "if prices fall"].map(str::to_owned));
        for line in &payers {
            let form =
                format!("{}{}", line.instrument.word(), if line.instrument_stated { "" } else { " ?" });
            let mut row = vec![short(&line.name, 12), form];
            row.extend(
                classes.iter().map(|c| f.decimal(line.classes.get(*c).copied().unwrap_or(0.0) / 1e6, 1)),
            );
            let s = line.stake;
            row.extend([s.ahead, s.contingent, s.price].map(|m| million(m.eur())));
            rows.push(row);
        }
        let mut sides = vec![Side::Left, Side::Left];
        sides.extend(vec![Side::Right; classes.len() + 3]);
        out.push_str(&table(&sides, &rows));
        out.push_str(&paragraph(
            "Money in EUR m. A form with ? is assumed (the call buys hours). Paid ahead: before a single hour comes. Contingent: owed \
             only where the Union's second-phase money comes. If prices fall: what its hours cost more than the cheapest European \
             market price of 2026 over the term.",
        ));
    }
    out.push_str(&title(context, "Who bears which risk"));
    let mut rows = vec![
        std::iter::once(String::new()).chain(INSTRUMENTS.map(|i| i.word().to_owned())).collect::<Vec<_>>(),
    ];
    for risk in MATRIX {
        let mut row = vec![risk.label.to_owned()];
        row.extend(risk.bearer.map(|b| b.word().to_owned()));
        rows.push(row);
    }
    out.push_str(&table(&[Side::Left; 6], &rows));
    out.push_str(&paragraph(
        "By the legal form of a State's money; reasons in --json. Operation is the consortium's in every form (Regulation (EU) 2026/150, \
         Art. 12b). What an agreement shares otherwise is not public.",
    ));
    out
}

pub(super) fn json() -> Value {
    MATRIX
        .iter()
        .map(|r| {
            let bearer: serde_json::Map<String, Value> = INSTRUMENTS
                .iter()
                .zip(r.bearer)
                .map(|(i, b)| (i.word().to_owned(), json!(b.word())))
                .collect();
            json!({"risk": r.label, "bearer": bearer, "why": r.why})
        })
        .collect()
}

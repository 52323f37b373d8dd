//! The programme for machines.

use gigatwin_quantity::{Dim, exact};
use gigatwin_study::realise::{MEASURES, world};
use serde_json::{Value, json};

use super::{Found, Realised};

/// Symbol of the unit that values stand in; euros, hours and plain numbers in base units.
pub(super) fn unit(dim: Dim) -> &'static str {
    match dim {
        Dim::Money => "EUR",
        Dim::HourPrice => "EUR/h",
        Dim::Time => "months",
        Dim::Date => "date",
        Dim::Share => "1",
        _ => "",
    }
}

/// A base value in that unit.
pub(super) fn plain(dim: Dim, v: f64) -> Value {
    match dim {
        Dim::Date => json!(exact(dim, v)),
        Dim::Time => json!(v / 2_629_746.0),
        _ => json!(v),
    }
}

pub(super) fn programme(found: &Found) -> Value {
    let s = &found.selection;
    let bids: Vec<Value> = found
        .bids
        .iter()
        .zip(&found.judged)
        .enumerate()
        .map(|(i, (b, j))| {
            let standing = s.eligible.iter().position(|e| *e == i).map(|p| &s.ranking.standings[p]);
            let gates: Vec<Value> = j
                .gates
                .iter()
                .map(|g| json!({"id": g.id, "status": g.status.word(), "hard": g.hard, "reason": g.reason}))
                .collect();
            json!({
                "id": b.slug, "name": b.name, "state": b.state.to_uppercase(), "lot": b.lot,
                "origin": b.origin.word(), "status": b.status, "source": b.source, "confidence": b.confidence.word(),
                "standing": j.standing.word(), "reasons": j.reasons(), "gates": gates,
                "chosen": found.chosen.contains(&i),
                "rank": standing.map(|s| s.rank), "rank_p10": standing.map(|s| s.ranks.0), "rank_p90": standing.map(|s| s.ranks.1),
                "score": standing.map(|s| s.score), "parts": standing.map(|s| s.parts), "score_band": standing.map(|s| s.band),
                "first": standing.map(|s| s.first), "in_top": standing.map(|s| s.in_top),
                "it_power_w": j.value("site.it_power"), "h100_equivalents": j.value("site.h100_equivalents"),
                "capex_total_eur": j.value("cost.capex_total"), "union_eur": j.value("funding.union"),
                "states_eur": j.value("funding.states"), "irr_equity": j.value("finance.irr_equity"),
                "lcoc_eur_per_h100e_hour": j.value("cost.lcoc_per_h100e_hour"),
            })
        })
        .collect();
    let prices: Vec<Value> = s
        .prices
        .iter()
        .map(|p| {
            let without: Vec<&str> =
                p.without.iter().map(|i| found.bids[s.eligible[*i]].slug.as_str()).collect();
            json!({"constraint": p.constraint, "gain": p.gain, "without": without})
        })
        .collect();
    let states: Vec<Value> = found
        .ledger
        .iter()
        .map(|l| {
            let calendar: serde_json::Map<String, Value> =
                l.calendar.iter().map(|(y, m)| (y.to_string(), json!(m))).collect();
            json!({
                "state": l.state.to_uppercase(), "name": l.name, "signed": l.signed, "bids": l.bids, "sites": l.hosts,
                "promised_eur": l.promised.map(|m| m.eur()), "pays_eur": l.pays.eur(), "pays_later_eur": l.pays_later.eur(),
                "hours_per_year": l.hours, "eur_per_hour": l.cost_per_hour(), "calendar_eur": calendar, "network": l.network,
                "hours_by_class": l.classes, "h100e_hours_per_year": l.h100e_hours, "form": l.instrument.word(),
                "form_stated": l.instrument_stated, "paid_ahead_eur": l.stake.ahead.eur(),
                "contingent_eur": l.stake.contingent.eur(), "price_risk_eur": l.stake.price.eur(),
            })
        })
        .collect();
    let stamp = json!({"version": found.stamp.version, "seed": found.stamp.seed, "inputs_sha256": found.stamp.inputs_sha256});
    json!({
        "gigatwin": stamp,
        "bids": bids,
        "portfolio": {"chosen": found.chosen.iter().map(|i| found.bids[*i].slug.as_str()).collect::<Vec<_>>(),
            "score": s.portfolio.value, "proven_optimal": true, "constraints": prices, "stable_pairs": s.ranking.stable_pairs,
            "rank_draws": s.ranking.draws},
        "states": states,
        "risks": super::stakes::json(),
        "outlook": found.outlook.as_ref().map(super::outlook::json),
        "realise": found.realised.as_ref().map(realise),
    })
}

fn realise(r: &Realised) -> Value {
    let chain: Vec<Value> = MEASURES
        .iter()
        .map(|m| {
            let band = world::band(&r.worlds, m.id);
            let at = |i: usize| band.map(|(b, _)| plain(m.dim, b[i]));
            json!({"id": m.id, "label": m.label, "unit": unit(m.dim), "p10": at(0), "p50": at(1), "p90": at(2),
                "share_of_draws": band.map_or(0.0, |b| b.1)})
        })
        .collect();
    let claims: Vec<Value> = r
        .claims
        .iter()
        .map(|(c, a)| {
            let levers: Vec<Value> = a.levers.iter().map(|(l, d)| json!({"lever": l, "change": d})).collect();
            let measure = c.test.map(|t| t.measure).or(c.nearest).map(|m| &MEASURES[m]);
            let moves: Vec<Value> = a
                .moves
                .iter()
                .filter_map(|(l, from, to)| {
                    measure.map(|m| json!({"lever": l, "from": plain(m.dim, *from), "to": plain(m.dim, *to)}))
                })
                .collect();
            json!({
                "id": c.id, "title": c.title, "text": c.text, "who": c.who, "date": c.date, "source": c.source,
                "confidence": c.confidence.word(), "verdict": a.verdict.word(), "probability": a.probability,
                "superseded_by": c.superseded, "record": c.record.as_ref().map(|r| &r.1), "needs": c.needs, "why_not": c.why_not,
                "measure": measure.map(|m| m.id), "testable": c.test.is_some(),
                "band": measure.and_then(|m| a.band.map(|b| b.map(|v| plain(m.dim, v)))), "levers": levers, "moves": moves, "with_all_levers": a.together,
            })
        })
        .collect();
    let what_if: Vec<Value> = r
        .what_if
        .iter()
        .map(|w| {
            json!({"lever": w.label, "sites_realised": w.realised, "sites_open_2030": w.open_2030, "at_least_one": w.any,
                "private_eur": w.private})
        })
        .collect();
    json!({"draws": r.worlds.len(), "bids_without_site": r.blind, "chain": chain, "claims": claims, "what_if": what_if})
}

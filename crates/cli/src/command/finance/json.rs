//! The money of a site for machines.

use gigatwin_factory::finance::{Case, PriceYear, RISKS, SiteFinance, bearers};
use gigatwin_factory::outcome::Band;
use gigatwin_quantity::{Dim, Share};
use serde_json::{Map, Value, json};

use super::Finding;
use super::tables::{capex, drawn, sources_and_uses, years};

fn unit(dim: Dim) -> (&'static str, f64) {
    match dim {
        Dim::Money => ("EUR", 1.0),
        Dim::Share => ("%", 0.01),
        Dim::HourPrice => ("EUR/h", 1.0),
        Dim::Time => ("years", 31_556_952.0),
        Dim::Count => ("h", 1.0),
        _ => ("1", 1.0),
    }
}

fn metrics(case: &Case) -> Map<String, Value> {
    case.figures
        .iter()
        .map(|f| {
            let (unit, factor) = unit(f.def.dim);
            let of = |x: Option<f64>| x.map(|v| v / factor);
            let side = |pick: fn(&Band) -> f64| of(f.band.as_ref().map(pick));
            let value = json!({
                "value": of(f.value), "unit": unit, "low": side(|b| b.p10), "p50": side(|b| b.p50), "high": side(|b| b.p90),
                "status": if f.value.is_some() { "ok" } else { "n/a" }, "label": f.def.label, "formula": f.def.formula,
            });
            (f.def.id.to_owned(), value)
        })
        .collect()
}

fn form(case: &Case) -> Value {
    let s = &case.core.subsidy;
    let risks: Map<String, Value> =
        RISKS.iter().zip(bearers(case.core.form)).map(|(r, w)| ((*r).to_owned(), json!(w))).collect();
    json!({
        "form": case.core.form.word(), "metrics": metrics(case), "risks": risks,
        "paid_eur": s.paid.eur(), "pv_paid_eur": s.pv_paid.eur(), "pv_returned_eur": s.pv_returned.eur(),
        "pv_hours_eur": s.pv_hours.eur(), "subsidy_equivalent_eur": s.equivalent().eur(),
        "hours": s.hours, "h100e_hours": s.h100e_hours,
        "hours_by_class": case.core.classes.iter().map(|(c, h)| (c.clone(), json!(h))).collect::<Map<_, _>>(),
        "guaranteed_share": case.core.guaranteed.map(|g| g.0.fraction()),
        "guarantee_at_most_eur": case.core.guaranteed.map(|g| g.1.eur()),
        "irr_equity_if": {"price_30_pct_lower": case.stress[0], "use_20_pct_lower": case.stress[1], "opens_a_year_later": case.stress[2]},
    })
}

fn phases(site: &SiteFinance) -> Vec<Value> {
    site.phases
        .iter()
        .map(|p| {
            let items: Vec<Value> = p
                .capex
                .items
                .iter()
                .map(|(i, m)| json!({"item": i.label(), "eur": m.eur(), "computing": i.is_computing()}))
                .collect();
            json!({
                "name": p.name, "opens": p.opens.to_string(), "capex": items,
                "computing_eur": p.capex.computing.eur(), "total_eur": p.capex.total.eur(),
                "union_eur": p.split.split.union.eur(), "states_eur": p.split.split.states.eur(),
                "private_eur": p.split.split.private.eur(), "union_limit": format!("{:?}", p.split.limit),
                "probability": p.split.probability.fraction(),
            })
        })
        .collect()
}

fn by_year(site: &SiteFinance) -> Vec<Value> {
    years(&site.base)
        .iter()
        .map(|y| {
            json!({
                "year": y.year, "spend_eur": y.spend, "refresh_eur": y.refresh, "hours_available": y.hours_available,
                "hours_sold": y.hours_sold, "hours_public": y.hours_public, "revenue_public_eur": y.public,
                "revenue_contracted_eur": y.contracted, "revenue_merchant_eur": y.merchant, "opex_eur": y.opex,
                "ebitda_eur": y.ebitda, "tax_eur": y.tax, "residual_eur": y.residual, "cfads_eur": y.cfads,
                "debt_service_eur": y.service, "cover": y.cover(), "debt_eur": y.debt, "equity_flow_eur": y.equity,
                "project_flow_eur": y.project,
            })
        })
        .collect()
}

fn prices(site: &SiteFinance) -> Vec<Value> {
    let one = |p: &PriceYear| {
        let side = |pick: fn(&Band) -> f64| p.band.as_ref().map(pick);
        json!({"year": p.year, "eur_per_h": p.base, "low": side(|b| b.p10), "p50": side(|b| b.p50), "high": side(|b| b.p90)})
    };
    site.prices.iter().map(one).collect()
}

fn futures(site: &SiteFinance) -> Vec<Value> {
    site.futures
        .iter()
        .map(|f| {
            json!({
                "label": f.label, "public_eur": f.public.eur(), "debt_eur": f.debt.eur(), "irr_equity": f.irr_equity,
                "npv_equity_eur": f.npv_equity.eur(), "dscr_min": f.dscr_min, "public_hours": f.public_hours,
            })
        })
        .collect()
}

fn rule_sets(site: &SiteFinance) -> Vec<Value> {
    site.rule_sets
        .iter()
        .map(|r| {
            let full = &r.funding.full;
            json!({
                "id": r.id, "law": r.law, "status": r.status, "of_the_file": site.rules.contains(&r.id),
                "union_share_of_computing_max": r.union_share_max.map(Share::fraction),
                "public_share_of_all_max": r.public_share_max.map(Share::fraction),
                "union_share_of_operation_max": r.union_share_operation.map(Share::fraction),
                "union_cap_phase_1_eur": r.caps[0].map(|m| m.eur()), "union_cap_phase_2_eur": r.caps[1].map(|m| m.eur()),
                "states_match_min": r.states_match_min, "term_years_min": r.term_years,
                "union_eur": full.union.eur(), "states_eur": full.states.eur(), "private_eur": full.private.eur(),
            })
        })
        .collect()
}

fn matters(site: &SiteFinance) -> Vec<Value> {
    site.matters
        .iter()
        .map(|m| {
            json!({"input": m.path, "low": m.input.0, "high": m.input.1, "dimension": m.dim,
                "npv_equity_eur": [m.npv.0, m.npv.1], "irr_equity": [m.irr.0, m.irr.1]})
        })
        .collect()
}

fn listed(found: &[Finding]) -> Vec<Value> {
    found.iter().map(|f| json!({"code": f.code, "message": f.message, "hint": f.hint})).collect()
}

pub(super) fn json(site: &SiteFinance, found: &[Finding]) -> Value {
    let [uses, sources] = sources_and_uses(&site.base);
    let side = |rows: &[(&str, f64)]| -> Map<String, Value> {
        rows.iter().map(|(k, v)| ((*k).to_owned(), json!(v))).collect()
    };
    let o = &site.base.core.outcome;
    let items: Vec<Value> = capex(site)
        .iter()
        .map(|(i, _, sum)| json!({"item": i.label(), "eur": sum, "computing": i.is_computing()}))
        .collect();
    let curve: Vec<Value> =
        drawn(&site.base).iter().map(|(h, x)| json!({"half_year": h, "share": x})).collect();
    let mut value = json!({
        "gigatwin": {"version": site.stamp.version, "seed": site.stamp.seed, "inputs_sha256": site.stamp.inputs_sha256},
        "name": site.name, "place": site.place, "country": site.country,
        "answer": if found.iter().any(|f| f.no) { "no" } else { "yes" },
        "findings": listed(found), "currency": "EUR", "price_year": site.price_year, "inflation": site.inflation,
        "form": site.base.core.form.word(), "draws": site.draws, "debt_served": site.debt_served,
        "required_return": site.required, "required_return_reached": site.required_reached,
        "metrics": metrics(&site.base),
        "shortfall": o.shortfall.map(|s| json!({"month": s.date.month_text(), "eur": s.amount.eur()})),
        "first_call": o.first_call.map(|d| d.month_text()),
    });
    let rest = json!({
        "phases": phases(site), "capex": items, "drawn": curve, "uses": side(&uses), "sources": side(&sources),
        "years": by_year(site), "prices": prices(site), "forms": site.forms.iter().map(form).collect::<Vec<_>>(),
        "futures": futures(site), "rule_sets": rule_sets(site), "matters": matters(site),
        "assumptions_at_default": site.at_default.0, "inputs": site.at_default.1,
    });
    if let (Some(all), Value::Object(rest)) = (value.as_object_mut(), rest) {
        all.extend(rest);
    }
    value
}

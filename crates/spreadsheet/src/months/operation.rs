//! Spending, hours, revenue, running cost, depreciation.

use gigatwin_finance::draw::DrawCurve;
use gigatwin_finance::plan::{Plan, PurchasePrice};

use super::{Frame, factor};
use crate::columns::Columns;
use crate::inputs::Inputs;

fn between(point: f64, after: f64, months: f64) -> bool {
    point > after && point <= after + months
}

pub(super) fn add(c: &mut Columns, plan: &Plan, frame: &Frame, inputs: &Inputs) {
    price(c, plan, inputs);
    for n in 0..plan.phases.len() {
        spending(c, plan, n);
        hours(c, plan, frame, inputs, n);
    }
    totals(c, plan, inputs);
    assets(c, plan, frame);
}

fn price(c: &mut Columns, plan: &Plan, inputs: &Inputs) {
    let market = plan.market_price.eur_per_h();
    c.add(
        "price",
        "market price of an accelerator-hour",
        "EUR/h",
        "IF({op}=1,market_price*INDEX(path_market,{year}+1),0)",
        |c, i, _| {
            if c.at("op", i) == 1.0 { market * factor(inputs, "path_market", c.at("year", i)) } else { 0.0 }
        },
    );
    for (key, title) in [("energy", "energy: price factor"), ("cost", "other cost: price factor")] {
        let path = format!("path_{key}");
        c.add(
            &format!("f_{key}"),
            title,
            "1",
            format!("IF({{op}}=1,INDEX({path},{{year}}+1),0)"),
            |c, i, _| {
                if c.at("op", i) == 1.0 { factor(inputs, &path, c.at("year", i)) } else { 0.0 }
            },
        );
    }
}

fn spending(c: &mut Columns, plan: &Plan, n: usize) {
    let p = &plan.phases[n];
    let k = n + 1;
    let (start, months) = (f64::from(p.build_start), f64::from(p.build_months));
    let inside =
        format!("AND({{point}}>phase{k}_build_start,{{point}}<=phase{k}_build_start+phase{k}_build_months)");
    let curved = matches!(p.draw, DrawCurve::Logistic { steepness, .. } if steepness.abs() >= 1e-6);
    let text = if p.build_months == 0 {
        format!("IF({{point}}=phase{k}_build_start,1,0)")
    } else if curved {
        let at = |shift: &str| {
            format!(
                "1/(1+EXP(-phase{k}_steepness*(({{point}}{shift}-phase{k}_build_start)/phase{k}_build_months-phase{k}_midpoint)))"
            )
        };
        format!("IF({inside},({}-{})/(phase{k}_curve_one-phase{k}_curve_zero),0)", at(""), at("-1"))
    } else {
        format!("IF({inside},1/phase{k}_build_months,0)")
    };
    let (draw, build) = (p.draw, p.build_months);
    c.add(&format!("spent{k}"), &format!("phase {k}: share spent"), "share", text, |c, i, _| {
        let point = c.at("point", i);
        if build == 0 {
            f64::from(u8::from(point == start))
        } else if between(point, start, months) {
            draw.part((point - start) as u32, build)
        } else {
            0.0
        }
    });
}

fn hours(c: &mut Columns, plan: &Plan, frame: &Frame, inputs: &Inputs, n: usize) {
    let p = &plan.phases[n];
    let k = n + 1;
    let (opens, sells) = (f64::from(p.opens), f64::from(p.sells_months));
    let key = |name: &str| format!("{name}{k}");
    let (on, h, usage, paid, public, free) =
        (key("on"), key("hours"), key("use"), key("paid"), key("public"), key("free"));
    c.add(
        &on,
        &format!("phase {k}: 1 while hours are sold"),
        "flag",
        format!("IF(AND({{point}}>phase{k}_opens,{{point}}<=phase{k}_opens+phase{k}_sells_months),1,0)"),
        |c, i, _| f64::from(u8::from(between(c.at("point", i), opens, sells))),
    );
    let yearly = p.hours_per_year;
    c.add(
        &h,
        &format!("phase {k}: accelerator-hours"),
        "h",
        format!("phase{k}_hours_per_year/12*{{{on}}}"),
        |c, i, _| yearly / 12.0 * c.at(&on, i),
    );
    let path = format!("path_use{k}");
    let late = ((p.opens - frame.opening) / 12) as f64;
    c.add(
        &usage,
        &format!("phase {k}: use of open hours"),
        "share",
        format!("IF({{{on}}}=1,INDEX({path},{{block}}-INT((phase{k}_opens-first_opening)/12)+1),0)"),
        |c, i, _| if c.at(&on, i) == 1.0 { factor(inputs, &path, c.at("block", i) - late) } else { 0.0 },
    );
    let (purchase, months) = (p.public.purchase.eur(), f64::from(p.public.purchase_months));
    c.add(&paid, &format!("phase {k}: public purchase"), "EUR",
        format!("IF(AND({{{on}}}=1,{{point}}<=phase{k}_opens+phase{k}_purchase_months),phase{k}_purchase/phase{k}_purchase_months,0)"),
        |c, i, _| if c.at(&on, i) == 1.0 && c.at("point", i) <= opens + months { purchase / months } else { 0.0 });
    let (q, holds) = (p.public.share_of_hours.fraction(), f64::from(p.public.share_months));
    let held = |c: &Columns, i: usize| if c.at("point", i) <= opens + holds { c.at(&h, i) * q } else { 0.0 };
    let held_text =
        format!("IF({{point}}<=phase{k}_opens+phase{k}_share_months,{{{h}}}*phase{k}_public_share,0)");
    match p.public.price {
        Some(kind) => {
            let (text, fixed) = match kind {
                PurchasePrice::Market => ("{price}".to_owned(), None),
                PurchasePrice::Fixed(x) => (format!("phase{k}_purchase_price"), Some(x.eur_per_h())),
            };
            c.add(
                &public,
                &format!("phase {k}: public hours"),
                "h",
                format!("IF({text}>0,MIN({{{paid}}}/{text},{{{h}}}),0)"),
                |c, i, _| {
                    let each = fixed.unwrap_or_else(|| c.at("price", i));
                    if each > 0.0 { (c.at(&paid, i) / each).min(c.at(&h, i)) } else { 0.0 }
                },
            );
            c.add(
                &free,
                &format!("phase {k}: hours left"),
                "h",
                format!("{{{h}}}-{{{public}}}"),
                |c, i, _| c.at(&h, i) - c.at(&public, i),
            );
        }
        None => {
            c.add(
                &public,
                &format!("phase {k}: public hours"),
                "h",
                format!("{held_text}*{{{usage}}}"),
                |c, i, _| held(c, i) * c.at(&usage, i),
            );
            c.add(
                &free,
                &format!("phase {k}: hours left"),
                "h",
                format!("{{{h}}}-{held_text}"),
                |c, i, _| c.at(&h, i) - held(c, i),
            );
        }
    }
    let mut taken = String::new();
    let mut before: Vec<String> = Vec::new();
    for (m, contract) in plan.contracts.iter().enumerate() {
        let name = format!("held{k}_{}", m + 1);
        let (from, until, share) =
            (f64::from(contract.from), f64::from(contract.until), contract.share.fraction());
        let d = m + 1;
        let earlier = before.clone();
        c.add(&name, &format!("phase {k}: hours of contract {d}"), "h",
            format!("IF(AND({{{on}}}=1,{{point}}>contract{d}_from,{{point}}<=contract{d}_until),MIN({{{h}}}*contract{d}_share,{{{free}}}{taken}),0)"),
            |c, i, _| {
                let point = c.at("point", i);
                if c.at(&on, i) == 1.0 && point > from && point <= until {
                    let left = c.at(&free, i) - earlier.iter().map(|e| c.at(e, i)).sum::<f64>();
                    (c.at(&h, i) * share).min(left)
                } else {
                    0.0
                }
            });
        taken.push_str(&format!("-{{{name}}}"));
        before.push(name);
    }
    c.add(
        &key("sold"),
        &format!("phase {k}: hours sold at the market price"),
        "h",
        format!("({{{free}}}{taken})*{{{usage}}}"),
        |c, i, _| (c.at(&free, i) - before.iter().map(|e| c.at(e, i)).sum::<f64>()) * c.at(&usage, i),
    );
}

/// "a1*{x1}+a2*{x2}" over phases.
fn over(phases: usize, term: impl Fn(usize) -> String) -> String {
    (1..=phases).map(term).collect::<Vec<_>>().join("+")
}

fn totals(c: &mut Columns, plan: &Plan, inputs: &Inputs) {
    let n = plan.phases.len();
    let sum =
        |c: &Columns, i: usize, name: &str| (1..=n).map(|k| c.at(&format!("{name}{k}"), i)).sum::<f64>();
    let spend: Vec<f64> = plan.phases.iter().map(|p| (p.computing + p.facility).eur()).collect();
    let grant: Vec<f64> = plan.phases.iter().map(|p| p.public.grant.eur()).collect();
    let weighted = |c: &Columns, i: usize, w: &[f64], name: &str| -> f64 {
        w.iter().enumerate().map(|(k, w)| w * c.at(&format!("{name}{}", k + 1), i)).sum()
    };
    c.add(
        "spend",
        "investment",
        "EUR",
        over(n, |k| format!("(phase{k}_computing+phase{k}_facility)*{{spent{k}}}")),
        |c, i, _| weighted(c, i, &spend, "spent"),
    );
    c.add("grant", "public grant", "EUR", over(n, |k| format!("phase{k}_grant*{{spent{k}}}")), |c, i, _| {
        weighted(c, i, &grant, "spent")
    });
    for (key, title, part) in [
        ("h_available", "hours available", "hours"),
        ("h_public", "public hours", "public"),
        ("h_market", "hours sold at the market price", "sold"),
    ] {
        c.add(key, title, "h", over(n, |k| format!("{{{part}{k}}}")), |c, i, _| sum(c, i, part));
    }
    let contracts = plan.contracts.len();
    let each = |k: usize| (1..=contracts).map(|d| format!("{{held{k}_{d}}}")).collect::<Vec<_>>().join("+");
    let held = |c: &Columns, i: usize, k: usize| {
        (1..=contracts).map(|d| c.at(&format!("held{k}_{d}"), i)).sum::<f64>()
    };
    let text = if contracts == 0 { "0".to_owned() } else { over(n, each) };
    c.add("h_contract", "hours under contract", "h", text, |c, i, _| (1..=n).map(|k| held(c, i, k)).sum());
    let ratio: Vec<f64> = plan.phases.iter().map(|p| p.h100e_per_accelerator).collect();
    c.add(
        "h_h100e",
        "H100e-hours used",
        "h",
        over(n, |k| {
            let held = if contracts == 0 { String::new() } else { format!("+{}", each(k)) };
            format!("({{public{k}}}+{{sold{k}}}{held})*phase{k}_h100e")
        }),
        |c, i, _| {
            (1..=n)
                .map(|k| {
                    (c.at(&format!("public{k}"), i) + c.at(&format!("sold{k}"), i) + held(c, i, k))
                        * ratio[k - 1]
                })
                .sum()
        },
    );
    c.add("rev_public", "revenue: public", "EUR", over(n, |k| format!("{{paid{k}}}")), |c, i, _| {
        sum(c, i, "paid")
    });
    let text = if contracts == 0 {
        "0".to_owned()
    } else {
        (1..=contracts)
            .map(|d| {
                format!(
                    "IF({{op}}=1,contract{d}_price*INDEX(path_contract{d},{{year}}+1)*({}),0)",
                    over(n, |k| format!("{{held{k}_{d}}}"))
                )
            })
            .collect::<Vec<_>>()
            .join("+")
    };
    c.add("rev_contract", "revenue: contracts", "EUR", text, |c, i, _| {
        plan.contracts
            .iter()
            .enumerate()
            .map(|(m, contract)| {
                let d = m + 1;
                let h: f64 = (1..=n).map(|k| c.at(&format!("held{k}_{d}"), i)).sum();
                if c.at("op", i) == 1.0 {
                    contract.price.eur_per_h()
                        * factor(inputs, &format!("path_contract{d}"), c.at("year", i))
                        * h
                } else {
                    0.0
                }
            })
            .sum()
    });
    c.add("rev_market", "revenue: market", "EUR", "{h_market}*{price}", |c, i, _| {
        c.at("h_market", i) * c.at("price", i)
    });
    type Line = fn(&gigatwin_finance::opex::OpexYear) -> f64;
    let lines: [(&str, &str, Line); 6] = [
        ("energy", "f_energy", |o| o.energy.eur()),
        ("maintenance", "f_cost", |o| o.maintenance.eur()),
        ("staff", "f_cost", |o| o.staff.eur()),
        ("insurance", "f_cost", |o| o.insurance.eur()),
        ("site", "f_cost", |o| o.site.eur()),
        ("software", "f_cost", |o| o.software.eur()),
    ];
    for (key, path, line) in lines {
        let w: Vec<f64> = plan.phases.iter().map(|p| line(&p.opex) / 12.0).collect();
        c.add(
            key,
            key,
            "EUR",
            format!("({})*{{{path}}}", over(n, |k| format!("phase{k}_{key}/12*{{on{k}}}"))),
            |c, i, _| weighted(c, i, &w, "on") * c.at(path, i),
        );
    }
    c.add("ebitda", "EBITDA", "EUR",
        "{rev_public}+{rev_contract}+{rev_market}-{energy}-{maintenance}-{staff}-{insurance}-{site}-{software}",
        |c, i, _| {
            ["rev_public", "rev_contract", "rev_market"].iter().map(|k| c.at(k, i)).sum::<f64>()
                - lines.iter().map(|l| c.at(l.0, i)).sum::<f64>()
        });
}

/// Depreciable things: formula and value of cost, of its part left at the end, first point, life.
struct Asset {
    cost: (String, f64),
    left: (String, f64),
    from: (String, f64),
    life: (String, f64),
}

fn list(plan: &Plan) -> Vec<Asset> {
    let mut out = Vec::new();
    for (n, p) in plan.phases.iter().enumerate() {
        let k = n + 1;
        let advisers = if n == 0 && plan.tax.depreciate_financing { plan.other_financing.eur() } else { 0.0 };
        let extra = if n == 0 { "+tax_financing*other_financing" } else { "" };
        let from =
            (format!("phase{k}_opens+phase{k}_depreciation_lag"), f64::from(p.opens + p.depreciation_lag));
        out.push(Asset {
            cost: (
                format!("(phase{k}_computing-phase{k}_grant{extra})"),
                p.computing.eur() - p.public.grant.eur() + advisers,
            ),
            left: (
                format!("phase{k}_computing*phase{k}_residual_computing"),
                p.computing.eur() * p.residual_computing.fraction(),
            ),
            from: from.clone(),
            life: (format!("phase{k}_computing_life"), f64::from(p.computing_life)),
        });
        out.push(Asset {
            cost: (format!("phase{k}_facility"), p.facility.eur()),
            left: (
                format!("phase{k}_facility*phase{k}_residual_facility"),
                p.facility.eur() * p.residual_facility.fraction(),
            ),
            from,
            life: (format!("phase{k}_facility_life"), f64::from(p.facility_life)),
        });
    }
    for (n, r) in plan.replacements.iter().enumerate() {
        let k = n + 1;
        out.push(Asset {
            cost: (format!("refresh{k}_cost"), r.cost.eur()),
            left: (format!("refresh{k}_cost*refresh{k}_residual"), r.cost.eur() * r.residual.fraction()),
            from: (format!("refresh{k}_month"), f64::from(r.month)),
            life: (format!("refresh{k}_life"), f64::from(r.life)),
        });
    }
    out
}

fn assets(c: &mut Columns, plan: &Plan, frame: &Frame) {
    let assets = list(plan);
    let join = |term: &dyn Fn(&Asset) -> String| assets.iter().map(term).collect::<Vec<_>>().join("+");
    c.add(
        "depreciation",
        "depreciation",
        "EUR",
        join(&|a| {
            format!("IF(AND({{point}}>{0},{{point}}<={0}+{1}),{2}/{1},0)", a.from.0, a.life.0, a.cost.0)
        }),
        |c, i, _| {
            assets
                .iter()
                .filter(|a| between(c.at("point", i), a.from.1, a.life.1))
                .map(|a| a.cost.1 / a.life.1)
                .sum()
        },
    );
    let opening = f64::from(frame.opening);
    let text = if plan.replacements.is_empty() {
        "0".to_owned()
    } else {
        (1..=plan.replacements.len())
            .map(|k| format!("IF({{point}}=MAX(refresh{k}_month,first_opening+1),refresh{k}_cost,0)"))
            .collect::<Vec<_>>()
            .join("+")
    };
    c.add("refresh", "refresh, net of trade-in", "EUR", text, |c, i, _| {
        plan.replacements
            .iter()
            .filter(|r| c.at("point", i) == f64::from(r.month).max(opening + 1.0))
            .map(|r| r.cost.eur())
            .sum()
    });
    let last = f64::from(frame.last_point);
    c.add(
        "residual",
        "value realised at the end",
        "EUR",
        format!("IF({{point}}=last_point,{},0)", join(&|a| a.left.0.clone())),
        |c, i, _| if c.at("point", i) == last { assets.iter().map(|a| a.left.1).sum() } else { 0.0 },
    );
    c.add(
        "book",
        "book value at the end",
        "EUR",
        format!(
            "IF({{point}}=last_point,{},0)",
            join(&|a| format!("{2}*(1-MIN(MAX(last_point-({0}),0),{1})/{1})", a.from.0, a.life.0, a.cost.0))
        ),
        |c, i, _| {
            if c.at("point", i) == last {
                assets
                    .iter()
                    .map(|a| a.cost.1 * (1.0 - (last - a.from.1).max(0.0).min(a.life.1) / a.life.1))
                    .sum()
            } else {
                0.0
            }
        },
    );
}

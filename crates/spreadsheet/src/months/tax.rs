//! Tax, shareholders' and project flows, and the books.

use gigatwin_finance::plan::{ConstructionInterest, LossRule, Plan, RatioBasis};

use super::Frame;
use crate::columns::Columns;

pub(super) fn add(c: &mut Columns, plan: &Plan, frame: &Frame) {
    profits(c, frame);
    let rate = plan.tax.rate.fraction();
    settle(c, plan, rate, "", "profit", "with debt");
    settle(c, plan, rate, "u_", "operating", "without debt");
    flows(c, plan);
    books(c, plan, frame);
}

fn profits(c: &mut Columns, frame: &Frame) {
    let (opening, last) = (f64::from(frame.opening), f64::from(frame.last_point));
    c.add(
        "operating",
        "profit before interest",
        "EUR",
        "IF({op}=1,{ebitda}-{depreciation}+{residual}-{book},0)",
        |c, i, _| {
            if c.at("op", i) == 1.0 {
                c.at("ebitda", i) - c.at("depreciation", i) + c.at("residual", i) - c.at("book", i)
            } else {
                0.0
            }
        },
    );
    c.add(
        "profit",
        "taxable income",
        "EUR",
        "{operating}-{debt_interest}-{loan_interest}+{earned}",
        |c, i, _| {
            c.at("operating", i) - c.at("debt_interest", i) - c.at("loan_interest", i) + c.at("earned", i)
        },
    );
    c.add(
        "settles",
        "1: tax is settled",
        "flag",
        "IF(AND({op}=1,OR(MOD({point}-first_opening,12)=0,{point}=last_point)),1,0)",
        |c, i, _| {
            let point = c.at("point", i);
            f64::from(u8::from(c.at("op", i) == 1.0 && ((point - opening) % 12.0 == 0.0 || point == last)))
        },
    );
}

fn settle(c: &mut Columns, plan: &Plan, rate: f64, prefix: &str, income: &str, words: &str) {
    let key = |name: &str| format!("{prefix}{name}");
    let (at_once, usable) = match plan.tax.losses {
        LossRule::Immediate => (true, 0.0),
        LossRule::CarriedForward { share } => (false, share.fraction()),
    };
    let n = c.all(income).len();
    let (mut year, mut pool, mut settled) = (0.0, 0.0, false);
    let mut columns = [vec![0.0; n], vec![0.0; n], vec![0.0; n], vec![0.0; n]];
    for i in 0..n {
        if c.at("op", i) == 1.0 {
            year = if settled { 0.0 } else { year } + c.at(income, i);
        } else {
            year = 0.0;
        }
        settled = c.at("settles", i) == 1.0;
        let used = if settled && !at_once { f64::min(pool, usable * year.max(0.0)) } else { 0.0 };
        if settled && !at_once {
            pool += (-year).max(0.0) - used;
        }
        let tax = match (settled, at_once) {
            (false, _) => 0.0,
            (true, true) => rate * year,
            (true, false) => rate * (year - used).max(0.0),
        };
        for (column, value) in columns.iter_mut().zip([year, used, pool, tax]) {
            column[i] = value;
        }
    }
    let [years, used, pools, taxes] = columns;
    let (y, u, p) = (key("year_profit"), key("used"), key("pool"));
    c.put(
        &y,
        &format!("income of the year so far, {words}"),
        "EUR",
        format!("IF({{op}}=1,IF({{settles<}}=1,0,{{{y}<}})+{{{income}}},0)"),
        years,
    );
    c.put(
        &u,
        &format!("losses used, {words}"),
        "EUR",
        format!("IF(AND({{settles}}=1,tax_at_once=0),MIN({{{p}<}},tax_usable_losses*MAX({{{y}}},0)),0)"),
        used,
    );
    c.put(
        &p,
        &format!("losses left, {words}"),
        "EUR",
        format!("{{{p}<}}+IF(AND({{settles}}=1,tax_at_once=0),MAX(-{{{y}}},0)-{{{u}}},0)"),
        pools,
    );
    c.put(
        &key("tax"),
        &format!("tax, {words}"),
        "EUR",
        format!("IF({{settles}}=1,IF(tax_at_once=1,tax_rate*{{{y}}},tax_rate*MAX({{{y}}}-{{{u}}},0)),0)"),
        taxes,
    );
}

fn flows(c: &mut Columns, plan: &Plan) {
    let after = plan.debt.ratio_basis == RatioBasis::AfterTax;
    c.add(
        "cfads",
        "cash flow available for debt service",
        "EUR",
        "IF({op}=1,{ebitda}-ratio_after_tax*{tax},0)",
        |c, i, _| {
            if c.at("op", i) == 1.0 {
                c.at("ebitda", i) - if after { c.at("tax", i) } else { 0.0 }
            } else {
                0.0
            }
        },
    );
    let paid = plan.debt.construction_interest == ConstructionInterest::PaidByEquity;
    c.add("equity", "shareholders' flow", "EUR",
        "{grant}+{debt_draw}+{loan_draw}-{spend}-(1-debt_capitalised)*{debt_building}-{fees}-{filling}+IF({op}=1,{ebitda}-{tax}-{debt_service}-{loan_service}+{residual}-{refresh}+{earned}+{reserve<}-{reserve},0)",
        |c, i, _| {
            let g = |k: &str| c.at(k, i);
            let building = if paid { g("debt_building") } else { 0.0 };
            let operating = if g("op") == 1.0 {
                g("ebitda") - g("tax") - g("debt_service") - g("loan_service") + g("residual") - g("refresh") + g("earned")
                    + c.above("reserve", i)
                    - g("reserve")
            } else {
                0.0
            };
            g("grant") + g("debt_draw") + g("loan_draw") - g("spend") - building - g("fees") - g("filling") + operating
        });
    c.add(
        "project",
        "flow before debt",
        "EUR",
        "{grant}-{spend}+IF({op}=1,{ebitda}-{u_tax}+{residual}-{refresh},0)",
        |c, i, _| {
            let g = |k: &str| c.at(k, i);
            let operating =
                if g("op") == 1.0 { g("ebitda") - g("u_tax") + g("residual") - g("refresh") } else { 0.0 };
            g("grant") - g("spend") + operating
        },
    );
}

fn books(c: &mut Columns, plan: &Plan, frame: &Frame) {
    let capitalised = plan.tax.depreciate_financing;
    let advisers = if capitalised { plan.other_financing.eur() } else { 0.0 };
    let _ = frame;
    c.add("fixed", "books: fixed assets", "EUR",
        "{fixed<}+{net}+{refresh}-{depreciation}-{book}+IF({point}=first_point,tax_financing*other_financing,0)",
        |c, i, own| {
            let first = if i == 0 { advisers } else { 0.0 };
            own.last().copied().unwrap_or(0.0) + c.at("net", i) + c.at("refresh", i) - c.at("depreciation", i) - c.at("book", i) + first
        });
    c.add("capital", "books: paid in less paid out", "EUR", "{capital<}-{equity}", |c, i, own| {
        own.last().copied().unwrap_or(0.0) - c.at("equity", i)
    });
    c.add("retained", "books: profit after tax", "EUR",
        "{retained<}+{profit}-{tax}-{debt_building}-{loan_building}-{fees}+IF({point}=first_point,tax_financing*other_financing,0)",
        |c, i, own| {
            let first = if i == 0 { advisers } else { 0.0 };
            own.last().copied().unwrap_or(0.0) + c.at("profit", i) - c.at("tax", i) - c.at("debt_building", i) - c.at("loan_building", i) - c.at("fees", i) + first
        });
    c.add(
        "check",
        "books: assets less debts and equity (must be nothing)",
        "EUR",
        "ROUND({fixed}+{reserve}-{debt_closing}-{loan_closing}-{capital}-{retained},2)",
        |_, _, _| 0.0,
    );
}

//! Senior debt, public loan and reserve: first per euro drawn, then scaled, so that nothing refers to itself.

use gigatwin_finance::plan::{Compounding, ConstructionInterest, GearingBase, Plan, Profile};

use super::Frame;
use crate::columns::Columns;
use crate::inputs::month_rate;

/// Terms of one tranche and the names of its inputs.
struct Tranche {
    key: &'static str,
    title: &'static str,
    rate: f64,
    periods: f64,
    capitalise: bool,
    capitalise_text: &'static str,
}

pub(super) fn add(c: &mut Columns, plan: &Plan, frame: &Frame) {
    let d = &plan.debt;
    let nominal = d.compounding == Compounding::Nominal;
    let senior = Tranche {
        key: "debt",
        title: "debt",
        rate: month_rate(d.rate.fraction(), nominal),
        periods: frame.periods(d.tenor_months),
        capitalise: d.construction_interest == ConstructionInterest::Capitalised,
        capitalise_text: "debt_capitalised",
    };
    c.add("net", "investment net of grants", "EUR", "{spend}-{grant}", |c, i, _| {
        c.at("spend", i) - c.at("grant", i)
    });
    let sculpted = d.profile == Profile::Sculpted;
    let opening = f64::from(frame.opening);
    let periods = senior.periods;
    let inside = move |c: &Columns, i: usize, periods: f64| {
        c.at("op", i) == 1.0 && c.at("point", i) - opening <= periods
    };
    c.add(
        "shape",
        "shape of the payments",
        "EUR",
        "IF(AND({op}=1,{point}-first_opening<=debt_periods),IF(debt_sculpted=1,MAX({ebitda},0),1),0)",
        move |c, i, _| {
            if !inside(c, i, periods) {
                0.0
            } else if sculpted {
                c.at("ebitda", i).max(0.0)
            } else {
                1.0
            }
        },
    );
    c.add(
        "cash_held",
        "cash flow of months that repay (others: very large)",
        "EUR",
        "IF(AND({op}=1,{point}-first_opening<=debt_periods),MAX({ebitda},0),9E+99)",
        move |c, i, _| if inside(c, i, periods) { c.at("ebitda", i).max(0.0) } else { 9e99 },
    );
    let financed = unit(c, &senior, plan, opening);
    let sum = |c: &Columns, k: &str| c.sum(k);
    let base = match d.gearing_base {
        GearingBase::Investment => sum(c, "net"),
        GearingBase::InvestmentAndFinancing => {
            sum(c, "net") * (1.0 + d.upfront_fee.fraction()) + plan.other_financing.eur()
        }
    };
    let last = frame.rows() - 1;
    let (future, accumulated) = (c.at("debt_future", last), c.at("debt_accumulated", last));
    let by_gearing = (d.gearing_cap.fraction() * base).min(financed).max(0.0);
    let target = d.target_dscr.unwrap_or(0.0);
    let by_cover = (target > 0.0).then(|| {
        let least = c.all("cash_held").iter().copied().fold(f64::INFINITY, f64::min);
        let multiple = if sculpted { 1.0 } else { least } / target;
        if future > 0.0 { multiple * accumulated / future } else { 0.0 }
    });
    let servable = accumulated > 0.0 && future > 0.0;
    let amount = if servable { by_cover.map_or(by_gearing, |x| x.min(by_gearing)) } else { 0.0 };
    let scale = if servable { amount * future / accumulated } else { 0.0 };
    // Amount and scale stand in every row, so that a row can be read alone.
    let top = super::TOP + 1;
    let gearing = "MAX(MIN(debt_gearing_cap*(SUM({net*})*(1+debt_base_financing*debt_fee)+debt_base_financing*other_financing),SUM({debt_may*})),0)";
    let cover = "IF(debt_cover_asked>0,IF(MAX({debt_future*})>0,IF(debt_sculpted=1,1,MIN({cash_held*}))/MAX(debt_cover_asked,1E-9)*INDEX({debt_accumulated*},ROWS({point*}))/INDEX({debt_future*},ROWS({point*})),0),9E+99)";
    c.add("debt_amount", "debt: amount (smaller of gearing and cover)", "EUR",
        format!("IF(ROW()={top},IF(AND(INDEX({{debt_accumulated*}},ROWS({{point*}}))>0,INDEX({{debt_future*}},ROWS({{point*}}))>0),MIN({gearing},{cover}),0),{{debt_amount<}})"),
        move |_, _, _| amount);
    c.add("debt_scale", "debt: payment per shape", "1",
        format!("IF(ROW()={top},IF(INDEX({{debt_accumulated*}},ROWS({{point*}}))>0,{{debt_amount}}*INDEX({{debt_future*}},ROWS({{point*}}))/INDEX({{debt_accumulated*}},ROWS({{point*}})),0),{{debt_scale<}})"),
        move |_, _, _| scale);
    balance(c, &senior, plan, opening, "{debt_scale}*{shape}", move |c, i| scale * c.at("shape", i));
    loan(c, plan, frame, amount);
    reserve(c, plan, frame);
    fees(c, plan, frame, amount);
}

/// Columns per euro drawn; returns what the tranche finances in all.
fn unit(c: &mut Columns, t: &Tranche, plan: &Plan, opening: f64) -> f64 {
    let (k, title) = (t.key, t.title);
    let key = |name: &str| format!("{k}_{name}");
    let (rate, periods, capitalise, cap) = (t.rate, t.periods, t.capitalise, t.capitalise_text);
    let (wb, wo) = (plan.debt.draw_weight_building, plan.debt.draw_weight_operating);
    c.add(
        &key("may"),
        &format!("{title}: outlays it may be drawn for"),
        "EUR",
        format!("IF({{point}}-first_opening<={k}_periods,{{net}},0)"),
        move |c, i, _| if c.at("point", i) - opening <= periods { c.at("net", i) } else { 0.0 },
    );
    let financed = c.sum(&key("may"));
    let may = key("may");
    c.add(
        &key("share"),
        &format!("{title}: share drawn"),
        "share",
        format!("IF(SUM({{{k}_may*}})>0,{{{k}_may}}/SUM({{{k}_may*}}),0)"),
        move |c, i, _| if financed > 0.0 { c.at(&may, i) / financed } else { 0.0 },
    );
    let share = key("share");
    let unit_balance = key("unit");
    // Interest of a month before opening on the balance above and part of the draw.
    let mut values = Vec::new();
    let mut interests = Vec::new();
    let mut balance = 0.0;
    for i in 0..c.all(&share).len() {
        let mut interest = 0.0;
        if c.at("op", i) == 0.0 {
            if c.at("point", i) > 0.0 {
                interest = rate * (balance + wb * c.at(&share, i));
            }
            balance += c.at(&share, i) + if capitalise { interest } else { 0.0 };
        }
        interests.push(interest);
        values.push(balance);
    }
    c.put(&key("unit_interest"), &format!("{title}: interest before opening per euro"), "1",
        format!("IF(AND({{op}}=0,{{point}}>0),{k}_month_rate*({{{k}_unit<}}+debt_weight_building*{{{k}_share}}),0)"), interests);
    c.put(
        &unit_balance,
        &format!("{title}: balance before opening per euro"),
        "1",
        format!("{{{k}_unit<}}+IF({{op}}=0,{{{k}_share}}+{cap}*{{{k}_unit_interest}},0)"),
        values,
    );
    c.add(&key("future"), &format!("{title}: value of all draws per euro"), "1",
        format!("IF({{op}}=0,{{{k}_unit}},IF({{point}}-first_opening<={k}_periods,{{{k}_future<}}*(1+{k}_month_rate)+{{{k}_share}}*(1+debt_weight_operating*{k}_month_rate),{{{k}_future<}}))"),
        move |c, i, own| {
            let above = own.last().copied().unwrap_or(0.0);
            if c.at("op", i) == 0.0 {
                c.at(&unit_balance, i)
            } else if c.at("point", i) - opening <= periods {
                above * (1.0 + rate) + c.at(&share, i) * (1.0 + wo * rate)
            } else {
                above
            }
        });
    let (shape, text) = if k == "debt" { ("shape", "{shape}") } else { ("op", "1") };
    c.add(&key("accumulated"), &format!("{title}: value of all payments per scale"), "1",
        format!("IF({{op}}=0,0,IF({{point}}-first_opening<={k}_periods,{{{k}_accumulated<}}*(1+{k}_month_rate)+{text},{{{k}_accumulated<}}))"),
        move |c, i, own| {
            let above = own.last().copied().unwrap_or(0.0);
            if c.at("op", i) == 0.0 {
                0.0
            } else if c.at("point", i) - opening <= periods {
                above * (1.0 + rate) + c.at(shape, i)
            } else {
                above
            }
        });
    financed
}

/// Draws, interest, service and balance in euros.
fn balance(
    c: &mut Columns,
    t: &Tranche,
    plan: &Plan,
    opening: f64,
    service_text: &str,
    service_value: impl Fn(&Columns, usize) -> f64,
) {
    let (k, title, rate, periods) = (t.key, t.title, t.rate, t.periods);
    let key = |name: &str| format!("{k}_{name}");
    let wo = plan.debt.draw_weight_operating;
    let amount = key("amount");
    let share = key("share");
    c.add(
        &key("draw"),
        &format!("{title}: drawn"),
        "EUR",
        format!("{{{k}_amount}}*{{{k}_share}}"),
        |c, i, _| c.at(&amount, i) * c.at(&share, i),
    );
    let unit_interest = key("unit_interest");
    c.add(
        &key("building"),
        &format!("{title}: interest before opening"),
        "EUR",
        format!("{{{k}_amount}}*{{{k}_unit_interest}}"),
        |c, i, _| c.at(&amount, i) * c.at(&unit_interest, i),
    );
    c.add(
        &key("service"),
        &format!("{title}: service"),
        "EUR",
        format!("IF(AND({{op}}=1,{{point}}-first_opening<={k}_periods),{service_text},0)"),
        |c, i, _| {
            if c.at("op", i) == 1.0 && c.at("point", i) - opening <= periods {
                service_value(c, i)
            } else {
                0.0
            }
        },
    );
    let (draw, service, unit) = (key("draw"), key("service"), key("unit"));
    let mut interests = Vec::new();
    let mut closings = Vec::new();
    let mut above = 0.0;
    for i in 0..c.all(&draw).len() {
        let inside = c.at("op", i) == 1.0 && c.at("point", i) - opening <= periods;
        let interest = if inside { rate * (above + wo * c.at(&draw, i)) } else { 0.0 };
        above = if c.at("op", i) == 0.0 {
            c.at(&amount, i) * c.at(&unit, i)
        } else if inside {
            above + c.at(&draw, i) + interest - c.at(&service, i)
        } else {
            0.0
        };
        interests.push(interest);
        closings.push(above);
    }
    c.put(&key("interest"), &format!("{title}: interest"), "EUR",
        format!("IF(AND({{op}}=1,{{point}}-first_opening<={k}_periods),{k}_month_rate*({{{k}_closing<}}+debt_weight_operating*{{{k}_draw}}),0)"), interests);
    c.put(&key("closing"), &format!("{title}: balance at the end"), "EUR",
        format!("IF({{op}}=0,{{{k}_amount}}*{{{k}_unit}},IF({{point}}-first_opening<={k}_periods,{{{k}_closing<}}+{{{k}_draw}}+{{{k}_interest}}-{{{k}_service}},0))"), closings);
}

fn loan(c: &mut Columns, plan: &Plan, frame: &Frame, debt: f64) {
    let nominal = plan.debt.compounding == Compounding::Nominal;
    let opening = f64::from(frame.opening);
    let t = Tranche {
        key: "loan",
        title: "public loan",
        rate: month_rate(plan.public_loan.map_or(0.0, |l| l.rate.fraction()), nominal),
        periods: frame.periods(plan.public_loan.map_or(1, |l| l.tenor_months)),
        capitalise: true,
        capitalise_text: "1",
    };
    let financed = unit(c, &t, plan, opening);
    let asked = plan.public_loan.map_or(0.0, |l| l.amount.eur());
    let amount = asked.min((financed - debt).max(0.0));
    c.add(
        "loan_amount",
        "public loan: amount",
        "EUR",
        "MIN(loan_asked,MAX(SUM({loan_may*})-{debt_amount},0))",
        move |_, _, _| amount,
    );
    let last = frame.rows() - 1;
    let (future, accumulated) = (c.at("loan_future", last), c.at("loan_accumulated", last));
    let service = if accumulated > 0.0 { amount * future / accumulated } else { 0.0 };
    balance(
        c,
        &t,
        plan,
        opening,
        "{loan_amount}*INDEX({loan_future*},ROWS({point*}))/INDEX({loan_accumulated*},ROWS({point*}))",
        move |_, _| service,
    );
}

fn reserve(c: &mut Columns, plan: &Plan, frame: &Frame) {
    let n = frame.rows();
    let months = plan.reserve.months;
    let service: Vec<f64> = c.all("debt_service").to_vec();
    let mut run = vec![0.0; n];
    for i in (0..n).rev() {
        run[i] = if service[i] > 0.0 { 1.0 + run.get(i + 1).copied().unwrap_or(0.0) } else { 0.0 };
    }
    let mut coming = vec![0.0; n];
    for (i, sum) in coming.iter_mut().enumerate() {
        let whole = months.floor().min(run[i]) as usize;
        *sum = service[i..i + whole].iter().sum();
        if run[i] > months.floor() {
            *sum +=
                (months - months.floor()) * service.get(i + months.floor() as usize).copied().unwrap_or(0.0);
        }
    }
    c.put(
        "run",
        "months in a row that serve debt, from here",
        "count",
        "IF({debt_service}>0,1+{run>},0)",
        run,
    );
    let at = super::TOP;
    c.put("coming", "debt service of the coming months, from here", "EUR",
        format!("IF(MIN(INT(reserve_months),{{run}})=0,0,SUM({{debt_service}}:INDEX({{debt_service*}},ROW()-{}+MIN(INT(reserve_months),{{run}}))))+IF({{run}}>INT(reserve_months),(reserve_months-INT(reserve_months))*INDEX({{debt_service*}},ROW()-{at}+INT(reserve_months)),0)", at + 1),
        coming.clone());
    let opening = f64::from(frame.opening);
    c.add(
        "reserve",
        "reserve account at the end",
        "EUR",
        "IF({point}>=first_opening,{coming>},0)",
        |c, i, _| {
            if c.at("point", i) >= opening { coming.get(i + 1).copied().unwrap_or(0.0) } else { 0.0 }
        },
    );
    let rate = plan.reserve.interest.fraction() / 12.0;
    c.add(
        "earned",
        "interest on the reserve",
        "EUR",
        "IF({op}=1,{reserve<}*reserve_rate/12,0)",
        |c, i, _| {
            if c.at("op", i) == 1.0 { c.above("reserve", i) * rate } else { 0.0 }
        },
    );
}

fn fees(c: &mut Columns, plan: &Plan, frame: &Frame, amount: f64) {
    let fee = amount * plan.debt.upfront_fee.fraction() + plan.other_financing.eur();
    c.add(
        "fees",
        "lenders' fee and advisers",
        "EUR",
        "IF({point}=first_point,{debt_amount}*debt_fee+other_financing,0)",
        |_, i, _| {
            if i == 0 { fee } else { 0.0 }
        },
    );
    let opening = f64::from(frame.opening);
    c.add(
        "filling",
        "first filling of the reserve",
        "EUR",
        "IF({point}=first_opening,{reserve},0)",
        |c, i, _| {
            if c.at("point", i) == opening { c.at("reserve", i) } else { 0.0 }
        },
    );
}

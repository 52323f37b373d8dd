//! Years of operation and the answers, each beside the engine's.

use gigatwin_finance::irr::Irr;
use gigatwin_finance::outcome::Outcome;
use gigatwin_finance::plan::{GearingBase, Plan};
use rust_xlsxwriter::{Workbook, Worksheet, XlsxError};

use crate::Cells;
use crate::columns::Columns;
use crate::months::Frame;
use crate::sheet::{bold, cell, faint, formula, heading, number};

/// Lines of a year: key of the months, title, unit.
const LINES: [(&str, &str, &str); 22] = [
    ("spend", "investment", "EUR"),
    ("grant", "public grant", "EUR"),
    ("h_available", "hours available", "h"),
    ("h_public", "public hours", "h"),
    ("h_contract", "hours under contract", "h"),
    ("h_market", "hours at the market price", "h"),
    ("rev_public", "revenue: public", "EUR"),
    ("rev_contract", "revenue: contracts", "EUR"),
    ("rev_market", "revenue: market", "EUR"),
    ("energy", "energy", "EUR"),
    ("maintenance", "maintenance", "EUR"),
    ("staff", "staff", "EUR"),
    ("ebitda", "EBITDA", "EUR"),
    ("depreciation", "depreciation", "EUR"),
    ("profit", "taxable income", "EUR"),
    ("tax", "tax", "EUR"),
    ("refresh", "refresh", "EUR"),
    ("cfads", "cash flow available for debt service", "EUR"),
    ("debt_draw", "debt drawn", "EUR"),
    ("debt_service", "debt service", "EUR"),
    ("equity", "shareholders' flow", "EUR"),
    ("project", "flow before debt", "EUR"),
];

/// Sheet of years: building in the first column, then years of operation from their first month.
pub(crate) fn years(
    book: &mut Workbook,
    c: &Columns,
    frame: &Frame,
    written: &mut Cells,
) -> Result<(), XlsxError> {
    let sheet = book.add_worksheet().set_name("Years")?;
    sheet.set_freeze_panes(2, 1)?;
    sheet.set_column_width(0, 40)?;
    sheet.write_with_format(
        0,
        0,
        "Before the first opening, and years of operation (building may go on in them)",
        &bold(),
    )?;
    sheet.write_with_format(1, 0, "EUR of the day", &heading())?;
    let count = (frame.last_point - frame.opening).div_ceil(12);
    sheet.write_with_format(1, 1, "before", &heading())?;
    for y in 0..count {
        sheet.write_with_format(1, 2 + y as u16, f64::from(y + 1), &heading())?;
    }
    sheet.set_column_range_width(1, 1 + count as u16, 16)?;
    let rows = frame.rows();
    let of = |key: &str, pick: &dyn Fn(usize) -> bool| {
        (0..rows).filter(|i| pick(*i)).map(|i| c.at(key, i)).sum::<f64>()
    };
    for (n, (key, title, unit)) in LINES.iter().enumerate() {
        let row = 2 + n as u32;
        sheet.write(row, 0, *title)?;
        let text = format!("=SUMIFS({},{},0)", c.range(key), c.range("op"));
        formula(sheet, (row, 1), &text, of(key, &|i| c.at("op", i) == 0.0), &number(unit), written)?;
        for y in 0..count {
            let inside = |i: usize| c.at("op", i) == 1.0 && c.at("block", i) == f64::from(y);
            let text = format!(
                "=SUMIFS({},{},1,{},{}-1)",
                c.range(key),
                c.range("op"),
                c.range("block"),
                cell(1, 2 + y as u16)
            );
            formula(sheet, (row, 2 + y as u16), &text, of(key, &inside), &number(unit), written)?;
        }
    }
    let row = 2 + LINES.len() as u32;
    sheet.write(row, 0, "cover ratio of the months that serve debt")?;
    for y in 0..count {
        let column = 2 + y as u16;
        let held = |i: usize| {
            c.at("op", i) == 1.0 && c.at("block", i) == f64::from(y) && c.at("debt_service", i) > 1e-3
        };
        let (cash, service) = (of("cfads", &held), of("debt_service", &held));
        let sum = |key: &str| {
            format!(
                "SUMIFS({},{},1,{},{}-1,{},\">0.001\")",
                c.range(key),
                c.range("op"),
                c.range("block"),
                cell(1, column),
                c.range("debt_service")
            )
        };
        let text = format!("=IF({0}>0,{1}/{0},0)", sum("debt_service"), sum("cfads"));
        let value = if service > 0.0 { cash / service } else { 0.0 };
        formula(sheet, (row, column), &text, value, &number("1"), written)?;
    }
    book.define_name(
        "years_cover",
        &format!("=Years!$C${0}:${1}${0}", row + 1, crate::sheet::letters(1 + count as u16)),
    )?;
    Ok(())
}

struct Answers<'a> {
    sheet: &'a mut Worksheet,
    row: u32,
    written: &'a mut Cells,
}

impl Answers<'_> {
    fn section(&mut self, title: &str) -> Result<(), XlsxError> {
        self.row += 1;
        self.sheet.write_with_format(self.row, 0, title, &bold())?;
        self.row += 1;
        Ok(())
    }

    /// A formula; with the engine's answer beside it and their difference.
    fn put(
        &mut self,
        label: &str,
        unit: &str,
        text: &str,
        value: f64,
        engine: Option<f64>,
    ) -> Result<(), XlsxError> {
        let at = self.row;
        self.sheet.write(at, 0, label)?;
        formula(self.sheet, (at, 1), &format!("={text}"), value, &number(unit), self.written)?;
        if let Some(engine) = engine {
            self.sheet.write_with_format(at, 2, engine, &number(unit))?;
            let difference = format!("={}-{}", cell(at, 1), cell(at, 2));
            // The last result is that of the engine's own lines: nothing but rounding lies between them.
            self.sheet.write_formula_with_format(
                at,
                3,
                rust_xlsxwriter::Formula::new(difference).set_result((value - engine).to_string()),
                &number("1"),
            )?;
        }
        self.row += 1;
        Ok(())
    }
}

pub(crate) fn results(
    book: &mut Workbook,
    plan: &Plan,
    o: &Outcome,
    c: &Columns,
    frame: &Frame,
    written: &mut Cells,
) -> Result<(), XlsxError> {
    let sheet = book.add_worksheet().set_name("Results")?;
    for (i, (title, width)) in
        [("answer", 58.0), ("workbook", 20.0), ("engine", 20.0), ("difference", 16.0)].into_iter().enumerate()
    {
        sheet.set_column_width(i as u16, width)?;
        sheet.write_with_format(0, i as u16, title, &heading())?;
    }
    let mut a = Answers { sheet, row: 0, written };
    let sum = |key: &str| format!("SUM({})", c.range(key));
    let f = &o.funding;
    a.section("Uses until all is built")?;
    let spend: f64 = (f.computing + f.facility).eur();
    a.put("investment", "EUR", &sum("spend"), c.sum("spend"), Some(spend))?;
    let loan = c.sum("loan_building");
    let interest = c.sum("debt_building") + loan;
    a.put(
        "interest before opening",
        "EUR",
        &format!("{}+{}", sum("debt_building"), sum("loan_building")),
        interest,
        Some(f.construction_interest.eur()),
    )?;
    a.put(
        "lenders' fee and advisers",
        "EUR",
        &sum("fees"),
        c.sum("fees"),
        Some((f.upfront_fee + f.other_financing).eur()),
    )?;
    a.put("first filling of the reserve", "EUR", &sum("filling"), c.sum("filling"), Some(f.reserve.eur()))?;
    a.section("Sources")?;
    a.put("grants", "EUR", &sum("grant"), c.sum("grant"), Some(f.grants.eur()))?;
    let capitalised = f64::from(u8::from(
        plan.debt.construction_interest == gigatwin_finance::plan::ConstructionInterest::Capitalised,
    ));
    let debt = c.sum("debt_draw") + capitalised * c.sum("debt_building");
    a.put(
        "senior debt with interest added",
        "EUR",
        &format!("{}+debt_capitalised*{}", sum("debt_draw"), sum("debt_building")),
        debt,
        Some(f.debt.eur()),
    )?;
    a.put(
        "public loan with interest added",
        "EUR",
        &format!("{}+{}", sum("loan_draw"), sum("loan_building")),
        c.sum("loan_draw") + loan,
        Some(f.public_loan.eur()),
    )?;
    let equity = spend + interest + c.sum("fees") + c.sum("filling")
        - c.sum("grant")
        - debt
        - c.sum("loan_draw")
        - loan;
    let at = a.row;
    a.put(
        "equity: uses less other sources",
        "EUR",
        &format!("SUM({}:{})-SUM({}:{})", cell(at - 9, 1), cell(at - 6, 1), cell(at - 3, 1), cell(at - 1, 1)),
        equity,
        Some(f.equity.eur()),
    )?;
    a.section("Debt")?;
    a.put("largest by gearing", "EUR",
        &format!("MAX(MIN(debt_gearing_cap*({0}*(1+debt_base_financing*debt_fee)+debt_base_financing*other_financing),{1}),0)", sum("net"), sum("debt_may")),
        gearing(plan, c), Some(o.debt.by_gearing.eur()))?;
    a.put("amount drawn", "EUR", &c.last("debt_amount"), c.at("debt_amount", 0), Some(o.debt.amount.eur()))?;
    a.put(
        "balance at the end",
        "EUR",
        &c.last("debt_closing"),
        c.at("debt_closing", frame.rows() - 1),
        Some(0.0),
    )?;
    if let (Some(least), Some(mean)) = (o.dscr_min, o.dscr_avg) {
        a.put(
            "lowest yearly cover (DSCR)",
            "1",
            "1/SUMPRODUCT(MAX((years_cover>0)/(years_cover+(years_cover=0))))",
            least,
            Some(least),
        )?;
        a.put("mean yearly cover", "1", "SUM(years_cover)/COUNTIF(years_cover,\">0\")", mean, Some(mean))?;
    }
    if let (Some(loan), Some(project)) = (o.llcr, o.plcr) {
        let v = format!("(1+debt_month_rate)^(first_opening-{})", c.range("point"));
        let op = c.range("op");
        let base = format!(
            "(INDEX({},MATCH(first_opening,{},0))+SUMPRODUCT({op},{},{v})*(1+debt_weight_operating*debt_month_rate))",
            c.range("debt_closing"),
            c.range("point"),
            c.range("debt_draw")
        );
        let inside = format!("(({}-first_opening)<=debt_periods)", c.range("point"));
        a.put(
            "loan-life cover (LLCR)",
            "1",
            &format!("SUMPRODUCT({op}*{inside},{},{v})/{base}", c.range("cfads")),
            loan,
            Some(loan),
        )?;
        a.put(
            "project-life cover (PLCR)",
            "1",
            &format!("SUMPRODUCT({op},{},{v})/{base}", c.range("cfads")),
            project,
            Some(project),
        )?;
    }
    returns(&mut a, o, c)?;
    levelised(&mut a, o, c)?;
    a.section("Checks")?;
    a.put(
        "books: largest difference in any month",
        "EUR",
        &format!("MAX({0})-MIN({0})", c.range("check")),
        0.0,
        Some(0.0),
    )?;
    a.put("losses left at the end", "EUR", &c.last("pool"), c.at("pool", frame.rows() - 1), None)?;
    a.row += 1;
    a.sheet.write_with_format(
        a.row,
        0,
        "Differences are rounding: below a cent for amounts, below a millionth for ratios and rates.",
        &faint(),
    )?;
    Ok(())
}

fn gearing(plan: &Plan, c: &Columns) -> f64 {
    let d = &plan.debt;
    let base = match d.gearing_base {
        GearingBase::Investment => c.sum("net"),
        GearingBase::InvestmentAndFinancing => {
            c.sum("net") * (1.0 + d.upfront_fee.fraction()) + plan.other_financing.eur()
        }
    };
    (d.gearing_cap.fraction() * base).min(c.sum("debt_may")).max(0.0)
}

fn returns(a: &mut Answers<'_>, o: &Outcome, c: &Columns) -> Result<(), XlsxError> {
    a.section("Returns")?;
    for (key, who, r, rate) in
        [("equity", "equity", &o.equity, "equity_rate"), ("project", "project", &o.project, "project_rate")]
    {
        let (flows, dates) = (c.range(key), c.range("date"));
        if let Irr::Rate(x) = r.xirr {
            a.put(
                &format!("{who} return, dated flows (XIRR, ACT/365)"),
                "share",
                &format!("XIRR({flows},{dates},{})", guess(x)),
                x,
                Some(x),
            )?;
        }
        if let Irr::Rate(x) = r.irr {
            let month = (x.ln_1p() / 12.0).exp_m1();
            a.put(
                &format!("{who} return, equal months"),
                "share",
                &format!("(1+IRR({flows},{}))^12-1", guess(month)),
                x,
                Some(x),
            )?;
        }
        let days = format!("({dates}-MIN({dates}))/365");
        a.put(
            &format!("{who} value at {rate}, dated"),
            "EUR",
            &format!("SUMPRODUCT({flows},(1+{rate})^(-{days}))"),
            r.xnpv.eur(),
            Some(r.xnpv.eur()),
        )?;
        let months = format!("({0}-first_point)/12", c.range("point"));
        a.put(
            &format!("{who} value at {rate}, equal months"),
            "EUR",
            &format!("SUMPRODUCT({flows},(1+{rate})^(-{months}))"),
            r.npv.eur(),
            Some(r.npv.eur()),
        )?;
    }
    Ok(())
}

/// Where the search starts: near enough to find the root, not the answer itself.
fn guess(x: f64) -> String {
    format!("{:.2}", (x * 20.0).round() / 20.0 + if x.abs() < 0.025 { 0.01 } else { 0.0 })
}

fn levelised(a: &mut Answers<'_>, o: &Outcome, c: &Columns) -> Result<(), XlsxError> {
    a.section("Levelised cost, dated, at the project's rate, money of the day")?;
    let v = format!("(1+project_rate)^(-({0}-MIN({0}))/365)", c.range("date"));
    let pv = |key: &str| format!("SUMPRODUCT({},{v})", c.range(key));
    let d = &o.dated;
    let top = a.row;
    a.put(
        "present value of investment and refreshes",
        "EUR",
        &format!("{}+{}", pv("spend"), pv("refresh")),
        d.investment,
        Some(d.investment),
    )?;
    let opex: Vec<String> =
        ["energy", "maintenance", "staff", "insurance", "site", "software"].iter().map(|k| pv(k)).collect();
    a.put("present value of running cost", "EUR", &opex.join("+"), d.opex, Some(d.opex))?;
    a.put("present value of what is left", "EUR", &pv("residual"), d.residual, Some(d.residual))?;
    a.put(
        "present value of available hours",
        "h",
        &pv("h_available"),
        d.hours_available,
        Some(d.hours_available),
    )?;
    let sold = format!("{}+{}+{}", pv("h_public"), pv("h_contract"), pv("h_market"));
    a.put("present value of used hours", "h", &sold, d.hours_sold, Some(d.hours_sold))?;
    a.put("present value of used H100e-hours", "h", &pv("h_h100e"), d.h100e_hours, Some(d.h100e_hours))?;
    let cost = format!("({}+{}-{})", cell(top, 1), cell(top + 1, 1), cell(top + 2, 1));
    for (label, row, hours) in [
        ("cost per available hour", top + 3, d.hours_available),
        ("cost per used hour", top + 4, d.hours_sold),
        ("cost per used H100e-hour", top + 5, d.h100e_hours),
    ] {
        if hours > 0.0 {
            a.put(
                label,
                "EUR/h",
                &format!("{cost}/{}", cell(row, 1)),
                d.cost() / hours,
                Some(d.cost() / hours),
            )?;
        }
    }
    Ok(())
}

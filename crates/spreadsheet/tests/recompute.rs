//! The workbook against the engine, and against an independent spreadsheet program where one is installed.

// A test may fail by panic; that is how it reports.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use gigatwin_finance::cashflow::{Workspace, evaluate};
use gigatwin_finance::draw::DrawCurve;
use gigatwin_finance::path::YearPath;
use gigatwin_finance::plan::*;
use gigatwin_quantity::{Date, Growth, HourPrice, Money, Share};
use gigatwin_spreadsheet::{About, Written, lines, unsolved, workbook};

#[path = "../../finance/tests/common/mod.rs"]
mod common;

/// The common project with a price month before the start, an even second phase, two contracts that together want more than is left
/// and loans, reserve and sales that end between years.
fn plan() -> Plan {
    let mut plan = common::plan(18, 0.2);
    plan.price_month = -17;
    for phase in &mut plan.phases {
        phase.public.share_months = 40;
        phase.sells_months = 63;
        phase.opex.staff = 0.2 * phase.opex.energy;
    }
    plan.phases[1].draw = DrawCurve::Even;
    plan.replacements[0].month = 70;
    plan.replacements[0].cost = Money::from_million(200.0);
    plan.replacements[0].residual = Share::from_percent(10.0);
    plan.market_price = HourPrice::from_eur_per_h(4.2);
    plan.market_path = YearPath::Factors(vec![1.0, 0.8, 0.9, 0.7, 0.8]);
    plan.contracts.push(HourContract {
        share: Share::from_percent(59.0),
        price: HourPrice::from_eur_per_h(2.8),
        path: YearPath::FLAT,
        from: 30,
        until: 50,
    });
    plan.debt.tenor_months = 55;
    if let Some(loan) = &mut plan.public_loan {
        loan.tenor_months = 60;
    }
    plan.reserve.months = 5.5;
    plan
}

/// One plan, and one that takes the other branch everywhere.
fn plans() -> [(&'static str, Plan); 2] {
    let mut other = plan();
    for p in &mut other.phases {
        p.public = PhasePublic {
            purchase: Money::from_million(120.0),
            purchase_months: 36,
            price: Some(PurchasePrice::Market),
            ..PhasePublic::NONE
        };
    }
    other.phases[1].public.price = Some(PurchasePrice::Fixed(HourPrice::from_eur_per_h(3.3)));
    other.contracts.truncate(1);
    other.market_path = YearPath::Growth(Growth::from_per_year(-0.03));
    other.debt.profile = Profile::Level;
    other.debt.compounding = Compounding::Nominal;
    other.debt.construction_interest = ConstructionInterest::PaidByEquity;
    other.debt.gearing_base = GearingBase::InvestmentAndFinancing;
    other.debt.ratio_basis = RatioBasis::AfterTax;
    other.tax.losses = LossRule::Immediate;
    other.tax.depreciate_financing = false;
    other.public_loan = None;
    other.reserve.months = 6.0;
    [("one", plan()), ("other", other)]
}

fn about() -> About {
    About { name: "test".to_owned(), lines: Vec::new(), sources: Vec::new() }
}

#[test]
fn the_workbook_holds_the_engines_lines() {
    for (name, plan) in plans() {
        let mut w = Workspace::default();
        let outcome = evaluate(&plan, &mut w).unwrap();
        assert!(outcome.debt.amount.eur() > 1e8, "{name}: {outcome:?}");
        let lines: BTreeMap<String, Vec<f64>> = lines(&plan, &w).into_iter().collect();
        let first = w.outlays()[0].month;
        let scale = outcome.funding.uses().eur();
        let near = |key: &str, month: u32, engine: f64| {
            let mine = lines[key][(month - first) as usize];
            assert!(
                (mine - engine).abs() <= 1e-12 * scale + 1e-9 * engine.abs(),
                "{name} {key} month {month}: {mine} {engine}"
            );
        };
        for r in w.periods() {
            for (key, engine) in [
                ("h_available", r.hours_available),
                ("h_public", r.hours_public),
                ("h_contract", r.hours_contract),
                ("h_market", r.hours_market),
                ("h_h100e", r.h100e_hours),
                ("rev_public", r.revenue_public.eur()),
                ("rev_contract", r.revenue_contract.eur()),
                ("rev_market", r.revenue_market.eur()),
                ("ebitda", r.ebitda.eur()),
                ("depreciation", r.depreciation.eur()),
                ("refresh", r.replacement.eur()),
                ("residual", r.residual.eur()),
                ("debt_draw", r.debt_draw.eur()),
                ("debt_interest", r.interest.eur()),
                ("debt_service", r.debt_service.eur()),
                ("debt_closing", r.debt_closing.eur()),
                ("loan_service", r.loan_service.eur()),
                ("loan_closing", r.loan_closing.eur()),
                ("reserve", r.reserve.eur()),
                ("earned", r.reserve_interest.eur()),
                ("profit", r.taxable_income.eur()),
                ("used", r.loss_used.eur()),
                ("pool", r.loss_closing.eur()),
                ("tax", r.tax.eur()),
                ("u_tax", r.unlevered_tax.eur()),
                ("cfads", r.cfads.eur()),
            ] {
                near(key, r.month, engine);
            }
        }
        for o in w.outlays() {
            near("spend", o.month, o.spend.eur());
            near("grant", o.month, o.grant.eur());
            near("debt_draw", o.month, o.draw.eur());
        }
        let flow = |pick: fn(&gigatwin_finance::rows::OutlayRow) -> f64,
                    of: fn(&gigatwin_finance::rows::PeriodRow) -> f64| {
            let mut sums = BTreeMap::new();
            w.outlays().iter().for_each(|o| *sums.entry(o.month).or_insert(0.0) += pick(o));
            w.periods().iter().for_each(|r| *sums.entry(r.month).or_insert(0.0) += of(r));
            sums
        };
        flow(|o| o.equity.eur(), |r| r.equity.eur()).into_iter().for_each(|(m, x)| near("equity", m, x));
        flow(|o| o.project.eur(), |r| r.project.eur()).into_iter().for_each(|(m, x)| near("project", m, x));
        // The same plan gives the same bytes, and every result is a number.
        let (bytes, written) = workbook(&plan, &outcome, &w, &about()).unwrap();
        assert_eq!(bytes, workbook(&plan, &outcome, &w, &about()).unwrap().0);
        assert!(written.len() > 5_000 && written.iter().all(|c| c.2.is_finite()));
    }
}

/// LibreOffice, where it is installed; the environment may name it.
fn office() -> Option<PathBuf> {
    let named = std::env::var_os("GIGATWIN_SOFFICE").map(PathBuf::from);
    let usual = [
        "/usr/bin/soffice",
        "/usr/local/bin/soffice",
        "/Applications/LibreOffice.app/Contents/MacOS/soffice",
    ];
    named.into_iter().chain(usual.map(PathBuf::from)).find(|p| p.exists())
}

/// Recomputes a workbook; gives the sheets as rows of cells.
fn recompute(office: &Path, folder: &Path, name: &str, bytes: &[u8]) -> BTreeMap<String, Vec<Vec<String>>> {
    std::fs::create_dir_all(folder.join("profile/user")).unwrap();
    // Recompute every formula when a workbook is opened, whatever results it holds.
    std::fs::write(
        folder.join("profile/user/registrymodifications.xcu"),
        r#"<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>"#,
    )
    .unwrap();
    let file = folder.join(format!("{name}.xlsx"));
    std::fs::write(&file, bytes).unwrap();
    let profile = format!("-env:UserInstallation=file://{}", folder.join("profile").display());
    let done = Command::new(office)
        .arg(profile)
        .args([
            "--headless",
            "--convert-to",
            "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1",
            "--outdir",
        ])
        .arg(folder)
        .arg(&file)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let mut sheets = BTreeMap::new();
    for sheet in ["Inputs", "Paths", "Months", "Years", "Results"] {
        let text = std::fs::read_to_string(folder.join(format!("{name}-{sheet}.csv"))).unwrap();
        sheets.insert(sheet.to_owned(), text.lines().map(cells).collect());
    }
    sheets
}

fn cells(line: &str) -> Vec<String> {
    let (mut out, mut quoted) = (vec![String::new()], false);
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => out.push(String::new()),
            c => out.last_mut().unwrap().push(c),
        }
    }
    out
}

/// Row and column from zero of "AB12".
fn place(cell: &str) -> (usize, usize) {
    let letters: String = cell.chars().take_while(char::is_ascii_alphabetic).collect();
    let column = letters.bytes().fold(0, |n, b| n * 26 + usize::from(b - b'A') + 1) - 1;
    (cell[letters.len()..].parse::<usize>().unwrap() - 1, column)
}

#[test]
fn another_program_computes_the_same() {
    let Some(office) = office() else {
        eprintln!("skipped: LibreOffice is not installed (GIGATWIN_SOFFICE names another place)");
        return;
    };
    for (name, plan) in plans() {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("recompute-{name}"));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let mut w = Workspace::default();
        let outcome = evaluate(&plan, &mut w).unwrap();
        let (bytes, written) = unsolved(&plan, &outcome, &w, &about()).unwrap();
        let sheets = recompute(&office, &folder, name, &bytes);
        let mut largest: BTreeMap<(String, usize), f64> = BTreeMap::new();
        for (sheet, cell, value) in &written {
            let at = largest.entry((sheet.clone(), place(cell).1)).or_insert(0.0);
            *at = at.max(value.abs());
        }
        let (mut wrong, mut checked, mut worst) = (Vec::<&Written>::new(), 0, 0.0_f64);
        for w in &written {
            let (row, column) = place(&w.1);
            let text = sheets[&w.0].get(row).and_then(|r| r.get(column)).map_or("", String::as_str);
            let theirs = match text.parse::<f64>() {
                Ok(x) => x,
                Err(_) if text.ends_with('%') => text.trim_end_matches('%').parse::<f64>().unwrap() / 100.0,
                Err(_) => Date::parse(text).map_or(f64::NAN, |d| d.days() + 25_569.0),
            };
            // A millionth of the value; where a balance ends at nothing, rounding of the amounts it is the rest of.
            let allowed = 1e-6 * w.2.abs().max(1.0) + 1e-13 * largest[&(w.0.clone(), column)];
            let off = (theirs - w.2).abs();
            checked += 1;
            if off.is_nan() || off > allowed {
                wrong.push(w);
            } else {
                worst = worst.max(off / w.2.abs().max(1.0));
            }
        }
        let show = |w: &&Written| {
            let (row, column) = place(&w.1);
            format!(
                "{} {} engine {} other {:?}",
                w.0,
                w.1,
                w.2,
                sheets[&w.0].get(row).and_then(|r| r.get(column))
            )
        };
        assert!(
            wrong.is_empty(),
            "{name}: {} of {checked}: {:#?}",
            wrong.len(),
            wrong.iter().take(30).map(show).collect::<Vec<_>>()
        );
        eprintln!("{name}: {checked} cells recomputed, largest difference {worst:.1e}");
    }
}

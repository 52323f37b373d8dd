//! Laws of the cash-flow engine and of public funding over random projects.

use gigatwin_finance::FinanceError;
use gigatwin_finance::balance::balance_sheet;
use gigatwin_finance::cashflow::{Workspace, evaluate};
use gigatwin_finance::funding::{Funding, FundingInputs, PhaseFunding, PublicForm};
use gigatwin_finance::irr::{Irr, xnpv};
use gigatwin_finance::outcome::Binding;
use gigatwin_finance::plan::*;
use gigatwin_quantity::{Date, HourPrice, Money, Share};
use proptest::prelude::*;

mod common;

#[allow(clippy::too_many_arguments)]
fn plan(
    price: f64,
    rate: f64,
    gearing: f64,
    dscr: Option<f64>,
    months: u32,
    level: bool,
    capitalised: bool,
    grant: f64,
) -> Plan {
    let mut plan = common::plan(months, grant);
    plan.market_price = HourPrice::from_eur_per_h(price);
    plan.contracts[0].price = HourPrice::from_eur_per_h(0.8 * price);
    plan.debt.rate = Share::from_fraction(rate);
    plan.debt.gearing_cap = Share::from_fraction(gearing);
    plan.debt.target_dscr = dscr;
    plan.debt.profile = if level { Profile::Level } else { Profile::Sculpted };
    if !capitalised {
        plan.debt.construction_interest = ConstructionInterest::PaidByEquity;
    }
    plan
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn a_project_balances(
        price in 0.5..9.0_f64,
        rate in 0.0..0.14_f64,
        gearing in 0.0..0.9_f64,
        dscr in proptest::option::of(1.0..2.0_f64),
        months in 1..40_u32,
        level: bool,
        capitalised: bool,
        grant in 0.0..0.5_f64,
    ) {
        let p = plan(price, rate, gearing, dscr, months, level, capitalised, grant);
        let mut w = Workspace::default();
        let o = evaluate(&p, &mut w).unwrap();
        let eps = 1e-9 * o.funding.uses().eur();
        // Sources and uses.
        prop_assert!((o.funding.sources() - o.funding.uses()).eur().abs() < eps, "{:?}", o.funding);
        // Debt is repaid, and by its tenor; opening + draws − principal = closing in every period.
        for (k, r) in w.periods().iter().enumerate() {
            let closing = r.debt_opening + r.debt_draw - r.principal;
            prop_assert!((closing - r.debt_closing).eur().abs() < eps);
            if k >= 59 {
                prop_assert!(r.debt_closing.eur().abs() < 1e-6 * o.funding.uses().eur());
            }
            if k >= 60 {
                prop_assert!(r.debt_service.eur() == 0.0);
            }
            prop_assert!(r.hours_sold() <= r.hours_available * (1.0 + 1e-12));
            prop_assert!(r.loss_closing.eur() >= 0.0 && r.tax.eur() >= 0.0);
        }
        let last = w.periods().last().unwrap();
        prop_assert!(last.loan_closing.eur().abs() < eps.max(1.0) || w.periods().len() < 96);
        prop_assert!(last.reserve.eur().abs() < eps);
        // The books balance at the end of every period, and end empty.
        let books = balance_sheet(&p, &w);
        prop_assert_eq!(books.len(), w.periods().len());
        for b in &books {
            prop_assert!((b.assets() - b.liabilities()).eur().abs() < eps, "{:?}", b);
        }
        let end = books.last().unwrap();
        prop_assert!(end.fixed_assets.eur().abs() < eps && (end.capital + end.retained + end.public_loan).eur().abs() < eps);
        // Losses: what arises is used, or left; none is used twice, and no year uses more than its share.
        let mut pool = 0.0;
        for year in w.periods().chunks(12) {
            let income: f64 = year.iter().map(|r| r.taxable_income.eur()).sum();
            let used: f64 = year.iter().map(|r| r.loss_used.eur()).sum();
            prop_assert!(used <= pool + eps && used <= 0.7 * income.max(0.0) + eps);
            pool += (-income).max(0.0) - used;
            let row = year.last().unwrap();
            prop_assert!((row.loss_closing.eur() - pool).abs() < eps);
            let tax: f64 = year.iter().map(|r| r.tax.eur()).sum();
            prop_assert!((tax - 0.25 * (income - used).max(0.0)).abs() < eps);
        }
        // Cash is never negative in silence: what is missing is called from shareholders, counted and dated.
        let missing: f64 = w.periods().iter().map(|r| (-r.equity.eur()).max(0.0)).sum();
        prop_assert!((missing - o.calls.eur()).abs() < eps + 1e-3 * 72.0);
        prop_assert_eq!(o.first_call.is_some(), o.calls.eur() > 0.0);
        // The constraint that binds does, the other holds.
        prop_assert!(o.debt.amount.eur() <= o.debt.by_gearing.eur() * (1.0 + 1e-12));
        if let Some(c) = o.debt.by_cover_ratio {
            prop_assert!(o.debt.amount.eur() <= c.eur().max(0.0) * (1.0 + 1e-12));
        }
        if let (Binding::CoverRatio, Some(d), false) = (o.debt.binding, dscr, level) {
            prop_assert!((o.dscr_min.unwrap() - d).abs() < 1e-9);
        }
        // Value at the rate is zero, on both axes.
        let flows: Vec<(Date, Money)> = w.outlays().iter().map(|r| (r.date, r.equity))
            .chain(w.periods().iter().map(|r| (r.date, r.equity))).collect();
        let gross: f64 = flows.iter().map(|f| f.1.eur().abs()).sum();
        if let Irr::Rate(x) = o.equity.xirr {
            // Far below zero the last flows are blown up: measure against them.
            let scale: f64 = flows.iter().map(|f| {
                f.1.eur().abs() * (1.0 + x).powf(-(f.0.days() - flows[0].0.days()) / 365.0)
            }).sum();
            prop_assert!(xnpv(x, &flows).eur().abs() < 1e-9 * scale.max(gross));
        }
        // What shareholders get in all is what is earned less what lenders and tax take.
        let earned: f64 = w.periods().iter().map(|r| (r.ebitda - r.tax + r.residual - r.replacement + r.reserve_interest
            - r.debt_service - r.loan_service).eur()).sum::<f64>() + o.funding.reserve.eur();
        let received: f64 = w.periods().iter().map(|r| r.equity.eur()).sum();
        prop_assert!((earned - received).abs() < 1e-9 * gross.max(1.0));
        // Discounting needs the same time axis as the rates.
        if let Irr::Rate(x) = o.project.xirr
            && x > 0.091
        {
            prop_assert!(o.project.xnpv.eur() > 0.0);
        }
    }

    #[test]
    fn public_money_keeps_the_rules(
        asked in 0.0..0.4_f64, max in 0.0..0.4_f64, matching in 1.0..3.0_f64, earlier in 0.0..300.0_f64,
        available in proptest::option::of(0.0..1500.0_f64), cap in proptest::option::of(0.0..600.0_f64),
        amounts in proptest::collection::vec((1.0..4000.0_f64, 0.0..3000.0_f64, 0.0..=1.0_f64), 1..4),
    ) {
        let f = Funding::divide(&FundingInputs {
            form: PublicForm::HourPurchase,
            union_share: Share::from_fraction(asked),
            union_share_max: Share::from_fraction(max),
            states_match: matching.min(1.0 / asked.max(1e-9) - 1.0).max(1.0),
            states_available: available.map(Money::from_million),
            earlier_support: Money::from_million(earlier),
            public_share_max: None,
            phases: amounts.iter().map(|(c, o, p)| PhaseFunding {
                computing: Money::from_million(*c),
                facility: Money::from_million(*o),
                union_cap: cap.map(Money::from_million),
                probability: Share::from_fraction(*p),
            }).collect(),
            states: vec![("DE".into(), Share::from_percent(60.0)), ("CZ".into(), Share::from_percent(40.0))],
        }).unwrap();
        let total: f64 = amounts.iter().map(|a| a.0 + a.1).sum();
        let computing: f64 = amounts.iter().map(|a| a.0).sum();
        for s in [f.full, f.expected, f.certain] {
            prop_assert!((s.total().million() - total).abs() < 1e-6);
            prop_assert!(s.states.eur() >= s.union.eur() * (1.0 - 1e-9));
        }
        prop_assert!(f.full.union.million() <= (max * computing - earlier).max(0.0) + 1e-6);
        prop_assert!(f.full.union.million() <= asked * computing + 1e-6);
        if let Some(a) = available { prop_assert!(f.full.states.million() <= a + 1e-6); }
        prop_assert!(f.certain.union <= f.expected.union + Money::from_eur(1.0));
        prop_assert!(f.expected.union <= f.full.union + Money::from_eur(1.0));
        let by_state: Money = f.states.iter().map(|s| s.1).sum();
        prop_assert!((by_state - f.full.states).eur().abs() < 1e-3);
    }
}

#[test]
fn faults_are_said_in_domain_words() {
    let mut p = plan(3.0, 0.06, 0.6, Some(1.3), 18, false, false, 0.0);
    p.phases[1].opens = 20;
    let e = evaluate(&p, &mut Workspace::default()).unwrap_err();
    assert_eq!(e.to_string(), "phase 2 opens in month 20 but is built until month 36");
    let mut p = plan(3.0, 0.06, 0.6, Some(1.3), 18, false, false, 0.0);
    p.contracts[0].share = Share::from_percent(120.0);
    assert!(matches!(
        evaluate(&p, &mut Workspace::default()),
        Err(FinanceError::Oversold { .. } | FinanceError::Share { .. })
    ));
    let mut p = plan(3.0, 0.06, 0.6, None, 18, true, false, 0.0);
    p.market_price = HourPrice::from_eur_per_h(0.4);
    let o = evaluate(&p, &mut Workspace::default()).unwrap();
    // Debt that cannot be served names the month.
    assert!(o.shortfall.unwrap().date.month_text().starts_with("20"));
    assert!(o.dscr_min.unwrap() < 1.0);
}

//! Two phases built month by month, yearly operation, sculpted debt under a gearing cap, four forms of public money.

use gigatwin_finance::cashflow::{Workspace, evaluate as run};
use gigatwin_finance::draw::DrawCurve;
use gigatwin_finance::opex::OpexYear;
use gigatwin_finance::outcome::Binding;
use gigatwin_finance::path::YearPath;
use gigatwin_finance::plan::{
    Compounding, ConstructionInterest, Debt, GearingBase, LossRule, Phase, PhasePublic, Plan, Profile,
    PurchasePrice, RatioBasis, Reserve, Step, Tax,
};
use gigatwin_finance::rows::PeriodRow;
use gigatwin_quantity::{Date, Growth, HourPrice, Money, Share};

use super::{Case, Lines};

/// Month of a date counted from another's.
fn month_between(from: Date, to: Date) -> Result<u32, String> {
    // Both are first days of months: mean months round to the right number for centuries.
    let months = ((to.days() - from.days()) / 30.436_875).round();
    if months >= 0.0 { Ok(months as u32) } else { Err("phase 2 starts before phase 1".to_owned()) }
}

pub(super) fn evaluate(case: &Case<'_>) -> Result<Lines, String> {
    let n = |line: &str| case.number(line);
    let share = |line: &str| n(line).map(Share::from_fraction);
    let date = |line: &str| {
        case.text(line).and_then(Date::parse).ok_or_else(|| format!("the input \"{line}\" is not a date"))
    };
    let start = date("phase1.start")?;
    let starts = [0, month_between(start, date("phase2.start")?)?];
    let form = case.text("form").unwrap_or("none");
    let public = n("union_share")? + n("member_state_share")?;
    let sells = case.months("operations_years_per_phase")?;
    let mut phases = Vec::new();
    let (mut power, mut it, mut shell) = (Vec::new(), Vec::new(), Vec::new());
    for (i, name) in ["phase1", "phase2"].into_iter().enumerate() {
        let accelerators = n(&format!("{name}.accelerators"))?;
        let months = n(&format!("{name}.months"))? as u32;
        let mw = accelerators / 1000.0 * n("it_mw_per_1000_accel")?;
        let computing = Money::from_eur(accelerators * n(&format!("it_eur_per_accel.{name}"))?);
        let facility = Money::from_million(mw * n("shell_eur_m_per_mw_it")?);
        let energy = mw * n("pue")? * n("load_factor")? * 8760.0 * n("energy_eur_per_mwh")?;
        let purchase_months = case.months("purchase_years")?;
        phases.push(Phase {
            computing,
            facility,
            public: match form {
                "none" => PhasePublic::NONE,
                "capex_grant" => PhasePublic {
                    grant: computing * public,
                    share_of_hours: Share::from_fraction(public),
                    ..PhasePublic::NONE
                },
                "purchase_capacity_share" => PhasePublic {
                    purchase: computing * public,
                    share_of_hours: Share::from_fraction(public),
                    purchase_months,
                    ..PhasePublic::NONE
                },
                "purchase_at_price" => PhasePublic {
                    purchase: computing * public,
                    purchase_months,
                    price: Some(PurchasePrice::Market),
                    ..PhasePublic::NONE
                },
                _ => return Err(format!("the form \"{form}\" is not known")),
            },
            build_start: starts[i],
            build_months: months,
            draw: DrawCurve::Even,
            opens: starts[i] + months,
            sells_months: sells,
            hours_per_year: accelerators * 8760.0,
            h100e_per_accelerator: 1.0,
            utilisation: YearPath::Factors(case.list("utilisation")?),
            opex: OpexYear {
                energy: Money::from_eur(energy),
                site: Money::from_million(mw * n("fixed_opex_eur_m_per_mw_it_year")?),
                maintenance: computing * n("it_maintenance_share_of_it_capex")?,
                ..OpexYear::ZERO
            },
            computing_life: case.months("it_depreciation_years")?,
            facility_life: case.months("shell_depreciation_years")?,
            depreciation_lag: 0,
            residual_computing: share("residual_share_of_it")?,
            residual_facility: share("residual_share_of_shell")?,
        });
        power.push(mw);
        it.push(computing.million());
        shell.push(facility.million());
    }
    let opening = phases.first().map_or(0, |p| p.opens);
    let plan = Plan {
        start,
        step: Step::Year,
        price_month: i32::try_from(opening).unwrap_or(0),
        phases,
        replacements: Vec::new(),
        market_price: HourPrice::from_eur_per_h(n("price_2029_eur_per_accel_h")?),
        market_path: YearPath::Growth(Growth::from_per_year(n("price_change_per_year")?)),
        contracts: Vec::new(),
        energy_path: YearPath::FLAT,
        cost_path: YearPath::FLAT,
        debt: Debt {
            rate: share("debt.rate")?,
            tenor_months: case.months("debt.tenor_years_from_first_ops")?,
            profile: Profile::Sculpted,
            target_dscr: Some(n("debt.target_dscr")?),
            gearing_cap: share("gearing_cap")?,
            gearing_base: GearingBase::Investment,
            upfront_fee: share("debt.upfront_fee")?,
            compounding: Compounding::Effective,
            draw_weight_building: 1.0,
            draw_weight_operating: 0.5,
            construction_interest: ConstructionInterest::PaidByEquity,
            ratio_basis: RatioBasis::PreTax,
        },
        public_loan: None,
        other_financing: Money::ZERO,
        reserve: Reserve { months: 0.0, interest: Share::ZERO },
        tax: Tax {
            rate: share("tax_rate")?,
            losses: LossRule::CarriedForward { share: Share::from_fraction(1.0) },
            depreciate_financing: false,
        },
        project_rate: share("wacc")?,
        equity_rate: share("cost_of_equity")?,
    };
    let mut work = Workspace::default();
    let out = run(&plan, &mut work).map_err(|e| e.to_string())?;
    let (rows, outlays) = (work.periods(), work.outlays());
    let mut lines = Lines { class: "two_phase", numbers: Vec::new(), words: Vec::new() };
    lines.list("it_mw", power);
    lines.list("it_capex", it);
    lines.list("shell_capex", shell);
    let gross = out.funding.computing + out.funding.facility;
    lines.one("gross_capex", gross.million());
    lines.one("public_capex_contribution", out.funding.grants.million());
    lines.one("public_purchase_total", rows.iter().map(|r| r.revenue_public.million()).sum::<f64>());
    lines.one("net_capex", (gross - out.funding.grants).million());
    lines.one("debt_sized_by_dscr", out.debt.by_cover_ratio.map(Money::million));
    lines.one("debt_gearing_cap", out.debt.by_gearing.million());
    lines.one("debt", out.debt.amount.million());
    lines.one("interest_during_construction_to_2028", out.funding.construction_interest.million());
    lines.one("upfront_fee", out.funding.upfront_fee.million());
    lines.one("dscr_min", out.dscr_min);
    lines.one("project_xirr", out.project.xirr.rate());
    lines.one("equity_xirr", out.equity.xirr.rate());
    lines.one("project_xnpv_at_wacc", out.project.xnpv.million());
    lines.one("equity_xnpv_at_coe", out.equity.xnpv.million());
    lines.one("lcoc_pretax_gross_eur_per_used_accel_h", out.dated.cost() / out.dated.hours_sold);
    lines.words.push((
        "binding",
        match out.debt.binding {
            Binding::CoverRatio => "dscr",
            Binding::Gearing => "gearing",
            Binding::NoDebt => "none",
        },
    ));
    lines.list("price", rows.iter().map(|r| r.price.eur_per_h()));
    lines.list("used_accel_hours_million", rows.iter().map(|r| r.hours_sold() / 1e6));
    for (name, value) in [
        ("commercial_revenue", (|r| r.revenue_market + r.revenue_contract) as fn(&PeriodRow) -> Money),
        ("public_purchase_revenue", |r| r.revenue_public),
        ("energy", |r| r.opex.energy),
        ("fixed_opex", |r| r.opex.site),
        ("it_maintenance", |r| r.opex.maintenance),
        ("ebitda", |r| r.ebitda),
        ("residual", |r| r.residual),
        ("depreciation", |r| r.depreciation),
        ("debt_opening", |r| r.debt_opening),
        ("debt_draw", |r| r.debt_draw),
        ("interest", |r| r.interest),
        ("principal", |r| r.principal),
        ("debt_service", |r| r.debt_service),
        ("debt_closing", |r| r.debt_closing),
        ("taxable_income", |r| r.taxable_income),
        ("loss_closing", |r| r.loss_closing),
        ("tax", |r| r.tax),
        ("equity_cf", |r| r.equity),
        ("unlevered_tax", |r| r.unlevered_tax),
    ] {
        lines.list(name, rows.iter().map(|r| value(r).million()));
    }
    lines.numbers.push(("dscr_pretax", rows.iter().map(PeriodRow::dscr).collect()));
    lines.list("construction_capex", outlays.iter().map(|o| o.spend.million()));
    lines.list("construction_public_grant", outlays.iter().map(|o| o.grant.million()));
    let equity = outlays.iter().map(|o| o.equity).chain(rows.iter().map(|r| r.equity));
    lines.list("equity_cashflow", equity.map(Money::million));
    let project = outlays.iter().map(|o| o.project).chain(rows.iter().map(|r| r.project));
    lines.list("project_cashflow", project.map(Money::million));
    Ok(lines)
}

//! A single owner with a debt service reserve, half-year depreciation and taxes used at once. The oracle counts kilowatt-hours;
//! here one of them is one accelerator-hour.

use gigatwin_finance::cashflow::{Workspace, evaluate as run};
use gigatwin_finance::draw::DrawCurve;
use gigatwin_finance::irr::{irr, npv};
use gigatwin_finance::lcoc::capital_recovery_factor;
use gigatwin_finance::opex::OpexYear;
use gigatwin_finance::path::YearPath;
use gigatwin_finance::plan::{
    Compounding, ConstructionInterest, Debt, GearingBase, LossRule, Phase, PhasePublic, Plan, Profile,
    RatioBasis, Reserve, Step, Tax,
};
use gigatwin_quantity::{Date, Growth, HourPrice, Money, Share};

use super::{Case, Lines};

/// Days of the months of a common year.
const DAYS: [f64; 12] = [31.0, 28.0, 31.0, 30.0, 31.0, 30.0, 31.0, 31.0, 30.0, 31.0, 30.0, 31.0];
const SALES: [&str; 12] = [
    "cf_energy_sales_jan",
    "cf_energy_sales_feb",
    "cf_energy_sales_mar",
    "cf_energy_sales_apr",
    "cf_energy_sales_may",
    "cf_energy_sales_jun",
    "cf_energy_sales_jul",
    "cf_energy_sales_aug",
    "cf_energy_sales_sep",
    "cf_energy_sales_oct",
    "cf_energy_sales_nov",
    "cf_energy_sales_dec",
];
const REVENUE: [&str; 12] = [
    "cf_revenue_jan",
    "cf_revenue_feb",
    "cf_revenue_mar",
    "cf_revenue_apr",
    "cf_revenue_may",
    "cf_revenue_jun",
    "cf_revenue_jul",
    "cf_revenue_aug",
    "cf_revenue_sep",
    "cf_revenue_oct",
    "cf_revenue_nov",
    "cf_revenue_dec",
];

pub(super) fn evaluate(case: &Case<'_>) -> Result<Lines, String> {
    let n = |line: &str| case.number(line);
    let percent = |line: &str| n(line).map(Share::from_percent);
    let growth = |line: &str| n(line).map(|g| YearPath::Growth(Growth::from_per_year(g / 100.0)));
    let cost = n("total_installed_cost")?;
    let nominal = (1.0 + n("real_discount_rate")? / 100.0) * (1.0 + n("inflation_rate")? / 100.0) - 1.0;
    let life = case.months("analysis_period")?;
    let plan = Plan {
        start: Date::from_days(0.0),
        step: Step::Year,
        price_month: 0,
        phases: vec![Phase {
            computing: Money::from_eur(cost),
            facility: Money::ZERO,
            public: PhasePublic::NONE,
            build_start: 0,
            build_months: 0,
            draw: DrawCurve::Even,
            opens: 0,
            sells_months: life,
            hours_per_year: n("gpus")? * 8760.0,
            h100e_per_accelerator: 1.0,
            utilisation: YearPath::Factors(vec![n("utilisation")?]),
            opex: OpexYear {
                site: Money::from_eur(n("om_fixed")?),
                insurance: Money::from_eur(cost) * percent("insurance_rate")?,
                ..OpexYear::ZERO
            },
            computing_life: case.months("depreciation_years")?,
            facility_life: life,
            depreciation_lag: 6,
            residual_computing: percent("salvage_percentage")?,
            residual_facility: Share::ZERO,
        }],
        replacements: Vec::new(),
        market_price: HourPrice::from_eur_per_h(n("ppa_price")?),
        market_path: growth("ppa_escalation")?,
        contracts: Vec::new(),
        energy_path: YearPath::FLAT,
        cost_path: growth("inflation_rate")?,
        debt: Debt {
            rate: percent("term_int_rate")?,
            tenor_months: case.months("term_tenor")?,
            profile: Profile::Sculpted,
            target_dscr: Some(n("dscr")?),
            gearing_cap: percent("maximum_debt_fraction")?,
            gearing_base: GearingBase::InvestmentAndFinancing,
            upfront_fee: percent("cost_debt_fee")?,
            compounding: Compounding::Effective,
            draw_weight_building: 1.0,
            draw_weight_operating: 0.5,
            construction_interest: ConstructionInterest::PaidByEquity,
            ratio_basis: RatioBasis::PreTax,
        },
        public_loan: None,
        other_financing: Money::from_eur(n("construction_financing_cost")?),
        reserve: Reserve { months: n("dscr_reserve_months")?, interest: percent("reserves_interest")? },
        tax: Tax {
            rate: percent("federal_tax_rate")?,
            losses: LossRule::Immediate,
            depreciate_financing: true,
        },
        project_rate: Share::from_fraction(nominal),
        equity_rate: Share::from_fraction(nominal),
    };
    let mut work = Workspace::default();
    let out = run(&plan, &mut work).map_err(|e| e.to_string())?;
    let rows = work.periods();
    let at0 = work.outlays().first().ok_or("no outlay")?;
    let mut lines = Lines { class: "single_owner", numbers: Vec::new(), words: Vec::new() };
    // Year 0 and the operating years.
    let mut years = |name: &'static str, zero: f64, f: &dyn Fn(usize) -> f64| {
        lines.list(name, std::iter::once(zero).chain((0..rows.len()).map(f)));
    };
    let price = |k: usize| rows[k].price.eur_per_h();
    let sales = |k: usize| rows[k].revenue().eur();
    let after_tax = |k: usize| rows[k].equity.eur();
    let pre_tax = |k: usize| (rows[k].equity + rows[k].tax).eur();
    let ebitda = |k: usize| (rows[k].ebitda + rows[k].residual).eur();
    let reserve_before =
        |k: usize| if k == 0 { out.funding.reserve.eur() } else { rows[k - 1].reserve.eur() };
    let released = |k: usize| reserve_before(k) - rows[k].reserve.eur();
    let factor = |k: usize| (1.0 + plan.debt.rate.fraction()).powi(-(k as i32) - 1);
    let in_tenor = |k: usize| (k as u32) < plan.debt.tenor_months / 12;
    let cash = |k: usize| if in_tenor(k) { rows[k].ebitda.eur() } else { 0.0 };
    let last_service = (plan.debt.tenor_months / 12) as usize;
    let installed = out.funding.uses().eur();
    let equity0 = at0.equity.eur();

    years("cf_annual_costs", equity0, &|k| after_tax(k) - sales(k));
    years("cf_cash_for_ds", 0.0, &cash);
    years("cf_debt_balance", out.debt.amount.eur(), &|k| rows[k].debt_closing.eur());
    years("cf_debt_payment_interest", 0.0, &|k| rows[k].interest.eur());
    years("cf_debt_payment_principal", 0.0, &|k| rows[k].principal.eur());
    years("cf_debt_payment_total", 0.0, &|k| rows[k].debt_service.eur());
    years("cf_debt_size", 0.0, &|k| rows[k].debt_service.eur() * factor(k));
    years("cf_pv_cash_for_ds", 0.0, &|k| cash(k) * factor(k));
    years("cf_pv_interest_factor", f64::NAN, &|k| if in_tenor(k) { factor(k) } else { 0.0 });
    years("cf_disbursement_debtservice", 0.0, &|k| if k + 1 == last_service { -released(k) } else { 0.0 });
    years("cf_funding_debtservice", out.funding.reserve.eur(), &|k| {
        if k + 1 < last_service { -released(k) } else { 0.0 }
    });
    years("cf_ebitda", 0.0, &ebitda);
    years("cf_effective_tax_frac", 0.0, &|_| plan.tax.rate.fraction());
    years("cf_federal_tax_frac", 0.0, &|_| plan.tax.rate.fraction());
    for name in ["cf_energy_net", "cf_energy_sales", "cf_energy_sales_dispatch1"] {
        years(name, 0.0, &|k| rows[k].hours_sold());
    }
    for name in ["cf_energy_value", "cf_revenue_dispatch1"] {
        years(name, 0.0, &sales);
    }
    // The hours run evenly through the year, so a month has its days' part.
    for ((days, hours), revenue) in DAYS.iter().zip(SALES).zip(REVENUE) {
        years(hours, 0.0, &|k| rows[k].hours_sold() * days / 365.0);
        years(revenue, 0.0, &|k| sales(k) * days / 365.0);
    }
    for name in ["cf_feddepr_sl_5", "cf_feddepr_total", "cf_stadepr_sl_5", "cf_stadepr_total"] {
        years(name, 0.0, &|k| rows[k].depreciation.eur());
    }
    years("cf_fedtax", 0.0, &|k| -rows[k].tax.eur());
    for name in [
        "cf_fedtax_income_prior_incentives",
        "cf_fedtax_income_with_incentives",
        "cf_statax_income_prior_incentives",
        "cf_statax_income_with_incentives",
    ] {
        years(name, 0.0, &|k| rows[k].taxable_income.eur());
    }
    years("cf_insurance_expense", 0.0, &|k| rows[k].opex.insurance.eur());
    years("cf_om_fixed_expense", 0.0, &|k| rows[k].opex.site.eur());
    years("cf_operating_expenses", 0.0, &|k| rows[k].opex.total().eur());
    years("cf_net_salvage_value", 0.0, &|k| rows[k].residual.eur());
    years("cf_ppa_price", 0.0, &|k| 100.0 * price(k));
    years("cf_pretax_cashflow", 0.0, &pre_tax);
    years("cf_pretax_dscr", 0.0, &|k| rows[k].dscr().unwrap_or(0.0));
    for name in ["cf_project_dsra", "cf_project_ra"] {
        years(name, -out.funding.reserve.eur(), &released);
    }
    years("cf_project_financing_activities", installed, &|k| -rows[k].principal.eur());
    years("cf_project_investing_activities", -installed, &released);
    years("cf_project_operating_activities", 0.0, &|k| {
        ebitda(k) - rows[k].interest.eur() + rows[k].reserve_interest.eur()
    });
    years("cf_project_return_aftertax", equity0, &after_tax);
    for name in ["cf_project_return_aftertax_cash", "cf_project_return_pretax"] {
        years(name, equity0, &pre_tax);
    }
    for name in ["cf_reserve_debtservice", "cf_reserve_total"] {
        years(name, out.funding.reserve.eur(), &|k| rows[k].reserve.eur());
    }
    years("cf_reserve_interest", 0.0, &|k| rows[k].reserve_interest.eur());
    years("cf_total_revenue", 0.0, &|k| sales(k) + rows[k].residual.eur());

    let flows = |f: &dyn Fn(usize) -> f64| -> Vec<Money> {
        std::iter::once(equity0).chain((0..rows.len()).map(f)).map(Money::from_eur).collect()
    };
    let (after, pre) = (flows(&after_tax), flows(&pre_tax));
    for (rate_name, value_name, list) in [
        ("cf_project_return_aftertax_irr", "cf_project_return_aftertax_npv", &after),
        ("cf_project_return_pretax_irr", "cf_project_return_pretax_npv", &pre),
    ] {
        let to = |k: usize| list.get(..=k).unwrap_or(list);
        let rates = (0..list.len()).map(|k| irr(to(k), 1.0).rate().map(|r| 100.0 * r)).collect();
        lines.numbers.push((rate_name, rates));
        lines.list(value_name, (0..list.len()).map(|k| npv(nominal, to(k), 1.0).eur()));
    }
    let mut best = 0.0_f64;
    let highest = (0..after.len()).map(|k| {
        best = best.max(irr(after.get(..=k).unwrap_or(&after), 1.0).rate().unwrap_or(0.0) * 100.0);
        best
    });
    let highest: Vec<f64> = highest.collect();
    lines.list("cf_project_return_aftertax_max_irr", highest);

    let value = |f: &dyn Fn(usize) -> f64, zero: f64, rate: f64| {
        let list: Vec<Money> =
            std::iter::once(zero).chain((0..rows.len()).map(f)).map(Money::from_eur).collect();
        npv(rate, &list, 1.0).eur()
    };
    let real = n("real_discount_rate")? / 100.0;
    let hours_nominal = value(&|k| rows[k].hours_sold(), 0.0, nominal);
    let hours_real = value(&|k| rows[k].hours_sold(), 0.0, real);
    let costs = -value(&|k| after_tax(k) - sales(k), equity0, nominal);
    let earned = value(&sales, 0.0, nominal);
    // Operation and maintenance without insurance.
    let maintained = value(&|k| rows[k].opex.site.eur(), 0.0, nominal);
    let rate = out.equity.irr.rate();
    let debt_fraction = out.debt.amount.eur() / installed;
    lines.one("ppa", rows.first().map(|r| 100.0 * r.price.eur_per_h()));
    lines.one("lppa_nom", 100.0 * earned / hours_nominal);
    lines.one("lppa_real", 100.0 * earned / hours_real);
    lines.one("lcoe_nom", 100.0 * costs / hours_nominal);
    lines.one("lcoe_real", 100.0 * costs / hours_real);
    lines.one("npv_energy_nom", hours_nominal);
    lines.one("npv_annual_costs", costs);
    lines.one("present_value_oandm", maintained);
    for name in ["project_return_aftertax_irr", "flip_actual_irr", "analysis_period_irr"] {
        lines.one(name, rate.map(|r| 100.0 * r));
    }
    for name in ["irr_from_cf_project_return_aftertax", "pyxirr_irr"] {
        lines.one(name, rate);
    }
    for name in ["project_return_aftertax_npv", "npv_at_nominal_discount"] {
        lines.one(name, out.equity.npv.eur());
    }
    lines.one("min_dscr", out.dscr_min);
    lines.one("size_of_debt", out.debt.amount.eur());
    lines.one("size_of_equity", out.funding.equity.eur());
    lines.one("debt_fraction", 100.0 * debt_fraction);
    for name in ["cost_installed", "adjusted_installed_cost"] {
        lines.one(name, installed);
    }
    lines.one("cost_prefinancing", cost);
    lines.one("cost_financing", installed - cost);
    lines.one("cost_debt_upfront", out.funding.upfront_fee.eur());
    lines.one("effective_tax_rate", 100.0 * plan.tax.rate.fraction());
    lines.one(
        "wacc",
        rate.map(|r| {
            let debt = plan.debt.rate.fraction() * (1.0 - plan.tax.rate.fraction());
            100.0 * ((1.0 - debt_fraction) * r + debt_fraction * debt)
        }),
    );
    let charge = capital_recovery_factor(n("fixed_charge_discount_rate")? / 100.0, n("analysis_period")?);
    lines.one("fixed_charge_rate", charge);
    let yearly = rows.first().map_or(0.0, gigatwin_finance::rows::PeriodRow::hours_sold);
    lines.one("lcoe_fixed_charge", (charge * cost + n("om_fixed")?) / yearly);
    Ok(lines)
}

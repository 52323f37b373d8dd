//! One phase paid at once, yearly flows, level debt, losses carried forward.

use gigatwin_finance::cashflow::{Workspace, evaluate as run};
use gigatwin_finance::draw::DrawCurve;
use gigatwin_finance::irr::mirr;
use gigatwin_finance::opex::OpexYear;
use gigatwin_finance::path::YearPath;
use gigatwin_finance::plan::{
    Compounding, ConstructionInterest, Debt, GearingBase, LossRule, Phase, PhasePublic, Plan, Profile,
    RatioBasis, Reserve, Step, Tax,
};
use gigatwin_quantity::{Date, Growth, HourPrice, Money, Share};

use super::{Case, Lines};

pub(super) fn evaluate(case: &Case<'_>) -> Result<Lines, String> {
    let n = |line: &str| case.number(line);
    let life = case.months("life_years")?;
    let hours = n("gpus")? * 8760.0;
    let share = |line: &str| n(line).map(Share::from_fraction);
    let tenor = case.months("debt_tenor")?;
    let (rate, tax) = (n("debt_rate")?, n("tax_rate")?);
    let plan = Plan {
        start: Date::from_days(0.0),
        step: Step::Year,
        price_month: 0,
        phases: vec![Phase {
            computing: Money::from_million(n("capex_split.it")?),
            facility: Money::from_million(n("capex_split.shell_power_cooling")?),
            public: PhasePublic::NONE,
            build_start: 0,
            build_months: 0,
            draw: DrawCurve::Even,
            opens: 0,
            sells_months: life,
            hours_per_year: hours,
            h100e_per_accelerator: 1.0,
            utilisation: YearPath::Factors(vec![n("utilisation")?]),
            opex: OpexYear { site: Money::from_million(n("opex_year1")?), ..OpexYear::ZERO },
            computing_life: life,
            facility_life: life,
            depreciation_lag: 0,
            residual_computing: Share::ZERO,
            residual_facility: Share::ZERO,
        }],
        replacements: Vec::new(),
        market_price: HourPrice::from_eur_per_h(n("price_eur_per_gpu_h")?),
        market_path: YearPath::Growth(Growth::from_per_year(n("price_escalation")?)),
        contracts: Vec::new(),
        energy_path: YearPath::FLAT,
        cost_path: YearPath::Growth(Growth::from_per_year(n("opex_escalation")?)),
        debt: Debt {
            rate: Share::from_fraction(rate),
            tenor_months: tenor,
            profile: Profile::Level,
            target_dscr: None,
            gearing_cap: share("debt_share")?,
            gearing_base: GearingBase::Investment,
            upfront_fee: Share::ZERO,
            compounding: Compounding::Effective,
            draw_weight_building: 1.0,
            draw_weight_operating: 0.5,
            construction_interest: ConstructionInterest::PaidByEquity,
            ratio_basis: RatioBasis::AfterTax,
        },
        public_loan: None,
        other_financing: Money::ZERO,
        reserve: Reserve { months: 0.0, interest: Share::ZERO },
        tax: Tax {
            rate: Share::from_fraction(tax),
            losses: LossRule::CarriedForward { share: Share::from_fraction(1.0) },
            depreciate_financing: false,
        },
        project_rate: share("discount_rate_wacc")?,
        equity_rate: share("cost_of_equity")?,
    };
    let mut work = Workspace::default();
    let out = run(&plan, &mut work).map_err(|e| e.to_string())?;
    let rows = work.periods();
    let mut lines = Lines { class: "level_debt", numbers: Vec::new(), words: Vec::new() };
    let unlevered: Vec<Money> =
        work.outlays().iter().map(|o| o.project).chain(rows.iter().map(|r| r.project)).collect();
    let equity: Vec<Money> =
        work.outlays().iter().map(|o| o.equity).chain(rows.iter().map(|r| r.equity)).collect();
    lines.one("debt", out.debt.amount.million());
    lines.one("equity", out.funding.equity.million());
    lines.one("level_payment", rows.first().map(|r| r.debt_service.million()));
    lines.one("sold_gpu_hours_million_per_year", rows.first().map(|r| r.hours_sold() / 1e6));
    lines.one("project_npv", out.project.npv.million());
    lines.one("project_irr", out.project.irr.rate());
    lines.one("equity_npv", out.equity.npv.million());
    lines.one("equity_irr", out.equity.irr.rate());
    lines.one("mirr_finance6_5_reinvest9", mirr(&unlevered, 1.0, 0.065, 0.09));
    lines.one("payback_years", out.payback.map(gigatwin_quantity::Time::years));
    lines.one("dscr_min", out.dscr_min);
    lines.one("dscr_avg", out.dscr_avg);
    lines.one("llcr", out.llcr);
    lines.one("plcr", out.plcr);
    lines.one("lcoc_pretax_eur_per_gpu_h", out.periodic.cost() / out.periodic.hours_sold);
    lines.one("lcoc_aftertax_full_loss_offset_eur_per_gpu_h", out.periodic.after_tax_price(tax));
    lines.list("unlevered_cashflow", unlevered.iter().map(|m| m.million()));
    lines.list("equity_cashflow", equity.iter().map(|m| m.million()));
    lines.list("gpu_hours_million", rows.iter().map(|r| r.hours_sold() / 1e6));
    for (name, value) in [
        ("revenue", (|r| r.revenue()) as fn(&gigatwin_finance::rows::PeriodRow) -> Money),
        ("opex", |r| r.opex.total()),
        ("ebitda", |r| r.ebitda),
        ("depreciation", |r| r.depreciation),
        ("interest", |r| r.interest),
        ("principal", |r| r.principal),
        ("debt_service", |r| r.debt_service),
        ("debt_closing", |r| r.debt_closing),
        ("taxable_income", |r| r.taxable_income),
        ("loss_used", |r| r.loss_used),
        ("loss_closing", |r| r.loss_closing),
        ("tax", |r| r.tax),
        ("cfads", |r| r.cfads),
        ("equity_cf", |r| r.equity),
        ("unlevered_tax", |r| r.unlevered_tax),
    ] {
        lines.list(name, rows.iter().map(|r| value(r).million()));
    }
    lines.numbers.push(("dscr", rows.iter().map(gigatwin_finance::rows::PeriodRow::dscr).collect()));
    Ok(lines)
}

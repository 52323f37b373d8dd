//! Headline figures of a cash flow: declared once, read off base case and draws alike.

use gigatwin_finance::cashflow::Workspace;
use gigatwin_quantity::{Dim, Quantity};

use super::case::{Core, levelised, running};

/// One figure's declaration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Def {
    /// Id, as `--json` names it.
    pub id: &'static str,
    /// Words.
    pub label: &'static str,
    /// Dimension; values are in its base unit.
    pub dim: Dim,
    /// How it comes about.
    pub formula: &'static str,
}

const fn def(id: &'static str, label: &'static str, dim: Dim, formula: &'static str) -> Def {
    Def { id, label, dim, formula }
}

/// All figures, in the order of the page.
pub const FIGURES: &[Def] = &[
    def("cost.capex_total", "Investment", Dim::Money, "sum of the items of all phases"),
    def(
        "cost.capex_computing",
        "of it computing infrastructure",
        Dim::Money,
        "systems + network + storage + installation",
    ),
    def(
        "cost.opex_annual",
        "Running cost of a full year",
        Dim::Money,
        "energy net of heat + maintenance + staff + insurance + site + software",
    ),
    def(
        "finance.uses",
        "Uses of funds until all is built",
        Dim::Money,
        "investment + interest while building + fees + advisers + reserve",
    ),
    def(
        "finance.debt",
        "Senior debt",
        Dim::Money,
        "the smaller of gearing cap and what cash flow ÷ cover ratio repays, with interest added while building",
    ),
    def("finance.equity", "Equity", Dim::Money, "uses − grants − debt − public loan"),
    def(
        "finance.calls",
        "Called from shareholders later",
        Dim::Money,
        "sum of negative shareholders' flows of operating months",
    ),
    def(
        "finance.revenue_total",
        "Revenue over the project",
        Dim::Money,
        "public + contracted + merchant hours times their prices",
    ),
    def(
        "finance.revenue_contracted",
        "contracted or guaranteed part of it",
        Dim::Share,
        "(public + contracted revenue) ÷ revenue",
    ),
    def(
        "finance.irr_equity",
        "Equity return",
        Dim::Share,
        "rate at which dated shareholders' flows are worth zero (ACT/365)",
    ),
    def(
        "finance.irr_project",
        "Project return",
        Dim::Share,
        "rate at which dated flows before debt are worth zero (ACT/365)",
    ),
    def(
        "finance.npv_equity",
        "Equity value at the required return",
        Dim::Money,
        "shareholders' flows discounted at the required return, at the first outlay",
    ),
    def(
        "finance.npv_project",
        "Project value at the discount rate",
        Dim::Money,
        "flows before debt discounted at the nominal rate, at the first outlay",
    ),
    def(
        "finance.payback",
        "Payback from the start of building",
        Dim::Time,
        "time until undiscounted flows before debt turn positive",
    ),
    def(
        "finance.dscr_min",
        "Lowest yearly cover (DSCR)",
        Dim::Ratio,
        "cash flow before tax ÷ debt service, worst year",
    ),
    def("finance.dscr_avg", "Mean yearly cover", Dim::Ratio, "mean of the yearly ratios"),
    def(
        "finance.llcr",
        "Loan-life cover (LLCR)",
        Dim::Ratio,
        "present value of cash flow over the loan's life ÷ debt, at the debt's rate",
    ),
    def(
        "finance.plcr",
        "Project-life cover (PLCR)",
        Dim::Ratio,
        "present value of cash flow over the project's life ÷ debt, at the debt's rate",
    ),
    def(
        "finance.lcoc_per_available_hour",
        "Cost per available accelerator-hour",
        Dim::HourPrice,
        "(PV investment + PV running cost − PV residual) ÷ PV available hours, money of the price year",
    ),
    def(
        "finance.lcoc_per_sold_hour",
        "Cost per sold accelerator-hour",
        Dim::HourPrice,
        "the same ÷ PV used and sold hours",
    ),
    def(
        "finance.lcoc_per_h100e_hour",
        "Cost per sold H100e-hour",
        Dim::HourPrice,
        "the same ÷ PV used and sold H100e-hours",
    ),
    def(
        "public.paid",
        "Public money paid",
        Dim::Money,
        "grants + purchases + loan or shares, not discounted",
    ),
    def(
        "public.subsidy_equivalent",
        "Subsidy equivalent",
        Dim::Money,
        "PV paid − PV returned − PV hours at market price",
    ),
    def(
        "public.hours",
        "Public accelerator-hours in all",
        Dim::Count,
        "share of used hours, or what the purchase buys",
    ),
    def(
        "public.hours_per_euro",
        "Public hours per public euro",
        Dim::Ratio,
        "public hours ÷ public money paid",
    ),
];

/// The figures of a case, in base units; NaN is n/a.
pub(crate) fn measure(core: &Core, work: &Workspace, inflation: f64) -> Vec<f64> {
    let (plan, o) = (&core.plan, &core.outcome);
    let some = |x: Option<f64>| x.unwrap_or(f64::NAN);
    let capex: f64 = plan.phases.iter().map(|p| (p.computing + p.facility).eur()).sum();
    let computing: f64 = plan.phases.iter().map(|p| p.computing.eur()).sum();
    let sum = |line: &dyn Fn(&gigatwin_finance::rows::PeriodRow) -> f64| -> f64 {
        work.periods().iter().map(line).sum()
    };
    // Hours that are all given away leave rounding, and no return to speak of.
    let revenue = Some(sum(&|r| r.revenue().eur())).filter(|r| *r >= 1.0).unwrap_or(0.0);
    let paid = |rate: Option<f64>| some(rate.filter(|_| revenue > 0.0));
    let held = sum(&|r| (r.revenue_public + r.revenue_contract).eur());
    let level = levelised(plan, o, work, inflation);
    let per = |pick: &dyn Fn(&super::Levelised) -> f64| some(level.as_ref().map(pick));
    vec![
        capex,
        computing,
        running(plan).total().eur(),
        o.funding.uses().eur(),
        o.funding.debt.eur(),
        o.funding.equity.eur(),
        o.calls.eur(),
        revenue,
        if revenue > 0.0 { held / revenue } else { f64::NAN },
        paid(o.equity.xirr.rate()),
        paid(o.project.xirr.rate()),
        o.equity.xnpv.eur(),
        o.project.xnpv.eur(),
        some(o.payback.map(Quantity::base)),
        some(o.dscr_min),
        some(o.dscr_avg),
        some(o.llcr),
        some(o.plcr),
        per(&|l| l.per_available_hour.eur_per_h()),
        per(&|l| l.per_sold_hour.eur_per_h()),
        per(&|l| l.per_h100e_hour.eur_per_h()),
        core.subsidy.paid.eur(),
        core.subsidy.equivalent().eur(),
        core.subsidy.hours,
        some(core.subsidy.hours_per_euro()),
    ]
}

/// Position of a figure.
pub(crate) fn at(id: &str) -> usize {
    FIGURES.iter().position(|d| d.id == id).unwrap_or(0)
}

//! A project in time: phases, prices, debt and tax, on an axis of months.
//!
//! Time points are months since the first day of the calendar month of [`Plan::start`]: point 0 is that day, point m the
//! last day of the m-th month. An amount of month m is dated at point m.

use gigatwin_quantity::{Date, HourPrice, Money, Share};

use crate::draw::DrawCurve;
use crate::opex::OpexYear;
use crate::path::YearPath;

/// Length of an operating period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// One month.
    Month,
    /// Twelve months, flows at the end of each.
    Year,
}

impl Step {
    pub(crate) fn months(self) -> u32 {
        match self {
            Step::Month => 1,
            Step::Year => 12,
        }
    }
}

/// How purchased hours are priced.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PurchasePrice {
    /// At the market price of the year.
    Market,
    /// At an agreed price.
    Fixed(HourPrice),
}

/// What the public side pays for a phase and what it gets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PhasePublic {
    /// Paid towards the computing infrastructure as it is built; lowers its tax base.
    pub grant: Money,
    /// Share of the used hours that goes to the public side.
    pub share_of_hours: Share,
    /// Months from opening for which it holds.
    pub share_months: u32,
    /// Paid for hours, in equal parts over `purchase_months` from opening.
    pub purchase: Money,
    /// Months over which the purchase is paid.
    pub purchase_months: u32,
    /// With a price the purchase buys hours at it, taken or not; without one it buys `share_of_hours`.
    pub price: Option<PurchasePrice>,
}

impl PhasePublic {
    /// No public money.
    pub const NONE: PhasePublic = PhasePublic {
        grant: Money::ZERO,
        share_of_hours: Share::ZERO,
        share_months: MONTHS_MAX,
        purchase: Money::ZERO,
        purchase_months: 60,
        price: None,
    };
}

/// One phase.
#[derive(Debug, Clone, PartialEq)]
pub struct Phase {
    /// Computing infrastructure.
    pub computing: Money,
    /// Everything else.
    pub facility: Money,
    /// Public side.
    pub public: PhasePublic,
    /// Point after which spending starts.
    pub build_start: u32,
    /// Months of construction; 0 means all is paid at `build_start`.
    pub build_months: u32,
    /// Shape of the spending.
    pub draw: DrawCurve,
    /// Point from which hours are sold.
    pub opens: u32,
    /// Months in which hours are sold.
    pub sells_months: u32,
    /// Accelerator-hours of a full year that may be sold.
    pub hours_per_year: f64,
    /// H100-equivalents per accelerator.
    pub h100e_per_accelerator: f64,
    /// Share of the hours not sold under contract that finds a buyer, by year of operation of the phase (years of the
    /// project, counted from its first opening).
    pub utilisation: YearPath,
    /// Running cost of a full year at prices of [`Plan::price_month`].
    pub opex: OpexYear,
    /// Months of straight-line depreciation of the computing infrastructure.
    pub computing_life: u32,
    /// Months of straight-line depreciation of everything else.
    pub facility_life: u32,
    /// Months from opening until depreciation starts (6 is the half-year convention).
    pub depreciation_lag: u32,
    /// Value of the computing infrastructure at the end of the project, of its price.
    pub residual_computing: Share,
    /// Value of everything else at the end of the project, of its price.
    pub residual_facility: Share,
}

/// Computing infrastructure bought anew, paid from the project's cash after debt service.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Replacement {
    /// Point at which it is paid and put to use; within operation.
    pub month: u32,
    /// Its price.
    pub cost: Money,
    /// Months of straight-line depreciation.
    pub life: u32,
    /// Value at the end of the project, of its price.
    pub residual: Share,
}

/// Hours sold in advance: a share of every open phase's hours, taken or not.
#[derive(Debug, Clone, PartialEq)]
pub struct HourContract {
    /// Share of the available hours.
    pub share: Share,
    /// Price at [`Plan::price_month`].
    pub price: HourPrice,
    /// Its change.
    pub path: YearPath,
    /// First point at which it runs.
    pub from: u32,
    /// Point at which it ends.
    pub until: u32,
}

/// How repayments are shaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Equal payments.
    Level,
    /// Payments in proportion to cash flow before tax.
    Sculpted,
}

/// What the gearing cap is a share of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GearingBase {
    /// Investment net of grants.
    Investment,
    /// Investment net of grants, other cost of financing, and the lenders' fee reckoned on that investment (so that the
    /// base does not depend on the loan it bounds).
    InvestmentAndFinancing,
}

/// How a yearly rate becomes the rate of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compounding {
    /// (1 + r)^(months/12) − 1.
    Effective,
    /// r · months/12.
    Nominal,
}

/// Who pays interest before the first opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConstructionInterest {
    /// The shareholders, month by month.
    PaidByEquity,
    /// It is added to the debt.
    Capitalised,
}

/// Which cash flow the cover ratios compare with debt service. Sculpting and sizing always use cash flow before tax.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RatioBasis {
    /// Before tax.
    PreTax,
    /// After tax.
    AfterTax,
}

/// Senior debt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Debt {
    /// Interest per year.
    pub rate: Share,
    /// Months of repayment from the first opening.
    pub tenor_months: u32,
    /// Shape of the payments.
    pub profile: Profile,
    /// Cover ratio the lenders ask for; without it only gearing bounds the debt.
    pub target_dscr: Option<f64>,
    /// Largest debt as a share of `gearing_base`; zero for no debt.
    pub gearing_cap: Share,
    /// What that is a share of.
    pub gearing_base: GearingBase,
    /// Fee at signature, of the loan.
    pub upfront_fee: Share,
    /// Period rates.
    pub compounding: Compounding,
    /// Share of the month for which a draw bears interest before opening.
    pub draw_weight_building: f64,
    /// Share of the period for which a draw bears interest after the first opening.
    pub draw_weight_operating: f64,
    /// Interest before opening.
    pub construction_interest: ConstructionInterest,
    /// Basis of the published ratios.
    pub ratio_basis: RatioBasis,
}

impl Debt {
    /// No debt.
    pub const NONE: Debt = Debt {
        rate: Share::ZERO,
        tenor_months: 12,
        profile: Profile::Level,
        target_dscr: None,
        gearing_cap: Share::ZERO,
        gearing_base: GearingBase::Investment,
        upfront_fee: Share::ZERO,
        compounding: Compounding::Effective,
        draw_weight_building: 0.5,
        draw_weight_operating: 0.5,
        construction_interest: ConstructionInterest::PaidByEquity,
        ratio_basis: RatioBasis::PreTax,
    };
}

/// A public loan beside the senior debt: drawn as the site is built, level payments from opening, interest before opening
/// capitalised, served after the senior debt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PublicLoan {
    /// Amount drawn.
    pub amount: Money,
    /// Interest per year.
    pub rate: Share,
    /// Months of repayment from the first opening.
    pub tenor_months: u32,
}

/// Account that holds the debt service of the coming months; filled by shareholders at the first opening, emptied with the
/// debt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reserve {
    /// Months of coming debt service held.
    pub months: f64,
    /// Interest earned per year on the balance at the start of the period.
    pub interest: Share,
}

/// What a loss is worth to the tax office.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LossRule {
    /// Carried forward without limit of time; at most this share of a later profit may be set off.
    CarriedForward {
        /// Share of a year's profit that old losses may lower.
        share: Share,
    },
    /// Used at once against other income of the owner: negative tax is a receipt.
    Immediate,
}

/// Tax on profits.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tax {
    /// Rate.
    pub rate: Share,
    /// Losses.
    pub losses: LossRule,
    /// Whether [`Plan::other_financing`] is depreciated with the first phase's computing infrastructure.
    pub depreciate_financing: bool,
}

/// The whole project.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// A day in the first month.
    pub start: Date,
    /// Length of operating periods.
    pub step: Step,
    /// Month whose prices are stated; years of every path count from here.
    pub price_month: i32,
    /// Phases.
    pub phases: Vec<Phase>,
    /// Refreshes.
    pub replacements: Vec<Replacement>,
    /// Market price of an accelerator-hour at `price_month`.
    pub market_price: HourPrice,
    /// Its change.
    pub market_path: YearPath,
    /// Hours sold in advance.
    pub contracts: Vec<HourContract>,
    /// Change of energy cost.
    pub energy_path: YearPath,
    /// Change of all other running cost.
    pub cost_path: YearPath,
    /// Senior debt.
    pub debt: Debt,
    /// Public loan.
    pub public_loan: Option<PublicLoan>,
    /// Advisers, hedging and other cost of financing, paid with the first outlay.
    pub other_financing: Money,
    /// Debt service reserve.
    pub reserve: Reserve,
    /// Tax.
    pub tax: Tax,
    /// Discount rate of the project's flows and of the levelised cost.
    pub project_rate: Share,
    /// Discount rate of the shareholders' flows.
    pub equity_rate: Share,
}

/// Longest project: a century.
pub(crate) const MONTHS_MAX: u32 = 1200;

impl Plan {
    /// First opening.
    pub(crate) fn first_opening(&self) -> u32 {
        self.phases.iter().map(|p| p.opens).min().unwrap_or(0)
    }

    /// Last sale.
    pub(crate) fn last_sale(&self) -> u32 {
        self.phases.iter().map(|p| p.opens + p.sells_months).max().unwrap_or(0)
    }
}

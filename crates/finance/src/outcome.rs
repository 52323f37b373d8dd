//! What an evaluation answers.

use gigatwin_quantity::{Date, Money, Time};

use crate::funding::SourcesAndUses;
use crate::irr::Irr;

/// What bounds the senior debt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Binding {
    /// There is none.
    NoDebt,
    /// The gearing cap.
    Gearing,
    /// The cover ratio.
    CoverRatio,
}

/// Size of the senior debt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DebtSize {
    /// Drawn, without capitalised interest.
    pub amount: Money,
    /// The largest the cover ratio allows; `None` without a target.
    pub by_cover_ratio: Option<Money>,
    /// The largest the gearing cap allows.
    pub by_gearing: Money,
    /// Which of them binds.
    pub binding: Binding,
    /// Largest balance.
    pub peak: Money,
    /// Whether in some period interest exceeds the payment, so that the balance grows.
    pub negative_amortisation: bool,
}

/// Returns of one stream of flows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Returns {
    /// Internal rate with equal months, as an effective rate per year.
    pub irr: Irr,
    /// Internal rate of the dated flows, ACT/365.
    pub xirr: Irr,
    /// Present value at the first outlay, equal months.
    pub npv: Money,
    /// Present value at the date of the first outlay, ACT/365.
    pub xnpv: Money,
}

/// Present values, at the project's rate, from which a levelised cost follows.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PresentValues {
    /// Investment and refreshes, gross of public money.
    pub investment: f64,
    /// Public money towards building.
    pub grants: f64,
    /// Running cost.
    pub opex: f64,
    /// Value realised at the end.
    pub residual: f64,
    /// Value realised at the end over book value: what is taxed.
    pub disposal_gain: f64,
    /// Depreciation.
    pub depreciation: f64,
    /// Available accelerator-hours.
    pub hours_available: f64,
    /// Used or sold accelerator-hours.
    pub hours_sold: f64,
    /// Used or sold H100-equivalent hours.
    pub h100e_hours: f64,
}

impl PresentValues {
    /// (investment + running cost − residual) in euros: the numerator of a levelised cost before tax, gross of grants.
    pub fn cost(&self) -> f64 {
        self.investment + self.opex - self.residual
    }

    /// Flat price per sold hour at which the project without debt is worth nothing after tax, if losses are used at once:
    /// (investment − grants − τ·depreciation + (1−τ)·opex − residual + τ·gain) ÷ ((1−τ)·hours).
    pub fn after_tax_price(&self, tax: f64) -> Option<f64> {
        let cost = self.investment - self.grants - tax * self.depreciation + (1.0 - tax) * self.opex
            - self.residual
            + tax * self.disposal_gain;
        let hours = (1.0 - tax) * self.hours_sold;
        (hours > 0.0).then(|| cost / hours)
    }
}

/// The first time debt service is not met out of cash and reserve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shortfall {
    /// End of the period.
    pub date: Date,
    /// What is missing then.
    pub amount: Money,
}

/// What a project comes to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outcome {
    /// Sources and uses of building.
    pub funding: SourcesAndUses,
    /// Senior debt.
    pub debt: DebtSize,
    /// Lowest cover ratio of a year of operation in which debt is served.
    pub dscr_min: Option<f64>,
    /// Mean of the yearly cover ratios.
    pub dscr_avg: Option<f64>,
    /// Present value at the debt rate of cash flow over the loan's life, over debt at opening and its later draws.
    pub llcr: Option<f64>,
    /// The same over the project's life.
    pub plcr: Option<f64>,
    /// Flows without debt.
    pub project: Returns,
    /// Flows of the shareholders.
    pub equity: Returns,
    /// Time from the start until the flows without debt have returned the investment, undiscounted.
    pub payback: Option<Time>,
    /// Present values with equal months.
    pub periodic: PresentValues,
    /// Present values with dates, ACT/365.
    pub dated: PresentValues,
    /// When debt is first not served; `None` where it always is.
    pub shortfall: Option<Shortfall>,
    /// What shareholders pay in out of operation, all periods together: cash is never negative in silence.
    pub calls: Money,
    /// End of the first period in which they do.
    pub first_call: Option<Date>,
}

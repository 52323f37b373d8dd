//! The lines of an evaluated project: what an auditor reads.

use gigatwin_quantity::{Date, HourPrice, Money};

use crate::opex::OpexYear;

/// One month of building (and of waiting, as long as interest runs before the first opening).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OutlayRow {
    /// Time point.
    pub month: u32,
    /// Its date.
    pub date: Date,
    /// Investment, gross.
    pub spend: Money,
    /// Public money towards it.
    pub grant: Money,
    /// Senior debt drawn for it.
    pub draw: Money,
    /// Public loan drawn for it.
    pub loan_draw: Money,
    /// Interest paid by shareholders in this month.
    pub interest: Money,
    /// Fee, other financing and first filling of the reserve.
    pub financing: Money,
    /// Flow of the shareholders, negative when they pay.
    pub equity: Money,
    /// Flow of the project without debt.
    pub project: Money,
}

/// One operating period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PeriodRow {
    /// Time point of its end.
    pub month: u32,
    /// Date of its end.
    pub date: Date,
    /// Accelerator-hours that may be sold.
    pub hours_available: f64,
    /// Used by the public side.
    pub hours_public: f64,
    /// Sold in advance.
    pub hours_contract: f64,
    /// Sold at the market price.
    pub hours_market: f64,
    /// H100-equivalent hours of the three.
    pub h100e_hours: f64,
    /// Market price.
    pub price: HourPrice,
    /// Payments of the public side for hours.
    pub revenue_public: Money,
    /// Of contracts.
    pub revenue_contract: Money,
    /// Of the market.
    pub revenue_market: Money,
    /// Running cost by line.
    pub opex: OpexYear,
    /// Revenue less running cost.
    pub ebitda: Money,
    /// Depreciation.
    pub depreciation: Money,
    /// Refresh paid.
    pub replacement: Money,
    /// Value realised at the end of the project (last period alone).
    pub residual: Money,
    /// Senior debt at the start.
    pub debt_opening: Money,
    /// Drawn in the period.
    pub debt_draw: Money,
    /// Senior interest.
    pub interest: Money,
    /// Senior repayment; below zero where interest exceeds the payment.
    pub principal: Money,
    /// Both.
    pub debt_service: Money,
    /// Senior debt at the end.
    pub debt_closing: Money,
    /// Interest of the public loan.
    pub loan_interest: Money,
    /// Service of the public loan.
    pub loan_service: Money,
    /// Public loan at the end.
    pub loan_closing: Money,
    /// Reserve account at the end.
    pub reserve: Money,
    /// Interest it earned.
    pub reserve_interest: Money,
    /// Profit before losses carried forward.
    pub taxable_income: Money,
    /// Losses set off.
    pub loss_used: Money,
    /// Losses left.
    pub loss_closing: Money,
    /// Tax paid.
    pub tax: Money,
    /// Tax that would be paid without debt.
    pub unlevered_tax: Money,
    /// Cash flow available for debt service on the basis of the published ratios.
    pub cfads: Money,
    /// Flow of the shareholders.
    pub equity: Money,
    /// Flow of the project without debt.
    pub project: Money,
}

impl PeriodRow {
    /// Hours used or sold.
    pub fn hours_sold(&self) -> f64 {
        self.hours_public + self.hours_contract + self.hours_market
    }

    /// All revenue of hours.
    pub fn revenue(&self) -> Money {
        self.revenue_public + self.revenue_contract + self.revenue_market
    }

    /// Cover ratio of the period, where debt is served.
    pub fn dscr(&self) -> Option<f64> {
        (self.debt_service.eur() > 1e-3).then(|| self.cfads / self.debt_service)
    }

    pub(crate) const EMPTY: PeriodRow = PeriodRow {
        month: 0,
        date: Date::from_days(0.0),
        hours_available: 0.0,
        hours_public: 0.0,
        hours_contract: 0.0,
        hours_market: 0.0,
        h100e_hours: 0.0,
        price: HourPrice::ZERO,
        revenue_public: Money::ZERO,
        revenue_contract: Money::ZERO,
        revenue_market: Money::ZERO,
        opex: OpexYear::ZERO,
        ebitda: Money::ZERO,
        depreciation: Money::ZERO,
        replacement: Money::ZERO,
        residual: Money::ZERO,
        debt_opening: Money::ZERO,
        debt_draw: Money::ZERO,
        interest: Money::ZERO,
        principal: Money::ZERO,
        debt_service: Money::ZERO,
        debt_closing: Money::ZERO,
        loan_interest: Money::ZERO,
        loan_service: Money::ZERO,
        loan_closing: Money::ZERO,
        reserve: Money::ZERO,
        reserve_interest: Money::ZERO,
        taxable_income: Money::ZERO,
        loss_used: Money::ZERO,
        loss_closing: Money::ZERO,
        tax: Money::ZERO,
        unlevered_tax: Money::ZERO,
        cfads: Money::ZERO,
        equity: Money::ZERO,
        project: Money::ZERO,
    };
}

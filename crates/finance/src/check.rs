//! What a plan must satisfy before it is evaluated.

use crate::error::{FinanceError, amount, share};
use crate::path::YearPath;
use crate::plan::{LossRule, MONTHS_MAX, Plan};

impl Plan {
    pub(crate) fn check(&self) -> Result<(), FinanceError> {
        if self.phases.is_empty() {
            return Err(FinanceError::NoPhase);
        }
        if !(self.start.days().is_finite() && self.start.days().abs() < 1e6) {
            return Err(FinanceError::NotFinite("start of the project"));
        }
        let contracted: f64 = self.contracts.iter().map(|c| c.share.fraction()).sum();
        for (n, p) in self.phases.iter().enumerate() {
            let phase = n + 1;
            let computing = amount("computing investment", p.computing)?;
            amount("facility investment", p.facility)?;
            if amount("grant", p.public.grant)? > computing * (1.0 + 1e-12) {
                return Err(FinanceError::GrantTooLarge { phase });
            }
            amount("purchase of hours", p.public.purchase)?;
            let public = share("public share of hours", p.public.share_of_hours)?;
            share("residual share of computing", p.residual_computing)?;
            share("residual share of the facility", p.residual_facility)?;
            if contracted + public > 1.0 + 1e-9 {
                return Err(FinanceError::Oversold { percent: 100.0 * (contracted + public) });
            }
            if p.sells_months == 0 {
                return Err(FinanceError::NoOperation { phase });
            }
            let ends =
                [p.build_start, p.build_months, p.opens, p.sells_months, p.computing_life, p.facility_life]
                    .iter()
                    .fold(0_u32, |a, b| a.saturating_add(*b));
            if ends > 4 * MONTHS_MAX || p.opens.saturating_add(p.sells_months) > MONTHS_MAX {
                return Err(FinanceError::OutOfRange("a project may not last more than a hundred years"));
            }
            if p.computing_life == 0 || p.facility_life == 0 || p.public.purchase_months == 0 {
                return Err(FinanceError::OutOfRange(
                    "lives and the time of a purchase must be at least one month",
                ));
            }
            if p.build_start + p.build_months > p.opens {
                return Err(FinanceError::OpensBeforeBuilt {
                    phase,
                    opens: p.opens,
                    built: p.build_start + p.build_months,
                });
            }
            if !(p.hours_per_year.is_finite()
                && p.hours_per_year >= 0.0
                && p.h100e_per_accelerator.is_finite())
            {
                return Err(FinanceError::OutOfRange("hours must not be negative"));
            }
            if !p.utilisation.is_valid()
                || matches!(&p.utilisation, YearPath::Factors(u) if u.iter().any(|x| *x > 1.0))
            {
                return Err(FinanceError::OutOfRange("utilisation must lie between 0 and 100 %"));
            }
            if !p.opex.total().is_finite() {
                return Err(FinanceError::NotFinite("running cost"));
            }
        }
        for r in &self.replacements {
            amount("refresh", r.cost)?;
            share("residual share of a refresh", r.residual)?;
            if r.life == 0 || r.month > MONTHS_MAX {
                return Err(FinanceError::OutOfRange(
                    "a refresh needs a life and a month within the project",
                ));
            }
        }
        for c in &self.contracts {
            share("contracted share", c.share)?;
            if !(c.price.eur_per_h() >= 0.0 && c.price.is_finite() && c.path.is_valid()) {
                return Err(FinanceError::OutOfRange("a contract's price must not be negative"));
            }
        }
        if !(self.market_price.eur_per_h() >= 0.0 && self.market_price.is_finite()) {
            return Err(FinanceError::OutOfRange("the market price must not be negative"));
        }
        for path in [&self.market_path, &self.energy_path, &self.cost_path] {
            if !path.is_valid() {
                return Err(FinanceError::OutOfRange(
                    "a path of prices falls by 100 % a year or more, or below zero",
                ));
            }
        }
        let d = &self.debt;
        share("interest rate", d.rate)?;
        share("gearing", d.gearing_cap)?;
        share("upfront fee", d.upfront_fee)?;
        share("tax rate", self.tax.rate)?;
        share("reserve interest", self.reserve.interest)?;
        share("project discount rate", self.project_rate)?;
        share("equity discount rate", self.equity_rate)?;
        amount("other cost of financing", self.other_financing)?;
        if let LossRule::CarriedForward { share: usable } = self.tax.losses {
            share("usable share of losses", usable)?;
        }
        if d.target_dscr.is_some_and(|t| !(t.is_finite() && t > 0.0)) {
            return Err(FinanceError::OutOfRange("the target cover ratio must be above zero"));
        }
        if !(0.0..=1.0).contains(&d.draw_weight_building) || !(0.0..=1.0).contains(&d.draw_weight_operating) {
            return Err(FinanceError::OutOfRange(
                "the share of a period for which a draw bears interest lies between 0 and 1",
            ));
        }
        if d.gearing_cap.fraction() > 0.0 && d.tenor_months == 0 {
            return Err(FinanceError::OutOfRange("debt needs a tenor"));
        }
        if !(0.0..=120.0).contains(&self.reserve.months) {
            return Err(FinanceError::OutOfRange("the reserve may hold 0 to 120 months of debt service"));
        }
        if let Some(l) = &self.public_loan {
            amount("public loan", l.amount)?;
            share("rate of the public loan", l.rate)?;
            if l.tenor_months == 0 {
                return Err(FinanceError::OutOfRange("the public loan needs a tenor"));
            }
        }
        Ok(())
    }
}

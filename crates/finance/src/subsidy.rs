//! What public money is worth to the consortium, and what the public side gets for it.
//!
//! Subsidy equivalent = present value of what the public side pays − present value of what it receives back, both at the
//! rate a market lender (or, for shares, a market investor) would ask. Hours received count at the market price of their
//! period. For a loan this is the gross grant equivalent of the Commission's reference-rate notice (2008/C 14/02): the
//! interest that is saved, discounted; for a guarantee the notice on guarantees (2008/C 155/02) counts likewise.

use gigatwin_quantity::{Money, Share};

use crate::cashflow::Workspace;

/// Flows between the public side and the consortium, by time point, in euros; below zero where the public side pays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PublicFlows {
    /// Money, by months from the start of the project.
    pub money: Vec<(u32, f64)>,
    /// Hours received, at the market price of their period.
    pub hours_value: Vec<(u32, f64)>,
    /// Accelerator-hours received.
    pub hours: f64,
    /// H100-equivalent hours received.
    pub h100e_hours: f64,
}

/// What a form of public money comes to.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Subsidy {
    /// Paid in all, not discounted.
    pub paid: Money,
    /// Present value of what is paid.
    pub pv_paid: Money,
    /// Present value of money that comes back.
    pub pv_returned: Money,
    /// Present value of hours at their market price.
    pub pv_hours: Money,
    /// Accelerator-hours received.
    pub hours: f64,
    /// H100-equivalent hours received.
    pub h100e_hours: f64,
}

impl Subsidy {
    /// Paid less what comes back in money and in hours.
    pub fn equivalent(&self) -> Money {
        self.pv_paid - self.pv_returned - self.pv_hours
    }

    /// Accelerator-hours per euro paid, not discounted; `None` where nothing is paid.
    pub fn hours_per_euro(&self) -> Option<f64> {
        (self.paid.eur() > 0.0).then(|| self.hours / self.paid.eur())
    }
}

impl PublicFlows {
    /// Money and hours of grants, purchases and the public loan of the last evaluation in `work`.
    pub fn of(work: &Workspace) -> PublicFlows {
        let mut out = PublicFlows::default();
        for o in work.outlays() {
            let flow = -(o.grant.eur() + o.loan_draw.eur());
            if flow != 0.0 {
                out.money.push((o.month, flow));
            }
        }
        for r in work.periods() {
            let flow = r.loan_service.eur() - r.revenue_public.eur();
            if flow != 0.0 {
                out.money.push((r.month, flow));
            }
            if r.hours_public > 0.0 {
                out.hours_value.push((r.month, r.hours_public * r.price.eur_per_h()));
                out.hours += r.hours_public;
                let sold = r.hours_sold();
                out.h100e_hours += if sold > 0.0 { r.h100e_hours * r.hours_public / sold } else { 0.0 };
            }
        }
        out
    }

    /// Public shares: this part of all the shareholders' flows.
    pub fn of_shares(work: &Workspace, part: Share) -> PublicFlows {
        let mut out = PublicFlows::default();
        let outlays = work.outlays().iter().map(|o| (o.month, o.equity.eur()));
        let periods = work.periods().iter().map(|r| (r.month, r.equity.eur()));
        out.money
            .extend(outlays.chain(periods).map(|(m, e)| (m, e * part.fraction())).filter(|f| f.1 != 0.0));
        out
    }

    /// Values the flows at point `at`, at a rate per year.
    pub fn value(&self, rate: Share, at: u32) -> Subsidy {
        let factor = |month: u32| (1.0 + rate.fraction()).powf((f64::from(at) - f64::from(month)) / 12.0);
        let mut out = Subsidy { hours: self.hours, h100e_hours: self.h100e_hours, ..Subsidy::default() };
        for (month, flow) in &self.money {
            let pv = Money::from_eur(flow.abs() * factor(*month));
            if *flow < 0.0 {
                out.paid += Money::from_eur(-flow);
                out.pv_paid += pv;
            } else {
                out.pv_returned += pv;
            }
        }
        out.pv_hours = self.hours_value.iter().map(|(m, v)| Money::from_eur(v * factor(*m))).sum();
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loan_at_the_market_rate_is_no_subsidy_and_a_grant_is_all_of_it() {
        let rate = Share::from_percent(6.0);
        let loan = PublicFlows { money: vec![(0, -100.0), (12, 6.0), (24, 106.0)], ..PublicFlows::default() };
        assert!(loan.value(rate, 0).equivalent().eur().abs() < 1e-9);
        // At 2 % the borrower saves four a year for two years.
        let soft = PublicFlows { money: vec![(0, -100.0), (12, 2.0), (24, 102.0)], ..PublicFlows::default() };
        let saved = 4.0 / 1.06 + 4.0 / (1.06 * 1.06);
        assert!((soft.value(rate, 0).equivalent().eur() - saved).abs() < 1e-9);
        let grant = PublicFlows { money: vec![(0, -100.0)], ..PublicFlows::default() };
        assert!((grant.value(rate, 0).equivalent().eur() - 100.0).abs() < 1e-9);
        let hours = PublicFlows { hours_value: vec![(0, 40.0)], hours: 20.0, ..grant };
        let s = hours.value(rate, 0);
        assert!((s.equivalent().eur() - 60.0).abs() < 1e-9);
        assert!((s.hours_per_euro().unwrap() - 0.2).abs() < 1e-12);
    }
}

//! One tranche of debt: how it grows before opening, how large it may be, and what it pays.
//!
//! With i the period rate, s the share of the debt drawn in a period and w the part of a period for which a draw bears
//! interest, the balance follows B ← B·(1+i) + s·(1+w·i) − payment and must end at zero after the tenor. So payments
//! p·g(k) of a given shape g are fixed by p·Σ g(k)·(1+i)^(T−1−k) = future value of all draws.

use crate::plan::Compounding;
use crate::rows::OutlayRow;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    pub rate: f64,
    pub compounding: Compounding,
    pub weight_building: f64,
    pub weight_operating: f64,
    pub capitalise: bool,
    /// Periods of repayment.
    pub periods: usize,
    /// First opening, in months.
    pub first: u32,
    /// Months of a period.
    pub step: u32,
}

impl Terms {
    pub(crate) fn period_rate(&self, months: u32) -> f64 {
        let t = f64::from(months) / 12.0;
        match self.compounding {
            Compounding::Effective => (t * self.rate.ln_1p()).exp_m1(),
            Compounding::Nominal => self.rate * t,
        }
    }

    /// The period in which an outlay of point `month` falls; `None` before opening.
    pub(crate) fn period(&self, month: u32) -> Option<usize> {
        (month > self.first).then(|| ((month - self.first - 1) / self.step) as usize)
    }

    /// Whether debt may be drawn for an outlay of that point.
    fn draws(&self, month: u32) -> bool {
        self.period(month).is_none_or(|k| k < self.periods)
    }
}

/// A tranche per unit of money drawn.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Unit {
    /// Outlays it is drawn for, in all.
    pub financed: f64,
    /// Balance at opening.
    pub opening: f64,
    /// Interest paid out before opening.
    pub interest_paid: f64,
    /// Interest added to the balance before opening.
    pub capitalised: f64,
    /// Value of all draws at the end of the tenor.
    pub future: f64,
}

/// Draws pro rata to outlays net of grants. `in_operation` receives the share drawn in each period.
pub(crate) fn unit(terms: &Terms, outlays: &[OutlayRow], in_operation: &mut Vec<f64>) -> Unit {
    in_operation.clear();
    in_operation.resize(terms.periods, 0.0);
    let net = |o: &OutlayRow| o.spend.eur() - o.grant.eur();
    let financed: f64 = outlays.iter().filter(|o| terms.draws(o.month)).map(net).sum();
    let mut u = Unit { financed, ..Unit::default() };
    if financed <= 0.0 {
        return u;
    }
    let month = terms.period_rate(1);
    for o in outlays.iter().filter(|o| terms.draws(o.month)) {
        let share = net(o) / financed;
        match terms.period(o.month) {
            None => {
                let interest =
                    if o.month == 0 { 0.0 } else { month * (u.opening + terms.weight_building * share) };
                u.opening += share;
                if terms.capitalise {
                    u.opening += interest;
                    u.capitalised += interest;
                } else {
                    u.interest_paid += interest;
                }
            }
            Some(k) => in_operation[k] += share,
        }
    }
    let i = terms.period_rate(terms.step);
    u.future = u.opening;
    for s in in_operation.iter() {
        u.future = u.future * (1.0 + i) + s * (1.0 + terms.weight_operating * i);
    }
    u
}

/// Σ g(k)·(1+i)^(T−1−k).
pub(crate) fn accumulated(terms: &Terms, shape: impl Iterator<Item = f64>) -> f64 {
    let i = terms.period_rate(terms.step);
    shape.take(terms.periods).fold(0.0, |sum, g| sum * (1.0 + i) + g)
}

//! Rates of return and present values.
//!
//! The internal rate is the root of NPV(r) = Σ cf(t)·(1+r)^−t, found in x = ln(1+r) by Newton's method inside a
//! bracket that each evaluation tightens. Flows that change sign once have one root (Descartes' rule). With more
//! changes, a root is the only one if the outstanding balance at it keeps one sign until the end (a pure
//! investment: Teichroew, Robichek and Montalbano 1965, Management Science 11, 395); failing that, the axis is
//! scanned and several roots are said, not chosen from.

use gigatwin_quantity::{Date, Money};

/// Answer to "at which rate is the present value zero?".
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Irr {
    /// One rate per year.
    Rate(f64),
    /// The flows never change sign, or no rate between −99.99 % and 10,000 % a year does it.
    None,
    /// More than one rate: the lowest and the highest that were found, and how many.
    Several {
        /// Lowest.
        low: f64,
        /// Highest.
        high: f64,
        /// How many were found.
        count: u8,
    },
}

impl Irr {
    /// The rate, where there is exactly one.
    pub fn rate(self) -> Option<f64> {
        match self {
            Irr::Rate(r) => Some(r),
            _ => None,
        }
    }
}

/// When the flows of a list happen.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Axis<'a> {
    /// One after another, so many years apart.
    Uniform(f64),
    /// So many whole days after the first (ACT/365), ascending, up to 40,960.
    Days(&'a [u32]),
    /// At times in years, in any order.
    Times(&'a [f64]),
}

/// e^(−x·n/365) for whole days n, as a product of two tabulated powers: n = 128·q + r.
pub(crate) struct DayPowers {
    high: [f64; 320],
    low: [f64; 128],
}

impl DayPowers {
    /// Powers up to day `last`.
    #[inline(always)]
    pub(crate) fn new(x: f64, last: u32) -> DayPowers {
        let mut p = DayPowers { high: [1.0; 320], low: [1.0; 128] };
        let day = (-x / 365.0).exp();
        let block = powers(day, &mut p.low);
        let count = (last as usize / 128 + 1).min(p.high.len());
        powers(block, &mut p.high[..count]);
        p
    }

    #[inline]
    pub(crate) fn at(&self, day: u32) -> f64 {
        self.high[(day as usize / 128).min(319)] * self.low[day as usize % 128]
    }
}

/// Fills a table with v^0, v^1, … by doubling, which keeps the products independent; returns v^length rounded up to a
/// power of two.
fn powers(v: f64, table: &mut [f64]) -> f64 {
    let (mut done, mut power) = (1, v);
    while done < table.len() {
        let (known, rest) = table.split_at_mut(done);
        for (new, old) in rest.iter_mut().zip(known.iter()) {
            *new = old * power;
        }
        done *= 2;
        power *= power;
    }
    power
}

/// Σ c·e^(−x·t) and its derivative in x; times count from the first flow. Four sums run side by side, so that
/// none waits for the one before.
#[inline]
fn value(flows: &[f64], axis: Axis<'_>, x: f64) -> (f64, f64) {
    let (mut f, mut s) = ([0.0; 4], [0.0; 4]);
    match axis {
        Axis::Uniform(step) => {
            let v = (-x * step).exp();
            let (v2, v4) = (v * v, v * v * (v * v));
            let mut d = [1.0, v, v2, v2 * v];
            let mut t = [0.0, 1.0, 2.0, 3.0];
            let chunks = flows.chunks_exact(4);
            let rest = chunks.remainder();
            for c in chunks {
                for j in 0..4 {
                    let y = c[j] * d[j];
                    f[j] += y;
                    s[j] += y * t[j];
                    d[j] *= v4;
                    t[j] += 4.0;
                }
            }
            for (j, c) in rest.iter().enumerate() {
                let y = c * d[j];
                f[j] += y;
                s[j] += y * t[j];
            }
            (total(f), -total(s) * step)
        }
        Axis::Days(days) => {
            let p = DayPowers::new(x, days.last().copied().unwrap_or(0));
            let chunks = flows.chunks_exact(4).zip(days.chunks_exact(4));
            let done = 4 * chunks.len();
            for (c, n) in chunks {
                for j in 0..4 {
                    let y = c[j] * p.at(n[j]);
                    f[j] += y;
                    s[j] += y * f64::from(n[j]);
                }
            }
            for (c, n) in flows.iter().zip(days).skip(done) {
                let y = c * p.at(*n);
                f[0] += y;
                s[0] += y * f64::from(*n);
            }
            (total(f), -total(s) / 365.0)
        }
        Axis::Times(times) => {
            for (c, t) in flows.iter().zip(times) {
                let y = c * (-x * t).exp();
                f[0] += y;
                s[0] += y * t;
            }
            (f[0], -s[0])
        }
    }
}

fn total(v: [f64; 4]) -> f64 {
    (v[0] + v[1]) + (v[2] + v[3])
}

/// Present value at the first flow at a rate per year.
pub(crate) fn present(flows: &[f64], axis: Axis<'_>, rate: f64) -> f64 {
    value(flows, axis, rate.ln_1p()).0
}

const LOW: f64 = -9.21; // ln(0.0001)
const HIGH: f64 = 4.62; // ln(101)

/// The internal rate. `guess` is a rate to start from.
pub(crate) fn solve(flows: &[f64], axis: Axis<'_>, guess: f64) -> Irr {
    let scale = flows.iter().fold(0.0_f64, |m, c| m.max(c.abs()));
    if scale == 0.0 || !scale.is_finite() {
        return Irr::None;
    }
    let dust = scale * 1e-13;
    let (mut changes, mut first, mut last) = (0, 0.0_f64, 0.0_f64);
    for c in flows {
        if c.abs() > dust {
            if last * c < 0.0 {
                changes += 1;
            }
            if first == 0.0 {
                first = *c;
            }
            last = *c;
        }
    }
    if changes == 0 {
        return Irr::None;
    }
    let low = lowest(flows.len(), axis);
    if first * last < 0.0
        && let Some(r) = bracketed(flows, axis, guess, low, HIGH, last.signum())
        && (changes == 1 || is_pure(flows, axis, r, first.signum(), dust))
    {
        return Irr::Rate(r);
    }
    if changes == 1 { Irr::None } else { scan(flows, axis, low) }
}

/// Whether at this rate the project owes its investors (or they it) from the first flow to the last without a turn.
fn is_pure(flows: &[f64], axis: Axis<'_>, rate: f64, side: f64, dust: f64) -> bool {
    let x = rate.ln_1p();
    let mut sum = 0.0;
    let mut holds = |y: f64| {
        sum += y;
        sum * side > -dust
    };
    // A balance of zero after the last flow is the definition of the rate; rounding may put it on either side.
    let until = flows.len().saturating_sub(1);
    let flows = flows.get(..until).unwrap_or(flows);
    match axis {
        Axis::Uniform(step) => {
            let v = (-x * step).exp();
            let mut d = 1.0;
            flows.iter().all(|c| {
                let y = c * d;
                d *= v;
                holds(y)
            })
        }
        Axis::Days(days) => {
            let p = DayPowers::new(x, days.last().copied().unwrap_or(0));
            flows.iter().zip(days).all(|(c, n)| holds(c * p.at(*n)))
        }
        Axis::Times(times) => flows.iter().zip(times).all(|(c, t)| holds(c * (-x * t).exp())),
    }
}

/// The lowest rate looked at, in x: above the point where the last flow's factor leaves the numbers of a machine.
fn lowest(count: usize, axis: Axis<'_>) -> f64 {
    let years = match axis {
        Axis::Uniform(step) => count as f64 * step,
        Axis::Days(days) => f64::from(days.last().copied().unwrap_or(0)) / 365.0,
        Axis::Times(times) => times.iter().fold(0.0, |m: f64, t| m.max(*t)),
    };
    LOW.max(-600.0 / years.max(1.0))
}

/// Newton inside [low, high]; `sign` is the sign of the value at `low`.
fn bracketed(flows: &[f64], axis: Axis<'_>, guess: f64, low: f64, high: f64, sign: f64) -> Option<f64> {
    let (mut lo, mut hi) = (low, high);
    let mut x = guess.max(-0.99).ln_1p().clamp(lo + 1e-9, hi - 1e-9);
    for _ in 0..200 {
        let (f, slope) = value(flows, axis, x);
        if f == 0.0 {
            return Some(x.exp_m1());
        }
        if f * sign > 0.0 {
            lo = x;
        } else {
            hi = x;
        }
        let newton = x - f / slope;
        let next = if newton > lo && newton < hi {
            newton
        } else {
            // Out of the bracket: towards the side where the root lies, in growing steps from the guess.
            0.5 * (lo + hi)
        };
        // Newton's error squares itself: a step of 1e-9 leaves one far below what a double can hold.
        let settled = (next - x).abs() <= 1e-9 * (1.0 + x.abs()) && next == newton;
        x = next;
        if settled || hi - lo < 1e-15 {
            break;
        }
    }
    // A root at the very edge is no root: the value never changed its sign.
    let edge = 1e-6;
    (x > low + edge && x < high - edge).then(|| x.exp_m1())
}

/// Looks for sign changes of the value between −99.99 % and 10,000 %.
fn scan(flows: &[f64], axis: Axis<'_>, low_x: f64) -> Irr {
    let steps = 48;
    let at = |i: i32| -> f64 {
        // Denser around zero, where rates are.
        let u = f64::from(i) / f64::from(steps) * 2.0 - 1.0;
        if u < 0.0 { -low_x * u * u.abs() } else { HIGH * u * u }
    };
    let (mut low, mut high, mut count) = (0.0, 0.0, 0_u8);
    let mut before = (at(0), value(flows, axis, at(0)).0);
    for i in 1..=steps {
        let x = at(i);
        let f = value(flows, axis, x).0;
        if before.1 * f < 0.0 {
            let middle = (0.5 * (before.0 + x)).exp_m1();
            let sign = before.1.signum();
            if let Some(r) = within(flows, axis, middle, before.0, x, sign) {
                if count == 0 {
                    low = r;
                }
                high = r;
                count += 1;
            }
        }
        before = (x, f);
    }
    match count {
        0 => Irr::None,
        1 => Irr::Rate(low),
        _ => Irr::Several { low, high, count },
    }
}

fn within(flows: &[f64], axis: Axis<'_>, guess: f64, low: f64, high: f64, sign: f64) -> Option<f64> {
    // The bracket is real here: widen by the edge that `bracketed` cuts off.
    bracketed(flows, axis, guess, low - 2e-6, high + 2e-6, sign)
}

/// Internal rate of equally spaced flows, `years` apart.
pub fn irr(flows: &[Money], years: f64) -> Irr {
    let f: Vec<f64> = flows.iter().map(|m| m.eur()).collect();
    solve(&f, Axis::Uniform(years), 0.1)
}

/// Internal rate of dated flows, ACT/365 from the first date. The flows may come in any order.
pub fn xirr(flows: &[(Date, Money)]) -> Irr {
    let (f, t) = dated(flows);
    solve(&f, Axis::Times(&t), 0.1)
}

/// Present value of equally spaced flows at the first of them.
pub fn npv(rate: f64, flows: &[Money], years: f64) -> Money {
    let f: Vec<f64> = flows.iter().map(|m| m.eur()).collect();
    Money::from_eur(present(&f, Axis::Uniform(years), rate))
}

/// Present value of dated flows at the first date, ACT/365.
pub fn xnpv(rate: f64, flows: &[(Date, Money)]) -> Money {
    let (f, t) = dated(flows);
    Money::from_eur(present(&f, Axis::Times(&t), rate))
}

fn dated(flows: &[(Date, Money)]) -> (Vec<f64>, Vec<f64>) {
    let mut sorted: Vec<(f64, f64)> = flows.iter().map(|(d, m)| (d.days(), m.eur())).collect();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let first = sorted.first().map_or(0.0, |s| s.0);
    (sorted.iter().map(|s| s.1).collect(), sorted.iter().map(|s| (s.0 - first) / 365.0).collect())
}

/// Modified internal rate of equally spaced flows: outflows financed at one rate, inflows reinvested at another.
pub fn mirr(flows: &[Money], years: f64, finance: f64, reinvest: f64) -> Option<f64> {
    let part = |positive: bool| -> Vec<f64> {
        flows.iter().map(|m| if (m.eur() > 0.0) == positive { m.eur() } else { 0.0 }).collect()
    };
    let inflow = present(&part(true), Axis::Uniform(years), reinvest);
    let outflow = present(&part(false), Axis::Uniform(years), finance);
    let span = flows.len().checked_sub(1).filter(|n| *n > 0)? as f64 * years;
    (inflow > 0.0 && outflow < 0.0).then(|| (inflow / -outflow).powf(1.0 / span) * (1.0 + reinvest) - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn m(v: &[f64]) -> Vec<Money> {
        v.iter().map(|x| Money::from_eur(*x)).collect()
    }

    #[test]
    fn textbook_rates() {
        assert!((irr(&m(&[-100.0, 110.0]), 1.0).rate().unwrap() - 0.1).abs() < 1e-12);
        assert_eq!(irr(&m(&[100.0, 110.0]), 1.0), Irr::None);
        assert_eq!(irr(&m(&[-100.0, -110.0]), 1.0), Irr::None);
        assert_eq!(irr(&m(&[0.0, 0.0]), 1.0), Irr::None);
        // −1000 + 2300 v − 1320 v² has the rates 10 % and 20 %.
        let Irr::Several { low, high, count } = irr(&m(&[-1000.0, 2300.0, -1320.0]), 1.0) else { panic!() };
        assert!((low - 0.1).abs() < 1e-9 && (high - 0.2).abs() < 1e-9 && count == 2);
        // Lost almost all of it.
        assert!((irr(&m(&[-100.0, 2.0]), 1.0).rate().unwrap() + 0.98).abs() < 1e-9);
        assert!((irr(&m(&[-100.0, 5000.0]), 1.0).rate().unwrap() - 49.0).abs() < 1e-7);
    }

    proptest! {
        #[test]
        fn present_value_at_the_rate_is_zero(
            build in proptest::collection::vec(1.0..100.0_f64, 1..30),
            earn in proptest::collection::vec(0.5..60.0_f64, 10..300),
        ) {
            let flows: Vec<f64> = build.iter().map(|c| -c).chain(earn.iter().copied()).collect();
            let gross: f64 = flows.iter().map(|c| c.abs()).sum();
            if let Irr::Rate(r) = irr(&m(&flows), 1.0 / 12.0) {
                prop_assert!(npv(r, &m(&flows), 1.0 / 12.0).eur().abs() < 1e-8 * gross);
            }
        }
    }
}

//! Numbers of one and of two words.
//!
//! Near the optimum the normal equations mix figures twenty orders of magnitude apart, and the difference of two of them
//! is what ties a battery's levels to the hours in which it can still move. Where sixteen digits lose it, the same
//! programme goes on with thirty-two (T. J. Dekker, Numer. Math. 18 (1971) 224).

use std::ops::{Add, Mul, Sub};

/// A number the solver can count with.
pub(crate) trait Real:
    Copy + Default + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Mul<f64, Output = Self>
{
    /// A pivot this much below its diagonal before elimination is a dependent row.
    const DEPENDENT: f64;
    fn of(value: f64) -> Self;
    fn f64(self) -> f64;
    fn reciprocal(self) -> Self;
}

impl Real for f64 {
    const DEPENDENT: f64 = 1e-30;
    fn of(value: f64) -> Self {
        value
    }
    fn f64(self) -> f64 {
        self
    }
    fn reciprocal(self) -> Self {
        1.0 / self
    }
}

/// The unevaluated sum of two words, the second below the last digit of the first.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Double {
    high: f64,
    low: f64,
}

/// Sum and its rounding error.
#[inline]
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let b_part = sum - a;
    (sum, (a - (sum - b_part)) + (b - b_part))
}

/// Halves of a number that multiply without error.
#[inline]
fn split(a: f64) -> (f64, f64) {
    let t = 134_217_729.0 * a;
    let high = t - (t - a);
    (high, a - high)
}

/// Product and its rounding error.
#[inline]
fn two_product(a: f64, b: f64) -> (f64, f64) {
    let product = a * b;
    let ((ah, al), (bh, bl)) = (split(a), split(b));
    (product, ((ah * bh - product) + ah * bl + al * bh) + al * bl)
}

#[inline]
fn normal(high: f64, low: f64) -> Double {
    let sum = high + low;
    Double { high: sum, low: low - (sum - high) }
}

impl Add for Double {
    type Output = Self;
    #[inline]
    fn add(self, o: Self) -> Self {
        let (sum, error) = two_sum(self.high, o.high);
        normal(sum, error + self.low + o.low)
    }
}

impl Sub for Double {
    type Output = Self;
    #[inline]
    fn sub(self, o: Self) -> Self {
        self + Double { high: -o.high, low: -o.low }
    }
}

impl Mul for Double {
    type Output = Self;
    #[inline]
    fn mul(self, o: Self) -> Self {
        let (product, error) = two_product(self.high, o.high);
        normal(product, error + self.high * o.low + self.low * o.high)
    }
}

impl Mul<f64> for Double {
    type Output = Self;
    #[inline]
    fn mul(self, o: f64) -> Self {
        let (product, error) = two_product(self.high, o);
        normal(product, error + self.low * o)
    }
}

impl Real for Double {
    const DEPENDENT: f64 = 1e-29;
    fn of(value: f64) -> Self {
        Self { high: value, low: 0.0 }
    }
    fn f64(self) -> f64 {
        self.high + self.low
    }
    fn reciprocal(self) -> Self {
        let first = 1.0 / self.high;
        let rest = Self::of(1.0) - self * first;
        Self::of(first) + rest * first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_one_word_loses() {
        let big = Double::of(1e20);
        assert_eq!((big + Double::of(1.0) - big).f64(), 1.0);
        let third = Double::of(3.0).reciprocal();
        assert!((third * 3.0 - Double::of(1.0)).f64().abs() < 1e-31);
        let small = 2f64.powi(-40);
        let product = Double::of(1.0 + small) * Double::of(1.0 - small) - Double::of(1.0);
        assert_eq!(product.f64(), -small * small);
    }
}

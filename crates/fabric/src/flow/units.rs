//! Whole numbers inside the solver: rates in 1/256 B/s, times in picoseconds.
//!
//! Sums of whole numbers do not depend on their order, so neither the numbering of flows nor the number of
//! threads can change a bit of a result.

use gigatwin_quantity::{Bandwidth, Data, Time};

/// Quanta of rate in one byte per second.
const QUANTA: f64 = 256.0;
/// Picoseconds in a second.
const PS: f64 = 1e12;
/// Fractions of a flow are counted in 2⁻³⁰.
pub(crate) const WHOLE: u64 = 1 << 30;

/// A rate in quanta, rounded down.
pub(crate) fn quanta(rate: Bandwidth) -> u64 {
    (rate.bytes_per_s() * QUANTA).clamp(0.0, 9e18) as u64
}

/// A rate from quanta.
pub(crate) fn rate_of(quanta: u64) -> Bandwidth {
    Bandwidth::from_bytes_per_s(quanta as f64 / QUANTA)
}

/// Work of so many bytes, in quanta × picoseconds.
pub(crate) fn work(bytes: Data) -> f64 {
    bytes.bytes() * (QUANTA * PS)
}

/// Bytes of so much work.
pub(crate) fn bytes_of(work: f64) -> f64 {
    work / (QUANTA * PS)
}

/// Picoseconds of a time, rounded.
pub(crate) fn ps(time: Time) -> u64 {
    (time.s() * PS).round().clamp(0.0, 9e18) as u64
}

/// A time from picoseconds.
pub(crate) fn time_of(ps: u64) -> Time {
    Time::from_s(ps as f64 / PS)
}

/// Steele, Lea and Flood's SplitMix64 finaliser: the hash of ECMP and the generator of patterns.
pub(crate) fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

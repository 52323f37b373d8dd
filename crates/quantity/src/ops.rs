//! The products and quotients that have a meaning. What is not here does not compile.

use std::ops::{Div, Mul};

use crate::types::Quantity;
use crate::{
    Bandwidth, CarbonIntensity, CarbonPrice, Data, Energy, EnergyPrice, Flop, Flops, HourPrice, Mass, Money,
    Power, PowerPrice, PowerRate, Share, Time, Volume, WaterIntensity,
};

macro_rules! product {
    ($($a:ident * $b:ident = $c:ident);+ $(;)?) => {$(
        impl Mul<$b> for $a { type Output = $c; fn mul(self, o: $b) -> $c { $c::from_base(self.base() * o.base()) } }
        impl Mul<$a> for $b { type Output = $c; fn mul(self, o: $a) -> $c { $c::from_base(self.base() * o.base()) } }
        impl Div<$a> for $c { type Output = $b; fn div(self, o: $a) -> $b { $b::from_base(self.base() / o.base()) } }
        impl Div<$b> for $c { type Output = $a; fn div(self, o: $b) -> $a { $a::from_base(self.base() / o.base()) } }
    )+};
}

product! {
    Power * Time = Energy;
    Flops * Time = Flop;
    Bandwidth * Time = Data;
    Energy * EnergyPrice = Money;
    Energy * CarbonIntensity = Mass;
    Energy * WaterIntensity = Volume;
    Mass * CarbonPrice = Money;
    Power * PowerPrice = Money;
}

/// Yearly cost of a power, in euros a year.
impl Mul<PowerRate> for Power {
    type Output = Money;
    fn mul(self, rate: PowerRate) -> Money {
        Money::from_eur(self.w() * rate.base())
    }
}

/// Cost of a number of accelerator-hours.
impl HourPrice {
    /// Money for `hours` accelerator-hours.
    pub fn times_hours(self, hours: f64) -> Money {
        Money::from_eur(self.eur_per_h() * hours)
    }
}

macro_rules! share_of {
    ($($t:ident),+) => {$(
        impl Mul<Share> for $t { type Output = $t; fn mul(self, s: Share) -> $t { self * s.fraction() } }
    )+};
}

share_of!(Power, Energy, Money, Flops, Data, Bandwidth, Time, Mass);

//! The newtypes. Each is eight bytes, in the base unit of its [`Dim`].

use crate::Dim;
use crate::unit::{HOUR, KWH, MONTH, YEAR};

/// What all quantity types share.
pub trait Quantity: Copy {
    /// The dimension.
    const DIM: Dim;
    /// From a value in the base unit.
    fn from_base(value: f64) -> Self;
    /// The value in the base unit.
    fn base(self) -> f64;
}

macro_rules! quantity {
    ($(#[$doc:meta])* $name:ident, $dim:ident; $($from:ident $get:ident $factor:expr, $unit:literal);+ $(;)?) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
        pub struct $name(f64);

        impl $name {
            /// Nothing of it.
            pub const ZERO: Self = Self(0.0);
            $(
                #[doc = concat!("From a number of ", $unit, ".")]
                pub const fn $from(value: f64) -> Self { Self(value * $factor) }
                #[doc = concat!("In ", $unit, ".")]
                pub const fn $get(self) -> f64 { self.0 / $factor }
            )+
            /// The smaller of two.
            #[must_use]
            pub fn min(self, other: Self) -> Self { Self(self.0.min(other.0)) }
            /// The larger of two.
            #[must_use]
            pub fn max(self, other: Self) -> Self { Self(self.0.max(other.0)) }
            /// Whether neither NaN nor infinite.
            pub fn is_finite(self) -> bool { self.0.is_finite() }
        }

        impl Quantity for $name {
            const DIM: Dim = Dim::$dim;
            fn from_base(value: f64) -> Self { Self(value) }
            fn base(self) -> f64 { self.0 }
        }
        impl std::ops::Add for $name { type Output = Self; fn add(self, o: Self) -> Self { Self(self.0 + o.0) } }
        impl std::ops::AddAssign for $name { fn add_assign(&mut self, o: Self) { self.0 += o.0; } }
        impl std::ops::Sub for $name { type Output = Self; fn sub(self, o: Self) -> Self { Self(self.0 - o.0) } }
        impl std::ops::SubAssign for $name { fn sub_assign(&mut self, o: Self) { self.0 -= o.0; } }
        impl std::ops::Neg for $name { type Output = Self; fn neg(self) -> Self { Self(-self.0) } }
        impl std::ops::Mul<f64> for $name { type Output = Self; fn mul(self, k: f64) -> Self { Self(self.0 * k) } }
        impl std::ops::Mul<$name> for f64 { type Output = $name; fn mul(self, q: $name) -> $name { $name(self * q.0) } }
        impl std::ops::Div<f64> for $name { type Output = Self; fn div(self, k: f64) -> Self { Self(self.0 / k) } }
        impl std::ops::Div for $name { type Output = f64; fn div(self, o: Self) -> f64 { self.0 / o.0 } }
        impl std::iter::Sum for $name { fn sum<I: Iterator<Item = Self>>(it: I) -> Self { Self(it.map(|q| q.0).sum()) } }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&crate::show(Dim::$dim, self.0))
            }
        }
    };
}

quantity! {
    /// Electrical or thermal power.
    Power, Power; from_w w 1.0, "watts"; from_kw kw 1e3, "kilowatts"; from_mw mw 1e6, "megawatts";
}
quantity! {
    /// Energy.
    Energy, Energy; from_joules joules 1.0, "joules"; from_kwh kwh KWH, "kilowatt-hours";
    from_mwh mwh KWH * 1e3, "megawatt-hours"; from_gwh gwh KWH * 1e6, "gigawatt-hours";
}
quantity! {
    /// Rate of floating-point operations; dense unless said otherwise.
    Flops, Flops; from_flops flops 1.0, "FLOP/s"; from_tflops tflops 1e12, "TFLOP/s"; from_pflops pflops 1e15, "PFLOP/s";
}
quantity! {
    /// Number of floating-point operations.
    Flop, Flop; from_flop flop 1.0, "FLOP"; from_tflop tflop 1e12, "TFLOP";
}
quantity! {
    /// Amount of data.
    Data, Data; from_bytes bytes 1.0, "bytes"; from_gb gb 1e9, "gigabytes"; from_gib gib 1_073_741_824.0, "gibibytes";
    from_tb tb 1e12, "terabytes"; from_pb pb 1e15, "petabytes";
}
quantity! {
    /// Data rate.
    Bandwidth, Bandwidth; from_bytes_per_s bytes_per_s 1.0, "bytes per second"; from_gb_per_s gb_per_s 1e9, "GB/s";
    from_gbit_per_s gbit_per_s 1e9 / 8.0, "Gb/s"; from_tb_per_s tb_per_s 1e12, "TB/s";
}
quantity! {
    /// Duration.
    Time, Time; from_s s 1.0, "seconds"; from_us us 1e-6, "microseconds"; from_ms ms 1e-3, "milliseconds"; from_hours hours HOUR, "hours";
    from_days days 24.0 * HOUR, "days"; from_months months MONTH, "mean Gregorian months"; from_years years YEAR, "mean Gregorian years";
}
quantity! {
    /// Money in euros of the file's price year.
    Money, Money; from_eur eur 1.0, "euros"; from_million million 1e6, "million euros"; from_billion billion 1e9, "billion euros";
}
quantity! {
    /// Price of energy.
    EnergyPrice, EnergyPrice; from_eur_per_mwh eur_per_mwh 1.0 / (KWH * 1e3), "EUR/MWh";
}
quantity! {
    /// Price of one accelerator-hour.
    HourPrice, HourPrice; from_eur_per_h eur_per_h 1.0, "EUR/h";
}
quantity! {
    /// Investment per power.
    PowerPrice, PowerPrice; from_eur_per_w eur_per_w 1.0, "EUR/W (the same number as EUR m/MW)";
}
quantity! {
    /// Yearly cost per power.
    PowerRate, PowerRate; from_eur_per_kw_year eur_per_kw_year 1e-3, "EUR/kW/a";
}
quantity! {
    /// Price of emissions.
    CarbonPrice, CarbonPrice; from_eur_per_t eur_per_t 1e-3, "EUR/t";
}
quantity! {
    /// Emissions per energy.
    CarbonIntensity, CarbonIntensity; from_g_per_kwh g_per_kwh 1e-3 / KWH, "g/kWh";
}
quantity! {
    /// Mass.
    Mass, Mass; from_kg kg 1.0, "kilograms"; from_t t 1e3, "tonnes";
}
quantity! {
    /// Temperature on the Celsius scale.
    Temperature, Temperature; from_celsius celsius 1.0, "°C";
}
quantity! {
    /// Temperature difference.
    TemperatureDifference, TemperatureDifference; from_kelvin kelvin 1.0, "kelvin";
}
quantity! {
    /// Share of a whole, between zero and one.
    Share, Share; from_fraction fraction 1.0, "fractions of one"; from_percent percent 0.01, "per cent";
}
quantity! {
    /// Length.
    Length, Length; from_m m 1.0, "metres"; from_km km 1e3, "kilometres";
}
quantity! {
    /// Volume.
    Volume, Volume; from_litres litres 1.0, "litres"; from_m3 m3 1e3, "cubic metres";
}
quantity! {
    /// Water per energy.
    WaterIntensity, WaterIntensity; from_l_per_kwh l_per_kwh 1.0 / KWH, "L/kWh";
}
quantity! {
    /// Change per year.
    Growth, Growth; from_per_year per_year 1.0, "per year";
}
quantity! {
    /// Failures per device and time.
    Hazard, Hazard; from_per_s per_s 1.0, "per second"; from_per_day per_day 1.0 / (24.0 * HOUR), "per day"; from_per_year per_year 1.0 / YEAR, "per year";
}
quantity! {
    /// Wind speed.
    Speed, Speed; from_m_per_s m_per_s 1.0, "m/s";
}
quantity! {
    /// Irradiance.
    Irradiance, Irradiance; from_w_per_m2 w_per_m2 1.0, "W/m²";
}

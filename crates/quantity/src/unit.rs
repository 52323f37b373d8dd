use crate::Dim;

/// One way to write a dimension: the text after the number, and how many base units it is.
#[derive(Debug, Clone, Copy)]
pub struct Unit {
    /// The symbol as written.
    pub symbol: &'static str,
    /// What it measures.
    pub dim: Dim,
    /// Base units in one of it.
    pub factor: f64,
}

const fn u(symbol: &'static str, dim: Dim, factor: f64) -> Unit {
    Unit { symbol, dim, factor }
}

/// Seconds in an hour.
pub(crate) const HOUR: f64 = 3600.0;
/// Seconds in a mean Gregorian month (365.2425 d / 12).
pub(crate) const MONTH: f64 = 365.2425 / 12.0 * 86_400.0;
/// Seconds in a mean Gregorian year.
pub(crate) const YEAR: f64 = 365.2425 * 86_400.0;
/// Joules in a kilowatt-hour.
pub(crate) const KWH: f64 = 3.6e6;

/// Every unit that text may carry, money aside. The first symbol of a dimension and size is the one
/// that is shown; later ones are other spellings.
pub const UNITS: &[Unit] = &[
    u("W", Dim::Power, 1.0),
    u("kW", Dim::Power, 1e3),
    u("MW", Dim::Power, 1e6),
    u("GW", Dim::Power, 1e9),
    u("kVA", Dim::ApparentPower, 1e3),
    u("MVA", Dim::ApparentPower, 1e6),
    u("J", Dim::Energy, 1.0),
    u("Wh", Dim::Energy, HOUR),
    u("kWh", Dim::Energy, KWH),
    u("MWh", Dim::Energy, KWH * 1e3),
    u("GWh", Dim::Energy, KWH * 1e6),
    u("TWh", Dim::Energy, KWH * 1e9),
    u("MJ", Dim::Energy, 1e6),
    u("FLOP/s", Dim::Flops, 1.0),
    u("GFLOP/s", Dim::Flops, 1e9),
    u("TFLOP/s", Dim::Flops, 1e12),
    u("PFLOP/s", Dim::Flops, 1e15),
    u("EFLOP/s", Dim::Flops, 1e18),
    u("TFLOPS", Dim::Flops, 1e12),
    u("PFLOPS", Dim::Flops, 1e15),
    u("EFLOPS", Dim::Flops, 1e18),
    u("FLOP", Dim::Flop, 1.0),
    u("GFLOP", Dim::Flop, 1e9),
    u("TFLOP", Dim::Flop, 1e12),
    u("EFLOP", Dim::Flop, 1e18),
    u("B", Dim::Data, 1.0),
    u("kB", Dim::Data, 1e3),
    u("MB", Dim::Data, 1e6),
    u("GB", Dim::Data, 1e9),
    u("TB", Dim::Data, 1e12),
    u("PB", Dim::Data, 1e15),
    u("EB", Dim::Data, 1e18),
    u("KiB", Dim::Data, 1024.0),
    u("MiB", Dim::Data, 1_048_576.0),
    u("GiB", Dim::Data, 1_073_741_824.0),
    u("TiB", Dim::Data, 1_099_511_627_776.0),
    u("B/s", Dim::Bandwidth, 1.0),
    u("kB/s", Dim::Bandwidth, 1e3),
    u("MB/s", Dim::Bandwidth, 1e6),
    u("GB/s", Dim::Bandwidth, 1e9),
    u("TB/s", Dim::Bandwidth, 1e12),
    u("PB/s", Dim::Bandwidth, 1e15),
    u("Mb/s", Dim::Bandwidth, 1e6 / 8.0),
    u("Gb/s", Dim::Bandwidth, 1e9 / 8.0),
    u("Tb/s", Dim::Bandwidth, 1e12 / 8.0),
    u("Gbit/s", Dim::Bandwidth, 1e9 / 8.0),
    u("Tbit/s", Dim::Bandwidth, 1e12 / 8.0),
    u("s", Dim::Time, 1.0),
    u("ns", Dim::Time, 1e-9),
    u("µs", Dim::Time, 1e-6),
    u("ms", Dim::Time, 1e-3),
    u("us", Dim::Time, 1e-6),
    u("min", Dim::Time, 60.0),
    u("h", Dim::Time, HOUR),
    u("d", Dim::Time, 24.0 * HOUR),
    u("months", Dim::Time, MONTH),
    u("years", Dim::Time, YEAR),
    u("hour", Dim::Time, HOUR),
    u("hours", Dim::Time, HOUR),
    u("day", Dim::Time, 24.0 * HOUR),
    u("days", Dim::Time, 24.0 * HOUR),
    u("week", Dim::Time, 168.0 * HOUR),
    u("weeks", Dim::Time, 168.0 * HOUR),
    u("month", Dim::Time, MONTH),
    u("year", Dim::Time, YEAR),
    u("a", Dim::Time, YEAR),
    u("g/kWh", Dim::CarbonIntensity, 1e-3 / KWH),
    u("kg/MWh", Dim::CarbonIntensity, 1e-3 / KWH),
    u("t/MWh", Dim::CarbonIntensity, 1.0 / KWH),
    u("kg", Dim::Mass, 1.0),
    u("g", Dim::Mass, 1e-3),
    u("t", Dim::Mass, 1e3),
    u("kt", Dim::Mass, 1e6),
    u("Mt", Dim::Mass, 1e9),
    u("°C", Dim::Temperature, 1.0),
    u("degC", Dim::Temperature, 1.0),
    u("K", Dim::TemperatureDifference, 1.0),
    u("%", Dim::Share, 0.01),
    u("x", Dim::Ratio, 1.0),
    u("H100e", Dim::H100e, 1.0),
    u("tokens", Dim::Count, 1.0),
    u("m", Dim::Length, 1.0),
    u("km", Dim::Length, 1e3),
    u("°", Dim::Angle, 1.0),
    u("m/s", Dim::Speed, 1.0),
    u("km/h", Dim::Speed, 1.0 / 3.6),
    u("W/m2", Dim::Irradiance, 1.0),
    u("L", Dim::Volume, 1.0),
    u("m3", Dim::Volume, 1e3),
    u("L/kWh", Dim::WaterIntensity, 1.0 / KWH),
    u("m3/MWh", Dim::WaterIntensity, 1.0 / KWH),
    u("%/a", Dim::Growth, 0.01),
    u("%/year", Dim::Growth, 0.01),
    u("/1000 d", Dim::Hazard, 1.0 / (1000.0 * 24.0 * HOUR)),
    u("/d", Dim::Hazard, 1.0 / (24.0 * HOUR)),
    u("/a", Dim::Hazard, 1.0 / YEAR),
    u("/h", Dim::Hazard, 1.0 / HOUR),
];

/// What may follow an amount of money, with the dimension it makes and base units in one of it.
pub(crate) const PER: &[Unit] = &[
    u("", Dim::Money, 1.0),
    u("/MWh", Dim::EnergyPrice, 1.0 / (KWH * 1e3)),
    u("/kWh", Dim::EnergyPrice, 1.0 / KWH),
    u("/h", Dim::HourPrice, 1.0),
    u("/W", Dim::PowerPrice, 1.0),
    u("/kW", Dim::PowerPrice, 1e-3),
    u("/MW", Dim::PowerPrice, 1e-6),
    u("/kW/a", Dim::PowerRate, 1e-3),
    u("/MW/a", Dim::PowerRate, 1e-6),
    u("/t", Dim::CarbonPrice, 1e-3),
];

/// The units of one dimension, in the order of [`UNITS`].
pub fn units_of(dim: Dim) -> impl Iterator<Item = &'static Unit> {
    UNITS.iter().filter(move |unit| unit.dim == dim)
}

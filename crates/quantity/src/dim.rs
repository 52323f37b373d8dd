use serde::{Deserialize, Serialize};

/// The dimension of a quantity as users meet it.
///
/// Finer than physics where a mix-up is a known trap: a count of tokens is not a count of chips, a price per
/// accelerator-hour is not a price per megawatt-hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dim {
    /// Electrical or thermal power, base W.
    Power,
    /// Apparent power, base VA.
    ApparentPower,
    /// Energy, base J.
    Energy,
    /// Compute rate, base FLOP/s.
    Flops,
    /// Amount of compute, base FLOP.
    Flop,
    /// Data, base byte.
    Data,
    /// Data rate, base byte/s.
    Bandwidth,
    /// Duration, base second.
    Time,
    /// Calendar date, base days since 1970-01-01.
    Date,
    /// Money, base euro (of the price year of its file).
    Money,
    /// Price of energy, base EUR/J.
    EnergyPrice,
    /// Price of one accelerator-hour, base EUR/h.
    HourPrice,
    /// Investment per power, base EUR/W.
    PowerPrice,
    /// Yearly cost per power, base EUR/W/a.
    PowerRate,
    /// Price of emissions, base EUR/kg.
    CarbonPrice,
    /// Price of heat or energy sold, same base as [`Dim::EnergyPrice`]; kept as one dimension.
    CarbonIntensity,
    /// Mass, base kg.
    Mass,
    /// Temperature, base °C.
    Temperature,
    /// Temperature difference, base K.
    TemperatureDifference,
    /// A share of a whole, base 1.
    Share,
    /// A pure ratio that may exceed one (DSCR, PUE, oversubscription), base 1.
    Ratio,
    /// A number of things, base 1.
    Count,
    /// H100-equivalents, base 1.
    H100e,
    /// Length, base m.
    Length,
    /// Angle in degrees (latitude, longitude).
    Angle,
    /// Speed, base m/s.
    Speed,
    /// Irradiance, base W/m².
    Irradiance,
    /// Volume, base litre.
    Volume,
    /// Water per energy, base L/J.
    WaterIntensity,
    /// Change per year, base 1/a.
    Growth,
    /// Failures per time, base 1/s.
    Hazard,
}

impl Dim {
    /// The word used in messages, with an example of how it is written.
    pub fn word(self) -> &'static str {
        match self {
            Dim::Power => "a power such as \"150 MW\"",
            Dim::ApparentPower => "an apparent power such as \"220 MVA\"",
            Dim::Energy => "an energy such as \"200 MWh\"",
            Dim::Flops => "a compute rate such as \"989 TFLOP/s\"",
            Dim::Flop => "an amount of compute such as \"1e25 FLOP\"",
            Dim::Data => "an amount of data such as \"1.8 TB\"",
            Dim::Bandwidth => "a bandwidth such as \"800 Gb/s\" or \"3.2 TB/s\"",
            Dim::Time => "a duration such as \"14 months\" or \"40 ms\"",
            Dim::Date => "a date such as \"2028-07\" or \"2027-Q3\"",
            Dim::Money => "an amount of money such as \"EUR 3.7 bn\"",
            Dim::EnergyPrice => "a price of energy such as \"EUR 42/MWh\"",
            Dim::HourPrice => "a price per accelerator-hour such as \"EUR 2.2/h\"",
            Dim::PowerPrice => "a cost per power such as \"EUR 9.5 m/MW\"",
            Dim::PowerRate => "a yearly cost per power such as \"EUR 12/kW/a\"",
            Dim::CarbonPrice => "a price of carbon such as \"EUR 70/t\"",
            Dim::CarbonIntensity => "a carbon intensity such as \"340 g/kWh\"",
            Dim::Mass => "a mass such as \"12 kt\"",
            Dim::Temperature => "a temperature such as \"37 °C\"",
            Dim::TemperatureDifference => "a temperature difference such as \"5 K\"",
            Dim::Share => "a share such as \"55 %\"",
            Dim::Ratio => "a plain ratio such as 1.3",
            Dim::Count => "a number such as 278, \"120 k\" or \"30 T\"",
            Dim::H100e => "a number of H100-equivalents such as \"100 k H100e\"",
            Dim::Length => "a length such as \"250 m\"",
            Dim::Angle => "an angle in degrees such as 48.78",
            Dim::Speed => "a speed such as \"3.5 m/s\"",
            Dim::Irradiance => "an irradiance such as \"120 W/m2\"",
            Dim::Volume => "a volume such as \"300 m3\"",
            Dim::WaterIntensity => "a water intensity such as \"0.3 L/kWh\"",
            Dim::Growth => "a yearly change such as \"2 %/a\"",
            Dim::Hazard => "a failure rate such as \"6.5 /1000 d\" (per thousand device-days)",
        }
    }

    /// Whether a plain TOML number, without a unit, may stand for this dimension.
    pub fn takes_plain_number(self) -> bool {
        matches!(self, Dim::Share | Dim::Ratio | Dim::Count | Dim::H100e | Dim::Angle)
    }

    /// Whether values of this dimension carry a currency.
    pub fn is_money(self) -> bool {
        matches!(
            self,
            Dim::Money
                | Dim::EnergyPrice
                | Dim::HourPrice
                | Dim::PowerPrice
                | Dim::PowerRate
                | Dim::CarbonPrice
        )
    }

    /// Whether a negative value can make sense (prices of energy can fall below zero).
    pub fn may_be_negative(self) -> bool {
        matches!(
            self,
            Dim::Temperature | Dim::TemperatureDifference | Dim::Growth | Dim::EnergyPrice | Dim::Angle
        )
    }
}

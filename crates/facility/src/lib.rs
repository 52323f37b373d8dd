//! Power states, power chain, cooling and weather: from the power of the machine to the power and water of
//! the whole site, over the hours of a year.
//!
//! The order of a run: [`ItLoad`] gives mean and peak power of each partition; a [`Climate`] becomes a
//! [`SyntheticYear`], which [`compress`] turns into a few dozen [`WeatherPoint`]s; [`evaluate_year`] adds the
//! power chain, cooling and heat reuse; [`GridConnection`] and [`Backup`] judge the result.

mod backup;
mod bins;
mod cap;
mod chain;
mod cooling;
mod error;
mod grid;
mod heat;
mod hourly;
mod noise;
mod power;
mod psychro;
mod swing;
mod weather;
mod year;

pub use backup::{Backup, BackupPlant};
pub use bins::{MAX_POINTS, compress};
pub use cap::speed_under_cap;
pub use chain::{PowerChain, Redundancy, Stage, StageAt};
pub use cooling::{Adiabatic, Chiller, LoopInputs, Tower};
pub use error::FacilityError;
pub use grid::{Apparent, GridConnection, GridUse, apparent_power};
pub use heat::{HeatPump, HeatReuse};
pub use hourly::{FacilityHours, evaluate_hours};
pub use noise::Noise;
pub use power::{Activity, ItLoad, ItPower, State, StateMix};
pub use psychro::{AirPressure, pressure_at, saturation_vapour_pressure, vapour_pressure, wet_bulb};
pub use swing::{BAND, Frequency, Ramp, Remedy, Swing, SwingSeen};
pub use weather::{Climate, SynopticInputs, SyntheticYear, WeatherPoint, observed};
pub use year::{DesignPoint, FacilityInputs, FacilityYear, ItProfile, evaluate_year};

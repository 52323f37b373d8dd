//! Hourly weather and day-ahead prices, read from the files that people have.
//!
//! [`read_weather`] takes EPW, PVGIS typical years, Open-Meteo JSON, DWD test reference years and DWD station series;
//! [`read_prices`] takes day-ahead prices of ENTSO-E, SMARD and energy-charts and plain tables. Both are pure functions of
//! a text. Everything is UTC inside; local time, summer time, quarter-hours and gaps are settled here, once, by rules that
//! [`hours`] states, and every repair is told as a [`Note`]. What cannot be repaired is a list of [`Fault`]s, each with code,
//! line and hint, all at once.

mod clock;
mod fault;
pub mod hours;
mod price;
mod stamp;
mod steps;
mod text;
mod weather;

pub use clock::{
    Clock, HOURS_OF_COMMON_YEAR, first_hour_of, hour_of_common_year, hour_stamp, month_day_hour,
};
pub use fault::{Fault, Faults, Note};
pub use price::{PriceYear, Wanted, read_prices, zone_clock};
pub use steps::{Steps, read_steps};
pub use weather::{WeatherFormat, WeatherHour, WeatherYear, read_weather};

use gigatwin_quantity::{Power, Share, Temperature};

/// Why a site cannot be computed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FacilityError {
    /// A share outside zero to one.
    #[error("{what} must lie between 0 % and 100 %, not {share}")]
    NotAShare {
        /// Which input.
        what: &'static str,
        /// The value given.
        share: Share,
    },
    /// A figure that must be above zero is not, or is no number at all.
    #[error("{what} must be above zero")]
    NotPositive {
        /// Which input.
        what: &'static str,
    },
    /// A figure below zero, or no number at all.
    #[error("{what} must not be negative")]
    Negative {
        /// Which input.
        what: &'static str,
    },
    /// The time shares of the power states do not add up.
    #[error("the time shares of the power states add up to {sum}, not to 100 %")]
    StateMix {
        /// Their sum.
        sum: Share,
    },
    /// Idle power above full power.
    #[error("the chip idles at {idle}, above its full power of {full}")]
    IdleAboveFull {
        /// Idle power.
        idle: Power,
        /// Full power.
        full: Power,
    },
    /// Mean above peak.
    #[error("the mean IT power of {mean} is above the peak of {peak}")]
    MeanAbovePeak {
        /// Mean IT power.
        mean: Power,
        /// Peak IT power.
        peak: Power,
    },
    /// Heat goes to liquid but there is no liquid loop.
    #[error("{share} of the heat goes to liquid but the site has no liquid loop")]
    NoLiquidLoop {
        /// The share of the heat.
        share: Share,
    },
    /// The buyer wants warmer water than the loop returns.
    #[error(
        "the loop returns {available} but the buyer of heat wants {wanted}: a heat pump or a warmer loop is needed"
    )]
    HeatTooCold {
        /// What reaches the buyer's side of the exchanger.
        available: Temperature,
        /// What the buyer wants.
        wanted: Temperature,
    },
    /// Series of different lengths.
    #[error("the weather has {weather} hours, the IT power {it}")]
    Length {
        /// Hours of weather.
        weather: usize,
        /// Hours of IT power.
        it: usize,
    },
    /// Nothing to evaluate.
    #[error("the weather has no hours")]
    NoWeather,
    /// A temperature that is not a number, or colder than any place or hotter than any loop.
    #[error("{what} is {value}, outside -90 to 120 °C")]
    Temperature {
        /// Which input.
        what: &'static str,
        /// The value given.
        value: Temperature,
    },
}

pub(crate) fn share(what: &'static str, s: Share) -> Result<f64, FacilityError> {
    let f = s.fraction();
    if (0.0..=1.0).contains(&f) { Ok(f) } else { Err(FacilityError::NotAShare { what, share: s }) }
}

pub(crate) fn positive(what: &'static str, v: f64) -> Result<f64, FacilityError> {
    if v > 0.0 && v.is_finite() { Ok(v) } else { Err(FacilityError::NotPositive { what }) }
}

pub(crate) fn not_negative(what: &'static str, v: f64) -> Result<f64, FacilityError> {
    if v >= 0.0 && v.is_finite() { Ok(v) } else { Err(FacilityError::Negative { what }) }
}

pub(crate) fn temperature(what: &'static str, t: Temperature) -> Result<f64, FacilityError> {
    let c = t.celsius();
    if (-90.0..=120.0).contains(&c) { Ok(c) } else { Err(FacilityError::Temperature { what, value: t }) }
}

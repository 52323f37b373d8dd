use gigatwin_quantity::Share;

/// Why a year's contracts cannot be computed.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EnergyError {
    /// A share outside zero to one.
    #[error("{what} must lie between 0 % and 100 %, not {share}")]
    NotAShare {
        /// Which input.
        what: &'static str,
        /// The value given.
        share: Share,
    },
    /// Below zero, or no number at all.
    #[error("{what} must not be negative")]
    Negative {
        /// Which input.
        what: &'static str,
    },
    /// Not above zero.
    #[error("{what} must be above zero")]
    NotPositive {
        /// Which input.
        what: &'static str,
    },
    /// No number at all.
    #[error("{what} is not a number")]
    NotANumber {
        /// Which input.
        what: &'static str,
    },
    /// More than the shape allows.
    #[error("a capacity factor of {factor} is above the {most} that its duration curve can reach")]
    CapacityFactor {
        /// The capacity factor given.
        factor: Share,
        /// The largest the shape allows.
        most: Share,
    },
    /// Series of different lengths.
    #[error("{what} has {got} hours, the load {want}")]
    Length {
        /// Which series.
        what: &'static str,
        /// Its length.
        got: usize,
        /// The load's.
        want: usize,
    },
    /// Two prices for what other contracts leave open.
    #[error("only one contract may cover what the others leave open: spot or one fixed price")]
    TwoResiduals,
}

pub(crate) fn share(what: &'static str, s: Share) -> Result<f64, EnergyError> {
    let f = s.fraction();
    if (0.0..=1.0).contains(&f) { Ok(f) } else { Err(EnergyError::NotAShare { what, share: s }) }
}

pub(crate) fn positive(what: &'static str, v: f64) -> Result<f64, EnergyError> {
    if v > 0.0 && v.is_finite() { Ok(v) } else { Err(EnergyError::NotPositive { what }) }
}

pub(crate) fn not_negative(what: &'static str, v: f64) -> Result<f64, EnergyError> {
    if v >= 0.0 && v.is_finite() { Ok(v) } else { Err(EnergyError::Negative { what }) }
}

pub(crate) fn number(what: &'static str, v: f64) -> Result<f64, EnergyError> {
    if v.is_finite() { Ok(v) } else { Err(EnergyError::NotANumber { what }) }
}

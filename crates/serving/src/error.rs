//! Refusals.

use gigatwin_quantity::{Data, Time};

/// Why a deployment cannot be evaluated, in the words of the domain.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ServingError {
    /// The weights leave no room.
    #[error(
        "memory is short by {short_by} per chip: weights take {weights} of the {usable} that the engine may use"
    )]
    MemoryShort {
        /// What is missing on each chip, one request of the asked length included.
        short_by: Data,
        /// Weights on one chip.
        weights: Data,
        /// Memory the engine may use on one chip.
        usable: Data,
    },
    /// The layout contradicts itself or the model.
    #[error("the layout is impossible: {0}")]
    Layout(String),
    /// A length or rate is not a positive number.
    #[error("{what} must be a positive finite number, not {value}")]
    NotPositive {
        /// Name of the input.
        what: &'static str,
        /// Its value.
        value: f64,
    },
    /// A share outside its range.
    #[error("{what} must lie between 0 and {most}, not {value}")]
    OutOfRange {
        /// Name of the input.
        what: &'static str,
        /// Its value.
        value: f64,
        /// The largest allowed.
        most: f64,
    },
    /// More requests than the replica can hold.
    #[error("the load is {load:.2} times what one replica can carry")]
    Overload {
        /// Offered over carried load.
        load: f64,
    },
    /// More tokens in flight than the key-value memory holds.
    #[error("key-value memory holds {capacity:.0} tokens, {wanted:.0} are wanted")]
    KvShort {
        /// Tokens that fit.
        capacity: f64,
        /// Tokens asked for.
        wanted: f64,
    },
    /// The chip has no matrix rate.
    #[error("the chip's {0} is not known")]
    ChipUnknown(&'static str),
    /// A time that cannot be reached at any load.
    #[error("{what} of {objective} is below the physical floor of {floor}")]
    BelowFloor {
        /// Name of the objective.
        what: &'static str,
        /// The objective.
        objective: Time,
        /// The least that any deployment reaches with one request.
        floor: Time,
    },
}

pub(crate) fn positive(what: &'static str, value: f64) -> Result<f64, ServingError> {
    if value > 0.0 && value.is_finite() { Ok(value) } else { Err(ServingError::NotPositive { what, value }) }
}

//! How far a collective's time may lie from the model: four in five published rows do not lie farther.
//!
//! The half-widths are quantiles of the errors out of fold of the published rows, as `gigatwin validate collectives`
//! computes them for a site that is not in its table; a test there holds both together.

use gigatwin_quantity::Data;

use crate::calibration::Family;
use crate::collective::Collective;

/// Logarithmic half-widths by [generation measured][between domains][under 1 MiB, to 256 MiB, above].
///
/// Where a generation has not been measured (or not between domains), errors are those of generations predicted from the
/// others alone.
const HALF_WIDTHS: [[[f64; 3]; 2]; 2] = [
    [[0.4866, 0.4535, 0.0893], [0.4866, 0.4535, 0.0954]],
    [[0.4431, 0.3051, 0.0640], [0.4431, 0.3051, 0.0779]],
];

/// Factors on the time where almost no healthy row is published: collectives other than all-reduce between domains, and
/// anything between rack-scale domains. Assumed: bus bandwidth from half to 1.15 of the predicted.
pub const ASSUMED_BAND: (f64, f64) = (1.0 / 1.15, 2.0);

/// A domain of more accelerators than this spans nodes.
pub const LARGEST_NODE: u32 = 16;

/// Whether a published row of the generation exists, within or between domains.
pub fn is_measured(family: Family, between: bool) -> bool {
    if between { family == Family::Hopper } else { family != Family::Other }
}

/// Size class: 0 under 1 MiB, 1 to 256 MiB, 2 above.
pub fn size_class(bytes: Data) -> u8 {
    let mib = bytes.bytes() / f64::from(1u32 << 20);
    u8::from(mib >= 1.0) + u8::from(mib > 256.0)
}

/// Logarithmic half-width of a class.
pub fn half_width(measured: bool, between: bool, class: u8) -> f64 {
    HALF_WIDTHS[usize::from(measured)][usize::from(between)][usize::from(class.min(2))]
}

/// Factors on the modelled time between which four in five lie. `between`: the group spans scale-up domains of `domain`
/// accelerators.
pub fn time_band(
    collective: Collective,
    bytes: Data,
    family: Family,
    between: bool,
    domain: u32,
) -> (f64, f64) {
    if between && (collective != Collective::AllReduce || domain > LARGEST_NODE) {
        return ASSUMED_BAND;
    }
    let half = half_width(is_measured(family, between), between, size_class(bytes));
    ((-half).exp(), half.exp())
}

//! The facility's peak against its grid connection.

use gigatwin_quantity::{Power, Share};

use crate::FacilityError;
use crate::FacilityYear;
use crate::error::{not_negative, positive, share};

/// Apparent power, as transformers and connections are rated.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Apparent(f64);

impl Apparent {
    /// From megavolt-amperes.
    pub fn from_mva(v: f64) -> Self {
        Apparent(v * 1e6)
    }

    /// In megavolt-amperes.
    pub fn mva(self) -> f64 {
        self.0 / 1e6
    }
}

/// Apparent power of an active power at a power factor (cos φ, with filters where fitted).
///
/// # Errors
/// A power factor that is not above zero and at most one.
pub fn apparent_power(active: Power, power_factor: Share) -> Result<Apparent, FacilityError> {
    let factor = positive("the power factor", share("the power factor", power_factor)?)?;
    Ok(Apparent(active.w() / factor))
}

/// The agreed connection.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GridConnection {
    /// Always available.
    pub firm: Power,
    /// Available unless the operator calls it back.
    pub flexible: Power,
}

/// How a site uses its connection.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GridUse {
    /// Peak power of the facility.
    pub peak: Power,
    /// Firm power less peak: negative where flexible power is needed.
    pub headroom_firm: Power,
    /// Firm and flexible power less peak: negative where the connection is short.
    pub headroom: Power,
    /// Peak beyond firm power, as far as flexible power covers it: what must be shed on call.
    pub sheddable: Power,
    /// Peak over firm and flexible power; `None` without a connection.
    pub loading: Option<f64>,
    /// Provisioned IT power over firm and flexible power; `None` without a connection.
    pub it_share: Option<f64>,
    /// Provisioned IT power over facility peak: how much of each grid megawatt reaches the machine.
    pub it_of_peak: Share,
}

impl GridUse {
    /// Whether the connection carries the peak.
    pub fn fits(&self) -> bool {
        self.headroom >= Power::ZERO
    }
}

impl GridConnection {
    /// Compares.
    ///
    /// # Errors
    /// Negative connection.
    pub fn compare(&self, year: &FacilityYear) -> Result<GridUse, FacilityError> {
        not_negative("the firm connection", self.firm.w())?;
        not_negative("the flexible connection", self.flexible.w())?;
        let total = self.firm + self.flexible;
        let peak = year.peak_facility_power;
        let over = |p: Power| (total > Power::ZERO).then(|| p / total);
        Ok(GridUse {
            peak,
            headroom_firm: self.firm - peak,
            headroom: total - peak,
            sheddable: (peak - self.firm).max(Power::ZERO).min(self.flexible),
            loading: over(peak),
            it_share: over(year.peak_it_power),
            it_of_peak: Share::from_fraction(if peak > Power::ZERO {
                year.peak_it_power / peak
            } else {
                0.0
            }),
        })
    }
}

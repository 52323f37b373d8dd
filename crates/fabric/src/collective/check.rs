//! Networks on which a group cannot communicate.

use super::{Group, Network};

/// Why a group cannot communicate.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum CollectiveError {
    /// A link that the group needs carries nothing.
    #[error("the {0} has no bandwidth, and the group of {1} ranks has to cross it")]
    NoBandwidth(&'static str, u32),
    /// Ranks on different rails with neither links between rails nor a scale-up to change rails over.
    #[error(
        "the network is disconnected: {ranks} ranks in domains of one accelerator sit on {rails} rails, and there is \
         no link between rails nor a scale-up domain to change rails over"
    )]
    Disconnected {
        /// Ranks of the group.
        ranks: u32,
        /// Rails.
        rails: u32,
    },
    /// A number outside its domain.
    #[error("{0}")]
    Invalid(&'static str),
}

impl Network {
    /// Checks that `group` can communicate; `rails` is the number of NICs of a node.
    ///
    /// # Errors
    /// [`CollectiveError`] where a link of no bandwidth has to be crossed, a rail-only network has nothing to change
    /// rails over, or a number is out of its domain.
    pub fn check(&self, group: Group, rails: u32) -> Result<(), CollectiveError> {
        let d = &self.scaleout_detail;
        let finite = |x: f64| x.is_finite() && x >= 0.0;
        if group.ranks == 0 || group.per_domain == 0 || self.domain == 0 {
            return Err(CollectiveError::Invalid("ranks, ranks per domain and domain must be at least one"));
        }
        if !finite(self.scaleup.bytes_per_s()) || !finite(self.scaleout.bytes_per_s()) {
            return Err(CollectiveError::Invalid("rates must be finite and not negative"));
        }
        if !(self.oversubscription >= 1.0 && self.oversubscription.is_finite()) {
            return Err(CollectiveError::Invalid(
                "the oversubscription must be a finite number of one or more",
            ));
        }
        if !(0.0..=1.0).contains(&d.slowest_link) {
            return Err(CollectiveError::Invalid(
                "the rate of the slowest link must lie between zero and one of the nominal",
            ));
        }
        let k = group.per_domain.min(self.domain).clamp(1, group.ranks);
        if k > 1 && self.scaleup.bytes_per_s() == 0.0 {
            return Err(CollectiveError::NoBandwidth("scale-up", group.ranks));
        }
        if group.ranks > k && self.scaleout.bytes_per_s() * d.slowest_link == 0.0 {
            return Err(CollectiveError::NoBandwidth("scale-out", group.ranks));
        }
        if d.rail_only && self.domain == 1 && rails > 1 && group.ranks > 1 {
            return Err(CollectiveError::Disconnected { ranks: group.ranks, rails });
        }
        Ok(())
    }
}

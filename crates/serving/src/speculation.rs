//! Drafting tokens that one step of the model verifies together (Leviathan et al., ICML 2023; heads for further tokens as in
//! DeepSeek-V3, arXiv 2412.19437).

use gigatwin_quantity::Share;

use crate::error::{ServingError, positive};

/// How tokens are drafted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Speculation {
    /// Tokens drafted before each verification, by a small model or by heads for further tokens.
    pub draft_tokens: u32,
    /// Chance that one drafted token is accepted, given that those before it were; mean over requests.
    pub acceptance: Share,
    /// Time to draft one token, as a share of a decode step of the model without drafting: about one over the layers for a head of
    /// one layer, the ratio of the active weights for a draft model.
    pub draft_cost: Share,
    /// Standard deviation of the acceptance from request to request; zero, all requests are alike.
    pub scatter: Share,
}

impl Speculation {
    /// Checks the ranges.
    ///
    /// # Errors
    /// [`ServingError::NotPositive`] for no drafted tokens, [`ServingError::OutOfRange`] for shares outside 0 to 1.
    pub fn check(&self) -> Result<(), ServingError> {
        positive("number of drafted tokens", f64::from(self.draft_tokens))?;
        share("acceptance of drafted tokens", self.acceptance, 1.0)?;
        share("cost of a drafted token", self.draft_cost, 1.0)?;
        self.check_scatter()
    }

    /// Tokens that a step verifies for each request.
    pub fn verified(&self) -> f64 {
        f64::from(self.draft_tokens) + 1.0
    }

    /// Mean tokens that a step gives each request: 1 + a + … + aᵏ = (1 − aᵏ⁺¹)/(1 − a).
    pub fn emitted(&self) -> f64 {
        let a = self.acceptance.fraction();
        (0..=self.draft_tokens.min(64)).map(|i| a.powi(i as i32)).sum()
    }

    /// Time to draft, in decode steps.
    pub(crate) fn drafting(&self) -> f64 {
        f64::from(self.draft_tokens) * self.draft_cost.fraction()
    }
}

/// Checks a share to lie within 0 and `most`.
pub(crate) fn share(what: &'static str, value: Share, most: f64) -> Result<(), ServingError> {
    let fraction = value.fraction();
    if (0.0..=most).contains(&fraction) {
        Ok(())
    } else {
        Err(ServingError::OutOfRange { what, value: fraction, most })
    }
}

//! Prompts that begin alike, such as with one system prompt: requests that are in a replica together hold the blocks of their common
//! start once (paged memory with reference counts, Kwon et al., SOSP 2023).

use crate::deployment::EngineInputs;
use crate::error::{ServingError, positive};
use crate::steady::Lengths;

/// Starts that prompts share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SharedPrefix {
    /// Tokens of the common start.
    pub tokens: f64,
    /// Different starts, asked for equally often: one system prompt for all is one, one for each of 40 tenants is 40.
    pub groups: f64,
}

impl SharedPrefix {
    /// Checks both to be positive, and the start to be within the prompt.
    ///
    /// # Errors
    /// [`ServingError::NotPositive`], [`ServingError::OutOfRange`].
    pub fn check(&self, prompt: f64) -> Result<(), ServingError> {
        positive("tokens of a shared prefix", self.tokens)?;
        positive("number of shared prefixes", self.groups)?;
        if self.tokens > prompt {
            return Err(ServingError::OutOfRange {
                what: "tokens of a shared prefix",
                value: self.tokens,
                most: prompt,
            });
        }
        Ok(())
    }

    /// Starts that `requests` of them use at the same time: g·(1 − (1 − 1/g)ⁿ) of g.
    pub fn in_use(&self, requests: f64) -> f64 {
        let g = self.groups.max(1.0);
        g * (1.0 - (1.0 - 1.0 / g).powf(requests.max(0.0)))
    }
}

impl EngineInputs {
    /// Takes prompts of a mean length to begin alike. What is shared is known as well: the hit rate rises to the share of the start,
    /// since a replica that has seen each start once computes it never again while memory lasts.
    ///
    /// # Errors
    /// As [`SharedPrefix::check`].
    pub fn share_prefix(&mut self, prefix: SharedPrefix, prompt: f64) -> Result<(), ServingError> {
        prefix.check(prompt)?;
        let known = (prefix.tokens / prompt).max(self.prefix_hit.fraction());
        self.prefix_hit = gigatwin_quantity::Share::from_fraction(known);
        self.shared_prefix = Some(prefix);
        Ok(())
    }

    /// Tokens of memory that `requests` take while they decode, mean ones, what they share counted once.
    pub fn tokens_held(&self, lengths: &Lengths, requests: f64) -> f64 {
        match self.shared_prefix {
            Some(p) => requests * (lengths.held() - p.tokens) + p.tokens * p.in_use(requests),
            None => requests * lengths.held(),
        }
    }

    /// Mean requests that `tokens` of memory hold at the same time.
    pub fn requests_held(&self, lengths: &Lengths, tokens: f64) -> f64 {
        if self.shared_prefix.is_none() {
            return tokens / lengths.held();
        }
        // What n requests take grows with n and is at most n times a whole one.
        let (mut low, mut high) = (tokens / lengths.held(), tokens / lengths.held() + 1.0);
        while self.tokens_held(lengths, high) < tokens && high < 1e12 {
            (low, high) = (high, 2.0 * high);
        }
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if self.tokens_held(lengths, middle) < tokens { low = middle } else { high = middle }
        }
        low
    }

    /// Memory that would hold as many requests if nothing were shared: for formulas that count whole requests.
    pub fn tokens_without_sharing(&self, lengths: &Lengths, tokens: f64) -> f64 {
        self.requests_held(lengths, tokens) * lengths.held()
    }
}

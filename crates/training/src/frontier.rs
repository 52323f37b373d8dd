//! What an amount of compute trains best, and how it stands against the growth of frontier runs.

use gigatwin_quantity::{Date, Flop, Flops, Share, Time};
use thiserror::Error;

/// Days of a mean Gregorian year.
const YEAR: f64 = 365.2425;

/// Why a law or a growth is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum FrontierError {
    /// A coefficient is zero, negative or not finite.
    #[error("{0} of a scaling law must be above zero")]
    Coefficient(&'static str),
    /// No growth.
    #[error("the yearly factor of growth must be above one and the run it starts from above zero")]
    Growth,
}

/// Loss of a dense language model by its weights N and training tokens D, in nats per token:
/// `L(N, D) = E + A / N^alpha + B / D^beta` (Hoffmann et al. 2022, arXiv 2203.15556, equation 2).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScalingLaw {
    e: f64,
    a: f64,
    b: f64,
    alpha: f64,
    beta: f64,
}

/// The best use of an amount of compute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Optimum {
    /// Weights of the dense model.
    pub parameters: f64,
    /// Tokens, each seen once.
    pub tokens: f64,
    /// Loss in nats per token.
    pub loss: f64,
}

impl ScalingLaw {
    /// From its five coefficients.
    ///
    /// # Errors
    /// Where one of them is not above zero.
    pub fn new(e: f64, a: f64, b: f64, alpha: f64, beta: f64) -> Result<Self, FrontierError> {
        for (name, x) in [("E", e), ("A", a), ("B", b), ("alpha", alpha), ("beta", beta)] {
            if !(x.is_finite() && x > 0.0) {
                return Err(FrontierError::Coefficient(name));
            }
        }
        Ok(Self { e, a, b, alpha, beta })
    }

    /// Loss of so many weights and tokens.
    pub fn loss(&self, parameters: f64, tokens: f64) -> f64 {
        self.e + self.a * parameters.powf(-self.alpha) + self.b * tokens.powf(-self.beta)
    }

    /// Weights and tokens of least loss under `C = 6·N·D`. With the constraint put in, the derivative by N is zero at
    /// `N = G·(C/6)^(beta/(alpha+beta))`, `D = (C/6)/N`, where `G = (alpha·A / (beta·B))^(1/(alpha+beta))`
    /// (Hoffmann et al. 2022, equation 4). E does not move it.
    pub fn optimum(&self, compute: Flop) -> Optimum {
        let sum = self.alpha + self.beta;
        let product = compute.flop() / 6.0;
        let g = (self.alpha * self.a / (self.beta * self.b)).powf(1.0 / sum);
        let parameters = g * product.powf(self.beta / sum);
        let tokens = product / parameters;
        Optimum { parameters, tokens, loss: self.loss(parameters, tokens) }
    }
}

/// Compute that becomes training: accelerators × dense peak × MFU × effective training time ratio × time.
pub fn effective_compute(accelerators: u64, peak: Flops, mfu: Share, ettr: Share, time: Time) -> Flop {
    Flop::from_flop(accelerators as f64 * peak.flops() * mfu.fraction() * ettr.fraction() * time.s())
}

/// The largest run of its day, growing by one factor each year from a known run: `C(t) = C0·g^(t − t0)`, t in years.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FrontierGrowth {
    run: Flop,
    on: Date,
    factor: f64,
}

impl FrontierGrowth {
    /// From a known run, its date and the factor per year.
    ///
    /// # Errors
    /// Where nothing grows.
    pub fn new(run: Flop, on: Date, factor: f64) -> Result<Self, FrontierError> {
        if run.flop() > 0.0 && factor.is_finite() && factor > 1.0 {
            Ok(Self { run, on, factor })
        } else {
            Err(FrontierError::Growth)
        }
    }

    /// The largest run of that day.
    pub fn at(&self, day: Date) -> Flop {
        let years = (day.days() - self.on.days()) / YEAR;
        self.run * self.factor.powf(years)
    }

    /// The day on which the largest run is of this size; a run of this size is behind from then on.
    pub fn reaches(&self, compute: Flop) -> Date {
        let years = (compute.flop() / self.run.flop()).ln() / self.factor.ln();
        Date::from_days(self.on.days() + years * YEAR)
    }

    /// Years by which a run of this size is behind on a day; negative where it is ahead.
    pub fn years_behind(&self, compute: Flop, day: Date) -> f64 {
        (day.days() - self.reaches(compute).days()) / YEAR
    }
}

//! How the acceptance of drafted tokens scatters from request to request, and what that does to their time per token.
//!
//! A draft is easy for one text and hard for another, so each request has an acceptance of its own. It is taken as Beta distributed
//! around the mean. A slow request stays longer in the batch, so throughput follows the mean of 1/e (e: tokens that a step gives),
//! not of e. Within a request the tokens of a step are a truncated geometric number, whose scatter short answers do not average out.

use gigatwin_quantity::Share;

use crate::error::ServingError;
use crate::speculation::{Speculation, share};

/// Points of the distribution of acceptance.
const POINTS: usize = 64;

/// Mean and variance of the tokens of one step, with `k` drafted tokens accepted with chance `a` each:
/// P(more than i) = aⁱ for i ≤ k.
fn tokens_of_a_step(a: f64, k: u32) -> (f64, f64) {
    let (mut mean, mut square) = (0.0, 0.0);
    for i in 0..=k.min(64) {
        let more = a.powi(i as i32);
        mean += more;
        square += (2.0 * f64::from(i) + 1.0) * more;
    }
    (mean, square - mean * mean)
}

impl Speculation {
    /// Checks that acceptance can scatter so much: a Beta law of mean m has a standard deviation below √(m·(1 − m)).
    ///
    /// # Errors
    /// [`ServingError::OutOfRange`].
    pub(crate) fn check_scatter(&self) -> Result<(), ServingError> {
        let m = self.acceptance.fraction();
        // Rounded down: the limit is said in the refusal.
        let most = (950.0 * (m * (1.0 - m)).max(0.0).sqrt()).floor() / 1000.0;
        share("scatter of the acceptance", self.scatter, most)
    }

    /// Acceptances of requests with their weights: midpoints of a Beta law's density, one point without scatter.
    fn law(&self) -> Vec<(f64, f64)> {
        let (m, s) = (self.acceptance.fraction(), self.scatter.fraction());
        if s <= 1e-9 || m <= 0.0 || m >= 1.0 {
            return vec![(m, 1.0)];
        }
        let sum = m * (1.0 - m) / (s * s) - 1.0;
        let (p, q) = (m * sum, (1.0 - m) * sum);
        // In t with a = sin²(t) the points lie closest where such densities rise.
        let mut law: Vec<(f64, f64)> = (0..POINTS)
            .map(|i| {
                let t = std::f64::consts::FRAC_PI_2 * (i as f64 + 0.5) / POINTS as f64;
                let a = t.sin().powi(2);
                (a, (2.0 * p - 1.0) * t.sin().ln() + (2.0 * q - 1.0) * t.cos().ln())
            })
            .collect();
        let top = law.iter().map(|l| l.1).fold(f64::NEG_INFINITY, f64::max);
        law.iter_mut().for_each(|l| l.1 = (l.1 - top).exp());
        let total: f64 = law.iter().map(|l| l.1).sum();
        law.iter_mut().for_each(|l| l.1 /= total);
        // What lies closer to an end than the points reach is put there, so that the mean is kept.
        let found: f64 = law.iter().map(|(a, w)| a * w).sum();
        let (end, kept) = if found > m { (0.0, m / found) } else { (1.0, (1.0 - m) / (1.0 - found)) };
        law.iter_mut().for_each(|l| l.1 *= kept);
        law.push((end, 1.0 - kept));
        law
    }

    /// The same drafts with one acceptance for all requests that gives the same mean time per token, 1/E\[1/e\].
    #[must_use]
    pub fn equivalent(&self) -> Speculation {
        let same = Speculation { scatter: Share::ZERO, ..*self };
        if self.scatter.fraction() <= 0.0 {
            return same;
        }
        let k = self.draft_tokens;
        let slowness: f64 = self.law().iter().map(|(a, w)| w / tokens_of_a_step(*a, k).0).sum();
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if tokens_of_a_step(middle, k).0 * slowness < 1.0 { low = middle } else { high = middle }
        }
        Speculation { acceptance: Share::from_fraction(0.5 * (low + high)), ..same }
    }

    /// Time per token of the request that is slower than the share `quantile` of all, over the mean: answers of `answer` tokens.
    ///
    /// Given its acceptance, the steps of an answer are close to normal: n tokens take n/e steps with variance n·v/e³ (renewal
    /// theory; v: variance of the tokens of a step).
    pub fn slow(&self, answer: f64, quantile: f64) -> f64 {
        let answer = answer.max(1.0);
        let law: Vec<(f64, f64, f64)> = self
            .law()
            .iter()
            .map(|(a, w)| {
                let (mean, variance) = tokens_of_a_step(*a, self.draft_tokens);
                (1.0 / mean, (variance.max(0.0) / (answer * mean.powi(3))).sqrt(), *w)
            })
            .collect();
        let mean: f64 = law.iter().map(|(x, _, w)| x * w).sum();
        let below = |x: f64| -> f64 {
            law.iter()
                .map(|(m, s, w)| {
                    w * if *s > 0.0 { normal((x - m) / s) } else { f64::from(u8::from(x >= *m)) }
                })
                .sum()
        };
        // No token takes more than a step, which binds for short answers.
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..50 {
            let middle = 0.5 * (low + high);
            if below(middle) < quantile { low = middle } else { high = middle }
        }
        high / mean
    }
}

/// The normal distribution function (Abramowitz and Stegun 26.2.17, error below 10⁻⁷).
pub(crate) fn normal(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * x.abs());
    let poly = t
        * (0.319_381_530
            + t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    let tail = (-0.5 * x * x).exp() / std::f64::consts::TAU.sqrt() * poly;
    if x >= 0.0 { 1.0 - tail } else { tail }
}

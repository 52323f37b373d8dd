//! Generated streams of requests.
//!
//! Gaps between arrivals follow a Gamma or Weibull law on a clock that runs with the demand of the hour and with bursts; prompts are
//! lognormal with a Pareto tail, answers geometric: the shapes that ServeGen (Xiang et al., NSDI 2026, arXiv 2505.09999) finds in
//! production. Same stream and seed, same requests.

use gigatwin_quantity::{Share, Time};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::{Distribution, Exp1, Gamma, LogNormal, Open01, Pareto, Weibull};

use super::request::{PS, Trace};

const HOUR: f64 = 3600.0;
/// No generated prompt or answer is longer, in tokens.
const LONGEST: f64 = 1_000_000.0;
/// Start of the Pareto tail over the mean of the body, and its exponent: assumed.
const TAIL_START: f64 = 2.0;
const TAIL_EXPONENT: f64 = 2.5;

/// Law of the gaps between arrivals, by its coefficient of variation (one: like Poisson arrivals).
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ArrivalLaw {
    /// Exponential gaps.
    Poisson,
    /// Gamma gaps.
    Gamma {
        /// Coefficient of variation.
        cv: f64,
    },
    /// Weibull gaps.
    Weibull {
        /// Coefficient of variation.
        cv: f64,
    },
}

/// Times of higher demand that begin at random.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Burst {
    /// Share of the time within bursts.
    pub share: Share,
    /// Rate within a burst over the rate outside.
    pub factor: f64,
    /// Mean length of a burst.
    pub length: Time,
}

/// Lengths of prompts and answers in tokens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LengthMix {
    /// Mean prompt, tail included.
    pub prompt: f64,
    /// Coefficient of variation of the lognormal body of prompts.
    pub prompt_cv: f64,
    /// Share of prompts in the Pareto tail, which begins at twice the mean of the body.
    pub tail: Share,
    /// Mean answer.
    pub answer: f64,
}

/// A stream of requests.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stream {
    /// How long requests arrive.
    pub duration: Time,
    /// Mean requests per second over a day.
    pub rate: f64,
    /// Law of the gaps.
    pub law: ArrivalLaw,
    /// Demand of each hour of the day from midnight, in any unit; the stream starts at midnight.
    pub day: Option<[f64; 24]>,
    /// Bursts.
    pub burst: Option<Burst>,
    /// Lengths.
    pub lengths: LengthMix,
    /// Most requests; a longer stream is cut.
    pub most: usize,
}

/// Why there is no such stream.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("{what} of a generated stream cannot be {value}: {wanted}")]
pub struct StreamError {
    /// Name of the input.
    pub what: &'static str,
    /// Its value.
    pub value: f64,
    /// What can be.
    pub wanted: &'static str,
}

fn within(
    what: &'static str,
    value: f64,
    low: f64,
    high: f64,
    wanted: &'static str,
) -> Result<(), StreamError> {
    if value.is_finite() && (low..=high).contains(&value) {
        Ok(())
    } else {
        Err(StreamError { what, value, wanted })
    }
}

impl Stream {
    fn check(&self) -> Result<(), StreamError> {
        let positive = f64::MIN_POSITIVE;
        within(
            "the duration in seconds",
            self.duration.s(),
            positive,
            100.0 * 86_400.0,
            "up to a hundred days",
        )?;
        within("the rate", self.rate, positive, 1e6, "above zero, up to a million requests per second")?;
        match self.law {
            ArrivalLaw::Gamma { cv } | ArrivalLaw::Weibull { cv } => {
                within("the coefficient of variation of the gaps", cv, 0.05, 20.0, "0.05 to 20")?;
            }
            ArrivalLaw::Poisson => {}
        }
        for value in self.day.iter().flatten() {
            within("the demand of an hour", *value, 0.0, f64::MAX, "zero or more")?;
        }
        if let Some(day) = &self.day {
            within("the demand of a day", day.iter().sum(), positive, f64::MAX, "above zero")?;
        }
        if let Some(b) = &self.burst {
            within("the share of bursts", b.share.fraction(), 1e-6, 0.99, "above zero, below one")?;
            within("the factor of a burst", b.factor, 1.0, 1e4, "one or more")?;
            within("the length of a burst", b.length.s(), 1e-3, 86_400.0, "a millisecond to a day")?;
        }
        let l = &self.lengths;
        within("the mean prompt", l.prompt, 1.0, LONGEST, "one to a million tokens")?;
        within("the mean answer", l.answer, 1.0, LONGEST, "one to a million tokens")?;
        within("the variation of prompts", l.prompt_cv, 0.0, 20.0, "zero to 20")?;
        within("the share of long prompts", l.tail.fraction(), 0.0, 1.0, "zero to one")
    }
}

/// Generates a stream.
///
/// # Errors
/// [`StreamError`] where an input has no meaning.
pub fn generate(stream: &Stream, seed: u64) -> Result<Trace, StreamError> {
    stream.check()?;
    // Arrivals and lengths draw from streams of their own: other lengths do not move the arrivals.
    let rng = |n: u64| {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(n);
        rng
    };
    let (mut gaps, mut sizes) = (rng(1), rng(2));
    let mut clock = Clock::new(stream, rng(3));
    let gap = Gap::new(stream.law)?;
    let lengths = Lengths::new(&stream.lengths)?;
    let mut trace = Trace::new(0);
    let end = stream.duration.s();
    while trace.requests.len() < stream.most {
        let Some(at) = clock.advance(gap.draw(&mut gaps), end) else { break };
        let (prompt, answer) = lengths.draw(&mut sizes);
        trace.push_ps((at * PS).round() as u64, prompt, answer, &[]);
    }
    Ok(trace)
}

/// Gaps with a mean of one.
enum Gap {
    Exponential,
    Gamma(Gamma<f64>),
    Weibull(Weibull<f64>),
}

impl Gap {
    fn new(law: ArrivalLaw) -> Result<Gap, StreamError> {
        let bad = |cv| StreamError {
            what: "the coefficient of variation of the gaps",
            value: cv,
            wanted: "0.05 to 20",
        };
        Ok(match law {
            ArrivalLaw::Poisson => Gap::Exponential,
            ArrivalLaw::Gamma { cv } => {
                Gap::Gamma(Gamma::new(1.0 / (cv * cv), cv * cv).map_err(|_| bad(cv))?)
            }
            ArrivalLaw::Weibull { cv } => {
                let shape = weibull_shape(cv);
                let scale = 1.0 / ln_gamma(1.0 + 1.0 / shape).exp();
                Gap::Weibull(Weibull::new(scale, shape).map_err(|_| bad(cv))?)
            }
        })
    }

    fn draw(&self, rng: &mut ChaCha8Rng) -> f64 {
        match self {
            Gap::Exponential => Exp1.sample(rng),
            Gap::Gamma(law) => law.sample(rng),
            Gap::Weibull(law) => law.sample(rng),
        }
    }
}

/// The shape of a Weibull law with this coefficient of variation: 1 + cv² = Γ(1 + 2/k)/Γ(1 + 1/k)², falling in k.
fn weibull_shape(cv: f64) -> f64 {
    let wanted = (1.0 + cv * cv).ln();
    let (mut low, mut high) = (0.1_f64, 100.0_f64);
    for _ in 0..100 {
        let k = (low * high).sqrt();
        if ln_gamma(1.0 + 2.0 / k) - 2.0 * ln_gamma(1.0 + 1.0 / k) > wanted { low = k } else { high = k }
    }
    (low * high).sqrt()
}

/// ln Γ(x) for x ≥ 1 by Stirling's series (Abramowitz and Stegun 6.1.40), lifted to arguments above 10.
fn ln_gamma(x: f64) -> f64 {
    let (mut x, mut product) = (x, 1.0);
    while x < 10.0 {
        product *= x;
        x += 1.0;
    }
    let inverse = 1.0 / x;
    let square = inverse * inverse;
    let series = inverse * (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square / 1680.0)));
    (x - 0.5) * x.ln() - x + 0.5 * std::f64::consts::TAU.ln() + series - product.ln()
}

/// Demand over time: constant within an hour and within a burst.
struct Clock {
    now: f64,
    rate: f64,
    day: Option<[f64; 24]>,
    burst: Option<Burst>,
    within: bool,
    turn: f64,
    rng: ChaCha8Rng,
}

impl Clock {
    fn new(stream: &Stream, rng: ChaCha8Rng) -> Clock {
        let day = stream.day.map(|day| {
            let mean = day.iter().sum::<f64>() / 24.0;
            day.map(|v| v / mean)
        });
        let outside = stream.burst.map_or(1.0, |b| {
            let share = b.share.fraction();
            1.0 / (1.0 - share + share * b.factor)
        });
        let rate = stream.rate * outside;
        let mut clock =
            Clock { now: 0.0, rate, day, burst: stream.burst, within: false, turn: f64::INFINITY, rng };
        if let Some(b) = clock.burst {
            let draw: f64 = Open01.sample(&mut clock.rng);
            clock.within = draw < b.share.fraction();
            clock.turn = clock.stay();
        }
        clock
    }

    /// When the present state ends.
    fn stay(&mut self) -> f64 {
        let Some(b) = self.burst else { return f64::INFINITY };
        let share = b.share.fraction();
        let mean = if self.within { b.length.s() } else { b.length.s() * (1.0 - share) / share };
        let draw: f64 = Exp1.sample(&mut self.rng);
        self.now + mean * draw
    }

    /// The time at which so many further arrivals are expected; `None` after the end.
    fn advance(&mut self, mut expected: f64, end: f64) -> Option<f64> {
        while self.now < end {
            let hour = (self.now / HOUR).floor();
            let level = self.day.map_or(1.0, |d| d[hour as usize % 24]);
            let burst = if self.within { self.burst.map_or(1.0, |b| b.factor) } else { 1.0 };
            let rate = self.rate * level * burst;
            let change = if self.day.is_some() { (hour + 1.0) * HOUR } else { f64::INFINITY };
            let until = change.min(self.turn).min(end);
            let reach = (until - self.now) * rate;
            if reach > expected {
                self.now += expected / rate;
                return Some(self.now);
            }
            expected -= reach;
            self.now = until;
            if until == self.turn {
                self.within = !self.within;
                self.turn = self.stay();
            }
        }
        None
    }
}

struct Lengths {
    body: LogNormal<f64>,
    tail: Pareto<f64>,
    tail_share: f64,
    answer: f64,
}

impl Lengths {
    fn new(mix: &LengthMix) -> Result<Lengths, StreamError> {
        let bad =
            |_| StreamError { what: "the mean prompt", value: mix.prompt, wanted: "one to a million tokens" };
        let share = mix.tail.fraction();
        let mean = mix.prompt / (1.0 - share + share * TAIL_START * TAIL_EXPONENT / (TAIL_EXPONENT - 1.0));
        let variance = (1.0 + mix.prompt_cv * mix.prompt_cv).ln();
        let body = LogNormal::new(mean.ln() - variance / 2.0, variance.sqrt()).map_err(bad)?;
        let tail = Pareto::new(TAIL_START * mean, TAIL_EXPONENT).map_err(|_| StreamError {
            what: "the mean prompt",
            value: mix.prompt,
            wanted: "one to a million tokens",
        })?;
        Ok(Lengths { body, tail, tail_share: share, answer: mix.answer })
    }

    fn draw(&self, rng: &mut ChaCha8Rng) -> (u32, u32) {
        let (which, part): (f64, f64) = (Open01.sample(rng), Open01.sample(rng));
        let prompt = if which < self.tail_share { self.tail.sample(rng) } else { self.body.sample(rng) };
        let answer =
            if self.answer > 1.0 { 1.0 + (part.ln() / (-1.0 / self.answer).ln_1p()).floor() } else { 1.0 };
        (prompt.round().clamp(1.0, LONGEST) as u32, answer.clamp(1.0, LONGEST) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gamma_function_and_weibull_shape() {
        assert!((ln_gamma(5.0) - 24.0_f64.ln()).abs() < 1e-12);
        assert!((ln_gamma(1.5) - (std::f64::consts::PI.sqrt() / 2.0).ln()).abs() < 1e-12);
        assert!((weibull_shape(1.0) - 1.0).abs() < 1e-9, "the exponential law");
    }
}

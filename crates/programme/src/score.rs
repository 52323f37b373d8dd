//! The award formula of the call with what is not known of it kept as ranges, and how stable a ranking is over them.
//!
//! Award = 0.5·X1 + 0.25·X2 + 0.25·X3 (call EUROHPC-2026-CEI-AIGF-01, quoted through third parties). How X1 splits into
//! criteria is public only in part, and points that evaluators give by judgement are not public at all: both are drawn.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Which of the three parts of the formula a criterion belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// Technical, impact and financial criteria.
    X1,
    /// Scale and level of service.
    X2,
    /// Cost-effectiveness.
    X3,
}

impl Part {
    /// All parts, in order.
    pub const ALL: [Part; 3] = [Part::X1, Part::X2, Part::X3];

    /// Name in the formula.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Part::X1 => "X1",
            Part::X2 => "X2",
            Part::X3 => "X3",
        }
    }
}

/// A range with a most likely value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// Lowest value.
    pub low: f64,
    /// Most likely value.
    pub mode: f64,
    /// Highest value.
    pub high: f64,
}

impl Range {
    /// A value without doubt.
    #[must_use]
    pub fn exactly(value: f64) -> Range {
        Range { low: value, mode: value, high: value }
    }

    /// The triangular quantile at `u` in [0, 1].
    #[must_use]
    pub fn at(self, u: f64) -> f64 {
        let width = self.high - self.low;
        if width <= 0.0 {
            return self.mode;
        }
        let split = (self.mode - self.low) / width;
        if u < split {
            self.low + (u * width * (self.mode - self.low)).sqrt()
        } else {
            self.high - ((1.0 - u) * width * (self.high - self.mode)).sqrt()
        }
    }
}

/// A criterion of the award.
#[derive(Debug, Clone, PartialEq)]
pub struct Criterion {
    /// Id, such as `x1-pue`.
    pub id: String,
    /// What it looks at.
    pub title: String,
    /// Its part of the formula.
    pub part: Part,
    /// Weight within its part; weights of a part are scaled to add up to one in every draw.
    pub weight: Range,
}

/// What a bid reaches in one criterion, from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Points {
    /// Computed from a figure of the bid.
    Known(f64),
    /// Given by evaluators, or resting on facts that are not public: anywhere in the range.
    Unknown(Range),
}

/// The formula.
#[derive(Debug, Clone, PartialEq)]
pub struct Formula {
    /// Weights of X1, X2 and X3.
    pub parts: [f64; 3],
    /// Criteria.
    pub criteria: Vec<Criterion>,
}

/// Why there are no scores.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScoreError {
    /// A bid has another number of points than there are criteria.
    #[error("bid {bid} has points for {found} of {criteria} criteria")]
    Points {
        /// Position of the bid.
        bid: usize,
        /// Points it has.
        found: usize,
        /// Criteria of the formula.
        criteria: usize,
    },
    /// Points or weights outside their range.
    #[error("points lie between 0 and 1, and weights are not negative: {0}")]
    Range(String),
}

/// One bid's place over all draws.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// Score with every range at its mode, from 0 to 1.
    pub score: f64,
    /// X1, X2 and X3 at the modes.
    pub parts: [f64; 3],
    /// P10, P50 and P90 of the score.
    pub band: [f64; 3],
    /// Rank at the modes, from 1.
    pub rank: usize,
    /// P10 and P90 of the rank.
    pub ranks: (usize, usize),
    /// Share of the draws in which it is first.
    pub first: f64,
    /// Share of the draws in which it is among the first `k`.
    pub in_top: f64,
}

/// The ranking over all draws.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranking {
    /// In the order of the bids.
    pub standings: Vec<Standing>,
    /// Share of pairs of bids whose order at the modes holds in at least nine of ten draws.
    pub stable_pairs: f64,
    /// Draws made.
    pub draws: usize,
}

impl Formula {
    fn check(&self, bids: &[Vec<Points>]) -> Result<(), ScoreError> {
        let bad = |r: &Range| !(r.low >= 0.0 && r.low <= r.mode && r.mode <= r.high && r.high.is_finite());
        if let Some(c) = self.criteria.iter().find(|c| bad(&c.weight)) {
            return Err(ScoreError::Range(c.id.clone()));
        }
        for (bid, points) in bids.iter().enumerate() {
            if points.len() != self.criteria.len() {
                return Err(ScoreError::Points { bid, found: points.len(), criteria: self.criteria.len() });
            }
            for (p, c) in points.iter().zip(&self.criteria) {
                let fine = match p {
                    Points::Known(x) => (0.0..=1.0).contains(x),
                    Points::Unknown(r) => !bad(r) && r.high <= 1.0,
                };
                if !fine {
                    return Err(ScoreError::Range(format!("bid {bid}, {}", c.id)));
                }
            }
        }
        Ok(())
    }

    /// Weight of each criterion in the award when weights stand at `raw` within their parts.
    fn weights(&self, raw: &[f64]) -> Vec<f64> {
        let mut sums = [0.0; 3];
        for (c, w) in self.criteria.iter().zip(raw) {
            sums[c.part as usize] += w;
        }
        self.criteria
            .iter()
            .zip(raw)
            .map(|(c, w)| {
                let sum = sums[c.part as usize];
                if sum > 0.0 { self.parts[c.part as usize] * w / sum } else { 0.0 }
            })
            .collect()
    }

    /// Scores and ranks all bids: at the modes, and over `draws` seeded draws of weights and unknown points.
    ///
    /// # Errors
    /// Where points are missing or outside their range.
    pub fn rank(
        &self,
        bids: &[Vec<Points>],
        top: usize,
        draws: usize,
        seed: u64,
    ) -> Result<Ranking, ScoreError> {
        self.check(bids)?;
        let n = bids.len();
        let modes: Vec<f64> = self.criteria.iter().map(|c| c.weight.mode).collect();
        let at_modes = self.weights(&modes);
        let mode = |p: &Points| match p {
            Points::Known(x) => *x,
            Points::Unknown(r) => r.mode,
        };
        let base: Vec<f64> =
            bids.iter().map(|b| b.iter().zip(&at_modes).map(|(p, w)| w * mode(p)).sum()).collect();
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut uniform = move || (f64::from(rng.next_u32()) + 0.5) / 4_294_967_296.0;
        let mut scores: Vec<Vec<f64>> = vec![Vec::with_capacity(draws); n];
        let mut ranks: Vec<Vec<u32>> = vec![Vec::with_capacity(draws); n];
        let order = order_of(&base);
        let mut holds = vec![0usize; n * n];
        let mut drawn = vec![0.0; n];
        for _ in 0..draws {
            let raw: Vec<f64> = self.criteria.iter().map(|c| c.weight.at(uniform())).collect();
            let weights = self.weights(&raw);
            for (score, points) in drawn.iter_mut().zip(bids) {
                *score = points
                    .iter()
                    .zip(&weights)
                    .map(|(p, w)| match p {
                        Points::Known(x) => w * x,
                        Points::Unknown(r) => w * r.at(uniform()),
                    })
                    .sum();
            }
            for (rank, bid) in order_of(&drawn).into_iter().enumerate() {
                ranks[bid].push(rank as u32 + 1);
                scores[bid].push(drawn[bid]);
            }
            for (i, a) in order.iter().enumerate() {
                for b in &order[i + 1..] {
                    holds[a * n + b] += usize::from(drawn[*a] >= drawn[*b]);
                }
            }
        }
        let pairs = n * n.saturating_sub(1) / 2;
        let firm = order
            .iter()
            .enumerate()
            .flat_map(|(i, a)| order[i + 1..].iter().map(move |b| (*a, *b)))
            .filter(|(a, b)| holds[a * n + b] * 10 >= draws * 9)
            .count();
        let mut place = vec![0; n];
        for (rank, bid) in order.iter().enumerate() {
            place[*bid] = rank + 1;
        }
        let standings = (0..n)
            .map(|i| {
                let mut parts = [0.0; 3];
                for ((c, p), w) in self.criteria.iter().zip(&bids[i]).zip(&at_modes) {
                    let share = self.parts[c.part as usize];
                    parts[c.part as usize] += if share > 0.0 { w * mode(p) / share } else { 0.0 };
                }
                scores[i].sort_by(f64::total_cmp);
                ranks[i].sort_unstable();
                let count = |most: u32| ranks[i].iter().take_while(|r| **r <= most).count() as f64;
                let share = |most: u32| if draws == 0 { 0.0 } else { count(most) / draws as f64 };
                Standing {
                    score: base[i],
                    parts,
                    band: [0.1, 0.5, 0.9].map(|q| quantile(&scores[i], q).copied().unwrap_or(base[i])),
                    rank: place[i],
                    ranks: (
                        quantile(&ranks[i], 0.1).map_or(place[i], |r| *r as usize),
                        quantile(&ranks[i], 0.9).map_or(place[i], |r| *r as usize),
                    ),
                    first: share(1),
                    in_top: share(top as u32),
                }
            })
            .collect();
        Ok(Ranking {
            standings,
            stable_pairs: if pairs == 0 { 1.0 } else { firm as f64 / pairs as f64 },
            draws,
        })
    }
}

/// Positions by falling score; equal scores keep their order.
fn order_of(scores: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b)));
    order
}

fn quantile<T>(sorted: &[T], q: f64) -> Option<&T> {
    sorted.get(((sorted.len().saturating_sub(1)) as f64 * q).round() as usize)
}

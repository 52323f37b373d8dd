//! What is asked: requests in the order of their arrival.

use gigatwin_quantity::Time;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// Picoseconds in a second: the engine's unit of time. 64 bits hold 213 days.
pub(crate) const PS: f64 = 1e12;

/// The stream of random numbers that draws which start a prompt has.
const PREFIX_STREAM: u64 = 4;

/// Picoseconds of a time, rounded; what is negative or not a number is zero.
pub(crate) fn ps(time: Time) -> u64 {
    (time.s() * PS).round() as u64
}

/// The time of so many picoseconds.
pub(crate) fn time(ps: u64) -> Time {
    Time::from_s(ps as f64 / PS)
}

/// One request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// Arrival in picoseconds after the start of the trace.
    pub arrival_ps: u64,
    /// Tokens of the prompt; at least one.
    pub prompt: u32,
    /// Tokens of the answer; at least one.
    pub answer: u32,
    /// Where its prefix blocks start in [`Trace::hashes`].
    pub(crate) hash_start: u32,
    /// How many full prefix blocks it has.
    pub(crate) hash_count: u32,
}

/// Requests in the order of their arrival.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trace {
    /// The requests.
    pub requests: Vec<Request>,
    /// Identities of prompt blocks, request after request; equal identities are equal prefixes.
    pub(crate) hashes: Vec<u64>,
    /// Tokens of one prompt block; zero where the trace knows no prefixes.
    pub(crate) hash_tokens: u32,
}

impl Trace {
    /// An empty trace whose prompt blocks have `hash_tokens` tokens (zero: no prefixes known).
    pub fn new(hash_tokens: u32) -> Trace {
        Trace { hash_tokens, ..Trace::default() }
    }

    /// Adds a request; `hashes` are the identities of its prompt blocks, of which only full ones are kept. Lengths of zero count as
    /// one, and an arrival before the last one as the last one: readers refuse both before.
    pub fn push(&mut self, arrival: Time, prompt: u32, answer: u32, hashes: &[u64]) {
        self.push_ps(ps(arrival), prompt, answer, hashes);
    }

    pub(crate) fn push_ps(&mut self, arrival_ps: u64, prompt: u32, answer: u32, hashes: &[u64]) {
        let prompt = prompt.max(1);
        let full = prompt.checked_div(self.hash_tokens).unwrap_or(0) as usize;
        let kept = &hashes[..hashes.len().min(full)];
        let last = self.requests.last().map_or(0, |r| r.arrival_ps);
        self.requests.push(Request {
            arrival_ps: arrival_ps.max(last),
            prompt,
            answer: answer.max(1),
            hash_start: self.hashes.len() as u32,
            hash_count: kept.len() as u32,
        });
        self.hashes.extend_from_slice(kept);
    }

    /// Lets prompts begin alike: the first `tokens` of each are those of one of `groups` starts, drawn evenly. Prompt blocks have `block`
    /// tokens from here on; identities that the trace had are lost.
    pub fn share_prefix(&mut self, tokens: u32, groups: u32, block: u32, seed: u64) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(PREFIX_STREAM);
        self.hash_tokens = block;
        self.hashes.clear();
        for request in &mut self.requests {
            let group = (u64::from(rng.next_u32()) * u64::from(groups.max(1))) >> 32;
            let full = tokens.min(request.prompt).checked_div(block).unwrap_or(0);
            (request.hash_start, request.hash_count) = (self.hashes.len() as u32, full);
            self.hashes.extend((0..u64::from(full)).map(|i| (group << 32) | i));
        }
    }

    /// The full prompt blocks of a request.
    pub fn hashes(&self, request: &Request) -> &[u64] {
        let start = request.hash_start as usize;
        &self.hashes[start..start + request.hash_count as usize]
    }

    /// The first `n` requests.
    #[must_use]
    pub fn first(mut self, n: usize) -> Trace {
        self.requests.truncate(n);
        self
    }

    /// From the first to the last arrival.
    pub fn span(&self) -> Time {
        match (self.requests.first(), self.requests.last()) {
            (Some(a), Some(b)) => time(b.arrival_ps - a.arrival_ps),
            _ => Time::ZERO,
        }
    }

    /// Tokens of the longest prompt with its answer.
    pub fn longest(&self) -> u64 {
        self.requests.iter().map(|r| u64::from(r.prompt) + u64::from(r.answer)).max().unwrap_or(0)
    }

    /// Mean prompt and answer in tokens; `None` for an empty trace.
    pub fn mean_lengths(&self) -> Option<crate::Lengths> {
        let n = self.requests.len() as f64;
        let sum = |f: fn(&Request) -> u32| self.requests.iter().map(|r| f64::from(f(r))).sum::<f64>();
        (n > 0.0).then(|| crate::Lengths { prompt: sum(|r| r.prompt) / n, answer: sum(|r| r.answer) / n })
    }

    /// Mean arrivals per second over the span; `None` below two requests or where all arrive at once.
    pub fn rate(&self) -> Option<f64> {
        let span = self.span().s();
        (span > 0.0).then(|| (self.requests.len() as f64 - 1.0) / span)
    }

    /// Squared coefficient of variation of the gaps between arrivals; `None` where [`Trace::rate`] is.
    pub fn arrival_cv2(&self) -> Option<f64> {
        let mean = 1.0 / self.rate()?;
        let gaps = self.requests.windows(2).map(|w| (w[1].arrival_ps - w[0].arrival_ps) as f64 / PS);
        let n = (self.requests.len() - 1) as f64;
        Some(gaps.map(|g| (g - mean) * (g - mean)).sum::<f64>() / n / (mean * mean))
    }
}

//! Open arrivals on a replica whose memory may be full: waiting for room, and prompts computed again.
//!
//! Requests in flight scatter around their mean. While all places are taken, new ones wait; and since an engine admits a prompt as soon
//! as its own blocks are free, answers then grow into each other and the last admitted gives way (recomputation, Kwon et al., SOSP
//! 2023). How often memory is full is the probability of waiting in a queue with as many servers as places, whose servers are slower
//! while all are taken, because they compute prompts again (Erlang's delay formula with a geometric tail of its own; for arrivals that
//! scatter otherwise than Poisson with servers and load over the peakedness, Hayward). How often a request gives way while memory is
//! full is that of a closed loop beyond its memory ([`crate::closed_within`]).

use gigatwin_quantity::{Share, Time};

use crate::deployment::EngineInputs;
use crate::error::{ServingError, positive};
use crate::queue::prompt_work;
use crate::steady::{Lengths, Steady, open, preempted_when_full};
use crate::step::StepModel;

/// Rounds of load against preemption.
const ROUNDS: usize = 12;
/// Share of the blocks kept free when a request is admitted beside others, and half of a block that its last one leaves empty, tokens
/// (vLLM's watermark and default block; [`crate::event`] has them too).
const WATERMARK: f64 = 0.01;
const HALF_BLOCK: f64 = 8.0;

/// Probability that an arrival waits in a queue with `servers` servers at an offered load of `load` servers, where work that waits is
/// done at `use_when_full` of what all servers do together. With `load / servers` that is Erlang C; more where full servers are slower.
/// Numbers of servers between two whole ones are interpolated in the logarithm.
pub fn waiting(servers: f64, load: f64, use_when_full: f64) -> f64 {
    if load <= 0.0 {
        return 0.0;
    }
    if use_when_full >= 1.0 {
        return 1.0;
    }
    let at = |n: f64| {
        // Erlang B by its recursion in the inverse; states beyond are geometric.
        let (mut inverse, mut k) = (1.0_f64, 1.0);
        while k <= n && inverse < 1e300 {
            inverse = 1.0 + k / load * inverse;
            k += 1.0;
        }
        let blocked = 1.0 / inverse;
        let full = blocked / (1.0 - use_when_full);
        full / (1.0 - blocked + full)
    };
    let (low, part) = (servers.floor(), servers.fract());
    if part == 0.0 || low < 1.0 {
        return at(servers.ceil().max(1.0));
    }
    (at(low).max(1e-300).ln() * (1.0 - part) + at(low + 1.0).max(1e-300).ln() * part).exp()
}

/// Open arrivals at `rate` requests per second on a replica that holds `tokens` of keys and values and runs at most `most` requests.
///
/// # Errors
/// [`ServingError::KvShort`] where not even one request fits; [`ServingError::Overload`] where the load with what is computed again
/// exceeds what the places or the prefill can carry.
pub fn open_within(
    step: &StepModel,
    lengths: &Lengths,
    inputs: &EngineInputs,
    tokens: f64,
    most: f64,
    rate: f64,
) -> Result<Steady, ServingError> {
    positive("largest batch", most)?;
    if tokens < lengths.total() {
        return Err(ServingError::KvShort { capacity: tokens, wanted: lengths.total() });
    }
    let by_memory = inputs.requests_held(lengths, tokens);
    let places = by_memory.min(most);
    let in_memory = by_memory < most;
    let clean = open(step, lengths, inputs, places, rate)?;
    let held = lengths.held();
    // Sums of requests of all ages scatter as if there were fewer of them: E[h²]/E[h]².
    let uneven = if in_memory { 1.0 + lengths.answer * lengths.answer / (12.0 * held * held) } else { 1.0 };
    let peak = (1.0 + (inputs.arrival_cv2 - 1.0) / (1.0 + inputs.prompt_cv2)).max(0.05);
    let scatter = peak * uneven;
    // A prompt waits where its own blocks are not free.
    let reached = if in_memory {
        let usable = inputs.tokens_without_sharing(lengths, tokens) * (1.0 - WATERMARK);
        ((usable - lengths.prompt) / (held + HALF_BLOCK) + 0.5).clamp(1.0, places)
    } else {
        places
    };
    // What a full replica carries, with the prompts that are computed again.
    let when_full = if in_memory { preempted_when_full(lengths, by_memory) } else { 0.0 };
    let work = prompt_work(step, lengths.prompt);
    let full_step = step.tpot(reached, lengths).s() + when_full * work * reached / lengths.answer;
    let capacity = reached / (lengths.answer * full_step);
    if rate >= capacity {
        return Err(ServingError::Overload { load: rate / capacity });
    }
    let (mut again, mut full, mut tpot) = (0.0, 0.0, clean.tpot.s());
    for _ in 0..ROUNDS {
        let load = rate * work;
        if load * (1.0 + again) >= 1.0 {
            return Err(ServingError::Overload { load: load * (1.0 + again) });
        }
        // Repeated prompts take their part of the steps, as first ones do.
        tpot = clean.tpot.s() * (1.0 - load) / (1.0 - load * (1.0 + again));
        let batch = rate * lengths.answer * tpot;
        full = waiting(reached / scatter, batch / scatter, rate / capacity);
        again = 0.5 * (again + full * when_full);
    }
    let batch = rate * lengths.answer * tpot;
    // What waits for a place, beyond what waits for prompts (Allen and Cunneen's factor: lengths scatter as the prompts do).
    let wait = full * 0.5 * (inputs.arrival_cv2 + inputs.prompt_cv2) / (capacity - rate);
    let mut found = clean;
    let load = rate * work * (1.0 + again);
    // Rarer than once in a billion requests is never.
    found.preemptions = if again > 1e-9 { again } else { 0.0 };
    found.tpot = Time::from_s(tpot);
    found.wait = clean.wait + Time::from_s(wait);
    found.ttft = clean.ttft + Time::from_s(wait);
    found.concurrency = batch + rate * found.ttft.s();
    found.prefill_load = Share::from_fraction(load);
    let busy = 1.0 - found.idle_share.fraction();
    found.prefill_share = Share::from_fraction(load.min(busy));
    found.decode_share = Share::from_fraction(busy - load.min(busy));
    Ok(found)
}

//! Steady states of one replica: closed loops (a fixed number of clients) and open arrivals.

use gigatwin_quantity::{Share, Time};

use crate::coefficients::FIRST_TOKEN_TERMS;
use crate::deployment::EngineInputs;
use crate::error::{ServingError, positive};
use crate::queue::{first_token, found_in_batch, prompt_work};
use crate::step::StepModel;

/// Mean lengths of the requests in tokens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lengths {
    /// Tokens of the prompt.
    pub prompt: f64,
    /// Tokens of the answer.
    pub answer: f64,
}

impl Lengths {
    /// Checks both to be positive.
    ///
    /// # Errors
    /// [`ServingError::NotPositive`].
    pub fn new(prompt: f64, answer: f64) -> Result<Lengths, ServingError> {
        Ok(Lengths { prompt: positive("prompt length", prompt)?, answer: positive("answer length", answer)? })
    }

    /// Tokens a request holds when it ends.
    pub fn total(&self) -> f64 {
        self.prompt + self.answer
    }

    /// Tokens a request holds on average while it decodes.
    pub fn held(&self) -> f64 {
        self.prompt + self.answer / 2.0
    }
}

/// One replica in equilibrium. Means, unless said otherwise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Steady {
    /// Requests in the replica, waiting ones included.
    pub concurrency: f64,
    /// Time per output token after the first.
    pub tpot: Time,
    /// Time to the first token.
    pub ttft: Time,
    /// Of it, waiting for other prompts.
    pub wait: Time,
    /// Share of the time that prompts keep the replica busy.
    pub prefill_load: Share,
    /// Requests per second.
    pub requests_per_s: f64,
    /// Output tokens per second.
    pub output_per_s: f64,
    /// Output tokens per second and chip.
    pub output_per_s_chip: f64,
    /// Share of the time spent on prompts.
    pub prefill_share: Share,
    /// Share of the time spent on decoding.
    pub decode_share: Share,
    /// Share of the time without a request.
    pub idle_share: Share,
    /// Preemptions per request.
    pub preemptions: f64,
}

impl Steady {
    #[allow(clippy::too_many_arguments)] // called twice, each argument another fact
    fn new(
        step: &StepModel,
        lengths: &Lengths,
        concurrency: f64,
        tpot: Time,
        ttft: Time,
        wait: Time,
        rate: f64,
        load: f64,
        idle: f64,
    ) -> Steady {
        let busy = 1.0 - idle;
        let prefill = load.min(busy);
        let output = rate * lengths.answer;
        Steady {
            concurrency,
            tpot,
            ttft,
            wait,
            prefill_load: Share::from_fraction(load),
            requests_per_s: rate,
            output_per_s: output,
            output_per_s_chip: output / f64::from(step.deployment().chips()),
            prefill_share: Share::from_fraction(prefill),
            decode_share: Share::from_fraction(busy - prefill),
            idle_share: Share::from_fraction(idle),
            preemptions: 0.0,
        }
    }
}

/// Requests that an arriving prompt finds at the prefill of a closed loop of `clients`, by exact mean-value analysis of one
/// queueing station (prefill) and one delay (decoding), Reiser and Lavenberg, J. ACM 27 (1980) 313. Long loops are cut: past 512
/// clients the recursion starts from its saturated asymptote.
pub fn found_at_prefill(service: f64, delay: f64, clients: f64) -> f64 {
    let n = clients.round().max(1.0);
    let first = (n - 512.0).max(0.0);
    let mut queue = (first - delay / service).max(0.0);
    let mut found = queue;
    let mut k = first;
    while k < n {
        k += 1.0;
        found = queue;
        let residence = service * (1.0 + queue);
        queue = k * residence / (residence + delay);
    }
    found
}

/// The terms of the mean time to the first token in a closed loop: prefill, one step, one, the wait for prompts before, and the work
/// of all others (clients that start together wait for each other, which a run of ten rounds still shows). The work of a prompt is
/// counted at the rate of all chips of a stage, so copies of the attention do not divide the clients.
pub fn first_token_terms(
    step: &StepModel,
    lengths: &Lengths,
    clients: f64,
    tpot: Time,
) -> [f64; FIRST_TOKEN_TERMS] {
    let service = step.prefill(lengths.prompt).s();
    let found = found_at_prefill(service, lengths.answer * tpot.s(), clients);
    [service, tpot.s(), 1.0, service * found, service * (clients - 1.0).max(0.0)]
}

/// A closed loop: `clients` each send the next request when the answer is complete. Memory is not looked at:
/// [`closed_within`] does.
///
/// # Errors
/// Where lengths or clients are not positive.
pub fn closed(step: &StepModel, lengths: &Lengths, clients: f64) -> Result<Steady, ServingError> {
    positive("number of clients", clients)?;
    Lengths::new(lengths.prompt, lengths.answer)?;
    let tpot = step.tpot(clients, lengths);
    let terms = first_token_terms(step, lengths, clients, tpot);
    let part = |i: usize| terms[i] * step.first_token[i];
    let wait = part(3) + part(4);
    let ttft = part(0) + part(1) + part(2) + wait;
    // Little's law: clients = rate × (time to the first token + time of the other tokens).
    let rate = clients / (ttft + (lengths.answer - 1.0).max(0.0) * tpot.s());
    let load = rate * step.prefill(lengths.prompt).s();
    Ok(Steady::new(step, lengths, clients, tpot, Time::from_s(ttft), Time::from_s(wait), rate, load, 0.0))
}

/// A closed loop on a replica that holds `tokens` of keys and values and runs at most `most` requests: clients beyond what fits wait.
///
/// An engine that admits a prompt as soon as its blocks are free preempts, and computes the prompt once more (vLLM recomputes, Kwon et
/// al., SOSP 2023). How often comes from the module `event`, whose replays the formula in the function reproduces within 15 % for
/// constant lengths.
///
/// # Errors
/// As [`closed`]; [`ServingError::KvShort`] where not even one request fits.
pub fn closed_within(
    step: &StepModel,
    lengths: &Lengths,
    clients: f64,
    tokens: f64,
    most: f64,
) -> Result<Steady, ServingError> {
    positive("number of clients", clients)?;
    positive("largest batch", most)?;
    if tokens < lengths.total() {
        return Err(ServingError::KvShort { capacity: tokens, wanted: lengths.total() });
    }
    let by_memory = tokens / lengths.held();
    let running = by_memory.min(most);
    if clients <= running {
        return closed(step, lengths, clients);
    }
    let preempted = if by_memory < most { preempted_when_full(lengths, by_memory) } else { 0.0 };
    let clean = step.tpot(running, lengths);
    // Repeated prompts lengthen the steps as first ones do: by their work for each answer.
    let again = preempted * prompt_work(step, lengths.prompt) * running / lengths.answer;
    let tpot = Time::from_s(clean.s() + again);
    let service = step.prefill(lengths.prompt).s();
    let rate = running / (lengths.answer * tpot.s());
    let ttft = clients / rate - (lengths.answer - 1.0).max(0.0) * tpot.s();
    let alone = service * step.first_token[0] + tpot.s() * step.first_token[1] + step.first_token[2];
    let mut found = Steady::new(
        step,
        lengths,
        clients,
        tpot,
        Time::from_s(ttft),
        Time::from_s((ttft - alone).max(0.0)),
        rate,
        rate * service * (1.0 + preempted),
        0.0,
    );
    found.preemptions = preempted;
    Ok(found)
}

/// How often a request gives way while memory that holds `places` mean requests is full. Each completion frees a prompt and an answer;
/// what is let in beyond one prompt gives way as the batch grows. Coefficients read off replays of 20 to 100 requests in memory and
/// answers of 0.2 to 10 prompts.
pub(crate) fn preempted_when_full(lengths: &Lengths, places: f64) -> f64 {
    let ratio = lengths.answer / lengths.prompt;
    ratio / (places.powf(0.35) * (0.46 + 0.054 * ratio))
}

/// Open arrivals at `rate` requests per second. The number in service follows from Little's law on the decode phase, whose tokens find
/// more than the mean where arrivals scatter; the first token from the module `queue`; an empty replica is as likely as in M/G/∞.
///
/// # Errors
/// [`ServingError::Overload`] where the load exceeds what `max_batch` requests in flight or the prefill can carry.
pub fn open(
    step: &StepModel,
    lengths: &Lengths,
    inputs: &EngineInputs,
    max_batch: f64,
    rate: f64,
) -> Result<Steady, ServingError> {
    positive("request rate", rate)?;
    positive("largest batch", max_batch)?;
    Lengths::new(lengths.prompt, lengths.answer)?;
    let work = prompt_work(step, lengths.prompt);
    let load = rate * work;
    let in_flight =
        |batch: f64| rate * lengths.answer * seen(step, lengths, inputs, batch, load.min(0.999)).s();
    if load >= 1.0 || in_flight(max_batch) > max_batch {
        return Err(ServingError::Overload { load: (in_flight(max_batch) / max_batch).max(load) });
    }
    let (mut low, mut high) = (0.0, max_batch);
    for _ in 0..40 {
        let middle = 0.5 * (low + high);
        if in_flight(middle) > middle {
            low = middle;
        } else {
            high = middle;
        }
    }
    Ok(at_batch(step, lengths, inputs, high, rate))
}

/// Time per token as its tokens see it, where `batch` requests decode on average and prompts take `load` of the time.
fn seen(step: &StepModel, lengths: &Lengths, inputs: &EngineInputs, batch: f64, load: f64) -> Time {
    Time::from_s(step.pure_decode(found_in_batch(batch, inputs), lengths).s() / (1.0 - load))
}

/// The open steady state with `batch` requests decoding at `rate`; the two must satisfy Little's law and the load be under one.
pub(crate) fn at_batch(
    step: &StepModel,
    lengths: &Lengths,
    inputs: &EngineInputs,
    batch: f64,
    rate: f64,
) -> Steady {
    let first = first_token(step, lengths, inputs, lengths.prompt, batch, rate);
    let tpot = seen(step, lengths, inputs, batch, first.load.min(1.0 - 1e-9));
    let present = batch + rate * first.total().s();
    Steady::new(
        step,
        lengths,
        present,
        tpot,
        first.total(),
        Time::from_s(first.wait()),
        rate,
        first.load,
        (-present).exp(),
    )
}

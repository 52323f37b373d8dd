//! The replay: arrivals, routing, and the replicas' steps in the order of time.

use super::costs::{KvTransfer, StepCosts};
use super::heap::{Event, Events};
use super::jump::LONGEST;
use super::outcome::Replay;
use super::replica::{Done, Limits, Live, Replica, Role, Work};
use super::request::Trace;

/// Replicas of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Pool {
    /// Step times of one replica.
    pub costs: StepCosts,
    /// Number of replicas.
    pub replicas: u32,
    /// Chips of one replica.
    pub chips: u32,
    /// Tokens of keys and values that one replica holds ([`crate::Memory::tokens`]).
    pub kv_tokens: u64,
    /// Most requests running in one replica; no more than the costs were sampled for.
    pub max_batch: u32,
    /// Tokens, decoded ones included, that one step takes in.
    pub chunk_tokens: u32,
}

/// Who does what.
#[derive(Debug, Clone, PartialEq)]
pub enum Pools {
    /// Each replica takes in prompts and decodes.
    Aggregated(Pool),
    /// Prompts and answers on separate replicas.
    Disaggregated {
        /// Takes in prompts and makes the first token.
        prefill: Pool,
        /// Makes the others.
        decode: Pool,
        /// The way between them.
        transfer: KvTransfer,
    },
}

/// Which replica gets a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Routing {
    /// One after another.
    RoundRobin,
    /// The one with the fewest requests that are not complete.
    LeastLoaded,
    /// The one that knows most of the prompt, unless loads differ by more than a third and 32 requests; then the least loaded.
    PrefixAware,
}

/// When requests are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// When the trace says.
    Open,
    /// Each of so many clients sends the next of the trace when its answer is complete.
    Closed {
        /// Clients.
        clients: u32,
    },
}

/// All about a replay but the requests.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplayInputs {
    /// The replicas.
    pub pools: Pools,
    /// Tokens of one block of keys and values.
    pub block_tokens: u32,
    /// Routing.
    pub routing: Routing,
    /// Whether equal prefixes are kept and reused.
    pub prefix_caching: bool,
    /// When requests are sent.
    pub source: Source,
    /// Whether decode steps are taken many at a time. The results are the same; only tests turn it off.
    pub macro_steps: bool,
}

/// Why a replay is impossible.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayError {
    /// Zero of something.
    #[error("{0} must be at least one")]
    Zero(&'static str),
    /// Prefix blocks are not made of whole key-value blocks.
    #[error("prompt blocks of {prefix} tokens are no multiple of key-value blocks of {block}")]
    Blocks {
        /// Tokens of a prompt block of the trace.
        prefix: u32,
        /// Tokens of a block of the engine.
        block: u32,
    },
    /// The clock runs out.
    #[error("the replay passes 150 days: the load is far beyond what the replicas carry")]
    TooLong,
}

/// Where the clock ends, far before it overflows.
const CLOCK_END: u64 = 150 * 86_400 * 1_000_000_000_000;
/// What a boundary causes elsewhere happens a picosecond later at the earliest: else it would depend on the order of replicas that have a
/// boundary at the same instant whether they see it.
const LATER: u64 = 1;
/// Loads that differ by more count as unbalanced.
const UNBALANCED: u64 = 32;

struct Engine<'a> {
    replicas: Vec<Replica<'a>>,
    entry: std::ops::Range<usize>,
    decode: std::ops::Range<usize>,
    transfer: Option<KvTransfer>,
    routing: Routing,
    turn: usize,
    events: Events,
    done: Vec<Done>,
    work: Work<'a>,
    client_latency: &'a StepCosts,
    closed: bool,
    next: usize,
}

/// Replays a trace.
///
/// # Errors
/// [`ReplayError`] where the inputs contradict each other.
pub fn replay(trace: &Trace, inputs: &ReplayInputs) -> Result<Replay, ReplayError> {
    let mut engine = Engine::new(trace, inputs)?;
    engine.run()?;
    Ok(Replay::new(trace, &engine.work.live, &engine.replicas, inputs))
}

fn limits(pool: &Pool, inputs: &ReplayInputs, trace: &Trace) -> Result<Limits, ReplayError> {
    let one = |value: u64, what| if value == 0 { Err(ReplayError::Zero(what)) } else { Ok(value) };
    let block_tokens = one(u64::from(inputs.block_tokens), "the block size")?;
    one(u64::from(pool.replicas), "the number of replicas")?;
    let mut per_prefix = 0;
    if inputs.prefix_caching && trace.hash_tokens > 0 {
        if !trace.hash_tokens.is_multiple_of(inputs.block_tokens) {
            return Err(ReplayError::Blocks { prefix: trace.hash_tokens, block: inputs.block_tokens });
        }
        per_prefix = u64::from(trace.hash_tokens / inputs.block_tokens);
    }
    Ok(Limits {
        blocks: one(pool.kv_tokens / block_tokens, "the number of key-value blocks")?,
        block_tokens,
        max_batch: one(u64::from(pool.max_batch.min(pool.costs.max_batch())), "the largest batch")?,
        chunk: one(u64::from(pool.chunk_tokens), "the prefill chunk")?,
        per_prefix,
        longest_jump: if inputs.macro_steps { LONGEST } else { 1 },
    })
}

impl<'a> Engine<'a> {
    fn new(trace: &'a Trace, inputs: &'a ReplayInputs) -> Result<Engine<'a>, ReplayError> {
        let pools: Vec<(&Pool, Role)> = match &inputs.pools {
            Pools::Aggregated(pool) => vec![(pool, Role::Whole)],
            Pools::Disaggregated { prefill, decode, .. } => {
                vec![(prefill, Role::Prefill), (decode, Role::Decode)]
            }
        };
        let mut replicas = Vec::new();
        for (pool, role) in &pools {
            let limits = limits(pool, inputs, trace)?;
            for _ in 0..pool.replicas {
                replicas.push(Replica::new(*role, &pool.costs, limits));
            }
        }
        let entry = 0..pools[0].0.replicas as usize;
        let transfer = match &inputs.pools {
            Pools::Aggregated(_) => None,
            Pools::Disaggregated { transfer, .. } => Some(*transfer),
        };
        let mut live = vec![Live::default(); trace.requests.len()];
        for (l, r) in live.iter_mut().zip(&trace.requests) {
            l.target = r.prompt;
        }
        let mut engine = Engine {
            decode: entry.end..replicas.len(),
            entry,
            replicas,
            transfer,
            routing: inputs.routing,
            turn: 0,
            events: Events::default(),
            done: Vec::new(),
            work: Work { trace, live },
            client_latency: &pools[0].0.costs,
            closed: matches!(inputs.source, Source::Closed { .. }),
            next: 0,
        };
        if let Source::Closed { clients } = inputs.source {
            if clients == 0 {
                return Err(ReplayError::Zero("the number of clients"));
            }
            for _ in 0..clients {
                engine.send_next(0);
            }
        }
        Ok(engine)
    }

    /// In a closed loop: the next request of the trace is sent.
    fn send_next(&mut self, at: u64) {
        if self.next < self.work.trace.requests.len() {
            self.events.push(at, Event::Sent(self.next as u32));
            self.next += 1;
        }
    }

    fn run(&mut self) -> Result<(), ReplayError> {
        loop {
            if !self.closed
                && let Some(request) = self.work.trace.requests.get(self.next)
                && self.events.next_time().is_none_or(|t| request.arrival_ps <= t)
            {
                let (at, id) = (request.arrival_ps, self.next as u32);
                self.next += 1;
                self.arrive(at, id);
                continue;
            }
            let Some((at, event)) = self.events.pop() else { return Ok(()) };
            if at > CLOCK_END {
                return Err(ReplayError::TooLong);
            }
            match event {
                Event::Sent(id) => self.arrive(at, id),
                Event::Moved(id) => self.moved(at, id),
                Event::Boundary { replica, version } => self.boundary(at, replica as usize, version),
            }
        }
    }

    fn arrive(&mut self, at: u64, id: u32) {
        self.work.live[id as usize].sent_ps = at;
        let request = self.work.trace.requests[id as usize];
        // The last output token is never held.
        let most = u64::from(request.prompt) + u64::from(request.answer) - 1;
        let fits = |r: &Replica<'_>, tokens: u64| tokens.div_ceil(r.limits.block_tokens) <= r.limits.blocks;
        let entry = &self.replicas[self.entry.start];
        let refused = match self.transfer {
            None => !fits(entry, most),
            Some(_) => {
                !fits(entry, u64::from(request.prompt)) || !fits(&self.replicas[self.decode.start], most)
            }
        };
        if refused {
            if self.closed {
                self.send_next(at);
            }
            return;
        }
        let chosen = self.route(at, id);
        self.work.live[id as usize].replica = chosen as u32;
        self.hand_over(at, chosen, id);
    }

    fn route(&mut self, at: u64, id: u32) -> usize {
        let entry = self.entry.clone();
        if entry.len() == 1 {
            return entry.start;
        }
        match self.routing {
            Routing::RoundRobin => {
                let chosen = entry.start + self.turn % entry.len();
                self.turn += 1;
                chosen
            }
            Routing::LeastLoaded => self.least_loaded(entry),
            Routing::PrefixAware => {
                let loads = || self.replicas[self.entry.clone()].iter().map(|r| r.outstanding);
                let (least, most) = (loads().min().unwrap_or(0), loads().max().unwrap_or(0));
                if most > least + UNBALANCED && 3 * most > 4 * least {
                    return self.least_loaded(entry);
                }
                let identities = self.work.trace.hashes(&self.work.trace.requests[id as usize]);
                let mut best = (0, u64::MAX, entry.start);
                for i in entry {
                    let replica = &mut self.replicas[i];
                    replica.settle(at, &self.work);
                    let (known, load) = (replica.cache.matched(identities), replica.outstanding);
                    if known > best.0 || (known == best.0 && load < best.1) {
                        best = (known, load, i);
                    }
                }
                best.2
            }
        }
    }

    fn least_loaded(&self, range: std::ops::Range<usize>) -> usize {
        let start = range.start;
        range.min_by_key(|i| (self.replicas[*i].outstanding, *i)).unwrap_or(start)
    }

    /// A replica gets a request; it looks at it at its next boundary.
    fn hand_over(&mut self, at: u64, chosen: usize, id: u32) {
        let replica = &mut self.replicas[chosen];
        replica.outstanding += 1;
        // A request that waits already waits for a completion: then another one changes nothing.
        let first = replica.waiting.is_empty();
        replica.waiting.push_back(id);
        if first {
            self.wake(at, chosen);
        }
    }

    fn wake(&mut self, at: u64, chosen: usize) {
        let replica = &mut self.replicas[chosen];
        let when = if replica.pending.is_none() { Some(at) } else { replica.cut(at) };
        if let Some(when) = when {
            replica.version += 1;
            let event = Event::Boundary { replica: chosen as u32, version: replica.version };
            self.events.push(when, event);
        }
    }

    /// Keys and values have arrived at a decode replica.
    fn moved(&mut self, at: u64, id: u32) {
        let from = self.work.live[id as usize].replica as usize;
        let live = self.work.live[id as usize];
        let shared = live.shared;
        self.replicas[from].return_held(&self.work, id, u64::from(live.target), shared);
        self.replicas[from].outstanding -= 1;
        if self.replicas[from].pending.is_none() && !self.replicas[from].waiting.is_empty() {
            self.wake(at, from);
        }
        let chosen = match self.routing {
            Routing::RoundRobin => self.decode.start + id as usize % self.decode.len(),
            _ => self.least_loaded(self.decode.clone()),
        };
        let live = &mut self.work.live[id as usize];
        (live.shared, live.ready, live.replica) = (0, true, chosen as u32);
        self.hand_over(at, chosen, id);
    }

    fn boundary(&mut self, at: u64, number: usize, version: u32) {
        if self.replicas[number].version != version {
            return;
        }
        let mut done = std::mem::take(&mut self.done);
        self.replicas[number].commit(&mut self.work, &mut done);
        for outcome in done.drain(..) {
            match outcome {
                Done::Finished(id) => {
                    self.replicas[number].outstanding -= 1;
                    if self.closed {
                        let prompt = self.work.trace.requests[id as usize].prompt;
                        self.send_next(at + self.client_latency.latency(u64::from(prompt)).max(LATER));
                    }
                }
                Done::Prefilled(id) => {
                    let tokens = u64::from(self.work.live[id as usize].target);
                    let way = self.transfer.map_or(0, |t| t.ps(tokens));
                    self.events.push(at + way.max(LATER), Event::Moved(id));
                }
            }
        }
        self.done = done;
        let replica = &mut self.replicas[number];
        replica.version += 1;
        if let Some(end) = replica.plan(at, &mut self.work) {
            let event = Event::Boundary { replica: number as u32, version: replica.version };
            self.events.push(end, event);
        }
    }
}

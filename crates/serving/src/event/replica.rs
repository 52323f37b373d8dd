//! One replica: the batch it decodes, the prompts it takes in, the blocks it holds.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::cache::PrefixCache;
use super::costs::StepCosts;
use super::jump::Jump;
use super::request::Trace;

/// What a replica does for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Prompt and answer.
    Whole,
    /// The prompt and the first token; keys and values then move on.
    Prefill,
    /// The rest of the answer.
    Decode,
}

/// How far a request is, and what became of it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Live {
    /// Number of its admission on its replica; zero while it does not run.
    pub seq: u32,
    /// Output tokens made before it last began to decode.
    pub generated: u32,
    /// Tokens to compute before the next output token, and how many of them are.
    pub target: u32,
    pub done: u32,
    /// Prefix blocks in use.
    pub shared: u32,
    /// Tokens held when it began to decode, and the replica's decode step then.
    held: u32,
    since: u64,
    decoding: bool,
    /// Keys and values have come from a prefill replica.
    pub ready: bool,
    pub sent_ps: u64,
    pub first_ps: u64,
    pub finish_ps: u64,
    pub finished: bool,
    pub preempted: u32,
    pub cached: u32,
    pub replica: u32,
}

/// The requests of a replay.
#[derive(Debug)]
pub(crate) struct Work<'a> {
    pub trace: &'a Trace,
    pub live: Vec<Live>,
}

/// What has come of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Done {
    Finished(u32),
    /// The prompt is taken in on a prefill replica.
    Prefilled(u32),
}

/// Sums over time. Whole numbers, so that they do not depend on how steps are grouped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub decode_ps: u64,
    pub prompt_ps: u64,
    pub token_time: u128,
    pub batch_time: u128,
    pub steps: u64,
    pub decode_tokens: u64,
    pub prompt_tokens: u64,
    pub cached_tokens: u64,
    pub blocks_taken: u64,
    pub blocks_returned: u64,
    pub peak_blocks: u64,
    pub preemptions: u64,
}

/// A run of steps under way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pending {
    pub start: u64,
    pub steps: u64,
    pub jump: Jump,
    /// Work of prompts, in a single step.
    pub prompts: u64,
}

impl Pending {
    pub fn end(&self) -> u64 {
        self.start + self.jump.duration(self.steps) + self.prompts
    }
}

/// Limits of a replica.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub blocks: u64,
    pub block_tokens: u64,
    pub max_batch: u64,
    pub chunk: u64,
    /// Engine blocks in one prefix block; zero without prefix caching.
    pub per_prefix: u64,
    pub longest_jump: u64,
}

#[derive(Debug)]
pub(crate) struct Replica<'c> {
    pub role: Role,
    pub version: u32,
    pub costs: &'c StepCosts,
    pub limits: Limits,
    pub outstanding: u64,
    pub tally: Tally,
    pub waiting: VecDeque<u32>,
    pub prefilling: VecDeque<u32>,
    pub pending: Option<Pending>,
    /// Parts of prompts in the pending step: request and tokens.
    pub parts: Vec<(u32, u32)>,
    pub cache: PrefixCache,
    pub used: u64,
    pub seq: u32,
    /// Decode steps so far.
    pub step: u64,
    pub batch: u64,
    /// Running requests by admission; entries of requests that no longer run are void.
    pub order: Vec<(u32, u32)>,
    /// Tokens that requests in prefill hold.
    pub reserved: u64,
    /// Tokens of prefix blocks in use, each once, and summed over the requests that use them.
    pub prefix_once: u64,
    pub prefix_all: u64,
    context: u64,
    window_context: u64,
    growing: u64,
    phases: Vec<u64>,
    ends: BinaryHeap<Reverse<(u64, u32, u32)>>,
    crossings: BinaryHeap<Reverse<(u64, u32, u32)>>,
}

impl<'c> Replica<'c> {
    pub fn new(role: Role, costs: &'c StepCosts, limits: Limits) -> Replica<'c> {
        Replica {
            role,
            version: 0,
            costs,
            limits,
            outstanding: 0,
            tally: Tally::default(),
            waiting: VecDeque::new(),
            prefilling: VecDeque::new(),
            pending: None,
            parts: Vec::new(),
            cache: PrefixCache::default(),
            used: 0,
            seq: 0,
            step: 0,
            batch: 0,
            order: Vec::new(),
            reserved: 0,
            prefix_once: 0,
            prefix_all: 0,
            context: 0,
            window_context: 0,
            growing: 0,
            phases: vec![0; limits.block_tokens as usize],
            ends: BinaryHeap::new(),
            crossings: BinaryHeap::new(),
        }
    }

    pub fn free(&self) -> u64 {
        self.limits.blocks - self.used
    }

    pub fn take_blocks(&mut self, blocks: u64) {
        self.used += blocks;
        self.tally.blocks_taken += blocks;
        self.tally.peak_blocks = self.tally.peak_blocks.max(self.used);
        if let Some(room) = self.free().checked_div(self.limits.per_prefix) {
            self.cache.shrink(room);
        }
    }

    fn return_blocks(&mut self, blocks: u64) {
        self.used -= blocks;
        self.tally.blocks_returned += blocks;
    }

    /// Tokens of one prefix block.
    pub fn prefix_tokens(&self) -> u64 {
        self.limits.per_prefix * self.limits.block_tokens
    }

    /// Blocks that the next `k` decode steps need.
    pub fn growth(&self, k: u64) -> u64 {
        let size = self.limits.block_tokens;
        let partial = (0..k % size).map(|i| self.phases[((self.step + i) % size) as usize]);
        self.batch * (k / size) + partial.sum::<u64>()
    }

    /// The most decode steps, at most `most`, for which there are blocks.
    fn steps_in_memory(&self, most: u64) -> u64 {
        let size = self.limits.block_tokens;
        let free = self.free();
        let rounds = free.checked_div(self.batch).unwrap_or(u64::MAX);
        if rounds >= most.div_ceil(size) {
            return most;
        }
        let mut left = free - rounds * self.batch;
        let mut k = rounds * size;
        while k < most {
            let need = self.phases[(k.wrapping_add(self.step) % size) as usize];
            if need > left {
                break;
            }
            left -= need;
            k += 1;
        }
        k.min(most)
    }

    /// The decode part of steps from here on.
    pub fn jump(&self) -> Jump {
        let c = self.costs;
        Jump {
            first: c.fixed(self.batch) + c.kv * self.context + c.kv_window * self.window_context,
            growth: c.kv * self.batch + c.kv_window * self.growing,
            held: self.context + self.reserved + self.prefix_once - self.prefix_all,
            batch: self.batch,
        }
    }

    /// Decode steps that can be taken at once: until a request ends, crosses a window, or blocks run out.
    pub fn longest(&mut self, work: &Work<'_>) -> u64 {
        let mut most = self.limits.longest_jump;
        for heap in [&mut self.ends, &mut self.crossings] {
            while let Some(Reverse((at, seq, id))) = heap.peek() {
                if work.live[*id as usize].seq == *seq {
                    most = most.min(at - self.step);
                    break;
                }
                heap.pop();
            }
        }
        self.steps_in_memory(most).max(1)
    }

    /// A request begins to decode.
    pub fn join(&mut self, work: &mut Work<'_>, id: u32) {
        let answer = work.trace.requests[id as usize].answer;
        let window = self.costs.window;
        let live = &mut work.live[id as usize];
        (live.held, live.since, live.decoding) = (live.target, self.step, true);
        let held = u64::from(live.held);
        self.batch += 1;
        self.context += held;
        self.window_context += held.min(window);
        let phase = self.phase(live);
        self.phases[phase] += 1;
        let left = u64::from(answer.saturating_sub(live.generated));
        self.ends.push(Reverse((self.step + left, live.seq, id)));
        if held < window {
            self.growing += 1;
            if window < u64::MAX {
                self.crossings.push(Reverse((self.step + window - held, live.seq, id)));
            }
        }
    }

    /// Decode steps at which a request needs a block, modulo the size of a block.
    fn phase(&self, live: &Live) -> usize {
        let size = self.limits.block_tokens;
        ((live.since % size + size - u64::from(live.held) % size) % size) as usize
    }

    /// A request stops to run here; its blocks are free again.
    pub fn leave(&mut self, work: &mut Work<'_>, id: u32) {
        let live = &mut work.live[id as usize];
        let mut held = u64::from(live.target);
        if live.decoding {
            let steps = self.step - live.since;
            held = u64::from(live.held) + steps;
            live.generated += steps as u32;
            let window = self.costs.window;
            self.batch -= 1;
            self.context -= held;
            self.window_context -= held.min(window);
            self.growing -= u64::from(held < window);
            let phase = self.phase(live);
            self.phases[phase] -= 1;
        } else {
            self.reserved -= held;
        }
        let shared = live.shared;
        (live.decoding, live.seq, live.shared) = (false, 0, 0);
        self.prefix_all -= u64::from(shared) * self.prefix_tokens();
        self.return_held(work, id, held, shared);
    }

    /// Returns the blocks of `held` tokens of a request of which `shared` prefix blocks are shared.
    pub fn return_held(&mut self, work: &Work<'_>, id: u32, held: u64, shared: u32) {
        let ratio = self.limits.per_prefix;
        let own = held.div_ceil(self.limits.block_tokens) - u64::from(shared) * ratio;
        let identities = &work.trace.hashes(&work.trace.requests[id as usize])[..shared as usize];
        let freed = self.cache.release(identities) * ratio;
        self.prefix_once -= freed * self.limits.block_tokens;
        self.return_blocks(own + freed);
    }

    /// Takes `k` decode steps.
    pub fn decode(&mut self, work: &Work<'_>, k: u64) {
        if self.batch == 0 {
            return;
        }
        let blocks = self.growth(k);
        self.take_blocks(blocks);
        self.context += k * self.batch;
        self.window_context += k * self.growing;
        self.tally.decode_tokens += k * self.batch;
        self.step += k;
        while let Some(Reverse((at, seq, id))) = self.crossings.peek().copied() {
            if at > self.step {
                break;
            }
            self.crossings.pop();
            if work.live[id as usize].seq == seq {
                self.growing -= 1;
            }
        }
    }

    /// A request whose answer is complete, if there is one.
    pub fn ended(&mut self, work: &Work<'_>) -> Option<u32> {
        while let Some(Reverse((at, seq, id))) = self.ends.peek().copied() {
            if at > self.step {
                return None;
            }
            self.ends.pop();
            if work.live[id as usize].seq == seq {
                return Some(id);
            }
        }
        None
    }
}

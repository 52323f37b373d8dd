//! What a replay gives: each request, and percentiles over all.

use gigatwin_quantity::{Share, Time};

use super::replay::{Pool, Pools, ReplayInputs};
use super::replica::{Live, Replica, Tally};
use super::request::{PS, Trace, time};

/// What became of one request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RequestOutcome {
    /// When it was sent, after the start of the trace.
    pub sent: Time,
    /// Tokens of prompt and answer.
    pub prompt: u32,
    /// Tokens of the answer.
    pub answer: u32,
    /// Replica that made its answer.
    pub replica: u32,
    /// From sending to the first token, at the client; `None` where no replica can ever hold the request.
    pub ttft: Option<Time>,
    /// Mean time per output token after the first; `None` for answers of one token and refused requests.
    pub tpot: Option<Time>,
    /// From sending to the last token, at the client.
    pub e2e: Option<Time>,
    /// Prompt tokens that were known already.
    pub cached: u32,
    /// How often it had to give way.
    pub preempted: u32,
}

/// Quantiles of one figure over the requests that have it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantiles {
    /// Mean.
    pub mean: Time,
    /// Median.
    pub p50: Time,
    /// Nine in ten are no slower.
    pub p90: Time,
    /// 95 in 100.
    pub p95: Time,
    /// 99 in 100.
    pub p99: Time,
    /// The slowest.
    pub max: Time,
}

impl Quantiles {
    /// By nearest rank; `None` of nothing.
    pub fn of(values: impl Iterator<Item = Time>) -> Option<Quantiles> {
        let mut list: Vec<f64> = values.map(|t| t.s()).collect();
        list.sort_unstable_by(f64::total_cmp);
        let n = list.len();
        let max = *list.last()?;
        let rank = |q: f64| Time::from_s(list[((q * n as f64).ceil() as usize).clamp(1, n) - 1]);
        Some(Quantiles {
            mean: Time::from_s(list.iter().sum::<f64>() / n as f64),
            p50: rank(0.5),
            p90: rank(0.9),
            p95: rank(0.95),
            p99: rank(0.99),
            max: Time::from_s(max),
        })
    }
}

/// Requests served within an objective.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Goodput {
    /// Requests that meet both objectives; answers of one token have no time per token to miss.
    pub requests: u64,
    /// Of all requests, refused ones included.
    pub share: Share,
    /// Per second of the replay.
    pub requests_per_s: f64,
}

/// All requests together.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// Requests of the trace.
    pub requests: u64,
    /// Requests completed.
    pub completed: u64,
    /// Requests that no replica can ever hold.
    pub refused: u64,
    /// From the first request sent to the last token.
    pub makespan: Time,
    /// Time to the first token.
    pub ttft: Option<Quantiles>,
    /// Time per output token after the first.
    pub tpot: Option<Quantiles>,
    /// Sent to last token.
    pub e2e: Option<Quantiles>,
    /// Prompt tokens computed; recomputed ones count again.
    pub prompt_tokens: u64,
    /// Prompt tokens that were in the prefix cache.
    pub cached_tokens: u64,
    /// Output tokens made.
    pub output_tokens: u64,
    /// Output tokens per second of the makespan.
    pub output_per_s: f64,
    /// Preemptions.
    pub preemptions: u64,
    /// Share of the replicas' time in steps that only decode, in steps that also take in prompts, and without work.
    pub decode_share: Share,
    /// See above.
    pub prompt_share: Share,
    /// See above.
    pub idle_share: Share,
    /// Requests decoding in one replica that decodes, mean over its busy time.
    pub mean_batch: f64,
    /// Tokens of keys and values that requests hold, over the room for them; mean over the makespan.
    pub kv_occupancy: Share,
    /// Most blocks in use over the blocks of a replica, in the fullest one.
    pub kv_peak: Share,
    /// Blocks handed out and given back, over all replicas; equal once all requests are done.
    pub blocks_taken: u64,
    /// See above.
    pub blocks_returned: u64,
    /// Engine steps that were simulated.
    pub steps: u64,
    /// Chips of all replicas.
    pub chips: u64,
}

/// A replay's outcome.
#[derive(Debug, Clone, PartialEq)]
pub struct Replay {
    /// Each request, in the order of the trace.
    pub requests: Vec<RequestOutcome>,
    /// All together.
    pub summary: Summary,
}

impl Replay {
    pub(crate) fn new(
        trace: &Trace,
        live: &[Live],
        replicas: &[Replica<'_>],
        inputs: &ReplayInputs,
    ) -> Replay {
        let pools: Vec<&Pool> = match &inputs.pools {
            Pools::Aggregated(pool) => vec![pool],
            Pools::Disaggregated { prefill, decode, .. } => vec![prefill, decode],
        };
        let mut requests = Vec::with_capacity(live.len());
        let (mut completed, mut answers, mut start, mut end) = (0, 0, u64::MAX, 0);
        for (r, l) in trace.requests.iter().zip(live) {
            let latency = pools[0].costs.latency(u64::from(r.prompt));
            let done = |at: u64| l.finished.then(|| time(at + latency - l.sent_ps));
            start = start.min(l.sent_ps);
            if l.finished {
                completed += 1;
                answers += u64::from(l.generated);
                end = end.max(l.finish_ps + latency);
            }
            let later = u64::from(r.answer) - 1;
            let tpot = (l.finished && later > 0)
                .then(|| Time::from_s((l.finish_ps - l.first_ps) as f64 / PS / later as f64));
            requests.push(RequestOutcome {
                sent: time(l.sent_ps),
                prompt: r.prompt,
                answer: r.answer,
                replica: l.replica,
                ttft: done(l.first_ps),
                tpot,
                e2e: done(l.finish_ps),
                cached: l.cached,
                preempted: l.preempted,
            });
        }
        let makespan = end.saturating_sub(start.min(end));
        let sum = |f: fn(&Tally) -> u64| replicas.iter().map(|r| f(&r.tally)).sum::<u64>();
        let wide = |f: fn(&Tally) -> u128| replicas.iter().map(|r| f(&r.tally)).sum::<u128>() as f64;
        let all_time = (makespan as f64 * replicas.len() as f64).max(1.0);
        let (decode, prompt) = (sum(|t| t.decode_ps) as f64, sum(|t| t.prompt_ps) as f64);
        let room: f64 = pools.iter().map(|p| f64::from(p.replicas) * p.kv_tokens as f64).sum();
        let seconds = (makespan as f64 / PS).max(f64::MIN_POSITIVE);
        let decoding: f64 =
            replicas.iter().filter(|r| r.tally.decode_tokens > 0).map(|r| busy(&r.tally)).sum();
        let peak = replicas.iter().map(|r| r.tally.peak_blocks as f64 / r.limits.blocks as f64);
        let share = |part: f64| Share::from_fraction(part / all_time);
        let summary = Summary {
            requests: live.len() as u64,
            completed,
            refused: live.len() as u64 - completed,
            makespan: time(makespan),
            ttft: Quantiles::of(requests.iter().filter_map(|r| r.ttft)),
            tpot: Quantiles::of(requests.iter().filter_map(|r| r.tpot)),
            e2e: Quantiles::of(requests.iter().filter_map(|r| r.e2e)),
            prompt_tokens: sum(|t| t.prompt_tokens),
            cached_tokens: sum(|t| t.cached_tokens),
            output_tokens: answers,
            output_per_s: answers as f64 / seconds,
            preemptions: sum(|t| t.preemptions),
            decode_share: share(decode),
            prompt_share: share(prompt),
            idle_share: share((all_time - decode - prompt).max(0.0)),
            mean_batch: wide(|t| t.batch_time) / decoding.max(1.0),
            kv_occupancy: Share::from_fraction(
                wide(|t| t.token_time) / (makespan.max(1) as f64 * room.max(1.0)),
            ),
            kv_peak: Share::from_fraction(peak.fold(0.0, f64::max)),
            blocks_taken: sum(|t| t.blocks_taken),
            blocks_returned: sum(|t| t.blocks_returned),
            steps: sum(|t| t.steps),
            chips: pools.iter().map(|p| u64::from(p.replicas) * u64::from(p.chips)).sum(),
        };
        Replay { requests, summary }
    }

    /// Requests that meet both objectives.
    pub fn goodput(&self, ttft: Time, tpot: Time) -> Goodput {
        let good =
            |r: &&RequestOutcome| r.ttft.is_some_and(|t| t <= ttft) && r.tpot.is_none_or(|t| t <= tpot);
        let requests = self.requests.iter().filter(good).count() as u64;
        let all = (self.requests.len() as f64).max(1.0);
        Goodput {
            requests,
            share: Share::from_fraction(requests as f64 / all),
            requests_per_s: requests as f64 / self.summary.makespan.s().max(f64::MIN_POSITIVE),
        }
    }
}

fn busy(tally: &Tally) -> f64 {
    (tally.decode_ps + tally.prompt_ps) as f64
}

//! Time of one optimizer step and where it goes.

use gigatwin_catalog::{Chip, ModelShape};
use gigatwin_fabric::{Collective, Network};
use gigatwin_quantity::{Share, Time};

use crate::layer::{Bench, LayerCost, Pass};
use crate::memory::{RankWeights, kept_per_layer, rank_weights, shards};
use crate::{
    Calibration, Layout, LayoutError, MemoryBreakdown, Recompute, Schedule, TrainingState, Zero, memory,
};

/// All a step depends on besides its layout.
#[derive(Debug, Clone, Copy)]
pub struct Job<'a> {
    /// The model.
    pub model: &'a ModelShape,
    /// The chip, dense rates.
    pub chip: &'a Chip,
    /// The network the chips sit on.
    pub network: &'a Network,
    /// Parameters of the step model for this chip.
    pub calibration: &'a Calibration,
    /// Bytes of training state and workspace.
    pub state: &'a TrainingState,
}

/// Seconds of one step by cause; they add up to the step time. Causes are those of the slowest pipeline stage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepBreakdown {
    /// Matrix products, head included.
    pub gemm: Time,
    /// Attention.
    pub attention: Time,
    /// Norms, activations, casts, permutations, loss: bound by memory bandwidth.
    pub elementwise: Time,
    /// Forward work repeated in the backward pass.
    pub recompute: Time,
    /// Tensor-parallel communication not hidden.
    pub tensor: Time,
    /// Context-parallel communication not hidden.
    pub context: Time,
    /// Expert dispatch and combine not hidden.
    pub expert: Time,
    /// Sends between stages not hidden.
    pub pipeline: Time,
    /// Stages waiting for the pipeline to fill and drain.
    pub bubble: Time,
    /// Gradient reduction and weight gathering not hidden.
    pub data: Time,
    /// Optimizer update.
    pub optimizer: Time,
    /// Chips waiting for the host.
    pub host: Time,
    /// Ranks waiting for the slowest one.
    pub straggler: Time,
}

impl StepBreakdown {
    /// Sum of all parts.
    pub fn total(&self) -> Time {
        self.computing() + self.communicating() + self.waiting()
    }

    /// The parts in which the chip computes.
    pub fn computing(&self) -> Time {
        self.gemm + self.attention + self.elementwise + self.recompute + self.optimizer
    }

    /// The parts in which it only communicates.
    pub fn communicating(&self) -> Time {
        self.tensor + self.context + self.expert + self.pipeline + self.data
    }

    /// The parts in which it waits.
    pub fn waiting(&self) -> Time {
        self.bubble + self.host + self.straggler
    }
}

/// How the power of a chip divides over a step: for the factory to price with its own power per state.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PowerShares {
    /// Computing (communication hidden beneath it included).
    pub compute: Share,
    /// Only communicating.
    pub communicate: Share,
    /// Waiting.
    pub idle: Share,
}

/// What one step does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepOutcome {
    /// Time of one optimizer step.
    pub step_time: Time,
    /// Its parts.
    pub breakdown: StepBreakdown,
    /// Tokens per second over all chips.
    pub tokens_per_second: f64,
    /// Tokens per second and chip.
    pub tokens_per_second_per_chip: f64,
    /// Model FLOP utilisation: six per active weight and token (input embedding not counted) plus causal attention three
    /// times forward, no recomputation, over the dense rate at the layout's precision.
    pub mfu: Share,
    /// Memory of the fullest chip.
    pub memory: MemoryBreakdown,
    /// States of the chips over the step.
    pub shares: PowerShares,
}

/// Plain seconds, kept apart from the public quantities for the search's inner loop.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Seconds {
    pub gemm: f64,
    pub attention: f64,
    pub elementwise: f64,
    pub recompute: f64,
    pub tensor: f64,
    pub context: f64,
    pub expert: f64,
    pub pipeline: f64,
    pub bubble: f64,
    pub data: f64,
    pub optimizer: f64,
    pub host: f64,
    pub straggler: f64,
}

impl Seconds {
    pub(crate) fn total(&self) -> f64 {
        self.gemm
            + self.attention
            + self.elementwise
            + self.recompute
            + self.tensor
            + self.context
            + self.expert
            + self.pipeline
            + self.bubble
            + self.data
            + self.optimizer
            + self.host
            + self.straggler
    }
}

/// Time one layer repeats under a recomputation policy.
#[inline]
pub(crate) fn repeated_parts(cost: &LayerCost, l: &Layout) -> (f64, Pass) {
    match l.recompute {
        Recompute::None => (0.0, Pass::default()),
        Recompute::Selective => (cost.selective.compute(), Pass::default()),
        Recompute::Alternate => (0.5 * cost.forward.gemm + cost.forward.elementwise, Pass::default()),
        Recompute::Full => (
            cost.forward.compute(),
            // Communication of the forward pass is repeated and counted with its kind.
            Pass {
                tensor: cost.forward.tensor,
                context: cost.forward.context,
                expert: cost.forward.expert,
                host: cost.forward.host,
                ..Pass::default()
            },
        ),
    }
}

/// A bound below every step with this layer cost: the slowest stage's own work, the bubble and the slowest rank, but no
/// sends, no data-parallel communication and no optimizer. A layout of very many chunks bounds all layouts with fewer.
pub(crate) fn lower_bound(bench: &Bench, l: &Layout, cost: &LayerCost) -> f64 {
    let (again, comm) = repeated_parts(cost, l);
    let per_layer = cost.forward.total() + cost.backward.total() + again + comm.total();
    let pipe = Pipe::new(bench, l, cost, per_layer);
    let work = f64::from(l.micro_batches()) * pipe.slowest + pipe.bubble;
    // A little less, so that rounding cannot lift it above the step it bounds.
    work * spread(bench, l) * (1.0 - 1e-9)
}

/// Mean step to that of the slowest rank (largest of n normal draws, √(2 ln n) standard deviations).
#[inline]
fn spread(bench: &Bench, l: &Layout) -> f64 {
    1.0 + bench.calibration.rank_spread * (2.0 * (l.chips() as f64).ln()).sqrt()
}

/// Stages of a pipeline at a time per layer and micro-batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pipe {
    /// Time of the slowest stage per micro-batch.
    slowest: f64,
    /// Filling and draining.
    bubble: f64,
    /// Layers of the slowest stage, modules for further tokens included.
    pub layers: f64,
    /// Heads on the slowest stage.
    pub heads: f64,
    /// Layers of all stages but the last.
    pub most: f64,
    /// Layers and heads of the last stage.
    pub last: (f64, f64),
    /// Whether all stages are taken as equal.
    pub even: bool,
}

/// What a timeline needs beside the parts of a step: where some of them are.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Exposed {
    /// Crossings between stages seen while the pipeline fills and drains.
    pub filling: f64,
    /// Crossings seen in each pass of a chunk.
    pub per_chunk: f64,
    /// Activations on their way to the host and back, per layer and micro-batch.
    pub leaving: f64,
    /// Data-parallel communication beside computation.
    pub hidden_data: f64,
    /// Of it weight gathering and gradient reduction.
    pub hidden_parts: [f64; 2],
}

impl Pipe {
    /// 1F1B: every micro-batch passes the slowest stage, and the first one passes all others too; interleaving fills and
    /// drains v times finer (arXiv 2104.04473, section 2.2: (p − 1)/(v·m)). With F, B and W for forward pass, input gradients and
    /// weight gradients, ZB-H1 leaves (p − 1)·(F + B − W) (arXiv 2401.10241, table 1) and DualPipe, whose overlap is priced in the
    /// passes, (p/2 − 1)·(F + 2·B − W) (arXiv 2412.19437, table 2, with its B being B + W).
    ///
    /// The last stage holds the head and the modules for further tokens; layers that do not divide evenly leave it the fewest.
    #[inline]
    fn new(bench: &Bench, l: &Layout, cost: &LayerCost, per_layer: f64) -> Pipe {
        let (total, pp) = (f64::from(bench.model.layers), f64::from(l.pp));
        let further = f64::from(bench.model.mtp_layers);
        let head = cost.head_gemm + cost.head_elementwise;
        let sum = (total + further) * per_layer + (1.0 + further) * head;
        if l.pp == 1 {
            return Pipe {
                slowest: sum,
                bubble: 0.0,
                layers: total + further,
                heads: 1.0 + further,
                most: total,
                last: (total + further, 1.0 + further),
                even: true,
            };
        }
        // Half of the backward products are weight gradients.
        let late = 0.5 * cost.backward.gemm;
        let shrink = match l.schedule {
            Schedule::OneForwardOneBackward => 1.0,
            Schedule::ZeroBubble => ((per_layer - 2.0 * late) / per_layer).max(0.0),
            Schedule::DualPipe => {
                let left = 2.0 * per_layer - cost.forward.total() - 3.0 * late;
                ((0.5 * pp - 1.0) / (pp - 1.0) * left / per_layer).max(0.0)
            }
        } / f64::from(l.vpp);
        let most = (total / pp).ceil();
        let last = (most - (most * pp - total)).max(0.0) + further;
        let even = !bench.calibration.parts.stages;
        let pipe = |slowest: f64, layers: f64, heads: f64| Pipe {
            slowest,
            bubble: (shrink * (sum - slowest)).max(0.0),
            layers,
            heads,
            most,
            last: (last, 1.0 + further),
            even,
        };
        if even {
            return pipe(sum / pp, (total + further) / pp, (1.0 + further) / pp);
        }
        let mut end = last * per_layer + (1.0 + further) * head;
        let (mut last, mut heads) = (last, 1.0 + further);
        if l.schedule == Schedule::DualPipe {
            // A rank holds the first chunk of one direction and the last one of the other.
            end = 0.5 * (end + most * per_layer);
            (last, heads) = (0.5 * (last + most), 0.5 * heads);
        }
        if end > most * per_layer { pipe(end, last, heads) } else { pipe(most * per_layer, most, 0.0) }
    }
}

/// Puts a step together from the cost of its layers.
#[inline]
pub(crate) fn assemble(bench: &Bench, l: &Layout, cost: &LayerCost) -> Seconds {
    assemble_with(bench, l, cost).0
}

/// The same, with where the parts are.
#[inline]
pub(crate) fn assemble_with(bench: &Bench, l: &Layout, cost: &LayerCost) -> (Seconds, Pipe, Exposed) {
    let c = bench.calibration;
    let (pp, vpp) = (f64::from(l.pp), f64::from(l.vpp));
    let micro = f64::from(l.micro_batches()).max(1.0);
    let (f, b) = (&cost.forward, &cost.backward);
    let (again, again_comm) = repeated_parts(cost, l);
    let pipe = Pipe::new(bench, l, cost, f.total() + b.total() + again + again_comm.total());
    let (layers, bubble) = (pipe.layers, pipe.bubble);
    let on = |x: f64| micro * layers * x;
    let head_on = micro * pipe.heads;

    // Each micro-batch crosses v boundaries forward and v backward; a schedule that overlaps them shows the latency of
    // filling only, which one crossing per stage stands for.
    let filling = if l.pp == 1 { 0.0 } else { 2.0 * pp * cost.send };
    let per_chunk = if l.pp == 1 || l.overlap.pipeline { 0.0 } else { cost.send };
    let sends = filling + 2.0 * micro * vpp * per_chunk;

    let rank = rank_weights(bench.model, l);
    let (data, hidden_parts) = data_parallel(bench, l, &rank, cost, layers, micro);
    let sharded = |copies: f64| if l.zero >= Zero::Optimizer { shards(l, copies) } else { 1.0 };
    let owned = rank.common / sharded(rank.common_copies) + rank.expert / sharded(rank.expert_copies);
    // Reads gradient, master and two moments, writes master, moments and the weight.
    let s = bench.state;
    let mut optimizer =
        bench.machine.stream_exact(owned * (s.gradient_bytes + 2.0 * s.optimizer_bytes + s.weight_bytes));
    if l.offload.optimizer() {
        // Gradients go down and weights come back; the host reads and writes the state.
        optimizer =
            owned * (s.gradient_bytes + s.weight_bytes + 2.0 * s.optimizer_bytes) / c.host_link.bytes_per_s();
    }
    // Activations leave during the forward and return during the backward pass, beside both.
    let leaving = if l.offload.activations() {
        let bytes = kept_per_layer(bench.model, s, l);
        2.0 * (bytes / c.host_link.bytes_per_s() - cost.forward.compute()).max(0.0)
    } else {
        0.0
    };

    let mut t = Seconds {
        gemm: on(f.gemm + b.gemm) + head_on * cost.head_gemm,
        attention: on(f.attention + b.attention),
        elementwise: on(f.elementwise + b.elementwise) + head_on * cost.head_elementwise,
        recompute: on(again),
        tensor: on(f.tensor + b.tensor + again_comm.tensor),
        context: on(f.context + b.context + again_comm.context),
        expert: on(f.expert + b.expert + again_comm.expert),
        pipeline: sends + on(leaving),
        bubble,
        data,
        optimizer,
        host: on(f.host + b.host + again_comm.host) + c.step_overhead.s(),
        straggler: 0.0,
    };
    t.straggler = t.total() * (spread(bench, l) - 1.0);
    let hidden_data = hidden_parts[0] + hidden_parts[1];
    (t, pipe, Exposed { filling, per_chunk, leaving, hidden_data, hidden_parts })
}

/// Gradient reduction and weight gathering that computation does not hide, and what computation loses to the rest; and what it
/// hides of gathering and reduction.
fn data_parallel(
    bench: &Bench,
    l: &Layout,
    rank: &RankWeights,
    cost: &LayerCost,
    layers: f64,
    micro: f64,
) -> (f64, [f64; 2]) {
    let s = bench.state;
    let copies = l.dp.saturating_mul(l.cp);
    let expert_split = l.ep.saturating_mul(l.expert_tp());
    let expert_copies = (copies.saturating_mul(l.tp) / expert_split.max(1)).max(1);
    let divided = |copies: u32| l.shard.map_or(copies, |n| n.clamp(1, copies.max(1)));
    let stage = bench.seat(l).stage;
    let on = |kind, bytes: f64, ranks: u32, stride: u32| {
        bench.collective(kind, bytes, ranks, stage / stride.max(1), l.overlap.data)
    };
    // Among the ranks that divide the state between them, and for what is left among the groups that are copies of each other.
    let over = |kind: Collective, bytes: f64| {
        on(kind, rank.common * bytes, divided(copies), l.tp)
            + on(kind, rank.expert * bytes, divided(expert_copies), expert_split)
    };
    let between = |bytes: f64| {
        let one = |weights: f64, copies: u32, stride: u32| {
            let inside = divided(copies);
            let part = weights * bytes / f64::from(inside);
            let groups = copies / inside;
            on(Collective::AllReduce, part, groups, stride.saturating_mul(inside))
        };
        one(rank.common, copies, l.tp) + one(rank.expert, expert_copies, expert_split)
    };
    // Beside the last micro-batch's backward pass, and the first one's forward pass.
    let (forward, backward) = (layers * cost.forward.compute(), layers * cost.backward.compute());
    let hide = if l.overlap.data { bench.calibration.data_overlap } else { 0.0 };
    // The last gradients reduced and the first weights gathered have nothing to hide beneath: one layer's worth.
    let tail = 1.0 / (layers + 1.0);
    let seen = |comm: f64, window: f64| (comm - hide * window).max(comm * tail);
    let exposed = |comm: f64, window: f64| {
        let seen = seen(comm, window);
        seen + bench.calibration.interference * (comm - seen)
    };
    let hidden = |comm: f64, window: f64| comm - seen(comm, window);
    // Pipelines keep gathered weights over all micro-batches of a step.
    let rounds = if l.zero == Zero::Weights && l.pp == 1 { micro } else { 1.0 };
    match l.zero {
        Zero::Weights => {
            let gather = over(Collective::AllGather, 2.0);
            let reduce = over(Collective::ReduceScatter, s.gradient_wire_bytes);
            let regather = if l.pp == 1 { gather } else { 0.0 };
            let time = rounds * (exposed(gather, forward) + exposed(regather + reduce, backward))
                + exposed(between(s.gradient_wire_bytes), 0.0);
            (time, [hidden(gather, forward), hidden(regather + reduce, backward)])
        }
        Zero::Replicated => {
            let reduce = over(Collective::AllReduce, s.gradient_wire_bytes);
            (exposed(reduce, backward), [0.0, hidden(reduce, backward)])
        }
        Zero::Optimizer | Zero::Gradients => {
            let gather = over(Collective::AllGather, s.weight_bytes);
            let reduce =
                over(Collective::ReduceScatter, s.gradient_wire_bytes) + between(s.gradient_wire_bytes);
            let time = exposed(reduce, backward) + exposed(gather, forward);
            (time, [hidden(gather, forward), hidden(reduce, backward)])
        }
    }
}

/// Time, breakdown and memory of one layout. Memory is reported, not enforced.
///
/// # Errors
/// Where the layout breaks a rule of [`Layout::check`] for the chips it uses.
pub fn step(job: &Job, layout: &Layout) -> Result<StepOutcome, LayoutError> {
    let chips = u32::try_from(layout.chips()).unwrap_or(u32::MAX);
    layout.check(job.model, chips)?;
    let bench = Bench::new(job.model, job.chip, job.network, job.calibration, job.state);
    let cost = bench.layer_cost(layout);
    Ok(outcome(job, layout, &assemble(&bench, layout, &cost)))
}

pub(crate) fn outcome(job: &Job, layout: &Layout, t: &Seconds) -> StepOutcome {
    let breakdown = StepBreakdown {
        gemm: Time::from_s(t.gemm),
        attention: Time::from_s(t.attention),
        elementwise: Time::from_s(t.elementwise),
        recompute: Time::from_s(t.recompute),
        tensor: Time::from_s(t.tensor),
        context: Time::from_s(t.context),
        expert: Time::from_s(t.expert),
        pipeline: Time::from_s(t.pipeline),
        bubble: Time::from_s(t.bubble),
        data: Time::from_s(t.data),
        optimizer: Time::from_s(t.optimizer),
        host: Time::from_s(t.host),
        straggler: Time::from_s(t.straggler),
    };
    let total = breakdown.total();
    let rate = layout.tokens() / total.s();
    let chips = layout.chips() as f64;
    let flop = 3.0 * job.model.forward_flop_per_token(f64::from(layout.sequence));
    let share = |part: Time| Share::from_fraction(part / total);
    StepOutcome {
        step_time: total,
        breakdown,
        tokens_per_second: rate,
        tokens_per_second_per_chip: rate / chips,
        mfu: Share::from_fraction(rate * flop / (chips * job.chip.rate(layout.precision).flops())),
        memory: memory(job.model, job.chip, job.state, layout),
        shares: PowerShares {
            compute: share(breakdown.computing()),
            communicate: share(breakdown.communicating()),
            idle: share(breakdown.waiting()),
        },
    }
}

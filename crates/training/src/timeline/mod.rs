//! A step as a timeline: what every stage of the pipeline does when, with its communication beside it.
//!
//! The order of micro-batches is played event by event (see [`order`]). The time of the step stays the closed form's, which
//! [`crate::step`] predicts and which the search compares: the waits of every stage are stretched or shortened by one factor so
//! that all stages end together where the closed form says, and [`Timeline::played`] tells what the events alone gave. On the
//! slowest stage every part sums to that of the step's breakdown.

mod order;
mod play;

use gigatwin_quantity::Time;

pub use order::Work;

use crate::layer::{Bench, LayerCost};
use crate::step::{Exposed, Pipe, Seconds, assemble_with, repeated_parts};
use crate::{Job, Layout, LayoutError, Schedule, Zero};
use order::Op;
use play::{Played, play};

/// Where a span is drawn. Spans of one stream of one stage never overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stream {
    /// What the chips of the stage spend their time on, without a gap from the first to the last moment of the step.
    Chip,
    /// Tensor-parallel collectives.
    Tensor,
    /// Context-parallel exchange.
    Context,
    /// Expert dispatch and combination.
    Expert,
    /// Gradient reduction and weight gathering.
    Data,
}

/// Names of a step's parts, in the order of [`crate::StepBreakdown`].
pub const PARTS: [&str; 13] = [
    "gemm",
    "attention",
    "elementwise",
    "recompute",
    "tensor",
    "context",
    "expert",
    "pipeline",
    "bubble",
    "data",
    "optimizer",
    "host",
    "straggler",
];

const TENSOR: usize = 4;
const CONTEXT: usize = 5;
const EXPERT: usize = 6;
const PIPELINE: usize = 7;
const BUBBLE: usize = 8;
const DATA: usize = 9;
const OPTIMIZER: usize = 10;
const HOST: usize = 11;
const STRAGGLER: usize = 12;

/// One stretch of one stream.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// Stage, from zero.
    pub stage: u32,
    /// Stream.
    pub stream: Stream,
    /// Place in [`PARTS`].
    pub part: usize,
    /// The pass it belongs to, with micro-batch and chunk, both from zero; none outside the pipeline.
    pub of: Option<(Work, u32, u32)>,
    /// From the start of the step.
    pub start: Time,
    /// Its length.
    pub length: Time,
}

/// A whole step.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// All spans, by stage, stream and start.
    pub spans: Vec<Span>,
    /// Stages.
    pub stages: u32,
    /// The stage whose parts are the breakdown's.
    pub slowest: u32,
    /// The step, as predicted.
    pub step: Time,
    /// The pipeline's part of it.
    pub pipeline: Time,
    /// The pipeline's part by events alone.
    pub played: Time,
    /// Micro-batches times chunks, over both passes, of all stages.
    pub passes: u64,
}

/// Seconds by part.
type Parts = [f64; 13];

fn sum(p: &Parts) -> f64 {
    p.iter().sum()
}

/// The step of a layout as a timeline. Without `detail` every pass is one span of its largest part.
///
/// # Errors
/// Where the layout breaks a rule of [`Layout::check`] for the chips it uses.
pub fn timeline(job: &Job, layout: &Layout, detail: bool) -> Result<Timeline, LayoutError> {
    let chips = u32::try_from(layout.chips()).unwrap_or(u32::MAX);
    layout.check(job.model, chips)?;
    let bench = Bench::new(job.model, job.chip, job.network, job.calibration, job.state);
    let cost = bench.layer_cost(layout);
    let (seconds, pipe, exposed) = assemble_with(&bench, layout, &cost);
    let draft = Draft { bench: &bench, l: layout, cost: &cost, seconds, pipe, exposed, detail };
    Ok(draft.draw())
}

/// What a timeline is drawn from.
struct Draft<'a> {
    bench: &'a Bench<'a>,
    l: &'a Layout,
    cost: &'a LayerCost,
    seconds: Seconds,
    pipe: Pipe,
    exposed: Exposed,
    detail: bool,
}

impl Draft<'_> {
    fn draw(&self) -> Timeline {
        let l = self.l;
        let micro = f64::from(l.micro_batches().max(1));
        let whole = self.seconds.total();
        // Behind the pipeline: what is left of gradients and weights, the update, the host, the slowest rank.
        let in_passes = if self.data_in_passes() { 0.0 } else { self.seconds.data };
        let step_host = self.bench.calibration.step_overhead.s();
        let behind = [
            (DATA, in_passes),
            (OPTIMIZER, self.seconds.optimizer),
            (HOST, step_host),
            (STRAGGLER, self.seconds.straggler),
        ];
        let pipeline = whole - behind.iter().map(|b| b.1).sum::<f64>();
        let ranks = play(l, |rank, op| sum(&self.parts(rank, op)));
        let end = |ops: &Vec<Played>| ops.last().map_or(0.0, |p| p.start + p.length);
        let played = ranks.iter().map(end).fold(0.0, f64::max);
        let busy = |ops: &Vec<Played>| ops.iter().map(|p| p.length).sum::<f64>();
        let slowest = (0..ranks.len())
            .fold(0, |s, i| if busy(&ranks[i]) > busy(&ranks[s]) * (1.0 + 1e-9) { i } else { s });
        // Of the waits of the slowest stage, the crossings that filling the pipeline shows.
        let filling = self.seconds.bubble + self.exposed.filling;
        let crossing = if filling > 0.0 { self.exposed.filling / filling } else { 0.0 };
        let mut spans = Vec::new();
        for (stage, ops) in ranks.iter().enumerate() {
            let mut chip = Pen { stage: stage as u32, at: 0.0, spans: &mut spans };
            let work = busy(ops);
            let (idle, wanted) = (end(ops) - work, (pipeline - work).max(0.0));
            let stretch = if idle > 1e-12 * pipeline { wanted / idle } else { 0.0 };
            let wait = |pen: &mut Pen, length: f64| {
                let part = if stage == slowest { crossing } else { 0.0 };
                pen.put(BUBBLE, None, length * (1.0 - part));
                pen.put(PIPELINE, None, length * part);
            };
            let mut clock = 0.0;
            for p in ops {
                wait(&mut chip, (p.start - clock) * stretch);
                clock = p.start + p.length;
                self.pass(&mut chip, stage as u32, &p.op);
            }
            wait(&mut chip, if stretch > 0.0 { 0.0 } else { wanted });
            let drained = chip.at;
            for (part, length) in behind {
                chip.put(part, None, length);
            }
            self.beside_pipeline(&mut spans, stage as u32, drained, micro);
        }
        let order = |s: &Span| (s.stage, s.stream, s.start);
        spans.sort_by(|a, b| order(a).partial_cmp(&order(b)).unwrap_or(std::cmp::Ordering::Equal));
        Timeline {
            spans,
            stages: ranks.len() as u32,
            slowest: slowest as u32,
            step: Time::from_s(whole),
            pipeline: Time::from_s(pipeline),
            played: Time::from_s(played),
            passes: ranks.iter().map(|r| r.len() as u64).sum(),
        }
    }

    /// Without a pipeline fully sharded weights move once per micro-batch, inside the passes.
    fn data_in_passes(&self) -> bool {
        self.l.zero == Zero::Weights && self.l.pp == 1
    }

    /// Layers and heads of a rank for a pass in one direction.
    fn load(&self, rank: u32, reversed: bool) -> (f64, f64) {
        let l = self.l;
        if l.pp == 1 || self.pipe.even {
            return (self.pipe.layers, self.pipe.heads);
        }
        if l.schedule == Schedule::DualPipe && l.micro_batches() % 2 == 1 && (rank == 0 || rank + 1 == l.pp) {
            // One direction runs a micro-batch more: the closed form counts the mean.
            return (0.5 * (self.pipe.most + self.pipe.last.0), 0.5 * self.pipe.last.1);
        }
        let last = if reversed { rank == 0 } else { rank + 1 == l.pp };
        if last { (self.pipe.last.0, self.pipe.last.1) } else { (self.pipe.most, 0.0) }
    }

    /// Seconds of one pass of one chunk by part.
    fn parts(&self, rank: u32, op: &Op) -> Parts {
        let (l, cost) = (self.l, self.cost);
        let (layers, heads) = self.load(rank, op.reversed);
        let layers = layers / f64::from(l.vpp);
        // The head stands on the last chunk.
        let heads = if op.chunk + 1 == l.vpp || self.pipe.even { heads } else { 0.0 };
        let heads = if self.pipe.even { heads / f64::from(l.vpp) } else { heads };
        let splits = l.pp > 1 && l.schedule != Schedule::OneForwardOneBackward;
        let late = if splits { 0.5 } else { 0.0 };
        let mut p = [0.0; 13];
        let pass = match op.work {
            Work::Forward => &cost.forward,
            Work::Backward => &cost.backward,
            Work::WeightGradient => {
                p[0] = layers * late * cost.backward.gemm;
                return p;
            }
        };
        p[0] = layers * pass.gemm;
        p[1] = layers * pass.attention;
        p[2] = layers * pass.elementwise + heads * 0.5 * cost.head_elementwise;
        p[TENSOR] = layers * pass.tensor;
        p[CONTEXT] = layers * pass.context;
        p[EXPERT] = layers * pass.expert;
        p[HOST] = layers * pass.host;
        p[PIPELINE] = self.exposed.per_chunk + layers * 0.5 * self.exposed.leaving;
        if self.data_in_passes() {
            p[DATA] = 0.5 * self.seconds.data / f64::from(l.micro_batches().max(1));
        }
        if op.work == Work::Forward {
            p[0] += heads * cost.head_gemm / 3.0;
        } else {
            p[0] += heads * cost.head_gemm * 2.0 / 3.0 - layers * late * pass.gemm;
            let (again, comm) = repeated_parts(cost, l);
            p[3] = layers * again;
            p[TENSOR] += layers * comm.tensor;
            p[CONTEXT] += layers * comm.context;
            p[EXPERT] += layers * comm.expert;
            p[HOST] += layers * comm.host;
        }
        p
    }

    /// One pass on the chip's stream, and its communication on streams of their own, begun beside the computation before.
    fn pass(&self, chip: &mut Pen, stage: u32, op: &Op) {
        let parts = self.parts(stage, op);
        let of = Some((op.work, op.micro_batch, op.chunk));
        if !self.detail {
            let largest = (0..parts.len()).fold(0, |m, i| if parts[i] > parts[m] { i } else { m });
            chip.put(largest, of, sum(&parts));
            return;
        }
        let start = chip.at;
        for (part, length) in parts.iter().enumerate() {
            let before = chip.at;
            chip.put(part, of, *length);
            let stream = match part {
                TENSOR => Stream::Tensor,
                CONTEXT => Stream::Context,
                EXPERT => Stream::Expert,
                DATA => Stream::Data,
                _ => continue,
            };
            let begun = (before - self.hidden(part) * length).max(start);
            chip.beside(stream, part, of, begun, chip.at);
        }
    }

    /// Seconds of communication that run beside computation per second that is seen.
    fn hidden(&self, part: usize) -> f64 {
        let c = self.bench.calibration;
        let per_seen = |share: f64| share / (1.0 - share + share * c.interference).max(1e-9);
        match part {
            TENSOR if self.l.overlap.tensor => per_seen(c.tensor_overlap),
            EXPERT if self.l.overlap.expert || self.l.schedule == Schedule::DualPipe => {
                per_seen(c.expert_overlap)
            }
            _ => 0.0,
        }
    }

    /// Gathering beside the first forward pass, reduction beside the last backward pass and what is left of it behind.
    fn beside_pipeline(&self, spans: &mut Vec<Span>, stage: u32, drained: f64, micro: f64) {
        if self.data_in_passes() || self.seconds.data + self.exposed.hidden_data <= 0.0 {
            return;
        }
        let (first, last) = (sum(&self.parts(stage, &FIRST)), drained / micro.max(1.0));
        let [gather, reduce] = self.exposed.hidden_parts;
        let mut pen = Pen { stage, at: 0.0, spans };
        pen.beside(Stream::Data, DATA, None, 0.0, gather.min(first).min(0.5 * drained));
        let begun = drained - reduce.min(last).min(0.5 * drained);
        pen.beside(Stream::Data, DATA, None, begun, drained + self.seconds.data);
    }
}

const FIRST: Op = Op { work: Work::Forward, micro_batch: 0, chunk: 0, reversed: false };

/// Writes one stage's spans one behind the other.
struct Pen<'a> {
    stage: u32,
    at: f64,
    spans: &'a mut Vec<Span>,
}

impl Pen<'_> {
    fn put(&mut self, part: usize, of: Option<(Work, u32, u32)>, length: f64) {
        let start = self.at;
        self.at += length;
        self.beside(Stream::Chip, part, of, start, self.at);
    }

    fn beside(&mut self, stream: Stream, part: usize, of: Option<(Work, u32, u32)>, start: f64, end: f64) {
        if end > start {
            let (start, length) = (Time::from_s(start), Time::from_s(end - start));
            self.spans.push(Span { stage: self.stage, stream, part, of, start, length });
        }
    }
}

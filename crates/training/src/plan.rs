//! The best layout of a model on a number of chips, by exact enumeration with memory first and bounds that prune.

use gigatwin_catalog::Precision;
use gigatwin_quantity::{Data, Time};

use crate::layer::{Bench, LayerCost};
use crate::memory::memory;
use crate::step::{assemble, lower_bound, outcome};
use crate::{AttentionKernel, Cure, Job, Layout, Overlap, Recompute, StepOutcome, Zero, cure};

/// What is to be planned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlanRequest {
    /// Chips at hand; a layout may use fewer.
    pub chips: u32,
    /// Sequences per step.
    pub global_batch: u32,
    /// Tokens per sequence.
    pub sequence: u32,
    /// Number format of the layers' matrix products.
    pub precision: Precision,
    /// Kind of attention kernel.
    pub attention: AttentionKernel,
    /// What overlaps.
    pub overlap: Overlap,
    /// Largest context parallelism tried.
    pub max_context: u32,
    /// Largest micro-batch tried.
    pub max_micro_batch: u32,
}

impl PlanRequest {
    /// A request with today's kernels and overlap, context parallelism up to 16 and micro-batches up to 8 sequences.
    pub fn new(chips: u32, global_batch: u32, sequence: u32, precision: Precision) -> PlanRequest {
        PlanRequest {
            chips,
            global_batch,
            sequence,
            precision,
            attention: AttentionKernel::Fused,
            overlap: Overlap::TUNED,
            max_context: 16,
            max_micro_batch: 8,
        }
    }
}

/// Another layout and why it is not the best.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RunnerUp {
    /// The layout.
    pub layout: Layout,
    /// What it does.
    pub outcome: StepOutcome,
    /// The part of the step in which it loses most against the best.
    pub loses_in: &'static str,
    /// Seconds it loses there.
    pub loses: Time,
}

/// The answer of a plan.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// Fastest layout that fits.
    pub layout: Layout,
    /// What it does.
    pub outcome: StepOutcome,
    /// The next best that differs in how the model is cut (tensor, context, pipeline, expert or data parallelism).
    pub runner_up: Option<RunnerUp>,
    /// Layouts whose step was computed.
    pub evaluated: u64,
    /// Layouts ruled out by memory or by a bound.
    pub pruned: u64,
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// Nothing to plan on or for.
    #[error("{0} must be at least one")]
    Nothing(&'static str),
    /// No layout obeys the rules.
    #[error(
        "no layout divides the model's heads and experts, the batch of {global_batch} and the chips ({chips}) as it must"
    )]
    NoValidLayout {
        /// Sequences per step.
        global_batch: u32,
        /// Chips at hand.
        chips: u32,
    },
    /// None fits.
    #[error("no layout fits the memory: the smallest is short by {:.1} GB per chip{}", short.gb(), cure.as_ref().map_or(String::new(), |c| format!("; it would fit with: {}", c.change)))]
    OutOfMemory {
        /// Missing per chip in the layout that needs least.
        short: Data,
        /// That layout.
        layout: Box<Layout>,
        /// A change outside the searched space that cures it, if any.
        cure: Option<Box<Cure>>,
    },
}

/// Divisors of `n` up to `limit`, ascending.
fn divisors(n: u32, limit: u32) -> Vec<u32> {
    let mut low = Vec::new();
    let mut high = Vec::new();
    let mut d = 1;
    while u64::from(d) * u64::from(d) <= u64::from(n) {
        if n.is_multiple_of(d) {
            low.push(d);
            if d != n / d {
                high.push(n / d);
            }
        }
        d += 1;
    }
    low.extend(high.into_iter().rev());
    low.retain(|&x| x <= limit);
    low
}

/// Powers of two up to `limit`.
fn powers(limit: u32) -> impl Iterator<Item = u32> {
    std::iter::successors(Some(1_u32), |x| x.checked_mul(2)).take_while(move |&x| x <= limit)
}

/// The searched space, as the loops of [`visit`] see it: tensor ranks are powers of two inside the scale-up domain, context
/// ranks powers of two, stages any number up to the layers (powers of two and divisors of the layers or of the layers
/// plus one or two, as embedding and head may count), chunks divisors of the layers of a stage, expert ranks divisors
/// of the experts, replicas divisors of the batch, micro-batches powers of two, recomputation none, selective or full, ZeRO 1 or 3
/// (ZeRO 3 only without a pipeline).
struct Space {
    tensor: Vec<u32>,
    stages: Vec<u32>,
    expert: Vec<u32>,
    replicas: Vec<u32>,
}

fn space(job: &Job, request: &PlanRequest) -> Space {
    let m = job.model;
    let tensor = powers(job.network.domain.clamp(1, 64).min(m.heads.max(1))).collect();
    let mut stages: Vec<u32> = powers(m.layers.max(1)).collect();
    for extra in 0..=2 {
        stages.extend(divisors(m.layers + extra, 64.min(m.layers)));
    }
    stages.retain(|&p| p <= request.chips);
    stages.sort_unstable();
    stages.dedup();
    let expert = m.moe.map_or(vec![1], |e| divisors(e.experts, e.experts.min(1024)));
    let replicas = divisors(request.global_batch, request.chips);
    Space { tensor, stages, expert, replicas }
}

/// One cut of the model that shares its layer cost: everything but stages, chunks, replicas, recomputation and ZeRO.
///
/// The cost of a layer depends on the replicas only through where its groups sit, which tensor, context and expert ranks fix.
fn visit(
    job: &Job,
    request: &PlanRequest,
    prune: bool,
    mut keep: impl FnMut(&Bench, &Layout, &LayerCost) -> f64,
) -> (u64, u64, Option<(f64, Layout)>) {
    let bench = Bench::new(job.model, job.chip, job.network, job.calibration, job.state);
    let space = space(job, request);
    let (mut evaluated, mut pruned) = (0_u64, 0_u64);
    let mut best = f64::INFINITY;
    let mut tightest: Option<(f64, Layout)> = None;
    let base = Layout {
        attention: request.attention,
        overlap: request.overlap,
        ..Layout::single(request.global_batch, request.sequence, request.precision)
    };
    for &tp in &space.tensor {
        for cp in powers(request.max_context) {
            for micro_batch in powers(request.max_micro_batch) {
                for &ep in &space.expert {
                    let cut = Layout { tp, cp, ep, micro_batch, ..base };
                    let mut cost: Option<LayerCost> = None;
                    for &pp in &space.stages {
                        let group = u64::from(tp) * u64::from(cp) * u64::from(pp);
                        if group > u64::from(request.chips) {
                            continue;
                        }
                        let limit = request.chips / group as u32;
                        // Most replicas first: they give the best incumbent and so prune the rest.
                        for &dp in space.replicas.iter().rev().filter(|&&d| d <= limit) {
                            let l = Layout { pp, dp, ..cut };
                            let valid = |l: &Layout| l.faults(job.model, l.chips() as u32).is_empty();
                            if !quickly_valid(&l) || !valid(&l) {
                                continue;
                            }
                            let cost = *cost.get_or_insert_with(|| bench.layer_cost(&l));
                            // Sends depend on where the next stage sits; recomputed for each placement.
                            let cost = LayerCost { send: bench.send(&l), ..cost };
                            if prune && lower_bound(&bench, &Layout { vpp: u32::MAX, ..l }, &cost) >= best {
                                pruned += 1;
                                continue;
                            }
                            for zero in [Zero::Optimizer, Zero::Weights] {
                                if zero == Zero::Weights && (pp > 1 || dp * cp == 1) {
                                    continue;
                                }
                                for recompute in [Recompute::None, Recompute::Selective, Recompute::Full] {
                                    let l = Layout { zero, recompute, ..l };
                                    if prune
                                        && lower_bound(&bench, &Layout { vpp: u32::MAX, ..l }, &cost) >= best
                                    {
                                        pruned += 1;
                                        continue;
                                    }
                                    let most = if pp > 1 { job.model.layers.div_ceil(pp) } else { 1 };
                                    for vpp in (1..=most).filter(|v| most.is_multiple_of(*v)) {
                                        let l = Layout { vpp, ..l };
                                        if pp * vpp > job.model.layers + 2 {
                                            continue;
                                        }
                                        if prune && lower_bound(&bench, &l, &cost) >= best {
                                            pruned += 1;
                                            continue;
                                        }
                                        let held = memory(job.model, job.chip, job.state, &l);
                                        if !held.fits() {
                                            let short = held.short().bytes();
                                            if tightest.is_none_or(|(s, _)| short < s) {
                                                tightest = Some((short, l));
                                            }
                                            pruned += 1;
                                            continue;
                                        }
                                        evaluated += 1;
                                        best = best.min(keep(&bench, &l, &cost));
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
    (evaluated, pruned, tightest)
}

/// Divisions that most candidates fail, before the full list of rules.
#[inline]
fn quickly_valid(l: &Layout) -> bool {
    let stage = u64::from(l.tp) * u64::from(l.cp) * u64::from(l.dp);
    l.global_batch.is_multiple_of(l.dp * l.micro_batch) && stage.is_multiple_of(u64::from(l.ep))
}

/// The fastest layout that fits.
///
/// # Errors
/// Where nothing is valid or nothing fits; then says what is short and what would cure it.
pub fn plan(job: &Job, request: &PlanRequest) -> Result<Plan, PlanError> {
    search(job, request, true)
}

/// The same without pruning by bounds: for tests of [`plan`], which must agree.
///
/// # Errors
/// As [`plan`].
pub fn plan_by_brute_force(job: &Job, request: &PlanRequest) -> Result<Plan, PlanError> {
    search(job, request, false)
}

fn cut(l: &Layout) -> (u32, u32, u32, u32, u32) {
    (l.tp, l.cp, l.pp, l.ep, l.dp)
}

fn search(job: &Job, request: &PlanRequest, prune: bool) -> Result<Plan, PlanError> {
    for (what, n) in [
        ("the chips", request.chips),
        ("the global batch", request.global_batch),
        ("the sequence", request.sequence),
    ] {
        if n == 0 {
            return Err(PlanError::Nothing(what));
        }
    }
    // The best, and the best of another cut: pruning looks at the second, so that the runner-up is exact too.
    let mut first: Option<(f64, Layout)> = None;
    let mut second: Option<(f64, Layout)> = None;
    let (evaluated, pruned, tightest) = visit(job, request, prune, |bench, l, cost| {
        let t = assemble(bench, l, cost).total();
        match first {
            None => first = Some((t, *l)),
            Some((best, layout)) if t < best => {
                if cut(&layout) != cut(l) {
                    second = first;
                }
                first = Some((t, *l));
            }
            Some((_, layout)) => {
                if cut(&layout) != cut(l) && second.is_none_or(|(s, _)| t < s) {
                    second = Some((t, *l));
                }
            }
        }
        second.map_or(f64::INFINITY, |s| s.0)
    });
    let Some((_, layout)) = first else {
        return Err(match tightest {
            None => PlanError::NoValidLayout { global_batch: request.global_batch, chips: request.chips },
            Some((short, layout)) => PlanError::OutOfMemory {
                short: Data::from_bytes(short),
                cure: cure(job.model, job.chip, job.state, &layout).map(Box::new),
                layout: Box::new(layout),
            },
        });
    };
    let bench = Bench::new(job.model, job.chip, job.network, job.calibration, job.state);
    let full = |l: &Layout| outcome(job, l, &assemble(&bench, l, &bench.layer_cost(l)));
    let best = full(&layout);
    let runner_up = second.map(|(_, layout)| {
        let outcome = full(&layout);
        let (loses_in, loses) = largest_loss(&best, &outcome);
        RunnerUp { layout, outcome, loses_in, loses }
    });
    Ok(Plan { layout, outcome: best, runner_up, evaluated, pruned })
}

fn largest_loss(best: &StepOutcome, other: &StepOutcome) -> (&'static str, Time) {
    let (a, b) = (&best.breakdown, &other.breakdown);
    let parts = [
        ("matrix products", b.gemm - a.gemm),
        ("attention", b.attention - a.attention),
        ("elementwise kernels", b.elementwise - a.elementwise),
        ("recomputation", b.recompute - a.recompute),
        ("tensor-parallel communication", b.tensor - a.tensor),
        ("context-parallel communication", b.context - a.context),
        ("expert dispatch", b.expert - a.expert),
        ("sends between stages", b.pipeline - a.pipeline),
        ("pipeline bubble", b.bubble - a.bubble),
        ("data-parallel communication", b.data - a.data),
        ("optimizer update", b.optimizer - a.optimizer),
        ("host overhead", b.host - a.host),
        ("stragglers", b.straggler - a.straggler),
    ];
    parts.into_iter().fold(("matrix products", Time::from_s(f64::NEG_INFINITY)), |most, part| {
        if part.1 > most.1 { part } else { most }
    })
}

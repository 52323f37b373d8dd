//! The searched space: cuts of the model, places of a cut on chips, and the leaves of a place.
//!
//! - A **cut** fixes all that the cost of a layer depends on: tensor, context, expert and expert-tensor ranks, micro-batch,
//!   sequence parallelism, overlap inside layers, and whether the schedule hides expert exchange.
//! - A **place** adds stages, replicas and the order of ranks on neighbouring chips.
//! - A **leaf** adds schedule, chunks, ZeRO stage, recomputation, offload and overlap of data-parallel traffic.

use gigatwin_catalog::ModelShape;

use super::PlanRequest;
use crate::{Job, Layout, Overlap, Placement, Recompute, Schedule, Zero};

/// Divisors of `n` up to `limit`, ascending.
pub(super) fn divisors(n: u32, limit: u32) -> Vec<u32> {
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

/// The values of each size: tensor ranks powers of two (inside the scale-up domain unless asked for more), context ranks powers
/// of two, stages any power of two and any divisor of the layers or of the layers plus one or two (embedding and head may
/// count), expert ranks divisors of the experts, replicas divisors of the batch, micro-batches powers of two or divisors.
pub(super) struct Space {
    tensor: Vec<u32>,
    context: Vec<u32>,
    micro: Vec<u32>,
    stages: Vec<u32>,
    expert: Vec<u32>,
    replicas: Vec<u32>,
}

impl Space {
    pub(super) fn new(job: &Job, request: &PlanRequest) -> Space {
        let m = job.model;
        let domain = if request.choices.tensor_beyond_domain { 64 } else { job.network.domain.clamp(1, 64) };
        let tensor = powers(domain.min(m.heads.max(1))).collect();
        let mut stages: Vec<u32> = powers(m.layers.max(1)).collect();
        for extra in 0..=2 {
            stages.extend(divisors(m.layers + extra, 64.min(m.layers)));
        }
        stages.retain(|&p| p <= request.chips);
        stages.sort_unstable();
        stages.dedup();
        let micro = if request.choices.any_micro_batch {
            divisors(request.global_batch, request.max_micro_batch)
        } else {
            powers(request.max_micro_batch).collect()
        };
        Space {
            tensor,
            context: powers(request.max_context).collect(),
            micro,
            stages,
            expert: m.moe.map_or(vec![1], |e| divisors(e.experts, e.experts.min(1024))),
            replicas: divisors(request.global_batch, request.chips),
        }
    }

    /// All cuts, as layouts of one stage and one replica.
    pub(super) fn cuts(&self, model: &ModelShape, request: &PlanRequest) -> Vec<Layout> {
        let base = Layout {
            attention: request.attention,
            overlap: request.overlap,
            ..Layout::single(request.global_batch, request.sequence, request.precision)
        };
        let c = &request.choices;
        let mut cuts = Vec::new();
        for &tp in &self.tensor {
            for &cp in self.context.iter().filter(|cp| tp.saturating_mul(**cp) <= request.chips) {
                for &micro_batch in &self.micro {
                    for &ep in &self.expert {
                        for etp in powers(if c.expert_tensor && model.moe.is_some() { tp } else { 1 }) {
                            let etp = (etp > 1).then_some(etp);
                            let cut = Layout { tp, cp, micro_batch, ep, etp, ..base };
                            push_variants(&mut cuts, cut, request, model.moe.is_some());
                        }
                    }
                }
            }
        }
        cuts
    }

    /// Stages that a cut may be put on.
    pub(super) fn stages<'a>(
        &'a self,
        model: &ModelShape,
        request: &'a PlanRequest,
        cut: &'a Layout,
    ) -> impl Iterator<Item = u32> + 'a {
        let inner = u64::from(cut.tp) * u64::from(cut.cp);
        // What depends on neither stages nor replicas is asked once.
        let alone = Layout { ep: 1, etp: None, global_batch: cut.micro_batch, ..*cut };
        let valid = alone.faults(model, inner as u32).is_empty();
        self.stages.iter().copied().filter(move |pp| {
            valid
                && inner * u64::from(*pp) <= u64::from(request.chips)
                && (cut.schedule != Schedule::DualPipe || dual(*pp, 1))
        })
    }

    /// The replicas of a cut on stages, most first: the batch divides, and experts divide the chips of a stage.
    pub(super) fn replicas<'a>(
        &'a self,
        request: &PlanRequest,
        cut: &'a Layout,
        pp: u32,
    ) -> impl Iterator<Item = Layout> + 'a {
        let inner = cut.tp * cut.cp;
        let limit = request.chips / (inner * pp);
        let split = cut.ep * cut.expert_tp();
        let end = self.replicas.partition_point(|d| *d <= limit);
        self.replicas[..end]
            .iter()
            .rev()
            .copied()
            .filter(move |dp| {
                cut.global_batch.is_multiple_of(dp * cut.micro_batch) && (inner * dp).is_multiple_of(split)
            })
            .map(move |dp| Layout { pp, dp, ..*cut })
    }
}

/// Whether DualPipe runs on a pipeline.
fn dual(pp: u32, vpp: u32) -> bool {
    pp > 1 && pp.is_multiple_of(2) && vpp == 1
}

/// A cut with sequence parallelism and overlap inside layers on and off, and once more for schedules that hide expert exchange.
fn push_variants(cuts: &mut Vec<Layout>, cut: Layout, request: &PlanRequest, experts: bool) {
    let c = &request.choices;
    let whole = c.sequence_parallel_off && cut.tp > 1;
    let plain = c.overlap_off && cut.tp > 1 && cut.overlap.tensor;
    let hides = experts && c.schedules.contains(&Schedule::DualPipe);
    for sequence_parallel in [true, false].into_iter().take(1 + usize::from(whole)) {
        for tensor in [cut.overlap.tensor, false].into_iter().take(1 + usize::from(plain)) {
            let overlap = Overlap { tensor, ..cut.overlap };
            let l = Layout { sequence_parallel, overlap, ..cut };
            cuts.push(l);
            if hides {
                cuts.push(Layout { schedule: Schedule::DualPipe, ..l });
            }
        }
    }
}

/// The schedules of a place: those whose layers cost what the cut's do.
fn schedules<'a>(
    request: &'a PlanRequest,
    place: &'a Layout,
    experts: bool,
) -> impl Iterator<Item = Schedule> + 'a {
    let all: &'static [Schedule] =
        if place.pp > 1 { request.choices.schedules } else { &[Schedule::OneForwardOneBackward] };
    let dual_cut = place.schedule == Schedule::DualPipe;
    all.iter().copied().filter(move |s| !experts || (*s == Schedule::DualPipe) == dual_cut)
}

/// All leaves of a place. `enter` may refuse a schedule with a recomputation (given with the most chunks) before its leaves are
/// made.
pub(super) fn leaves(
    model: &ModelShape,
    request: &PlanRequest,
    place: &Layout,
    mut enter: impl FnMut(&Layout) -> bool,
    mut each: impl FnMut(&Layout),
) {
    let c = &request.choices;
    let per_stage = model.layers.div_ceil(place.pp);
    let data_choices = 1 + usize::from(c.overlap_off && place.overlap.data && place.dp * place.cp > 1);
    for schedule in schedules(request, place, model.moe.is_some()) {
        if schedule == Schedule::DualPipe && !dual(place.pp, 1) {
            continue;
        }
        let most = if place.pp > 1 && schedule != Schedule::DualPipe { per_stage } else { 1 };
        for &recompute in c.recompute {
            let l = Layout { schedule, recompute, ..*place };
            if !enter(&Layout { vpp: most, ..l }) {
                continue;
            }
            for &zero in c.zero.iter().filter(|z| zero_allowed(**z, place)) {
                for &offload in c.offload {
                    for data in [place.overlap.data, false].into_iter().take(data_choices) {
                        let overlap = Overlap { data, ..l.overlap };
                        for vpp in (1..=most).filter(|v| most.is_multiple_of(*v)) {
                            if vpp > 1 && place.pp * vpp > model.layers + 2 {
                                continue;
                            }
                            each(&Layout { zero, offload, overlap, vpp, ..l });
                        }
                    }
                }
            }
        }
    }
}

/// Whether a ZeRO stage makes sense at a place.
fn zero_allowed(zero: Zero, place: &Layout) -> bool {
    let ranks = place.dp * place.cp;
    match zero {
        Zero::Replicated | Zero::Optimizer => true,
        Zero::Gradients => ranks > 1 && place.micro_batches() == 1,
        Zero::Weights => ranks > 1 && place.pp == 1,
    }
}

/// Schedules times chunks that a cut has on so many stages.
pub(super) fn chunkings(model: &ModelShape, request: &PlanRequest, cut: &Layout, pp: u32) -> u64 {
    let place = Layout { pp, ..*cut };
    let per_stage = model.layers.div_ceil(pp);
    schedules(request, &place, model.moe.is_some())
        .map(|s| {
            if s == Schedule::DualPipe {
                return u64::from(dual(pp, 1));
            }
            let most = if pp > 1 { per_stage } else { 1 };
            let fits = |v: &u32| most.is_multiple_of(*v) && (*v == 1 || pp * v <= model.layers + 2);
            (1..=most).filter(fits).count() as u64
        })
        .sum()
}

/// Orders of ranks by whether there are several context ranks and several replicas: of those that put all groups on the same
/// chips only the first; without a pipeline only the first of all.
pub(super) struct Orders([[Vec<Placement>; 2]; 2]);

impl Orders {
    pub(super) fn new(request: &PlanRequest) -> Orders {
        let all = request.choices.placements;
        let of = |cp: usize, dp: usize| {
            let order = |p: &Placement| p.order(1 + cp as u32, 1 + dp as u32, 2);
            let mut kept: Vec<Placement> = Vec::new();
            for p in all {
                if !kept.iter().any(|k| order(k) == order(p)) {
                    kept.push(*p);
                }
            }
            kept
        };
        Orders([[of(0, 0), of(0, 1)], [of(1, 0), of(1, 1)]])
    }

    pub(super) fn at(&self, place: &Layout) -> &[Placement] {
        let all = &self.0[usize::from(place.cp > 1)][usize::from(place.dp > 1)];
        if place.pp > 1 { all } else { &all[..all.len().min(1)] }
    }
}

/// How many leaves a place has in one order of ranks, given [`chunkings`].
pub(super) fn count(request: &PlanRequest, place: &Layout, chunkings: u64) -> u64 {
    let c = &request.choices;
    let zero = c.zero.iter().filter(|z| zero_allowed(**z, place)).count();
    let data = 1 + usize::from(c.overlap_off && place.overlap.data && place.dp * place.cp > 1);
    chunkings * (c.recompute.len() * zero * c.offload.len() * data) as u64
}

/// The leaf of a place that is fastest in every term of the bound: nothing recomputed, the most chunks, the shortest bubble.
pub(super) fn fastest(model: &ModelShape, request: &PlanRequest, place: &Layout) -> Layout {
    let bubble = |s: &Schedule| match s {
        Schedule::OneForwardOneBackward => 2,
        Schedule::ZeroBubble => 1,
        Schedule::DualPipe => 0,
    };
    let schedule = schedules(request, place, model.moe.is_some())
        .filter(|s| *s != Schedule::DualPipe || dual(place.pp, 1))
        .min_by_key(bubble)
        .unwrap_or(place.schedule);
    // Chunks that a stage cannot have only make the bound lower.
    Layout { schedule, recompute: Recompute::None, vpp: u32::MAX, ..*place }
}

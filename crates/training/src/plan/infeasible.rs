//! Why no layout fits: what is short in the layout that needs least, and the smallest change that cures it.

use gigatwin_quantity::Data;

use super::space::{Space, leaves};
use super::{PlanError, PlanRequest};
use crate::memory::memory;
use crate::{Cure, Job, Layout, Offload, Recompute};

/// The layout that needs least memory, with its bytes.
fn smallest(job: &Job, request: &PlanRequest) -> Option<(f64, Layout)> {
    let space = Space::new(job, request);
    let mut least: Option<(f64, Layout)> = None;
    for cut in space.cuts(job.model, request) {
        for pp in space.stages(job.model, request, &cut) {
            for place in space.replicas(request, &cut, pp) {
                leaves(
                    job.model,
                    request,
                    &place,
                    |_| true,
                    |l| {
                        // More chunks only keep more micro-batches waiting.
                        if l.vpp > 1 {
                            return;
                        }
                        let bytes = memory(job.model, job.chip, job.state, l).total().bytes();
                        if least.is_none_or(|(b, _)| bytes < b) {
                            least = Some((bytes, *l));
                        }
                    },
                );
            }
        }
    }
    least
}

/// More chips than this are not asked for.
const MOST_CHIPS: u32 = 1 << 20;

/// What keeps every layout from fitting.
pub(super) fn why(job: &Job, request: &PlanRequest) -> PlanError {
    let Some((bytes, layout)) = smallest(job, request) else {
        return PlanError::NoValidLayout { global_batch: request.global_batch, chips: request.chips };
    };
    let short = Data::from_bytes((bytes - job.chip.memory.bytes()).max(0.0));
    PlanError::OutOfMemory {
        short,
        layout: Box::new(layout),
        cure: cure(job, request, &layout).map(Box::new),
    }
}

/// Changes in the order of what they ask for: recomputation that was not allowed, state on the host, then more chips.
fn cure(job: &Job, request: &PlanRequest, l: &Layout) -> Option<Cure> {
    let fits = |x: &Layout| memory(job.model, job.chip, job.state, x).fits();
    let on_host = |what: &str, offload, recompute| {
        let layout = Layout { offload, recompute, ..*l };
        fits(&layout).then(|| Cure { change: what.to_owned(), layout })
    };
    if !request.choices.recompute.contains(&Recompute::Full) {
        let layout = Layout { recompute: Recompute::Full, ..*l };
        if fits(&layout) {
            return Some(Cure { change: "recompute whole layers".to_owned(), layout });
        }
    }
    on_host("the optimizer's state in the host's memory", Offload::Optimizer, l.recompute)
        .or_else(|| {
            on_host("optimizer's state and activations in the host's memory", Offload::Both, l.recompute)
        })
        .or_else(|| more_chips(job, request))
}

/// The smallest number of chips, in steps of a quarter of a doubling, on which something fits.
fn more_chips(job: &Job, request: &PlanRequest) -> Option<Cure> {
    let fitting = |chips: u32| {
        let request = PlanRequest { chips, ..*request };
        smallest(job, &request).filter(|s| s.0 <= job.chip.memory.bytes()).map(|s| s.1)
    };
    let mut enough = request.chips.max(1);
    let mut found = None;
    while found.is_none() {
        enough = enough.checked_mul(2).filter(|n| *n <= MOST_CHIPS)?;
        found = fitting(enough);
    }
    let half = enough / 2;
    for quarter in 1..4 {
        let chips = half + quarter * half / 4;
        if chips > half
            && let Some(layout) = fitting(chips)
        {
            return Some(Cure { change: words(chips, request.chips), layout });
        }
    }
    found.map(|layout| Cure { change: words(enough, request.chips), layout })
}

fn words(chips: u32, now: u32) -> String {
    format!("{chips} chips instead of {now}")
}

//! Laws of the timeline of a step, over all schedules.
#![allow(clippy::expect_used)]

mod common;

use std::collections::BTreeMap;

use common::{calibration, deepseek_v3, gb300, gpt3, h100, llama_8b, network, state};
use gigatwin_catalog::{Chip, ModelShape, Precision};
use gigatwin_training::{
    Job, Layout, Overlap, PARTS, Recompute, Schedule, StepBreakdown, StepOutcome, Stream, Timeline, Zero,
    step, timeline,
};
use proptest::prelude::*;

fn both(model: &ModelShape, chip: &Chip, l: &Layout) -> (StepOutcome, Timeline) {
    let (network, calibration, state) = (network(chip), calibration(), state());
    let job = Job { model, chip, network: &network, calibration: &calibration, state: &state };
    (step(&job, l).expect("a valid layout"), timeline(&job, l, true).expect("a valid layout"))
}

fn parts(b: &StepBreakdown) -> [f64; 13] {
    [
        b.gemm,
        b.attention,
        b.elementwise,
        b.recompute,
        b.tensor,
        b.context,
        b.expert,
        b.pipeline,
        b.bubble,
        b.data,
        b.optimizer,
        b.host,
        b.straggler,
    ]
    .map(|t| t.s())
}

/// No overlap on a stream, no gap on the chip's, and the breakdown on the slowest stage.
fn laws(o: &StepOutcome, t: &Timeline) {
    let whole = o.step_time.s();
    let small = 1e-9 * whole;
    assert!((t.step.s() - whole).abs() < small);
    let mut last: BTreeMap<(u32, Stream), f64> = BTreeMap::new();
    let mut sums = [0.0; 13];
    for s in &t.spans {
        let at = last.entry((s.stage, s.stream)).or_default();
        assert!(s.start.s() >= *at - small, "{s:?} begins before {at}");
        if s.stream == Stream::Chip {
            assert!((s.start.s() - *at).abs() < small, "a gap before {s:?} at {at}");
            if s.stage == t.slowest {
                sums[s.part] += s.length.s();
            }
        }
        *at = (s.start + s.length).s();
        assert!(*at <= whole + small, "{s:?} ends behind the step");
    }
    for stage in 0..t.stages {
        assert!((last[&(stage, Stream::Chip)] - whole).abs() < small, "stage {stage} fills the step");
    }
    for (i, (sum, part)) in sums.iter().zip(parts(&o.breakdown)).enumerate() {
        assert!((sum - part).abs() < 1e-7 * whole, "{}: {sum} against {part}", PARTS[i]);
    }
}

#[test]
fn the_events_of_equal_stages_are_the_closed_form() {
    // Without head and with sends that cost nothing.
    let model = ModelShape { vocabulary: 1, ..gpt3() };
    for (vpp, micro) in [(1_u32, 8_u32), (1, 32), (2, 16), (3, 32), (6, 8)] {
        let l = Layout { tp: 8, pp: 8, vpp, ..Layout::single(micro, 2048, Precision::Bf16) };
        let (o, t) = both(&model, &h100(), &l);
        laws(&o, &t);
        let closed = t.pipeline.s() - o.breakdown.pipeline.s();
        assert!(
            (t.played.s() / closed - 1.0).abs() < 5e-3,
            "v{vpp} m{micro}: {} against {closed}",
            t.played.s()
        );
    }
}

#[test]
fn the_closed_form_is_near_the_events() {
    for (name, model, chip, pp) in [
        ("gpt3", gpt3(), h100(), 8_u32),
        ("deepseek", deepseek_v3(), gb300(), 8),
        ("deepseek", deepseek_v3(), gb300(), 16),
    ] {
        for (schedule, vpp) in [
            (Schedule::OneForwardOneBackward, 1),
            (Schedule::OneForwardOneBackward, 2),
            (Schedule::ZeroBubble, 1),
            (Schedule::DualPipe, 1),
        ] {
            for rounds in [2, 4, 8] {
                let micro = rounds * pp;
                let l = Layout { tp: 8, pp, vpp, schedule, ..Layout::single(micro, 4096, Precision::Bf16) };
                let (o, t) = both(&model, &chip, &l);
                laws(&o, &t);
                let closed = t.pipeline.s() - o.breakdown.pipeline.s();
                let ratio = t.played.s() / closed;
                assert!((ratio - 1.0).abs() < 0.1, "{name} {schedule:?} v{vpp} m{micro}: {ratio}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever the layout, also where no published order fits the number of micro-batches.
    #[test]
    fn a_timeline_keeps_the_step(
        log_pp in 0_u32..4,
        vpp in 1_u32..4,
        micro in 1_u32..40,
        dp in prop::sample::select(vec![1_u32, 4]),
        schedule in prop::sample::select(vec![Schedule::OneForwardOneBackward, Schedule::ZeroBubble, Schedule::DualPipe]),
        zero in prop::sample::select(vec![Zero::Replicated, Zero::Optimizer, Zero::Weights]),
        recompute in prop::sample::select(vec![Recompute::None, Recompute::Selective, Recompute::Full]),
        overlap in prop::sample::select(vec![Overlap::TUNED, Overlap::NONE]),
        cp in prop::sample::select(vec![1_u32, 2]),
    ) {
        let pp = 1 << log_pp;
        let vpp = if pp == 1 || schedule == Schedule::DualPipe { 1 } else { vpp };
        let l = Layout {
            tp: 2, cp, pp, vpp, dp, schedule, zero, recompute, overlap,
            ..Layout::single(micro * dp, 4096, Precision::Bf16)
        };
        let (o, t) = both(&llama_8b(), &h100(), &l);
        laws(&o, &t);
        let two = if schedule == Schedule::OneForwardOneBackward || pp == 1 { 2 } else { 3 };
        prop_assert_eq!(t.passes, u64::from(pp * vpp * micro * two));
    }
}

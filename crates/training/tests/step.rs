//! Laws of the step model.
#![allow(clippy::expect_used)]

mod common;

use common::{a100, calibration, deepseek_v3, gpt3, h100, llama_8b, network, state};
use gigatwin_catalog::{Chip, ModelShape, Precision};
use gigatwin_training::{
    AttentionKernel, Job, Layout, LayoutError, Overlap, Recompute, StepOutcome, Zero, memory, step,
};
use proptest::prelude::*;

fn run(model: &ModelShape, chip: &Chip, l: &Layout) -> StepOutcome {
    let (network, calibration, state) = (network(chip), calibration(), state());
    let job = Job { model, chip, network: &network, calibration: &calibration, state: &state };
    step(&job, l).expect("a valid layout")
}

fn llama(dp: u32) -> Layout {
    Layout { dp, ..Layout::single(dp * 4, 8192, Precision::Bf16) }
}

#[test]
fn the_parts_add_up_and_the_shares_are_whole() {
    let l = Layout { tp: 8, pp: 8, vpp: 3, dp: 4, ..Layout::single(256, 2048, Precision::Bf16) };
    let o = run(&gpt3(), &h100(), &l);
    assert!((o.breakdown.total() / o.step_time - 1.0).abs() < 1e-12);
    let s = o.shares;
    assert!((s.compute.fraction() + s.communicate.fraction() + s.idle.fraction() - 1.0).abs() < 1e-12);
    assert!(o.mfu.fraction() > 0.2 && o.mfu.fraction() < 0.7, "mfu {}", o.mfu.fraction());
}

#[test]
fn utilisation_follows_its_stated_convention() {
    let l = llama(8);
    let o = run(&llama_8b(), &h100(), &l);
    let flop = 3.0 * llama_8b().forward_flop_per_token(8192.0);
    let expected = o.tokens_per_second * flop / (8.0 * 989.4e12);
    assert!((o.mfu.fraction() - expected).abs() < 1e-12);
}

#[test]
fn the_bubble_is_narayanans() {
    // Without head and embedding, equal stages: bubble over the rest of the pipeline's work is (p − 1)/(v·m).
    let model = ModelShape { vocabulary: 1, ..gpt3() };
    for (vpp, micro) in [(1_u32, 16_u32), (3, 32), (6, 8)] {
        let l = Layout { tp: 8, pp: 8, vpp, ..Layout::single(micro, 2048, Precision::Bf16) };
        let b = run(&model, &h100(), &l).breakdown;
        let work = b.gemm + b.attention + b.elementwise + b.recompute + b.tensor;
        let expected = 7.0 / f64::from(vpp * micro);
        assert!((b.bubble / work / expected - 1.0).abs() < 0.02, "{} against {expected}", b.bubble / work);
    }
}

#[test]
fn activations_are_korthikantis() {
    // 175B, sequence 2,048, micro-batch 1, 8 tensor ranks with sequence parallelism: s·b·h·(34 + 5·a·s/h)/t per layer.
    let (s, h, a, t) = (2048.0, 12288.0, 96.0, 8.0);
    let l = Layout {
        tp: 8,
        pp: 8,
        attention: AttentionKernel::Unfused,
        overlap: Overlap::NONE,
        ..Layout::single(64, 2048, Precision::Bf16)
    };
    let whole = memory(&gpt3(), &a100(), &state(), &l).activations.bytes();
    let expected = 12.0 * 8.0 * s * h * (34.0 + 5.0 * a * s / h) / t;
    assert!((whole / expected - 1.0).abs() < 1e-9, "{whole} against {expected}");
    let selective = Layout { recompute: Recompute::Selective, ..l };
    let kept = memory(&gpt3(), &a100(), &state(), &selective).activations.bytes();
    assert!((kept / (12.0 * 8.0 * s * h * 34.0 / t) - 1.0).abs() < 1e-9);
    let full = Layout { recompute: Recompute::Full, ..l };
    let inputs = memory(&gpt3(), &a100(), &state(), &full).activations.bytes();
    assert!((inputs / (12.0 * 8.0 * 2.0 * s * h / t) - 1.0).abs() < 1e-9);
}

#[test]
fn sharding_stages_shrink_memory_in_order() {
    let total = |zero| memory(&llama_8b(), &h100(), &state(), &Layout { zero, ..llama(8) }).total().bytes();
    let by_stage = [Zero::Replicated, Zero::Optimizer, Zero::Gradients, Zero::Weights].map(total);
    assert!(by_stage.windows(2).all(|w| w[1] < w[0]), "{by_stage:?}");
}

#[test]
fn recomputation_trades_time_for_memory() {
    for model in [llama_8b(), gpt3()] {
        let at = |recompute| run(&model, &h100(), &Layout { tp: 8, recompute, ..llama(2) });
        let (none, selective, full) = (at(Recompute::None), at(Recompute::Selective), at(Recompute::Full));
        assert!(
            none.step_time.s() <= selective.step_time.s() && selective.step_time.s() < full.step_time.s()
        );
        assert!(none.memory.total().bytes() >= selective.memory.total().bytes());
        assert!(selective.memory.total().bytes() > full.memory.total().bytes());
    }
}

#[test]
fn a_narrow_format_and_overlap_help() {
    let l = Layout { tp: 4, ..llama(4) };
    let bf16 = run(&llama_8b(), &h100(), &l).step_time;
    let fp8 = run(&llama_8b(), &h100(), &Layout { precision: Precision::Fp8, ..l }).step_time;
    let alone = run(&llama_8b(), &h100(), &Layout { overlap: Overlap::NONE, ..l }).step_time;
    assert!(fp8.s() < bf16.s() && bf16.s() < alone.s());
}

#[test]
fn tensor_ranks_across_domains_are_dear() {
    let inside = run(&gpt3(), &a100(), &Layout { tp: 8, dp: 4, ..Layout::single(64, 2048, Precision::Bf16) });
    let across =
        run(&gpt3(), &a100(), &Layout { tp: 16, dp: 2, ..Layout::single(64, 2048, Precision::Bf16) });
    assert!(across.breakdown.tensor.s() > 2.0 * inside.breakdown.tensor.s());
}

#[test]
fn experts_across_domains_cost_an_exchange() {
    let l = Layout { ep: 8, dp: 64, ..Layout::single(256, 4096, Precision::Bf16) };
    let inside = run(&deepseek_v3(), &h100(), &l).breakdown.expert;
    let across = run(&deepseek_v3(), &h100(), &Layout { ep: 64, ..l }).breakdown.expert;
    assert!(across.s() > inside.s() && inside.s() > 0.0);
}

#[test]
fn every_broken_rule_is_named_at_once() {
    let l = Layout { tp: 3, cp: 5, ep: 2, dp: 7, ..Layout::single(64, 8192, Precision::Bf16) };
    let faults = l.faults(&llama_8b(), 64);
    assert!(faults.iter().any(|f| matches!(f, LayoutError::WorldSize { .. })));
    assert!(faults.iter().any(|f| matches!(f, LayoutError::NoExperts(2))));
    assert!(faults.iter().filter(|f| matches!(f, LayoutError::NotDivisible { .. })).count() >= 3);
    assert_eq!(Layout { tp: 0, ..l }.faults(&llama_8b(), 64), vec![LayoutError::Zero("tensor parallelism")]);
}

proptest! {
    /// Fixed work per chip: more chips are never faster per step (the optimizer replicated, for sharding it shortens the
    /// update), and never slow it without limit.
    #[test]
    fn weak_scaling_only_costs(log in 0_u32..9, tp in 0_u32..4) {
        let at = |dp: u32| run(&llama_8b(), &h100(), &Layout { tp: 1 << tp, zero: Zero::Replicated, ..llama(dp) }).step_time.s();
        let (one, two) = (at(1 << log), at(2 << log));
        prop_assert!(two >= one * (1.0 - 1e-9));
        prop_assert!(two <= one * 2.0);
    }

    /// Fixed batch: doubling the replicas shortens the step, but not below half.
    #[test]
    fn strong_scaling_helps_but_not_beyond(log in 0_u32..6) {
        let at = |dp: u32| {
            let l = Layout { dp, ..Layout::single(256, 8192, Precision::Bf16) };
            run(&llama_8b(), &h100(), &l).step_time.s()
        };
        let (one, two) = (at(1 << log), at(2 << log));
        prop_assert!(two < one && two > 0.499 * one);
    }

    /// A faster chip, memory or network is never slower; more tokens never take less time.
    #[test]
    fn better_hardware_is_never_slower(tp in 0_u32..4, factor in 1.0_f64..3.0) {
        let chip = h100();
        let l = Layout { tp: 1 << tp, dp: 4, ..Layout::single(64, 4096, Precision::Bf16) };
        let base = run(&llama_8b(), &chip, &l).step_time.s();
        let memory = Chip { memory_bandwidth: chip.memory_bandwidth * factor, ..chip };
        let links = Chip { scaleup_bandwidth: chip.scaleup_bandwidth * factor, ..chip };
        prop_assert!(run(&llama_8b(), &memory, &l).step_time.s() <= base);
        prop_assert!(run(&llama_8b(), &links, &l).step_time.s() <= base);
        let longer = Layout { sequence: 8192, ..l };
        prop_assert!(run(&llama_8b(), &chip, &longer).step_time.s() >= base);
    }
}

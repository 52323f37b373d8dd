//! The planner against brute force, and what it says when nothing fits.

mod common;

use common::{calibration, deepseek_v3, gb300, gpt3, h100, llama_8b, network, small, small_moe, state};
use gigatwin_catalog::{Chip, ModelShape, Precision};
use gigatwin_quantity::{Data, Share};
use gigatwin_training::{
    CampaignInputs, Choices, Job, Layout, Placement, Plan, PlanError, PlanRequest, campaign,
    compute_optimal_parameters, compute_optimal_tokens, front, front_by_brute_force, plan,
    plan_by_brute_force, step,
};
use proptest::prelude::*;

fn with<T>(model: &ModelShape, chip: &Chip, f: impl FnOnce(&Job) -> T) -> T {
    let (network, calibration, state) = (network(chip), calibration(), state());
    f(&Job { model, chip, network: &network, calibration: &calibration, state: &state })
}

fn best(model: &ModelShape, chip: &Chip, request: &PlanRequest) -> Result<Plan, PlanError> {
    with(model, chip, |job| plan(job, request))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(240))]

    /// Pruning loses nothing: best, runner-up and front are those of the whole space, over every kind of choice.
    #[test]
    fn pruned_search_equals_brute_force(
        moe in any::<bool>(),
        chips in 1_u32..48,
        batch in 1_u32..65,
        log_sequence in 8_u32..13,
        memory_gb in 4.0_f64..80.0,
        choices in prop::sample::select(vec![Choices::MEGATRON, Choices::FULL, Choices::CALCULON]),
    ) {
        let model = if moe { small_moe() } else { small() };
        let chip = Chip { memory: Data::from_gb(memory_gb), ..h100() };
        // The widest space is searched over fewer sizes: brute force computes every layout of it.
        let (max_context, max_micro_batch) = if choices == Choices::CALCULON { (1, 2) } else { (2, 4) };
        let request = PlanRequest {
            max_context,
            max_micro_batch,
            choices,
            ..PlanRequest::new(chips, batch, 1 << log_sequence, Precision::Bf16)
        };
        let (fast, slow) = with(&model, &chip, |job| (plan(job, &request), plan_by_brute_force(job, &request)));
        match (fast, slow) {
            (Ok(a), Ok(b)) => {
                prop_assert_eq!(a.layout, b.layout);
                prop_assert_eq!(a.outcome.step_time, b.outcome.step_time);
                prop_assert_eq!(a.runner_up.map(|r| r.layout), b.runner_up.map(|r| r.layout));
                prop_assert!(a.counts.evaluated <= b.counts.evaluated);
                prop_assert!(b.counts.evaluated + b.counts.too_large <= b.counts.space);
                prop_assert_eq!(a.counts.space, b.counts.space);
                prop_assert!(a.outcome.memory.fits());
                let (quick, whole) = with(&model, &chip, |job| (front(job, &request), front_by_brute_force(job, &request)));
                let (quick, whole) = (quick.expect("a front"), whole.expect("a front"));
                prop_assert_eq!(&quick.points, &whole.points);
                prop_assert_eq!(quick.points[0].layout, a.layout);
                for w in quick.points.windows(2) {
                    let (a, b) = (&w[0].outcome, &w[1].outcome);
                    // The parts of a step are added up in another order than the search does.
                    prop_assert!(b.step_time.s() >= a.step_time.s() * (1.0 - 1e-12));
                    prop_assert!(b.memory.total().bytes() < a.memory.total().bytes());
                }
            }
            (a, b) => prop_assert_eq!(a.err(), b.err()),
        }
    }
}

proptest! {
    /// The orders of ranks that the search leaves out are never faster than one it keeps: equal but for rounding at best.
    #[test]
    fn orders_left_out_are_never_faster(
        moe in any::<bool>(),
        log_tp in 0_u32..4, log_cp in 0_u32..3, log_pp in 1_u32..4, log_dp in 0_u32..4, log_ep in 0_u32..4,
        micro in 1_u32..9,
    ) {
        let (tp, cp, pp, dp) = (1 << log_tp, 1 << log_cp, 1 << log_pp, 1 << log_dp);
        let ep = if moe { (1 << log_ep).min(tp * cp * dp) } else { 1 };
        let model = if moe { small_moe() } else { small() };
        let l = Layout { tp: tp.min(4), cp, pp, dp, ep, ..Layout::single(dp * micro, 4096, Precision::Bf16) };
        let of = |placement| with(&model, &h100(), |job| step(job, &Layout { placement, ..l }));
        if let Ok(usual) = of(Placement::ContextDataPipeline) {
            let all: Vec<_> = Placement::ALL.iter().filter_map(|p| Some((*p, of(*p).ok()?))).collect();
            let kept = all.iter().filter(|(p, _)| {
                !matches!(p, Placement::DataContextPipeline | Placement::PipelineDataContext)
            });
            let best = kept.map(|(_, o)| o.step_time.s()).fold(f64::INFINITY, f64::min);
            for (p, o) in &all {
                prop_assert!(o.step_time.s() >= best * (1.0 - 1e-9), "{:?}", p);
                if o.breakdown.pipeline >= usual.breakdown.pipeline {
                    prop_assert!(o.step_time.s() >= usual.step_time.s() * (1.0 - 1e-9), "{:?}", p);
                }
            }
        }
    }
}

#[test]
fn a_large_partition_is_planned_and_explained() {
    let request = PlanRequest::new(20_000, 15_360, 4096, Precision::Fp8);
    let p = best(&deepseek_v3(), &gb300(), &request).expect("a plan");
    assert!(p.layout.chips() <= 20_000 && p.layout.chips() > 10_000, "{:?}", p.layout);
    let second = p.runner_up.expect("a runner-up");
    assert!(second.outcome.step_time.s() >= p.outcome.step_time.s());
    assert!(second.loses.s() > 0.0 && !second.loses_in.is_empty());
}

#[test]
fn too_little_memory_is_answered_with_what_is_missing() {
    let request = PlanRequest::new(8, 64, 2048, Precision::Bf16);
    match best(&gpt3(), &h100(), &request) {
        Err(PlanError::OutOfMemory { short, .. }) => assert!(short.gb() > 100.0),
        other => panic!("{other:?}"),
    }
}

#[test]
fn nothing_to_plan_is_an_error() {
    let r = PlanRequest::new(0, 64, 2048, Precision::Bf16);
    assert_eq!(best(&llama_8b(), &h100(), &r), Err(PlanError::Nothing("the chips")));
}

#[test]
fn a_campaign_is_tokens_over_rate_over_what_failures_leave() {
    let request = PlanRequest::new(512, 1024, 8192, Precision::Bf16);
    let p = best(&llama_8b(), &h100(), &request).expect("a plan");
    let inputs = CampaignInputs {
        tokens: 1e12,
        ettr: Share::from_fraction(0.9),
        evaluation_share: Share::from_fraction(0.02),
    };
    let run = campaign(&llama_8b(), &p.layout, &p.outcome, &inputs).expect("a campaign");
    let expected = 1e12 / p.outcome.tokens_per_second / 86_400.0 / (0.9 * 0.98);
    assert!((run.wall_time.days() / expected - 1.0).abs() < 1e-4);
    let whole = run.computing.fraction() + run.communicating.fraction() + run.idle.fraction();
    assert!((whole - 1.0).abs() < 1e-12 && run.idle.fraction() > 0.1);
    assert!(campaign(&llama_8b(), &p.layout, &p.outcome, &CampaignInputs { tokens: 0.0, ..inputs }).is_err());
    assert!(
        campaign(&llama_8b(), &p.layout, &p.outcome, &CampaignInputs { ettr: Share::ZERO, ..inputs })
            .is_err()
    );
}

#[test]
fn chinchilla_by_both_roads() {
    // 70 B weights at 20 tokens each: 1.4 T tokens, 5.9e23 FLOP (Hoffmann et al. 2022).
    let tokens = compute_optimal_tokens(&llama_8b());
    let n = llama_8b().active_parameters();
    assert!((tokens / n - 20.0).abs() < 1e-12);
    let back = compute_optimal_parameters(gigatwin_quantity::Flop::from_flop(6.0 * n * tokens));
    assert!((back / n - 1.0).abs() < 1e-12);
}

//! Times the planner on the committed cases and one step evaluation; prints what it found.
//!
//! `cargo run --release -p gigatwin-training --example planner_speed`

#[path = "../tests/common/mod.rs"]
mod common;

use std::time::Instant;

use common::{a100, calibration, deepseek_v3, gb300, gpt3, network, state};
use gigatwin_catalog::{Moe, Precision};
use gigatwin_training::{AttentionKernel, Job, Layout, PlanRequest, plan, step};

fn main() {
    let two_trillion = gigatwin_catalog::ModelShape {
        layers: 96,
        hidden: 12288,
        moe: Some(Moe {
            experts: 256,
            active: 8,
            expert_ffn: 2304,
            shared_experts: 1,
            dense_layers: 2,
            latent: None,
        }),
        ..deepseek_v3()
    };
    let portable = AttentionKernel::Portable;
    for (name, model, chip, request) in [
        (
            "GPT-3 175B on 512 A100",
            gpt3(),
            a100(),
            PlanRequest { attention: portable, ..PlanRequest::new(512, 1536, 2048, Precision::Bf16) },
        ),
        (
            "DeepSeek-V3 on 99,936 GB300",
            deepseek_v3(),
            gb300(),
            PlanRequest::new(99_936, 15_360, 4096, Precision::Fp8),
        ),
        (
            "2 T on 99,936 GB300",
            two_trillion.clone(),
            gb300(),
            PlanRequest::new(99_936, 15_360, 8192, Precision::Fp8),
        ),
        ("2 T on 20,000 GB300", two_trillion, gb300(), PlanRequest::new(20_000, 4096, 8192, Precision::Fp8)),
    ] {
        let (network, calibration, state) = (network(&chip), calibration(), state());
        let job =
            Job { model: &model, chip: &chip, network: &network, calibration: &calibration, state: &state };
        let start = Instant::now();
        let answer = plan(&job, &request);
        let ms = start.elapsed().as_secs_f64() * 1e3;
        match answer {
            Ok(p) => {
                println!(
                    "{name}: {ms:.1} ms, {} evaluated, {} pruned, step {:.3} s, mfu {:.1} %",
                    p.evaluated,
                    p.pruned,
                    p.outcome.step_time.s(),
                    p.outcome.mfu.percent()
                );
                println!("  {:?}", p.layout);
                if let Some(r) = p.runner_up {
                    println!(
                        "  runner-up {:.3} s, loses in {}: {:?}",
                        r.outcome.step_time.s(),
                        r.loses_in,
                        r.layout
                    );
                }
                let n = 100_000;
                let start = Instant::now();
                let mut sum = 0.0;
                for i in 0..n {
                    let l = Layout { vpp: 1, global_batch: p.layout.global_batch * (1 + i % 3), ..p.layout };
                    sum += step(&job, &l).map_or(0.0, |o| o.step_time.s());
                }
                println!(
                    "  one step: {:.2} us ({sum:.0})",
                    start.elapsed().as_secs_f64() * 1e6 / f64::from(n)
                );
            }
            Err(e) => println!("{name}: {ms:.1} ms: {e}"),
        }
    }
}

//! Chips, models and parameters the tests share.
#![allow(dead_code)]

use gigatwin_catalog::{Attention, Chip, FfnKind, ModelShape, Moe, Precision};
use gigatwin_fabric::Network;
use gigatwin_quantity::{Bandwidth, Data, Flops, Power, Share, Time};
use gigatwin_training::{AttentionKernel, Calibration, Choices, PlanRequest, TrainingState};

pub fn h100() -> Chip {
    Chip {
        bf16: Flops::from_tflops(989.4),
        fp8: Some(Flops::from_tflops(1978.9)),
        fp4: None,
        memory: Data::from_gb(80.0),
        memory_bandwidth: Bandwidth::from_gb_per_s(3350.0),
        scaleup_bandwidth: Bandwidth::from_gb_per_s(900.0),
        scaleup_domain: 8,
        tdp: Power::from_w(700.0),
        idle_power: Power::from_w(70.0),
    }
}

pub fn gb300() -> Chip {
    Chip {
        bf16: Flops::from_tflops(2500.0),
        fp8: Some(Flops::from_tflops(5000.0)),
        fp4: Some(Flops::from_tflops(15000.0)),
        memory: Data::from_gb(288.0),
        memory_bandwidth: Bandwidth::from_gb_per_s(8000.0),
        scaleup_bandwidth: Bandwidth::from_gb_per_s(1800.0),
        scaleup_domain: 72,
        tdp: Power::from_w(1400.0),
        idle_power: Power::from_w(150.0),
    }
}

pub fn a100() -> Chip {
    Chip {
        bf16: Flops::from_tflops(312.0),
        fp8: None,
        fp4: None,
        memory: Data::from_gb(80.0),
        memory_bandwidth: Bandwidth::from_gb_per_s(2039.0),
        scaleup_bandwidth: Bandwidth::from_gb_per_s(600.0),
        scaleup_domain: 8,
        tdp: Power::from_w(400.0),
        idle_power: Power::from_w(50.0),
    }
}

pub fn network(chip: &Chip) -> Network {
    Network::new(
        chip.scaleup_bandwidth * 0.5,
        chip.scaleup_domain,
        true,
        Bandwidth::from_gbit_per_s(400.0),
        1.0,
    )
}

pub fn calibration() -> Calibration {
    Calibration {
        gemm_efficiency_bf16: 0.64,
        attention_efficiency: 0.49,
        power_exponent: 0.4,
        elementwise_passes: 2.1,
        step_overhead: Time::from_ms(15.0),
        collective_slowdown: 1.5,
        network_slowdown: 1.5,
        ..Calibration::prior()
    }
}

pub fn state() -> TrainingState {
    TrainingState {
        weight_bytes: 2.0,
        gradient_bytes: 4.0,
        optimizer_bytes: 12.0,
        gradient_wire_bytes: 2.0,
        workspace: Data::from_gb(3.0),
        fragmentation: Share::from_fraction(0.05),
        logit_bytes: 8.0,
        narrow_inputs: true,
        expert_imbalance: 1.0,
    }
}

fn dense(
    layers: u32,
    hidden: u32,
    heads: u32,
    kv_heads: u32,
    ffn: u32,
    kind: FfnKind,
    vocabulary: u32,
) -> ModelShape {
    ModelShape {
        layers,
        hidden,
        heads,
        kv_heads,
        head_dim: hidden / heads,
        ffn,
        ffn_kind: kind,
        vocabulary,
        context: 8192,
        tied_embeddings: kind == FfnKind::Gelu,
        attention: Attention::Heads,
        moe: None,
        sliding_window: None,
        indexer: None,
        state_space: None,
        mtp_layers: 0,
    }
}

pub fn gpt3() -> ModelShape {
    dense(96, 12288, 96, 96, 49152, FfnKind::Gelu, 51200)
}

pub fn llama_8b() -> ModelShape {
    dense(32, 4096, 32, 8, 14336, FfnKind::SwiGlu, 128_256)
}

pub fn small() -> ModelShape {
    dense(12, 1024, 16, 4, 4096, FfnKind::SwiGlu, 32_000)
}

pub fn small_moe() -> ModelShape {
    ModelShape {
        moe: Some(Moe {
            experts: 16,
            active: 2,
            expert_ffn: 1024,
            shared_experts: 1,
            dense_layers: 1,
            latent: None,
        }),
        ..small()
    }
}

pub fn deepseek_v3() -> ModelShape {
    ModelShape {
        head_dim: 192,
        tied_embeddings: false,
        attention: Attention::Latent {
            kv_lora_rank: 512,
            q_lora_rank: 1536,
            rope_dim: 64,
            nope_dim: 128,
            value_dim: 128,
        },
        moe: Some(Moe {
            experts: 256,
            active: 8,
            expert_ffn: 2048,
            shared_experts: 1,
            dense_layers: 3,
            latent: None,
        }),
        ..dense(61, 7168, 128, 128, 18432, FfnKind::SwiGlu, 129_280)
    }
}

/// The planner's committed cases.
pub struct Case {
    pub name: &'static str,
    pub model: ModelShape,
    pub chip: Chip,
    pub request: PlanRequest,
}

/// The 2-T shape of the catalog (moe-2t).
pub fn two_trillion() -> ModelShape {
    ModelShape {
        head_dim: 192,
        tied_embeddings: false,
        attention: Attention::Latent {
            kv_lora_rank: 512,
            q_lora_rank: 2048,
            rope_dim: 64,
            nope_dim: 128,
            value_dim: 128,
        },
        moe: Some(Moe {
            experts: 384,
            active: 10,
            expert_ffn: 2688,
            shared_experts: 1,
            dense_layers: 2,
            latent: None,
        }),
        ..dense(80, 8192, 128, 128, 24576, FfnKind::SwiGlu, 160_000)
    }
}

pub fn cases() -> Vec<Case> {
    let gpt = PlanRequest {
        attention: AttentionKernel::Portable,
        max_context: 1,
        max_micro_batch: 1536,
        ..PlanRequest::new(512, 1536, 2048, Precision::Bf16).over(Choices::CALCULON)
    };
    let deepseek = PlanRequest::new(99_936, 15_360, 4096, Precision::Fp8);
    let large = PlanRequest::new(99_936, 15_360, 8192, Precision::Fp8);
    vec![
        Case { name: "GPT-3 175B, 512 A100, Calculon's space", model: gpt3(), chip: a100(), request: gpt },
        Case {
            name: "DeepSeek-V3, 99,936 GB300, Megatron's space",
            model: deepseek_v3(),
            chip: gb300(),
            request: deepseek,
        },
        Case {
            name: "DeepSeek-V3, 99,936 GB300, full space",
            model: deepseek_v3(),
            chip: gb300(),
            request: deepseek.over(Choices::FULL),
        },
        Case {
            name: "2 T, 99,936 GB300, Megatron's space",
            model: two_trillion(),
            chip: gb300(),
            request: large,
        },
        Case {
            name: "2 T, 99,936 GB300, full space",
            model: two_trillion(),
            chip: gb300(),
            request: large.over(Choices::FULL),
        },
    ]
}

//! What the software of a source does where its rows do not say: one fixed choice per source family.

use gigatwin_catalog::Precision;
use gigatwin_training::{AttentionKernel, Launch, Overlap, Zero};

/// Choices of a stack.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stack {
    pub attention: AttentionKernel,
    pub overlap: Overlap,
    pub zero: Zero,
    pub weight_bytes: f64,
    pub gradient_bytes: f64,
    pub optimizer_bytes: f64,
    pub wire: f64,
    pub launch: Launch,
    pub logit_bytes: f64,
    pub narrow_inputs: bool,
    /// Gigabytes beside tensors, and allocator slack: less where a source reports what was allocated, not what was reserved.
    pub workspace: f64,
    pub slack: f64,
    /// Year of the software, where it is older than the publication.
    pub year: Option<f64>,
}

/// The stack of a source family, or of an unknown one by what its rows show.
///
/// * `vtrain`: Megatron-DeepSpeed of 2022, replicated optimizer, unfused attention, no gradient bucketing, nothing overlapped.
/// * `korthikanti`, and unknown families before 2023: Megatron-LM of 2022, unfused attention, nothing overlapped.
/// * `mosaicml`: fully sharded data parallel with 32-bit sharded weights, gradients reduced in 16 bits.
/// * `torchtitan`, and unknown families whose rows say ZeRO 3: the same with gradients reduced in 32 bits.
/// * `maxtext`: fully sharded by the compiler, kernels of its own, one launch per step.
/// * `simumax`: Megatron-LM, 32-bit gradients, tensor communication not overlapped.
/// * all others (NVIDIA's own recipes and submissions): distributed optimizer, 16-bit gradients, tensor and data-parallel
///   communication overlapped, expert communication not.
pub(super) fn stack(family: &str, year: Option<u32>, zero: Option<Zero>) -> Stack {
    let tuned = Stack {
        attention: AttentionKernel::Fused,
        overlap: Overlap::TUNED,
        zero: Zero::Optimizer,
        weight_bytes: 2.0,
        gradient_bytes: 2.0,
        optimizer_bytes: 12.0,
        wire: 2.0,
        launch: Launch::Eager,
        logit_bytes: 8.0,
        narrow_inputs: true,
        workspace: 3.0,
        slack: 0.05,
        year: None,
    };
    let sharded = Stack {
        attention: AttentionKernel::Portable,
        zero: Zero::Weights,
        weight_bytes: 4.0,
        gradient_bytes: 4.0,
        optimizer_bytes: 8.0,
        overlap: Overlap { tensor: false, ..Overlap::TUNED },
        narrow_inputs: false,
        ..tuned
    };
    let early = Stack {
        attention: AttentionKernel::Unfused,
        overlap: Overlap::NONE,
        zero: Zero::Replicated,
        gradient_bytes: 4.0,
        ..tuned
    };
    // Loss compiled into one kernel since 2025.
    let compiled = year.is_none_or(|y| y >= 2025);
    let torch = Stack { wire: 4.0, logit_bytes: if compiled { 6.0 } else { 14.0 }, ..sharded };
    match family {
        "vtrain" => Stack { year: Some(2022.5), ..early },
        "korthikanti" => early,
        "mosaicml" => sharded,
        "torchtitan" => torch,
        "maxtext" => Stack { attention: AttentionKernel::Fused, launch: Launch::Graphs, ..sharded },
        "simumax" => Stack {
            gradient_bytes: 4.0,
            wire: 4.0,
            overlap: Overlap { tensor: false, ..Overlap::TUNED },
            workspace: 1.0,
            slack: 0.02,
            ..tuned
        },
        "megatron-bridge" | "nemo" | "dgx-cloud" | "mlperf" => tuned,
        _ if year.is_some_and(|y| y < 2023) => early,
        _ if zero == Some(Zero::Weights) => torch,
        _ => tuned,
    }
}

/// The format of a row that does not state one: MLPerf submissions take the narrowest the chip has; others train in 16 bits.
pub(super) fn unstated_precision(family: &str, fp8: bool, fp4: bool) -> Precision {
    match (family, fp4, fp8) {
        ("mlperf", true, _) => Precision::Fp4,
        ("mlperf", false, true) => Precision::Fp8,
        _ => Precision::Bf16,
    }
}

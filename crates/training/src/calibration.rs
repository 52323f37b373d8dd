//! The parameters of the step model: a dozen that hold for every chip and a few factors per chip.

use gigatwin_catalog::Precision;
use gigatwin_quantity::{Data, Share, Time};

/// What measured rows say beyond the datasheet. One set serves every chip; [`ChipFactors`] shift it.
///
/// Values are fitted (see `catalog/defaults/training.toml`), never per row or per source.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    /// Highest share of the dense bf16 rate that matrix products of a training step reach.
    pub gemm_efficiency_bf16: f64,
    /// The same for fp8 (of the dense fp8 rate).
    pub gemm_efficiency_fp8: f64,
    /// The same for fp4 (of the dense fp4 rate).
    pub gemm_efficiency_fp4: f64,
    /// Share of the shorter of compute and memory time of a matrix product that the longer one does not hide.
    pub gemm_unhidden: f64,
    /// Efficiency of grouped expert products relative to plain ones.
    pub grouped_gemm_factor: f64,
    /// Share of the dense bf16 rate that fused attention reaches on long sequences, forward and backward together.
    pub attention_efficiency: f64,
    /// Attention by kernels not written for the chip ([`crate::AttentionKernel::Portable`]) relative to those that are.
    pub portable_attention: f64,
    /// Exponent of (watts per bf16 TFLOP/s ÷ 0.7) in the rates reached: chips with less power for their rate throttle more.
    pub power_exponent: f64,
    /// Memory traffic of unfused attention scores relative to the counted minimum at full bandwidth.
    pub unfused_passes: f64,
    /// Memory traffic of norms, residuals, rotations, activations and casts relative to the counted minimum at full
    /// bandwidth.
    pub elementwise_passes: f64,
    /// Host time to enqueue one layer's forward pass; the backward pass takes as long.
    pub host_per_layer: Time,
    /// Time per step that nothing hides: data loading, optimizer launches, loss reduction.
    pub step_overhead: Time,
    /// Share of tensor-parallel communication hidden where the layout overlaps it.
    pub tensor_overlap: f64,
    /// Share of the computing time under which data-parallel communication can hide.
    pub data_overlap: f64,
    /// Share of expert communication hidden where the layout overlaps it.
    pub expert_overlap: f64,
    /// Collectives inside a step against the same collectives alone.
    pub collective_slowdown: f64,
    /// Spread of the ranks' step times: the slowest of n is 1 + σ·√(2 ln n) of the mean.
    pub rank_spread: f64,
    /// Parallel units that tiles of a matrix product spread over (streaming multiprocessors or their like).
    pub compute_units: f64,
}

impl Calibration {
    /// Share of the dense rate of `precision` reached at best.
    pub fn gemm_efficiency(&self, precision: Precision) -> f64 {
        match precision {
            Precision::Bf16 => self.gemm_efficiency_bf16,
            Precision::Fp8 => self.gemm_efficiency_fp8,
            Precision::Fp4 => self.gemm_efficiency_fp4,
        }
    }

    /// The set for one chip.
    #[must_use]
    pub fn with(&self, chip: &ChipFactors) -> Calibration {
        Calibration {
            gemm_efficiency_bf16: (self.gemm_efficiency_bf16 * chip.gemm_bf16).min(0.95),
            gemm_efficiency_fp8: (self.gemm_efficiency_fp8 * chip.gemm_low).min(0.95),
            gemm_efficiency_fp4: (self.gemm_efficiency_fp4 * chip.gemm_low).min(0.95),
            attention_efficiency: (self.attention_efficiency * chip.attention).min(0.95),
            compute_units: chip.compute_units.unwrap_or(self.compute_units),
            ..*self
        }
    }
}

/// How one chip differs from [`Calibration`]; all ones for a chip known by its datasheet alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChipFactors {
    /// Factor on the bf16 matrix efficiency.
    pub gemm_bf16: f64,
    /// Factor on the fp8 and fp4 matrix efficiencies.
    pub gemm_low: f64,
    /// Factor on the attention efficiency.
    pub attention: f64,
    /// Parallel units, where known.
    pub compute_units: Option<f64>,
}

impl ChipFactors {
    /// No difference.
    pub const UNKNOWN: ChipFactors =
        ChipFactors { gemm_bf16: 1.0, gemm_low: 1.0, attention: 1.0, compute_units: None };
}

/// Bytes of training state and what the stack holds besides tensors of the model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrainingState {
    /// Bytes of one weight as the layers read it.
    pub weight_bytes: f64,
    /// Bytes of one accumulated gradient.
    pub gradient_bytes: f64,
    /// Bytes of master weight and moments per weight (fp32 Adam: 4 + 4 + 4).
    pub optimizer_bytes: f64,
    /// Bytes of one gradient as it is sent.
    pub gradient_wire_bytes: f64,
    /// Driver context, collective buffers and library workspaces per chip.
    pub workspace: Data,
    /// Allocator slack relative to activations.
    pub fragmentation: Share,
    /// Fullest expert rank over the mean, one for balanced routing.
    pub expert_imbalance: f64,
}

/// Number of fitted global parameters.
pub const FITTED: usize = 17;

impl Calibration {
    /// Names of the fitted parameters, in the order of [`Self::to_array`]; times are in microseconds there.
    pub const PARAMETERS: [&'static str; FITTED] = [
        "gemm_efficiency_bf16",
        "gemm_efficiency_fp8",
        "gemm_efficiency_fp4",
        "gemm_unhidden",
        "grouped_gemm_factor",
        "attention_efficiency",
        "unfused_passes",
        "elementwise_passes",
        "host_per_layer",
        "step_overhead",
        "tensor_overlap",
        "data_overlap",
        "expert_overlap",
        "collective_slowdown",
        "rank_spread",
        "portable_attention",
        "power_exponent",
    ];

    /// The fitted parameters as plain numbers.
    pub fn to_array(&self) -> [f64; FITTED] {
        [
            self.gemm_efficiency_bf16,
            self.gemm_efficiency_fp8,
            self.gemm_efficiency_fp4,
            self.gemm_unhidden,
            self.grouped_gemm_factor,
            self.attention_efficiency,
            self.unfused_passes,
            self.elementwise_passes,
            self.host_per_layer.us(),
            self.step_overhead.us(),
            self.tensor_overlap,
            self.data_overlap,
            self.expert_overlap,
            self.collective_slowdown,
            self.rank_spread,
            self.portable_attention,
            self.power_exponent,
        ]
    }

    /// The inverse of [`Self::to_array`].
    #[must_use]
    pub fn with_array(&self, v: [f64; FITTED]) -> Calibration {
        Calibration {
            gemm_efficiency_bf16: v[0],
            gemm_efficiency_fp8: v[1],
            gemm_efficiency_fp4: v[2],
            gemm_unhidden: v[3],
            grouped_gemm_factor: v[4],
            attention_efficiency: v[5],
            unfused_passes: v[6],
            elementwise_passes: v[7],
            host_per_layer: Time::from_us(v[8]),
            step_overhead: Time::from_us(v[9]),
            tensor_overlap: v[10],
            data_overlap: v[11],
            expert_overlap: v[12],
            collective_slowdown: v[13],
            rank_spread: v[14],
            portable_attention: v[15],
            power_exponent: v[16],
            compute_units: self.compute_units,
        }
    }
}

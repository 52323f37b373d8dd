//! The parameters of the step model: some twenty that hold for every chip and a few factors per chip.

use gigatwin_catalog::Precision;
use gigatwin_quantity::{Bandwidth, Data, Share, Time};

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
    /// Products whose narrow operands are scaled by block in software relative to those of one scale per tensor.
    pub block_scaled: f64,
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
    /// Host time to enqueue one expert block's forward pass where counts of tokens come back to the host.
    pub host_per_expert_block: Time,
    /// Time per step that nothing hides: data loading, optimizer launches, loss reduction.
    pub step_overhead: Time,
    /// Share of tensor-parallel communication hidden where the layout overlaps it.
    pub tensor_overlap: f64,
    /// Share of the computing time under which data-parallel communication can hide.
    pub data_overlap: f64,
    /// Share of expert communication hidden where the layout overlaps it.
    pub expert_overlap: f64,
    /// Collectives of one scale-up domain inside a step against the same collectives alone.
    pub collective_slowdown: f64,
    /// The same for collectives between domains.
    pub network_slowdown: f64,
    /// The same for the exchange of tokens between experts.
    pub exchange_slowdown: f64,
    /// Time that computation loses to communication running beside it, per second of that communication.
    pub interference: f64,
    /// Spread of the ranks' step times: the slowest of n is 1 + σ·√(2 ln n) of the mean.
    pub rank_spread: f64,
    /// Yearly logarithmic progress of kernels and of what runs between them.
    pub progress: f64,
    /// Further yearly logarithmic progress of the software around experts (routing, permutation, exchange, launches).
    pub expert_progress: f64,
    /// Parallel units that tiles of a matrix product spread over (streaming multiprocessors or their like).
    pub compute_units: f64,
    /// Rate between a chip and its host.
    pub host_link: Bandwidth,
    /// Year of the software, not fitted.
    pub software_year: f64,
    /// What of the model's form is used; all of it but in ablations.
    pub parts: Parts,
}

/// Parts of the model's form that an ablation can take away (those that are a parameter are pinned instead).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    /// Matrix products in whole tiles and waves.
    pub quantisation: bool,
    /// Attention slower on short sequences and narrow heads.
    pub attention_shape: bool,
    /// Head, loss and uneven layers on their own stages instead of spread over all.
    pub stages: bool,
    /// Casts of narrow formats and their scans for scales.
    pub casts: bool,
}

impl Default for Parts {
    fn default() -> Self {
        Parts::ALL
    }
}

impl Parts {
    /// The whole model.
    pub const ALL: Parts = Parts { quantisation: true, attention_shape: true, stages: true, casts: true };
}

/// Year whose software [`Calibration`] describes where nothing else is said; older software is slower, newer is not taken to
/// be faster.
pub const SOFTWARE_YEAR: f64 = 2026.6;

/// Rate between a chip and its host in GB/s: PCIe 5 of sixteen lanes, less protocol.
const HOST_LINK: f64 = 50.0;

/// Centre and spread of what a parameter is before any row was seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prior {
    /// Name, as in the catalog and in the folds.
    pub name: &'static str,
    /// Centre; times in microseconds.
    pub centre: f64,
    /// Standard deviation of the natural logarithm.
    pub spread: f64,
    /// Smallest value.
    pub low: f64,
    /// Largest value.
    pub high: f64,
    /// Whether it is a time.
    pub time: bool,
}

const fn share(name: &'static str, centre: f64, spread: f64, low: f64, high: f64) -> Prior {
    Prior { name, centre, spread, low, high, time: false }
}

const fn time(name: &'static str, centre: f64, spread: f64, low: f64, high: f64) -> Prior {
    Prior { name, centre, spread, low, high, time: true }
}

/// Number of fitted global parameters.
pub const FITTED: usize = 24;

/// The fitted global parameters: plausible figures before any row was seen.
pub const PRIORS: [Prior; FITTED] = [
    share("gemm_efficiency_bf16", 0.72, 0.15, 0.3, 0.95),
    share("gemm_efficiency_fp8", 0.65, 0.2, 0.2, 0.95),
    share("gemm_efficiency_fp4", 0.55, 0.3, 0.1, 0.95),
    share("gemm_unhidden", 0.3, 0.7, 0.01, 1.0),
    share("grouped_gemm_factor", 0.8, 0.3, 0.2, 1.0),
    share("attention_efficiency", 0.6, 0.3, 0.1, 0.9),
    share("portable_attention", 0.65, 0.3, 0.2, 1.0),
    share("power_exponent", 0.25, 0.5, 0.01, 1.0),
    share("unfused_passes", 1.5, 0.5, 0.3, 6.0),
    share("elementwise_passes", 1.5, 0.5, 0.5, 6.0),
    time("host_per_layer", 400.0, 0.7, 1.0, 3000.0),
    time("host_per_expert_block", 1500.0, 0.7, 1.0, 20_000.0),
    time("step_overhead", 10_000.0, 0.7, 100.0, 200_000.0),
    share("tensor_overlap", 0.5, 0.5, 0.01, 0.95),
    share("data_overlap", 0.6, 0.4, 0.01, 1.0),
    share("expert_overlap", 0.5, 0.5, 0.01, 0.95),
    share("collective_slowdown", 1.3, 0.3, 1.0, 3.0),
    share("network_slowdown", 1.3, 0.3, 1.0, 3.0),
    share("exchange_slowdown", 1.5, 0.3, 1.0, 4.0),
    share("interference", 0.15, 0.5, 0.001, 1.0),
    share("rank_spread", 0.005, 0.7, 0.0001, 0.04),
    share("progress", 0.06, 0.4, 0.001, 0.3),
    share("block_scaled", 0.8, 0.3, 0.3, 1.0),
    share("expert_progress", 0.3, 0.5, 0.001, 1.5),
];

impl Calibration {
    /// The centres of the priors, for a chip of 132 units and today's software.
    pub fn prior() -> Calibration {
        Calibration::from_array(PRIORS.map(|p| p.centre), 132.0)
    }

    /// The fitted parameters as plain numbers, in the order of [`PRIORS`]; times in microseconds.
    pub fn to_array(&self) -> [f64; FITTED] {
        [
            self.gemm_efficiency_bf16,
            self.gemm_efficiency_fp8,
            self.gemm_efficiency_fp4,
            self.gemm_unhidden,
            self.grouped_gemm_factor,
            self.attention_efficiency,
            self.portable_attention,
            self.power_exponent,
            self.unfused_passes,
            self.elementwise_passes,
            self.host_per_layer.us(),
            self.host_per_expert_block.us(),
            self.step_overhead.us(),
            self.tensor_overlap,
            self.data_overlap,
            self.expert_overlap,
            self.collective_slowdown,
            self.network_slowdown,
            self.exchange_slowdown,
            self.interference,
            self.rank_spread,
            self.progress,
            self.block_scaled,
            self.expert_progress,
        ]
    }

    /// The inverse of [`Self::to_array`], for a chip of so many parallel units and today's software.
    pub fn from_array(v: [f64; FITTED], compute_units: f64) -> Calibration {
        Calibration {
            gemm_efficiency_bf16: v[0],
            gemm_efficiency_fp8: v[1],
            gemm_efficiency_fp4: v[2],
            gemm_unhidden: v[3],
            grouped_gemm_factor: v[4],
            attention_efficiency: v[5],
            portable_attention: v[6],
            power_exponent: v[7],
            unfused_passes: v[8],
            elementwise_passes: v[9],
            host_per_layer: Time::from_us(v[10]),
            host_per_expert_block: Time::from_us(v[11]),
            step_overhead: Time::from_us(v[12]),
            tensor_overlap: v[13],
            data_overlap: v[14],
            expert_overlap: v[15],
            collective_slowdown: v[16],
            network_slowdown: v[17],
            exchange_slowdown: v[18],
            interference: v[19],
            rank_spread: v[20],
            progress: v[21],
            block_scaled: v[22],
            expert_progress: v[23],
            compute_units,
            host_link: Bandwidth::from_gb_per_s(HOST_LINK),
            software_year: SOFTWARE_YEAR,
            parts: Parts::ALL,
        }
    }

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
            host_link: chip.host_link.unwrap_or(self.host_link),
            ..*self
        }
    }

    /// The set for software of a year; later than [`SOFTWARE_YEAR`] is taken as that.
    #[must_use]
    pub fn in_year(&self, year: f64) -> Calibration {
        Calibration { software_year: year.min(SOFTWARE_YEAR), ..*self }
    }

    /// How much of today's rates kernels reached in their year; three years back at most.
    pub(crate) fn maturity(&self) -> f64 {
        (-self.progress * (SOFTWARE_YEAR - self.software_year).clamp(0.0, 3.0)).exp()
    }

    /// How much slower the software around experts was in its year than today; two years at most, before which there was
    /// little of it.
    pub(crate) fn expert_age(&self) -> f64 {
        (self.expert_progress * (SOFTWARE_YEAR - self.software_year).clamp(0.0, 2.0)).exp()
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
    /// Rate to the host in one direction, where it is not a PCIe 5 slot.
    pub host_link: Option<Bandwidth>,
}

impl ChipFactors {
    /// No difference.
    pub const UNKNOWN: ChipFactors =
        ChipFactors { gemm_bf16: 1.0, gemm_low: 1.0, attention: 1.0, compute_units: None, host_link: None };
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
    /// Bytes alive per logit while the loss is computed: 8 where one kernel keeps 16-bit logits, a 32-bit softmax and the gradient;
    /// 14 where each step is a kernel of its own.
    pub logit_bytes: f64,
    /// Whether inputs of narrow products are kept in their narrow format for the backward pass, else in 16 bits.
    pub narrow_inputs: bool,
    /// Fullest expert rank over the mean, one for balanced routing.
    pub expert_imbalance: f64,
}

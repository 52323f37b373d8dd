//! Time of single kernels on one chip: a roofline with tile and wave quantisation, attention, elementwise traffic.

use gigatwin_catalog::{Chip, Precision};

use crate::Calibration;

/// Rates of one chip under one calibration, in plain SI numbers for the hot path.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Machine {
    rate: [f64; 3],
    grouped: f64,
    attention: f64,
    portable: f64,
    bandwidth: f64,
    stream: f64,
    scores: f64,
    unhidden: f64,
    units: f64,
    quantised: bool,
    shaped: bool,
}

fn index(precision: Precision) -> usize {
    match precision {
        Precision::Bf16 => 0,
        Precision::Fp8 => 1,
        Precision::Fp4 => 2,
    }
}

impl Machine {
    pub(crate) fn new(chip: &Chip, c: &Calibration) -> Machine {
        // A chip without the format runs the next wider one, with that format's efficiency.
        // Per watt and TFLOP/s, against an H100's 0.7; a chip of unknown power is taken as that.
        let watts = chip.tdp.w() / chip.bf16.tflops();
        let power = if watts > 0.0 { (watts / 0.7).powf(c.power_exponent).clamp(0.6, 1.3) } else { 1.0 };
        let reach = |efficiency: f64| (efficiency * power).min(0.95);
        let maturity = c.maturity();
        let effective = |p: Precision| {
            let used = match p {
                Precision::Fp4 if chip.fp4.is_none() => Precision::Fp8,
                other => other,
            };
            let used = if used == Precision::Fp8 && chip.fp8.is_none() { Precision::Bf16 } else { used };
            maturity * chip.rate(p).flops() * reach(c.gemm_efficiency(used))
        };
        let bandwidth = chip.memory_bandwidth.bytes_per_s();
        Machine {
            rate: [effective(Precision::Bf16), effective(Precision::Fp8), effective(Precision::Fp4)],
            grouped: c.grouped_gemm_factor,
            attention: maturity * chip.bf16.flops() * reach(c.attention_efficiency),
            portable: c.portable_attention,
            bandwidth,
            stream: maturity * bandwidth / c.elementwise_passes,
            scores: bandwidth / c.unfused_passes,
            unhidden: c.gemm_unhidden,
            units: c.compute_units,
            quantised: c.parts.quantisation,
            shaped: c.parts.attention_shape,
        }
    }

    /// One product of m×k by k×n: padded tiles in whole waves against the memory floor.
    ///
    /// Tiles are 128×256, or 128×128 where that wastes less (at nine tenths of the rate, each operand element being used
    /// half as often); the split of k evens out half of the last wave.
    #[inline]
    pub(crate) fn gemm(&self, m: f64, n: f64, k: f64, precision: Precision) -> f64 {
        let compute = 2.0 * self.padded(m, n) * k / self.rate[index(precision)];
        let bytes = (m * k + k * n) * precision.bytes() + 2.0 * m * n;
        self.join(compute, bytes / self.bandwidth)
    }

    /// `groups` independent products of m×k by k×n in one kernel (experts).
    #[inline]
    pub(crate) fn grouped(&self, groups: f64, m: f64, n: f64, k: f64, precision: Precision) -> f64 {
        let compute = if self.quantised {
            let tiles = groups * (m / 128.0).ceil().max(1.0) * (n / 256.0).ceil();
            2.0 * self.waves(tiles) * (128.0 * 256.0) * k
        } else {
            2.0 * groups * m * n * k
        } / (self.rate[index(precision)] * self.grouped);
        let bytes = groups * ((m * k + k * n) * precision.bytes() + 2.0 * m * n);
        self.join(compute, bytes / self.bandwidth)
    }

    #[inline]
    fn padded(&self, m: f64, n: f64) -> f64 {
        if !self.quantised {
            return m * n;
        }
        let rows = (m / 128.0).ceil();
        let large = self.waves(rows * (n / 256.0).ceil()) * (128.0 * 256.0);
        let small = self.waves(rows * (n / 128.0).ceil()) * (128.0 * 128.0) / 0.9;
        large.min(small)
    }

    /// Tiles rounded half-way up to whole waves over the units.
    #[inline]
    fn waves(&self, tiles: f64) -> f64 {
        let exact = tiles / self.units;
        (0.5 * (exact + exact.ceil())) * self.units
    }

    #[inline]
    fn join(&self, compute: f64, memory: f64) -> f64 {
        compute.max(memory) + self.unhidden * compute.min(memory)
    }

    /// Fused attention, forward, over `flops` on sequences of `sequence` tokens and heads of `dim`.
    ///
    /// Short sequences and narrow heads leave pipelines unfilled: both enter as x/(x + half), with halves of 512 tokens and
    /// 32 elements after the published FlashAttention-2 curves (arXiv 2307.08691, figures 4 to 7).
    #[inline]
    pub(crate) fn fused_attention(&self, flops: f64, sequence: f64, dim: f64, portable: bool) -> f64 {
        let fill = if self.shaped { sequence / (sequence + 512.0) * dim / (dim + 32.0) } else { 0.7 };
        let kernel = if portable { self.portable } else { 1.0 };
        flops / (self.attention * fill * kernel)
    }

    /// A kernel bound by memory traffic.
    #[inline]
    pub(crate) fn stream(&self, bytes: f64) -> f64 {
        bytes / self.stream
    }

    /// Norms and residuals: fused in every stack of the table, so that they run at the rate of a copy. Counting them with the
    /// further passes of activations and casts makes whole-layer recomputation without sequence parallelism too dear.
    #[inline]
    pub(crate) fn norm(&self, bytes: f64) -> f64 {
        self.stream_exact(bytes)
    }

    /// Softmax, mask and dropout over attention scores kept in memory.
    #[inline]
    pub(crate) fn scores(&self, bytes: f64) -> f64 {
        bytes / self.scores
    }

    /// A kernel bound by memory traffic whose passes are counted exactly (optimizer, softmax of the loss).
    #[inline]
    pub(crate) fn stream_exact(&self, bytes: f64) -> f64 {
        bytes / (0.8 * self.bandwidth)
    }
}

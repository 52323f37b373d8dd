use gigatwin_quantity::{Bandwidth, Data, Flops, Power};

/// Number format of the matrix multiplications.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Precision {
    /// bfloat16 (or float16), two bytes.
    Bf16,
    /// Eight-bit floating point, one byte.
    Fp8,
    /// Four-bit floating point with block scales, about 0.56 byte.
    Fp4,
}

impl Precision {
    /// Bytes one weight takes, block scales included (one eight-bit scale per 16 values for four-bit).
    pub fn bytes(self) -> f64 {
        match self {
            Precision::Bf16 => 2.0,
            Precision::Fp8 => 1.0,
            Precision::Fp4 => 0.5625,
        }
    }
}

/// One accelerator as the engines see it: plain values of one draw, dense rates only.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chip {
    /// Dense bf16 matrix rate.
    pub bf16: Flops,
    /// Dense fp8 matrix rate, where the chip has one.
    pub fp8: Option<Flops>,
    /// Dense fp4 matrix rate, where the chip has one.
    pub fp4: Option<Flops>,
    /// High-bandwidth memory.
    pub memory: Data,
    /// Its bandwidth.
    pub memory_bandwidth: Bandwidth,
    /// Scale-up links, both directions summed, as vendors state it.
    pub scaleup_bandwidth: Bandwidth,
    /// Chips in one scale-up domain.
    pub scaleup_domain: u32,
    /// Thermal design power.
    pub tdp: Power,
    /// Power while allocated but idle.
    pub idle_power: Power,
}

impl Chip {
    /// Dense rate at a precision; falls back to the next wider format the chip has, as software does.
    pub fn rate(&self, precision: Precision) -> Flops {
        match precision {
            Precision::Bf16 => self.bf16,
            Precision::Fp8 => self.fp8.unwrap_or(self.bf16),
            Precision::Fp4 => self.fp4.or(self.fp8).unwrap_or(self.bf16),
        }
    }

    /// H100-equivalents by dense bf16 (989.4 TFLOP/s is one; NVIDIA H100 SXM datasheet).
    pub fn h100_equivalents(&self) -> f64 {
        self.bf16.tflops() / 989.4
    }
}

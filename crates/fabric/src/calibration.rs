//! The few numbers of the collective model that come from measurements rather than from theory.

use gigatwin_quantity::Time;

/// Accelerator generation, as far as its collectives differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Family {
    /// NVIDIA A100 (NVLink 3, no reduction in the switch).
    Ampere,
    /// NVIDIA H100, H200, GH200 (NVLink 4).
    Hopper,
    /// NVIDIA B200, B300, GB200, GB300 and, for want of measurements, later ones (NVLink 5).
    Blackwell,
    /// AMD MI300 (fully meshed xGMI).
    Cdna3,
    /// Anything without a measurement of its own: the pooled values.
    #[default]
    Other,
}

impl Family {
    /// Every family with measurements of its own.
    pub const MEASURED: [Family; 4] = [Family::Ampere, Family::Hopper, Family::Blackwell, Family::Cdna3];

    /// The family of a catalog accelerator id such as `h100-sxm`; [`Family::Other`] where nothing was
    /// measured.
    pub fn of_accelerator(id: &str) -> Family {
        let starts = |prefixes: &[&str]| prefixes.iter().any(|p| id.starts_with(p));
        if starts(&["a100"]) {
            Family::Ampere
        } else if starts(&["h100", "h200", "h800", "gh200"]) {
            Family::Hopper
        } else if starts(&["b200", "b300", "gb200", "gb300", "rubin", "vr200"]) {
            Family::Blackwell
        } else if starts(&["mi300", "mi325", "mi355"]) {
            Family::Cdna3
        } else {
            Family::Other
        }
    }
}

/// Measured efficiencies and latencies of a chip generation and its network.
///
/// `ring_efficiency`, `in_switch_efficiency` and `launch` carry one value per family, `pipeline_fill` one for
/// all; they were fitted on published nccl-tests tables (Azure AI benchmarking guide 2024-09-27,
/// stas00/ml-engineering 2026-08, CoreWeave nccl-tests 2026-05, NVIDIA/nccl-tests issue 290, NVIDIA/nccl
/// issue 1218). How well they carry over to a site that was not in the fit is what `gigatwin validate
/// collectives` reports.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    /// Share of the one-direction scale-up rate that a ring or a copy reaches.
    pub ring_efficiency: f64,
    /// Share of the one-direction scale-up rate in use during a reduction in the switch (NVLS).
    pub in_switch_efficiency: f64,
    /// Share of the NIC rate that reaches the application: 48.5 of 50 GB/s for ConnectX-7, 23.5 of 25 GB/s
    /// for ConnectX-6 (constants of SimAI; 46 to 49 GB/s is what NCCL's maintainers expect of 400 Gb/s).
    pub nic_efficiency: f64,
    /// Fixed cost of one call as benchmarks see it: kernel launch and completion.
    pub launch: Time,
    /// Pipeline fill: a transfer that takes `x` in the steady state loses `sqrt(ranks in the domain × fill ×
    /// x)`, the optimum of a pipeline whose chunk size may be chosen.
    pub pipeline_fill: Time,
    /// Cost of each further peer in an all-to-all: read off SimAI's table for 128 GPUs, not fitted.
    pub per_peer: Time,
    /// Ranks beyond which reduction in the switch gains nothing more. The theory of traffic would give 25 %
    /// more at 72 ranks than at 8; one measured rack shows none of it.
    pub in_switch_saturation: u32,
}

impl Calibration {
    /// The values of a family.
    pub fn of(family: Family) -> Calibration {
        let (ring, in_switch, launch_us) = match family {
            Family::Ampere => (0.776, 0.690, 23.8),
            Family::Hopper => (0.817, 0.696, 15.1),
            Family::Blackwell => (0.769, 0.625, 19.2),
            Family::Cdna3 => (0.741, 0.690, 19.0),
            Family::Other => (0.776, 0.690, 19.0),
        };
        Calibration {
            ring_efficiency: ring,
            in_switch_efficiency: in_switch,
            nic_efficiency: 0.97,
            launch: Time::from_us(launch_us),
            pipeline_fill: Time::from_us(1.395),
            per_peer: Time::from_us(1.2),
            in_switch_saturation: 8,
        }
    }
}

impl Default for Calibration {
    /// The pooled values of [`Family::Other`].
    fn default() -> Self {
        Calibration::of(Family::Other)
    }
}

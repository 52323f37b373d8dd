//! The machine: units, accelerators, H100-equivalents and largest power of each partition.

use gigatwin_catalog::{Chip, Precision};
use gigatwin_fabric::{Calibration, Family, Network};
use gigatwin_facility::{Activity, ItLoad, ItPower, StateMix};
use gigatwin_quantity::{Bandwidth, Power, Share};

use super::sheet::Sheet;
use crate::inputs::Values;
use crate::resolved::{ChipInputs, Factory, H100eBasis, Partition, Size};

/// Units of a partition's system: as given, or enough for the racks or accelerators asked for.
pub(crate) fn units(partition: &Partition, values: &Values<'_>) -> f64 {
    match partition.size {
        Size::Units(n) => values.number(n).round(),
        Size::Racks(n) => (values.number(n) / values.number(partition.racks_per_unit)).round(),
        Size::Accelerators(n) => (values.number(n) / values.number(partition.per_unit) - 1e-9).ceil(),
    }
}

/// A partition of one draw.
#[derive(Debug, Clone)]
pub(crate) struct Machine {
    pub units: f64,
    pub accelerators: f64,
    pub h100e: f64,
    pub racks: f64,
    pub per_node: f64,
    pub chip: Chip,
    pub nic_rate: Bandwidth,
    /// Largest power, provisioned.
    pub peak: Power,
    pub load: ItLoad,
}

/// The chip of one draw.
pub(crate) fn chip(inputs: &ChipInputs, v: &Values<'_>) -> Chip {
    Chip {
        bf16: v.get(inputs.bf16),
        fp8: inputs.fp8.map(|i| v.get(i)),
        fp4: inputs.fp4.map(|i| v.get(i)),
        memory: v.get(inputs.memory),
        memory_bandwidth: v.get(inputs.memory_bandwidth),
        scaleup_bandwidth: v.get(inputs.scaleup_bandwidth),
        scaleup_domain: v.number(inputs.scaleup_domain).round() as u32,
        tdp: v.get(inputs.tdp),
        idle_power: v.get(inputs.idle),
    }
}

/// H100-equivalents of one chip. The bases other than bf16 are the datasheet's fp8 rate and memory bandwidth of the H100 SXM
/// (1,978.9 TFLOP/s dense, 3.35 TB/s).
fn h100e(chip: &Chip, basis: H100eBasis) -> f64 {
    match basis {
        H100eBasis::Bf16 => chip.h100_equivalents(),
        H100eBasis::Fp8 => chip.rate(Precision::Fp8).tflops() / 1978.9,
        H100eBasis::Bandwidth => chip.memory_bandwidth.tb_per_s() / 3.35,
    }
}

/// All partitions.
pub(crate) fn evaluate(f: &Factory, v: &Values<'_>, sheet: &mut Sheet) -> Result<Vec<Machine>, String> {
    let d = &f.defaults.activity;
    let activity = Activity {
        prefill: v.get(d.activity_prefill),
        decode: v.get(d.activity_decode),
        train_compute: v.get(d.activity_train_compute),
        train_communicate: v.get(d.activity_train_communicate),
        checkpoint: v.get(d.activity_checkpoint),
        peak: v.get(d.activity_peak),
    };
    let mut machines = Vec::with_capacity(f.partitions.len());
    let (mut flops, mut fp64, mut fp64_known) = (0.0, 0.0, true);
    for p in &f.partitions {
        let units = units(p, v);
        let per_unit = v.number(p.per_unit);
        let accelerators = units * per_unit;
        let chip = chip(&p.chip, v);
        let nodes_per_unit = v.number(p.nodes_per_unit);
        let load = ItLoad {
            chips: accelerators,
            chip_tdp: chip.tdp,
            chip_idle: chip.idle_power.min(chip.tdp),
            chip_cap: None,
            other_per_chip: v.get(p.power_other) / per_unit,
            other_idle_share: v.get(d.other_idle_share),
            common: Power::ZERO,
            mix: StateMix {
                idle: Share::from_fraction(1.0),
                prefill: Share::ZERO,
                decode: Share::ZERO,
                train_compute: Share::ZERO,
                train_communicate: Share::ZERO,
                checkpoint: Share::ZERO,
            },
            activity,
        };
        let power = load.evaluate().map_err(|e| format!("partition {}: {e}", p.slug))?;
        // The stated maximum of a unit holds the whole of it: its supplies cannot give more.
        let stated = p.power_max.map(|m| v.get(m) * units);
        let cap = stated.map_or(1.0, |s| (s / power.peak).min(1.0));
        let peak = power.peak * cap;
        let machine = Machine {
            units,
            accelerators,
            h100e: accelerators * h100e(&chip, f.h100e),
            racks: (units * v.number(p.racks_per_unit) - 1e-9).ceil(),
            per_node: per_unit / nodes_per_unit,
            chip,
            nic_rate: v.get(p.nic_rate),
            peak,
            load,
        };
        let id = |key: &str| format!("partition.{}.{key}", p.slug);
        sheet.put(&id("units"), machine.units);
        sheet.put(&id("accelerators"), machine.accelerators);
        sheet.put(&id("h100_equivalents"), machine.h100e);
        sheet.put(&id("racks"), machine.racks);
        sheet.put(&id("it_power"), machine.peak.w());
        flops += accelerators * chip.bf16.flops();
        match p.chip.fp64 {
            Some(rate) => fp64 += accelerators * v.get(rate).flops(),
            None => fp64_known = false,
        }
        machines.push(machine);
    }
    let sum = |of: &dyn Fn(&Machine) -> f64| machines.iter().map(of).sum::<f64>();
    let first = |of: &dyn Fn(&Machine) -> f64| {
        machines.iter().zip(&f.partitions).filter(|(_, p)| p.phase == 0).map(|(m, _)| of(m)).sum::<f64>()
    };
    sheet.put("site.accelerators", sum(&|m| m.accelerators));
    sheet.put("site.h100_equivalents", sum(&|m| m.h100e));
    sheet.put("site.h100_equivalents.phase_1", first(&|m| m.h100e));
    sheet.put("site.h100_equivalents.final", sum(&|m| m.h100e));
    sheet.put("site.racks", sum(&|m| m.racks));
    sheet.put("site.peak_flops", flops);
    sheet.put_some("site.peak_fp64", fp64_known.then_some(fp64));
    let reference = f.reference_accelerators.map(|r| sum(&|m| m.accelerators) / v.number(r));
    sheet.put_some("site.ratio_to_ai_factory", reference);
    Ok(machines)
}

/// Power of a partition in a state mix, within what a unit may draw.
pub(crate) fn power(machine: &Machine, mix: StateMix) -> Result<ItPower, String> {
    let mut power = ItLoad { mix, ..machine.load }.evaluate().map_err(|e| e.to_string())?;
    let ceiling = machine.peak;
    power.mean = power.mean.min(ceiling);
    power.peak = ceiling;
    for state in &mut power.by_state {
        *state = state.min(ceiling);
    }
    Ok(power)
}

/// The network that chips of a partition see. In-switch reduction is NVLink's.
pub(crate) fn network(p: &Partition, machine: &Machine, oversubscription: f64) -> Network {
    let family = Family::of_accelerator(&p.chip_id);
    let reduces = p.vendor == "NVIDIA" && !matches!(family, Family::Ampere);
    Network::new(
        machine.chip.scaleup_bandwidth / 2.0,
        machine.chip.scaleup_domain.max(1),
        reduces && machine.chip.scaleup_domain > 4,
        machine.nic_rate,
        oversubscription.max(1.0),
    )
    .with_calibration(Calibration::of(family))
}

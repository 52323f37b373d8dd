//! What the twin says of the pilot's jobs before they run, from the micro-benchmarks alone.

use gigatwin_catalog::Precision;
use gigatwin_fabric::{Collective, Group};
use gigatwin_factory::Factory;
use gigatwin_factory::training::{TrainingTask, training_tasks};
use gigatwin_factory::{SiteService, site_services};
use gigatwin_quantity::{Data, Share, Time};
use gigatwin_serving::{Deployment, Lengths, StepModel, steady};
use gigatwin_training::{
    AttentionKernel, Calibration, Job, Launch, Layout, Overlap, Parts, StepOutcome, Zero, step,
};

use crate::measured::Shape;
use crate::{Measured, PilotError};

/// What is expected of a training job and of a service.
#[derive(Debug, Clone)]
pub struct Predicted {
    /// One optimizer step.
    pub step: StepOutcome,
    /// Band of the step model, as factors.
    pub band: (f64, f64),
    /// One checkpoint.
    pub checkpoint: Time,
    /// From the start of a job's processes to the first step.
    pub launch: Time,
    /// Time to the first token of one request alone.
    pub ttft: Time,
    /// Its band, as factors.
    pub ttft_band: (f64, f64),
    /// Time per token of one request alone.
    pub tpot: Time,
    /// Its band, as factors.
    pub tpot_band: (f64, f64),
}

fn broken(e: impl std::fmt::Display) -> PilotError {
    PilotError::Broken(e.to_string())
}

impl Predicted {
    /// From a described site and what was measured of its chip.
    ///
    /// # Errors
    /// Where the engines refuse.
    pub fn of(factory: &Factory, measured: &Measured) -> Result<Predicted, PilotError> {
        let tasks = training_tasks(factory).map_err(broken)?;
        let task = tasks.first().ok_or_else(|| broken("the site has no training run"))?;
        let step = training_step(task, measured)?;
        // Weights and the optimizer's two moments, four bytes each.
        let bytes = 12.0 * measured.parameters;
        let services = site_services(factory).map_err(broken)?;
        let service = services.first().ok_or_else(|| broken("the site has no service"))?;
        let (ttft, tpot) = served(service)?;
        Ok(Predicted {
            step,
            band: task.band,
            checkpoint: Time::from_s(bytes / measured.figure("write_bytes_per_s")?.value),
            launch: Time::from_s(measured.figure("launch_s")?.value),
            ttft,
            ttft_band: (service.calibration.ttft_band.low, service.calibration.ttft_band.high),
            tpot,
            tpot_band: (service.calibration.tpot_band.low, service.calibration.tpot_band.high),
        })
    }
}

/// The training engine's step with the chip's own efficiencies in the place of those fitted to accelerators.
fn training_step(task: &TrainingTask, measured: &Measured) -> Result<StepOutcome, PilotError> {
    let mut layout = Layout::single(task.global_batch, task.sequence, Precision::Bf16);
    layout.dp = measured.ranks;
    layout.micro_batch = Shape::PILOT.micro_batch;
    layout.zero = Zero::Replicated;
    layout.attention = AttentionKernel::Unfused;
    layout.overlap = Overlap::NONE;
    layout.launch = Launch::Graphs;
    let (calibration, state_bytes) = efficiencies(task, measured)?;
    let mut state = task.state;
    (state.weight_bytes, state.gradient_bytes, state.gradient_wire_bytes) = (4.0, 4.0, 4.0);
    state.optimizer_bytes = state_bytes;
    state.fragmentation = Share::ZERO;
    let job = Job { calibration: &calibration, state: &state, ..task.job() };
    step(&job, &layout).map_err(broken)
}

/// The step model's parameters for the measured chip, and the bytes per weight that its optimizer update amounts to.
fn efficiencies(task: &TrainingTask, measured: &Measured) -> Result<(Calibration, f64), PilotError> {
    let s = Shape::PILOT;
    let value = |name: &str| measured.figure(name).map(|f| f.value);
    let (peak, layer) = (value("peak_flops")?, value("layer_flops")?);
    let bandwidth = task.chip.memory_bandwidth.bytes_per_s();
    let [hidden, heads, kv, dim, ffn] = [s.hidden, s.heads, s.kv_heads, s.head_dim, s.ffn].map(f64::from);
    let (sequence, rows) = (f64::from(s.sequence), f64::from(s.micro_batch));
    let tokens = sequence * rows;
    // Bytes of a layer's norms, residuals, rotations and activation as the step model counts them, both passes.
    let counted = 2.5 * tokens * 2.0 * (10.0 * hidden + 2.0 * heads * dim + 2.0 * kv * dim + 3.0 * ffn);
    let elements = sequence * sequence * heads * rows;
    let products = 12.0 * elements * dim / layer;
    let scores = (value("attention_s")? - products).max(0.0);
    let gradients = 4.0 * measured.parameters;
    let group = Group { ranks: measured.ranks, per_domain: measured.ranks };
    let theory = task.network.time(Collective::AllReduce, Data::from_bytes(gradients), group).s();
    let calibration = Calibration {
        gemm_efficiency_bf16: (layer / peak).min(1.0),
        gemm_unhidden: 0.0,
        elementwise_passes: value("elementwise_s")? * bandwidth / counted,
        unfused_passes: scores * bandwidth / (22.0 * elements),
        power_exponent: 0.0,
        host_per_layer: Time::ZERO,
        step_overhead: Time::ZERO,
        collective_slowdown: measured.all_reduce_s(gradients)? / theory,
        interference: 0.0,
        parts: Parts { quantisation: false, attention_shape: false, ..Parts::ALL },
        ..task.calibration
    };
    // Reads gradient and state, writes state and weight, at the share of the copy's rate that counted streams take.
    let per_weight = value("optimizer_s")? / measured.parameters * 0.8 * bandwidth;
    Ok((calibration, ((per_weight - 8.0) / 2.0).max(0.0)))
}

/// One request alone on one chip, with the coefficients of an engine family that nobody has measured.
fn served(service: &SiteService) -> Result<(Time, Time), PilotError> {
    let deployment =
        Deployment { tp: 1, pp: 1, ep: 1, dp_attention: 1, weights: Precision::Bf16, kv: Precision::Bf16 };
    let model = StepModel::new(
        &service.model,
        &service.chip,
        &service.network,
        deployment,
        &service.engine,
        &service.calibration,
        service.family,
        service.class,
    )
    .map_err(broken)?;
    let lengths = Lengths::new(20.0, 11.0).map_err(broken)?;
    let alone = steady::closed(&model, &lengths, 1.0).map_err(broken)?;
    Ok((alone.ttft, alone.tpot))
}

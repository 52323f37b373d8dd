//! A factory's training runs in the base case, with everything the training engine needs to look at one on its own.

use gigatwin_catalog::{Chip, ModelShape, Precision};
use gigatwin_fabric::Network;
use gigatwin_quantity::{CarbonIntensity, Date, EnergyPrice, Hazard, HourPrice, Power, Quantity, Time};
use gigatwin_training::{Calibration, Job, Layout, PlanRequest, TrainingState, compute_optimal_tokens};

use crate::evaluate::machine::{self, Machine};
use crate::evaluate::sheet::Sheet;
use crate::evaluate::{network, train};
use crate::inputs::Values;
use crate::resolved::Factory;

/// A training run of a factory, every input at its base value.
#[derive(Debug, Clone)]
pub struct TrainingTask {
    /// Name as in metric ids (`training.NAME.…`).
    pub name: String,
    /// Catalog id of the model.
    pub model_id: String,
    /// Name of the model.
    pub model_name: String,
    /// Shape of the model.
    pub model: ModelShape,
    /// Catalog id of the accelerator.
    pub chip_id: String,
    /// The accelerator, dense rates.
    pub chip: Chip,
    /// Name of the system it is bought in.
    pub system: String,
    /// The network as the accelerators see it.
    pub network: Network,
    /// Parameters of the step model for this accelerator.
    pub calibration: Calibration,
    /// Bytes of training state and workspace.
    pub state: TrainingState,
    /// Accelerators at hand.
    pub chips: u32,
    /// Accelerators in one node.
    pub per_node: u32,
    /// Sequences per step.
    pub global_batch: u32,
    /// Tokens per sequence.
    pub sequence: u32,
    /// Number format of the layers' matrix products.
    pub precision: Precision,
    /// Tokens to train on.
    pub tokens: f64,
    /// Whether the file gives the tokens; else they are compute-optimal.
    pub tokens_given: bool,
    /// The layout of the file, if it has one, its batch rounded up to what the replicas divide.
    pub layout: Option<Layout>,
    /// Power at the racks per accelerator while it computes, only communicates, or waits; its share of network and storage included.
    pub power: [Power; 3],
    /// P10 and P90 of the model's error, as factors on the step time (out-of-fold validation).
    pub band: (f64, f64),
}

impl TrainingTask {
    /// The engine's view.
    pub fn job(&self) -> Job<'_> {
        Job {
            model: &self.model,
            chip: &self.chip,
            network: &self.network,
            calibration: &self.calibration,
            state: &self.state,
        }
    }

    /// What the planner is asked for this run.
    pub fn request(&self) -> PlanRequest {
        PlanRequest::new(self.chips, self.global_batch, self.sequence, self.precision)
    }
}

/// What a site does to a run that takes weeks: failures, repair, checkpoints, power and prices, every input at its base value.
#[derive(Debug, Clone, Copy)]
pub struct SiteTerms {
    /// Nodes of a layout of the size asked for.
    pub nodes: u32,
    /// Accelerators of a node over the eight that published failure rates are of.
    pub node_scale: f64,
    /// Failures of one node of eight accelerators.
    pub node_failure: Hazard,
    /// From a node's loss until it is back.
    pub repair: Time,
    /// Draining, scheduling, initialisation, loading.
    pub restart: Time,
    /// Training stands still for a checkpoint.
    pub stall: Time,
    /// Until a checkpoint is complete on shared storage.
    pub save: Time,
    /// Loading one from there.
    pub load: Time,
    /// Power at the racks per accelerator while it computes, only communicates, or waits; its share of network and storage included.
    pub power: [Power; 3],
    /// Power usage effectiveness of the site.
    pub pue: f64,
    /// Price of energy, all in; none where the site has none.
    pub energy_price: Option<EnergyPrice>,
    /// Emissions of the grid.
    pub carbon: CarbonIntensity,
    /// Levelised cost of an accelerator-hour, everything in.
    pub hour: Option<HourPrice>,
}

/// The terms under which a layout of so many accelerators runs as the run of this name.
///
/// # Errors
/// In words, where the machine cannot be evaluated or checkpoints cannot be written.
pub fn site_terms(f: &Factory, name: &str, accelerators: u64) -> Result<SiteTerms, String> {
    let base = f.inputs.base();
    let v = Values::new(&f.inputs, &base);
    let evaluation = crate::run::Evaluator::new(f).base();
    let mut sheet = Sheet::default();
    let machines = machine::evaluate(f, &v, &mut sheet)?;
    let nets = network::evaluate(f, &v, &machines, &mut sheet);
    let run = f.runs.iter().find(|r| r.slug == name).ok_or_else(|| format!("no run {name}"))?;
    let machine = &machines[run.partition];
    let nodes = (accelerators as f64 / machine.per_node).ceil().max(1.0);
    let times = train::checkpoint_times(f, &v, run, machine, &nets, nodes)?;
    let all: f64 = machines.iter().map(|m| m.accelerators).sum();
    let common = (nets.power.w() + nets.storage_power.w()) / all;
    let c = &f.defaults.checkpoints;
    Ok(SiteTerms {
        nodes: nodes as u32,
        node_scale: machine.per_node / train::REFERENCE_NODE,
        node_failure: v.get(f.operations.node_failure_rate),
        repair: v.get(f.operations.repair),
        restart: v.get(c.restart),
        stall: times.stall,
        save: times.save,
        load: times.load,
        power: by_state(machine, common)?,
        pue: evaluation.sheet.get("site.pue").unwrap_or(1.0),
        energy_price: evaluation.sheet.get("energy.price").map(EnergyPrice::from_base),
        carbon: v.get(f.energy.carbon_intensity),
        hour: evaluation.sheet.get("cost.lcoc_per_accelerator_hour").map(HourPrice::from_base),
    })
}

/// Power per accelerator while it computes, only communicates, or waits, with `common` watts of what all share.
fn by_state(machine: &Machine, common: f64) -> Result<[Power; 3], String> {
    let at = |computing: f64, communicating: f64| -> Result<Power, String> {
        let state = train::Run {
            accelerators: machine.accelerators,
            wall: Time::ZERO,
            computing,
            communicating,
            idle: 1.0 - computing - communicating,
        };
        let power = machine::power(machine, train::mix(&state))?;
        Ok(Power::from_w(power.mean.w() / machine.accelerators + common))
    };
    Ok([at(1.0, 0.0)?, at(0.0, 1.0)?, at(0.0, 0.0)?])
}

/// When the phase opens whose accelerators a run uses, in the base case; none where the factory has no schedule.
pub fn opening(f: &Factory, name: &str) -> Option<Date> {
    let run = f.runs.iter().find(|r| r.slug == name)?;
    let phase = f.phases.get(f.partitions.get(run.partition)?.phase)?;
    let evaluation = crate::run::Evaluator::new(f).base();
    evaluation.sheet.get(&format!("schedule.phase.{}.opening", phase.slug)).map(Date::from_days)
}

/// Names of the runs on a partition, in the order of the file; none where there is no such partition.
pub fn runs_on(f: &Factory, partition: &str) -> Vec<String> {
    let on = |run: usize| f.partitions.get(run).is_some_and(|p| p.slug == partition);
    f.runs.iter().filter(|r| on(r.partition)).map(|r| r.slug.clone()).collect()
}

/// All training runs of a factory, in the order of the file.
///
/// # Errors
/// In words, where the machine itself cannot be evaluated.
pub fn training_tasks(f: &Factory) -> Result<Vec<TrainingTask>, String> {
    let base = f.inputs.base();
    let v = Values::new(&f.inputs, &base);
    let mut sheet = Sheet::default();
    let machines = machine::evaluate(f, &v, &mut sheet)?;
    let nets = network::evaluate(f, &v, &machines, &mut sheet);
    let all: f64 = machines.iter().map(|m| m.accelerators).sum();
    let common = (nets.power.w() + nets.storage_power.w()) / all.max(1.0);
    let tasks = f.runs.iter().map(|run| {
        let partition = &f.partitions[run.partition];
        let machine: &Machine = &machines[run.partition];
        let chips = train::chips_at_hand(run, machine, &v);
        let (global_batch, sequence) = train::sequences(run, &v);
        let band =
            if run.model.moe.is_some() { f.bands.training_step_time_moe } else { f.bands.training_step_time };
        let band = &f.inputs.of(band).distribution;
        let path = format!("train.{}.model", run.slug);
        Ok(TrainingTask {
            name: run.slug.clone(),
            model_id: f.choices.iter().find(|c| c.0 == path).map_or_else(String::new, |c| c.1.clone()),
            model_name: run.model_name.clone(),
            model: run.model.clone(),
            chip_id: partition.chip_id.clone(),
            chip: machine.chip,
            system: partition.system.clone(),
            network: machine::network(partition, machine, nets.taper[partition.fabric]),
            calibration: f.training.of_chip(&partition.chip_id),
            state: f.training.state,
            chips,
            per_node: machine.per_node.round().max(1.0) as u32,
            global_batch,
            sequence,
            precision: run.precision,
            tokens: run.tokens.map_or_else(|| compute_optimal_tokens(&run.model), |t| v.number(t)),
            tokens_given: run.tokens.is_some(),
            layout: run.layout.as_ref().and_then(|g| train::as_layout(run, g, chips, global_batch, sequence)),
            power: by_state(machine, common)?,
            band: (band.quantile(0.1), band.quantile(0.9)),
        })
    });
    tasks.collect()
}

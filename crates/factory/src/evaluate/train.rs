//! Training runs: layout, step, effective time and days.

use gigatwin_fabric::{CheckpointInputs, FailureInputs, SharedStorage, checkpoint, effective_time};
use gigatwin_quantity::{Data, Share, Time};
use gigatwin_training::{
    Calibration, CampaignInputs, Job, Layout, PlanRequest, Recompute, StepOutcome, TrainingState, Zero,
    campaign, compute_optimal_tokens, plan, step,
};

use super::machine::{Machine, network};
use super::network::Networks;
use super::sheet::Sheet;
use crate::inputs::Values;
use crate::outcome::Infeasible;
use crate::resolved::{Factory, GivenLayout, TrainingRun};

/// The layout a run keeps over all draws, or why it has none.
#[derive(Debug, Clone)]
pub(crate) enum RunPlan {
    Layout { layout: Layout, note: String },
    Infeasible(String),
}

/// A run of one draw.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    pub accelerators: f64,
    pub wall: Time,
    /// Shares of wall time: computing, only communicating, waiting.
    pub computing: f64,
    pub communicating: f64,
    pub idle: f64,
}

pub(crate) fn chips_at_hand(run: &TrainingRun, machine: &Machine, v: &Values<'_>) -> u32 {
    (machine.accelerators * v.get(run.share).fraction() + 1e-6).floor() as u32
}

pub(crate) fn sequences(run: &TrainingRun, v: &Values<'_>) -> (u32, u32) {
    let sequence = v.number(run.sequence).round().max(1.0);
    ((v.number(run.batch_tokens) / sequence).round().max(1.0) as u32, sequence as u32)
}

/// Chooses the layout of each run in the base case.
pub(crate) fn plans(f: &Factory, v: &Values<'_>, machines: &[Machine], nets: &Networks) -> Vec<RunPlan> {
    f.runs.iter().map(|run| plan_run(f, run, v, machines, nets)).collect()
}

fn plan_run(
    f: &Factory,
    run: &TrainingRun,
    v: &Values<'_>,
    machines: &[Machine],
    nets: &Networks,
) -> RunPlan {
    let partition = &f.partitions[run.partition];
    let machine = &machines[run.partition];
    let net = network(partition, machine, nets.taper[partition.fabric]);
    let calibration = f.training.of_chip(&partition.chip_id);
    let job = Job {
        model: &run.model,
        chip: &machine.chip,
        network: &net,
        calibration: &calibration,
        state: &f.training.state,
    };
    let chips = chips_at_hand(run, machine, v);
    let (batch, sequence) = sequences(run, v);
    if let Some(given) = &run.layout {
        return given_layout(run, given, chips, batch, sequence, &job);
    }
    match plan(&job, &PlanRequest::new(chips, batch, sequence, run.precision)) {
        Ok(found) => {
            let mut note = words(&found.layout);
            if let Some(second) = &found.runner_up {
                let loss = 100.0 * (second.outcome.step_time / found.outcome.step_time - 1.0);
                note.push_str(&format!(
                    "; next best {} loses {loss:.1} %, most in {}",
                    words(&second.layout),
                    second.loses_in
                ));
            }
            RunPlan::Layout { layout: found.layout, note }
        }
        Err(e) => RunPlan::Infeasible(e.to_string()),
    }
}

fn given_layout(
    run: &TrainingRun,
    g: &GivenLayout,
    chips: u32,
    batch: u32,
    sequence: u32,
    job: &Job<'_>,
) -> RunPlan {
    let block = g.tp.saturating_mul(g.cp).saturating_mul(g.pp).max(1);
    let dp = g.dp.unwrap_or(chips / block);
    if dp == 0 {
        let reason = format!(
            "the layout wants {block} accelerators for one replica, the run has {chips}; lower tp, cp or pp"
        );
        return RunPlan::Infeasible(reason);
    }
    if block.saturating_mul(dp) > chips {
        let wanted = u64::from(block) * u64::from(dp);
        let reason = format!(
            "the layout wants {wanted} accelerators, the run's share of the partition has {chips}; lower dp or raise the share"
        );
        return RunPlan::Infeasible(reason);
    }
    let layout = built(run, g, dp, batch, sequence);
    match step(job, &layout) {
        Ok(outcome) if !outcome.memory.fits() => {
            let cure = gigatwin_training::cure(job.model, job.chip, job.state, &layout)
                .map_or_else(|| "no single change of the layout cures it".to_owned(), |c| c.change);
            RunPlan::Infeasible(format!(
                "memory is short by {} per accelerator; {cure}",
                outcome.memory.short()
            ))
        }
        Ok(_) => RunPlan::Layout { note: format!("{} as given", words(&layout)), layout },
        Err(e) => RunPlan::Infeasible(e.to_string()),
    }
}

/// The layout of a file; none where the accelerators at hand do not hold it.
pub(crate) fn as_layout(
    run: &TrainingRun,
    g: &GivenLayout,
    chips: u32,
    batch: u32,
    sequence: u32,
) -> Option<Layout> {
    let block = g.tp.saturating_mul(g.cp).saturating_mul(g.pp).max(1);
    let dp = g.dp.unwrap_or(chips / block);
    (dp > 0 && block.saturating_mul(dp) <= chips).then(|| built(run, g, dp, batch, sequence))
}

fn built(run: &TrainingRun, g: &GivenLayout, dp: u32, batch: u32, sequence: u32) -> Layout {
    let per_step = dp.saturating_mul(g.micro_batch).max(1);
    Layout {
        tp: g.tp,
        cp: g.cp,
        pp: g.pp,
        vpp: g.vpp,
        ep: g.ep,
        dp,
        micro_batch: g.micro_batch,
        // A batch that the replicas do not divide is rounded up to one they do.
        global_batch: batch.div_ceil(per_step).saturating_mul(per_step),
        recompute: match g.recompute.as_str() {
            "none" => Recompute::None,
            "full" => Recompute::Full,
            _ => Recompute::Selective,
        },
        zero: match g.zero {
            0 => Zero::Replicated,
            1 => Zero::Optimizer,
            2 => Zero::Gradients,
            _ => Zero::Weights,
        },
        sequence_parallel: g.tp > 1,
        ..Layout::single(batch, sequence, run.precision)
    }
}

/// A layout in the field's short words.
pub(crate) fn words(l: &Layout) -> String {
    let mut text = format!("TP{}", l.tp);
    for (name, size) in [("CP", l.cp), ("PP", l.pp), ("VPP", l.vpp), ("EP", l.ep)] {
        if size > 1 {
            text.push_str(&format!(" {name}{size}"));
        }
    }
    text.push_str(&format!(" DP{}", l.dp));
    let recompute = match l.recompute {
        Recompute::None => "no recompute",
        Recompute::Selective => "selective recompute",
        Recompute::Alternate => "every other layer recomputed",
        Recompute::Full => "full recompute",
    };
    format!("{text} µB{}, {recompute}", l.micro_batch)
}

/// Evaluates all runs; `None` where a run cannot be done.
pub(crate) fn evaluate(
    f: &Factory,
    v: &Values<'_>,
    machines: &[Machine],
    nets: &Networks,
    plans: &[RunPlan],
    sheet: &mut Sheet,
    infeasible: &mut Vec<Infeasible>,
) -> Vec<Option<Run>> {
    let mut largest_checkpoint: Option<Time> = None;
    let mut runs = Vec::with_capacity(f.runs.len());
    for (run, plan) in f.runs.iter().zip(plans) {
        let what = format!("training.{}", run.slug);
        let layout = match plan {
            RunPlan::Layout { layout, .. } => layout,
            RunPlan::Infeasible(reason) => {
                infeasible.push(Infeasible { what: what.clone(), reason: reason.clone() });
                put_nothing(sheet, &what);
                runs.push(None);
                continue;
            }
        };
        match evaluate_run(f, run, v, machines, nets, layout, sheet) {
            Ok((done, save)) => {
                largest_checkpoint = Some(largest_checkpoint.map_or(save, |t| t.max(save)));
                runs.push(Some(done));
            }
            Err(reason) => {
                infeasible.push(Infeasible { what: what.clone(), reason });
                put_nothing(sheet, &what);
                runs.push(None);
            }
        }
    }
    sheet.put_some("storage.checkpoint_time", largest_checkpoint.map(Time::s));
    runs
}

fn put_nothing(sheet: &mut Sheet, what: &str) {
    for key in ["accelerators", "tokens", "step_time", "mfu", "memory", "ettr", "days"] {
        sheet.put_some(&format!("{what}.{key}"), None);
    }
}

fn evaluate_run(
    f: &Factory,
    run: &TrainingRun,
    v: &Values<'_>,
    machines: &[Machine],
    nets: &Networks,
    layout: &Layout,
    sheet: &mut Sheet,
) -> Result<(Run, Time), String> {
    let partition = &f.partitions[run.partition];
    let machine = &machines[run.partition];
    let net = network(partition, machine, nets.taper[partition.fabric]);
    let calibration = f.training.of_chip(&partition.chip_id);
    let state = &f.training.state;
    let job = Job { model: &run.model, chip: &machine.chip, network: &net, calibration: &calibration, state };
    let layout = &fitted(run, layout, chips_at_hand(run, machine, v))?;
    let mut outcome: StepOutcome = step(&job, layout).map_err(|e| e.to_string())?;
    let error =
        if run.model.moe.is_some() { f.bands.training_step_time_moe } else { f.bands.training_step_time };
    let error = v.number(error);
    outcome.step_time = outcome.step_time * error;
    let accelerators = layout.chips() as f64;
    let nodes = (accelerators / machine.per_node).ceil().max(1.0);
    let (ettr, save) = effective(f, v, run, machine, nets, nodes)?;
    let tokens = run.tokens.map_or_else(|| compute_optimal_tokens(&run.model), |t| v.number(t));
    let inputs = CampaignInputs {
        tokens,
        ettr: Share::from_fraction(ettr),
        evaluation_share: f.training.evaluation_share,
    };
    let done = campaign(&run.model, layout, &outcome, &inputs).map_err(|e| e.to_string())?;
    let id = |key: &str| format!("training.{}.{key}", run.slug);
    sheet.put(&id("accelerators_at_hand"), f64::from(chips_at_hand(run, machine, v)));
    sheet.put(&id("accelerators"), accelerators);
    sheet.put(&id("tokens"), tokens);
    sheet.put(&id("step_time"), outcome.step_time.s());
    sheet.put(&id("mfu"), outcome.mfu.fraction() / error);
    sheet.put(&id("memory"), outcome.memory.total().bytes());
    sheet.put(&id("ettr"), ettr);
    sheet.put(&id("days"), done.wall_time.s());
    let run = Run {
        accelerators,
        wall: done.wall_time,
        computing: done.computing.fraction(),
        communicating: done.communicating.fraction(),
        idle: done.idle.fraction(),
    };
    Ok((run, save))
}

/// The layout with as many replicas as the accelerators of this draw allow; the batch is rounded up to what they divide.
fn fitted(run: &TrainingRun, planned: &Layout, chips: u32) -> Result<Layout, String> {
    if planned.chips() <= u64::from(chips) {
        return Ok(*planned);
    }
    let block = planned.tp * planned.cp * planned.pp;
    for dp in (1..=chips / block.max(1)).rev() {
        let per_step = dp.saturating_mul(planned.micro_batch);
        let global_batch = planned.global_batch.div_ceil(per_step).saturating_mul(per_step);
        let layout = Layout { dp, global_batch, ..*planned };
        if layout.check(&run.model, block * dp).is_ok() {
            return Ok(layout);
        }
    }
    Err(format!("the layout wants {} accelerators, the run has {chips}", planned.chips()))
}

/// Published failure rates are of nodes with eight accelerators; most of what fails is an accelerator or its memory, so
/// a node with more or fewer of them fails in proportion.
pub(crate) const REFERENCE_NODE: f64 = 8.0;

/// What a checkpoint of a run costs on the site's storage.
pub(crate) fn checkpoint_times(
    f: &Factory,
    v: &Values<'_>,
    run: &TrainingRun,
    machine: &Machine,
    nets: &Networks,
    nodes: f64,
) -> Result<gigatwin_fabric::CheckpointTimes, String> {
    let c = &f.defaults.checkpoints;
    let size: Data = v.get(c.checkpoint_bytes_per_parameter) * run.model.parameters();
    let inputs = CheckpointInputs {
        size,
        nodes: nodes as u32,
        chips_per_node: machine.per_node.round().max(1.0) as u32,
        device_to_host: v.get(c.checkpoint_device_to_host),
        fixed_stall: v.get(c.checkpoint_fixed_stall),
        share: v.get(c.storage_share).fraction(),
        efficiency: v.get(c.storage_efficiency).fraction(),
        load_replicas: 1.0,
        synchronous: false,
    };
    let shared = SharedStorage { read: nets.write_rate, write: nets.write_rate, capacity: nets.capacity };
    checkpoint(&inputs, &shared, None).map_err(|e| e.to_string())
}

/// Effective training time at the best checkpoint interval, and how long a checkpoint takes to storage.
fn effective(
    f: &Factory,
    v: &Values<'_>,
    run: &TrainingRun,
    machine: &Machine,
    nets: &Networks,
    nodes: f64,
) -> Result<(f64, Time), String> {
    let c = &f.defaults.checkpoints;
    let times = checkpoint_times(f, v, run, machine, nets, nodes)?;
    let failures = FailureInputs {
        node_failure: v.get(f.operations.node_failure_rate) * (machine.per_node / REFERENCE_NODE),
        restart: v.get(c.restart),
        checkpoint_stall: times.stall,
    };
    let effective = effective_time(&failures, nodes as u32, None, times.save).map_err(|e| e.to_string())?;
    Ok((effective.ratio, times.save))
}

/// Parameters of the training engine that the factory does not vary: the fitted set, the bytes of training state.
#[derive(Debug)]
pub(crate) struct TrainingModel {
    pub state: TrainingState,
    pub evaluation_share: Share,
    pub global: Calibration,
    pub chips: Vec<(String, gigatwin_training::ChipFactors)>,
}

impl TrainingModel {
    /// The parameters of a chip; the global ones for a chip that nobody measured.
    pub fn of_chip(&self, id: &str) -> Calibration {
        match self.chips.iter().find(|c| c.0 == id) {
            Some((_, factors)) => self.global.with(factors),
            None => self.global.with(&gigatwin_training::ChipFactors::UNKNOWN),
        }
    }
}

/// States of a run's accelerators.
pub(crate) fn mix(run: &Run) -> gigatwin_facility::StateMix {
    let share = |x: f64| Share::from_fraction(x.clamp(0.0, 1.0));
    gigatwin_facility::StateMix {
        idle: share(run.idle),
        prefill: Share::ZERO,
        decode: Share::ZERO,
        train_compute: share(run.computing),
        train_communicate: share(1.0 - run.idle - run.computing),
        checkpoint: Share::ZERO,
    }
}

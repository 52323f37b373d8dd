//! Services: deployment, replicas at the busiest hour and latency.

use gigatwin_quantity::Time;
use gigatwin_serving::{
    Calibration, Candidate, ChipClass, Demand as Requests, EngineFamily, EngineInputs, Lengths, Objective,
    PlanInputs, Speculation, StepModel, Workload, plan,
};

use super::machine::{Machine, network};
use super::network::Networks;
use super::sheet::Sheet;
use super::train::Run;
use crate::inputs::Values;
use crate::outcome::Infeasible;
use crate::resolved::{Demand, Factory, Service};

/// The deployment a service keeps over all draws, or why it has none.
#[derive(Debug, Clone)]
pub(crate) enum ServicePlan {
    Deployed { candidate: Box<Candidate>, tpot: Time, note: String },
    Infeasible(String),
}

/// A service of one draw.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Served {
    pub chips: f64,
    /// Requests per second of one replica within the objectives.
    pub rate: f64,
    /// Output tokens per second, mean over the day.
    pub mean_tokens: f64,
    /// Shares of time over all replicas.
    pub prefill: f64,
    pub decode: f64,
}

/// Parameters of the serving engine that the factory does not vary.
#[derive(Debug)]
pub(crate) struct ServingModel {
    pub calibration: Calibration,
    pub engine: EngineInputs,
    pub max_chips_per_replica: u32,
    pub spare_replicas: u32,
}

pub(crate) fn mean_rate(service: &Service, v: &Values<'_>) -> f64 {
    let per_day = match &service.demand {
        Demand::PerDay(n) => v.number(*n),
        Demand::Tokens(n) => v.number(*n) / v.number(service.answer),
        Demand::Users { users, requests_per_user_day } => v.number(*users) * v.number(*requests_per_user_day),
    };
    per_day / 86_400.0
}

/// What the serving software of a service runs with.
pub(crate) fn engine(f: &Factory, s: &Service, v: &Values<'_>) -> EngineInputs {
    let given = &s.engine;
    let mut out = f.serving.engine;
    if let Some(hit) = given.prefix_hit {
        out.prefix_hit = v.get(hit);
    }
    if let Some(chunk) = given.chunk {
        out.chunk_tokens = v.number(chunk);
    }
    out.speculation = given.drafting.as_ref().map(|d| Speculation {
        draft_tokens: d.tokens,
        acceptance: v.get(d.acceptance),
        draft_cost: v.get(d.cost),
    });
    out
}

pub(crate) fn lengths(service: &Service, v: &Values<'_>) -> Lengths {
    Lengths { prompt: v.number(service.prompt), answer: v.number(service.answer) }
}

/// Chooses the deployment of each service in the base case.
pub(crate) fn plans(f: &Factory, v: &Values<'_>, machines: &[Machine], nets: &Networks) -> Vec<ServicePlan> {
    f.services.iter().map(|s| plan_service(f, s, v, machines, nets)).collect()
}

fn plan_service(
    f: &Factory,
    s: &Service,
    v: &Values<'_>,
    machines: &[Machine],
    nets: &Networks,
) -> ServicePlan {
    let partition = &f.partitions[s.partition];
    let machine = &machines[s.partition];
    let net = network(partition, machine, nets.taper[partition.fabric]);
    let workload = Workload {
        lengths: lengths(s, v),
        demand: Requests::RequestsPerSecond(mean_rate(s, v)),
        peak_factor: v.number(s.peak),
    };
    let objective = Objective { ttft_p99: v.get(s.ttft), tpot_p99: v.get(s.tpot) };
    let inputs = PlanInputs {
        engine: engine(f, s, v),
        family: EngineFamily::Vllm,
        class: ChipClass::of_accelerator(&partition.chip_id),
        weights: s.precision,
        kv: gigatwin_catalog::Precision::Fp8,
        max_chips_per_replica: f.serving.max_chips_per_replica,
        spare_replicas: f.serving.spare_replicas,
    };
    match plan(&s.model, &machine.chip, &net, &workload, &objective, &inputs, &f.serving.calibration) {
        Ok(Ok(found)) => {
            let best = found.best;
            let tpot =
                model(f, s, v, machine, &net, &best).map(|m| m.tpot(f64::from(best.batch), &lengths(s, v)));
            let d = &best.deployment;
            let mut note = format!("TP{}", d.tp);
            for (name, size) in [("PP", d.pp), ("EP", d.ep), ("DPA", d.dp_attention)] {
                if size > 1 {
                    note.push_str(&format!(" {name}{size}"));
                }
            }
            note.push_str(&format!(", batch {}", best.batch));
            match tpot {
                Ok(tpot) => ServicePlan::Deployed { candidate: Box::new(best), tpot, note },
                Err(e) => ServicePlan::Infeasible(e),
            }
        }
        Ok(Err(no)) => ServicePlan::Infeasible(format!("{}; {}", no.binding, no.nearest_change)),
        Err(e) => ServicePlan::Infeasible(e.to_string()),
    }
}

fn model(
    f: &Factory,
    s: &Service,
    v: &Values<'_>,
    machine: &Machine,
    net: &gigatwin_fabric::Network,
    candidate: &Candidate,
) -> Result<StepModel, String> {
    let class = ChipClass::of_accelerator(&f.partitions[s.partition].chip_id);
    StepModel::new(
        &s.model,
        &machine.chip,
        net,
        candidate.deployment,
        &engine(f, s, v),
        &f.serving.calibration,
        EngineFamily::Vllm,
        class,
    )
    .map_err(|e| e.to_string())
}

/// Evaluates all services; `None` where a service cannot be carried.
#[allow(clippy::too_many_arguments)]
pub(crate) fn evaluate(
    f: &Factory,
    v: &Values<'_>,
    machines: &[Machine],
    nets: &Networks,
    plans: &[ServicePlan],
    runs: &[Option<Run>],
    sheet: &mut Sheet,
    infeasible: &mut Vec<Infeasible>,
) -> Vec<Option<Served>> {
    let mut taken = vec![0.0; machines.len()];
    // Training runs hold their accelerators while they last.
    for (run, done) in f.runs.iter().zip(runs) {
        taken[run.partition] += done.as_ref().map_or(0.0, |r| r.accelerators);
    }
    let mut out = Vec::with_capacity(plans.len());
    for (s, plan) in f.services.iter().zip(plans) {
        let what = format!("serving.{}", s.slug);
        let result = match plan {
            ServicePlan::Infeasible(reason) => Err(reason.clone()),
            ServicePlan::Deployed { candidate, tpot, .. } => {
                serve(f, s, v, machines, nets, candidate, *tpot, &mut taken, sheet)
            }
        };
        match result {
            Ok(served) => out.push(Some(served)),
            Err(reason) => {
                infeasible.push(Infeasible { what: what.clone(), reason });
                for key in
                    ["chips", "replicas", "tokens_per_second", "capacity_tokens_per_second", "ttft", "tpot"]
                {
                    if sheet.get(&format!("{what}.{key}")).is_none() {
                        sheet.put_some(&format!("{what}.{key}"), None);
                    }
                }
                out.push(None);
            }
        }
    }
    out
}

#[allow(clippy::too_many_arguments)]
fn serve(
    f: &Factory,
    s: &Service,
    v: &Values<'_>,
    machines: &[Machine],
    nets: &Networks,
    candidate: &Candidate,
    planned_tpot: Time,
    taken: &mut [f64],
    sheet: &mut Sheet,
) -> Result<Served, String> {
    let partition = &f.partitions[s.partition];
    let machine = &machines[s.partition];
    let net = network(partition, machine, nets.taper[partition.fabric]);
    let lengths = lengths(s, v);
    let error = v.number(f.bands.serving_tpot);
    // The deployment stays as planned; its pace follows the draw's chip, network and model error.
    let tpot = model(f, s, v, machine, &net, candidate)?.tpot(f64::from(candidate.batch), &lengths) * error;
    let pace = planned_tpot / tpot;
    let rate = candidate.rate_per_replica * pace;
    let mean = mean_rate(s, v);
    let peak = mean * v.number(s.peak).max(1.0);
    let each = f64::from(candidate.deployment.chips());
    let replicas = (peak / rate - 1e-9).ceil().max(1.0) + f64::from(f.serving.spare_replicas);
    let chips = replicas * each;
    let id = |key: &str| format!("serving.{}.{key}", s.slug);
    sheet.put(&id("chips"), chips);
    sheet.put(&id("replicas"), replicas);
    sheet.put(&id("tokens_per_second"), peak * lengths.answer);
    sheet.put(
        &id("capacity_tokens_per_second"),
        (machine.accelerators / each).floor() * rate * lengths.answer,
    );
    sheet.put(&id("ttft"), (candidate.ttft_p99 / pace).s());
    sheet.put(&id("tpot"), (candidate.tpot_p99 / pace).s());
    let free = machine.accelerators - taken[s.partition];
    if chips > free {
        return Err(format!(
            "{chips:.0} accelerators are needed at the busiest hour, partition \"{}\" has {free:.0} left: short by {:.0}; \
             enlarge the partition or lower the demand",
            partition.slug,
            chips - free
        ));
    }
    taken[s.partition] += chips;
    let busy = (mean / (rate * replicas)).min(1.0);
    let (p, d) = (candidate.at_limit.prefill_share.fraction(), candidate.at_limit.decode_share.fraction());
    let work = (p + d).max(f64::MIN_POSITIVE);
    Ok(Served {
        chips,
        rate,
        mean_tokens: mean * lengths.answer,
        prefill: busy * p / work,
        decode: busy * d / work,
    })
}

/// States of a service's accelerators.
pub(crate) fn mix(served: &Served) -> gigatwin_facility::StateMix {
    let share = gigatwin_quantity::Share::from_fraction;
    let zero = gigatwin_quantity::Share::ZERO;
    gigatwin_facility::StateMix {
        idle: share((1.0 - served.prefill - served.decode).max(0.0)),
        prefill: share(served.prefill),
        decode: share(served.decode),
        train_compute: zero,
        train_communicate: zero,
        checkpoint: zero,
    }
}

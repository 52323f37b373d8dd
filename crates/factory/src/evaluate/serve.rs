//! Services: deployment, replicas at the busiest hour and latency.

use gigatwin_quantity::Time;
use gigatwin_serving::disaggregate::replicas;
use gigatwin_serving::{
    Calibration, Candidate, ChipClass, Demand as Requests, Deployment, EngineFamily, EngineInputs,
    Infeasible as No, Lengths, Objective, PlanInputs, Separate, SharedPrefix, Speculation, StepModel,
    Workload, plan, separate,
};

use super::machine::{Machine, network};
use super::network::Networks;
use super::sheet::Sheet;
use super::train::Run;
use crate::inputs::Values;
use crate::outcome::Infeasible;
use crate::resolved::{Demand, Factory, PoolForm, Service};

/// The deployment a service keeps over all draws, or why it has none.
#[derive(Debug, Clone)]
pub(crate) enum ServicePlan {
    /// Replicas that take prompts in and decode; `tpot` at the limit of the batch.
    Together {
        candidate: Box<Candidate>,
        tpot: Time,
        words: Words,
    },
    /// Separate pools; time per token at the limit of the batch, and of one prompt.
    Separate {
        pools: Box<Separate>,
        tpot: Time,
        prompt: Time,
        words: Words,
    },
    Infeasible(String),
}

/// What the page says of a plan.
#[derive(Debug, Clone)]
pub(crate) struct Words {
    /// Layouts.
    pub deployment: String,
    /// Form, and why.
    pub form: String,
}

/// Part of the accelerators that separate pools have to save before they are chosen: their time per token is 35.5 % off on published rows
/// (`validate serving --data`), so less than a third would be no finding.
const WORTH: f64 = 1.0 / 3.0;

/// A service of one draw.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Served {
    pub chips: f64,
    /// Requests per second of one replica within the objectives; of a decode replica where pools are separate.
    pub rate: f64,
    /// Of a prefill replica, where pools are separate.
    pub prefill_rate: Option<f64>,
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
        scatter: v.get(d.scatter),
    });
    if let Some((tokens, groups)) = given.shared_prefix {
        // A draw may give prompts that are shorter than their common start: then all of a prompt is shared.
        let prompt = v.number(s.prompt);
        let prefix = SharedPrefix { tokens: v.number(tokens).min(prompt), groups: f64::from(groups) };
        // What the draw made of it is positive, or there is nothing to share.
        let _ = out.share_prefix(prefix, prompt);
    }
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
    let together = match s.pools.form {
        PoolForm::Separate => Err("not asked for".to_owned()),
        _ => {
            said(plan(&s.model, &machine.chip, &net, &workload, &objective, &inputs, &f.serving.calibration))
        }
    };
    let apart = match s.pools.form {
        PoolForm::Together => Err("not asked for".to_owned()),
        _ => said(separate(
            &s.model,
            &machine.chip,
            &net,
            &workload,
            &objective,
            &inputs,
            &f.serving.calibration,
            s.pools.ratio,
        )),
    };
    let words = |deployment: String, form: String| Words { deployment, form };
    let lengths = lengths(s, v);
    match (together, apart) {
        (Err(reason), Err(_)) if s.pools.form != PoolForm::Separate => ServicePlan::Infeasible(reason),
        (Err(_), Err(reason)) => ServicePlan::Infeasible(reason),
        (Ok(found), apart) if !apart.as_ref().is_ok_and(|a| saves(a, &found.best)) => {
            let best = found.best;
            let tpot = model(f, s, v, machine, &net, &best.deployment)
                .map(|m| m.tpot(f64::from(best.batch), &lengths));
            let form = match (&apart, s.pools.form) {
                (_, PoolForm::Together) => "one pool".to_owned(),
                (Ok(a), _) => {
                    format!("one pool, separate ones take {} accelerators for {}", a.chips, best.chips)
                }
                (Err(_), _) => "one pool, separate ones miss the objectives".to_owned(),
            };
            let note = format!("{}, batch {}", layout(&best.deployment), best.batch);
            match tpot {
                Ok(tpot) => {
                    ServicePlan::Together { candidate: Box::new(best), tpot, words: words(note, form) }
                }
                Err(e) => ServicePlan::Infeasible(e),
            }
        }
        (together, Ok(pools)) => {
            let of = |d: &Deployment| model(f, s, v, machine, &net, d);
            let times = of(&pools.decode.deployment)
                .map(|m| m.pure_decode(f64::from(pools.decode.batch), &lengths))
                .and_then(|tpot| Ok((tpot, of(&pools.prefill.deployment)?.prefill(lengths.prompt))));
            let form = match (&together, s.pools.form) {
                (_, PoolForm::Separate) => "separate pools".to_owned(),
                (Ok(t), _) => format!("separate pools, {} accelerators for {}", pools.chips, t.best.chips),
                (Err(_), _) => "separate pools, one pool misses the objectives".to_owned(),
            };
            let note = format!(
                "P {} x {} : D {} x {}, batch {}, {:.1} ms for keys and values",
                pools.prefill_replicas,
                layout(&pools.prefill.deployment),
                pools.decode_replicas,
                layout(&pools.decode.deployment),
                pools.decode.batch,
                pools.prefill.transfer.ms()
            );
            match times {
                Ok((tpot, prompt)) => {
                    ServicePlan::Separate { pools: Box::new(pools), tpot, prompt, words: words(note, form) }
                }
                Err(e) => ServicePlan::Infeasible(e),
            }
        }
        // The guard above takes every other plan of one pool.
        (Ok(_), Err(reason)) => ServicePlan::Infeasible(reason),
    }
}

fn saves(apart: &Separate, together: &Candidate) -> bool {
    (apart.chips as f64) < (1.0 - WORTH) * together.chips as f64
}

/// A verdict in words.
fn said<T>(verdict: Result<Result<T, No>, gigatwin_serving::ServingError>) -> Result<T, String> {
    match verdict {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(no)) => Err(format!("{}; {}", no.binding, no.nearest_change)),
        Err(e) => Err(e.to_string()),
    }
}

fn layout(d: &Deployment) -> String {
    let mut note = format!("TP{}", d.tp);
    for (name, size) in [("PP", d.pp), ("EP", d.ep), ("DPA", d.dp_attention)] {
        if size > 1 {
            note.push_str(&format!(" {name}{size}"));
        }
    }
    note
}

fn model(
    f: &Factory,
    s: &Service,
    v: &Values<'_>,
    machine: &Machine,
    net: &gigatwin_fabric::Network,
    deployment: &Deployment,
) -> Result<StepModel, String> {
    let class = ChipClass::of_accelerator(&f.partitions[s.partition].chip_id);
    StepModel::new(
        &s.model,
        &machine.chip,
        net,
        *deployment,
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
            plan => serve(f, s, v, machines, nets, plan, &mut taken, sheet),
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

/// One draw of a planned service: chips, rates, busy shares and latencies.
struct Sized {
    chips: f64,
    replicas: f64,
    rate: f64,
    prefill_rate: Option<f64>,
    /// Requests per second and chip where all chips of a partition do this.
    per_chip: f64,
    prefill: f64,
    decode: f64,
    ttft: Time,
    tpot: Time,
}

#[allow(clippy::too_many_arguments)]
fn serve(
    f: &Factory,
    s: &Service,
    v: &Values<'_>,
    machines: &[Machine],
    nets: &Networks,
    plan: &ServicePlan,
    taken: &mut [f64],
    sheet: &mut Sheet,
) -> Result<Served, String> {
    let partition = &f.partitions[s.partition];
    let machine = &machines[s.partition];
    let net = network(partition, machine, nets.taper[partition.fabric]);
    let lengths = lengths(s, v);
    let (error, first) = (v.number(f.bands.serving_tpot), v.number(f.bands.serving_ttft));
    let mean = mean_rate(s, v);
    let peak = mean * v.number(s.peak).max(1.0);
    let id = |key: &str| format!("serving.{}.{key}", s.slug);
    let spare = f.serving.spare_replicas;
    // The deployment stays as planned; its pace follows the draw's chip, network and model error.
    let sized = match plan {
        ServicePlan::Infeasible(reason) => return Err(reason.clone()),
        ServicePlan::Together { candidate, tpot, .. } => {
            let now = model(f, s, v, machine, &net, &candidate.deployment)?
                .tpot(f64::from(candidate.batch), &lengths)
                * error;
            let pace = *tpot / now;
            let rate = candidate.rate_per_replica * pace;
            let each = f64::from(candidate.deployment.chips());
            let replicas = (peak / rate - 1e-9).ceil().max(1.0) + f64::from(spare);
            let busy = (mean / (rate * replicas)).min(1.0);
            let at = &candidate.at_limit;
            let (p, d) = (at.prefill_share.fraction(), at.decode_share.fraction());
            let work = (p + d).max(f64::MIN_POSITIVE);
            Sized {
                chips: replicas * each,
                replicas,
                rate,
                prefill_rate: None,
                per_chip: (machine.accelerators / each).floor() * rate / machine.accelerators,
                prefill: busy * p / work,
                decode: busy * d / work,
                // The first token has an error of its own.
                ttft: candidate.ttft_p99 / (pace * error) * first,
                tpot: candidate.tpot_p99 / pace,
            }
        }
        ServicePlan::Separate { pools, tpot, prompt, .. } => {
            let (p, d) = (&pools.prefill, &pools.decode);
            let of = |d: &Deployment| model(f, s, v, machine, &net, d);
            let decoding = *tpot / (of(&d.deployment)?.pure_decode(f64::from(d.batch), &lengths) * error);
            let taking_in = *prompt / (of(&p.deployment)?.prefill(lengths.prompt) * error);
            let rates = [p.rate * taking_in, d.rate * decoding];
            let (xp, xd) = replicas(peak, rates, spare, s.pools.ratio);
            let (xp, xd) = (f64::from(xp), f64::from(xd));
            let (cp, cd) = (f64::from(p.deployment.chips()), f64::from(d.deployment.chips()));
            let chips = xp * cp + xd * cd;
            sheet.put(&id("prefill_replicas"), xp);
            sheet.put(&id("decode_replicas"), xd);
            sheet.put(&id("kv_transfer"), p.transfer.s());
            Sized {
                chips,
                replicas: xp + xd,
                rate: rates[1],
                prefill_rate: Some(rates[0]),
                per_chip: 1.0 / (cp / rates[0] + cd / rates[1]),
                prefill: (mean / (rates[0] * xp)).min(1.0) * xp * cp / chips,
                decode: (mean / (rates[1] * xd)).min(1.0) * xd * cd / chips,
                ttft: ((pools.ttft_p99 - d.tpot_p99) / taking_in + d.tpot_p99 / decoding) / error * first,
                tpot: d.tpot_p99 / decoding,
            }
        }
    };
    let chips = sized.chips;
    sheet.put(&id("chips"), chips);
    sheet.put(&id("replicas"), sized.replicas);
    sheet.put(&id("tokens_per_second"), peak * lengths.answer);
    sheet.put(&id("capacity_tokens_per_second"), machine.accelerators * sized.per_chip * lengths.answer);
    sheet.put(&id("ttft"), sized.ttft.s());
    sheet.put(&id("tpot"), sized.tpot.s());
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
    Ok(Served {
        chips,
        rate: sized.rate,
        prefill_rate: sized.prefill_rate,
        mean_tokens: mean * lengths.answer,
        prefill: sized.prefill,
        decode: sized.decode,
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

//! The day of the site: services that follow demand, notebooks, and fine-tuning on what they leave.

use gigatwin_catalog::Precision;
use gigatwin_quantity::Time;
use gigatwin_serving::event::{Pool as ReplayPool, Pools, StepCosts};
use gigatwin_serving::site::{
    Application, Develop, Method, Part, Partition, Pool, Rollout, SiteDay, SiteInputs, Tune, day,
    rollout_time, site_day, tune_memory, with_peak,
};
use gigatwin_serving::{ChipClass, Deployment, EngineFamily, Lengths, ServingError, StepModel, memory};

use super::machine::{Machine, network};
use super::network::Networks;
use super::serve::{self, Served, ServicePlan};
use super::sheet::Sheet;
use super::train::Run;
use crate::inputs::Values;
use crate::outcome::Infeasible;
use crate::resolved::{Factory, RolloutInputs, TuneKind, Tuning};

/// Time of one rollout step in the base case; `None` where there is none, or why it is impossible.
#[derive(Debug, Clone)]
pub(crate) struct TunePlan(Result<Option<Time>, String>);

/// Requests in flight of a rollout replica.
const ROLLOUT_BATCH: u32 = 256;
/// Tokens of a block of keys and values.
const BLOCK: u32 = 16;
/// Longest answer over the mean that step times are sampled for.
const LONGEST: f64 = 24.0;
/// Prompts and answers of one rollout that are replayed; more are not told apart.
const MOST_ANSWERS: f64 = 200_000.0;

/// Rollout times in the base case.
pub(crate) fn plans(f: &Factory, v: &Values<'_>, machines: &[Machine], nets: &Networks) -> Vec<TunePlan> {
    let one = |t: &Tuning| match &t.kind {
        TuneKind::Reinforcement(r) => rollout(f, t, r, v, machines, nets).map(Some),
        TuneKind::Supervised(_) | TuneKind::Adapters(_) => Ok(None),
    };
    f.tunes.iter().map(|t| TunePlan(one(t))).collect()
}

/// Plans where the machine itself cannot be evaluated.
pub(crate) fn no_plans(f: &Factory, reason: &str) -> Vec<TunePlan> {
    f.tunes.iter().map(|_| TunePlan(Err(reason.to_owned()))).collect()
}

fn rollout(
    f: &Factory,
    t: &Tuning,
    r: &RolloutInputs,
    v: &Values<'_>,
    machines: &[Machine],
    nets: &Networks,
) -> Result<Time, String> {
    let (partition, machine) = (&f.partitions[t.partition], &machines[t.partition]);
    let net = network(partition, machine, nets.taper[partition.fabric]);
    let lengths = Lengths::new(v.number(r.prompt), v.number(r.answer)).map_err(|e| e.to_string())?;
    let gang = v.number(t.accelerators).round().max(1.0) as u32;
    let mut engine = f.serving.engine;
    engine.max_batch = ROLLOUT_BATCH;
    let mut last = format!("{gang} accelerators hold no replica of the model");
    for tp in (0..10).map(|i| 1_u32 << i).take_while(|tp| *tp <= gang) {
        let weights = if t.precision == Precision::Fp4 { Precision::Fp8 } else { t.precision };
        let d = Deployment { tp, pp: 1, ep: 1, dp_attention: 1, weights, kv: Precision::Fp8 };
        let longest = lengths.prompt + LONGEST * lengths.answer;
        let fit = match memory(&t.model, &machine.chip, &d, &engine, longest) {
            Ok(fit) => fit,
            Err(e) => {
                last = e.to_string();
                continue;
            }
        };
        let class = ChipClass::of_accelerator(&partition.chip_id);
        let step = StepModel::new(
            &t.model,
            &machine.chip,
            &net,
            d,
            &engine,
            &f.serving.calibration,
            EngineFamily::Vllm,
            class,
        )
        .map_err(|e| e.to_string())?;
        let costs = StepCosts::sample(&step, &t.model, &engine, longest as u64).map_err(|e| e.to_string())?;
        let pool = ReplayPool {
            costs,
            replicas: (gang / tp).max(1),
            chips: tp,
            kv_tokens: fit.tokens as u64,
            max_batch: ROLLOUT_BATCH,
            chunk_tokens: d.chunk_tokens(engine.chunk_tokens),
        };
        let (prompts, answers) = (v.number(r.prompts).round().max(1.0), v.number(r.answers).round().max(1.0));
        if prompts * answers > MOST_ANSWERS {
            return Err(format!(
                "a rollout of {:.0} answers per step is beyond {MOST_ANSWERS:.0}",
                prompts * answers
            ));
        }
        let asked = Rollout { prompts: prompts as u32, group: answers as u32, lengths };
        return rollout_time(&asked, Pools::Aggregated(pool), BLOCK).map_err(|e| e.to_string());
    }
    Err(last)
}

/// What the day of the site is made of, in one draw. Services keep the deployment of their plan.
#[allow(clippy::too_many_arguments)] // one draw of everything that takes accelerators
pub(crate) fn inputs(
    f: &Factory,
    v: &Values<'_>,
    machines: &[Machine],
    nets: &Networks,
    runs: &[Option<Run>],
    services: &[(f64, Option<(&ServicePlan, Served)>)],
    plans: &[TunePlan],
    infeasible: &mut Vec<Infeasible>,
) -> SiteInputs {
    let w = &f.defaults.adaptation;
    let office = day("office").unwrap_or([1.0; 24]);
    let mut partitions: Vec<Partition> = f
        .partitions
        .iter()
        .zip(machines)
        .map(|(p, m)| Partition { name: p.slug.clone(), chips: m.accelerators, training: 0.0 })
        .collect();
    for (run, done) in f.runs.iter().zip(runs) {
        partitions[run.partition].training += done.as_ref().map_or(0.0, |r| r.accelerators);
    }
    let mut pools = Vec::new();
    for (s, (mean, plan)) in f.services.iter().zip(services) {
        let Some((plan, served)) = plan else { continue };
        let Some(course) = day(&s.day) else { continue };
        let mut pool = |deployment: &Deployment, part, rate_per_replica| {
            pools.push(Pool {
                name: s.slug.clone(),
                partition: s.partition,
                chips: deployment.chips(),
                rate_per_replica,
                minimum: v.number(w.replica_minimum).round().max(0.0) as u32,
                spare: f.serving.spare_replicas,
                load: v.get(w.replica_load),
                applications: vec![Application {
                    name: s.slug.clone(),
                    rate: *mean,
                    day: with_peak(&course, v.number(s.peak)),
                }],
                part,
                service: None,
            });
        };
        match plan {
            ServicePlan::Together { candidate, .. } => pool(&candidate.deployment, Part::Whole, served.rate),
            ServicePlan::Separate { pools: p, .. } => {
                pool(&p.prefill.deployment, Part::Prefill, served.prefill_rate.unwrap_or(p.prefill.rate));
                pool(&p.decode.deployment, Part::Decode, served.rate);
            }
            ServicePlan::Infeasible(_) => {}
        }
    }
    let developers = f.developments.iter().map(|d| Develop {
        name: d.slug.clone(),
        partition: d.partition,
        sessions_per_day: v.number(d.users) * v.number(d.sessions_per_user_day),
        life: v.get(d.session),
        slice: v.get(d.slice),
        busy: v.get(w.develop_busy),
        think: v.get(w.develop_think),
        reclaim: v.get(d.reclaim),
        resume: v.get(w.develop_resume),
        day: office,
    });
    let developers = developers.collect();
    let mut tunes = Vec::new();
    for (t, plan) in f.tunes.iter().zip(plans) {
        match tune(f, t, v, machines, nets, plan) {
            Ok(tune) => tunes.push(tune),
            Err(reason) => infeasible.push(Infeasible { what: format!("tune.{}", t.slug), reason }),
        }
    }
    SiteInputs { partitions, pools, developers, tunes }
}

fn tune(
    f: &Factory,
    t: &Tuning,
    v: &Values<'_>,
    machines: &[Machine],
    nets: &Networks,
    plan: &TunePlan,
) -> Result<Tune, String> {
    let (partition, machine) = (&f.partitions[t.partition], &machines[t.partition]);
    let w = &f.defaults.adaptation;
    let (method, tokens) = match &t.kind {
        TuneKind::Supervised(tokens) => (Method::Supervised, v.number(*tokens)),
        TuneKind::Adapters(tokens) => (Method::Adapters, v.number(*tokens)),
        TuneKind::Reinforcement(r) => {
            let rollout = plan.0.clone()?.unwrap_or(Time::ZERO);
            let each = v.number(r.prompt) + v.number(r.answer);
            let net = network(partition, machine, nets.taper[partition.fabric]);
            let method = Method::Reinforcement {
                steps: v.number(r.steps),
                // The plan's rollout with the draw's error of the step model.
                rollout: rollout * v.number(f.bands.serving_tpot),
                tokens: v.number(r.prompts) * v.number(r.answers) * each,
                weights: gigatwin_quantity::Data::from_bytes(t.model.parameters() * t.precision.bytes()),
                bandwidth: net.scaleout,
            };
            (method, 0.0)
        }
    };
    let chips = v.number(t.accelerators).round().max(1.0) as u32;
    let engine = &f.serving.engine;
    let usable = machine.chip.memory * engine.memory_utilisation.fraction() - engine.activation_reserve;
    if let Err(ServingError::MemoryShort { short_by, weights, usable }) =
        tune_memory(&method, t.model.parameters(), t.precision, chips, usable)
    {
        let enough = (f64::from(chips) * (weights / usable)).ceil();
        return Err(format!(
            "fine-tuning by {} of {} wants {weights} on each of {chips} accelerators, {usable} can be used: short by {short_by}; \
             {enough:.0} accelerators would hold it{}",
            t.word,
            t.model_name,
            if t.word == "lora" { "" } else { ", or adapters (lora) need less" }
        ));
    }
    Ok(Tune {
        name: t.slug.clone(),
        partition: t.partition,
        method,
        active_parameters: t.model.active_parameters(),
        tokens,
        jobs_per_day: v.number(t.jobs_per_day),
        chips,
        rate: machine.chip.rate(t.precision),
        efficiency: v.get(w.tune_efficiency),
        restart: v.get(w.tune_restart),
    })
}

/// Puts the day's figures in; says where it does not fit.
#[allow(clippy::too_many_arguments)]
pub(crate) fn evaluate(
    f: &Factory,
    v: &Values<'_>,
    machines: &[Machine],
    nets: &Networks,
    runs: &[Option<Run>],
    services: &[Option<Served>],
    plans: &[ServicePlan],
    tune_plans: &[TunePlan],
    sheet: &mut Sheet,
    infeasible: &mut Vec<Infeasible>,
) -> (SiteInputs, SiteDay) {
    let pools: Vec<(f64, Option<(&ServicePlan, Served)>)> = f
        .services
        .iter()
        .zip(services)
        .zip(plans)
        .map(|((s, served), plan)| (serve::mean_rate(s, v), served.map(|s| (plan, s))))
        .collect();
    let inputs = inputs(f, v, machines, nets, runs, &pools, tune_plans, infeasible);
    let day = site_day(&inputs);
    figures(f, &inputs, &day, sheet);
    for (i, (partition, hours)) in inputs.partitions.iter().zip(&day.partitions).enumerate() {
        let developed = f.developments.iter().any(|d| d.partition == i);
        let worst = hours.iter().enumerate().max_by(|a, b| a.1.short.total_cmp(&b.1.short));
        if let (true, Some((hour, h))) = (developed, worst)
            && h.short > 0.0
        {
            let reason = format!(
                "at {hour}:00 training runs, services and notebooks want {:.0} accelerators more than partition \"{}\" has; \
                 enlarge it, or take idle slices back earlier",
                h.short, partition.name
            );
            infeasible.push(Infeasible { what: format!("partition.{}", partition.name), reason });
        }
    }
    (inputs, day)
}

fn figures(f: &Factory, inputs: &SiteInputs, day: &SiteDay, sheet: &mut Sheet) {
    for s in &f.services {
        let of_service = inputs.pools.iter().zip(&day.pools).filter(|(p, _)| p.name == s.slug);
        let hours = of_service.map(|(_, d)| d.chip_hours + d.loading_chip_hours).reduce(|a, b| a + b);
        sheet.put_some(&format!("serving.{}.accelerator_hours", s.slug), hours);
    }
    for (d, hours) in inputs.developers.iter().zip(&day.developers) {
        let id = |key: &str| format!("develop.{}.{key}", d.name);
        let alive = (0..24).map(|h| d.alive(h)).fold(0.0, f64::max);
        sheet.put(&id("sessions"), alive);
        sheet.put(&id("accelerators"), hours.iter().copied().fold(0.0, f64::max));
        sheet.put(&id("accelerator_hours"), hours.iter().sum());
        sheet.put(&id("busy"), d.sessions().busy.fraction());
    }
    for t in &f.tunes {
        let id = |key: &str| format!("tune.{}.{key}", t.slug);
        let found = inputs.tunes.iter().position(|x| x.name == t.slug).map(|i| &day.tunes[i]);
        sheet.put_some(&id("jobs"), found.map(|d| d.done));
        sheet.put_some(&id("time"), found.map(|d| d.job.time.s()));
        sheet.put_some(&id("accelerator_hours"), found.map(|d| d.chip_hours));
        sheet.put_some(&id("rollout"), found.map(|d| d.job.rollout.fraction()));
    }
    let spare: f64 = day.partitions.iter().flatten().map(|h| h.batch).sum();
    sheet.put("site.spare_accelerator_hours", spare);
    let installed: f64 = inputs.partitions.iter().map(|p| 24.0 * p.chips).sum();
    sheet.put(
        "site.described_use",
        if installed > 0.0 { (1.0 - spare / installed).clamp(0.0, 1.0) } else { 0.0 },
    );
}

/// States of accelerators that train and decode for these shares of the time, and wait for the rest.
pub(crate) fn mix(train: f64, decode: f64) -> gigatwin_facility::StateMix {
    let share = gigatwin_quantity::Share::from_fraction;
    let zero = gigatwin_quantity::Share::ZERO;
    gigatwin_facility::StateMix {
        idle: share((1.0 - train - decode).max(0.0)),
        prefill: zero,
        decode: share(decode),
        train_compute: share(train),
        train_communicate: zero,
        checkpoint: zero,
    }
}

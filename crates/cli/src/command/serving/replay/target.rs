//! What serves: a service of a factory file, or what the options say.

use gigatwin_catalog::{ModelShape, Precision};
use gigatwin_fabric::Network;
use gigatwin_factory::{ServiceForm, SiteService, site_services};
use gigatwin_quantity::{Bandwidth, Time};
use gigatwin_serving::event::{KvTransfer, Pool, Pools, ReplayInputs, Routing, Source, StepCosts};
use gigatwin_serving::{Calibration, Deployment, EngineInputs, Lengths, ServingError, StepModel, memory};

use super::super::not_understood;
use super::super::plan::words;
use super::super::predict::would_fit;
use super::super::setting::Setting;
use crate::args::replay::Replay;
use crate::args::serving::{Software, What};
use crate::context::Context;
use crate::exit::{Exit, Fault};

/// Latency of moving keys and values between two replicas beyond their bytes: assumed, of the order of a small transfer over RDMA with
/// its handshake.
const MOVE_LATENCY: Time = Time::from_s(0.002);

/// What serves, ready to be sampled.
pub(super) struct Target {
    pub title: String,
    pub model_id: String,
    pub chip_id: String,
    pub model: ModelShape,
    pub deployment: Deployment,
    pub step: StepModel,
    pub inputs: EngineInputs,
    pub calibration: Calibration,
    pub kv_tokens: f64,
    pub kv_token_bytes: f64,
    pub nics: Bandwidth,
    pub replicas: u32,
    /// Replicas that take in prompts alone, where the plan has such.
    prefill: Option<Prefill>,
    pub max_batch: u32,
    /// Of the factory: lengths, mean rate, objectives.
    pub demand: Option<(Lengths, f64, Time, Time)>,
    pub sha256: String,
}

/// A prefill replica of a plan with separate pools.
struct Prefill {
    deployment: Deployment,
    step: StepModel,
    kv_tokens: f64,
    replicas: u32,
}

/// A target, or how the command ends without one.
pub(super) type Found = Result<Target, Exit>;

/// Resolves what serves; refusals are said before this returns.
pub(super) fn find(context: &Context, args: &Replay) -> Result<Found, Fault> {
    match &args.file {
        Some(path) => {
            let catalog = context.catalog()?;
            let Some(usable) = context.usable(path, &catalog)? else { return Ok(Err(Exit::NotUnderstood)) };
            let services = match site_services(&usable.factory) {
                Ok(list) => list,
                Err(reason) => return no(context, &usable.factory.sha256, &reason),
            };
            let service = choose(&services, args.service.as_deref())?;
            from_factory(context, args, service, &usable.factory.sha256)
        }
        None => from_options(context, args),
    }
}

/// The service of a name, or the only one.
pub(in crate::command) fn choose<'a>(
    services: &'a [SiteService],
    name: Option<&str>,
) -> Result<&'a SiteService, Fault> {
    let names: Vec<&str> = services.iter().map(|s| s.name.as_str()).collect();
    let list = || format!("one of: {}", names.join(", "));
    match (name, services) {
        (_, []) => {
            Err(not_understood("the factory has no service", "add [[serve]], or use --model and --chip"))
        }
        (None, [only]) => Ok(only),
        (None, _) => Err(not_understood("the factory has several services: --service says which", list())),
        (Some(name), _) => {
            let wanted = gigatwin_factory::outcome::slug(name);
            services.iter().find(|s| s.name == wanted).ok_or_else(|| {
                not_understood(format!("--service: the factory has no service \"{name}\""), list())
            })
        }
    }
}

fn from_factory(context: &Context, args: &Replay, s: &SiteService, sha256: &str) -> Result<Found, Fault> {
    if args.software != Software::default() {
        return Err(not_understood(
            "a factory's services say in the file how the serving software is set",
            "serve.engine in the file, or --model and --chip without a file",
        ));
    }
    let plan = match &s.plan {
        Ok(plan) => plan,
        Err(reason) => return no(context, sha256, reason),
    };
    let (deployment, held, replicas, batch) = match plan {
        ServiceForm::Together(c) => (c.deployment, c.memory, c.replicas, c.batch),
        ServiceForm::Separate(p) => (p.decode.deployment, p.decode.memory, p.decode_replicas, p.decode.batch),
    };
    let prefill = match plan {
        ServiceForm::Together(_) => Ok(None),
        ServiceForm::Separate(p) => {
            let d = p.prefill.deployment;
            memory(&s.model, &s.chip, &d, &s.engine, s.lengths.total()).and_then(|fit| {
                let (step, kv_tokens, replicas) = (s.step(d)?, fit.tokens, p.prefill_replicas);
                Ok(Some(Prefill { deployment: d, step, kv_tokens, replicas }))
            })
        }
    };
    let (step, prefill) = match s.step(deployment).and_then(|step| Ok((step, prefill?))) {
        Ok(both) => both,
        Err(e) => return no(context, sha256, &e.to_string()),
    };
    // Keys and values leave from the replica that made them.
    let from = prefill.as_ref().map_or(deployment, |p| p.deployment);
    let target = Target {
        title: s.name.clone(),
        model_id: s.model_id.clone(),
        chip_id: s.chip_id.clone(),
        model: s.model.clone(),
        deployment,
        step,
        inputs: s.engine,
        calibration: s.calibration,
        kv_tokens: held.tokens,
        kv_token_bytes: held.kv_per_token.bytes() * f64::from(deployment.tp),
        nics: nics(&s.network, &from),
        replicas: args.plant.replicas.unwrap_or(replicas),
        prefill,
        max_batch: args.plant.max_batch.unwrap_or(batch),
        demand: Some((s.lengths, s.mean_rate * s.peak, s.ttft, s.tpot)),
        sha256: sha256.to_owned(),
    };
    Ok(Ok(target))
}

fn from_options(context: &Context, args: &Replay) -> Result<Found, Fault> {
    let what = What {
        model: args.model.clone().unwrap_or_default(),
        chip: args.chip.clone().unwrap_or_default(),
        precision: args.precision.clone(),
        kv: args.kv.clone(),
        engine: args.engine.clone(),
        prompt: args.load.prompt.unwrap_or(super::load::PROMPT),
        answer: args.load.answer.unwrap_or(super::load::ANSWER),
        software: args.software.clone(),
        nic: args.nic,
    };
    let setting = Setting::new(context, &what, "")?;
    let deployment = setting.deployment(&args.degrees);
    if let Err(e @ ServingError::Layout(_)) = deployment.check(&setting.model) {
        return Err(not_understood(e.to_string(), "degrees of parallelism must divide heads and experts"));
    }
    let fit = memory(&setting.model, &setting.chip, &deployment, &setting.inputs, setting.lengths.total());
    let (fit, step) = match fit.and_then(|fit| Ok((fit, setting.step(deployment)?))) {
        Ok(both) => both,
        Err(e) => {
            let short = matches!(e, ServingError::MemoryShort { .. });
            let fits = if short { would_fit(&setting, deployment) } else { None };
            let reason = fits.map_or_else(|| e.to_string(), |fits| format!("{e}; would fit: {fits}"));
            return no(context, &setting.sha256, &reason);
        }
    };
    Ok(Ok(Target {
        title: format!("{} on {}", setting.model_id, setting.chip_id),
        deployment,
        step,
        inputs: setting.inputs,
        calibration: setting.calibration,
        kv_tokens: fit.tokens,
        kv_token_bytes: fit.kv_per_token.bytes() * f64::from(deployment.tp),
        nics: nics(&setting.network, &deployment),
        replicas: args.plant.replicas.unwrap_or(1),
        prefill: None,
        max_batch: args.plant.max_batch.unwrap_or(setting.inputs.max_batch),
        demand: None,
        model_id: setting.model_id,
        chip_id: setting.chip_id,
        model: setting.model,
        sha256: setting.sha256,
    }))
}

/// All network ports of a replica.
fn nics(network: &Network, deployment: &Deployment) -> Bandwidth {
    network.scaleout * f64::from(deployment.chips())
}

fn no(context: &Context, sha256: &str, reason: &str) -> Result<Found, Fault> {
    super::refuse(context, sha256, reason)?;
    Ok(Err(Exit::No))
}

impl Target {
    /// Bytes of keys and values of the weights' precision words, for the title.
    pub fn layout(&self) -> String {
        let d = &self.deployment;
        let mut text = words(d);
        if let Some(p) = &self.prefill {
            text = format!("P {} x {} : D {text}", p.replicas, words(&p.deployment));
        }
        let word = match d.weights {
            Precision::Bf16 => "bf16",
            Precision::Fp8 => "fp8",
            Precision::Fp4 => "fp4",
        };
        format!("{text} {word}")
    }

    /// The replay's inputs, with step times sampled up to contexts of `longest` tokens.
    pub fn inputs(&self, args: &Replay, longest: u64) -> Result<ReplayInputs, Fault> {
        let routing = match args.plant.routing.as_str() {
            "turns" => Routing::RoundRobin,
            "load" => Routing::LeastLoaded,
            "prefix" => Routing::PrefixAware,
            other => {
                return Err(not_understood(
                    format!("--routing: unknown rule \"{other}\""),
                    "one of: turns, load, prefix",
                ));
            }
        };
        let mut engine = self.inputs;
        engine.max_batch = self.max_batch;
        let pool =
            |step: &StepModel, deployment: &Deployment, kv_tokens: f64, replicas| -> Result<Pool, Fault> {
                Ok(Pool {
                    costs: StepCosts::sample(step, &self.model, &engine, longest)
                        .map_err(|e| not_understood(e.to_string(), ""))?,
                    replicas,
                    chips: deployment.chips(),
                    kv_tokens: kv_tokens.max(0.0) as u64,
                    max_batch: self.max_batch,
                    chunk_tokens: deployment.chunk_tokens(engine.chunk_tokens),
                })
            };
        let own = |replicas| pool(&self.step, &self.deployment, self.kv_tokens, replicas);
        let prefill = match (&self.prefill, args.plant.prefill_replicas) {
            (Some(p), n) => Some(pool(&p.step, &p.deployment, p.kv_tokens, n.unwrap_or(p.replicas))?),
            (None, Some(n)) => Some(own(n)?),
            (None, None) => None,
        };
        let pools = match prefill {
            None => Pools::Aggregated(own(self.replicas)?),
            Some(prefill) => Pools::Disaggregated {
                prefill,
                decode: own(self.replicas)?,
                transfer: KvTransfer::new(self.kv_token_bytes, self.nics, MOVE_LATENCY),
            },
        };
        Ok(ReplayInputs {
            pools,
            block_tokens: args.plant.block,
            routing,
            prefix_caching: !args.plant.no_prefix_caching,
            source: args.load.clients.map_or(Source::Open, |clients| Source::Closed { clients }),
            macro_steps: true,
        })
    }
}

//! The services of a factory as they are planned, for commands that look at them alone.

use gigatwin_catalog::{Chip, ModelShape};
use gigatwin_fabric::Network;
use gigatwin_quantity::Time;
use gigatwin_serving::site::{Part, Pool, SiteInputs};
use gigatwin_serving::{
    Calibration, Candidate, ChipClass, Deployment, EngineFamily, EngineInputs, Lengths, Separate,
    ServingError, StepModel,
};

use crate::evaluate::serve::{self, ServicePlan};
use crate::evaluate::sheet::Sheet;
use crate::evaluate::{adapt, machine, network, physical, plan};
use crate::inputs::Values;
use crate::outcome::Infeasible;
use crate::resolved::Factory;

/// How a service is deployed.
#[derive(Debug, Clone)]
pub enum ServiceForm {
    /// Replicas that take prompts in and decode.
    Together(Box<Candidate>),
    /// Separate pools.
    Separate(Box<Separate>),
}

/// A service with its deployment, every range at its mode.
#[derive(Debug, Clone)]
pub struct SiteService {
    /// Name in the file, as an id.
    pub name: String,
    /// Id of the model in the catalog.
    pub model_id: String,
    /// Shape of the model.
    pub model: ModelShape,
    /// Name of its partition, as an id.
    pub partition: String,
    /// Accelerators of the partition.
    pub accelerators: f64,
    /// Accelerators of a node of the partition.
    pub per_node: f64,
    /// Id of the accelerator in the catalog.
    pub chip_id: String,
    /// The accelerator.
    pub chip: Chip,
    /// What its accelerators see of the networks.
    pub network: Network,
    /// Mean lengths.
    pub lengths: Lengths,
    /// Mean requests per second over a day.
    pub mean_rate: f64,
    /// Busiest hour over the mean hour.
    pub peak: f64,
    /// Objective: 99th percentile of the time to the first token.
    pub ttft: Time,
    /// Objective: 99th percentile of the time per output token.
    pub tpot: Time,
    /// The deployment of the plan, or why there is none.
    pub plan: Result<ServiceForm, String>,
    /// Defaults of the serving software.
    pub engine: EngineInputs,
    /// Its family.
    pub family: EngineFamily,
    /// Generation of the chip.
    pub class: ChipClass,
    /// Fitted coefficients.
    pub calibration: Calibration,
}

impl SiteService {
    /// Step times of one replica.
    ///
    /// # Errors
    /// As [`StepModel::new`].
    pub fn step(&self, deployment: Deployment) -> Result<StepModel, ServingError> {
        StepModel::new(
            &self.model,
            &self.chip,
            &self.network,
            deployment,
            &self.engine,
            &self.calibration,
            self.family,
            self.class,
        )
    }
}

/// All services in the order of the file.
///
/// # Errors
/// In words, where the machine itself cannot be evaluated.
pub fn site_services(f: &Factory) -> Result<Vec<SiteService>, String> {
    let base = f.inputs.base();
    let v = Values::new(&f.inputs, &base);
    let mut sheet = Sheet::default();
    let machines = machine::evaluate(f, &v, &mut sheet)?;
    let networks = network::evaluate(f, &v, &machines, &mut sheet);
    let plans = serve::plans(f, &v, &machines, &networks);
    let chosen = |slug: &str| {
        let path = format!("serve.{slug}.model");
        f.choices.iter().find(|(p, _)| *p == path).map_or_else(String::new, |(_, id)| id.clone())
    };
    let list = f.services.iter().zip(plans).map(|(s, plan)| {
        let (partition, machine) = (&f.partitions[s.partition], &machines[s.partition]);
        SiteService {
            name: s.slug.clone(),
            model_id: chosen(&s.slug),
            model: s.model.clone(),
            partition: partition.slug.clone(),
            accelerators: machine.accelerators,
            per_node: machine.per_node,
            chip_id: partition.chip_id.clone(),
            chip: machine.chip,
            network: machine::network(partition, machine, networks.taper[partition.fabric]),
            lengths: serve::lengths(s, &v),
            mean_rate: serve::mean_rate(s, &v),
            peak: v.number(s.peak),
            ttft: v.get(s.ttft),
            tpot: v.get(s.tpot),
            plan: match plan {
                ServicePlan::Together { candidate, .. } => Ok(ServiceForm::Together(candidate)),
                ServicePlan::Separate { pools, .. } => Ok(ServiceForm::Separate(pools)),
                ServicePlan::Infeasible(reason) => Err(reason),
            },
            engine: serve::engine(f, s, &v),
            family: EngineFamily::Vllm,
            class: ChipClass::of_accelerator(&partition.chip_id),
            calibration: f.serving.calibration,
        }
    });
    Ok(list.collect())
}

/// What the day of a factory's site is made of, every range at its mode.
#[derive(Debug, Clone)]
pub struct SiteWork {
    /// Partitions, pools, notebooks and fine-tuning.
    pub inputs: SiteInputs,
    /// What cannot be had, and why.
    pub infeasible: Vec<Infeasible>,
}

/// The work of a site: pools of services by model, objectives and deployment, notebooks, and fine-tuning. Services of one model with
/// equal objectives on equal replicas are applications of one pool; its replicas' rate is the mean of theirs, weighted by work.
///
/// # Errors
/// As [`site_services`].
pub fn site_work(f: &Factory) -> Result<SiteWork, String> {
    let services = site_services(f)?;
    let base = f.inputs.base();
    let v = Values::new(&f.inputs, &base);
    let plans = plan(f, &v);
    let physical = physical(f, &v, &plans);
    let mut infeasible: Vec<Infeasible> = physical
        .infeasible
        .iter()
        .filter(|i| i.what.starts_with("serving.") || i.what.starts_with("tune."))
        .cloned()
        .collect();
    let pairs: Vec<_> = f
        .services
        .iter()
        .zip(&physical.services)
        .zip(&plans.services)
        .map(|((s, served), plan)| (serve::mean_rate(s, &v), served.map(|s| (plan, s))))
        .collect();
    let mut again = Vec::new();
    let mut inputs = adapt::inputs(
        f,
        &v,
        &physical.machines,
        &physical.networks,
        &physical.runs,
        &pairs,
        &plans.tunes,
        &mut again,
    );
    infeasible.extend(
        again.into_iter().filter(|a| !infeasible.iter().any(|i| i.what == a.what)).collect::<Vec<_>>(),
    );
    let mut pools: Vec<(usize, Pool)> = Vec::with_capacity(inputs.pools.len());
    for pool in inputs.pools {
        let Some(index) = services.iter().position(|s| s.name == pool.name) else { continue };
        let service = &services[index];
        let alike =
            pools.iter_mut().find(|(other, p)| p.part == pool.part && same_pool(&services[*other], service));
        match alike {
            Some((_, merged)) => {
                let work = |p: &Pool| p.applications.iter().map(|a| a.rate).sum::<f64>();
                let (a, b) = (work(merged), work(&pool));
                merged.rate_per_replica = (a + b) / (a / merged.rate_per_replica + b / pool.rate_per_replica);
                if let Some(s) = &mut merged.service {
                    let mix = |x: f64, y: f64| (a * x + b * y) / (a + b);
                    s.lengths.prompt = mix(s.lengths.prompt, service.lengths.prompt);
                    s.lengths.answer = mix(s.lengths.answer, service.lengths.answer);
                }
                merged.applications.extend(pool.applications);
            }
            None => {
                let mut pool = pool;
                pool.service = hourly(service, pool.part);
                pools.push((index, pool));
            }
        }
    }
    inputs.pools = pools.into_iter().map(|(_, p)| p).collect();
    Ok(SiteWork { inputs, infeasible })
}

fn same_pool(a: &SiteService, b: &SiteService) -> bool {
    let layouts = |s: &SiteService| s.plan.as_ref().ok().map(ServiceForm::layouts);
    (&a.model_id, &a.partition, a.ttft, a.tpot, layouts(a))
        == (&b.model_id, &b.partition, b.ttft, b.tpot, layouts(b))
}

impl ServiceForm {
    /// Layouts of what takes prompts in and of what decodes.
    fn layouts(&self) -> [Deployment; 2] {
        match self {
            ServiceForm::Together(c) => [c.deployment; 2],
            ServiceForm::Separate(s) => [s.prefill.deployment, s.decode.deployment],
        }
    }
}

fn hourly(s: &SiteService, part: Part) -> Option<gigatwin_serving::site::Service> {
    let form = s.plan.as_ref().ok()?;
    let [prefill, decode] = form.layouts();
    let deployment = if part == Part::Prefill { prefill } else { decode };
    let max_batch = match form {
        ServiceForm::Together(c) => c.batch,
        ServiceForm::Separate(p) => p.decode.batch,
    };
    let step = s.step(deployment).ok()?;
    Some(gigatwin_serving::site::Service {
        step,
        engine: s.engine,
        lengths: s.lengths,
        max_batch: f64::from(max_batch),
    })
}

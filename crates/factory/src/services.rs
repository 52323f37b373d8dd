//! The services of a factory as they are planned, for commands that look at them alone.

use gigatwin_catalog::{Chip, ModelShape};
use gigatwin_fabric::Network;
use gigatwin_quantity::Time;
use gigatwin_serving::{Calibration, Candidate, ChipClass, EngineFamily, EngineInputs, Lengths};

use crate::evaluate::serve::{self, ServicePlan};
use crate::evaluate::sheet::Sheet;
use crate::evaluate::{machine, network};
use crate::inputs::Values;
use crate::resolved::Factory;

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
    pub plan: Result<Candidate, String>,
    /// Defaults of the serving software.
    pub engine: EngineInputs,
    /// Its family.
    pub family: EngineFamily,
    /// Generation of the chip.
    pub class: ChipClass,
    /// Fitted coefficients.
    pub calibration: Calibration,
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
                ServicePlan::Deployed { candidate, .. } => Ok(*candidate),
                ServicePlan::Infeasible(reason) => Err(reason),
            },
            engine: f.serving.engine,
            family: EngineFamily::Vllm,
            class: ChipClass::of_accelerator(&partition.chip_id),
            calibration: f.serving.calibration,
        }
    });
    Ok(list.collect())
}

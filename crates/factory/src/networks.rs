//! The networks of a factory, for commands that look at them alone.

use gigatwin_fabric::{CheckpointInputs, FabricDesign, FailureInputs, Network, SharedStorage};
use gigatwin_quantity::{Data, Dim, Hazard, Time};

use crate::evaluate::sheet::Sheet;
use crate::evaluate::{machine, network, train};
use crate::inputs::Values;
use crate::resolved::Factory;

/// One scale-out network of the file with what it connects.
#[derive(Debug, Clone)]
pub struct SiteNetwork {
    /// Name in the file, as an id.
    pub name: String,
    /// Topology in the word of the language.
    pub kind: &'static str,
    /// Partitions on it; where there are none there is nothing to size.
    pub partitions: Vec<String>,
    /// What is to be sized, every range at its mode.
    pub design: FabricDesign,
    /// Every power, price and length of its parts at its P10.
    pub low: FabricDesign,
    /// The same at P90.
    pub high: FabricDesign,
}

/// What the accelerators of one partition see of the networks.
#[derive(Debug, Clone)]
pub struct SitePartition {
    /// Name in the file, as an id.
    pub name: String,
    /// Name of its scale-out network.
    pub fabric: String,
    /// Name of its system.
    pub system: String,
    /// Id of its accelerator in the catalog.
    pub accelerator: String,
    /// Accelerators.
    pub accelerators: f64,
    /// Accelerators in one node.
    pub per_node: f64,
    /// The network; its oversubscription is that of a full fabric and to be replaced by what was sized.
    pub network: Network,
}

/// All scale-out networks in the order of the file.
///
/// # Errors
/// In words, where the machine itself cannot be evaluated.
pub fn site_networks(f: &Factory) -> Result<Vec<SiteNetwork>, String> {
    let at = |quantile: Option<f64>| {
        let mut values = f.inputs.base();
        for (value, input) in values.iter_mut().zip(f.inputs.iter()) {
            if let (Some(q), Dim::Money | Dim::Power | Dim::Length) = (quantile, input.dim) {
                *value = input.distribution.quantile(q);
            }
        }
        values
    };
    let cases = [at(None), at(Some(0.1)), at(Some(0.9))];
    let base = Values::new(&f.inputs, &cases[0]);
    let machines = machine::evaluate(f, &base, &mut Sheet::default())?;
    let mut out = Vec::new();
    for (i, fabric) in f.fabrics.iter().enumerate() {
        let members: Vec<usize> =
            f.partitions.iter().enumerate().filter(|(_, p)| p.fabric == i).map(|(j, _)| j).collect();
        if members.is_empty() {
            continue;
        }
        let [design, low, high] = [0, 1, 2].map(|k: usize| {
            network::design(f, &Values::new(&f.inputs, &cases[k]), fabric, &machines, &members)
        });
        out.push(SiteNetwork {
            name: fabric.slug.clone(),
            kind: fabric.kind.word(),
            partitions: members.iter().map(|j| f.partitions[*j].slug.clone()).collect(),
            design,
            low,
            high,
        });
    }
    Ok(out)
}

/// All partitions in the order of the file, every range at its mode.
///
/// # Errors
/// As [`site_networks`].
pub fn site_partitions(f: &Factory) -> Result<Vec<SitePartition>, String> {
    let base = f.inputs.base();
    let machines = machine::evaluate(f, &Values::new(&f.inputs, &base), &mut Sheet::default())?;
    let list = f.partitions.iter().zip(&machines).map(|(p, m)| SitePartition {
        name: p.slug.clone(),
        fabric: f.fabrics.get(p.fabric).map_or_else(String::new, |x| x.slug.clone()),
        system: p.system.clone(),
        accelerator: p.chip_id.clone(),
        accelerators: m.accelerators,
        per_node: m.per_node,
        network: machine::network(p, m, 1.0),
    });
    Ok(list.collect())
}

/// One training run of the file as storage and failures see it.
#[derive(Debug, Clone)]
pub struct SiteJob {
    /// Name in the file, as an id.
    pub name: String,
    /// Name of its partition.
    pub partition: String,
    /// Name of its model.
    pub model: String,
    /// Parameters of the model.
    pub parameters: f64,
    /// Tokens of the run; absent where the planner chooses them.
    pub tokens: Option<f64>,
    /// Accelerators.
    pub accelerators: u32,
    /// Nodes.
    pub nodes: u32,
    /// How it writes a checkpoint.
    pub checkpoint: CheckpointInputs,
    /// What ends it, with no stall yet.
    pub failures: FailureInputs,
}

/// Storage, jobs and repair of a factory, every range at its mode.
#[derive(Debug, Clone)]
pub struct SiteStorage {
    /// Shared storage; its read rate is taken to equal its write rate.
    pub shared: SharedStorage,
    /// Training runs in the order of the file.
    pub jobs: Vec<SiteJob>,
    /// Failures of one node of eight accelerators.
    pub node_failure: Hazard,
    /// Until a failed node is back.
    pub repair: Time,
}

/// Storage and the jobs that write to it.
///
/// # Errors
/// As [`site_networks`].
pub fn site_storage(f: &Factory) -> Result<SiteStorage, String> {
    let base = f.inputs.base();
    let v = Values::new(&f.inputs, &base);
    let mut sheet = Sheet::default();
    let machines = machine::evaluate(f, &v, &mut sheet)?;
    let nets = network::evaluate(f, &v, &machines, &mut sheet);
    let c = &f.defaults.checkpoints;
    let jobs = f.runs.iter().map(|run| {
        let machine = &machines[run.partition];
        let accelerators = train::chips_at_hand(run, machine, &v);
        let nodes = (f64::from(accelerators) / machine.per_node - 1e-9).ceil().max(1.0) as u32;
        let size: Data = v.get(c.checkpoint_bytes_per_parameter) * run.model.parameters();
        SiteJob {
            name: run.slug.clone(),
            partition: f.partitions[run.partition].slug.clone(),
            model: run.model_name.clone(),
            parameters: run.model.parameters(),
            tokens: run.tokens.map(|t| v.number(t)),
            accelerators,
            nodes,
            checkpoint: CheckpointInputs {
                size,
                nodes,
                chips_per_node: machine.per_node.round().max(1.0) as u32,
                device_to_host: v.get(c.checkpoint_device_to_host),
                fixed_stall: v.get(c.checkpoint_fixed_stall),
                share: v.get(c.storage_share).fraction(),
                efficiency: v.get(c.storage_efficiency).fraction(),
                load_replicas: 1.0,
                synchronous: false,
            },
            failures: FailureInputs {
                node_failure: v.get(f.operations.node_failure_rate)
                    * (machine.per_node / train::REFERENCE_NODE),
                restart: v.get(c.restart),
                checkpoint_stall: Time::ZERO,
            },
        }
    });
    Ok(SiteStorage {
        jobs: jobs.collect(),
        shared: SharedStorage { read: nets.write_rate, write: nets.write_rate, capacity: nets.capacity },
        node_failure: v.get(f.operations.node_failure_rate),
        repair: v.get(f.operations.repair),
    })
}

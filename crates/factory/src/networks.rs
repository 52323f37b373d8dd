//! The networks of a factory, for commands that look at them alone.

use gigatwin_fabric::{FabricDesign, Network};
use gigatwin_quantity::Dim;

use crate::evaluate::sheet::Sheet;
use crate::evaluate::{machine, network};
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

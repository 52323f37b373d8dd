//! Factory files as machines for Slurm.

use std::path::Path;

use gigatwin_catalog::Catalog;
use gigatwin_factory::load;
use gigatwin_pilot::Machine;

use crate::fault::Fault;
use crate::tree;

/// From a factory file.
pub(super) fn of_file(path: &Path) -> Result<Machine, Fault> {
    let name = path.file_stem().and_then(|s| s.to_str()).unwrap_or("site").to_owned();
    of_text(&name, &tree::read(path)?)
}

/// From the text of a factory file.
fn of_text(name: &str, text: &str) -> Result<Machine, Fault> {
    let alone = |_: &str, _: &str| Err("a machine stands alone".to_owned());
    let loaded = load(name, text.as_bytes().to_vec(), &alone, &Catalog::embedded());
    let factory = loaded.factory.ok_or_else(|| Fault::new(format!("{name}: the factory file has faults")))?;
    Machine::of(name, &factory).map_err(|e| Fault::new(e.to_string()))
}

/// So many nodes of eight H100 on one rail-optimised network.
pub(super) fn of_nodes(nodes: u32) -> Result<Machine, Fault> {
    let text = format!(
        "format = 1
[factory]
name = \"{nodes} nodes\"
country = \"DE\"
rules = [\"announcement-2025\"]
[site]
place = \"stuttgart\"
grid = {{ firm = \"300 MW\" }}
[[phase]]
name = \"one\"
[[partition]]
name = \"n\"
system = \"dgx-h100\"
units = {nodes}
fabric = \"rail\"
[fabric.rail]
kind = \"rail-optimised fat tree\"
switch = \"quantum-2\"
[cooling]
kind = \"air\"
supply = \"24 °C\"
[energy]
contracts = [{{ kind = \"spot\" }}]
"
    );
    of_text(&format!("nodes-{nodes}"), &text)
}

/// The largest partition: its name for Slurm, nodes, accelerators of a node.
pub(super) fn largest_partition(machine: &Machine) -> (String, u32, u32) {
    let p = machine.cluster.partitions.iter().max_by_key(|p| p.nodes);
    p.map_or_else(|| (String::new(), 0, 0), |p| (gigatwin_export::slurm::ascii(&p.name), p.nodes, p.per_node))
}

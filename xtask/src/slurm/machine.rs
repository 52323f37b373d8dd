//! Factory files as machines for Slurm.

use std::path::Path;

use gigatwin_catalog::Catalog;
use gigatwin_factory::load;
use gigatwin_pilot::Machine;

use super::workload::{TENANTS, URGENT_MINUTES};
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
    of_text(&format!("nodes-{nodes}"), &file(nodes))
}

/// The same with the tenants of the replays with accounts.
pub(super) fn of_tenants(nodes: u32) -> Result<Machine, Fault> {
    let mut text = file(nodes);
    // Hours are divided once the file says what they cost.
    text.push_str("[finance]\npublic_money = \"none\"\n");
    for t in &TENANTS {
        let (name, part) = (t.account, f64::from(t.shares) / 100.0);
        text.push_str(&format!(
            "[[tenant]]\nname = \"{name}\"\nkind = \"research\"\nhours = \"{part} %\"\nprice = \"EUR 3/h\"\n"
        ));
    }
    of_text(&format!("tenants-{nodes}"), &text)
}

/// A quarter of the nodes in a partition of their own, `m` beside `n`.
pub(super) fn of_partitions(nodes: u32) -> Result<Machine, Fault> {
    let more = format!(
        "[[partition]]\nname = \"m\"\nsystem = \"dgx-h100\"\nunits = {}\nfabric = \"rail\"\n[fabric.rail]",
        nodes / 4
    );
    let text = file(nodes - nodes / 4).replace("[fabric.rail]", &more);
    of_text(&format!("partitions-{nodes}"), &text)
}

/// Adds a partition over all nodes to a configuration, whose jobs go before those of all others.
pub(super) fn with_urgent(conf: String) -> String {
    let nodes: Vec<&str> = conf
        .lines()
        .filter_map(|l| l.strip_prefix("PartitionName=")?.split_once(" Nodes=")?.1.split(' ').next())
        .collect();
    let line = format!(
        "PartitionName=urgent Nodes={} MaxTime={URGENT_MINUTES} DefaultTime=1 PriorityTier=10 OverSubscribe=NO State=UP\n",
        nodes.join(",")
    );
    conf + &line
}

fn file(nodes: u32) -> String {
    format!(
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
    )
}

/// The largest partition: its name for Slurm, nodes, accelerators of a node.
pub(super) fn largest_partition(machine: &Machine) -> (String, u32, u32) {
    let p = machine.cluster.partitions.iter().max_by_key(|p| p.nodes);
    p.map_or_else(|| (String::new(), 0, 0), |p| (gigatwin_export::slurm::ascii(&p.name), p.nodes, p.per_node))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_urgent_partition_has_all_nodes() {
        let machine = of_partitions(64).expect("machine");
        assert_eq!(machine.cluster.partitions.iter().map(|p| p.nodes).collect::<Vec<_>>(), [48, 16]);
        let conf = with_urgent(
            "PartitionName=n Nodes=n[01-48] Default=YES\nPartitionName=m Nodes=m[01-16] Default=NO\n".into(),
        );
        assert!(conf.contains("PartitionName=urgent Nodes=n[01-48],m[01-16] MaxTime=2 "), "{conf}");
    }

    #[test]
    fn tenants_of_the_replays_have_their_shares() {
        let machine = of_tenants(64).expect("machine");
        let parts: Vec<f64> =
            machine.cluster.tenants.iter().filter_map(|t| Some(t.share?.fraction() * 10_000.0)).collect();
        let promised: Vec<f64> = TENANTS.iter().map(|t| f64::from(t.shares)).collect();
        assert!(
            parts.len() == 3 && parts.iter().zip(&promised).all(|(a, b)| (a - b).abs() < 0.5),
            "{parts:?}"
        );
    }
}

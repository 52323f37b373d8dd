//! Switches: scale-up domains, groups of leaves, networks; as a tree and as blocks.

use gigatwin_factory::ClusterPartition;

use super::names::{ascii, range};
use super::{ClusterExport, Placement};

/// A run of nodes of one partition.
struct Piece {
    name: String,
    nodes: String,
}

/// Nodes of a partition in pieces of `size`.
fn pieces(export: &ClusterExport<'_>, p: &ClusterPartition, kind: &str, size: u32) -> Vec<Piece> {
    let prefix = export.prefix(p);
    let size = size.max(1);
    let count = p.nodes.div_ceil(size);
    let width = count.to_string().len();
    (0..count)
        .map(|i| Piece {
            name: format!("{prefix}{kind}{:0width$}", i + 1),
            nodes: range(&prefix, i * size + 1, ((i + 1) * size).min(p.nodes), p.nodes),
        })
        .collect()
}

fn leaf_size(p: &ClusterPartition) -> u32 {
    p.nodes_per_leaf.max(p.nodes_per_domain)
}

/// `topology.conf` of `topology/tree`.
pub(super) fn tree(export: &ClusterExport<'_>) -> String {
    let mut out = export.comment();
    out.push_str(
        "# topology/tree: scale-up domains below groups of leaf switches below the network. Networks without a common switch stay apart.\n",
    );
    let mut fabrics: Vec<(&str, Vec<String>)> = Vec::new();
    for p in &export.cluster.partitions {
        let leaf = leaf_size(p);
        let mut tops = Vec::new();
        if p.nodes_per_domain > 1 {
            let domains = pieces(export, p, "nvl", p.nodes_per_domain);
            for d in &domains {
                out.push_str(&format!("SwitchName={} Nodes={}\n", d.name, d.nodes));
            }
            let per_leaf = (leaf / p.nodes_per_domain).max(1) as usize;
            for (piece, under) in pieces(export, p, "leaf", leaf).iter().zip(domains.chunks(per_leaf)) {
                let names = compressed(under);
                out.push_str(&format!("SwitchName={} Switches={names}\n", piece.name));
                tops.push(piece.name.clone());
            }
        } else {
            for piece in pieces(export, p, "leaf", leaf) {
                out.push_str(&format!("SwitchName={} Nodes={}\n", piece.name, piece.nodes));
                tops.push(piece.name);
            }
        }
        match fabrics.iter_mut().find(|(f, _)| *f == p.fabric) {
            Some((_, list)) => list.extend(tops),
            None => fabrics.push((&p.fabric, tops)),
        }
    }
    for (fabric, tops) in &fabrics {
        let name = if fabric.is_empty() { "net".to_owned() } else { format!("net-{}", ascii(fabric)) };
        out.push_str(&format!("SwitchName={name} Switches={}\n", tops.join(",")));
    }
    out
}

/// Consecutive switches as a range.
fn compressed(list: &[Piece]) -> String {
    match (list.first(), list.last()) {
        (Some(first), Some(last)) if list.len() > 1 => {
            let at = first.name.rfind(|c: char| !c.is_ascii_digit()).map_or(0, |i| i + 1);
            format!("{}[{}-{}]", &first.name[..at], &first.name[at..], &last.name[at..])
        }
        (Some(only), _) => only.name.clone(),
        _ => String::new(),
    }
}

/// `topology.conf` of `topology/block`.
pub(super) fn blocks(export: &ClusterExport<'_>) -> String {
    let mut out = export.comment();
    out.push_str(
        "# topology/block (Slurm 23.11 and later): scale-up domains as blocks. UNTESTED: written from the documentation, not run.\n# Use it instead of topology.conf, with TopologyPlugin=topology/block.\n",
    );
    let mut size = u32::MAX;
    for p in &export.cluster.partitions {
        let block = block_size(p);
        size = size.min(block);
        for piece in pieces(export, p, "block", block) {
            out.push_str(&format!("BlockName={} Nodes={}\n", piece.name, piece.nodes));
        }
    }
    out.push_str(&format!("BlockSizes={}\n", if size == u32::MAX { 1 } else { size }));
    out
}

/// Nodes of a block: the scale-up domain, or the leaf group where the domain ends at the node.
fn block_size(p: &ClusterPartition) -> u32 {
    if p.nodes_per_domain > 1 { p.nodes_per_domain } else { leaf_size(p) }
}

/// `topology.yaml`.
pub(super) fn yaml(export: &ClusterExport<'_>) -> String {
    let mut out = export.comment();
    out.push_str(
        "# topology.yaml (Slurm 25.05 and later): one topology per partition. UNTESTED: written from the documentation, not run.\n---\n",
    );
    for (i, p) in export.cluster.partitions.iter().enumerate() {
        let block = block_size(p);
        out.push_str(&format!(
            "- topology: {}\n  cluster_default: {}\n  block:\n    block_sizes:\n      - {block}\n    blocks:\n",
            ascii(&p.name),
            i == 0
        ));
        for piece in pieces(export, p, "block", block) {
            out.push_str(&format!("      - block: {}\n        nodes: \"{}\"\n", piece.name, piece.nodes));
        }
    }
    out
}

/// Whether the tree is used: everywhere, also where nodes are emulated.
pub(super) fn plugin(placement: &Placement) -> &'static str {
    match placement {
        Placement::Site | Placement::Emulated { .. } | Placement::Planned { .. } => "topology/tree",
    }
}

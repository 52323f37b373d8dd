use crate::job::Size;

/// How the nodes of a site hang together. Domains nest: a leaf (a leaf switch, a rack or one NVLink domain) lies in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Nodes of the site.
    pub nodes: u32,
    /// Accelerators of a node.
    pub gpus_per_node: u32,
    /// Nodes of the smallest domain; the last one may hold fewer.
    pub nodes_per_leaf: u32,
    /// Leaves of a block; the last one may hold fewer.
    pub leaves_per_block: u32,
}

impl Layout {
    /// Nodes without any topology: one domain.
    pub fn flat(nodes: u32, gpus_per_node: u32) -> Self {
        Self { nodes, gpus_per_node, nodes_per_leaf: nodes.max(1), leaves_per_block: 1 }
    }

    /// Accelerators of the site.
    pub fn gpus(&self) -> i64 {
        i64::from(self.nodes) * i64::from(self.gpus_per_node)
    }

    /// Leaves of the site.
    pub fn leaves(&self) -> u32 {
        self.nodes.div_ceil(self.nodes_per_leaf)
    }

    /// Accelerators a job of this size holds: whole nodes, or a part of one.
    pub fn units(&self, size: Size) -> i64 {
        let per_node = i64::from(self.gpus_per_node);
        match size {
            Size::Nodes(n) => i64::from(n) * per_node,
            Size::Gpus(g) if g < self.gpus_per_node => i64::from(g),
            Size::Gpus(g) => i64::from(g.div_ceil(self.gpus_per_node)) * per_node,
        }
    }
}

/// Which free nodes a gang gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Placement {
    /// The lowest-numbered free nodes, as Slurm without topology does.
    First,
    /// The leaf that fits tightest; else the block that fits tightest, filled from its fullest leaves; else the fewest blocks.
    #[default]
    Packed,
}

//! How the nodes of a job can lie, from as close as its size allows to dealt out over the site.

use gigatwin_operations::{Layout, Span};

/// The spreads of a job of `nodes` nodes that the table holds: as few leaves as it needs, then powers of two within one block, then
/// over several blocks. The first is the closest.
pub(super) fn spans(layout: &Layout, nodes: u32) -> Vec<Span> {
    let blocks = layout.leaves().div_ceil(layout.leaves_per_block);
    let least = nodes.div_ceil(layout.nodes_per_leaf).max(1);
    let blocks_of = |leaves: u32| leaves.div_ceil(layout.leaves_per_block);
    let doubled = |from: u32, most: u32| {
        let steps = std::iter::successors(Some(from.next_power_of_two()), |l| l.checked_mul(2));
        steps.take_while(move |l| *l < most).chain([most])
    };
    let mut out = vec![Span { leaves: least, blocks: blocks_of(least) }];
    let in_block = nodes.min(layout.leaves_per_block).min(layout.leaves());
    if blocks_of(least) == 1 && in_block > least {
        let more = doubled(least + 1, in_block);
        out.extend(more.map(|leaves| Span { leaves, blocks: 1 }));
    }
    let most = nodes.min(layout.leaves());
    if blocks > 1 && most >= 2 {
        // Over several blocks even the fewest leaves are another placement, unless the size needs them anyway.
        let first = if blocks_of(least) == 1 { least.max(2) } else { least + 1 };
        out.extend(
            doubled(first, most)
                .filter(|leaves| *leaves >= first)
                .map(|leaves| Span { leaves, blocks: blocks_of(leaves).max(2).min(blocks).min(leaves) }),
        );
    }
    out.dedup();
    out
}

/// The nodes of jobs that fill the leaves of a spread, each dealt evenly over all of them: a full machine in which everybody lies the
/// same way. Leaves are taken in turn from the blocks. None where the layout has too few of either.
pub(super) fn neighbours(layout: &Layout, nodes: u32, span: Span) -> Option<Vec<Vec<u32>>> {
    let leaf = |i: u32| (i % span.blocks) * layout.leaves_per_block + i / span.blocks;
    let leaves: Vec<u32> = (0..span.leaves).map(leaf).collect();
    let size = |l: u32| {
        layout.nodes_per_leaf.min(layout.nodes.saturating_sub(l.saturating_mul(layout.nodes_per_leaf)))
    };
    let part = |i: u32| nodes / span.leaves + u32::from(i < nodes % span.leaves);
    let room = leaves.iter().map(|l| size(*l)).min()?;
    let jobs = room / part(0).max(1);
    let one = |j: u32| {
        let mut list: Vec<u32> = (0..span.leaves)
            .zip(&leaves)
            .flat_map(|(i, l)| {
                let first = l * layout.nodes_per_leaf + j * part(0);
                first..first + part(i)
            })
            .collect();
        list.sort_unstable();
        list
    };
    (jobs > 0).then(|| (0..jobs).map(one).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAYOUT: Layout = Layout { nodes: 640, gpus_per_node: 8, nodes_per_leaf: 32, leaves_per_block: 8 };

    #[test]
    fn from_the_closest_to_the_widest() {
        let of = |n| spans(&LAYOUT, n).iter().map(|s| (s.leaves, s.blocks)).collect::<Vec<_>>();
        assert_eq!(of(1), [(1, 1)]);
        assert_eq!(of(4), [(1, 1), (2, 1), (4, 1), (2, 2), (4, 2)]);
        assert_eq!(of(64), [(2, 1), (4, 1), (8, 1), (2, 2), (4, 2), (8, 2), (16, 2), (20, 3)]);
        assert_eq!(of(512), [(16, 2), (20, 3)]);
    }

    #[test]
    fn neighbours_fill_the_leaves_and_share_no_node() {
        let jobs = neighbours(&LAYOUT, 8, Span { leaves: 4, blocks: 2 }).unwrap();
        assert_eq!(jobs.len(), 16);
        let mut all: Vec<u32> = jobs.concat();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 128);
        // Two leaves of each of the first two blocks.
        assert_eq!(jobs[0], [0, 1, 32, 33, 256, 257, 288, 289]);
        assert!(neighbours(&LAYOUT, 33, Span { leaves: 1, blocks: 1 }).is_none());
    }
}

use std::collections::BTreeSet;

use crate::layout::{Layout, Placement};

/// Which nodes are free, as bits with counts per leaf and block; which are shared, by how much they have left.
#[derive(Debug, Clone)]
pub(crate) struct Nodes {
    layout: Layout,
    /// Leaf of each node, block of each leaf.
    leaf: Vec<u32>,
    block: Vec<u32>,
    bits: Vec<u64>,
    leaf_free: Vec<u32>,
    block_free: Vec<u32>,
    free: u32,
    /// Accelerators taken on a shared node.
    used: Vec<u16>,
    /// Shared nodes by the accelerators they have left.
    partly: Vec<BTreeSet<u32>>,
    order: Vec<u32>,
    /// Free nodes of the blocks not drawn yet.
    left: Vec<u32>,
}

/// How far a gang is spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// Leaves touched.
    pub leaves: u32,
    /// Blocks touched.
    pub blocks: u32,
}

impl Nodes {
    pub fn new(layout: Layout) -> Self {
        let nodes = layout.nodes as usize;
        let mut all = Self {
            layout,
            leaf: (0..layout.nodes).map(|n| n / layout.nodes_per_leaf).collect(),
            block: (0..layout.leaves()).map(|l| l / layout.leaves_per_block).collect(),
            bits: vec![0; nodes.div_ceil(64)],
            leaf_free: vec![0; layout.leaves() as usize],
            block_free: vec![0; layout.leaves().div_ceil(layout.leaves_per_block) as usize],
            free: 0,
            used: vec![0; nodes],
            partly: vec![BTreeSet::new(); layout.gpus_per_node as usize + 1],
            order: Vec::new(),
            left: Vec::new(),
        };
        for n in 0..layout.nodes {
            all.put(n);
        }
        all
    }

    /// Nodes with nothing on them.
    #[cfg(test)]
    fn whole_free(&self) -> u32 {
        self.free
    }

    fn leaf_of(&self, node: u32) -> u32 {
        self.leaf[node as usize]
    }

    fn put(&mut self, node: u32) {
        self.bits[node as usize / 64] |= 1 << (node % 64);
        let leaf = self.leaf_of(node);
        self.leaf_free[leaf as usize] += 1;
        self.block_free[self.block[leaf as usize] as usize] += 1;
        self.free += 1;
    }

    fn cut(&mut self, node: u32) {
        self.bits[node as usize / 64] &= !(1 << (node % 64));
        let leaf = self.leaf_of(node);
        self.leaf_free[leaf as usize] -= 1;
        self.block_free[self.block[leaf as usize] as usize] -= 1;
        self.free -= 1;
    }

    pub fn is_free(&self, node: u32) -> bool {
        self.bits[node as usize / 64] >> (node % 64) & 1 == 1
    }

    /// Takes a free node out (failed, drained); put back by [`Self::restore`].
    pub fn remove(&mut self, node: u32) {
        if self.is_free(node) {
            self.cut(node);
        }
    }

    pub fn restore(&mut self, node: u32) {
        if !self.is_free(node) {
            self.put(node);
        }
    }

    /// Gives back whole nodes, except those for which `keep` says no.
    pub fn give_back(&mut self, nodes: &[u32], keep: impl Fn(u32) -> bool) {
        for &n in nodes {
            if keep(n) {
                self.put(n);
            }
        }
    }

    /// Takes `gpus` of one node, less than a node holds.
    pub fn take_part(&mut self, gpus: u32, forbidden: Option<&[u64]>) -> Option<u32> {
        let whole = self.layout.gpus_per_node;
        let allowed = |n: u32| forbidden.is_none_or(|f| f[n as usize / 64] >> (n % 64) & 1 == 0);
        for left in gpus..whole {
            if let Some(&node) = self.partly[left as usize].iter().find(|&&n| allowed(n)) {
                self.partly[left as usize].remove(&node);
                self.used[node as usize] += gpus as u16;
                if left > gpus {
                    self.partly[(left - gpus) as usize].insert(node);
                }
                return Some(node);
            }
        }
        let mut one = Vec::with_capacity(1);
        self.take(1, Placement::Packed, forbidden, &mut one)?;
        let node = *one.first()?;
        self.used[node as usize] = gpus as u16;
        self.partly[(whole - gpus) as usize].insert(node);
        Some(node)
    }

    /// Gives back a part of a node; a node that is down is not offered again.
    pub fn give_back_part(&mut self, node: u32, gpus: u32, up: bool) {
        let whole = self.layout.gpus_per_node;
        let left = whole - u32::from(self.used[node as usize]);
        self.partly[left as usize].remove(&node);
        self.used[node as usize] -= gpus as u16;
        if self.used[node as usize] == 0 {
            if up {
                self.put(node);
            }
        } else if up {
            self.partly[(left + gpus) as usize].insert(node);
        }
    }

    /// Takes what is left of a shared node from the offer, its jobs stay; how much that was.
    pub fn close_part(&mut self, node: u32) -> i64 {
        let used = u32::from(self.used[node as usize]);
        let left = self.layout.gpus_per_node - used;
        let open = used > 0 && self.partly[left as usize].remove(&node);
        if open { i64::from(left) } else { 0 }
    }

    /// Takes `n` whole nodes into `out`, none of them in `forbidden`; nothing changes if there are not enough.
    pub fn take(
        &mut self,
        n: u32,
        placement: Placement,
        forbidden: Option<&[u64]>,
        out: &mut Vec<u32>,
    ) -> Option<Span> {
        out.clear();
        if n > self.free {
            return None;
        }
        if let Some(forbidden) = forbidden {
            // Rare (a reservation lies ahead): hide the reserved nodes, choose, show them again.
            let hidden: Vec<u32> = (0..self.layout.nodes)
                .filter(|&x| self.is_free(x) && forbidden[x as usize / 64] >> (x % 64) & 1 == 1)
                .collect();
            hidden.iter().for_each(|&x| self.cut(x));
            let span = self.take(n, placement, None, out);
            hidden.iter().for_each(|&x| self.put(x));
            return span;
        }
        match placement {
            Placement::First => self.collect(0, self.layout.nodes, n, out),
            Placement::Packed => self.packed(n, out),
        }
        let mut span = Span::default();
        let (mut leaf, mut block) = (u32::MAX, u32::MAX);
        for &node in out.iter() {
            let l = self.leaf_of(node);
            if l != leaf {
                leaf = l;
                span.leaves += 1;
                let b = self.block[l as usize];
                if b != block {
                    block = b;
                    span.blocks += 1;
                }
            }
        }
        for &node in out.iter() {
            self.cut(node);
        }
        Some(span)
    }

    fn packed(&mut self, n: u32, out: &mut Vec<u32>) {
        if let Some(leaf) = tightest(&self.leaf_free, n) {
            return self.collect_leaf(leaf, n, out);
        }
        if let Some(block) = tightest(&self.block_free, n) {
            return self.collect_block(block, n, out);
        }
        // The blocks with most free first, among equals the first: drawn one after the other, as few are needed.
        let mut left = std::mem::take(&mut self.left);
        left.clear();
        left.extend_from_slice(&self.block_free);
        while (out.len() as u32) < n {
            let mut best = (0, 0);
            for (b, &free) in left.iter().enumerate() {
                if free > best.1 {
                    best = (b, free);
                }
            }
            let (block, free) = best;
            if free == 0 {
                break;
            }
            left[block] = 0;
            self.collect_block(block as u32, (n - out.len() as u32).min(free), out);
        }
        self.left = left;
    }

    /// From the fullest leaves first, so that few are touched.
    fn collect_block(&mut self, block: u32, n: u32, out: &mut Vec<u32>) {
        let first = block * self.layout.leaves_per_block;
        let last = (first + self.layout.leaves_per_block).min(self.leaf_free.len() as u32);
        let mut order = std::mem::take(&mut self.order);
        order.clear();
        order.extend(first..last);
        order.sort_by_key(|&l| (std::cmp::Reverse(self.leaf_free[l as usize]), l));
        let goal = out.len() as u32 + n;
        for &leaf in &order {
            let missing = goal - out.len() as u32;
            if missing == 0 {
                break;
            }
            self.collect_leaf(leaf, missing.min(self.leaf_free[leaf as usize]), out);
        }
        self.order = order;
    }

    fn collect_leaf(&self, leaf: u32, n: u32, out: &mut Vec<u32>) {
        let first = leaf * self.layout.nodes_per_leaf;
        self.collect(first, (first + self.layout.nodes_per_leaf).min(self.layout.nodes), n, out);
    }

    /// The first `n` free nodes of a range.
    fn collect(&self, first: u32, last: u32, n: u32, out: &mut Vec<u32>) {
        let mut missing = n;
        let mut word = first / 64;
        while missing > 0 && word * 64 < last {
            let mut bits = self.bits[word as usize];
            if word * 64 < first {
                bits &= u64::MAX << (first % 64);
            }
            while bits != 0 && missing > 0 {
                let node = word * 64 + bits.trailing_zeros();
                if node >= last {
                    return;
                }
                out.push(node);
                missing -= 1;
                bits &= bits - 1;
            }
            word += 1;
        }
    }
}

/// The domain with the fewest free nodes that still hold `n`.
fn tightest(free: &[u32], n: u32) -> Option<u32> {
    const CHUNK: usize = 64;
    // What would be left; too few wraps round to more than all. Whole chunks at a time go through wide registers.
    let (mut least, mut found) = (u32::MAX, 0);
    for (i, chunk) in free.chunks(CHUNK).enumerate() {
        let here = chunk.iter().map(|f| f.wrapping_sub(n)).min().unwrap_or(u32::MAX);
        if here < least {
            (least, found) = (here, i);
            if here == 0 {
                break;
            }
        }
    }
    let wanted = n.checked_add(least)?;
    let chunk = &free[found * CHUNK..];
    chunk.iter().position(|f| *f == wanted).map(|i| (found * CHUNK + i) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn layout() -> Layout {
        Layout { nodes: 100, gpus_per_node: 8, nodes_per_leaf: 10, leaves_per_block: 3 }
    }

    #[test]
    fn packed_takes_the_tightest_leaf_then_the_tightest_block() {
        let mut nodes = Nodes::new(layout());
        let mut out = Vec::new();
        nodes.take(4, Placement::Packed, None, &mut out).unwrap();
        assert_eq!(out, [0, 1, 2, 3]);
        // Six left in leaf 0: tighter than a whole one.
        let span = nodes.take(6, Placement::Packed, None, &mut out).unwrap();
        assert_eq!((out[0], span.leaves), (4, 1));
        // 20 nodes: block 0 has 20 left, tightest. The last block has one leaf.
        let span = nodes.take(20, Placement::Packed, None, &mut out).unwrap();
        assert_eq!((out[0], span.leaves, span.blocks), (10, 2, 1));
        // 40 nodes fit no block.
        let span = nodes.take(40, Placement::Packed, None, &mut out).unwrap();
        assert_eq!((span.leaves, span.blocks), (4, 2));
        assert_eq!(nodes.whole_free(), 30);
        assert!(nodes.take(31, Placement::Packed, None, &mut out).is_none());
    }

    proptest! {
        #[test]
        fn the_tightest_is_the_first_with_the_fewest_left(free in proptest::collection::vec(0..30_u32, 0..300), n in 1..32_u32) {
            let brute = (0..free.len()).filter(|&i| free[i] >= n).min_by_key(|&i| free[i]).map(|i| i as u32);
            prop_assert_eq!(tightest(&free, n), brute);
        }
    }

    #[test]
    fn small_jobs_share_the_fullest_node() {
        let mut nodes = Nodes::new(layout());
        assert_eq!(nodes.take_part(3, None), Some(0));
        assert_eq!(nodes.take_part(4, None), Some(0));
        assert_eq!(nodes.take_part(2, None), Some(1));
        assert_eq!(nodes.take_part(1, None), Some(0));
        nodes.give_back_part(0, 4, true);
        assert_eq!(nodes.take_part(4, None), Some(0));
        assert_eq!(nodes.whole_free(), 98);
    }
}

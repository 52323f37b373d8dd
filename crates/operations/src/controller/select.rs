//! Which nodes a gang gets: `topology/tree` with one level of leaves below one top.

use super::nodes::NodeSet;

/// The leaf switches.
#[derive(Debug)]
pub(super) struct Leaves {
    nodes: u32,
    sets: Vec<NodeSet>,
}

impl Leaves {
    /// Leaves of so many nodes, which begin anew at each of the cuts.
    pub(super) fn new(nodes: u32, per_leaf: u32, cuts: &[u32]) -> Leaves {
        let mut sets: Vec<NodeSet> = Vec::new();
        let mut left = 0;
        for node in 0..nodes {
            if left == 0 || cuts.contains(&node) {
                sets.push(NodeSet::none(nodes));
                left = per_leaf.max(1);
            }
            left -= 1;
            if let Some(set) = sets.last_mut() {
                set.insert(node);
            }
        }
        Leaves { nodes, sets }
    }

    /// `wanted` of the nodes at hand: all in the fullest leaf that holds them; else whole leaves, the one with most nodes first, and the
    /// rest again from the fullest that holds it.
    pub(super) fn choose(&self, at_hand: &NodeSet, wanted: u32) -> Option<NodeSet> {
        if at_hand.count() < wanted {
            return None;
        }
        let mut left = wanted;
        let mut rest = at_hand.clone();
        let mut chosen = NodeSet::none(self.nodes);
        while left > 0 {
            let counts = self.sets.iter().map(|s| {
                let mut here = rest.clone();
                here.keep(s);
                (here.count(), here)
            });
            let mut best: Option<(u32, NodeSet)> = None;
            for (count, here) in counts.filter(|(c, _)| *c > 0) {
                let better = best.as_ref().is_none_or(|(most, _)| match (count >= left, *most >= left) {
                    (true, true) => count < *most,
                    (true, false) => true,
                    (false, true) => false,
                    (false, false) => count > *most,
                });
                if better {
                    best = Some((count, here));
                }
            }
            let (_, here) = best?;
            for node in here.iter().take(left as usize) {
                chosen.insert(node);
                left -= 1;
            }
            rest.remove(&here);
        }
        Some(chosen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gang_takes_the_leaf_that_it_fills_best() {
        let leaves = Leaves::new(12, 4, &[]);
        let mut at_hand = NodeSet::all(12);
        let mut taken = NodeSet::none(12);
        [0, 1, 4].into_iter().for_each(|n| taken.insert(n));
        at_hand.remove(&taken);
        let nodes = |n: u32| leaves.choose(&at_hand, n).map(|s| s.iter().collect::<Vec<_>>());
        assert_eq!(nodes(2), Some(vec![2, 3]));
        assert_eq!(nodes(3), Some(vec![5, 6, 7]));
        assert_eq!(nodes(5), Some(vec![2, 8, 9, 10, 11]));
        assert_eq!(nodes(10), None);
    }
}

use crate::layout::Layout;
use crate::nodes::Span;

/// Speeds of the gangs of one size by how they are spread.
#[derive(Debug, Clone, PartialEq)]
pub struct PlacementRow {
    /// The row holds for gangs of up to so many nodes.
    pub nodes: u32,
    /// Spreads with the speed against the best one of the size: above zero, at most one.
    pub spans: Vec<(Span, f64)>,
}

/// How fast a gang works against one that lies as well as its size allows. Handed down from the fabric and training
/// rooms; one everywhere where nobody worked it out.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PlacementSpeed {
    rows: Vec<PlacementRow>,
}

impl PlacementSpeed {
    /// A table; speeds that are no number or outside zero to one are taken as one.
    pub fn new(mut rows: Vec<PlacementRow>) -> Self {
        rows.sort_by_key(|r| r.nodes);
        for row in &mut rows {
            row.spans.sort_by_key(|(s, _)| (s.blocks > 1, s.leaves));
            for (_, speed) in &mut row.spans {
                if !(*speed > 0.0 && *speed <= 1.0) {
                    *speed = 1.0;
                }
            }
        }
        Self { rows }
    }

    /// The same speeds for gangs of all sizes: within one leaf, within one block, over several blocks.
    pub fn by_level(layout: &Layout, leaf: f64, block: f64, site: f64) -> Self {
        let per_block = layout.nodes_per_leaf.saturating_mul(layout.leaves_per_block);
        let one = |leaves, blocks, speed: f64, best: f64| (Span { leaves, blocks }, speed / best);
        let (some, all) = (layout.leaves_per_block, layout.leaves());
        Self::new(vec![
            PlacementRow {
                nodes: layout.nodes_per_leaf,
                spans: vec![one(1, 1, leaf, leaf), one(some, 1, block, leaf), one(all, 2, site, leaf)],
            },
            PlacementRow {
                nodes: per_block,
                spans: vec![one(some, 1, block, block), one(all, 2, site, block)],
            },
            PlacementRow { nodes: u32::MAX, spans: vec![one(all, 2, site, site)] },
        ])
    }

    /// The rows, smallest gangs first.
    pub fn rows(&self) -> &[PlacementRow] {
        &self.rows
    }

    /// Speed of a gang of `nodes` nodes spread over these leaves and blocks: of the row of the next size up, the spread of the same
    /// kind (one block, or several) that touches as many leaves or the next more. Gangs larger than all rows are not known to be slower.
    pub fn of(&self, nodes: u32, span: Span) -> f64 {
        let Some(row) = self.rows.iter().find(|r| r.nodes >= nodes) else { return 1.0 };
        let mut speed = 1.0;
        for (s, v) in row.spans.iter().filter(|(s, _)| (s.blocks > 1) == (span.blocks > 1)) {
            speed = *v;
            if s.leaves >= span.leaves {
                break;
            }
        }
        speed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gang_takes_the_speed_of_its_size_and_spread() {
        let span = |leaves, blocks| Span { leaves, blocks };
        let table = PlacementSpeed::new(vec![
            PlacementRow { nodes: 16, spans: vec![(span(8, 4), 0.5), (span(1, 1), 1.0), (span(4, 1), 0.9)] },
            PlacementRow { nodes: 4, spans: vec![(span(1, 1), 1.0), (span(4, 1), 0.95)] },
        ]);
        assert_eq!(table.of(3, span(1, 1)), 1.0);
        assert_eq!(table.of(3, span(2, 1)), 0.95);
        assert_eq!(table.of(9, span(2, 1)), 0.9);
        assert_eq!(table.of(9, span(2, 2)), 0.5);
        // Wider than any spread of the row: the widest speaks for it. Larger than any row: nothing is known.
        assert_eq!(table.of(16, span(40, 9)), 0.5);
        assert_eq!(table.of(400, span(40, 9)), 1.0);
        assert_eq!(PlacementSpeed::default().of(400, span(40, 9)), 1.0);
    }

    #[test]
    fn levels_count_against_the_closest_that_a_size_allows() {
        let layout = Layout { nodes: 96, gpus_per_node: 8, nodes_per_leaf: 4, leaves_per_block: 4 };
        let table = PlacementSpeed::by_level(&layout, 1.0, 0.8, 0.4);
        let span = |leaves, blocks| Span { leaves, blocks };
        assert_eq!(table.of(4, span(1, 1)), 1.0);
        assert_eq!(table.of(4, span(2, 2)), 0.4);
        assert_eq!(table.of(8, span(2, 1)), 1.0);
        assert_eq!(table.of(8, span(3, 2)), 0.5);
        assert_eq!(table.of(40, span(20, 6)), 1.0);
    }
}

//! Flows cut into strands, each with the resources on its way.

use super::units::WHOLE;

/// Flows cut into strands (one per plane), each with its resources. Resources are links, or bundles of links that
/// spraying loads alike.
pub(crate) struct Strands {
    /// Where the resources of a strand begin; one more at the end.
    pub offsets: Vec<u32>,
    pub resources: Vec<u32>,
    /// Fraction of the strand on each resource in units of 2⁻³⁰; empty where all are whole.
    pub parts: Vec<u32>,
    /// Sum of the latencies on the way, picoseconds.
    pub latency: Vec<u32>,
    /// Flow of a strand; empty where strand and flow are one.
    pub owner: Vec<u32>,
    /// Strands of a flow; empty where it is always one.
    pub strands: Vec<u8>,
}

/// Scratch for one strand.
#[derive(Default)]
pub(super) struct Way {
    pub resources: Vec<u32>,
    /// Fractions; those that lack at the end are whole.
    pub parts: Vec<u32>,
    pub bundles: Vec<(u32, u32)>,
    pub path: Vec<u32>,
    pub latency: u64,
    pub sound: bool,
}

impl Way {
    pub(super) fn clear(&mut self) {
        self.resources.clear();
        self.parts.clear();
        self.bundles.clear();
        self.latency = 0;
        self.sound = true;
    }

    pub(super) fn whole(&mut self, resource: u32) {
        self.resources.push(resource);
    }
}

impl Strands {
    pub(super) fn with_capacity(count: usize) -> Strands {
        let mut offsets = Vec::with_capacity(count + 1);
        offsets.push(0);
        Strands {
            offsets,
            resources: Vec::with_capacity(count * 6),
            parts: Vec::new(),
            latency: Vec::with_capacity(count),
            owner: Vec::new(),
            strands: Vec::new(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.latency.len()
    }

    pub(crate) fn span(&self, strand: usize) -> std::ops::Range<usize> {
        self.offsets[strand] as usize..self.offsets[strand + 1] as usize
    }

    /// Flow of a strand.
    pub(crate) fn flow_of(&self, strand: usize) -> usize {
        self.owner.get(strand).map_or(strand, |f| *f as usize)
    }

    /// Strands of a flow.
    pub(crate) fn siblings(&self, flow: usize) -> u8 {
        self.strands.get(flow).copied().unwrap_or(1).max(1)
    }

    pub(super) fn push(&mut self, way: &Way, flow: usize, split: bool) {
        let fractions = !self.parts.is_empty() || way.parts.iter().any(|p| u64::from(*p) != WHOLE);
        if fractions {
            self.parts.resize(self.resources.len(), WHOLE as u32);
            self.parts.extend_from_slice(&way.parts);
            self.parts.resize(self.resources.len() + way.resources.len(), WHOLE as u32);
        }
        self.resources.extend_from_slice(&way.resources);
        self.offsets.push(self.resources.len() as u32);
        self.latency.push(u32::try_from(way.latency).unwrap_or(u32::MAX));
        if split {
            self.owner.push(flow as u32);
        }
    }
}

//! Strands over resources as two compressed incidence lists.

use super::units::WHOLE;

/// A set of strands that share resources with each other and with no others.
#[derive(Debug, Default)]
pub(crate) struct Problem {
    /// Capacity of each resource, in quanta.
    pub capacity: Vec<u64>,
    /// Resources of each strand.
    pub offsets: Vec<u32>,
    pub resources: Vec<u32>,
    /// Fractions beside them; empty where all are whole.
    pub parts: Vec<u32>,
    /// Strands of each resource.
    pub back: Vec<u32>,
    pub users: Vec<u32>,
}

impl Problem {
    /// From the resources of the strands; numbers must be below the length of `capacity`.
    pub(crate) fn new(
        capacity: Vec<u64>,
        offsets: Vec<u32>,
        resources: Vec<u32>,
        parts: Vec<u32>,
    ) -> Problem {
        let mut back = vec![0u32; capacity.len() + 1];
        for r in &resources {
            back[*r as usize + 1] += 1;
        }
        for i in 1..back.len() {
            back[i] += back[i - 1];
        }
        let mut users = vec![0u32; resources.len()];
        // Filling moves each beginning to the next one's; they are moved back below.
        for (strand, ends) in offsets.windows(2).enumerate() {
            for r in &resources[ends[0] as usize..ends[1] as usize] {
                let at = &mut back[*r as usize];
                users[*at as usize] = strand as u32;
                *at += 1;
            }
        }
        for i in (1..back.len()).rev() {
            back[i] = back[i - 1];
        }
        back[0] = 0;
        Problem { capacity, offsets, resources, parts, back, users }
    }

    /// Strands.
    pub(crate) fn strands(&self) -> usize {
        self.offsets.len() - 1
    }

    pub(crate) fn span(&self, strand: u32) -> std::ops::Range<usize> {
        self.offsets[strand as usize] as usize..self.offsets[strand as usize + 1] as usize
    }

    /// Fraction at a position of the incidence.
    pub(crate) fn part(&self, at: usize) -> u64 {
        self.parts.get(at).map_or(WHOLE, |p| u64::from(*p))
    }
}

//! HyperX (Ahn et al., SC 2009): switches on a lattice, each joined to all others along every dimension.

use crate::bill::PlaneCounts;
use crate::design::{FabricDesign, SizingError};

/// More dimensions than this save no switches at radices that exist.
const DIMENSIONS: usize = 3;

/// A lattice: switches along each dimension (one where it is not used), hosts on each switch, parallel links between
/// two switches of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lattice {
    pub sides: [u64; DIMENSIONS],
    pub hosts: u64,
    pub widths: [u64; DIMENSIONS],
}

impl Lattice {
    /// Lines as wide as the bisection asks for: side × width ≥ 2 × hosts ÷ taper in every dimension used.
    fn new(sides: [u64; DIMENSIONS], hosts: u64, taper: f64) -> Lattice {
        let wanted = 2.0 * hosts as f64 / taper - 1e-9;
        let widths = sides.map(|s| if s > 1 { (wanted / s as f64).ceil().max(1.0) as u64 } else { 0 });
        Lattice { sides, hosts, widths }
    }

    fn switches(self) -> u64 {
        self.sides.iter().product()
    }

    /// Ports of a switch to other switches.
    fn between(self) -> u64 {
        self.sides.iter().zip(self.widths).map(|(s, w)| (s - 1) * w).sum()
    }

    fn links(self) -> u64 {
        self.switches() * self.between() / 2
    }

    fn taper(self) -> f64 {
        let used = self.sides.iter().zip(self.widths).filter(|(s, _)| **s > 1);
        let thinnest = used.map(|(s, w)| s * w).min().unwrap_or(1);
        2.0 * self.hosts as f64 / thinnest as f64
    }
}

/// The cheapest lattice, by switches and then by links, whose bisection carries half of the hosts' load over `taper`.
fn cheapest(radix: u64, links: u64, taper: f64) -> Option<Lattice> {
    let mut best: Option<(u64, u64, Lattice)> = None;
    for hosts in 1..radix {
        let wanted = links.div_ceil(hosts);
        let longest = radix - hosts + 1;
        for a in 1..=longest {
            for b in a..=longest {
                let c = wanted.div_ceil(a * b);
                if c < b {
                    break;
                }
                if c > longest {
                    continue;
                }
                let lattice = Lattice::new([a, b, c], hosts, taper);
                if hosts + lattice.between() > radix {
                    continue;
                }
                let cost = (lattice.switches(), lattice.links());
                if best.is_none_or(|(s, l, _)| cost < (s, l)) {
                    best = Some((cost.0, cost.1, lattice));
                }
            }
        }
    }
    best.map(|b| b.2)
}

/// Largest number that a lattice reaches: it falls and fails only once as links grow.
fn reach(radix: u64, taper: f64) -> u64 {
    let (mut low, mut high) = (0u64, 1 << 32);
    while low + 1 < high {
        let middle = low + (high - low) / 2;
        if cheapest(radix, middle, taper).is_some() {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// The lattice of a design; one switch where it holds all links.
pub(crate) fn lattice(d: &FabricDesign, links: u64) -> Result<Lattice, SizingError> {
    let radix = u64::from(d.switch.radix);
    if links <= radix {
        return Ok(Lattice { sides: [1; DIMENSIONS], hosts: links, widths: [0; DIMENSIONS] });
    }
    let taper = d.leaf_oversubscription;
    cheapest(radix, links, taper).ok_or_else(|| {
        let mut radix_needed = radix + 1;
        while radix_needed < 512 && cheapest(radix_needed, links, taper).is_none() {
            radix_needed += 1;
        }
        SizingError::TooManyGroups {
            endpoints: links,
            ceiling: reach(radix, taper),
            radix: d.switch.radix,
            radix_needed: radix_needed as u32,
            structure: "HyperX of three dimensions",
        }
    })
}

pub(super) fn hyperx(d: &FabricDesign, links: u64) -> Result<PlaneCounts, SizingError> {
    let lattice = lattice(d, links)?;
    if lattice.switches() == 1 {
        return Ok(PlaneCounts {
            tiers: 1,
            leaf: 1,
            node_leaf: links,
            leaf_reach: links,
            ..Default::default()
        });
    }
    let lines = lattice.sides.iter().filter(|s| **s > 1).count();
    Ok(PlaneCounts {
        tiers: 1,
        leaf: lattice.switches(),
        node_leaf: links,
        leaf_spine: lattice.links(),
        leaf_reach: lattice.hosts,
        // Of several dimensions one stays within a line of racks; the others run across the hall.
        pod_reach: if lines == 1 { lattice.switches() * lattice.hosts } else { links },
        taper: lattice.taper(),
        ..Default::default()
    })
}

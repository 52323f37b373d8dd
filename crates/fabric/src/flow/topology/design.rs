//! From a sized design to its graph.

use gigatwin_quantity::{Bandwidth, Time};

use super::{
    Attach, Clos, Domain, Dragonfly, DragonflyPlus, HyperX, Shape, Topology, TopologyError, TopologySpec,
    Torus,
};
use crate::design::{FabricDesign, Structure};
use crate::sizing::{lattice, size};

impl Topology {
    /// The network of a design, as [`size`] counts it: endpoints at `endpoint_rate` in each plane, switches
    /// joined at the rate of their ports.
    ///
    /// A last pod that is not full has the spines of a full one here. Dragonflies are the smallest number of
    /// whole groups; a torus is as near a cube of cubes as the endpoints allow.
    ///
    /// # Errors
    /// [`TopologyError`] where the design cannot be sized or does not make a network.
    pub fn of_design(
        design: &FabricDesign,
        endpoint_rate: Bandwidth,
        latency: Time,
        domain: Option<Domain>,
    ) -> Result<Topology, TopologyError> {
        let bill = size(design)?;
        let planes = design.planes;
        let each = |n: u64| u32::try_from(n / u64::from(planes.max(1))).unwrap_or(u32::MAX);
        let attach = match design.structure {
            Structure::RailOptimised { rails } => Attach::RailOptimised { rails },
            Structure::RailOnly { rails } => Attach::RailOnly { rails },
            _ => Attach::Plain,
        };
        let shape = match design.structure {
            Structure::FatTree => clos(design, each(bill.leaf), each(bill.spine), each(bill.core)),
            // With one switch for all there are no leaves by rail.
            Structure::RailOptimised { .. } if bill.tiers == 1 => {
                clos(design, each(bill.leaf), each(bill.spine), each(bill.core))
            }
            Structure::RailOptimised { rails } => {
                let leaf = each(bill.leaf).next_multiple_of(rails);
                clos(design, leaf, each(bill.spine), each(bill.core))
            }
            Structure::RailOnly { rails } => {
                let one = |n: u64| each(n) / rails.max(1);
                clos(design, one(bill.leaf), one(bill.spine), one(bill.core))
            }
            Structure::Dragonfly => {
                let [hosts, globals, switches] = dragonfly(design.switch.radix, design.leaf_oversubscription);
                let groups = design.endpoints.div_ceil(hosts.saturating_mul(switches).max(1));
                Shape::Dragonfly(Dragonfly { hosts, switches, globals, groups })
            }
            Structure::DragonflyPlus => {
                let radix = design.switch.radix;
                let spines = up_ports(radix, design.leaf_oversubscription);
                let globals = up_ports(radix, design.spine_oversubscription);
                let (hosts, leaves) = (radix - spines, radix - globals);
                let groups = design.endpoints.div_ceil((hosts * leaves).max(1));
                Shape::DragonflyPlus(DragonflyPlus { hosts, leaves, spines, globals, groups })
            }
            Structure::Torus3d { edge, .. } => Shape::Torus(Torus { dims: cuboid(design.endpoints, edge) }),
            Structure::HyperX => {
                let links = u64::from(design.endpoints) + u64::from(design.management_links);
                let lattice = lattice(design, links)?;
                let n = |v: u64| u32::try_from(v).unwrap_or(u32::MAX);
                let used = || lattice.sides.iter().zip(lattice.widths).filter(|(s, _)| **s > 1);
                let (mut dims, mut widths): (Vec<u32>, Vec<u32>) = used().map(|(s, w)| (n(*s), n(w))).unzip();
                if dims.is_empty() {
                    (dims, widths) = (vec![1], vec![1]);
                }
                Shape::HyperX(HyperX { hosts: n(lattice.hosts), dims, widths })
            }
        };
        let attach = if bill.tiers == 1 && matches!(attach, Attach::RailOptimised { .. }) {
            Attach::Plain
        } else {
            attach
        };
        TopologySpec {
            endpoints: design.endpoints,
            shape,
            attach,
            planes,
            endpoint_rate,
            link_rate: design.switch.port_rate,
            latency,
            domain,
        }
        .build()
    }
}

/// Hosts, global ports and switches of a group of a dragonfly whose global links carry the hosts' load over `taper`:
/// a = 2p, h = p/taper (Kim et al., ISCA 2008, with taper one).
fn dragonfly(radix: u32, taper: f64) -> [u32; 3] {
    let p = ((f64::from(radix) + 1.0) / (3.0 + 1.0 / taper)).floor().max(1.0);
    let h = (p / taper - 1e-9).ceil().max(1.0);
    let (p, h) = (p as u32, h as u32);
    let p = if 3 * p + h > radix + 1 { p.saturating_sub(1).max(1) } else { p };
    [p, h, 2 * p]
}

/// Ports up of a switch for a ratio of down to up, as in [`size`].
fn up_ports(radix: u32, ratio: f64) -> u32 {
    ((f64::from(radix) / (1.0 + ratio)).ceil() as u32).min(radix)
}

fn clos(design: &FabricDesign, leaves: u32, spines: u32, cores: u32) -> Shape {
    let radix = design.switch.radix;
    if leaves <= 1 && spines == 0 {
        return Shape::Clos(Clos {
            down: radix,
            up: 0,
            leaves: 1,
            pod_leaves: 1,
            spines: 0,
            spine_up: 0,
            cores: 0,
        });
    }
    let up = up_ports(radix, design.leaf_oversubscription);
    let down = radix - up;
    if cores == 0 {
        return Shape::Clos(Clos { down, up, leaves, pod_leaves: leaves, spines, spine_up: 0, cores });
    }
    let spine_up = up_ports(radix, design.spine_oversubscription);
    Shape::Clos(Clos { down, up, leaves, pod_leaves: radix - spine_up, spines: up, spine_up, cores })
}

/// Cubes of an edge put together to a cuboid whose sides differ as little as they can.
fn cuboid(endpoints: u32, edge: u32) -> Vec<u32> {
    let cube = u64::from(edge).pow(3).max(1);
    let cubes = u32::try_from(u64::from(endpoints).div_ceil(cube)).unwrap_or(u32::MAX).max(1);
    let mut best = [1, 1, cubes];
    for x in (1..).take_while(|x| x * x * x <= cubes).filter(|x| cubes.is_multiple_of(*x)) {
        let rest = cubes / x;
        for y in (x..).take_while(|y| y * y <= rest).filter(|y| rest.is_multiple_of(*y)) {
            if rest / y < best[2] {
                best = [x, y, rest / y];
            }
        }
    }
    best.map(|n| n.saturating_mul(edge)).to_vec()
}

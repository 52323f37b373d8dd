//! What is asked of a fabric: structure, parts and floor.

use gigatwin_quantity::{Bandwidth, Length, Money, Power};

/// Structure of the scale-out network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Structure {
    /// Folded Clos of one, two or three tiers, as few as the radix allows.
    FatTree,
    /// The same, with NIC `i` of every node on leaves of its own rail: leaves come in multiples of `rails`.
    RailOptimised {
        /// NICs per node, each on a rail of its own.
        rails: u32,
    },
    /// One network per rail and no links between rails (cross-rail traffic goes over scale-up).
    RailOnly {
        /// Number of rails.
        rails: u32,
    },
    /// Balanced dragonfly (Kim et al., ISCA 2008): p hosts, 2p − 1 local and p global ports per switch.
    Dragonfly,
    /// Dragonfly+ (Shpiner et al., HiPINEB 2017): groups are two-tier Clos networks, joined by their spines.
    DragonflyPlus,
    /// 3D torus of chips in cubes wired electrically, their faces joined by optical circuit switches (TPU v4,
    /// ISCA 2023).
    Torus3d {
        /// Chips along the edge of a cube.
        edge: u32,
        /// Ports of an optical circuit switch.
        circuit_ports: u32,
    },
    /// HyperX (Ahn et al., SC 2009): the cheapest lattice of up to three dimensions.
    HyperX,
}

/// One kind of switch, all tiers alike.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SwitchSpec {
    /// Ports at `port_rate`.
    pub radix: u32,
    /// Rate of one port, one direction.
    pub port_rate: Bandwidth,
    /// Power without optics.
    pub power: Power,
    /// Price without optics.
    pub price: Money,
}

/// One kind of pluggable module.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OpticSpec {
    /// Links that share the module: two for a twin-port 800G module that carries two 400G links.
    pub links_per_module: u32,
    /// Power of one module.
    pub power: Power,
    /// Price of one module.
    pub price: Money,
}

/// Cables.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CableSpec {
    /// Longest passive copper cable at this rate; links of a longer mean length are optical.
    pub copper_reach: Length,
    /// Price of one copper cable.
    pub copper_price: Money,
    /// Price of one fibre trunk without modules.
    pub fibre_price: Money,
    /// Links in one cable: two where a table counts twin-port cables.
    pub links_per_cable: u32,
}

/// The hall, as far as cable lengths need it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FloorPlan {
    /// Endpoints in one rack.
    pub endpoints_per_rack: u32,
    /// Racks in one row.
    pub racks_per_row: u32,
    /// From one rack to the next in a row.
    pub rack_pitch: Length,
    /// From one row to the next, aisle included.
    pub row_pitch: Length,
    /// What each cable needs besides the way along and across rows: up, down and slack.
    pub slack: Length,
}

/// A network to be sized.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FabricDesign {
    /// Scale-out endpoints (NIC ports of the accelerators) in each plane.
    pub endpoints: u32,
    /// Further links of each plane to leaves, such as fabric managers.
    pub management_links: u32,
    /// Disjoint planes, each sized alone.
    pub planes: u32,
    /// Structure of a plane.
    pub structure: Structure,
    /// Downlinks over uplinks of a leaf, one or more.
    pub leaf_oversubscription: f64,
    /// Downlinks over uplinks of a spine in three tiers, one or more.
    pub spine_oversubscription: f64,
    /// The switch.
    pub switch: SwitchSpec,
    /// Module at the endpoint.
    pub endpoint_optic: OpticSpec,
    /// Module at the switch.
    pub switch_optic: OpticSpec,
    /// Cables.
    pub cable: CableSpec,
    /// The hall.
    pub floor: FloorPlan,
}

/// Why a network cannot be sized.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SizingError {
    /// Three tiers do not reach.
    #[error(
        "{links} links in one plane exceed the {ceiling} that three tiers of {radix}-port switches carry; \
         {radix_needed} ports per switch would do, or splitting every NIC over {planes_needed} planes"
    )]
    TooManyEndpoints {
        /// Links asked for in one plane.
        links: u64,
        /// Links that three tiers carry.
        ceiling: u64,
        /// Ports per switch.
        radix: u32,
        /// Smallest even radix that carries the links.
        radix_needed: u32,
        /// Smallest number of planes that does, the same switch split into as many slower ports.
        planes_needed: u32,
    },
    /// A structure with one level of groups does not reach.
    #[error(
        "{endpoints} endpoints exceed the {ceiling} that a {structure} of {radix}-port switches reaches; \
             {radix_needed} ports per switch would do"
    )]
    TooManyGroups {
        /// Endpoints asked for in one plane.
        endpoints: u64,
        /// Endpoints it reaches.
        ceiling: u64,
        /// Ports per switch.
        radix: u32,
        /// Smallest radix that reaches.
        radix_needed: u32,
        /// Name of the structure.
        structure: &'static str,
    },
    /// A number outside its domain.
    #[error("{what} must be {must}")]
    Invalid {
        /// The quantity.
        what: &'static str,
        /// The condition.
        must: &'static str,
    },
    /// A structure known by name alone.
    #[error(
        "the structure {0} is not modelled; fat tree, rail-optimised, rail-only, dragonfly, dragonfly+, HyperX and 3D torus are"
    )]
    NotModelled(&'static str),
}

//! `fabric`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// `fabric`.
#[derive(Debug, Subcommand)]
pub enum Fabric {
    /// Size a network: switches, cables, optics, power, price, failures to expect
    Size(Size),
}

/// `fabric size`.
#[derive(Debug, Args)]
pub struct Size {
    /// Factory file: all its networks. Without it the options describe one
    #[arg(conflicts_with_all = ["endpoints", "structure", "switch", "radix"])]
    pub file: Option<PathBuf>,
    /// Only the network of this name in the file
    #[arg(long, value_name = "NAME", requires = "file")]
    pub fabric: Option<String>,
    /// The network that the options describe.
    #[command(flatten)]
    pub design: Design,
}

/// A network by options.
#[derive(Debug, Args)]
#[command(next_help_heading = "A network without a file")]
pub struct Design {
    /// Endpoints (NIC ports of the accelerators) in each plane
    #[arg(long, value_name = "N", required_unless_present = "file")]
    pub endpoints: Option<u32>,
    /// Structure of a plane
    #[arg(long, value_enum, value_name = "NAME", default_value_t = StructureName::RailOptimised)]
    pub structure: StructureName,
    /// Switch of the catalog [default: quantum-x800]
    #[arg(long, value_name = "ID")]
    pub switch: Option<String>,
    /// Ports of a switch, in place of the catalog's
    #[arg(long, value_name = "PORTS")]
    pub radix: Option<u32>,
    /// Transceiver of the catalog [default: by the rate of the ports]
    #[arg(long, value_name = "ID")]
    pub optic: Option<String>,
    /// Disjoint planes, each sized alone
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub planes: u32,
    /// Rails: NICs of a node, each on leaves of its own
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub rails: u32,
    /// Down-links over up-links at the leaves
    #[arg(long, value_name = "RATIO", default_value_t = 1.0, allow_negative_numbers = true)]
    pub oversubscription: f64,
    /// Down-links over up-links at the spines, in three tiers
    #[arg(long, value_name = "RATIO", default_value_t = 1.0, allow_negative_numbers = true)]
    pub spine_oversubscription: f64,
    /// Further links of each plane to leaves, such as fabric managers
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub management_links: u32,
    /// Links in one cable (two with twin-port modules)
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub links_per_cable: u32,
    /// Endpoints in one rack [default: the catalog's]
    #[arg(long, value_name = "N")]
    pub endpoints_per_rack: Option<u32>,
    /// Accelerator of the catalog whose scale-up domains are sized as well, one for each endpoint
    #[arg(long, value_name = "ID")]
    pub accelerator: Option<String>,
    /// Accelerators in one scale-up domain [default: the catalog's]
    #[arg(long, value_name = "N", requires = "accelerator")]
    pub domain: Option<u32>,
    /// Chips along the edge of a cube of a torus
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub edge: u32,
    /// Ports of an optical circuit switch of a torus
    #[arg(long, value_name = "N", default_value_t = 136)]
    pub circuit_ports: u32,
}

/// Structures by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum StructureName {
    /// Folded Clos of as few tiers as the radix allows
    FatTree,
    /// The same with each NIC of a node on leaves of its own rail
    RailOptimised,
    /// One network per rail, none between rails
    RailOnly,
    /// Balanced dragonfly
    Dragonfly,
    /// Groups of two-tier Clos networks joined by their spines
    #[value(name = "dragonfly+")]
    DragonflyPlus,
    /// Switches on a lattice, each joined to all of its lines
    #[value(name = "hyperx")]
    HyperX,
    /// 3D torus of cubes joined by optical circuit switches
    Torus,
}

//! `fabric`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// `fabric`.
#[derive(Debug, Subcommand)]
pub enum Fabric {
    /// Size a network: switches, cables, optics, power, price, failures to expect
    Size(Size),
    /// Simulate flows on a network: a pattern, a traffic file, or the step of a training run
    Simulate(Box<Simulate>),
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
    /// 3D torus of cubes joined by optical circuit switches
    Torus,
}

/// `fabric simulate`.
#[derive(Debug, Args)]
pub struct Simulate {
    /// Factory file: one of its networks. Without it the options describe one
    #[arg(conflicts_with_all = ["endpoints", "structure", "switch", "radix"])]
    pub file: Option<PathBuf>,
    /// The network of this name in the file [default: that of the run, or the only one]
    #[arg(long, value_name = "NAME", requires = "file")]
    pub fabric: Option<String>,
    /// Replay a step of this training run of the file
    #[arg(long, value_name = "NAME", requires = "file", conflicts_with_all = ["traffic", "pattern"])]
    pub run: Option<String>,
    /// Replay a traffic file
    #[arg(long, value_name = "FILE", conflicts_with = "pattern")]
    pub traffic: Option<PathBuf>,
    /// Traffic between all endpoints [default: permutation]
    #[arg(long, value_enum, value_name = "NAME")]
    pub pattern: Option<PatternName>,
    /// Bytes of each flow of the pattern
    #[arg(long, value_name = "SIZE", default_value = "1 GB")]
    pub bytes: String,
    /// Where ranks sit; the drawn ones by --seed
    #[arg(long, value_enum, value_name = "NAME", default_value_t = PlacementName::Packed)]
    pub placement: PlacementName,
    /// How paths are chosen; hashes by --seed
    #[arg(long, value_enum, value_name = "NAME", default_value_t = RoutingName::Spray)]
    pub routing: RoutingName,
    /// Cables that are down: TIER:NUMBER, TIER:PLANE/NUMBER, or TIER:random*COUNT by --seed
    #[arg(long, value_name = "CABLES")]
    pub fail: Vec<String>,
    /// A cable that goes down and comes back: TIER:NUMBER@FROM+LASTS, such as leaf-spine:3@5ms+10ms
    #[arg(long, value_name = "CABLE")]
    pub flap: Vec<String>,
    /// Time after which traffic is routed around a cable that went down; without it flows wait
    #[arg(long, value_name = "TIME")]
    pub reaction: Option<String>,
    /// Endless traffic beside: everyone to one other at this share of its rate, such as 20%
    #[arg(long, value_name = "SHARE")]
    pub background: Option<String>,
    /// Prove every solve max-min fair
    #[arg(long)]
    pub certificate: bool,
    /// Refuse what would take more memory
    #[arg(long, value_name = "SIZE", default_value = "4 GB")]
    pub memory: String,
    /// Write flows and links as Parquet and a picture of the loads of each tier into this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Write the traffic as text into this file
    #[arg(long, value_name = "FILE")]
    pub write_traffic: Option<PathBuf>,
    /// Rate of an endpoint over all planes [default: that of a port in each plane]
    #[arg(long, value_name = "RATE", conflicts_with = "file")]
    pub endpoint_rate: Option<String>,
    /// Endpoints in a scale-up domain
    #[arg(long, value_name = "N", requires = "scaleup_rate", conflicts_with = "file")]
    pub scaleup_domain: Option<u32>,
    /// Rate of an endpoint in its scale-up domain, one direction
    #[arg(long, value_name = "RATE", requires = "scaleup_domain")]
    pub scaleup_rate: Option<String>,
    /// The network that the options describe.
    #[command(flatten)]
    pub design: Design,
}

/// Patterns by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PatternName {
    /// Everyone to one other, drawn by --seed
    Permutation,
    /// Everyone to the next
    Ring,
    /// Everyone to the same NIC of the next node
    Rail,
    /// Everyone to everyone
    AllToAll,
    /// Everyone to the first
    Incast,
}

/// Placements by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PlacementName {
    /// In order on neighbouring endpoints
    Packed,
    /// Whole nodes anywhere: nodes and rails are kept
    RailAligned,
    /// Every rank anywhere
    Random,
}

/// Routings by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RoutingName {
    /// Every flow evenly over all paths
    Spray,
    /// One path per flow by a hash
    Ecmp,
    /// One path per destination (destination modulo k)
    Dmodk,
}

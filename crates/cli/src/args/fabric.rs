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
    /// Time one collective operation by every algorithm that serves it
    Collective(Collective),
    /// Checkpoints, capacity and what the storage's bandwidth does to training
    Storage(Storage),
    /// Failures to expect, interruptions by job size, spares
    Reliability(Reliability),
}

/// `fabric collective`.
#[derive(Debug, Args)]
pub struct Collective {
    /// Factory file: all its partitions. Without it the options describe the accelerators
    #[arg(conflicts_with_all = ["accelerator", "scaleup", "domain"])]
    pub file: Option<PathBuf>,
    /// Only this partition of the file
    #[arg(long, value_name = "NAME", requires = "file")]
    pub partition: Option<String>,
    /// Operation: all-reduce, all-gather, reduce-scatter, all-to-all, broadcast or p2p
    #[arg(long, value_name = "NAME", default_value = "all-reduce")]
    pub op: String,
    /// Ranks [default: all accelerators of the partition, or one scale-up domain]
    #[arg(long, value_name = "N")]
    pub ranks: Option<u32>,
    /// Ranks of the group in one scale-up domain [default: as many as fit]
    #[arg(long, value_name = "N")]
    pub per_domain: Option<u32>,
    /// Sizes of the message, such as 64MB,1GB (powers of ten; KiB, MiB and GiB are of two)
    #[arg(long, value_name = "SIZES", default_value = "1MiB,16MiB,256MiB,1GiB,8GiB", value_delimiter = ',')]
    pub bytes: Vec<String>,
    /// Accelerator of the catalog
    #[arg(long, value_name = "ID", required_unless_present = "file")]
    pub accelerator: Option<String>,
    /// Scale-out rate of one accelerator, one direction, Gbit/s
    #[arg(long, value_name = "GBIT", default_value_t = 400.0, allow_negative_numbers = true)]
    pub nic: f64,
    /// Scale-up rate of one accelerator, one direction, GB/s, in place of the catalog's
    #[arg(long, value_name = "GB", allow_negative_numbers = true)]
    pub scaleup: Option<f64>,
    /// Accelerators in one scale-up domain, in place of the catalog's
    #[arg(long, value_name = "N")]
    pub domain: Option<u32>,
    /// Oversubscription that traffic between domains meets [default: 1, or as sized]
    #[arg(long, value_name = "RATIO", allow_negative_numbers = true)]
    pub oversubscription: Option<f64>,
    /// Scale-up domains below one leaf, between which there is no oversubscription
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub domains_per_leaf: u32,
    /// Rate of the slowest link in use over the nominal one
    #[arg(long, value_name = "SHARE", default_value_t = 1.0, allow_negative_numbers = true)]
    pub slowest_link: f64,
    /// The scale-out switches reduce in the network (SHARP)
    #[arg(long)]
    pub sharp: bool,
    /// There are no links between rails
    #[arg(long)]
    pub rail_only: bool,
    /// The software splits all-gather and reduce-scatter by levels
    #[arg(long)]
    pub by_levels: bool,
}

/// `fabric storage`.
#[derive(Debug, Args)]
pub struct Storage {
    /// Factory file
    pub file: PathBuf,
    /// Checkpoints kept of each run
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub keep: u32,
    /// Bytes that one token of a data set takes, raw text, filtering stages and tokens together
    #[arg(long, value_name = "BYTES", default_value_t = 20.0, allow_negative_numbers = true)]
    pub bytes_per_token: f64,
}

/// `fabric reliability`.
#[derive(Debug, Args)]
pub struct Reliability {
    /// Factory file
    pub file: PathBuf,
    /// Probability with which spares suffice, per cent
    #[arg(long, value_name = "PERCENT", default_value_t = 95.0, allow_negative_numbers = true)]
    pub confidence: f64,
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
#[derive(Debug, Clone, Args)]
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
    /// Where ranks sit; the drawn ones by --seed. "all" compares them for a run or a traffic file
    #[arg(long, value_enum, value_name = "NAME", default_value_t = PlacementName::Packed)]
    pub placement: PlacementName,
    /// First endpoint of a job [default: where the partition of the run begins, else 0]
    #[arg(long, value_name = "N")]
    pub first: Option<u32>,
    /// Collectives between replicas run beside the others of a step
    #[arg(long, requires = "run")]
    pub overlap: bool,
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
    /// Whole nodes dealt out to the leaves in turn
    Spread,
    /// In order along the rails: all nodes on their first NIC, then on their second
    ByRail,
    /// Whole nodes anywhere: nodes and rails are kept
    RailAligned,
    /// Every rank anywhere
    Random,
    /// Packed, and all others beside it
    All,
}

/// Routings by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum RoutingName {
    /// Every flow evenly over all minimal paths
    Spray,
    /// Every flow over minimal paths and detours by load
    Adaptive,
    /// One path per flow by a hash
    Ecmp,
    /// One path per destination (destination modulo k)
    Dmodk,
}

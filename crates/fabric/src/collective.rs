//! Time of one collective operation: latency terms plus bytes over bandwidth, for the algorithm that is
//! fastest.
//!
//! The model is NCCL's own (ring, tree, NVLS, NVLS tree, CollNet, PAT; protocols LL, LL128, Simple, with the latency
//! constants of its tuning table) with three corrections from measurement, see [`Calibration`]. It allocates
//! nothing and is meant to be called millions of times by a planner.

mod check;
mod placed;

pub use check::CollectiveError;

use gigatwin_quantity::{Bandwidth, Data, Time};

use crate::calibration::Calibration;
use placed::Placed;

/// The operation, by its usual name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Collective {
    /// Sum over all ranks, result everywhere.
    AllReduce,
    /// Concatenation everywhere; `bytes` is the size of the gathered result.
    AllGather,
    /// Sum scattered over the ranks; `bytes` is the size of the input of one rank.
    ReduceScatter,
    /// Every rank sends `bytes`/ranks to every other.
    AllToAll,
    /// One rank to all.
    Broadcast,
    /// One rank to one other.
    SendRecv,
}

impl Collective {
    /// Bus bandwidth over algorithm bandwidth (bytes/time), as nccl-tests define it.
    pub fn bus_factor(self, ranks: u32) -> f64 {
        let n = f64::from(ranks.max(1));
        match self {
            Collective::AllReduce => 2.0 * (n - 1.0) / n,
            Collective::AllGather | Collective::ReduceScatter | Collective::AllToAll => (n - 1.0) / n,
            Collective::Broadcast | Collective::SendRecv => 1.0,
        }
    }
}

/// How the chips of a scale-up domain are wired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Wiring {
    /// Through switches: any peer at the full rate.
    #[default]
    Switched,
    /// A direct link to each peer: a group that is smaller than its domain uses only the links between its
    /// members.
    FullMesh,
}

/// What a chip sees of the network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Network {
    /// Scale-up rate of one chip, one direction.
    pub scaleup: Bandwidth,
    /// Chips in one scale-up domain.
    pub domain: u32,
    /// Whether the scale-up switches reduce in the network (NVLink SHARP).
    pub scaleup_reduces: bool,
    /// Scale-out rate of one chip's NIC, one direction.
    pub scaleout: Bandwidth,
    /// Oversubscription that inter-domain traffic meets, one or more.
    pub oversubscription: f64,
    /// Wiring within the scale-up domain.
    pub wiring: Wiring,
    /// What else is known of the scale-out network.
    pub scaleout_detail: ScaleOut,
    /// Measured efficiencies and latencies.
    pub calibration: Calibration,
}

/// What else is known of the scale-out network; the default is a healthy plain fat tree of unknown leaves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScaleOut {
    /// Whether the switches reduce in the network (SHARP).
    pub reduces: bool,
    /// Scale-up domains below one leaf: traffic between them does not meet the oversubscription. Zero: not known, and
    /// all traffic between domains meets it.
    pub domains_per_leaf: u32,
    /// No links between rails: traffic to another rail goes over the scale-up to the peer on that rail (PXN).
    pub rail_only: bool,
    /// Rate of the slowest NIC or link in use over the nominal one, above zero and at most one. All ranks wait for it.
    pub slowest_link: f64,
    /// Whether the software splits all-gather and reduce-scatter by levels (one phase within, one between domains),
    /// which NCCL itself does not.
    pub by_levels: bool,
}

impl Default for ScaleOut {
    fn default() -> Self {
        ScaleOut {
            reduces: false,
            domains_per_leaf: 0,
            rail_only: false,
            slowest_link: 1.0,
            by_levels: false,
        }
    }
}

/// How an operation is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// Rings through every NIC of a domain.
    Ring,
    /// Chain inside the domain, double binary tree between domains.
    Tree,
    /// Reduction, or for a broadcast copying, in the scale-up switches.
    Nvls,
    /// The same with a tree between domains.
    NvlsTree,
    /// Reduction in the scale-out switches (SHARP).
    CollNet,
    /// Logarithmic exchange between single ranks.
    Pat,
    /// One phase within domains, one between them, overlapping.
    ByLevels,
    /// Every rank to every other.
    Direct,
    /// Over the scale-up to the peer on the right rail, then one hop.
    Rail,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: [Algorithm; 9] = [
        Algorithm::Ring,
        Algorithm::Tree,
        Algorithm::Nvls,
        Algorithm::NvlsTree,
        Algorithm::CollNet,
        Algorithm::Pat,
        Algorithm::ByLevels,
        Algorithm::Direct,
        Algorithm::Rail,
    ];

    /// Its usual name.
    pub fn word(self) -> &'static str {
        match self {
            Algorithm::Ring => "ring",
            Algorithm::Tree => "tree",
            Algorithm::Nvls => "nvls",
            Algorithm::NvlsTree => "nvls tree",
            Algorithm::CollNet => "collnet",
            Algorithm::Pat => "pat",
            Algorithm::ByLevels => "by levels",
            Algorithm::Direct => "direct",
            Algorithm::Rail => "rail",
        }
    }
}

/// The ranks of a collective and where they sit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Group {
    /// Ranks in the group.
    pub ranks: u32,
    /// Ranks of the group in one scale-up domain.
    pub per_domain: u32,
}

impl Network {
    /// A network with switched scale-up domains and the pooled [`Calibration`].
    pub fn new(
        scaleup: Bandwidth,
        domain: u32,
        scaleup_reduces: bool,
        scaleout: Bandwidth,
        oversubscription: f64,
    ) -> Network {
        Network {
            scaleup,
            domain,
            scaleup_reduces,
            scaleout,
            oversubscription,
            wiring: Wiring::Switched,
            scaleout_detail: ScaleOut::default(),
            calibration: Calibration::default(),
        }
    }

    /// The same network with another calibration.
    #[must_use]
    pub fn with_calibration(self, calibration: Calibration) -> Network {
        Network { calibration, ..self }
    }

    /// The same network with another scale-out.
    #[must_use]
    pub fn with_scaleout(self, scaleout_detail: ScaleOut) -> Network {
        Network { scaleout_detail, ..self }
    }

    /// Time of one operation over `bytes`; zero for a single rank or no bytes, infinite where the group has
    /// to cross a link of no bandwidth.
    ///
    /// Ring and tree: NCCL's latency model plus traffic over the slower of scale-up ring and NICs of a
    /// domain, all rails used (PXN). Reduction in the switch: each chip sends and receives S·(1 + 1/k) per
    /// domain, so bus bandwidth is 2(k−1)/(k+1) of the rate in use; between domains a double binary tree
    /// moves S per domain and direction for two domains, 2·S for more. All-to-all: the traffic inside and
    /// between domains overlap; the latter is bytes·(n−k)/n per NIC, so bus bandwidth tends to N/(N−1) of the
    /// NIC rate (nccl-tests issue 130). Broadcast: the message crosses each link once, whether by ring, by double binary
    /// tree or copied by the switches; what differs is latency.
    pub fn time(&self, collective: Collective, bytes: Data, group: Group) -> Time {
        self.best(collective, bytes, group).1
    }

    /// The fastest algorithm and its time, see [`Network::time`].
    #[inline]
    pub fn best(&self, collective: Collective, bytes: Data, group: Group) -> (Algorithm, Time) {
        let size = bytes.bytes();
        if group.ranks <= 1 || size <= 0.0 {
            return (Algorithm::Direct, Time::ZERO);
        }
        let g = Placed::new(self, collective, group);
        let mut best = (Algorithm::Direct, f64::INFINITY);
        for algorithm in candidates(collective) {
            if let Some(us) = g.run(self, *algorithm, collective, size)
                && us < best.1
            {
                best = (*algorithm, us);
            }
        }
        (best.0, Time::from_us(best.1))
    }

    /// Time by one algorithm; `None` where it does not serve the operation, the group or the network.
    pub fn time_by(
        &self,
        algorithm: Algorithm,
        collective: Collective,
        bytes: Data,
        group: Group,
    ) -> Option<Time> {
        let size = bytes.bytes();
        if group.ranks <= 1 || size <= 0.0 || !candidates(collective).contains(&algorithm) {
            return None;
        }
        Placed::new(self, collective, group).run(self, algorithm, collective, size).map(Time::from_us)
    }

    /// Bus bandwidth as nccl-tests report it.
    pub fn bus_bandwidth(&self, collective: Collective, bytes: Data, group: Group) -> Bandwidth {
        bytes * collective.bus_factor(group.ranks) / self.time(collective, bytes, group)
    }
}

/// Algorithms that serve an operation.
#[inline]
fn candidates(collective: Collective) -> &'static [Algorithm] {
    use Algorithm::{ByLevels, CollNet, Direct, Nvls, NvlsTree, Pat, Rail, Ring, Tree};
    match collective {
        Collective::AllReduce => &[Ring, Tree, Nvls, NvlsTree, CollNet],
        Collective::AllGather | Collective::ReduceScatter => &[Ring, Pat, ByLevels],
        // NCCL broadcasts by rings alone; tree and multicast are what other libraries make of the same links.
        Collective::Broadcast => &[Ring, Tree, Nvls, NvlsTree],
        Collective::AllToAll => &[Direct, Rail],
        Collective::SendRecv => &[Direct],
    }
}

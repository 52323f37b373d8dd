//! Time of one collective operation: latency terms plus bytes over bandwidth, for the algorithm that is
//! fastest.
//!
//! The model is NCCL's own (ring, tree, NVLS, NVLS tree, PAT; protocols LL, LL128, Simple, with the latency
//! constants of its tuning table) with three corrections from measurement, see [`Calibration`]. It allocates
//! nothing and is meant to be called millions of times by a planner.

use gigatwin_quantity::{Bandwidth, Data, Time};

use crate::calibration::Calibration;
use crate::nccl;

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
    /// Measured efficiencies and latencies.
    pub calibration: Calibration,
}

/// The ranks of a collective and where they sit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Group {
    /// Ranks in the group.
    pub ranks: u32,
    /// Ranks of the group in one scale-up domain.
    pub per_domain: u32,
}

/// A group laid on a network: rates in bytes per microsecond, times in microseconds.
struct Placed {
    n: f64,
    /// Ranks per domain.
    k: f64,
    /// Domains.
    m: f64,
    /// log2 of the domains, rounded up.
    levels: f64,
    /// Achievable rate of one chip within the domain.
    up: f64,
    /// Rate in use while the switches reduce.
    up_reducing: f64,
    /// Achievable rate of one chip's NIC.
    out: f64,
    launch: f64,
    fill: f64,
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
            calibration: Calibration::default(),
        }
    }

    /// The same network with another calibration.
    #[must_use]
    pub fn with_calibration(self, calibration: Calibration) -> Network {
        Network { calibration, ..self }
    }

    /// Time of one operation over `bytes`; zero for a single rank or no bytes, infinite where the group has
    /// to cross a link of no bandwidth.
    ///
    /// Ring and tree: NCCL's latency model plus traffic over the slower of scale-up ring and NICs of a
    /// domain, all rails used (PXN). Reduction in the switch: each chip sends and receives S·(1 + 1/k) per
    /// domain, so bus bandwidth is 2(k−1)/(k+1) of the rate in use; between domains a double binary tree
    /// moves S per domain and direction for two domains, 2·S for more. All-to-all: the traffic inside and
    /// between domains overlap; the latter is bytes·(n−k)/n per NIC, so bus bandwidth tends to N/(N−1) of the
    /// NIC rate (nccl-tests issue 130).
    pub fn time(&self, collective: Collective, bytes: Data, group: Group) -> Time {
        let size = bytes.bytes();
        if group.ranks <= 1 || size <= 0.0 {
            return Time::ZERO;
        }
        let g = self.place(collective, group);
        let us = match collective {
            Collective::AllReduce => {
                let ring = g.ring(size * collective.bus_factor(group.ranks), 2.0);
                let switch = if self.scaleup_reduces && g.k > 1.0 {
                    g.in_switch(size, f64::from(self.calibration.in_switch_saturation))
                } else {
                    f64::INFINITY
                };
                let tree = if g.m > 1.0 { g.tree(size) } else { f64::INFINITY };
                ring.min(switch).min(tree)
            }
            Collective::AllGather | Collective::ReduceScatter => {
                let traffic = size * collective.bus_factor(group.ranks);
                let ring = g.ring(traffic, 1.0);
                // NCCL offers PAT, a logarithmic exchange, to groups with one rank per node.
                if g.k > 1.0 { ring } else { ring.min(g.pat(traffic)) }
            }
            Collective::Broadcast => g.ring(size, 1.0),
            Collective::AllToAll => g.all_to_all(size, self.calibration.per_peer.us()),
            Collective::SendRecv => g.send(size),
        };
        Time::from_us(us)
    }

    /// Bus bandwidth as nccl-tests report it.
    pub fn bus_bandwidth(&self, collective: Collective, bytes: Data, group: Group) -> Bandwidth {
        bytes * collective.bus_factor(group.ranks) / self.time(collective, bytes, group)
    }

    #[inline]
    fn place(&self, collective: Collective, group: Group) -> Placed {
        let k = group.per_domain.min(self.domain).clamp(1, group.ranks);
        let domains = group.ranks.div_ceil(k);
        let c = &self.calibration;
        let mut up = self.scaleup.bytes_per_s() * 1e-6;
        if self.wiring == Wiring::FullMesh && self.domain > 1 {
            let peers = if collective == Collective::SendRecv { 1 } else { k.max(2) - 1 };
            up *= f64::from(peers) / f64::from(self.domain - 1);
        }
        Placed {
            n: f64::from(group.ranks),
            k: f64::from(k),
            m: f64::from(domains),
            levels: f64::from(u32::BITS - (domains - 1).leading_zeros()),
            up: up * c.ring_efficiency,
            up_reducing: up * c.in_switch_efficiency,
            out: self.scaleout.bytes_per_s() * 1e-6 * c.nic_efficiency / self.oversubscription.max(1.0),
            launch: c.launch.us(),
            fill: c.pipeline_fill.us(),
        }
    }
}

impl Placed {
    /// Time lost while the pipeline fills.
    #[inline]
    fn filling(&self, steady: f64) -> f64 {
        (self.k * self.fill * steady).sqrt()
    }

    /// Cheapest protocol for a latency by protocol and a steady-state time.
    #[inline]
    fn cheapest(&self, latency: nccl::ByProtocol, steady: f64) -> f64 {
        let filling = self.filling(steady);
        let mut best = f64::INFINITY;
        for (p, l) in latency.into_iter().enumerate() {
            best = best.min(l + steady / nccl::PAYLOAD[p] + nccl::CHUNKED[p] * filling);
        }
        self.launch + best
    }

    /// Rings through every NIC of a domain; `laps` is two for an all-reduce.
    #[inline]
    fn ring(&self, traffic: f64, laps: f64) -> f64 {
        let rate = if self.m == 1.0 {
            self.up
        } else if self.k > 1.0 {
            self.up.min(self.k * self.out)
        } else {
            self.out
        };
        let steps = laps * (self.n - 1.0);
        let between = if self.m > 1.0 { (laps * self.m).min(steps) } else { 0.0 };
        let mut latency = nccl::BASE_RING;
        for (p, l) in latency.iter_mut().enumerate() {
            *l += nccl::NVLINK_RING[p] * (steps - between) + nccl::NET_RING[p] * between;
        }
        self.cheapest(latency, traffic / rate)
    }

    /// Traffic of a double binary tree through the NICs of one domain, per byte of the message.
    #[inline]
    fn tree_traffic(&self) -> f64 {
        if self.m <= 2.0 { 1.0 } else { 2.0 }
    }

    /// Chain inside the domain, double binary tree between domains.
    #[inline]
    fn tree(&self, size: f64) -> f64 {
        let between = self.tree_traffic() * size / (self.k * self.out);
        let within = if self.k > 1.0 { 2.0 * size / self.up } else { 0.0 };
        let mut latency = nccl::BASE_TREE;
        for (p, l) in latency.iter_mut().enumerate() {
            *l += 2.0 * ((self.k - 1.0) * nccl::NVLINK_TREE[p] + self.levels * nccl::NET_TREE[p]);
        }
        self.cheapest(latency, between.max(within))
    }

    /// Reduction in the scale-up switches, with a tree between domains.
    #[inline]
    fn in_switch(&self, size: f64, saturation: f64) -> f64 {
        let effective = self.k.min(saturation).max(2.0);
        let within = size * (2.0 * (self.k - 1.0) / self.k)
            / (self.up_reducing * 2.0 * (effective - 1.0) / (effective + 1.0));
        let (latency, steady) = if self.m > 1.0 {
            let between = self.tree_traffic() * size / (self.k * self.out);
            (nccl::NVLINK_NVLS + 2.0 * self.levels * nccl::NET_NVLS_TREE, within.max(between))
        } else {
            (nccl::NVLINK_NVLS, within)
        };
        self.launch + latency + steady + self.filling(steady)
    }

    /// Logarithmic all-gather or reduce-scatter between single ranks.
    #[inline]
    fn pat(&self, traffic: f64) -> f64 {
        let steady = traffic / self.out;
        self.launch
            + nccl::BASE_RING[nccl::SIMPLE]
            + self.levels * nccl::NET_RING[nccl::SIMPLE]
            + steady
            + self.filling(steady)
    }

    #[inline]
    fn all_to_all(&self, size: f64, per_peer: f64) -> f64 {
        let within = if self.k > 1.0 { size * (self.k - 1.0) / self.n / self.up } else { 0.0 };
        let (hop, between) = if self.m > 1.0 {
            (nccl::NET_RING[nccl::SIMPLE], size * (self.n - self.k) / self.n / self.out)
        } else {
            (nccl::NVLINK_RING[nccl::SIMPLE], 0.0)
        };
        self.launch + nccl::BASE_RING[nccl::SIMPLE] + hop + per_peer * (self.n - 1.0) + within.max(between)
    }

    #[inline]
    fn send(&self, size: f64) -> f64 {
        // Both ends in one domain whenever the placement allows it.
        let (hop, rate) = if self.k > 1.0 {
            (nccl::NVLINK_RING[nccl::SIMPLE], self.up)
        } else {
            (nccl::NET_RING[nccl::SIMPLE], self.out)
        };
        self.launch + nccl::BASE_RING[nccl::SIMPLE] + hop + size / rate
    }
}

//! A group laid on a network, and the formula of each algorithm.

use super::{Algorithm, Collective, Group, Network, Wiring};
use crate::nccl;

/// NCCL's tree over reductions in the switch takes no more heads than this (NCCL_MAX_NVLS_ARITY): between larger domains
/// it goes by rings.
const NVLS_TREE_HEADS: f64 = 32.0;

/// Rates in bytes per microsecond, times in microseconds.
pub(super) struct Placed {
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
    /// Achievable rate of one chip's NIC before oversubscription.
    out: f64,
    oversubscription: f64,
    /// Domains below one leaf; zero where not known.
    leaf: f64,
    launch: f64,
    fill: f64,
}

impl Placed {
    #[inline]
    pub(super) fn new(network: &Network, collective: Collective, group: Group) -> Placed {
        let k = group.per_domain.min(network.domain).clamp(1, group.ranks);
        let domains = group.ranks.div_ceil(k);
        let c = &network.calibration;
        let mut up = network.scaleup.bytes_per_s() * 1e-6;
        if network.wiring == Wiring::FullMesh && network.domain > 1 {
            let peers = if collective == Collective::SendRecv { 1 } else { k.max(2) - 1 };
            up *= f64::from(peers) / f64::from(network.domain - 1);
        }
        let detail = &network.scaleout_detail;
        let slowest = detail.slowest_link.clamp(0.0, 1.0);
        Placed {
            n: f64::from(group.ranks),
            k: f64::from(k),
            m: f64::from(domains),
            levels: f64::from(u32::BITS - (domains - 1).leading_zeros()),
            up: up * c.ring_efficiency,
            up_reducing: up * c.in_switch_efficiency,
            out: network.scaleout.bytes_per_s() * 1e-6 * c.nic_efficiency * slowest,
            oversubscription: network.oversubscription.max(1.0),
            leaf: f64::from(detail.domains_per_leaf),
            launch: c.launch.us(),
            fill: c.pipeline_fill.us(),
        }
    }

    /// Time by an algorithm that serves the operation; `None` where the group or the network rule it out.
    #[inline]
    pub(super) fn run(
        &self,
        net: &Network,
        algorithm: Algorithm,
        collective: Collective,
        size: f64,
    ) -> Option<f64> {
        let detail = &net.scaleout_detail;
        let (several, alone) = (self.m > 1.0, self.k <= 1.0);
        let within = (self.n - 1.0) / self.n * size;
        Some(match algorithm {
            Algorithm::Ring => match collective {
                Collective::AllReduce => self.ring(2.0 * within, 2.0),
                Collective::Broadcast => self.ring(size, 1.0),
                _ => self.ring(within, 1.0),
            },
            Algorithm::Tree if several && collective == Collective::Broadcast => self.tree_down(size),
            Algorithm::Tree if several => self.tree(size),
            Algorithm::Nvls if !several && net.scaleup_reduces => self.by_switch(net, collective, size),
            Algorithm::NvlsTree if several && !alone && net.scaleup_reduces && self.k <= NVLS_TREE_HEADS => {
                self.by_switch(net, collective, size)
            }
            Algorithm::CollNet if several && detail.reduces => self.collnet(net, size),
            // NCCL offers PAT to groups with one rank per node.
            Algorithm::Pat if several && alone => self.pat(within),
            Algorithm::ByLevels if several && !alone && detail.by_levels => self.by_levels(size),
            Algorithm::Direct if collective == Collective::SendRecv => self.send(size),
            Algorithm::Direct if !detail.rail_only || alone || !several => {
                self.all_to_all(size, net.calibration.per_peer.us())
            }
            // Where nothing is known of the leaves a rail gains nothing over the plain exchange.
            Algorithm::Rail if several && !alone && (detail.rail_only || self.leaf > 0.0) => {
                self.rail(size, net.calibration.per_peer.us())
            }
            _ => return None,
        })
    }

    /// Rate of one NIC for traffic of which `crossing` leaves the leaf.
    #[inline]
    fn tapered(&self, crossing: f64) -> f64 {
        self.out / (self.oversubscription * crossing).max(1.0)
    }

    /// Rate of one NIC in a ring or tree: of the domains below one leaf one sends and one receives across.
    #[inline]
    fn chained(&self) -> f64 {
        let crossing = if self.leaf <= 0.0 {
            1.0
        } else if self.m <= self.leaf {
            0.0
        } else {
            1.0 / self.leaf
        };
        self.tapered(crossing)
    }

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
            self.up.min(self.k * self.chained())
        } else {
            self.chained()
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
        let between = self.tree_traffic() * size / (self.k * self.chained());
        let within = if self.k > 1.0 { 2.0 * size / self.up } else { 0.0 };
        let mut latency = nccl::BASE_TREE;
        for (p, l) in latency.iter_mut().enumerate() {
            *l += 2.0 * ((self.k - 1.0) * nccl::NVLINK_TREE[p] + self.levels * nccl::NET_TREE[p]);
        }
        self.cheapest(latency, between.max(within))
    }

    /// Broadcast down a double binary tree between domains and a chain inside: each domain sends and receives the message
    /// once, whatever the shape of the tree.
    #[inline]
    fn tree_down(&self, size: f64) -> f64 {
        let between = size / (self.k * self.chained());
        let within = if self.k > 1.0 { size / self.up } else { 0.0 };
        let mut latency = nccl::BASE_TREE;
        for (p, l) in latency.iter_mut().enumerate() {
            *l += (self.k - 1.0) * nccl::NVLINK_TREE[p] + self.levels * nccl::NET_TREE[p];
        }
        self.cheapest(latency, between.max(within))
    }

    /// Broadcast that the scale-up switches copy to all members, with a tree between domains.
    #[inline]
    fn multicast(&self, size: f64) -> f64 {
        let within = size / self.up_reducing;
        let (latency, steady) = if self.m > 1.0 {
            let between = size / (self.k * self.chained());
            (nccl::NVLINK_NVLS + self.levels * nccl::NET_NVLS_TREE, within.max(between))
        } else {
            (nccl::NVLINK_NVLS, within)
        };
        self.launch + latency + steady + self.filling(steady)
    }

    #[inline]
    fn by_switch(&self, net: &Network, collective: Collective, size: f64) -> f64 {
        if collective == Collective::Broadcast { self.multicast(size) } else { self.in_switch(net, size) }
    }

    /// Steady state of a reduction in the scale-up switches.
    #[inline]
    fn reducing(&self, net: &Network, size: f64) -> f64 {
        if self.k <= 1.0 {
            return 0.0;
        }
        let effective = self.k.min(f64::from(net.calibration.in_switch_saturation)).max(2.0);
        size * (2.0 * (self.k - 1.0) / self.k)
            / (self.up_reducing * 2.0 * (effective - 1.0) / (effective + 1.0))
    }

    /// Reduction in the scale-up switches, with a tree between domains.
    #[inline]
    fn in_switch(&self, net: &Network, size: f64) -> f64 {
        let within = self.reducing(net, size);
        let (latency, steady) = if self.m > 1.0 {
            let between = self.tree_traffic() * size / (self.k * self.chained());
            (nccl::NVLINK_NVLS + 2.0 * self.levels * nccl::NET_NVLS_TREE, within.max(between))
        } else {
            (nccl::NVLINK_NVLS, within)
        };
        self.launch + latency + steady + self.filling(steady)
    }

    /// Reduction in the scale-out switches: every NIC sends and receives its share of the message once.
    #[inline]
    fn collnet(&self, net: &Network, size: f64) -> f64 {
        let (within, latency) = if net.scaleup_reduces {
            (self.reducing(net, size), nccl::NVLINK_NVLS + nccl::NET_NVLS)
        } else if self.k > 1.0 {
            (
                2.0 * size * (self.k - 1.0) / self.k / self.up,
                nccl::BASE_RING[nccl::SIMPLE] + nccl::NET_COLLNET,
            )
        } else {
            (0.0, nccl::BASE_RING[nccl::SIMPLE] + nccl::NET_COLLNET)
        };
        let steady = within.max(size / (self.k * self.chained()));
        self.launch + latency + steady + self.filling(steady)
    }

    /// Logarithmic all-gather or reduce-scatter between single ranks.
    #[inline]
    fn pat(&self, traffic: f64) -> f64 {
        let steady = traffic / self.chained();
        self.launch
            + nccl::BASE_RING[nccl::SIMPLE]
            + self.levels * nccl::NET_RING[nccl::SIMPLE]
            + steady
            + self.filling(steady)
    }

    /// All-gather or reduce-scatter in two overlapping phases: along each rail, and within each domain.
    #[inline]
    fn by_levels(&self, size: f64) -> f64 {
        let between = size * (self.m - 1.0) / self.n / self.chained();
        let within = size * (self.k - 1.0) / self.k / self.up;
        let mut latency = nccl::BASE_RING;
        for (p, l) in latency.iter_mut().enumerate() {
            *l += nccl::BASE_RING[p]
                + nccl::NVLINK_RING[p] * (self.k - 1.0)
                + nccl::NET_RING[p] * (self.m - 1.0);
        }
        self.launch + self.cheapest(latency, between.max(within))
    }

    #[inline]
    fn all_to_all(&self, size: f64, per_peer: f64) -> f64 {
        let within = if self.k > 1.0 { size * (self.k - 1.0) / self.n / self.up } else { 0.0 };
        let (hop, between) = if self.m > 1.0 {
            // Only what goes to the same rail below the same leaf stays there.
            let below =
                if self.leaf > 0.0 { (self.leaf.min(self.m) - 1.0) / (self.m - 1.0) / self.k } else { 0.0 };
            (nccl::NET_RING[nccl::SIMPLE], size * (self.n - self.k) / self.n / self.tapered(1.0 - below))
        } else {
            (nccl::NVLINK_RING[nccl::SIMPLE], 0.0)
        };
        self.launch + nccl::BASE_RING[nccl::SIMPLE] + hop + per_peer * (self.n - 1.0) + within.max(between)
    }

    /// All-to-all in which everything first goes over the scale-up to the rail of its target.
    #[inline]
    fn rail(&self, size: f64, per_peer: f64) -> f64 {
        let within = size * (self.k - 1.0) / self.k / self.up;
        let crossing = if self.leaf > 0.0 { ((self.m - self.leaf) / (self.m - 1.0)).max(0.0) } else { 1.0 };
        let between = size * (self.n - self.k) / self.n / self.tapered(crossing);
        let hops = nccl::NVLINK_RING[nccl::SIMPLE] + nccl::NET_RING[nccl::SIMPLE];
        let latency = nccl::BASE_RING[nccl::SIMPLE] + hops + per_peer * (self.n - 1.0);
        self.launch + latency + within.max(between)
    }

    #[inline]
    fn send(&self, size: f64) -> f64 {
        // Both ends in one domain whenever the placement allows it.
        let (hop, rate) = if self.k > 1.0 {
            (nccl::NVLINK_RING[nccl::SIMPLE], self.up)
        } else {
            let crossing = if self.leaf > 0.0 && self.m <= self.leaf { 0.0 } else { 1.0 };
            (nccl::NET_RING[nccl::SIMPLE], self.tapered(crossing))
        };
        self.launch + nccl::BASE_RING[nccl::SIMPLE] + hop + size / rate
    }
}

//! The network as an explicit graph of directed links.
//!
//! A topology is one or more equal copies (planes, and the rails of a rail-only network) of a family, and
//! scale-up domains beside them. Links are numbered copy by copy, part by part; where a link leads is computed,
//! not stored, so that half a million links cost nothing until a flow crosses them.

mod build;
mod clos;
mod design;
mod dragonfly;
mod grid;

use gigatwin_quantity::{Bandwidth, Time};

pub use build::TopologyError;
pub use clos::Clos;
pub use dragonfly::{Dragonfly, DragonflyPlus};
pub use grid::{HyperX, Torus};

use super::units::{quanta, rate_of};

/// Links of one kind in one copy.
pub(crate) struct Part {
    pub name: &'static str,
    pub links: u32,
    /// Whether it joins endpoints to the fabric, at the endpoints' rate.
    pub endpoint: bool,
    /// Links of one switch, for pictures.
    pub width: u32,
}

impl Part {
    fn endpoint(name: &'static str, links: u32) -> Part {
        Part { name, links, endpoint: true, width: 0 }
    }

    fn fabric(name: &'static str, links: u32, width: u32) -> Part {
        Part { name, links, endpoint: false, width }
    }
}

/// What the families have in common: numbering of links, and minimal paths between slots.
pub(crate) trait Family {
    /// Places for endpoints.
    fn slots(&self) -> u32;
    /// Slots and switches.
    fn nodes(&self) -> u32;
    /// Kinds of links in the order of their numbers.
    fn parts(&self) -> Vec<Part>;
    /// Nodes that a link joins, sender first; slots are the first nodes.
    fn ends(&self, link: u32) -> (u32, u32);
    /// The link of the same cable in the other direction.
    fn reverse(&self, link: u32) -> u32;
    /// Number of paths between two slots.
    fn choices(&self, from: u32, to: u32) -> u32;
    /// Most paths between any two slots.
    fn most_choices(&self) -> u32;
    /// Most links on a path.
    fn most_hops(&self) -> u32;
    /// Whether ways over a third place are of use: not in a fat tree, where every path already is one.
    fn detours(&self) -> bool;
    /// The path of static routing.
    fn fixed_choice(&self, from: u32, to: u32) -> u32;
    /// Appends the links of the path of static routing.
    fn fixed_path(&self, from: u32, to: u32, out: &mut Vec<u32>) {
        self.path(from, to, self.fixed_choice(from, to), out);
    }
    /// Appends the links of a path.
    fn path(&self, from: u32, to: u32, choice: u32, out: &mut Vec<u32>);
}

/// Structure of one copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// Fat tree.
    Clos(Clos),
    /// Dragonfly.
    Dragonfly(Dragonfly),
    /// Dragonfly+.
    DragonflyPlus(DragonflyPlus),
    /// HyperX.
    HyperX(HyperX),
    /// Torus.
    Torus(Torus),
}

impl Shape {
    pub(crate) fn family(&self) -> &dyn Family {
        match self {
            Shape::Clos(s) => s,
            Shape::Dragonfly(s) => s,
            Shape::DragonflyPlus(s) => s,
            Shape::HyperX(s) => s,
            Shape::Torus(s) => s,
        }
    }
}

/// How endpoints are put on slots. Endpoint `e` is NIC `e mod rails` of node `e / rails`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attach {
    /// In order.
    Plain,
    /// NIC `i` of neighbouring nodes on one leaf, the spines are common.
    RailOptimised {
        /// NICs of a node.
        rails: u32,
    },
    /// A copy of the network for each rail.
    RailOnly {
        /// NICs of a node.
        rails: u32,
    },
}

impl Attach {
    pub(crate) fn rails(self) -> u32 {
        match self {
            Attach::Plain => 1,
            Attach::RailOptimised { rails } | Attach::RailOnly { rails } => rails.max(1),
        }
    }
}

/// Scale-up domains: neighbouring endpoints joined by switches at the full rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Domain {
    /// Endpoints in a domain.
    pub size: u32,
    /// Rate of one endpoint, one direction.
    pub rate: Bandwidth,
    /// Latency of one of the two hops through a switch.
    pub latency: Time,
}

/// A network to be built.
#[derive(Debug, Clone, PartialEq)]
pub struct TopologySpec {
    /// Endpoints.
    pub endpoints: u32,
    /// Structure of a copy.
    pub shape: Shape,
    /// How endpoints are attached.
    pub attach: Attach,
    /// Planes: equal copies, each endpoint in all of them.
    pub planes: u32,
    /// Rate of an endpoint in one plane, one direction.
    pub endpoint_rate: Bandwidth,
    /// Rate of a link between switches, one direction.
    pub link_rate: Bandwidth,
    /// Latency of a link with the switch behind it.
    pub latency: Time,
    /// Scale-up domains beside it.
    pub domain: Option<Domain>,
}

/// Links of one kind, all copies together.
#[derive(Debug, Clone, PartialEq)]
pub struct Tier {
    /// Name.
    pub name: &'static str,
    /// First link within a copy.
    pub first: u32,
    /// Links of one copy.
    pub links: u32,
    /// Links of one switch; zero for links of endpoints.
    pub width: u32,
    /// Rate of a link in quanta.
    pub(crate) rate: u64,
}

impl Tier {
    /// Rate of a link, one direction.
    pub fn rate(&self) -> Bandwidth {
        rate_of(self.rate)
    }
}

/// A network that stands: connected, and no link without bandwidth.
#[derive(Debug, Clone)]
pub struct Topology {
    spec: TopologySpec,
    tiers: Vec<Tier>,
    copies: u32,
    copy_links: u32,
    latency: u64,
    domain_latency: u64,
}

/// Names of the links of scale-up domains.
const DOMAIN_TIERS: [&str; 2] = ["scale-up out", "scale-up in"];

impl Topology {
    /// What it was built from.
    pub fn spec(&self) -> &TopologySpec {
        &self.spec
    }

    /// Endpoints.
    pub fn endpoints(&self) -> u32 {
        self.spec.endpoints
    }

    /// Equal copies: planes times the rails of a rail-only network.
    pub fn copies(&self) -> u32 {
        self.copies
    }

    /// Kinds of links of a copy; those of scale-up domains, where there are, come last and exist once.
    pub fn tiers(&self) -> &[Tier] {
        &self.tiers
    }

    /// Directed links.
    pub fn links(&self) -> u32 {
        self.domain_base() + if self.spec.domain.is_some() { 2 * self.spec.endpoints } else { 0 }
    }

    pub(crate) fn copy_links(&self) -> u32 {
        self.copy_links
    }

    pub(crate) fn domain_base(&self) -> u32 {
        self.copies * self.copy_links
    }

    pub(crate) fn family(&self) -> &dyn Family {
        self.spec.shape.family()
    }

    pub(crate) fn hop_latency(&self) -> u64 {
        self.latency
    }

    pub(crate) fn domain_hop_latency(&self) -> u64 {
        self.domain_latency
    }

    /// Tier, copy and number within tier and copy of a link.
    pub fn place(&self, link: u32) -> (usize, u32, u32) {
        if link >= self.domain_base() {
            let at = link - self.domain_base();
            let side = u32::from(at >= self.spec.endpoints);
            return (self.tiers.len() - 2 + side as usize, 0, at - side * self.spec.endpoints);
        }
        let (copy, local) = (link / self.copy_links, link % self.copy_links);
        let fabric = self.tiers.iter().take_while(|t| t.first != u32::MAX);
        let at = fabric.take_while(|t| t.first <= local).count() - 1;
        (at, copy, local - self.tiers[at].first)
    }

    /// The link with a number within tier and copy, if there is one.
    pub fn link(&self, tier: usize, copy: u32, index: u32) -> Option<u32> {
        let t = self.tiers.get(tier).filter(|t| index < t.links)?;
        if t.first == u32::MAX {
            let side = (tier + 2 - self.tiers.len()) as u32;
            return Some(self.domain_base() + side * self.spec.endpoints + index);
        }
        (copy < self.copies).then(|| copy * self.copy_links + t.first + index)
    }

    pub(crate) fn capacity(&self, link: u32) -> u64 {
        self.tiers[self.place(link).0].rate
    }

    /// Rate of a link, one direction.
    pub fn rate(&self, link: u32) -> Bandwidth {
        rate_of(self.capacity(link))
    }

    /// The other direction of the same cable.
    pub fn reverse(&self, link: u32) -> u32 {
        if link >= self.domain_base() {
            let at = link - self.domain_base();
            let e = self.spec.endpoints;
            return self.domain_base() + if at < e { at + e } else { at - e };
        }
        let (copy, local) = (link / self.copy_links, link % self.copy_links);
        copy * self.copy_links + self.family().reverse(local)
    }

    /// Nodes of a copy that a link of the scale-out network joins, sender first.
    pub fn ends(&self, link: u32) -> Option<(u32, u32)> {
        (link < self.domain_base()).then(|| self.family().ends(link % self.copy_links))
    }

    /// Places for endpoints in a copy.
    pub fn slots(&self) -> u32 {
        self.family().slots()
    }

    /// Slots and switches of a copy.
    pub fn nodes(&self) -> u32 {
        self.family().nodes()
    }

    /// Number of minimal paths between two slots of a copy.
    pub fn paths(&self, from: u32, to: u32) -> u32 {
        self.family().choices(from, to)
    }

    /// Links of the first copy on one of the paths between two slots.
    pub fn path(&self, from: u32, to: u32, choice: u32) -> Vec<u32> {
        let mut out = Vec::new();
        self.family().path(from, to, choice, &mut out);
        out
    }

    /// Latency of the way between two endpoints, picoseconds.
    pub(crate) fn way_latency(&self, from: u32, to: u32, scratch: &mut Vec<u32>) -> u64 {
        if from == to {
            return 0;
        }
        if self.same_domain(from, to) {
            return 2 * self.domain_latency;
        }
        let relay = self.on_rail(from, to).unwrap_or(from);
        let over = if relay == from { 0 } else { 2 * self.domain_latency };
        scratch.clear();
        self.family().path(self.slot(relay).0, self.slot(to).0, 0, scratch);
        over + scratch.len() as u64 * self.latency
    }

    /// Name of a link: tier, copy where there are several, number.
    pub fn label(&self, link: u32) -> String {
        let (tier, copy, index) = self.place(link);
        let name = self.tiers[tier].name;
        if self.copies > 1 && link < self.domain_base() {
            format!("{name}:{copy}/{index}")
        } else {
            format!("{name}:{index}")
        }
    }

    /// Slot of an endpoint in its copy, and the rail among the copies.
    pub(crate) fn slot(&self, endpoint: u32) -> (u32, u32) {
        match self.spec.attach {
            Attach::Plain => (endpoint, 0),
            Attach::RailOnly { rails } => (endpoint / rails, endpoint % rails),
            Attach::RailOptimised { rails } => {
                let (node, rail) = (endpoint / rails, endpoint % rails);
                let down = match &self.spec.shape {
                    Shape::Clos(c) => c.down,
                    _ => 1,
                };
                ((node / down * rails + rail) * down + node % down, 0)
            }
        }
    }

    /// Whether two endpoints share a scale-up domain.
    pub(crate) fn same_domain(&self, a: u32, b: u32) -> bool {
        self.spec.domain.is_some_and(|d| a / d.size == b / d.size)
    }

    pub(crate) fn domain_out(&self, endpoint: u32) -> u32 {
        self.domain_base() + endpoint
    }

    pub(crate) fn domain_in(&self, endpoint: u32) -> u32 {
        self.domain_base() + self.spec.endpoints + endpoint
    }

    /// The endpoint beside `from`, in its scale-up domain, that sits on the rail of `to`; `from` itself where
    /// rails do not matter, nothing where a rail-only network offers no way.
    pub(crate) fn on_rail(&self, from: u32, to: u32) -> Option<u32> {
        let rails = self.spec.attach.rails();
        if rails <= 1 || from % rails == to % rails {
            return Some(from);
        }
        let peer = from / rails * rails + to % rails;
        let reachable = peer < self.spec.endpoints && self.same_domain(from, peer);
        match self.spec.attach {
            _ if reachable => Some(peer),
            Attach::RailOnly { .. } => None,
            _ => Some(from),
        }
    }
}

fn tier(part: &Part, first: u32, spec: &TopologySpec) -> Tier {
    let rate = if part.endpoint { spec.endpoint_rate } else { spec.link_rate };
    Tier { name: part.name, first, links: part.links, width: part.width, rate: quanta(rate) }
}

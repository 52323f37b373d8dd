//! Checks that come before a network stands.

use gigatwin_quantity::{Bandwidth, Time};

use super::super::units::{ps, quanta};
use super::{Attach, DOMAIN_TIERS, Shape, Tier, Topology, TopologySpec, tier};

/// Why a network cannot be built.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum TopologyError {
    /// A number outside its domain.
    #[error("{what} must be {must}")]
    Invalid {
        /// The quantity.
        what: &'static str,
        /// The condition.
        must: &'static str,
    },
    /// A link over which nothing can pass.
    #[error("{what} have no bandwidth")]
    ZeroBandwidth {
        /// Which links.
        what: &'static str,
    },
    /// Parts of the network cannot reach each other.
    #[error("the network falls apart: {reason}")]
    Disconnected {
        /// Why.
        reason: String,
    },
    /// Fewer places than endpoints.
    #[error("the network has {slots} places for endpoints, {endpoints} are asked for; {hint}")]
    TooSmall {
        /// Places.
        slots: u64,
        /// Endpoints.
        endpoints: u32,
        /// What would help.
        hint: &'static str,
    },
    /// More links than can be numbered.
    #[error("{links} directed links are more than this simulation numbers ({most})")]
    TooLarge {
        /// Directed links.
        links: u64,
        /// Most that are possible.
        most: u64,
    },
    /// The design cannot be sized.
    #[error(transparent)]
    Sizing(#[from] crate::design::SizingError),
}

impl TopologyError {
    /// The diagnostic code.
    pub fn code(&self) -> &'static str {
        match self {
            TopologyError::ZeroBandwidth { .. } => "G515",
            TopologyError::TooLarge { .. } => "G516",
            _ => "G514",
        }
    }
}

const MOST_LINKS: u64 = 1 << 30;

impl TopologySpec {
    /// Builds the network.
    ///
    /// # Errors
    /// [`TopologyError`] where a number is out of its domain, links have no bandwidth, the parts do not hang
    /// together, or the endpoints do not fit.
    pub fn build(self) -> Result<Topology, TopologyError> {
        numbers(&self)?;
        let planes = u64::from(self.planes) * u64::from(self.attach.rails());
        let links = links(&self.shape).saturating_mul(planes).saturating_add(2 * u64::from(self.endpoints));
        if links > MOST_LINKS {
            return Err(TopologyError::TooLarge { links, most: MOST_LINKS });
        }
        connected(&self.shape)?;
        let rails = self.attach.rails();
        let places = slots(&self.shape) * if rail_only(self.attach) { u64::from(rails) } else { 1 };
        let needed = u64::from(last_slot(&self)) + 1;
        if needed > slots(&self.shape) {
            let hint = "use switches of more ports, more switches, or fewer endpoints";
            return Err(TopologyError::TooSmall { slots: places, endpoints: self.endpoints, hint });
        }
        let copies = u64::from(self.planes) * if rail_only(self.attach) { u64::from(rails) } else { 1 };
        let parts = self.shape.family().parts();
        let mut tiers = Vec::with_capacity(parts.len() + 2);
        let mut first = 0;
        for part in &parts {
            if part.links > 0 {
                tiers.push(tier(part, first, &self));
            }
            first += part.links;
        }
        if let Some(domain) = &self.domain {
            for name in DOMAIN_TIERS {
                let rate = quanta(domain.rate);
                tiers.push(Tier { name, first: u32::MAX, links: self.endpoints, width: domain.size, rate });
            }
        }
        let latency = ps(self.latency);
        let domain_latency = self.domain.map_or(0, |d| ps(d.latency));
        Ok(Topology { copies: copies as u32, copy_links: first, tiers, latency, domain_latency, spec: self })
    }
}

fn rail_only(attach: Attach) -> bool {
    matches!(attach, Attach::RailOnly { .. })
}

/// The highest slot in use.
fn last_slot(spec: &TopologySpec) -> u32 {
    let last = spec.endpoints - 1;
    match (spec.attach, &spec.shape) {
        (Attach::Plain, _) => last,
        (Attach::RailOnly { rails }, _) => last / rails,
        (Attach::RailOptimised { rails }, Shape::Clos(c)) => {
            let node = last / rails;
            let block =
                u64::from(node / c.down) * u64::from(rails) + u64::from(rails.min(spec.endpoints)) - 1;
            u32::try_from(block * u64::from(c.down) + u64::from(c.down.min(node + 1)) - 1).unwrap_or(u32::MAX)
        }
        (Attach::RailOptimised { .. }, _) => last,
    }
}

fn times(factors: &[u32]) -> u64 {
    factors.iter().map(|n| u64::from(*n)).fold(1, u64::saturating_mul)
}

/// Upper bound of the directed links of a copy, before anything is numbered.
fn links(shape: &Shape) -> u64 {
    let fabric = match shape {
        Shape::Clos(c) => {
            let pods = c.leaves.div_ceil(c.pod_leaves.max(1));
            2u64.saturating_mul(times(&[c.leaves, c.up]).saturating_add(times(&[pods, c.up, c.spine_up])))
        }
        Shape::Dragonfly(d) => times(&[d.groups, d.switches, d.switches])
            .saturating_add(times(&[d.groups, d.switches, d.globals])),
        Shape::DragonflyPlus(d) => {
            times(&[2, d.groups, d.leaves, d.spines]).saturating_add(times(&[d.groups, d.spines, d.globals]))
        }
        Shape::HyperX(x) => {
            let each = x.dims.iter().zip(&x.widths).map(|(n, w)| u64::from(*n) * u64::from(*w));
            let ports = each.fold(0, u64::saturating_add);
            times(&x.dims).saturating_mul(ports)
        }
        Shape::Torus(t) => times(&t.dims).saturating_mul(2 * t.dims.len() as u64),
    };
    fabric.saturating_add(slots(shape).saturating_mul(2))
}

fn slots(shape: &Shape) -> u64 {
    let product = times;
    match shape {
        Shape::Clos(c) => times(&[c.leaves, c.down]),
        Shape::Dragonfly(d) => times(&[d.hosts, d.switches, d.groups]),
        Shape::DragonflyPlus(d) => times(&[d.hosts, d.leaves, d.groups]),
        Shape::HyperX(x) => product(&x.dims).saturating_mul(u64::from(x.hosts)),
        Shape::Torus(t) => product(&t.dims),
    }
}

fn numbers(spec: &TopologySpec) -> Result<(), TopologyError> {
    let invalid = |what, must| Err(TopologyError::Invalid { what, must });
    if spec.endpoints == 0 {
        return invalid("the number of endpoints", "at least one");
    }
    if spec.planes == 0 || spec.planes > 64 {
        return invalid("the number of planes", "between 1 and 64");
    }
    if !(spec.latency >= Time::ZERO && spec.latency.is_finite()) {
        return invalid("the latency", "zero or more");
    }
    if let Attach::RailOptimised { rails: 0 } | Attach::RailOnly { rails: 0 } = spec.attach {
        return invalid("the number of rails", "at least one");
    }
    if matches!(spec.attach, Attach::RailOptimised { .. }) && !matches!(spec.shape, Shape::Clos(_)) {
        return invalid("a rail-optimised network", "a fat tree");
    }
    if let Some(domain) = &spec.domain {
        if domain.size < 2 {
            return invalid("the size of a scale-up domain", "at least two");
        }
        rate(domain.rate, "links of scale-up domains")?;
    }
    rate(spec.endpoint_rate, "links of endpoints")?;
    rate(spec.link_rate, "links between switches")?;
    let zeros = match &spec.shape {
        Shape::Clos(c) => c.down == 0 || c.leaves == 0 || c.pod_leaves == 0,
        Shape::Dragonfly(d) => d.hosts == 0 || d.switches == 0 || d.groups == 0,
        Shape::DragonflyPlus(d) => d.hosts == 0 || d.leaves == 0 || d.groups == 0,
        Shape::HyperX(x) => {
            let odd = x.dims.is_empty() || x.dims.len() > 5 || x.widths.len() != x.dims.len();
            x.hosts == 0 || odd || x.dims.contains(&0) || x.widths.contains(&0)
        }
        Shape::Torus(t) => t.dims.is_empty() || t.dims.len() > 5 || t.dims.contains(&0),
    };
    if zeros {
        return invalid("every count of the structure", "at least one, with one to five dimensions");
    }
    Ok(())
}

fn rate(rate: Bandwidth, what: &'static str) -> Result<(), TopologyError> {
    if rate.is_finite() && quanta(rate) > 0 { Ok(()) } else { Err(TopologyError::ZeroBandwidth { what }) }
}

fn connected(shape: &Shape) -> Result<(), TopologyError> {
    let apart = |reason: String| Err(TopologyError::Disconnected { reason });
    match shape {
        Shape::Clos(c) => {
            if c.leaves > 1 && (c.up == 0 || c.spines == 0) {
                return apart(format!("{} leaves and no uplinks; the radix is too small", c.leaves));
            }
            if c.up > 0 && (c.spines == 0 || !c.up.is_multiple_of(c.spines)) {
                return apart(format!("{} uplinks do not spread evenly over {} spines", c.up, c.spines));
            }
            if c.pods() > 1 && (c.spine_up == 0 || c.cores == 0) {
                return apart(format!("{} pods and no links to a core; the radix is too small", c.pods()));
            }
        }
        Shape::Dragonfly(d)
            if d.groups > 1 && u64::from(d.switches) * u64::from(d.globals) < u64::from(d.groups - 1) =>
        {
            return apart(format!("{} groups, each with {} global links", d.groups, d.switches * d.globals));
        }
        Shape::DragonflyPlus(d) => {
            if d.leaves > 1 && d.spines == 0 {
                return apart("groups without spines".to_owned());
            }
            if d.groups > 1 && u64::from(d.spines) * u64::from(d.globals) < u64::from(d.groups - 1) {
                return apart(format!(
                    "{} groups, each with {} global links",
                    d.groups,
                    d.spines * d.globals
                ));
            }
        }
        _ => {}
    }
    Ok(())
}

//! Which resources a flow takes, and which fraction of it.

use gigatwin_quantity::{Data, Time};

use super::adaptive::{DETOURS, MINIMAL, Paths, shares, third};
use super::classes::ClosClasses;
use super::faults::Faults;
pub(crate) use super::strands::Strands;
use super::strands::Way;
use super::topology::{Family, Shape, Topology};
use super::traffic::Flow;
use super::units::{WHOLE, mix};

/// How the network chooses among paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Routing {
    /// One path per flow, by a hash of its ends, its label and a seed.
    Ecmp {
        /// Seed of the hash.
        seed: u64,
    },
    /// Every flow evenly over all paths: ideal adaptive spraying.
    #[default]
    Spray,
    /// Every flow over minimal paths and detours by load: adaptive spraying that sees the whole traffic. Shares stay as
    /// they are from the first flow to the last.
    Adaptive,
    /// One path per destination (destination modulo k), as InfiniBand's and SimGrid's fat trees route.
    DModK,
}

/// Most paths that one flow is spread over where links are not bundled. Flows between other places take others, so that
/// together they use all.
pub(crate) const MOST_PATHS: u32 = 64;
/// Tries of the hash before the paths are searched one by one.
const REHASH: u64 = 16;

/// The resources of a topology under a routing.
pub(crate) struct Router<'a> {
    topology: &'a Topology,
    family: &'a dyn Family,
    faults: &'a Faults,
    routing: Routing,
    classes: Option<ClosClasses<'a>>,
    per_copy: u32,
    /// Copies of one plane: the rails of a rail-only network.
    rails: u32,
}

impl<'a> Router<'a> {
    /// `flapping` links are in use, but their bundles are split as those of links that are down. Nothing is
    /// bundled where `explicit`.
    pub(crate) fn new(
        topology: &'a Topology,
        routing: Routing,
        faults: &'a Faults,
        flapping: &Faults,
        explicit: bool,
    ) -> Router<'a> {
        let classes = match (&topology.spec().shape, routing) {
            (Shape::Clos(c), Routing::Spray) if !explicit => {
                Some(ClosClasses::new(topology, *c, faults, flapping))
            }
            _ => None,
        };
        let per_copy = classes.as_ref().map_or(topology.copy_links(), ClosClasses::per_copy);
        let rails = topology.copies() / topology.spec().planes;
        Router { topology, family: topology.family(), faults, routing, classes, per_copy, rails }
    }

    fn domain_base(&self) -> u32 {
        self.per_copy * self.topology.copies()
    }

    /// Number of resources.
    pub(crate) fn resources(&self) -> u32 {
        self.domain_base() + self.topology.links() - self.topology.domain_base()
    }

    /// Capacity of a resource, in quanta.
    pub(crate) fn capacity(&self, resource: u32) -> u64 {
        match &self.classes {
            Some(classes) if resource < self.domain_base() => {
                let (copy, local) = (resource / self.per_copy, resource % self.per_copy);
                let ends = u64::from(classes.width(copy, local));
                let tiers = self.topology.tiers();
                let hosts = 2 * self.family.slots();
                let tier = if local < hosts { local / self.family.slots() } else { 2 };
                ends * tiers.get(tier as usize).map_or(0, |t| t.rate)
            }
            _ => self.topology.capacity(self.link(resource)),
        }
    }

    /// The link that a resource is, where resources are links.
    fn link(&self, resource: u32) -> u32 {
        if resource < self.domain_base() {
            resource
        } else {
            resource - self.domain_base() + self.topology.domain_base()
        }
    }

    /// The resource that a link belongs to.
    pub(crate) fn resource_of(&self, link: u32) -> Option<u32> {
        if link >= self.topology.domain_base() {
            return Some(link - self.topology.domain_base() + self.domain_base());
        }
        match &self.classes {
            Some(classes) => classes.resource_of(link),
            None => Some(link),
        }
    }

    /// Links that are up behind a resource.
    pub(crate) fn members(&self, resource: u32) -> Vec<u32> {
        match &self.classes {
            Some(classes) if resource < self.domain_base() => classes.members(resource),
            _ => vec![self.link(resource)],
        }
    }

    /// Kinds of resources of one copy by their numbers, in order; those of scale-up domains last.
    pub(crate) fn blocks(&self) -> Vec<u32> {
        let mut out = match &self.classes {
            Some(classes) => classes.blocks().into_iter().flat_map(|n| [n, n]).collect(),
            None => self.family.parts().iter().map(|p| p.links).collect::<Vec<_>>(),
        };
        if self.topology.spec().domain.is_some() {
            out.extend([self.topology.endpoints(); 2]);
        }
        out
    }

    /// Number of a resource of the first copy or of a scale-up domain, as if there were one copy.
    pub(crate) fn in_first_copy(&self, resource: u32) -> u32 {
        if resource < self.domain_base() { resource } else { resource - self.domain_base() + self.per_copy }
    }

    /// The reverse of [`Router::in_first_copy`].
    pub(crate) fn out_of_first_copy(&self, number: u32) -> u32 {
        if number < self.per_copy { number } else { number - self.per_copy + self.domain_base() }
    }

    /// Region of a resource: its copy, or its scale-up domain. Flows of different regions never meet.
    pub(crate) fn region(&self, resource: u32) -> u32 {
        if resource < self.domain_base() {
            return resource / self.per_copy;
        }
        let size = self.topology.spec().domain.map_or(1, |d| d.size);
        self.topology.copies() + (resource - self.domain_base()) % self.topology.endpoints() / size
    }

    /// Number of regions.
    pub(crate) fn regions(&self) -> u32 {
        let domains = self.topology.spec().domain.map_or(0, |d| self.topology.endpoints().div_ceil(d.size));
        self.topology.copies() + domains
    }

    /// Routes flows; those without a path are listed instead.
    pub(crate) fn route(&self, flows: impl Iterator<Item = Flow>, count: usize) -> Result<Strands, Vec<u32>> {
        let planes = self.topology.spec().planes;
        self.route_over(planes, flows, count)
    }

    /// As [`Router::route`], in the first plane alone.
    pub(crate) fn route_in_first_plane(
        &self,
        flows: impl Iterator<Item = Flow>,
        count: usize,
    ) -> Result<Strands, Vec<u32>> {
        self.route_over(1, flows, count)
    }

    fn route_over(
        &self,
        planes: u32,
        flows: impl Iterator<Item = Flow>,
        count: usize,
    ) -> Result<Strands, Vec<u32>> {
        if self.routing == Routing::Adaptive {
            return self.route_adaptively(planes, flows, count);
        }
        let split = planes > 1 && !matches!(self.routing, Routing::Ecmp { .. });
        let mut out = Strands::with_capacity(count);
        let mut lost = Vec::new();
        let mut way = Way::default();
        for (i, flow) in flows.enumerate() {
            let mut strands = 0;
            if flow.from != flow.to && self.topology.same_domain(flow.from, flow.to) {
                way.clear();
                self.hop(flow.from, flow.to, &mut way);
                strands = u8::from(way.sound);
                if way.sound {
                    out.push(&way, i, split);
                }
            } else if flow.from != flow.to {
                let hash = self.hash(&flow);
                let range = if split { 0..planes } else { 0..1 };
                for plane in range {
                    let plane = if split { plane } else { (hash >> 40) as u32 % planes };
                    way.clear();
                    self.across(&flow, plane, hash, &mut way);
                    if way.sound {
                        strands += 1;
                        out.push(&way, i, split);
                    }
                }
            } else {
                strands = 1;
                way.clear();
                out.push(&way, i, split);
            }
            if split {
                out.strands.push(strands);
            }
            if strands == 0 {
                lost.push(i as u32);
            }
        }
        if lost.is_empty() { Ok(out) } else { Err(lost) }
    }

    /// Appends strands of endless flows between endpoints; those without a path are left out by an empty way.
    pub(crate) fn append(&self, strands: &mut Strands, ends: impl Iterator<Item = (u32, u32)>) {
        let mut way = Way::default();
        for (k, (from, to)) in ends.enumerate() {
            let flow = Flow { from, to, bytes: Data::ZERO, start: Time::ZERO, priority: 0, label: k as u32 };
            way.clear();
            if from != to && !self.topology.same_domain(from, to) {
                let hash = self.hash(&flow);
                let plane = (mix(k as u64) >> 40) as u32 % self.topology.spec().planes;
                self.across(&flow, plane, hash, &mut way);
                if !way.sound {
                    way.clear();
                }
            }
            let split = !strands.owner.is_empty();
            strands.push(&way, usize::MAX, split);
        }
    }

    fn hash(&self, flow: &Flow) -> u64 {
        match self.routing {
            Routing::Ecmp { seed } => {
                let ends = (u64::from(flow.from) << 32) | u64::from(flow.to);
                mix(mix(ends ^ mix(seed)) ^ u64::from(flow.label))
            }
            _ => 0,
        }
    }

    /// Over the switches of a scale-up domain.
    fn hop(&self, from: u32, to: u32, way: &mut Way) {
        for link in [self.topology.domain_out(from), self.topology.domain_in(to)] {
            way.sound &= !self.faults.contains(link);
            way.whole(link - self.topology.domain_base() + self.domain_base());
        }
        way.latency += 2 * self.topology.domain_hop_latency();
    }

    fn across(&self, flow: &Flow, plane: u32, hash: u64, way: &mut Way) {
        let Some(from) = self.topology.on_rail(flow.from, flow.to) else {
            way.sound = false;
            return;
        };
        if from != flow.from {
            self.hop(flow.from, from, way);
        }
        let ((a, rail), (b, _)) = (self.topology.slot(from), self.topology.slot(flow.to));
        let copy = plane * self.rails + rail;
        let hops = if let Some(classes) = &self.classes {
            way.sound &= classes.spray(copy, a, b, &mut way.bundles);
            way.parts.resize(way.resources.len(), WHOLE as u32);
            for (resource, part) in way.bundles.drain(..) {
                way.resources.push(resource);
                way.parts.push(part);
            }
            way.path.clear();
            self.family.path(a, b, 0, &mut way.path);
            way.path.len()
        } else if matches!(self.routing, Routing::Spray | Routing::Adaptive) {
            self.spread(copy, a, b, way)
        } else {
            self.single(copy, a, b, hash, way)
        };
        way.latency += hops as u64 * self.topology.hop_latency();
    }

    fn sound(&self, copy: u32, path: &[u32]) -> bool {
        self.faults.is_empty() || path.iter().all(|l| !self.faults.contains(copy * self.per_copy + l))
    }

    /// Evenly over the paths that are up.
    fn spread(&self, copy: u32, a: u32, b: u32, way: &mut Way) -> usize {
        let mut links: Vec<u32> = Vec::new();
        let (mut paths, mut hops) = (0u32, 0);
        for choice in self.chosen(a, b, MOST_PATHS) {
            way.path.clear();
            self.family.path(a, b, choice, &mut way.path);
            if self.sound(copy, &way.path) {
                paths += 1;
                hops = hops.max(way.path.len());
                links.extend_from_slice(&way.path);
            }
        }
        way.sound &= paths > 0;
        links.sort_unstable();
        way.parts.resize(way.resources.len(), WHOLE as u32);
        for same in links.chunk_by(|x, y| x == y) {
            way.resources.push(copy * self.per_copy + same[0]);
            way.parts.push((same.len() as u64 * WHOLE / u64::from(paths.max(1))) as u32);
        }
        hops
    }

    /// Paths between two slots, evenly chosen where there are more than `most`.
    fn chosen(&self, a: u32, b: u32, most: u32) -> impl Iterator<Item = u32> + use<> {
        let n = self.family.choices(a, b).max(1);
        let taken = n.min(most);
        let begin = if taken < n { third(a, b, 0, n) } else { 0 };
        (0..taken).map(move |k| {
            let at = u64::from(k) * u64::from(n) / u64::from(taken) + u64::from(begin);
            (at % u64::from(n)) as u32
        })
    }

    /// All paths by which adaptive routing may send, in the links of one copy; whether there is any.
    fn choose(&self, copy: u32, a: u32, b: u32, paths: &mut Paths, way: &mut Way) -> bool {
        let mut minimal = 0;
        for choice in self.chosen(a, b, MINIMAL) {
            way.path.clear();
            self.family.path(a, b, choice, &mut way.path);
            if self.sound(copy, &way.path) {
                minimal += 1;
                paths.add_path(way.path.iter().map(|l| copy * self.per_copy + l));
            }
        }
        let mut detours = 0;
        if self.family.detours() {
            let attached = self.family.parts().iter().any(|p| p.endpoint);
            for k in 1..=DETOURS {
                let over = third(a, b, k, self.family.slots());
                if over == a || over == b {
                    continue;
                }
                way.path.clear();
                self.family.path(a, over, k % self.family.choices(a, over).max(1), &mut way.path);
                // The third place is a switch: its endpoint is not visited.
                way.path.truncate(way.path.len() - usize::from(attached));
                let middle = way.path.len();
                self.family.path(over, b, k % self.family.choices(over, b).max(1), &mut way.path);
                if attached {
                    way.path.remove(middle);
                }
                let twice = way.path.iter().enumerate().any(|(i, l)| way.path[..i].contains(l));
                if !twice && self.sound(copy, &way.path) {
                    detours += 1;
                    paths.add_path(way.path.iter().map(|l| copy * self.per_copy + l));
                }
            }
        }
        // Without a sound minimal path the detours stand for it.
        paths.end_strand(if minimal > 0 { minimal } else { detours });
        minimal + detours > 0
    }

    /// Routes all flows together by load. Strands that stay in a domain, or go nowhere, have no choice.
    fn route_adaptively(
        &self,
        planes: u32,
        flows: impl Iterator<Item = Flow>,
        count: usize,
    ) -> Result<Strands, Vec<u32>> {
        let split = planes > 1;
        let mut out = Strands::with_capacity(count);
        let mut lost = Vec::new();
        let (mut paths, mut bytes, mut plans) = (Paths::new(), Vec::new(), Vec::new());
        let mut way = Way::default();
        for (i, flow) in flows.enumerate() {
            let mut strands = 0;
            let stays = flow.from == flow.to || self.topology.same_domain(flow.from, flow.to);
            let relay = self.topology.on_rail(flow.from, flow.to);
            for plane in 0..if stays { 1 } else { planes } {
                let sound = if stays {
                    way.clear();
                    if flow.from != flow.to {
                        self.hop(flow.from, flow.to, &mut way);
                    }
                    paths.end_strand(0);
                    way.sound
                } else if let Some(from) = relay {
                    let ((a, rail), (b, _)) = (self.topology.slot(from), self.topology.slot(flow.to));
                    self.choose(plane * self.rails + rail, a, b, &mut paths, &mut way)
                } else {
                    paths.end_strand(0);
                    false
                };
                strands += u8::from(sound);
                bytes.push((flow.bytes.bytes() / f64::from(planes)).clamp(0.0, 1e18) as u64);
                plans.push((flow, i, sound));
            }
            if split {
                out.strands.push(strands);
            }
            if strands == 0 {
                lost.push(i as u32);
            }
        }
        if !lost.is_empty() {
            return Err(lost);
        }
        let capacity: Vec<f64> = (0..self.domain_base()).map(|r| self.topology.capacity(r) as f64).collect();
        let share = shares(&paths, &bytes, &capacity);
        let mut links: Vec<(u32, u64)> = Vec::new();
        for (s, (flow, i, sound)) in plans.iter().enumerate() {
            if !sound {
                continue;
            }
            way.clear();
            let relay = self.topology.on_rail(flow.from, flow.to).unwrap_or(flow.from);
            let stays = flow.from == flow.to || self.topology.same_domain(flow.from, flow.to);
            if stays && flow.from != flow.to {
                self.hop(flow.from, flow.to, &mut way);
            } else if !stays && relay != flow.from {
                self.hop(flow.from, relay, &mut way);
            }
            links.clear();
            let mut hops = 0;
            for p in paths.paths_of(s).filter(|p| share[*p] > 0) {
                hops = hops.max(paths.links_of(p).len());
                links.extend(paths.links_of(p).iter().map(|l| (*l, share[p])));
            }
            links.sort_unstable();
            way.parts.resize(way.resources.len(), WHOLE as u32);
            for same in links.chunk_by(|x, y| x.0 == y.0) {
                way.resources.push(same[0].0);
                way.parts.push(same.iter().map(|x| x.1).sum::<u64>().min(WHOLE) as u32);
            }
            way.latency += hops as u64 * self.topology.hop_latency();
            out.push(&way, *i, split);
        }
        Ok(out)
    }

    fn single(&self, copy: u32, a: u32, b: u32, hash: u64, way: &mut Way) -> usize {
        if self.routing == Routing::DModK && self.faults.is_empty() {
            way.path.clear();
            self.family.fixed_path(a, b, &mut way.path);
            return self.take(copy, way);
        }
        let n = self.family.choices(a, b).max(1);
        let ecmp = matches!(self.routing, Routing::Ecmp { .. });
        let first = if ecmp { (hash % u64::from(n)) as u32 } else { self.family.fixed_choice(a, b) };
        let mut choice = first;
        let mut tries = 0u64;
        loop {
            way.path.clear();
            self.family.path(a, b, choice, &mut way.path);
            if self.sound(copy, &way.path) {
                break;
            }
            tries += 1;
            if tries > u64::from(n) + REHASH {
                way.sound = false;
                return 0;
            }
            choice = if ecmp && tries <= REHASH {
                (mix(hash ^ tries) % u64::from(n)) as u32
            } else {
                (choice + 1) % n
            };
        }
        self.take(copy, way)
    }

    /// The path found becomes the way, whole; its length.
    fn take(&self, copy: u32, way: &mut Way) -> usize {
        let base = copy * self.per_copy;
        way.resources.extend(way.path.iter().map(|l| base + l));
        way.path.len()
    }
}
